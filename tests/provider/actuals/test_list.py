"""The weeks of a service: which there are, how far each has got, and by when."""

from datetime import date, timedelta

import pytest

from models.calendar import as_on
from models.care.register import Standing, weeks, weeks_to_do
from models.money import SCALE
from models.permissions import Role
from models.records.actual import ActualWeek, ExceptionState
from models.records.actual_rule import RuleKind
from models.records.contract import PaymentMethod, PayOnActuals
from tests.actual_factories import AFTER, MONDAY, confirmed_actual, make_hourly, make_rule, pays_on
from tests.care_factories import make_method
from tests.support.rows import every, reading
from tests.support.runs import calculate, change

WEEK = timedelta(days=7)


def listed(agency, since=MONDAY, on=AFTER):
    with as_on(on), reading(agency.provider.id):
        return [(each.span.first, each.standing) for each in weeks(since)]


def to_do(agency, on):
    with as_on(on), reading(agency.provider.id):
        return [(each.span.first, each.standing) for each in weeks_to_do(MONDAY)]


def table(answer):
    return [[cell.get_text(" ", strip=True) for cell in row.select("th, td")] for row in answer.page.select("tbody tr")]


def test_every_week_that_has_begun_is_listed_until_it_is_confirmed(agency):
    assert listed(agency) == [(AFTER, Standing.NOT_BEGUN), (MONDAY, Standing.NOT_BEGUN)]
    assert listed(agency, on=AFTER - timedelta(days=1)) == [(MONDAY, Standing.NOT_BEGUN)]
    confirmed_actual(agency.items[0], MONDAY, 14 * SCALE)
    assert listed(agency)[1] == (MONDAY, Standing.CONFIRMED)
    confirmed_actual(agency.items[1], MONDAY, 20 * SCALE, exception=ExceptionState.OPEN)
    assert listed(agency)[1] == (MONDAY, Standing.EXCEPTIONS)


@pytest.mark.parametrize(
    ("on", "standing"),
    [
        (date(2026, 4, 28), Standing.NOT_BEGUN), (date(2026, 4, 29), Standing.LATE),
        (date(2026, 7, 26), Standing.LATE), (date(2026, 7, 27), Standing.CLOSED),
    ],
)  # fmt: skip
def test_a_week_is_due_two_days_after_its_last_and_closed_after_thirteen_weeks(agency, on, standing):
    assert dict(listed(agency, on=on))[MONDAY] is standing


@pytest.mark.parametrize(
    ("on", "standing"), [(date(2026, 5, 1), Standing.NOT_BEGUN), (date(2026, 5, 2), Standing.LATE)]
)
def test_a_rule_of_the_level_gives_another_deadline_from_its_day_on(agency, on, standing):
    make_rule(agency.level.id, RuleKind.DEADLINE, value=5, refuses_from=MONDAY)
    assert dict(listed(agency, on=on))[MONDAY] is standing


def test_a_rule_that_begins_after_the_week_changes_nothing(agency):
    make_rule(agency.level.id, RuleKind.DEADLINE, value=5, refuses_from=MONDAY + timedelta(days=1))
    assert dict(listed(agency, on=date(2026, 4, 29)))[MONDAY] is Standing.LATE


def test_of_two_levels_the_later_deadline_counts_since_a_week_is_confirmed_whole(agency):
    other = make_hourly(agency.contract, starts_on=MONDAY)
    change(next(each for each in every(type(agency.level)) if each.id == other.service_level_id),
           service_id=agency.level.service_id)  # fmt: skip
    make_rule(other.service_level_id, RuleKind.DEADLINE, value=5)
    assert dict(listed(agency, on=date(2026, 5, 1)))[MONDAY] is Standing.NOT_BEGUN


def test_a_contract_that_is_paid_as_planned_is_not_asked(agency):
    pays_on(agency.contract, PayOnActuals.NEVER)
    assert listed(agency) == []
    confirmed_actual(agency.items[0], MONDAY, 14 * SCALE)
    assert listed(agency) == [(MONDAY, Standing.CONFIRMED)]


def test_weeks_are_asked_of_from_the_day_on_which_the_contract_pays_on_actuals(agency):
    pays_on(agency.contract, PayOnActuals.NEVER)
    [method] = every(PaymentMethod)
    change(method, ends_on=MONDAY + timedelta(days=6))
    make_method(agency.contract, calculate_from=AFTER, pay_on_actuals=PayOnActuals.ALWAYS)
    assert listed(agency) == [(AFTER, Standing.NOT_BEGUN)]


def test_weeks_end_with_the_care(agency):
    for item in agency.items:
        change(item, ends_on=MONDAY + timedelta(days=3))
    assert listed(agency) == [(MONDAY, Standing.NOT_BEGUN)]


def test_what_waits_is_over_and_not_confirmed_and_the_oldest_comes_first(agency):
    assert to_do(agency, AFTER - timedelta(days=1)) == []
    assert to_do(agency, AFTER) == [(MONDAY, Standing.NOT_BEGUN)]
    assert to_do(agency, AFTER + WEEK) == [(MONDAY, Standing.LATE), (AFTER, Standing.NOT_BEGUN)]
    confirmed_actual(agency.items[0], MONDAY, 14 * SCALE)
    assert to_do(agency, AFTER) == []
    [week] = every(ActualWeek)
    change(week, reopened_at=week.confirmed_at, reopened_by_id=week.confirmed_by_id, reopened_reason="Wrong")
    assert to_do(agency, AFTER) == [(MONDAY, Standing.REOPENED)]


@pytest.mark.parametrize(("reason", "standing"), [("", Standing.CLOSED), ("Wrong", Standing.REOPENED)])
def test_a_week_that_its_provider_has_opened_closes_as_any_other(agency, reason, standing):
    confirmed_actual(agency.items[0], MONDAY, 14 * SCALE)
    [week] = every(ActualWeek)
    change(week, reopened_at=week.confirmed_at, reopened_by_id=week.confirmed_by_id, reopened_reason=reason)
    for weeks_on, expected in ((13, Standing.REOPENED), (14, standing)):
        day = MONDAY + timedelta(weeks=weeks_on)
        with reading(), as_on(day):
            listed = [each.standing for each in weeks(MONDAY) if each.first_on == MONDAY]
            waits = [each.standing for each in weeks_to_do(MONDAY) if each.first_on == MONDAY]
        assert listed == [expected]
        assert waits == [expected] * expected.is_to_do


@pytest.mark.covers("S3-003")
def test_the_list_says_of_each_week_its_state_deadline_people_and_units(agency):
    agency.begin()
    answer = agency.clerk.get(agency.list)
    newest, oldest = table(answer)
    assert newest[2:] == ["Not begun not over yet", "05/05/2026", "3", "42 hours", "Not yet", "--"]
    assert oldest[1].endswith(agency.contract.name)
    assert oldest[2] == "Draft"
    assert oldest[4:] == ["3", "42 hours", "42 hours", "--"]
    assert len(answer.reads) <= 8


def test_the_list_says_what_payments_have_of_a_week_to_whoever_may_see_it(agency):
    """42 hours at £23.10 by plan are £970.20, and 41 are £947.10. The list, the week and the file agree."""
    agency.save(agency.begin(), {agency.box(0, "actual"): "13", agency.box(0, "missed"): "1",
                                 agency.box(0, "reason"): "STAFF", agency.box(0, "comment"): "x"})  # fmt: skip
    calculate(AFTER)
    assert table(agency.clerk.get(agency.list))[-1][-1] == "£970.20"
    agency.confirm()
    assert table(agency.clerk.get(agency.list))[-1][-1] == "£947.10"
    totals = [
        row.select("td")[-1].get_text(strip=True) for row in agency.clerk.get(agency.week).page.select("tbody tr")
    ]
    assert totals == ["£300.30", "£323.40", "£323.40"]
    assert agency.clerk.get(f"{agency.list}weeks.csv?state=confirmed").text.splitlines()[1].endswith(",41.00,947.10")
    scheduler = agency.sign_in(Role.SCHEDULER)
    assert "£" not in scheduler.get(agency.list).page.select_one("main").get_text()
    assert scheduler.get(f"{agency.list}weeks.csv").text.splitlines()[1].endswith("42.00,")


def test_the_list_is_narrowed_by_state_service_and_words(agency):
    agency.begin()
    for query, count in (("state=draft", 1), ("state=to_do", 2), ("state=late", 0), ("text=nothing+of+it", 0),
                         (f"service={agency.contract.id}-{agency.level.service_id}", 2)):  # fmt: skip
        assert len(table(agency.clerk.get(f"{agency.list}?{query}"))) == count
    assert "No week is like that" in agency.clerk.get(f"{agency.list}?state=late").words
    agency.clerk.get(f"{agency.list}?state=odd", status=422)


def test_a_provider_without_weeks_reads_why_and_has_no_such_menu(agency):
    pays_on(agency.contract, PayOnActuals.NEVER)
    assert "There are no weeks to confirm" in agency.clerk.get(agency.list).words
    assert agency.clerk.get(agency.home).page.select("nav a[href$='actuals/']") == []
    pays_on(agency.contract, PayOnActuals.ALWAYS)
    assert agency.clerk.get(agency.home).page.select("nav a[href$='actuals/']")


def test_the_file_has_every_week_that_the_list_shows(agency):
    agency.begin()
    lines = agency.clerk.get(f"{agency.list}weeks.csv?state=draft").text.splitlines()
    assert len(lines) == 2
    assert lines[1].endswith("20/04/2026,26/04/2026,Draft,28/04/2026,0,3,hour,42.00,42.00,0.00")


def test_a_signatory_has_nothing_to_do_with_actuals(agency):
    agency.sign_in(Role.SIGNATORY).get(agency.list, status=403)
