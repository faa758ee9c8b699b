"""How many rows a query has, without the tables that it reads for what it shows alone."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select
from sqlalchemy.sql import coercions, operators, roles, visitors

from models.tenancy import ProviderOwned
from models.unindexed import Unindexed

Join = tuple[Any, Any, Any, dict[str, bool]]
"""As SQLAlchemy keeps it: the target, the condition, the left side if it was said, and whether it is outer or full."""


def without_joins_for_show(query: Select, base: Any, *adds: Any) -> Select:
    """The query without each join that neither leaves out nor repeats a row of `base`, the entity from whose table it
    is counted, and of whose table neither a condition nor one of the columns `adds` speaks.

    Such a join goes by the target's key: a foreign key that is never NULL has its one row there, and an outer join
    keeps what has none.
    """
    added = (coercions.expect(roles.ColumnsClauseRole, each) for each in adds if each is not None)
    spoken_of = set(_tables(query.whereclause, *added))
    kept: list[Join] = []
    for join in reversed(query._setup_joins):
        if join[0] in spoken_of or not _changes_nothing(join, base):
            kept.insert(0, join)
            spoken_of.update(_tables(join[1]))
    narrow = query._generate()
    narrow._setup_joins = tuple(kept)
    return narrow


def _changes_nothing(join: Join, base: Any) -> bool:
    target, condition, side, how = join
    mapper = getattr(target, "_annotations", {}).get("parententity")
    if mapper is None or not mapper.is_mapper or side is not None or how["full"]:
        return False
    if issubclass(mapper.class_, ProviderOwned) and not (isinstance(base, type) and issubclass(base, ProviderOwned)):
        return False  # the tenant's filter is on the target alone
    if not isinstance(condition, sa.BinaryExpression) or condition.operator is not operators.eq:
        return False
    keys = mapper.local_table.primary_key.columns
    left, right = (
        next(iter(each.clauses)) if isinstance(each, Unindexed) else each for each in (condition.left, condition.right)
    )
    for own, other in ((left, right), (right, left)):
        if {own} == set(keys) and isinstance(other, sa.Column):
            return how["isouter"] or (not other.nullable and any(key.column is keys[0] for key in other.foreign_keys))
    return False


def _tables(*parts: Any) -> Iterator[Any]:
    """The tables of which the parts speak, in a subquery too."""
    for part in parts:
        for each in visitors.iterate(part) if part is not None else ():
            if isinstance(each, sa.Column):
                yield each.table
