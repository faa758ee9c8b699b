"""Checking a file of actuals, row by row. What people type is read in actual_rows.py; whether the figures may be said
is judged by models/care/checking.py, as for the form. Codes are those of domain.md 4.1.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from models.calendar import today
from models.care.checking import check
from models.care.figures import Figures
from models.care.plan import Planned
from models.money import number
from models.records.actual import Actual
from models.records.import_batch import RowFault
from models.uploads.actual_rows import COLUMN_OF, CheckedRow, ReadRow, RowState, day_words
from models.uploads.cells import WrongCell, read_quantity, shown
from models.uploads.facts import Facts, Item
from models.words import folded, how_many


def check_actuals(facts: Facts, columns: Sequence[str], rows: Iterable[tuple[int, list[str]]]) -> list[CheckedRow]:
    """Every row, with all that is wrong with it."""
    checked = [ReadRow(facts, columns, CheckedRow(number, cells)).found for number, cells in rows]
    facts.read_weeks({week for row in checked if (week := row.week)})
    said_twice = _said_twice(checked)
    for row in checked:
        _judge(facts, row, said_twice)
    return checked


def _said_twice(rows: Iterable[CheckedRow]) -> dict[tuple[int, date], list[int]]:
    """Numbers of the rows that speak of one line item and week."""
    numbers: dict[tuple[int, date], list[int]] = defaultdict(list)
    for row in rows:
        if row.item is not None and row.first_on is not None:
            numbers[row.item.id, row.first_on].append(row.number)
    return {key: found for key, found in numbers.items() if len(found) > 1}


def _judge(facts: Facts, row: CheckedRow, said_twice: dict[tuple[int, date], list[int]]) -> None:
    """Hold what was read against the plan, the rules, and what stands already; say what becomes of the row."""
    if row.item is None or row.first_on is None:
        return
    key = row.item.id, row.first_on
    if key in said_twice:
        others = [each for each in said_twice[key] if each != row.number]
        where = f"row {others[0]}" if len(others) == 1 else f"rows {', '.join(map(str, others[:5]))}"
        row.say(WrongCell("E070", f"This person and week stand in {where} too. Keep one of them"), "")
    row.planned = facts.planned.get(key)
    if row.planned is None:
        text = f"Line item {row.item.reference} is not active in the week from {day_words(row.first_on)}"
        row.say(WrongCell("E022", text), "WeekCommencing")
        return
    _compare_words(row, row.item, row.planned)
    if row.figures is not None:
        row.state = _outcome(facts, row, row.figures, row.planned)
    if any(fault.is_error for fault in row.faults):
        row.state = RowState.REJECTED


def _outcome(facts: Facts, row: CheckedRow, figures: Figures, planned: Planned) -> RowState:
    stands = facts.rows.get(planned.key)
    if stands is not None and stands.by_day_e4 and stands.actual_e4 == figures.actual_e4:
        row.figures = figures = replace(figures, by_day_e4=tuple(stands.by_day_e4))
    if stands is not None and Figures.of(stands) == figures:
        return RowState.UNCHANGED
    for each in check(figures, planned, facts.rules(planned)):
        row.faults.append(
            RowFault(each.code.value, COLUMN_OF[each.column], each.text, is_error=each.is_error,
                     suggestion=_typed(each.suggestion))
        )  # fmt: skip
    if (refusal := _closed(facts, row, planned)) is not None:
        row.say(refusal, "WeekCommencing")
    if stands is None:
        return RowState.NEW
    row.stood = stands.version
    _notice_others(row, stands)
    return RowState.CHANGED


def _typed(suggestion: str | None) -> str | None:
    return None if suggestion is None else suggestion.replace(",", "").replace("−", "-")


def _closed(facts: Facts, row: CheckedRow, planned: Planned) -> WrongCell | None:
    """Why nothing can be said of the week any more."""
    week = facts.weeks.get(row.week) if row.week else None
    first_on = planned.week.first
    if week is not None and not week.is_open:
        return WrongCell(
            "E080", f"The week from {day_words(first_on)} is confirmed. Press Correct this week on its page first"
        )
    if (week is None or not week.is_opened_by_council) and today() > facts.rules(planned).latest(first_on):
        weeks = how_many(facts.rules(planned).latest_weeks, "week")
        return WrongCell(
            "E034", f"The week from {day_words(first_on)} is more than {weeks} old. Ask the council to open it"
        )
    return None


def _notice_others(row: CheckedRow, stands: Actual) -> None:
    """A template from before somebody's change would undo that change unseen."""
    if row.version is None or stands.version == row.version or (row.version == 0 and stands.version == 1):
        return
    text = (
        f"Somebody has changed this row since you downloaded the template: it says {number(stands.actual_e4)} now. "
        "To use your figures all the same, press the button"
    )
    row.say(WrongCell("W110", text, str(stands.version)), "RowVersion")


def _compare_words(row: CheckedRow, item: Item, planned: Planned) -> None:
    """What the file says beside its figures, and what it should say."""

    if (said := row.said.get("ClientName")) and not set(folded(said).split()) & set(folded(item.client_name).split()):
        row.warn("W101", "ClientName", f"Line item {item.reference} is for another name. Look whether the row is right")
    if (said := row.said.get("ServiceLevel")) and folded(said) != folded(item.level_name):
        row.warn("W102", "ServiceLevel", f"The line item is for {item.level_name}")
    if (said := row.said.get("Unit")) and said.casefold().rstrip("s") != item.unit.value:
        row.say(WrongCell("E040", f"{shown(said)} is not what it is counted in. It is {item.unit.value}",
                          item.unit.value), "Unit")  # fmt: skip
    if said := row.said.get("PlannedQty"):
        try:
            is_other = read_quantity(said) != planned.planned_e4
        except WrongCell:
            is_other = True
        if is_other:
            row.warn("W103", "PlannedQty", f"The plan is {number(planned.planned_e4)} now")


def counts(rows: Iterable[CheckedRow]) -> Counter[RowState]:
    return Counter(row.state for row in rows)


def good(rows: Iterable[CheckedRow]) -> Iterator[CheckedRow]:
    """Those that can be applied and change something."""
    return (row for row in rows if row.state in (RowState.NEW, RowState.CHANGED))
