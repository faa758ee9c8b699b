"""Sealing the audit: what `./portal audit seal`, the worker and the demonstration do."""

import logging
import os
import time
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy.exc import IntegrityError, OperationalError

from models import tally
from models.auditing import chain
from models.auditing.chain import Head
from models.base import scope, transaction, utc_now
from models.calendar import london_day

BATCH = 500
"""Events that are sealed in one transaction."""
TRIES = 20
EVERY = timedelta(minutes=1)
HEADS = "audit-heads.txt"

log = logging.getLogger(__name__)


def kept_heads(path: Path) -> list[Head]:
    """The heads that the worker has written down, day by day. ValueError names the first line that is none."""
    heads, faults = read_heads(path)
    if faults:
        raise ValueError(faults[0])
    return heads


def read_heads(path: Path) -> tuple[list[Head], list[str]]:
    """The heads as `kept_heads`, and what is wrong with each line that is none."""
    heads: list[Head] = []
    faults: list[str] = []
    for number, line in enumerate(_lines(path), start=1):
        try:
            heads.append(Head.parse(line))
        except ValueError:
            faults.append(f"{path.name}, line {number}, is not a head of the audit")
    return heads, faults


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8", errors="replace").splitlines() if path.exists() else []


def seal_waiting(*, everything: bool = False) -> int:
    """Seal the events that wait, batch by batch; returns how many. Another process may do so at the same time: after
    TRIES collisions in a row, IntegrityError.
    """
    count = tries = after = 0
    while True:
        with scope():
            links = chain.links_to_add(BATCH, after=after, everything=everything)
        if not links:
            return count
        try:
            with transaction():
                chain.add(links)
        except IntegrityError:  # somebody else was first with these
            tries += 1
            if tries == TRIES:
                raise
            continue
        count, tries, after = count + len(links), 0, links[-1]["event_id"]


def tell_tallies() -> None:
    """Write the events of tallies that have ended (models.tally). Takes the lock only where there are some."""
    while True:
        with scope():
            if not tally.is_any_ended():
                return
        with transaction():
            tally.tell_ended()


def write_head(path: Path, head: Head) -> None:
    """Add a line to the file of heads, on the disk when this returns."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w") as file:
        file.write(f"{head}\n")
        file.flush()
        os.fsync(file.fileno())


class Sealing:
    """What the worker does beside its jobs: seals each minute, and writes the head down once a day."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._next = 0.0
        self._swept_on: date | None = None
        """The day on which events of any age were last looked for."""

    def when_due(self) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + EVERY.total_seconds()
            self.now()

    def now(self) -> None:
        day = _day(utc_now())
        try:
            tell_tallies()
            seal_waiting(everything=self._swept_on != day)
            self._swept_on = day
            if self._written_on() != day:
                self._write_down()
        except (OperationalError, IntegrityError, OSError) as fault:  # the next minute may be better
            log.warning("the audit was not sealed: %s", type(fault).__name__)

    def _written_on(self) -> date | None:
        lines = _lines(self._path)
        with suppress(ValueError):
            return _day(Head.parse(lines[-1]).at) if lines else None
        return None

    def _write_down(self) -> None:
        with scope():
            newest = chain.head()
        if newest is not None:
            write_head(self._path, newest)


def _day(at: datetime) -> date:
    return london_day(at)
