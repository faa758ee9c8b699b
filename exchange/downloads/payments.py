"""What the council downloads of its list of payments."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Row

from exchange.downloads.tabular import Cell, Pence
from models.payments.standing import Standing

HEADINGS = (
    "Provider", "Provider’s reference", "Contract", "Reference", "Period from", "Period to", "State", "Answer",
    "Confirm by", "Finalise on", "Held", "Queried", "Waiting", "Excl VAT", "VAT", "Total", "To the bank", "Of it held",
    "Taken for a debt", "Added to a debt",
)  # fmt: skip


def payments_data(rows: Iterable[tuple[Row, Standing]]) -> Iterator[tuple[Cell, ...]]:
    """Total = to the bank + taken - added + held."""
    yield HEADINGS
    for row, stands in rows:
        yield (
            row.provider, row.provider_reference, row.contract, row.reference, row.first_on, row.last_on,
            row.processing.value,
            row.confirmation.value if row.is_asked else "not asked", row.answer_by, row.finalise_on,
            "yes" if row.is_held else "no", "yes" if row.is_queried else "no",
            Pence(row.waiting_pence), Pence(row.net_pence), Pence(row.vat_pence), Pence(row.total_pence),
            Pence(stands.bank_pence), Pence(stands.held_pence), Pence(stands.taken_pence), Pence(stands.added_pence),
        )  # fmt: skip
