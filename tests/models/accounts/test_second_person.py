"""What takes a second person, who is told, and the addresses of the council's staff. States: test_grant_states.py."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from commands.batchwise import daily
from models import waiting
from models.accounts import council, directory, second_person
from models.accounts.account_policy import policy
from models.accounts.passwords import matches
from models.accounts.staff_request import RequestState, StaffAct, StaffRequest, waiting_for
from models.accounts.user import Staff, User
from models.audit import AuditEvent
from models.base import DomainError, session, utc_now
from models.outbox import OutboxMessage
from models.permissions import CouncilRole
from tests.auth.steps import give_app
from tests.factories import make_staff, make_user
from tests.support.rows import every, reading, reloaded, unit_of_work

pytestmark = pytest.mark.postgres

TEAM = "team@council.example"
MANAGER, HELP = CouncilRole.PAYMENTS_MANAGER, CouncilRole.HELP_DESK


@pytest.fixture
def portal(app, own_portal):
    own_portal.change(policy=replace(policy(), alarm_to=TEAM, staff_domains=("council.example",)))


@pytest.fixture
def sam(portal):
    return make_staff(CouncilRole.SYSTEMS_ADMINISTRATOR, name="Sam")


@pytest.fixture
def morgan(portal):
    return make_staff(MANAGER, name="Morgan")


def one(person):
    return session.scalars(directory.person(person.id)).one()


def ask(act, person, by, **more):
    with unit_of_work():
        return second_person.ask(act, one(person), by=one(by), why="Ola has left", **more).id


def agree(request_id, by):
    with unit_of_work():
        return second_person.agree(session.scalars(StaffRequest.numbered(request_id)).one(), by=one(by))


def mails(address):
    return every(select(OutboxMessage.subject).where(OutboxMessage.to == address).order_by(OutboxMessage.id))


def how_many_wait(person):
    [found] = waiting.ask(waiting_for(person.id)).values()
    return found.count


def test_a_new_manager_is_added_when_a_second_person_agrees_and_the_team_hears_of_both(sam, morgan):
    with unit_of_work():
        new = second_person.ask_for_new("Max@council.example", "Max Reid", MANAGER, by=one(sam), why="Ola has left").id
    assert every(select(User).where(User.email == "max@council.example")) == []
    assert mails(TEAM) == ["Somebody has to agree"]
    assert agree(new, morgan) is None
    [found] = every(select(User).where(User.email == "max@council.example"))
    [staff] = every(select(Staff).where(Staff.user_id == found.id))
    assert (staff.role, staff.asked_by_id, staff.agreed_by_id) == (MANAGER, sam.id, morgan.id)
    assert staff.is_new
    assert mails(found.email) == ["You can now log in to the Provider Portal"]
    assert mails(TEAM)[1:] == mails(sam.email) == ["Role at the council: agreed"]
    assert not [event for event in every(AuditEvent) if "@" in str(event.detail) or "Max" in str(event.detail)]


@pytest.mark.parametrize("act", [StaffAct.PASSWORD, StaffAct.SECOND_STEP, StaffAct.SWITCH_ON, StaffAct.EMAIL])
def test_nobody_takes_over_the_account_of_a_manager_alone(sam, morgan, act):
    victim = make_staff(MANAGER, name="Ines")
    give_app(victim)
    if act is StaffAct.SWITCH_ON:
        with unit_of_work() as own:
            own.execute(update(User).where(User.id == victim.id).values(is_active=False))
    alone = {
        StaffAct.PASSWORD: council.reset_password, StaffAct.SECOND_STEP: council.take_back_second_step,
        StaffAct.SWITCH_ON: council.enable,
        StaffAct.EMAIL: lambda person, by: council.change_email(person, "new@council.example", by=by),
    }  # fmt: skip
    with pytest.raises(DomainError, match="second person"), unit_of_work():
        alone[act](one(victim), by=one(sam))
    more = {"new_email": "new@council.example"} if act is StaffAct.EMAIL else {}
    request_id = ask(act, victim, sam, **more)
    assert mails(victim.email) == ["Something is asked for about your login"]
    with pytest.raises(DomainError, match="somebody else"):
        agree(request_id, sam)
    password = agree(request_id, morgan)
    after = reloaded(victim)
    assert (password is not None) == (act is StaffAct.PASSWORD)
    assert password is None or matches(password, after.password_hash)
    assert after.is_active
    assert after.email == ("new@council.example" if act is StaffAct.EMAIL else victim.email)
    assert len(mails(TEAM)) == 2


def test_what_takes_power_away_and_weak_roles_wait_for_nobody(sam, morgan):
    robin = make_staff(HELP)
    with unit_of_work():
        council.set_council_role(one(robin), CouncilRole.AUDITOR, by=one(sam))
        council.reset_password(one(robin), by=one(sam))
        council.set_council_role(one(morgan), HELP, by=one(sam))
        council.disable(one(morgan), by=one(sam))
    assert every(StaffRequest) == []
    with pytest.raises(DomainError, match="second person"), unit_of_work():
        council.set_council_role(one(robin), MANAGER, by=one(sam))
    with pytest.raises(DomainError, match="second person"), unit_of_work():
        council.employ("a@council.example", "A", MANAGER, with_password=False, by=one(sam))
    with pytest.raises(DomainError, match="second person"), unit_of_work():
        council.change_email(one(robin), "b@council.example", by=one(sam))


def test_who_added_an_account_is_not_agreed_with_by_it(sam, morgan):
    with unit_of_work():
        vic, _ = council.employ("vic@council.example", "Vic", HELP, with_password=False, by=one(sam))
    agree(ask(StaffAct.ROLE, vic, morgan_of_systems(), role=MANAGER), morgan)  # another administrator asked for this
    request_id = ask(StaffAct.ROLE, make_staff(HELP), sam, role=MANAGER)
    with pytest.raises(DomainError, match="made your account"):
        agree(request_id, vic)
    agree(request_id, morgan)


def test_who_made_the_asker_does_not_agree_whatever_their_role_is_now(sam, morgan):
    """One accomplice who was agreed to would otherwise ask for all the rest."""
    with unit_of_work():
        new = second_person.ask_for_new(
            "vic@council.example", "Vic", CouncilRole.SYSTEMS_ADMINISTRATOR, by=one(sam), why="Ola has left"
        ).id
    agree(new, morgan)
    [vic] = every(select(User).where(User.email == "vic@council.example"))
    with unit_of_work() as rows:
        rows.execute(update(Staff).where(Staff.user_id == vic.id).values(asked_by_id=None))  # asked for anew by others
    request_id = ask(StaffAct.ROLE, make_staff(HELP), vic, role=MANAGER)
    with pytest.raises(DomainError, match="You made the account of Vic or asked for their role"):
        agree(request_id, sam)
    agree(request_id, morgan)


def test_nobody_agrees_to_what_is_about_themselves(sam, morgan):
    request_id = ask(StaffAct.ROLE, morgan, sam, role=CouncilRole.SYSTEMS_ADMINISTRATOR)
    with pytest.raises(DomainError, match="This is about you"):
        agree(request_id, morgan)


def morgan_of_systems():
    return make_staff(CouncilRole.SYSTEMS_ADMINISTRATOR, name="Alex")


def test_addresses_of_staff_are_in_the_councils_domains(sam):
    dawn = make_user(email="dawn@example.org")
    robin = make_staff(HELP)
    with unit_of_work():
        for act in (
            lambda: council.employ("x@example.org", "X", HELP, with_password=False, by=one(sam)),
            lambda: council.set_council_role(one(dawn), HELP, by=one(sam)),
            lambda: second_person.ask_for_new("x@example.org", "X", MANAGER, by=one(sam), why="y"),
            lambda: second_person.ask(StaffAct.ROLE, one(dawn), by=one(sam), why="y", role=MANAGER),
            lambda: second_person.ask(StaffAct.EMAIL, one(robin), by=one(sam), why="y", new_email="r@example.org"),
            lambda: second_person.ask(StaffAct.EMAIL, one(robin), by=one(sam), why="y", new_email="r@acouncil.example"),
            lambda: one(dawn).employ(MANAGER),
        ):
            with pytest.raises(DomainError, match=r"is in no domain of the council’s staff.*staff_domains"):
                act()


def test_a_request_expires_after_seven_days_by_whichever_process_looks_first(sam, morgan):
    request_id = ask(StaffAct.ROLE, make_staff(HELP), sam, role=MANAGER)
    [asked] = every(StaffRequest)
    assert asked.expires_at - asked.asked_at == timedelta(days=7)
    daily.look(utc_now(), asks=False)
    assert every(StaffRequest)[0].state is RequestState.WAITING
    with reading():
        assert (how_many_wait(morgan), how_many_wait(sam)) == (1, 0)
    with unit_of_work() as own:
        own.execute(update(StaffRequest).values(expires_at=utc_now() - timedelta(seconds=1)))
    with reading():
        assert how_many_wait(morgan) == 0
    with pytest.raises(DomainError, match="expired already"):
        agree(request_id, morgan)
    daily.look(utc_now(), asks=False)
    daily.look(utc_now(), asks=False)
    assert every(StaffRequest)[0].state is RequestState.EXPIRED
    assert mails(sam.email) == ["Role at the council: expired"]


@pytest.mark.parametrize("role", [None, CouncilRole.AUDITOR])
def test_taking_a_role_away_opens_the_account_to_nobody_alone(sam, morgan, role, time_machine):
    """An administrator takes a manager's role, and would give the account an address of their own, or a password."""
    time_machine.move_to("2026-03-01T09:00:00+00:00", tick=False)

    def alone(verb, *given):
        with unit_of_work():
            verb(one(morgan), *given, by=one(sam))

    alone(council.set_council_role, role)
    acts = [
        (council.change_email, "alias@council.example"),
        (council.reset_password,),
        (council.take_back_second_step,),
    ]
    for act in acts:
        with pytest.raises(DomainError, match="A second person has to agree"):
            alone(*act)
    time_machine.shift(timedelta(days=30))
    alone(council.take_back_second_step)


def test_switching_on_and_off_hides_nothing_else_from_whoever_is_to_agree(sam, morgan):
    for _ in range(12):
        for verb in (council.log_out, council.disable):
            with unit_of_work():
                verb(one(morgan), by=one(sam))
        with unit_of_work():
            council.enable(one(morgan), by=one(sam), asked=one(sam))
    with unit_of_work():
        council.set_council_role(one(morgan), CouncilRole.AUDITOR, by=one(sam))
    request = ask(StaffAct.ROLE, morgan, sam, role=MANAGER)
    with reading():
        news = second_person.account_news(session.scalars(StaffRequest.numbered(request)).one())
    assert [event.action for event in news] == ["staff.role_changed", "user.enabled"]
