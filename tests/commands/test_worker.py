"""The worker while the database is locked, full or away: it stays, and its job is tried again."""

import itertools
import threading
from contextlib import contextmanager

import pysqlite3
import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from commands import worker
from commands.batchwise.stopping import Stop
from commands.worker import work
from models.base import scope, utc_now
from models.job import TRIES, Job, JobKind
from models.payments import batching, payment_run
from models.payments.run import PaymentRun, RunState
from models.portal import current_portal
from tests.care_factories import make_contract, make_item
from tests.support.broken_off import MONDAY, SUNDAY, prepared_by_people
from tests.support.rows import every, reloaded, saved
from tests.support.runs import banked, change

BUSY = "The database is locked: somebody else has been writing for longer than this command waits."


@pytest.fixture
def contracts(database, monkeypatch, set_today):
    """Two providers, a batch each, at £353.08 a week."""
    monkeypatch.setattr(batching, "BATCH", 1)
    monkeypatch.setattr(worker, "PAUSE", 0.01)
    found = [make_contract(calculate_from=MONDAY) for _ in range(2)]
    for contract in found:
        make_item(contract, rate_e4=3_530_800, starts_on=MONDAY)
    set_today(SUNDAY)
    return found


@pytest.fixture
def lock(database):
    """Another process holds SQLite's write lock: `lock.take()` and `lock.release()`. It is waited for only a moment."""
    event.listen(database, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout=20"))
    database.dispose()

    class Lock:
        connection = None

        def take(self):
            self.connection = pysqlite3.connect(database.url.database, isolation_level=None, check_same_thread=False)
            self.connection.execute("BEGIN IMMEDIATE")

        def release(self, *_):
            self.connection.execute("ROLLBACK")
            self.connection.close()

        @contextmanager
        def held(self):
            self.take()
            try:
                yield
            finally:
                self.release()

    return Lock()


@pytest.fixture
def asleep(monkeypatch):
    """`asleep(then)`: what happens at the n-th pause of the worker, by number; whoever sleeps too often fails."""

    def on(then):
        counting = itertools.count(1)

        def rest():
            number = next(counting)
            assert number < 50, "it waits for ever"
            then.pop(number, lambda: None)()

        monkeypatch.setattr(worker, "rest", rest)

    return on


def at_work(*given):
    with scope():
        return work(*given)


def ask(kind=JobKind.CALCULATE, **more):
    return saved(Job(kind=kind, arguments={}, **more))


def test_a_batch_that_meets_a_lock_is_tried_again_later_and_the_worker_stays(contracts, lock, asleep):
    job = ask()
    locks = iter([lock.take])
    asleep({3: lock.release})
    with scope():
        # after the first batch another process takes the lock; the second batch meets it
        assert work(None, lambda: next(locks, lambda: None)()) is True
    [job] = every(Job)
    assert (job.state.value, job.tries, job.message) == ("queued", 1, BUSY)
    assert job.is_waiting, "and it is tried again later"


def test_a_lock_that_passes_before_the_report_costs_no_try(contracts, lock, asleep, monkeypatch):
    job, tell, reports = ask(), worker._tell, itertools.count(1)

    def locked_first(*given):
        if next(reports) == 1:
            lock.take()
        return tell(*given)

    monkeypatch.setattr(worker, "_tell", locked_first)
    asleep({2: lock.release})
    assert at_work()
    job = reloaded(job)
    assert (job.state.value, job.tries, job.done) == ("done", 0, 2)


def test_a_lock_that_lasts_while_it_reports_ends_in_another_try(contracts, lock, asleep, monkeypatch):
    job, tell, reports = ask(), worker._tell, itertools.count(1)
    monkeypatch.setattr(worker, "PATIENCE", 0.0)

    def locked_first(*given):
        if next(reports) == 1:
            lock.take()
        return tell(*given)

    monkeypatch.setattr(worker, "_tell", locked_first)
    asleep({4: lock.release})
    assert at_work()
    job = reloaded(job)
    assert (job.state.value, job.tries, job.worker) == ("queued", 1, "")


def test_the_worker_outlives_a_lock_and_the_job_is_done_after_it(contracts, lock, asleep):
    job = ask()
    with scope(), lock.held():
        assert work() is False, "it cannot be claimed, and nothing ends"
    assert at_work()
    assert reloaded(job).state.value == "done"


def test_the_end_is_told_when_the_lock_is_gone_however_long_it_takes(contracts, lock, asleep, monkeypatch):
    job = ask(JobKind.PREPARE)  # there is nobody who has asked: it fails
    told = worker._tell_the_end

    def locked(*given):
        lock.take()
        told(*given)

    monkeypatch.setattr(worker, "_tell_the_end", locked)
    asleep({40: lock.release})
    assert at_work()
    assert reloaded(job).state.value == "failed"


def test_a_worker_that_is_told_to_stop_leaves_a_silent_job_to_the_next(contracts, lock, asleep, monkeypatch):
    job, stop = ask(), Stop()
    told = worker._tell_the_end
    monkeypatch.setattr(worker, "_tell_the_end", lambda *given: (lock.take(), told(*given)))
    asleep({3: lambda: stop.ask()})
    assert at_work(stop)
    lock.release()
    assert reloaded(job).state.value == "running"
    change(job, heartbeat_at=utc_now().replace(year=2019))
    monkeypatch.undo()
    assert at_work()
    assert reloaded(job).state.value == "done"


def test_a_database_that_stays_full_ends_in_a_sentence(contracts, monkeypatch):
    def full(*_, **__):
        raise OperationalError("INSERT", {}, pysqlite3.OperationalError("database or disk is full"))

    monkeypatch.setattr("commands.worker.calculate_all", full)
    job = ask()
    for _ in range(TRIES):
        assert at_work()
        change(job, not_before=None)
    job = reloaded(job)
    assert (job.state.value, job.tries) == ("failed", TRIES)
    assert job.message == (
        "The database cannot grow: the disk is full, or a limit is reached. That was so at each of 7 tries. The "
        "providers that it had come to are calculated, the others are as they were. Ask for it again once it is seen "
        "to."
    )
    assert not at_work()


@pytest.mark.postgres
def test_a_run_that_meets_a_lock_between_two_batches_goes_on_and_pays_each_once(contracts, monkeypatch):
    run = prepared_by_people(job="queued")
    [job] = every(Job)
    finalise_some, batches = payment_run.finalise_some, itertools.count(1)

    def locked(*given, **how):
        if next(batches) == 2:
            raise OperationalError("UPDATE", {}, pysqlite3.OperationalError("database is locked"))
        return finalise_some(*given, **how)

    monkeypatch.setattr("models.payments.payment_run.finalise_some", locked)
    assert at_work()
    assert [reloaded(job).tries, *sorted(banked(each) for each in contracts)] == [1, [], [35_308]]
    change(job, not_before=None)
    assert at_work()
    assert reloaded(job).state.value == "done"
    assert [banked(each) for each in contracts] == [[35_308], [35_308]]
    assert reloaded(run).state is RunState.FINALISED


def test_a_fault_in_a_finalise_says_that_batches_stay(contracts, monkeypatch):
    run = prepared_by_people(job="queued")
    finalise_some, batches = payment_run.finalise_some, itertools.count(1)

    def broken(*given, **how):
        if next(batches) == 2:
            raise ZeroDivisionError
        return finalise_some(*given, **how)

    monkeypatch.setattr("models.payments.payment_run.finalise_some", broken)
    assert at_work()
    [job] = every(Job)
    assert job.message == (
        "It was broken off by a fault in the portal. What it had finalised stays finalised. Press Finalise again: it "
        "goes on with the rest, and pays nothing twice. Tell whoever looks after the portal if that repeats."
    )
    assert [banked(each) for each in contracts].count([35_308]) == 1
    assert reloaded(run).state is RunState.AUTHORISED


def test_a_fault_after_a_run_was_prepared_names_the_run():
    assert Job(kind=JobKind.PREPARE, run_id=7).left == "Run 7 is prepared all the same. Review it"
    assert Job(kind=JobKind.PREPARE).left == "No run is prepared. Ask for it again"


@pytest.mark.postgres
def test_two_workers_at_once_never_have_jobs_that_meet(contracts):
    """Each claims as often as it can; the database is asked for what is running after each."""
    for provider in ("1", "2", "", "1", "several"):
        ask(scope=provider)
    portal, meeting, taken = current_portal(), [], []

    def one():
        with scope(portal):
            for _ in range(10):
                job = worker._claim()
                if job is not None:
                    taken.append(job.id)
                    running = [each.scope for each in every(Job) if each.state.value == "running"]
                    if len(running) > 1 and running != ["1", "2"]:
                        meeting.append(running)
                    worker._tell(job, lambda known: known.finish("Done"))

    workers = [threading.Thread(target=one) for _ in range(2)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    at_last = [each for each in every(Job) if each.state.value != "done"]
    assert (meeting, len(taken) + len(at_last)) == ([], 5)
    assert not every(PaymentRun)


def test_once_says_that_the_database_cannot_be_written_to(app, database):
    """Cron hears of it, instead of an end with 0 as if nothing had waited."""
    event.listen(database, "begin", lambda own: own.connection.dbapi_connection.execute("PRAGMA query_only=ON"))
    result = app.test_cli_runner().invoke(args=["worker", "--once"])
    assert (result.exit_code, result.stderr.partition(". ")[0]) == (75, "Error: The database cannot be written to")
