"""Checking and writing a file of visits (domain.md 4.3): the same VisitRef again changes the visit. Times are those of
the clock on the wall; minutes are counted between the instants.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from models.base import chunks, rows_changed, session, utc_now
from models.calendar import DAY, LONDON, in_words, today
from models.care.allotting import Wanted, allot, paid_days
from models.care.visit_story import confirmed_weeks
from models.records.actual import AbsenceReason
from models.records.provider import Provider
from models.records.visit import Visit, VisitOutcome
from models.uploads.actual_rows import REASONS, CheckedRow, RowState
from models.uploads.carers import LONGEST_ID, carers_by_reference
from models.uploads.cells import WrongCell, read_code, read_count, read_day, read_time, shown
from models.uploads.clashes import tell_clashes
from models.uploads.facts import Facts

METHODS = ("App", "NFC", "Phone", "Manual")
MOST_CARERS = 9
AT_ONCE = 500
"""References that one query looks for."""
LONGEST_COMMENT = 1_000
_OUTCOMES = {"completed": "Delivered", "done": "Delivered", "made": "Delivered", "noaccess": "Frustrated",
             "aborted": "Frustrated", "notdone": "Missed", "canceled": "Cancelled"}  # fmt: skip
_VALUES = (
    "client_id", "item_id", "carer_id", "carers", "day", "planned_start", "planned_end", "started_at", "ended_at",
    "minutes", "outcome", "reason", "comment", "log_method", "manual_reason",
)  # fmt: skip


def instant(day: date, at: time, *, is_second: bool = False) -> datetime:
    """When the clocks of London show that time on that day; in the hour that comes twice the first, or the second."""
    return datetime.combine(day, at, LONDON).replace(fold=is_second).astimezone(UTC)


def span_of(day: date, begins: time, ends: time | None) -> tuple[datetime, datetime]:
    """From and to, by instants. An end that is not after the start is in the second of an hour that comes twice, or on
    the day after. `ends` None: the midnight that ends the day.
    """
    start = instant(day, begins)
    if ends is None:
        return start, instant(day + DAY, time())
    end = instant(day, ends)
    if end <= start and (again := instant(day, ends, is_second=True)) > start:
        return start, again
    return start, end if end > start else instant(day + DAY, ends)


def check_visits(facts: Facts, columns: Sequence[str], rows: Iterable[tuple[int, list[str]]]) -> list[CheckedRow]:
    carers = {reference: carer.id for reference, carer in carers_by_reference().items()}
    clients = {reference: items[0].client_id for reference, items in facts.by_client.items()}
    found = [_Reader(facts, carers, clients, columns, CheckedRow(number, cells)).row for number, cells in rows]
    count = Counter(row.said.get("VisitRef", "") for row in found)
    references = {reference for reference in count if reference}
    known = _standing(references)
    for row in found:
        reference = row.said.get("VisitRef", "")
        if reference and count[reference] > 1:
            row.say(WrongCell("E107", f"{shown(reference)} stands in {count[reference]} rows. Keep one"), "VisitRef")
    _insist_on_paid_days(found)
    good = [row for row in found if row.values is not None and not any(fault.is_error for fault in row.faults)]
    _allot(facts, good, known)
    _insist_on_open_weeks(good, known)
    good = [row for row in good if not any(fault.is_error for fault in row.faults)]
    for row in good:
        row.state = _state(known.get(row.values["reference"]), row.values) if row.values else row.state
    tell_clashes(good)
    return found


def _standing(references: Iterable[str]) -> dict[str, Visit]:
    """Those of these references that are there already; not all that the provider ever had."""
    found = {}
    for some in chunks(sorted(references), AT_ONCE):
        for each in session.scalars(select(Visit).where(Visit.reference.in_(some)).order_by(Visit.id)):
            found[each.reference] = each
    return found


class _Reader:
    """Reads one row."""

    def __init__(
        self, facts: Facts, carers: dict[str, int], clients: dict[str, int], columns: Sequence[str], row: CheckedRow
    ) -> None:
        self.row, self.facts = row, facts
        self.said = row.said = {name: cell for name, cell in zip(columns, row.cells, strict=False) if cell}
        reference = self._needed("VisitRef", "Enter your own reference of the visit")
        if len(reference) > LONGEST_ID:
            row.say(WrongCell("E101", f"Shorten this to {LONGEST_ID} characters"), "VisitRef")
        client = self._one_of("SSRef", clients, "E111", "Nobody with the reference {} has care from you")
        carer = self._one_of("CarerID", carers, "E112", "There is no worker {}. Upload your workers first")
        day = self._day()
        outcome = self._code("Outcome", [each.value for each in VisitOutcome], _OUTCOMES, "E116", "outcome")
        if "Outcome" not in self.said:
            row.say(WrongCell("E116", "Enter Delivered, Frustrated, Missed or Cancelled"), "Outcome")
        planned = self._span(day, "PlannedStart", "PlannedEnd", is_needed=False)
        is_delivered = outcome == VisitOutcome.DELIVERED.value
        made = self._span(day, "ActualStart", "ActualEnd", is_needed=True) if is_delivered else (None, None)
        reason = self._code("ReasonCode", [each.value for each in AbsenceReason], REASONS, "E060", "reason")
        method = self._code("LogMethod", METHODS, {}, "E117", "way of logging")
        item_id = self._item(client)
        if len(self.said.get("Comment", "")) > LONGEST_COMMENT:
            row.say(WrongCell("E061", f"Shorten the comment to {LONGEST_COMMENT:,} characters"), "Comment")
        if any(fault.is_error for fault in row.faults) or outcome is None:
            return
        row.values = {
            "reference": reference, "client_id": client, "carer_id": carer, "carers": self._carers(), "day": day,
            "planned_start": planned[0], "planned_end": planned[1], "started_at": made[0], "ended_at": made[1],
            "minutes": _minutes(*made), "outcome": VisitOutcome(outcome),
            "reason": AbsenceReason(reason) if reason else None, "comment": self.said.get("Comment", ""),
            "log_method": method or "", "manual_reason": self.said.get("ManualEditReason", ""), "item_id": item_id,
        }  # fmt: skip

    def _needed(self, name: str, what: str) -> str:
        if name not in self.said:
            self.row.say(WrongCell("E101", what), name)
        return self.said.get(name, "")

    def _one_of(self, name: str, known: dict[str, int], code: str, what: str) -> int | None:
        said = self._needed(name, "Enter this reference")
        if said and said not in known:
            self.row.say(WrongCell(code, what.format(shown(said))), name)
        return known.get(said)

    def _day(self) -> date | None:
        try:
            day = (
                read_day(self._needed("VisitDate", "Enter the day, like 07/09/2026"))
                if "VisitDate" in self.said
                else None
            )
        except WrongCell as wrong:
            self.row.say(wrong, "VisitDate")
            return None
        if day is None:
            self.row.say(WrongCell("E030", "Enter the day, like 07/09/2026"), "VisitDate")
        elif day > today():
            self.row.say(WrongCell("E032", "This day has not come"), "VisitDate")
        return day

    def _span(
        self, day: date | None, first: str, last: str, *, is_needed: bool
    ) -> tuple[datetime | None, datetime | None]:
        if day is None or (first not in self.said and last not in self.said and not is_needed):
            return None, None
        for name in (first, last):
            if name not in self.said:
                self.row.say(WrongCell("E113", "Enter both times, like 08:30"), name)
                return None, None
        try:
            begins, ends = read_time(self.said[first]) or time(), read_time(self.said[last])
        except WrongCell as wrong:
            self.row.say(wrong, first if shown(self.said[first]) in wrong.text else last)
            return None, None
        if begins == ends:
            self.row.say(WrongCell("E114", "It ends when it begins"), last)
            return None, None
        return span_of(day, begins, ends)

    def _code(self, name: str, codes: Sequence[str], more: dict[str, str], code: str, what: str) -> str | None:
        if name not in self.said:
            return None
        try:
            return read_code(self.said[name], codes, more, code, what)
        except WrongCell as wrong:
            self.row.say(wrong, name)
            return None

    def _item(self, client_id: int | None) -> int | None:
        said = self.said.get("CPLIRef")
        if not said:
            return None
        item = self.facts.items.get(said)
        if item is None:
            self.row.say(WrongCell("E020", f"{shown(said)} is no line item of yours"), "CPLIRef")
        elif item.client_id != client_id:
            self.row.say(WrongCell("E023", f"Line item {said} is for another client"), "CPLIRef")
        return item.id if item else None

    def _carers(self) -> int:
        try:
            count = read_count(self.said.get("NumberOfCarers", "1"))
        except WrongCell as wrong:
            self.row.say(wrong, "NumberOfCarers")
            return 1
        if not 1 <= count <= MOST_CARERS:
            self.row.say(WrongCell("E118", f"Enter 1 to {MOST_CARERS} workers"), "NumberOfCarers")
        return count


def _minutes(start: datetime | None, end: datetime | None) -> int:
    return 0 if start is None or end is None else (end - start) // timedelta(minutes=1)


def _insist_on_paid_days(rows: Iterable[CheckedRow]) -> None:
    """A fault of each row whose line item is not paid for its day: its visit would come into no week."""
    said = [row for row in rows if row.values and row.values["item_id"]]
    paid = paid_days({row.values["item_id"] for row in said if row.values})
    for row in said:
        values = row.values or {}
        first_on, last_on = paid[values["item_id"]]
        if not first_on <= values["day"] <= last_on:
            text = f"Line item {row.said['CPLIRef']} is not paid for {in_words(values['day'])}. Choose another, or none"
            row.say(WrongCell("E022", text), "CPLIRef")


def _allot(facts: Facts, rows: Sequence[CheckedRow], known: dict[str, Visit]) -> None:
    """Give each visit its line item. One that somebody has allotted by hand keeps it while that is paid for its day."""
    wanted, paid = [], paid_days({each.item_id for each in known.values() if each.item_id})
    for row in rows:
        values = row.values or {}
        if values["item_id"] is None:
            before = known.get(values["reference"])
            if before is not None and _keeps_item(before, values, paid):
                values["item_id"] = before.item_id
            else:
                minutes = values["minutes"] or _minutes(values["planned_start"], values["planned_end"])
                wanted.append((row, Wanted(values["client_id"], values["day"], minutes * values["carers"],
                                           row.said.get("ServiceLevel", ""))))  # fmt: skip
    for (row, _), item_id in zip(wanted, allot([each for _, each in wanted]), strict=True):
        if row.values is not None:
            row.values["item_id"] = item_id
        if item_id is None:
            text = "No care, or more than one, is commissioned that fits. The visit waits as unallocated"
            row.warn("W142", "SSRef", text)


def _keeps_item(before: Visit, values: dict[str, Any], paid: dict[int, tuple[date, date]]) -> bool:
    if before.item_id is None or before.client_id != values["client_id"]:
        return False
    first_on, last_on = paid[before.item_id]
    return bool(first_on <= values["day"] <= last_on)


def _insist_on_open_weeks(rows: Iterable[CheckedRow], known: dict[str, Visit]) -> None:
    """A fault of each row that takes a visit out of a confirmed week in which it counts: it would be paid there, and
    where it comes to once more.
    """
    stand = {
        row.number: known[row.values["reference"]] for row in rows if row.values and row.values["reference"] in known
    }
    counts = confirmed_weeks(list(stand.values()))
    for row in rows:
        before, values = stand.get(row.number), row.values or {}
        span = counts.get(before.id) if before is not None else None
        if before is None or span is None:
            continue
        is_same_item, is_in_week = values["item_id"] == before.item_id, span.first <= values["day"] <= span.last
        if not is_same_item or not is_in_week:
            text = (
                f"This visit counts in the confirmed week of {span.words()} of the line item that it has. Open that "
                "week with Correct this week, or ask the council to open it; then check this file again"
            )
            row.say(WrongCell("E119", text), "VisitDate" if is_same_item else "CPLIRef")


def _state(known: Visit | None, values: dict[str, Any]) -> RowState:
    if known is None:
        return RowState.NEW
    same = all(getattr(known, name) == values[name] for name in _VALUES)
    return RowState.UNCHANGED if same else RowState.CHANGED


def write_visits(provider: Provider, rows: Iterable[CheckedRow]) -> None:
    """Add those that are new, and change the others."""
    found = list(rows)
    standing = _standing({row.values["reference"] for row in found if row.values})
    known = {reference: visit.id for reference, visit in standing.items()}
    new = []
    for row in found:
        values = (row.values or {}) | {"changed_at": utc_now()}
        if (visit_id := known.get(values["reference"])) is None:
            new.append(values | {"provider_id": provider.id})
        else:
            rows_changed(sa.update(Visit).where(Visit.id == visit_id).values(**values), unsynced=True)
    if new:
        session.execute(sa.insert(Visit), new, execution_options={"render_nulls": True})
