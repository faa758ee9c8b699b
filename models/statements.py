"""Statements that are built once in a process. What differs from one request to the next are their parameters: nothing
of a person, a provider or a sum is kept here, only what the code itself fixes.
"""

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache, wraps
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.sql import visitors

from models.calendar import FAR_FUTURE, today

S = TypeVar("S", bound=sa.Executable)
NEVER_PAST = frozenset({date.min, date.max, FAR_FUTURE})
"""Days that a statement may have built into it, since they stand for no day."""

Id = int | sa.BindParameter[int]
"""The key of a row, or the parameter that names it."""
TODAY: sa.BindParameter[date] = sa.bindparam("the_day", callable_=today, type_=sa.Date())
"""The council's day on which a statement is sent, whenever it was built."""


def day_of(name: str, when: Callable[[], date]) -> sa.BindParameter[date]:
    """A day that follows from the council's day on which a statement is sent. `name` is that of no other parameter."""
    return sa.bindparam(name, callable_=when, type_=sa.Date())


@cache
def today_and(days: int) -> sa.BindParameter[date]:
    """So many days after TODAY."""
    return day_of(f"the_day_and_{days}", lambda: today() + timedelta(days=days))


def built_once(build: Callable[..., S]) -> Callable[..., S]:
    """A function that builds a statement once for each of its arguments, which are few and choose its parts. ValueError
    where a day is built into it, which would stand still: conditions in SQL name TODAY.
    """

    @cache
    @wraps(build)
    def built(*parts: Any) -> S:
        statement = build(*parts)
        for each in visitors.iterate(statement):  # type: ignore[arg-type]  # every Executable can be iterated
            if isinstance(each, sa.BindParameter) and isinstance(each.value, date) and each.value not in NEVER_PAST:
                raise ValueError(f"{build.__qualname__} has {each.value} built into it")
        return statement

    return built
