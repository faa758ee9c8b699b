"""`./portal worker`: does the long work that pages ask for, one job after another, and seals the audit meanwhile."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from functools import partial

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import false, func, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from commands.audit import heads_file
from commands.batchwise import daily
from commands.batchwise.filing import Filing
from commands.batchwise.payments import calculate_all, finalise_run, prepare_run
from commands.batchwise.pulse import pulse
from commands.batchwise.remitting import fill
from commands.batchwise.reporting import draw
from commands.batchwise.sealing import Sealing
from commands.batchwise.stopping import Stop
from commands.batchwise.uploading import work_at
from config import Settings
from exchange.files.store import UPLOADS, Store
from models.base import DomainError, rows_changed, scope, session, transaction
from models.database_faults import DatabaseTrouble
from models.job import Job, JobKind, Overtaken
from models.money import gbp
from models.payments import run_progress
from models.payments.blocked import faults
from models.payments.run import PaymentRun, RunPayment, RunState
from models.payments.run_history import outcome_of
from models.portal import current_portal
from models.tenancy import EVERY_PROVIDER, set_tenant
from models.words import how_many

PAUSE = 1.0
"""Seconds between two looks into an empty queue."""
NAMED = 5
"""Contracts that a message names."""
FAULT = "It was broken off by a fault in the portal"
REPEATS = "Tell whoever looks after the portal if that repeats."
PATIENCE = 30.0
"""Seconds for which a worker tries to say how far it is, before it breaks off: less than `BROKEN_OFF_AFTER`."""

log = logging.getLogger(__name__)


def rest() -> None:
    time.sleep(PAUSE)


class Stopped(Exception):
    """Somebody ends the worker: what it was doing is for the next one."""


@click.command("worker")
@click.option("--once", is_flag=True, help="Do what waits, then end.")
@with_appcontext
def cli(once: bool) -> None:
    """Do long work: calculations, the finalising of runs, and what is done daily. Seal the audit once a minute."""
    stop, sealing, clock, filing = Stop(), Sealing(heads_file()), daily.Clock(asks=True), _filing()

    def meanwhile() -> None:
        sealing.when_due()
        clock.when_due()
        filing.when_due()

    if once:
        _insist_on_writing()
    stop.listen()
    fill_remittances()
    while not stop.asked:
        meanwhile()
        if not work(stop, meanwhile) and not stop.asked:
            if not once:
                rest()
            elif not clock.now():
                sealing.now()
                return


def _filing() -> Filing:
    settings: Settings = current_app.config["SETTINGS"]
    return Filing(Store(settings.instance / UPLOADS), settings.files.scanner, settings.council.team_email)


def fill_remittances() -> None:
    """Write the remittances that runs of an earlier version have left out. A database that is busy, or not brought up
    to date yet, has them at the next start, or by `./portal payments remittances`.
    """
    try:
        if count := fill():
            log.warning("remittances were written for %s payments of earlier runs", count)
    except DBAPIError as fault:
        log.warning("remittances of earlier runs are not written: %s", _trouble(fault).words)


def _insist_on_writing() -> None:
    """Fail where the database cannot be written to: whoever asks once is to hear of it, and not that nothing waits."""
    with transaction():
        rows_changed(update(Job).where(false()).values(done=0))


def work(stop: Stop | None = None, meanwhile: Callable[[], None] = lambda: None) -> bool:
    """Do the next job, if there is one; returns whether there was. `meanwhile` is called between its batches."""
    try:
        job = _claim()
    except DBAPIError as fault:
        log.warning("no job can be looked for: %s", _trouble(fault).words)
        return False
    if job is None:
        return False
    stop = stop or Stop()
    with suppress(Overtaken):
        _tell_the_end(job, _end_of(job, stop, meanwhile), stop)
    return True


def _end_of(job: Job, stop: Stop, meanwhile: Callable[[], None]) -> Callable[[Job], None]:
    """Do the job; returns the verb of Job that records how it ended."""
    try:
        message = _do(job, stop, meanwhile)
    except Overtaken:
        raise
    except Stopped:
        return Job.put_back
    except DomainError as refusal:
        return partial(Job.fail, message=str(refusal))
    except Exception as fault:
        if (trouble := DatabaseTrouble.of(fault)) is not None:
            log.warning("job %s is tried again: %s", job.id, trouble.words)
            return partial(Job.try_again, what=trouble.words)
        log.exception("job %s", job.id)
        return partial(Job.break_off, what=FAULT, then=REPEATS)
    return partial(Job.finish, message=message)


def _trouble(fault: DBAPIError) -> DatabaseTrouble:
    """What is wrong with the database, which comes back; any other fault is raised again."""
    trouble = DatabaseTrouble.of(fault)
    if trouble is None:
        raise fault
    return trouble


def _claim() -> Job | None:
    try:
        with transaction():
            return Job.claim()
    except IntegrityError:  # another worker was first, with a job of this kind
        return None


def _tell(job: Job, say: Callable[[Job], None]) -> None:
    with transaction() as own:
        known = own.scalars(select(Job).where(Job.id == job.id)).one()
        if known.worker != job.worker:
            raise Overtaken
        say(known)


def _tell_on_the_way(job: Job, say: Callable[[Job], None]) -> None:
    """Tell it once the database takes it. DBAPIError where it has not for PATIENCE seconds: the job is broken off then,
    before another worker takes it up.
    """
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return _tell(job, say)
        except DBAPIError as fault:
            _trouble(fault)
            if time.monotonic() > until:
                raise
            rest()


def _tell_the_end(job: Job, say: Callable[[Job], None], stop: Stop) -> None:
    """Tell it, however long the database takes, or until the worker is told to stop: then the next one takes the job
    up, which is safe to do twice.
    """
    while True:
        try:
            return _tell(job, say)
        except DBAPIError as fault:
            log.warning("job %s has ended, which cannot be written yet: %s", job.id, _trouble(fault).words)
            if stop.asked:
                return None
            rest()


def _do(job: Job, stop: Stop, meanwhile: Callable[[], None]) -> str:
    def progress(done: int, total: int, step: str | None = None) -> None:
        whole = max(job.total, total)
        _tell_on_the_way(job, lambda known: known.get_on(whole - total + done, whole, step))
        if stop.asked:
            raise Stopped
        meanwhile()

    own = {
        JobKind.CALCULATE: _calculate, JobKind.PREPARE: _prepare, JobKind.FINALISE: _finalise,
        JobKind.REPORT: _report, JobKind.UPLOAD: work_at,
    }  # fmt: skip
    do = own.get(job.kind, daily.do)
    with pulse(lambda: _tell(job, Job.beat)):
        return do(job, progress)


def _report(job: Job, progress: Callable[[int, int], None]) -> str:
    return draw(job, Store(current_portal().timetable.heads.parent / UPLOADS), progress)


def _calculate(job: Job, progress: Callable[[int, int], None]) -> str:
    outcome = calculate_all(job.provider_ids, progress=progress)
    total = gbp(outcome.total_pence)
    done = f"Calculated {how_many(outcome.contracts, 'contract')}. What is not finalised comes to {total}."
    return done + _faults(job) if outcome.faults else done


def _faults(job: Job) -> str:
    """Which contracts could not be calculated: the first few by their references."""
    with scope():
        set_tenant(EVERY_PROVIDER)
        found = [row.reference for row in session.execute(faults(provider_ids=job.provider_ids))]
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return f" {how_many(len(found), 'contract')} could not be calculated: {', '.join(found[:NAMED])}{more}."


def _prepare(job: Job, progress: Callable[[int, int], None]) -> str:
    days = {name: date.fromisoformat(job.arguments[name]) for name in ("first", "last") if name in job.arguments}
    run_id = prepare_run(job, note=job.arguments.get("note", ""), **days, progress=progress)
    if run_id is None:
        return (
            "No run is prepared, since nothing is due: every payment whose finalisation day has come is finalised, "
            "held, or in another run."
        )
    with scope():
        set_tenant(EVERY_PROVIDER)
        total, count = session.execute(
            select(PaymentRun.total_pence, func.count(RunPayment.id))
            .join(RunPayment, RunPayment.run_id == PaymentRun.id)
            .where(PaymentRun.id == run_id)
            .group_by(PaymentRun.id)
        ).one()
    return f"Run {run_id} is prepared: {how_many(count, 'payment')}, {gbp(total)}. Somebody else authorises it."


def _finalise(job: Job, progress: Callable[[int, int], None]) -> str:
    """Finalise the job's run, or go on with it after an interruption; the message is about the whole run."""
    run_id = job.run_id
    if run_id is None:
        raise ValueError(f"job {job.id} does not say which run")
    with scope():
        set_tenant(EVERY_PROVIDER)
        state = session.scalar(select(PaymentRun.state).where(PaymentRun.id == run_id))
        if not job.total:
            of_run = select(func.count(RunPayment.provider_id.distinct())).where(RunPayment.run_id == run_id)
            job.total = session.scalar(of_run) or 0
    if state is not RunState.FINALISED:
        finalise_run(run_id, by_id=job.created_by_id, progress=progress)
    with scope():
        set_tenant(EVERY_PROVIDER)
        return run_progress.summary(outcome_of(run_id))
