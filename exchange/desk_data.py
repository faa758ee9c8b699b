"""What the council downloads of its lists: payments, and a payment run."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Row

from exchange.tabular import Cell, Pence
from models.payments.review import Finding

PAYMENTS = (
    "Provider", "Contract", "Reference", "Period from", "Period to", "State", "Answer", "Confirm by", "Finalise on",
    "Held", "Queried", "Waiting", "Total",
)  # fmt: skip
RUN = ("Provider", "Contract", "Reference", "Period from", "Period to", "This payment", "The one before", "Difference")


def payments_data(rows: Iterable[Row]) -> Iterator[tuple[Cell, ...]]:
    yield PAYMENTS
    for row in rows:
        yield (
            row.provider, row.contract, row.reference, row.first_on, row.last_on, row.processing.value,
            row.confirmation.value if row.is_asked else "not asked", row.confirm_by, row.finalise_on,
            "yes" if row.is_held else "no", "yes" if row.is_queried else "no",
            Pence(row.waiting_pence), Pence(row.total_pence),
        )  # fmt: skip


def run_data(rows: Iterable[Row], kind: Finding | None) -> Iterator[tuple[Cell, ...]]:
    """The payments of a run, or one kind of exception; of rows, with the client's reference."""
    names_clients = kind is not None and kind.names_clients
    yield (*RUN, *(("Client",) if names_clients else ()), "Outcome")
    for row in rows:
        yield (
            row.provider, row.contract, row.reference, row.first_on, row.last_on, *(
                None if pence is None else Pence(int(pence))
                for pence in (row.total_pence, row.before_pence, row.difference_pence)
            ),
            *((row.client_reference,) if names_clients else ()), row.outcome,
        )  # fmt: skip
