"""The rows that a payment which has not begun would have, as the facts stand: worked out from the facts of its
contract, since it has no lines yet. Reads; writes nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select

from models.base import session, sum_of
from models.calendar import FinancialYear, Span, today
from models.engine.agreed import agreed_pence, planned
from models.engine.component import Component
from models.engine.facts import ItemFacts
from models.engine.weeks import days_of_cells
from models.engine.working import Working
from models.payments.hold import Hold, is_told_of
from models.payments.loading import load
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.records.client import Client
from models.reports.explanation import Line, Order, Row
from models.reports.payment_rows import Change, PaymentRow, Rows, Show, SortedBy, Wanted, title_of
from models.words import is_found


def planned_lines(payment: ScheduledPayment) -> list[Line]:
    """By client, in the order of their names."""
    if payment.method.is_by_invoice:
        return []
    contract = load([payment.provider_id]).get(payment.contract_id)
    items = [item for item in contract.items if not item.is_blocked(today())] if contract else []
    clients = {client.id: client for client in session.scalars(_clients(items))}
    orders = _orders(clients)
    place = {client_id: place for place, client_id in enumerate(clients)}
    lines = []
    for item in sorted(items, key=lambda item: place[item.client_id]):
        client = clients[item.client_id]
        waits = contract is not None and contract.waits(payment.span)
        for component, first, last, pence, vat, working, allowance_id in _cells(item, payment, waits):
            year = FinancialYear.of(first).starts_in
            order = Order(
                orders[client.id].get(year), client.masked_name, client.reference, client.id, year, client.full_name
            )
            lines.append(Line(order, component, (item.id, allowance_id, None), first, last, pence, vat, working))
    return lines


Cell = tuple[Component, Any, Any, int, int, Working, int | None]


def _cells(item: ItemFacts, payment: ScheduledPayment, waits: bool) -> Iterator[Cell]:
    """What the payment plans for one item; where it `waits` for agreements, what is agreed of it."""
    for cell in planned(item, payment.method.basis, days_of_cells(payment.method, payment.span), waits):
        working = Working(item.service, tuple(cell.slices))
        yield cell.component, cell.first, cell.last, cell.net_pence, cell.vat_pence, working, None
    for due in item.allowances:
        if due.due_on in payment.span and item.terms_gross.is_payable_on(due.due_on):
            pence = min(due.amount_pence, agreed_pence(item, due)) if waits else due.amount_pence
            if pence or not waits:
                yield Component.ALLOWANCE, due.due_on, due.due_on, pence, 0, Working(due.name), due.id


def _clients(items: list[ItemFacts]) -> sa.Select:
    return Client.at_provider().where(Client.id.in_({item.client_id for item in items}))


def _orders(clients: dict[int, Client]) -> dict[int | None, dict[int, int]]:
    """Ids of the orders that have been issued, by client and year."""
    order = PurchaseOrder
    query = select(order.client_id, order.financial_year, order.id).where(
        order.client_id.in_(clients), order.revision > 0
    )
    found: dict[int | None, dict[int, int]] = defaultdict(dict)
    for client_id, year, order_id in session.execute(query):
        found[client_id][year] = order_id
    return found


def planned_rows(
    payment: ScheduledPayment, told: Iterable[Row], wanted: Wanted, offset: int, limit: int | None
) -> Rows:
    """As models.reports.payment_rows.rows_on_record, of the rows that are `told` of a plan, in their order."""
    before, then = _before(payment)
    rows = [(row.order, row) for row in told if row.order]
    now: dict[int | None, int] = defaultdict(int)
    newest: dict[int | None, int] = {}
    for order, row in rows:
        now[order.client_id] += row.total_pence
        newest[order.client_id] = max(order.year, newest.get(order.client_id, order.year))
    found: list[tuple[str, PaymentRow]] = []
    for order, row in rows:
        of_client = then.get(order.client_id)
        pence = now[order.client_id] - (of_client.pence if of_client else 0) if before else 0
        own = pence if order.year == newest[order.client_id] else 0
        found.append((order.full_name, PaymentRow(
            order.client_id, order.year, order.id, row.title, order.client_reference,
            row.net_pence, row.vat_pence, own, _kind(pence, of_client is not None),
        )))  # fmt: skip
    for client_id, row in then.items():
        if client_id not in now and row.pence:
            title, reference = title_of(row), row.reference or ""
            gone = PaymentRow(client_id, row.year, None, title, reference, 0, 0, -row.pence, Change.GONE)
            found.append((f"{title} {row.surname or ''}", gone))
    told_of = _told_of(payment, wanted)
    kept = _sorted([row for name, row in found if _is_wanted(row, name, wanted, told_of)], wanted)
    return Rows(
        kept[offset:][:limit], len(kept), sum(row.net_pence for row in kept), sum(row.vat_pence for row in kept),
        sum(row.change_pence for row in kept), before if kept else None,
    )  # fmt: skip


def _kind(pence: int, was_there: bool) -> Change:
    if not pence:
        return Change.SAME
    if not was_there:
        return Change.NEW
    return Change.MORE if pence > 0 else Change.LESS


def _told_of(payment: ScheduledPayment, wanted: Wanted) -> set[int | None]:
    """The orders whose rows are queried or held, where that is asked."""
    if wanted.show is not Show.QUERIED:
        return set()
    return set(session.scalars(select(Hold.purchase_order_id).where(Hold.payment_id == payment.id, is_told_of())))


def _is_wanted(row: PaymentRow, name: str, wanted: Wanted, told_of: set[int | None]) -> bool:
    if wanted.show is Show.CHANGED:
        is_shown = row.change is not Change.SAME
    else:
        is_here = wanted.with_gone or row.change is not Change.GONE
        is_shown = is_here and (wanted.show is Show.ALL or row.order_id in told_of)
    return is_shown and is_found(wanted.text, name)


def _sorted(rows: list[PaymentRow], wanted: Wanted) -> list[PaymentRow]:
    if wanted.order is SortedBy.SUM:
        return sorted(rows, key=lambda row: -row.total_pence)
    return sorted(rows, key=lambda row: -abs(row.change_pence)) if wanted.order is SortedBy.CHANGE else rows


def _before(payment: ScheduledPayment) -> tuple[Span | None, dict[int | None, Any]]:
    """The payment before, if it has lines, and what it pays for each client: rows with pence."""
    line, order, before = PaymentLine, PurchaseOrder, ScheduledPayment
    by = order.client_id, Client.reference, Client.surname, Client.first_name, before.first_on, before.last_on
    query = (
        select(*by, func.max(order.financial_year).label("year"), sum_of(line.total_pence).label("pence"))
        .join(order, order.id == line.purchase_order_id)
        .join(before, before.id == line.payment_id)
        .outerjoin(Client, Client.id == order.client_id)
        .where(line.payment_id == payment.id_before)
        .group_by(*by)
    )
    found = session.execute(query).all()
    return Span(found[0].first_on, found[0].last_on) if found else None, {row.client_id: row for row in found}
