"""What an auditor downloads."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC

from sqlalchemy import Row

from exchange.downloads.tabular import Cell
from models.auditing.words import words_of
from models.calendar import LONDON

HEADINGS = (
    "Event", "When (London)", "When (UTC)", "Who", "Person", "What", "Action", "Record", "Provider", "Reference",
    "Details", "Seal",
)  # fmt: skip


def audit_data(rows: Iterable[Row]) -> Iterator[tuple[Cell, ...]]:
    """Headings, then a row for each event; an event that is not sealed yet has an empty seal."""
    yield HEADINGS
    for row in rows:
        yield (
            row.id, f"{row.at.astimezone(LONDON):%d/%m/%Y %H:%M:%S}", f"{row.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            row.who, row.user_id, words_of(row.action), row.action, row.subject, row.provider, row.reference,
            json.dumps(row.detail, sort_keys=True, ensure_ascii=False) if row.detail else "", row.seq,
        )  # fmt: skip
