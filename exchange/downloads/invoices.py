"""What both sides download of lists of invoices: no client stands in it. And the lines of one, which name them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from exchange.downloads.tabular import Cell, Pence, Rate
from models.billing.invoice_facts import Bought
from models.records.invoice import Invoice


def invoices_data(rows: Iterable[Any], *, with_provider: bool = False) -> Iterator[tuple[Cell, ...]]:
    """`rows` of models.billing.invoice_listing.invoices; sums of credit notes are below zero."""
    provider = ("Provider", "Provider reference") if with_provider else ()
    yield (
        "Number", "Kind", *provider, "Date", "First day", "Last day", "Contract", "Contract reference", "Net", "VAT",
        "Gross", "State", "Received", "Decided", "Paid", "In the bank",
    )  # fmt: skip
    for each in rows:
        own = (each.provider, each.provider_reference) if with_provider else ()
        yield (
            each.number, each.kind.label, *own, each.invoiced_on, each.first_on, each.last_on, each.contract,
            each.contract_reference, Pence(each.net_pence), Pence(each.vat_pence), Pence(each.gross_pence),
            each.state.label, each.received_on, each.decided_on,
            Pence(each.kind.sign * each.paid_pence) if each.paid_pence else None, each.paid_on,
        )  # fmt: skip


def lines_data(invoice: Invoice, items: Mapping[int, Bought]) -> Iterator[tuple[Cell, ...]]:
    """The lines of one invoice; of a credit note quantities and sums are below zero."""
    yield (
        "Number", "Line item", "Client", "Service", "First day", "Last day", "Description", "Quantity", "Price", "VAT",
        "Net", "VAT sum", "Gross",
    )  # fmt: skip
    sign = invoice.kind.sign
    for each in invoice.lines:
        item = items[each.item_id]
        yield (
            invoice.number, item.reference, item.client_reference, item.level, each.first_on, each.last_on,
            each.description, Rate(sign * each.quantity_e4), Rate(each.rate_e4), each.vat_code.value,
            Pence(sign * each.net_pence), Pence(sign * each.vat_pence), Pence(sign * each.gross_pence),
        )  # fmt: skip
