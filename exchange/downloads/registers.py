"""What the council downloads of what the finance system owns. Prices are numbers with the digits that they need."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Row

from exchange.downloads.tabular import Cell, Pence, Rate
from models.calendar import FinancialYear

Cells = tuple[Cell, ...]


def contracts_data(rows: Iterable[Row]) -> Iterator[Cells]:
    yield "Contract", "Reference", "Provider", "From", "To", "Confirmation", "Payment terms"
    for row in rows:
        yield (
            row.name, row.reference, row.provider, row.starts_on, row.ends_on, row.confirmation.value,
            row.payment_terms,
        )  # fmt: skip


def rates_data(rows: Iterable[Row]) -> Iterator[Cells]:
    yield "Service", "Service level", "Reference", "For each", "VAT %", "Contracts", "Least", "Most"
    for row in rows:
        yield (
            row.service, row.name, row.reference, row.unit.value, Pence(row.vat_basis_points), row.contracts,
            _rate(row.least_e4), _rate(row.most_e4),
        )  # fmt: skip


def prices_data(rows: Iterable[Row]) -> Iterator[Cells]:
    yield "Provider", "Contract", "Reference", "Price", "From", "To"
    for row in rows:
        yield row.provider, row.contract, row.contract_reference, Rate(row.rate_e4), row.starts_on, row.ends_on


def clients_data(rows: Iterable[Row]) -> Iterator[Cells]:
    yield "Surname", "First name", "Reference", "Born", "Line items in force"
    for row in rows:
        yield row.surname, row.first_name, row.reference, row.born_on, row.items


def items_data(rows: Iterable[Row], *, with_names: bool) -> Iterator[Cells]:
    yield (
        "Reference", *(("Surname", "First name") if with_names else ()), "Client", "Service level", "Provider",
        "Contract", "Contract’s reference", "From", "To", "Authorised", "Suspended",
    )  # fmt: skip
    for row in rows:
        yield (
            row.reference, *((row.surname, row.first_name) if with_names else ()), row.client_reference, row.service,
            row.provider, row.contract, row.contract_reference, row.starts_on, row.ends_on, row.authorised_on,
            "yes" if row.is_suspended else "no",
        )  # fmt: skip


def orders_data(rows: Iterable[Row]) -> Iterator[Cells]:
    yield (
        "Purchase Order", "Surname", "First name", "Client", "Provider", "Provider’s reference", "Financial Year",
        "Issued", "Value excl VAT", "VAT", "Value", "Spend To Date", "Still to come",
    )  # fmt: skip
    for row in rows:
        yield (
            f"{row.number} - {row.revision}", row.surname, row.first_name, row.client_reference, row.provider,
            row.provider_reference, str(FinancialYear(row.financial_year)), row.issued_on, Pence(row.value_net_pence),
            Pence(row.value_vat_pence), Pence(row.value_pence), Pence(row.spend_pence), Pence(row.remaining_pence),
        )  # fmt: skip


def calendars_data(rows: Iterable[Row]) -> Iterator[Cells]:
    yield (
        "Calendar", "Reference", "Periods", "First day of one", "Days to confirm by", "Days to finalise",
        "Days to the bank", "Contracts",
    )  # fmt: skip
    for row in rows:
        yield (
            row.name, row.reference, row.frequency.label, row.anchor_on, row.confirm_by_days, row.finalise_days,
            row.bank_days, row.methods,
        )  # fmt: skip


def _rate(rate_e4: int | None) -> Rate | None:
    return None if rate_e4 is None else Rate(rate_e4)
