"""What the council downloads of one provider's list of remittances."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Row

from exchange.downloads.tabular import Cell, Pence

HEADINGS = ("Remittance", "Run", "Contract", "Reference", "Period from", "Period to", "In the bank", "Lines", "Paid")


def remittances_data(rows: Iterable[Row]) -> Iterator[tuple[Cell, ...]]:
    yield HEADINGS
    for row in rows:
        yield (
            row.reference, row.run_id, row.contract, row.contract_reference, row.first_on, row.last_on, row.bank_on,
            row.lines, Pence(row.paid_pence),
        )  # fmt: skip
