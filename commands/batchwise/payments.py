"""Calculating, and finalising runs: what `./portal payments`, the worker and the demonstrations do."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from commands.batchwise.sharing import shared
from models.accounts.user import User
from models.base import let_others_write, scope, session, snapshot, transaction
from models.calendar import today
from models.job import Job, Overtaken
from models.payments import batching, calculation, payment_run
from models.payments.authorising import authorise_from_command_line
from models.payments.calculation import never_calculated
from models.payments.payment import ScheduledPayment
from models.payments.run import PaymentRun, RunState
from models.payments.run_progress import RunProgress
from models.records.contract import Contract
from models.tenancy import EVERY_PROVIDER, set_tenant

Progress = Callable[[int, int], None]
"""Is told after each batch how many providers are done, of how many."""


@contextmanager
def collecting_seldom() -> Iterator[None]:
    """Within: Python looks for garbage after every 50,000 new objects, not every 700. A batch makes hundreds of
    thousands and drops them all at its end, and looking through them again and again took a third of its time.
    """
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@collecting_seldom()
def calculate_all(
    provider_ids: list[int] | None = None, *, accept: bool = False, progress: Progress | None = None
) -> calculation.Calculated:
    """Calculate these providers, or all: in batches, so that nobody waits long for the lock. DomainError where today is
    before the last finalised day.
    """

    def one(batch: list[int]) -> calculation.Calculated:
        with transaction():
            set_tenant(EVERY_PROVIDER)
            return calculation.calculate(batch, accept=accept)

    total, done = calculation.Calculated(), 0
    batches = _batches(provider_ids)
    count = sum(map(len, batches))
    for batch, found in shared(batches, one):
        total.add(found)
        done += len(batch)
        if progress is not None:
            progress(done, count)
    total.changes.sort(key=lambda each: (each.contract_id, each.first_on))
    return total


@collecting_seldom()
def foresee_calculation(
    provider_ids: list[int] | None = None, *, accept: bool = False, progress: Progress | None = None
) -> calculation.Calculated:
    """What `calculate_all` would do. Reading only."""
    total = calculation.Calculated()
    for batch in batches_of(provider_ids, progress):
        with snapshot():
            set_tenant(EVERY_PROVIDER)
            total.add(calculation.foresee(batch, accept=accept))
    return total


@collecting_seldom()
def finalise_due(
    provider_ids: list[int] | None = None,
    *,
    progress: Progress | None = None,
    is_calculated: bool = False,
    recalculate: bool = True,
    check: Callable[[PaymentRun], None] | None = None,
) -> tuple[int | None, RunProgress]:
    """Calculate what is due, then prepare, authorise and finalise a run of it, as somebody with the server's command
    line may. `is_calculated` is for callers who have just done the first. `check` sees the prepared run before it is
    authorised: where it raises, nothing is prepared.

    Returns the run's id, or None where nothing is due; and what was done.
    """
    if not is_calculated:
        calculate_all(with_something_due(provider_ids), progress=progress)
    with transaction():
        set_tenant(EVERY_PROVIDER)
        run = payment_run.prepare(by=None, provider_ids=provider_ids)
        if run is None:
            return None, RunProgress()
        if check is not None:
            check(run)
        authorise_from_command_line(run)
        run_id = run.id
    return run_id, finalise_run(run_id, progress=progress, recalculate=recalculate)


@collecting_seldom()
def prepare_run(
    job: Job, *, note: str = "", first: date | None = None, last: date | None = None, progress: Progress | None = None
) -> int | None:
    """Calculate what is due, and prepare a run of it for whoever asked for the job, or only of what was to be finalised
    from `first` to `last`; its number, or None where nothing is due. The job keeps the number in the same transaction,
    so that a job that is taken up again prepares no second.
    """
    if job.run_id is not None:
        return job.run_id
    calculate_all(with_something_due(job.provider_ids), progress=progress)
    with transaction() as own:
        set_tenant(EVERY_PROVIDER)
        known = own.scalars(select(Job).where(Job.id == job.id)).one()
        if known.worker != job.worker:
            raise Overtaken
        by = own.scalars(select(User).where(User.id == job.created_by_id)).one()
        run = payment_run.prepare(by=by, provider_ids=job.provider_ids, note=note, first=first, last=last)
        if run is not None:
            own.flush()
            known.run_id = run.id
        return known.run_id


def with_something_due(provider_ids: list[int] | None) -> list[int]:
    """Ids of the providers, of these or all, of whom a payment is due today and not all of it finalised; or who have a
    contract that was never calculated, of which nobody knows.
    """
    payment = ScheduledPayment
    with scope():
        set_tenant(EVERY_PROVIDER)
        found = set(session.scalars(select(payment.provider_id).where(payment.is_due(today())).distinct()))
        found |= set(session.scalars(never_calculated(today()).with_only_columns(Contract.provider_id)))
    return sorted(found if provider_ids is None else found & set(provider_ids))


@collecting_seldom()
def finalise_run(
    run_id: int,
    *,
    by_id: int | None = None,
    progress: Progress | None = None,
    recalculate: bool = True,
    check: Callable[[PaymentRun, list[int]], None] | None = None,
) -> RunProgress:
    """Finalise an authorised run, and close it. One that was broken off goes on where it stopped. Another process may
    be at the same run: each batch is finalised by one of them. DomainError where the run is not authorised.

    `check` sees the run after each batch of providers: where it raises, nothing stays of that batch.
    """
    total = RunProgress()
    with scope():
        set_tenant(EVERY_PROVIDER)
        batches = list(batching.batches_of_run(run_id))
    for batch in _one_by_one(batches, progress):
        with transaction() as own:
            set_tenant(EVERY_PROVIDER)
            run = _in_turn(run_id, own)
            if run.state is RunState.FINALISED:
                return total
            done = payment_run.finalise_some(run, batch, recalculate=recalculate)
            if check is not None:
                check(run, batch)
        total.add(done)
    with transaction() as own:
        set_tenant(EVERY_PROVIDER)
        run = _in_turn(run_id, own)
        if run.state is not RunState.FINALISED:
            run.complete(by=own.scalars(select(User).where(User.id == by_id)).one_or_none())
    return total


def _in_turn(run_id: int, own: Session) -> PaymentRun:
    run = own.scalars(select(PaymentRun).where(PaymentRun.id == run_id)).one()
    run.wait_for_turn()
    return run


def batches_of(provider_ids: list[int] | None, progress: Progress | None = None) -> Iterator[list[int]]:
    """The ids of these providers, or of all, batch by batch; each batch is done when the next one is asked for."""
    return _one_by_one(_batches(provider_ids), progress)


def _one_by_one(batches: list[list[int]], progress: Progress | None) -> Iterator[list[int]]:
    done, count = 0, sum(len(batch) for batch in batches)
    for batch in batches:
        if done:
            let_others_write()
        yield batch
        done += len(batch)
        if progress is not None:
            progress(done, count)


def _batches(provider_ids: list[int] | None) -> list[list[int]]:
    with scope():
        set_tenant(EVERY_PROVIDER)
        return list(batching.batches(provider_ids))
