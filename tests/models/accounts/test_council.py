"""Accounts as the council looks after them: whose, by whom, and what follows at once."""

import threading

import pytest
from sqlalchemy import select

from models.accounts import council, directory
from models.accounts.directory import State
from models.accounts.login import FAILURES_PER_ACCOUNT, LoginFailure, account_hash
from models.accounts.passwords import matches
from models.accounts.pending_login import PendingLogin, Purpose, own_step
from models.accounts.user import Membership, Staff, User
from models.accounts.web_session import Limits, WebSession
from models.audit import AuditEvent
from models.base import DomainError, utc_now
from models.outbox import OutboxMessage
from models.permissions import CouncilRole, Permission, Role
from tests.auth.steps import give_app, give_security_code
from tests.factories import make_contact, make_membership, make_provider, make_staff, make_user
from tests.support.portal import in_this_portal
from tests.support.rows import every, reading, reloaded, saved, unit_of_work

pytestmark = pytest.mark.usefixtures("app")

ON_AN_ACCOUNT = {
    "reset_password": council.reset_password,
    "take_back_second_step": council.take_back_second_step,
    "unlock": council.unlock,
    "log_out": council.log_out,
    "disable": council.disable,
    "enable": council.enable,
    "change_email": lambda person, by: council.change_email(person, "new@example.org", by=by),
    "set_council_role": lambda person, by: council.set_council_role(person, CouncilRole.BROKERAGE, by=by),
}
ROUTINE = ("reset_password", "take_back_second_step", "unlock", "log_out")


@pytest.fixture
def provider(database):
    return make_provider(email="dawn@example.org")


@pytest.fixture
def dawn(provider):
    return make_user(Role.CARER, provider)


@pytest.fixture
def administrator(database):
    return make_staff(CouncilRole.SYSTEMS_ADMINISTRATOR, name="Sam Archer")


@pytest.fixture
def help_desk(database):
    return make_staff(CouncilRole.HELP_DESK, name="Hana Moss")


def act(verb, person, *arguments, by, **given):
    """In a unit of work as a request has one, where both are read anew."""
    with unit_of_work() as session:
        one, other = (session.scalars(directory.person(each.id)).one() for each in (person, by))
        return verb(one, *arguments, by=other, **given)


def logged_in(user):
    return saved(WebSession.begin(f"token {user.id}", Limits.of(None), user_id=user.id, data={}, user_agent="test"))


def on_the_way_in(user):
    with unit_of_work():
        pending = PendingLogin(
            purpose=Purpose.RESET, user_id=user.id, account=account_hash(user.email), address="x", nonce="n"
        )  # fmt: skip
    return saved(pending)


def actions(user):
    return every(select(AuditEvent.action).where(AuditEvent.subject == f"user:{user.id}").order_by(AuditEvent.id))


def mails(address):
    return every(select(OutboxMessage.subject).where(OutboxMessage.to == address).order_by(OutboxMessage.id))


def wrong_passwords(user, count=FAILURES_PER_ACCOUNT):
    for _ in range(count):
        saved(LoginFailure(account=account_hash(user.email), address="x"))


# --- who may


@pytest.mark.parametrize("verb", ON_AN_ACCOUNT)
def test_nobody_does_any_of_it_to_their_own_account(administrator, verb):
    make_staff(CouncilRole.SYSTEMS_ADMINISTRATOR)
    with pytest.raises(DomainError, match="your own login"):
        act(ON_AN_ACCOUNT[verb], administrator, by=administrator)


@pytest.mark.parametrize("verb", ON_AN_ACCOUNT)
def test_the_help_desk_cannot_take_over_an_account_of_the_council(help_desk, verb):
    manager = make_staff(CouncilRole.PAYMENTS_MANAGER)
    with pytest.raises(DomainError, match="looked after by those who manage staff"):
        act(ON_AN_ACCOUNT[verb], manager, by=help_desk)
    assert actions(manager) == []


@pytest.mark.parametrize("verb", ON_AN_ACCOUNT)
@pytest.mark.parametrize("role", [role for role in CouncilRole if role is not CouncilRole.SYSTEMS_ADMINISTRATOR])
def test_only_the_help_desk_helps_and_only_an_administrator_does_the_rest(dawn, role, verb):
    someone = make_staff(role)
    if role is CouncilRole.HELP_DESK and verb in ROUTINE:
        act(ON_AN_ACCOUNT[verb], dawn, by=someone)
        return
    with pytest.raises(DomainError, match="does not include this"):
        act(ON_AN_ACCOUNT[verb], dawn, by=someone)
    assert actions(dawn) == []


def test_whom_the_pages_offer_to_look_after_is_the_same_question(dawn, administrator, help_desk):
    with reading() as session:
        one, boss, help_ = (
            session.scalars(directory.person(each.id)).one() for each in (dawn, administrator, help_desk)
        )
        assert council.may_look_after(one, Permission.HELP_USERS, by=help_)
        assert not council.may_look_after(one, Permission.MANAGE_ACCESS, by=help_)
        assert not council.may_look_after(boss, Permission.HELP_USERS, by=help_)
        assert council.may_look_after(help_, Permission.HELP_USERS, by=boss)
        assert not council.may_look_after(boss, Permission.MANAGE_STAFF, by=boss)


# --- letting in


@pytest.mark.postgres
def test_a_contact_is_let_in_with_a_temporary_password_that_is_kept_nowhere(provider, administrator):
    with unit_of_work() as session:
        by = session.scalars(directory.person(administrator.id)).one()
        place, password = council.let_in(
            session.merge(provider), "Dawn@Example.org", "Dawn Stockton", Role.CARER, with_password=True, by=by
        )
    [user] = every(select(User).where(User.email == "dawn@example.org"))
    assert place.granted_at
    assert user.has_temporary_password
    assert matches(password, user.password_hash)
    written = [str(vars(row)) for kind in (AuditEvent, OutboxMessage, User) for row in every(kind)]
    assert not [text for text in written if password in text]


def test_by_invitation_there_is_no_password_and_a_mail_says_how_to_set_one(provider, administrator):
    with unit_of_work() as session:
        by = session.scalars(directory.person(administrator.id)).one()
        _, password = council.let_in(
            session.merge(provider), "dawn@example.org", "Dawn Stockton", Role.CARER, with_password=False, by=by
        )
    assert password is None
    [mail] = every(select(OutboxMessage))
    assert "Forgotten password" in mail.body
    assert every(select(User.password_hash).where(User.email == "dawn@example.org")) == [None]


def test_who_has_a_password_keeps_it_at_the_next_provider(provider, administrator):
    robin = make_user(Role.FINANCE, make_provider(), email="dawn@example.org")
    with unit_of_work() as session:
        by = session.scalars(directory.person(administrator.id)).one()
        _, password = council.let_in(session.merge(provider), robin.email, "R", Role.FINANCE, with_password=True, by=by)
    assert password is None
    assert reloaded(robin).password_hash == robin.password_hash


def test_nobody_lets_themselves_in_at_a_provider(provider, administrator):
    make_contact(provider, email=administrator.email)
    given = {"email": administrator.email.upper(), "name": "Me", "role": Role.FINANCE, "with_password": False}
    with unit_of_work() as session:
        by = session.scalars(directory.person(administrator.id)).one()
        with pytest.raises(DomainError, match="give yourself access"):
            council.let_in(session.merge(provider), **given, by=by)


def employ(email, by, **given):
    with unit_of_work() as session:
        manager = session.scalars(directory.person(by.id)).one()
        return council.employ(email, "Max Reid", CouncilRole.HELP_DESK, by=manager, **given)


@pytest.mark.postgres
def test_a_colleague_is_added_with_a_role(administrator):
    max_reid, password = employ("Max@council.example", administrator, with_password=True)
    assert matches(password, reloaded(max_reid).password_hash)
    assert every(select(Staff.role).where(Staff.user_id == max_reid.id)) == [CouncilRole.HELP_DESK]
    assert actions(max_reid) == ["user.added", "staff.added", "user.temporary_password_given"]
    kim, none = employ("kim@council.example", administrator, with_password=False)
    assert (none, mails(kim.email)) == (None, ["You can now log in to the Provider Portal"])


def test_an_address_that_somebody_has_is_not_given_twice(administrator, dawn):
    with pytest.raises(DomainError, match="already a user"):
        employ(dawn.email.upper(), administrator, with_password=False)
    with pytest.raises(DomainError, match="already a user"):
        act(council.change_email, make_user(), dawn.email, by=administrator)


def test_only_who_manages_staff_adds_a_colleague(help_desk):
    with pytest.raises(DomainError, match="does not include this"):
        employ("max@council.example", help_desk, with_password=False)


# --- what an act does


@pytest.mark.parametrize("verb", ["reset_password", "take_back_second_step", "log_out", "disable", "change_email"])
def test_sessions_end_with_it_and_log_ins_that_are_under_way(administrator, dawn, verb):
    other = make_user()
    for user in (dawn, other):
        logged_in(user)
        on_the_way_in(user)
    act(ON_AN_ACCOUNT[verb], dawn, by=administrator)
    assert every(select(WebSession.user_id)) == [other.id]
    assert every(select(PendingLogin.user_id).where(PendingLogin.accepted_at.is_(None))) == [other.id]


def test_a_temporary_password_replaces_the_old_one_and_the_person_is_told(help_desk, dawn):
    wrong_passwords(dawn)
    password = act(council.reset_password, dawn, by=help_desk)
    found = reloaded(dawn)
    assert matches(password, found.password_hash)
    assert found.has_temporary_password
    assert every(LoginFailure) == []
    [mail] = every(OutboxMessage)
    assert (mail.to, mail.subject) == (dawn.email, "You have a temporary password")
    assert password not in mail.body


def test_a_login_that_is_switched_off_gets_no_password(administrator, dawn):
    act(council.disable, dawn, by=administrator)
    with pytest.raises(DomainError, match="Enable it first"):
        act(council.reset_password, dawn, by=administrator)


@pytest.mark.parametrize("give", [give_app, give_security_code])
def test_a_second_step_that_was_lost_is_taken_back(help_desk, dawn, give):
    give(dawn)
    act(council.take_back_second_step, dawn, by=help_desk)
    with reading():
        assert own_step(dawn) is None
    assert mails(dawn.email) == ["Your second step was taken back"]


@pytest.mark.postgres
def test_unlocking_forgets_the_wrong_tries_of_this_account_only(help_desk, dawn):
    other = make_user()
    wrong_passwords(dawn)
    wrong_passwords(other)
    assert states() == {dawn.id: State.LOCKED, other.id: State.LOCKED}
    act(council.unlock, dawn, by=help_desk)
    assert states() == {dawn.id: State.NEVER, other.id: State.LOCKED}
    assert actions(dawn) == ["user.unlocked"]


def states():
    with reading() as session:
        locks = directory.Locks()
        return {row.id: State.of(row, locks) for row in session.execute(directory.people()) if not row.council_role}


@pytest.mark.postgres
def test_a_login_is_switched_off_and_on_once(administrator, dawn):
    act(council.disable, dawn, by=administrator)
    assert not reloaded(dawn).is_active
    with pytest.raises(DomainError, match="switched off already"):
        act(council.disable, dawn, by=administrator)
    act(council.enable, dawn, by=administrator)
    with pytest.raises(DomainError, match="is on already"):
        act(council.enable, dawn, by=administrator)
    assert actions(dawn) == ["user.disabled", "user.enabled"]
    assert every(Membership)[0].role is Role.CARER


@pytest.mark.postgres
def test_another_address_is_told_to_both_and_takes_nothing_but_the_sessions(administrator, dawn):
    give_app(dawn)
    act(council.change_email, dawn, " New@Example.ORG ", by=administrator)
    found = reloaded(dawn)
    assert (found.email, found.password_hash) == ("new@example.org", dawn.password_hash)
    with reading():
        assert own_step(found) is not None
    assert mails(dawn.email)[-1:] == mails("new@example.org") == ["Your e-mail address was changed"]
    assert all("@" not in str(event.detail) for event in every(AuditEvent))


# --- roles at the council


@pytest.mark.postgres
def test_a_role_at_the_council_is_given_changed_and_ended(administrator, dawn):
    for role in (CouncilRole.HELP_DESK, CouncilRole.AUDITOR, None):
        logged_in(dawn)
        act(council.set_council_role, dawn, role, by=administrator)
        assert every(select(Staff.role).where(Staff.user_id == dawn.id)) == ([role] if role else [])
        assert every(WebSession) == []  # what the role asks of its people is asked when they log in
    assert actions(dawn) == ["staff.added", "staff.role_changed", "staff.removed"]
    with pytest.raises(DomainError, match="not council staff"):
        act(council.set_council_role, dawn, None, by=administrator)


@pytest.mark.parametrize("verb", [council.disable, lambda who, by: council.set_council_role(who, None, by=by)])
def test_the_last_systems_administrator_stays(administrator, verb):
    gone = make_staff(CouncilRole.SYSTEMS_ADMINISTRATOR)
    other = make_staff(CouncilRole.SYSTEMS_ADMINISTRATOR)
    act(verb, gone, by=administrator)
    with unit_of_work() as session:
        by = session.scalars(directory.person(gone.id)).one()  # has it open since before
        by.staff = by.staff or Staff(user_id=by.id, role=CouncilRole.SYSTEMS_ADMINISTRATOR)
        by.staff.role, by.is_active = CouncilRole.SYSTEMS_ADMINISTRATOR, False
        session.flush()
        verb(session.scalars(directory.person(other.id)).one(), by=by)
        with pytest.raises(DomainError, match="the last systems administrator"):
            verb(session.scalars(directory.person(administrator.id)).one(), by=by)


@pytest.mark.postgres
def test_of_two_administrators_who_end_each_other_at_once_one_stays(administrator):
    other, barrier, said = make_staff(CouncilRole.SYSTEMS_ADMINISTRATOR), threading.Barrier(2), []

    @in_this_portal
    def end(person, by):
        with reading() as session:
            manager = session.scalars(directory.person(by.id)).one()
        barrier.wait()
        try:
            with unit_of_work() as session:
                council.disable(session.scalars(directory.person(person.id)).one(), by=manager)
        except DomainError as problem:
            said.append(str(problem))

    pair = [(administrator, other), (other, administrator)]
    threads = [threading.Thread(target=end, args=who) for who in pair]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(user.is_active for user in every(User)) == [False, True]
    assert len(said) == 1
    assert "last systems administrator" in said[0]


# --- finding people


@pytest.mark.postgres
def test_people_are_found_by_name_address_provider_role_and_state(provider, administrator, dawn):
    robin = make_user(Role.FINANCE, provider, name="Robin 100% Marsh", password_hash=None)
    ended = make_user(Role.FINANCE, provider, name="Al", is_active=False)
    make_membership(robin, make_provider(), Role.VIEWER)
    seen = make_user(Role.VIEWER, make_provider(), name="Zoe", last_login_at=utc_now())
    wrong_passwords(seen)

    def found(**given):
        with reading() as session:
            return [row.name for row in session.execute(directory.people(**given))]

    assert found() == ["Al", "Dawn Stockton", "Robin 100% Marsh", "Sam Archer", "Zoe"]
    assert found(name="100%") == ["Robin 100% Marsh"]
    assert found(name=dawn.email.upper()) == ["Dawn Stockton"]
    assert found(role=Role.VIEWER) == ["Robin 100% Marsh", "Zoe"]
    assert found(role=CouncilRole.SYSTEMS_ADMINISTRATOR) == ["Sam Archer"]
    assert found(state=State.DISABLED) == [ended.name]
    assert found(state=State.INVITED) == ["Robin 100% Marsh"]
    assert found(state=State.NEVER) == ["Dawn Stockton", "Robin 100% Marsh", "Sam Archer"]
    assert found(state=State.ACTIVE) == found(state=State.LOCKED) == ["Zoe"]
    assert found(kind=provider.kind, role=Role.FINANCE, state=State.INVITED) == ["Robin 100% Marsh"]
