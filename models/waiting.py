"""Work that waits for somebody, counted in SQL. Each area counts its own; whoever shows them asks for all at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.base import UTCDateTime, session
from models.calendar import london_day


@dataclass(frozen=True)
class Waiting:
    """How much of one kind waits: since which day in London the oldest does, and what money waits with it (pence)."""

    name: str
    count: int
    since: date | None = None
    pence: int | None = None

    @classmethod
    def of(cls, row: Any) -> "Waiting":
        """Of a row of `together`."""
        since = london_day(row.since_at) if row.since_at is not None else row.since_on
        return cls(row.name, row.how_many, since, row.pence)


def waits(
    name: str | sa.ColumnElement[str],
    count: sa.ColumnElement[int],
    since: sa.ColumnElement[Any] | None = None,
    pence: sa.ColumnElement[int] | None = None,
) -> Select:
    """A query of one row, to be joined and filtered further: how many wait under this name, the oldest one's day or
    instant, and their pence. None where there is none to tell. All such queries can be put together.
    """
    is_day = since is not None and isinstance(since.type, sa.Date)
    return select(
        (sa.literal(name, sa.Text) if isinstance(name, str) else name).label("name"),
        count.label("how_many"),
        (since if is_day and since is not None else sa.cast(sa.null(), sa.Date)).label("since_on"),
        (since if not is_day and since is not None else sa.cast(sa.null(), UTCDateTime)).label("since_at"),
        (pence if pence is not None else sa.cast(sa.null(), sa.BigInteger)).label("pence"),
    )


def together(queries: Sequence[Select]) -> sa.Subquery:
    """The rows of several `waits`, as one subquery."""
    return sa.union_all(*queries).subquery("waiting")


def ask(*queries: Select) -> dict[str, Waiting]:
    """By name, in one statement."""
    found = select(together(queries)) if queries else None
    rows = session.execute(found) if found is not None else ()
    return {row.name: Waiting.of(row) for row in rows}
