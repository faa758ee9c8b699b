"""Checking and applying a long uploaded file, for whoever asked for it on its page."""

from collections.abc import Callable

from sqlalchemy import select

from models.accounts.user import User
from models.base import session, snapshot, transaction
from models.job import Job
from models.records.import_batch import ImportBatch
from models.records.provider import Provider
from models.tenancy import set_tenant
from models.uploads import batch as uploads
from models.uploads import queue

Progress = Callable[[int, int], None]
CLOSED = "The file has been applied or discarded already."


def work_at(job: Job, progress: Progress) -> str:
    """Look at the file of the job as things stand now, which nobody waits for, then write what came of it. Whoever has
    changed something in between is not overwritten: a DomainError says so.
    """
    [provider_id] = job.provider_ids or [0]
    with snapshot():
        batch, provider = _file(job, provider_id)
        if not batch.is_open:
            return CLOSED
        progress(0, batch.rows_read)
        found = uploads.look(batch, provider)
        progress(batch.rows_read, batch.rows_read)
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
