"""How much SQLite reads for an answer: rows that it hands over, and instructions that it works through before."""

from collections.abc import Iterator
from contextlib import contextmanager

import pysqlite3
from sqlalchemy.engine.default import DefaultExecutionContext

AT_A_TIME = 1_000


class Counting(pysqlite3.Cursor):
    rows = steps = 0

    @staticmethod
    def tick() -> int:
        Counting.steps += AT_A_TIME
        return 0

    def fetchone(self):
        found = super().fetchone()
        Counting.rows += found is not None
        return found

    def fetchmany(self, *size):
        return self._count(super().fetchmany(*size))

    def fetchall(self):
        return self._count(super().fetchall())

    def _count(self, found):
        Counting.rows += len(found)
        return found


@contextmanager
def counting(monkeypatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(DefaultExecutionContext, "create_default_cursor", _cursor)
        yield


def _cursor(context) -> Counting:
    context._dbapi_connection.driver_connection.set_progress_handler(Counting.tick, AT_A_TIME)
    return context._dbapi_connection.cursor(factory=Counting)
