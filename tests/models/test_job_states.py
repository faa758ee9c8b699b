"""What becomes of a job at each event, in each state: the table of docs/job-states.md, cell by cell."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from models.base import utc_now
from models.job import BROKEN_OFF_AFTER, PAUSES, TRIES, Job, JobKind, JobState, Overtaken, scope_of
from tests.factories import make_staff
from tests.support.rows import every, reading, saved, unit_of_work
from tests.support.runs import change

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

LONG_AGO = datetime(2019, 10, 2, tzinfo=UTC)


def begun(state="running", **more):
    return {"worker": "one", "started_at": utc_now(), "heartbeat_at": utc_now(), "state": state} | more


STATES = {
    "queued": dict,
    "waiting": lambda: {"not_before": utc_now() + timedelta(minutes=1), "tries": 1},
    "running": begun,
    "silent": lambda: begun(heartbeat_at=utc_now() - 2 * BROKEN_OFF_AFTER),
    "done": lambda: begun("done", finished_at=utc_now()),
    "failed": lambda: begun("failed", finished_at=utc_now()),
}


def a_job(state="queued", kind=JobKind.CALCULATE, **more):
    return saved(Job(kind=kind, arguments={}, **(STATES[state]() | more)))


def state_of(job):
    """The row of the table that it is in now."""
    [found] = [each for each in every(Job) if each.id == job.id]
    if found.is_waiting:
        return "waiting"
    return "silent" if found.is_silent else found.state.value


def claim():
    """The number of the job that a worker takes, or None."""
    with unit_of_work():
        job = Job.claim()
        return job and job.id


def say(job, what):
    """What the worker that has the job says of it; whether it may."""
    with unit_of_work() as session:
        known = session.scalars(select(Job).where(Job.id == job.id)).one()
        try:
            what(known)
        except Overtaken:
            return "refused"
    return state_of(job)


def asked_again(job, **how):
    officer = make_staff()
    with unit_of_work() as session:
        found = Job.ask(JobKind.CALCULATE, by=officer, **how)
        session.flush()
        return "that one" if found.id == job.id else "a new one"


def claimed(job):
    return state_of(job) if claim() else "nothing"


EVENTS = {
    "the same is asked for again": asked_again,
    "the same is asked for anew": lambda job: asked_again(job, anew=True),
    "a worker looks for work": claimed,
    "its worker reports progress": lambda job: say(job, lambda known: known.get_on(1, 2)),
    "its worker is alive": lambda job: say(job, Job.beat),
    "its worker is told to stop": lambda job: say(job, Job.put_back),
    "the database has a fault": lambda job: say(job, lambda known: known.try_again("The database is busy.")),
    "a rule says no, or a fault": lambda job: say(job, lambda known: known.fail("It cannot be")),
    "it ends": lambda job: say(job, lambda known: known.finish("Done")),
}
NOT_ITS_OWN = dict.fromkeys(("queued", "waiting", "done", "failed"), "refused")
TABLE = {
    "the same is asked for again": dict.fromkeys(("queued", "waiting", "running", "silent"), "that one")
    | dict.fromkeys(("done", "failed"), "a new one"),
    "the same is asked for anew": dict.fromkeys(("queued", "waiting"), "that one")
    | dict.fromkeys(("running", "silent", "done", "failed"), "a new one"),
    "a worker looks for work": {
        "queued": "running", "waiting": "nothing", "running": "nothing", "silent": "running", "done": "nothing",
        "failed": "nothing",
    },
    "its worker reports progress": NOT_ITS_OWN | {"running": "running", "silent": "running"},
    "its worker is alive": NOT_ITS_OWN | {"running": "running", "silent": "running"},
    "its worker is told to stop": NOT_ITS_OWN | {"running": "queued", "silent": "queued"},
    "the database has a fault": NOT_ITS_OWN | {"running": "waiting", "silent": "waiting"},
    "a rule says no, or a fault": NOT_ITS_OWN | {"running": "failed", "silent": "failed"},
    "it ends": NOT_ITS_OWN | {"running": "done", "silent": "done"},
}  # fmt: skip


@pytest.mark.parametrize("event", EVENTS)
def test_each_cell_of_the_table(event):
    found = {}
    for state in STATES:
        job = a_job(state)
        found[state] = EVENTS[event](job)
        for each in every(Job):
            change(each, **{"worker": "one", **STATES["done"]()})
    assert found == TABLE[event]


# queued behind others


@pytest.mark.parametrize(
    ("older", "is_taken"),
    [("queued", False), ("running", False), ("waiting", True), ("done", True), ("failed", True)],
)
def test_a_job_waits_for_an_older_one_that_it_meets(older, is_taken):
    first, second = a_job(older, scope="7"), a_job()
    taken = claim()
    assert taken == (second.id if is_taken else first.id if older == "queued" else None)


def test_of_jobs_that_meet_the_oldest_is_taken_up_though_it_is_silent_and_the_younger_waits():
    silent, younger = a_job("silent"), a_job(scope="7")
    assert claim() == silent.id
    assert claim() is None
    assert state_of(younger) == "queued"


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ([1], [2], False), ([1], [1], True), (None, [1], True), ([1], None, True), ([1], [2, 3], True),
        ([2, 3], [1], True), ([1, 2], None, True), (None, [1, 2], True), ([1, 2], [3, 4], True),
    ],
)  # fmt: skip
def test_two_jobs_of_a_kind_go_on_beside_each_other_only_for_different_single_providers(one, other, meet):
    first, second = (a_job(scope=scope_of(each)) for each in (one, other))
    assert claim() == first.id
    assert claim() == (None if meet else second.id)


def test_jobs_of_different_kinds_go_on_beside_each_other():
    assert {a_job().id, a_job(kind=JobKind.VERIFY).id} == {claim(), claim()}


def test_jobs_for_one_provider_never_pass_by_one_for_all_that_is_older():
    one, everybody, younger = a_job("running", scope="1"), a_job(), a_job(scope="2")
    assert claim() is None, "the younger one would keep that for all waiting as long as others come"
    say(one, lambda known: known.finish("Done"))
    assert claim() == everybody.id
    assert younger


def test_the_database_refuses_two_running_jobs_of_a_kind_and_provider():
    a_job("running", scope="1")
    a_job("running", scope="2")
    for scope in ("1", "2"):
        with pytest.raises(IntegrityError):
            a_job("running", scope=scope)


def test_the_clock_asks_for_a_daily_work_once_a_day():
    a_job(kind=JobKind.VERIFY, due_on=LONG_AGO.date())
    a_job(kind=JobKind.DIGEST, due_on=LONG_AGO.date())
    with pytest.raises(IntegrityError):
        a_job(kind=JobKind.VERIFY, due_on=LONG_AGO.date())


# tried again


def test_a_fault_is_tried_again_after_growing_pauses_and_then_it_failed():
    job, told = a_job(), []
    for pause in PAUSES:
        assert claim() == job.id
        before = utc_now()
        assert say(job, lambda known: known.try_again("The database is busy.")) == "waiting"
        [job] = every(Job)
        assert before + pause <= job.not_before <= utc_now() + pause
        assert claim() is None
        change(job, not_before=utc_now() - timedelta(seconds=1))
        told.append(job.tries)
    assert claim() == job.id
    assert say(job, lambda known: known.try_again("The database is busy.")) == "failed"
    [job] = every(Job)
    assert (told, job.tries) == ([1, 2, 3, 4, 5, 6], TRIES)
    assert job.message.startswith("The database is busy. That was so at each of 7 tries. The providers that it had ")
    assert list(PAUSES) == sorted(PAUSES)


def test_a_job_that_ends_its_worker_each_time_is_given_up_at_last():
    job = a_job("silent")
    for tries in range(1, TRIES):
        assert claim() == job.id
        assert [each.tries for each in every(Job)] == [tries]
        change(job, heartbeat_at=LONG_AGO)
    next_one = a_job()
    assert claim() == next_one.id
    assert state_of(job) == "failed"
    assert every(Job)[0].message.startswith("The worker was ended 7 times while it was at this. ")


def test_a_worker_that_stops_costs_no_try():
    job = a_job()
    for _ in range(2 * TRIES):
        assert claim() == job.id
        say(job, Job.put_back)
    assert every(Job)[0].tries == 0


def test_whose_job_was_taken_up_by_another_says_nothing_more():
    job = a_job("silent")
    first = every(Job)[0]
    claim()
    with unit_of_work() as session:
        session.add(first)
        with pytest.raises(Overtaken):
            first.finish("Done")
    assert state_of(job) == "running"


# what pages say


def told():
    with reading() as session:
        return {job.id: (job.ahead, job.is_late) for job in session.scalars(Job.open()).unique()}


def test_a_job_says_how_many_are_before_it():
    jobs = [a_job("done"), a_job("running"), a_job("waiting"), a_job(scope="1"), a_job(), a_job()]
    ahead = {id_: before for id_, (before, _) in told().items()}
    assert [ahead[job.id] for job in jobs[3:]] == [1, 2, 3]


@pytest.mark.parametrize(
    ("state", "given", "is_late"),
    [
        ("queued", {}, False),
        ("queued", {"created_at": LONG_AGO}, True),
        ("queued", {"created_at": LONG_AGO, "not_before": LONG_AGO}, True),
        ("waiting", {"created_at": LONG_AGO}, False),
        ("running", {"created_at": LONG_AGO}, False),
        ("silent", {}, True),
    ],
)
def test_a_job_says_when_nobody_seems_to_work(state, given, is_late):
    job = a_job(state, **given)
    assert told()[job.id][1] is is_late


def test_a_job_that_waits_behind_one_that_is_worked_at_is_not_late():
    running = a_job("running")
    job = a_job(created_at=LONG_AGO)
    assert told()[job.id][1] is False
    change(running, heartbeat_at=LONG_AGO)
    assert told()[job.id][1] is True


def test_every_kind_says_what_it_is_and_what_stands_of_it():
    for kind in JobKind:
        assert all((kind.label, kind.doing, kind.left))
    assert {state.value for state in JobState} == {"queued", "running", "done", "failed"}
