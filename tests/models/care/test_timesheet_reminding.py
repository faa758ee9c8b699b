"""Who is reminded of a month's timesheet, when, and how often; and of no week, since a month is asked for."""

from datetime import date, timedelta

import pytest

from models.base import session
from models.calendar import as_on
from models.care import timesheet_reminding
from models.care.due_weeks import recent_days, weeks_of
from models.care.reminding import ActualReminder, providers_with_actuals
from models.care.submissions import late_waiting, submissions
from models.outbox import OutboxMessage
from models.permissions import Role
from models.records.provider import Provider
from models.records.timesheet import TimesheetState
from tests.factories import make_user
from tests.support.rows import every, reading, unit_of_work
from tests.timesheet_factories import APRIL, SINCE, SharedLives

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
MAY = date(2026, 5, 1)


@pytest.fixture
def lives():
    made = SharedLives()
    make_user(Role.SIGNATORY, Provider(id=made.contract.provider_id), name="Bob")
    return made


def remind(lives, day):
    with as_on(day), unit_of_work():
        return timesheet_reminding.remind(lives.contract.provider_id)


def mails():
    return [mail.body for mail in every(OutboxMessage)]


@pytest.mark.parametrize(("day", "says"), [
    (date(2026, 4, 30), None), (MAY, "by the end of 7 May 2026"), (date(2026, 5, 7), "by the end of 7 May 2026"),
    (date(2026, 5, 8), "late since 7 May 2026"), (date(2026, 5, 21), "late since 7 May 2026"),
    (date(2026, 5, 22), None),
])  # fmt: skip
def test_a_month_is_told_of_once_it_is_over_and_once_it_is_late(lives, day, says):
    assert remind(lives, day) is (says is not None)
    assert len(mails()) == (says is not None)
    if says:
        assert mails()[0].startswith("Sunita Thakkar,")
        assert "in April 2026" in mails()[0]
        assert f"{lives.contract.name}: {says}" in mails()[0]
        assert remind(lives, day) is False


def test_each_occasion_is_told_once(lives):
    assert [remind(lives, MAY + timedelta(days=n)) for n in range(21)] == [n in (0, 7) for n in range(21)]
    assert {(each.first_on, each.occasion.value) for each in every(ActualReminder)} == {(APRIL, "due"), (APRIL, "late")}


@pytest.mark.parametrize(("state", "is_told"), [
    (TimesheetState.DRAFT, True), (TimesheetState.SENT, False), (TimesheetState.RETURNED, False),
    (TimesheetState.APPROVED, False),
])  # fmt: skip
def test_what_is_sent_is_not_told_of(lives, state, is_told):
    with as_on(MAY):
        lives.bring_to(state)
    before = len(mails())
    assert remind(lives, MAY) is is_told
    assert len(mails()) - before == is_told


def test_a_carer_is_asked_by_the_month_and_never_by_the_week(lives):
    with reading(), as_on(SINCE + timedelta(weeks=3)):
        assert providers_with_actuals() == []
        assert session.execute(late_waiting(weeks_of(recent_days()))).one().how_many == 0
        assert session.execute(submissions([SINCE])).all() == []
        assert timesheet_reminding.providers_with_timesheets() == [lives.contract.provider_id]


def test_a_week_of_an_approved_month_is_on_the_councils_list(lives):
    with as_on(MAY):
        lives.bring_to(TimesheetState.APPROVED)
        with reading():
            [row] = session.execute(submissions([SINCE])).all()
    assert row.state.is_confirmed
