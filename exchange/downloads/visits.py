"""Visits, as a provider takes them away."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Row

from exchange.downloads.tabular import Cell

HEADINGS = (
    "Visit", "Client", "Day", "Start", "End", "Minutes", "Workers", "Worker", "Outcome", "Reason", "Line item",
    "Service level", "Comment",
)  # fmt: skip


def visits_data(rows: Iterable[Row]) -> Iterator[tuple[Cell, ...]]:
    """`rows` of models.care.from_visits.visits_of. Days and times are those of London."""
    yield HEADINGS
    for row in rows:
        visit = row.Visit
        yield (
            visit.reference, row.client, visit.day, visit.started_at, visit.ended_at, visit.minutes, visit.carers,
            row.worker, visit.outcome.value, visit.reason.value if visit.reason else "", row.item, row.level,
            visit.comment,
        )  # fmt: skip
