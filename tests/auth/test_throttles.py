"""Nobody guesses their way in, and nobody is locked out by those who try."""

import pytest
from argon2 import PasswordHasher

from models.accounts import passwords
from models.accounts.account_policy import Step
from models.accounts.authenticator import Authenticator
from models.accounts.known_device import KnownDevice
from models.accounts.login import FAILURES_PER_ACCOUNT, FAILURES_PER_ADDRESS, LoginFailure
from models.accounts.web_session import WebSession
from models.base import utc_now
from models.outbox import OutboxMessage
from models.permissions import Role
from tests.auth.journey import code_page, give_password, log_in, mailed_code, past_the_code
from tests.auth.steps import app_code, digits, give_app, give_security_code
from tests.factories import PASSWORD, make_user
from tests.support.client import PortalClient
from tests.support.rows import every, unit_of_work

WRONG = "Wrong-Password-1"
NEW = "Seven-Quiet-Otters-4"
NEW_DEVICE, AFTER_FAILURES = "A log-in from a new device", "A log-in after wrong tries"


@pytest.fixture
def user(database):
    return make_user()


@pytest.fixture
def telephone(app, user):
    """Their own, with which they have logged in before."""
    telephone = PortalClient(app)
    come_and_go(telephone, user)
    return telephone


def come_and_go(client, user):
    """A whole log-in, and out again."""
    assert log_in(client, user).location == "/providers"
    client.post("/log-out", status=303)


def attack(app, tries):
    """Wrong passwords, `(email, address)` each, as fast as they go; how often each status was the answer."""
    outsider = PortalClient(app)
    data = {"csrf_token": outsider.csrf_token(), "password": WRONG}
    browser = app.test_client()
    browser.set_cookie(app.config["SESSION_COOKIE_NAME"], outsider.cookie, domain="portal.example")
    where = {"base_url": "http://portal.example", "headers": {"Referer": "http://portal.example/"}}
    for email, address in tries:
        answer = browser.post(
            "/log-in", data=data | {"email": email}, environ_overrides={"REMOTE_ADDR": address}, **where
        )
        assert answer.status_code == 422


@pytest.mark.parametrize("bad", [200, pytest.param(1000, marks=pytest.mark.campaign)])
@pytest.mark.parametrize("kind", ["one address", "200 addresses", "one account"])
def test_during_many_bad_log_ins_nobody_gets_in_but_the_real_person(app, user, telephone, kind, bad, monkeypatch):
    monkeypatch.setattr(passwords, "_of_nobody", PasswordHasher(1, 8, 1).hash("nobody"))
    tries = {
        "one address": [(f"guess{n}@example.org", "198.51.100.1") for n in range(bad)],
        "200 addresses": [(f"guess{n}@example.org", f"198.51.100.{n % 200}") for n in range(bad)],
        "one account": [(user.email, f"198.51.100.{n % 200}") for n in range(bad)],
    }[kind]
    attack(app, tries[: bad - 50])
    come_and_go(telephone, user)
    attack(app, tries[bad - 50 :])
    log_in(telephone, user)

    counted = {"one address": FAILURES_PER_ADDRESS, "200 addresses": bad, "one account": FAILURES_PER_ACCOUNT}[kind]
    assert len(every(LoginFailure)) == counted
    assert {row.user_id for row in every(WebSession)} == {user.id}


@pytest.mark.postgres
def test_on_a_new_device_the_real_person_comes_in_by_setting_a_new_password(app, user):
    for n in range(FAILURES_PER_ACCOUNT):
        give_password(PortalClient(app), user.email, WRONG, environ_overrides={"REMOTE_ADDR": f"198.51.100.{n}"})
    client = PortalClient(app)
    give_password(client, user.email, status=422)
    page = client.follow(client.submit(client.get("/forgotten-password"), {"email": user.email}, status=303))
    page = client.follow(client.submit(page, {"code": mailed_code()}, status=303))
    client.submit(page, {"new": NEW, "confirm": NEW}, status=303)
    give_password(client, user.email, NEW, status=303)


# The cookie


def device_cookie(answer):
    return [each for each in answer.headers.getlist("Set-Cookie") if "device=" in each]


@pytest.mark.parametrize("https", [False, True])
def test_a_browser_is_known_only_once_somebody_has_wholly_logged_in(make_app, https):
    app, user = make_app(https=https), make_user()
    client = PortalClient(app)
    answer = give_password(client, user.email, status=303)
    assert not device_cookie(answer)
    page = client.follow(answer)
    client.user = user
    [cookie] = device_cookie(client.submit(page, {"code": mailed_code()}, status=303))
    name, *parts = cookie.split("; ")
    assert name.startswith("__Host-device=" if https else "device=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=31536000"} <= set(parts)
    assert ("Secure" in parts) is https
    assert "Domain" not in cookie
    assert name.partition("=")[0] in client.get("/cookies").words


@pytest.mark.parametrize("rubbish", ["x", "A" * 43, "A" * 4000, "' or 1=1 --"])
def test_rubbish_for_a_device_is_a_new_one(client, user, rubbish):
    client.user = user
    page = code_page(client, user)
    headers = {"Cookie": f"session={client.cookie}; device={rubbish}"}
    answer = client.submit(page, {"code": mailed_code()}, status=303, headers=headers)
    assert f"device={rubbish};" not in device_cookie(answer)[0]


def test_a_household_shares_a_browser(app, user, telephone):
    partner = make_user()
    come_and_go(telephone, partner)
    for person in (user, partner):
        attack(app, [(person.email, f"198.51.100.{n}") for n in range(FAILURES_PER_ACCOUNT)])
        come_and_go(telephone, person)
    assert len({row.token_sha256 for row in every(KnownDevice)}) == 1


def test_a_password_changed_at_home_leaves_this_browser_known_and_no_other(app, user, telephone):
    computer = PortalClient(app)
    log_in(computer, user)
    page = computer.get("/account/password")
    computer.submit(page, {"current": PASSWORD, "new": NEW, "confirm": NEW}, status=303)
    computer.post("/log-out", status=303)
    attack(app, [(user.email, f"198.51.100.{n}") for n in range(FAILURES_PER_ACCOUNT)])
    give_password(telephone, user.email, NEW, status=422)
    give_password(computer, user.email, NEW, status=303)


# The second step


@pytest.mark.parametrize(("step", "tries"), [(Step.SECURITY_CODE, 5), (Step.AUTHENTICATOR, 6)])
def test_who_knows_the_password_has_few_tries_at_the_second_step_and_the_owner_logs_in_meanwhile(
    app, policy, step, tries
):
    """Here they read the mailbox as well."""
    policy(carers=step, organisations=step)
    user = make_user(Role.FINANCE)
    give_security_code(user) if step is Step.SECURITY_CODE else give_app(user)
    telephone = PortalClient(app)
    whole_log_in(telephone, user, step)

    statuses, right = [], answer_of(user, step)
    wrong = {"code": "000000"} if step is Step.AUTHENTICATOR else dict.fromkeys(right, "x")
    while len(statuses) < 15:
        thief = PortalClient(app)
        page = past_the_code(thief, user)
        statuses += [thief.submit(page, wrong).status_code for _ in range(5)]
    assert statuses.count(422) == tries
    assert set(statuses[-5:]) == {409}
    answer = thief.submit(page, answer_of(user, step), status=409)
    assert "A browser in which you have logged in before goes on as ever" in answer.words
    assert "contact the council: they can unlock your login" in answer.words

    assert whole_log_in(telephone, user, step).location == "/providers"
    told = [mail.subject for mail in every(OutboxMessage) if mail.subject != "Your code to log in"]
    assert sorted(told) == [AFTER_FAILURES, "Somebody gave your password", "Too many wrong codes"]


def answer_of(user, step):
    return digits(user) if step is Step.SECURITY_CODE else {"code": app_code(user)}


def whole_log_in(client, user, step):
    client.user = user
    page = past_the_code(client, user)
    answer = client.submit(page, answer_of(user, step), status=303)
    client.post("/log-out", status=303)
    forget_last_code(user)
    return answer


def forget_last_code(user):
    """So that the same code of the app may be given again in the same half minute."""
    with unit_of_work() as session:
        for app in session.scalars(Authenticator.of(user.id)):
            app.last_step = 0


def test_five_wrong_codes_from_the_mail_are_told_to_the_person(client, user):
    page = code_page(client, user)
    wrong = f"{(int(mailed_code()) + 1) % 1_000_000:06}"
    for _ in range(6):
        client.submit(page, {"code": wrong}, status=422)
    assert [mail.subject for mail in every(OutboxMessage)] == ["Your code to log in", "Somebody gave your password"]


# Mails of warning


def warnings():
    return [mail.subject for mail in every(OutboxMessage) if "code" not in mail.subject]


def test_the_very_first_log_in_is_no_surprise_and_one_from_another_device_is(app, user, telephone):
    assert warnings() == []
    come_and_go(telephone, user)
    assert warnings() == []
    log_in(PortalClient(app), user)
    assert warnings() == [NEW_DEVICE]
    [mail] = [mail for mail in every(OutboxMessage) if mail.subject == NEW_DEVICE]
    assert mail.to == user.email
    assert "If not, somebody else has got in: change your password now, and contact the council" in mail.body


@pytest.mark.parametrize(("failures", "told"), [(2, []), (3, [AFTER_FAILURES])])
def test_a_log_in_after_three_wrong_passwords_is_told(app, user, telephone, failures, told):
    attack(app, [(user.email, "198.51.100.1")] * failures)
    come_and_go(telephone, user)
    assert warnings() == told
    log_in(telephone, user)
    assert warnings() == told
    assert not [mail for mail in every(OutboxMessage) if "198.51" in mail.body]


def test_wrong_passwords_of_the_day_before_are_not_told_after_a_log_in_in_between(app, user, telephone, time_machine):
    now = utc_now()
    attack(app, [(user.email, "198.51.100.1")] * 3)
    log_in(telephone, user)
    time_machine.move_to(now.replace(year=now.year + 1, month=1, day=1))
    log_in(PortalClient(app), user)
    assert warnings() == [AFTER_FAILURES, NEW_DEVICE]


# A log-in that was refused


def test_a_log_in_that_was_refused_leaves_no_way_into_the_next_ones(app, user, time_machine):
    """Its number in the database is free again, and the next person's log-in gets it."""
    time_machine.move_to("2026-03-01T09:00:00+00:00", tick=False)
    thief, mallory = PortalClient(app), make_user()
    for minute in range(10):
        time_machine.move_to(f"2026-03-01T09:{minute:02}:00+00:00", tick=False)
        give_password(PortalClient(app), mallory.email, status=303)
    time_machine.move_to("2026-03-01T09:10:00+00:00", tick=False)
    give_password(thief, mallory.email, status=409)

    victim = PortalClient(app)
    page = victim.follow(victim.submit(victim.get("/forgotten-password"), {"email": user.email}, status=303))
    victim.submit(page, {"code": mailed_code()}, status=303)
    assert thief.get("/log-in/new-password", status=303).location == "/log-in"
