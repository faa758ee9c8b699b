"""My login: what one logs in with, changed from inside."""

import pyotp
import pytest

from models.accounts.account_policy import Step
from models.accounts.authenticator import Authenticator
from models.accounts.passwords import matches
from models.base import utc_now
from models.outbox import OutboxMessage
from tests.auth.journey import give_password, past_the_code
from tests.auth.steps import SECURITY_CODE, app_code, asked, digits, give_app, give_security_code, recovery_codes_left
from tests.factories import PASSWORD, make_user
from tests.support.client import PortalClient
from tests.support.rows import every, reloaded

NEW = "Seven-Quiet-Otters-4"
CHANGE = {"current": PASSWORD, "new": NEW, "confirm": NEW}


@pytest.mark.postgres
@pytest.mark.covers("S4-053")
def test_changing_the_password_logs_out_everywhere_else_and_tells_by_mail(app, client):
    user = make_user()
    other = PortalClient(app).sign_in(user)
    before = client.sign_in(user).cookie
    page = client.get("/account/password")
    assert page.heading == "Change Provider Portal Password"
    answer = client.follow(client.submit(page, CHANGE, status=303))

    assert "Your password is changed" in answer.words
    assert matches(NEW, reloaded(user).password_hash)
    assert client.cookie != before
    assert other.get("/account", status=303).location.startswith("/log-in")
    [mail] = every(OutboxMessage)
    assert (mail.to, mail.subject) == (user.email, "Your password was changed")
    assert NEW not in mail.body


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"current": "Wrong-Password-1"}, "That is not your current password. Check it, and type it again"),
        ({"new": PASSWORD, "confirm": PASSWORD}, "Choose a password that is different from your current one"),
        ({"confirm": "x"}, "The two new passwords are not the same. Type the same one twice"),
    ],
)
def test_a_password_is_changed_by_who_knows_it_only(client, changed, error):
    user = make_user()
    page = client.sign_in(user).get("/account/password")
    assert client.submit(page, CHANGE | changed, status=422).errors == [error]
    assert matches(PASSWORD, reloaded(user).password_hash)


def test_a_stolen_session_cannot_try_passwords_for_ever(client):
    user = make_user()
    page = client.sign_in(user).get("/account/password")
    for _ in range(10):
        client.submit(page, CHANGE | {"current": "Wrong-Password-1"}, status=422)
    assert client.submit(page, CHANGE, status=422).errors
    assert matches(PASSWORD, reloaded(user).password_hash)


@pytest.mark.postgres
@pytest.mark.covers("S4-050", "S4-054")
def test_the_security_code_is_changed_from_inside(app, client, policy):
    policy(carers=Step.SECURITY_CODE)
    user = make_user()
    give_security_code(user)
    page = client.sign_in(user).get("/account/security-code")
    assert client.submit(page, {"new": SECURITY_CODE, "confirm": SECURITY_CODE}, status=422).errors == [
        "Enter a code that is different from your previous security code"
    ]
    done = client.follow(client.submit(page, {"new": "246802", "confirm": "246802"}, status=303))
    assert "Your security code is changed" in done.words
    assert every(OutboxMessage)[0].subject == "The security code was changed"

    other = PortalClient(app)
    page = past_the_code(other, user)
    assert len(asked(user)) == 3
    other.submit(page, digits(user, "246802"), status=303)


def test_no_security_code_is_offered_where_the_council_asks_for_none(client):
    answer = client.sign_in(make_user()).get("/account")
    assert "Change Security Code" not in answer.words


def test_an_app_is_set_up_by_whoever_wants_one(app, client):
    user = make_user()
    page = client.follow(client.submit(client.sign_in(user).get("/account"), form="main form", status=303))
    assert page.heading == "Set up an authenticator app"
    seed = page.page.select_one("code.key").get_text().replace(" ", "")
    assert client.submit(page, {"code": "000000"}, status=422).errors
    shown = client.submit(page, {"code": pyotp.TOTP(seed).at(utc_now())}, status=200)
    assert shown.heading == "Keep your recovery codes"
    codes = [each.get_text() for each in shown.page.select(".codes code")]
    assert len(set(codes)) == recovery_codes_left(user) == 10
    assert "You have 10 recovery codes left" in client.get("/account").words

    other = PortalClient(app)
    page = other.follow(give_password(other, user.email, status=303))
    assert page.heading == "Enter the code from your app"


def test_the_old_phone_works_until_the_new_one_does(client):
    user = make_user()
    give_app(user)
    old = every(Authenticator.of(user.id))[0]
    client.sign_in(user).post("/account/authenticator/begin", status=303)
    assert every(Authenticator.of(user.id))[0].id == old.id
    page = client.get("/account/authenticator")
    new = page.page.select_one("code.key").get_text().replace(" ", "")
    client.submit(page, {"code": pyotp.TOTP(new).at(utc_now())}, status=200)
    [now] = every(Authenticator)
    assert now.id != old.id
    assert app_code(user) == pyotp.TOTP(new).at(utc_now())


def test_new_recovery_codes_take_the_place_of_the_old_ones(client):
    user = make_user()
    old = give_app(user)
    client.sign_in(user)
    shown = client.post("/account/recovery-codes", status=200)
    codes = [each.get_text() for each in shown.page.select(".codes code")]
    assert not set(codes) & set(old)
    assert client.post("/account/recovery-codes", status=200)
    assert recovery_codes_left(user) == 10


def test_there_are_no_recovery_codes_without_an_app(client):
    answer = client.sign_in(make_user()).post("/account/recovery-codes", status=409)
    assert "Set up a passkey or an authenticator app first" in answer.words
    assert client.get("/account/authenticator", status=303).location == "/account"
