"""To pay now = entitlement - already finalised, cell by cell, for one contract. Pure: no database.

A late start, a backdated uplift, an early leaver are none of them special cases; each is a difference
that is not zero. Rules: design.md section 7.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from models.calendar import FinancialYear, Span
from models.calendar import periods as tiled
from models.contract import PaymentMethod
from models.entitlement import Cell, Component, cells
from models.facts import ContractFacts, DueSum, ItemFacts

IN_THE_CURRENT_PAYMENT = (Component.CLAIM, Component.ADJUSTMENT)
"""Sums that are paid in the current payment, whatever day they are for."""

OrderKey = tuple[int | None, int]
"""A client's id (None for one-off claims), and the year in which a financial year begins."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a cell belongs to, besides its component."""

    item_id: int | None = None
    allowance_id: int | None = None
    claim_item_id: int | None = None
    adjustment_id: int | None = None


CellKey = tuple[Source, Component, date]


@dataclass(frozen=True, slots=True)
class Settled:
    """What has been finalised for one cell."""

    last: date
    net_pence: int
    vat_pence: int


@dataclass
class Held:
    """Open payments that are held, by first day, and held rows of others, by first day and order."""

    payments: set[date] = field(default_factory=set)
    rows: set[tuple[date, OrderKey]] = field(default_factory=set)


@dataclass(slots=True)
class Period:
    """One payment period of the contract, and how far its payment has got."""

    span: Span
    method: PaymentMethod
    is_begun: bool = False
    is_closed: bool = False
    is_after_end: bool = False
    """Past the end of the last method: it can hold corrections, and no day of it is paid."""


@dataclass(slots=True)
class Draft:
    """A payment line to be written; `home` is the first day of the period that pays it."""

    home: date
    source: Source
    component: Component
    first: date
    last: date
    net_pence: int
    vat_pence: int
    order: OrderKey | None
    working: dict[str, Any]

    @property
    def total_pence(self) -> int:
        return self.net_pence + self.vat_pence


@dataclass(slots=True)
class OrderSum:
    """What one purchase order comes to, and how the part not yet finalised was worked out."""

    net_pence: int = 0
    vat_pence: int = 0
    expected: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Reckoning:
    """All that one calculation finds out about one contract."""

    periods: list[Period]
    drafts: list[Draft] = field(default_factory=list)
    planned: dict[date, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    """Net and VAT of periods that have not begun, by first day."""
    waiting: dict[date, int] = field(default_factory=lambda: defaultdict(int))
    orders: dict[OrderKey, OrderSum] = field(default_factory=lambda: defaultdict(OrderSum))


class Homes:
    """Where lines live: in their own period while it is open, else in the current one."""

    def __init__(self, periods: list[Period]) -> None:
        self.periods = periods
        self._firsts = [period.span.first for period in periods]
        self.current = next(p.span.first for p in periods if not p.is_begun and not p.is_closed)

    def holding(self, day: date) -> Period | None:
        """The period that `day` is in; None before the first, and after the last method has ended."""
        at = bisect_right(self._firsts, day) - 1
        if at < 0 or self.periods[at].is_after_end or day not in self.periods[at].span:
            return None
        return self.periods[at]

    def of(self, day: date) -> date:
        own = self.holding(day)
        return own.span.first if own and not own.is_closed else self.current

    def between(self, first: date, last: date) -> Iterable[Period]:
        found = self.periods[max(bisect_right(self._firsts, first) - 1, 0) : bisect_right(self._firsts, last)]
        return (period for period in found if not period.is_after_end)


def horizon(contract: ContractFacts, as_on: date) -> FinancialYear:
    """The year whose purchase orders are worth something: that of the last day of the last period begun."""
    begun = contract.periods(as_on)
    return FinancialYear.of(begun[-1][1].last if begun else as_on)


def lay_out(contract: ContractFacts, states: dict[date, tuple[bool, bool]], as_on: date) -> list[Period]:
    """The contract's periods to the end of the year after the current one, with one that is still open.

    `states` says of each period's first day whether its payment is begun, and whether it is closed. When
    every period of an ended contract is closed, the tiling goes on, so that a correction finds a home.
    """
    plan_until = horizon(contract, as_on).next.last_on
    found = [
        Period(span, method, *states.get(span.first, (False, False))) for method, span in contract.periods(plan_until)
    ]
    if any(not period.is_begun and not period.is_closed for period in found):
        return found
    method = contract.methods[-1]
    day = (found[-1].span.last if found else method.calculate_from) + timedelta(days=1)
    calendar = method.calendar
    while True:
        span = next(tiled(day, day, calendar.frequency, calendar.anchor_on))
        span = Span(max(span.first, day), span.last)
        found.append(Period(span, method, *states.get(span.first, (False, False)), is_after_end=True))
        if not found[-1].is_begun and not found[-1].is_closed:
            return found
        day = span.last + timedelta(days=1)


def reckon(
    contract: ContractFacts,
    periods: list[Period],
    settled: dict[Source, dict[tuple[Component, date], Settled]],
    as_on: date,
    held: Held | None = None,
) -> Reckoning:
    """Draft lines, plans and order values of one contract, as its facts stand and as on that day."""
    work = _Work(contract, periods, settled, as_on)
    for item in contract.items:
        work.take_item(item)
    for claim, decided_on in contract.claims:
        work.take_claim(claim, decided_on)
    for adjustment, client_id in contract.adjustments:
        work.take_adjustment(adjustment, client_id)
    debt = sum(cell.net_pence for cell in settled.get(Source(), {}).values())
    _carry(work.found, debt, contract.recovery_cap_pence, held or Held(), as_on)
    return work.found


class _Work:
    def __init__(
        self,
        contract: ContractFacts,
        periods: list[Period],
        settled: dict[Source, dict[tuple[Component, date], Settled]],
        as_on: date,
    ) -> None:
        self.settled, self.as_on = settled, as_on
        self.homes = Homes(periods)
        self.found = Reckoning(periods)
        self.order_year = horizon(contract, as_on).starts_in

    def take_item(self, item: ItemFacts) -> None:
        is_blocked = item.is_blocked(self.as_on)
        due: dict[tuple[Component, date], Cell] = {}
        for period in self.homes.between(item.terms_gross.starts_on, item.terms_gross.last_payable_on):
            found = cells(item.terms(period.method.basis), period.span)
            if period.span.first <= self.as_on:
                due.update({(cell.component, cell.first): cell for cell in found})
            elif not is_blocked:
                for cell in found:
                    self._plan(period, cell, (item.client_id, FinancialYear.of(cell.first).starts_in), item.service)
        self._compare(Source(item_id=item.id), item.client_id, item.service, due, is_blocked)
        for allowance in item.allowances:
            self._take_allowance(item, allowance, is_blocked)

    def _take_allowance(self, item: ItemFacts, allowance: DueSum, is_blocked: bool) -> None:
        due: dict[tuple[Component, date], Cell] = {}
        period = self.homes.holding(allowance.due_on)
        if period and item.terms_gross.is_payable_on(allowance.due_on):
            cell = _sum_cell(Component.ALLOWANCE, allowance)
            if period.span.first <= self.as_on:
                due[cell.component, cell.first] = cell
            elif not is_blocked:
                year = FinancialYear.of(allowance.due_on).starts_in
                self._plan(period, cell, (item.client_id, year), allowance.name)
        source = Source(item_id=item.id, allowance_id=allowance.id)
        self._compare(source, item.client_id, allowance.name, due, is_blocked)

    def take_claim(self, claim: DueSum, decided_on: date | None) -> None:
        cell = _sum_cell(Component.CLAIM, claim)
        decided = decided_on is not None and decided_on <= self.as_on
        due = {(cell.component, cell.first): cell} if decided else {}
        self._compare(Source(claim_item_id=claim.id), None, claim.name, due, is_blocked=not decided)

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
        for key in sorted({*due, *settled}):
            component, first = key
            before = settled.get(key) or Settled(due[key].last, 0, 0)
            cell = due.get(key) or Cell(component, first, before.last)
            net, vat = cell.net_pence - before.net_pence, cell.vat_pence - before.vat_pence
            order = (client_id, FinancialYear.of(first).starts_in)
            home = self.homes.current if component in IN_THE_CURRENT_PAYMENT else self.homes.of(first)
            if is_blocked:
                self.found.waiting[home] += net + vat
                kept = Cell(component, first, before.last, before.net_pence, before.vat_pence)
                self._expect(order, kept, before, name)
                continue
            self._expect(order, cell, before, name)
            if net or vat:
                working = {
                    "name": name,
                    "slices": [part.as_dict() for part in cell.slices],
                    "before": [before.net_pence, before.vat_pence],
                }
                self.found.drafts.append(Draft(home, source, component, first, cell.last, net, vat, order, working))


def _sum_cell(component: Component, due: DueSum) -> Cell:
    return Cell(component, due.due_on, due.due_on, due.amount_pence, 0)


def _expected_rows(cell: Cell, before: Settled, name: str) -> Iterator[dict[str, Any]]:
    """How what is still to come of one cell was worked out; nothing where all of it is finalised."""
    net, vat = cell.net_pence - before.net_pence, cell.vat_pence - before.vat_pence
    if not net and not vat:
        return
    common = {"name": name, "component": cell.component.value}
    if (before.net_pence or before.vat_pence) or not cell.slices:
        span = {"first": cell.first.isoformat(), "last": cell.last.isoformat()}
        yield common | span | {"net_pence": net, "vat_pence": vat, "is_correction": bool(before.net_pence)}
        return
    for part in cell.slices:
        yield common | part.as_dict()


def _carry(found: Reckoning, debt: int, cap: int | None, held: Held, as_on: date) -> None:
    """Bring no payment below £0.00: what it lacks is carried forward, and the next one brings it forward.

    `debt` is what was carried before and not yet recovered; `cap` the most that one payment recovers, where a
    plan has been agreed. A debt waits for a payment that has other lines. What is held is not paid, and so it
    neither needs carrying nor makes up for a recovery.
    """
    for period in found.periods:
        home = period.span.first
        free = [d for d in found.drafts if d.home == home and (home, d.order) not in held.rows]
        if not free or home > as_on or home in held.payments:
            continue
        total = sum(draft.total_pence for draft in free) - debt
        recovered = debt - sum(draft.total_pence for draft in free if _is_recovery(draft, home))
        if debt:
            found.drafts.append(_carried(period, Component.BROUGHT_FORWARD, -debt))
            debt = 0
        carried = max(-total, recovered - cap if cap is not None else 0, 0)
        if carried:
            found.drafts.append(_carried(period, Component.CARRIED_FORWARD, carried))


def _is_recovery(draft: Draft, home: date) -> bool:
    """It takes back what an earlier payment paid."""
    return draft.total_pence < 0 and (draft.first < home or draft.component in IN_THE_CURRENT_PAYMENT)


def _carried(period: Period, component: Component, pence: int) -> Draft:
    span = period.span
    return Draft(span.first, Source(), component, span.first, span.last, pence, 0, None, {})
