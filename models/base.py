"""The declarative base, its column types, and the one database session.

A *scope* is a unit of work in one portal, with a session of its own: one web request, one command, or one
short transaction inside either (`transaction()`). Nothing is shared between scopes.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, Protocol, Self, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, scoped_session, sessionmaker
from sqlalchemy.sql.functions import FunctionElement

from models import sqlite_file
from models.portal import Portal, current_portal, current_scope, new_scope

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")


class DomainError(Exception):
    """A rule of the office says no. Its text is fit to show to the person who asked."""


class UTCDateTime(sa.types.TypeDecorator):
    """An instant, stored and returned in UTC. ValueError where the value has no time zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


class Kept(Protocol):
    """A value that is kept as JSON, which no other class reads by key."""

    def as_dict(self) -> dict[str, Any]: ...
    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> Self: ...


class JSONText(str):
    """JSON that is text already: stored as it is."""


class AsJSON(sa.types.TypeDecorator):
    """A value of one class, or a list of them (`many`), stored as JSON. Written may be the JSON itself, too: who has
    made that already for a seal does not make it twice.
    """

    impl = sa.JSON
    cache_ok = True

    def __init__(self, kind: type[Kept], many: bool = False) -> None:
        super().__init__()
        self.kind, self.many = kind, many

    def bind_processor(self, dialect: sa.Dialect) -> Any:
        written: Any = super().bind_processor(dialect)
        return lambda value: value if isinstance(value, JSONText) else written(value)

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        return value and ([each.as_dict() for each in value] if self.many else value.as_dict())

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        if value is None:  # of an outer join
            return None
        return [self.kind.from_dict(row) for row in value] if self.many else self.kind.from_dict(value)


_big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Pence = Annotated[int, mapped_column(_big)]
"""Money: whole pence, signed."""
TenThousandths = Annotated[int, mapped_column(_big)]
"""A rate in ten-thousandths of a pound, or a quantity in ten-thousandths of its unit."""
Key = Annotated[int, mapped_column(sa.Integer, primary_key=True)]
Reference = Annotated[str, mapped_column(sa.Text, unique=True)]
"""The finance system's own name of a record: what a feed finds it by."""


class Base(DeclarativeBase):
    if TYPE_CHECKING:
        id: Mapped[int]
        """What move() and the audit go by. Staff, AuditLink and SecurityCode have none, and are not handed to them."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        str: sa.Text(),
        datetime: UTCDateTime(),
        date: sa.Date(),
        dict[str, Any]: sa.JSON(),
        list[dict[str, Any]]: sa.JSON(),
        list[int]: sa.JSON(none_as_null=True),
        list[str]: sa.JSON(),
        StrEnum: sa.Enum(
            StrEnum,
            native_enum=False,
            create_constraint=True,
            length=40,
            values_callable=lambda choices: [choice.value for choice in choices],
        ),
    }


session = scoped_session(sessionmaker(expire_on_commit=False), scopefunc=current_scope)


def connect(url: str) -> sa.Engine:
    """The engine of the database at `url` (SQLite or PostgreSQL). Faults are told without the statement's values."""
    if url.startswith("sqlite"):
        return sqlite_file.engine_of(url)
    return sa.create_engine(url, hide_parameters=True, pool_pre_ping=True)


def let_others_write() -> None:
    """Pause between two long transactions, so that whoever waits for SQLite's one lock has it first. PostgreSQL locks
    rows only, and needs no pause.
    """
    if current_portal().engine.dialect.name == "sqlite":
        sqlite_file.pause_for_others()


def begin_write() -> None:
    """Take the write lock now, so that what is read next cannot change before it is acted upon."""
    session.connection(execution_options={"write": True})


def take_turns(number: int) -> None:
    """Wait for whoever holds the lock of this number, and hold it to the end of the transaction. On SQLite a write
    transaction has kept everybody else out already.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))


def revision() -> str:
    """At which of the migrations the database is; empty at none."""
    with scope() as own:
        connection = own.connection()
        if not sa.inspect(connection).has_table("alembic_version"):
            return ""
        return ", ".join(
            sorted(connection.scalars(sa.select(sa.column("version_num")).select_from(sa.table("alembic_version"))))
        )


def storage_faults() -> list[str]:
    """What SQLite finds wrong with its own file, and rows that refer to nothing. PostgreSQL checks as it reads."""
    connection = session.connection()
    if connection.dialect.name != "sqlite":
        return []
    pages = [row[0] for row in connection.exec_driver_sql("PRAGMA integrity_check") if row[0] != "ok"]
    rows = [f"{row[0]} row {row[1]}" for row in connection.exec_driver_sql("PRAGMA foreign_key_check")]
    return pages + rows


@contextmanager
def scope(portal: Portal | None = None) -> Iterator[Session]:
    """A new session on the database of `portal`, or of the current portal if None. What is not committed by the end is
    rolled back.
    """
    portal = portal or current_portal()
    with new_scope(portal):
        try:
            yield session(bind=portal.engine)
        finally:
            session.remove()


@contextmanager
def transaction() -> Iterator[Session]:
    """A short write transaction in a scope of its own: commits at the end, or writes nothing."""
    with scope() as own:
        begin_write()
        yield own
        own.commit()


@contextmanager
def rehearsal() -> Iterator[Session]:
    """As `transaction()`, but nothing stays of it: for saying what an act would do."""
    with scope() as own:
        begin_write()
        yield own


@contextmanager
def rehearsal_apart() -> Iterator[Session]:
    """As `rehearsal()`, but nobody waits for it, however long it takes. On SQLite it happens on a copy of the database,
    in a folder beside it that nobody else can read and that goes away at the end.
    """
    url = current_portal().engine.url
    if url.get_backend_name() != "sqlite":
        with rehearsal() as own:
            yield own
        return
    beside = Path(url.database).parent if url.database else None
    with TemporaryDirectory(prefix="rehearsal-", dir=beside) as folder:
        path = Path(folder) / "copy.sqlite"
        sqlite_file.copy(current_portal().engine, path)
        engine = connect(f"sqlite:///{path}")
        try:
            with scope(replace(current_portal(), engine=engine)) as own:
                yield own
        finally:
            engine.dispose()


@contextmanager
def snapshot() -> Iterator[Session]:
    """A scope that sees the database as it is at one moment, whoever writes meanwhile. Nobody waits for it, and it can
    write nothing.
    """
    with scope() as own:
        if own.get_bind().dialect.name != "sqlite":
            own.connection(execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True})
            yield own
            return
        connection = own.connection()
        raw: Any = connection.connection.dbapi_connection
        raw.execute("PRAGMA query_only=ON")
        try:
            yield own
        finally:  # by the driver: whatever went wrong in SQL, whoever has the connection next can write
            if not connection.invalidated:
                raw.execute("PRAGMA query_only=OFF")


@contextmanager
def savepoint() -> Iterator[None]:
    """What is written inside is undone where it raises; what was written before it stays."""
    with session.begin_nested():
        yield


def reload(row: Base) -> None:
    """Read the row's columns again; what is loaded beside it stays."""
    session.refresh(row, [attribute.key for attribute in row.__mapper__.column_attrs])


def move(row: Base, *when: sa.SQLColumnExpression[bool], **values: Any) -> bool:
    """Change the row in one UPDATE, only while `when` holds. False tells whoever came second.

    Either way the row is read again, unless somebody has removed it meanwhile: then it stays as it was read. Two
    people may press at once: never read, think and write instead.
    """
    table = type(row)
    is_first = rows_changed(sa.update(table).where(table.id == row.id, *when).values(**values), unsynced=True) == 1
    if is_first or session.scalar(sa.select(table.id).where(table.id == row.id)) is not None:
        reload(row)
    return is_first


def rows_changed(statement: sa.UpdateBase, *, unsynced: bool = False) -> int:
    """Run an UPDATE or DELETE; how many rows it changed. `unsynced`: rows that are loaded stay as they were read."""
    done = session.execute(statement, execution_options={"synchronize_session": False} if unsynced else {})
    return cast(sa.CursorResult, done).rowcount  # which SQLAlchemy declares to be any Result


def insert_first(table: type[Base], **values: Any) -> bool:
    """Insert a row; False where one with the same unique key is there. Who inserts it at this moment is waited for."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    return session.scalar(insert(table).on_conflict_do_nothing().returning(table.id), values) is not None


def insert_rows(table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert many rows, which all set the same columns, as one statement that no entity is made for."""
    if rows:
        session.execute(sa.insert(cast(sa.Table, table.__table__)), rows)


def insert_missing(table: type[Base], rows: list[dict[str, Any]]) -> None:
    """Insert these rows, but for those of which one with the same unique key is there."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(table).on_conflict_do_nothing(), rows)


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items in order, no more than `size` at once: for statements whose length is limited."""
    return (items[at : at + size] for at in range(0, len(items), size))


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """As `chunks`, of what is not known as a whole."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


def sum_of(pence: sa.SQLColumnExpression[int]) -> sa.ColumnElement[int]:
    """What a column of whole pence adds up to; 0 where there is no row. PostgreSQL alone would give a Decimal."""
    return sa.cast(sa.func.coalesce(sa.func.sum(pence), 0), sa.BigInteger)


class days_in(FunctionElement[int]):  # it is a function of SQL, as sa.func.max is
    """How many days lie from a first to a last column of dates, both included."""

    inherit_cache = True
    type = sa.Integer()


@compiles(days_in)
def _days_in(element: days_in, compiler: Any, **options: Any) -> str:
    first, last = (compiler.process(each, **options) for each in element.clauses)
    return f"({last} - {first} + 1)"


@compiles(days_in, "sqlite")
def _days_in_sqlite(element: days_in, compiler: Any, **options: Any) -> str:
    first, last = (compiler.process(each, **options) for each in element.clauses)
    return f"CAST(julianday({last}) - julianday({first}) + 1 AS INTEGER)"


def choice(kind: type[E]) -> sa.types.TypeEngine[E]:
    """The type of an expression in SQL whose values are those of `kind`, as columns of it have."""
    of_kind = sa.Enum(kind, native_enum=False, length=40, values_callable=lambda found: [each.value for each in found])
    return cast(sa.types.TypeEngine[E], of_kind)  # SQLAlchemy does not say of which kind an Enum is


def utc_now() -> datetime:
    return datetime.now(UTC)
