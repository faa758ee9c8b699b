"""Actions: who holds one, until when it is due, who reads it, who is told, and what is refused."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, update

from models.audit import AuditEvent
from models.base import DomainError
from models.calendar import DAY, as_on, today
from models.correspondence import action_verbs as verbs
from models.correspondence.action import About, Action, ActionStatus, Side, pending
from models.correspondence.action_post import MOST_CHARACTERS, ActionNote, ActionPost, see, tidy
from models.correspondence.action_type import ActionTeam, ActionType, CareEvent, Related, offered
from models.outbox import OutboxMessage
from models.payments.purchase_order import PurchaseOrder
from models.permissions import CouncilRole, Role
from models.records.provider import ProviderKind
from tests.action_factories import make_action, make_team, make_type
from tests.care_factories import make_client, make_contract, make_item
from tests.factories import make_provider, make_staff, make_user
from tests.support.rows import every, reading, saved, unit_of_work

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]


@pytest.fixture
def provider():
    return make_provider(name="Sausage Sandwich")


@pytest.fixture
def person(provider):
    return make_user(Role.FINANCE, provider)


@pytest.fixture
def officer():
    return make_staff(CouncilRole.PAYMENTS_OFFICER)


def act(action, verb, *words, tenant="every provider", **given):
    with unit_of_work(tenant) as session:
        verb(session.scalars(Action.numbered(action.id)).one(), *words, **given)


def now(action):
    return every(Action.numbered(action.id))[0]


@pytest.mark.covers("S4-099", "S4-101")
def test_a_comment_leaves_the_action_with_the_team_and_a_reply_passes_it_to_the_provider(provider, person, officer):
    team = make_team(name="Childrens Finance")
    other = make_type(team)
    action = make_action(provider, person, other)
    assert now(action).assigned_to_words == "LA (Childrens Finance)"
    act(action, verbs.comment, "I found the letter", side=Side.PROVIDER, by=person)
    commented = now(action)
    assert commented.assigned_to_words == "LA (Childrens Finance)"
    assert commented.last_post_at > action.opened_at
    act(action, verbs.reply_to_provider, "It is paid on Friday", by=officer)
    replied = now(action)
    assert (replied.assigned_to_words, replied.answered_team_id) == ("Provider", team.id)
    assert replied.last_post_at > commented.last_post_at
    posts = every(ActionPost.of(action.id))
    assert [(each.side, each.by.id, each.assigned_to_words) for each in posts] == [
        (Side.PROVIDER, person.id, "LA (Childrens Finance)"),
        (Side.PROVIDER, person.id, "LA (Childrens Finance)"),
        (Side.COUNCIL, officer.id, "Provider"),
    ]
    assert [each.action for each in every(AuditEvent)] == ["action.opened", "action.comment", "action.reply"]


@pytest.mark.covers("S0-048", "S0-049", "S1-029", "S1-030")
def test_an_action_is_due_in_working_days_and_overdue_from_the_day_after(provider, person):
    with as_on(date(2026, 12, 18)):
        action = make_action(provider, person, make_type(due_days=5))
    assert now(action).due_on == date(2026, 12, 29)
    for day, status, label in ((29, ActionStatus.OPEN, "Action open"), (30, ActionStatus.OVERDUE, "Action overdue")):
        with as_on(date(2026, 12, day)):
            found = now(action)
            assert (found.status, found.status.label) == (status, label)
            overdue = every(select(Action.id).where(Action.is_overdue))
            assert bool(overdue) is (status is ActionStatus.OVERDUE) is found.is_overdue


def test_a_type_without_a_rule_promises_no_day(provider, person):
    assert now(make_action(provider, person, make_type(due_days=None))).due_on is None


@pytest.mark.covers("S0-047", "S1-028", "S1-031")
def test_home_counts_what_is_open_and_red_stands_before_amber(provider, person, officer):
    def label():
        with reading(provider.id):
            return pending().label

    assert label() == "No actions pending"
    first, second = make_action(provider, person), make_action(provider, person)
    make_action()  # somebody else's
    assert label() == "Action open (2)"
    with unit_of_work() as session:
        session.execute(update(Action).where(Action.id == first.id).values(due_on=date(2019, 1, 1)))
    assert label() == "Action overdue"
    act(first, verbs.close, "Paid", by=officer)
    assert label() == "Action open"
    act(second, verbs.reply_to_provider, "Which week?", by=officer)
    with reading(provider.id):
        assert pending().with_provider == 1


@pytest.mark.parametrize(("days", "is_reopened"), [(28, True), (29, False)])
def test_not_solved_reopens_within_28_days_and_the_day_it_was_due_stays(
    provider, person, officer, time_machine, days, is_reopened
):
    time_machine.move_to(datetime(2026, 6, 1, 9, tzinfo=UTC), tick=False)
    action = make_action(provider, person)
    due_on = now(action).due_on
    act(action, verbs.close, "Paid on 4 June", by=officer)
    assert now(action).close_reason == "Paid on 4 June"
    day = date(2026, 6, 1).toordinal() + days
    time_machine.move_to(datetime.combine(date.fromordinal(day), datetime.min.time(), UTC).replace(hour=20), tick=False)
    if not is_reopened:
        with pytest.raises(DomainError, match="more than 28 days ago"):
            act(action, verbs.not_solved, "It is not there", by=person)
        return
    act(action, verbs.not_solved, "It is not there", by=person)
    found = now(action)
    assert (found.is_open, found.due_on, found.close_reason) == (True, due_on, "")
    with as_on(due_on + DAY):
        assert found.is_overdue


def test_closing_needs_a_reason(provider, person, officer):
    action = make_action(provider, person)
    with pytest.raises(DomainError, match="Write something first"):
        act(action, verbs.close, "  ", by=officer)
    assert now(action).is_open


def test_no_query_of_a_provider_finds_an_internal_note(provider, person, officer):
    action = make_action(provider, person)
    act(action, verbs.note, "zebracrossing", by=officer)
    assert [each.text for each in every(ActionNote.of(action.id))] == ["zebracrossing"]
    with reading(provider.id) as session:
        assert session.scalars(select(ActionNote)).all() == []
        assert session.execute(select(ActionNote.text)).all() == []
        assert session.execute(select(Action.id, ActionNote.text).join(ActionNote)).all() == []
    assert not [each for each in every(OutboxMessage) if "zebra" in each.body + each.subject]
    assert now(action).answered_at is None


def test_another_provider_finds_neither_the_action_nor_its_posts(provider, person):
    action = make_action(provider, person)
    with reading(make_provider().id) as session:
        assert session.scalars(Action.numbered(action.id)).all() == []
        assert session.scalars(ActionPost.of(action.id)).all() == []
        assert pending().open == 0


def test_actions_of_money_are_seen_only_with_payments(provider, person):
    contract = make_contract(provider)
    plain = make_action(provider, person)
    money = make_action(provider, person, make_type(is_of_money=True))
    linked = make_action(provider, person, about=About(contract_id=contract.id, payment_first_on=date(2019, 9, 9)))
    with reading(provider.id) as session:
        assert {each.id for each in session.scalars(Action.listed())} == {plain.id, money.id, linked.id}
        assert [each.id for each in session.scalars(Action.listed(of_money=False))] == [plain.id]
        assert session.scalars(Action.numbered(linked.id, of_money=False)).all() == []
        assert (pending().open, pending(of_money=False).open) == (3, 1)


@pytest.mark.covers("S4-087")
def test_only_teams_that_take_the_type_and_answer_this_kind_of_provider_can_be_chosen(provider, person):
    adults = make_team(kinds=[ProviderKind.CARE_HOME.value])
    children = make_team(kinds=[ProviderKind.FOSTER_CARER.value])
    type_ = make_type(adults, children)
    [kind] = every(ActionType.numbered(type_.id))
    assert [team.id for team in kind.teams_for(ProviderKind.FOSTER_CARER)] == [children.id]
    with pytest.raises(DomainError, match=f"Assign it to {children.name}"):
        make_action(provider, person, type_, team=adults)
    action = make_action(provider, person, type_)
    with pytest.raises(DomainError, match="does not answer actions of this type"):
        act(action, verbs.reply_to_council, "Hello", make_team(), by=person)


@pytest.mark.covers("S4-083", "S4-084", "S4-085")
def test_a_type_is_offered_to_its_kinds_of_provider_and_with_money_only_to_who_sees_it(provider, person):
    for_homes = make_type(kinds=[ProviderKind.CARE_HOME.value])
    for_all, of_money, gone = make_type(), make_type(is_of_money=True), make_type(retired_on=today())
    ours = {for_homes.id, for_all.id, of_money.id, gone.id}
    types = [each for each in every(ActionType.by_name()) if each.id in ours]
    for kind, sees, found in (
        (ProviderKind.FOSTER_CARER, True, {for_all.id, of_money.id}),
        (ProviderKind.FOSTER_CARER, False, {for_all.id}),
        (ProviderKind.CARE_HOME, True, {for_homes.id, for_all.id, of_money.id}),
    ):
        assert {each.id for each in offered(types, kind, of_money=sees)} == found
    for type_ in (for_homes, gone):
        [kind] = every(ActionType.numbered(type_.id))
        with pytest.raises(DomainError, match="Choose another type"):
            make_action(provider, person, kind, team=kind.teams[0])


def test_a_client_is_the_providers_own_and_an_event_has_its_day(provider, person):
    death = make_type(related=Related.CLIENT, event=CareEvent.DEATH)
    own = make_item(make_contract(provider)).client_id
    for about, message in (
        (About(), "Choose the client"),
        (About(client_id=make_client().id), "Choose a client of yours"),
        (About(client_id=own), "Enter the day"),
    ):
        with pytest.raises(DomainError, match=message):
            make_action(provider, person, death, about=about)
    action = make_action(provider, person, death, about=About(client_id=own), event_on=date(2019, 9, 4))
    assert (now(action).client_id, now(action).event_days.words()) == (own, "4 September 2019")


def test_a_line_break_and_an_emoji_are_one_character(provider, person):
    assert tidy(" a\r\nb\rc ") == "a\nb\nc"
    whole = "👍" * (MOST_CHARACTERS - 2) + "\r\n" + "x"
    assert len(tidy(whole)) == MOST_CHARACTERS
    with pytest.raises(DomainError, match="7,501 characters"):
        tidy(whole + "x")


def test_who_takes_it_first_has_it_and_another_team_frees_it(provider, person, officer):
    colleague, auditor = make_staff(CouncilRole.BROKERAGE), make_staff(CouncilRole.AUDITOR)
    action, other = make_action(provider, person), make_team()
    act(action, verbs.take, by=officer)
    with pytest.raises(DomainError, match="A colleague has just taken"):
        act(action, verbs.take, by=colleague)
    act(action, verbs.assign, colleague, by=officer)
    assert now(action).assigned_to_id == colleague.id
    with pytest.raises(DomainError, match="cannot answer actions"):
        act(action, verbs.assign, auditor, by=officer)
    [team] = every(ActionTeam.numbered(other.id))
    act(action, verbs.pass_on, team, by=colleague)
    assert (now(action).assigned_to_id, now(action).team_id) == (None, other.id)
    with pytest.raises(DomainError, match="has this action already"):
        act(action, verbs.pass_on, team, by=colleague)


def test_the_first_of_the_other_side_who_opens_it_has_seen_it(provider, person, officer):
    action = make_action(provider, person)
    with unit_of_work(provider.id):
        assert not see(action.id, Side.PROVIDER, by=person)
    colleague = make_staff()
    with unit_of_work():
        assert see(action.id, Side.COUNCIL, by=officer)
        assert not see(action.id, Side.COUNCIL, by=colleague)
    [post] = every(ActionPost.of(action.id))
    assert (post.seen_by_id, post.seen_at is not None) == (officer.id, True)


def test_mail_says_that_something_is_there_and_nothing_that_was_typed(provider, person, officer):
    team = make_team(email="finance@council.example")
    action = make_action(provider, person, make_type(team), title="About Bart", text="Bart has left")
    act(action, verbs.comment, "And more", side=Side.PROVIDER, by=person)
    act(action, verbs.take, by=officer)
    with unit_of_work():
        see(action.id, Side.COUNCIL, by=officer)
    act(action, verbs.comment, "Still more", side=Side.PROVIDER, by=person)
    act(action, verbs.reply_to_provider, "Bart is paid", by=officer, link="https://portal.example/7/actions/1")
    act(action, verbs.comment, "Bart, again", side=Side.COUNCIL, by=officer)
    mails = every(OutboxMessage)
    assert [each.to for each in mails] == ["finance@council.example", officer.email, person.email]
    assert "https://portal.example/7/actions/1" in mails[-1].body
    assert not [each for each in mails if "Bart" in each.body + each.subject]


def test_a_team_that_gets_an_action_is_told_whatever_another_has_not_opened(provider, person, officer):
    first, second = make_team(email="first@council.example"), make_team(email="second@council.example")
    type_ = make_type(first, second)
    act(make_action(provider, person, type_), verbs.reply_to_council, "To you rather", second, by=person)
    act(make_action(provider, person, type_), verbs.pass_on, second, by=officer)
    told = [each.to for each in every(OutboxMessage)]
    assert told == ["first@council.example", "second@council.example"] * 2


def test_the_provider_is_told_of_the_first_answer_of_a_team_that_it_was_passed_to(provider, person, officer):
    second = make_team()
    action = make_action(provider, person)
    act(action, verbs.pass_on, second, by=officer)
    act(action, verbs.reply_to_provider, "Here it is", by=officer)
    assert [each.to for each in every(OutboxMessage)] == [person.email]


def test_where_the_writer_has_left_everybody_who_may_answer_is_told(provider, officer):
    gone = make_user(Role.FINANCE, provider, is_active=False)
    scheduler, viewer = make_user(Role.SCHEDULER, provider), make_user(Role.VIEWER, provider)
    action = make_action(provider, gone)
    act(action, verbs.reply_to_provider, "Here", by=officer)
    told = {each.to for each in every(OutboxMessage)}
    assert scheduler.email in told
    assert not {gone.email, viewer.email} & told


def test_somebody_who_writes_very_often_is_stopped(provider, person, monkeypatch):
    monkeypatch.setattr(verbs, "POSTS_AN_HOUR", 2)
    action = make_action(provider, person)
    act(action, verbs.comment, "One", side=Side.PROVIDER, by=person)
    with pytest.raises(DomainError, match="Try again later"):
        act(action, verbs.comment, "Two", side=Side.PROVIDER, by=person)
    assert len(every(ActionPost.of(action.id))) == 2


def test_a_list_is_searched_and_filtered(provider, person, officer):
    client = make_client(surname="Łukasz", first_name="Zoë")
    make_item(make_contract(provider), client=client)
    first = make_action(provider, person, title="Birthday money", about=About(client_id=client.id))
    second = make_action(provider, person, title="Mileage")
    act(second, verbs.close, "Make a claim", by=officer)
    act(first, verbs.reply_to_provider, "Which year?", by=officer)

    def found(**filters):
        with reading(provider.id) as session:
            return [each.id for each in session.scalars(Action.listed(**filters))]

    assert found() == [first.id]
    assert found(open_only=False) == [first.id, second.id]
    assert found(open_only=False, name="mileage") == [second.id]
    assert found(name="zoe lukasz") == [first.id]
    assert found(holder=Side.COUNCIL) == []
    assert found(holder=Side.PROVIDER) == [first.id]
    assert found(team_ids=[first.team_id]) == [first.id]
    assert found(team_ids=[]) == []


def test_an_action_is_about_the_client_of_what_it_is_linked_with(provider, person):
    contract = make_contract(provider=provider)
    item, other = make_item(contract), make_item(contract)
    with pytest.raises(DomainError, match="care package of somebody else"):
        make_action(provider, person, about=About(client_id=other.client_id, item_id=item.id))
    order = saved(PurchaseOrder(provider_id=provider.id, client_id=item.client_id, financial_year=2019, number=77))
    with pytest.raises(DomainError, match="purchase order of somebody else"):
        make_action(provider, person, about=About(client_id=other.client_id, order_id=order.id))
    make_action(provider, person, about=About(client_id=item.client_id, item_id=item.id, order_id=order.id))
