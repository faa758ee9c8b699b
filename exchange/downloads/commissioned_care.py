"""The commissioned care, one row a line item, for a provider's rostering system or the council's own tables.

Its last column is a hash of all the others but *Last changed*: a row that nobody has changed keeps it from file to file
and day to day, so that a program can skip it. It is the hash of what the file says: a file without prices, for whoever
sees none, has others than one with them.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Row

from exchange.downloads.tabular import Cell, Rate, written
from models.money import SCALE

Cells = tuple[Cell, ...]
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def care_data(
    rows: Iterable[Row], changed: Mapping[int, datetime], *, with_prices: bool = True, with_names: bool = True,
    with_provider: bool = False,
) -> Iterator[Cells]:  # fmt: skip
    """`rows` of models.reports.care_packages.with_terms; `changed`: when a feed last changed each, by id.

    The price and the quantity are those of today, or of the item's first or last day where it begins later or has
    ended. Quantities are units a week (a night or a calendar month, where the price is by these).
    """
    yield (
        "Line item", "Client", *(("Surname", "First name") if with_names else ()),
        *(("Provider", "Provider’s reference") if with_provider else ()), "Contract", "Service", "Service level",
        "From", "To", "Planned quantity", *DAYS, "Unit", *(("Unit cost",) if with_prices else ()), "Suspended",
        "Agreement", "Agreed on", "Last changed", "Hash",
    )  # fmt: skip
    for row in rows:
        names = (row.surname, row.first_name) if with_names else ()
        provider = (row.provider, row.provider_reference) if with_provider else ()
        price = (Rate(row.rate_e4) if row.rate_e4 is not None else None,) if with_prices else ()
        timetable = [Rate(units) for units in row.timetable_e4] if row.timetable_e4 else [None] * len(DAYS)
        quantity = Rate(SCALE if row.quantity_e4 is None else row.quantity_e4)
        said: Cells = (
            row.reference, row.client_reference, *names, *provider, row.contract_reference, row.service,
            row.service_level, row.starts_on, row.ends_on, quantity, *timetable,
            row.unit.value, *price, "yes" if row.is_suspended else "no",
            row.agreement.label, row.agreed_on,
        )  # fmt: skip
        yield *said, changed.get(row.id), hash_of(said)


def hash_of(cells: Iterable[Cell]) -> str:
    """The same for the same cells, in CSV and in Excel: h and 16 hexadecimal digits. The letter keeps a spreadsheet
    from taking it for a number.
    """
    text = "\x1f".join(written(cell) for cell in cells)
    return f"h{sha256(text.encode()).hexdigest()[:16]}"
