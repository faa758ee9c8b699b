"""What the council downloads of contract documents."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Row

from exchange.downloads.tabular import Cell, Pence
from models.records.client import full_name


def documents_data(rows: Iterable[Row]) -> Iterator[tuple[Cell, ...]]:
    yield (
        "Document", "Version", "Status", "Deed", "Provider", "Client", "Line item", "Service level", "Contract", "Made",
        "Published", "Updated", "Chased", "Agreed", "Waits on it", "SHA-256",
    )  # fmt: skip
    for row in rows:
        client = full_name(row.surname, row.first_name, row.client_reference) if row.client_reference else None
        yield (
            row.title, row.version, row.state.label, "Yes" if row.is_deed else "No", row.provider, client, row.item,
            row.service, row.contract_reference, row.made_at, row.published_at, row.updated_at, row.chased_at,
            row.agreed_at, Pence(row.waits_pence), row.sha256,
        )  # fmt: skip
