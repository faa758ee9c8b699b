"""What the council does to somebody's account."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.accounts.passwords import matches
from models.accounts.web_session import WebSession
from models.audit import AuditEvent
from models.base import utc_now
from models.outbox import OutboxMessage
from models.permissions import CouncilRole
from tests.admin.people.accounts import ACTS, LIST, at, offered, press
from tests.factories import make_staff, make_user
from tests.support.client import PortalClient
from tests.support.rows import every, reloaded, unit_of_work


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_help_desk_opens_no_act_on_an_account_of_the_council(help_desk, act, method):
    manager = make_staff(CouncilRole.PAYMENTS_MANAGER)
    data = {"csrf_token": help_desk.csrf_token(), "email": "x@example.org", "role": ""} if method == "POST" else None
    help_desk.open(method, at(manager, act), status=403, data=data)
    assert reloaded(manager).password_hash == manager.password_hash


@pytest.mark.parametrize("act", ACTS)
def test_nobody_acts_on_their_own_account(administrator, act):
    data = {"email": "other@example.org", "role": "auditor"}
    answer = administrator.post(at(administrator.user, act), data, status=409)
    assert "your own login" in answer.words


def test_every_act_asks_for_the_password_again_after_a_while(administrator, dawn):
    with unit_of_work() as session:
        for row in session.scalars(select(WebSession)):
            row.data = {**row.data, "proved_at": (utc_now() - timedelta(minutes=16)).isoformat()}
    for page in (*(at(dawn, act) for act in ACTS), LIST + "new", LIST + "new-colleague"):
        assert administrator.get(page, status=303).location.startswith("/account/prove")
    administrator.get(at(dawn))


@pytest.mark.postgres
def test_a_temporary_password_is_shown_once(help_desk, dawn):
    page = press(help_desk, at(dawn, "temporary-password"), status=200)
    password = page.page.select_one("code").text
    assert matches(password, reloaded(dawn).password_hash)
    assert "by telephone or in person" in page.words
    assert password not in help_desk.get(at(dawn)).text
    assert not [mail for mail in every(OutboxMessage) if password in mail.body]
    assert not [event for event in every(AuditEvent) if password in str(event.detail)]


def test_a_session_that_is_open_ends_with_it(app, help_desk, dawn, provider):
    carer = PortalClient(app).sign_in(dawn)
    carer.get(f"/providers/{provider.id}/")
    press(help_desk, at(dawn, "log-out"))
    assert carer.get(f"/providers/{provider.id}/", status=303).location.startswith("/log-in")


def test_a_login_is_switched_off_and_on_again(app, administrator, dawn, provider):
    carer = PortalClient(app).sign_in(dawn)
    assert "Switched off" in press(administrator, at(dawn, "disable")).words
    assert carer.get(f"/providers/{provider.id}/", status=303).location.startswith("/log-in")
    assert "enable" in offered(administrator.get(at(dawn)))
    assert "already" in administrator.post(at(dawn, "disable"), status=409).words
    press(administrator, at(dawn, "enable"))
    assert reloaded(dawn).is_active


def test_the_address_is_changed_and_a_bad_one_is_told(administrator, dawn):
    answer = press(administrator, at(dawn, "email"), {"email": "not an address"}, status=422)
    assert answer.errors == ["Enter an e-mail address, like name@example.org"]
    assert answer.page.select_one("#email")["value"] == "not an address"
    page = press(administrator, at(dawn, "email"), {"email": "Dawn.New@Example.org"})
    assert "now logs in as dawn.new@example.org" in page.words
    assert "already a user" in administrator.post(
        at(make_user(), "email"), {"email": "dawn.new@example.org"}, status=409
    ).words  # fmt: skip
