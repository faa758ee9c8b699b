"""Days: today, financial years, and how payment periods tile the calendar.

A day is a `date` in Europe/London; every span of days here includes both its ends.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache, total_ordering
from typing import NamedTuple
from zoneinfo import ZoneInfo

from models.portal import current_portal

LONDON = ZoneInfo("Europe/London")
DAY = timedelta(days=1)
SATURDAY = 5
"""What `date.weekday()` says of one."""
FAR_FUTURE = date(9999, 12, 31)
"""Stands in for "no end" where days are compared."""

_command_date: ContextVar[date | None] = ContextVar("command_date", default=None)


def today() -> date:
    """The council's day: the real one in London, unless the portal's calendar stands or a command has set another.

    Sessions and log-in codes never ask this; they use the real clock.
    """
    return _command_date.get() or current_portal().today or datetime.now(LONDON).date()


def london_day(when: date) -> date:
    """The day in London on which an instant falls; a day is itself. Pages, files and mails show no other."""
    return when.astimezone(LONDON).date() if isinstance(when, datetime) else when


def in_words(when: date) -> str:
    """30 September 2019, in London"""
    day = london_day(when)
    return f"{day.day} {day:%B %Y}"


def moment(at: datetime, *, with_year: bool = False) -> str:
    """An instant as somebody in London reads it in a mail: Friday 27 November, 16:30; with the year,
    Friday 27 November 2026, 16:30.
    """
    local = at.astimezone(LONDON)
    return f"{local:%A} {local.day} {local:%B}{f' {local.year}' if with_year else ''}, {local:%H:%M}"


def midnight(day: date) -> datetime:
    """The instant at which the day begins in London."""
    return datetime.combine(day, time(), LONDON)


@contextmanager
def as_on(day: date | None) -> Iterator[None]:
    """Within the block, today() is `day`. With None it stays what it was."""
    token = _command_date.set(day or _command_date.get())
    try:
        yield
    finally:
        _command_date.reset(token)


class BankDayRule(StrEnum):
    """Which working day a bank day becomes that is none."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True)
class WorkingDays:
    """Which days are working days, and which of them takes the place of a bank day that is none.

    A plain value: `models.bank_holiday.working_days()` reads that of the portal. Monday to Friday are working days
    unless they are among `holidays`; before and after the years that it knows, all of them are.
    """

    holidays: frozenset[date] = frozenset()
    rule: BankDayRule = BankDayRule.BEFORE

    def __contains__(self, day: date) -> bool:
        return day.weekday() < SATURDAY and day not in self.holidays

    @property
    def without_holidays(self) -> "WorkingDays":
        """As if no bank holiday were known: weekends only."""
        return WorkingDays(rule=self.rule)

    def on_or_after(self, day: date) -> date:
        while day not in self:
            day += DAY
        return day

    def on_or_before(self, day: date) -> date:
        while day not in self:
            day -= DAY
        return day

    def after(self, day: date, count: int) -> date:
        """The `count`-th working day after `day`: the day itself does not count."""
        for _ in range(count):
            day = self.on_or_after(day + DAY)
        return day

    def bank_day(self, usual: date, finalise_on: date) -> date:
        """The bank day of what is finalised on that day and would be in the bank on `usual`: that day if it is a
        working day, else the one before or after, as the rule says. Where the one before is before the day to finalise,
        it is the first working day from that day on.
        """
        day = self.on_or_after(usual) if self.rule is BankDayRule.AFTER else self.on_or_before(usual)
        return day if day >= finalise_on else self.on_or_after(finalise_on)


def year_of(day: date) -> int:
    """The calendar year in which the day's financial year begins."""
    return day.year if day.month >= 4 else day.year - 1


@dataclass(frozen=True)
@total_ordering
class FinancialYear:
    """1 April of `starts_in` to 31 March of the year after. The tax year is another thing."""

    starts_in: int

    @classmethod
    def of(cls, day: date) -> "FinancialYear":
        return cls(year_of(day))

    @property
    def first_on(self) -> date:
        return date(self.starts_in, 4, 1)

    @property
    def last_on(self) -> date:
        return date(self.starts_in + 1, 3, 31)

    @property
    def next(self) -> "FinancialYear":
        return FinancialYear(self.starts_in + 1)

    def __lt__(self, other: "FinancialYear") -> bool:
        return self.starts_in < other.starts_in

    def __str__(self) -> str:
        return f"{self.starts_in}/{self.starts_in + 1}"


class Frequency(StrEnum):
    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    FOUR_WEEKLY = "four_weekly"
    MONTHLY = "monthly"

    @property
    def days(self) -> int | None:
        """The length of a period in days; None for calendar months."""
        return {Frequency.WEEKLY: 7, Frequency.FORTNIGHTLY: 14, Frequency.FOUR_WEEKLY: 28}.get(self)

    @property
    def label(self) -> str:
        return {Frequency.FOUR_WEEKLY: "4-Weekly"}.get(self, self.value.capitalize())


@dataclass(frozen=True, order=True)
class Span:
    """Days from `first` to `last`, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def short(self) -> str:
        """As a heading gives it: 30 Sep to 6 Oct 2019."""
        return f"{self.days_short} {self.last.year}"

    @property
    def days_short(self) -> str:
        """Where the year is known: 30 Sep to 6 Oct."""
        begin = f"{self.first.day} {self.first:%b}" + (
            f" {self.first.year}" if self.first.year != self.last.year else ""
        )
        return f"{begin} to {self.last.day} {self.last:%b}"

    def words(self, beside: int | None = None) -> str:
        """As a sentence says it: 6 to 15 September; with the year, unless it is the year `beside`."""
        year = "" if self.first.year == self.last.year == beside else f" {self.last.year}"
        end = f"{self.last.day} {self.last:%B}{year}"
        if self.first == self.last:
            return end
        if (self.first.year, self.first.month) == (self.last.year, self.last.month):
            return f"{self.first.day} to {end}"
        begin = f"{self.first.day} {self.first:%B}" + (
            f" {self.first.year}" if self.first.year != self.last.year else ""
        )
        return f"{begin} to {end}"

    def overlap(self, first: date, last: date) -> "Span | None":
        """The days of this span that lie in `first` to `last` (both included); None where there are none."""
        first, last = max(self.first, first), min(self.last, last)
        return Span(first, last) if first <= last else None

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    @property
    def days_in_month(self) -> int:
        """How many days the calendar month of its first day has."""
        return monthrange(self.first.year, self.first.month)[1]

    @property
    def is_whole_month(self) -> bool:
        """It is one calendar month, from the 1st to the last."""
        return self.first.day == 1 and self.days == self.days_in_month

    def cut_by_month(self) -> "list[Span]":
        """This span, cut at the end of every calendar month inside it."""
        parts, first = [], self.first
        while first <= self.last:
            last = min(self.last, first.replace(day=monthrange(first.year, first.month)[1]))
            parts.append(Span(first, last))
            first = last + DAY
        return parts

    def is_within(self, spans: "Iterable[Span]") -> bool:
        """Whether each of its days lies in one of these spans."""
        reached = self.first - DAY
        for each in sorted(spans, key=lambda span: span.first):
            if each.first - reached <= DAY:
                reached = max(reached, each.last)
        return reached >= self.last

    def cut_by_year(self) -> "list[Span]":
        """This span, cut at every 1 April inside it: a purchase order holds one financial year."""
        if self.first <= self.last and year_of(self.first) == year_of(self.last):
            return [self]
        parts, first = [], self.first
        while first <= self.last:
            last = min(self.last, date(year_of(first) + 1, 3, 31))
            parts.append(Span(first, last))
            first = last + DAY
        return parts


class PeriodDates(NamedTuple):
    """The days that matter to one payment period."""

    confirm_by: date
    finalise_on: date
    bank_on: date


@dataclass(frozen=True)
class DueDays:
    """The days of one payment, and what its bank day comes from."""

    dates: PeriodDates
    counted: date
    """Its bank day as it is counted, before it gave way to a working day. What somebody has set stands as it is."""
    working: WorkingDays

    @property
    def takes(self) -> timedelta:
        """From the day to finalise to the bank, as it is counted."""
        return self.counted - self.dates.finalise_on

    def bank_day_of_run(self, run_on: date) -> date:
        """When what a run on that day pays is in the bank. What is finalised late takes as long as usual, and comes on
        that day or the next working day.
        """
        if run_on <= self.dates.finalise_on:
            return self.dates.bank_on
        return self.working.on_or_after(run_on + self.takes)


class MovedDates(NamedTuple):
    """Other days for one payment period than the usual ones; None is not moved."""

    confirm_by: date | None = None
    finalise_on: date | None = None
    bank_on: date | None = None

    def over(self, due: DueDays) -> DueDays:
        """The days as moved. Those that are not moved give way to those that are, so that all stay in order; the bank
        day to a working day.
        """
        if not any(self):
            return due
        dates = due.dates
        finalise_on = self.finalise_on or min(
            max(dates.finalise_on, self.confirm_by or dates.finalise_on), self.bank_on or FAR_FUTURE
        )
        moved = PeriodDates(
            confirm_by=self.confirm_by or min(dates.confirm_by, finalise_on),
            finalise_on=finalise_on,
            bank_on=self.bank_on or max(dates.bank_on, due.working.on_or_after(finalise_on)),
        )
        return DueDays(moved, self.bank_on or max(due.counted, finalise_on), due.working)


NOT_MOVED = MovedDates()


def period_holding(day: date, frequency: Frequency, anchor_on: date) -> Span:
    """The payment period that `day` lies in, where one period begins on `anchor_on` and the others follow it without a
    gap.

    Monthly periods begin on the anchor's day of the month, which is 1 to 28.
    """
    if frequency.days:
        first = day - timedelta(days=(day - anchor_on).days % frequency.days)
        return Span(first, first + timedelta(days=frequency.days - 1))
    first = day.replace(day=anchor_on.day)
    if first > day:
        first = _a_month_after(first, -1)
    return Span(first, _a_month_after(first, 1) - timedelta(days=1))


@lru_cache(maxsize=256)
def periods(first: date, last: date, frequency: Frequency, anchor_on: date) -> tuple[Span, ...]:
    """Every whole period from the one that holds `first` to the one that holds `last`, in order.

    All contracts of one calendar have the same ones, so that they are worked out once.
    """
    found = []
    day = first
    while day <= last:
        span = period_holding(day, frequency, anchor_on)
        found.append(span)
        day = span.last + timedelta(days=1)
    return tuple(found)


def _a_month_after(day: date, months: int) -> date:
    month = day.month - 1 + months
    return day.replace(year=day.year + month // 12, month=month % 12 + 1)
