"""Security codes and authenticator apps, as they are asked for at each log-in."""

import re

import pyotp
import pytest

from models.accounts.account_policy import Step
from models.accounts.authenticator import Authenticator
from models.audit import AuditEvent
from models.base import utc_now
from models.outbox import OutboxMessage
from models.permissions import CouncilRole, Role
from tests.auth.journey import give_password, mailed_code, past_the_code
from tests.auth.steps import (
    SECURITY_CODE,
    app_code,
    asked,
    digits,
    give_app,
    give_security_code,
    recovery_codes_left,
)
from tests.factories import PASSWORD, make_membership, make_provider, make_staff, make_user
from tests.support.client import PortalClient
from tests.support.rows import every, reloaded

AT_NINE = "2026-03-01T09:00:00+00:00"


@pytest.fixture
def with_code(database, policy):
    policy(carers=Step.SECURITY_CODE)
    user = make_user()
    give_security_code(user)
    return user


@pytest.fixture
def with_app(database, policy):
    policy(organisations=Step.AUTHENTICATOR)
    user = make_user(Role.FINANCE)
    give_app(user)
    return user


def second_page(client, user, password=PASSWORD):
    return past_the_code(client, user, password)


def test_the_page_asks_for_some_digits_by_their_place(client, with_code):
    page = second_page(client, with_code)
    assert page.heading == "Enter digits of your security code"
    labels = [label.get_text(strip=True) for label in page.page.select("main label")]
    assert labels == [f"Digit {place} of your security code" for place in asked(with_code)]
    for field in page.page.select("main form input.digit"):
        assert (field["inputmode"], field["autocomplete"]) == ("numeric", "off")


def test_digits_left_out_are_asked_for_by_their_place_and_use_up_no_try(client, with_code):
    page = second_page(client, with_code)
    first, *others = asked(with_code)
    right = digits(with_code)
    for _ in range(6):
        answer = client.submit(page, {**right, "asked-0": ""}, status=422)
        assert answer.errors == [f"Enter digit {first} of your security code"]
    none = client.submit(page, dict.fromkeys(right, " "), status=422)
    assert none.errors == [f"Enter digit {place} of your security code" for place in (first, *others)]
    client.submit(page, right, status=303)


@pytest.mark.postgres
def test_the_right_digits_open_the_portal_and_next_time_others_may_be_asked(client, with_code):
    page = second_page(client, with_code)
    client.user = with_code
    home = client.follow(client.submit(page, digits(with_code), status=303))
    assert home.heading == "Home"
    assert [mail.subject for mail in every(OutboxMessage)] == ["Your code to log in"]
    assert reloaded(with_code).last_login_at


def test_wrong_digits_are_refused_and_the_same_ones_are_asked_again(client, with_code):
    page = second_page(client, with_code)
    places = asked(with_code)
    answer = client.submit(page, dict.fromkeys(digits(with_code), "x"), status=422)
    assert answer.errors == [
        "Those are not the digits of your security code. Check which ones are asked for, and try again"
    ]
    assert asked(with_code) == places
    assert not [field for field in answer.page.select("main form input.digit") if field.get("value")]


@pytest.mark.postgres
def test_after_five_wrong_answers_it_is_back_to_the_password_and_the_person_is_told(client, with_code):
    page = second_page(client, with_code)
    for _ in range(4):
        page = client.submit(page, dict.fromkeys(digits(with_code), "x"), status=422)
    client.submit(page, dict.fromkeys(digits(with_code), "x"), status=422)
    again = client.submit(page, digits(with_code), status=303)
    page = client.follow(again)
    assert page.heading == "Log in to your Provider Portal"
    assert "Please start again" in page.words
    assert [(mail.to, mail.subject) for mail in every(OutboxMessage)][1:] == [
        (with_code.email, "Too many wrong codes"),
        (with_code.email, "Somebody gave your password"),
    ]


@pytest.mark.parametrize(("setting", "fields"), [({}, 3), ({"security_code_positions": 2}, 2)])
def test_three_digits_and_two_where_the_council_wants_two(client, policy, setting, fields):
    policy(carers=Step.SECURITY_CODE, **setting)
    user = make_user()
    give_security_code(user)
    assert len(second_page(client, user).page.select("main form input.digit")) == fields


@pytest.mark.postgres
def test_a_new_browser_is_asked_for_the_code_from_the_mail_and_then_for_digits(app, with_code):
    here = PortalClient(app)
    page = here.follow(give_password(here, with_code.email, status=303))
    assert page.heading == "Enter the code we sent you"
    assert here.post("/log-in/security-code", digits(with_code), status=303).location == "/log-in/code"
    page = here.follow(here.submit(page, {"code": mailed_code()}, status=303))
    assert page.heading == "Enter digits of your security code"
    here.user = with_code
    here.submit(page, digits(with_code), status=303)
    here.post("/log-out", status=303)

    page = here.follow(give_password(here, with_code.email, status=303))
    assert page.heading == "Enter digits of your security code"  # now the browser is known
    assert len(every(OutboxMessage)) == 1
    other = PortalClient(app)
    assert other.follow(give_password(other, with_code.email, status=303)).heading == "Enter the code we sent you"


@pytest.mark.postgres
def test_the_code_of_the_app_opens_the_portal(client, with_app):
    page = second_page(client, with_app)
    assert page.heading == "Enter the code from your app"
    field = page.page.select_one("#code")
    assert (field["type"], field["autocomplete"]) == ("text", "one-time-code")
    client.user = with_app
    assert client.follow(client.submit(page, {"code": app_code(with_app)}, status=303)).heading == "Home"


@pytest.mark.parametrize(("ago", "opens"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_half_a_minute_off_and_no_more(client, with_app, time_machine, ago, opens):
    time_machine.move_to(AT_NINE, tick=False)
    page = second_page(client, with_app)
    answer = client.submit(page, {"code": app_code(with_app, ago=ago)})
    assert answer.status_code == (303 if opens else 422)


@pytest.mark.parametrize("ago", [-20, -4, 4, 20, 200])
def test_every_wrong_code_gets_one_answer_that_helps_whose_phone_is_two_minutes_off(
    client, with_app, time_machine, ago
):
    """To say of which ones would tell a stranger what is going to be right."""
    time_machine.move_to(AT_NINE, tick=False)
    page = second_page(client, with_app)
    [error] = client.submit(page, {"code": app_code(with_app, ago=ago)}, status=422).errors
    [other] = client.submit(page, {"code": "abc"}, status=422).errors
    assert error == other
    assert "set your phone’s date and time to automatic" in error


@pytest.mark.parametrize(
    ("ago", "says"),
    [
        (4, "about 2 minutes slow. Set its date and time to automatic"),
        (-4, "about 2 minutes fast"),
        (2, "about a minute slow"),
        (20, "about 10 minutes slow"),
        (21, "That is not the code that the app shows now"),
        (-21, "That is not the code that the app shows now"),
    ],
)
def test_while_an_app_is_set_up_it_is_told_by_how_much_its_clock_is_wrong(client, policy, time_machine, ago, says):
    time_machine.move_to(AT_NINE, tick=False)
    policy(staff=Step.AUTHENTICATOR)
    officer = make_staff()
    page = past_the_code(client, officer)
    [app] = every(Authenticator.new_of(officer.id))
    code = pyotp.TOTP(app.seed).at(int(utc_now().timestamp()) - 30 * ago)
    [error] = client.submit(page, {"code": code}, status=422).errors
    assert says in error
    own = client.sign_in(officer)
    own.post("/account/authenticator/begin", status=303)
    [app] = every(Authenticator.new_of(officer.id))
    code = pyotp.TOTP(app.seed).at(int(utc_now().timestamp()) - 30 * ago)
    [error] = own.submit(own.get("/account/authenticator"), {"code": code}, status=422).errors
    assert says in error


def test_a_recovery_code_stands_in_for_the_app_once_and_the_person_is_told(app, client, policy):
    policy(organisations=Step.AUTHENTICATOR)
    user = make_user(Role.FINANCE)
    code, *_ = give_app(user)
    page = second_page(client, user)
    client.submit(page, {"code": f" {code.upper()} "}, status=303)
    assert recovery_codes_left(user) == 9
    [mail] = every(OutboxMessage)
    assert mail.subject == "A recovery code was used"

    other = PortalClient(app)
    assert other.submit(second_page(other, user), {"code": code}, status=422).errors


@pytest.mark.parametrize("typed", ["000000", "12345", "abcdefghjk", "x" * 5000, "１２３"])
def test_what_is_not_the_code_uses_up_a_try(client, with_app, typed):
    page = second_page(client, with_app)
    for _ in range(5):
        client.submit(page, {"code": typed}, status=422)
    assert client.submit(page, {"code": app_code(with_app)}, status=303).location.startswith("/log-in")


def test_an_app_with_the_seed_of_another_person_opens_nothing(client, with_app, policy):
    other = make_user(Role.FINANCE)
    give_app(other)
    page = second_page(client, with_app)
    if app_code(other) != app_code(with_app):
        client.submit(page, {"code": app_code(other)}, status=422)


def test_the_strongest_step_of_all_that_somebody_is_counts(client, policy):
    policy(carers=Step.SECURITY_CODE, organisations=Step.EMAIL_CODE)
    user = make_user(Role.CARER)
    give_security_code(user)
    make_membership(user, make_provider(), Role.FINANCE)
    assert client.follow(give_password(client, user.email, status=303)).heading == "Enter the code we sent you"


def test_who_has_set_up_an_app_uses_it_wherever_less_would_do(client, policy):
    policy(carers=Step.SECURITY_CODE)
    user = make_user()
    give_security_code(user)
    give_app(user)
    assert second_page(client, user).heading == "Enter the code from your app"


@pytest.mark.parametrize("role", list(CouncilRole))
def test_no_password_alone_and_no_mailbox_alone_opens_the_councils_side(client, policy, role):
    policy(staff=Step.AUTHENTICATOR, carers=Step.SECURITY_CODE)
    officer = make_staff(role)
    give_app(officer)
    page = second_page(client, officer)
    assert page.heading == "Enter the code from your app"
    assert client.get("/council/", status=303).location.startswith("/log-in")
    assert not every(OutboxMessage)


def test_neither_code_nor_seed_nor_digits_are_noted_anywhere(client, with_code):
    page = second_page(client, with_code)
    client.submit(page, digits(with_code), status=303)
    rows = " ".join(str(vars(row)) for row in (*every(AuditEvent), *every(OutboxMessage)))
    assert SECURITY_CODE not in rows
    assert not re.search(r"asked-\d", rows)
