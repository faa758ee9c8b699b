from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calendar import FinancialYear, Frequency, Span, as_on, period_holding, periods, today

DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))
ANCHORS = st.dates(date(2015, 1, 1), date(2025, 12, 28)).filter(lambda day: day.day <= 28)


@given(DAYS, st.sampled_from(Frequency), ANCHORS)
def test_every_day_is_in_the_period_that_holds_it(day, frequency, anchor_on):
    assert day in period_holding(day, frequency, anchor_on)


@given(st.sampled_from(Frequency), ANCHORS)
def test_periods_tile_thirty_years_without_gap_or_overlap(frequency, anchor_on):
    found = list(periods(date(2000, 1, 1), date(2029, 12, 31), frequency, anchor_on))
    for before, after in zip(found, found[1:], strict=False):
        assert after.first == before.last + timedelta(days=1)
    assert found[0].first <= date(2000, 1, 1)
    assert found[-1].last >= date(2029, 12, 31)


def test_there_are_13_four_weekly_periods_in_most_years_and_sometimes_14():
    begun = [
        span.first for span in periods(date(2000, 4, 1), date(2030, 3, 31), Frequency.FOUR_WEEKLY, date(2019, 2, 4))
    ]
    counts = [sum(FinancialYear.of(day).starts_in == year for day in begun) for year in range(2001, 2029)]
    assert set(counts) == {13, 14}
    assert counts.count(13) > counts.count(14)


def test_a_week_begins_on_the_weekday_of_its_anchor():
    assert period_holding(date(2019, 9, 18), Frequency.WEEKLY, date(2019, 2, 4)) == Span(
        date(2019, 9, 16), date(2019, 9, 22)
    )
    assert period_holding(date(2019, 10, 16), Frequency.WEEKLY, date(2019, 2, 10)) == Span(
        date(2019, 10, 13), date(2019, 10, 19)
    )


def test_a_span_is_cut_at_the_first_of_april():
    cut = Span(date(2020, 3, 30), date(2020, 4, 5)).cut_by_year()
    assert cut == [Span(date(2020, 3, 30), date(2020, 3, 31)), Span(date(2020, 4, 1), date(2020, 4, 5))]
    assert Span(date(2019, 4, 1), date(2020, 3, 31)).cut_by_year() == [Span(date(2019, 4, 1), date(2020, 3, 31))]


def test_the_financial_year_changes_on_the_first_of_april():
    assert str(FinancialYear.of(date(2020, 3, 31))) == "2019/2020"
    assert str(FinancialYear.of(date(2020, 4, 1))) == "2020/2021"


@pytest.mark.parametrize(
    ("first", "last", "short", "words"),
    [
        (date(2019, 9, 30), date(2019, 10, 6), "30 Sep to 6 Oct 2019", "30 September to 6 October"),
        (date(2019, 9, 6), date(2019, 9, 15), "6 Sep to 15 Sep 2019", "6 to 15 September"),
        (date(2019, 12, 30), date(2020, 1, 5), "30 Dec 2019 to 5 Jan 2020", "30 December 2019 to 5 January 2020"),
        (date(2018, 9, 6), date(2018, 9, 6), "6 Sep to 6 Sep 2018", "6 September 2018"),
    ],
)
def test_days_are_said_as_people_say_them(first, last, short, words):
    assert Span(first, last).short == short
    assert Span(first, last).words(beside=2019) == words


def test_today_can_be_stopped_for_the_portal_and_moved_for_one_piece_of_work(set_today):
    set_today(date(2019, 10, 2))
    with as_on(date(2019, 9, 15)):
        assert today() == date(2019, 9, 15)
    assert today() == date(2019, 10, 2)


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([(1, 7)], True),
        ([(2, 7)], False),
        ([(1, 6)], False),
        ([(5, 7), (1, 4)], True),
        ([(1, 4), (6, 7)], False),
        ([(1, 5), (3, 7)], True),
        ([(1, 7), (2, 3)], True),
        ([], False),
    ],
    ids=str,
)
def test_days_lie_within_spans_that_leave_none_of_them_out(spans, expected):
    week = Span(date(2019, 9, 1), date(2019, 9, 7))
    assert week.is_within([Span(date(2019, 9, first), date(2019, 9, last)) for first, last in spans]) is expected
