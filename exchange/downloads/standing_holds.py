"""What the council downloads of its list of standing holds."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Row

from exchange.downloads.tabular import Cell, Pence

HEADINGS = (
    "Provider", "Provider reference", "What is held", "From", "To", "Review on", "Reason", "State", "Payments held",
    "Sum held",
)  # fmt: skip


def standing_holds_data(rows: Iterable[Row]) -> Iterator[tuple[Cell, ...]]:
    yield HEADINGS
    for row in rows:
        standing = row.StandingHold
        state = "ended" if standing.is_ended else "to be reviewed" if standing.is_due_for_review else "in force"
        yield (
            row.provider, row.provider_reference, standing.what, standing.first_on, standing.last_on,
            standing.review_on, standing.reason, state, row.payments, Pence(row.pence),
        )  # fmt: skip
