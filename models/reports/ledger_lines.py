"""What a provider's own books need of each payment that a run has made: a line for each kind of sum and of VAT.

The lines of a payment come to what the run has paid of it to the bank, to the penny.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from models.base import session, sum_of
from models.calendar import Span
from models.engine.component import Component
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.run import RunPayment
from models.payments.sent import SentPayment, bank_day, is_back
from models.records.care_package import CarePackageLineItem
from models.records.contract import Contract, ServiceLevel, VatCode
from models.words import Choice


class Program(StrEnum):
    """What a provider keeps its own books with."""

    XERO = "xero"
    SAGE = "sage"
    QUICKBOOKS = "quickbooks"

    @property
    def label(self) -> str:
        return {"xero": "Xero", "sage": "Sage 50", "quickbooks": "QuickBooks"}[self.value]


class Vat(Choice):
    STANDARD = "standard"
    REDUCED = "reduced"
    ZERO = "zero"
    EXEMPT = "exempt"
    NONE = "none"
    """What carries no VAT: an allowance, a deduction, an adjustment, or what is taken for a debt."""


_OF_CODE = {
    VatCode.STANDARD: Vat.STANDARD, VatCode.REDUCED: Vat.REDUCED, VatCode.ZERO: Vat.ZERO, VatCode.EXEMPT: Vat.EXEMPT,
}  # fmt: skip
_WORDS = {
    Component.CARE: "Care", Component.CONTRIBUTION: "Client contributions", Component.TOP_UP: "Top-ups",
    Component.NURSING: "Nursing care", Component.ALLOWANCE: "Allowances", Component.CLAIM: "One-off claims",
    Component.INVOICE: "Invoices", Component.ADJUSTMENT: "Adjustments",
    Component.BROUGHT_FORWARD: "Taken for what was owed", Component.CARRIED_FORWARD: "Added to what is owed",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """Pence; `number` names the payment and its run, as 741254-2019-09-30-12."""

    number: str
    reference: str
    """What stands on the bank statement, where that is told; else the contract's."""
    bank_on: date
    words: str
    net_pence: int
    vat_pence: int
    vat: Vat

    @property
    def total_pence(self) -> int:
        return self.net_pence + self.vat_pence


def ledger_lines(provider_id: int, first: date, last: date) -> list[LedgerLine]:
    """Of every payment with a bank day between these, that the bank has not returned; one statement."""
    line, part, payment, item, level = PaymentLine, RunPayment, ScheduledPayment, CarePackageLineItem, ServiceLevel
    code = sa.case((line.component.in_((Component.CARE, Component.INVOICE)), level.vat_code))
    keys = (
        part.payment_id, part.run_id, Contract.reference, payment.first_on, payment.last_on, bank_day(),
        SentPayment.bank_reference, line.component, code,
    )  # fmt: skip
    query = (
        select(
            Contract.reference, payment.first_on, payment.last_on, part.run_id, bank_day().label("bank_on"),
            SentPayment.bank_reference, line.component, code.label("code"), sum_of(line.net_pence).label("net"),
            sum_of(line.vat_pence).label("vat"),
        )
        .join(payment, payment.id == part.payment_id)
        .join(Contract, Contract.id == payment.contract_id)
        .join(line, sa.and_(line.payment_id == part.payment_id, line.run_id == part.run_id))
        .outerjoin(item, item.id == line.item_id)
        .outerjoin(level, level.id == item.service_level_id)
        .outerjoin(SentPayment, SentPayment.of_part())
        .where(part.provider_id == provider_id, part.is_finalised, part.paid_pence != 0, ~is_back())
        .where(bank_day().between(first, last))
        .group_by(*keys)
        .order_by(bank_day(), Contract.reference, payment.first_on, part.run_id, line.component, code)
    )  # fmt: skip
    return [_of_row(row) for row in session.execute(query) if row.net or row.vat]


def _of_row(row: Any) -> LedgerLine:
    words = f"{_WORDS[row.component]}, {Span(row.first_on, row.last_on).short}"
    number = f"{row.reference}-{row.first_on}-{row.run_id}"
    vat = _OF_CODE[VatCode(row.code)] if row.code else Vat.NONE
    return LedgerLine(number, row.bank_reference or row.reference, row.bank_on, words, row.net, row.vat, vat)
