"""What is told of payments that runs have finalised: what they are made of, the payment file, the general ledger."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select

from exchange.outbound.invoices import line_ref
from exchange.outbound.shape import (
    DAY,
    MONEY,
    NUMBER,
    REFERENCE,
    TEXT,
    WORD,
    YEAR,
    Cells,
    Out,
    OutFile,
    OutKind,
    text_of,
)
from models.calendar import year_of
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.payments.remittance import Remittance
from models.payments.run import PaymentRun
from models.records.care_package import Allowance, CarePackageLineItem
from models.records.claim import ClaimItem
from models.records.client import Client
from models.records.contract import Contract, ServiceLevel
from models.records.provider import Provider

BANK = "bank"
"""The account of the general ledger from which the bank is paid."""
_paid, _payment, _line = Remittance, ScheduledPayment, PaymentLine
_INVOICED = sa.case((_line.invoice_line_id.is_not(None), line_ref(_line.invoice_line_id)))
_REFERENCE = text_of(_paid.reference, "/", _payment.first_on)
PAYMENT_REF = Out("payment_ref", REFERENCE, "contract, run and first day of the period: 741254-317/2019-09-30")


def _payments() -> Select:
    query = select(_paid.id.label("record_id"), sa.literal("").label("version"), _REFERENCE.label("reference"))
    return query.join(_payment, _payment.id == _paid.payment_id)


def _rows_of_payments() -> Select:
    return (
        select(_paid.id, _REFERENCE, Provider.reference, Contract.reference, _paid.run_id, _payment.first_on,
               _payment.last_on, _paid.bank_on, _paid.reference, _paid.lines, _paid.paid_pence)
        .join(_payment, _payment.id == _paid.payment_id)
        .join(Contract, Contract.id == _paid.contract_id)
        .join(Provider, Provider.id == _paid.provider_id)
    )  # fmt: skip


def _of_lines(*columns: Any) -> Select:
    """Finalised lines with these columns, after the remittance that they are of and its reference."""
    level_id = sa.func.coalesce(CarePackageLineItem.service_level_id, ClaimItem.service_level_id)
    return (
        select(_paid.id, _REFERENCE, *columns)
        .select_from(_line)
        .join(_paid, sa.and_(_paid.payment_id == _line.payment_id, _paid.run_id == _line.run_id))
        .join(_payment, _payment.id == _paid.payment_id)
        .join(PaymentRun, PaymentRun.id == _paid.run_id)
        .join(Contract, Contract.id == _paid.contract_id)
        .join(Provider, Provider.id == _paid.provider_id)
        .outerjoin(CarePackageLineItem, CarePackageLineItem.id == _line.item_id)
        .outerjoin(ClaimItem, ClaimItem.id == _line.claim_item_id)
        .outerjoin(Allowance, Allowance.id == _line.allowance_id)
        .outerjoin(ServiceLevel, ServiceLevel.id == level_id)
        .outerjoin(PurchaseOrder, PurchaseOrder.id == _line.purchase_order_id)
        .outerjoin(Client, Client.id == PurchaseOrder.client_id)
    )


def _source() -> sa.ColumnElement[str]:
    """What a line is for, by the name that it has on every database."""
    adjusted = sa.case((_line.adjustment_id.is_not(None), text_of("J", _line.adjustment_id)))
    return sa.func.coalesce(
        _INVOICED, Allowance.reference, ClaimItem.reference, CarePackageLineItem.reference, adjusted
    )


def _rows_of_lines() -> Select:
    return _of_lines(
        text_of(_line.component, ":", _source(), ":", _line.first_on), _line.component, PurchaseOrder.number,
        Client.reference, CarePackageLineItem.reference, Allowance.reference, ClaimItem.reference, _INVOICED,
        ServiceLevel.reference, _line.first_on, _line.last_on, _line.net_pence, _line.vat_pence,
    )  # fmt: skip


def _ledger_of_lines() -> Select:
    return _of_lines(
        PaymentRun.as_on, _paid.bank_on, _line.component, ServiceLevel.reference,
        ServiceLevel.vat_code, Provider.reference, Contract.reference, _line.first_on, _line.last_on, _line.net_pence,
        _line.vat_pence,
    )  # fmt: skip


def _ledger_of_the_bank() -> Select:
    """One row a payment of which something went to the bank, which balances its lines."""
    none = sa.null()
    return (
        select(_paid.id, _REFERENCE, PaymentRun.as_on, _paid.bank_on, sa.literal(BANK), none, none,
               Provider.reference, Contract.reference, _payment.first_on, _payment.last_on, -_paid.paid_pence,
               sa.literal(0))
        .join(_payment, _payment.id == _paid.payment_id)
        .join(PaymentRun, PaymentRun.id == _paid.run_id)
        .join(Contract, Contract.id == _paid.contract_id)
        .join(Provider, Provider.id == _paid.provider_id)
        .where(_paid.paid_pence != 0)
    )  # fmt: skip


def entry_of(found: Any) -> Iterator[Cells]:
    """A row of the general ledger: what raises spending is a debit, what lowers it and what the bank pays a credit."""
    *about, first_on, last_on, net_pence, vat_pence = found[1:]
    total_pence = net_pence + vat_pence
    debit_pence, credit_pence = max(total_pence, 0), max(-total_pence, 0)
    yield (*about, year_of(first_on), first_on, last_on, net_pence, vat_pence, debit_pence, credit_pence)


PAYMENTS_FILE = OutFile("payments.csv", (
    PAYMENT_REF,
    Out("provider_ref", REFERENCE),
    Out("contract_ref", REFERENCE),
    Out("run", NUMBER, "the number of the payment run"),
    Out("period_first_on", DAY),
    Out("period_last_on", DAY),
    Out("bank_on", DAY, "the day on which it is to be in the provider's bank"),
    Out("remittance_reference", REFERENCE, "what the provider's remittance says: contract and run"),
    Out("lines", NUMBER, "how many rows it has in `payment_lines.csv`"),
    Out("amount", MONEY, "what the run has paid of it to the bank; may be 0.00"),
), "What a payment run has finalised of the payment of one period. `payments_sent.csv` answers these, row by row.",
    (_rows_of_payments,))  # fmt: skip
LINES_FILE = OutFile("payment_lines.csv", (
    PAYMENT_REF,
    Out("line_ref", REFERENCE, "its name within the payment: care:L30001:2019-09-30"),
    Out("component", WORD, "`care`, `invoice`, `allowance`, `claim`, `adjustment`, `contribution`, `top_up`, "
        "`nursing`; `carried_forward` adds to what the provider owes, `brought_forward` takes of it"),
    Out("order_number", NUMBER, "the purchase order's; empty for what is carried"),
    Out("client_ref", REFERENCE, "empty for what is of no client"),
    Out("item_ref", REFERENCE),
    Out("allowance_ref", REFERENCE),
    Out("claim_item_ref", REFERENCE),
    Out("invoice_line_ref", REFERENCE),
    Out("service_level_ref", REFERENCE, "empty for adjustments and for what is carried"),
    Out("first_on", DAY, "the days that it is for: of an earlier period where it puts that right"),
    Out("last_on", DAY),
    Out("net", MONEY),
    Out("vat", MONEY),
), "What each payment is made of. Net and VAT of its rows add up to its amount.", (_rows_of_lines,))  # fmt: skip
LEDGER_FILE = OutFile("general_ledger.csv", (
    PAYMENT_REF,
    Out("run_on", DAY, "the day of the run"),
    Out("bank_on", DAY),
    Out("account", WORD, "the component of the line, or `bank`"),
    Out("cost_centre", REFERENCE, "the service level; empty for adjustments, for what is carried, and for the bank"),
    Out("vat_code", WORD, "`exempt`, `zero`, `reduced` or `standard`"),
    Out("provider_ref", REFERENCE),
    Out("contract_ref", REFERENCE),
    Out("financial_year", YEAR, "of the days that it is for; lines are cut at 1 April"),
    Out("first_on", DAY),
    Out("last_on", DAY),
    Out("net", MONEY, "signed: less than 0 for what is taken off, and for the bank"),
    Out("vat", MONEY),
    Out("debit", MONEY, "net and VAT where they are more than 0, else 0.00"),
    Out("credit", MONEY, "net and VAT without their sign where they are less than 0, else 0.00"),
), "Journal entries: one row a payment line, and one for what a payment pays to the bank. Nothing in it is about a "
    "client. Debits and credits of each payment are the same sum, and the bank's credits are what the payment file "
    "pays.", (_ledger_of_lines, _ledger_of_the_bank), entry_of)  # fmt: skip
PAYMENTS = OutKind("payment", _payments, (PAYMENTS_FILE, LINES_FILE, LEDGER_FILE))


def _to_the_bank() -> sa.Subquery:
    """What one run pays one contract on one day: one credit on the provider's bank statement."""
    of_one = _paid.run_id, _paid.contract_id, _paid.provider_id, _paid.reference, _paid.bank_on
    amount = sa.cast(sa.func.sum(_paid.paid_pence), sa.BigInteger)
    query = select(sa.func.min(_paid.id).label("id"), *of_one, amount.label("pence"))
    return query.group_by(*of_one).having(amount > 0).subquery("to_the_bank")


def _payments_out() -> Select:
    paid = _to_the_bank().c
    reference = text_of(paid.reference, "/", paid.bank_on)
    return select(paid.id.label("record_id"), sa.literal("").label("version"), reference.label("reference"))


def _rows_of_payments_out() -> Select:
    paid = _to_the_bank().c
    reference = text_of(paid.reference, "/", paid.bank_on)
    return (
        select(paid.id, reference, Provider.reference, Provider.name, Provider.account_ending, Contract.reference,
               paid.run_id, paid.bank_on, paid.reference, paid.pence)
        .join(Contract, Contract.id == paid.contract_id)
        .join(Provider, Provider.id == paid.provider_id)
    )  # fmt: skip


PAYMENTS_OUT_FILE = OutFile("payments_out.csv", (
    Out("out_ref", REFERENCE, "remittance and bank day: 741254-317/2019-10-11"),
    Out("provider_ref", REFERENCE, "the supplier to pay: the portal knows no account numbers"),
    Out("provider", TEXT, "its name"),
    Out("account_ending", REFERENCE, "the last digits that are on record of its account, to be compared"),
    Out("contract_ref", REFERENCE),
    Out("run", NUMBER),
    Out("bank_on", DAY, "the day on which it is to be in the provider's bank"),
    Out("remittance_reference", REFERENCE, "what is to stand on the provider's bank statement"),
    Out("amount", MONEY, "above 0.00"),
), "The payment file: one row for what the bank is to pay one provider, under one contract, on one day.",
    (_rows_of_payments_out,))  # fmt: skip
PAYMENTS_OUT = OutKind("payment_out", _payments_out, (PAYMENTS_OUT_FILE,))
