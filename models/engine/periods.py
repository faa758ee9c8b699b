"""The payment periods of one contract, how far each has got, and which of them pays what is due for a day."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from models.calendar import (
    DAY,
    FAR_FUTURE,
    NOT_MOVED,
    DueDays,
    FinancialYear,
    MovedDates,
    PeriodDates,
    Span,
    WorkingDays,
    period_holding,
    year_of,
)
from models.engine.facts import ContractFacts, Method
from models.engine.weeks import Week, last_of_week, pays_weeks, weeks_of

State = tuple[bool, bool, MovedDates]
"""Of a payment: whether some of it is finalised, whether all of it is, and how its days are moved."""
NEW: State = (False, False, NOT_MOVED)


@dataclass(slots=True)
class Period:
    """One payment period of the contract, and how far its payment has got.

    `is_begun`: some of its payment is finalised. `is_closed`: all of it is, and it takes no more lines.
    """

    span: Span
    method: Method
    working: WorkingDays
    is_begun: bool = False
    is_closed: bool = False
    moved: MovedDates = NOT_MOVED
    is_after_end: bool = False
    """It lies after the end of the last method: no day of it is paid, but its payment can hold corrections."""
    year: int = field(init=False)
    """The financial year of its first day, by the calendar year in which that begins."""
    is_cut: bool = field(init=False)
    """1 April falls inside it."""
    pays_weeks: bool = field(init=False)
    """Its method pays on actuals, so that its cells are the weeks that end in it."""
    _due_days: DueDays | None = field(init=False, default=None)
    _weeks: list[Week] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.year = year_of(self.span.first)
        self.is_cut = self.year != year_of(self.span.last)
        self.pays_weeks = pays_weeks(self.method)

    @property
    def weeks(self) -> list[Week]:
        """The weeks that it pays."""
        if self._weeks is None:
            self._weeks = weeks_of(self.method, self.span)
        return self._weeks

    @property
    def due_days(self) -> DueDays:
        """When it is to be confirmed, finalised and in the bank, as bank holidays and the council have moved it."""
        if self._due_days is None:
            self._due_days = self.moved.over(self.method.calendar.due_days_of(self.span.first, self.working))
        return self._due_days

    @property
    def dates(self) -> PeriodDates:
        return self.due_days.dates

    def takes_corrections(self, as_on: date) -> bool:
        """Whether what is due for closed periods can be paid in it: nothing of it is finalised, and its day to be
        finalised is not past.
        """
        return not self.is_begun and not self.is_closed and self.dates.finalise_on >= as_on

    def is_due(self, as_on: date) -> bool:
        """It has started; or it is paid in advance, since its day to be finalised has come or some of it is
        finalised.
        """
        return self.span.first <= as_on or self.is_begun or self.is_closed or self.dates.finalise_on <= as_on


class Periods:
    """Which payment a line is part of: that of the line's own period while it is open, else the current one.

    `current` is the first day of the first period that takes corrections.
    """

    def __init__(self, periods: list[Period], as_on: date) -> None:
        self.periods = periods
        self._firsts = [period.span.first for period in periods]
        self.current = next(p.span.first for p in periods if p.takes_corrections(as_on))
        self._due_until = next((p.span.last for p in reversed(periods) if p.is_due(as_on)), date.min)

    def is_due(self, period: Period) -> bool:
        """Whether its days are due: every period up to the last that is."""
        return period.span.first <= self._due_until

    def takes_lines(self, first: date) -> bool:
        """Whether a period begins on `first` whose payment is not closed."""
        at = bisect_right(self._firsts, first) - 1
        return at >= 0 and self._firsts[at] == first and not self.periods[at].is_closed

    def holding(self, day: date) -> Period | None:
        """The period that `day` is in; None before the first, and after the last method has ended."""
        at = bisect_right(self._firsts, day) - 1
        if at < 0 or self.periods[at].is_after_end or day not in self.periods[at].span:
            return None
        return self.periods[at]

    def placing_day(self, first: date) -> date:
        """The day whose period a priced cell that begins on `first` belongs to: its own, or the last of its week."""
        own = self.holding(first)
        return last_of_week(own.method, first) if own and own.pays_weeks else first

    def paying(self, day: date) -> date:
        """The first day of the period that pays what is due for `day`."""
        own = self.holding(day)
        return own.span.first if own and not own.is_closed else self.current

    def due_between(self, first: date, last: date) -> Iterable[Period]:
        """The periods with a day from `first` to `last` whose days are due, but those after the end of the last
        method.
        """
        begin, end = (
            max(bisect_right(self._firsts, first) - 1, 0),
            bisect_right(self._firsts, min(last, self._due_until)),
        )
        return (period for period in self.periods[begin:end] if not period.is_after_end)

    def planned(self) -> Iterable[Period]:
        """The periods whose days are not due and that are paid by prices: where invoices pay, items have no cells."""
        begin = bisect_right(self._firsts, self._due_until)
        found = self.periods[begin:]
        return (period for period in found if not period.is_after_end and not period.method.is_by_invoice)


def horizon(contract: ContractFacts, as_on: date) -> FinancialYear:
    """The last financial year whose purchase orders get a value: that of the last day of the period that `as_on` lies
    in or, once the contract has ended, of its last period.
    """
    begun = [method for method in contract.methods if method.calculate_from <= as_on]
    if not begun:
        return FinancialYear.of(as_on)
    calendar, last_on = begun[-1].calendar, begun[-1].ends_on or FAR_FUTURE
    held = period_holding(min(as_on, last_on), calendar.frequency, calendar.anchor_on)
    return FinancialYear.of(min(held.last, last_on))


def lay_out(contract: ContractFacts, states: Mapping[date, State], as_on: date, working: WorkingDays) -> list[Period]:
    """The contract's periods to the end of the year after `horizon`, including at least one that takes corrections.

    `states` says by first day how far each payment has got. Where no period of an ended contract takes corrections any
    more, the calendar goes on after its end, so that they find a payment.
    """
    plan_until = horizon(contract, as_on).next.last_on
    found = [
        Period(span, method, working, *states.get(span.first, NEW)) for method, span in contract.periods(plan_until)
    ]
    if any(period.takes_corrections(as_on) for period in found):
        return found
    method = contract.methods[-1]
    day = (found[-1].span.last if found else method.calculate_from) + DAY
    calendar = method.calendar
    while True:
        span = period_holding(day, calendar.frequency, calendar.anchor_on)
        span = Span(max(span.first, day), span.last)
        found.append(Period(span, method, working, *states.get(span.first, NEW), is_after_end=True))
        if found[-1].takes_corrections(as_on):
            return found
        day = span.last + DAY
