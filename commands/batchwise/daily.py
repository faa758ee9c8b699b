"""What is done daily (models.daily_work): each work returns what it came to, or raises DomainError that says it."""

import logging
import os
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, IntegrityError

from commands.batchwise.exporting import export
from commands.batchwise.filing import faults_of
from commands.batchwise.payments import Progress
from commands.batchwise.sealing import read_heads, seal_waiting, write_head
from exchange.feed import AboveLimits, FeedFaults, Report, import_feed
from exchange.feed.faults import lines_of
from exchange.files.store import UPLOADS, Store
from models import daily_work
from models.accounts import notification, second_person
from models.auditing import chain
from models.auditing.chain import Head
from models.base import DomainError, scope, session, transaction, utc_now
from models.care import reminding as care_reminding
from models.care import timesheet_reminding
from models.correspondence import chasing
from models.correspondence.chasing import Reminded
from models.daily_work import timetable
from models.database_faults import DatabaseTrouble
from models.job import Job, JobKind, Overtaken
from models.outbox import post
from models.payments import digest, reminding
from models.records.feed import FeedImport
from models.reports.feed_effect import effect_words
from models.tenancy import EVERY_PROVIDER, set_tenant
from models.verify import BrokenPromise, check_all
from models.words import how_many

NAMED = 5
"""Faults and promises that a message names."""
EVERY_SECONDS = 10.0
_CHASED = {
    Reminded.DOCUMENT: ("provider", "{} reminded of documents."),
    Reminded.WITH_PROVIDER: ("provider", "{} reminded of actions."),
    Reminded.OVERDUE: ("team", "{} told of overdue actions."),
}

log = logging.getLogger(__name__)


class Clock:
    """What a process looks after beside its own work: that daily work is asked for, and who is told when it fails."""

    def __init__(self, *, asks: bool) -> None:
        self._asks, self._next = asks, 0.0

    def when_due(self) -> None:
        """Look every few seconds."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + EVERY_SECONDS
            self.now()

    def now(self) -> bool:
        """Look; whether something was put into the queue. A database that is busy is looked at the next time."""
        try:
            return look(utc_now(), asks=self._asks)
        except IntegrityError:  # another process was first
            return False
        except DBAPIError as fault:
            if (trouble := DatabaseTrouble.of(fault)) is None:
                raise
            log.warning("daily work was not looked after: %s", trouble.words)
            return False


def look(now: datetime, *, asks: bool) -> bool:
    """Put what is due into the queue (`asks`), tell the team of what has failed or not run, and close requests that no
    second person agreed to in time. Writes only if there is something to write. Returns whether there was something to
    put into the queue.
    """
    with scope():
        set_tenant(EVERY_PROVIDER)
        is_due, is_news = asks and bool(daily_work.to_ask(now)), bool(daily_work.untold(now))
        has_expired = bool(second_person.overdue())
    if is_due or is_news or has_expired:
        with transaction():
            if is_due:
                daily_work.ask_due(now)
            daily_work.raise_alarm(now)
            second_person.expire_overdue()
    return is_due


def do(job: Job, progress: Progress) -> str:
    """Do a daily work other than the calculation; DomainError where it has failed, with all that there is to say."""
    if job.kind is JobKind.FEED:
        return _import(job)
    if job.kind is JobKind.EXPORT:
        return export(Store(timetable().heads.parent / UPLOADS))
    if job.kind is JobKind.VERIFY:
        return _verify(progress)
    if job.kind is JobKind.AUDIT_HEAD:
        return _write_down_head(job)
    return _digest(job) if job.kind is JobKind.DIGEST else _remind(progress)


def _import(job: Job) -> str:
    given = timetable().feed
    if given is None:
        raise DomainError("settings.toml says nowhere to read a feed from: feed_directory under [schedule]")
    directory = newest(given)
    try:
        report = import_feed(directory)
    except FeedFaults as found:
        lines = lines_of(replace(each, value="") if each.file else each for each in found.faults)
        raise _refused(f"it has {how_many(len(found.faults), 'fault')}", lines, "./portal feed check") from None
    except AboveLimits as found:
        lines = effect_words(found.report.effect) if found.report.effect else []
        look = "Look at it with ./portal feed check and, if it is right, ./portal feed import --above-limits."
        raise _refused(f"it is above a limit, {'; '.join(found.report.above)}", [*lines, look]) from None
    entry = _entry(report, job)
    if entry is None:
        return "All of the feed is on record already."
    unforeseen = [f"What changes in money cannot be said: {report.unforeseen}."] if report.unforeseen else []
    return "\n".join([_counts(entry), *(effect_words(entry.effect) if entry.effect else []), *unforeseen])


def _refused(why: str, lines: list[str], who_names_more: str = "") -> DomainError:
    if (more := len(lines) - NAMED) > 0:
        lines = [*lines[:NAMED], f"... and {how_many(more, 'line')} more: {who_names_more} names them all."]
    return DomainError("\n".join([f"The feed is not imported: {why}.", *lines]))


def newest(directory: Path) -> Path:
    """The directory itself if it holds files; if it holds only directories, the last of them by name."""
    if not directory.is_dir():
        raise DomainError("There is no directory of a feed where settings.toml says: feed_directory under [schedule]")
    inside = sorted(each for each in directory.iterdir() if not each.name.startswith("."))
    return inside[-1] if inside and all(each.is_dir() for each in inside) else directory


def _entry(report: Report, job: Job) -> FeedImport | None:
    """What the job has imported. It may have been written by a worker that was ended before it could say so."""
    written = FeedImport.id == report.import_id
    if report.import_id is None:
        written = FeedImport.at >= (job.started_at or utc_now())
    with scope():
        return session.scalars(select(FeedImport).where(written).order_by(FeedImport.id.desc()).limit(1)).one_or_none()


def _counts(entry: FeedImport) -> str:
    new = sum(new for _, _, new, _, _ in entry.rows_by_file)
    changed = entry.changed - new
    warnings = f" {how_many(entry.warning_count, 'warning')}." if entry.warning_count else ""
    return f"Import {entry.id} is written: {new:,} new and {how_many(changed, 'changed row')}.{warnings}"


def _verify(progress: Progress) -> str:
    heads, unreadable = read_heads(timetable().heads)
    found = [BrokenPromise("the heads of the audit can be read", words) for words in unreadable]
    found += faults_of(Store(timetable().heads.parent / UPLOADS))
    found += check_all(heads, progress=progress)
    broken = [each for each in found if not each.is_warning]
    warnings = how_many(len(found) - len(broken), "warning")
    if not broken:
        return "Every promise holds." + (f" {warnings}: see ./portal verify." if found else "")
    lines = [f"{each.promise}: not so for {each.where}" for each in broken[:NAMED]]
    if (more := len(broken) - NAMED) > 0:
        lines.append(f"... and {more:,} more. ./portal verify names them all.")
    raise DomainError("\n".join([f"{how_many(len(broken), 'promise')} broken, {warnings}.", *lines]))


def _write_down_head(job: Job) -> str:
    """Seal what waits, write the newest head to the file, and mail it where an address is set."""
    seal_waiting(everything=True)
    with scope():
        head = chain.head()
    if head is None:
        return "Nothing is in the audit yet."
    path, to = timetable().heads, timetable().head_to
    if not _is_written(path, head):
        try:
            write_head(path, head)
        except OSError as problem:
            raise DomainError(f"The head cannot be written to {path.name}: {os.strerror(problem.errno or 0)}") from None
    if not to:
        return f"Head {head.seq} is written to {path.name}."
    _once(job, to, "Audit head of the Provider Portal", f"{head}\n")
    return f"Head {head.seq} is written to {path.name} and mailed to {to}."


def _is_written(path: Path, head: Head) -> bool:
    heads, _ = read_heads(path)
    return bool(heads) and heads[-1].hash == head.hash


def _digest(job: Job) -> str:
    to = timetable().team
    if not to:
        raise DomainError("There is nobody to write to: settings.toml names no team_email under [council]")
    with scope():
        set_tenant(EVERY_PROVIDER)
        subject, body = digest.subject(), digest.body()
    _once(job, to, subject, body)
    return f"Mailed to {to}."


def _once(job: Job, to: str, subject: str, body: str) -> None:
    """Write one mail, and keep in the same transaction that it is written: a job that is taken up writes no second."""
    with transaction() as own:
        known = own.scalars(select(Job).where(Job.id == job.id)).one()
        if known.worker != job.worker:
            raise Overtaken
        if not known.done:
            post(to, subject, body)
            known.get_on(1, 1)


def _remind(progress: Progress) -> str:
    days = timetable().remind_days
    with scope():
        set_tenant(EVERY_PROVIDER)
        providers = reminding.providers_to_remind(days)
    told = 0
    for number, provider_id in enumerate(providers, start=1):
        with transaction():
            set_tenant(EVERY_PROVIDER)
            told += reminding.remind(provider_id, days)
        progress(number, len(providers))
    return f"{_reminded(providers, told)}{_remind_of_actuals()}{_chase()}{_send_digests()}"


def _remind_of_actuals() -> str:
    """Of weeks that are due by tomorrow or have become late, and of last month's timesheets, each provider in a
    transaction of its own.
    """
    with scope():
        set_tenant(EVERY_PROVIDER)
        by_week = [(care_reminding.remind, each) for each in care_reminding.providers_with_actuals()]
        by_month = [(timesheet_reminding.remind, each) for each in timesheet_reminding.providers_with_timesheets()]
    told = 0
    for remind, provider_id in by_week + by_month:
        with transaction():
            set_tenant(EVERY_PROVIDER)
            told += remind(provider_id)
    return f" {how_many(told, 'provider')} reminded of actuals." if told else ""


def _chase() -> str:
    """Remind of documents and actions that wait, and teams of what is overdue: one transaction for each provider and
    team, so that a worker that is killed between two tells neither twice.
    """
    days = timetable().chase_days
    with scope():
        set_tenant(EVERY_PROVIDER)
        waiting = chasing.to_remind(days)
    told = dict.fromkeys(Reminded, 0)
    for kind, id_ in waiting:
        with transaction():
            set_tenant(EVERY_PROVIDER)
            told[kind] += chasing.remind(kind, id_, days)
    done = [words.format(how_many(told[kind], who)) for kind, (who, words) in _CHASED.items() if told[kind]]
    return "".join(f" {each}" for each in done)


def _send_digests() -> str:
    """Write each person's digest, one transaction each: a worker that is killed between two writes none twice."""
    with scope():
        people = notification.who_awaits_news()
    sent = 0
    for user_id in people:
        with transaction():
            set_tenant(EVERY_PROVIDER)
            sent += notification.send_digest(user_id)
    return f" {how_many(sent, 'digest')} of news sent." if sent else ""


def _reminded(providers: list[int], told: int) -> str:
    if not providers:
        return "Nobody is to be reminded."
    left = len(providers) - told
    nobody = f" {how_many(left, 'provider')} without anybody who may confirm: ring them." if left else ""
    return f"{how_many(told, 'provider')} reminded.{nobody}"
