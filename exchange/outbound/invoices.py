"""What is told of invoices and credit notes: those that were sent to the council, as they stand."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select

from exchange.outbound.shape import DAY, MONEY, QUANTITY, REFERENCE, TEXT, WORD, Out, OutFile, OutKind, text_of
from models.records.actual import ConfirmedActual
from models.records.care_package import CarePackageLineItem
from models.records.client import Client
from models.records.contract import Contract, ServiceLevel
from models.records.export import moment_of
from models.records.invoice import Invoice, InvoiceHold, InvoiceLine
from models.records.invoice_rule import HoldReason
from models.records.provider import Provider

_line, _item, _actual = InvoiceLine, CarePackageLineItem, ConfirmedActual
INVOICE_REF = Out("invoice_ref", REFERENCE, "its own name: a provider may use a number again that it has cancelled")


def invoice_ref(invoice_id: sa.SQLColumnExpression[Any]) -> sa.ColumnElement[str]:
    return text_of("V", invoice_id)


def line_ref(line_id: sa.SQLColumnExpression[Any]) -> sa.ColumnElement[str]:
    return text_of("VL", line_id)


def _invoices() -> Select:
    """Each once it is sent, and again when it is held, released, mended, decided or cancelled."""
    invoice, hold = Invoice, InvoiceHold
    held = select(text_of(":", hold.id)).where(hold.invoice_id == invoice.id, hold.ended_at.is_(None))
    says = invoice.status, ":", moment_of(invoice.changed_at), ":", moment_of(invoice.decided_at), ":"
    version = text_of(*says, moment_of(invoice.submitted_at), held.correlate(invoice).scalar_subquery())
    query = select(invoice.id.label("record_id"), version.label("version"), invoice_ref(invoice.id).label("reference"))
    return query.where(invoice.submitted_at.is_not(None))


def _rows_of_invoices() -> Select:
    invoice, hold = Invoice, InvoiceHold
    credits_ref = sa.case((invoice.credits_id.is_not(None), invoice_ref(invoice.credits_id)))
    return (
        select(invoice.id, invoice_ref(invoice.id), Provider.reference, Contract.reference, invoice.kind,
               invoice.number, invoice.invoiced_on, credits_ref, invoice.status, HoldReason.name, invoice.net_pence,
               invoice.vat_pence, invoice.received_on, invoice.valid_on, invoice.decided_on, invoice.decision_note,
               invoice.note)
        .join(Contract, Contract.id == invoice.contract_id)
        .join(Provider, Provider.id == invoice.provider_id)
        .outerjoin(hold, sa.and_(hold.invoice_id == invoice.id, hold.ended_at.is_(None)))
        .outerjoin(HoldReason, HoldReason.id == hold.reason_id)
    )  # fmt: skip


def _rows_of_lines() -> Select:
    confirmed = text_of(_item.reference, "/", _actual.first_on, "/", _actual.number)
    return (
        select(Invoice.id, invoice_ref(Invoice.id), line_ref(_line.id), _item.reference, Client.reference,
               ServiceLevel.reference, _line.first_on, _line.last_on, _line.description,
               sa.case((_actual.id.is_not(None), confirmed)),
               sa.case((_line.credits_line_id.is_not(None), line_ref(_line.credits_line_id))),
               _line.quantity_e4, _line.rate_e4, _line.vat_code, _line.net_pence, _line.vat_pence)
        .join(_line, _line.invoice_id == Invoice.id)
        .join(_item, _item.id == _line.item_id)
        .join(Client, Client.id == _item.client_id)
        .join(ServiceLevel, ServiceLevel.id == _item.service_level_id)
        .outerjoin(_actual, _actual.id == _line.confirmed_id)
    )  # fmt: skip


INVOICES = OutKind("invoice", _invoices, (
    OutFile("invoices.csv", (
        INVOICE_REF,
        Out("provider_ref", REFERENCE),
        Out("contract_ref", REFERENCE),
        Out("kind", WORD, "`invoice` or `credit_note`, whose sums are above 0.00 too: it gives them back"),
        Out("number", TEXT, "the provider's own"),
        Out("invoiced_on", DAY, "the date that the provider has written on it"),
        Out("credits_ref", REFERENCE, "of a credit note: the invoice of which it takes back"),
        Out("status", WORD, "`submitted`, `on_hold`, `approved`, `rejected` or `cancelled`. That it is paid is told by "
            "the payments"),
        Out("hold_reason", TEXT, "why it is on hold"),
        Out("net", MONEY),
        Out("vat", MONEY),
        Out("received_on", DAY, "when the council first had it"),
        Out("valid_on", DAY, "from when the days to pay count"),
        Out("decided_on", DAY, "an approved one is paid from this day on"),
        Out("decision_note", TEXT, "the council's"),
        Out("note", TEXT, "the provider's"),
    ), "Invoices and credit notes that providers have sent, and again when one is held, released, sent again, decided "
        "or cancelled.", (_rows_of_invoices,)),
    OutFile("invoice_lines.csv", (
        INVOICE_REF,
        Out("invoice_line_ref", REFERENCE, "its own name, which `payment_lines.csv` has too"),
        Out("item_ref", REFERENCE),
        Out("client_ref", REFERENCE),
        Out("service_level_ref", REFERENCE),
        Out("first_on", DAY),
        Out("last_on", DAY),
        Out("description", TEXT),
        Out("actual_ref", REFERENCE, "the confirmed actual that it was made from"),
        Out("credits_line_ref", REFERENCE, "of a credit note: the line of which it takes back"),
        Out("quantity", QUANTITY),
        Out("rate", QUANTITY, "pounds a unit"),
        Out("vat_code", WORD, "`exempt`, `zero`, `reduced` or `standard`"),
        Out("net", MONEY),
        Out("vat", MONEY),
    ), "Their lines.", (_rows_of_lines,)),
))  # fmt: skip
