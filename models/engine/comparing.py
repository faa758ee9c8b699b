"""What is due of one contract beside what was finalised, cell by cell: a draft for every difference that may be paid,
and what orders expect. Pure.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from models.calendar import year_of
from models.engine.agreed import Allowed
from models.engine.ahead import Ahead
from models.engine.component import Component
from models.engine.draft import Draft, OrderKey, OrderSum, Place, Settled, Source, expected_rows
from models.engine.due import Cells
from models.engine.entitlement import Cell
from models.engine.facts import ContractFacts, DueSum
from models.engine.periods import Period, Periods, horizon

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


class Comparing:
    """One contract, what is finalised of it, and what is found out about it."""

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
        self.ahead = Ahead(self.periods.planned(), lambda period: contract.waits(period.span))
        self._order_keys: dict[OrderKey, OrderKey] = {}

    def add_what_is_ahead(self) -> None:
        """Add what items come to in the periods that have not begun, once all of them are taken."""
        for first, net, vat in self.ahead.sums():
            sums = self.found.planned[first]
            sums[0] += net
            sums[1] += vat

    def plan(self, into: Into, cell: Cell, order: OrderKey, name: str) -> None:
        add(into, cell)
        if order[1] <= self.order_year:
            self._expect(order, cell, Settled(cell.last, 0, 0), name)

    def _expect(self, order: OrderKey, cell: Cell, before: Settled, name: str) -> None:
        expected = self.found.orders[order]
        expected.net_pence += cell.net_pence
        expected.vat_pence += cell.vat_pence
        expected.planned.extend(expected_rows(cell, before, name))

    def compare(
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
            expected.drafts.append(draft)

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
        return self.periods.paying(self.placing_day(component, first))

    def placing_day(self, component: Component, first: date) -> date:
        """The day by which a cell finds its period: an allowance by its due day, a week by its last one."""
        if not self.pays_weeks or component is Component.ALLOWANCE:
            return first
        return self.periods.placing_day(first)

    def _keep(self, component: Component, first: date, before: Settled, order: OrderKey, name: str) -> None:
        """An order is worth what was finalised for a cell, and expects no more of it."""
        self._expect(order, Cell(component, first, before.last, before.net_pence, before.vat_pence), before, name)


def add(into: Into, cell: Cell) -> None:
    sums, key = into
    sums[key][0] += cell.net_pence
    sums[key][1] += cell.vat_pence


def sum_cell(component: Component, due: DueSum) -> Cell:
    return Cell(component, due.due_on, due.due_on, due.amount_pence, 0)
