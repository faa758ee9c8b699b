"""A statement of account as a file: its lines with the balance after each, between opening and closing."""

from collections.abc import Iterator, Mapping

from exchange.downloads.tabular import Cell, Pence
from models.calendar import DAY
from models.reports.statement import Entry, Statement

LINES = (
    "Day", "Contract", "Reference", "What", "Run", "Entitled", "Paid", "Repaid, written off or moved", "Balance",
    "Taken for a debt (in Paid already)", "Added to a debt (in Paid already)", "Reason",
)  # fmt: skip


def statement_data(statement: Statement, contracts: Mapping[int, tuple[str, str]]) -> Iterator[tuple[Cell, ...]]:
    """`contracts`: name and reference by id."""
    yield LINES
    nothing: tuple[Cell, ...] = (None, None, None)
    yield (
        statement.first_on - DAY, "", "", "Opening balance", None, *nothing, Pence(statement.opening_pence), None, None,
        "",
    )  # fmt: skip
    for line in statement.lines:
        name, reference = contracts[line.contract_id]
        is_other = not (line.entry is Entry.ENTITLED or line.entry is Entry.PAID)
        sums = (
            Pence(line.pence) if line.entry is Entry.ENTITLED else None,
            Pence(-line.pence) if line.entry is Entry.PAID else None,
            Pence(line.pence) if is_other else None,
        )
        yield (
            line.on, name, reference, line.entry.value, line.run_id, *sums, Pence(line.balance_pence),
            Pence(line.taken_pence) if line.taken_pence else None,
            Pence(line.added_pence) if line.added_pence else None, line.reason,
        )  # fmt: skip
    others = statement.repaid_pence + statement.written_off_pence + statement.moved_pence
    yield (
        statement.last_on, "", "", "Closing balance", None, Pence(statement.entitled_pence),
        Pence(statement.paid_pence), Pence(others), Pence(statement.closing_pence), Pence(statement.taken_pence),
        Pence(statement.added_pence), "",
    )  # fmt: skip
