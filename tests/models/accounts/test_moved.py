"""Nobody at the council gets in alone as somebody at a provider by changing the address."""

import pytest

from models.accounts import council, directory
from models.accounts.known_device import KnownDevice
from models.accounts.login import Origin
from models.accounts.login_code import LoginCode, send_code
from models.accounts.pending_login import PendingLogin, Purpose
from models.accounts.user import User
from models.base import DomainError
from models.outbox import OutboxMessage
from models.permissions import CouncilRole
from tests.auth.steps import give_security_code
from tests.factories import make_staff, make_user
from tests.support.rows import every, unit_of_work

START = "2026-03-01T09:00:00+00:00"
WEEK = 7 * 24 * 3600
NEW = "mine@example.org"
LETS_IN = [council.reset_password, council.take_back_second_step]

pytestmark = pytest.mark.postgres


@pytest.fixture
def dawn(app, time_machine):
    time_machine.move_to(START, tick=False)
    user = make_user()
    give_security_code(user)
    return user


@pytest.fixture
def officer(app):
    return make_staff(CouncilRole.SYSTEMS_ADMINISTRATOR)


def act(verb, person, *arguments, by):
    with unit_of_work() as session:
        one, other = (session.scalars(directory.person(each.id)).one() for each in (person, by))
        return verb(one, *arguments, by=other)


@pytest.mark.parametrize("verb", LETS_IN)
def test_who_changed_an_address_lets_nobody_in_for_a_week_and_a_colleague_does(dawn, officer, time_machine, verb):
    act(council.change_email, dawn, NEW, by=officer)
    time_machine.shift(WEEK - 1)
    with pytest.raises(DomainError, match="Ask a colleague to do this"):
        act(verb, dawn, by=officer)
    act(verb, make_user(), by=officer)
    act(verb, dawn, by=make_staff(CouncilRole.HELP_DESK))
    time_machine.shift(1)
    act(verb, dawn, by=officer)


@pytest.mark.parametrize("verb", LETS_IN)
def test_nor_the_other_way_round(dawn, officer, time_machine, verb):
    act(verb, dawn, by=officer)
    time_machine.shift(WEEK - 1)
    with pytest.raises(DomainError, match="Ask a colleague to change the e-mail address"):
        act(council.change_email, dawn, NEW, by=officer)
    [unchanged] = [user for user in every(User) if user.id == dawn.id]
    assert unchanged.email == dawn.email
    time_machine.shift(1)
    act(council.change_email, dawn, NEW, by=officer)


@pytest.mark.parametrize(
    ("device", "seconds", "sent"), [(False, 0, 0), (False, WEEK - 1, 0), (False, WEEK, 1), (True, 0, 1)]
)
def test_a_forgotten_password_waits_for_a_week_but_in_a_known_browser(
    dawn, officer, time_machine, device, seconds, sent
):
    with unit_of_work():
        token = KnownDevice.remember(dawn.id, None) if device else None
    act(council.change_email, dawn, NEW, by=officer)
    before = len(every(OutboxMessage))
    time_machine.shift(seconds)
    with unit_of_work() as session:
        user = session.get(User, dawn.id)
        send_code(PendingLogin.begin(user.email, user, Purpose.RESET, Origin("192.0.2.1", token)))
    assert len(every(OutboxMessage)) - before == sent
    assert len(every(LoginCode)) == 1  # as for everybody


def test_who_knows_the_password_logs_in_with_the_new_address_at_once(dawn, officer):
    act(council.change_email, dawn, NEW, by=officer)
    with unit_of_work() as session:
        user = session.get(User, dawn.id)
        send_code(PendingLogin.begin(user.email, user, Purpose.LOG_IN, Origin("192.0.2.1")))
    assert [mail.to for mail in every(OutboxMessage)] == [dawn.email, NEW, NEW]


def test_the_mails_to_both_addresses_say_so(dawn, officer):
    act(council.change_email, dawn, NEW, by=officer)
    for mail in every(OutboxMessage):
        assert "For 7 days, a forgotten password can be set only in a browser" in mail.body
