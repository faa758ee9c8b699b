"""What the council downloads of its list, and a provider of its own, of one-off claims: no client stands in it."""

from collections.abc import Iterable, Iterator
from typing import Any

from exchange.downloads.tabular import Cell, Pence


def claims_data(rows: Iterable[Any]) -> Iterator[tuple[Cell, ...]]:
    """`rows` of models.billing.listing."""
    yield (
        "Number", "Provider", "Date of claim", "Status", "Submitted", "Items", "Claimed", "Accepted",
    )  # fmt: skip
    for each in rows:
        yield (
            each.reference, each.provider, each.claimed_on, each.status.label, each.submitted_at, each.item_count,
            Pence(each.claimed_pence), Pence(each.accepted_pence) if each.status.is_decided else None,
        )  # fmt: skip
