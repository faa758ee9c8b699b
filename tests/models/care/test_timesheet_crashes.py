"""Sending, verifying, returning and approving a timesheet: killed at any statement all of it is done or nothing, and of
two people who press at once one is first.
"""

import os
from datetime import date
from functools import partial

import pytest
from sqlalchemy import select

from models.audit import AuditEvent
from models.base import DomainError
from models.calendar import as_on
from models.care import timesheets
from models.money import SCALE
from models.permissions import CouncilRole
from models.records.actual import ConfirmedActual
from models.records.timesheet import Timesheet, TimesheetDay, TimesheetState
from models.verify import check_all
from tests.factories import make_staff
from tests.support import races
from tests.support.crash_office import copies
from tests.support.crashes import COMMIT, Machine, differences, on_record, spread
from tests.support.rows import every
from tests.support.runs import calculate
from tests.timesheet_factories import APRIL, SINCE, SharedLives

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
JUNE = date(2026, 6, 1)
POINTS = 500 if os.environ.get("CAMPAIGN") else 4


@pytest.fixture(autouse=True)
def _in_june():
    with as_on(JUNE):
        yield


@pytest.fixture
def lives():
    made = SharedLives()
    calculate(JUNE)
    return made


def give_back(lives):
    back = {"by": lives.scheme, "state": TimesheetState.SENT}
    lives.do(timesheets.return_it, "Look at the 10th", **back)


def take_back(lives):
    lives.do(timesheets.take_back, by=lives.carer)


CASES = {
    "send": (TimesheetState.DRAFT, SharedLives.send), "verify": (TimesheetState.SENT, SharedLives.verify),
    "return": (TimesheetState.SENT, give_back), "approve": (TimesheetState.VERIFIED, SharedLives.approve),
    "correct": (TimesheetState.APPROVED, take_back),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_it_is_done_whole_or_not_at_all(database, lives, case):
    state, verb = CASES[case]
    lives.bring_to(state)
    with copies(database) as kept:
        machine = Machine(database)

        def rows():
            with machine.engine.connect() as connection:
                return on_record(connection)

        def renew():
            machine.engine.dispose()
            kept.renew()

        nothing = rows()
        renew()
        with machine.process() as undisturbed:
            verb(lives)
        everything = rows()
        assert differences(nothing, everything)
        assert undisturbed.points.count(COMMIT[0]) == 1, "one transaction"
        for point in spread(undisturbed.points, POINTS):
            renew()
            with machine.process(point) as killed:
                verb(lives)
            assert killed.is_dead
            is_done = killed.points[-1] == COMMIT[1]
            assert differences(everything if is_done else nothing, rows()) == [], (point, killed.points)
            if is_done:
                with pytest.raises(DomainError):
                    verb(lives)
            else:
                verb(lives)
            assert differences(everything, rows()) == [], point
        assert list(check_all()) == []


at_once = partial(races.at_once, on=JUNE)


def how_often(action):
    return len(every(select(AuditEvent).where(AuditEvent.action == action)))


def test_of_two_of_finance_who_approve_at_once_one_is_first_and_each_week_is_confirmed_once(lives):
    lives.bring_to(TimesheetState.VERIFIED)
    others = [make_staff(), make_staff()]
    told = at_once(*(lambda by=each: lives.do(timesheets.approve, by=by) for each in others))
    assert told[0] == "done"
    assert "Look at it again" in told[1]
    assert how_often("timesheet.approved") == 1
    assert [each.number for each in every(ConfirmedActual)] == [1, 1, 1]
    assert list(check_all()) == []


def test_it_is_verified_or_taken_back_and_never_both(lives):
    lives.bring_to(TimesheetState.SENT)
    told = at_once(lambda: lives.verify(), lambda: take_back(lives))
    [sheet] = every(Timesheet)
    assert told[0] == "done"
    assert told[1] != "done"
    assert sheet.state is (TimesheetState.VERIFIED if how_often("timesheet.verified") else TimesheetState.DRAFT)
    assert how_often("timesheet.verified") + how_often("timesheet.taken_back") == 1


def test_a_tap_while_it_is_sent_is_in_it_or_refused(lives):
    lives.fill()
    day = SINCE.replace(day=10)
    told = at_once(lambda: lives.send(), lambda: lives.tap(day, 0))
    sheet = lives.sheet(APRIL)
    [tapped] = [each for each in every(TimesheetDay) if each.day == day]
    assert told[0] == "done"
    if sheet.state is TimesheetState.SENT:
        assert tapped.units_e4 == SCALE, "the tap was refused"
        assert "Take it back" in told[1]
    else:
        assert tapped.units_e4 == 0
        assert "Say why" in told[1], "an empty night has no reason, so that it is not sent"


def test_of_two_of_the_scheme_who_verify_and_return_one_is_first(lives):
    lives.bring_to(TimesheetState.SENT)
    other = make_staff(CouncilRole.BROKERAGE)
    told = at_once(
        lambda: lives.verify(),
        lambda: lives.do(timesheets.return_it, "Look", by=other, state=TimesheetState.SENT),
    )
    assert told[0] == "done"
    assert told[1] != "done"
    assert how_often("timesheet.verified") + how_often("timesheet.returned") == 1
