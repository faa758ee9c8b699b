"""Who asks for codes for other people fills nobody's mailbox, and keeps nobody out."""

import pytest

from models.accounts.login_code import SENDS_AN_HOUR, SENDS_AN_HOUR_FROM_A_NETWORK, SENDS_AN_HOUR_TO_AN_ACCOUNT
from models.outbox import OutboxMessage
from tests.auth.journey import give_password, log_in
from tests.factories import make_user
from tests.support.client import PortalClient
from tests.support.rows import every

START = "2026-03-01T09:00:00+00:00"
TOO_MANY = "We have sent you as many codes as we may in an hour. Try again later"


@pytest.fixture
def user(app, time_machine):
    time_machine.move_to(START, tick=False)
    return make_user()


def ask(app, email, address, *, client=None, status=303):
    """Ask for a code to set a new password."""
    where = {"environ_overrides": {"REMOTE_ADDR": address}}
    return (client or PortalClient(app)).post("/forgotten-password", {"email": email}, status=status, **where)


@pytest.mark.postgres
def test_a_stranger_gets_ten_codes_an_hour_sent_to_somebody_who_can_still_ask_and_log_in(app, user):
    for _ in range(SENDS_AN_HOUR):
        ask(app, user.email, "198.51.100.1")
    assert TOO_MANY in ask(app, user.email, "198.51.100.1", status=409).words
    ask(app, user.email, "203.0.113.1")
    give_password(PortalClient(app), user.email, status=303, environ_overrides={"REMOTE_ADDR": "198.51.100.1"})


@pytest.mark.postgres
def test_strangers_everywhere_get_thirty_and_the_person_asks_from_their_own_telephone(app, user, time_machine):
    telephone = PortalClient(app)
    log_in(telephone, user)
    telephone.post("/log-out", status=303)
    for n in range(SENDS_AN_HOUR_TO_AN_ACCOUNT):
        ask(app, user.email, f"198.51.100.{n}")
    sent = len(every(OutboxMessage))
    assert TOO_MANY in ask(app, user.email, "203.0.113.1", status=409).words
    assert len(every(OutboxMessage)) == sent

    for _ in range(SENDS_AN_HOUR):
        ask(app, user.email, "203.0.113.1", client=telephone)
    ask(app, user.email, "203.0.113.1", client=telephone, status=409)
    give_password(PortalClient(app), user.email, status=303)
    give_password(telephone, user.email, status=303)
    time_machine.shift(3600)
    ask(app, user.email, "203.0.113.1")


def test_one_network_gets_thirty_for_all_accounts_together_and_its_people_still_log_in(app, user):
    here = "198.51.100.1"
    for n in range(SENDS_AN_HOUR_FROM_A_NETWORK):
        ask(app, f"guess{n}@example.org", here)
    for email in ("nobody@example.org", user.email):
        assert TOO_MANY in ask(app, email, here, status=409).words
    ask(app, user.email, "198.51.100.2")
    give_password(PortalClient(app), user.email, status=303, environ_overrides={"REMOTE_ADDR": here})


def test_a_large_office_logs_in_from_one_address(app, user):
    for _ in range(SENDS_AN_HOUR_FROM_A_NETWORK + 5):
        give_password(PortalClient(app), make_user().email, status=303)
