"""Long work that a page asks for and the worker (`flask worker`) does. The page shows how far it has got.

When a worker dies, the next one takes its job up again, so the work of a job must be safe to do twice.
"""

from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from models.audit import Actor, record
from models.base import Base, Key, move, session, utc_now
from models.words import Choice

BROKEN_OFF_AFTER = timedelta(minutes=1)
"""A worker reports at least this often. A job that is silent for longer may be taken up by another worker."""
LATE_AFTER = timedelta(seconds=30)
"""A job that is still queued after this long means that no worker is running."""


class JobKind(Choice):
    CALCULATE = "calculate"
    PREPARE = "prepare"
    FINALISE = "finalise"


class JobState(Choice):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Overtaken(Exception):
    """Another worker has taken this job up: stop, and say nothing more of it."""


class Job(Base):
    __tablename__ = "job"
    __table_args__ = (
        sa.Index("uq_job_running", "kind", unique=True, sqlite_where=sa.column("state") == "running",
                 postgresql_where=sa.column("state") == "running"),
        sa.CheckConstraint("(state = 'queued') = (worker = '')", name="worker"),
        sa.CheckConstraint("state = 'queued' OR started_at IS NOT NULL", name="started"),
        sa.CheckConstraint("(started_at IS NULL) = (heartbeat_at IS NULL)", name="heartbeat"),
        sa.CheckConstraint("(state IN ('done', 'failed')) = (finished_at IS NOT NULL)", name="finished"),
    )  # fmt: skip

    id: Mapped[Key]
    kind: Mapped[JobKind]
    arguments: Mapped[dict[str, Any]] = mapped_column(default=dict)
    run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("payment_run.id"), index=True)
    """The payment run that it finalises, or has prepared."""
    state: Mapped[JobState] = mapped_column(default=JobState.QUEUED, index=True)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    """Providers; 0 while they have not been counted."""
    message: Mapped[str] = mapped_column(default="")
    """What came of it, in words."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    worker: Mapped[str] = mapped_column(default="")

    created_by: Mapped[Actor | None] = relationship("User", lazy="raise", foreign_keys=[created_by_id])

    @hybrid_property
    def is_open(self) -> bool:
        """Nobody has finished it."""
        return self.state in (JobState.QUEUED, JobState.RUNNING)

    @is_open.inplace.expression
    @classmethod
    def _is_open(cls) -> sa.ColumnElement[bool]:
        return cls.state.in_([JobState.QUEUED, JobState.RUNNING])

    @property
    def provider_ids(self) -> list[int] | None:
        """Whose providers it is about; None for all."""
        return self.arguments.get("providers")

    @property
    def is_late(self) -> bool:
        """It has waited, or been silent, for so long that nobody seems to be working."""
        if self.state is JobState.QUEUED:
            return utc_now() - self.created_at > LATE_AFTER
        heard_at = self.heartbeat_at or self.created_at
        return self.state is JobState.RUNNING and utc_now() - heard_at > BROKEN_OFF_AFTER + LATE_AFTER

    @classmethod
    def ask(cls, kind: JobKind, *, by: Actor, run_id: int | None = None, **arguments: Any) -> "Job":
        """Put the job in the queue. Where the same one is queued or running already, return that one."""
        for job in session.scalars(cls.open().where(cls.kind == kind, cls.run_id == run_id)):
            if job.arguments == arguments:
                return job
        job = cls(kind=kind, run_id=run_id, arguments=arguments, created_by_id=by.id)
        session.add(job)
        record(f"job.{kind.value}_asked_for", job, by=by, run=run_id)
        return job

    @classmethod
    def claim(cls) -> "Job | None":
        """Take the oldest free job for this worker, or None: a queued one, or a running one whose worker has fallen
        silent. Only one job of a kind runs at a time; IntegrityError where another worker has just begun one.
        """
        silent = utc_now() - BROKEN_OFF_AFTER
        other = sa.orm.aliased(cls)
        is_kind_busy = select(other.id).where(other.kind == cls.kind, other.state == JobState.RUNNING).exists()
        is_free = sa.or_(
            sa.and_(cls.state == JobState.RUNNING, cls.heartbeat_at < silent),
            sa.and_(cls.state == JobState.QUEUED, ~is_kind_busy),
        )
        job = session.scalars(select(cls).where(is_free).order_by(cls.id).limit(1)).one_or_none()
        if job is None:
            return None
        now, worker = utc_now(), token_hex(8)
        begun = {"state": JobState.RUNNING, "worker": worker, "started_at": job.started_at or now, "heartbeat_at": now}
        return job if move(job, cls.state == job.state, cls.worker == job.worker, **begun) else None

    def get_on(self, done: int, total: int) -> None:
        """Report progress: `done` of `total` providers. It also tells that the worker is alive. Overtaken if the job is
        no longer its own.
        """
        self._say(done=done, total=total, heartbeat_at=utc_now())

    def finish(self, message: str) -> None:
        self._say(state=JobState.DONE, message=message, finished_at=utc_now(), done=self.total)

    def fail(self, message: str) -> None:
        self._say(state=JobState.FAILED, message=message, finished_at=utc_now())

    def put_back(self) -> None:
        """Put the job back into the queue: this worker is being stopped, and the next one goes on."""
        self._say(state=JobState.QUEUED, worker="")

    def _say(self, **values: object) -> None:
        if not move(self, Job.state == JobState.RUNNING, Job.worker == self.worker, **values):
            raise Overtaken

    @classmethod
    def numbered(cls, job_id: int) -> Select["Job"]:
        return select(cls).where(cls.id == job_id).options(joinedload(cls.created_by))

    @classmethod
    def open(cls) -> Select["Job"]:
        """Those that nobody has finished, the oldest first, with who asked for them."""
        return select(cls).where(cls.is_open).options(joinedload(cls.created_by)).order_by(cls.id)

    @classmethod
    def newest_of(cls, *kinds: JobKind, run_id: int | None = None) -> Select["Job"]:
        """The last job of those kinds (where given, about that run), with who asked for it."""
        is_about = cls.run_id == run_id if run_id is not None else sa.true()
        return (
            select(cls)
            .where(cls.kind.in_(kinds), is_about)
            .options(joinedload(cls.created_by))
            .order_by(cls.id.desc())
            .limit(1)
        )
