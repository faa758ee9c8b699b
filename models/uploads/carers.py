"""Checking and writing a file of workers (domain.md 4.2): the same CarerID again changes the worker."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from models.base import rows_changed, session, utc_now
from models.records.provider import Provider
from models.records.visit import Carer
from models.uploads.actual_rows import CheckedRow, RowState
from models.uploads.cells import WrongCell, read_day, shown

LONGEST_ID, LONGEST_NAME = 50, 100
_YES, _NO = {"yes", "y", "true", "1", "active", "current"}, {"no", "n", "false", "0", "inactive", "left", "ended"}
_VALUES = ("first_name", "surname", "starts_on", "ends_on", "is_active")


def carers_by_reference() -> dict[str, Carer]:
    """Of the provider of this session."""
    return {each.reference: each for each in session.scalars(select(Carer).order_by(Carer.id))}


def check_carers(columns: Sequence[str], rows: Iterable[tuple[int, list[str]]]) -> list[CheckedRow]:
    known = carers_by_reference()
    found = [_read(columns, CheckedRow(number, cells)) for number, cells in rows]
    count = Counter(row.said.get("CarerID", "") for row in found)
    for row in found:
        reference = row.said.get("CarerID", "")
        if reference and count[reference] > 1:
            row.say(WrongCell("E107", f"{shown(reference)} stands in {count[reference]} rows. Keep one"), "CarerID")
        if row.values is not None and not row.faults:
            row.state = _state(known.get(reference), row.values)
    return found


def _read(columns: Sequence[str], row: CheckedRow) -> CheckedRow:
    said = row.said = {name: cell for name, cell in zip(columns, row.cells, strict=False) if cell}
    if not said.get("CarerID"):
        row.say(WrongCell("E101", "Enter your own reference of the worker"), "CarerID")
    for name, most in (("CarerID", LONGEST_ID), ("FirstName", LONGEST_NAME), ("LastName", LONGEST_NAME)):
        if len(said.get(name, "")) > most:
            row.say(WrongCell("E101", f"Shorten this to {most} characters"), name)
    days = {name: _day(row, name) for name in ("StartDate", "EndDate")}
    if days["StartDate"] and days["EndDate"] and days["EndDate"] < days["StartDate"]:
        row.say(WrongCell("E103", "The last day is before the first"), "EndDate")
    active = said.get("Active", "yes").casefold()
    if active not in _YES | _NO:
        row.say(WrongCell("E104", f"{shown(active)} is not Yes or No"), "Active")
    row.values = {
        "reference": said.get("CarerID", ""), "first_name": said.get("FirstName", ""),
        "surname": said.get("LastName", ""), "starts_on": days["StartDate"], "ends_on": days["EndDate"],
        "is_active": active in _YES,
    }  # fmt: skip
    return row


def _day(row: CheckedRow, name: str) -> Any:
    try:
        return read_day(row.said[name]) if name in row.said else None
    except WrongCell as wrong:
        row.say(wrong, name)
        return None


def _state(known: Carer | None, values: dict[str, Any]) -> RowState:
    if known is None:
        return RowState.NEW
    same = all(getattr(known, name) == values[name] for name in _VALUES)
    return RowState.UNCHANGED if same else RowState.CHANGED


def write_carers(provider: Provider, rows: Iterable[CheckedRow]) -> None:
    """Add those that are new, and change the others."""
    known = carers_by_reference()
    new = []
    for row in rows:
        values = (row.values or {}) | {"changed_at": utc_now()}
        if (carer := known.get(values["reference"])) is None:
            new.append(values | {"provider_id": provider.id})
        else:
            rows_changed(sa.update(Carer).where(Carer.id == carer.id).values(**values), unsynced=True)
    if new:
        session.execute(sa.insert(Carer), new, execution_options={"render_nulls": True})
