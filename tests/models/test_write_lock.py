"""Who waits for SQLite's one write lock has it between two transactions of a long work, and for as long as it may."""

import threading
from time import monotonic, sleep

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from models.base import connect, let_others_write, scope, session, transaction
from models.portal import current_portal
from models.records.provider import Provider
from models.sqlite_file import PATIENCE_MS, _set_pragmas
from tests.factories import make_provider
from tests.support.rows import every, unit_of_work

TURNS = 40


def test_who_waits_comes_between_two_batches(database):
    """A batch holds the lock for 20 ms and begins again at once: 40 of them in a row would take 0.8 s and more."""
    make_provider(name="Before")
    portal, begun, seen = current_portal(), threading.Event(), []

    def confirm():
        begun.wait()
        with scope(portal), unit_of_work() as own:
            own.query(Provider).first().name = "Between"

    other = threading.Thread(target=confirm)
    other.start()
    for _ in range(TURNS):
        with transaction() as own:
            own.connection()
            begun.set()
            sleep(0.02)
        let_others_write()
        seen.append(every(Provider)[0].name)
    other.join()
    assert "Between" in seen[: TURNS // 2]


def test_nobody_waits_longer_than_the_connection_says(database):
    event.listen(database, "checkout", lambda connection, *_: connection.execute("PRAGMA busy_timeout=30"))
    with transaction() as own, scope():
        own.connection()
        with pytest.raises(OperationalError, match="locked"), transaction():
            pass
        assert session.connection().exec_driver_sql("PRAGMA busy_timeout").scalar() == 30


def test_a_database_that_cannot_be_written_is_not_waited_for(database):
    engine = connect(f"sqlite:///file:{database.url.database}?mode=ro&uri=true")
    event.remove(engine, "connect", _set_pragmas)
    began = monotonic()
    with (
        pytest.raises(OperationalError, match="readonly"),
        engine.execution_options(write=True).connect() as connection,
    ):
        connection.exec_driver_sql("DELETE FROM provider")
    assert monotonic() - began < PATIENCE_MS / 2_000
