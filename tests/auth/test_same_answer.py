"""Whatever is wrong, everybody gets the same answer, to the byte, for the same work. Nobody learns who has a login."""

import re

import pytest

from models.accounts import passwords
from models.accounts.account_policy import Step
from models.accounts.login import FAILURES_PER_ACCOUNT, LoginFailure, account_hash, network_hash
from models.base import utc_now
from models.outbox import OutboxMessage
from models.permissions import CouncilRole, Role
from tests.auth.steps import give_app, give_security_code
from tests.factories import PASSWORD, make_staff, make_user
from tests.support.client import Answer, PortalClient
from tests.support.rows import every, unit_of_work

START = "2026-03-01T09:00:00+00:00"
WRONG = "Wrong-Password-1"
ELSEWHERE = ("/log-in/security-code", "/log-in/authenticator", "/log-in/new-password", "/log-in/change-password")
GETS_MAIL = {"wrong password", "throttled", "expired", "never had one", "security code", "app", "officer"}


def throttled(email):
    make_user(email=email)
    with unit_of_work() as session:
        failure = {"account": account_hash(email), "address": network_hash("203.0.113.1")}
        session.add_all(LoginFailure(**failure) for _ in range(FAILURES_PER_ACCOUNT))


MAKERS = {
    "unknown": lambda email: None,
    "wrong password": lambda email: make_user(email=email),
    "throttled": throttled,
    "disabled": lambda email: make_user(email=email, is_active=False),
    "expired": lambda email: make_user(email=email, password_expires_at=utc_now()),
    "never had one": lambda email: make_user(email=email, password_hash=None),
    "security code": lambda email: give_security_code(make_user(email=email)),
    "app": lambda email: give_app(make_user(Role.FINANCE, email=email)),
    "officer": lambda email: give_app(make_staff(CouncilRole.SYSTEMS_ADMINISTRATOR, email=email)),
}
"""Accounts of which something is not as it should be; of the others, the password that is given is wrong."""
STATES = [state for state in MAKERS if state != "unknown"]
RIGHT_PASSWORD = {"throttled", "disabled", "expired"}
BAR_FALLS = "wrong code 4"
"""Two codes are live, so that five guesses are compared with ten."""
SENDING = {"forgotten", "sent again", BAR_FALLS, *(f"sent again {n}" for n in range(9))}
GETS_MAIL = set(STATES) - {"disabled"}


def as_sent(answer: Answer, email: str) -> tuple:
    """The answer as it went out, without what is random in it: tokens, which are not all of one length."""
    assert int(answer.headers.get("Content-Length", 0)) == len(answer.response.data)
    headers = [
        (name, re.sub(r"=[\w-]{43};", "=token;", value) if name == "Set-Cookie" else value)
        for name, value in answer.headers
        if name != "Content-Length"
    ]
    body = re.sub(rb'(name="csrf_token"[^>]*value=")[^"]*', rb"\1", answer.response.data)
    return answer.status_code, headers, body.replace(email.encode(), b"somebody")


@pytest.fixture
def journeys(app, policy, time_machine, monkeypatch):
    """What somebody sees who does not know the password: `journeys(state)`, as (step, answer, address, hashes)."""
    policy(carers=Step.SECURITY_CODE, organisations=Step.AUTHENTICATOR, staff=Step.AUTHENTICATOR)
    time_machine.move_to(START, tick=False)
    hashes, verify = [], passwords._hasher.verify

    class Counted:
        def verify(self, *given):
            hashes.append(given)
            return verify(*given)

        def check_needs_rehash(self, password_hash):
            return False

    def walk(state):
        email = f"{state.replace(' ', '-'):->20}@example.org"  # of one length: pages repeat what was typed
        time_machine.move_to(START, tick=False)
        MAKERS[state](email)
        password = PASSWORD if state in RIGHT_PASSWORD else WRONG
        monkeypatch.setattr(passwords, "_hasher", Counted())
        client, seen = PortalClient(app), []
        where = {"environ_overrides": {"REMOTE_ADDR": f"198.51.100.{list(MAKERS).index(state)}"}}

        def see(step, answer):
            seen.append((step, answer, email, len(hashes)))
            hashes.clear()
            return answer

        page = see("log-in page", client.get("/log-in", **where))
        see("log-in", client.submit(page, {"email": email, "password": password}, **where))
        page = see("forgotten page", client.get("/forgotten-password", **where))
        see("forgotten", client.submit(page, {"email": email}, **where))
        page = see("code page", client.get("/log-in/code", **where))
        see("sent too soon", client.post("/log-in/code/send", **where))
        time_machine.shift(60)
        see("sent again", client.post("/log-in/code/send", **where))
        page = see("code page again", client.get("/log-in/code", **where))
        see("not a code", client.submit(page, {"code": "no"}, **where))
        for path in ELSEWHERE:
            see(f"look at {path}", client.get(path, status=None, **where))
            see(f"try {path}", client.post(path, {"code": "000000", "asked-0": "1", "new": "x"}, **where))
        for n in range(6):
            see(f"wrong code {n}", client.submit(page, {"code": "000000"}, **where))
        for n in range(9):
            time_machine.shift(60)
            see(f"sent again {n}", client.post("/log-in/code/send", **where))
        see("forgotten again", client.post("/forgotten-password", {"email": email}, **where))
        monkeypatch.undo()
        return seen

    return walk


@pytest.mark.parametrize("state", STATES)
def test_every_page_is_the_same_to_the_byte_as_for_an_address_that_nobody_has(journeys, state):
    for (step, answer, email, _), (_, expected, nobody, _) in zip(journeys(state), journeys("unknown"), strict=True):
        assert as_sent(answer, email) == as_sent(expected, nobody), step


@pytest.mark.parametrize("state", STATES)
def test_every_page_takes_the_same_work_as_for_an_address_that_nobody_has(journeys, state):
    """One password is checked, unless it is refused unread. What is written more is the mail itself."""
    for (step, answer, _, hashes), (_, expected, _, as_many) in zip(journeys(state), journeys("unknown"), strict=True):
        is_refused_unread = step == "log-in" and state == "throttled"
        assert as_many == (step == "log-in"), step
        assert hashes == (0 if is_refused_unread else as_many), step
        more = [-2] if is_refused_unread else [0, 1] if step in SENDING and state in GETS_MAIL else [0]
        assert len(answer.statements) - len(expected.statements) in more, step


@pytest.mark.parametrize("state", [*STATES, "unknown"])
def test_a_code_is_mailed_to_who_may_log_in_and_to_nobody_else(journeys, state):
    [(_, _, email, _), *_] = journeys(state)
    assert {mail.to for mail in every(OutboxMessage)} == ({email} if state in GETS_MAIL else set())
