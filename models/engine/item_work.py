"""What one line item is paid, and planned to be paid. Pure."""

from dataclasses import replace
from datetime import date

from models.calendar import FAR_FUTURE, Span, year_of
from models.engine.agreed import Allowed, agreed_pence, as_agreed, nothing, paid, whole
from models.engine.ahead import Block
from models.engine.comparing import Comparing, Into, add, sum_cell
from models.engine.component import Component
from models.engine.draft import Settled, Source, Stretches
from models.engine.due import Cells, alike, by_plan, due_of
from models.engine.entitlement import Cell
from models.engine.facts import DueSum, ItemFacts
from models.engine.periods import Period
from models.engine.steady import SteadyItem, moved
from models.engine.weeks import WEEK, Week
from models.pricing import Basis


class ItemWork:
    """One line item of the contract that `work` is about."""

    def __init__(self, work: Comparing, item: ItemFacts) -> None:
        self.work, self.item = work, item
        self.contract, self.periods, self.found = work.contract, work.periods, work.found
        self.first, self.last = item.terms_gross.starts_on, item.terms_gross.last_payable_on
        self.steady = {basis: SteadyItem(item.terms(basis)) for basis in work.bases}
        self.limits = self._agreed_terms()
        self.agreed: Cells = {}
        """Cells by what was agreed, where payments wait for agreements: filled as days are looked at."""
        self.allowed = self._allowed(self.agreed)
        self.stretches = Stretches(item.service)

    def take(self) -> None:
        due = self._due()
        if self.allowed is not nothing:
            for block in self.work.ahead.between(self.first, self.last):
                self._plan_block(block)
        self.stretches.tell(self.found.orders, self.item.client_id)
        source = Source(item_id=self.item.id)
        self.work.compare(source, self.item.client_id, self.item.service, due, self.allowed)
        for allowance in self.item.allowances:
            self._take_allowance(allowance)

    def _due(self) -> Cells:
        """What is due for each period that is; weeks that wait for their actuals are planned."""
        due: Cells = {}
        last = self.last
        if self.work.pays_weeks and last < FAR_FUTURE - WEEK:
            last += WEEK  # its last week may belong to the period after its last day
        for period in self.periods.due_between(self.first, last):
            if period.method.is_by_invoice:  # where invoices pay, items have no cells
                continue
            for days in period.weeks if period.pays_weeks else (period,):
                found = due_of(period, days, self.item, self.steady[period.method.basis])
                if (limit := self._limit(period)) is not None:
                    more = by_plan(days, limit) if found is None else due_of(period, days, self.item, limit)
                    self.agreed.update(more or {})
                if found is not None:
                    due.update(found)
                else:
                    place = self.periods.paying(days.span.last), self.item.id, days.span.first
                    self._plan(period, days, (self.found.awaited, place))
        return due

    def _limit(self, period: Period) -> SteadyItem | None:
        """What was agreed, where the period waits for it."""
        return self.limits[period.method.basis] if self.limits and self.contract.waits(period.span) else None

    def _plan_block(self, block: Block) -> None:
        """Expect the plan of a block at once where the item is steady on all its days; else that of its halves."""
        if self.last < block.first or block.last < self.first:
            return
        period, days = block.parts[0]
        if len(block.parts) == 1:
            if (limit := self._limit(period)) is not None:
                self.agreed.update(by_plan(days, limit))
            self._plan(period, days, (self.found.planned, period.span.first))
            return
        alike_all = self.steady[period.method.basis].cells_like_those_of(days.span, block.last)
        if alike_all is None:
            for half in block.halves():
                self._plan_block(half)
            return
        for cell in alike_all:
            self.work.ahead.add(block, cell)
            self._expect_alike(cell, Span(block.first, block.last), days.year, len(block.parts))

    def _plan(self, period: Period, days: Period | Week, into: Into) -> None:
        """Expect the plan of these days, and add it up where `into` says."""
        own = self.steady[period.method.basis]
        steady = alike(days, own)
        for cell in steady if steady is not None else own.cells(days.span):
            first = days.span.first if steady is not None else cell.first
            found = self.allowed(first, cell, None)
            if found is cell and steady is not None:
                add(into, cell)
                self._expect_alike(cell, days.span, days.year, 1)
            elif found is not None:
                if found.first != first:
                    found = moved(found, Span(first, first + (found.last - found.first)))
                self.work.plan(into, found, (self.item.client_id, year_of(first)), self.item.service)

    def _expect_alike(self, cell: Cell, span: Span, year: int, periods: int) -> None:
        """Expect a steady cell in each of so many periods that fill `span`: periods that follow one another and share
        it make one row of what the order expects.
        """
        if year > self.work.order_year:
            return
        order = self.found.orders[self.item.client_id, year]
        order.net_pence += cell.net_pence * periods
        order.vat_pence += cell.vat_pence * periods
        self.stretches.add(cell, span.first, span.last, year, periods)

    def _allowed(self, agreed: Cells) -> Allowed:
        """What may be paid of this item's cells. `agreed` is asked when a cell is: it is filled meanwhile."""
        item, work = self.item, self.work
        if item.is_blocked(work.as_on):
            return nothing
        if (waits_from := self.contract.waits_from) is None:
            return whole

        def allowed(first: date, cell: Cell, before: Settled | None) -> Cell | None:
            period = work.periods.holding(work.placing_day(cell.component, first))
            if (period.span.first if period else first) < waits_from:
                return cell
            return None if item.agreed is None else paid(cell, agreed.get((cell.component, first)), before)

        return allowed

    def _agreed_terms(self) -> dict[Basis, SteadyItem]:
        """What was agreed, for the days that the facts pay; empty where nothing was, or nothing waits for it."""
        item = self.item
        if self.contract.waits_from is None or item.agreed is None:
            return {}
        return {basis: SteadyItem(as_agreed(item.terms(basis), item.agreed)) for basis in self.work.bases}

    def _take_allowance(self, allowance: DueSum) -> None:
        item, due, agreed = self.item, Cells(), Cells()
        allowed = self._allowed(agreed)
        period = self.periods.holding(allowance.due_on)
        is_paid = period is not None and not period.method.is_by_invoice
        if period and is_paid and item.terms_gross.is_payable_on(allowance.due_on):
            cell = sum_cell(Component.ALLOWANCE, allowance)
            if pence := agreed_pence(item, allowance):
                agreed[cell.component, cell.first] = replace(cell, net_pence=pence)
            if self.periods.is_due(period):
                due[cell.component, cell.first] = cell
            elif (found := allowed(cell.first, cell, None)) is not None:
                into = self.found.planned, period.span.first
                self.work.plan(into, found, (item.client_id, year_of(allowance.due_on)), allowance.name)
        source = Source(item_id=item.id, allowance_id=allowance.id)
        self.work.compare(source, item.client_id, allowance.name, due, allowed)
