"""One line item, period after period: what has been worked out once for steady days is not worked out again.

Most items have the same price for a year, and most payments of them are alike: of a run over 20,000 items
this saves nine tenths. What comes out is what `entitlement.cells` gives; a test holds the two equal.
"""

from bisect import bisect_right
from dataclasses import replace

from models.calendar import DAY, FAR_FUTURE, Span
from models.engine.entitlement import Cell, cells, runs
from models.engine.facts import Terms


class SteadyItem:
    """The cells of one item under one set of terms."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        last = min(terms.last_payable_on, FAR_FUTURE - DAY)
        self._runs = list(runs(Span(terms.starts_on, last), terms)) if terms.starts_on <= last else []
        self._firsts = [first for first, _, _ in self._runs]
        self._known: dict[tuple[int, int, int, int], list[Cell] | None] = {}

    def cells_like_those_of(self, span: Span) -> list[Cell] | None:
        """Cells like those of `span`, a whole period without a 1 April, all of whose days have the same facts.

        Their sums are right; their days are those of whichever such period came first: see `moved`. None where
        the days are not all alike, or two contributions are taken off at once. Every cell has one slice.
        """
        at = bisect_right(self._firsts, span.first) - 1
        if at < 0 or span.last > self._runs[at][1]:
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
    """A steady cell, for the days of `span`."""
    slices = [replace(part, first=span.first, last=span.last) for part in cell.slices]
    return replace(cell, first=span.first, last=span.last, slices=slices)
