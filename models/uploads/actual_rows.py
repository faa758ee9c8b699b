"""One row of a file of actuals, as it is typed: which line item, which week, which figures. What cannot be read is said
at its cell, by the codes of domain.md 4.1.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, TypeVar

from models.calendar import today
from models.care.figures import Figures
from models.care.plan import Planned
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
    planned: Planned | None = None
    figures: Figures | None = None
    version: int | None = None
    """Of the row that its sender had seen; None where the file does not say."""
    stood: int = 0
    """The version of the row that stands already; 0 where there is none."""
    state: RowState = RowState.REJECTED
    values: dict[str, Any] | None = None
    """Of a worker or a visit: as columns of the record that it becomes."""
    said: dict[str, str] = field(default_factory=dict)
    """What stands in its cells, by column; without those that are empty."""

    @property
    def is_rejected(self) -> bool:
        return self.state is RowState.REJECTED

    @property
    def week(self) -> WeekKey | None:
        if self.item is None or self.first_on is None:
            return None
        return WeekKey(self.item.contract_id, self.item.service_id, self.first_on)

    def say(self, wrong: WrongCell, column: str, *, is_error: bool = True) -> None:
        self.faults.append(
            RowFault(wrong.code, column, wrong.text, is_error=is_error, suggestion=wrong.suggestion)
        )  # fmt: skip

    def warn(self, code: str, column: str, text: str, suggestion: str | None = None) -> None:
        self.faults.append(RowFault(code, column, text, is_error=False, suggestion=suggestion))


class ReadRow:
    """Reads the cells of one row, as far as they say something by themselves."""

    def __init__(self, facts: Facts, columns: Sequence[str], row: CheckedRow) -> None:
        self.facts, self.columns, self.found = facts, columns, row
        self.said = row.said = {name: cell for name, cell in zip(columns, row.cells, strict=False) if cell}
        self._references()
        row.item = self._item()
        row.first_on = self._week()
        row.figures = self._figures()

    def text(self, name: str) -> str:
        return self.said.get(name, "")

    def _references(self) -> None:
        if (said := self.text("TemplateVersion")) and said != TEMPLATE:
            self.found.say(WrongCell("E001", f"{shown(said)} is no template of ours. Download it again", TEMPLATE),
                           "TemplateVersion")  # fmt: skip
        own = self.facts.provider.reference
        if (said := self.text("ProviderRef")) and said.casefold() != own.casefold():
            text = f"{shown(said)} is another provider. This page is for {own}"
            self.found.say(WrongCell("E010", text), "ProviderRef")

    def _item(self) -> Item | None:
        said = self.text("CPLIRef")
        try:
            item = self._item_called(said) if said else self._item_of_client()
        except WrongCell as wrong:
            self.found.say(wrong, "CPLIRef" if said or "CPLIRef" in self.columns else "ClientRef")
            return None
        if (said := self.text("ContractRef")) and said != item.contract_reference:
            known = "is another contract than that of this line item" if said in self.facts.contracts else \
                "is no contract of yours"  # fmt: skip
            self.found.say(WrongCell("E011", f"{shown(said)} {known}", item.contract_reference), "ContractRef")
        if (said := self.text("ClientRef")) and said.casefold() != item.client_reference.casefold():
            text = f"{shown(said)} is not the client of line item {item.reference}. Look which of the two is right"
            self.found.say(WrongCell("E023", text), "ClientRef")
        return item

    def _item_called(self, said: str) -> Item:
        found = self.facts.items.get(said)
        if found is None:
            raise _unknown(said, self.facts.items, "line item of yours")
        return found

    def _item_of_client(self) -> Item:
        """By client, service level and contract, where the file names no line item; of several the one that is active
        in the week.
        """
        said = self.text("ClientRef")
        if not said:
            text = "Enter the reference of the line item. An empty cell takes nothing from the row above"
            raise WrongCell("E020", text)
        found = self.facts.by_client.get(said)
        if found is None:
            raise _unknown(said, self.facts.by_client, "client of yours")
        level, contract = self.text("ServiceLevel"), self.text("ContractRef")
        chosen = [item for item in found if not level or folded(item.level_name) == folded(level)]
        chosen = [item for item in chosen if not contract or item.contract_reference == contract]
        if not chosen:
            raise WrongCell("E020", f"Client {said} has no line item for {shown(level or contract)}")
        active = [item for item in chosen if self._is_active(item)] if len(chosen) > 1 else chosen
        if len(active) != 1:
            names = ", ".join(item.reference for item in chosen[:5])
            raise WrongCell("E021", f"Client {said} has several line items: {names}. Enter which one")
        return active[0]

    def _is_active(self, item: Item) -> bool:
        try:
            day = read_day(self.text("WeekCommencing"))
        except WrongCell:
            return True
        return item.starts_on <= day + WEEK and (item.ends_on is None or item.ends_on >= day)

    def _week(self) -> date | None:
        said, item = self.text("WeekCommencing"), self.found.item
        try:
            if not said:
                raise WrongCell("E030", "Enter the first day of the week, like 07/09/2026")
            day = read_day(said)
            return day if item is None else self._begin(day, item)
        except WrongCell as wrong:
            self.found.say(wrong, "WeekCommencing")
            return None

    def _begin(self, day: date, item: Item) -> date:
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

    def _figures(self) -> Figures | None:
        before = len(self.found.faults)
        item = self.found.item
        is_hours = item is not None and item.unit is Unit.HOUR
        actual = self._quantity("ActualQty", is_hours, is_needed=True)
        frustrated, missed, extra = (
            self._quantity(column, is_hours) or 0 for column in ("FrustratedQty", "MissedQty", "ExtraQty")
        )
        visits = self._read("ActualVisits", read_count)
        code = self._read("ReasonCode", _reason)
        if len(self.found.faults) > before or actual is None:
            return None
        self.found.version = self._version()
        return Figures(
            actual, frustrated, missed, extra, visits, AbsenceReason(code) if code else None, self.text("Comment"),
            self.text("ProviderReference"),
        )  # fmt: skip

    def _quantity(self, column: str, is_hours: bool, *, is_needed: bool = False) -> int | None:
        said = self.text(column)
        if not said:
            if is_needed:
                self.found.say(WrongCell("E050", "Enter what was delivered: 0 if it was nothing"), column)
            return None
        try:
            return read_quantity(said, is_hours=is_hours)
        except WrongCell as wrong:
            self.found.say(wrong, column)
            return None

    def _read(self, column: str, read: Callable[[str], T]) -> T | None:
        said = self.text(column)
        if not said:
            return None
        try:
            return read(said)
        except WrongCell as wrong:
            self.found.say(wrong, column)
            return None

    def _version(self) -> int | None:
        said = self.text("RowVersion")
        return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else None


def day_words(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _reason(said: str) -> str:
    return read_code(said, [each.value for each in AbsenceReason], REASONS, "E060", "reason")


def _unknown(said: str, known: Mapping[str, object], what: str) -> WrongCell:
    """With the only reference that is the same but for capitals, spaces and noughts in front, if there is one."""
    key = _bare(said)
    same = [reference for reference in known if _bare(reference) == key]
    return WrongCell("E020", f"{shown(said)} is no {what}", same[0] if len(same) == 1 else None)


def _bare(reference: str) -> str:
    return "".join(reference.split()).casefold().lstrip("0")
