"""Payments received and expected, as a file: one row a payment of a run, or of an open payment."""

from collections.abc import Iterable, Iterator

from exchange.downloads.tabular import Cell, Pence
from models.reports.banked import Banked

HEADINGS = (
    "Bank day", "Contract", "Reference", "Period from", "Period to", "Amount", "State", "On your statement",
    "On your statement on", "Taken for what you owe", "Added to what you owe",
)  # fmt: skip


def received_data(parts: Iterable[Banked]) -> Iterator[tuple[Cell, ...]]:
    yield HEADINGS
    for part in parts:
        yield (
            part.bank_on, part.contract, part.reference, part.span.first, part.span.last, Pence(part.pence),
            part.state, Pence(part.received_pence) if part.received_pence else None, part.received_on,
            Pence(part.taken_pence) if part.taken_pence else None,
            Pence(part.added_pence) if part.added_pence else None,
        )  # fmt: skip
