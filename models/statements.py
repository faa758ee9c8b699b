"""Statements that are built once in a process. What differs from one request to the next are their parameters: nothing
of a person, a provider or a sum is kept here, only what the code itself fixes.
"""

import re
from collections.abc import Callable
from copy import copy
from datetime import date, timedelta
from enum import Enum
from functools import cache, wraps
from itertools import count
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import TextualSelect

from models.calendar import FAR_FUTURE, today

FIXED = str, int, date, Enum
"""Kinds of values that stand in a statement, as the code fixes them."""
PARAMETER = re.compile("\x00([^\x00]+)\x00")
_numbers = count()
S = TypeVar("S", bound=sa.Executable)
_texts: WeakKeyDictionary[sa.SelectBase, dict[str, TextualSelect]] = WeakKeyDictionary()
"""By the statement that they come from, and the dialect."""
_kept: WeakKeyDictionary[sa.Executable, bool] = WeakKeyDictionary()
"""Each statement that is built once: whether it selects columns alone."""
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
    """`name`, of letters, digits and underscores, is that of no other parameter. Its value is what `when` gives as the
    statement is sent; without `when` it is given with the statement, and one that is sent without it is refused.
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
    return day_of(f"the_day_{'and' if days >= 0 else 'less'}_{abs(days)}", lambda: today() + timedelta(days=days))


def built_once(build: Callable[..., S]) -> Callable[..., S]:
    """A function that builds a statement once for each of its arguments, which are few and choose its parts. ValueError
    where a day is built into it, which would stand still: conditions in SQL name TODAY.
    """

    @cache
    @wraps(build)
    def built(*parts: Any) -> S:
        statement = build(*parts)
        refuse_days(statement, build.__qualname__)
        kept: S = visitors.replacement_traverse(statement, {}, _told_by_name)  # type: ignore[call-overload]  # what it is given it gives back, changed
        _kept[kept] = _is_of_columns(kept)
        return kept

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


def is_plain(statement: sa.Executable) -> bool:
    """It is built once and selects columns alone, no two of one name: it can be sent `as_text`. A column without a
    name, which only its place tells, has the one that SQL gives it.
    """
    return _kept.get(statement, False)


def _is_of_columns(statement: Any) -> bool:
    """Not an entity, which the session makes and keeps, nor two columns of one name."""
    while isinstance(statement, sa.CompoundSelect):
        statement = statement.selects[0]
    if not isinstance(statement, sa.Select):
        return False
    names = [each.key for each in statement.selected_columns if each.key]
    has_entity = any(each["expr"] is each.get("entity") for each in statement.column_descriptions)
    return len(names) == len(set(names)) and not has_entity


def as_text(statement: sa.SelectBase, dialect: sa.Dialect) -> TextualSelect:
    """The words of SQL that `statement` comes to, with its parameters by their names and its columns by name and type.
    When they are sent, SQLAlchemy has no expressions to compare or to adapt any more. Made once, as the statement was.
    """
    texts = _texts.setdefault(statement, {})
    if dialect.name not in texts:
        texts[dialect.name] = _written(statement, dialect)
    return texts[dialect.name]


def _written(statement: sa.SelectBase, dialect: sa.Dialect) -> TextualSelect:
    found: dict[str, sa.BindParameter[Any]] = {}
    writing = copy(dialect)
    writing.statement_compiler = _writer(dialect.statement_compiler, found)
    sql = str(statement.compile(dialect=writing))
    if dialect.paramstyle in ("format", "pyformat"):
        sql = sql.replace("%%", "%")  # it is doubled again when the text is compiled
    text = sa.text(PARAMETER.sub(r":\1", sql.replace(":", r"\:")))
    columns = (sa.column(each.key or f"column_{at}", each.type) for at, each in enumerate(statement.selected_columns))
    return text.bindparams(*found.values()).columns(*columns)


def _writer(usual: type[SQLCompiler], found: dict[str, sa.BindParameter[Any]]) -> type[SQLCompiler]:
    """A compiler that writes the name of each parameter where it stands, and keeps the parameter in `found`.

    SQLite plans a statement anew whenever a parameter is bound that its plan has gone by, and counts all from the 32nd
    on as one: of home's 12 ms that was 3.5. For it, values that the code fixes are written where they stand.
    """
    own: dict[int, tuple[object, sa.BindParameter[Any]]] = {}  # with what it stands for, so that no id comes twice

    def visit_bindparam(self: SQLCompiler, bound: sa.BindParameter[Any], **_how: Any) -> str:
        if self.dialect.name == "sqlite" and (literal := _literal(bound)) is not None:
            return literal
        if bound.unique and id(bound) not in own:
            name, many = f"kept_{len(own)}", bound.expanding
            own[id(bound)] = bound, sa.bindparam(name, bound.value, bound.type, expanding=many)
        told = own[id(bound)][1] if bound.unique else bound
        found.setdefault(told.key, told)
        return f"\x00{told.key}\x00"

    return type("Writer", (usual,), {"visit_bindparam": visit_bindparam})


def _literal(bound: sa.BindParameter[Any]) -> str | None:
    """How SQLite writes numbers and texts that the code fixes, one or a list; None of anything else."""
    if bound.required or bound.callable or isinstance(bound.type, sa.types.TypeDecorator | sa.JSON.JSONElementType):
        return None
    if not bound.expanding:
        return _of_one(bound.value)
    each = [_of_one(one) for one in bound.value or ()]
    return f"({', '.join(each)})" if each and None not in each else None  # type: ignore[arg-type]  # none of them is None


def _of_one(value: Any) -> str | None:
    told = value.value if isinstance(value, Enum) else value
    if isinstance(told, bool | int):
        return str(int(told))
    return "'" + told.replace("'", "''") + "'" if isinstance(told, str) else None
