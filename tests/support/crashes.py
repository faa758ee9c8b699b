"""Killing a process of the portal at one of its statements, and comparing what is on record afterwards.

A process has connections of its own. It is killed before its k-th statement, or before or after a commit; from then on
nothing reaches the database, whatever it still tries while Python clears up.
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from unittest import mock

import sqlalchemy as sa
from sqlalchemy import event

from models.base import Base, UTCDateTime

COMMIT = ("before COMMIT", "after COMMIT")
TAKEN_UP = "payment_run.taken_up"
"""The one event that a run which was broken off has more than another."""


class Killed(BaseException):
    """No `except Exception` may hold it up."""


@dataclass
class Process:
    """What one process has sent so far, and where it is killed: before its `kill_at`-th point, the first is 1."""

    kill_at: int | None = None
    points: list[str] = field(default_factory=list)
    is_dead: bool = False

    def reach(self, what: str) -> None:
        if not self.is_dead:
            self.points.append(what)
            self.is_dead = len(self.points) == self.kill_at
        if self.is_dead:
            raise Killed


class Machine:
    """Where one process runs after another, on one engine: what has been compiled once is kept."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self._running: Process | None = None
        self._commit = engine.dialect.do_commit
        self._cursors: list[Any] = []
        event.listen(engine, "before_cursor_execute", self._before)

    def _before(self, _connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if self._running is not None:
            self._cursors.append(cursor)
        self._reach(statement)

    def _do_commit(self, connection: Any) -> None:
        self._reach(COMMIT[0])
        self._commit(connection)
        self._reach(COMMIT[1])

    def _reach(self, what: str) -> None:
        if self._running is not None:
            self._running.reach(what)

    @contextmanager
    def process(self, kill_at: int | None = None) -> Iterator[Process]:
        """A process with connections of its own, to the end of the block or until it is killed."""
        self.engine.dispose()
        found = self._running = Process(kill_at)
        try:
            with mock.patch.object(self.engine.dialect, "do_commit", self._do_commit):
                yield found
        except Killed:
            pass
        finally:
            self._running = None
            for cursor in self._cursors:  # nobody else closes those of a killed process
                with suppress(Exception):
                    cursor.close()
            self._cursors.clear()
            self.engine.dispose()


def spread(points: list[str], count: int) -> list[int]:
    """Numbers of points: after every commit, since the rows that a killed process leaves are the same until the next
    one, and `count` of the others, evenly, since what a process keeps outside the database may change between.
    """
    commits = [number for number, what in enumerate(points, start=1) if what == COMMIT[1]]
    rest = [number for number, what in enumerate(points, start=1) if what not in COMMIT]
    step = max(len(rest) // count, 1)
    return sorted({*commits, *rest[::step][:count]})


Rows = dict[str, Counter[str]]


def on_record(connection: sa.Connection) -> Rows:
    """Every row of every table, as text: ids by what the row says, instants and random marks by whether they are
    there. Two databases that say the same are equal, in whatever order they came to it.
    """
    names: dict[tuple[str, Any], str] = {}
    found: Rows = {}
    of_audit = ("audit_event", "audit_link")  # whose events name rows of any table
    for table in sorted(Base.metadata.sorted_tables, key=lambda each: each.name in of_audit):
        rows = found[table.name] = Counter()
        for row in connection.execute(sa.select(table).order_by(*table.primary_key)).mappings():
            told = {column.name: _told(column, row[column.name], names) for column in table.columns}
            own = [column.name for column in table.primary_key if not column.foreign_keys]
            if own == ["id"]:
                told.pop("id")
            text = repr(told)
            if "id" in row:
                names[table.name, row["id"]] = f"{table.name} {sha256(text.encode()).hexdigest()[:12]}"
            if told.get("action") != TAKEN_UP:
                rows[text] += 1
    return found


_WITHOUT_NUMBERS = {
    "job.message": (r"(Run|Import) \d+", r"\1 #"),
    "export.sha256": (r".+", "#"),  # the file says when it was made
    "export.size": (r".+", "#"),
    "claim.reference": (r"^OC\d+$", "OC#"),
    "claim_item.reference": (r"^OI\d+$", "OI#"),
    "remittance.reference": (r"-\d+$", "-#"),
    "remittance.advice": (r"(run_id=|\breference='[^']+-)\d+", r"\1#"),
    "remittance.sha256": (r".+", "#"),
}
"""Patterns by column: PostgreSQL leaves out the numbers of what was rolled back."""


def _told(column: sa.Column, value: Any, names: dict[tuple[str, Any], str]) -> Any:
    if value is None or column.name == "tries":  # of a job: how often it was taken up
        return None
    for key in column.foreign_keys:
        if key.column.name == "id":
            return names[key.column.table.name, value]
    if isinstance(column.type, UTCDateTime) or column.name in ("digest", "hash", "worker"):
        return bool(value)
    if str(column) in _WITHOUT_NUMBERS:
        return re.sub(*_WITHOUT_NUMBERS[str(column)], str(value))
    if column.name == "subject" and ":" in str(value):  # of an audit event
        table, id_ = value.split(":")
        return names.get((table, int(id_)), value)
    if column.name == "detail":
        known = {key: part for key, part in value.items() if key != "sha256" or "number" not in value}  # of an export
        return {key: names.get(("payment_run", part), part) if key == "run" else part for key, part in known.items()}
    return str(value)


def differences(wanted: Rows, found: Rows) -> list[str]:
    """What is missing and what is too much, in words; nothing where both say the same."""
    return [
        f"{table}: {what} {count} x {text}"
        for table in wanted
        for what, more in (("missing", wanted[table] - found[table]), ("too much", found[table] - wanted[table]))
        for text, count in more.items()
    ]
