"""Working days, and the working day that takes the place of a bank day: plain values, no database."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calendar import BankDayRule, DueDays, MovedDates, PeriodDates, WorkingDays

BEFORE, AFTER = BankDayRule
CHRISTMAS = frozenset({date(2020, 12, 25), date(2020, 12, 28)})  # a Friday, and the Monday for Saturday 26
FRIDAY, SATURDAY, SUNDAY, MONDAY, TUESDAY = (date(2020, 12, day) for day in (25, 26, 27, 28, 29))
THURSDAY, WEDNESDAY = date(2020, 12, 24), date(2020, 12, 23)
DAYS = st.dates(date(2020, 12, 1), date(2021, 1, 31))
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("usual", "finalise_on", "before", "after"),
    [
        (THURSDAY, WEDNESDAY, THURSDAY, THURSDAY),
        (FRIDAY, WEDNESDAY, THURSDAY, TUESDAY),
        (SUNDAY, WEDNESDAY, THURSDAY, TUESDAY),
        (MONDAY, THURSDAY, THURSDAY, TUESDAY),  # on the day to finalise itself, but not before it
        (MONDAY, FRIDAY, TUESDAY, TUESDAY),
        (MONDAY, MONDAY, TUESDAY, TUESDAY),
        (SUNDAY, TUESDAY, TUESDAY, TUESDAY),
    ],
)
def test_a_bank_day_that_is_no_working_day_becomes_one(usual, finalise_on, before, after):
    assert WorkingDays(CHRISTMAS, BEFORE).bank_day(usual, finalise_on) == before
    assert WorkingDays(CHRISTMAS, AFTER).bank_day(usual, finalise_on) == after


@given(DAYS, st.integers(0, 20), st.sampled_from(BankDayRule), st.frozensets(DAYS, max_size=12))
def test_the_bank_day_is_a_working_day_and_none_before_the_day_to_finalise(finalise_on, takes, rule, holidays):
    working, usual = WorkingDays(holidays, rule), finalise_on + takes * DAY
    found = working.bank_day(usual, finalise_on)
    assert found in working
    assert found >= finalise_on
    if usual in working:
        assert found == usual
    elif rule is AFTER:
        assert found > usual
    passed = [found + n * DAY for n in range((usual - found).days + 1)] or [
        usual + n * DAY for n in range((found - usual).days)
    ]
    assert not [day for day in passed if day in working and day not in (found, usual)]


@given(DAYS, st.integers(0, 20), st.integers(0, 30), st.sampled_from(BankDayRule))
def test_a_later_run_is_never_in_the_bank_earlier(finalise_on, takes, late, rule):
    working, counted = WorkingDays(CHRISTMAS, rule), finalise_on + takes * DAY
    dates = PeriodDates(finalise_on, finalise_on, working.bank_day(counted, finalise_on))
    days = [DueDays(dates, counted, working).bank_day_of_run(finalise_on + n * DAY) for n in range(late + 1)]
    assert days == sorted(days)
    assert days[0] == dates.bank_on


def test_a_late_run_takes_as_long_as_the_calendar_counts_and_not_the_day_to_which_christmas_cut_it():
    dates = PeriodDates(WEDNESDAY, WEDNESDAY, THURSDAY)
    due = DueDays(dates, MONDAY, WorkingDays(CHRISTMAS))  # five days
    assert due.bank_day_of_run(WEDNESDAY) == THURSDAY
    assert due.bank_day_of_run(THURSDAY) == TUESDAY
    assert due.bank_day_of_run(TUESDAY) == date(2021, 1, 4)  # Sunday 3 January gives way to Monday


def test_a_day_that_is_set_stands_as_it_is_though_it_is_no_working_day():
    due = DueDays(PeriodDates(WEDNESDAY, WEDNESDAY, THURSDAY), FRIDAY, WorkingDays(CHRISTMAS))
    assert MovedDates(bank_on=SATURDAY).over(due).dates.bank_on == SATURDAY
    assert MovedDates(finalise_on=FRIDAY).over(due).dates.bank_on == TUESDAY  # gives way to what is moved


def test_working_days_are_counted_without_weekends_and_bank_holidays():
    working = WorkingDays(CHRISTMAS)
    assert [day in working for day in (THURSDAY, FRIDAY, SATURDAY, SUNDAY, MONDAY, TUESDAY)] == [
        True, False, False, False, False, True,
    ]  # fmt: skip
    assert working.after(THURSDAY, 1) == TUESDAY
    assert working.after(SATURDAY, 2) == date(2020, 12, 30)
    assert working.after(SATURDAY, 0) == SATURDAY
    assert (MONDAY in working.without_holidays, SATURDAY in working.without_holidays) == (True, False)
