"""Two portals side by side in one process, as different as may be, whose records have the same numbers and addresses:
nothing of one is seen in the other.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select

import config
from app import create_app
from models.accounts.account_policy import Step, policy
from models.accounts.login import LoginFailure
from models.accounts.security_code import SecurityCode
from models.accounts.user import User
from models.accounts.web_session import WebSession
from models.base import scope, session
from models.calendar import today
from models.outbox import OutboxMessage
from models.portal import Portal
from models.records.provider import Provider
from models.tenancy import every_provider
from models.vault import Tampered, keyed_hash, seal, unseal
from tests.auth.journey import code_page, give_password, mailed_code
from tests.auth.steps import digits, give_security_code
from tests.factories import make_provider, make_user
from tests.support.client import Answer, PortalClient
from tests.support.rows import every

EMAIL = "dawn@example.org"
NUMBER = 7
"""Of the one provider in each."""


@dataclass(frozen=True)
class Side:
    app: Flask
    place: str
    """The provider's name, which no page of the other side shows."""
    day: str
    """The business date, as every page shows it."""
    code: str
    """The person's security code."""

    @property
    def portal(self) -> Portal:
        return self.app.extensions["portal"]

    def log_in(self) -> PortalClient:
        """The password, the code mailed, and where this side asks for them digits of the security code."""
        browser = PortalClient(self.app)
        with scope(self.portal):
            [browser.user] = every(User)
            page = browser.follow(browser.submit(code_page(browser, browser.user), {"code": mailed_code()}, status=303))
            if policy().carers is Step.SECURITY_CODE:
                page = browser.follow(browser.submit(page, digits(browser.user, self.code), status=303))
        assert page.heading == "Home"
        return browser

    def assert_is_its_own(self, answer: Answer) -> None:
        assert self.place in answer.words
        assert f"Today is {self.day}." in answer.words


@pytest.fixture
def make_side(settings: config.Settings, _sqlite) -> Iterator[Callable[..., Side]]:
    with ExitStack() as stack:

        def make(name: str, day: date, log_in: config.LogIn, code: str) -> Side:
            keys = {"secret_key": f"{name} {settings.secret_key}", "vault_keys": (f"{name} {settings.vault_keys[0]}",)}
            url = stack.enter_context(_sqlite.clean())
            app = create_app(replace(settings, database_url=url, today=day, log_in=log_in, **keys))
            stack.callback(app.extensions["portal"].engine.dispose)
            with scope(app.extensions["portal"]):
                provider = make_provider(id=NUMBER, name=f"{name} House", address=f"1 {name} Street")
                give_security_code(make_user(provider=provider, email=EMAIL), code)
            return Side(app, f"{name} House", f"{day.day} {day:%b %Y}", code)

        yield make


@pytest.fixture
def north(make_side) -> Side:
    return make_side("North", date(2019, 10, 2), config.LogIn(carers="security_code", staff="email_code"), "135790")


@pytest.fixture
def south(make_side) -> Side:
    return make_side("South", date(2024, 2, 29), config.LogIn(staff="email_code", long_passwords=True), "246801")


def test_requests_by_turns_each_see_their_own(north, south):
    browsers = [(side, side.log_in()) for side in (north, south)]
    for side, browser in browsers * 3:
        side.assert_is_its_own(browser.get(f"/providers/{NUMBER}/"))
        side.assert_is_its_own(browser.get(f"/providers/{NUMBER}/organisation/"))


def test_requests_at_once_in_two_threads_each_see_their_own(north, south):
    rounds, together = 20, Barrier(2, timeout=30)

    def visit(side: Side) -> None:
        together.wait()
        browser = side.log_in()
        for _ in range(rounds):
            together.wait()
            side.assert_is_its_own(browser.get(f"/providers/{NUMBER}/"))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(visit, (north, south)))
    for side in (north, south):
        with scope(side.portal):
            assert len(every(WebSession)) == 1


def test_who_is_logged_in_at_one_is_nobody_at_the_other(north, south):
    stranger = PortalClient(south.app)
    stranger.cookie = north.log_in().cookie
    assert stranger.get("/providers", status=303).location.startswith("/log-in")


def test_a_code_that_one_has_mailed_opens_that_one_alone(north, south):
    pages = {}
    for side in (north, south):
        with scope(side.portal):
            browser = PortalClient(side.app)
            pages[side] = browser, code_page(browser, every(User)[0])
            assert len(every(OutboxMessage)) == 1
    with scope(south.portal):
        mailed = mailed_code()
    browser, page = pages[north]
    browser.submit(page, {"code": mailed}, status=422)
    browser, page = pages[south]
    browser.submit(page, {"code": mailed}, status=303)


def test_wrong_passwords_at_one_are_counted_there_alone(north, south):
    give_password(PortalClient(north.app), EMAIL, "Wrong-Password-1", status=422)
    counts = []
    for side in (north, south):
        with scope(side.portal):
            counts.append(len(every(LoginFailure)))
    assert counts == [1, 0]


def test_what_one_has_sealed_does_not_open_at_the_other(north, south):
    with scope(north.portal):
        [user] = every(User)
        [code] = every(SecurityCode.of(user.id))
        assert unseal(f"security_code:{user.id}", code.sealed) == north.code
    with scope(south.portal), pytest.raises(Tampered):
        unseal(f"security_code:{user.id}", code.sealed)


def test_a_scope_inside_that_of_another_portal_is_its_own(north, south):
    with scope(north.portal):
        here = said()
        with scope(south.portal):
            there = said()
            with scope():
                assert said() == there
        assert said() == here
        with north.app.test_request_context(), south.app.test_request_context():
            assert said() == there
        assert said() == here
    assert not set(here) & set(there)
    assert here[0] == north.place


def said() -> tuple[object, ...]:
    """All that differs, as the scope that is open just now has it."""
    with every_provider():
        place = session.scalar(select(Provider.name))
    return place, today(), policy(), keyed_hash("the same text")


def test_commands_run_each_in_their_own(north, south):
    for side, day in ((north, "02/10/2019"), (south, "29/02/2024"), (north, "02/10/2019")):
        done = side.app.test_cli_runner().invoke(args=["payments", "finalise", "--yes"])
        assert done.output == f"Nothing is due to be finalised on {day}.\n"


@pytest.mark.parametrize(
    "ask",
    [
        today,
        policy,
        lambda: seal("security_code:1", "135790"),
        lambda: keyed_hash("a text"),
        lambda: session.scalar(select(User.id)),
        lambda: scope().__enter__(),
    ],
    ids=["today", "policy", "seal", "keyed_hash", "session", "scope"],
)
def test_outside_every_portal_there_is_nothing_to_go_by(own_portal, ask):
    own_portal.leave()
    with pytest.raises(RuntimeError, match="no portal is entered here"):
        ask()
