"""Reminders of documents and actions that wait, and of what is overdue: to whom, when, and once."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from models.accounts import notification
from models.accounts.notification import News, WaitingNews, When
from models.correspondence import action_verbs as verbs
from models.correspondence import chasing
from models.correspondence.action import About, Action, Side
from models.correspondence.chasing import Reminded, TalkReminder, remind, to_remind, waits_so_long
from models.correspondence.document import ContractDocument, DocumentKind, DocumentState
from models.outbox import OutboxMessage
from models.permissions import CouncilRole, Role
from tests.action_factories import make_action, make_team, make_type
from tests.care_factories import make_client, make_contract, make_item
from tests.factories import make_provider, make_staff, make_user
from tests.support.rows import every, reading, saved, unit_of_work

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
TITLE, TEXT = "quetzalcoatlus", "archaeopteryx"
"""What somebody typed, and no mail says."""


@pytest.fixture
def provider():
    return make_provider(name="Rowan Lodge")


def at(day):
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def set_at(action, **values):
    with unit_of_work() as session:
        row = session.get_one(Action, action.id)
        for name, value in values.items():
            setattr(row, name, value)


def round_of(days=5):
    """What the worker does once a day, and the addresses that were written to."""
    before = len(every(OutboxMessage))
    with reading():
        waiting = to_remind(days)
    told = []
    for kind, id_ in waiting:
        with unit_of_work():
            told.append((kind, remind(kind, id_, days)))
    return told, [mail.to for mail in every(OutboxMessage)[before:]]


def published(provider, on, **given):
    clerk = make_staff(CouncilRole.SERVICE_AGREEMENTS)
    n = len(every(ContractDocument))
    usual = {
        "kind": DocumentKind.OTHER, "title": TITLE, "series": f"upload:{n}", "version": 1, "sha256": "0" * 64,
        "file_sha256": "0" * 64, "file_name": "a.pdf", "made_by_id": clerk.id, "published_at": at(on),
        "published_by_id": clerk.id, "state": DocumentState.PUBLISHED, "updated_at": at(on),
    }  # fmt: skip
    return saved(ContractDocument(provider_id=provider.id, **usual | given))


def held_by_provider(provider, person, on):
    action = make_action(provider, person, title=TITLE, text=TEXT)
    officer = make_staff(CouncilRole.PAYMENTS_OFFICER)
    with unit_of_work() as session:
        verbs.reply_to_provider(session.scalars(Action.numbered(action.id)).one(), TEXT, by=officer)
        session.execute(OutboxMessage.__table__.delete())
    set_at(action, last_post_at=at(on))
    return action


def test_so_many_working_days_go_over_a_weekend(set_today):
    set_today(date(2026, 6, 15))  # a Monday
    assert waits_so_long(1) == datetime(2026, 6, 14, 23, tzinfo=UTC)  # all of Sunday counts
    assert waits_so_long(5) == datetime(2026, 6, 8, 23, tzinfo=UTC)


@pytest.mark.parametrize(("on", "is_told"), [(date(2026, 6, 8), True), (date(2026, 6, 9), False)])
def test_a_document_is_told_of_once_after_five_working_days(provider, set_today, on, is_told):
    set_today(date(2026, 6, 15))
    signatory = make_user(Role.SIGNATORY, provider)
    published(provider, on)
    told, to = round_of()
    assert (told, to) == (([(Reminded.DOCUMENT, True)], [signatory.email]) if is_told else ([], []))
    assert round_of() == ([], [])


def test_what_was_chased_by_hand_or_is_a_deed_or_agreed_is_not_told_of(provider, set_today):
    set_today(date(2026, 6, 15))
    make_user(Role.SIGNATORY, provider)
    long_ago = date(2026, 5, 1)
    published(provider, long_ago, chased_at=at(date(2026, 6, 9)))
    published(provider, long_ago, is_deed=True)
    published(provider, long_ago, state=DocumentState.WITHDRAWN, decided_at=at(long_ago), reason="Wrong")
    assert round_of() == ([], [])
    published(provider, long_ago, chased_at=at(date(2026, 6, 8)))
    assert round_of()[0] == [(Reminded.DOCUMENT, True)]


def test_where_nobody_may_agree_nothing_is_kept_and_the_next_who_may_is_told(provider, set_today):
    set_today(date(2026, 6, 15))
    published(provider, date(2026, 6, 1))
    assert round_of() == ([(Reminded.DOCUMENT, False)], [])
    assert not every(TalkReminder)
    signatory = make_user(Role.SIGNATORY, provider)
    assert round_of()[1] == [signatory.email]


@pytest.mark.parametrize(("on", "is_told"), [(date(2026, 6, 8), True), (date(2026, 6, 9), False)])
def test_an_action_with_the_provider_is_told_of_to_who_wrote_in_it(provider, set_today, on, is_told):
    set_today(date(2026, 6, 15))
    person = make_user(Role.FINANCE, provider)
    make_user(Role.ADMINISTRATOR, provider)
    action = held_by_provider(provider, person, on)
    told, to = round_of()
    assert to == ([person.email] if is_told else [])
    if is_told:
        [mail] = every(OutboxMessage)
        assert mail.subject == "1 action waits for your reply"
        assert f"1 action of Rowan Lodge waits for your reply on the Provider Portal: {action.id}." in mail.body
        assert f"/providers/{provider.id}/actions/" in mail.body
    assert round_of() == ([], [])


def test_it_is_told_of_again_once_somebody_has_written_and_it_waits_anew(provider, set_today):
    set_today(date(2026, 6, 15))
    person = make_user(Role.FINANCE, provider)
    action = held_by_provider(provider, person, date(2026, 6, 1))
    assert round_of()[1] == [person.email]
    set_at(action, last_post_at=at(date(2026, 6, 3)))
    assert round_of()[1] == [person.email]


def test_several_actions_are_one_letter(provider, set_today):
    set_today(date(2026, 6, 15))
    person = make_user(Role.FINANCE, provider)
    numbers = [held_by_provider(provider, person, date(2026, 6, 1)).id for _ in range(2)]
    assert round_of()[1] == [person.email]
    [mail] = every(OutboxMessage)
    assert (
        f"2 actions of Rowan Lodge wait for your reply on the Provider Portal: {numbers[0]}, {numbers[1]}" in mail.body
    )


def test_what_is_closed_or_with_the_council_is_not_told_of_to_the_provider(provider, set_today):
    set_today(date(2026, 6, 15))
    person = make_user(Role.FINANCE, provider)
    closed, helper = held_by_provider(provider, person, date(2026, 6, 1)), make_staff(CouncilRole.HELP_DESK)
    with unit_of_work() as session:
        verbs.close(session.scalars(Action.numbered(closed.id)).one(), "Done", by=helper)
    set_at(closed, last_post_at=at(date(2026, 6, 1)))
    ours = make_action(provider, person)
    set_at(ours, last_post_at=at(date(2026, 6, 1)))
    assert [told for told in round_of()[0] if told[0] is not Reminded.OVERDUE] == []


@pytest.mark.parametrize(("due_on", "is_told"), [(date(2026, 6, 14), True), (date(2026, 6, 15), False)])
def test_an_overdue_action_is_told_of_to_the_teams_mailbox(provider, set_today, due_on, is_told):
    set_today(date(2026, 6, 15))
    team = make_team(name="Fostering Finance", email="desk@council.example")
    action = make_action(provider, type_=make_type(team), title=TITLE, text=TEXT)
    before = len(every(OutboxMessage))
    set_at(action, due_on=due_on)
    assert round_of() == (([(Reminded.OVERDUE, True)], ["desk@council.example"]) if is_told else ([], []))
    for mail in every(OutboxMessage)[before:]:
        assert mail.subject == "1 action is overdue with Fostering Finance"
        assert f"- action {action.id} of Rowan Lodge, due on 14 June 2026" in mail.body
    assert round_of() == ([], [])


def test_of_what_is_taken_whoever_has_it_is_told_and_of_what_the_provider_holds_nobody(provider, set_today):
    set_today(date(2026, 6, 15))
    team, olga = make_team(email="desk@council.example"), make_staff(CouncilRole.PAYMENTS_OFFICER)
    type_ = make_type(team)
    taken, theirs = make_action(provider, type_=type_), make_action(provider, type_=type_)
    set_at(taken, due_on=date(2026, 6, 1), assigned_to_id=olga.id)
    set_at(theirs, due_on=date(2026, 6, 1), holder=Side.PROVIDER)
    assert round_of()[1] == [olga.email]


def test_a_team_without_a_mailbox_is_not_told_and_nothing_is_kept(provider, set_today):
    set_today(date(2026, 6, 15))
    action = make_action(provider, type_=make_type(make_team()))
    set_at(action, due_on=date(2026, 6, 1))
    assert round_of() == ([(Reminded.OVERDUE, False)], [])
    assert not every(TalkReminder)


def test_reminders_come_as_each_has_chosen(provider, set_today, usual_digests):
    set_today(date(2026, 6, 15))
    daily, never = make_user(Role.SIGNATORY, provider), make_user(Role.SIGNATORY, provider)
    for user, when in ((daily, When.DAILY), (never, When.OFF)):
        with unit_of_work():
            notification.choose(user, {News.DOCUMENT: when})
    published(provider, date(2026, 6, 1))
    assert round_of() == ([(Reminded.DOCUMENT, True)], [])
    [line] = every(WaitingNews)
    assert (line.user_id, line.news) == (daily.id, News.DOCUMENT)


@pytest.fixture
def usual_digests(monkeypatch):
    monkeypatch.setattr(notification, "are_digests_sent", lambda: True)


def test_no_mail_names_a_client_or_says_what_was_typed(provider, set_today):
    set_today(date(2026, 6, 15))
    person = make_user(Role.ADMINISTRATOR, provider)
    item = make_item(make_contract(provider=provider), client=make_client(surname="Pterodactylus"))
    team = make_team(email="desk@council.example")
    about = make_action(
        provider, person, make_type(team), title=TITLE, text=TEXT, about=About(client_id=item.client_id)
    )
    set_at(about, due_on=date(2026, 6, 1))
    held_by_provider(provider, person, date(2026, 6, 1))
    published(provider, date(2026, 6, 1))
    kinds = {kind for kind, _ in round_of()[0]}
    assert kinds == set(Reminded)
    said = " ".join(f"{mail.subject} {mail.body}" for mail in every(OutboxMessage))
    assert not [word for word in (TITLE, TEXT, "Pterodactylus") if word in said]


def test_two_workers_at_once_tell_once(provider, set_today):
    set_today(date(2026, 6, 15))
    signatory = make_user(Role.SIGNATORY, provider)
    published(provider, date(2026, 6, 1))
    with reading():
        [(kind, id_)] = to_remind(5)
    for _ in range(2):  # both had read the same list
        with unit_of_work():
            chasing.remind(kind, id_, 5)
    assert [mail.to for mail in every(select(OutboxMessage))] == [signatory.email]
