"""A file of a provider's own people in which this and that is wrong, for a demonstration to be mended."""

from collections.abc import Iterable, Iterator
from datetime import date

from exchange.downloads.tabular import Cell
from models.uploads.cells import turned_round
from models.uploads.columns import ACTUALS

_PLACES = {column.name: place for place, column in enumerate(ACTUALS)}
_AWAY: dict[str, Cell] = {"ActualQty": "0", "ReasonCode": "Hosp", "Comment": "In hospital all week"}


def with_faults(rows: Iterable[tuple[Cell, ...]]) -> Iterator[tuple[Cell, ...]]:
    """The rows of a template, headings first, with a fault in some of the first ones: as many kinds as there are rows
    for them.
    """
    for number, row in enumerate(rows):
        yield row if number == 0 else tuple(_changed(list(row), number))


def _changed(row: list[Cell], number: int) -> list[Cell]:
    planned = row[_PLACES["PlannedQty"]]
    typed: dict[str, Cell] = {}
    if number in (1, 3, 5):
        typed = _AWAY | {"FrustratedQty": planned}
    elif number == 2:
        typed = {"ActualQty": "7,5", "Comment": "Went home on Friday"}
    elif number == 4:
        typed = {"ActualQty": "n/a", "Comment": "See the log"}
    elif number == 6:
        first_on = row[_PLACES["WeekCommencing"]]
        turned = turned_round(first_on) if isinstance(first_on, date) else None
        typed = {"WeekCommencing": turned or "last week"}
    elif number == 7:
        typed = {"CPLIRef": f"{row[_PLACES['CPLIRef']]}9"}
    for name, cell in typed.items():
        row[_PLACES[name]] = cell
    return row
