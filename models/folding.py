"""Names, folded once when they are written, so that they are looked for and sorted alike on SQLite and PostgreSQL.

A model says `folded_name: Mapped[str] = folds("name")`, and whatever writes the name fills that column: a flush of the
ORM, a bulk insert or update, the importer. Lists are sorted by it, and searched by `found_by`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import MappedColumn, mapped_column
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from models.base import Base
from models.words import folded, is_initial, searched


class FoldedText(sa.Text):
    """Text as models.words.folded() makes it."""


_BY_CODE_POINT = FoldedText().with_variant(FoldedText(collation="C"), "postgresql")
"""As SQLite compares any text. PostgreSQL's usual collations pass over spaces and punctuation."""


def folds(source: str) -> MappedColumn[str]:
    """A column with the folded text of the column `source`: for WHERE and ORDER BY only, objects do not load it."""
    return mapped_column(_BY_CODE_POINT, info={"folds": source}, deferred=True, deferred_raiseload=True)


def pairs() -> Iterator[tuple[sa.Column[str], sa.Column[str]]]:
    """Every folded column of the database, after the column that it folds."""
    for table in Base.metadata.sorted_tables:
        for source, target in _targets(table).items():
            yield table.c[source], table.c[target]


Text = sa.SQLColumnExpression[str]


def found_by(text: str, *columns: Text) -> sa.ColumnElement[bool]:
    """A condition: each word of `text` is part of one of `columns`, whatever the order of the words; % and _ stand for
    themselves.

    A folded column is compared without accents, capitals, apostrophes and the spaces within it: mac donald and
    macdonald find MacDonald and Mac Donald. Any other column, say a reference or an e-mail address, is compared only
    without regard to capitals. One letter is the beginning of a name, and looked for in folded columns only, so that
    "C, Bernard" does not find everybody whose reference begins with C.
    """
    words = map(Sought.of, searched(text))
    return sa.and_(sa.true(), *(is_in(word.kind, columns, word.given.__getitem__) for word in words))


@dataclass(frozen=True)
class Sought:
    """A word that is looked for. Its kind chooses the parts of a condition; all else of it are values."""

    word: str
    parts: tuple[str, ...]
    """Folded."""

    @classmethod
    def of(cls, word: str) -> "Sought":
        return cls(word, tuple(folded(word).split()))

    @property
    def kind(self) -> int:
        """How many parts it has, or INITIAL."""
        return INITIAL if is_initial(self.word) else len(self.parts)

    @property
    def given(self) -> dict[str, str]:
        """The values that `is_in` names."""
        whole = f" {self.parts[0]}" if self.kind == INITIAL else "".join(self.parts)
        return {"word": self.word, "whole": whole, **{f"part_{n}": part for n, part in enumerate(self.parts)}}


INITIAL = 0


def is_in(kind: int, columns: tuple[Text, ...], value: Callable[[str], Any]) -> sa.ColumnElement[bool]:
    """A condition: a word of that kind is part of one of the columns. `value` gives what Sought.given names, or
    parameters for it.
    """
    names = [column for column in columns if _is_folded(column)]
    others = [] if names and kind == INITIAL else [column for column in columns if not _is_folded(column)]
    return sa.or_(
        *(_has(name, kind, value) for name in names),
        *(holds(sa.func.lower(other), sa.func.lower(value("word"))) for other in others),
    )


def _is_folded(column: Text) -> bool:
    return isinstance(getattr(column, "type", None), FoldedText)


def _has(name: Text, kind: int, value: Callable[[str], Any]) -> sa.ColumnElement[bool]:
    """models.words.is_found asks the same of text."""
    if kind == INITIAL:
        return holds(sa.literal(" ") + name, value("whole"))
    whole = holds(sa.func.replace(name, " ", ""), value("whole"))
    if kind == 1:
        return whole
    return sa.or_(whole, sa.and_(*(holds(name, value(f"part_{at}")) for at in range(kind))))


class _Place(FunctionElement[int]):
    """Where a text stands in another, counted from 1; 0 where it does not. Quicker than LIKE, which SQLite compares
    letter by letter without regard to capitals.
    """

    inherit_cache = True
    type = sa.Integer()


@compiles(_Place)
def _place(element: _Place, compiler: SQLCompiler, **how: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **how)})"


@compiles(_Place, "sqlite")
def _place_sqlite(element: _Place, compiler: SQLCompiler, **how: Any) -> str:
    return f"instr({compiler.process(element.clauses, **how)})"


def holds(text: sa.SQLColumnExpression[str], part: Any) -> sa.ColumnElement[bool]:
    """A condition: the part stands in the text, letter for letter."""
    return _Place(text, part) > sa.literal_column("0")


def _targets(table: sa.FromClause) -> dict[str, str]:
    """The columns of the table that are folded, and into which."""
    return {column.info["folds"]: column.key for column in table.columns if isinstance(column.type, FoldedText)}


Write = sa.Insert | sa.Update
Row = Mapping[str, Any]


@event.listens_for(sa.Engine, "before_execute", retval=True)
def _fold(
    _connection: sa.Connection, statement: Any, rows: list[Row], row: Row, _options: Mapping[str, Any]
) -> tuple[Any, list[Row], Row]:
    """Fill the folded columns of what is about to be written. Every flush, bulk write and statement comes by here.

    A default of the column would not do: an UPDATE of other columns says no name, and would overwrite what is there.
    """
    if isinstance(statement, Write) and (targets := _targets(statement.table)):
        statement = _with_values(statement, targets)
        rows, row = [_completed(each, targets) for each in rows], _completed(row, targets)
    return statement, rows, row


def _completed(row: Row, targets: dict[str, str]) -> Row:
    known = {target: folded(row[source]) for source, target in targets.items() if row.get(source) is not None}
    return {**row, **known}


def _with_values(statement: Write, targets: dict[str, str]) -> Write:
    """Complete `.values(name=...)`. TypeError where the name is an SQL expression or a SELECT, which Python cannot
    fold.
    """
    select, conflict = getattr(statement, "select", None), statement._post_values_clause
    if statement._multi_values or select is not None or conflict is not None:
        raise TypeError(f"{statement.table} has folded columns: give its rows as parameters, to insert or to update")
    given = {getattr(key, "key", key): value for key, value in (statement._values or {}).items()}
    for source, target in targets.items():
        if source in given:
            text = given[source].value if isinstance(given[source], sa.BindParameter) else None
            if text is None:
                raise TypeError(f"{statement.table}.{source} is folded: give it text, no expression")
            statement = statement.values({target: folded(text)})
    return statement
