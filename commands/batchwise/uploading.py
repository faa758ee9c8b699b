"""Checking and applying a long uploaded file, for whoever asked for it on its page."""

from typing import Protocol

from sqlalchemy import select

from models.accounts.user import User
from models.base import session, snapshot, transaction
from models.job import Job
from models.records.import_batch import ImportBatch
from models.records.provider import Provider
from models.tenancy import set_tenant
from models.uploads import queue
from models.uploads.steps import READING, WRITING

CLOSED = "The file has been applied or discarded already."
SELDOM = 1_000
"""Rows between two reports of one step: each is written to the database."""


class Progress(Protocol):
    def __call__(self, done: int, total: int, step: str | None = None) -> None: ...


class _Steps:
    """Tells the job's page at which step the work is, and how many of the file's rows it has done there."""

    def __init__(self, progress: Progress, rows: int) -> None:
        self._progress, self._rows = progress, rows
        self._told: tuple[str, int] = "", 0

    def __call__(self, step: str, done: int) -> None:
        before, last = self._told
        if step != before or done - last >= SELDOM or done == self._rows != last:
            self._told = step, done
            self._progress(done, self._rows, step)


def work_at(job: Job, progress: Progress) -> str:
    """Look at the file of the job as things stand now, which nobody waits for, then write what came of it. Whoever has
    changed something in between is not overwritten: a DomainError says so.
    """
    [provider_id] = job.provider_ids or [0]
    with snapshot():
        batch, provider = _file(job, provider_id)
        if not batch.is_open:
            return CLOSED
        tell = _Steps(progress, batch.rows_read)
        tell(READING, 0)
        found = queue.look(batch, provider, job.arguments, tell)
        tell(WRITING, 0)
    with transaction():
        batch, provider = _file(job, provider_id)
        if not batch.is_open:
            return CLOSED
        by = session.scalars(select(User).where(User.id == job.created_by_id)).one()
        return queue.finish(batch, provider, found, job.arguments, by=by)


def _file(job: Job, provider_id: int) -> tuple[ImportBatch, Provider]:
    set_tenant(provider_id)
    batch = session.scalars(ImportBatch.numbered(job.arguments["batch"])).one()
    return batch, session.scalars(select(Provider).where(Provider.id == provider_id)).one()
