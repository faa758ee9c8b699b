"""How the portal uses SQLite: one file, one writer at a time, and everybody else's turn between two long works."""

import os
import time
from contextlib import suppress
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pysqlite3
import sqlalchemy as sa
from sqlalchemy import event

PATIENCE_MS = 30_000
"""How long SQLite waits for whoever writes. Long writers hold the lock for less than a second (bench/waiting.py), an
import of 100,000 changed rows for longer.
"""
SOON_MS, SOON = 1, 10
"""Whoever finds the lock taken looks again after a millisecond, ten times: a page's note holds it for one or two."""
POLL_MS = 10
"""How long they pause from then on."""
TURN_MS = 3 * POLL_MS
"""How long a long work pauses between two transactions, so that all who wait have the lock first."""


def engine_of(url: str) -> sa.Engine:
    """Faults are told without the values of the statement: logs hold nothing personal."""
    engine = sa.create_engine(url, module=pysqlite3, connect_args={"check_same_thread": False}, hide_parameters=True)
    keep_private(engine)
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    return engine


def keep_private(engine: sa.Engine) -> None:
    """Whoever opens the file under whatever umask: nobody but its owner may read it. What SQLite makes beside it has
    the file's own mode.
    """
    event.listen(engine, "do_connect", _shut_the_file)


def _shut_the_file(_dialect: Any, _record: Any, arguments: Any, _named: Any) -> None:
    path = str(arguments[0]) if arguments else ""
    if not path or path.startswith((":", "file:")):
        return
    with suppress(OSError):  # somebody else's file, or no folder: opening it says what is wrong
        opened = os.open(path, os.O_RDONLY | os.O_CREAT, 0o600)
        try:
            if os.fstat(opened).st_mode & 0o077:
                os.fchmod(opened, 0o600)
        finally:
            os.close(opened)


def _set_pragmas(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # BEGIN is ours to send: the driver's own comes too late to be atomic
    wait = f"busy_timeout={PATIENCE_MS}"
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", wait, "synchronous=FULL", "cache_size=-16000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    if connection.get_execution_options().get("write", False):
        _take_write_lock(connection)
    else:
        connection.exec_driver_sql("BEGIN")


def _take_write_lock(connection: sa.Connection) -> None:
    """Begin a transaction that may write, waiting for whoever writes as long as the connection's busy_timeout says.

    SQLite's own wait looks again after pauses of up to 100 ms, so that a process with one short transaction after
    another would keep everybody out between them. This one looks after SOON_MS, and later every POLL_MS.
    """
    raw: Any = connection.connection.dbapi_connection
    patience_ms = raw.execute("PRAGMA busy_timeout").fetchone()[0]
    raw.execute("PRAGMA busy_timeout=0")
    until = time.monotonic() + patience_ms / 1000
    pauses = chain(repeat(SOON_MS, SOON), repeat(POLL_MS))
    try:
        while time.monotonic() < until:
            try:
                raw.execute("BEGIN IMMEDIATE")
                return
            except pysqlite3.OperationalError as fault:
                if "locked" not in str(fault):
                    break
            time.sleep(next(pauses) / 1000)
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        raw.execute(f"PRAGMA busy_timeout={patience_ms}")


def pause_for_others() -> None:
    """Let whoever waits for the lock write first."""
    time.sleep(TURN_MS / 1000)


def copy(engine: sa.Engine, path: Path) -> None:
    """Copy the database as it is at one moment to a new file. Writers need not wait meanwhile."""
    target = pysqlite3.connect(path)
    try:
        with engine.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            raw.backup(target)
    finally:
        target.close()
