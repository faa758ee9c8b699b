"""The clock report as a file: no client stands in it."""

from collections.abc import Iterable, Iterator

from exchange.downloads.tabular import Cell, Pence
from models.billing.invoice_clock import ClockRow


def clock_data(rows: Iterable[ClockRow]) -> Iterator[tuple[Cell, ...]]:
    yield (
        "Provider", "Number", "Contract", "State", "Received", "Valid from", "To be paid by", "In the bank", "Days",
        "Days late", "Days on hold", "Days to the first hold", "Days too late to tell of it", "Gross", "Interest",
        "Fixed sum",
    )  # fmt: skip
    for each in rows:
        yield (
            each.provider, each.number, each.contract, each.state, each.received_on, each.valid_on, each.due_on,
            each.paid_on, each.days, each.late_days, each.held_days, each.told_days, each.told_late_days,
            Pence(each.gross_pence),
            None if each.interest_pence is None else Pence(each.interest_pence),
            None if each.fixed_pence is None else Pence(each.fixed_pence),
        )  # fmt: skip
