"""The days that matter: two years to today, bank holidays in England, and the calendars that payments follow."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from models.calendar import FinancialYear, Frequency, period_holding, periods

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
SATURDAY = 5


@dataclass(frozen=True)
class Timeline:
    """What lies where, seen from today."""

    today: date

    @property
    def monday(self) -> date:
        """Of this week."""
        return self.today - timedelta(days=self.today.weekday())

    @property
    def begin(self) -> date:
        """From this Monday on payments are calculated; earlier ones were paid from another system."""
        return self.monday - 104 * WEEK

    @property
    def last_on(self) -> date:
        """The end of this financial year: sums that fall due are known until then."""
        return FinancialYear.of(self.today).last_on

    @property
    def late_uplift(self) -> date:
        """The day on which the home care rates of an April became known, two months late."""
        found = date(self.today.year, 6, 12)
        return found if found <= self.today - timedelta(days=60) else found.replace(year=found.year - 1)

    @property
    def late_news(self) -> date:
        """The day on which the council heard of some things that had happened weeks before."""
        return self.today - timedelta(days=38)

    @property
    def deliveries(self) -> tuple[date, ...]:
        """The days on which the finance system sent its feed. What it learnt in between came with the next."""
        return self.begin, self.late_uplift, self.late_news, self.today

    def years(self, first: date | None = None) -> Iterator[FinancialYear]:
        """The financial years from the one of that day (or of the beginning) to this one."""
        year = FinancialYear.of(first or self.begin)
        while year <= FinancialYear.of(self.today):
            yield year
            year = year.next


@dataclass(frozen=True)
class Rhythm:
    """One calendar of the finance system. The days are counted from a period's first day."""

    reference: str
    name: str
    frequency: Frequency
    anchor_on: date
    confirm_by_days: int
    finalise_days: int
    bank_days: int

    def first_period_from(self, day: date) -> date:
        """The first day of the first whole period that begins on `day` or later."""
        period = period_holding(day, self.frequency, self.anchor_on)
        return period.first if period.first == day else period.last + DAY

    def overrides(self, first: date, last: date) -> Iterator[tuple[date, date | None, date | None, date | None]]:
        """Periods whose days bank holidays move: first day, and those of its days that move."""
        for period in periods(first, last, self.frequency, self.anchor_on):
            usual = [
                period.first + timedelta(days=days)
                for days in (self.confirm_by_days, self.finalise_days, self.bank_days)
            ]
            moved = [_working_day_before(day) if is_bank_holiday(day) else day for day in usual]
            moved = [min(moved[at:]) for at in range(3)]
            if moved != usual:
                confirm_by, finalise_on, bank_on = (
                    new if new != old else None for new, old in zip(moved, usual, strict=True)
                )
                yield period.first, confirm_by, finalise_on, bank_on


def rhythms(line: Timeline) -> dict[str, Rhythm]:
    """All of Borsetshire's. Whatever day it is, every contract has a current payment, and some wait for an answer."""
    monday = line.monday
    found = [
        Rhythm("WEEKLY-MON", "Weekly from Monday", Frequency.WEEKLY, line.begin, 7, 8, 11),
        Rhythm("WEEKLY-SUN", "Weekly from Sunday", Frequency.WEEKLY, line.begin - DAY, 7, 8, 12),
        Rhythm("FORTNIGHTLY", "Fortnightly from Monday", Frequency.FORTNIGHTLY, monday - WEEK, 17, 18, 25),
        Rhythm("AGENCIES", "Fostering agencies, 4-weekly", Frequency.FOUR_WEEKLY, monday - 2 * WEEK, 30, 31, 36),
        Rhythm("CARE-HOMES", "Care homes, 4-weekly", Frequency.FOUR_WEEKLY, monday, 36, 37, 43),
        Rhythm("FOUR-WEEKLY", "Carers, 4-weekly", Frequency.FOUR_WEEKLY, monday - WEEK, 28, 29, 32),
        Rhythm("MONTHLY", "Calendar months", Frequency.MONTHLY, line.begin.replace(day=1), 32, 33, 40),
    ]
    return {each.reference: each for each in found}


def is_bank_holiday(day: date) -> bool:
    return day in _bank_holidays(day.year)


def _working_day_before(day: date) -> date:
    while day.weekday() >= SATURDAY or is_bank_holiday(day):
        day -= DAY
    return day


PROCLAIMED = {
    2020: ((date(2020, 5, 4), date(2020, 5, 8)),),
    2022: ((date(2022, 5, 30), date(2022, 6, 2)), (None, date(2022, 6, 3)), (None, date(2022, 9, 19))),
    2023: ((None, date(2023, 5, 8)),),
}
"""By year: the usual day that was not one, and the day that was one instead or besides."""


@cache
def _bank_holidays(year: int) -> frozenset[date]:
    """In England and Wales."""
    easter = _easter(year)
    found = {easter - 2 * DAY, easter + DAY, _monday_from(date(year, 5, 1)), _monday_from(date(year, 5, 25)),
             _monday_from(date(year, 8, 25)), _weekday_from(date(year, 1, 1))}  # fmt: skip
    christmas = _weekday_from(date(year, 12, 25))
    found |= {christmas, _weekday_from(christmas + DAY)}
    for instead_of, day in PROCLAIMED.get(year, ()):
        found.discard(instead_of)
        found.add(day)
    return frozenset(found)


def _monday_from(day: date) -> date:
    return day + timedelta(days=-day.weekday() % 7)


def _weekday_from(day: date) -> date:
    """The substitute for a day at a weekend."""
    return day if day.weekday() < SATURDAY else _monday_from(day)


def _easter(year: int) -> date:
    """Easter Sunday, by the method of Meeus, Jones and Butcher."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)
