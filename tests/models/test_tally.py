"""docs/tally-states.md, cell by cell, on both databases: strangers cannot make the audit grow, and nothing is lost."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from commands.batchwise.sealing import seal_waiting, tell_tallies
from models.audit import AuditEvent
from models.auditing import chain
from models.base import scope, transaction, utc_now
from models.portal import current_portal
from models.tally import MOST, MOST_OF_A_NETWORK, QUARTER, Tally, tally
from tests.factories import make_provider, make_user
from tests.support.rows import every, reading, unit_of_work

pytestmark = pytest.mark.postgres
START = "2026-03-01T09:00:00+00:00"


@pytest.fixture
def clock(time_machine):
    time_machine.move_to(START, tick=False)
    return time_machine


def tries(count=1, *, whose=None, network="one", by=None, action="login.refused", **detail):
    for _ in range(count):
        with unit_of_work(None):
            tally(action, whose, by=by, network=network, **detail)


def told():
    """How many tries each event tells of."""
    return [event.detail.get("times", 1) for event in every(select(AuditEvent).order_by(AuditEvent.id))]


def waiting():
    return [row.more for row in every(Tally)]


def later(clock, by=QUARTER):
    clock.shift(by)


def test_the_first_is_an_event_at_once_and_further_ones_are_counted(database, clock):
    user = make_user()
    tries(5, whose=user, reason="wrong password")
    [event] = every(AuditEvent)
    assert (event.action, event.subject, event.detail) == (
        "login.refused", f"user:{user.id}", {"reason": "wrong password"},
    )  # fmt: skip
    assert waiting() == [4]


def test_when_the_quarter_is_over_one_event_tells_how_many_there_were(database, clock):
    tries(5)
    later(clock, QUARTER - timedelta(seconds=1))
    tell_tallies()
    assert told() == [1]
    later(clock, timedelta(seconds=1))
    tell_tallies()
    assert told() == [1, 4]
    last = every(AuditEvent)[-1]
    assert last.detail["since"] == last.detail["until"] == START
    tell_tallies()
    assert told() == [1, 4]


def test_the_next_try_tells_it_where_no_worker_runs(database, clock):
    tries(3)
    later(clock)
    tries(2)
    assert told() == [1, 2]
    assert waiting() == [2]
    later(clock)
    tries()
    assert told() == [1, 2, 2]


@pytest.mark.parametrize("worker", [True, False])
def test_whoever_goes_on_for_hours_leaves_one_event_a_quarter_and_no_try_is_lost(database, clock, worker):
    for _ in range(8):
        tries(6)
        later(clock)
        if worker:
            tell_tallies()
    later(clock)
    tell_tallies()
    assert sum(told()) == 48
    assert len(told()) <= 9


def test_a_tally_to_which_nothing_was_added_is_forgotten(database, clock):
    tries(2)
    later(clock)
    tell_tallies()
    assert waiting() == [0]
    later(clock)
    tell_tallies()
    assert waiting() == []
    tries()
    assert told() == [1, 1, 1]


def test_one_that_was_alone_is_an_event_again_after_the_quarter(database, clock):
    tries()
    later(clock)
    tries()
    assert told() == [1, 1]
    assert waiting() == [0]


def test_accounts_networks_kinds_people_and_pages_are_counted_apart(database, clock):
    one, other = make_user(), make_user()
    provider = make_provider()
    tries(2, whose=one)
    tries(2, whose=other)
    tries(2, whose=one, network="two")
    tries(2, whose=one, action="login.throttled")
    for by in (one, other):
        for endpoint in ("a", "b"):
            with unit_of_work(None):
                tally("access.refused", by=by, provider_id=provider.id, endpoint=endpoint)
    assert told() == [1] * 8
    assert {event.provider_id for event in every(AuditEvent) if event.user_id} == {provider.id}


def test_made_up_accounts_of_one_network_count_as_one(database, clock):
    tries(40)
    assert told() == [1]
    assert waiting() == [39]


def test_many_real_accounts_from_one_network_are_bounded(database, clock):
    people = [make_user() for _ in range(MOST_OF_A_NETWORK + 4)]
    for each in people:
        tries(whose=each)
    assert told() == [1] * (MOST_OF_A_NETWORK + 1)
    shared = every(AuditEvent)[-1]
    assert (shared.subject, shared.detail) == (None, {"accounts": "several"})
    assert sum(waiting()) == 3
    tries(whose=people[0])
    assert sum(waiting()) == 4


def test_many_networks_are_bounded_and_a_person_who_is_refused_a_page_is_told_all_the_same(database, clock):
    for n in range(MOST + 20):
        tries(network=f"network {n}")
    assert told() == [1] * (MOST + 1)
    assert sum(waiting()) == 19
    tries(by=make_user(), network="", action="access.refused", endpoint="a")
    assert len(told()) == MOST + 2
    later(clock)
    tries(network="a new one")
    tell_tallies()
    assert sum(told()) == MOST + 22


def test_tries_side_by_side_are_counted_one_by_one(database):
    portal = current_portal()

    def one(_):
        with scope(portal), transaction():
            tally("login.refused", by=None, network="one")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(40)))
    assert told() == [1]
    assert waiting() == [39]


def test_what_is_rolled_back_is_not_counted_and_the_chain_holds(database, clock):
    tries(2)
    with reading():
        tally("login.refused", by=None, network="one")
    assert waiting() == [1]
    seal_waiting(everything=True)
    later(clock)
    tell_tallies()
    seal_waiting(everything=True)
    with reading():
        assert not list(chain.check())
        assert chain.head().seq == 2
    assert utc_now() > every(AuditEvent)[0].at
