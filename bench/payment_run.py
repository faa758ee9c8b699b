"""A payment run over 20,000 line items: seconds of the processor, statements, and the bare writing of the same rows."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from bench._data import fill, portal
from commands.batchwise.payments import calculate_all, finalise_due
from models import sqlite_file
from models.base import connect
from models.portal import current_portal

Sent = list[tuple[str, Any, bool]]
"""Statements that write, with their values, and whether those are of many rows."""


def measure() -> None:
    for providers, items in ((20, 1_000), (2_000, 10)):
        print(f"  {providers:>5} providers x {items:>5} items")
        report(providers, items)


def report(providers: int, items: int) -> None:
    with portal():
        fill(providers, items)
        _tell("first calculation", calculate_all)
        _tell("calculated again", calculate_all)
        _tell("prepared, finalised", lambda: finalise_due(is_calculated=True))


def _tell(what: str, work: Callable[[], object]) -> None:
    """In seconds of the processor. The bare ones are of what was written, in the same run: what is due is 12 times all
    writes, that is inserts, updates and deletes.
    """
    before = Path(str(current_portal().engine.url.database)).with_name("before.sqlite")
    before.unlink(missing_ok=True)
    sqlite_file.copy(current_portal().engine, before)
    with _writes() as writes:
        began = time.process_time()
        work()
        took = time.process_time() - began
    bare = _bare(before, writes.sent)
    print(
        f"    {what:<20} {took:6.2f} s {writes.statements:>6,} statements; {bare.written:>7,} rows written, bare "
        f"{bare.writes:.2f} s, ratio {took / bare.writes:4.1f}; of these {bare.rows:>7,} inserted, bare "
        f"{bare.inserts:.2f} s, ratio {took / bare.inserts:4.1f}",
        flush=True,
    )


@dataclass
class _Writes:
    sent: Sent
    statements: int = 0
    """All of them, those that read too."""


@contextmanager
def _writes() -> Iterator[_Writes]:
    found = _Writes([])

    def note(_connection, _cursor, statement, values, _context, is_many):
        found.statements += 1
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            found.sent.append((statement, values, is_many))

    event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(sa.Engine, "before_cursor_execute", note)


@dataclass
class _Bare:
    """Seconds of the processor that the driver takes alone."""

    rows: int = 0
    """Inserted, ..."""
    written: int = 0
    """... and inserted, changed or deleted."""
    inserts: float = 0
    writes: float = 0


def _bare(path: Path, sent: Sent) -> _Bare:
    """The same statements sent to a copy of the database as it was, each as one call of the driver, with the values as
    the driver takes them.
    """
    found, engine = _Bare(), connect(f"sqlite:///{path}")
    with engine.connect() as connection:
        cursor: Any = connection.connection.cursor()
        cursor.execute("BEGIN")
        for statement, values, is_many in sent:
            began = time.process_time()
            (cursor.executemany if is_many else cursor.execute)(statement, values)
            took = time.process_time() - began
            found.writes += took
            found.written += max(cursor.rowcount, 0)
            if statement.startswith("INSERT"):
                found.rows += len(values) if is_many else 1
                found.inserts += took
        cursor.execute("ROLLBACK")
    engine.dispose()
    return found
