"""A week as it was confirmed: each person's figures by number, what the council says of them, and what was paid."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

import sqlalchemy as sa
from sqlalchemy import select

from models.accounts.user import User
from models.base import session, sum_of
from models.care.rules import Rulebook
from models.care.visit_story import is_of_week
from models.payments.invoiced import paid_of_invoices
from models.payments.payment import PaymentLine, ScheduledPayment
from models.pricing import Unit
from models.records.actual import ActualException, ActualWeek, ConfirmedActual, ExceptionState
from models.records.care_package import CarePackageLineItem
from models.records.client import Client
from models.records.contract import PaymentMethod, ServiceLevel
from models.records.invoice import Invoice, InvoiceLine, InvoiceStatus


@dataclass(frozen=True, slots=True)
class Kept:
    """One confirmed figure, who confirmed it, and what the council says of it."""

    confirmed: ConfirmedActual
    by: str
    exception: ActualException | None

    @property
    def counts(self) -> bool:
        """It is paid by its rule, unless a later one counts."""
        return self.exception is None or self.exception.state is ExceptionState.APPROVED


@dataclass(slots=True)
class KeptRow:
    """One person's figures of the week, the newest first."""

    item_id: int
    item_reference: str
    level_id: int
    level_name: str
    unit: Unit
    client_reference: str
    surname: str
    first_name: str
    figures: list[Kept] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{', '.join(filter(None, [self.surname, self.first_name]))} ({self.client_reference})"

    @property
    def newest(self) -> Kept:
        return self.figures[0]

    @property
    def earlier(self) -> list[Kept]:
        return self.figures[1:]

    @property
    def holds(self) -> Kept | None:
        """The figure that counts; None where the council has yet to say yes to any."""
        return next((each for each in self.figures if each.counts), None)


def kept_rows(week: ActualWeek) -> list[KeptRow]:
    """By masked name; one query."""
    item, figure = CarePackageLineItem, ConfirmedActual
    query = (
        select(
            figure, ActualException, User.name, item.reference, ServiceLevel.id.label("level_id"),
            ServiceLevel.name.label("level_name"), ServiceLevel.unit,
            Client.reference.label("client_reference"), Client.surname, Client.first_name,
        )
        .join(item, item.id == figure.item_id)
        .join(ServiceLevel, ServiceLevel.id == item.service_level_id)
        .join(Client, Client.id == item.client_id)
        .join(User, User.id == figure.confirmed_by_id)
        .outerjoin(ActualException, ActualException.confirmed_id == figure.id)
        .where(figure.week_id == week.id)
        .order_by(*Client.shown_order(), item.reference, figure.number.desc())
    )  # fmt: skip
    found: dict[int, KeptRow] = {}
    for row in session.execute(query):
        confirmed = row.ConfirmedActual
        own = found.setdefault(
            confirmed.item_id,
            KeptRow(confirmed.item_id, row.reference, row.level_id, row.level_name, row.unit, row.client_reference,
                    row.surname, row.first_name),
        )  # fmt: skip
        own.figures.append(Kept(confirmed, row.name, row.ActualException))
    return list(found.values())


def correctable_until(rows: Collection[KeptRow], first_on: date) -> date:
    """The last day on which its provider may correct the week; one query."""
    levels = {row.level_id for row in rows}
    return Rulebook.read(levels).deadline(levels, first_on)


@dataclass(frozen=True, slots=True)
class PaidIn:
    """The payment in whose period the week ends."""

    payment: ScheduledPayment
    pence: dict[int, int]
    """What the payment lines of its care come to, finalised or not, by line item; VAT included. Nothing where it is
    paid by invoice."""
    invoices: list[sa.Row] | None = None
    """Where it is paid by invoice those with a line for days of it, but for cancelled ones: id, kind, number, and what
    `state_of` is asked with. None where it is paid by its figures."""


def paid_in(week: ActualWeek) -> PaidIn | None:
    """None where the contract has no such payment; two queries."""
    last = week.span.last
    found = session.execute(
        select(ScheduledPayment, PaymentMethod.is_by_invoice)
        .join(PaymentMethod, PaymentMethod.id == ScheduledPayment.method_id)
        .where(ScheduledPayment.contract_id == week.contract_id)
        .where(ScheduledPayment.first_on <= last, ScheduledPayment.last_on >= last)
        .order_by(ScheduledPayment.id)
    ).first()
    if found is None:
        return None
    payment, is_by_invoice = found
    if is_by_invoice:
        return PaidIn(payment, {}, list(session.execute(_invoices(week))))
    line = PaymentLine
    own = line.contract_id == week.contract_id, is_of_week(week.first_on, last)
    query = select(line.item_id, sum_of(line.total_pence)).where(*own)
    lines = session.execute(query.group_by(line.item_id).order_by(line.item_id))
    return PaidIn(payment, {item_id: int(pence) for item_id, pence in lines if item_id is not None})


def _invoices(week: ActualWeek) -> sa.Select:
    """By their numbers; of a line item of the week's service with a line for one of its days."""
    own, line, item, paid = Invoice, InvoiceLine, CarePackageLineItem, paid_of_invoices()
    level = sa.and_(ServiceLevel.id == item.service_level_id, ServiceLevel.service_id == week.service_id)
    of_it = (
        select(line.id)
        .join(item, item.id == line.item_id)
        .join(ServiceLevel, level)
        .where(line.invoice_id == own.id, line.first_on <= week.span.last, line.last_on >= week.first_on)
    )
    return (
        select(
            own.id, own.kind, own.number, own.status, (own.net_pence + own.vat_pence).label("gross_pence"),
            sa.func.coalesce(paid.c.paid_pence, 0).label("paid_pence"),
        )
        .outerjoin(paid, paid.c.invoice_id == own.id)
        .where(own.contract_id == week.contract_id, own.status != InvoiceStatus.CANCELLED, of_it.exists())
        .order_by(own.number, own.id)
    )  # fmt: skip


def with_names(week: ActualWeek) -> sa.Row | None:
    """Who confirmed it last, and who opened it again: names."""
    by, opened = sa.orm.aliased(User), sa.orm.aliased(User)
    query = (
        select(by.name.label("confirmed_by"), opened.name.label("reopened_by"))
        .select_from(ActualWeek)
        .outerjoin(by, by.id == ActualWeek.confirmed_by_id)
        .outerjoin(opened, opened.id == ActualWeek.reopened_by_id)
        .where(ActualWeek.id == week.id)
    )
    return session.execute(query).one_or_none()
