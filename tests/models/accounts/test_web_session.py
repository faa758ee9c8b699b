"""When a session ends, and that one that has ended opens nothing."""

from datetime import timedelta

import pytest

from models.accounts.device import device
from models.accounts.web_session import MOST, End, Limits, WebSession
from models.base import transaction, utc_now
from models.permissions import CouncilRole
from tests.factories import make_user
from tests.support.rows import every, reloaded, saved

NINE = "2026-03-01T09:00:00+00:00"
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def user(database):
    return make_user()


def begin(user, name="token", limits=None):
    return saved(WebSession.begin(name, limits or Limits.of(None), user_id=user.id, data={}, user_agent=""))


def do(statement):
    with transaction() as session:
        return session.execute(statement).rowcount


@pytest.mark.parametrize(
    ("role", "idle", "absolute"),
    [
        (None, 30 * MINUTE, 12 * HOUR),
        (CouncilRole.PAYMENTS_OFFICER, 30 * MINUTE, 10 * HOUR),
        (CouncilRole.AUDITOR, 30 * MINUTE, 10 * HOUR),
        (CouncilRole.SYSTEMS_ADMINISTRATOR, 15 * MINUTE, 8 * HOUR),
    ],
)
@pytest.mark.postgres
def test_each_kind_of_user_has_limits_that_hold_to_the_second(user, time_machine, role, idle, absolute):
    time_machine.move_to(NINE, tick=False)
    row = begin(user, limits=Limits.of(role))
    time_machine.shift(idle - SECOND)
    assert row.ended is None
    time_machine.shift(SECOND)
    assert row.ended is End.IDLE

    time_machine.move_to(NINE, tick=False)
    row = begin(user, "another", Limits.of(role))
    for _ in range(absolute // (10 * MINUTE)):
        assert row.ended is None
        time_machine.shift(10 * MINUTE - SECOND)
        assert do(row.seen()) == 1
        row = reloaded(row)
        time_machine.shift(SECOND)
    assert row.ended is End.ABSOLUTE
    assert do(row.seen()) == 0


@pytest.mark.postgres
def test_one_that_has_ended_is_opened_by_nothing(user, time_machine):
    time_machine.move_to(NINE, tick=False)
    row = begin(user)
    time_machine.shift(Limits.of(None).idle)
    assert do(row.seen()) == 0
    assert do(WebSession.changed(row.id, user.id, {"a": 1})) == 0
    assert do(WebSession.left_behind(row.id)) == 0
    assert not every(WebSession.of(user.id))
    assert reloaded(row).data == {}


@pytest.mark.postgres
def test_the_oldest_makes_room_for_the_sixth(user, time_machine):
    time_machine.move_to(NINE, tick=False)
    rows = []
    for n in range(MOST):
        rows.append(begin(user, f"token {n}"))
        time_machine.shift(MINUTE)
    someone_else = begin(make_user(), "theirs")
    assert do(WebSession.room_made(user.id)) == 1
    assert [reloaded(row).ended for row in rows] == [End.REPLACED, *[None] * (MOST - 1)]
    assert reloaded(someone_else).ended is None
    assert do(rows[0].seen()) == 0
    assert do(WebSession.room_made(user.id)) == 0


@pytest.mark.postgres
def test_a_new_token_makes_a_session_last_no_longer(user, time_machine):
    time_machine.move_to(NINE, tick=False)
    row = begin(user)
    time_machine.shift(20 * MINUTE)
    after = saved(row.go_on("another", data={}))
    assert (after.created_at, after.expires_at) == (row.created_at, row.expires_at)
    assert after.idle_until == utc_now() + 30 * MINUTE


@pytest.mark.postgres
def test_what_has_ended_is_known_for_a_day(user, time_machine):
    time_machine.move_to(NINE, tick=False)
    begin(user)
    nobodys = saved(WebSession.begin("nobody's", Limits.of(None), data={}, user_agent=""))
    time_machine.shift(30 * MINUTE)
    do(WebSession.outlived())
    assert reloaded(nobodys) is None
    time_machine.shift(24 * HOUR - SECOND)
    assert do(WebSession.outlived()) == 0
    time_machine.shift(SECOND)
    assert do(WebSession.outlived()) == 1


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        ("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile "
         "Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
         "Safari/537.36 Edg/126.0.0.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
         "Mobile/15E148 Safari/604.1", "Safari on an iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14.5; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox on a Mac"),
        ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
         "Safari/537.36", "Chrome on a Chromebook"),
        ("Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 "
         "Chrome/121.0.0.0 Mobile Safari/537.36", "Samsung Internet on Android"),
        ("Firefox/127.0", "Firefox"),
        ("curl/8.8.0", "Unknown browser"),
        ("<script>alert(1)</script>", "Unknown browser"),
        ("", "Unknown browser"),
    ],
)  # fmt: skip
def test_a_browser_is_named_as_its_person_knows_it(user_agent, words):
    assert device(user_agent) == words
