"""One file as it was read: its rows, and what is wrong with them."""

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from exchange.feed.faults import Fault
from exchange.feed.shape import Column, File, Key, Values
from exchange.feed.table import Cells, Table

Track = Callable[[Iterable[Any], str], Iterable[Any]]
"""Takes things and a word for what is done with them; yields the things again, and may show how far it has got."""
NONE: frozenset[str] = frozenset()


def plainly(things: Iterable[Any], _what: str) -> Iterable[Any]:
    """A Track that shows nothing."""
    return things


class Row:
    """One row of a file. `values` are by the entity's attribute, references still as the file has them.

    Of a row without a fault the sheet keeps the values only, in its table, and makes a Row whenever one is asked for.
    """

    __slots__ = ("_sheet", "doubted", "is_rejected", "number", "values", "wrong")

    def __init__(self, number: int, sheet: "Sheet", values: Values | None = None) -> None:
        self.number, self._sheet = number, sheet
        self.values: Values = {} if values is None else values
        self.wrong: frozenset[str] = NONE
        """Attributes whose cells could not be read."""
        self.doubted: frozenset[str] = NONE
        """Columns with a fault, so that nothing is concluded from them."""
        self.is_rejected = False

    @property
    def cells(self) -> dict[str, str]:
        """What stands in the file, by column."""
        names = (column.name for column in self._sheet.columns)
        return dict(zip(names, self._sheet.cells.of(self.number), strict=False))


class Sheet:
    """One file as it was read."""

    def __init__(self, file: File) -> None:
        self.file = file
        self.columns: list[Column] = []
        """In the order of the header."""
        self.links = [column for column in file.columns if column.kind.target]
        """Columns that refer to records."""
        self.count = 0
        """How many rows were read."""
        self.cells = Cells()
        self.table = Table()
        """The rows that are found by their key."""
        self.is_whole = False
        """Whether the file says all that there is of a record."""
        self.numbers = array("q")
        """Of the rows of the table, by position."""
        self.marked: dict[int, Row] = {}
        """By number, the rows that are at fault, or are not found by their key."""
        self.faults: list[Fault] = []
        self.is_readable = True
        """False: its rows could not be read, so references to them are not called wrong."""
        self.by_key = ByKey(self)
        self.half_known: set[Key] = set()
        """Keys of rows that could not be parsed as a whole."""
        self.lost = 0
        """How many rows have a key that cannot be read, or that another row has: so many records are missing here."""
        self.lost_cells: set[str] = set()
        """What stands in the key columns of the rows whose key cannot be read."""

    def begin(self, columns: list[Column]) -> None:
        """Say which columns the file has, before its rows are taken."""
        self.columns = columns
        self.table = Table(list(dict.fromkeys(column.attribute for column in columns)))
        self.is_whole = self.file.attributes.keys() <= set(self.table.names)

    def file_row(self, key: Key, number: int, cells: Sequence[Any]) -> None:
        """Find a row by its key from now on. `cells` are its values, in the order of the table's names."""
        self.table.add(key, cells)
        self.numbers.append(number)

    def unfile_last(self, number: int) -> None:
        """Find the last row by its key no more."""
        if self.numbers and self.numbers[-1] == number:
            self.table.take_back()
            self.numbers.pop()

    def at(self, position: int) -> Row:
        """The row at a position of the table."""
        number = self.numbers[position]
        return self.marked.get(number) or Row(number, self, self.table.values(position))

    def each(self) -> Iterator[tuple[Key, Row]]:
        """The rows that are found by their key, in the order of the file."""
        make, marked, numbers = self.table.values, self.marked, self.numbers
        for key, position in self.table.positions.items():
            number = numbers[position]
            yield key, marked.get(number) or Row(number, self, make(position))

    def rows(self) -> Iterator[Row]:
        """All rows: those that are found by their key, then the others."""
        yield from map(self.at, range(len(self.numbers)))
        found = set(self.numbers) if self.marked else ()
        yield from (row for number, row in self.marked.items() if number not in found)

    def fault(self, row: Row | None, column: str, reason: str) -> None:
        value = row.cells.get(column, "") if row and column else ""
        self.faults.append(Fault(self.file.name, row.number if row else 0, column, value, reason))
        if row:
            self.reject(row, column)

    def reject(self, row: Row, column: str) -> None:
        """Count the row as rejected, for a fault that is told elsewhere."""
        kept = self.marked.setdefault(row.number, row)
        for each in (kept, row):
            each.doubted |= {column}
            each.is_rejected = True

    def whole_file(self, reason: str, row: int = 0, column: str = "", value: str = "") -> None:
        self.is_readable = False
        self.faults.append(Fault(self.file.name, row, column, value, reason))


class ByKey(Mapping[Key, Row]):
    """The rows of a sheet that are found by their key, in the order of the file."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet

    def __getitem__(self, key: Key) -> Row:
        return self._sheet.at(self._sheet.table.positions[key])

    def __contains__(self, key: object) -> bool:
        return key in self._sheet.table.positions

    def __iter__(self) -> Iterator[Key]:
        return iter(self._sheet.table.positions)

    def __len__(self) -> int:
        return len(self._sheet.numbers)
