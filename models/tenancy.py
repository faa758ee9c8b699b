"""Whose data may be read and written just now: every read is filtered, every write is checked.

A session has a *tenant*: one provider's id, or EVERY_PROVIDER, which only council work and commands
set, loudly. With none set, reading anything a provider owns raises.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy import ForeignKeyConstraint, event
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, declared_attr, mapped_column, with_loader_criteria
from sqlalchemy.sql import visitors
from sqlalchemy.sql.base import ExecutableOption

from models.base import Base, session
from models.statements import as_text, is_plain, named

EVERY_PROVIDER = "every provider"


class NoTenant(RuntimeError):
    """A provider's data was read or written before a tenant was set."""


class OtherTenant(RuntimeError):
    """A row of another provider was about to be written."""


class ProviderOwned:
    """A row that belongs to one provider. Its children repeat `provider_id` and point at it with both keys."""

    provider_id: Mapped[int] = mapped_column(sa.ForeignKey("provider.id"), index=True)

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        return owned()


def owned(*more: Any, **links: str) -> tuple[Any, ...]:
    """Table arguments of a ProviderOwned table: its key with the provider's, and `column="table"` links.

    A link is a foreign key over (provider_id, column), so that the database itself refuses a row that
    points at another provider's.
    """
    keys = (link(column, table) for column, table in links.items())
    return (sa.UniqueConstraint("provider_id", "id"), *keys, *more)


def link(column: str, table: str, *, ondelete: str | None = None) -> ForeignKeyConstraint:
    """A foreign key to a ProviderOwned table, over the provider and the column."""
    return ForeignKeyConstraint(["provider_id", column], [f"{table}.provider_id", f"{table}.id"], ondelete=ondelete)


Rule = Callable[[sa.ColumnElement[int]], sa.ColumnElement[bool]]
AT_HAND = "tenant_at_hand"
"""The parameter of a statement that says whose rows it reads."""
_restricted: dict[type, Rule] = {}
_usual: list[ExecutableOption] = []
_guarded: dict[int, set[sa.FromClause]] = {}
"""By how many tables there were when it was found out."""
_kinds: dict[int, dict[str, type]] = {}
"""What each table's rows are, likewise."""
_named_in: WeakKeyDictionary[sa.Executable, tuple[str, ...]] = WeakKeyDictionary()
"""Guarded tables of a statement that was sent without a tenant: which those are stands in the code."""
_filtered: WeakKeyDictionary[sa.Executable, sa.Executable] = WeakKeyDictionary()


def restrict(entity: type, rule: Rule) -> None:
    """Filter reads of `entity`, a table without `provider_id`: a tenant sees only rows where `rule(tenant)` holds."""
    _restricted[entity] = rule
    _usual.clear()
    _filtered.clear()
    _named_in.clear()


def set_tenant(tenant: int | str | None) -> None:
    """Say whose data this session works on until it ends: a provider's id, EVERY_PROVIDER, or None for nobody's."""
    session.info["tenant"] = tenant
    if isinstance(tenant, int):
        session.info["own"] = tenant if session.info.get("own", tenant) == tenant else None


def tenant() -> int | str | None:
    """The provider's id, EVERY_PROVIDER, or None where no tenant has been set."""
    return session.info.get("tenant")


@contextmanager
def every_provider() -> Iterator[None]:
    """Within the block, read and write across all providers; then the tenant before it is set again."""
    before = tenant()
    set_tenant(EVERY_PROVIDER)
    try:
        yield
    finally:
        set_tenant(before)


def _is_guarded(entity: type) -> bool:
    return issubclass(entity, ProviderOwned) or entity in _restricted


def _guarded_tables(statement: sa.Executable) -> tuple[str, ...]:
    """Names of the tables in the statement, subqueries included, that cannot be read without a tenant."""
    if statement not in _named_in:
        _named_in[statement] = tuple(_found_in(statement))
    return _named_in[statement]


def _found_in(statement: sa.Executable) -> Iterator[str]:
    known = len(Base.metadata.tables)
    if known not in _guarded:
        _guarded[known] = {mapper.local_table for mapper in Base.registry.mappers if _is_guarded(mapper.class_)}
    parts = visitors.iterate(statement)  # type: ignore[arg-type]  # every Executable can be iterated; it does not say so
    return (part.name for part in parts if isinstance(part, sa.Table) and part in _guarded[known])


@event.listens_for(Session, "do_orm_execute")
def _filter_reads(state: ORMExecuteState) -> sa.CursorResult[Any] | None:
    """Give a statement the tenant's criteria. What comes back is the result, of a statement that is sent as text."""
    current = state.session.info.get("tenant")
    if current == EVERY_PROVIDER:
        if state.is_relationship_load and (own := state.session.info.get("own")) is not None:
            _take(state, own)  # rows that were read as this tenant's are not read as everybody's afterwards
        return _sent_as_text(state, state.statement) if is_plain(state.statement) else None
    if current is None:
        for table in _guarded_tables(state.statement):
            raise NoTenant(f"{table} was asked for with no provider chosen")
        current = -1  # no provider has this id: a table that was overlooked above gives no rows
    if state.is_insert:
        _check_inserts(state, current)
    elif state.is_select and not isinstance(state.parameters, list | tuple):
        asked, state.statement = state.statement, _of_tenant(state.statement)
        _take(state, current)
        if is_plain(asked):
            return _sent_as_text(state, state.statement)
    else:
        state.statement = state.statement.options(*_criteria(sa.literal(current)))
    return None


def _sent_as_text(state: ORMExecuteState, statement: sa.Executable) -> sa.CursorResult[Any]:
    if state.session.autoflush:
        state.session.flush()
    connection = state.session.connection()
    text = as_text(cast(sa.SelectBase, statement), connection.dialect)
    options = {name: value for name, value in state.execution_options.items() if name == "yield_per"}
    return connection.execute(text, cast(Mapping[str, Any] | None, state.parameters), execution_options=options)


def _take(state: ORMExecuteState, current: int) -> None:
    state.parameters = {**cast(Mapping[str, Any], state.parameters or {}), AT_HAND: current}


def _of_tenant(statement: sa.Executable) -> sa.Executable:
    """The statement with the criteria, which take the tenant as a parameter. One that is built once is filtered once:
    nothing of a tenant is kept with it.
    """
    found = _filtered.get(statement)
    if found is None:
        if not _usual:
            _usual[:] = _criteria(named(AT_HAND, sa.Integer()))
        found = _filtered[statement] = statement.options(*_usual)
    return found


def _criteria(tenant: sa.ColumnElement[int]) -> Iterator[ExecutableOption]:
    yield with_loader_criteria(ProviderOwned, lambda cls: cls.provider_id == tenant, include_aliases=True)
    for entity, rule in _restricted.items():
        yield with_loader_criteria(entity, rule(tenant), include_aliases=True)


def _check_inserts(state: ORMExecuteState, current: int) -> None:
    """Of entities, and of tables as such (models.base.insert_rows)."""
    name = state.statement.table.name  # type: ignore[attr-defined]  # an insert has one
    kind = _kind_of(name)
    if kind is None or not issubclass(kind, ProviderOwned):
        return
    rows = state.parameters if isinstance(state.parameters, Sequence) else [state.parameters or {}]
    if any(row.get("provider_id") != current for row in rows):
        raise OtherTenant(f"a {kind.__name__} of another provider was about to be written")


def _kind_of(table: str) -> type | None:
    known = len(Base.metadata.tables)
    if known not in _kinds:
        _kinds[known] = {getattr(each.local_table, "name", ""): each.class_ for each in Base.registry.mappers}
    return _kinds[known].get(table)


@event.listens_for(Session, "before_flush")
def _check_writes(current_session: Session, _context: Any, _instances: Any) -> None:
    current = current_session.info.get("tenant")
    if current == EVERY_PROVIDER:
        return
    for row in (*current_session.new, *current_session.dirty, *current_session.deleted):
        if not isinstance(row, ProviderOwned):
            continue
        if current is None:
            raise NoTenant(f"a {type(row).__name__} was about to be written with no provider chosen")
        if row.provider_id != current:
            raise OtherTenant(f"a {type(row).__name__} of another provider was about to be written")
