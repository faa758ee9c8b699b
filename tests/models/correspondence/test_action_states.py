"""What becomes of an action: every cell of the table in docs/action-states.md."""

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from models.base import DomainError, utc_now
from models.correspondence import action_verbs as verbs
from models.correspondence.action import Action, Side
from models.correspondence.action_post import ActionNote, ActionPost
from models.correspondence.action_type import ActionTeam
from models.correspondence.asked_about import Asked
from models.permissions import CouncilRole, Role
from tests.action_factories import make_action, make_team, make_type
from tests.factories import make_provider, make_staff, make_user
from tests.support.rows import every, unit_of_work

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

EVENTS = {
    "provider comments": lambda a, w: verbs.comment(a, "More", side=Side.PROVIDER, by=w["person"]),
    "provider replies": lambda a, w: verbs.reply_to_council(a, "More", a.team, by=w["person"]),
    "provider asks to close": lambda a, w: verbs.ask_closure(a, "All is well", by=w["person"]),
    "provider: not solved": lambda a, w: verbs.not_solved(a, "No", by=w["person"]),
    "council comments": lambda a, w: verbs.comment(a, "We look", side=Side.COUNCIL, by=w["officer"]),
    "council replies": lambda a, w: verbs.reply_to_provider(a, "Here", by=w["officer"]),
    "council passes it on": lambda a, w: verbs.pass_on(a, w["other"], by=w["officer"]),
    "council takes it": lambda a, w: verbs.take(a, by=w["officer"]),
    "council assigns it": lambda a, w: verbs.assign(a, w["officer"], by=w["officer"]),
    "council closes": lambda a, w: verbs.close(a, "Paid on 4 October", by=w["officer"]),
    "council reopens": lambda a, w: verbs.reopen(a, "There is more", by=w["officer"]),
    "internal note": lambda a, w: verbs.note(a, "Ring them", by=w["officer"]),
}
SILENT = {"council takes it", "council assigns it", "internal note"}
"""What writes no post."""
REACHED_BY = {
    "with the council": [],
    "with the provider": ["council replies"],
    "closing asked": ["provider asks to close"],
    "closed": ["council closes"],
    "long closed": ["council closes"],
}


def table(repository):
    """State, event and what the table says, cell by cell."""
    text = (repository / "docs" / "action-states.md").read_text("utf-8")
    head, _, *rows = re.search(r"(?:^\|.*\n)+", text, re.M)[0].splitlines()
    events = [cell.strip() for cell in head.strip("|").split("|")][1:]
    for row in rows:
        state, *cells = (cell.strip() for cell in row.strip("|").split("|"))
        yield state.strip("*"), dict(zip(events, cells, strict=True))


def state_of(action):
    if action.closed_at is not None:
        return "closed" if action.may_be_reopened_by_provider() else "long closed"
    if action.closure_asked_at is not None:
        return "closing asked"
    return "with the provider" if action.holder is Side.PROVIDER else "with the council"


def do(action, event, world):
    with unit_of_work() as session:
        loaded = session.scalars(Action.numbered(action.id)).one()
        world = world | {"other": session.scalars(select(ActionTeam).where(ActionTeam.id == world["other_id"])).one()}
        EVENTS[event](loaded, world)


def seen(action):
    [found] = every(Action.numbered(action.id))
    kept = {
        column.key: getattr(found, column.key) for column in Action.__table__.columns if column.key != "folded_title"
    }
    return state_of(found), kept, len(every(ActionPost.of(action.id))), len(every(ActionNote.of(action.id)))


def test_the_table_knows_every_state_and_event(repository):
    cells = dict(table(repository))
    assert list(cells) == list(REACHED_BY)
    assert all(list(row) == list(EVENTS) for row in cells.values())


@pytest.mark.covers("S4-103", "S4-104", "S4-105", "S4-106")
@pytest.mark.parametrize("state", REACHED_BY)
def test_each_event_does_to_an_action_just_what_the_table_says(repository, state):
    provider = make_provider()
    type_, other = make_type(), make_team()
    person = make_user(Role.FINANCE, provider)
    world = {"person": person, "officer": make_staff(CouncilRole.PAYMENTS_OFFICER), "other_id": other.id}
    for event, cell in dict(table(repository))[state].items():
        action = make_action(provider, person, type_)
        for step in REACHED_BY[state]:
            do(action, step, world)
        if state == "long closed":
            with unit_of_work() as session:
                session.execute(
                    update(Action).where(Action.id == action.id).values(closed_at=utc_now() - timedelta(days=30))
                )
        before = seen(action)
        assert before[0] == state
        if cell == "refused":
            with pytest.raises(DomainError):
                do(action, event, world)
            assert seen(action) == before, event
        else:
            do(action, event, world)
            after = seen(action)
            assert after[0] == (state if cell == "=" else cell), event
            assert after[2] - before[2] == (event not in SILENT), event
            assert after[3] - before[3] == (event == "internal note"), event


def test_whoever_begins_it_the_day_on_which_it_is_due_is_counted_alike_and_goes_on(repository, set_today):
    """The states in which an action begins are those that the page names."""
    set_today(date(2026, 12, 18))
    provider = make_provider()
    type_ = make_type(due_days=5)
    raised = make_action(provider, make_user(Role.FINANCE, provider), type_)
    officer = make_staff()
    with unit_of_work() as session:
        asked = verbs.ask_provider(Asked(title="Why so dear?"), provider, text="Why?", by=officer)
        session.flush()
    begun = {state_of(each): each for each in every(select(Action).order_by(Action.id))}
    assert list(begun) == ["with the council", "with the provider"]
    assert [each.id for each in begun.values()] == [raised.id, asked.id]
    text = (repository / "docs" / "action-states.md").read_text("utf-8")
    told = re.search(r"An action begins in one of two states:\n\n((?:\|.*\n)+)", text)[1].splitlines()[2:]
    assert [line.split("|")[2].strip() for line in told] == list(begun)
    assert {each.due_on for each in begun.values()} == {date(2026, 12, 29)}
    set_today(date(2026, 12, 29))
    assert not any(each.is_overdue for each in begun.values())
    set_today(date(2026, 12, 30))
    assert all(each.is_overdue for each in begun.values())
