"""Telling SQLite which index leads nowhere. PostgreSQL counts what its tables hold, and needs no telling."""

from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

T = TypeVar("T")


class Unindexed(FunctionElement[Any]):
    """A column as it is; on SQLite no index of it is used where this stands.

    SQLite takes any equality for a short cut. Of a column with NULL in nearly every row, or of the key of a table that
    is to be read in the order of its names, it is a long way round.
    """

    inherit_cache = True

    def __init__(self, column: Any) -> None:
        super().__init__(column)
        self.type = column.type


@compiles(Unindexed)
def _compile(element: Unindexed, compiler: SQLCompiler, **how: Any) -> str:
    return compiler.process(element.clauses, **how)


@compiles(Unindexed, "sqlite")
def _compile_with_plus(element: Unindexed, compiler: SQLCompiler, **how: Any) -> str:
    return f"+{compiler.process(element.clauses, **how)}"


def unindexed(column: sa.SQLColumnExpression[T]) -> sa.SQLColumnExpression[T]:
    """See Unindexed."""
    return Unindexed(column)
