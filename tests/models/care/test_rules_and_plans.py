"""The rules of a level by week, what is planned in one, and what the weeks before make of it."""

from datetime import date, timedelta

import pytest

from models.calendar import Frequency, Span, as_on
from models.care import ruling, weeks
from models.care.checking import Code
from models.care.figures import Figures
from models.care.plan import plans, week_of
from models.care.rules import Rulebook, Verdict
from models.money import SCALE
from models.pricing import Convention, Unit
from models.records.actual import ActualWeek
from models.records.actual_rule import RuleKind
from models.records.care_package import ItemQuantity
from models.records.contract import Contract
from tests.actual_factories import AFTER, MONDAY, confirmed_actual, level_of, make_hourly, make_rule
from tests.care_factories import (
    make_absence,
    make_calendar,
    make_contract,
    make_item,
    make_quantity,
    make_service_level,
)
from tests.factories import make_user
from tests.support.rows import every, reading, unit_of_work
from tests.support.runs import change

pytestmark = pytest.mark.usefixtures("database")
WEEK = Span(MONDAY, MONDAY + timedelta(days=6))
DAY = timedelta(days=1)


def rules(level, first_on=MONDAY):
    with reading():
        return Rulebook.read([level.id]).of(level.id, first_on)


def plan_of(item, week=WEEK):
    with reading(), as_on(AFTER):
        return next((each for each in plans([item.contract_id], [week]) if each.item_id == item.id), None)


@pytest.mark.parametrize(
    ("first_on", "verdict"),
    [
        (MONDAY - 8 * DAY, Verdict.SILENT), (MONDAY - 7 * DAY, Verdict.WARNED), (MONDAY - DAY, Verdict.WARNED),
        (MONDAY, Verdict.REFUSED), (MONDAY + 7 * DAY, Verdict.REFUSED),
    ],
)  # fmt: skip
def test_a_rule_warns_from_one_day_and_refuses_from_another(first_on, verdict):
    level = make_service_level(unit=Unit.HOUR)
    make_rule(level.id, RuleKind.NO_EXTRAS, warns_from=MONDAY - 7 * DAY, refuses_from=MONDAY)
    assert rules(level, first_on).extras is verdict


def test_what_the_finance_system_forbids_no_rule_allows():
    level = make_service_level(unit=Unit.HOUR, is_extra_allowed=False)
    make_rule(level.id, RuleKind.NO_EXTRAS, warns_from=MONDAY)
    assert rules(level).extras is Verdict.REFUSED


def test_deadlines_are_two_days_and_thirteen_weeks_unless_a_rule_says_otherwise():
    level = make_service_level(unit=Unit.HOUR)
    assert rules(level).deadline(MONDAY) == date(2026, 4, 28)
    assert rules(level).latest(MONDAY) == date(2026, 7, 26)
    make_rule(level.id, RuleKind.DEADLINE, value=0)
    make_rule(level.id, RuleKind.LATEST, value=1)
    assert rules(level).deadline(MONDAY) == date(2026, 4, 26)
    assert rules(level).latest(MONDAY) == date(2026, 5, 3)


def test_of_several_levels_the_latest_deadline_holds():
    one, other = make_service_level(unit=Unit.HOUR), make_service_level(unit=Unit.HOUR)
    make_rule(other.id, RuleKind.DEADLINE, value=5)
    make_rule(other.id, RuleKind.LATEST, value=1)
    with reading():
        book = Rulebook.read([one.id, other.id])
        assert book.deadline([one.id, other.id], MONDAY) == date(2026, 5, 1)
        assert book.latest([one.id, other.id], MONDAY) == date(2026, 7, 26)


def test_a_level_is_paid_on_plan_from_the_day_on_which_its_rule_refuses():
    level = make_service_level(unit=Unit.HOUR)
    make_rule(level.id, RuleKind.PAID_ON_PLAN, warns_from=MONDAY, refuses_from=MONDAY + 7 * DAY)
    assert [rules(level, MONDAY + n * DAY).is_paid_on_plan for n in (0, 7)] == [False, True]


@pytest.mark.parametrize(("unit", "step_e4"), [(Unit.HOUR, 2_500), (Unit.SESSION, 5_000), (Unit.NIGHT, SCALE)])
def test_steps_go_by_the_unit(unit, step_e4):
    assert rules(make_service_level(unit=unit)).step_e4 == step_e4


def test_a_week_has_a_seventh_of_the_quantity_for_each_payable_day():
    item = make_hourly(starts_on=MONDAY + 2 * DAY)
    found = plan_of(item)
    assert (found.planned_e4, found.first_on, found.last_on) == (10 * SCALE, MONDAY + 2 * DAY, WEEK.last)
    assert plan_of(item, Span(MONDAY - 7 * DAY, MONDAY - DAY)) is None
    assert plan_of(item, Span(MONDAY + 7 * DAY, MONDAY + 13 * DAY)).planned_e4 == 14 * SCALE


def test_a_quantity_that_changes_in_the_week_is_shared_by_days():
    item = make_item(make_contract(), 231_000, service_level_id=make_service_level(unit=Unit.HOUR).id)
    make_quantity(item, 14 * SCALE, ends_on=MONDAY + 3 * DAY)
    make_quantity(item, 7 * SCALE, starts_on=MONDAY + 4 * DAY)
    assert plan_of(item).planned_e4 == 11 * SCALE


def test_a_timetable_gives_each_weekday_its_own():
    item = make_item(make_contract(), 231_000, service_level_id=make_service_level(unit=Unit.HOUR).id,
                     starts_on=MONDAY + 5 * DAY)  # fmt: skip
    make_quantity(item, 9 * SCALE, timetable_e4=[SCALE] * 5 + [3 * SCALE, SCALE])
    assert plan_of(item).planned_e4 == 4 * SCALE


def test_the_last_day_counts_where_the_level_pays_it():
    nights = make_service_level(unit=Unit.NIGHT, convention=Convention.NIGHTS)
    days = make_service_level(unit=Unit.DAY)
    for level, expected_e4, quantity_e4 in ((nights, 2 * SCALE, SCALE), (days, 3 * SCALE, 7 * SCALE)):
        item = make_item(make_contract(), 500_000, service_level_id=level.id, ends_on=MONDAY + 2 * DAY)
        make_quantity(item, quantity_e4)
        assert plan_of(item).planned_e4 == expected_e4


def test_what_is_priced_by_the_month_has_no_weeks():
    assert plan_of(make_item(service_level_id=make_service_level(unit=Unit.MONTH).id)) is None


def test_a_stay_in_hospital_is_known():
    item = make_hourly()
    make_absence(item, MONDAY - 3 * DAY, MONDAY)
    assert plan_of(item).in_hospital
    other = make_hourly()
    make_absence(other, MONDAY - 3 * DAY, MONDAY - DAY)
    assert not plan_of(other).in_hospital


def test_weeks_begin_as_the_calendar_of_the_contract_does():
    wednesday = make_calendar(anchor_on=date(2026, 4, 22))
    assert week_of(wednesday, date(2026, 4, 28)) == Span(date(2026, 4, 22), date(2026, 4, 28))
    assert week_of(wednesday, date(2026, 4, 29)).first == date(2026, 4, 29)
    monthly = make_calendar(Frequency.MONTHLY, anchor_on=date(2026, 4, 1))
    assert week_of(monthly, date(2026, 4, 26)).first == MONDAY


def begun(item):
    level, clerk = level_of(item), make_user()
    [contract] = [each for each in every(Contract) if each.id == item.contract_id]
    with unit_of_work(), as_on(AFTER):
        weeks.generate(contract, level.service_id, MONDAY, by=clerk)
    return next(each for each in every(ActualWeek) if each.first_on == MONDAY), clerk


def told(item, figures=None):
    week, clerk = begun(item)
    with unit_of_work() as found, as_on(AFTER):
        week = found.merge(week)
        if figures:
            weeks.change(week, {item.id: (figures, None)}, by=clerk)
            found.flush()
        return {each.code for each in weeks.review(week).get(item.id, [])}


@pytest.mark.parametrize(("before", "is_told"), [(7, True), (6, False)])
def test_eight_weeks_that_are_just_as_planned_are_pointed_out(before, is_told):
    item = make_hourly()
    for n in range(1, before + 1):
        confirmed_actual(item, MONDAY - 7 * n * DAY, 14 * SCALE)
    assert told(item) == ({Code.ALWAYS_PLANNED} if is_told else set())


def test_a_week_that_differed_ends_the_row_of_planned_ones():
    item = make_hourly()
    for n in range(1, 8):
        confirmed_actual(item, MONDAY - 7 * n * DAY, 14 * SCALE, planned_e4=(14 if n != 4 else 13) * SCALE)
    assert told(item) == set()


@pytest.mark.parametrize(
    ("given", "weeks_before", "expected"),
    [
        ({"value": 1}, 1, Code.EXTRA_TOO_LONG), ({"value": 2}, 1, None), ({"value": 1}, 0, None),
        ({"value": 1, "warns_from": MONDAY}, 1, Code.EXTRA_LONG),
    ],
)  # fmt: skip
def test_extra_for_more_weeks_than_the_rule_allows(given, weeks_before, expected):
    item = make_hourly()
    change(level_of(item), tolerance_basis_points=SCALE)
    make_rule(level_of(item).id, RuleKind.EXTRA_WEEKS, **given)
    for n in range(1, weeks_before + 1):
        confirmed_actual(item, MONDAY - 7 * n * DAY, 15 * SCALE, extra_e4=SCALE)
    extra = Figures(15 * SCALE, extra_e4=SCALE, comment="A bad night")
    assert told(item, extra) == ({expected} if expected else set())


def test_extra_counts_whichever_box_says_so():
    item = make_hourly()
    change(level_of(item), tolerance_basis_points=SCALE)
    make_rule(level_of(item).id, RuleKind.EXTRA_WEEKS, value=1)
    confirmed_actual(item, MONDAY - 7 * DAY, 15 * SCALE, planned_e4=14 * SCALE)
    assert Code.EXTRA_TOO_LONG in told(item, Figures(15 * SCALE, comment="A bad night"))


def test_extra_of_as_many_weeks_as_a_rule_may_say_is_found():
    item = make_hourly()
    change(level_of(item), tolerance_basis_points=SCALE)
    make_rule(level_of(item).id, RuleKind.EXTRA_WEEKS, value=ruling.MOST[RuleKind.EXTRA_WEEKS])
    extra = Figures(15 * SCALE, extra_e4=SCALE, comment="A bad night")
    for n in range(1, ruling.MOST[RuleKind.EXTRA_WEEKS] + 1):
        confirmed_actual(item, MONDAY - 7 * n * DAY, 15 * SCALE, extra_e4=SCALE)
    assert told(item, extra) == {Code.EXTRA_TOO_LONG}


def test_the_plan_is_taken_over_and_what_was_typed_stays():
    item = make_hourly()
    other = make_hourly(contract=_contract(item), level=level_of(item))
    week, clerk = begun(item)
    with unit_of_work() as found, as_on(AFTER):
        week = found.merge(week)
        typed = Figures(13 * SCALE, missed_e4=SCALE, comment="Short", reason="STAFF")
        weeks.change(week, {other.id: (typed, None)}, by=clerk)
    newcomer = make_hourly(contract=_contract(item), level=level_of(item))
    for each in (item, other):
        change_quantity(each, 21 * SCALE)
    with unit_of_work() as found, as_on(AFTER):
        week = found.merge(week)
        assert weeks.refresh(week, by=clerk) == 3
        rows = {row.item_id: (row.planned_e4, row.actual_e4) for row in found.scalars(weeks.rows_of(week))}
    assert rows == {
        item.id: (21 * SCALE, 21 * SCALE), other.id: (21 * SCALE, 13 * SCALE), newcomer.id: (14 * SCALE, 14 * SCALE),
    }  # fmt: skip


def _contract(item):
    return next(each for each in every(Contract) if each.id == item.contract_id)


def change_quantity(item, quantity_e4):

    for row in every(ItemQuantity):
        if row.item_id == item.id:
            change(row, quantity_e4=quantity_e4)
