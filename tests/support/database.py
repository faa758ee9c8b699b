"""Databases for tests: a template made once, and a clean one for every test."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy import event

from commands.db import alembic_config
from models import base
from models.base import Base

MIGRATIONS = Path(__file__).parents[2] / "migrations" / "versions"


def make_tables(url: str) -> None:
    if any(MIGRATIONS.glob("*.py")):
        command.upgrade(alembic_config(url), "head")
        return
    engine = base.connect(url)  # until the first revision is written
    Base.metadata.create_all(engine)
    engine.dispose()


EMPTY: set[bytes] = set()
"""What SQLite databases consist of that have their tables, and no rows yet but those of migrations."""


class SQLiteDatabases:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._template = folder / "template.sqlite"
        self._count = 0
        make_tables(f"sqlite:///{self._template}")
        EMPTY.add(self._template.read_bytes())

    @contextmanager
    def clean(self) -> Iterator[str]:
        self._count += 1
        path = self._folder / f"{self._count}.sqlite"
        shutil.copyfile(self._template, path)
        yield f"sqlite:///{path}"
        for leftover in self._folder.glob(f"{self._count}.sqlite*"):
            leftover.unlink()

    @contextmanager
    def kept(self, name: str) -> Iterator[str]:
        """A database with a name, which is still there afterwards, written out to one file."""
        path = self._folder / f"{name}.sqlite"
        shutil.copyfile(self._template, path)
        url = f"sqlite:///{path}"
        yield url
        engine = base.connect(url)
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        engine.dispose()


class PostgresDatabases:
    """A cluster of its own, on a socket in a private folder."""

    def __init__(self) -> None:
        tools = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not tools:
            refuse_or_skip("PostgreSQL is not installed")
        self._bin = tools[-1].parent
        self._folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path must be short
        self._as_owner = []
        if os.geteuid() == 0:
            shutil.chown(self._folder, "postgres", "postgres")
            self._as_owner = ["runuser", "-u", "postgres", "--"]
        self._run("initdb", "-A", "trust", "-U", "portal", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        settings = f"-c listen_addresses='' -k {self._folder} -c fsync=off -c full_page_writes=off -c jit=off"
        self._run("pg_ctl", "-w", "-l", str(self._folder / "log"), "-o", settings, "start")
        self.url = f"postgresql+psycopg://portal@/postgres?host={self._folder}"
        make_tables(self.url)
        self._engine = sa.create_engine(self.url, pool_size=1, pool_pre_ping=True)
        """Of one connection, which has read once what stands about every table."""
        self._emptied = "; ".join(f'DELETE FROM "{table.name}"' for table in Base.metadata.sorted_tables)
        self._seeded = {table: rows for table in Base.metadata.sorted_tables if (rows := self._read(sa.select(table)))}
        self._what_stands = _what_stands(self._seeded)
        self._as_new = self._asked()
        CLUSTERS[sa.make_url(self.url)] = self

    def stop(self) -> None:
        CLUSTERS.pop(sa.make_url(self.url), None)
        self._engine.dispose()
        self._run("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)

    @contextmanager
    def clean(self) -> Iterator[str]:
        """Rows are deleted past triggers and foreign keys: TRUNCATE takes a third of a second for so many tables."""
        yield self.url
        with self._engine.begin() as connection:
            connection.exec_driver_sql(f"SET LOCAL session_replication_role = replica; {self._emptied}")
            connection.exec_driver_sql("SELECT setval(seqrelid, 1, false) FROM pg_sequence")
            for table, rows in self._seeded.items():  # as every new database has them
                connection.execute(sa.insert(table), rows)
                last = f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), {max(row['id'] for row in rows)})"
                connection.exec_driver_sql(last)

    def is_as_new(self) -> bool:
        """Whether no row was added or changed since it was cleaned."""
        return self._asked() == self._as_new

    def keep(self, name: str) -> str:
        """Copy all rows into a schema of this name; the statements that put them into a clean database again."""
        parts = ["SET LOCAL session_replication_role = replica"]
        with self._engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE SCHEMA {name}")
            for table in Base.metadata.sorted_tables:
                if table in self._seeded:
                    parts.append(f'DELETE FROM "{table.name}"')
                if connection.scalar(sa.select(sa.exists(sa.select(table)))):
                    connection.exec_driver_sql(f'CREATE TABLE {name}."{table.name}" AS SELECT * FROM "{table.name}"')
                    parts.append(f'INSERT INTO "{table.name}" SELECT * FROM {name}."{table.name}"')
            reached = connection.exec_driver_sql(
                "SELECT seqrelid, pg_sequence_last_value(seqrelid) FROM pg_sequence"
                " WHERE pg_sequence_last_value(seqrelid) IS NOT NULL"
            )
            parts += [f"SELECT setval({sequence}, {last})" for sequence, last in reached]
        return "; ".join(parts)

    def run(self, script: str) -> None:
        with self._engine.begin() as connection:
            connection.exec_driver_sql(script)

    def _asked(self) -> Any:
        with self._engine.connect() as connection:
            return connection.exec_driver_sql(self._what_stands).one()

    def _read(self, query: sa.Select) -> list[dict[str, Any]]:
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def _run(self, tool: str, *arguments: str) -> None:
        command = [*self._as_owner, str(self._bin / tool), "-D", str(self._folder / "data"), *arguments]
        done = subprocess.run(
            command, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{tool}: {done.stdout}")


CLUSTERS: dict[sa.URL, PostgresDatabases] = {}
"""Those that run, by the address of their database."""


def _what_stands(seeded: Collection[sa.Table]) -> str:
    """A query for whether any table has a row, and for what the rows of migrations say."""
    others = (table for table in Base.metadata.sorted_tables if table not in seeded)
    has_rows = " OR ".join(f'EXISTS (SELECT 1 FROM "{table.name}")' for table in others)
    said = (f"(SELECT md5(string_agg(own::text, ';' ORDER BY own::text)) FROM \"{each.name}\" own)" for each in seeded)
    return f"SELECT {', '.join((has_rows, *said))}"


def refuse_or_skip(reason: str) -> None:
    """What a test needs is missing: skipped on a developer's machine, a failure in CI."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


class Compiled(dict[tuple[Any, ...], Any]):
    """Statements that one test's engine has compiled, for the engines of the tests after it.

    SQLAlchemy's key begins with the engine's own dialect, which is another object and says the same.
    """

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return super().get(key[1:], default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        super().__setitem__(key[1:], compiled)


_COMPILED = {"sqlite": Compiled(), "postgresql": Compiled()}


_SHARED: dict[str, sa.Engine] = {}
"""Of PostgreSQL's clusters: their connections have read once what stands about the tables."""


def connect(url: str) -> sa.Engine:
    """As the portal does it, without waiting for the disk, and without compiling again what earlier tests have sent.
    What one test listens to is nothing to the next. Given back with `leave`.
    """
    if url.startswith("sqlite"):
        engine = base.connect(url)
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    else:
        if url not in _SHARED:
            _SHARED[url] = base.connect(url)
        engine = _SHARED[url].execution_options()
    engine.update_execution_options(compiled_cache=_COMPILED[engine.dialect.name])
    return engine


def leave(engine: sa.Engine) -> None:
    if engine.dialect.name == "sqlite" or engine.pool.checkedout():  # type: ignore[attr-defined]  # a QueuePool's
        engine.dispose()
