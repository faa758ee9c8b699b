"""Checking a file of actuals, row by row. What people type is read in actual_rows.py; whether the figures may be said
is judged by models/care/checking.py, as for the form. Codes are those of domain.md 4.1.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from models.base import chunks
from models.calendar import today
from models.care.checking import LONGEST_COMMENT, LONGEST_REFERENCE, check
from models.care.figures import Figures, Standing
from models.care.plan import Planned
from models.money import number
from models.records.import_batch import RowFault
from models.uploads.actual_rows import COLUMN_OF, CheckedRow, RowReader, RowState, day_words
from models.uploads.bad_cells import BadCells
from models.uploads.cells import WrongCell, read_quantity, shown
from models.uploads.facts import Begun, Facts, Item, WeekKey
from models.uploads.kept_check import packed
from models.uploads.outcome import settle
from models.uploads.steps import CHECKING, Tell
from models.uploads.worth import WorthOfRows
from models.words import folded, how_many

AT_ONCE = 5_000
"""Rows of one week after which it is told how far the check is."""


@dataclass
class CheckedActuals:
    """A file of actuals that was checked: what its good rows come to, in pence with VAT, and what their plan does; None
    where there are none.
    """

    rows: list[CheckedRow]
    pence: int | None = None
    planned_pence: int | None = None
    decided: list[bytes] = field(default_factory=list)
    """What is to be written, and which weeks are complete then, for one day on which weeks begin after the other."""


def check_actuals(
    facts: Facts, columns: Sequence[str], rows: Iterable[tuple[int, list[str]]], bad: Mapping[str, str], tell: Tell,
) -> CheckedActuals:  # fmt: skip
    """Every row, with all that is wrong with it. `bad`: what is wrong with cells that have no value to read. Week after
    week, so that no more than the plan of one is held at once; `tell` hears how many rows are checked.
    """
    reader, unread = RowReader(facts, columns), BadCells(columns, bad)
    found = CheckedActuals([reader.read(number, cells) for number, cells in rows])
    said_twice = _said_twice(found.rows)
    of_day: dict[date, list[CheckedRow]] = defaultdict(list)
    for row in found.rows:
        if row.item is not None and row.first_on is not None:
            of_day[row.first_on].append(row)
        else:
            unread.tell(row)
    done = len(found.rows) - sum(map(len, of_day.values()))
    worth = WorthOfRows(facts.provider.id) if of_day else None
    for n, (_, of_it) in enumerate(sorted(of_day.items())):
        tell(CHECKING, done)
        if n:
            facts.forget_weeks()
        facts.read_weeks({week for row in of_it if (week := row.week)})
        judge = _Judge(facts, reader, said_twice)
        for some in chunks(of_it, AT_ONCE):
            _judge_each(judge, some, unread)
            done += len(some)
            tell(CHECKING, done)
        found.decided += _decided(facts, of_it)
        if worth is not None:
            worth.add(of_it)
        settle(of_it)
    if worth is not None:
        found.pence, found.planned_pence = worth.pence, worth.planned_pence
    return found


def _judge_each(judge: "_Judge", rows: Iterable[CheckedRow], unread: BadCells) -> None:
    for row in rows:
        judge.judge(row)
        unread.tell(row)


def _decided(facts: Facts, rows: Sequence[CheckedRow]) -> list[bytes]:
    """One, where there is anything to write or any week is complete."""
    good, complete = [row for row in rows if row.is_good], _complete(facts, rows)
    return [packed(facts, good, complete)] if good or complete else []


def _complete(facts: Facts, rows: Iterable[CheckedRow]) -> list[WeekKey]:
    """Weeks in which somebody has said of everybody who is planned what was delivered: in the file, or before it. Weeks
    that a rejected row speaks of are none.
    """
    said: dict[WeekKey, set[int]] = defaultdict(set)
    wrong: set[WeekKey] = set()
    for row in rows:
        if row.item is not None and (key := row.week) is not None:
            wrong.add(key) if row.is_rejected else said[key].add(row.item.id)
    before = {item_id for item_id, _ in facts.rows}
    return sorted(
        key for key, items in said.items()
        if key not in wrong and {each.item_id for each in facts.planned_in(key)} <= items | before
    )  # fmt: skip


def _said_twice(rows: Iterable[CheckedRow]) -> dict[tuple[int, date], list[int]]:
    """Numbers of the rows that speak of one line item and week."""
    numbers: dict[tuple[int, date], list[int]] = defaultdict(list)
    for row in rows:
        if row.item is not None and row.first_on is not None:
            numbers[row.item.id, row.first_on].append(row.number)
    return {key: found for key, found in numbers.items() if len(found) > 1}


class _Judge:
    """Holds the rows of one week against the plan, the rules, and what stands already; says what becomes of each. What
    the rules say of many rows is asked once where the rows say the same.
    """

    def __init__(self, facts: Facts, reader: RowReader, said_twice: Mapping[tuple[int, date], list[int]]) -> None:
        self._facts, self._reader, self._said_twice = facts, reader, said_twice
        self._known: dict[Hashable, list[RowFault]] = {}
        self._closed: dict[tuple[WeekKey, int], WrongCell | None] = {}

    def judge(self, row: CheckedRow) -> None:
        if row.item is None or row.first_on is None:
            return
        key = row.item.id, row.first_on
        if key in self._said_twice:
            others = [each for each in self._said_twice[key] if each != row.number]
            where = f"row {others[0]}" if len(others) == 1 else f"rows {', '.join(map(str, others[:5]))}"
            row.say(WrongCell("E070", f"This person and week stand in {where} too. Keep one of them"), "")
        planned = self._facts.planned.get(key)
        if planned is None:
            text = f"Line item {row.item.reference} is not active in the week from {day_words(row.first_on)}"
            row.say(WrongCell("E022", text), "WeekCommencing")
            return
        row.planned_e4 = planned.planned_e4
        _compare_words(row, self._reader, row.item, planned)
        if row.figures is not None:
            row.state = self._outcome(row, row.figures, planned)
        if row.faults and any(fault.is_error for fault in row.faults):
            row.state = RowState.REJECTED

    def _outcome(self, row: CheckedRow, figures: Figures, planned: Planned) -> RowState:
        stands = self._facts.rows.get(planned.key)
        if stands is not None and stands.by_day_e4 and stands.actual_e4 == figures.actual_e4:
            row.figures = figures = replace(figures, by_day_e4=tuple(stands.by_day_e4))
        if stands is not None and Figures.of(stands) == figures:
            return RowState.UNCHANGED
        row.faults += self._faults(row.plain, figures, planned)
        if (refusal := self._refusal(planned)) is not None:
            row.say(refusal, "WeekCommencing")
        if stands is None:
            return RowState.NEW
        row.stood = stands.version
        _notice_others(row, stands)
        return RowState.CHANGED

    def _faults(self, plain: Figures | None, figures: Figures, planned: Planned) -> list[RowFault]:
        """What the rules say. Of words they ask only whether there is a comment, and whether they are too long."""
        is_long = len(figures.comment) > LONGEST_COMMENT or len(figures.provider_reference) > LONGEST_REFERENCE
        if is_long or figures.by_day_e4 is not None:
            return self._asked(figures, planned)
        has_comment = bool(figures.comment.strip())
        key = plain, has_comment, planned.planned_e4, planned.in_hospital, planned.level_id
        if key not in self._known:
            self._known[key] = self._asked(figures, planned)
        return self._known[key]

    def _asked(self, figures: Figures, planned: Planned) -> list[RowFault]:
        return [
            RowFault(each.code.value, COLUMN_OF[each.column], each.text, is_error=each.is_error,
                     suggestion=_typed(each.suggestion))
            for each in check(figures, planned, self._facts.rules(planned))
        ]  # fmt: skip

    def _refusal(self, planned: Planned) -> WrongCell | None:
        """Why nothing can be said of the week any more."""
        key = WeekKey(planned.contract_id, planned.service_id, planned.week.first), planned.level_id
        if key not in self._closed:
            self._closed[key] = _closed(self._facts, self._facts.weeks.get(key[0]), planned)
        return self._closed[key]


def _typed(suggestion: str | None) -> str | None:
    return None if suggestion is None else suggestion.replace(",", "").replace("−", "-")


def _closed(facts: Facts, week: Begun | None, planned: Planned) -> WrongCell | None:
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


def _notice_others(row: CheckedRow, stands: Standing) -> None:
    """A template from before somebody's change would undo that change unseen."""
    if row.version is None or stands.version == row.version or (row.version == 0 and stands.version == 1):
        return
    text = (
        f"Somebody has changed this row since you downloaded the template: it says {number(stands.actual_e4)} now. "
        "To use your figures all the same, press the button"
    )
    row.say(WrongCell("W110", text, str(stands.version)), "RowVersion")


def _compare_words(row: CheckedRow, reader: RowReader, item: Item, planned: Planned) -> None:
    """What the file says beside its figures, and what it should say."""
    name, level, unit, plan = reader.words(row.cells)
    if name and not set(folded(name).split()) & set(folded(item.client_name).split()):
        row.warn("W101", "ClientName", f"Line item {item.reference} is for another name. Look whether the row is right")
    if level and level != item.level_name and folded(level) != folded(item.level_name):
        row.warn("W102", "ServiceLevel", f"The line item is for {item.level_name}")
    if unit and unit.casefold().rstrip("s") != item.unit.value:
        row.say(WrongCell("E040", f"{shown(unit)} is not what it is counted in. It is {item.unit.value}",
                          item.unit.value), "Unit")  # fmt: skip
    if plan:
        try:
            is_other = read_quantity(plan) != planned.planned_e4
        except WrongCell:
            is_other = True
        if is_other:
            row.warn("W103", "PlannedQty", f"The plan is {number(planned.planned_e4)} now")
