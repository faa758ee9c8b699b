"""Runs that are not closed, and what each waits for. Payments in them are in no other run meanwhile, so nobody is paid
by them until somebody goes on.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from models.audit import record
from models.base import session, sum_of, utc_now
from models.job import BROKEN_OFF_AFTER, Job, JobKind, JobState
from models.payments.run import PaymentRun, RunPayment, RunState
from models.words import Choice


class Waits(Choice):
    """What an open run waits for."""

    AUTHORISATION = "authorisation"
    PRESS = "press"
    """It is authorised, and a manager has to press Finalise."""
    WORKER = "worker"
    """Its job is queued, or a worker is at it."""
    BROKEN_OFF = "broken off"
    """Somebody had begun to finalise it, and nobody is at it: the command line authorised it, or its job has failed or
    fallen silent.
    """

    @property
    def words(self) -> str:
        return {
            "authorisation": "waits to be authorised on the council’s pages",
            "press": "is authorised, and waits to be finalised on the council’s pages",
            "worker": "is the worker’s to finalise: see that it runs",
            "broken off": "was broken off",
        }[self.value]


@dataclass(frozen=True)
class OpenRun:
    """A run that is prepared or authorised; pence and counts are of the payments whose turn has not come."""

    id: int
    waits: Waits
    since: datetime
    """When it was authorised or, while it is not, prepared."""
    finalised_by_id: int | None
    """Who pressed Finalise; None where the command line finalises it."""
    payments: int
    providers: int
    pence: int


def open_runs(provider_ids: Collection[int] | None = None) -> list[OpenRun]:
    """The runs that are not closed, the oldest first: all, or those in which payments of these providers wait."""
    run = PaymentRun
    query = select(run.id, run.state, run.prepared_at, run.authorised_at, run.authorised_by_id).where(run.is_open)
    if provider_ids is not None:
        theirs = RunPayment.run_id == run.id, RunPayment.outcome.is_(None), RunPayment.provider_id.in_(provider_ids)
        query = query.where(select(RunPayment.id).where(*theirs).exists())
    rows = session.execute(query.order_by(run.id)).all()
    ids = [row.id for row in rows]
    jobs, left = _jobs(ids), _left(ids)
    return [
        OpenRun(
            id=row.id,
            waits=_waits(row, jobs.get(row.id)),
            since=row.authorised_at or row.prepared_at,
            finalised_by_id=jobs[row.id].created_by_id if row.id in jobs else None,
            **left.get(row.id, {"payments": 0, "providers": 0, "pence": 0}),
        )
        for row in rows
    ]


def note_taken_up(run: PaymentRun) -> None:
    """Put on record that the command line goes on with a run that was broken off."""
    record("payment_run.taken_up", run, by=None, total_pence=run.total_pence)


def _waits(run: Any, job: Job | None) -> Waits:
    if run.state is RunState.PREPARED:
        return Waits.AUTHORISATION
    if job is None:
        return Waits.PRESS if run.authorised_by_id is not None else Waits.BROKEN_OFF
    is_silent = job.state is JobState.RUNNING and (job.heartbeat_at or job.created_at) < utc_now() - BROKEN_OFF_AFTER
    return Waits.WORKER if job.is_open and not is_silent else Waits.BROKEN_OFF


def _jobs(run_ids: list[int]) -> dict[int, Job]:
    """The newest job to finalise each of these runs."""
    query = select(Job).where(Job.kind == JobKind.FINALISE, Job.run_id.in_(run_ids)).order_by(Job.id)
    return {job.run_id: job for job in session.scalars(query) if job.run_id is not None}


def _left(run_ids: list[int]) -> dict[int, dict[str, int]]:
    part = RunPayment
    count, providers = sa.func.count(part.id), sa.func.count(part.provider_id.distinct())
    query = (
        select(part.run_id, count, providers, sum_of(part.total_pence))
        .where(part.run_id.in_(run_ids), part.outcome.is_(None))
        .group_by(part.run_id)
    )
    return {
        run_id: {"payments": payments, "providers": providers_left, "pence": pence}
        for run_id, payments, providers_left, pence in session.execute(query)
    }
