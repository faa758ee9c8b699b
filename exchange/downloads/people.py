"""What the council downloads of those who log in."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Row

from exchange.downloads.tabular import Cell
from models.accounts.directory import Locks, State
from models.calendar import london_day

HEADINGS = ("Name", "E-mail", "State", "Last logged in", "Role at the council", "Provider", "Role", "Access")


def people_data(
    rows: Iterable[Row], places: dict[int, list[Row]], locks: Locks, *, with_emails: bool
) -> Iterator[tuple[Cell, ...]]:
    """A row for each place of each person, and one for who has none. `with_emails`: not only those of colleagues."""
    yield HEADINGS
    for row in rows:
        last = london_day(row.last_login_at) if row.last_login_at else None
        who = (
            row.name,
            row.email if with_emails or row.council_role else "",
            State.of(row, locks).label,
            last,
            row.council_role.label if row.council_role else "",
        )
        for place in places.get(row.id, ()):
            yield (*who, place.provider, place.role.label, "granted" if place.granted_at else "waiting")
        if row.id not in places:
            yield (*who, "", "", "")
