"""What `./portal doctor` looks at beyond the settings, in order. Nothing here writes, and nothing stops the rest."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from config import Settings, private
from exchange.mail import why_not_taken
from exchange.pdf.seal import NoSeal, SealKey, certificate_of
from models import bank_holiday, daily_work
from models.accounts.authenticator import Authenticator
from models.accounts.security_code import SecurityCode
from models.accounts.user import Staff
from models.audit import AuditEvent
from models.auditing import chain, made_up, proxies
from models.base import session, snapshot, utc_now
from models.calendar import in_words
from models.database_faults import DatabaseTrouble
from models.job import Job, JobState
from models.outbox import OutboxMessage
from models.permissions import CouncilRole
from models.tenancy import every_provider
from models.vault import can_open
from models.words import how_many

LITTLE, VERY_LITTLE = 2 * 1024**3, 200 * 1024**2
"""Bytes free on a disk."""
OFF = timedelta(seconds=5)
"""By which two clocks may differ: codes of an app are good for half a minute either way."""
LONG = timedelta(hours=1)
SOON = timedelta(days=30)
NTP = Path("/run/systemd/timesync")
WORKER = "See that portal-worker runs: systemctl status portal-worker, or give ./portal worker"


@dataclass(frozen=True)
class Finding:
    """Something that somebody has to mend, or a warning; what to do is in it or in `cure`."""

    what: str
    cure: str = ""
    is_warning: bool = False

    def __str__(self) -> str:
        return f"{self.what}. {self.cure}".rstrip(" .") + "."


def of_the_machine(settings: Settings, environment: Path | None) -> Iterator[Finding]:
    """Files and disks. `environment` is the file that the units read, /etc/portal.env."""
    for path in private.open_files(settings):
        yield Finding(f"Others may read {path}", f"chmod 600 {path}")
    for folder in private.folders(settings):
        if settings.is_demonstration and private.is_open(folder):
            yield Finding(f"Others may enter {folder}", f"chmod 700 {folder}", is_warning=True)
        yield from _disk(folder)
    if environment is not None and environment.exists() and environment.stat().st_mode & 0o007:
        yield Finding(f"Others may read {environment}, which holds the keys", f"chmod 640 {environment}")
    if NTP.is_dir() and not (NTP / "synchronized").exists():
        yield Finding("The clock of this machine is not set by the network", "timedatectl set-ntp true", True)
    given = settings.schedule.feed_directory
    if given and not (directory := settings.instance / given).is_dir():
        yield Finding(f"There is no directory {directory}, from which [schedule] reads the feed", "Make it")


def _disk(folder: Path) -> Iterator[Finding]:
    try:
        free = shutil.disk_usage(folder).free
    except OSError as problem:
        yield Finding(f"{folder} cannot be looked at: {os.strerror(problem.errno or 0)}", "Make it, or mount its disk")
        return
    if free < LITTLE:
        room = f"{free // 1024**2:,} MB are free where {folder} is"
        yield Finding(room, "Make room", is_warning=free >= VERY_LITTLE)


def of_the_seal(settings: Settings) -> Iterator[Finding]:
    """The key that seals receipts, where there is one."""
    if not settings.files.seal:
        return
    path = settings.instance / settings.files.seal
    what = f"{path}, which seals receipts, is of no use"
    try:
        ends = certificate_of(SealKey(path, settings.files.seal_password)).not_valid_after_utc
    except NoSeal as fault:
        yield Finding(f"{what}: {fault}", "See seal under [files] in settings.toml, and SEAL_PASSWORD")
        return
    if private.is_open(path) and path not in private.open_files(settings):
        yield Finding(f"Others may read {path}", f"chmod 600 {path}")
    if ends < utc_now() + SOON:
        yield Finding(
            f"The certificate of {path} expires on {in_words(ends)}", "Get the next one: receipts would not be sealed",
            is_warning=True,
        )  # fmt: skip


def of_mail(settings: Settings) -> Iterator[Finding]:
    if settings.is_demonstration:
        return
    mail = settings.mail
    if not mail.host:
        yield Finding("Mail stays in the outbox, codes too", "Name the mail server: host under [mail]", is_warning=True)
    elif problem := why_not_taken(mail):
        yield Finding(
            f"The mail server {mail.host}:{mail.port} does not let the portal in: {problem}",
            "See [mail] in settings.toml and MAIL_PASSWORD, and that this machine reaches it",
        )


def of_the_database(settings: Settings, heads: Callable[[], tuple[str, str]]) -> Iterator[Finding]:
    """`heads` says at which revision the database is, and at which the code."""
    file = private.database_file(settings)
    if file is not None and not file.exists():
        yield Finding(f"There is no database {file}", "./portal db upgrade makes it")
        return
    try:
        is_at, of_code = heads()
        if is_at != of_code:
            yield Finding(
                f"The database is at revision {is_at or 'none'}, and the code at {of_code}", "./portal db upgrade"
            )
            return
        with snapshot(), every_provider():
            yield from _inside(settings)
    except DBAPIError as fault:
        trouble = DatabaseTrouble.of(fault) or DatabaseTrouble.AWAY
        yield Finding(trouble.words.rstrip("."), trouble.cure)


def _inside(settings: Settings) -> Iterator[Finding]:
    if problem := made_up.why_not_here(settings.is_demonstration):
        what, _, cure = problem.partition(f" {made_up.OTHER}")
        yield Finding(what.rstrip("."), cure or made_up.OTHER)
    yield from _clock()
    yield from _vault()
    yield from _worker()
    if not settings.is_demonstration and (known := proxies.newest(settings.proxies)) is not None:
        yield Finding(f"{known[1].words} (last seen {known[0].at:%Y-%m-%d %H:%M} UTC)")
    if short := bank_holiday.what_is_short():
        yield Finding(short.rstrip("."), "Add them: Bank holidays, at the foot of My work", is_warning=True)
    if not session.scalar(select(Staff.user_id).where(Staff.role == CouncilRole.SYSTEMS_ADMINISTRATOR).limit(1)):
        yield Finding("There is no systems administrator", "./portal users employ makes the first", is_warning=True)
    late = select(sa.func.count()).where(
        OutboxMessage.sent_at.is_(None), OutboxMessage.refused_at.is_(None), OutboxMessage.created_at < utc_now() - LONG
    )
    if settings.mail.host and (waiting := session.scalar(late) or 0):
        yield Finding(
            f"{how_many(waiting, 'mail')} not sent for more than an hour", "See that portal-mail runs", is_warning=True
        )


def _clock() -> Iterator[Finding]:
    """Against the database's own where that has one, and against what is in the audit already."""
    now = utc_now()
    if session.get_bind().dialect.name == "postgresql":
        theirs = session.scalar(select(sa.func.clock_timestamp()))
        off = abs(theirs - now) if theirs is not None else timedelta()
        if off > OFF:
            yield Finding(
                f"The clocks of this machine and of the database are {off.total_seconds():.0f} seconds apart",
                "Set both by the network: timedatectl set-ntp true",
            )
    newest = session.scalar(select(sa.func.max(AuditEvent.at)))
    if newest is not None and newest > now + OFF:
        yield Finding(
            f"The clock of this machine is behind: the audit has an event of {newest:%Y-%m-%d %H:%M} UTC",
            "Set it by the network: timedatectl set-ntp true",
        )


def _vault() -> Iterator[Finding]:
    sealed = [
        each for row in session.execute(select(SecurityCode.sealed, SecurityCode.previous_sealed)) for each in row
    ]
    sealed += session.scalars(select(Authenticator.sealed_seed))
    shut = sum(1 for each in sealed if each and not can_open(each))
    if shut:
        yield Finding(
            f"{shut} of {how_many(len([each for each in sealed if each]), 'sealed secret')} cannot be opened with "
            "VAULT_KEY: those people cannot log in",
            "Put the key under which they were sealed behind the new one, with a space between",
        )


def _worker() -> Iterator[Finding]:
    if chain.state().is_late:
        yield Finding("The audit has not been sealed for ten minutes, so the worker does not run", WORKER)
    silent = session.scalar(select(sa.func.count()).where(Job.is_silent)) or 0
    waiting = select(sa.func.count()).where(Job.state == JobState.QUEUED, Job.created_at < utc_now() - LONG)
    if silent:
        yield Finding(f"{how_many(silent, 'job')} without a sign of life from the worker", WORKER)
    if count := session.scalar(waiting) or 0:
        yield Finding(f"{how_many(count, 'job')} waiting for more than an hour", WORKER, is_warning=True)
    for work in daily_work.troubles(utc_now()):
        yield Finding(work.words.rstrip("."), "Daily work on the council's pages says more", is_warning=True)
