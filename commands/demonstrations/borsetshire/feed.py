"""What the finance system has on record, and when it came to know each thing: from it a feed of any day is written."""

import csv
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from exchange.feed import FILES


@dataclass
class Record:
    """One row of a file, and what was learnt about it later."""

    cells: dict[str, Any]
    known_on: date
    news: list[tuple[date, dict[str, Any]]] = field(default_factory=list)

    def learn(self, day: date, **cells: Any) -> None:
        """From `day` on the finance system says this instead."""
        self.news.append((day, cells))

    def as_known_on(self, day: date) -> dict[str, Any]:
        cells = dict(self.cells)
        for learnt_on, changed in self.news:
            if learnt_on <= day:
                cells |= changed
        return cells


class Feed:
    def __init__(self) -> None:
        self._records: dict[str, list[Record]] = {file.name: [] for file in FILES}
        self._numbers: dict[str, int] = {}

    def next(self, prefix: str, first: int) -> str:
        """The next reference of a kind: C2000020, C2000021."""
        number = self._numbers[prefix] = self._numbers.get(prefix, first - 1) + 1
        return f"{prefix}{number}"

    def add(self, file: str, known_on: date = date.min, **cells: Any) -> Record:
        record = Record(cells, known_on)
        self._records[f"{file}.csv"].append(record)
        return record

    def write(self, folder: Path, day: date) -> None:
        """The feed as it would have been sent on `day`: all that was known then, in the order in which it was added."""
        folder.mkdir(parents=True)
        for file in FILES:
            known = [each for each in self._records[file.name] if each.known_on <= day]
            if not known:
                continue
            columns = list(file.column_names)
            with (folder / file.name).open("w", encoding="utf-8", newline="") as target:
                writer = csv.DictWriter(target, columns, lineterminator="\n")
                writer.writeheader()
                for each in known:
                    writer.writerow({name: _text(value) for name, value in each.as_known_on(day).items()})


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, date) else str(value)
