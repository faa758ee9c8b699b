"""To pay now = entitlement - already finalised, cell by cell, for one contract. Pure: no database; amounts are whole
pence.

A late start, a backdated uplift or an early leaver needs no code of its own: each is a difference that is not zero.
It depends on facts and on what is finalised, never on holds, answers or debts. Rules: design.md section 7.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

from models.calendar import DAY, Span, year_of
from models.engine.component import Component
from models.engine.entitlement import Cell, cells
from models.engine.facts import ContractFacts, DueSum, ItemFacts
from models.engine.periods import Period, Periods, horizon
from models.engine.steady import SteadyItem, moved
from models.engine.working import Expected, Lump, Working, merged

IN_THE_CURRENT_PAYMENT = (Component.CLAIM, Component.ADJUSTMENT)
"""Sums that are paid in the current payment, whatever day they are for."""

OrderKey = tuple[int | None, int]
"""A client's id (None for one-off claims), and the calendar year in which the order's financial year begins."""


class Source(NamedTuple):
    """What a cell belongs to, besides its component."""

    item_id: int | None = None
    allowance_id: int | None = None
    claim_item_id: int | None = None
    adjustment_id: int | None = None


Place = tuple[Source, Component, date]
"""A cell: its source, component and first day."""


class Settled(NamedTuple):
    """What has been finalised for one cell."""

    last: date
    net_pence: int
    vat_pence: int


@dataclass(slots=True)
class Draft:
    """A payment line to be written; `paid_in` is the first day of the period that pays it.

    A contract may have hundreds of thousands, so it refers to its cell, which steady periods share, and works out its
    days and its working when they are asked for.
    """

    paid_in: date
    source: Source
    cell: Cell
    """What is due for the cell; that of a steady period may carry another period's days."""
    first: date
    net_pence: int
    vat_pence: int
    order: OrderKey | None
    name: str

    @property
    def component(self) -> Component:
        return self.cell.component

    @property
    def last(self) -> date:
        return self.first + (self.cell.last - self.cell.first)

    @property
    def total_pence(self) -> int:
        return self.net_pence + self.vat_pence

    @property
    def before(self) -> tuple[int, int]:
        """Net and VAT pence that were finalised for the cell."""
        return self.cell.net_pence - self.net_pence, self.cell.vat_pence - self.vat_pence

    @property
    def is_change(self) -> bool:
        return self.before != (0, 0)

    @property
    def is_whole(self) -> bool:
        """Its cell is one slice, for all its days."""
        slices, cell = self.cell.slices, self.cell
        return len(slices) == 1 and slices[0].is_for(cell.first, cell.last)

    def on_its_days(self) -> Cell:
        return self.cell if self.cell.first == self.first else moved(self.cell, Span(self.first, self.last))

    @property
    def working(self) -> Working:
        return Working(self.name, tuple(self.on_its_days().slices), *self.before)

    def expected(self) -> Iterator[Expected]:
        """The rows that its order expects."""
        net, vat = self.before
        return _expected_rows(self.on_its_days(), Settled(self.last, net, vat), self.name)


@dataclass(slots=True)
class Stretch:
    """Periods that follow one another, and have the same cell."""

    cell: Cell
    year: int
    first: date
    last: date
    periods: int = 1

    def expected(self, name: str) -> Expected:
        """The row that the order expects for all these periods. The cell is a steady one, so it has one slice."""
        [part] = self.cell.slices
        whole = replace(
            part,
            first=self.first,
            last=self.last,
            quantity_e4=part.quantity_e4 * (self.periods if part.is_timetabled else 1),
            net_pence=part.net_pence * self.periods,
            vat_pence=part.vat_pence * self.periods,
        )
        return Expected(name, self.cell.component, whole, self.periods)


class Stretches:
    """What the orders of one source expect: a row for each stretch of periods that share a steady cell, and rows of
    other cells, in the order in which they came.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._newest: dict[int, Stretch] = {}
        self._rows: list[Stretch | tuple[int, Expected]] = []

    def add(self, cell: Cell, first: date, last: date, year: int) -> None:
        """A steady cell, of which nothing is finalised."""
        stretch = self._newest.get(id(cell))
        if stretch and stretch.year == year and stretch.last + DAY == first:
            stretch.last = last
            stretch.periods += 1
            return
        stretch = self._newest[id(cell)] = Stretch(cell, year, first, last)
        self._rows.append(stretch)

    def add_rows(self, rows: Iterable[Expected], year: int) -> None:
        self._rows.extend((year, row) for row in rows)

    def tell(self, orders: Mapping[OrderKey, "OrderSum"], client_id: int | None) -> None:
        """Give the rows to the client's orders."""
        for row in self._rows:
            year, told = (row.year, row.expected(self.name)) if isinstance(row, Stretch) else row
            orders[client_id, year].expected.append(told)


@dataclass(slots=True)
class OrderSum:
    """What one purchase order comes to, and how the part not yet finalised was worked out."""

    net_pence: int = 0
    vat_pence: int = 0
    expected: list[Expected] = field(default_factory=list)

    def add(self, other: "OrderSum") -> None:
        """Add what another contract of the provider pays for the same order."""
        self.net_pence += other.net_pence
        self.vat_pence += other.vat_pence
        self.expected.extend(merged(other.expected))


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
        self.settled, self.as_on, self.placed = settled, as_on, placed
        self.periods = Periods(periods, as_on)
        self.found = Reckoning(periods)
        self.order_year = horizon(contract, as_on).starts_in
        self.bases = {period.method.basis for period in periods}
        self._order_keys: dict[OrderKey, OrderKey] = {}

    def take_item(self, item: ItemFacts) -> None:
        is_blocked = item.is_blocked(self.as_on)
        due: dict[tuple[Component, date], Cell] = {}
        steady = {basis: SteadyItem(item.terms(basis)) for basis in self.bases}
        stretches = Stretches(item.service)
        for period in self.periods.between(item.terms_gross.starts_on, item.terms_gross.last_payable_on):
            own = steady[period.method.basis]
            alike = None if period.is_cut else own.cells_like_those_of(period.span)
            if self.periods.is_due(period):
                due.update(_due(period.span, own, alike))
            elif not is_blocked:
                self._plan_item(period, item, own, alike, stretches)
        stretches.tell(self.found.orders, item.client_id)
        self._compare(Source(item_id=item.id), item.client_id, item.service, due, is_blocked)
        for allowance in item.allowances:
            self._take_allowance(item, allowance, is_blocked)

    def _plan_item(
        self, period: Period, item: ItemFacts, own: SteadyItem, alike: list[Cell] | None, stretches: Stretches
    ) -> None:
        if alike is not None:
            for cell in alike:
                self._plan_alike(period, cell, item, stretches)
            return
        for cell in cells(own.terms, period.span):
            self._plan(period, cell, (item.client_id, year_of(cell.first)), item.service)

    def _plan_alike(self, period: Period, cell: Cell, item: ItemFacts, stretches: Stretches) -> None:
        """Plan a steady cell. Periods that follow one another and share it make one row of what the order expects."""
        span, year = period.span, period.year
        planned = self.found.planned[span.first]
        planned[0] += cell.net_pence
        planned[1] += cell.vat_pence
        if year > self.order_year:
            return
        order = self.found.orders[item.client_id, year]
        order.net_pence += cell.net_pence
        order.vat_pence += cell.vat_pence
        stretches.add(cell, span.first, span.last, year)

    def _take_allowance(self, item: ItemFacts, allowance: DueSum, is_blocked: bool) -> None:
        due: dict[tuple[Component, date], Cell] = {}
        period = self.periods.holding(allowance.due_on)
        if period and item.terms_gross.is_payable_on(allowance.due_on):
            cell = _sum_cell(Component.ALLOWANCE, allowance)
            if self.periods.is_due(period):
                due[cell.component, cell.first] = cell
            elif not is_blocked:
                year = year_of(allowance.due_on)
                self._plan(period, cell, (item.client_id, year), allowance.name)
        source = Source(item_id=item.id, allowance_id=allowance.id)
        self._compare(source, item.client_id, allowance.name, due, is_blocked)

    def take_claim(self, claim: DueSum, decided_on: date | None) -> None:
        """A decision of a later day changes nothing yet: what was paid stays paid, and nothing waits."""
        source, cell = Source(claim_item_id=claim.id), _sum_cell(Component.CLAIM, claim)
        if decided_on is not None and decided_on <= self.as_on:
            self._compare(source, None, claim.name, {(cell.component, cell.first): cell}, is_blocked=False)
            return
        for (component, first), before in self.settled.get(source, {}).items():
            self.found.entitled_pence += before.net_pence + before.vat_pence
            self._keep(component, first, before, (None, year_of(first)), claim.name)

    def take_adjustment(self, adjustment: DueSum, client_id: int) -> None:
        cell = _sum_cell(Component.ADJUSTMENT, adjustment)
        due = {(cell.component, cell.first): cell}
        self._compare(Source(adjustment_id=adjustment.id), client_id, adjustment.name, due, is_blocked=False)

    def _plan(self, period: Period, cell: Cell, order: OrderKey, name: str) -> None:
        planned = self.found.planned[period.span.first]
        planned[0] += cell.net_pence
        planned[1] += cell.vat_pence
        if order[1] <= self.order_year:
            self._expect(order, cell, Settled(cell.last, 0, 0), name)

    def _expect(self, order: OrderKey, cell: Cell, before: Settled, name: str) -> None:
        expected = self.found.orders[order]
        expected.net_pence += cell.net_pence
        expected.vat_pence += cell.vat_pence
        expected.expected.extend(_expected_rows(cell, before, name))

    def _compare(
        self,
        source: Source,
        client_id: int | None,
        name: str,
        due: dict[tuple[Component, date], Cell],
        is_blocked: bool,
    ) -> None:
        """One source's cells against what was finalised for them: a draft for every difference."""
        settled = self.settled.get(source, {})
        stretches = Stretches(name)
        for key in sorted({*due, *settled}):
            component, first = key
            before = settled.get(key)
            cell = due.get(key) or Cell(component, first, before.last if before else first)
            self.found.entitled_pence += cell.net_pence + cell.vat_pence
            order = self._order(client_id, year_of(first))
            paid_in = self._paid_in(source, component, first)
            net, vat = cell.net_pence, cell.vat_pence
            if before:
                net, vat = net - before.net_pence, vat - before.vat_pence
            if is_blocked:
                self.found.blocked[paid_in, source.item_id or 0] += net + vat
                self._keep(component, first, before or Settled(first, 0, 0), order, name)
                continue
            expected = self.found.orders[order]
            expected.net_pence += cell.net_pence
            expected.vat_pence += cell.vat_pence
            if not net and not vat:
                continue
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
        return self.periods.current if component in IN_THE_CURRENT_PAYMENT else self.periods.paying(first)

    def _keep(self, component: Component, first: date, before: Settled, order: OrderKey, name: str) -> None:
        """An order is worth what was finalised for a cell, and expects no more of it."""
        self._expect(order, Cell(component, first, before.last, before.net_pence, before.vat_pence), before, name)


def _due(span: Span, own: SteadyItem, alike: list[Cell] | None) -> dict[tuple[Component, date], Cell]:
    """Cells of a period that has begun, by component and first day. Steady cells still carry another period's days
    (_placed).
    """
    if alike is not None:
        return {(cell.component, span.first): cell for cell in alike}
    return {(cell.component, cell.first): cell for cell in cells(own.terms, span)}


def _sum_cell(component: Component, due: DueSum) -> Cell:
    return Cell(component, due.due_on, due.due_on, due.amount_pence, 0)


def _expected_rows(cell: Cell, before: Settled, name: str) -> Iterator[Expected]:
    """How what is still to come of one cell was worked out; nothing where all of it is finalised."""
    net, vat = cell.net_pence - before.net_pence, cell.vat_pence - before.vat_pence
    if not net and not vat:
        return
    if (before.net_pence or before.vat_pence) or not cell.slices:
        yield Expected(name, cell.component, Lump(cell.first, cell.last, net, vat, bool(before.net_pence)))
        return
    for part in cell.slices:
        yield Expected(name, cell.component, part)
