"""What no form and no link of the portal ever sends, and what somebody who looks for weak places does."""

import unicodedata

import pytest

from models.accounts.account_policy import Step
from models.accounts.web_session import WebSession
from models.permissions import CouncilRole, Role
from tests.auth.journey import code_page, give_password, past_the_code
from tests.auth.steps import digits, give_security_code
from tests.factories import make_contact, make_provider, make_staff, make_user
from tests.support.client import PortalClient
from tests.support.rows import every

NO_ADDRESSES = ["http://[", "http://a]b/", "http://portal.example:99999999/", "%", "\xa0"]
LONG = "a" + "\u0301\u0316" * 50_000
"""To normalise it takes about ten seconds."""


@pytest.fixture
def lengths(monkeypatch):
    """Of the texts that are normalised."""
    seen, normalize = [], unicodedata.normalize
    monkeypatch.setattr(
        unicodedata, "normalize", lambda form, text: seen.append(len(text)) or normalize(form, text[:99])
    )
    return seen


def test_no_long_text_is_normalised_for_a_stranger(client, lengths):
    """It would take minutes, in which nobody else gets a page."""
    give_password(client, make_user().email, LONG, status=422)
    page = client.follow(client.submit(client.get("/forgotten-password"), {"email": "nobody@example.org"}))
    client.submit(page, {"code": LONG}, status=422)
    assert max(lengths) <= 1_000


def test_no_long_text_is_normalised_for_whoever_knows_a_password(client, policy, lengths):
    policy(carers=Step.SECURITY_CODE)
    user = make_user()
    give_security_code(user)
    page = past_the_code(client, user)
    client.submit(page, dict.fromkeys(digits(user), LONG), status=422)
    client.sign_in(user)
    page = client.get("/account/password")
    new = {"new": LONG, "confirm": LONG}
    assert client.submit(page, {"current": LONG, **new}, status=422).errors == ["Use at most 1,000 characters"]
    assert max(lengths) <= 1_000


@pytest.mark.parametrize("name", ["asked-²", "asked-٣", f"asked-{'9' * 5_000}", "asked-", "asked--1", "asked-0-0"])
def test_digits_come_by_their_number_and_by_nothing_else(client, policy, name):
    policy(carers=Step.SECURITY_CODE)
    user = make_user()
    give_security_code(user)
    page = past_the_code(client, user)
    client.user = user
    client.submit(page, {**digits(user), name: "1"}, status=303)


@pytest.mark.parametrize("sent_from", NO_ADDRESSES)
def test_where_a_request_comes_from_may_be_no_address_at_all(make_app, sent_from):
    client = PortalClient(make_app(https=True))
    headers = {"Referer": sent_from, "Sec-Fetch-Site": "same-origin"}
    client.post("/log-out", headers=headers, status=400)
    client.sign_in(make_user())
    client.get("/council/", headers={**headers, "X-Background": "yes"}, status=403)
    PortalClient(client.app).get("/account", headers={**headers, "X-Background": "yes"}, status=303)
    current = {"HX-Current-URL": sent_from, "X-Background": "yes"}
    PortalClient(client.app).get("/account", headers=current, htmx=True, status=204)


@pytest.mark.postgres
def test_a_character_that_no_keyboard_has_is_passed_over(client, database):
    provider = make_provider(name="Oak House")
    client.sign_in(make_staff(CouncilRole.SYSTEMS_ADMINISTRATOR, name="Hana Moss"))
    for path in ("/council/people/", "/council/people/data.csv", "/council/providers/", "/council/audit/"):
        client.get(path, query_string={"na\0me": "Ha\0na", "person": "Ha\0na", "provider": "O\0ak"})
    person = {"provider": "Oak\0 House", "email": "robin@example.org", "name": "Robin\0", "role": "finance"}
    make_contact(provider, email="robin@example.org")
    client.submit(client.get("/council/people/new"), person, status=303)
    PortalClient(client.app).post("/log-in", {"email": "a\0b", "password": "c\0d"}, status=422)
    PortalClient(client.app).post("/forgotten-password", {"email": "a\0b"}, status=303)


@pytest.mark.postgres
@pytest.mark.parametrize("contact", ["1" * 30, "2147483648", "-1", "²", "x", ""])
def test_a_number_that_fits_into_no_key_names_nobody(client, database, contact):
    provider = make_provider()
    client.sign_in(make_staff(CouncilRole.SYSTEMS_ADMINISTRATOR))
    page = client.get(f"/council/providers/{provider.id}/access/new", query_string={"contact": contact})
    assert not page.page.select_one("#email").get("value")


@pytest.mark.postgres
def test_the_audit_is_searched_from_the_first_day_to_the_last(client, database):
    client.sign_in(make_staff(CouncilRole.AUDITOR))
    for path in ("/council/audit/", "/council/audit/data.csv"):
        client.get(path, query_string={"first": "0001-01-01", "last": "9999-12-31"})


def test_the_code_page_takes_a_code_that_is_much_too_long(client):
    page = code_page(client, make_user(Role.FINANCE))
    assert client.submit(page, {"code": "1" * 5_000}, status=422).errors


@pytest.mark.parametrize("page", ["/log-in", "/forgotten-password"])
def test_what_is_too_long_for_an_address_is_kept_nowhere(client, database, page):
    typed = {"email": f"{'x' * 400_000}@example.org", "password": "Three-Green-Kettles-7"}
    client.submit(client.get(page), typed, status=422)
    assert not every(WebSession)


def test_no_long_text_is_looked_at_as_an_address(client, database, lengths):
    """By whoever may ask for a change of details, or change somebody's address."""
    provider = make_provider()
    user = make_user(Role.ADMINISTRATOR, provider)
    typed = {"name": "Robin Marsh", "email": f"{LONG}@example.org"}
    client.sign_in(user)
    ask = f"/providers/{provider.id}/changes/ask/new-contact"
    assert "254" in " ".join(client.submit(client.get(ask), typed, status=422).errors)
    client.sign_in(make_staff(CouncilRole.SYSTEMS_ADMINISTRATOR))
    page = client.get(f"/council/people/{user.id}/email")
    assert "254" in client.submit(page, typed, status=422).errors[0]
    assert max(lengths, default=0) <= 1_000
