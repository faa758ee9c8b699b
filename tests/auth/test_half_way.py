"""Who is half-way in: by which page they go on, and when they have to begin again."""

import pyotp
import pytest
from sqlalchemy import select

from models.accounts.account_policy import Step
from models.accounts.authenticator import Authenticator
from models.accounts.known_device import KnownDevice
from models.audit import AuditEvent
from models.base import utc_now
from models.permissions import Role
from tests.auth.journey import code_page, mailed_code, past_the_code
from tests.auth.steps import all_digits, digits, give_security_code
from tests.factories import PASSWORD, make_user
from tests.support.client import PortalClient
from tests.support.rows import every, reloaded

NEW = "Seven-Quiet-Otters-4"
TYPED = {"current": PASSWORD, "new": NEW, "confirm": NEW}

pytestmark = pytest.mark.postgres


@pytest.fixture
def user(app, policy):
    policy(carers=Step.SECURITY_CODE, organisations=Step.AUTHENTICATOR)
    user = make_user()
    give_security_code(user)
    return user


@pytest.fixture
def thief(app, user):
    """Somebody who knows the password, at the page that asks for digits of the security code."""
    client = PortalClient(app)
    client.page = past_the_code(client, user)
    return client


def is_in(client, user):
    client.user = user
    client.submit(client.page, digits(user), status=303)
    return client.get("/account", status=None).status_code == 200


def test_a_new_password_sends_everybody_back_who_came_with_the_one_before(app, user, thief):
    own = PortalClient(app).sign_in(user)
    own.submit(own.get("/account/password"), TYPED, status=303)
    assert own.get("/account").heading
    assert not is_in(thief, user)


def test_so_does_a_forgotten_password(app, user, thief):
    own = PortalClient(app)
    page = own.follow(own.submit(own.get("/forgotten-password"), {"email": user.email}, status=303))
    page = own.follow(own.submit(page, {"code": mailed_code()}, status=303))
    page = own.follow(own.submit(page, all_digits(), status=303))
    assert own.follow(own.submit(page, {"new": NEW, "confirm": NEW}, status=303)).heading
    assert not is_in(thief, user)


def test_until_then_they_go_on(user, thief):
    assert is_in(thief, user)


def test_after_the_recovery_codes_only_a_button_logs_in(client, user):
    """A GET would log in without a trace: what it writes is not kept."""
    manager = make_user(Role.FINANCE)
    page = client.follow(client.submit(code_page(client, manager), {"code": mailed_code()}, status=303))
    [app] = every(Authenticator.new_of(manager.id))
    shown = client.submit(page, {"code": pyotp.TOTP(app.seed).at(utc_now())}, status=200)
    assert shown.heading == "Keep your recovery codes"
    assert client.get("/log-in/continue").heading == "One more step"
    assert client.get("/account", status=303).location.startswith("/log-in")

    client.user = manager
    assert client.follow(client.submit(shown, status=303)).heading == "Home"
    assert reloaded(manager).last_login_at
    assert every(select(AuditEvent).where(AuditEvent.action == "user.logged_in"))
    assert [device.user_id for device in every(KnownDevice)] == [manager.id]
