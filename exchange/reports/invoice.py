"""One invoice or credit note as a sheet: PDFs and files are drawn from it."""

from collections.abc import Mapping, Sequence

from exchange.downloads.invoices import lines_data
from exchange.downloads.tabular import Cell, Pence, Rate
from exchange.reports.sheet import Column, Row, RowKind, Sheet, Table
from models.billing.invoice_facts import Bought
from models.calendar import Span
from models.money import number
from models.records.invoice import Invoice, InvoiceState

COLUMNS = (
    Column("Client", 48), Column("Service", 55), Column("Days", 46), Column("Quantity", 22, True),
    Column("Price", 22, True), Column("Net", 22, True), Column("VAT", 20, True), Column("Gross", 22, True),
)  # fmt: skip


def invoice_sheet(invoice: Invoice, state: InvoiceState, items: Mapping[int, Bought], *, council: str) -> Sheet:
    """The invoice, its lines, contract and provider are loaded; `items` are its care packages, by id."""
    of = (("Takes back of", f"Invoice {invoice.credits.number}"),) if invoice.credits else ()
    facts: Sequence[tuple[str, Cell]] = (
        ("From", f"{invoice.provider.name} ({invoice.provider.reference})"), ("To", council),
        ("Number", invoice.number), ("Date", invoice.invoiced_on), *of,
        ("Contract", f"{invoice.contract.name} ({invoice.contract.reference})"), ("State", state.label),
        ("Received", invoice.received_on or "Not sent"), ("Net", Pence(invoice.kind.sign * invoice.net_pence)),
        ("VAT", Pence(invoice.kind.sign * invoice.vat_pence)),
        ("Gross", Pence(invoice.kind.sign * invoice.gross_pence)),
    )  # fmt: skip
    return Sheet(
        title=f"{invoice.called} of {invoice.provider.name}",
        name=f"{invoice.kind.value.replace('_', '-')}-{invoice.id}",
        made_on=invoice.invoiced_on,
        foot=f"{invoice.called}, {invoice.provider.name}",
        facts=facts,
        tables=(Table("Lines", COLUMNS, (*_rows(invoice, items), _total(invoice))),),
        data=tuple(lines_data(invoice, items)),
    )


def _rows(invoice: Invoice, items: Mapping[int, Bought]) -> list[Row]:
    sign = invoice.kind.sign
    return [
        Row(
            (
                items[each.item_id].client, items[each.item_id].level, Span(each.first_on, each.last_on).short,
                number(sign * each.quantity_e4), Rate(each.rate_e4), Pence(sign * each.net_pence),
                Pence(sign * each.vat_pence), Pence(sign * each.gross_pence),
            )
        )
        for each in invoice.lines
    ]  # fmt: skip


def _total(invoice: Invoice) -> Row:
    sign = invoice.kind.sign
    sums = (invoice.net_pence, invoice.vat_pence, invoice.gross_pence)
    return Row(("Total", "", "", "", "", *(Pence(sign * each) for each in sums)), RowKind.TOTAL)
