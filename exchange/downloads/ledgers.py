"""A provider's remittances in the columns that Xero, Sage 50 and QuickBooks import, as CSV.

- Xero, sales invoices: one invoice a payment, dated and due on its bank day, a line a sum; an invoice is never below
  £0.00, since no run pays that, and what is taken off is a line below £0.00.
- Sage 50, audit trail transactions: amounts are never signed; BR is a bank receipt, BP what is taken off it.
- QuickBooks, bank transactions in three columns: one row a payment, above £0.00 for money in.

Dates are day/month/year. The sum of each file, by its own signs, is what came to the bank. No client is named.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from exchange.downloads.tabular import Cell, Pence
from models.reports.ledger_lines import LedgerLine, Program, Vat


@dataclass(frozen=True)
class Accounts:
    """The codes of a provider's own books."""

    income: str
    bank: str = ""


XERO = (
    "*ContactName", "EmailAddress", "POAddressLine1", "POAddressLine2", "POAddressLine3", "POAddressLine4", "POCity",
    "PORegion", "POPostalCode", "POCountry", "*InvoiceNumber", "Reference", "*InvoiceDate", "*DueDate",
    "Total", "InventoryItemCode", "*Description", "*Quantity", "*UnitAmount", "Discount", "*AccountCode", "*TaxType",
    "TaxAmount", "TrackingName1", "TrackingOption1", "TrackingName2", "TrackingOption2", "Currency", "BrandingTheme",
)  # fmt: skip
SAGE = (
    "Type", "Account Reference", "Nominal A/C Ref", "Department Code", "Date", "Reference", "Details", "Net Amount",
    "Tax Code", "Tax Amount", "Exchange Rate", "Extra Reference", "User Name", "Project Refn", "Cost Code Refn",
)  # fmt: skip
QUICKBOOKS = ("Date", "Description", "Amount")
_XERO_TAX = {
    Vat.STANDARD: "20% (VAT on Income)", Vat.REDUCED: "5% (VAT on Income)", Vat.ZERO: "Zero Rated Income",
    Vat.EXEMPT: "Exempt Income", Vat.NONE: "No VAT",
}  # fmt: skip
_SAGE_TAX = {Vat.STANDARD: "T1", Vat.REDUCED: "T5", Vat.ZERO: "T0", Vat.EXEMPT: "T2", Vat.NONE: "T9"}


def ledger_data(
    program: Program, lines: Sequence[LedgerLine], council: str, accounts: Accounts
) -> Iterator[tuple[Cell, ...]]:
    match program:
        case Program.XERO:
            return _xero(lines, council, accounts)
        case Program.SAGE:
            return _sage(lines, accounts)
    return _quickbooks(lines, council)


def _xero(lines: Iterable[LedgerLine], council: str, accounts: Accounts) -> Iterator[tuple[Cell, ...]]:
    """Unit amounts are without VAT ("tax exclusive" is chosen at the import)."""
    yield XERO
    for line in lines:
        sums = 1, Pence(line.net_pence), "", accounts.income, _XERO_TAX[line.vat], Pence(line.vat_pence)
        contact, dates = (council, *[""] * 9), (line.bank_on, line.bank_on)
        yield *contact, line.number, line.reference, *dates, "", "", line.words, *sums, *[""] * 4, "GBP", ""


def _sage(lines: Iterable[LedgerLine], accounts: Accounts) -> Iterator[tuple[Cell, ...]]:
    yield SAGE
    for line in lines:
        sign = -1 if line.total_pence < 0 else 1
        yield (
            "BP" if sign < 0 else "BR", accounts.bank, accounts.income, "0", line.bank_on, line.number[:30],
            line.words[:60], Pence(sign * line.net_pence), _SAGE_TAX[line.vat], Pence(sign * line.vat_pence), 1,
            line.reference[:30], "", "", "",
        )  # fmt: skip


def _quickbooks(lines: Iterable[LedgerLine], council: str) -> Iterator[tuple[Cell, ...]]:
    yield QUICKBOOKS
    sums: dict[str, tuple[LedgerLine, int]] = {}
    for line in lines:
        _, before = sums.get(line.number, (line, 0))
        sums[line.number] = line, before + line.total_pence
    for line, pence in sums.values():
        yield line.bank_on, f"{council}, {line.number}", Pence(pence)
