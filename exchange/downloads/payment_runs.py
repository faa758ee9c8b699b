"""What the council downloads of a payment run: its payments, or one kind of exception."""

from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy import Row

from exchange.downloads.tabular import Cell, Pence
from models.payments.finding import Finding
from models.payments.run import PaymentRun, RunState
from models.payments.run_progress import RunProgress

HEADINGS = (
    "Provider", "Contract", "Reference", "Period from", "Period to", "This payment", "The one before", "Difference",
)  # fmt: skip
BANK = ("To the bank", "Paid", "In the bank")
RUNS = (
    "Run", "As on", "State", "Prepared by", "Prepared", "Authorised by", "Authorised", "Finalised", "Note", "Total",
    "Paid", "Left",
)  # fmt: skip


def runs_data(runs: Iterable[PaymentRun], outcomes: Mapping[int, RunProgress]) -> Iterator[tuple[Cell, ...]]:
    yield RUNS
    for run in runs:
        outcome = outcomes.get(run.id, RunProgress() if run.state is RunState.FINALISED else None)
        by = ", ".join(each.name for each in (run.first_authorised_by, run.authorised_by) if each)
        yield (
            run.id, run.as_on, run.state.value, run.prepared_by.name if run.prepared_by else "The command line",
            run.prepared_at, by or ("The command line" if run.authorised_at else None), run.authorised_at,
            run.finalised_at, run.note, Pence(run.total_pence),
            Pence(outcome.total_pence) if outcome else None, Pence(outcome.left_pence) if outcome else None,
        )  # fmt: skip


def run_data(rows: Iterable[Row], kind: Finding | None) -> Iterator[tuple[Cell, ...]]:
    """A row for each payment; for each row of a payment, with the client's reference, if that is what `kind` finds."""
    names_clients = kind is not None and kind.names_clients
    has_bank = kind is None or kind.is_of_now
    yield (*HEADINGS, *(BANK if has_bank else ()), *(("Client",) if names_clients else ()), "Outcome")
    for row in rows:
        yield (
            row.provider, row.contract, row.reference, row.first_on, row.last_on,
            *(_pence(each) for each in (row.total_pence, row.before_pence, row.difference_pence)),
            *((_pence(row.bank_pence), _pence(row.paid_pence), row.bank_on) if has_bank else ()),
            *((row.client_reference,) if names_clients else ()), row.outcome,
        )  # fmt: skip


def _pence(pence: int | None) -> Pence | None:
    return None if pence is None else Pence(int(pence))
