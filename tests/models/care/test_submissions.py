"""Which weeks of actuals are due from whom, which of them are late, and whom the council chases."""

from datetime import timedelta

import pytest

from models.base import DomainError, session
from models.calendar import as_on
from models.care import chasing, weeks
from models.care.due_weeks import recent_days, weeks_of
from models.care.sheet import read_sheet
from models.care.submissions import Shown, Submission, late_waiting, picture, submissions
from models.money import SCALE
from models.outbox import OutboxMessage
from models.permissions import Role
from models.pricing import Convention, Unit
from models.records.actual import ActualWeek, ExceptionState
from models.records.actual_rule import RuleKind
from models.records.contract import Calendar, Contract, PayOnActuals
from models.records.provider import Provider
from tests.actual_factories import AFTER, MONDAY, confirmed_actual, level_of, make_hourly, make_rule, pays_on
from tests.care_factories import make_calendar, make_contract, make_method, make_service_level
from tests.factories import make_staff, make_user
from tests.support.rows import every, unit_of_work
from tests.support.runs import change

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
A_WEEK = timedelta(weeks=1)


def contract_of(item) -> Contract:
    return next(each for each in every(Contract) if each.id == item.contract_id)


@pytest.fixture
def item():
    """A person of a contract that pays only what is confirmed."""
    item = make_hourly()
    pays_on(contract_of(item), PayOnActuals.ALWAYS)
    return item


def listed(day=MONDAY, **wanted):
    with unit_of_work():
        return session.execute(submissions([day], **wanted)).all()


def begin(item, first_on=MONDAY, *, confirm=False, late=""):
    by = make_user(Role.SCHEDULER, None)
    with unit_of_work():
        week = weeks.generate(contract_of(item), level_of(item).service_id, first_on, by=by)
        if confirm:
            weeks.confirm(week, by=by, late_reason=late)
    return week


def test_a_week_that_nobody_has_begun_is_listed_with_its_people(item):
    make_hourly(contract_of(item), level=level_of(item))
    with as_on(AFTER):
        [row] = listed()
    assert (row.first_on, row.state, row.people, row.week_id) == (MONDAY, Submission.NOT_BEGUN, 2, None)
    assert row.age == 1
    assert not row.is_late


def test_the_states_of_a_week(item):
    with as_on(AFTER):
        begin(item)
        assert [row.state for row in listed()] == [Submission.DRAFT]
        begin(item, confirm=True)
        assert [row.state for row in listed()] == [Submission.CONFIRMED]
        [week], officer = every(ActualWeek), make_staff()
        with unit_of_work() as found:
            weeks.reopen(found.get(ActualWeek, week.id), "A slip", by=officer)
        assert [(row.state, row.is_late) for row in listed()] == [(Submission.REOPENED, False)]


@pytest.mark.parametrize(("days", "is_late"), [(2, False), (3, True)])
def test_a_week_is_late_once_its_deadline_is_over(item, days, is_late):
    with as_on(MONDAY + timedelta(days=6 + days)):
        assert [row.is_late for row in listed()] == [is_late]
        begin(item)
        assert [row.is_late for row in listed()] == [is_late]


@pytest.mark.parametrize(("days", "is_late"), [(5, False), (6, True)])
@pytest.mark.parametrize("warned", [True, False])
def test_a_rule_of_the_level_moves_the_deadline(item, days, is_late, warned):
    since = {"warns_from": MONDAY} if warned else {"refuses_from": MONDAY}
    make_rule(level_of(item).id, RuleKind.DEADLINE, value=5, **since)
    with as_on(MONDAY + timedelta(days=6 + days)):
        [row] = listed()
        assert (row.days_to_confirm, row.is_late) == (5, is_late)


def test_a_rule_that_holds_of_later_weeks_moves_none_before_them(item):
    make_rule(level_of(item).id, RuleKind.DEADLINE, value=5, refuses_from=MONDAY + timedelta(days=1))
    with as_on(AFTER):
        assert [row.days_to_confirm for row in listed()] == [2]


def test_the_list_and_the_verb_agree_on_the_deadline(item):
    make_rule(level_of(item).id, RuleKind.DEADLINE, value=5)
    make_hourly(contract_of(item), level=make_service_level(service_id=level_of(item).service_id, unit=Unit.HOUR))
    with as_on(AFTER):
        week = begin(item)
        [row] = listed()
        with unit_of_work():
            in_time_until = read_sheet(week).in_time_until
    assert MONDAY + timedelta(days=6 + row.days_to_confirm) == in_time_until
    assert row.people == 2


@pytest.mark.parametrize("how", list(PayOnActuals))
def test_a_contract_that_never_pays_on_actuals_is_asked_for_none_unless_somebody_began_it(how):
    item = make_hourly()
    pays_on(contract_of(item), how)
    with as_on(AFTER):
        assert len(listed()) == (0 if how is PayOnActuals.NEVER else 1)
        begin(item)
        assert len(listed()) == 1


@pytest.mark.parametrize(("ends_on", "convention", "is_there"), [
    (MONDAY - timedelta(days=1), Convention.INCLUSIVE, False),
    (MONDAY, Convention.INCLUSIVE, True),
    (MONDAY, Convention.EXCLUDE_LAST, False),
    (MONDAY + timedelta(days=1), Convention.EXCLUDE_LAST, True),
])  # fmt: skip
@pytest.mark.parametrize("of_contract", [False, True])
def test_care_that_ended_before_the_week_is_not_due(ends_on, convention, is_there, of_contract):
    level = make_service_level(unit=Unit.HOUR, convention=convention)
    item = make_hourly(level=level)
    pays_on(contract_of(item), PayOnActuals.ALWAYS)
    change(contract_of(item) if of_contract else item, ends_on=ends_on)
    if of_contract and convention is not Convention.INCLUSIVE:
        is_there = ends_on >= MONDAY  # a contract's last day ends pay, included, whatever the level's last day is
    with as_on(AFTER):
        assert bool(listed()) is is_there
        with unit_of_work():
            assert bool(weeks.planned_of(item.contract_id, level.service_id, MONDAY)) is is_there


@pytest.mark.parametrize(("starts_on", "is_there"), [(6, True), (7, False)])
def test_care_that_begins_after_the_week_is_not_due(starts_on, is_there):
    item = make_hourly(starts_on=MONDAY + timedelta(days=starts_on))
    pays_on(contract_of(item), PayOnActuals.ALWAYS)
    with as_on(AFTER + A_WEEK):
        assert bool(listed()) is is_there


def test_weeks_begin_on_the_weekday_of_each_calendar():
    saturday = MONDAY - timedelta(days=2)
    item = make_hourly(make_contract(calendar=make_calendar(anchor_on=saturday)))
    pays_on(contract_of(item), PayOnActuals.ALWAYS)
    with as_on(AFTER):
        assert [row.first_on for row in listed(MONDAY)] == [saturday]


def test_a_week_that_has_not_begun_is_not_listed(item):
    with as_on(MONDAY - timedelta(days=1)):
        assert listed() == []
    with as_on(MONDAY):
        assert len(listed()) == 1


def test_the_newest_method_that_has_begun_says_how_a_week_is_paid(item):
    make_method(contract_of(item), every(Calendar)[-1], calculate_from=MONDAY, pay_on_actuals=PayOnActuals.NEVER)
    with as_on(AFTER):
        assert listed() == []
        assert len(listed(MONDAY - A_WEEK)) == 1


@pytest.mark.parametrize(("show", "found"), [
    (Shown.MISSING, 1), (Shown.LATE, 0), (Shown.NOT_BEGUN, 1), (Shown.DRAFT, 0), (Shown.REOPENED, 0),
    (Shown.CONFIRMED, 0), (Shown.CONFIRMED_LATE, 0), (Shown.EXCEPTIONS, 0), (None, 1),
])  # fmt: skip
def test_what_is_shown_of_a_week_that_nobody_has_begun(item, show, found):
    with as_on(AFTER):
        assert len(listed(show=show)) == found


@pytest.mark.parametrize(("show", "found"), [
    (Shown.MISSING, 0), (Shown.LATE, 0), (Shown.NOT_BEGUN, 0), (Shown.DRAFT, 0), (Shown.REOPENED, 0),
    (Shown.CONFIRMED, 1), (Shown.CONFIRMED_LATE, 1), (Shown.EXCEPTIONS, 1),
])  # fmt: skip
def test_what_is_shown_of_a_week_that_was_confirmed_late_with_an_exception(item, show, found):
    with as_on(AFTER + A_WEEK):
        begin(item, confirm=True, late="Off sick")
        confirmed_actual(item, MONDAY, 15 * SCALE, exception=ExceptionState.OPEN)
        confirmed_actual(item, MONDAY, 16 * SCALE, exception=ExceptionState.APPROVED)
        assert [row.exceptions for row in listed(show=show)] == [1] * found


def test_a_list_is_searched_by_provider_contract_and_service(item):
    contract = contract_of(item)
    with as_on(AFTER):
        assert len(listed(text=contract.name)) == len(listed(text=contract.reference)) == 1
        assert listed(text="nobody has this name") == []


def test_the_picture_counts_weeks_in_time_late_and_missing(item):
    older = MONDAY - A_WEEK
    with as_on(AFTER):
        begin(item, confirm=True)
        begin(item, older, confirm=True, late="Off sick")
        with unit_of_work():
            columns = picture(recent_days())
    found = {each.day: (each.in_time, each.late, each.missing) for each in columns}
    last = AFTER - A_WEEK
    assert found[last] == (1, 0, 0)
    assert found[last - A_WEEK] == (0, 1, 0)
    assert found[last - 2 * A_WEEK] == (0, 0, 1)
    assert len(found) == 13


def test_my_work_counts_the_late_ones():
    item = make_hourly(starts_on=MONDAY)
    pays_on(contract_of(item), PayOnActuals.ALWAYS)
    for day, count in ((AFTER + timedelta(days=1), 0), (AFTER + timedelta(days=2), 1)):
        with as_on(day), unit_of_work():
            assert session.execute(late_waiting(weeks_of(recent_days()))).one().how_many == count


class TestChasing:
    def rows(self, **wanted):
        return session.execute(submissions([MONDAY], **wanted)).all()

    def test_everybody_who_may_submit_is_told_once_a_day(self, item):
        contract = contract_of(item)
        place = Provider(id=contract.provider_id)
        clerk, _viewer = make_user(Role.SCHEDULER, place), make_user(Role.VIEWER, place)
        officer = make_staff()
        with as_on(AFTER), unit_of_work():
            assert chasing.chase(self.rows(), by=officer) == 1
        [mail] = every(OutboxMessage)
        assert mail.to == clerk.email
        assert contract.name in mail.body
        with as_on(AFTER), unit_of_work(), pytest.raises(DomainError, match="sent today"):
            chasing.chase(self.rows(), by=officer)
        with as_on(AFTER + timedelta(days=1)), unit_of_work():
            [row] = self.rows()
            assert row.chased_on == AFTER
            assert chasing.chase([row], by=officer) == 1
        assert len(every(OutboxMessage)) == 2

    def test_what_is_confirmed_is_not_chased(self, item):
        make_user(Role.SCHEDULER, Provider(id=item.provider_id))
        with as_on(AFTER):
            begin(item, confirm=True)
            officer = make_staff()
            with unit_of_work(), pytest.raises(DomainError, match="has confirmed its week"):
                chasing.chase(self.rows(), by=officer)
        assert every(chasing.ActualChase) == []

    def test_where_nobody_may_submit_the_council_is_told(self, item):
        officer = make_staff()
        with as_on(AFTER), unit_of_work(), pytest.raises(DomainError, match="Nobody at"):
            chasing.chase(self.rows(), by=officer)
