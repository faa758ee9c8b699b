import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from models.accounts.login_code import Answer, LoginCode, accept_code, tidy_code
from models.accounts.pending_login import PendingLogin
from models.outbox import OutboxMessage
from tests.auth.journey import code_page, give_password, mailed_code, wrong_code
from tests.factories import make_user
from tests.support.client import PortalClient
from tests.support.rows import every, unit_of_work

START = "2026-03-01T09:00:00+00:00"


@pytest.fixture
def user(database):
    return make_user()


@pytest.fixture
def page(client, user):
    """The page that waits for a code."""
    return code_page(client, user)


def enter(client, page, code, **more):
    return client.submit(page, {"code": code}, **more)


def test_telephones_and_password_managers_know_the_field(page):
    field = page.page.select_one("#code")
    assert (field["type"], field["inputmode"], field["autocomplete"]) == ("text", "numeric", "one-time-code")
    assert not field.has_attr("maxlength")


@pytest.mark.parametrize("written", ["{0}{1}", " {0} {1} ", "{0}-{1}", "{0}\u200b{1}\ufeff", "{0}\u00a0{1}"])
def test_spaces_hyphens_and_invisible_characters_do_not_matter(client, page, written):
    code = mailed_code()
    enter(client, page, written.format(code[:3], code[3:]), status=303)


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", "१२३४५६", "0x1234"])
def test_what_is_not_six_digits_is_not_a_try(client, page, typed):
    answer = enter(client, page, typed, status=422)
    assert answer.errors[0].startswith("Enter the code from the e-mail")
    assert [code.tries for code in every(LoginCode)] == [0]


def test_full_width_digits_are_those_of_a_japanese_keyboard():
    assert tidy_code("１２３４５６") == "123456"


@pytest.mark.parametrize(
    ("pasted", "code"),
    [
        ("Your code is 123456", "123456"),
        ("Your code to log in to the Provider Portal is 123456\n\nIt works once, for 10 minutes.", "123456"),
        ("code:123-456.", "123456"),
        ("123 456", "123456"),
        ("1 2 3 4 5 6", "123456"),
        ("Your code is １２３４５６", "123456"),
        ("123456 (123456)", "123456"),
        ("123456, then 654321", None),
        ("Your code is 1234567", None),
        ("Ring 01632 960123", None),
        ("ref A123456", None),
        ("123456B", None),
        ("12.3456", None),
        ("Your code is १२३४५६", None),
        ("Your code is 123456" + " " * 82, None),
        ("Your code is 123456" + " " * 81, "123456"),
    ],
)
def test_what_was_pasted_has_one_code_in_it_or_is_none(pasted, code):
    assert tidy_code(pasted) == code


def test_a_pasted_sentence_logs_in(client, page):
    enter(client, page, f"Your code is {mailed_code()}", status=303)


@pytest.mark.postgres
def test_a_wrong_code_is_refused_counted_and_explained(client, page):
    answer = enter(client, page, wrong_code(), status=422)
    assert answer.errors == ["That is not the code we sent you. Check the newest e-mail and enter its code"]
    assert answer.page.select_one("#code")["aria-invalid"] == "true"
    assert [code.tries for code in every(LoginCode)] == [1]
    enter(client, page, mailed_code(), status=303)


@pytest.mark.postgres
def test_after_five_wrong_codes_even_the_right_one_is_dead(client, page, time_machine):
    for _ in range(5):
        enter(client, page, wrong_code(), status=422)
    answer = enter(client, page, mailed_code(), status=422)
    assert answer.errors == ["You have entered a wrong code 5 times. Ask for a new code"]


def test_the_fifth_try_may_still_be_the_right_one(client, page):
    for _ in range(4):
        enter(client, page, wrong_code(), status=422)
    enter(client, page, mailed_code(), status=303)


@pytest.mark.parametrize(("at", "status"), [("09:09:59", 303), ("09:10:00", 422)])
def test_a_code_lives_for_ten_minutes(client, user, time_machine, at, status):
    time_machine.move_to(START, tick=False)
    page = code_page(client, user)
    time_machine.move_to(f"2026-03-01T{at}+00:00", tick=False)
    answer = enter(client, page, mailed_code(), status=status)
    if status == 422:
        assert answer.errors == ["That code has expired. Ask for a new code and enter it within 10 minutes"]


@pytest.mark.parametrize("again", ["{}", " {} ", "{}\u200b"])
def test_a_code_opens_the_portal_once(app, client, user, page, again):
    """Somebody who copied the cookie of the half-finished log-in, and the code, comes too late."""
    thief = PortalClient(app)
    thief.cookie = client.cookie
    code = mailed_code()
    enter(client, page, code, status=303)
    answer = thief.post("/log-in/code", {"code": again.format(code)}, status=303)
    assert answer.location.startswith("/log-in")
    assert thief.get("/providers", status=303).location.startswith("/log-in")


@pytest.mark.postgres
def test_a_log_in_that_was_finished_accepts_nothing_more(client, page):
    code = mailed_code()
    with unit_of_work() as session:
        [row] = session.scalars(select(PendingLogin))
        pending = session.scalars(PendingLogin.open(row.id, row.nonce)).one()
        assert accept_code(pending, code) is Answer.ACCEPTED
        assert accept_code(pending, code) is Answer.USED
        wide = code.translate({ord("0") + n: ord("０") + n for n in range(10)})
        assert accept_code(pending, f" {wide[:3]}-{wide[3:]}") is Answer.USED


@pytest.mark.postgres
def test_the_code_of_one_log_in_does_not_open_another(app, client, user, page):
    code = mailed_code()
    other = PortalClient(app)
    other_page = code_page(other, user)
    if mailed_code() != code:
        assert enter(other, other_page, code, status=422).errors
    enter(client, page, code, status=303)


def test_a_new_code_may_be_asked_for_after_a_minute_and_the_first_still_works(client, user, time_machine):
    time_machine.move_to(START, tick=False)
    page = code_page(client, user)
    first = mailed_code()
    send = "form[action='/log-in/code/send']"

    too_soon = client.submit(page, form=send, status=409)
    assert "Wait a minute, then ask again" in too_soon.words
    assert too_soon.page.find("a", string="Go back to the page you came from")["href"] == "/log-in/code"

    time_machine.move_to("2026-03-01T09:01:00+00:00", tick=False)
    answer = client.follow(client.submit(page, form=send, status=303))
    assert f"We have sent a new code to {user.email}" in answer.words
    assert len(every(OutboxMessage)) == 2
    enter(client, page, first, status=303)


def test_five_codes_are_live_and_the_oldest_gives_way(client, user, time_machine):
    time_machine.move_to(START, tick=False)
    page = code_page(client, user)
    first = mailed_code()
    for minute in range(1, 6):
        time_machine.move_to(f"2026-03-01T09:0{minute}:00+00:00", tick=False)
        client.post("/log-in/code/send", status=303)
    assert sum(code.is_live for code in every(LoginCode)) == 5
    assert enter(client, page, first, status=422).errors


def test_ten_codes_an_hour_are_enough(app, client, user, time_machine):
    for minute in range(10):
        time_machine.move_to(f"2026-03-01T09:{minute:02}:00+00:00", tick=False)
        give_password(PortalClient(app), user.email, status=303)
    time_machine.move_to("2026-03-01T09:59:59+00:00", tick=False)
    answer = give_password(PortalClient(app), user.email, status=409)
    assert "as many codes as we may for now. You can ask for the next one after 10:00" in answer.words
    time_machine.move_to("2026-03-01T10:00:00+00:00", tick=False)
    give_password(PortalClient(app), user.email, status=303)


def test_the_database_does_not_tell_the_code(client, page):
    code = mailed_code()
    [row] = every(LoginCode)
    assert code not in row.hash
    assert re.fullmatch(r"[0-9a-f]{64}", row.hash)


def test_the_page_is_closed_to_who_has_not_given_a_password(client):
    assert client.get("/log-in/code", status=303).location == "/log-in"
    assert client.post("/log-in/code", {"code": "123456"}, status=303).location.startswith("/log-in")


def test_after_the_password_alone_nothing_else_is_open(client, user, page):
    assert client.get("/providers", status=303).location.startswith("/log-in")
    assert client.get("/providers/1/", status=303).location.startswith("/log-in")


@pytest.mark.postgres
def test_guesses_sent_side_by_side_are_counted_one_by_one(app, client, user, page):
    cookie, wrong = client.cookie, wrong_code()

    def guess(_):
        other = PortalClient(app)
        other.cookie = cookie
        return other.post("/log-in/code", {"code": wrong}).status_code

    with ThreadPoolExecutor(4) as pool:
        answers = Counter(pool.map(guess, range(12)))
    assert answers == {422: 12}
    assert [code.tries for code in every(LoginCode)] == [5]


@pytest.mark.postgres
def test_of_two_presses_at_once_one_logs_in(app, client, user, page):
    cookie, code = client.cookie, mailed_code()

    def finish(_):
        other = PortalClient(app)
        other.cookie, other.user = cookie, user
        other.post("/log-in/code", {"code": code})
        return other

    with ThreadPoolExecutor(4) as pool:
        browsers = list(pool.map(finish, range(4)))
    homes = [browser.get("/providers", status=303).location for browser in browsers]
    assert sum(home.startswith("/providers/") for home in homes) == 1
