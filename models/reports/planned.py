"""The rows that a payment which has not begun would have, as the facts stand: worked out from the facts of its
contract, since it has no lines yet. Reads; writes nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from models.calendar import FinancialYear, Span, today
from models.engine.agreed import agreed_pence, planned
from models.engine.component import Component
from models.engine.facts import ItemFacts
from models.engine.working import Working
from models.payments.payment import ScheduledPayment
from models.records.client import full_name, masked_name
from models.reports.compared_rows import Change
from models.reports.explanation import Line, Order, Row
from models.reports.payment_rows import PaymentRow, Rows, Show, SortedBy, Wanted, title_of
from models.reports.plan import Plan
from models.words import is_found


def planned_lines(payment: ScheduledPayment, plan: Plan) -> list[Line]:
    """By client, of each in the order of the care packages."""
    if payment.method.is_by_invoice:
        return []
    waits_from = payment.contract.waits_for_agreement_from
    waits = waits_from is not None and waits_from <= payment.first_on
    clients, lines = plan.clients, []
    for item in sorted(plan.items, key=lambda item: (item.client_id, item.id)):
        if item.is_blocked(today()):
            continue
        client = clients[item.client_id]
        name = client.surname, client.first_name, client.reference
        for component, first, last, pence, vat, working, allowance_id in _cells(item, payment, plan.spans, waits):
            year = FinancialYear.of(first).starts_in
            order = Order(
                plan.orders.get((client.key, year)), masked_name(*name), client.reference, client.key, year,
                full_name(*name),
            )  # fmt: skip
            lines.append(Line(order, component, (item.id, allowance_id, None), first, last, pence, vat, working))
    return lines


Cell = tuple[Component, Any, Any, int, int, Working, int | None]


def _cells(item: ItemFacts, payment: ScheduledPayment, spans: list[Span], waits: bool) -> Iterator[Cell]:
    """What the payment plans for one item; where it `waits` for agreements, what is agreed of it."""
    for cell in planned(item, payment.method.basis, spans, waits):
        working = Working(item.service, tuple(cell.slices))
        yield cell.component, cell.first, cell.last, cell.net_pence, cell.vat_pence, working, None
    for due in item.allowances:
        if due.due_on in payment.span and item.terms_gross.is_payable_on(due.due_on):
            pence = min(due.amount_pence, agreed_pence(item, due)) if waits else due.amount_pence
            if pence or not waits:
                yield Component.ALLOWANCE, due.due_on, due.due_on, pence, 0, Working(due.name), due.id


def planned_rows(plan: Plan, told: Iterable[Row], wanted: Wanted, offset: int, limit: int | None) -> Rows:
    """As models.reports.payment_rows.rows_on_record, of the rows that are `told` of a plan, in their order."""
    before, then = plan.before, plan.then
    rows = [(row.order, row) for row in told if row.order]
    now: dict[int | None, int] = defaultdict(int)
    newest: dict[int | None, int] = {}
    for order, row in rows:
        now[order.client_id] += row.total_pence
        newest[order.client_id] = max(order.year, newest.get(order.client_id, order.year))
    found: list[tuple[str, PaymentRow]] = []
    for order, row in rows:
        of_client = then.get(order.client_id)
        pence = now[order.client_id] - (of_client.number if of_client else 0) if before else 0
        own = pence if order.year == newest[order.client_id] else 0
        found.append((order.full_name, PaymentRow(
            order.client_id, order.year, order.id, row.title, order.client_reference,
            row.net_pence, row.vat_pence, own, _kind(pence, of_client is not None),
        )))  # fmt: skip
    for client_id, row in then.items():
        if client_id not in now and row.number:
            title, reference = title_of(row), row.reference or ""
            gone = PaymentRow(client_id, row.other, None, title, reference, 0, 0, -row.number, Change.GONE)
            found.append((f"{title} {row.surname or ''}", gone))
    told_of = plan.told_of if wanted.show is Show.QUERIED else set()
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
