"""Names, folded once when they are written, so that they are looked for and sorted alike on SQLite and PostgreSQL.

A model says `folded_name: Mapped[str] = folds("name")`, and whatever writes the name fills that column: a flush of the
ORM, a bulk insert or update, the importer. Lists are sorted by it, and searched by `found_by`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import InstrumentedAttribute, MappedColumn, mapped_column

from models.base import Base
from models.words import LONGEST_SEARCH, folded


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


def found_by(text: str, *columns: InstrumentedAttribute[str]) -> sa.ColumnElement[bool]:
    """A condition: each word of `text` is part of one of `columns`, whatever the order of the words; % and _ stand for
    themselves.

    A folded column is compared without accents, capitals and apostrophes; any other column, say a reference or an
    e-mail address, only without regard to capitals.
    """
    words = [word for word in text[:LONGEST_SEARCH].split() if folded(word)]
    return sa.and_(sa.true(), *(sa.or_(*(_has(column, word) for column in columns)) for word in words))


def _has(column: InstrumentedAttribute[str], word: str) -> sa.ColumnElement[bool]:
    if isinstance(column.expression.type, FoldedText):
        return sa.and_(*(column.contains(part, autoescape=True) for part in folded(word).split()))
    return column.icontains(word, autoescape=True)


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
