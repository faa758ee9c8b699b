"""What becomes of a week of actuals, and of an exception: every cell of the tables in docs/actual-states.md."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from models.audit import AuditEvent
from models.base import DomainError, session
from models.calendar import as_on
from models.care import exceptions, weeks
from models.care.figures import Figures
from models.money import SCALE
from models.permissions import Role
from models.records.actual import ActualException, ActualWeek, ConfirmedActual, ExceptionState
from models.records.contract import Contract
from tests.actual_factories import AFTER, MONDAY, level_of, make_hourly
from tests.factories import make_staff, make_user
from tests.support.rows import every, unit_of_work
from tests.support.tables import rows_under

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
DOC = Path(__file__).parents[3] / "docs" / "actual-states.md"


def cells(heading: str) -> list[tuple[str, str, str]]:
    """State, event and what follows, of every cell of the first table under that heading."""
    rows = rows_under(DOC, heading)
    events = next(
        line for line in DOC.read_text("utf-8").split(f"\n{heading}\n", 1)[1].splitlines() if line.startswith("| |")
    )
    names = [cell.strip() for cell in events.strip("|").split("|")][1:]
    return [(state, name, cell) for state, of_state in rows.items() for name, cell in zip(names, of_state, strict=True)]


WEEKS = cells("## A week")
EXCEPTIONS = cells("## A confirmed figure that the council looks at first")
LESS = Figures(13 * SCALE, missed_e4=SCALE, reason="STAFF", comment="Nobody came on Friday")
MORE = Figures(15 * SCALE, extra_e4=SCALE, comment="A bad night")


class Desk:
    """One person's care, its provider's clerk, and an officer."""

    def __init__(self) -> None:
        self.item = make_hourly()
        self.level = level_of(self.item)
        with unit_of_work() as found:
            self.contract = found.scalars(select(Contract).where(Contract.id == self.item.contract_id)).one()
        self.clerk = make_user(Role.SCHEDULER, None)
        self.officer = make_staff()

    def week(self) -> ActualWeek | None:
        return session.scalars(select(ActualWeek)).one_or_none()

    def waits(self) -> ActualException:
        return session.scalars(select(ActualException).order_by(ActualException.id)).first()

    def begin(self) -> ActualWeek:
        return weeks.generate(self.contract, self.level.service_id, MONDAY, by=self.clerk)

    def save(self, figures: Figures = LESS) -> None:
        weeks.change(self.week(), {self.item.id: (figures, None)}, by=self.clerk)

    def confirm(self) -> None:
        weeks.confirm(self.week(), by=self.clerk)

    def correct(self) -> None:
        weeks.correct(self.week(), by=self.clerk)


def needs_week(act):
    def tried(desk: Desk) -> None:
        if desk.week() is None:
            raise DomainError("No week")  # whose page is not there
        act(desk)

    return tried


EVENTS = {
    "provider begins it": Desk.begin,
    "provider saves a row": needs_week(Desk.save),
    "provider sets all as planned": needs_week(lambda desk: weeks.as_planned(desk.week(), by=desk.clerk)),
    "provider takes over the plan": needs_week(lambda desk: weeks.refresh(desk.week(), by=desk.clerk)),
    "provider confirms it": needs_week(Desk.confirm),
    "provider corrects it": needs_week(Desk.correct),
    "council opens it again": needs_week(lambda desk: weeks.reopen(desk.week(), "A slip", by=desk.officer)),
}
TO = {
    "not begun": [],
    "draft": [Desk.begin],
    "confirmed": [Desk.begin, Desk.confirm],
    "reopened": [Desk.begin, Desk.confirm, Desk.correct],
}
DECISIONS = {
    "officer approves": lambda desk: exceptions.approve(desk.waits(), by=desk.officer),
    "officer amends": lambda desk: exceptions.amend(desk.waits(), LESS, "As the visits say", by=desk.officer),
    "officer rejects": lambda desk: exceptions.reject(desk.waits(), "No visits", by=desk.officer),
}


def do(desk: Desk, act) -> None:
    with unit_of_work():
        act(desk)


def another(desk: Desk) -> None:
    """The provider confirms another figure, in a week that is opened for it."""
    if not desk.week().is_open:
        desk.correct()
    desk.save(Figures(12 * SCALE, missed_e4=2 * SCALE, reason="STAFF", comment="Nobody came"))
    desk.confirm()


def state(week: ActualWeek | None) -> str:
    return "not begun" if week is None else week.state.value


@pytest.mark.parametrize(("before", "event", "after"), WEEKS)
@pytest.mark.covers("S4-023")
def test_a_cell_of_a_week(before, event, after):
    with as_on(AFTER):
        desk = Desk()
        for act in TO[before]:
            do(desk, act)
        events = len(every(AuditEvent))
        if after == "refused":
            with pytest.raises(DomainError):
                do(desk, EVENTS[event])
            assert len(every(AuditEvent)) == events
        else:
            do(desk, EVENTS[event])
        found = every(ActualWeek)
        assert state(found[0] if found else None) == (before if after in ("=", "refused") else after)


@pytest.mark.parametrize(("before", "event", "after"), EXCEPTIONS)
def test_a_cell_of_an_exception(before, event, after):
    with as_on(AFTER):
        desk = Desk()
        for act in (Desk.begin, lambda d: d.save(MORE), Desk.confirm):
            do(desk, act)
        into = {"approved": "officer approves", "amended": "officer amends", "rejected": "officer rejects"}
        if before == "overtaken":
            do(desk, another)
        elif before in into:
            do(desk, DECISIONS[into[before]])
        act = DECISIONS.get(event, another)
        if after == "refused":
            with pytest.raises(DomainError):
                do(desk, act)
        else:
            do(desk, act)
        first = every(ActualException)[0]
        assert first.state == (before if after in ("=", "refused") else after)


def prepared(*acts) -> Desk:
    desk = Desk()
    for act in acts:
        do(desk, act)
    return desk


def test_a_correction_is_kept_under_the_next_number_and_the_first_figure_stays():
    with as_on(AFTER):
        prepared(Desk.begin, Desk.confirm, Desk.correct, Desk.save, Desk.confirm)
    kept = [(each.number, each.actual_e4) for each in every(ConfirmedActual)]
    assert kept == [(1, 14 * SCALE), (2, 13 * SCALE)]


def test_confirming_without_a_change_keeps_no_second_figure():
    with as_on(AFTER):
        prepared(Desk.begin, Desk.confirm, Desk.correct, Desk.confirm)
    assert [each.number for each in every(ConfirmedActual)] == [1]
    assert every(ActualWeek)[0].confirmations == 2


def test_a_rejected_figure_cannot_be_confirmed_again_as_it_is():
    with as_on(AFTER):
        desk = prepared(Desk.begin, lambda d: d.save(MORE), Desk.confirm, DECISIONS["officer rejects"])
        with pytest.raises(DomainError, match="1 row must be put right"):
            do(desk, Desk.confirm)
        with unit_of_work():
            [fault] = [each for each in weeks.review(desk.week())[desk.item.id] if each.is_error]
            assert "No visits" in fault.text
        do(desk, Desk.save)
        do(desk, Desk.confirm)
    assert [each.actual_e4 for each in every(ConfirmedActual)] == [15 * SCALE, 13 * SCALE]


def test_what_the_council_amends_is_what_the_provider_sees_and_stays_when_the_week_is_confirmed_again():
    with as_on(AFTER):
        desk = prepared(Desk.begin, lambda d: d.save(MORE), Desk.confirm, DECISIONS["officer amends"], Desk.correct)
        do(desk, Desk.confirm)
    assert [each.actual_e4 for each in every(ConfirmedActual)] == [15 * SCALE, 13 * SCALE]
    assert [each.state for each in every(ActualException)] == [ExceptionState.AMENDED]


@pytest.mark.parametrize(("day", "is_late"), [(2, False), (3, True)])
def test_a_week_is_in_time_to_the_end_of_its_deadline(day, is_late):
    with as_on(MONDAY + timedelta(days=6 + day)):
        desk = prepared(Desk.begin)
        if is_late:
            with pytest.raises(DomainError, match="Say why it is late"):
                do(desk, Desk.confirm)
            do(desk, lambda d: weeks.confirm(d.week(), by=d.clerk, late_reason="Off sick"))
        else:
            do(desk, Desk.confirm)
    assert every(ActualWeek)[0].late_reason == ("Off sick" if is_late else "")


@pytest.mark.parametrize(("after", "may"), [(0, True), (1, False)])
def test_after_thirteen_weeks_the_council_has_to_open_it(after, may):
    with as_on(MONDAY + timedelta(days=6, weeks=13) + timedelta(days=after)):
        desk = prepared(Desk.begin)

        def late(desk):
            weeks.confirm(desk.week(), by=desk.clerk, late_reason="Found late")

        if may:
            do(desk, late)
        else:
            with pytest.raises(DomainError, match="Ask the council"):
                do(desk, late)


LAST = MONDAY + timedelta(days=6, weeks=13)
"""The last day on which the week can be confirmed."""


@pytest.mark.parametrize(("on", "may"), [(LAST, False), (LAST + timedelta(days=1), True)])
def test_a_week_that_was_never_confirmed_is_opened_by_the_council_once_it_is_closed(on, may):
    with as_on(on):
        desk = prepared(Desk.begin)
        if not may:
            with pytest.raises(DomainError, match="open already"):
                do(desk, EVENTS["council opens it again"])
            return
        do(desk, EVENTS["council opens it again"])
        assert state(every(ActualWeek)[0]) == "reopened"
        with pytest.raises(DomainError, match="open already"):
            do(desk, EVENTS["council opens it again"])
        do(desk, Desk.confirm)
    assert state(every(ActualWeek)[0]) == "confirmed"
    assert [each.actual_e4 for each in every(ConfirmedActual)] == [14 * SCALE]


@pytest.mark.parametrize(("on", "words"), [
    (MONDAY + timedelta(days=9), "Say why it is late"), (LAST + timedelta(days=1), "Ask the council to open it"),
])  # fmt: skip
def test_a_week_that_its_provider_has_opened_keeps_its_deadlines(on, words):
    with as_on(AFTER):
        desk = prepared(Desk.begin, Desk.confirm, Desk.correct, Desk.save)
    with as_on(on), pytest.raises(DomainError, match=words):
        do(desk, Desk.confirm)
    with as_on(LAST), pytest.raises(DomainError, match="open already"):
        do(desk, EVENTS["council opens it again"])
    with as_on(LAST + timedelta(days=1)):
        do(desk, EVENTS["council opens it again"])
        do(desk, Desk.confirm)
    assert [each.actual_e4 for each in every(ConfirmedActual)] == [14 * SCALE, 13 * SCALE]


def test_a_figure_that_is_rejected_while_its_provider_corrects_the_week_asks_no_reason_for_being_late():
    with as_on(AFTER):
        desk = prepared(Desk.begin, lambda d: d.save(MORE), Desk.confirm, Desk.correct)
    with as_on(MONDAY + timedelta(days=20)):
        do(desk, DECISIONS["officer rejects"])
        do(desk, Desk.save)
        do(desk, Desk.confirm)
    assert [each.actual_e4 for each in every(ConfirmedActual)] == [15 * SCALE, 13 * SCALE]


@pytest.mark.parametrize(("day", "may"), [(6, False), (7, True)])
def test_a_week_is_confirmed_once_its_last_day_is_over(day, may):
    with as_on(MONDAY + timedelta(days=day)):
        desk = prepared(Desk.begin)
        if may:
            do(desk, Desk.confirm)
        else:
            with pytest.raises(DomainError, match="Confirm it after that day"):
                do(desk, Desk.confirm)


@pytest.mark.parametrize(("day", "may"), [(-1, False), (0, True)])
def test_a_week_is_begun_once_it_has_begun(day, may):
    with as_on(MONDAY + timedelta(days=day)):
        desk = Desk()
        if may:
            do(desk, Desk.begin)
        else:
            with pytest.raises(DomainError, match="has not begun"):
                do(desk, Desk.begin)


def test_a_row_that_somebody_else_has_changed_is_not_overwritten():
    with as_on(AFTER):
        desk = prepared(Desk.begin, Desk.save)
        with pytest.raises(weeks.Outdated) as told:
            do(desk, lambda d: weeks.change(d.week(), {d.item.id: (MORE, 1)}, by=d.clerk))
        assert told.value.item_ids == [desk.item.id]
        do(desk, lambda d: weeks.change(d.week(), {d.item.id: (LESS, 1)}, by=d.clerk))  # the same again is no change


def test_another_day_than_a_weeks_first_is_named():
    with as_on(AFTER):
        desk = Desk()
        with pytest.raises(DomainError, match="Did you mean 20 April 2026"):
            do(desk, lambda d: weeks.generate(d.contract, d.level.service_id, MONDAY + timedelta(days=2), by=d.clerk))
