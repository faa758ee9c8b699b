"""What was used once is used up, however it is written the second time; and digits are digits of any keyboard."""

import pytest

from models.accounts.account_policy import Step
from models.permissions import Role
from tests.auth.journey import past_the_code
from tests.auth.steps import app_code, digits, give_app, give_security_code
from tests.factories import make_user
from tests.support.client import PortalClient

START = "2026-03-01T09:00:00+00:00"
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
WAYS = ["{0}{1}", " {0}{1} ", "{0} {1}", "{0}-{1}", "{0}\u200b{1}", "\ufeff{0}{1}", "{0}\u00a0{1}\t"]


@pytest.fixture
def user(app, policy, time_machine):
    time_machine.move_to(START, tick=False)
    policy(organisations=Step.AUTHENTICATOR)
    return make_user(Role.FINANCE)


@pytest.fixture
def recovery_codes(user):
    return give_app(user)


def second_page(app, user):
    client = PortalClient(app)
    return client, past_the_code(client, user)


def opens(app, user, **given):
    """Whether this is right, at a log-in of its own."""
    client, page = second_page(app, user)
    answer = client.submit(page, given)
    assert answer.status_code in (303, 422)
    return answer.status_code == 303


def written(way, code):
    return way.format(code[: len(code) // 2], code[len(code) // 2 :])


@pytest.mark.parametrize("way", [*WAYS, "full width"])
def test_a_code_of_the_app_opens_once_however_it_is_written(app, user, recovery_codes, way):
    code = app_code(user)
    typed = code.translate(FULL_WIDTH) if way == "full width" else written(way, code)
    assert opens(app, user, code=typed)
    for again in (typed, f" {code}\u200b", code.translate(FULL_WIDTH)):
        assert not opens(app, user, code=again)


@pytest.mark.postgres
def test_a_code_of_the_app_is_spent_by_one_log_in_even_if_it_was_never_finished(app, user, recovery_codes):
    """SecureDrop's case: the token was right, the log-in came to nothing, and somebody has seen the token."""
    code = app_code(user)
    client, page = second_page(app, user)
    other, other_page = second_page(app, user)
    client.submit(page, {"code": code}, status=303)
    client.post("/log-out", status=303)
    other.submit(other_page, {"code": code}, status=422)


def test_after_a_wrong_code_the_right_one_opens_once(app, user, recovery_codes):
    client, page = second_page(app, user)
    wrong = f"{(int(app_code(user)) + 1) % 1_000_000:06}"
    client.submit(page, {"code": wrong}, status=422)
    client.submit(page, {"code": app_code(user)}, status=303)
    assert not opens(app, user, code=app_code(user))


def test_an_older_code_than_the_last_one_is_spent_with_it(app, user, recovery_codes, time_machine):
    before, now = app_code(user, ago=1), app_code(user)
    assert opens(app, user, code=now)
    assert not opens(app, user, code=before)
    time_machine.shift(30)
    assert opens(app, user, code=app_code(user))


def test_the_code_of_another_seed_opens_nothing(app, user, recovery_codes):
    other = make_user(Role.FINANCE)
    give_app(other)
    assert app_code(other) != app_code(user), "one time in a million"
    assert not opens(app, user, code=app_code(other))


def test_the_code_of_an_app_that_was_replaced_opens_nothing(app, user, recovery_codes, time_machine):
    old = app_code(user)
    give_app(user)
    assert old != app_code(user), "one time in a million"
    assert not opens(app, user, code=old)


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "١٢٣٤٥٦", "१२३४५६", "0x1234", "1e5", "+12345", "12345６7"])
def test_what_is_not_six_digits_is_no_code_of_an_app(app, user, recovery_codes, typed):
    assert not opens(app, user, code=typed)


@pytest.mark.postgres
@pytest.mark.parametrize("first", [str, str.upper, " {} ".format, lambda code: code.replace("-", " ")])
def test_a_recovery_code_opens_once_however_it_is_written(app, user, recovery_codes, first):
    code, other, *_ = recovery_codes
    assert opens(app, user, code=first(code))
    for again in (code, code.upper(), f" {code} ", code.replace("-", "")):
        assert not opens(app, user, code=again)
    assert opens(app, user, code=other)


def test_the_recovery_code_of_somebody_else_opens_nothing(app, user, recovery_codes):
    theirs, *_ = give_app(make_user(Role.FINANCE))
    assert not opens(app, user, code=theirs)


@pytest.mark.parametrize("way", [str, lambda digit: digit.translate(FULL_WIDTH), " {} ".format])
def test_digits_of_a_security_code_are_those_of_any_keyboard(app, policy, way):
    policy(carers=Step.SECURITY_CODE)
    carer = make_user()
    give_security_code(carer)
    assert opens(app, carer, **{name: way(digit) for name, digit in digits(carer).items()})


@pytest.mark.parametrize("way", ["{0}{0}", "0{0}", "", "x", "٣"])
def test_what_is_not_one_digit_is_not_that_digit(app, policy, way):
    policy(carers=Step.SECURITY_CODE)
    carer = make_user()
    give_security_code(carer)
    assert not opens(app, carer, **{name: way.format(digit) for name, digit in digits(carer).items()})


def test_a_half_finished_log_in_whose_second_step_was_given_takes_nothing_more(app, user, recovery_codes):
    """Somebody copied its cookie, and has another code that is right."""
    client, page = second_page(app, user)
    thief = PortalClient(app)
    thief.cookie = client.cookie
    client.submit(page, {"code": app_code(user)}, status=303)
    code, *_ = recovery_codes
    assert thief.post("/log-in/authenticator", {"code": code}, status=303).location.startswith("/log-in")
    assert opens(app, user, code=code)
