"""Long work that a page or the clock asks for, and the worker (`./portal worker`) does. Pages show how far it has got.

When a worker dies, the next one takes its job up again, so the work of a job must be safe to do twice.
docs/job-states.md says what can become of a job.
"""

from datetime import date, datetime, timedelta
from secrets import token_hex
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, joinedload, mapped_column, query_expression, relationship, with_expression
from sqlalchemy.sql.base import ExecutableOption

from models.audit import Actor, record
from models.base import Base, Key, move, session, take_turns, utc_now
from models.instants import NOW
from models.words import Choice

BROKEN_OFF_AFTER = timedelta(minutes=1)
"""A worker reports at least this often. A job that is silent for longer may be taken up by another worker."""
LATE_AFTER = timedelta(seconds=30)
"""A job that is still queued after this long, while no other is worked at, means that no worker is running."""
PAUSES = tuple(timedelta(seconds=each) for each in (15, 60, 120, 300, 600, 900))
"""A job that met a fault of the database is tried again after these: seven tries within about half an hour."""
TRIES = len(PAUSES) + 1
EVERYBODY, SEVERAL = "", "several"
"""Scopes of jobs. The scope of a job about one provider is that provider's id."""
_TURN = 7_033_346
"""A number that no other lock of the portal has."""


class JobKind(Choice):
    CALCULATE = "calculate"
    PREPARE = "prepare"
    FINALISE = "finalise"
    FEED = "feed"
    EXPORT = "export"
    VERIFY = "verify"
    AUDIT_HEAD = "audit_head"
    DIGEST = "digest"
    REMINDERS = "reminders"
    REPORT = "report"
    UPLOAD = "upload"

    @property
    def label(self) -> str:
        """What it is called in a list, at the beginning of a line."""
        return _KINDS[self][0]

    @property
    def doing(self) -> str:
        """What the worker is at, at the beginning of a line. Of a run, its number is to follow."""
        return _KINDS[self][1]

    @property
    def left(self) -> str:
        """What stands of a job that failed, and what to do."""
        return _KINDS[self][2]


_AGAIN = "Nothing of it is half done. Run it again"
_KINDS = {
    JobKind.CALCULATE: (
        "Calculation", "Calculating",
        "The providers that it had come to are calculated, the others are as they were. Ask for it again",
    ),
    JobKind.PREPARE: ("Preparing of a run", "Preparing a run", "No run is prepared. Ask for it again"),
    JobKind.FINALISE: (
        "Finalising of a run", "Finalising run",
        "What it had finalised stays finalised. Press Finalise again: it goes on with the rest, and pays nothing twice",
    ),
    JobKind.FEED: ("Import of the feed", "Importing the feed", "A feed comes in whole or not at all. Run it again"),
    JobKind.EXPORT: (
        "Export to the finance system", "Writing an export",
        "What is written stays written, and nothing of it is told twice. Run it again",
    ),
    JobKind.VERIFY: ("Verification", "Verifying", _AGAIN),
    JobKind.AUDIT_HEAD: ("Head of the audit", "Writing down the head of the audit", _AGAIN),
    JobKind.DIGEST: ("Digest of work", "Writing the digest of work", _AGAIN),
    JobKind.REMINDERS: ("Reminders to providers", "Reminding providers", _AGAIN),
    JobKind.REPORT: ("Drawing of a report", "Drawing a report", "No file was made. Ask for it again"),
    JobKind.UPLOAD: (
        "Work at an uploaded file", "Working at an uploaded file",
        "Nothing of it is half done. Check the file again on its page",
    ),
}  # fmt: skip


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
        sa.Index("uq_job_running", "kind", "scope", unique=True, sqlite_where=sa.column("state") == "running",
                 postgresql_where=sa.column("state") == "running"),
        sa.UniqueConstraint("kind", "due_on"),
        sa.CheckConstraint("(state = 'queued') = (worker = '')", name="worker"),
        sa.CheckConstraint("state = 'queued' OR started_at IS NOT NULL", name="started"),
        sa.CheckConstraint("(started_at IS NULL) = (heartbeat_at IS NULL)", name="heartbeat"),
        sa.CheckConstraint("(state IN ('done', 'failed')) = (finished_at IS NOT NULL)", name="finished"),
    )  # fmt: skip

    id: Mapped[Key]
    kind: Mapped[JobKind]
    scope: Mapped[str] = mapped_column(default=EVERYBODY)
    """Whom it is about: EVERYBODY, SEVERAL, or one provider's id. See `meets`."""
    due_on: Mapped[date | None]
    """The day in London whose daily work it is (models.daily_work); None for what a person asks for."""
    not_before: Mapped[datetime | None]
    """No worker takes it before."""
    tries: Mapped[int] = mapped_column(default=0)
    """How often it was broken off by a fault of the database, or its worker was killed."""
    arguments: Mapped[dict[str, Any]] = mapped_column(default=dict)
    run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("payment_run.id"), index=True)
    """The payment run that it finalises, or has prepared."""
    state: Mapped[JobState] = mapped_column(default=JobState.QUEUED, index=True)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    """Providers, or lines or rows of a file; 0 while they have not been counted."""
    step: Mapped[str | None]
    """Which of its parts the worker is at, where it has several; None where it has not, or has not begun."""
    message: Mapped[str] = mapped_column(default="")
    """What came of it, in words."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    worker: Mapped[str] = mapped_column(default="")

    ahead: Mapped[int | None] = query_expression()
    """How many jobs a worker ends before this one's turn comes. Read with every job that is asked for by a query below,
    like `heard_at`.
    """
    heard_at: Mapped[datetime | None] = query_expression()
    """When a worker was last heard of at any running job."""

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
    def took(self) -> timedelta | None:
        """From its first beginning to its end; None while it has not ended."""
        return self.finished_at - self.started_at if self.finished_at and self.started_at else None

    @property
    def first_line(self) -> str:
        """Of what came of it: the rest may be a list."""
        return self.message.partition("\n")[0]

    @property
    def most_tries(self) -> int:
        return TRIES

    @property
    def doing(self) -> str:
        """What the worker is at, at the beginning of a line."""
        return f"{self.kind.doing} {self.run_id}" if self.kind is JobKind.FINALISE else self.kind.doing

    @property
    def left(self) -> str:
        """What stands of it if it has failed, and what to do."""
        if self.kind is JobKind.PREPARE and self.run_id is not None:
            return f"Run {self.run_id} is prepared all the same. Review it"
        return self.kind.left

    @hybrid_property
    def is_waiting(self) -> bool:
        """It is queued, and its time has not come."""
        return self.state is JobState.QUEUED and self.not_before is not None and self.not_before > utc_now()

    @is_waiting.inplace.expression
    @classmethod
    def _is_waiting(cls) -> sa.ColumnElement[bool]:
        is_early = sa.func.coalesce(cls.not_before > NOW, sa.false())
        return sa.and_(cls.state == JobState.QUEUED, is_early)

    @hybrid_property
    def is_silent(self) -> bool:
        """It is running, and its worker has not been heard of for so long that another one may take it up."""
        heard_at = self.heartbeat_at or self.created_at
        return self.state is JobState.RUNNING and heard_at < utc_now() - BROKEN_OFF_AFTER

    @is_silent.inplace.expression
    @classmethod
    def _is_silent(cls) -> sa.ColumnElement[bool]:
        return sa.and_(cls.state == JobState.RUNNING, cls.heartbeat_at < utc_now() - BROKEN_OFF_AFTER)

    @property
    def is_late(self) -> bool:
        """It has waited, or been silent, for so long that nobody seems to be working."""
        now = utc_now()
        if self.state is JobState.QUEUED:
            is_busy = self.heard_at is not None and self.heard_at > now - BROKEN_OFF_AFTER - LATE_AFTER
            return not is_busy and now - max(self.created_at, self.not_before or self.created_at) > LATE_AFTER
        return self.is_silent and (self.heartbeat_at or self.created_at) < now - BROKEN_OFF_AFTER - LATE_AFTER

    @classmethod
    def ask(cls, kind: JobKind, *, by: Actor, run_id: int | None = None, anew: bool = False, **arguments: Any) -> "Job":
        """Put the job in the queue. Where the same one is queued or running already, return that one; with `anew` only
        where it is queued: what is running may be past what has just changed.
        """
        arguments = {name: value for name, value in arguments.items() if value is not None}
        for job in session.scalars(cls.open().where(cls.kind == kind, cls.run_id == run_id)):
            if job.arguments == arguments and not (anew and job.state is JobState.RUNNING):
                return job
        scope = scope_of(arguments.get("providers"))
        job = cls(kind=kind, scope=scope, run_id=run_id, arguments=arguments, created_by_id=by.id)
        session.add(job)
        record(f"job.{kind.value}_asked_for", job, by=by, run=run_id)
        return job

    @classmethod
    def claim(cls) -> "Job | None":
        """Take the oldest free job for this worker, or None: one whose worker has fallen silent, or a queued one whose
        time has come, while none that it meets is running or stands before it. Workers claim one after another.
        """
        take_turns(_TURN)
        is_queued = sa.and_(cls.state == JobState.QUEUED, ~cls.is_waiting, ~cls._in_the_way().exists())
        query = select(cls).where(sa.or_(cls.is_silent, is_queued)).order_by(cls.id).limit(1)
        while (job := session.scalars(query.execution_options(populate_existing=True)).one_or_none()) is not None:
            as_it_was, now = (cls.state == job.state, cls.worker == job.worker), utc_now()
            tries = job.tries + (job.state is JobState.RUNNING)
            if tries >= TRIES:
                message = f"The worker was ended {TRIES} times while it was at this. {job.left}."
                move(job, *as_it_was, state=JobState.FAILED, tries=tries, message=message, finished_at=now)
                continue
            begun = {"state": JobState.RUNNING, "worker": token_hex(8), "tries": tries, "heartbeat_at": now}
            return job if move(job, *as_it_was, started_at=job.started_at or now, **begun) else None
        return None

    @classmethod
    def meets(cls, other: Any) -> sa.ColumnElement[bool]:
        """A condition: the two are never done at the same time. `other` is an alias of this table."""
        wide = (EVERYBODY, SEVERAL)
        is_common = sa.or_(cls.scope == other.scope, cls.scope.in_(wide), other.scope.in_(wide))
        return sa.and_(cls.kind == other.kind, is_common)

    @classmethod
    def _in_the_way(cls) -> Select[int]:
        """The jobs that a queued one waits for."""
        other = sa.orm.aliased(cls)
        return select(other.id).where(cls.meets(other), cls._is_after(other)).correlate(cls)

    @classmethod
    def _is_after(cls, other: Any) -> sa.ColumnElement[bool]:
        """A condition: the other job is running, or stands before this one in the queue."""
        stands_before = sa.and_(other.state == JobState.QUEUED, other.id < cls.id, ~other.is_waiting)
        return sa.and_(cls.id != other.id, sa.or_(other.state == JobState.RUNNING, stands_before))

    def get_on(self, done: int, total: int, step: str | None = None) -> None:
        """Report progress: `done` of `total` providers, at that step. It also tells that the worker is alive. Overtaken
        if the job is no longer its own.
        """
        self._say(done=done, total=total, step=step, heartbeat_at=utc_now())

    def beat(self) -> None:
        """Report that the worker is alive, and no more. Overtaken as in `get_on`."""
        self._say(heartbeat_at=utc_now())

    def finish(self, message: str) -> None:
        self._say(state=JobState.DONE, message=message, finished_at=utc_now(), done=self.total)

    def fail(self, message: str) -> None:
        self._say(state=JobState.FAILED, message=message, finished_at=utc_now())

    def put_back(self) -> None:
        """Put the job back into the queue: this worker is being stopped, and the next one goes on."""
        self._say(state=JobState.QUEUED, worker="")

    def break_off(self, what: str, then: str = "") -> None:
        """A fault of the portal has ended it: say `what`, what stands of it, and what to do `then`."""
        self.fail(f"{what}. {self.left}. {then}".strip())

    def try_again(self, what: str) -> None:
        """The database had a fault, which `what` says in a sentence: try again later, or say at last that it failed."""
        tries = self.tries + 1
        if tries >= TRIES:
            failed = f"{what} That was so at each of {TRIES} tries. {self.left} once it is seen to."
            self._say(state=JobState.FAILED, message=failed, tries=tries, finished_at=utc_now())
            return
        not_before = utc_now() + PAUSES[tries - 1]
        self._say(state=JobState.QUEUED, worker="", message=what, tries=tries, not_before=not_before)

    def _say(self, **values: object) -> None:
        if not move(self, Job.state == JobState.RUNNING, Job.worker == self.worker, **values):
            raise Overtaken

    @classmethod
    def numbered(cls, job_id: int) -> Select["Job"]:
        return select(cls).where(cls.id == job_id).options(*cls.told())

    @classmethod
    def open(cls) -> Select["Job"]:
        """Those that nobody has finished, the oldest first, with who asked for them."""
        return select(cls).where(cls.is_open).options(*cls.told()).order_by(cls.id)

    @classmethod
    def newest_of(cls, *kinds: JobKind, run_id: int | None = None) -> Select["Job"]:
        """The last job of those kinds (where given, about that run), with who asked for it."""
        is_about = cls.run_id == run_id if run_id is not None else sa.true()
        query = select(cls).where(cls.kind.in_(kinds), is_about).options(*cls.told())
        return query.order_by(cls.id.desc()).limit(1)

    @classmethod
    def told(cls) -> tuple[ExecutableOption, ...]:
        """Options of a query: with who asked for the job, and what is before it in the queue."""
        other = sa.orm.aliased(cls)
        ahead = select(sa.func.count(other.id)).where(cls._is_after(other))
        heard_at = select(sa.func.max(other.heartbeat_at)).where(other.state == JobState.RUNNING)
        return (
            joinedload(cls.created_by),
            with_expression(cls.ahead, ahead.correlate(cls).scalar_subquery()),
            with_expression(cls.heard_at, heard_at.scalar_subquery()),
        )


def scope_of(provider_ids: list[int] | None) -> str:
    """What `Job.scope` says of a job about these providers; None for all."""
    if provider_ids is None:
        return EVERYBODY
    return str(provider_ids[0]) if len(provider_ids) == 1 else SEVERAL
