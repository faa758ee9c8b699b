"""Logging in with the council's identity provider, against a real one in a process of its own."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

import config
from models.accounts.account_policy import Step
from models.accounts.identity import Identity
from models.audit import AuditEvent
from models.outbox import OutboxMessage
from tests.auth.journey import mailed_code
from tests.auth.steps import give_app
from tests.factories import make_staff, make_user
from tests.support.client import PortalClient
from tests.support.identity_provider import CLIENT_ID, SECRET
from tests.support.rows import every, unit_of_work


@pytest.fixture
def provider(issuer):
    return config.IdentityProvider(name="Liquidlogic", issuer=issuer, client_id=CLIENT_ID, secret=SECRET)


@pytest.fixture
def portal(make_app, provider):
    return make_app(identity_provider=provider)


@pytest.fixture
def browser(portal):
    return PortalClient(portal)


def come_back(browser, email, **said):
    """Through the identity provider, to what it sends the browser back with."""
    there = browser.get("/log-in/identity", status=302).location
    answer = requests.post(there, data={"email": email, **said}, allow_redirects=False, timeout=10)
    url = urlsplit(answer.headers["Location"])
    return browser.get(f"{url.path}?{url.query}", status=None)


def log_in_there(browser, email, **said):
    page = come_back(browser, email, **said)
    assert page.heading == "One more step"
    return browser.submit(page)


@pytest.mark.covers("S0-018", "S1-003", "S2-002")
def test_the_log_in_page_offers_it_by_name(browser):
    page = browser.get("/log-in")
    link = page.page.find("a", string="Log in with Liquidlogic")
    assert link["href"] == "/log-in/identity"


def test_it_is_off_unless_the_settings_name_one(client):
    assert "Log in with" not in client.get("/log-in").words
    client.get("/log-in/identity", status=404)
    client.get("/log-in/identity/return?code=x&state=y", status=404)
    client.post("/log-in/identity/return", {"code": "x", "state": "y"}, status=404)


def test_it_stands_for_the_password_and_the_second_step_is_the_portals_own(browser):
    user = make_user()
    code = browser.follow(log_in_there(browser, user.email))
    assert code.heading == "Enter the code we sent you"
    browser.user = user
    assert browser.follow(browser.submit(code, {"code": mailed_code()}, status=303)).heading == "Home"


def test_staff_still_give_the_code_of_their_app(browser, policy):
    policy(staff=Step.AUTHENTICATOR)
    officer = make_staff()
    give_app(officer)
    assert browser.follow(log_in_there(browser, officer.email)).heading == "Enter the code from your app"


@pytest.mark.parametrize(
    ("trusted", "amr", "heading"),
    [
        (True, "pwd otp mfa", "Home"),
        (True, "pwd", "Enter the code we sent you"),
        (False, "pwd otp mfa", "Enter the code we sent you"),
    ],
)
def test_its_second_factor_counts_where_the_council_says_so(make_app, provider, trusted, amr, heading):
    browser = PortalClient(make_app(identity_provider=replace(provider, second_step_trusted=trusted)))
    browser.user = user = make_user()
    assert browser.follow(log_in_there(browser, user.email, amr=amr)).heading == heading


def test_from_then_on_it_is_the_subject_that_counts_and_not_the_address(browser):
    user = make_user(email="dawn@carers.example")
    log_in_there(browser, "dawn@carers.example", sub="7411")
    [known] = every(Identity)
    assert (known.subject, known.user_id) == ("7411", user.id)

    again = log_in_there(browser, "dawn.stockton@elsewhere.example", sub="7411")
    assert again.location == "/log-in/code"
    assert len(every(Identity)) == 1


def test_an_address_that_has_passed_on_to_somebody_else_opens_nothing(browser):
    make_user(email="info@carers.example")
    log_in_there(browser, "info@carers.example", sub="the first one")
    assert "opens nothing here" in log_in_there(browser, "info@carers.example", sub="the next one").words
    assert [each.subject for each in every(Identity)] == ["the first one"]


@pytest.mark.parametrize("said", [{"verified": "no"}, {"email": "stranger@example.org"}, {"email": "gone@example.org"}])
def test_who_has_no_access_is_told_so_and_the_audit_knows(browser, said):
    make_user(email="dawn@carers.example")
    make_user(email="gone@example.org", is_active=False)
    answer = log_in_there(browser, **{"email": "dawn@carers.example"} | said)
    assert answer.status_code == 403
    assert "opens nothing here" in answer.words
    assert not every(Identity)
    assert [event.action for event in every(AuditEvent)] == ["login.identity_refused"]
    assert browser.get("/providers", status=303).location.startswith("/log-in")


@pytest.mark.parametrize("fault", ["signature", "issuer", "audience", "expired", "nonce"])
def test_what_it_says_is_checked(browser, fault):
    user = make_user()
    answer = log_in_there(browser, user.email, fault=fault)
    assert answer.status_code == 502
    assert answer.heading == "You were not logged in"
    assert not every(Identity)
    assert not every(OutboxMessage)


def test_who_says_no_there_can_log_in_here(browser):
    answer = come_back(browser, "dawn@carers.example", fault="denied")
    assert (answer.status_code, answer.heading) == (403, "You were not logged in")


def test_a_code_for_another_browser_opens_nothing_in_this_one(portal, browser):
    """Nobody is made to log in as somebody else by a link."""
    page = come_back(browser, make_user().email)
    victim = PortalClient(portal)
    fields = {name: page.page.select_one(f"[name={name}]")["value"] for name in ("code", "state")}
    assert victim.post("/log-in/identity/return", fields, status=502).heading == "You were not logged in"
    assert browser.submit(page, status=303).location == "/log-in/code"


def test_who_is_logged_in_already_becomes_nobody_else(browser):
    """Neither by a link that somebody sends, nor in a second tab."""
    user, other = make_user(), make_user()
    page = come_back(browser, other.email)
    browser.sign_in(user)
    assert browser.get("/log-in/identity", status=303).location.startswith("/providers")
    fields = {name: page.page.select_one(f"[name={name}]")["value"] for name in ("code", "state")}
    assert browser.post("/log-in/identity/return", fields, status=303).location.startswith("/providers")
    assert f"You are logged in as {user.name} already" in browser.get("/account").words
    assert not every(Identity)


def test_a_code_works_once(browser):
    page = come_back(browser, make_user().email)
    browser.submit(page, status=303)
    assert browser.submit(page).status_code in (400, 502)


def test_it_takes_a_proof_key(browser):
    """PKCE: a code that somebody has read on the way is of no use to them."""
    there = parse_qs(urlsplit(browser.get("/log-in/identity", status=302).location).query)
    assert there["code_challenge_method"] == ["S256"]
    assert there["scope"] == ["openid email"]
    assert len(there["nonce"][0]) >= 20


def test_a_temporary_password_is_done_with_once_somebody_has_come_in_this_way(browser):
    user = make_user()
    with unit_of_work() as session:
        session.merge(user).give_temporary_password(by=None)
    code = browser.follow(log_in_there(browser, user.email))
    browser.user = user
    assert browser.follow(browser.submit(code, {"code": mailed_code()}, status=303)).heading == "Home"


def test_when_it_does_not_answer_one_can_still_log_in_with_the_password(make_app, provider):
    away = PortalClient(make_app(identity_provider=replace(provider, issuer="http://127.0.0.1:9")))
    assert away.get("/log-in/identity", status=502).heading == "You were not logged in"
    assert away.get("/log-in").heading == "Log in to your Provider Portal"
