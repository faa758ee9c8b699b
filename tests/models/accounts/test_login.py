"""Wrong passwords and wrong second steps: what is counted, for whom, and what it stops."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher

from models.accounts import passwords
from models.accounts.known_device import KnownDevice
from models.accounts.login import (
    ALARM_FAILURES,
    FAILURES_PER_ACCOUNT,
    FAILURES_PER_ADDRESS,
    FAILURES_PER_ADDRESS_IN_ALARM,
    LoginFailure,
    Origin,
    account_hash,
    check_password,
    is_alarm,
    network_hash,
)
from models.accounts.pending_login import PendingLogin, Purpose
from models.audit import AuditEvent
from models.outbox import OutboxMessage
from tests.factories import PASSWORD, make_user
from tests.support.portal import in_this_portal
from tests.support.rows import every, reading, reloaded, unit_of_work

HERE = "192.0.2.1"
START = "2026-03-01T09:00:00+00:00"


@pytest.fixture
def user(app):
    return make_user()


@pytest.fixture
def device(user):
    """The token of a browser that is known for them."""
    with unit_of_work():
        return KnownDevice.remember(user.id, None)


def give(email, password="Wrong-Password-1", *, address=HERE, device=None):
    """Whether the password opens the account from there."""
    with unit_of_work():
        return check_password(email, password, Origin(address, device)) is not None


def fail(count, *, address=HERE, email="guess{}@example.org"):
    with unit_of_work() as session:
        session.add_all(
            LoginFailure(account=account_hash(email.format(n)), address=network_hash(address)) for n in range(count)
        )


@pytest.mark.postgres
def test_strangers_stop_nobody_in_a_browser_that_is_known(user, device):
    for n in range(FAILURES_PER_ACCOUNT):
        give(user.email, address=f"198.51.100.{n}")
    fail(FAILURES_PER_ADDRESS)
    assert not give(user.email, PASSWORD)
    assert not give(user.email, PASSWORD, address="203.0.113.1")
    assert give(user.email, PASSWORD, device=device)


@pytest.mark.postgres
def test_a_stolen_browser_gets_ten_tries_in_a_quarter_of_an_hour_and_stops_nobody_elsewhere(user, device, time_machine):
    time_machine.move_to(START, tick=False)
    for _ in range(FAILURES_PER_ACCOUNT):
        give(user.email, device=device)
    assert not give(user.email, PASSWORD, device=device)
    assert give(user.email, PASSWORD)
    time_machine.shift(15 * 60 - 1)
    assert not give(user.email, PASSWORD, device=device)
    time_machine.shift(1)
    assert give(user.email, PASSWORD, device=device)


def test_who_shares_a_stolen_browser_gets_no_more_tries_by_logging_in_with_their_own_account(user, device):
    for _ in range(FAILURES_PER_ACCOUNT):
        give(user.email, device=device)
    partner = make_user()
    with unit_of_work():
        renewed = KnownDevice.remember(partner.id, device)
    assert not give(user.email, PASSWORD, device=renewed)


def test_for_another_account_a_known_browser_is_one_like_any_other(user, device):
    other = make_user()
    for _ in range(FAILURES_PER_ACCOUNT):
        give(other.email, device=device)
    assert not give(other.email, PASSWORD)
    assert [failure.device_id for failure in every(LoginFailure)] == [None] * FAILURES_PER_ACCOUNT


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("", "", True),
    ],
)
def test_a_network_is_one_ipv4_address_or_one_64(app, one, other, same):
    assert (network_hash(one) == network_hash(other)) is same


@pytest.mark.postgres
def test_tries_side_by_side_are_counted_one_by_one(user):
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(in_this_portal(lambda _: give(user.email)), range(18)))
    assert len(every(LoginFailure)) == FAILURES_PER_ACCOUNT


@pytest.mark.postgres
def test_a_whole_log_in_clears_the_count_of_where_it_came_from(user, device):
    give(user.email)
    give(user.email, device=device)
    whole_log_in(user, device)
    assert [failure.device_id for failure in every(LoginFailure)] == [None]
    whole_log_in(user, None)
    assert not every(LoginFailure)


# The alarm


def test_a_thousand_wrong_passwords_in_five_minutes_raise_one_alarm_and_send_one_mail(
    user, device, policy, time_machine
):
    policy(alarm_to="finance@borsetshire.example")
    time_machine.move_to(START, tick=False)
    fail(ALARM_FAILURES - 2, address="198.51.100.7")
    assert not give("somebody@example.org")
    assert not alarms()
    assert not give("somebody@example.org")
    assert not give("somebody@example.org")
    assert len(alarms()) == 1
    [mail] = every(OutboxMessage)
    assert (mail.to, mail.subject) == ("finance@borsetshire.example", "Many wrong passwords at the Provider Portal")
    assert "example.org" not in mail.body

    for _ in range(FAILURES_PER_ADDRESS_IN_ALARM - 3):
        give("somebody@example.org")
    assert not give(user.email, PASSWORD)  # slower for browsers that nobody knows,
    assert give(user.email, PASSWORD, device=device)  # as ever for the others,
    assert give(user.email, PASSWORD, address="203.0.113.1")  # and from networks that have not guessed

    time_machine.shift(15 * 60)
    with reading():
        assert not is_alarm()


def test_a_thousand_wrong_passwords_in_longer_than_five_minutes_are_no_alarm(user, time_machine):
    time_machine.move_to(START, tick=False)
    fail(ALARM_FAILURES, address="198.51.100.7")
    time_machine.shift(5 * 60)
    give(user.email)
    assert not alarms()


def alarms():
    return [event for event in every(AuditEvent) if event.action == "login.alarm"]


def whole_log_in(user, device):
    with unit_of_work() as session:
        pending = PendingLogin.begin(user.email, session.merge(user), Purpose.LOG_IN, Origin(HERE, device))
        assert pending.log_in()


# Hashing


def test_passwords_are_hashed_anew_when_the_cost_rises(app):
    user = make_user(password_hash=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD))
    assert give(user.email, PASSWORD)
    raised = reloaded(user).password_hash
    assert raised.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert give(user.email, PASSWORD)
    assert reloaded(user).password_hash == raised


def test_a_third_password_waits_until_one_of_two_is_checked(monkeypatch):
    at_once, most, lock, two = 0, 0, threading.Lock(), threading.Barrier(2, timeout=5)

    class SlowHasher:
        def verify(self, *_):
            nonlocal at_once, most
            with lock:
                at_once += 1
                most = max(most, at_once)
            two.wait()  # goes on only when a second one is at work, and never when there is a third
            with lock:
                at_once -= 1
            return True

    monkeypatch.setattr(passwords, "_hasher", SlowHasher())
    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(lambda _: passwords.matches(PASSWORD, "a hash"), range(6)))
    assert most == 2
