"""The weeks of actuals: which of them a payment period pays, and the days that a cell of a contract is for.

A method that never pays on actuals has one cell for a whole period. Where one pays on them, plan and actual alike have
a cell for each week, which belongs whole to the period in which it ends. Rules: design.md section 7, *Actuals*.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from models.calendar import DAY, FAR_FUTURE, Frequency, Span, year_of
from models.engine.facts import Method, PaymentCalendar
from models.pricing import PayOnActuals

WEEK = timedelta(days=6)
"""From a week's first day to its last."""


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days, unless the days of a payment method cut them."""

    span: Span
    begins_on: date
    """The first of the seven: that by which its actuals are known."""

    @property
    def year(self) -> int:
        """The financial year of its first day, by the calendar year in which that begins."""
        return year_of(self.span.first)

    @property
    def is_cut(self) -> bool:
        """1 April falls inside it."""
        return self.year != year_of(self.span.last)


def pays_weeks(method: Method) -> bool:
    """Whether it pays on actuals, at once or until they come, so that its cells are weeks."""
    return method.pay_on_actuals in (PayOnActuals.ALWAYS, PayOnActuals.UNTIL_ACTUAL)


def weeks_begin_on(calendar: PaymentCalendar) -> int:
    """The weekday on which the weeks of its contracts begin, 0 for Monday: that of its anchor, or Monday where it has
    calendar months.
    """
    return first_weekday(calendar.frequency, calendar.anchor_on)


def first_weekday(frequency: Frequency, anchor_on: date) -> int:
    return 0 if frequency is Frequency.MONTHLY else anchor_on.weekday()


def week_holding(day: date, begins: int) -> Span:
    """The week, from the weekday `begins` on, that the day lies in."""
    first = day - DAY * ((day.weekday() - begins) % 7)
    return Span(first, first + WEEK)


def weeks_of(method: Method, period: Span) -> list[Week]:
    """The weeks that end in one of its periods, in order; the first may begin in the period before."""
    begins, until = weeks_begin_on(method.calendar), method.ends_on or FAR_FUTURE
    found, day = [], period.first
    while day <= period.last:
        week = week_holding(day, begins)
        last = min(week.last, until)
        if last <= period.last:
            found.append(Week(Span(max(week.first, method.calculate_from), last), week.first))
        day = week.last + DAY
    return found


def last_of_week(method: Method, day: date) -> date:
    """The day by which a cell that begins on `day` finds its period: the last of its week, where the method pays on
    actuals.
    """
    if not pays_weeks(method):
        return day
    return min(week_holding(day, weeks_begin_on(method.calendar)).last, method.ends_on or FAR_FUTURE)


def days_of_cells(method: Method, period: Span) -> list[Span]:
    """The days that the cells of one of its periods are for."""
    if not pays_weeks(method):
        return [period]
    return [week.span for week in weeks_of(method, period)]
