"""One row of a file of actuals, as it is typed: which line item, which week, which figures. What cannot be read is said
at its cell, by the codes of domain.md 4.1.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from operator import itemgetter
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from models.calendar import today
from models.care.figures import Figures
from models.pricing import Unit
from models.records.actual import WEEK, AbsenceReason
from models.records.import_batch import RowFault
from models.uploads.cells import WrongCell, read_code, read_count, read_day, read_quantity, shown, turned_round
from models.uploads.facts import Facts, Item, WeekKey
from models.words import Choice, folded

T = TypeVar("T")
TEMPLATE = "ACT-1"
OLDEST = timedelta(weeks=60)
"""A week before that is not looked for."""
COLUMN_OF = {
    "actual_e4": "ActualQty", "frustrated_e4": "FrustratedQty", "missed_e4": "MissedQty", "extra_e4": "ExtraQty",
    "visits": "ActualVisits", "reason": "ReasonCode", "comment": "Comment", "provider_reference": "ProviderReference",
}  # fmt: skip
REASONS = {
    "hospital": "HOSP", "inhospital": "HOSP", "hospitalised": "HOSP", "hols": "HOLIDAY", "onholiday": "HOLIDAY",
    "noanswer": "NO_REPLY", "noaccess": "NO_REPLY", "refusal": "REFUSED", "refusedthevisit": "REFUSED",
    "died": "DECEASED", "death": "DECEASED", "hasdied": "DECEASED", "bankholiday": "BANK_HOL",
    "familygavethecare": "FAMILY", "withfamily": "FAMILY", "nostaff": "STAFF", "noworker": "STAFF", "snow": "WEATHER",
    "anotherreason": "OTHER",
}  # fmt: skip
"""Other ways to say a reason, folded."""
NOTHING_SAID: Mapping[str, str] = MappingProxyType({})
_OF_THE_FILE = ("TemplateVersion", "ProviderRef")
_QUANTITIES = ("FrustratedQty", "MissedQty", "ExtraQty")
_WORDS = ("ClientName", "ServiceLevel", "Unit", "PlannedQty")
_FIGURES = ("ActualQty", *_QUANTITIES, "ActualVisits", "ReasonCode", "RowVersion")


class RowState(Choice):
    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


@dataclass(slots=True)
class CheckedRow:
    """One row of a file, and what is to be done with it."""

    number: int
    cells: list[str]
    faults: list[RowFault] = field(default_factory=list)
    item: Item | None = None
    first_on: date | None = None
    planned_e4: int | None = None
    """What is planned for the item in the week; None where it is not active in it."""
    figures: Figures | None = None
    plain: Figures | None = None
    """The figures without the comment and the reference, which rows have in common that say the same."""
    version: int | None = None
    """Of the row that its sender had seen; None where the file does not say."""
    stood: int = 0
    """The version of the row that stands already; 0 where there is none."""
    state: RowState = RowState.REJECTED
    pence: int | None = None
    """What it pays, with VAT; None where that is not known."""
    outcome: int | None = None
    """What becomes of it, in short (models/uploads/outcome.py), once that is settled and its figures are let go."""
    values: dict[str, Any] | None = None
    """Of a worker or a visit: as columns of the record that it becomes."""
    said: Mapping[str, str] = field(default_factory=lambda: NOTHING_SAID)
    """Of a worker or a visit: what stands in its cells, by column; without those that are empty."""

    @property
    def is_rejected(self) -> bool:
        return self.state is RowState.REJECTED

    @property
    def is_good(self) -> bool:
        """It can be applied, and changes something."""
        return self.state is RowState.NEW or self.state is RowState.CHANGED

    @property
    def week(self) -> WeekKey | None:
        if self.item is None or self.first_on is None:
            return None
        return WeekKey(self.item.contract_id, self.item.service_id, self.first_on)

    def say(self, wrong: WrongCell, column: str, *, is_error: bool = True) -> None:
        self.faults.append(fault_of(wrong, column, is_error=is_error))

    def warn(self, code: str, column: str, text: str, suggestion: str | None = None) -> None:
        self.faults.append(RowFault(code, column, text, is_error=False, suggestion=suggestion))


def fault_of(wrong: WrongCell, column: str, *, is_error: bool = True) -> RowFault:
    return RowFault(wrong.code, column, wrong.text, is_error=is_error, suggestion=wrong.suggestion)


class _Read(NamedTuple):
    """What the cells with figures of a row say, whosever row it is."""

    figures: Figures | None
    version: int | None
    faults: list[RowFault]


class RowReader:
    """Reads the cells of rows, as far as they say something by themselves. What many rows of a file have in common is
    read once: most of ten thousand say the same of somebody else.
    """

    def __init__(self, facts: Facts, columns: Sequence[str]) -> None:
        self.facts, self._width = facts, len(columns)
        self._places = {name: place for place, name in enumerate(columns) if name}
        self._figure_cells = itemgetter(*(self._places.get(name, self._width) for name in _FIGURES))
        self._file_cells = itemgetter(*(self._places.get(name, self._width) for name in _OF_THE_FILE))
        self._word_cells = itemgetter(*(self._places.get(name, self._width) for name in _WORDS))
        self._item_at, self._week_at, self._comment_at, self._reference_at = (
            self._places.get(name, self._width)
            for name in ("CPLIRef", "WeekCommencing", "Comment", "ProviderReference")
        )
        self._contract_at, self._client_at = (
            self._places.get(name, self._width) for name in ("ContractRef", "ClientRef")
        )
        self._known_files: dict[tuple[str, ...], list[RowFault]] = {}
        self._known_weeks: dict[tuple[str, int], date | WrongCell] = {}
        self._known_figures: dict[Hashable, _Read] = {}

    def padded(self, cells: list[str]) -> list[str]:
        """The cells, an empty one for each that the row leaves out, and one more for columns that are not there."""
        return cells[: self._width] + [""] * (self._width + 1 - len(cells))

    def text(self, cells: Sequence[str], name: str) -> str:
        """What stands in that column of a padded row."""
        return cells[self._places.get(name, self._width)]

    def words(self, cells: list[str]) -> tuple[str, ...]:
        """What a row says beside its figures: the client's name, the service level, the unit and the plan."""
        return self._word_cells(self.padded(cells))

    def read(self, number: int, cells: list[str]) -> CheckedRow:
        row, padded = CheckedRow(number, cells), self.padded(cells)
        row.faults += self._of_the_file(self._file_cells(padded))
        row.item = item = self._item(row, padded)
        row.first_on = self._week(row, padded[self._week_at], item)
        is_hours = item is not None and item.unit is Unit.HOUR
        key = self._figure_cells(padded), is_hours
        found = self._known_figures.get(key)
        if found is None:
            found = self._known_figures[key] = self._figures(padded, is_hours)
        row.faults += found.faults
        row.plain, row.version = found.figures, found.version
        comment, reference = padded[self._comment_at], padded[self._reference_at]
        if row.plain is not None:
            row.figures = row.plain.worded(comment, reference) if comment or reference else row.plain
        return row

    def _of_the_file(self, said: tuple[str, ...]) -> list[RowFault]:
        """What is wrong with the cells that are the same in all of a file."""
        if said not in self._known_files:
            template, provider = said
            self._known_files[said] = faults = []
            if template and template != TEMPLATE:
                text = f"{shown(template)} is no template of ours. Download it again"
                faults.append(RowFault("E001", "TemplateVersion", text, suggestion=TEMPLATE))
            own = self.facts.provider.reference
            if provider and provider.casefold() != own.casefold():
                text = f"{shown(provider)} is another provider. This page is for {own}"
                faults.append(RowFault("E010", "ProviderRef", text))
        return self._known_files[said]

    def _item(self, row: CheckedRow, cells: Sequence[str]) -> Item | None:
        said = cells[self._item_at]
        item = self.facts.items.get(said) if said else None
        if item is None:
            try:
                item = self._item_called(said) if said else self._item_of_client(cells)
            except WrongCell as wrong:
                row.say(wrong, "CPLIRef" if said or "CPLIRef" in self._places else "ClientRef")
                return None
        if (said := cells[self._contract_at]) and said != item.contract_reference:
            known = "is another contract than that of this line item" if said in self.facts.contracts else \
                "is no contract of yours"  # fmt: skip
            row.say(WrongCell("E011", f"{shown(said)} {known}", item.contract_reference), "ContractRef")
        said, own = cells[self._client_at], item.client_reference
        if said and said != own and said.casefold() != own.casefold():
            text = f"{shown(said)} is not the client of line item {item.reference}. Look which of the two is right"
            row.say(WrongCell("E023", text), "ClientRef")
        return item

    def _item_called(self, said: str) -> Item:
        found = self.facts.items.get(said)
        if found is None:
            raise _unknown(said, self.facts.items_like, "line item of yours")
        return found

    def _item_of_client(self, cells: Sequence[str]) -> Item:
        """By client, service level and contract, where the file names no line item; of several the one that is active
        in the week.
        """
        said = cells[self._client_at]
        if not said:
            text = "Enter the reference of the line item. An empty cell takes nothing from the row above"
            raise WrongCell("E020", text)
        found = self.facts.by_client.get(said)
        if found is None:
            raise _unknown(said, self.facts.clients_like, "client of yours")
        level, contract = self.text(cells, "ServiceLevel"), cells[self._contract_at]
        chosen = [item for item in found if not level or folded(item.level_name) == folded(level)]
        chosen = [item for item in chosen if not contract or item.contract_reference == contract]
        if not chosen:
            raise WrongCell("E020", f"Client {said} has no line item for {shown(level or contract)}")
        day = cells[self._week_at]
        active = [item for item in chosen if _is_active(item, day)] if len(chosen) > 1 else chosen
        if len(active) != 1:
            names = ", ".join(item.reference for item in chosen[:5])
            raise WrongCell("E021", f"Client {said} has several line items: {names}. Enter which one")
        return active[0]

    def _week(self, row: CheckedRow, said: str, item: Item | None) -> date | None:
        key = said, item.contract_id if item is not None else 0
        found = self._known_weeks.get(key)
        if found is None:
            try:
                found = self._begin(said, item)
            except WrongCell as wrong:
                found = wrong
            self._known_weeks[key] = found
        if isinstance(found, WrongCell):
            row.say(found, "WeekCommencing")
            return None
        return found

    def _begin(self, said: str, item: Item | None) -> date:
        if not said:
            raise WrongCell("E030", "Enter the first day of the week, like 07/09/2026")
        day = read_day(said)
        if item is None:
            return day
        week = self.facts.week_holding(item.contract_id, day)
        if week is None:
            raise WrongCell("E034", f"{day_words(day)} is before this contract was paid here")
        if week.first != day:
            turned = turned_round(day)
            right = self.facts.week_holding(item.contract_id, turned) if turned else None
            meant = turned if turned and right and right.first == turned and turned <= today() else week.first
            text = f"{day_words(day)} is a {day:%A}. Did you mean {day_words(meant)}?"
            raise WrongCell("E031", text, f"{meant:%d/%m/%Y}")
        if day > today():
            raise WrongCell("E032", f"The week from {day_words(day)} has not begun")
        if day < today() - OLDEST:
            raise WrongCell("E034", f"The week from {day_words(day)} is too long ago")
        return day

    def _figures(self, cells: Sequence[str], is_hours: bool) -> _Read:
        faults: list[RowFault] = []

        def read(column: str, how: Callable[[str], T]) -> T | None:
            said = self.text(cells, column)
            try:
                return how(said) if said else None
            except WrongCell as wrong:
                faults.append(fault_of(wrong, column))
                return None

        quantity = partial(read_quantity, is_hours=is_hours)
        actual = read("ActualQty", quantity)
        if not self.text(cells, "ActualQty"):
            faults.append(RowFault("E050", "ActualQty", "Enter what was delivered: 0 if it was nothing"))
        frustrated, missed, extra = (read(column, quantity) or 0 for column in _QUANTITIES)
        visits, code = read("ActualVisits", read_count), read("ReasonCode", _reason)
        if faults or actual is None:
            return _Read(None, None, faults)
        reason = AbsenceReason(code) if code else None
        said = self.text(cells, "RowVersion")
        version = int(said) if said.isascii() and said.isdigit() and len(said) < 10 else None
        return _Read(Figures(actual, frustrated, missed, extra, visits, reason), version, [])


def days_said(columns: Sequence[str], rows: Iterable[tuple[int, list[str]]]) -> set[date]:
    """The days on which weeks begin that these rows may speak of."""
    place = columns.index("WeekCommencing")
    found = set()
    for said in {cells[place] for _, cells in rows if place < len(cells)}:
        with suppress(WrongCell):
            found.add(read_day(said))
    return found


def _is_active(item: Item, said: str) -> bool:
    try:
        day = read_day(said)
    except WrongCell:
        return True
    return item.starts_on <= day + WEEK and (item.ends_on is None or item.ends_on >= day)


def day_words(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _reason(said: str) -> str:
    return read_code(said, [each.value for each in AbsenceReason], REASONS, "E060", "reason")


def _unknown(said: str, like: Callable[[str], list[str]], what: str) -> WrongCell:
    """With the only reference that is the same but for capitals, spaces and noughts in front, if there is one."""
    same = like(said)
    return WrongCell("E020", f"{shown(said)} is no {what}", same[0] if len(same) == 1 else None)
