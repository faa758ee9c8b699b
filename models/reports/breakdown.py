"""The rows of a payment's page: from its lines or, before it has begun, from its plan; and how they differ from the
payment before.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from models.base import session
from models.calendar import FinancialYear, Span, today
from models.engine.component import Component
from models.engine.entitlement import cells
from models.engine.facts import ItemFacts
from models.engine.working import Working
from models.payments.confirmation import Processing
from models.payments.loading import load
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.records.client import Client
from models.reports.explanation import Line, Order, Row, tell


def on_record(lines: Iterable[PaymentLine], span: Span) -> list[Row]:
    """The rows of a payment for the days of `span`, from its own lines."""
    return tell((_line(line) for line in lines), span)


def _line(line: PaymentLine) -> Line:
    order = line.purchase_order
    return Line(
        order=Order(order.id, order.short_title, order.client.reference if order.client else "") if order else None,
        component=line.component,
        source=(line.item_id, line.allowance_id, line.claim_item_id, line.adjustment_id),
        first=line.first_on,
        last=line.last_on,
        net_pence=line.net_pence,
        vat_pence=line.vat_pence,
        working=line.working,
    )


def as_planned(payment: ScheduledPayment) -> list[Row]:
    """The rows that a payment which has not begun would have, as the facts stand. Reads; writes nothing."""
    contract = load([payment.provider_id]).get(payment.contract_id)
    items = [item for item in contract.items if not item.is_blocked(today())] if contract else []
    clients = {client.id: client for client in session.scalars(_clients(items))}
    orders = {(row.client_id, row.financial_year): row.id for row in session.execute(_orders(clients))}
    lines = []
    place = {client_id: place for place, client_id in enumerate(clients)}
    for item in sorted(items, key=lambda item: place[item.client_id]):
        client = clients[item.client_id]
        for component, first, last, pence, vat, working, allowance_id in _planned_cells(item, payment):
            order_id = orders.get((client.id, FinancialYear.of(first).starts_in))
            order = Order(order_id, client.masked_name, client.reference)
            lines.append(Line(order, component, (item.id, allowance_id, None), first, last, pence, vat, working))
    return tell(lines, payment.span)


def _planned_cells(item: ItemFacts, payment: ScheduledPayment) -> Iterator[tuple[Any, ...]]:
    for cell in cells(item.terms(payment.method.basis), payment.span):
        working = Working(item.service, tuple(cell.slices))
        yield cell.component, cell.first, cell.last, cell.net_pence, cell.vat_pence, working, None
    for due in item.allowances:
        if due.due_on in payment.span and item.terms_gross.is_payable_on(due.due_on):
            yield Component.ALLOWANCE, due.due_on, due.due_on, due.amount_pence, 0, Working(due.name), due.id


def _clients(items: list[ItemFacts]) -> sa.Select:
    return Client.at_provider().where(Client.id.in_({item.client_id for item in items}))


def _orders(clients: dict[int, Client]) -> sa.Select:
    order = PurchaseOrder
    return select(order.id, order.client_id, order.financial_year).where(
        order.client_id.in_(clients), order.revision > 0
    )


@dataclass(frozen=True)
class Change:
    """How one row differs from the payment before: `pence` is the difference, VAT included."""

    title: str
    kind: str
    pence: int


def changes(rows: Iterable[Row], before: Iterable[Row]) -> list[Change]:
    """What is new, more, less or gone since the payment before; rows that are the same are left out."""
    now = {row.title: row for row in rows}  # by name: a client keeps it from one year's order to the next
    then = {row.title: row for row in before}
    found = [
        Change(
            row.title, "new" if key not in then else _direction(row, then[key]), row.total_pence - _total(then.get(key))
        )
        for key, row in now.items()
        if row.total_pence != _total(then.get(key))
    ]
    gone = [
        Change(row.title, "not in this payment", -row.total_pence)
        for key, row in then.items()
        if key not in now and row.total_pence
    ]
    return found + gone


def _total(row: Row | None) -> int:
    return row.total_pence if row else 0


def _direction(row: Row, before: Row) -> str:
    return "more" if row.total_pence > before.total_pence else "less"


@dataclass(frozen=True)
class Told:
    """A payment's rows, and how they differ from the payment before it, if there is one."""

    rows: list[Row]
    before: Span | None
    changes: list[Change]

    @property
    def difference_pence(self) -> int:
        """How much more it is than the payment before, VAT included."""
        return sum(change.pence for change in self.changes)


def told(payment: ScheduledPayment) -> Told:
    """All that a payment's page says of its rows, to the provider and to the council. What runs have carried is none of
    them: see models.payments.standing.
    """
    lines = session.scalars(PaymentLine.of(payment).where(PaymentLine.is_own)).all()
    rows = on_record((line for line in lines if line.payment_id == payment.id), payment.span)
    if payment.processing is Processing.FUTURE:
        rows = [*as_planned(payment), *rows]
    before = [line for line in lines if line.payment_id != payment.id]
    if not before:
        return Told(rows, None, [])
    span = before[0].payment.span
    return Told(rows, span, changes(rows, on_record(before, span)))
