"""The cells of one line item, period after period. Those of steady days are worked out once and used again.

Most items have one price for a year, and most of their payments are alike: in a run over 20,000 items this saves nine
tenths of the work. The result equals that of `entitlement.cells`; a test holds the two equal.
"""

from bisect import bisect_right
from dataclasses import replace

from models.calendar import DAY, FAR_FUTURE, Span
from models.engine.entitlement import Cell, cells, runs
from models.engine.facts import Terms
from models.pricing import Unit


class SteadyItem:
    """The cells of one item under one set of terms."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        last = min(terms.last_payable_on, FAR_FUTURE - DAY)
        self._runs = list(runs(Span(terms.starts_on, last), terms)) if terms.starts_on <= last else []
        self._firsts = [first for first, _, _ in self._runs]
        self._known: dict[tuple[int, int, int, int], list[Cell] | None] = {}

    def cells_like_those_of(self, span: Span) -> list[Cell] | None:
        """The cells of the whole period `span`, if the facts are the same on all its days and 1 April is not inside it,
        and, where the price is by the calendar month, the period is one.

        The sums are those of `span`. The days are those of the first such period that was worked out: `moved` puts that
        right. Every cell has one slice. None where the facts differ between days, or where a component would get two
        slices.
        """
        at = bisect_right(self._firsts, span.first) - 1
        if at < 0 or span.last > self._runs[at][1]:
            return None
        if self.terms.unit is Unit.MONTH and not span.is_whole_month:
            return None
        active = 0
        for n, (_, deduction) in enumerate(self.terms.deductions):
            if deduction.first <= span.first and span.last <= deduction.last:
                active |= 1 << n
            elif deduction.first <= span.last and span.first <= deduction.last:
                return None
        quantity = self._runs[at][2][1]
        weekday = span.first.weekday() if quantity.timetable_e4 is not None else 0
        key = (at, active, span.days, weekday)
        if key not in self._known:
            found = cells(self.terms, span)
            self._known[key] = found if all(len(cell.slices) == 1 for cell in found) else None
        return self._known[key]


def moved(cell: Cell, span: Span) -> Cell:
    """A copy of a steady cell with the days of `span`."""
    slices = [replace(part, first=span.first, last=span.last) for part in cell.slices]
    return replace(cell, first=span.first, last=span.last, slices=slices)
