"""To pay now = entitlement - already finalised, cell by cell, for one contract. Pure: no database; amounts are whole
pence.

A late start, a backdated uplift or an early leaver needs no code of its own: each is a difference that is not zero.
It depends on facts and on what is finalised, never on holds, answers or debts. Rules: design.md section 7.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from models.calendar import FAR_FUTURE, Span, year_of
from models.engine.agreed import Allowed, agreed_pence, as_agreed, nothing, paid, whole
from models.engine.component import Component
from models.engine.draft import Draft, OrderKey, OrderSum, Place, Settled, Source, Stretches, expected_rows
from models.engine.due import Cells, alike, by_plan, due_of
from models.engine.entitlement import Cell, cells
from models.engine.facts import ContractFacts, DueSum, InvoicedSum, ItemFacts
from models.engine.invoices import invoice_cells
from models.engine.mileage import MileageBook, priced
from models.engine.periods import Period, Periods, horizon
from models.engine.steady import SteadyItem, moved
from models.engine.weeks import WEEK, Week
from models.pricing import Basis

RULES = 2
"""The number of the rules of this version. Raise it whenever the same facts may come to something else than before:
what that changes of paid days then waits until somebody accepts it (models/payments/rules.py).
"""
Into = tuple[Any, Any]
"""Sums of net and VAT pence, and the key under which a plan is added to them."""
IN_THE_CURRENT_PAYMENT = (Component.CLAIM, Component.INVOICE, Component.ADJUSTMENT)
"""Sums that are paid in the current payment, whatever day they are for."""


@dataclass
class Reckoning:
    """All that one calculation finds out about one contract."""

    periods: list[Period]
    drafts: list[Draft] = field(default_factory=list)
    planned: dict[date, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    """Net and VAT pence of periods that have not begun, by first day."""
    blocked: dict[tuple[date, int], int] = field(default_factory=lambda: defaultdict(int))
    """Pence, VAT included and signed, that blocked items would add: by first day of the period that would pay them, and
    item id.
    """
    awaited: dict[tuple[date, int, date], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    """Net and VAT pence that are planned for weeks that pay nothing before their actuals are known: by first day of the
    period that would pay them, item id and first day of the week. No part of the entitlement.
    """
    entitled_pence: int = 0
    """What every cell that is due comes to, VAT included; those of blocked items too."""
    orders: dict[OrderKey, OrderSum] = field(default_factory=lambda: defaultdict(OrderSum))


def reckon(
    contract: ContractFacts,
    periods: list[Period],
    settled: dict[Source, dict[tuple[Component, date], Settled]],
    as_on: date,
    placed: Mapping[Place, date] | None = None,
) -> Reckoning:
    """Draft lines, plans and order values of one contract on the day `as_on`.

    `settled` is what has been finalised, by cell. `placed` says which payment holds the draft of a cell already (by
    first day): a draft stays there while that is open.
    """
    work = _Work(contract, periods, settled, as_on, placed or {})
    for item in contract.items:
        work.take_item(item)
    for claim, decided_on in contract.claims:
        work.take_claim(claim, decided_on)
    for line in contract.invoices:
        work.take_invoice(line)
    if contract.miles is not None:
        work.take_miles(contract.miles)
    for adjustment, client_id in contract.adjustments:
        work.take_adjustment(adjustment, client_id)
    return work.found


class _Work:
    def __init__(
        self,
        contract: ContractFacts,
        periods: list[Period],
        settled: dict[Source, dict[tuple[Component, date], Settled]],
        as_on: date,
        placed: Mapping[Place, date],
    ) -> None:
        self.contract, self.settled, self.as_on, self.placed = contract, settled, as_on, placed
        self.periods = Periods(periods, as_on)
        self.found = Reckoning(periods)
        self.order_year = horizon(contract, as_on).starts_in
        self.bases = {period.method.basis for period in periods}
        self.pays_weeks = any(period.pays_weeks for period in periods)
        self._order_keys: dict[OrderKey, OrderKey] = {}

    def take_item(self, item: ItemFacts) -> None:
        due: Cells = {}
        agreed: Cells = {}
        allowed = self._allowed(item, agreed)
        steady = {basis: SteadyItem(item.terms(basis)) for basis in self.bases}
        limits = self._agreed_terms(item)
        stretches = Stretches(item.service)
        until = item.terms_gross.last_payable_on
        if self.pays_weeks and until < FAR_FUTURE - WEEK:
            until += WEEK  # its last week may belong to the period after its last day
        for period in self._priced_between(item.terms_gross.starts_on, until):
            own = steady[period.method.basis]
            limit = limits[period.method.basis] if limits and self.contract.waits(period.span) else None
            for days in period.weeks if period.pays_weeks else (period,):
                found = due_of(period, days, item, own) if self.periods.is_due(period) else None
                if limit is not None:
                    agreed.update(by_plan(days, limit) if found is None else due_of(period, days, item, limit) or {})
                if found is not None:
                    due.update(found)
                elif isinstance(days, Week) and self.periods.is_due(period):
                    place = self.periods.paying(days.span.last), item.id, days.span.first
                    self._plan_item(days, item, own, stretches, allowed, (self.found.awaited, place))
                else:
                    self._plan_item(days, item, own, stretches, allowed, (self.found.planned, period.span.first))
        stretches.tell(self.found.orders, item.client_id)
        self._compare(Source(item_id=item.id), item.client_id, item.service, due, allowed)
        for allowance in item.allowances:
            self._take_allowance(item, allowance)

    def _priced_between(self, first: date, last: date) -> Iterable[Period]:
        """The periods with one of these days that are paid by prices: where invoices pay, items have no cells."""
        return (period for period in self.periods.between(first, last) if not period.method.is_by_invoice)

    def _allowed(self, item: ItemFacts, agreed: Cells) -> Allowed:
        """What may be paid of this item's cells. `agreed` is asked when a cell is: it is filled meanwhile."""
        if item.is_blocked(self.as_on):
            return nothing
        if (waits_from := self.contract.waits_from) is None:
            return whole

        def allowed(first: date, cell: Cell, before: Settled | None) -> Cell | None:
            period = self.periods.holding(self._placing_day(cell.component, first))
            if (period.span.first if period else first) < waits_from:
                return cell
            return None if item.agreed is None else paid(cell, agreed.get((cell.component, first)), before)

        return allowed

    def _agreed_terms(self, item: ItemFacts) -> dict[Basis, SteadyItem]:
        """What was agreed, for the days that the facts pay; empty where nothing was, or nothing waits for it."""
        if self.contract.waits_from is None or item.agreed is None:
            return {}
        return {basis: SteadyItem(as_agreed(item.terms(basis), item.agreed)) for basis in self.bases}

    def _plan_item(
        self, days: Period | Week, item: ItemFacts, own: SteadyItem, stretches: Stretches, allowed: Allowed, into: Into,
    ) -> None:  # fmt: skip
        """Expect the plan of these days, and add it up where `into` says."""
        steady = alike(days, own)
        for cell in steady if steady is not None else cells(own.terms, days.span):
            first = days.span.first if steady is not None else cell.first
            found = allowed(first, cell, None)
            if found is cell and steady is not None:
                self._plan_alike(days, cell, item, stretches, into)
            elif found is not None:
                if found.first != first:
                    found = moved(found, Span(first, first + (found.last - found.first)))
                self._plan(into, found, (item.client_id, year_of(first)), item.service)

    def _plan_alike(
        self, days: Period | Week, cell: Cell, item: ItemFacts, stretches: Stretches, into: Into
    ) -> None:  # fmt: skip
        """Plan a steady cell. Periods that follow one another and share it make one row of what the order expects."""
        span, year = days.span, days.year
        _add(into, cell)
        if year > self.order_year:
            return
        order = self.found.orders[item.client_id, year]
        order.net_pence += cell.net_pence
        order.vat_pence += cell.vat_pence
        stretches.add(cell, span.first, span.last, year)

    def _take_allowance(self, item: ItemFacts, allowance: DueSum) -> None:
        due: Cells = {}
        agreed: Cells = {}
        allowed = self._allowed(item, agreed)
        period = self.periods.holding(allowance.due_on)
        is_paid = period is not None and not period.method.is_by_invoice
        if period and is_paid and item.terms_gross.is_payable_on(allowance.due_on):
            cell = _sum_cell(Component.ALLOWANCE, allowance)
            if pence := agreed_pence(item, allowance):
                agreed[cell.component, cell.first] = replace(cell, net_pence=pence)
            if self.periods.is_due(period):
                due[cell.component, cell.first] = cell
            elif (found := allowed(cell.first, cell, None)) is not None:
                into = self.found.planned, period.span.first
                self._plan(into, found, (item.client_id, year_of(allowance.due_on)), allowance.name)
        source = Source(item_id=item.id, allowance_id=allowance.id)
        self._compare(source, item.client_id, allowance.name, due, allowed)

    def take_claim(self, claim: DueSum, decided_on: date | None) -> None:
        is_decided = decided_on is not None and decided_on <= self.as_on
        self._take_decided(claim.id, claim.name, [_sum_cell(Component.CLAIM, claim)] if is_decided else None)

    def take_miles(self, book: MileageBook) -> None:
        """What this contract pays of its provider's miles."""
        found = priced(book, self.as_on)
        for item in book.items:
            if item.contract_id == self.contract.id and not item.is_fixed:
                self._take_decided(item.id, item.name, found.get(item.id))

    def _take_decided(self, item_id: int, name: str, due: list[Cell] | None) -> None:
        """A claim item. None: its decision is of a later day and changes nothing yet; what was paid stays paid, and
        nothing waits.
        """
        source = Source(claim_item_id=item_id)
        if due is not None:
            self._compare(source, None, name, {(cell.component, cell.first): cell for cell in due}, whole)
            return
        self._stays(source, None, name)

    def _stays(self, source: Source, client_id: int | None, name: str) -> None:
        """What was paid of it stays paid, and nothing waits."""
        for (component, first), before in self.settled.get(source, {}).items():
            self.found.entitled_pence += before.net_pence + before.vat_pence
            self._keep(component, first, before, (client_id, year_of(first)), name)

    def take_invoice(self, line: InvoicedSum) -> None:
        """A line of a decided invoice, for its own days, in the current payment; cut at 1 April like any cell."""
        source = Source(item_id=line.item_id, invoice_line_id=line.id)
        if line.decided_on > self.as_on:
            self._stays(source, line.client_id, line.name)
            return
        due = invoice_cells(line) if self.contract.pays_by_invoice(line.days) else []
        item = next((each for each in self.contract.items if each.id == line.item_id), None)
        waits = item is None or item.is_blocked(self.as_on)
        if item is not None and item.agreed is None and self.contract.waits(line.days):
            waits = True  # never agreed: blocked whole
        allowed = nothing if waits else whole
        self._compare(source, line.client_id, line.name, {(cell.component, cell.first): cell for cell in due}, allowed)

    def take_adjustment(self, adjustment: DueSum, client_id: int) -> None:
        cell = _sum_cell(Component.ADJUSTMENT, adjustment)
        due = {(cell.component, cell.first): cell}
        self._compare(Source(adjustment_id=adjustment.id), client_id, adjustment.name, due, whole)

    def _plan(self, into: Into, cell: Cell, order: OrderKey, name: str) -> None:
        _add(into, cell)
        if order[1] <= self.order_year:
            self._expect(order, cell, Settled(cell.last, 0, 0), name)

    def _expect(self, order: OrderKey, cell: Cell, before: Settled, name: str) -> None:
        expected = self.found.orders[order]
        expected.net_pence += cell.net_pence
        expected.vat_pence += cell.vat_pence
        expected.expected.extend(expected_rows(cell, before, name))

    def _compare(
        self,
        source: Source,
        client_id: int | None,
        name: str,
        due: Cells,
        allowed: Allowed,
    ) -> None:
        """One source's cells against what was finalised for them: a draft for every difference that may be paid; the
        rest waits.
        """
        settled = self.settled.get(source, {})
        stretches = Stretches(name)
        for key in sorted({*due, *settled}):
            component, first = key
            before = settled.get(key)
            cell = due.get(key) or Cell(component, first, before.last if before else first)
            self.found.entitled_pence += cell.net_pence + cell.vat_pence
            order = self._order(client_id, year_of(first))
            own = allowed(first, cell, before)
            if own is not cell:
                done = own or before or Settled(first, 0, 0)
                waits = cell.net_pence + cell.vat_pence - done.net_pence - done.vat_pence
                self.found.blocked[self._usual_place(component, first), source.item_id or 0] += waits
            if own is None:
                self._keep(component, first, before or Settled(first, 0, 0), order, name)
                continue
            cell = own
            net, vat = cell.net_pence, cell.vat_pence
            if before:
                net, vat = net - before.net_pence, vat - before.vat_pence
            expected = self.found.orders[order]
            expected.net_pence += cell.net_pence
            expected.vat_pence += cell.vat_pence
            if not net and not vat:
                continue
            paid_in = self._paid_in(source, component, first)
            draft = Draft(paid_in, source, cell, first, net, vat, order, name)
            self.found.drafts.append(draft)
            if draft.is_whole and not draft.is_change:
                stretches.add(cell, first, draft.last, order[1])
            else:
                stretches.add_rows(draft.expected(), order[1])
        stretches.tell(self.found.orders, client_id)

    def _order(self, client_id: int | None, year: int) -> OrderKey:
        """The key of an order: one object for all that have it."""
        key = (client_id, year)
        return self._order_keys.setdefault(key, key)

    def _paid_in(self, source: Source, component: Component, first: date) -> date:
        kept = self.placed.get((source, component, first))
        if kept is not None and self.periods.takes_lines(kept):
            return kept
        return self._usual_place(component, first)

    def _usual_place(self, component: Component, first: date) -> date:
        """Where a line goes that has no draft yet. What is blocked has none, so that it never keeps a place."""
        if component in IN_THE_CURRENT_PAYMENT:
            return self.periods.current
        return self.periods.paying(self._placing_day(component, first))

    def _placing_day(self, component: Component, first: date) -> date:
        """The day by which a cell finds its period: an allowance by its due day, a week by its last one."""
        if not self.pays_weeks or component is Component.ALLOWANCE:
            return first
        return self.periods.placing_day(first)

    def _keep(self, component: Component, first: date, before: Settled, order: OrderKey, name: str) -> None:
        """An order is worth what was finalised for a cell, and expects no more of it."""
        self._expect(order, Cell(component, first, before.last, before.net_pence, before.vat_pence), before, name)


def _add(into: Into, cell: Cell) -> None:
    sums, key = into
    sums[key][0] += cell.net_pence
    sums[key][1] += cell.vat_pence


def _sum_cell(component: Component, due: DueSum) -> Cell:
    return Cell(component, due.due_on, due.due_on, due.amount_pence, 0)
