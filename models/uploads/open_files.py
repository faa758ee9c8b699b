"""Whether something can be done with an uploaded file just now, and which job of the worker is about it."""

from sqlalchemy import Select, select

from models.base import DomainError, session
from models.job import Job, JobKind
from models.records.import_batch import ImportBatch, ImportState, KeptTable

CLOSED = "This file has been applied or discarded already. Upload it again to change something"
BUSY = "This file is being worked at. Wait until that is done, then try again"
UNCHECKED = "This file has not been checked yet. Wait until it is, then try again"
CHECK, APPLY = "check", "apply"
"""What a job does with a file."""


def job_of(batch: ImportBatch) -> Select[Job]:
    """The newest job about the file; none for a short file, which is done within the request."""
    own = Job.kind == JobKind.UPLOAD, Job.scope == str(batch.provider_id)
    query = select(Job).where(*own, Job.arguments["batch"].as_integer() == batch.id)
    return query.options(*Job.told()).order_by(Job.id.desc()).limit(1)


def at_work(batch: ImportBatch) -> str:
    """What the worker is at, or will be: CHECK, APPLY, or nothing."""
    if not batch.is_long:
        return ""
    job = session.scalars(job_of(batch)).one_or_none()
    return str(job.arguments["act"]) if job is not None and job.is_open else ""


def insist_open(batch: ImportBatch) -> None:
    """DomainError where nothing can be done with the file any more."""
    if not batch.is_open:
        raise DomainError(CLOSED)


def insist_free(batch: ImportBatch) -> None:
    """DomainError where nothing can be done with the file any more, or while the worker is at it."""
    insist_open(batch)
    if at_work(batch):
        raise DomainError(BUSY)


def insist_checked(batch: ImportBatch) -> None:
    """DomainError as by `insist_free`, or where its faults and counts are not those of what stands in it."""
    insist_free(batch)
    if batch.state is ImportState.WAITING:
        raise DomainError(UNCHECKED)


def content_of(batch: ImportBatch) -> KeptTable:
    """What stood in the file. DomainError where it is no longer kept."""
    if batch.content is None:
        raise DomainError(CLOSED)
    return batch.content
