"""What is owed, as files: the council's list of debts, and the ledger of one contract."""

from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy import Row

from exchange.downloads.tabular import Cell, Pence
from models.payments.ledger import Entry, Ledger
from models.payments.owing import Forecast
from models.records.contract import Contract

DEBTS = (
    "Provider", "Contract", "Reference", "Owed", "Owed since", "Instalment", "Payments that take it", "They take",
    "Left after them", "Write-off that waits", "Repaid too much",
)  # fmt: skip
LEDGER = ("Contract", "Reference", "Day", "What", "Payment from", "Payment to", "Run", "Added", "Taken off", "Owed",
          "Repaid too much", "Reason")  # fmt: skip


def debts_data(
    rows: Iterable[Row], ledgers: Mapping[int, Ledger], coming: Mapping[int, Forecast]
) -> Iterator[tuple[Cell, ...]]:
    yield DEBTS
    for row in rows:
        forecast = coming[row.id]
        yield (
            row.provider, row.contract, row.reference, Pence(row.owed_pence), ledgers[row.id].owed_since,
            _pence(row.per_payment_pence), len(forecast.steps), Pence(forecast.taken_pence),
            Pence(forecast.rest_pence), _pence(row.write_off_pence), Pence(row.surplus_pence),
        )  # fmt: skip


def ledger_data(contract: Contract, ledger: Ledger, *, with_runs: bool) -> Iterator[tuple[Cell, ...]]:
    """`with_runs`: with the numbers of the runs, for the council."""
    yield LEDGER
    for each in ledger.entries:
        yield (contract.name, contract.reference, each.on, each.step.value, *_payment(each, with_runs), *_sums(each))


def _payment(entry: Entry, with_runs: bool) -> tuple[Cell, ...]:
    days = (entry.span.first, entry.span.last) if entry.span else (None, None)
    return *days, entry.run_id if with_runs else None


def _sums(entry: Entry) -> tuple[Cell, ...]:
    return (
        Pence(max(entry.change_pence, 0)), Pence(max(-entry.change_pence, 0)), Pence(entry.left_pence),
        Pence(entry.surplus_pence), entry.reason,
    )  # fmt: skip


def _pence(pence: int | None) -> Pence | None:
    return None if pence is None else Pence(pence)
