"""The grid of a week of actuals: one row a person, each with the boxes that its names in the form say."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from wtforms import Field

from forms.fields import tidy_line
from models.care.checking import LONGEST_COMMENT
from models.care.figures import Figures
from models.money import number, parse_e4
from models.records.actual import AbsenceReason

QUANTITIES = {"actual": "Actual", "frustrated": "Frustrated", "missed": "Missed", "extra": "Extra"}
"""The columns of hours, nights or sessions, by the names of their boxes."""
BOXES = (*QUANTITIES, "visits", "reason", "comment")
MOST_ROWS = 2_000


def column_of(box: str) -> str:
    """The field of Figures that a box fills."""
    return f"{box}_e4" if box in QUANTITIES else box


def texts_of(figures: Figures) -> dict[str, str]:
    """What stands in the boxes of a row: 0 is left empty, except in Actual."""
    found = {box: _text(getattr(figures, f"{box}_e4"), box == "actual") for box in QUANTITIES}
    visits = "" if figures.visits is None else str(figures.visits)
    return found | {"visits": visits, "reason": figures.reason or "", "comment": figures.comment}


def _text(quantity_e4: int, shows_zero: bool) -> str:
    return number(quantity_e4).replace(",", "").replace("−", "-") if quantity_e4 or shows_zero else ""


def mark_of(texts: Mapping[str, str]) -> str:
    """What stands for the texts of a row that the page drew, so that it is known whether somebody touched it."""
    return sha256("\n".join(texts[box] for box in BOXES).encode()).hexdigest()[:8]


@dataclass
class TypedRow:
    """One row as it was sent."""

    item_id: int
    texts: dict[str, str]
    version: int | None = None
    """The row's that the page had drawn."""
    is_touched: bool = True
    """It says something else than the page had drawn."""
    faults: dict[str, str] = field(default_factory=dict)
    """What cannot be read, by box."""
    figures: Figures = field(default_factory=lambda: Figures(0))

    def of(self, stands: Figures) -> Figures:
        """With what no box shows: the provider's own reference, and the days while they still add up."""
        by_day = stands.by_day_e4 if stands.actual_e4 == self.figures.actual_e4 else None
        own = {column_of(box): getattr(self.figures, column_of(box)) for box in BOXES}
        return Figures(**own, provider_reference=stands.provider_reference, by_day_e4=by_day)


class SheetField(Field):
    """Its data are the rows that were sent, by line item. Names are like rows-12-actual."""

    data: dict[int, TypedRow]

    def process(self, formdata: Any, *_: Any, **__: Any) -> None:
        self.process_errors, self.data = [], {}
        if formdata is None:
            return
        named = re.compile(rf"{re.escape(self.name)}-([0-9]{{1,10}})-actual")
        for name in list(formdata)[: MOST_ROWS * (len(BOXES) + 2)]:
            if found := named.fullmatch(name):
                item_id = int(found[1])
                self.data[item_id] = self._row(item_id, formdata)

    def _row(self, item_id: int, formdata: Any) -> TypedRow:
        texts = {box: tidy_line(formdata.get(f"{self.name}-{item_id}-{box}")) for box in BOXES}
        version, _, mark = (formdata.get(f"{self.name}-{item_id}-seen") or "").partition(".")
        row = TypedRow(
            item_id, texts, int(version) if re.fullmatch(r"[0-9]{1,9}", version) else None, mark_of(texts) != mark
        )
        row.figures = _read(row)
        return row

    def touched(self, among: Collection[int]) -> dict[int, TypedRow]:
        """The rows of these items that say something else than the page had drawn."""
        return {item_id: row for item_id, row in self.data.items() if row.is_touched and item_id in among}


def _read(row: TypedRow) -> Figures:
    """The figures of a row, as far as they can be read; what cannot is said in `faults`."""
    actual_e4, frustrated_e4, missed_e4, extra_e4 = (_quantity(row, box) for box in QUANTITIES)
    reason = row.texts["reason"]
    if reason and reason not in [each.value for each in AbsenceReason]:
        row.faults["reason"] = "Choose a reason from the list"
        reason = ""
    if len(row.texts["comment"]) > LONGEST_COMMENT:
        row.faults["comment"] = f"Shorten the comment to {LONGEST_COMMENT:,} characters"
    return Figures(
        actual_e4, frustrated_e4, missed_e4, extra_e4, visits=_visits(row),
        reason=AbsenceReason(reason) if reason else None, comment=row.texts["comment"][:LONGEST_COMMENT],
    )  # fmt: skip


def _quantity(row: TypedRow, box: str) -> int:
    text = row.texts[box]
    if not text:
        if box == "actual":
            row.faults[box] = "Enter what was delivered, or 0 if nothing was"
        return 0
    try:
        return parse_e4(text)
    except ValueError:
        row.faults[box] = f"{QUANTITIES[box]} must be a number, like 12.5"
        return 0


def _visits(row: TypedRow) -> int | None:
    text = row.texts["visits"]
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,4}", text):
        row.faults["visits"] = "Enter a whole number of visits, like 14"
        return None
    return int(text)
