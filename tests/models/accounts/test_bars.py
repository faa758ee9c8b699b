"""Wrong codes: what is counted, for whom, what it closes, and what opens it again."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from sqlalchemy import select

from models.accounts import bars, second_step
from models.accounts.known_device import KnownDevice
from models.accounts.login import Kind, LoginFailure, Origin
from models.accounts.login_code import LIVE_CODES, Answer, LoginCode, accept_code, send_code
from models.accounts.pending_login import PendingLogin, Purpose
from models.accounts.security_code import SecurityCode
from models.accounts.user import User
from models.audit import AuditEvent
from models.base import DomainError
from models.outbox import OutboxMessage
from tests.auth.journey import mailed_code, wrong_code
from tests.auth.steps import app_code, asked, digits, give_app, give_security_code
from tests.factories import make_staff, make_user
from tests.support.portal import in_this_portal
from tests.support.rows import every, saved, unit_of_work

HERE = "192.0.2.1"
START = "2026-03-01T09:00:00+00:00"
WEEK, MINUTE = 7 * 24 * 3600, 60
KINDS = list(bars.MOST)

pytestmark = pytest.mark.postgres


@pytest.fixture
def user(app, time_machine):
    time_machine.move_to(START, tick=False)
    return make_user()


@pytest.fixture
def device(user):
    """The token of a browser that is known for them."""
    with unit_of_work():
        return KnownDevice.remember(user.id, None)


def begin(user, purpose=Purpose.LOG_IN, device=None, email=None):
    with unit_of_work() as session:
        mine = session.merge(user) if user else None
        return PendingLogin.begin(email or user.email, mine, purpose, Origin(HERE, device))


def wrong(pending, kind, chances=1):
    with unit_of_work() as session:
        bars.wrong(session.merge(pending), kind, chances)


def left(pending, kind):
    with unit_of_work() as session:
        return bars.left(session.merge(pending), kind)


def is_barred(pending, kind):
    try:
        with unit_of_work() as session:
            bars.insist(session.merge(pending), kind)
    except DomainError:
        return True
    return False


def fill(pending, kind):
    for _ in range(bars.MOST[kind]):
        wrong(pending, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_bar_falls_at_the_last_guess_is_told_once_and_stops_no_known_browser(user, device, kind):
    stranger = begin(user)
    for _ in range(bars.MOST[kind] - 1):
        wrong(begin(user), kind)
    assert not is_barred(stranger, kind)
    assert not every(OutboxMessage)
    wrong(stranger, kind)
    assert is_barred(stranger, kind)
    wrong(stranger, kind)
    assert [(mail.to, mail.subject) for mail in every(OutboxMessage)] == [(user.email, "Too many wrong codes")]
    falls = [event for event in every(AuditEvent) if event.action == "login.barred"]
    assert [event.detail for event in falls] == [{"device": "new", "kind": kind.value}]
    assert not is_barred(begin(user, device=device), kind)
    assert not is_barred(begin(make_user()), kind)
    assert not any(is_barred(stranger, other) for other in KINDS if other is not kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_known_browser_has_a_bar_of_its_own(user, device, kind):
    fill(begin(user, device=device), kind)
    assert is_barred(begin(user, device=device), kind)
    assert not is_barred(begin(user), kind)
    with unit_of_work():
        second = KnownDevice.remember(user.id, None)
    assert not is_barred(begin(user, device=second), kind)
    [mail] = every(OutboxMessage)
    assert "one browser in which you have logged in before is refused" in mail.body


@pytest.mark.parametrize(("kind", "passes"), [(kind, kind is not Kind.DIGITS) for kind in KINDS])
def test_wrong_codes_pass_after_a_week_and_wrong_digits_do_not(user, time_machine, kind, passes):
    stranger = begin(user)
    fill(stranger, kind)
    time_machine.shift(WEEK - 1)
    assert is_barred(stranger, kind)
    time_machine.shift(1)
    assert is_barred(stranger, kind) is not passes


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_password_and_the_council_open_it(user, time_machine, kind):
    fill(begin(user), kind)
    time_machine.shift(1)
    with unit_of_work() as session:
        session.merge(user).set_password("Seven-Quiet-Otters-4")
    [user] = every(select(User).where(User.id == user.id))
    assert not is_barred(begin(user), kind)
    time_machine.shift(1)
    fill(begin(user), kind)
    assert is_barred(begin(user), kind)
    officer = make_staff()
    with unit_of_work() as session:
        LoginFailure.unlock(session.merge(user), by=session.merge(officer))
    assert not is_barred(begin(user), kind)


def test_an_address_that_nobody_has_is_barred_alike_and_nobody_is_told(app):
    nobody = begin(None, Purpose.RESET, email="nobody@example.org")
    fill(nobody, Kind.RESET_CODE)
    assert is_barred(begin(None, Purpose.RESET, email="Nobody@example.org"), Kind.RESET_CODE)
    assert not every(OutboxMessage)


def test_a_person_who_is_switched_off_is_not_told(app):
    fill(begin(make_user(is_active=False), Purpose.RESET), Kind.RESET_CODE)
    assert not every(OutboxMessage)


@pytest.mark.parametrize(
    ("device_used", "kept"),
    [(False, {Kind.CODE: 2, Kind.RESET_CODE: 2, Kind.APP: 2}), (True, dict.fromkeys(KINDS, 2))],
)
def test_a_whole_log_in_leaves_the_wrong_codes_of_others(user, device, device_used, kept):
    """Else who has the password gets ten more tries whenever the owner logs in from a new browser."""
    stranger, own = begin(user), begin(user, device=device if device_used else None)
    for kind in KINDS:
        wrong(stranger, kind, 2)
        wrong(own, kind)
    with unit_of_work() as session:
        assert session.merge(own).log_in()
    assert {kind: bars.MOST[kind] - left(stranger, kind) for kind in KINDS} == dict.fromkeys(KINDS, 0) | kept
    assert all(left(own, kind) == bars.MOST[kind] for kind in KINDS if device_used)


@pytest.mark.parametrize("kind", KINDS)
def test_guesses_side_by_side_are_counted_one_by_one(user, kind):
    stranger = begin(user)

    @in_this_portal
    def guess(_):
        with unit_of_work() as session:
            mine = session.merge(stranger)
            if bars.left(mine, kind) > 0:
                bars.wrong(mine, kind, 1)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(guess, range(24)))
    assert len(every(LoginFailure)) == bars.MOST[kind]


# What each guess is compared with


def guess(pending, typed=None):
    with unit_of_work() as session:
        return accept_code(session.merge(pending), typed or wrong_code())


def send(pending):
    with unit_of_work() as session:
        send_code(session.merge(pending))


@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_guess_counts_as_often_as_codes_are_live(user, time_machine, purpose):
    kind = Kind.RESET_CODE if purpose is Purpose.RESET else Kind.CODE
    pending = begin(user, purpose)
    send(pending)
    assert guess(pending) is Answer.WRONG
    assert left(pending, kind) == bars.MOST[kind] - 1
    time_machine.shift(MINUTE)
    send(pending)
    guess(pending)
    assert left(pending, kind) == bars.MOST[kind] - 3
    time_machine.shift(10 * MINUTE)
    assert guess(pending) is Answer.EXPIRED
    assert left(pending, kind) == bars.MOST[kind] - 3


def test_the_last_guess_is_compared_with_the_newest_codes_only(user, time_machine):
    pending = begin(user)
    for _ in range(bars.MOST[Kind.CODE] - 2):
        wrong(pending, Kind.CODE)
    for _ in range(LIVE_CODES):
        send(pending)
        time_machine.shift(MINUTE)
    assert guess(pending) is Answer.WRONG
    assert left(pending, Kind.CODE) == 0
    assert [code.tries for code in every(LoginCode)] == [0, 0, 0, 1, 1]


@pytest.mark.parametrize("purpose", list(Purpose))
def test_twenty_wrong_codes_in_four_log_ins_are_ten(user, time_machine, purpose):
    kind = Kind.RESET_CODE if purpose is Purpose.RESET else Kind.CODE
    taken = 0
    for _ in range(4):
        pending = begin(user, purpose)
        with suppress(DomainError):
            send(pending)
            for _ in range(5):
                assert guess(pending) is Answer.WRONG
                taken += 1
    assert taken == bars.MOST[kind] == 10
    with pytest.raises(DomainError, match="For up to 7 days, browsers that we do not know cannot"):
        guess(pending, mailed_code())


def test_a_guess_at_the_app_counts_three_and_the_seventh_is_refused_though_it_is_right(user):
    give_app(user)
    pending = begin(user)
    for n in range(6):
        if n == 5:
            pending = begin(user)
        with unit_of_work() as session:
            assert not second_step.give_app_code(session.merge(pending), "abcde-fghjk")
    assert left(pending, Kind.APP) == 0
    with unit_of_work() as session, pytest.raises(DomainError, match="Too many wrong codes"):
        second_step.give_app_code(session.merge(pending), app_code(user))


def test_five_wrong_digits_and_the_right_ones_are_refused(user):
    give_security_code(user)
    pending = begin(user)
    for _ in range(5):
        with unit_of_work() as session:
            assert not second_step.give_digits(session.merge(pending), ["x", "x", "x"])
    pending = begin(user)
    with unit_of_work() as session, pytest.raises(DomainError, match="Too many wrong digits"):
        second_step.give_digits(session.merge(pending), list(digits(user).values()))


def test_a_new_password_takes_all_digits_and_leaves_the_places_of_the_next_log_in(user):
    give_security_code(user)
    pending, places = begin(user, Purpose.RESET), asked(user)
    with unit_of_work() as session:
        mine = session.merge(pending)
        assert second_step.positions(mine) == [1, 2, 3, 4, 5, 6]
        assert not second_step.give_digits(mine, list(digits(user).values()))
        assert second_step.give_digits(mine, list("135790"))
    assert every(SecurityCode.of(user.id))[0].asked == places


def test_a_bar_in_a_browser_that_was_forgotten_is_gone_with_it(user, device):
    fill(begin(user, device=device), Kind.DIGITS)
    with unit_of_work():
        KnownDevice.forget_all(user.id)
    assert not every(LoginFailure)


def test_failures_of_passwords_count_for_no_bar(user):
    pending = begin(user)
    saved(LoginFailure(account=pending.account, address=pending.address))
    assert all(left(pending, kind) == most for kind, most in bars.MOST.items())
