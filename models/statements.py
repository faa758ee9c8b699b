"""Statements that are built once in a process. What differs from one request to the next are their parameters: nothing
of a person, a provider or a sum is kept here, only what the code itself fixes.
"""

from collections.abc import Callable
from datetime import date, timedelta
from enum import Enum
from functools import cache, wraps
from itertools import count
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from models.calendar import FAR_FUTURE, today

FIXED = str, int, date, Enum
"""Kinds of values that stand in a statement, as the code fixes them."""
_numbers = count()
S = TypeVar("S", bound=sa.Executable)
NEVER_PAST = frozenset({date.min, date.max, FAR_FUTURE})
"""Days that a statement may have built into it, since they stand for no day."""

Id = int | sa.BindParameter[int]
"""The key of a row, or the parameter that names it."""


class Named(FunctionElement[Any]):
    """A parameter that is told apart by its name alone, however often it stands in a statement.

    A bindparam that stands n times is copied n times, each copy is looked for in the compiled statement, and each look
    finds n: of home's 16 ms that was 4. This one becomes a bindparam only when it is compiled.
    """

    inherit_cache = True

    def __init__(self, bound: sa.BindParameter[Any]) -> None:
        super().__init__(sa.literal_column(bound.key))
        self.bound, self.type = bound, bound.type


@compiles(Named)
def _compile(element: Named, compiler: SQLCompiler, **how: Any) -> str:
    return compiler.process(element.bound, **how)


def named(name: str, type_: sa.types.TypeEngine[Any], when: Callable[[], Any] | None = None) -> Named:
    """`name` is that of no other parameter. Its value is what `when` gives as the statement is sent; without `when` it
    is given with the statement, and one that is sent without it is refused.
    """
    return Named(sa.bindparam(name, callable_=when, type_=type_, required=when is None))


TODAY = named("the_day", sa.Date(), today)
"""The council's day on which a statement is sent, whenever it was built."""


def day_of(name: str, when: Callable[[], date]) -> Named:
    """A day that follows from the council's day on which a statement is sent. `name` is that of no other parameter."""
    return named(name, sa.Date(), when)


@cache
def today_and(days: int) -> Named:
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
        refuse_days(statement, build.__qualname__)
        return visitors.replacement_traverse(statement, {}, _told_by_name)  # type: ignore[call-overload]  # what it is given it gives back, changed

    return built


def refuse_days(statement: Any, name: str) -> None:
    """ValueError where a day is built into what is about to be kept, a statement or a condition of this name."""
    for each in visitors.iterate(statement):
        if isinstance(each, sa.BindParameter) and isinstance(each.value, date) and each.value not in NEVER_PAST:
            raise ValueError(f"{name} has {each.value} built into it")


def _told_by_name(part: Any, **_how: Any) -> Named | None:
    """What stands for a bindparam of a statement that is built once. SQLAlchemy's own for LIMIT, and lists, stay."""
    if not isinstance(part, sa.BindParameter) or part.expanding or part.callable:
        return None
    if part.required:
        return named(part.key, part.type)
    if part.unique and isinstance(part.value, FIXED):
        return _fixed(str(type(part.value)), part.value, part.type)
    return None


@cache
def _fixed(_kind: str, value: Any, type_: sa.types.TypeEngine[Any]) -> Named:
    """A value that the code fixes. Of a kind of its own, since 1 equals True."""
    return Named(sa.bindparam(f"fixed_{next(_numbers)}", value, type_))
