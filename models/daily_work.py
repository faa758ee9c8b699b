"""What the worker does every day by itself: at what time, whether it has, and who is told when it has not.

Times of day are those of London, and a day's work belongs to that day, however often the clocks go back: `Job.due_on`
keeps it, once for each kind and day. Instants are UTC. The real clock counts here, also where `today()` stands still.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, insert_first, session, utc_now
from models.calendar import DAY, LONDON, london_day, moment
from models.job import EVERYBODY, Job, JobKind, JobState
from models.outbox import post
from models.portal import current_portal
from models.statements import built_once
from models.words import Choice

DAILY = (
    JobKind.FEED, JobKind.CALCULATE, JobKind.EXPORT, JobKind.VERIFY, JobKind.AUDIT_HEAD, JobKind.DIGEST,
    JobKind.REMINDERS,
)  # fmt: skip
"""In the order in which they are done where several are due."""
_FIGURES = (JobKind.FEED, JobKind.CALCULATE)
AFTER = {
    JobKind.CALCULATE: (JobKind.FEED,),
    **dict.fromkeys((JobKind.EXPORT, JobKind.VERIFY, JobKind.DIGEST, JobKind.REMINDERS), _FIGURES),
}
"""A work is not begun while one of these is due or under way: it goes by what they leave."""
LATE = timedelta(hours=1)
"""A work that has not ended, and is not under way, so long after its time is overdue."""
ABOUT = {
    JobKind.FEED: "Reads the finance system’s files and imports them, all or nothing.",
    JobKind.CALCULATE: "Works out what every provider is paid by the facts of today.",
    JobKind.EXPORT: "Writes for the finance system what is new since the export before, and delivers it.",
    JobKind.VERIFY: "Works everything out anew, and checks that every pound is somewhere.",
    JobKind.AUDIT_HEAD: "Writes the newest seal of the audit down, for keeping elsewhere.",
    JobKind.DIGEST: "Writes to our team what is overdue, due and waiting: counts and sums.",
    JobKind.REMINDERS: "Writes to whoever has yet to confirm, agree or reply, and to teams; sends digests.",
}
MAIL = """\
{lines}

Daily work on the council's pages of the Provider Portal says more, and can be run again there. Where nothing has run
for an hour, the portal's worker may have stopped: tell whoever looks after the portal.
"""


@dataclass(frozen=True)
class Timetable:
    """The table [schedule] of settings.toml, and where what is written goes."""

    times: Mapping[JobKind, time]
    """Of what is done daily; what is not in it is not done by itself."""
    feed: Path | None
    """The directory of the feed, or of several that are named so that the newest comes last."""
    heads: Path
    """The file in which the heads of the audit are kept."""
    head_to: str
    """Who gets the head of the audit by mail; empty for nobody."""
    team: str
    """Who gets the digest, and is told what has not run; empty for nobody."""
    remind_days: int
    """How many working days before the last day to answer a provider is reminded."""
    chase_days: int = 5
    """How many working days a document or an action may wait for a provider before it is reminded."""
    exports: Path | None = None
    """The directory where the finance system finds exports; None: they are only taken from their page."""
    answer_days: int = 3
    """How many working days an export may wait for the finance system's answer before the team is told."""


class Trouble(Choice):
    OVERDUE = "overdue"
    FAILED = "failed"


class DailyAlarm(Base):
    """The team has been told: once a day, work and reason, by whichever process was first."""

    __tablename__ = "daily_alarm"
    __table_args__ = (sa.UniqueConstraint("kind", "on", "why"),)

    id: Mapped[Key]
    kind: Mapped[JobKind]
    on: Mapped[date]
    """The day in London on which it was due, or failed."""
    why: Mapped[Trouble]
    sent_at: Mapped[datetime] = mapped_column(default=utc_now)


@dataclass(frozen=True)
class DailyWork:
    """How one work stands at the moment `now`."""

    kind: JobKind
    at: time | None
    """None where it is not on the timetable."""
    now: datetime
    last: Job | None
    """The newest that has ended, done or failed, whoever asked for it."""
    well: Job | None
    """The newest that was done."""
    open: Job | None
    """One that is queued or under way."""

    @property
    def about(self) -> str:
        return ABOUT[self.kind]

    @property
    def cannot_run(self) -> str:
        """Why asking for it would be in vain; empty where it is not."""
        if self.kind is JobKind.FEED and timetable().feed is None:
            return "settings.toml says nowhere to read a feed from: feed_directory under [schedule]"
        return ""

    @property
    def due_on(self) -> date | None:
        """The newest day whose time has come."""
        return None if self.at is None else slot(self.at, self.now)

    @property
    def next_at(self) -> datetime | None:
        return None if self.at is None or self.due_on is None else instant(self.due_on + DAY, self.at)

    @property
    def is_failed(self) -> bool:
        return self.last is not None and self.last.state is JobState.FAILED

    @property
    def is_overdue(self) -> bool:
        """It should have run by now, and has neither ended nor is under way. One that is new has an hour from when it
        was asked for: its time may have passed before there was a timetable.
        """
        if self.at is None or self.due_on is None or self.now < instant(self.due_on, self.at) + LATE:
            return False
        under_way = self.open is not None and self.open.state is JobState.RUNNING and not self.open.is_silent
        is_first = self.last is None and self.open is not None and self.now < self.open.created_at + LATE
        return not under_way and not is_first and not (self.last is not None and self._is_of_today(self.last))

    def _is_of_today(self, job: Job) -> bool:
        assert self.at is not None and self.due_on is not None  # noqa: S101, PT018 - is_overdue has looked
        return (job.due_on or date.min) >= self.due_on or job.created_at >= instant(self.due_on, self.at)

    @property
    def trouble(self) -> Trouble | None:
        """None for what is not on the timetable: nobody waits for it."""
        if self.at is None:
            return None
        return Trouble.OVERDUE if self.is_overdue else Trouble.FAILED if self.is_failed else None

    @property
    def trouble_on(self) -> date:
        """The day in London of the trouble, for telling of it once."""
        if not self.is_overdue and self.last is not None and self.last.finished_at is not None:
            return london_day(self.last.finished_at)
        return self.due_on or london_day(self.now)

    @property
    def words(self) -> str:
        """What the trouble is, in a sentence."""
        if self.is_overdue and self.last is not None:
            return f"{self.kind.label} has not run since {moment(self.last.started_at or self.last.created_at)}."
        if self.is_overdue and self.at is not None and self.due_on is not None:
            return f"{self.kind.label} has not run, though it was due {moment(instant(self.due_on, self.at))}."
        if self.last is not None and self.last.finished_at is not None and self.is_failed:
            return f"{self.kind.label} failed {moment(self.last.finished_at)}: {self.last.first_line}"
        return ""


def named(word: str) -> JobKind | None:
    """The daily work that an address names."""
    return next((kind for kind in DAILY if kind.value == word), None)


def timetable() -> Timetable:
    found: Timetable = current_portal().timetable
    return found


def instant(day: date, at: time) -> datetime:
    """The moment of that day's work. Of a time that comes twice in the night when the clocks go back, the first; one
    that does not come when they go forward is an hour later.
    """
    return datetime.combine(day, at, LONDON).astimezone(UTC)


def slot(at: time, now: datetime) -> date:
    """The newest day whose work at this time is due at the moment `now`."""
    day = london_day(now)
    return day if instant(day, at) <= now else day - DAY


def to_ask(now: datetime) -> dict[JobKind, date]:
    """The works that are to be put into the queue now, with the day that each is for. A day that was missed is made up
    for once, by the newest. Reading only.
    """
    slots = {kind: slot(at, now) for kind, at in timetable().times.items()}
    newest = select(Job.kind, sa.func.max(Job.due_on)).group_by(Job.kind)
    asked: dict[JobKind, date] = {kind: day for kind, day in session.execute(newest) if day is not None}
    due = {kind: day for kind, day in slots.items() if asked.get(kind, date.min) < day}
    is_open = select(Job.kind).where(Job.is_open, Job.kind.in_(DAILY), Job.scope == EVERYBODY)
    in_the_way = {*due, *session.scalars(is_open)}
    return {kind: due[kind] for kind in DAILY if kind in due and not in_the_way.intersection(AFTER.get(kind, ()))}


def ask_due(now: datetime) -> None:
    """Put what is due into the queue. Another worker may do so at the same time: each is put there once."""
    for kind, day in to_ask(now).items():
        insert_first(Job, kind=kind, due_on=day)


def works(now: datetime) -> list[DailyWork]:
    """Every daily work as it stands, in the order of `DAILY`. Two queries, however many jobs there are."""
    return _works(now, session.scalars(select(Job).where(_is_newest()).options(*Job.told())).all())


def troubles_and_jobs(now: datetime) -> tuple[list[DailyWork], list[Job]]:
    """`troubles`, and all jobs that nobody has finished, the oldest first: one query."""
    found = session.scalars(_open_or_newest()).all()
    open_ones = sorted((job for job in found if job.is_open), key=lambda job: job.id)
    return [work for work in _works(now, found) if work.trouble is not None], open_ones


@built_once
def _open_or_newest() -> Select[Job]:
    return select(Job).where(sa.or_(Job.is_open, _is_newest())).options(*Job.told())


def _is_newest() -> sa.ColumnElement[bool]:
    """A condition on Job: no later one of a daily work of all providers is of its kind and in its state."""
    newest = select(sa.func.max(Job.id)).where(Job.kind.in_(DAILY), Job.scope == EVERYBODY)
    return Job.id.in_(newest.group_by(Job.kind, Job.state).scalar_subquery())


def _works(now: datetime, found: Iterable[Job]) -> list[DailyWork]:
    of_all = sorted((job for job in found if job.scope == EVERYBODY), key=lambda job: -job.id)
    times = timetable().times
    return [_work(kind, times.get(kind), now, [job for job in of_all if job.kind is kind]) for kind in DAILY]


def _work(kind: JobKind, at: time | None, now: datetime, newest_first: list[Job]) -> DailyWork:
    def first_of(jobs: Iterable[Job]) -> Job | None:
        return next(iter(jobs), None)

    running = [job for job in newest_first if job.state is JobState.RUNNING]
    return DailyWork(
        kind, at, now,
        last=first_of(job for job in newest_first if not job.is_open),
        well=first_of(job for job in newest_first if job.state is JobState.DONE),
        open=first_of(running) or first_of(job for job in newest_first if job.is_open),
    )  # fmt: skip


def troubles(now: datetime) -> list[DailyWork]:
    """The works that have failed, or have not run."""
    return [work for work in works(now) if work.trouble is not None]


def untold(now: datetime) -> list[DailyWork]:
    """The troubles of which the team has not been told. None where nobody can be. Reading only."""
    if not timetable().team or not (found := troubles(now)):
        return []
    since = min(work.trouble_on for work in found)
    told = select(DailyAlarm.kind, DailyAlarm.on, DailyAlarm.why).where(DailyAlarm.on >= since)
    known = {tuple(row) for row in session.execute(told)}
    return [work for work in found if (work.kind, work.trouble_on, work.trouble) not in known]


def raise_alarm(now: datetime) -> None:
    """Write to the team of what has failed or not run, once: the worker and the mail process may both do so."""
    news = [
        work for work in untold(now) if insert_first(DailyAlarm, kind=work.kind, on=work.trouble_on, why=work.trouble)
    ]
    if news:
        subject = news[0].words.partition(": ")[0].rstrip(".") if len(news) == 1 else "Daily work has not run"
        post(timetable().team, subject, MAIL.format(lines="\n".join(work.words for work in news)))


def history(*, kind: JobKind | None = None, only_failed: bool = False) -> Select[Job]:
    """The jobs of daily works that were ever asked for, the newest first."""
    query = select(Job).where(Job.kind.in_(DAILY if kind is None else (kind,)), Job.scope == EVERYBODY)
    if only_failed:
        query = query.where(Job.state == JobState.FAILED)
    return query.options(*Job.told()).order_by(Job.id.desc())


def numbered(job_id: int) -> Select[Job]:
    """A job of a daily work; no other."""
    return history().where(Job.id == job_id)
