"""A change of details that a provider asks for, from asking to the feed that brings it."""

from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from models.audit import AuditEvent
from models.base import DomainError
from models.correspondence.detail_change import (
    MOST_WAITING,
    ChangeKind,
    ChangeState,
    DetailChange,
    ask,
    has_arrived,
    held,
)
from models.outbox import OutboxMessage
from models.permissions import CouncilRole, Role
from models.records.provider import Contact, Provider
from tests.factories import make_contact, make_provider, make_staff, make_user
from tests.support.rows import every, reading, saved, unit_of_work

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

DAY = date(2019, 11, 1)


@pytest.fixture
def provider():
    return make_provider(name="Oak House", email="house@example.org", phone="01632 960001")


@pytest.fixture
def contact(provider):
    return make_contact(provider, name="Robin Marsh", position="Manager", email="robin@example.org", phone="1")


@pytest.fixture
def person(provider):
    return make_user(Role.FINANCE, provider)


@pytest.fixture
def officer():
    return make_staff(CouncilRole.PROCUREMENT)


def asked(kind, of, by, **wanted):
    provider_id = of.id if isinstance(of, Provider) else of.provider_id
    with unit_of_work(provider_id):
        before = {} if kind is ChangeKind.NEW_CONTACT else held(of)
        return ask(kind, of, before | wanted, wanted_on=DAY, note="Since we moved", by=by)


def act(change, verb, **given):
    with unit_of_work() as session:
        verb(session.scalars(DetailChange.numbered(change.id)).one(), **given)


def now(change):
    return every(DetailChange.numbered(change.id))[0]


def arrived(change):
    with reading() as session:
        return has_arrived(session.scalars(DetailChange.numbered(change.id)).one())


@pytest.mark.covers("S0-043", "S1-047")
def test_what_is_asked_for_is_kept_field_by_field_and_nothing_else_changes(provider, person):
    change = now(asked(ChangeKind.ORGANISATION, provider, person, phone="01632 960002", email=""))
    assert change.before == {"phone": "01632 960001", "email": "house@example.org"}
    assert change.after == {"phone": "01632 960002", "email": ""}
    assert change.fields == [("E-mail", "house@example.org", ""), ("Telephone", "01632 960001", "01632 960002")]
    assert (change.state, change.wanted_on, change.note, change.asked_by.id) == (
        ChangeState.WAITING, DAY, "Since we moved", person.id,
    )  # fmt: skip
    [kept] = every(select(Provider).where(Provider.id == provider.id))
    assert (kept.phone, kept.email) == ("01632 960001", "house@example.org")
    assert [event.action for event in every(AuditEvent)] == ["detail_change.asked"]


def test_each_kind_says_whom_it_is_about(provider, contact, person):
    changed = now(asked(ChangeKind.CONTACT, contact, person, is_correspondence=True))
    assert (changed.about, changed.before, changed.after) == (
        "Robin Marsh", {"is_correspondence": False}, {"is_correspondence": True},
    )  # fmt: skip
    new = now(asked(ChangeKind.NEW_CONTACT, provider, person, name="Sam Hill", email="sam@example.org", phone=""))
    assert (new.about, new.before, new.after) == ("Sam Hill", {}, {"name": "Sam Hill", "email": "sam@example.org"})
    leaver = now(asked(ChangeKind.CONTACT_LEAVES, contact, person))
    assert (leaver.about, leaver.after) == ("Robin Marsh", {})
    assert leaver.before == {"name": "Robin Marsh", "position": "Manager", "email": "robin@example.org", "phone": "1"}


def test_what_changes_nothing_is_refused_in_words(provider, contact, person):
    for kind, of in ((ChangeKind.ORGANISATION, provider), (ChangeKind.CONTACT, contact)):
        with pytest.raises(DomainError, match="This is what we hold already"):
            asked(kind, of, person)
    with pytest.raises(DomainError, match="This is what we hold already"):
        asked(ChangeKind.NEW_CONTACT, provider, person, name="", email="")


def test_the_same_is_not_asked_for_twice_while_it_waits(contact, person, officer):
    change = asked(ChangeKind.CONTACT, contact, person, phone="2")
    asked(ChangeKind.CONTACT, contact, person, phone="3")
    with pytest.raises(DomainError, match="You have asked for this already"):
        asked(ChangeKind.CONTACT, contact, person, phone="2")
    act(change, DetailChange.do, by=officer)
    asked(ChangeKind.CONTACT, contact, person, phone="2")


def test_twenty_wait_at_a_provider_and_a_withdrawn_one_makes_room(contact, person, officer):
    first, *_ = [asked(ChangeKind.CONTACT, contact, person, phone=str(number)) for number in range(2, 2 + MOST_WAITING)]
    elsewhere = make_contact(make_provider())
    asked(ChangeKind.CONTACT, elsewhere, person, phone="2")
    with pytest.raises(DomainError, match="20 requests of yours wait for the council already"):
        asked(ChangeKind.CONTACT, contact, person, phone="30")
    act(first, DetailChange.withdraw, by=person)
    asked(ChangeKind.CONTACT, contact, person, phone="30")


def test_the_mail_names_the_day_in_london_on_which_it_was_asked_for(contact, person, officer, time_machine):
    time_machine.move_to("2026-06-30T23:30:00+00:00", tick=False)
    change = asked(ChangeKind.CONTACT, contact, person, phone="2")
    act(change, DetailChange.do, by=officer)
    [mail] = every(OutboxMessage)
    assert "the change that you asked for on 1 July 2026 has been done" in mail.body


def test_the_council_does_it_and_who_asked_is_told_without_a_word_of_what(provider, contact, person, officer):
    change = asked(ChangeKind.CONTACT, contact, person, phone="2")
    act(change, DetailChange.do, by=officer)
    done = now(change)
    assert (done.state, done.decided_by_id) == (ChangeState.DONE, officer.id)
    [mail] = every(OutboxMessage)
    assert (mail.to, mail.subject) == (person.email, "The change that you asked for has been done")
    assert "Robin" not in mail.body
    assert every(AuditEvent)[-1].action == "detail_change.done"


def test_a_refusal_says_why(provider, person, officer):
    change = asked(ChangeKind.ORGANISATION, provider, person, phone="2")
    with pytest.raises(DomainError, match="Say why"):
        act(change, DetailChange.refuse, by=officer, reason=" ")
    act(change, DetailChange.refuse, by=officer, reason="This is your old number")
    assert (now(change).state, now(change).reason) == (ChangeState.REFUSED, "This is your old number")
    assert [mail.subject for mail in every(OutboxMessage)] == ["The change that you asked for has been refused"]


def test_the_provider_may_withdraw_it_while_it_waits(provider, person, officer):
    change = asked(ChangeKind.ORGANISATION, provider, person, phone="2")
    act(change, DetailChange.withdraw, by=person)
    assert (now(change).state, now(change).decided_by_id) == (ChangeState.WITHDRAWN, person.id)
    assert not every(OutboxMessage)


@pytest.mark.parametrize("first", [DetailChange.do, DetailChange.withdraw])
def test_what_is_settled_stays_as_it_is(provider, person, officer, first):
    change = asked(ChangeKind.ORGANISATION, provider, person, phone="2")
    act(change, first, by=person)
    state = now(change).state
    for verb, given in ((DetailChange.do, {}), (DetailChange.refuse, {"reason": "No"}), (DetailChange.withdraw, {})):
        with pytest.raises(DomainError, match="answered or withdrawn already"):
            act(change, verb, by=officer, **given)
    assert now(change).state is state


def test_whether_the_feed_has_brought_it(provider, contact, person):
    details = asked(ChangeKind.ORGANISATION, provider, person, phone="2")
    of_contact = asked(ChangeKind.CONTACT, contact, person, email="")
    new = asked(ChangeKind.NEW_CONTACT, provider, person, name="Sam Hill", email="sam@example.org")
    leaver = asked(ChangeKind.CONTACT_LEAVES, contact, person)
    assert [arrived(each) for each in (details, of_contact, new, leaver)] == [False, False, False, False]
    with unit_of_work() as session:
        session.execute(update(Provider).where(Provider.id == provider.id).values(phone="2"))
        session.execute(update(Contact).where(Contact.id == contact.id).values(email=""))
    make_contact(make_provider(), name="Sam Hill", email="sam@example.org")
    assert [arrived(each) for each in (details, of_contact, new)] == [True, True, False]
    make_contact(provider, name="Sam Hill", email="sam@example.org", ends_on=date(2019, 1, 1))
    assert not arrived(new)
    make_contact(provider, name="Sam Hill", email="sam@example.org")
    assert arrived(new)
    with unit_of_work() as session:
        session.execute(update(Contact).where(Contact.id == contact.id).values(ends_on=date(2030, 1, 1)))
    assert arrived(leaver)


def test_the_councils_list_is_the_oldest_first_and_can_be_narrowed(provider, person, officer):
    other = make_provider(name="Elm 100% House")
    first = asked(ChangeKind.ORGANISATION, provider, person, phone="2")
    second = asked(ChangeKind.ORGANISATION, other, make_user(Role.FINANCE, other), phone="2")
    act(second, DetailChange.do, by=officer)

    def listed(**given):
        return [change.id for change in every(DetailChange.listed(**given))]

    assert listed() == [first.id, second.id]
    assert listed(state=ChangeState.WAITING) == [first.id]
    assert listed(name="100%") == [second.id]
    assert listed(name=provider.reference) == [first.id]
    assert listed(name="0_") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": ChangeState.DONE},
        {"decided_at": sa.func.current_timestamp()},
        {"reason": "Why"},
        {"kind": ChangeKind.CONTACT},
    ],
)
def test_the_database_holds_state_and_columns_together(provider, person, wrong):
    change = asked(ChangeKind.ORGANISATION, provider, person, phone="2")

    def spoil():
        with unit_of_work() as session:
            session.execute(update(DetailChange).where(DetailChange.id == change.id).values(**wrong))

    with pytest.raises(IntegrityError):
        spoil()


def test_a_change_cannot_be_of_another_providers_contact(provider, contact, person):
    elsewhere = make_provider()
    wrong = DetailChange(provider_id=elsewhere.id, contact_id=contact.id, kind=ChangeKind.CONTACT_LEAVES, before={},
                         after={}, wanted_on=DAY, asked_by_id=person.id)  # fmt: skip
    with pytest.raises(IntegrityError):
        saved(wrong)
