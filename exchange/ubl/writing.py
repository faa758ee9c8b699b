"""An invoice or credit note of a provider as a UBL 2.1 file, by the rules of EN 16931. It names no client: a line says
which care package it is for by its reference.

The seller's tax registration (BT-32) is the provider's reference at the council, since the portal knows no VAT numbers.
"""

from collections import defaultdict
from collections.abc import Mapping
from xml.etree import ElementTree

from exchange.ubl.names import (
    CAC,
    CATEGORIES,
    CBC,
    CURRENCY,
    EXEMPT_BECAUSE,
    LINE,
    NORM,
    QUANTITY,
    ROOT,
    TAG,
    TYPE,
    UNITS,
)
from models.billing.invoice_facts import Bought
from models.money import SCALE, gbp_rate, number, plain
from models.records.contract import VatCode
from models.records.invoice import Invoice, InvoiceLine

Element = ElementTree.Element
TERMS = "Within 30 days of the receipt of a valid invoice"
LETTERS = str.maketrans("", "", "".join(map(chr, [*range(9), 11, 12, *range(14, 32)])))
"""Control characters, which XML may not hold."""


def ubl_of(invoice: Invoice, items: Mapping[int, Bought], *, council: str) -> bytes:
    """The file. The invoice, its lines, contract, provider and the invoice that it takes back of are loaded; `items`
    are its care packages, by id.
    """
    kind = invoice.kind
    root = Element(f"{{{ROOT[kind]}}}{TAG[kind]}")
    _text(root, "CustomizationID", NORM)
    _text(root, "ID", invoice.number)
    _text(root, "IssueDate", invoice.invoiced_on.isoformat())
    _text(root, *TYPE[kind])
    if invoice.note:
        _text(root, "Note", invoice.note)
    _text(root, "DocumentCurrencyCode", CURRENCY)
    if span := invoice.span:
        _period(root, span.first.isoformat(), span.last.isoformat())
    if invoice.credits is not None:
        of = _part(_part(root, "BillingReference"), "InvoiceDocumentReference")
        _text(of, "ID", invoice.credits.number)
        _text(of, "IssueDate", invoice.credits.invoiced_on.isoformat())
    _text(_part(root, "ContractDocumentReference"), "ID", invoice.contract.reference)
    _seller(root, invoice)
    _buyer(root, council)
    _text(_part(root, "PaymentTerms"), "Note", TERMS)
    _taxes(root, invoice)
    total = _part(root, "LegalMonetaryTotal")
    _money(total, "LineExtensionAmount", invoice.net_pence)
    _money(total, "TaxExclusiveAmount", invoice.net_pence)
    _money(total, "TaxInclusiveAmount", invoice.gross_pence)
    _money(total, "PayableAmount", invoice.gross_pence)
    for at, line in enumerate(invoice.lines, 1):
        _line(root, invoice, at, line, items[line.item_id])
    return _written(root, ROOT[kind])


def _written(root: Element, namespace: str) -> bytes:
    ElementTree.register_namespace("", namespace)
    ElementTree.register_namespace("cbc", CBC)
    ElementTree.register_namespace("cac", CAC)
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return text


def _part(parent: Element, name: str) -> Element:
    return ElementTree.SubElement(parent, f"{{{CAC}}}{name}")


def _text(parent: Element, name: str, text: str, **attributes: str) -> None:
    ElementTree.SubElement(parent, f"{{{CBC}}}{name}", attributes).text = text.translate(LETTERS)


def _money(parent: Element, name: str, pence: int) -> None:
    _text(parent, name, plain(pence), currencyID=CURRENCY)


def _period(parent: Element, first: str, last: str) -> None:
    period = _part(parent, "InvoicePeriod")
    _text(period, "StartDate", first)
    _text(period, "EndDate", last)


def _seller(root: Element, invoice: Invoice) -> None:
    party = _part(_part(root, "AccountingSupplierParty"), "Party")
    _text(_part(party, "PartyIdentification"), "ID", invoice.provider.reference)
    _text(_part(_part(party, "PostalAddress"), "Country"), "IdentificationCode", "GB")
    tax = _part(party, "PartyTaxScheme")
    _text(tax, "CompanyID", invoice.provider.reference)
    _text(_part(tax, "TaxScheme"), "ID", "LOC")
    _text(_part(party, "PartyLegalEntity"), "RegistrationName", invoice.provider.name)


def _buyer(root: Element, council: str) -> None:
    party = _part(_part(root, "AccountingCustomerParty"), "Party")
    _text(_part(_part(party, "PostalAddress"), "Country"), "IdentificationCode", "GB")
    _text(_part(party, "PartyLegalEntity"), "RegistrationName", council)


def _taxes(root: Element, invoice: Invoice) -> None:
    """The sums of VAT by category and rate: those of the lines, each of which is rounded by itself."""
    sums: dict[tuple[VatCode, int], list[int]] = defaultdict(lambda: [0, 0])
    for line in invoice.lines:
        found = sums[_taxed(line.vat_code), line.vat_basis_points]
        found[0] += line.net_pence
        found[1] += line.vat_pence
    tax = _part(root, "TaxTotal")
    _money(tax, "TaxAmount", invoice.vat_pence)
    for (code, points), (net, vat) in sorted(sums.items()):
        part = _part(tax, "TaxSubtotal")
        _money(part, "TaxableAmount", net)
        _money(part, "TaxAmount", vat)
        _category(part, "TaxCategory", code, points, with_reason=True)


def _taxed(code: VatCode) -> VatCode:
    """Reduced and standard rates are one category, told apart by their rate."""
    return VatCode.STANDARD if code is VatCode.REDUCED else code


def _category(parent: Element, name: str, code: VatCode, points: int, *, with_reason: bool = False) -> None:
    category = _part(parent, name)
    _text(category, "ID", CATEGORIES[code])
    _text(category, "Percent", number(points * SCALE // 100))
    if with_reason and code is VatCode.EXEMPT:
        _text(category, "TaxExemptionReason", EXEMPT_BECAUSE)
    _text(_part(category, "TaxScheme"), "ID", "VAT")


def _line(root: Element, invoice: Invoice, at: int, line: InvoiceLine, item: Bought) -> None:
    part = _part(root, LINE[invoice.kind])
    _text(part, "ID", str(at))
    _text(part, QUANTITY[invoice.kind], number(line.quantity_e4).replace(",", ""), unitCode=UNITS[item.unit])
    _money(part, "LineExtensionAmount", line.net_pence)
    _period(part, line.first_on.isoformat(), line.last_on.isoformat())
    sold = _part(part, "Item")
    if line.description:
        _text(sold, "Description", line.description)
    _text(sold, "Name", item.level)
    _text(_part(sold, "BuyersItemIdentification"), "ID", item.reference)
    _category(sold, "ClassifiedTaxCategory", line.vat_code, line.vat_basis_points)
    price = gbp_rate(line.rate_e4).removeprefix("£").replace(",", "")
    _text(_part(part, "Price"), "PriceAmount", price, currencyID=CURRENCY)
