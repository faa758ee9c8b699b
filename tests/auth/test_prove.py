"""What matters takes a password that was given in the last quarter of an hour."""

import pytest

from models.accounts.login import FAILURES_PER_ACCOUNT
from models.accounts.web_session import WebSession
from models.permissions import CouncilRole
from tests.auth.journey import log_in
from tests.factories import PASSWORD, make_staff, make_user
from tests.support.client import PortalClient
from tests.support.rows import every

FRESH = {
    "admin.audit.data",
    "admin.debts.data",
    "admin.payments.data",
    "admin.payments.waiting_data",
    "admin.payment_runs.data",
    "admin.people.data",
    "admin.standing_holds.data",
    "admin.payment_runs.authorise",
    "admin.payment_runs.finalise",
    "auth.begin_own_authenticator",
    "auth.new_recovery_codes",
    "auth.own_authenticator",
    "auth.own_security_code",
}
CODES = "/account/security-code"


@pytest.fixture
def user(database):
    return make_user()


def at(time_machine, clock):
    time_machine.move_to(f"2026-03-01T{clock}+00:00", tick=False)


def prove(client, answer, password=PASSWORD, **more):
    return client.submit(client.follow(answer), {"password": password}, **more)


def test_these_views_ask_for_it(app):
    """And every one that another area adds; none of these may be forgotten."""
    assert {name for name, view in app.view_functions.items() if getattr(view, "fresh", False)} >= FRESH


def test_after_logging_in_it_is_not_asked_for_a_quarter_of_an_hour(client, user, time_machine):
    at(time_machine, "09:00:00")
    log_in(client, user)
    client.get(CODES)
    at(time_machine, "09:14:59")
    client.get(CODES)
    at(time_machine, "09:15:00")
    assert client.get(CODES, status=303).location == f"/account/prove?next={CODES}"
    client.get("/account")


def test_the_right_password_leads_back_under_a_new_token_and_the_old_one_is_dead(client, user, time_machine):
    at(time_machine, "09:00:00")
    client.sign_in(user)
    at(time_machine, "09:15:00")
    old = client.cookie
    answer = prove(client, client.get(CODES, status=303), status=303)
    assert answer.location == CODES
    assert client.get(CODES).heading == "Change Security Code"
    thief = PortalClient(client.app)
    thief.cookie = old
    thief.get("/account", status=303)
    [row] = every(WebSession)
    assert row.expires_at.isoformat() == "2026-03-01T21:00:00+00:00"
    at(time_machine, "09:30:00")
    client.get(CODES, status=303)


def test_a_wrong_password_opens_nothing_and_is_counted(client, user, time_machine):
    at(time_machine, "09:00:00")
    client.sign_in(user)
    at(time_machine, "09:15:00")
    page = client.follow(client.get(CODES, status=303))
    for _ in range(FAILURES_PER_ACCOUNT):
        page = client.submit(page, {"password": "Wrong-Password-1"}, status=422)
        assert "not your current password" in page.errors[0]
    client.submit(page, {"password": PASSWORD}, status=422)
    client.get(CODES, status=303)


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/nowhere", ""])
def test_it_leads_nowhere_but_to_pages_of_ours(client, user, target):
    page = client.sign_in(user).get("/account/prove", query_string={"next": target})
    assert client.submit(page, {"password": PASSWORD}, status=303).location == "/account"


def test_a_form_of_another_tab_stays_good(client, user, time_machine):
    at(time_machine, "09:00:00")
    other_tab = client.sign_in(user).get("/account/sessions")
    at(time_machine, "09:15:00")
    prove(client, client.get(CODES, status=303), status=303)
    client.submit(other_tab, form="form[action$=stay]", status=303)


def test_authorising_a_run_asks_and_sends_nothing_by_itself(client, database, time_machine):
    at(time_machine, "09:00:00")
    client.sign_in(make_staff(CouncilRole.PAYMENTS_MANAGER))
    at(time_machine, "09:15:01")
    page = {"Referer": "http://portal.example/council/payment-runs/"}
    asked = client.post("/council/payment-runs/1/authorise", status=303, headers=page)
    back = prove(client, asked, status=303)
    assert back.location == "/council/payment-runs/"
    assert "Nothing was sent yet. Press the button again" in client.follow(back).words
    at(time_machine, "09:31:00")
    asked = client.post("/council/payment-runs/1/authorise", {"note": "Now"}, status=303, headers=page)
    page = client.follow(prove(client, asked, status=303))
    assert "This was not sent yet. If it is still to be done, do it again" in page.words
    by_htmx = client.post("/council/payment-runs/1/authorise", status=404, htmx=True)
    assert by_htmx.location is None


def test_who_may_not_do_it_at_all_is_not_asked(client, database, time_machine):
    at(time_machine, "09:00:00")
    client.sign_in(make_staff(CouncilRole.PAYMENTS_OFFICER))
    at(time_machine, "09:15:01")
    client.post("/council/payment-runs/1/authorise", status=403)
