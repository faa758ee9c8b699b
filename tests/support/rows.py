"""Writing and reading rows in tests, always in a transaction of its own: no session is shared with requests."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from models.base import Base, scope, transaction
from models.tenancy import EVERY_PROVIDER, set_tenant

T = TypeVar("T", bound=Base)


@contextmanager
def unit_of_work(tenant: int | str | None = EVERY_PROVIDER) -> Iterator[Session]:
    """A transaction as a request has one: `with unit_of_work(provider.id) as session: ...` commits at the end."""
    with transaction() as session:
        set_tenant(tenant)
        yield session


@contextmanager
def reading(tenant: int | str | None = EVERY_PROVIDER) -> Iterator[Session]:
    with scope() as session:
        set_tenant(tenant)
        yield session


def saved(row: T) -> T:
    with unit_of_work() as session:
        session.add(row)
    return row


def reloaded(row: T, *options: Any) -> T:
    """The row as the database has it now, or None if it is gone."""
    with reading() as session:
        kind = type(row)
        return session.scalars(select(kind).where(kind.id == row.id).options(*options)).unique().one_or_none()


def every(query: Select | type[Base]) -> list[Any]:
    """All that a query finds, for any provider; of a table, all rows by id."""
    if isinstance(query, type):
        query = select(query).order_by(query.id)
    with reading() as session:
        return list(session.scalars(query).unique())
