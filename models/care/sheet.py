"""A week as one sheet: each person's row with its plan, what is wrong with it, and until when it is confirmed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.base import session
from models.calendar import today
from models.care.checking import Code, Fault, Severity, check
from models.care.figures import Draft, Figures
from models.care.history import Past, patterns, rejected
from models.care.overlaps import overlap_of
from models.care.plan import Planned, planned_of
from models.care.rules import Rulebook
from models.pricing import Unit
from models.records.actual import WEEK, Actual, ActualWeek
from models.records.care_package import CarePackageLineItem
from models.records.client import Client
from models.records.contract import ServiceLevel
from models.statements import built_once

AT_ONCE = "One worker was at visits {} at the same time. Correct them, or the council looks at it first"
ENDED = "The council has ended this care before the week, so nothing of it can be paid. Enter 0, or ask"


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One person's row. `plan` is what stands in the care package now; None where it has no day in the week."""

    actual: Draft
    figures: Figures
    """What it says, without its plan."""
    item_reference: str
    level_id: int
    level_name: str
    unit: Unit
    client_reference: str
    surname: str
    first_name: str
    plan: Planned | None
    faults: tuple[Fault, ...]
    told: tuple[Fault, ...] = ()
    """What the weeks before make of it: kindly pointed out."""

    @property
    def item_id(self) -> int:
        return self.actual.item_id

    @property
    def name(self) -> str:
        """Surname first, with the reference."""
        names = ", ".join(filter(None, [self.surname, self.first_name]))
        return f"{names} ({self.client_reference})"

    @property
    def is_as_planned(self) -> bool:
        return self.figures == Figures.as_planned(self.actual.planned_e4)

    @property
    def has_new_plan(self) -> bool:
        return self.plan is not None and self.plan.planned_e4 != self.actual.planned_e4

    @property
    def all_faults(self) -> list[Fault]:
        """Errors first, then what the council looks at, then what is only told."""
        return [*self.faults, *self.told]

    @property
    def is_wrong(self) -> bool:
        return any(each.is_error for each in self.all_faults)


@dataclass(frozen=True)
class Sheet:
    week: ActualWeek
    rows: Sequence[SheetRow]
    """By masked name."""
    new_people: Sequence[Planned]
    """Planned in the week, and without a row: they came into the plan after it was begun."""
    in_time_until: date
    """The last day on which it is confirmed in time."""
    latest: date
    """The last on which its provider can confirm it at all."""
    by_item: dict[int, SheetRow] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_item", {row.item_id: row for row in self.rows})

    @property
    def faults(self) -> dict[int, list[Fault]]:
        """By item; rows without one are not there."""
        return {row.item_id: found for row in self.rows if (found := row.all_faults)}

    @property
    def wrong(self) -> list[SheetRow]:
        """Rows with an error: the week cannot be confirmed before they are put right."""
        return [row for row in self.rows if row.is_wrong]

    def of_severity(self, severity: Severity) -> list[tuple[SheetRow, Fault]]:
        return [(row, each) for row in self.rows for each in row.all_faults if each.severity is severity]

    @property
    def changed(self) -> list[SheetRow]:
        """Rows that are not as planned."""
        return [row for row in self.rows if not row.is_as_planned]

    @property
    def has_new_plan(self) -> bool:
        return bool(self.new_people) or any(row.has_new_plan for row in self.rows)

    @property
    def planned_e4(self) -> dict[Unit, int]:
        return self._sums("planned_e4")

    @property
    def actual_e4(self) -> dict[Unit, int]:
        return self._sums("actual_e4")

    def _sums(self, column: str) -> dict[Unit, int]:
        """By unit: hours and nights are not added up."""
        found: dict[Unit, int] = {}
        for row in self.rows:
            found[row.unit] = found.get(row.unit, 0) + getattr(row.actual, column)
        return found

    @property
    def is_late(self) -> bool:
        """Its provider has to say why, also where it has opened it itself; not where the council has."""
        return not self.week.is_opened_by_council and today() > self.in_time_until

    @property
    def is_closed(self) -> bool:
        """Only the council can open it."""
        return not self.week.is_opened_by_council and today() > self.latest


def rows_of(week: ActualWeek) -> Select[Actual]:
    return select(Actual).where(Actual.week_id == week.id).order_by(Actual.item_id)


def read_sheet(week: ActualWeek) -> Sheet:
    """Five queries, however many people there are."""
    which = {"week_id": week.id, "first_on": week.first_on, "last_on": week.first_on + WEEK}
    found = [(Draft(*row[:_WIDTH]), row) for row in session.execute(_rows(), which)]
    planned = {each.item_id: each for each in planned_of(week.contract_id, week.service_id, week.first_on)}
    levels = {row.level_id for _, row in found} | {each.level_id for each in planned.values()}
    rulebook = Rulebook.read(levels)
    past = Past.read(week)
    rows = [_row(week, draft, row, planned.get(draft.item_id), rulebook, past) for draft, row in found]
    have = {row.item_id for row in rows}
    return Sheet(
        week, rows, [each for item_id, each in planned.items() if item_id not in have],
        rulebook.deadline(levels, week.first_on) if levels else today(),
        rulebook.latest(levels, week.first_on) if levels else today(),
    )  # fmt: skip


@built_once
def _rows() -> Select:
    """The columns of a Draft, then what stands beside it. Parameters: `week_id`, and the days of the week, `first_on`
    and `last_on`.
    """
    item = CarePackageLineItem
    return (
        select(
            *(getattr(Actual, name) for name in Draft._fields), item.reference, ServiceLevel.id.label("level_id"),
            ServiceLevel.name.label("level_name"),
            ServiceLevel.unit, Client.reference.label("client_reference"), Client.surname, Client.first_name,
            overlap_of(Actual.item_id, *_DAYS).label("overlap"),
        )
        .select_from(Actual)
        .join(item, item.id == Actual.item_id)
        .join(ServiceLevel, ServiceLevel.id == item.service_level_id)
        .join(Client, Client.id == item.client_id)
        .where(Actual.week_id == sa.bindparam("week_id", type_=sa.Integer()))
        .order_by(*Client.shown_order(), item.reference)
    )  # fmt: skip


_WIDTH = len(Draft._fields)
_DAYS = sa.bindparam("first_on", type_=sa.Date()), sa.bindparam("last_on", type_=sa.Date())


def _row(
    week: ActualWeek, actual: Draft, row: sa.Row, plan: Planned | None, rulebook: Rulebook, past: Past
) -> SheetRow:  # fmt: skip
    figures, told = Figures.of(actual), list[Fault]()
    if plan is None:
        faults = [Fault(Code.UNPLANNED, "actual_e4", ENDED)] if actual.actual_e4 else []
    else:
        rules = rulebook.of(plan.level_id, week.first_on)
        faults = rejected(actual.item_id, figures, past) + check(figures, plan, rules)
        if row.overlap and actual.actual_e4 > 0:
            faults.append(Fault(Code.OVERLAP, "actual_e4", AT_ONCE.format(row.overlap)))
        told = patterns(week, actual, past, rules)
    return SheetRow(
        actual, figures, row.reference, row.level_id, row.level_name, row.unit, row.client_reference, row.surname,
        row.first_name, plan, tuple(faults), tuple(told),
    )  # fmt: skip
