"""The cells of one line item, period after period. Those of steady days are worked out once and used again.

Most items have one price for a year, and most of their payments are alike: in a run over 20,000 items this saves nine
tenths of the work. The result equals that of `entitlement.cells`; a test holds the two equal.
"""

from bisect import bisect_right
from datetime import date

from models.calendar import DAY, FAR_FUTURE, Span
from models.engine.entitlement import Cell, Run, gathered, parts_of, runs
from models.engine.facts import Terms
from models.pricing import Unit


class SteadyItem:
    """The cells of one item under one set of terms."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        last = min(terms.last_payable_on, FAR_FUTURE - DAY)
        self._runs = list(runs(Span(terms.starts_on, last), terms)) if terms.starts_on <= last else []
        self._firsts = [run[0] for run in self._runs]
        self._known: dict[tuple[int, int, int, int], list[Cell] | None] = {}

    def cells(self, span: Span) -> list[Cell]:
        """Those of `entitlement.cells`, from the runs of days that are known already."""
        return gathered(parts_of(self.terms, span, self._runs_of(span)), span)

    def _runs_of(self, span: Span) -> list[Run]:
        at = max(bisect_right(self._firsts, span.first) - 1, 0)
        found = []
        for first, last, facts in self._runs[at:]:
            if first > span.last:
                break
            if last >= span.first:
                found.append((max(first, span.first), min(last, span.last), facts))
        return found

    def cells_like_those_of(self, span: Span, until: date | None = None) -> list[Cell] | None:
        """The cells of the whole period `span`, if the facts are the same on all its days and 1 April is not inside it,
        and, where the price is by the calendar month, the period is one. With `until`, those of every period of a block
        (models/engine/ahead.py) that begins with `span` and ends on that day, if the facts are the same on all of them.

        The sums are those of `span`. The days are those of the first such period that was worked out: `moved` puts that
        right. Every cell has one slice. None where the facts differ between days, or where a component would get two
        slices.
        """
        last = until or span.last
        at = bisect_right(self._firsts, span.first) - 1
        if at < 0 or last > self._runs[at][1]:
            return None
        if self.terms.unit is Unit.MONTH and not span.is_whole_month:
            return None
        active = 0
        for n, (_, deduction) in enumerate(self.terms.deductions):
            if deduction.first <= span.first and last <= deduction.last:
                active |= 1 << n
            elif deduction.first <= last and span.first <= deduction.last:
                return None
        quantity = self._runs[at][2][1]
        weekday = span.first.weekday() if quantity.timetable_e4 is not None else 0
        key = (at, active, span.days, weekday)
        if key not in self._known:
            found = self.cells(span)
            self._known[key] = found if all(len(cell.slices) == 1 for cell in found) else None
        return self._known[key]


def moved(cell: Cell, span: Span) -> Cell:
    """A copy of a steady cell with the days of `span`."""
    slices = [part.on(span.first, span.last) for part in cell.slices]
    return Cell(cell.component, span.first, span.last, cell.net_pence, cell.vat_pence, slices)
