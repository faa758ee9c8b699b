"""Who asks for codes for other people fills nobody's mailbox, and keeps nobody out."""

import pytest

from models.accounts.login_code import (
    RESETS_A_DAY,
    RESETS_A_DAY_TO_AN_ACCOUNT,
    SENDS_AN_HOUR,
    SENDS_AN_HOUR_FROM_A_NETWORK,
)
from models.outbox import OutboxMessage
from tests.auth.journey import give_password, log_in
from tests.factories import make_user
from tests.support.client import PortalClient
from tests.support.rows import every

START = "2026-03-01T09:00:00+00:00"
TOO_MANY = "We have sent you as many codes as we may for now. You can ask for the next one after "


@pytest.fixture
def user(app, time_machine):
    time_machine.move_to(START, tick=False)
    return make_user()


def ask(app, email, address, *, client=None, status=303):
    """Ask for a code to set a new password."""
    where = {"environ_overrides": {"REMOTE_ADDR": address}}
    return (client or PortalClient(app)).post("/forgotten-password", {"email": email}, status=status, **where)


@pytest.mark.postgres
def test_a_stranger_gets_ten_codes_a_day_sent_to_somebody_who_can_still_ask_and_log_in(app, user, time_machine):
    for _ in range(RESETS_A_DAY):
        ask(app, user.email, "198.51.100.1")
        time_machine.shift(60)
    for _ in range(2):
        refused = ask(app, user.email, "198.51.100.1", status=409).words
        assert f"{TOO_MANY}09:00 on 2 March 2026" in refused
        time_machine.shift(3600)
    ask(app, user.email, "203.0.113.1")
    time_machine.move_to("2026-03-02T09:00:00+00:00", tick=False)
    ask(app, user.email, "198.51.100.1")
    give_password(PortalClient(app), user.email, status=303, environ_overrides={"REMOTE_ADDR": "198.51.100.1"})


@pytest.mark.postgres
def test_strangers_everywhere_get_thirty_and_the_person_asks_from_their_own_telephone(app, user, time_machine):
    telephone = PortalClient(app)
    log_in(telephone, user)
    telephone.post("/log-out", status=303)
    for n in range(RESETS_A_DAY_TO_AN_ACCOUNT):
        ask(app, user.email, f"198.51.100.{n}")
    sent = len(every(OutboxMessage))
    assert TOO_MANY in ask(app, user.email, "203.0.113.1", status=409).words
    assert len(every(OutboxMessage)) == sent

    for _ in range(SENDS_AN_HOUR):
        ask(app, user.email, "203.0.113.1", client=telephone)
    ask(app, user.email, "203.0.113.1", client=telephone, status=409)
    give_password(PortalClient(app), user.email, status=303)
    give_password(telephone, user.email, status=303)
    time_machine.shift(86_399)
    ask(app, user.email, "203.0.113.1", status=409)
    time_machine.shift(1)
    ask(app, user.email, "203.0.113.1")


def test_one_network_gets_thirty_for_all_accounts_together_and_its_people_still_log_in(app, user):
    here = "198.51.100.1"
    for n in range(SENDS_AN_HOUR_FROM_A_NETWORK):
        ask(app, f"guess{n}@example.org", here)
    for email in ("nobody@example.org", user.email):
        assert TOO_MANY in ask(app, email, here, status=409).words
    ask(app, user.email, "198.51.100.2")
    give_password(PortalClient(app), user.email, status=303, environ_overrides={"REMOTE_ADDR": here})


@pytest.mark.parametrize(
    ("first", "said", "refused_at", "taken_at"),
    [
        ("2026-03-01T13:32:00", "14:32", "14:31:59", "14:32:00"),
        ("2026-03-01T13:31:20", "14:32", "14:31:19", "14:31:20"),
        ("2026-07-01T13:31:00", "15:31", "14:30:59", "14:31:00"),  # British Summer Time
    ],
)
def test_the_page_says_after_which_minute_in_london(app, user, time_machine, first, said, refused_at, taken_at):
    day = first[:11]
    time_machine.move_to(f"{first}+00:00", tick=False)
    give_password(PortalClient(app), user.email, status=303)
    time_machine.shift(90)
    for _ in range(SENDS_AN_HOUR - 1):
        give_password(PortalClient(app), user.email, status=303)
    time_machine.move_to(f"{day}{refused_at}+00:00", tick=False)
    answer = give_password(PortalClient(app), user.email, status=409)
    assert answer.words.count(f"{TOO_MANY}{said}") == 1
    time_machine.move_to(f"{day}{taken_at}+00:00", tick=False)
    give_password(PortalClient(app), user.email, status=303)


def test_the_latest_of_several_limits_is_said(app, user, time_machine):
    """Ten a day for the account, and thirty an hour from the network, of which the last twenty came later."""
    for _ in range(RESETS_A_DAY):
        ask(app, user.email, "198.51.100.1")
    time_machine.shift(600)
    for n in range(SENDS_AN_HOUR_FROM_A_NETWORK):
        ask(app, f"guess{n}@example.org", "198.51.100.1", status=303 if n < 20 else 409)
    assert f"{TOO_MANY}09:00 on 2 March" in ask(app, user.email, "198.51.100.1", status=409).words
    assert f"{TOO_MANY}10:00" in ask(app, "other@example.org", "198.51.100.1", status=409).words


@pytest.mark.postgres
def test_codes_that_were_used_do_not_count_so_that_a_shift_shares_a_mailbox(app, user):
    for _ in range(SENDS_AN_HOUR + 2):
        log_in(PortalClient(app), user)
    for _ in range(SENDS_AN_HOUR):
        give_password(PortalClient(app), user.email, status=303)
    assert TOO_MANY in give_password(PortalClient(app), user.email, status=409).words


def test_a_large_office_logs_in_from_one_address(app, user):
    for _ in range(SENDS_AN_HOUR_FROM_A_NETWORK + 5):
        give_password(PortalClient(app), make_user().email, status=303)
