"""Weeks of actuals as a file: the list of them, and one week's rows."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from exchange.downloads.tabular import Cell, Pence, Rate
from models.care.confirmed import KeptRow
from models.care.figures import Draft
from models.care.figures_of_weeks import Key, WeekFigures
from models.care.register import ListedWeek
from models.care.sheet import SheetRow
from models.pricing import Unit
from models.records.actual import ConfirmedActual

Cells = tuple[Cell, ...]
OF_A_ROW = (
    "Client", "Surname", "First name", "Line item", "Service level", "Unit", "Week commencing", "Planned", "Actual",
    "Frustrated", "Missed", "Extra", "Visits", "Reason", "Comment", "Your reference",
)  # fmt: skip


def list_data(
    weeks: Iterable[ListedWeek], figures: Mapping[Key, WeekFigures], pence: Mapping[Key, int] | None
) -> Iterator[Cells]:  # fmt: skip
    """One row a week and unit: hours and nights are not added up. `pence`: what payments have for each week, on its
    first row, for whoever may see that.
    """
    head = (
        "Contract", "Contract name", "Service", "Week commencing", "Week ending", "State", "Due by", "Exceptions open",
        "People", "Unit", "Planned", "Actual",
    )  # fmt: skip
    yield (*head, "In payments") if pence is not None else head
    for week in weeks:
        own = figures.get(week.key, WeekFigures())
        units: list[Unit | None] = [*own.planned_e4]
        for number, unit in enumerate(units or [None]):
            row = (
                week.reference, week.contract_name, week.service_name, week.span.first, week.span.last,
                week.standing.label, week.in_time_until, week.exceptions, own.people, unit.value if unit else None,
                _of(own.planned_e4, unit), _of(own.actual_e4, unit),
            )  # fmt: skip
            yield (*row, Pence(pence.get(week.key, 0)) if not number else None) if pence is not None else row


def _of(quantities: Mapping[Unit, int], unit: Unit | None) -> Rate | None:
    return Rate(quantities[unit]) if unit is not None and unit in quantities else None


def sheet_data(rows: Iterable[SheetRow], first_on: date) -> Iterator[Cells]:
    """A week that is open, one row a person, as it stands."""
    yield *OF_A_ROW, "To put right"
    for row in rows:
        faults = ". ".join(each.text for each in row.faults)
        yield *_cells(row, row.actual, first_on), faults


def kept_data(rows: Iterable[KeptRow], first_on: date, paid: Mapping[int, int] | None) -> Iterator[Cells]:
    """A confirmed week, with each figure that was confirmed, the newest first; `paid`: pence by line item, for who may
    see them.
    """
    more, pence = (("Total",), paid) if paid is not None else ((), {})
    yield *OF_A_ROW, "Number", "Confirmed on", "Exception", "The council says", *more
    for row in rows:
        for kept in row.figures:
            said = kept.exception
            is_paid = row.item_id in pence and kept is row.newest
            total = (Pence(pence[row.item_id]) if is_paid else None,) if more else ()
            yield (
                *_cells(row, kept.confirmed, first_on), kept.confirmed.number, kept.confirmed.confirmed_at,
                said.state.label if said else None, said.note if said else None, *total,
            )  # fmt: skip


def _cells(row: SheetRow | KeptRow, figures: Draft | ConfirmedActual, first_on: date) -> Cells:
    quantities = figures.actual_e4, figures.frustrated_e4, figures.missed_e4, figures.extra_e4
    return (
        row.client_reference, row.surname, row.first_name, row.item_reference, row.level_name, row.unit.value, first_on,
        Rate(figures.planned_e4), *map(Rate, quantities), figures.visits,
        figures.reason.value if figures.reason else None, figures.comment, figures.provider_reference,
    )  # fmt: skip
