"""Several things that a page tells, read in one statement."""

from collections.abc import Sequence
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.base import session


def read_together(*queries: Select[Any]) -> list[Sequence[Any]]:
    """What each of these queries finds, in its own order: each is for one entity, and no two for the same. For the few
    rows of a page: they are found by their ids first, and each of them is read once.
    """
    entities = [query.column_descriptions[0]["entity"] for query in queries]
    if len(set(entities)) < len(queries):
        raise ValueError("two of the queries are for the same entity")
    parts = sa.union_all(*(_keys(part, *each) for part, each in enumerate(zip(queries, entities, strict=True))))
    keys = parts.subquery("keys")
    whole = select(keys.c.part, *entities).select_from(keys).order_by(keys.c.part, keys.c.place)
    for part, (query, entity) in enumerate(zip(queries, entities, strict=True)):
        whole = whole.outerjoin(entity, sa.and_(keys.c.part == part, entity.id == keys.c.id))
        whole = whole.options(*query._with_options)
    found: list[list[Any]] = [[] for _ in queries]
    for part, *rows in session.execute(whole).unique():
        found[part].append(rows[part])
    return list(found)


def _keys(part: int, query: Select[Any], entity: Any) -> Select[Any]:
    """The ids of what the query finds, each with its place."""
    place = sa.func.row_number().over(order_by=query._order_by_clauses or None)
    columns = sa.literal(part).label("part"), entity.id.label("id"), place.label("place")
    return select(*query.with_only_columns(*columns).subquery().c)


def read_rows(*queries: Select[Any]) -> list[tuple[Any, ...]]:
    """The one row of each of these queries: sums and counts, without a GROUP BY."""
    rows = [query.subquery() for query in queries]
    joined: sa.FromClause = rows[0]
    for each in rows[1:]:
        joined = joined.join(each, sa.true())
    values = iter(session.execute(select(*(column for row in rows for column in row.c)).select_from(joined)).one())
    return [tuple(islice(values, len(row.c))) for row in rows]
