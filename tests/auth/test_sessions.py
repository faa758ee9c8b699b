from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from models.accounts.user import Membership, User
from models.accounts.web_session import WebSession, digest
from models.audit import AuditEvent
from models.base import transaction
from tests.auth.journey import code_page, give_password, log_in, mailed_code
from tests.factories import make_user
from tests.support.client import PortalClient
from tests.support.rows import every, unit_of_work


@pytest.fixture
def user(database):
    return make_user()


def is_signed_in(client) -> bool:
    return not client.get("/providers", status=303).location.startswith("/log-in")


def copy_of(client) -> PortalClient:
    """Somebody with the same cookie."""
    other = PortalClient(client.app)
    other.cookie, other.user = client.cookie, client.user
    return other


def test_every_step_of_logging_in_has_a_token_of_its_own_and_the_old_ones_are_dead(client, user):
    client.get("/log-in")
    before = client.cookie
    page = code_page(client, user)
    between, half_way = client.cookie, copy_of(client)
    client.user = user
    client.submit(page, {"code": mailed_code()}, status=303)

    assert len({before, between, client.cookie}) == 3
    assert is_signed_in(client)
    assert not is_signed_in(half_way)
    stranger = PortalClient(client.app)
    stranger.cookie = before
    assert not is_signed_in(stranger)


def test_a_token_that_somebody_planted_is_not_taken_over(client, user):
    client.cookie = planted = "A" * 43
    log_in(client, user)
    assert client.cookie != planted
    stranger = PortalClient(client.app)
    stranger.cookie = planted
    assert not is_signed_in(stranger)


@pytest.mark.parametrize("rubbish", ["", "x", "A" * 42, "A" * 44, "é" * 43, "' or 1=1 --", "A" * 4000])
def test_rubbish_for_a_cookie_is_nobody(client, user, rubbish):
    answer = client.get("/providers", status=303, headers={"Cookie": f"session={rubbish}"})
    assert answer.location.startswith("/log-in")


def test_the_database_keeps_no_token_that_opens_anything(client, user):
    client.sign_in(user)
    [row] = every(WebSession)
    assert row.token_sha256 == digest(client.cookie) != client.cookie


@pytest.mark.covers("S0-022", "S0-023", "S1-008", "S1-056", "S2-003", "S4-061")
def test_logging_out_kills_the_cookie_and_every_copy_of_it(client, user):
    home = client.follow(log_in(client, user))
    thief = copy_of(client)
    old = client.cookie

    answer = client.submit(home, form="header form", status=303)
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    page = client.follow(answer)
    assert page.heading == "You have logged out"
    assert client.cookie is None
    client.cookie = old
    assert not is_signed_in(client)
    assert not is_signed_in(thief)
    assert every(AuditEvent)[-1].action == "user.logged_out"


def test_logging_out_twice_is_no_fault(client, user):
    client.sign_in(user)
    client.post("/log-out", status=303)
    client.post("/log-out", status=303)


def test_an_unused_session_ends_after_half_an_hour(client, user, time_machine):
    time_machine.move_to("2026-03-01T09:00:00+00:00", tick=False)
    client.sign_in(user)
    time_machine.move_to("2026-03-01T09:29:59+00:00", tick=False)
    assert is_signed_in(client)
    time_machine.move_to("2026-03-01T09:59:58+00:00", tick=False)
    assert is_signed_in(client)
    time_machine.move_to("2026-03-01T10:29:58+00:00", tick=False)
    assert not is_signed_in(client)


def test_a_used_session_ends_after_twelve_hours(client, user, time_machine):
    time_machine.move_to("2026-03-01T06:00:00+00:00", tick=False)
    client.sign_in(user)
    for minutes in range(20, 12 * 60, 20):
        time_machine.move_to(f"2026-03-01T{6 + minutes // 60:02}:{minutes % 60:02}:00+00:00", tick=False)
        assert is_signed_in(client)
    time_machine.move_to("2026-03-01T17:59:59+00:00", tick=False)
    assert is_signed_in(client)
    time_machine.move_to("2026-03-01T18:00:00+00:00", tick=False)
    assert not is_signed_in(client)


def test_last_seen_is_written_once_a_minute_at_most(client, user, time_machine):
    time_machine.move_to("2026-03-01T09:00:00+00:00", tick=False)
    client.sign_in(user)
    time_machine.shift(timedelta(seconds=59))
    assert not writes(client.get("/providers", status=303))
    time_machine.shift(timedelta(seconds=1))
    assert writes(client.get("/providers", status=303))
    assert not writes(client.get("/providers", status=303))


@pytest.mark.postgres
def test_a_session_that_was_ended_during_a_request_does_not_rise_again(client, user, monkeypatch):
    """The row goes while a view is at work that also changes the session."""
    page = code_page(client, user)
    monkeypatch.setattr("blueprints.session_store.WebSession.outlived", lambda: delete(WebSession))
    client.submit(page, {"code": mailed_code()}, status=303)
    assert not every(WebSession)
    assert not is_signed_in(client)


def test_a_disabled_user_is_out_at_the_next_request(client, user):
    client.sign_in(user)
    assert is_signed_in(client)
    with transaction() as session:
        session.execute(update(User).values(is_active=False))
    assert not is_signed_in(client)


def test_a_membership_that_was_ended_is_gone_at_the_next_request(client, user):
    [membership] = every(Membership)
    client.sign_in(user).get(f"/providers/{membership.provider_id}/")
    with unit_of_work() as session:
        session.execute(delete(Membership))
    client.get(f"/providers/{membership.provider_id}/", status=404)


def test_showing_the_log_in_page_writes_nothing_at_all(client):
    answer = client.get("/log-in")
    assert client.cookie
    assert not writes(answer)
    assert not every(WebSession)


def test_pages_without_a_form_set_no_cookie(client):
    for path in ("/", "/help", "/privacy", "/nowhere"):
        assert "Set-Cookie" not in client.get(path, status=None).headers


def test_a_session_that_has_ended_is_known_for_a_day_and_then_swept_away(client, user, time_machine):
    time_machine.move_to("2026-03-01T09:00:00+00:00", tick=False)
    client.sign_in(user)
    time_machine.move_to("2026-03-02T09:29:59+00:00", tick=False)
    log_in(PortalClient(client.app), user)
    assert len(every(WebSession)) == 2
    time_machine.move_to("2026-03-02T09:30:00+00:00", tick=False)
    log_in(PortalClient(client.app), user)
    assert [row.ended for row in every(WebSession)] == [None, None]
    assert not is_signed_in(client)


def test_over_https_the_cookie_is_bound_to_this_host_and_to_https(make_app, user):
    client = PortalClient(make_app(https=True))
    [cookie] = give_password(client, user.email, status=303).headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-session=")
    assert "Secure" in cookie
    assert "Domain" not in cookie
    assert "Expires" not in cookie
    assert "Max-Age" not in cookie


def writes(answer) -> list[str]:
    return [each for each in answer.statements if each.startswith(("INSERT", "UPDATE", "DELETE"))]
