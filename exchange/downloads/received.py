"""Payments received and expected, as a file: one row a payment of a run, or of an open payment."""

from collections.abc import Iterable, Iterator
from datetime import date

from exchange.downloads.tabular import Cell, Pence
from models.reports.bank_matching import Finding, finding_of
from models.reports.banked import Banked

HEADINGS = (
    "Bank day", "Contract", "Reference", "Period from", "Period to", "Amount", "State", "On your statement",
    "On your statement on", "Taken for what you owe", "Added to what you owe",
)  # fmt: skip


ANSWER = (
    "Bank day", "Contract", "Reference", "Remittance", "Period from", "Period to", "Outcome", "Paid",
    "On your statement", "On your statement on", "Short", "Missing",
)  # fmt: skip


def answer_data(parts: Iterable[Banked], last_on: date) -> Iterator[tuple[Cell, ...]]:
    """What statements up to that day say of each payment: received, short or missing."""
    yield ANSWER
    for part in parts:
        finding = finding_of(part, last_on)
        yield (
            part.bank_on, part.contract, part.reference, part.remittance, part.span.first, part.span.last,
            finding.value, Pence(part.pence), Pence(part.received_pence), part.received_on,
            Pence(part.short_pence), Pence(part.pence if finding is Finding.MISSING else 0),
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
