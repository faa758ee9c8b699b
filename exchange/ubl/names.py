"""The names and codes of UBL 2.1 that both directions share."""

from models.pricing import Unit
from models.records.contract import VatCode
from models.records.invoice import InvoiceKind

CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
ROOT = {
    InvoiceKind.INVOICE: "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2",
    InvoiceKind.CREDIT_NOTE: "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2",
}
TAG = {InvoiceKind.INVOICE: "Invoice", InvoiceKind.CREDIT_NOTE: "CreditNote"}
LINE = {InvoiceKind.INVOICE: "InvoiceLine", InvoiceKind.CREDIT_NOTE: "CreditNoteLine"}
QUANTITY = {InvoiceKind.INVOICE: "InvoicedQuantity", InvoiceKind.CREDIT_NOTE: "CreditedQuantity"}
TYPE = {InvoiceKind.INVOICE: ("InvoiceTypeCode", "380"), InvoiceKind.CREDIT_NOTE: ("CreditNoteTypeCode", "381")}
NORM = "urn:cen.eu:en16931:2017"
CURRENCY = "GBP"
UNITS = {
    Unit.WEEK: "WEE", Unit.MONTH: "MON", Unit.NIGHT: "DAY", Unit.DAY: "DAY", Unit.HOUR: "HUR", Unit.SESSION: "C62",
    Unit.MILE: "SMI", Unit.ITEM: "C62",
}  # fmt: skip
"""UN/ECE Recommendation 20."""
CATEGORIES = {VatCode.EXEMPT: "E", VatCode.ZERO: "Z", VatCode.REDUCED: "S", VatCode.STANDARD: "S"}
"""UNCL 5305."""
EXEMPT_BECAUSE = "Exempt: welfare services, VATA 1994 Schedule 9 Group 7"
