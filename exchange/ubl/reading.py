"""A UBL 2.1 file as what it asks for. It is read without entities, document types and anything from elsewhere."""

from datetime import date
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from exchange.ubl.names import CAC, CBC, CURRENCY, LINE, QUANTITY, ROOT, TAG, TYPE
from models.base import DomainError
from models.billing.invoice_received import Received, ReceivedLine
from models.money import SCALE, parse_e4, parse_pence
from models.records.contract import VatCode
from models.records.invoice import InvoiceKind

LARGEST = 1_000_000
"""Bytes."""
LONGEST = 500
NS = {"cac": CAC, "cbc": CBC}
_NAME = "cac:Party/cac:PartyLegalEntity/cbc:RegistrationName"
_OF_CATEGORY = {"E": VatCode.EXEMPT, "Z": VatCode.ZERO}


def read_ubl(content: bytes) -> Received:
    """What the file says. DomainError says what is wrong with it, and what would be right."""
    if len(content) > LARGEST:
        raise DomainError("The file is larger than 1 MB. Send an invoice of fewer lines")
    try:
        root = fromstring(content, forbid_dtd=True)
    except DefusedXmlException:
        raise DomainError(
            "The file has a document type or entities, which an invoice has not. Save it without"
        ) from None
    except (ParseError, ValueError, LookupError):
        raise DomainError("The file is no XML. Choose the UBL file of your invoice, which ends in .xml") from None
    kind = next((each for each in InvoiceKind if root.tag == f"{{{ROOT[each]}}}{TAG[each]}"), None)
    if kind is None:
        raise DomainError("The file is no invoice or credit note of UBL 2.1")
    return _of(root, kind)


def _of(root: Element, kind: InvoiceKind) -> Received:
    if (currency := _find(root, "cbc:DocumentCurrencyCode")) != CURRENCY:
        raise DomainError(f"The invoice is in {currency or 'no currency'}. Send it in {CURRENCY}")
    if root.find("cac:AllowanceCharge", NS) is not None or root.find(".//cac:AllowanceCharge", NS) is not None:
        raise DomainError("The invoice has allowances or charges. Put each into a line of its own price")
    name, code = TYPE[kind]
    if (said := _find(root, f"cbc:{name}")) not in ("", code):
        raise DomainError(f"The file is of type {said}. Send an invoice (380) or a credit note (381)")
    if _pence(_find(root, "cac:LegalMonetaryTotal/cbc:PrepaidAmount") or "0", "sum that is paid already"):
        raise DomainError("The file says that a part is paid already. Send an invoice of what is still to be paid")
    lines = root.findall(f"cac:{LINE[kind]}", NS)
    if not lines:
        raise DomainError("The invoice has no lines")
    whole = _days(root)
    return Received(
        kind=kind,
        number=_needed(root, "cbc:ID", "number (ID)"),
        invoiced_on=_day(_needed(root, "cbc:IssueDate", "date (IssueDate)"), "date"),
        contract=_find(root, "cac:ContractDocumentReference/cbc:ID"),
        credits=_find(root, "cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID"),
        stated_pence=_pence(_needed(root, "cac:LegalMonetaryTotal/cbc:TaxInclusiveAmount", "total with VAT"), "total"),
        note=_find(root, "cbc:Note"),
        seller=_find(root, f"cac:AccountingSupplierParty/{_NAME}"),
        buyer=_find(root, f"cac:AccountingCustomerParty/{_NAME}"),
        lines=tuple(_line(each, kind, at, whole) for at, each in enumerate(lines, 1)),
    )


def _line(line: Element, kind: InvoiceKind, at: int, whole: tuple[date, date] | None) -> ReceivedLine:
    where = f" of line {at}"
    reference = _find(line, "cac:Item/cac:BuyersItemIdentification/cbc:ID") or _find(
        line, "cac:OrderLineReference/cbc:LineID"
    )
    if not reference:
        raise DomainError(
            f"Line {at} does not say which care package it is for. Put our reference of it into "
            "BuyersItemIdentification"
        )
    days = _days(line) or whole
    if days is None:
        raise DomainError(f"Line {at} does not say for which days it is. Put them into InvoicePeriod")
    base = _find(line, "cac:Price/cbc:BaseQuantity")
    if base and _e4(base, f"base quantity{where}") != SCALE:
        raise DomainError(f"The price{where} is for {base} units. Give the price of one")
    category = _needed(line, "cac:Item/cac:ClassifiedTaxCategory/cbc:ID", f"VAT category{where}")
    percent = _e4(_find(line, "cac:Item/cac:ClassifiedTaxCategory/cbc:Percent") or "0", f"VAT rate{where}")
    if not 0 <= percent <= 100 * SCALE:
        raise DomainError(f"The VAT rate{where} is {percent // SCALE} %. Give one from 0 to 100")
    return ReceivedLine(
        item=reference,
        first_on=days[0],
        last_on=days[1],
        quantity_e4=_e4(_needed(line, f"cbc:{QUANTITY[kind]}", f"quantity{where}"), f"quantity{where}"),
        rate_e4=_e4(_needed(line, "cac:Price/cbc:PriceAmount", f"price{where}"), f"price{where}"),
        net_pence=_pence(_needed(line, "cbc:LineExtensionAmount", f"sum{where}"), f"sum{where}"),
        vat_code=_vat_code(category, percent, at),
        vat_basis_points=percent // 100,
        description=_find(line, "cac:Item/cbc:Description"),
    )


def _vat_code(category: str, percent_e4: int, at: int) -> VatCode:
    if category in _OF_CATEGORY:
        return _OF_CATEGORY[category]
    if category != "S":
        raise DomainError(f"The VAT category of line {at} is {category}. Care is S, Z or E")
    return VatCode.STANDARD if percent_e4 >= 10 * SCALE else VatCode.REDUCED


def _days(part: Element) -> tuple[date, date] | None:
    first, last = _find(part, "cac:InvoicePeriod/cbc:StartDate"), _find(part, "cac:InvoicePeriod/cbc:EndDate")
    return (_day(first, "first day"), _day(last, "last day")) if first and last else None


def _find(part: Element, path: str) -> str:
    return " ".join((part.findtext(path, "", NS) or "").split())[:LONGEST]


def _needed(part: Element, path: str, what: str) -> str:
    if not (text := _find(part, path)):
        raise DomainError(f"The {what} is missing in the file")
    return text


def _day(text: str, what: str) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise DomainError(f"The {what} in the file is {text}. Write days like 2026-10-05") from None


def _pence(text: str, what: str) -> int:
    try:
        return parse_pence(text)
    except ValueError as problem:
        raise DomainError(f"The {what} in the file is {text}: it {problem}") from None


def _e4(text: str, what: str) -> int:
    try:
        return parse_e4(text)
    except ValueError as problem:
        raise DomainError(f"The {what} in the file is {text}: it {problem}") from None
