"""Where every pound is, to take away: the figures of each contract, and each sum that is held or blocked."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Row

from exchange.downloads.tabular import Cell, Pence
from models.reports.waits import client_of, since_of
from models.reports.whereabouts import Whereabouts

FIGURES = (
    "Contract", "Reference", "In the bank", "On its way", "Returned by the bank", "Repaid, written off or moved",
    "Still to come", "Held", "Blocked", "Owed back", "Entitled",
)  # fmt: skip
SUMS = (
    "Provider", "Contract", "Reference", "Period from", "Period to", "Client", "Service", "Purchase Order", "Reason",
    "Who has the next step", "Next step", "Since", "Until", "Amount",
)  # fmt: skip


def figures_data(contracts: Iterable[Whereabouts]) -> Iterator[tuple[Cell, ...]]:
    yield FIGURES
    for each in contracts:
        pence = (
            each.in_bank_pence, each.on_its_way_pence, each.returned_pence, -each.given_back_pence, each.open_pence,
            each.held_pence, each.blocked_pence, -each.owed_pence, each.entitled_pence,
        )  # fmt: skip
        yield each.contract, each.reference, *map(Pence, pence)


def sums_data(rows: Iterable[Row], *, at_council: bool) -> Iterator[tuple[Cell, ...]]:
    """The reason and the next step are worded for whoever takes the file away."""
    yield SUMS
    for row in rows:
        reason = row.reason
        yield (
            row.provider, row.contract, row.reference, row.first_on, row.last_on, client_of(row), row.service,
            str(row.order_number or ""), reason.words.label if at_council else reason.words.to_provider,
            "the provider" if reason.is_providers else "the council",
            reason.words.next_at_council if at_council else reason.words.next_at_provider,
            since_of(row), row.until_on, Pence(row.pence),
        )  # fmt: skip
