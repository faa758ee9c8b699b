"""How alembic reaches the database: on SQLite without foreign keys while tables are rebuilt, checked before the end."""

import warnings
from typing import Any

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext

from models.base import Base, UTCDateTime
from models.sqlite_file import keep_private

MIGRATION_LOCK = 7_411_640_001
UNREAD = (
    "Skipped unsupported reflection of expression-based index",
    "autogenerate skipping metadata-specified expression",
)
"""What is said of an index over an expression when its table is read or compared. A revision that rebuilds such a table
on SQLite has to make the index again; tests/meta/test_migrations.py finds where one is lacking.
"""


def make_engine(url: str) -> sa.Engine:
    if not url.startswith("sqlite"):
        return sa.create_engine(url, poolclass=sa.NullPool)
    import pysqlite3

    engine = sa.create_engine(url, module=pysqlite3, poolclass=sa.NullPool)
    keep_private(engine)
    sa.event.listen(engine, "connect", _set_pragmas)
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _set_pragmas(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "foreign_keys=OFF", "busy_timeout=30000", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


def render_item(kind: str, item: Any, _autogen: AutogenContext) -> str | bool:
    """Revisions are history: they name the plain type, not ours, which may change."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UTCDateTime) else False


def run() -> None:
    engine = make_engine(context.config.attributes["database_url"])
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,
            render_item=render_item,
            compare_type=True,
            transactional_ddl=True,
        )
        with warnings.catch_warnings():
            for said in UNREAD:
                warnings.filterwarnings("ignore", said)
            context.run_migrations()
        if connection.dialect.name == "sqlite":
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise RuntimeError(f"rows would be left that refer to nothing: {broken[:5]}")
    engine.dispose()


run()
