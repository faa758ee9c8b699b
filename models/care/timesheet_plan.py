"""A month of a timesheet by person and day: what was planned, what stands, and what it comes to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, select

from models.base import session
from models.calendar import DAY, FAR_FUTURE, Span, today
from models.care.plan import Planned, calendar_on, calendars_of, plans, week_of
from models.care.rules import MOST_E4, STEPS_E4
from models.money import SCALE, number, times
from models.pricing import Unit
from models.records.actual import AbsenceReason
from models.records.care_package import CarePackageLineItem, ItemPrice
from models.records.contract import ContractRate, PaymentMethod
from models.records.timesheet import Timesheet, TimesheetDay, month_of
from models.together import read_together

BY_DAY = (Unit.NIGHT, Unit.SESSION, Unit.DAY)
"""What a timesheet counts. A price by the week or the hour stands in none."""
STEPS = {Unit.NIGHT: (SCALE,), Unit.DAY: (SCALE,), Unit.SESSION: (SCALE, 2 * SCALE, SCALE // 2)}
"""What a tap puts on a day, one after the other, and then nothing again."""


@dataclass(frozen=True)
class Cell:
    """One person's day."""

    item_id: int
    day: date
    planned_e4: int | None
    """None: how many are planned in the week is known, and not on which day."""
    units_e4: int
    reason: AbsenceReason | None
    is_payable: bool
    """The care package has begun and has not ended."""

    @property
    def is_short(self) -> bool:
        """Less than was planned, so that it needs a reason."""
        return self.planned_e4 is not None and self.units_e4 < self.planned_e4

    @property
    def has_come(self) -> bool:
        return self.day <= today()


@dataclass
class Person:
    """One line item of the month."""

    planned: Planned
    """Of its first payable day in the month: who it is, and which level."""
    cells: dict[date, Cell] = field(default_factory=dict)
    pence: int = 0
    """About what the month comes to, before VAT: each day at its price."""

    @property
    def item_id(self) -> int:
        return self.planned.item_id

    @property
    def unit(self) -> Unit:
        return self.planned.unit

    @property
    def units_e4(self) -> int:
        return sum(each.units_e4 for each in self.cells.values())

    @property
    def planned_e4(self) -> int:
        return sum(each.planned_e4 or 0 for each in self.cells.values())

    @property
    def words(self) -> str:
        """8 nights"""
        return f"{number(self.units_e4)} {self.unit.value}{'' if self.units_e4 == SCALE else 's'}"

    def next_after(self, units_e4: int) -> int:
        """What a tap makes of a day."""
        row = (0, *STEPS[self.unit])
        return row[(row.index(units_e4) + 1) % len(row)] if units_e4 in row else 0

    @property
    def runs_away(self) -> list[list[Cell]]:
        """Days that are less than planned, those that adjoin and have one reason together."""
        found: list[list[Cell]] = []
        for cell in self.cells.values():
            if not cell.is_short or not cell.has_come:
                continue
            last = found[-1][-1] if found else None
            adjoins = last is not None and all(
                not (self.cells[day].planned_e4 or self.cells[day].units_e4) for day in _between(last.day, cell.day)
            )
            if last is not None and adjoins and last.reason == cell.reason:
                found[-1].append(cell)
            else:
                found.append([cell])
        return found

    @property
    def without_reason(self) -> int:
        return sum(len(run) for run in self.runs_away if run[0].reason is None)


@dataclass
class Month:
    """All of it. `people` in the order of masked names."""

    sheet: Timesheet
    days: list[date]
    people: list[Person]
    more: list[Sequence[Any]] = field(default_factory=list)
    """What the further queries found that `of` was given."""

    @property
    def pence(self) -> int:
        return sum(each.pence for each in self.people)

    @property
    def without_reason(self) -> int:
        return sum(each.without_reason for each in self.people)

    @property
    def is_planned_by_day(self) -> bool:
        """Whether "as planned" can fill it: of each person it is known on which days."""
        return any(cell.planned_e4 is not None for each in self.people for cell in each.cells.values())

    @classmethod
    def of(cls, sheet: Timesheet, *more: Select[Any]) -> "Month":
        """Five queries; whatever else the page tells is read with the last of them."""
        days = days_of(sheet.span)
        found = by_day(sheet.contract_id, sheet.service_id, days)
        rows, prices, rates, *rest = read_together(_said(sheet.id), *_prices(sheet), *more)
        said = {(row.item_id, row.day): row for row in rows}
        people: dict[int, Person] = {}
        for (item_id, day), planned in found.items():
            person = people.setdefault(item_id, Person(planned))
            row = said.pop((item_id, day), None)
            person.cells[day] = Cell(
                item_id, day, planned_on(planned), row.units_e4 if row else 0, row.reason if row else None, True
            )
        for (item_id, day), row in said.items():
            if row.units_e4 and item_id in people:  # the care package has been ended since
                people[item_id].cells[day] = Cell(item_id, day, 0, row.units_e4, row.reason, False)
        for person in people.values():
            person.cells = dict(sorted(person.cells.items()))
            own = [each for each in prices if each.item_id == person.item_id]
            _price(person, own or [each for each in rates if each.service_level_id == person.planned.level_id])
        return cls(sheet, days, list(people.values()), rest)


def days_of(span: Span) -> list[date]:
    return [span.first + timedelta(days=each) for each in range(span.days)]


def _between(first: date, last: date) -> list[date]:
    return [first + timedelta(days=each) for each in range(1, (last - first).days)]


def by_day(contract_id: int, service_id: int, days: Sequence[date]) -> dict[tuple[int, date], Planned]:
    """The plan of each payable day of what a timesheet counts, by item and day; four queries."""
    found = plans([contract_id], [Span(day, day) for day in days])
    ours = (each for each in found if each.service_id == service_id and each.unit in BY_DAY)
    return {(each.item_id, each.week.first): each for each in ours}


def planned_on(planned: Planned) -> int | None:
    """Units of that one day; None where a quantity a week is bought without a timetable, so that no day has a whole
    number of them.
    """
    is_whole = planned.planned_e4 % STEPS_E4.get(planned.unit, SCALE) == 0
    return planned.planned_e4 if is_whole and planned.planned_e4 <= MOST_E4[planned.unit] else None


def _said(timesheet_id: int) -> Select[TimesheetDay]:
    return select(TimesheetDay).where(TimesheetDay.timesheet_id == timesheet_id).order_by(TimesheetDay.day)


def days_said(timesheet_id: int) -> dict[tuple[int, date], TimesheetDay]:
    return {(row.item_id, row.day): row for row in session.scalars(_said(timesheet_id))}


def _prices(sheet: Timesheet) -> tuple[Select[ItemPrice], Select[ContractRate]]:
    """The prices of its care packages, and the rates of its contract."""
    item = CarePackageLineItem
    ours = select(item.id).where(item.contract_id == sheet.contract_id)
    return (
        select(ItemPrice).where(ItemPrice.item_id.in_(ours)).order_by(ItemPrice.starts_on),
        select(ContractRate).where(ContractRate.contract_id == sheet.contract_id).order_by(ContractRate.starts_on),
    )


def _price(person: Person, prices: Sequence[ItemPrice] | Sequence[ContractRate]) -> None:
    """What the month comes to: a day at the price of that day."""
    for cell in person.cells.values():
        on_day = (each.rate_e4 for each in prices if each.starts_on <= cell.day <= (each.ends_on or FAR_FUTURE))
        person.pence += times(next(on_day, 0), cell.units_e4)


def weeks_touching(
    contract_id: int, month: Span, methods: Sequence[PaymentMethod] | None = None
) -> list[Span]:  # fmt: skip
    """The weeks of the contract that have a day in the month, in order. `methods`: with calendars, where they are read
    already.
    """
    if methods is None:
        methods = calendars_of([contract_id]).get(contract_id, [])
    found: list[Span] = []
    day = month.first
    while day <= month.last:
        calendar = calendar_on(methods, day)
        if calendar is None:
            day += DAY
            continue
        week = week_of(calendar, day)
        found.append(week)
        day = week.last + DAY
    return found


def months_of(week: Span) -> list[date]:
    """The first days of the one or two months in which it is."""
    return sorted({month_of(week.first).first, month_of(week.last).first})
