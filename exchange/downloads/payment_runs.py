"""What the council downloads of a payment run: its payments, or one kind of exception."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Row

from exchange.downloads.tabular import Cell, Pence
from models.payments.finding import Finding

HEADINGS = (
    "Provider", "Contract", "Reference", "Period from", "Period to", "This payment", "The one before", "Difference",
)  # fmt: skip


def run_data(rows: Iterable[Row], kind: Finding | None) -> Iterator[tuple[Cell, ...]]:
    """A row for each payment; for each row of a payment, with the client's reference, if that is what `kind` finds."""
    names_clients = kind is not None and kind.names_clients
    yield (*HEADINGS, *(("Client",) if names_clients else ()), "Outcome")
    for row in rows:
        yield (
            row.provider, row.contract, row.reference, row.first_on, row.last_on, *(
                None if pence is None else Pence(int(pence))
                for pence in (row.total_pence, row.before_pence, row.difference_pence)
            ),
            *((row.client_reference,) if names_clients else ()), row.outcome,
        )  # fmt: skip
