"""What the worker does for files that people attach: asks the virus scanner again about those that wait, and clears
away what no record has; and what `./portal verify` looks at in the store.
"""

import logging
import time
from collections.abc import Iterator
from hashlib import file_digest

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from exchange.files.scanner import Verdict, scan
from exchange.files.store import Store
from models.base import scope, session, transaction
from models.correspondence.attachment import Attachment, found_infected, has_any
from models.correspondence.document import ContractDocument
from models.correspondence.unsent_file import forget_outlived
from models.database_faults import DatabaseTrouble
from models.records.export import Export
from models.reports.report_file import ReportFile
from models.tenancy import EVERY_PROVIDER, set_tenant
from models.verify import BrokenPromise

SCANS_EVERY = 30.0
"""Seconds."""
AT_ONCE = 20
"""Files that one round asks about: jobs wait meanwhile."""
CLEARS_EVERY = 3_600.0

ON_RECORD = "every file on record is in the store, as it was"

log = logging.getLogger(__name__)


def faults_of(store: Store) -> Iterator[BrokenPromise]:
    """Each file on record, an export too, whose content is not in the store, or is another than its SHA-256 says; and
    each published document without its file. Reads every file once. What was removed for a virus is gone rightly.
    """
    with scope():
        set_tenant(EVERY_PROVIDER)
        rows = session.execute(Attachment.kept()).all()
        without = session.scalars(ContractDocument.without_file()).all()
        exports = session.execute(select(Export.number, Export.sha256).order_by(Export.number)).all()
    known: dict[str, str] = {}
    for row in rows:
        if row.sha256 not in known:
            known[row.sha256] = _fault(store, row.sha256)
        if known[row.sha256]:
            yield BrokenPromise(ON_RECORD, known[row.sha256], {"attachment": row.id, f"{row.holder}": row.holder_id})
    for number, digest in exports:
        if fault := _fault(store, digest):
            yield BrokenPromise(ON_RECORD, fault, {"export": number})
    for id_ in without:
        yield BrokenPromise(ON_RECORD, "the document has none", {"contract_document": id_})


def _fault(store: Store, digest: str) -> str:
    try:
        with store.path(digest).open("rb") as file:
            is_same = file_digest(file, "sha256").hexdigest() == digest
    except OSError as fault:
        return f"{digest}: {fault.strerror}"
    return "" if is_same else f"{digest}: what is in it is something else"


class Filing:
    """`scanner` as in settings.toml; `team` is the council's address for what it has to know."""

    def __init__(self, store: Store, scanner: str, team: str) -> None:
        self._store, self._scanner, self._team = store, scanner, team
        self._scans_at, self._clears_at = 0.0, time.monotonic() + CLEARS_EVERY

    def when_due(self) -> None:
        """A database that is busy, or a disk that does not answer, is tried again the next time."""
        now = time.monotonic()
        try:
            if now >= self._scans_at:
                self._scans_at = now + SCANS_EVERY
                self.scan_waiting()
            if now >= self._clears_at:
                self._clears_at = now + CLEARS_EVERY
                self.clear_away()
        except DBAPIError as fault:
            if DatabaseTrouble.of(fault) is None:
                raise
            log.warning("files were not looked after: the database does not answer")
        except OSError as fault:
            log.warning("files were not looked after: %s", type(fault).__name__)

    def scan_waiting(self) -> None:
        """Ask about the files that wait, the oldest first, until the scanner does not answer. Where the council has no
        scanner any more, they are opened.
        """
        with scope():
            set_tenant(EVERY_PROVIDER)
            waiting = session.scalars(Attachment.pending().limit(AT_ONCE)).all()
        gone: set[str] = set()
        for each in waiting:
            if each.sha256 in gone:
                continue
            path = self._store.path(each.sha256)
            if not path.is_file():  # none of the others is to wait for it
                log.warning("what is in attachment %s is not in the store", each.id)
                continue
            verdict = scan(self._scanner, path) if self._scanner else Verdict.CLEAN
            if verdict is Verdict.UNAVAILABLE:
                return
            with transaction() as own:
                set_tenant(EVERY_PROVIDER)
                if verdict is Verdict.INFECTED:
                    found_infected(each.sha256, self._team)
                else:
                    own.get_one(Attachment, each.id).found_clean()
            if verdict is Verdict.INFECTED:
                gone.add(each.sha256)
                self._store.remove(each.sha256)

    def clear_away(self) -> int:
        """Remove what no record has after a day, and count it no more; how many files."""
        with transaction():
            set_tenant(EVERY_PROVIDER)
            forget_outlived()
        return self._store.remove_unclaimed(_is_claimed)


def _is_claimed(digest: str) -> bool:
    with scope():
        set_tenant(EVERY_PROVIDER)
        is_of_report = session.scalar(ReportFile.claims(digest)) is not None
        return has_any(digest) or is_of_report or session.scalar(Export.claims(digest)) is not None
