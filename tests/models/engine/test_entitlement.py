"""What some days come to: the worked rules of the guides, and properties over random facts."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calendar import FAR_FUTURE, Frequency, Span, periods
from models.engine.component import Component
from models.engine.entitlement import cells
from models.engine.facts import Dated, Quantity, Terms
from models.engine.steady import SteadyItem, moved
from models.pricing import Convention, DeductionKind, Unit

MONDAY = date(2019, 9, 2)


def week(number=0):
    first = MONDAY + timedelta(weeks=number)
    return Span(first, first + timedelta(days=6))


def four_weeks():
    return Span(MONDAY, MONDAY + timedelta(days=27))


def priced(pounds, first=date(2019, 1, 1), last=FAR_FUTURE):
    return Dated(first, last, round(pounds * 10_000))


def care(terms, period):
    return sum(cell.net_pence for cell in cells(terms, period) if cell.component is Component.CARE)


def net(terms, period):
    return sum(cell.net_pence for cell in cells(terms, period))


def test_a_start_on_wednesday_is_paid_five_sevenths_of_the_week():
    terms = Terms(MONDAY + timedelta(days=2), prices=(priced(945),))
    assert care(terms, week()) == 67_500


def test_a_new_price_in_the_middle_of_four_weeks_makes_two_slices():
    uplift_on = MONDAY + timedelta(days=14)
    terms = Terms(
        date(2019, 1, 1),
        prices=(priced(872.50, last=uplift_on - timedelta(days=1)), priced(915.25, first=uplift_on)),
    )
    [cell] = cells(terms, four_weeks())
    assert [part.net_pence for part in cell.slices] == [174_500, 183_050]
    assert cell.net_pence == 357_550


def test_equal_prices_that_follow_one_another_are_one_slice():
    uplift_on = MONDAY + timedelta(days=3)
    terms = Terms(
        date(2019, 1, 1), prices=(priced(100, last=uplift_on - timedelta(days=1)), priced(100, first=uplift_on))
    )
    [cell] = cells(terms, week())
    assert len(cell.slices) == 1


def test_a_week_is_rounded_once_and_not_day_by_day():
    assert care(Terms(date(2019, 1, 1), prices=(priced(100),)), week()) == 10_000


def test_hours_are_rounded_half_up():
    terms = Terms(
        date(2019, 1, 1), unit=Unit.HOUR, prices=(priced(23.10),),
        quantities=(Dated(date(2019, 1, 1), FAR_FUTURE, Quantity(127_500)),),
    )  # fmt: skip
    assert care(terms, week()) == 29_453


def test_contribution_and_top_up_come_off_the_gross_price():
    terms = Terms(
        date(2019, 1, 1),
        prices=(priced(850),),
        deductions=((DeductionKind.CONTRIBUTION, priced(172.30)), (DeductionKind.TOP_UP, priced(60))),
    )
    found = {cell.component: cell.net_pence for cell in cells(terms, four_weeks())}
    assert found == {Component.CARE: 340_000, Component.CONTRIBUTION: -68_920, Component.TOP_UP: -24_000}
    assert net(terms, four_weeks()) == 247_080


def test_days_that_are_not_paid_deduct_nothing():
    away = Dated(MONDAY, MONDAY + timedelta(days=2), 0)
    terms = Terms(
        date(2019, 1, 1), prices=(priced(700),), absences=(away,),
        deductions=((DeductionKind.CONTRIBUTION, priced(70)),),
    )  # fmt: skip
    found = {cell.component: cell.net_pence for cell in cells(terms, week())}
    assert found == {Component.CARE: 40_000, Component.CONTRIBUTION: -4_000}


def test_days_paid_at_half_deduct_in_full():
    away = Dated(MONDAY, MONDAY + timedelta(days=2), 50)
    terms = Terms(
        date(2019, 1, 1), prices=(priced(700),), absences=(away,),
        deductions=((DeductionKind.CONTRIBUTION, priced(70)),),
    )  # fmt: skip
    found = {cell.component: cell.net_pence for cell in cells(terms, week())}
    assert found == {Component.CARE: 55_000, Component.CONTRIBUTION: -7_000}


@pytest.mark.parametrize(
    ("convention", "pence"),
    [(Convention.INCLUSIVE, 50_000), (Convention.EXCLUDE_LAST, 40_000), (Convention.NIGHTS, 40_000)],
)
def test_whether_the_last_day_is_paid_follows_the_convention(convention, pence):
    terms = Terms(MONDAY, MONDAY + timedelta(days=4), convention=convention, prices=(priced(700),))
    assert care(terms, week()) == pence


def test_a_price_by_night_is_not_divided_by_seven():
    terms = Terms(
        MONDAY, MONDAY + timedelta(days=3), unit=Unit.NIGHT, convention=Convention.NIGHTS, prices=(priced(45.56),)
    )
    assert care(terms, week()) == 3 * 4_556


def test_a_timetable_counts_its_own_days():
    timetable = (20_000, 0, 20_000, 0, 0, 15_000, 0)  # 2 hours on Monday and Wednesday, 1.5 on Saturday
    terms = Terms(
        MONDAY, MONDAY + timedelta(days=3), unit=Unit.HOUR, prices=(priced(20),),
        quantities=(Dated(MONDAY, FAR_FUTURE, Quantity(55_000, timetable)),),
    )  # fmt: skip
    assert care(terms, week()) == 8_000
    assert care(Terms(MONDAY, unit=Unit.HOUR, prices=terms.prices, quantities=terms.quantities), week()) == 11_000


def test_vat_is_worked_out_once_from_the_net_of_the_slice():
    terms = Terms(MONDAY, vat_basis_points=2_000, prices=(priced(33.33),))
    [cell] = cells(terms, week())
    assert (cell.net_pence, cell.vat_pence) == (3_333, 667)


JUNE = (date(2019, 6, 1), date(2019, 6, 30))


def by_month(rate, **facts):
    return Terms(date(2019, 1, 1), unit=Unit.MONTH, prices=(priced(rate),), **facts)


@pytest.mark.parametrize(
    ("first", "last", "pence"),
    [
        ("2019-06-01", "2019-06-07", 2_333),
        ("2019-06-08", "2019-06-14", 2_334),
        ("2019-06-15", "2019-06-21", 2_333),
        ("2019-06-22", "2019-06-28", 2_333),
        ("2019-06-29", "2019-06-30", 667),
        ("2019-06-29", "2019-07-05", 667 + 1_613),
        ("2019-06-01", "2019-06-30", 10_000),
        ("2019-02-01", "2019-02-28", 10_000),
        ("2019-12-31", "2020-01-01", 323 + 323),
    ],
)
def test_the_days_of_a_month_add_up_to_its_price(first, last, pence):
    """£100.00 by the calendar month; the weeks of June 2019 are those of design.md section 7, Payable days."""
    assert care(by_month(100), Span(date.fromisoformat(first), date.fromisoformat(last))) == pence


def test_a_month_is_cut_at_its_end_and_by_new_facts():
    terms = Terms(
        date(2019, 1, 1), unit=Unit.MONTH, quantities=(Dated(JUNE[0], FAR_FUTURE, Quantity(20_000)),),
        prices=(Dated(date(2019, 1, 1), date(2019, 6, 14), 1_000_000), Dated(date(2019, 6, 15), FAR_FUTURE, 1_100_000)),
        absences=(Dated(date(2019, 7, 1), date(2019, 7, 10), 50),),
    )  # fmt: skip
    [cell] = cells(terms, Span(date(2019, 5, 31), date(2019, 7, 31)))
    told = [(part.first.isoformat(), part.percent, part.net_pence) for part in cell.slices]
    assert told == [
        ("2019-05-31", 100, 323),  # 100.00 x 31 / 31 - 100.00 x 30 / 31 = 100.00 - 96.77
        ("2019-06-01", 100, 9_333),  # 200.00 x 14 / 30
        ("2019-06-15", 100, 11_733),  # 220.00 - 220.00 x 14 / 30 = 220.00 - 102.67
        ("2019-07-01", 50, 3_548),  # 110.00 x 10 / 31
        ("2019-07-11", 100, 14_903),  # 220.00 - 220.00 x 10 / 31 = 220.00 - 70.97
    ]


@given(st.integers(0, 20_000_000), st.sampled_from(Frequency), st.integers(0, 27))
def test_whatever_the_periods_the_months_of_a_year_add_up(rate_e4, frequency, anchor):
    """Steady months too: what SteadyItem gives equals what each period comes to."""
    price = Dated(date(2019, 1, 1), FAR_FUTURE, rate_e4)
    terms = Terms(date(2019, 1, 1), date(2019, 12, 31), unit=Unit.MONTH, prices=(price,))
    own, total = SteadyItem(terms), 0
    for period in periods(date(2019, 1, 1), date(2019, 12, 31), frequency, date(2018, 12, 1) + timedelta(days=anchor)):
        found = cells(terms, period)
        alike = own.cells_like_those_of(period) if len(period.cut_by_year()) == 1 else None
        if alike is not None:
            assert [moved(cell, period) for cell in alike] == found
        total += sum(cell.net_pence for cell in found)
    assert total == 12 * ((rate_e4 + 50) // 100)


def test_days_without_a_price_come_to_nothing():
    assert cells(Terms(MONDAY), week()) == []


def test_a_monthly_payment_of_a_weekly_price_by_period_and_as_one_span():
    terms = Terms(date(2019, 1, 1), prices=(priced(100),))
    months = periods(date(2019, 10, 1), date(2020, 3, 31), Frequency.MONTHLY, date(2019, 4, 1))
    assert sum(care(terms, month) for month in months) == 261_430
    assert care(terms, Span(date(2019, 10, 1), date(2020, 3, 31))) == 261_429


def test_the_parts_of_a_week_that_the_first_of_april_cuts_add_up():
    period = Span(date(2020, 3, 30), date(2020, 4, 5))
    found = cells(Terms(date(2019, 1, 1), vat_basis_points=2_000, prices=(priced(100),)), period)
    assert [(cell.first, cell.last) for cell in found] == [(s.first, s.last) for s in period.cut_by_year()]
    assert [cell.net_pence for cell in found] == [2_857, 7_143]
    assert sum(cell.vat_pence for cell in found) == 2_000


FACTS = st.builds(
    lambda start, length, price, cut, price_after, away, percent, basis_points: Terms(
        start,
        start + timedelta(days=length),
        vat_basis_points=basis_points,
        prices=(
            Dated(date(2018, 1, 1), start + timedelta(days=cut), price),
            Dated(start + timedelta(days=cut + 1), FAR_FUTURE, price_after),
        ),
        absences=(Dated(start + timedelta(days=away), start + timedelta(days=away + 9), percent),),
    ),
    start=st.dates(date(2019, 2, 4), date(2020, 6, 1)),
    length=st.integers(0, 400),
    price=st.integers(0, 20_000_000),
    cut=st.integers(0, 400),
    price_after=st.integers(0, 20_000_000),
    away=st.integers(0, 200),
    percent=st.integers(0, 100),
    basis_points=st.sampled_from([0, 500, 2_000]),
)


@given(FACTS, st.sampled_from(Frequency))
def test_slices_cover_every_payable_day_once_and_each_is_rounded_fairly(terms, frequency):
    days = []
    for period in periods(date(2019, 2, 4), date(2021, 12, 31), frequency, date(2019, 2, 4)):
        found = cells(terms, period)
        assert sum(c.net_pence for c in found) == sum(s.net_pence for c in found for s in c.slices)
        wholes = {}
        for part in (part for cell in found for part in cell.slices):
            days += [part.first + timedelta(days=i) for i in range(part.days)]
            whole = wholes.setdefault(part.shared_with or (part.first, part.last), [0, part])
            whole[0] += part.net_pence
        for (first, last), (pence, part) in wholes.items():
            exact = part.rate_e4 * ((last - first).days + 1) * part.percent  # of 1 / 70,000 of a penny
            assert abs(pence * 70_000 - exact) <= 35_000
    assert days == [terms.starts_on + timedelta(days=i) for i in range((terms.ends_on - terms.starts_on).days + 1)]


def test_what_is_steady_is_worked_out_once():
    """Whole weeks of equal facts, to the first and the last day of each fact."""
    sunday = week(1).last
    contributions = tuple(
        (DeductionKind.CONTRIBUTION, Dated(first, last, 70_000))
        for first, last in ((MONDAY, sunday), (week(4).first, FAR_FUTURE))
    )
    own = SteadyItem(Terms(MONDAY, week(3).last, prices=(priced(700),), deductions=contributions))
    assert own.cells_like_those_of(week(0)) is own.cells_like_those_of(week(1)) is not None
    assert own.cells_like_those_of(week(2)) is own.cells_like_those_of(week(3)) is not None
    assert own.cells_like_those_of(week(4)) is None
    one_day = Span(MONDAY, MONDAY)
    assert SteadyItem(Terms(MONDAY, MONDAY, prices=(priced(700),))).cells_like_those_of(one_day) is not None


TIMETABLES = st.lists(st.sampled_from([0, 5_000, 12_500, 20_000]), min_size=7, max_size=7).map(tuple)


@given(
    FACTS,
    st.sampled_from(Frequency),
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), max_size=2),
    st.none() | TIMETABLES,
)
def test_steady_periods_come_to_what_each_comes_to_by_itself(terms, frequency, contributions, timetable):
    deductions = tuple(
        (
            DeductionKind.CONTRIBUTION,
            Dated(terms.starts_on + timedelta(days=a), terms.starts_on + timedelta(days=a + b), 70_000),
        )
        for a, b in contributions
    )
    hours = (Dated(terms.starts_on, FAR_FUTURE, Quantity(sum(timetable), timetable)),) if timetable else ()
    terms = replace(terms, deductions=deductions, quantities=hours)
    own = SteadyItem(terms)
    for period in periods(date(2019, 2, 4), date(2021, 12, 31), frequency, date(2019, 2, 4)):
        alike = own.cells_like_those_of(period) if len(period.cut_by_year()) == 1 else None
        if alike is not None:
            assert [moved(cell, period) for cell in alike] == cells(terms, period)
            assert all(len(cell.slices) == 1 for cell in alike)
