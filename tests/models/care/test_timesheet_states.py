"""What becomes of a timesheet: every cell of the table in docs/timesheet-states.md, and who may do what."""

from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from models.audit import AuditEvent
from models.base import DomainError, session, utc_now
from models.calendar import as_on
from models.care import timesheets
from models.money import SCALE
from models.outbox import OutboxMessage
from models.permissions import CouncilRole, Role
from models.records.actual import AbsenceReason
from models.records.provider import Provider
from models.records.timesheet import Timesheet, TimesheetDay, TimesheetState
from tests.factories import make_membership, make_staff, make_user
from tests.support.rows import every, unit_of_work
from tests.support.runs import change
from tests.support.tables import rows_under
from tests.timesheet_factories import APRIL, MAY, SharedLives

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
DOC = Path(__file__).parents[3] / "docs" / "timesheet-states.md"
FRIDAY = date(2026, 4, 10)
SENT, VERIFIED = TimesheetState.SENT, TimesheetState.VERIFIED


@pytest.fixture(autouse=True)
def _in_may():
    with as_on(MAY):
        yield


def cells() -> list[tuple[str, str, str]]:
    heading = "## A timesheet"
    rows = rows_under(DOC, heading)
    lines = DOC.read_text("utf-8").split(f"\n{heading}\n", 1)[1].splitlines()
    events = next(line for line in lines if line.startswith("| |"))
    names = [cell.strip() for cell in events.strip("|").split("|")][1:]
    return [(state, name, cell) for state, of_state in rows.items() for name, cell in zip(names, of_state, strict=True)]


def needs_sheet(act):
    def tried(lives: SharedLives) -> None:
        if lives.sheet() is None:
            raise DomainError("No timesheet")  # whose page is not there
        act(lives)

    return tried


EVENTS = {
    "carer begins it": SharedLives.begin,
    "carer taps a day": needs_sheet(lambda lives: lives.tap(FRIDAY)),
    "carer sets it as planned": needs_sheet(lambda lives: lives.do(timesheets.as_planned, by=lives.carer)),
    "carer sends it": needs_sheet(SharedLives.send),
    "carer takes it back": needs_sheet(lambda lives: lives.do(timesheets.take_back, by=lives.carer)),
    "scheme verifies it": needs_sheet(SharedLives.verify),
    "scheme returns it": needs_sheet(
        lambda lives: lives.do(timesheets.return_it, "Look again", by=lives.scheme, state=SENT)
    ),
    "finance approves it": needs_sheet(SharedLives.approve),
    "finance returns it": needs_sheet(
        lambda lives: lives.do(timesheets.return_it, "Look again", by=lives.finance, state=VERIFIED)
    ),
}


@pytest.mark.parametrize(("before", "event", "after"), cells())
@pytest.mark.covers("S3-031")
def test_a_cell_of_a_timesheet(before, event, after):
    lives = SharedLives()
    if before != "not begun":
        lives.bring_to(TimesheetState(before))
    events = len(every(AuditEvent))
    if after == "refused":
        with pytest.raises(DomainError):
            EVENTS[event](lives)
        assert len(every(AuditEvent)) == events
    else:
        EVENTS[event](lives)
    found = lives.sheet()
    assert (found.state if found else "not begun") == (before if after in ("=", "refused") else after)


@pytest.mark.parametrize(("day", "may"), [(date(2026, 3, 31), False), (APRIL, True)])
def test_a_month_is_begun_once_it_has_begun(day, may):
    lives = SharedLives()
    with as_on(day):
        if may:
            lives.begin()
        else:
            with pytest.raises(DomainError, match="April 2026 has not begun"):
                lives.begin()


def test_a_month_in_which_nobody_has_care_is_not_begun():
    with pytest.raises(DomainError, match="Nobody has nights or sessions"):
        SharedLives(starts_on=date(2026, 5, 1)).begin()


@pytest.mark.parametrize(("day", "may"), [(date(2026, 4, 30), False), (MAY, True)])
def test_it_is_sent_once_its_last_day_is_over(day, may):
    lives = SharedLives()
    lives.fill()
    with as_on(day):
        if may:
            lives.send()
        else:
            with pytest.raises(DomainError, match="Send it after that day"):
                lives.send()


@pytest.mark.parametrize(("day", "may"), [(FRIDAY - timedelta(days=1), False), (FRIDAY, True)])
def test_a_day_is_tapped_once_it_has_come(day, may):
    lives = SharedLives()
    with as_on(day):
        lives.begin()
        if may:
            lives.tap(FRIDAY)
        else:
            with pytest.raises(DomainError, match="has not come yet"):
                lives.tap(FRIDAY)
    assert len(every(TimesheetDay)) == (1 if may else 0)


def test_as_planned_fills_the_days_that_have_come():
    lives = SharedLives()
    with as_on(FRIDAY):
        lives.begin()
        assert lives.do(timesheets.as_planned, by=lives.carer) == 1
    assert lives.do(timesheets.as_planned, by=lives.carer) == 5
    filled = [each.day for each in every(TimesheetDay)]
    assert sorted(filled) == [date(2026, 4, day) for day in (10, 11, 17, 18, 24, 25)]
    assert lives.do(timesheets.as_planned, by=lives.carer) == 0


@pytest.mark.parametrize("day", [date(2026, 4, 5), date(2026, 5, 1), date(2026, 3, 31)])
def test_a_day_without_care_or_of_another_month_is_refused(day):
    lives = SharedLives()
    lives.begin()
    with pytest.raises(DomainError):
        lives.do(timesheets.tap, lives.item.id, day, SCALE, by=lives.carer)


def test_a_tap_is_nothing_one_or_what_the_unit_has():
    lives = SharedLives()
    lives.begin()
    with pytest.raises(DomainError, match="it goes through"):
        lives.tap(FRIDAY, 2 * SCALE)
    lives.tap(FRIDAY)
    events = len(every(AuditEvent))
    lives.tap(FRIDAY)
    assert len(every(AuditEvent)) == events
    lives.tap(FRIDAY, 0)
    assert [each.units_e4 for each in every(TimesheetDay)] == [0]


class TestReasons:
    def test_a_day_that_is_less_than_planned_needs_one_before_it_is_sent(self):
        lives = SharedLives()
        lives.fill()
        lives.tap(FRIDAY, 0)
        with pytest.raises(DomainError, match="Say why for 1 day"):
            lives.send()
        lives.do(timesheets.explain, {(lives.item.id, FRIDAY): AbsenceReason.HOSPITAL}, by=lives.carer)
        lives.send()
        assert lives.sheet().state is TimesheetState.SENT

    def test_a_day_that_nobody_has_tapped_needs_one_too(self):
        lives = SharedLives()
        lives.begin()
        with pytest.raises(DomainError, match="Say why for 6 days"):
            lives.send()
        lives.do(timesheets.explain, {(lives.item.id, FRIDAY): AbsenceReason.HOSPITAL}, by=lives.carer)
        with pytest.raises(DomainError, match="Say why for 5 days"):
            lives.send()

    def test_it_goes_with_the_day_that_is_as_planned_again(self):
        lives = SharedLives()
        lives.fill()
        lives.tap(FRIDAY, 0)
        lives.do(timesheets.explain, {(lives.item.id, FRIDAY): AbsenceReason.HOSPITAL}, by=lives.carer)
        lives.tap(FRIDAY)
        assert {each.reason for each in every(TimesheetDay)} == {None}
        with pytest.raises(DomainError, match="is as planned now"):
            lives.do(timesheets.explain, {(lives.item.id, FRIDAY): AbsenceReason.HOSPITAL}, by=lives.carer)


def test_care_that_ends_before_a_day_that_has_something_is_put_right_first():
    lives = SharedLives()
    lives.fill()
    change(lives.item, ends_on=date(2026, 4, 25))
    with pytest.raises(DomainError, match="has ended before a day"):
        lives.send()
    lives.tap(date(2026, 4, 25), 0)
    lives.send()


class TestWhoMay:
    def test_whoever_verifies_does_not_approve(self):
        lives = SharedLives()
        lives.bring_to(TimesheetState.VERIFIED)
        with pytest.raises(DomainError, match="a colleague has to approve it"):
            lives.do(timesheets.approve, by=lives.scheme)
        same = {"state": TimesheetState.APPROVED, "approved_at": utc_now(), "approved_by_id": lives.scheme.id}
        with pytest.raises(IntegrityError), unit_of_work() as found:
            found.execute(sa.update(Timesheet).values(same))

    def test_nobody_decides_for_a_provider_at_which_they_have_a_place(self):
        lives, torn = SharedLives(), make_staff(CouncilRole.BROKERAGE)
        make_membership(torn, Provider(id=lives.contract.provider_id), Role.CARER)
        lives.bring_to(TimesheetState.SENT)
        with pytest.raises(DomainError):
            lives.do(timesheets.verify, by=torn)
        with pytest.raises(DomainError):
            lives.do(timesheets.return_it, "No", by=torn, state=SENT)
        lives.verify()
        with pytest.raises(DomainError):
            lives.do(timesheets.approve, by=torn)
        assert lives.sheet().state is TimesheetState.VERIFIED

    def test_nobody_decides_what_they_have_sent(self):
        lives = SharedLives()
        lives.fill()
        lives.do(timesheets.send, by=lives.scheme)
        with pytest.raises(DomainError, match="You have sent this"):
            lives.verify()

    def test_a_return_needs_a_note(self):
        lives = SharedLives()
        lives.bring_to(TimesheetState.SENT)
        with pytest.raises(DomainError, match="Say what is to be put right"):
            lives.do(timesheets.return_it, "  ", by=lives.scheme, state=SENT)


@pytest.mark.parametrize(("state", "subject"), [
    (TimesheetState.VERIFIED, ["has been verified"]), (TimesheetState.RETURNED, ["has been returned"]),
    (TimesheetState.APPROVED, ["has been verified", "has been approved"]), (TimesheetState.SENT, []),
])  # fmt: skip
def test_the_carer_is_told_of_each_step_of_the_council(state, subject):
    lives = SharedLives()
    make_user(Role.VIEWER, Provider(id=lives.contract.provider_id))
    lives.bring_to(state)
    mails = every(OutboxMessage)
    assert [each.subject for each in mails] == [f"Your timesheet of April 2026 {words}" for words in subject]
    assert {each.to for each in mails} <= {lives.carer.email}
    assert not any("Adams" in each.body or "10th" in each.body for each in mails)


def test_a_timesheet_that_somebody_else_has_sent_meanwhile_is_not_changed():
    lives = SharedLives()
    lives.fill()
    sent = {"state": TimesheetState.SENT, "sent_at": utc_now(), "sent_by_id": lives.carer.id}

    def both(sheet):
        session.execute(sa.update(Timesheet).values(sent), execution_options={"synchronize_session": False})
        timesheets.tap(sheet, lives.item.id, FRIDAY, 0, by=lives.carer)

    with pytest.raises(DomainError, match="It has been sent"):
        lives.do(both)
    assert {each.units_e4 for each in every(TimesheetDay)} == {SCALE}
