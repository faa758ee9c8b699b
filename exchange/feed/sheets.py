"""One file as it was read: its rows, and what is wrong with them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from exchange.feed.faults import Fault
from exchange.feed.shape import Column, File, Key

Track = Callable[[Iterable[Any], str], Iterable[Any]]
"""Takes things and a word for what is done with them; yields the things again, and may show how far it has got."""


def plainly(things: Iterable[Any], _what: str) -> Iterable[Any]:
    """A Track that shows nothing."""
    return things


@dataclass(slots=True)
class Row:
    """One row of a file. `values` are by the entity's attribute, references still as the file has them."""

    number: int
    cells: dict[str, str]
    values: dict[str, Any] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)
    """Attributes whose cells could not be read."""
    doubted: set[str] = field(default_factory=set)
    """Columns with a fault, so that nothing is concluded from them."""
    is_rejected: bool = False


@dataclass
class Sheet:
    """One file as it was read."""

    file: File
    columns: list[Column] = field(default_factory=list)
    """In the order of the header."""
    rows: list[Row] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    is_readable: bool = True
    """False: its rows could not be read, so references to them are not called wrong."""
    by_key: dict[Key, Row] = field(default_factory=dict)
    half_known: set[Key] = field(default_factory=set)
    """Keys of rows that could not be parsed as a whole."""
    lost: int = 0
    """How many rows have a key that cannot be read, or that another row has: so many records are missing here."""
    lost_cells: set[str] = field(default_factory=set)
    """What stands in the key columns of the rows whose key cannot be read."""

    def fault(self, row: Row | None, column: str, reason: str) -> None:
        value = row.cells.get(column, "") if row else ""
        self.faults.append(Fault(self.file.name, row.number if row else 0, column, value, reason))
        if row:
            row.doubted.add(column)
            row.is_rejected = True

    def reject(self, row: Row, column: str) -> None:
        """Count the row as rejected, for a fault that is told elsewhere."""
        row.doubted.add(column)
        row.is_rejected = True

    def whole_file(self, reason: str, row: int = 0, column: str = "", value: str = "") -> None:
        self.is_readable = False
        self.faults.append(Fault(self.file.name, row, column, value, reason))
