"""What accepted miles come to, by the figures of cases/next.md 17 to 21, and whatever order they are accepted in."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calendar import DAY, FAR_FUTURE, year_of
from models.engine.facts import Dated
from models.engine.mileage import Drive, MileageBook, MileageItem, MileageTerms, priced, tax_year_of
from models.money import parse_e4
from models.pricing import Unit

LEVEL, CONTRACT, KAI, EMMA = 1, 1, 11, 12
PLAIN = MileageTerms()
TODAY = date(2026, 7, 1)
MONDAY = date(2026, 6, 1)


def drive(day, miles, id_=0, journey=None):
    return Drive(id_, day, parse_e4(str(miles)), journey)


def item(id_, *drives, decided_on=TODAY, client=KAI, **given):
    return MileageItem(id_, CONTRACT, LEVEL, client, f"Item {id_}", drives, decided_on, **given)


def book(*items, rate="0.45", rates=None, terms=PLAIN, maintenance=None):
    return MileageBook(
        list(items),
        {LEVEL: [(date.min, terms)] if isinstance(terms, MileageTerms) else terms},
        {(CONTRACT, LEVEL): rates or [Dated(date.min, FAR_FUTURE, parse_e4(rate))]},
        {KAI: [(7, Dated(date.min, FAR_FUTURE, parse_e4(maintenance)))]} if maintenance else {},
    )


def sums(found, as_on=TODAY):
    """Pence by item."""
    return {id_: sum(cell.net_pence for cell in cells) for id_, cells in priced(found, as_on).items()}


def total(found, as_on=TODAY):
    return sum(sums(found, as_on).values())


@pytest.mark.covers("S4-145", "S4-153")
@pytest.mark.parametrize(
    ("miles", "rate", "pence"),
    [("150", "0.387", 58_05), ("55", "0.067", 3_69), ("12.5", "0.387", 4_84), ("150", "0.45", 67_50)],
)
def test_miles_are_paid_at_the_rate_and_rounded_once(miles, rate, pence):
    assert sums(book(item(1, drive(MONDAY, miles)), rate=rate)) == {1: pence}


def test_trips_at_one_rate_are_rounded_together_and_not_one_by_one():
    week = [drive(MONDAY + n * DAY, "3.3", n) for n in range(5)]
    found = priced(book(item(1, *week), rate="0.387"), TODAY)
    [cell] = found[1]
    assert (cell.net_pence, 5 * 128) == (6_39, 6_40)
    assert (cell.first, cell.last) == (MONDAY, MONDAY + 4 * DAY)
    [part] = cell.slices
    assert (part.quantity_e4, part.unit, part.is_timetabled) == (parse_e4("16.5"), Unit.MILE, True)


@pytest.mark.parametrize(("free", "pence"), [("63", 33_67), ("25", 48_38), ("0", 58_05), ("150", 0), ("151", 0)])
def test_the_first_miles_of_a_week_may_be_free(free, pence):
    terms = MileageTerms(free_weekly_e4=parse_e4(free))
    assert total(book(item(1, drive(MONDAY, 150)), rate="0.387", terms=terms)) == pence


def test_free_miles_begin_anew_on_monday_and_last_to_sunday():
    terms = MileageTerms(free_weekly_e4=parse_e4("63"))
    sunday, next_monday = MONDAY + 6 * DAY, MONDAY + 7 * DAY
    found = book(item(1, drive(MONDAY, 60)), item(2, drive(sunday, 10)), item(3, drive(next_monday, 63)), terms=terms)
    assert sums(found) == {1: 0, 2: 3_15, 3: 0}


@pytest.mark.parametrize(
    ("so_far", "more", "pence"), [(9_900, 250, 82_50), (9_900, 100, 45_00), (10_000, 1, 25), (9_999, 1, 45)]
)
def test_above_so_many_miles_of_a_tax_year_another_rate_holds(so_far, more, pence):
    terms = MileageTerms(tiers=((parse_e4("10000"), parse_e4("0.25")),))
    found = book(item(1, drive(date(2026, 4, 6), so_far)), item(2, drive(MONDAY, more)), terms=terms)
    assert sums(found)[2] == pence
    assert sums(replace(found, terms={}))[2] == more * 45


def test_three_tiers_share_one_drive():
    terms = MileageTerms(tiers=((parse_e4("100"), parse_e4("0.25")), (parse_e4("120"), parse_e4("0.1"))))
    found = book(item(1, drive(MONDAY, 150)), terms=terms)
    assert total(found) == 100 * 45 + 20 * 25 + 30 * 10


def test_the_count_of_a_tax_year_restarts_on_6_april():
    terms = MileageTerms(tiers=((parse_e4("10000"), parse_e4("0.25")),))
    before, after = date(2026, 4, 5), date(2026, 4, 6)
    assert (tax_year_of(before), tax_year_of(after)) == (2025, 2026)
    full = item(1, drive(before, 10_000))
    assert sums(book(full, item(2, drive(before, 10)), terms=terms))[2] == 2_50
    assert sums(book(full, item(2, drive(after, 10)), terms=terms))[2] == 4_50


def test_a_trip_is_priced_at_the_rate_of_its_day():
    rates = [Dated(date.min, date(2026, 3, 31), 4_500), Dated(date(2026, 4, 1), FAR_FUTURE, 4_700)]
    found = book(item(1, drive(date(2026, 3, 31), 10, 1), drive(date(2026, 4, 1), 10, 2)), rates=rates)
    cells = priced(found, TODAY)[1]
    assert [(cell.first, cell.net_pence) for cell in cells] == [(date(2026, 3, 31), 4_50), (date(2026, 4, 1), 4_70)]
    assert total(found) == 9_20


def test_a_rate_that_is_set_later_moves_the_trips_of_its_days_and_no_other():
    old, new = item(1, drive(date(2026, 4, 5), 150)), item(2, drive(date(2026, 4, 20), 150))
    before = sums(book(old, new))
    after = sums(
        book(old, new, rates=[Dated(date.min, date(2026, 4, 5), 4_500), Dated(date(2026, 4, 6), FAR_FUTURE, 5_500)])
    )
    assert before == {1: 67_50, 2: 67_50}
    assert {id_: after[id_] - before[id_] for id_ in before} == {1: 0, 2: 15_00}


def test_where_1_april_cuts_miles_at_one_rate_the_whole_is_rounded_once_and_shared_out():
    both = item(1, drive(date(2026, 3, 31), "0.1", 1), drive(date(2026, 4, 1), "0.1", 2))
    cells = priced(book(both, rate="0.45"), TODAY)[1]
    assert [cell.net_pence for cell in cells] == [5, 4]
    assert [year_of(cell.first) for cell in cells] == [2025, 2026]


def test_a_day_without_a_rate_pays_nothing_but_its_miles_count():
    rates = [Dated(MONDAY + DAY, FAR_FUTURE, 4_500)]
    terms = MileageTerms(free_weekly_e4=parse_e4("10"))
    found = book(item(1, drive(MONDAY, 10)), item(2, drive(MONDAY + DAY, 10)), rates=rates, terms=terms)
    assert sums(found) == {1: 0, 2: 4_50}


def test_days_of_travel_take_a_part_of_the_maintenance_off_rounded_once():
    terms = MileageTerms(deduct_percent=10, maintenance=frozenset({7}))
    three = item(1, *(drive(MONDAY + n * DAY, 100, n) for n in range(3)))
    [cell] = priced(book(three, terms=terms, maintenance="232.62"), TODAY)[1]
    assert [part.net_pence for part in cell.slices] == [135_00, -9_97]
    assert (cell.slices[1].percent, cell.slices[1].rate_e4, cell.slices[1].unit) == (10, 2_326_200, Unit.DAY)
    assert total(book(three, terms=terms)) == 135_00


def test_a_day_of_travel_is_taken_off_once_whatever_is_claimed_for_it_and_never_below_nothing():
    terms = MileageTerms(deduct_percent=10, maintenance=frozenset({7}))
    found = book(item(1, drive(MONDAY, 1)), item(2, drive(MONDAY, 100)), terms=terms, maintenance="232.62")
    assert sums(found) == {1: 0, 2: 45_00}
    only = book(item(2, drive(MONDAY, 100)), terms=terms, maintenance="232.62")
    assert sums(only) == {2: 45_00 - 3_32}
    other_level = replace(only, maintenance={KAI: [(8, Dated(date.min, FAR_FUTURE, 2_326_200))]})
    assert sums(other_level) == {2: 45_00}


@pytest.mark.parametrize(("days", "pence"), [(0, 4_50), (1, 0)])
def test_terms_hold_from_their_first_day_until_the_next(days, pence):
    free = MileageTerms(free_weekly_e4=parse_e4("10"))
    found = book(item(1, drive(MONDAY, 10)), terms=[(date.min, free), (MONDAY + days * DAY, PLAIN)])
    assert sums(found) == {1: pence}


@pytest.mark.parametrize(
    ("first", "last", "pence"),
    [(MONDAY, MONDAY, 41_68), (MONDAY + DAY, FAR_FUTURE, 45_00), (date.min, MONDAY - DAY, 45_00)],
)
def test_maintenance_is_that_of_the_day(first, last, pence):
    terms = MileageTerms(deduct_percent=10, maintenance=frozenset({7}))
    found = book(item(1, drive(MONDAY, 100)), terms=terms)
    found.maintenance[KAI] = [(7, Dated(first, last, 2_326_200))]
    assert sums(found) == {1: pence}


def test_a_tier_that_is_not_reached_leaves_no_empty_part():
    terms = MileageTerms(tiers=((parse_e4("150"), 2_500),))
    [cell] = priced(book(item(1, drive(MONDAY, 150)), terms=terms), TODAY)[1]
    assert [part.quantity_e4 for part in cell.slices] == [parse_e4("150")]


SCHOOL = ("home", "school", 33_000, True)


def test_what_two_siblings_were_driven_together_counts_once():
    kai = item(1, drive(MONDAY, "6.6", 1, SCHOOL))
    emma = item(2, drive(MONDAY, "6.6", 2, SCHOOL), client=EMMA)
    assert sums(book(kai, emma)) == {1: 2_97, 2: 0}
    assert sums(book(replace(kai, is_payable=False), emma)) == {1: 0, 2: 2_97}
    next_day = item(2, drive(MONDAY + DAY, "6.6", 2, SCHOOL), client=EMMA)
    assert sums(book(kai, next_day)) == {1: 2_97, 2: 2_97}
    unsaid = item(2, drive(MONDAY, "6.6", 2), client=EMMA)
    assert sums(book(kai, unsaid)) == {1: 2_97, 2: 2_97}
    way_back = item(2, drive(MONDAY, "6.6", 2, ("school", "home", 33_000, True)), client=EMMA)
    assert sums(book(kai, way_back)) == {1: 2_97, 2: 2_97}


def test_the_second_drive_of_a_day_is_compared_with_the_second_of_the_other_child():
    kai = item(1, drive(MONDAY, 10, 1, SCHOOL), drive(MONDAY, 10, 2, SCHOOL))
    emma = item(2, drive(MONDAY, 10, 3, SCHOOL), drive(MONDAY, 10, 4, SCHOOL), client=EMMA)
    assert sums(book(kai, emma)) == {1: 9_00, 2: 0}
    once = item(1, drive(MONDAY, 10, 1, SCHOOL))
    assert sums(book(once, emma)) == {1: 4_50, 2: 4_50}


def test_fewer_miles_are_those_of_the_first_trips():
    rates = [Dated(date.min, MONDAY, 4_500), Dated(MONDAY + DAY, FAR_FUTURE, 10_000)]
    both = item(1, drive(MONDAY + DAY, 10, 1), drive(MONDAY, 10, 2), accepted_e4=parse_e4("12"))
    assert total(book(both, rates=rates)) == 4_50 + 2_00
    assert total(book(replace(both, accepted_e4=0), rates=rates)) == 0


def test_miles_of_a_fixed_sum_count_and_it_is_not_priced():
    terms = MileageTerms(free_weekly_e4=parse_e4("63"))
    fixed = item(1, drive(MONDAY, 63), is_fixed=True)
    assert sums(book(fixed, item(2, drive(MONDAY, 10)), terms=terms)) == {2: 4_50}


def test_what_was_left_out_comes_to_nothing_and_does_not_count():
    terms = MileageTerms(free_weekly_e4=parse_e4("63"))
    left_out = item(1, drive(MONDAY, 63), is_payable=False)
    assert sums(book(left_out, item(2, drive(MONDAY, 10)), terms=terms)) == {1: 0, 2: 0}


def test_a_decision_of_tomorrow_counts_from_tomorrow_and_one_of_today_today():
    found = book(item(1, drive(MONDAY, 10), decided_on=TODAY + DAY), item(2, drive(MONDAY, 10), decided_on=None))
    assert sums(found, TODAY) == {}
    assert sums(found, TODAY + DAY) == {1: 4_50}


def test_a_trip_that_is_accepted_later_and_was_driven_earlier_moves_others_as_differences():
    terms = MileageTerms(free_weekly_e4=parse_e4("10"))
    friday = item(1, drive(MONDAY + 4 * DAY, 15), decided_on=TODAY)
    late = item(2, drive(MONDAY, 10), decided_on=TODAY + DAY)
    found = book(friday, late, terms=terms)
    assert sums(found, TODAY) == {1: 2_25}
    assert sums(found, TODAY + DAY) == {1: 6_75, 2: 0}


TERMS = MileageTerms(
    free_weekly_e4=parse_e4("12.5"), tiers=((parse_e4("60"), 2_500), (parse_e4("90"), 1_000)), deduct_percent=10,
    maintenance=frozenset({7}),
)  # fmt: skip
RATES = [Dated(date.min, date(2026, 4, 3), 4_500), Dated(date(2026, 4, 4), FAR_FUTURE, 4_700)]
DRIVES = st.builds(
    lambda n, tenths, journey: Drive(n, date(2026, 3, 25) + timedelta(days=n % 20), tenths * 1_000, journey),
    st.integers(0, 400), st.integers(1, 300), st.sampled_from([None, SCHOOL]),
)  # fmt: skip
ITEMS = st.lists(
    st.tuples(st.lists(DRIVES, min_size=1, max_size=4), st.sampled_from([KAI, EMMA, None]), st.integers(0, 5)),
    min_size=1,
    max_size=8,
)


def _items(drawn):
    return [
        item(at, *drives, client=client, decided_on=TODAY + late * DAY)
        for at, (drives, client, late) in enumerate(drawn, 1)
    ]


@given(ITEMS, st.randoms(use_true_random=False))
def test_the_order_in_which_items_are_read_does_not_matter(drawn, chance):
    items = _items(drawn)
    shuffled = list(items)
    chance.shuffle(shuffled)
    end = TODAY + 5 * DAY
    assert sums(book(*items, terms=TERMS, rates=RATES), end) == sums(book(*shuffled, terms=TERMS, rates=RATES), end)


@given(ITEMS)
def test_what_the_differences_of_later_days_add_up_to_is_what_all_together_come_to(drawn):
    """Day by day, each pays what is due less what was paid: in the end nothing but the facts counts."""
    items = _items(drawn)
    found = book(*items, terms=TERMS, rates=RATES)
    paid = dict.fromkeys((each.id for each in items), 0)
    for late in range(6):
        for id_, pence in sums(found, TODAY + late * DAY).items():
            paid[id_] += pence - paid[id_]
    at_once = book(*(replace(each, decided_on=TODAY) for each in items), terms=TERMS, rates=RATES)
    assert paid == sums(at_once)


@given(ITEMS)
def test_items_are_worth_within_a_penny_a_rate_what_their_miles_say_and_never_less_than_nothing(drawn):
    items = _items(drawn)
    found = book(*items, rate="0.45", terms=MileageTerms())
    exact = Fraction(0)
    for id_, pence in sums(found, TODAY + 5 * DAY).items():
        [own] = [each for each in items if each.id == id_]
        most = sum(Fraction(each.miles_e4 * 4_500, 1_000_000) for each in own.drives)
        assert 0 <= pence <= most + Fraction(1, 2)
        exact += most
    assert total(found, TODAY + 5 * DAY) <= exact + len(items)


@given(ITEMS)
def test_the_cells_of_an_item_begin_on_the_same_days_whatever_is_accepted_of_it(drawn):
    """What is finalised is found again by its cell."""
    items = _items(drawn)
    whole = priced(book(*items, terms=TERMS, rates=RATES), TODAY + 5 * DAY)
    less = book(*(replace(each, accepted_e4=1_000) for each in items), terms=TERMS, rates=RATES)
    none = book(*(replace(each, is_payable=False) for each in items), terms=TERMS, rates=RATES)
    for other in (less, none):
        found = priced(other, TODAY + 5 * DAY)
        assert {id_: [(cell.first, cell.last) for cell in cells] for id_, cells in found.items()} == {
            id_: [(cell.first, cell.last) for cell in cells] for id_, cells in whole.items()
        }
