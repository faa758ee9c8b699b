"""The council's inboxes: who reads which action, what each list holds, several at once, and how soon a team answers."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, update

from models.base import DomainError
from models.calendar import as_on
from models.correspondence import action_verbs as verbs
from models.correspondence import kept_reply
from models.correspondence.action import About, Action, Side
from models.correspondence.action_desk import (
    Box,
    Desk,
    Show,
    close_each,
    colleagues,
    due_words,
    first_answers,
    give,
    give_each,
    take_each,
)  # fmt: skip
from models.correspondence.action_type import ActionTeam
from models.correspondence.kept_reply import KeptReply
from models.permissions import CouncilRole, Role
from models.waiting import ask
from tests.action_factories import make_action, make_team, make_type
from tests.care_factories import make_client, make_contract, make_item
from tests.factories import make_membership, make_provider, make_staff, make_user
from tests.support.rows import every, reading, unit_of_work

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

OFFICER, BROKER = CouncilRole.PAYMENTS_OFFICER, CouncilRole.BROKERAGE


def desk_of(person):
    role = {"role": person.staff.role} if person.staff else {}
    with reading() as session:
        return Desk(person, role["role"], session.scalars(ActionTeam.by_name()).all())


def staff(role, **given):
    """Somebody of the council, with their role loaded as a request has it."""
    from models.accounts.user import User

    person = make_staff(role, **given)
    return every(User.active_with_places(person.id))[0]


def listed(person, **chosen):
    return [each.id for each in every(desk_of(person).listed(**chosen))]


@pytest.fixture
def provider():
    return make_provider(name="Sausage Sandwich")


@pytest.fixture
def member(provider):
    return make_user(Role.FINANCE, provider)


def of_client(provider, member, **given):
    client = make_client()
    make_item(make_contract(provider), client=client)
    return make_action(provider, member, about=About(client_id=client.id), **given)


def test_the_inboxes_are_mine_my_teams_and_all(provider, member):
    officer, broker = staff(OFFICER), staff(BROKER)
    pay, buy = make_type(make_team(OFFICER)), make_type(make_team(BROKER))
    first, second = make_action(provider, member, pay), make_action(provider, member, buy)
    act(first, verbs.take, by=officer)
    assert listed(officer, box=Box.TEAM) == [first.id] == listed(officer, box=Box.MINE)
    assert listed(broker, box=Box.TEAM) == [second.id]
    assert listed(broker, box=Box.MINE) == []
    assert set(listed(officer)) == {first.id, second.id} == set(listed(broker))
    assert listed(officer, team_id=second.team_id) == [second.id]
    assert listed(officer, type_id=pay.id) == [first.id]
    assert len(listed(officer, provider="sausage")) == 2
    assert not listed(officer, provider="rowan")


def test_overdue_ones_stand_first_and_each_kind_has_a_list(provider, member):
    officer, team = staff(OFFICER), make_team(OFFICER)
    kind, without = make_type(team, due_days=5), make_type(team, due_days=None)
    with as_on(date(2026, 6, 8)):
        none, late, soon = (make_action(provider, member, each) for each in (without, kind, kind))
    with unit_of_work() as session:
        session.execute(update(Action).where(Action.id == late.id).values(due_on=date(2026, 6, 5)))
    with as_on(date(2026, 6, 8)):
        assert listed(officer) == [late.id, soon.id, none.id]
        assert listed(officer, show=Show.OVERDUE) == [late.id]
        act(soon, verbs.reply_to_provider, "Which week?", by=officer)
        act(none, verbs.ask_closure, "", by=member)
        act(late, verbs.take, by=officer)
        assert listed(officer, show=Show.WITH_PROVIDER) == [soon.id]
        assert listed(officer, show=Show.CLOSING) == [none.id] == listed(officer, show=Show.FREE)
        act(late, verbs.close, "Paid", by=officer)
        assert listed(officer, show=Show.CLOSED) == [late.id]
        assert listed(officer) == [none.id]
        assert len(listed(officer, show=Show.OPEN)) == 2
        assert len(listed(officer, show=Show.ANY)) == 3


def test_who_sees_no_clients_reads_only_what_their_team_has_of_them(provider, member):
    broker, help_desk, officer = staff(BROKER), staff(CouncilRole.HELP_DESK), staff(OFFICER)
    ours, theirs = make_type(make_team(BROKER)), make_type(make_team(OFFICER))
    own, other = of_client(provider, member, type_=ours), of_client(provider, member, type_=theirs)
    money = make_action(provider, member, make_type(make_team(OFFICER), is_of_money=True))
    plain = make_action(provider, member, theirs)
    assert set(listed(broker)) == {own.id, plain.id}
    assert set(listed(help_desk)) == {plain.id}
    assert set(listed(officer)) == {own.id, other.id, money.id, plain.id}
    assert not every(desk_of(help_desk).numbered(own.id))
    assert not every(desk_of(help_desk).chosen([own.id, money.id]))
    act(own, verbs.assign, help_desk, by=broker)
    assert every(desk_of(help_desk).numbered(own.id))


def test_the_colleagues_of_a_team_may_be_given_what_it_has(provider, member):
    team = make_team(OFFICER, CouncilRole.AUDITOR)
    ada, gone, auditor = staff(OFFICER, name="Ada"), staff(OFFICER), staff(CouncilRole.AUDITOR)
    with unit_of_work() as session:
        session.merge(gone).is_active = False
    with reading():
        assert [each.id for each in colleagues(team)] == [ada.id]
    action = make_action(provider, member, make_type(team))
    with pytest.raises(DomainError, match="cannot answer actions"):
        act(action, give, auditor, by=ada)
    make_membership(ada, provider, Role.CARER)
    with pytest.raises(DomainError, match="Ada has or had a place at this provider"):
        act(action, give, ada, by=auditor)


def test_of_several_those_that_refuse_are_left_and_said(provider, member):
    officer, colleague, team = staff(OFFICER), staff(OFFICER), make_team(OFFICER)
    kind, other = make_type(team), make_provider()
    actions = [make_action(provider, member, kind) for _ in range(3)]
    make_membership(officer, other, Role.CARER)
    own = make_action(other, make_user(Role.FINANCE, other), kind)
    act(actions[0], verbs.take, by=colleague)
    act(actions[1], verbs.close, "Paid", by=colleague)
    ids = [*(each.id for each in actions), own.id]

    def several(do, *words, **given):
        with unit_of_work() as session:
            return do(session.scalars(desk_of(officer).chosen(ids)).all(), *words, by=officer, **given)

    refused = several(take_each)
    assert set(refused) == {actions[0].id, actions[1].id, own.id}
    assert "A colleague has just taken this" in refused[actions[0].id]
    assert now(actions[2]).assigned_to_id == officer.id
    assert set(several(give_each, colleague)) == {actions[1].id, own.id}
    assert set(several(close_each, "Settled")) == {actions[1].id, own.id}
    assert now(actions[0]).close_reason == "Settled"
    assert now(own).is_open


def test_how_soon_a_team_answers_is_the_median_of_its_first_answers(provider, member, time_machine):
    officer, team = staff(OFFICER), make_team(name="Payments")
    kind = make_type(team)
    for opened, answered in ((1, 1), (1, 3), (5, 8)):  # 5 June is a Friday: Monday is the next working day
        time_machine.move_to(datetime(2026, 6, opened, 9, tzinfo=UTC), tick=False)
        action = make_action(provider, member, kind)
        act(action, verbs.comment, "More", side=Side.PROVIDER, by=member)
        time_machine.move_to(datetime(2026, 6, answered, 15, tzinfo=UTC), tick=False)
        act(action, verbs.reply_to_provider, "Paid", by=officer)
        act(action, verbs.close, "Paid", by=officer)
    make_action(provider, member, kind)
    with reading(None):
        assert [(each.team, each.count, each.days) for each in first_answers()] == [("Payments", 3, 1)]
    time_machine.move_to(datetime(2026, 9, 2, 14, tzinfo=UTC), tick=False)
    with reading(None):
        assert [each.count for each in first_answers()] == [2]


@pytest.mark.parametrize(("on", "words"), [
    (date(2026, 12, 29), "today"), (date(2026, 12, 24), "in 1 working day"), (date(2026, 12, 18), "in 5 working days"),
    (date(2026, 12, 30), "1 working day late"), (date(2027, 1, 4), "3 working days late"),
])  # fmt: skip
def test_how_far_off_a_day_is_is_said_in_working_days(on, words):
    with as_on(on), reading():
        assert due_words(date(2026, 12, 29)) == words


def test_a_queue_counts_what_the_team_has_to_do(provider, member):
    from models.correspondence.action_desk import queue_of, waiting

    officer, team = staff(OFFICER), make_team(OFFICER)
    first, second = (make_action(provider, member, make_type(team)) for _ in range(2))
    make_action(provider, member)
    act(second, verbs.reply_to_provider, "Which week?", by=officer)
    with reading():
        found = ask(waiting())[queue_of(team.id)]
    assert (found.count, found.since) == (1, now(first).opened_at.date())


def test_kept_texts_have_names_of_their_own_and_the_second_who_changes_one_is_told(provider):
    officer = staff(OFFICER)
    with unit_of_work():
        kept = kept_reply.add("Paid", " Paid with the next run. ", by=officer)
        kept_reply.add("Asked", "Which week?", by=officer)
    assert [(each.name, each.text) for each in every(KeptReply.by_name())] == [
        ("Asked", "Which week?"), ("Paid", "Paid with the next run."),
    ]  # fmt: skip
    seen = kept.changed_at
    with unit_of_work(), pytest.raises(DomainError, match="called Paid already"):
        kept_reply.add("Paid", "Again", by=officer)
    change(kept, kept_reply.change, "Paid", "Paid on Friday.", by=officer, seen=seen)
    with pytest.raises(DomainError, match="just changed or removed"):
        change(kept, kept_reply.change, "Paid", "No", by=officer, seen=seen)
    with pytest.raises(DomainError, match="called Asked already"):
        change(kept, kept_reply.change, "Asked", "No", by=officer, seen=every(KeptReply)[0].changed_at)
    change(kept, kept_reply.remove, by=officer)
    assert every(select(KeptReply.name)) == ["Asked"]
    with reading(provider.id) as session:
        assert not session.scalars(select(KeptReply)).all()


def change(kept, verb, *words, **given):
    with unit_of_work() as session:
        verb(session.scalars(KeptReply.numbered(kept.id)).one(), *words, **given)


def act(action, verb, *words, **given):
    with unit_of_work() as session:
        verb(session.scalars(Action.numbered(action.id)).one(), *words, **given)


def now(action):
    return every(Action.numbered(action.id))[0]
