"""One part of a list, and how long all of it is, as one statement that is built once. A list that many rows are in says
of itself which columns are shown, by which few it is found and sorted, and what is counted: the rest is read of those
rows alone that are shown.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.statements import named

FIRST, SIZE = named("part_first", sa.Integer()), named("part_size", sa.Integer())
"""How many rows come before the part, and how many it has at the most."""
TOTAL, PENCE = "list_total", "list_pence"
"""Columns of each row of a part: how many rows the whole list has, and what they come to."""
Order = Sequence[sa.SQLColumnExpression[Any]]
Columns = Mapping[str, sa.SQLColumnExpression[Any] | tuple[sa.SQLColumnExpression[Any], ...]]
"""By what a list can be sorted, by the names that its address has for them."""


def sorted_by(columns: Columns, asked: str, usual: Order) -> Order:
    """The order that is asked for: a name, with a minus in front for the greatest first, or none for the usual one.
    Rows that are alike stay in the usual order, which ends with a tie-breaker; rows without a value come last.
    """
    if not asked:
        return usual
    found = columns[asked.removeprefix("-")]
    keys = found if isinstance(found, tuple) else (found,)
    return *((each.desc() if asked.startswith("-") else each.asc()).nulls_last() for each in keys), *usual


def part_of(rows: Select, key: sa.SQLColumnExpression[int], *, keys: Select, count: Select, order: Order) -> Select:
    """`rows` shows what a row has, of every row there could be; `keys` finds the `key` of those of the list, sorted,
    and reads no more for it than that takes; `count` has one row, `total` and maybe `pence`. `order` sorts `rows` as
    the keys are sorted. The parameters are FIRST and SIZE.
    """
    counted = count.cte("counted")
    totals = {column.key: select(column).scalar_subquery() for column in counted.c}
    part = keys.offset(FIRST).limit(SIZE).subquery("part")
    more = [totals[name].label(f"list_{name}") for name in ("total", "pence") if name in totals]
    return rows.add_columns(*more).where(key.in_(select(*part.c))).order_by(*order)
