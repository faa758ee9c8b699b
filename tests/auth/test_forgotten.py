"""A forgotten password: a code by e-mail, whatever else the person has, and a new one."""

import pytest

from models.accounts.account_policy import Step
from models.accounts.passwords import matches
from models.audit import AuditEvent
from models.outbox import OutboxMessage
from models.permissions import Role
from tests.auth.journey import give_password, mailed_code, wrong_code
from tests.auth.steps import all_digits, app_code, digits, give_app, give_security_code
from tests.factories import PASSWORD, make_user
from tests.support.client import PortalClient
from tests.support.rows import every, reloaded

NEW = "Seven-Quiet-Otters-4"
BOTH = {"new": NEW, "confirm": NEW}


def ask(client, email):
    """The page that waits for the code."""
    link = client.get("/log-in").page.find("a", string="Forgotten password")
    return client.follow(client.submit(client.get(link["href"]), {"email": email}, status=303))


@pytest.mark.postgres
@pytest.mark.covers("S0-054", "S0-055", "S1-051", "S1-052", "S1-053", "S1-054", "S1-055", "S2-004")
def test_with_the_code_from_the_mail_one_sets_a_new_password_and_logs_in_with_it(app, client):
    user = make_user()
    elsewhere = PortalClient(app).sign_in(user)
    page = ask(client, user.email)
    assert page.page.select_one("main form button").get_text(strip=True) == "Next"
    page = client.follow(client.submit(page, {"code": mailed_code()}, status=303))
    assert page.heading == "Set a new password"
    done = client.follow(client.submit(page, BOTH, status=303))
    assert done.heading == "Your password is set"
    assert done.page.select_one("main a.govuk-button").get_text(strip=True) == "OK"

    assert matches(NEW, reloaded(user).password_hash)
    assert client.get("/providers", status=303).location.startswith("/log-in")  # a reset logs nobody in
    assert elsewhere.get("/account", status=303).location.startswith("/log-in")
    assert every(OutboxMessage.newest_first())[0].subject == "Your password was changed"
    give_password(client, user.email, PASSWORD, status=422)
    give_password(client, user.email, NEW, status=303)


@pytest.mark.parametrize("address", ["nobody@example.org", "disabled@example.org"])
def test_an_address_that_nobody_has_gets_the_same_pages_and_no_mail(client, address):
    make_user(email="disabled@example.org", is_active=False)
    known = make_user(email="known@example.org")
    page = ask(client, address)
    assert not every(OutboxMessage)
    same = ask(client, known.email)
    assert without_tokens(page, address) == without_tokens(same, known.email)
    again = client.submit(ask(client, address), {"code": "123456"}, status=422)
    assert again.errors == ["That is not the code we sent you. Check the newest e-mail and enter its code"]


def test_a_wrong_code_opens_nothing(client):
    user = make_user()
    page = ask(client, user.email)
    client.submit(page, {"code": wrong_code()}, status=422)
    assert client.get("/log-in/new-password", status=303).location == "/log-in/code"
    assert client.post("/log-in/new-password", BOTH, status=303).location == "/log-in/code"
    assert matches(PASSWORD, reloaded(user).password_hash)


@pytest.mark.postgres
def test_a_mailbox_is_not_enough_where_there_is_a_security_code(client, policy):
    policy(carers=Step.SECURITY_CODE)
    user = make_user()
    give_security_code(user)
    page = client.follow(client.submit(ask(client, user.email), {"code": mailed_code()}, status=303))
    assert page.heading == "Enter digits of your security code"
    assert "To set a new password, enter all 6 digits of your security code" in page.words
    client.submit(page, digits(user), status=422)
    assert client.post("/log-in/new-password", BOTH, status=303).location == "/log-in/security-code"
    page = client.follow(client.submit(page, all_digits(), status=303))
    client.submit(page, BOTH, status=303)
    assert matches(NEW, reloaded(user).password_hash)


def test_the_last_try_may_be_right(client, policy):
    policy(carers=Step.SECURITY_CODE)
    user = make_user()
    give_security_code(user)
    page = client.follow(client.submit(ask(client, user.email), {"code": mailed_code()}, status=303))
    for _ in range(4):
        page = client.submit(page, dict.fromkeys(all_digits(), "x"), status=422)
    page = client.follow(client.submit(page, all_digits(), status=303))
    assert page.heading == "Set a new password"
    client.submit(page, BOTH, status=303)
    assert matches(NEW, reloaded(user).password_hash)


def test_five_wrong_answers_after_the_code_are_told_as_what_they_are(client, policy):
    """Nobody has given the password here, so that the mail must not say so."""
    policy(organisations=Step.AUTHENTICATOR)
    user = make_user(Role.FINANCE)
    give_app(user)
    page = client.follow(client.submit(ask(client, user.email), {"code": mailed_code()}, status=303))
    for _ in range(5):
        client.submit(page, {"code": "abc"}, status=422)
    [_, mail] = every(OutboxMessage)
    assert mail.subject == "Somebody tried to set your password"
    assert "somebody else reads your e-mails" in mail.body


def test_a_mailbox_is_not_enough_where_there_is_an_app(client, policy):
    policy(organisations=Step.AUTHENTICATOR)
    user = make_user(Role.FINANCE)
    give_app(user)
    page = client.follow(client.submit(ask(client, user.email), {"code": mailed_code()}, status=303))
    assert page.heading == "Enter the code from your app"
    page = client.follow(client.submit(page, {"code": app_code(user)}, status=303))
    assert page.heading == "Set a new password"


def test_a_code_that_was_sent_to_log_in_sets_no_password_and_the_reverse(app, client):
    user = make_user()
    login, reset = PortalClient(app), client
    log_in_page = login.follow(give_password(login, user.email, status=303))
    to_log_in = mailed_code()
    reset_page = ask(reset, user.email)
    to_reset = mailed_code()
    if to_log_in != to_reset:
        reset.submit(reset_page, {"code": to_log_in}, status=422)
        login.submit(log_in_page, {"code": to_reset}, status=422)
    reset.submit(reset_page, {"code": to_reset}, status=303)


def test_who_was_invited_sets_the_first_password_in_this_way(client):
    user = make_user(password_hash=None)
    give_password(client, user.email, PASSWORD, status=422)
    page = client.follow(client.submit(ask(client, user.email), {"code": mailed_code()}, status=303))
    client.submit(page, BOTH, status=303)
    give_password(client, user.email, NEW, status=303)


def test_an_hour_is_long_enough(client, time_machine):
    time_machine.move_to("2026-03-01T09:00:00+00:00", tick=False)
    user = make_user()
    page = client.follow(client.submit(ask(client, user.email), {"code": mailed_code()}, status=303))
    time_machine.move_to("2026-03-01T09:29:00+00:00", tick=False)
    client.get("/log-in/new-password")
    time_machine.move_to("2026-03-01T09:58:00+00:00", tick=False)
    client.get("/log-in/new-password")
    time_machine.move_to("2026-03-01T10:00:00+00:00", tick=False)
    assert client.submit(page, BOTH, status=303).location.startswith("/log-in")
    assert matches(PASSWORD, reloaded(user).password_hash)


def test_what_is_missing_or_too_weak_is_said(client):
    user = make_user()
    page = client.get("/forgotten-password")
    assert client.submit(page, {"email": ""}, status=422).errors == ["Enter your e-mail address"]
    page = client.follow(client.submit(ask(client, user.email), {"code": mailed_code()}, status=303))
    assert client.submit(page, {"new": "short", "confirm": "short"}, status=422).errors == [
        "Use at least 9 characters, upper-case letters, numbers and symbols, like ! or -"
    ]


def test_the_audit_knows_that_it_was_a_reset(client):
    user = make_user()
    page = client.follow(client.submit(ask(client, user.email), {"code": mailed_code()}, status=303))
    client.submit(page, BOTH, status=303)
    sent = [event for event in every(AuditEvent) if event.action == "login.code_sent"]
    assert sent[-1].detail == {"purpose": "reset"}
    assert [event.user_id for event in every(AuditEvent) if event.action == "user.password_changed"] == [user.id]


def without_tokens(answer, email):
    for field in answer.page.select("[name=csrf_token]"):
        field["value"] = ""
    return str(answer.page).replace(email, "")
