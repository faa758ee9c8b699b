"""Cells of a workbook that have no value to read: a formula that was never worked out, or that ends in an error."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from models.records.import_batch import RowFault
from models.uploads.actual_rows import CheckedRow, RowState
from models.uploads.cells import place_of


class BadCells:
    """Says of them what is wrong, in place of that they are empty. `bad`: in words, by the cell (E7)."""

    def __init__(self, columns: Sequence[str], bad: Mapping[str, str]) -> None:
        self._of_row: dict[int, list[tuple[int, str, str]]] = defaultdict(list)
        for cell, text in bad.items():
            place, number = place_of(cell)
            if place < len(columns) and columns[place]:
                self._of_row[number].append((place, columns[place], text))

    def tell(self, row: CheckedRow) -> None:
        for place, name, text in self._of_row.get(row.number, ()):
            if not (place < len(row.cells) and row.cells[place] and "formula" in text):
                row.faults = [fault for fault in row.faults if fault.column != name]
                row.faults.append(RowFault("E002", name, text))
                row.state = RowState.REJECTED
