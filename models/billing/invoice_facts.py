"""What the council knows of the care that invoices are for: prices, VAT, days, confirmed actuals, and what is invoiced
already. Read in two statements, however many line items.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy import select

from models.base import session
from models.calendar import DAY, FAR_FUTURE, Span
from models.pricing import Convention, Unit
from models.records.actual import WEEK, ActualException, ConfirmedActual, ExceptionState, latest_that_counts
from models.records.actual_rule import ActualRule, RuleKind
from models.records.care_package import CarePackageLineItem, ItemPrice
from models.records.client import Client
from models.records.contract import Contract, ContractRate, ServiceLevel, VatCode
from models.records.invoice import SENT, Invoice, InvoiceKind, InvoiceLine, InvoiceStatus

_CONFIRMED, _INVOICED, _WAITING = range(3)
COUNTS = (InvoiceStatus.DRAFT, *SENT)
"""Whose lines are not offered once more."""


@dataclass(frozen=True, slots=True)
class Price:
    """Of a unit, in ten-thousandths of a pound, for these days."""

    first: date
    last: date
    rate_e4: int


@dataclass(frozen=True, slots=True)
class Bought:
    """A care package line item: its days are those that are paid, ends included."""

    id: int
    reference: str
    contract_id: int
    client: str
    """As lists show the person: S, Bart (C2000020)."""
    client_name: str
    """As a choice of persons shows them: Simpson, Bart (C2000020)."""
    client_reference: str
    level: str
    unit: Unit
    vat_code: VatCode
    vat_basis_points: int
    is_frustrated_paid: bool
    is_extra_allowed: bool
    plan_from: date | None
    """Weeks that begin on this day or later are paid as planned, by a rule of the service; None: none."""
    is_activated: bool
    starts_on: date
    last_on: date
    prices: tuple[Price, ...] = ()

    def price_on(self, day: date) -> Price | None:
        return next((each for each in self.prices if each.first <= day <= each.last), None)

    def payable_e4(self, first_on: date, actual_e4: int, frustrated_e4: int, planned_e4: int) -> int:
        """Units that the confirmed week that begins on that day is paid for: what was delivered, with what the client
        did not take up where the service pays for that, and no more than was planned where it pays no extras; the plan
        where a rule of the service pays that.
        """
        if self.plan_from is not None and self.plan_from <= first_on:
            return planned_e4
        units = actual_e4 + (frustrated_e4 if self.is_frustrated_paid else 0)
        return units if self.is_extra_allowed else min(units, planned_e4)


@dataclass(frozen=True, slots=True)
class Week:
    """A confirmed week of one line item; units in ten-thousandths."""

    confirmed_id: int
    first_on: date
    payable_e4: int

    @property
    def span(self) -> Span:
        return Span(self.first_on, self.first_on + WEEK)


@dataclass(frozen=True, slots=True)
class Invoiced:
    """A line of an invoice; units in ten-thousandths, below 0 where a credit note takes them back."""

    invoice_id: int
    status: InvoiceStatus
    span: Span
    units_e4: int


@dataclass(frozen=True, slots=True)
class ToInvoice:
    """A confirmed week of which units are not invoiced yet."""

    item: Bought
    confirmed_id: int
    first_on: date
    last_on: date
    left_e4: int


@dataclass
class Facts:
    items: dict[int, Bought] = field(default_factory=dict)
    weeks: dict[int, list[Week]] = field(default_factory=lambda: defaultdict(list))
    waiting: dict[int, list[Span]] = field(default_factory=lambda: defaultdict(list))
    """Weeks of which a confirmed figure waits for the council: above the plan and its tolerance, most of all."""
    invoiced: dict[int, list[Invoiced]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def read(cls, which: sa.ColumnElement[bool]) -> Self:
        """Of the line items of which the condition on CarePackageLineItem holds."""
        ids = select(CarePackageLineItem.id).where(which)
        found = cls(items={each.id: each for each in _items(which)})
        for row in session.execute(_units(ids)):
            if row.kind == _WAITING:
                found.waiting[row.item_id].append(Span(row.first_on, row.first_on + WEEK))
            elif row.kind == _INVOICED:
                status = InvoiceStatus(row.status)
                found.invoiced[row.item_id].append(
                    Invoiced(row.other_id, status, Span(row.first_on, row.last_on), row.actual_e4)
                )
            else:
                item = found.items[row.item_id]
                units = item.payable_e4(row.first_on, row.actual_e4, row.frustrated_e4, row.planned_e4)
                found.weeks[row.item_id].append(Week(row.other_id, row.first_on, units))
        return found

    @classmethod
    def of_contract(cls, contract_id: int) -> Self:
        return cls.read(CarePackageLineItem.contract_id == contract_id)

    @classmethod
    def of_invoice(cls, invoice: Invoice) -> Self:
        """Of its contract and of its lines, which are loaded: care of one may be another contract’s by now."""
        item = CarePackageLineItem
        ids = {line.item_id for line in invoice.lines}
        return cls.read(sa.or_(item.contract_id == invoice.contract_id, item.id.in_(ids)))

    @classmethod
    def of_items(cls, item_ids: Collection[int]) -> Self:
        return cls.read(CarePackageLineItem.id.in_(item_ids))

    @staticmethod
    def items_of(contract_id: int, item_ids: Collection[int]) -> dict[int, Bought]:
        """Those of these line items that are the contract's and authorised, by id."""
        item = CarePackageLineItem
        which = sa.and_(item.contract_id == contract_id, item.id.in_(item_ids), item.is_activated)
        return {each.id: each for each in _items(which)}

    def offered(self, contract_id: int) -> list[Bought]:
        """What a line of an invoice of the contract can be made for: as `items_of` has them."""
        return [each for each in self.items.values() if each.contract_id == contract_id and each.is_activated]

    def confirmed_in(self, item_id: int, span: Span) -> list[Week]:
        """The confirmed weeks that have a day in the span."""
        return [each for each in self.weeks[item_id] if each.span.overlap(span.first, span.last)]

    def to_invoice(self, contract_id: int) -> Iterator[ToInvoice]:
        """Confirmed weeks of the contract with units that no invoice asks for yet, by week, then by person. A week of
        which the care package has no day any more can be asked for by none.
        """
        for item in sorted(self.items.values(), key=lambda each: (each.client, each.id)):
            for week in self.weeks[item.id] if item.contract_id == contract_id else ():
                if not week.span.overlap(item.starts_on, item.last_on):
                    continue
                asked = sum(
                    each.units_e4
                    for each in self.invoiced[item.id]
                    if each.status in COUNTS and each.span.overlap(week.first_on, week.span.last)
                )
                if week.payable_e4 > asked:
                    yield ToInvoice(item, week.confirmed_id, week.first_on, week.span.last, week.payable_e4 - asked)


def _items(which: sa.ColumnElement[bool]) -> Iterator[Bought]:
    """Each with its prices, in one statement."""
    item, level = CarePackageLineItem, ServiceLevel
    prices = _prices(select(item.id).where(which))
    query = (
        select(
            item.id, item.reference, item.contract_id, item.starts_on, item.ends_on, level.name, level.unit,
            level.convention, level.vat_code, level.vat_basis_points, level.is_frustrated_paid, level.is_extra_allowed,
            ActualRule.refuses_from.label("plan_from"), item.is_activated.label("is_activated"),
            Contract.ends_on.label("contract_ends_on"), Client.surname, Client.first_name,
            Client.reference.label("client_reference"), prices.c.starts_on.label("price_from"),
            prices.c.ends_on.label("price_to"), prices.c.rate_e4,
        )
        .join(level, level.id == item.service_level_id)
        .outerjoin(ActualRule, sa.and_(
            ActualRule.service_level_id == level.id, ActualRule.kind == RuleKind.PAID_ON_PLAN))
        .join(Contract, Contract.id == item.contract_id)
        .join(Client, Client.id == item.client_id)
        .outerjoin(prices, prices.c.item_id == item.id)
        .where(which)
        .order_by(*Client.shown_order(), item.starts_on, item.id, prices.c.starts_on)
    )  # fmt: skip
    for _, group in groupby(session.execute(query), key=lambda row: row.id):
        rows = list(group)
        row = rows[0]
        last = row.ends_on or FAR_FUTURE
        if row.ends_on is not None and row.convention is not Convention.INCLUSIVE:
            last -= DAY
        client = Client(surname=row.surname, first_name=row.first_name, reference=row.client_reference)
        known = tuple(
            Price(each.price_from, each.price_to or FAR_FUTURE, each.rate_e4) for each in rows if each.price_from
        )
        yield Bought(
            row.id, row.reference, row.contract_id, client.masked_name, client.full_name, row.client_reference,
            row.name, row.unit, row.vat_code, row.vat_basis_points, row.is_frustrated_paid, row.is_extra_allowed,
            row.plan_from, bool(row.is_activated), row.starts_on, min(last, row.contract_ends_on or FAR_FUTURE), known,
        )  # fmt: skip


def _prices(item_ids: sa.Select[Any]) -> sa.Subquery:
    """Of each of these line items its own prices or, where it has none, its contract's."""
    own, rate, item = ItemPrice, ContractRate, CarePackageLineItem
    has_own = select(own.id).where(own.item_id == item.id)
    of_items = select(own.item_id, own.starts_on, own.ends_on, own.rate_e4).where(own.item_id.in_(item_ids))
    of_contract = (
        select(item.id.label("item_id"), rate.starts_on, rate.ends_on, rate.rate_e4)
        .join(rate, sa.and_(rate.contract_id == item.contract_id, rate.service_level_id == item.service_level_id))
        .where(item.id.in_(item_ids), ~has_own.exists())
    )
    return sa.union_all(of_items, of_contract).subquery("prices")


def _units(item_ids: sa.Select[Any]) -> sa.Select[Any]:
    """Confirmed weeks, those that wait for the council, and lines of invoices, as rows of one statement. A credit note
    gives units back once it is approved: before, they might be asked for twice, and the note be rejected.
    """
    own, line, said = ConfirmedActual, InvoiceLine, ActualException
    nothing = sa.literal("").label("status")
    confirmed = latest_that_counts(
        sa.literal(_CONFIRMED).label("kind"), own.item_id, own.id.label("other_id"), nothing,
        own.first_on, own.first_on.label("last_on"), own.actual_e4, own.frustrated_e4, own.planned_e4,
    ).where(own.item_id.in_(item_ids)).order_by(None)  # fmt: skip
    sign = Invoice.sign
    invoiced = (
        select(
            sa.literal(_INVOICED).label("kind"), line.item_id, Invoice.id.label("other_id"),
            sa.cast(Invoice.status, sa.Text).label("status"), line.first_on, line.last_on,
            (sign * line.quantity_e4).label("actual_e4"), sa.literal(0).label("frustrated_e4"),
            sa.literal(0).label("planned_e4"),
        )
        .join(Invoice, Invoice.id == line.invoice_id)
        .where(line.item_id.in_(item_ids), Invoice.status.in_(COUNTS))
        .where(sa.or_(Invoice.kind == InvoiceKind.INVOICE, Invoice.status == InvoiceStatus.APPROVED))
    )  # fmt: skip
    waiting = (
        select(
            sa.literal(_WAITING).label("kind"), own.item_id, own.id.label("other_id"), nothing, own.first_on,
            own.first_on.label("last_on"), own.actual_e4, own.frustrated_e4, own.planned_e4,
        )
        .join(said, said.confirmed_id == own.id)
        .where(own.item_id.in_(item_ids), said.state == ExceptionState.OPEN)
    )  # fmt: skip
    every = sa.union_all(confirmed, invoiced, waiting).subquery("units")
    return select(every).order_by(every.c.item_id, every.c.first_on, every.c.other_id)
