"""Invoices and credit notes as pages list and show them."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload, with_expression

from models.base import choice, sum_of
from models.calendar import FAR_FUTURE, FinancialYear, Span
from models.folding import found_by
from models.payments.invoiced import paid_of_invoices
from models.records.contract import Contract, PaymentMethod
from models.records.invoice import (
    Invoice,
    InvoiceHold,
    InvoiceKind,
    InvoiceLine,
    InvoiceState,
    InvoiceStatus,
)
from models.records.invoice_rule import HoldReason
from models.records.provider import Provider
from models.waiting import waits


def invoices(
    *, state: InvoiceState | None = None, kind: InvoiceKind | None = None, contract: str | None = None,
    year: FinancialYear | None = None, text: str = "", with_drafts: bool = True, for_council: bool = False,
) -> Select:  # fmt: skip
    """Rows of the provider at hand, or for the council of all: id, kind, number, invoiced_on, first_on and last_on of
    its lines, pays (its contract pays by invoice for their days), contract, contract_reference, net_pence, vat_pence,
    gross_pence (below 0 of a credit note), state, received_on, valid_on, decided_on, paid_on, paid_pence, reason (why
    it is on hold), provider, provider_id and provider_reference; the newest first. `year` goes by the date of the
    invoice; `text` is looked for in its number and the provider's name. Cancelled ones stand there only if they are
    asked for by `state`. `for_council`: those only that are on hold for what a team of the council has to do.
    """
    own, paid, held = Invoice, paid_of_invoices(), InvoiceHold
    sign = own.sign
    gross, paid_pence = own.net_pence + own.vat_pence, func.coalesce(paid.c.paid_pence, 0)
    stands = _state(gross, paid_pence)
    line = InvoiceLine
    first, last = (
        select(each(column)).where(line.invoice_id == own.id).correlate(own).scalar_subquery()
        for each, column in ((func.min, line.first_on), (func.max, line.last_on))
    )
    query = (
        select(
            own.id, own.kind, own.number, own.invoiced_on, own.status, own.received_on, own.valid_on, own.decided_on,
            (sign * own.net_pence).label("net_pence"), (sign * own.vat_pence).label("vat_pence"),
            (sign * gross).label("gross_pence"), stands.label("state"), paid.c.paid_on, paid_pence.label("paid_pence"),
            first.label("first_on"), last.label("last_on"), pays().label("pays"), Contract.name.label("contract"),
            Contract.reference.label("contract_reference"), HoldReason.name.label("reason"), own.provider_id,
            Provider.name.label("provider"), Provider.reference.label("provider_reference"),
        )
        .join(Contract, Contract.id == own.contract_id)
        .join(Provider, Provider.id == own.provider_id)
        .outerjoin(paid, paid.c.invoice_id == own.id)
        .outerjoin(held, sa.and_(held.invoice_id == own.id, held.ended_at.is_(None)))
        .outerjoin(HoldReason, HoldReason.id == held.reason_id)
    )  # fmt: skip
    if state is not None:
        query = query.where(stands == state.value)
    else:
        query = query.where(own.status != InvoiceStatus.CANCELLED)
    if not with_drafts:
        query = query.where(own.submitted_at.is_not(None))
    if for_council:
        query = query.where(~HoldReason.is_of_provider)
    if kind is not None:
        query = query.where(own.kind == kind)
    if contract is not None:
        query = query.where(Contract.reference == contract)
    if year is not None:
        query = query.where(own.invoiced_on.between(year.first_on, year.last_on))
    if text:
        query = query.where(sa.or_(found_by(text, own.number), Provider.found_by(text)))
    return query.order_by(own.invoiced_on.desc(), own.id.desc())


def _state(gross: sa.ColumnElement[int], paid: sa.ColumnElement[int]) -> sa.ColumnElement[Any]:
    """As models.records.invoice.state_of says it, in SQL."""
    is_paid = Invoice.status == InvoiceStatus.APPROVED
    state = sa.case(
        (sa.and_(is_paid, paid != 0, paid >= gross), InvoiceState.PAID.value),
        (sa.and_(is_paid, paid != 0), InvoiceState.PART_PAID.value),
        else_=sa.cast(Invoice.status, sa.Text),
    )
    return sa.type_coerce(state, choice(InvoiceState))


def numbered(invoice_id: int, *, was_sent: bool = False) -> Select[Invoice]:
    """The invoice with its provider, contract, lines, holds and the invoice that it takes back of, in one statement:
    `unique()` it. `was_sent`: none that its provider never sent.
    """
    parts = (
        joinedload(Invoice.provider), joinedload(Invoice.contract).joinedload(Contract.methods),
        joinedload(Invoice.lines),
        joinedload(Invoice.holds).joinedload(InvoiceHold.reason), joinedload(Invoice.credits),
    )  # fmt: skip
    paid = paid_of_invoices()
    of_it = paid.c.invoice_id == Invoice.id
    pence = func.coalesce(select(paid.c.paid_pence).where(of_it).correlate(Invoice).scalar_subquery(), 0)
    day = select(paid.c.paid_on).where(of_it).correlate(Invoice).scalar_subquery()
    told = with_expression(Invoice.paid_pence, pence), with_expression(Invoice.paid_on, day)
    query = select(Invoice).where(Invoice.id == invoice_id).options(*parts, *told)
    return query.where(Invoice.submitted_at.is_not(None)) if was_sent else query


def is_paid_by_portal(invoice: Invoice) -> bool:
    """Whether its contract pays by invoice for the days of all its lines, as `numbered` reads it: elsewhere it is a
    record. The engine asks the same of each line (models.engine.facts.ContractFacts.pays_by_invoice).
    """
    own = [each for each in invoice.contract.methods if each.is_by_invoice]
    spans = [Span(each.calculate_from, each.ends_on or FAR_FUTURE) for each in own]
    return bool(invoice.lines) and all(line.span.is_within(spans) for line in invoice.lines)


def pays() -> sa.ColumnElement[bool]:
    """Of Invoice, as `is_paid_by_portal` says it of one, by the first and the last day of each line."""
    line, method = sa.orm.aliased(InvoiceLine), PaymentMethod

    def has(day: sa.SQLColumnExpression[Any]) -> sa.ColumnElement[bool]:
        until = func.coalesce(method.ends_on, FAR_FUTURE)
        mine = (
            method.contract_id == Invoice.contract_id,
            method.is_by_invoice,
            day.between(method.calculate_from, until),
        )
        return select(method.id).where(*mine).correlate(Invoice, line).exists()

    other = sa.or_(~has(line.first_on), ~has(line.last_on))
    return ~select(line.id).where(line.invoice_id == Invoice.id, other).correlate(Invoice).exists()


def credit_notes_of(invoice_id: int, *, with_drafts: bool = True) -> Select:
    """Rows as `invoices` gives them: the credit notes that take back of the invoice."""
    return invoices(with_drafts=with_drafts).where(Invoice.credits_id == invoice_id)


def queue(*, text: str = "") -> Select:
    """Rows as `invoices` gives them, of those that wait to be decided: the one whose days to pay began first stands
    first.
    """
    query = invoices(state=InvoiceState.SUBMITTED, text=text)
    return query.order_by(None).order_by(Invoice.valid_on, Invoice.submitted_at, Invoice.id)


def in_queue() -> Select[int]:
    """Ids of the invoices that wait to be decided, in the order of the queue."""
    query = select(Invoice.id).where(Invoice.status == InvoiceStatus.SUBMITTED)
    return query.order_by(Invoice.valid_on, Invoice.submitted_at, Invoice.id)


def waiting(status: InvoiceStatus) -> Select:
    """Those in this state, counted with their sum: see models.waiting."""
    sign = Invoice.sign
    pence = sa.cast(func.sum(sign * (Invoice.net_pence + Invoice.vat_pence)), sa.BigInteger)
    query = waits(f"invoices {status.value}", func.count(Invoice.id), func.min(Invoice.valid_on), pence)
    return query.where(Invoice.status == status)


def held_for_council() -> Select:
    """Those on hold for what a team of the council has to do: see models.waiting."""
    held, reason = InvoiceHold, HoldReason
    query = waits("invoices held", func.count(held.id), func.min(held.held_on))
    query = query.join(reason, reason.id == held.reason_id)
    return query.where(held.ended_at.is_(None), ~reason.is_of_provider)


def held_for_provider() -> Select:
    """One row of those on hold for what their provider has to mend: `how_many`, their sum with VAT (`pence`, credit
    notes taken off), and the id of the `newest`, 0 where there is none.
    """
    own, held, reason = Invoice, InvoiceHold, HoldReason
    sign = own.sign
    return (
        select(
            func.count(own.id).label("how_many"),
            sum_of(sign * (own.net_pence + own.vat_pence)).label("pence"),
            func.coalesce(func.max(own.id), 0).label("newest"),
        )
        .join(held, sa.and_(held.invoice_id == own.id, held.ended_at.is_(None)))
        .join(reason, reason.id == held.reason_id)
        .where(own.status == InvoiceStatus.ON_HOLD, reason.is_of_provider)
    )
