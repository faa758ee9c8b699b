"""A provider that is paid by invoice, and who acts on its invoices on both sides: for crashes and for races."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from models.billing import invoice_deciding, invoicing
from models.money import SCALE
from models.permissions import Role
from models.records.care_package import CarePackageLineItem
from models.records.invoice import Invoice
from models.records.provider import Provider
from tests import invoice_factories as made
from tests.factories import make_user
from tests.invoice_factories import MONDAY, act, asked
from tests.support.runs import calculate

NEXT = MONDAY + timedelta(days=7)
"""Today: the Monday after the week that is invoiced."""
Act = Callable[[], object]


class InvoiceDesk:
    """A contract that pays by invoice, two people in care with ten confirmed hours each, a clerk and two officers.

    Each verb is told of the invoice as its page shows it, and is pressed by calling what it gives back.
    """

    def __init__(self) -> None:
        self.contract, self.item = made.make_home_care()
        self.other = made.make_hourly_item(self.contract)
        for each in (self.item, self.other):
            made.make_confirmed(each, 10 * SCALE)
        self.clerk = make_user(Role.FINANCE, Provider(id=self.contract.provider_id))
        self.officers = [made.officer(), made.officer()]
        self.reason = made.reason_owned_by("provider")
        calculate(NEXT)

    def draft(self, *items: CarePackageLineItem, **given: str) -> Invoice:
        lines = [asked(each) for each in items or (self.item,)]
        return made.make_invoice(self.contract, *lines, by=self.clerk, **given)

    def sent(self, *items: CarePackageLineItem) -> Invoice:
        invoice = self.draft(*items)
        self.send(invoice)()
        return invoice

    def approved(self, *items: CarePackageLineItem) -> Invoice:
        invoice = self.sent(*items)
        self.approve(invoice)()
        return invoice

    def send(self, invoice: Invoice) -> Act:
        return partial(act, invoice, invoicing.submit, seen=_mark(invoice), by=self.clerk)

    def cancel(self, invoice: Invoice) -> Act:
        return partial(act, invoice, invoicing.cancel, by=self.clerk)

    def approve(self, invoice: Invoice, officer: int = 0) -> Act:
        by = self.officers[officer]
        return partial(act, invoice, invoice_deciding.approve, seen=_mark(invoice), note="Agreed", by=by)

    def reject(self, invoice: Invoice, officer: int = 1) -> Act:
        return partial(act, invoice, invoice_deciding.reject, "Sent twice", by=self.officers[officer])

    def hold(self, invoice: Invoice, officer: int = 1) -> Act:
        given = {"note": "Which nights?", "by": self.officers[officer]}
        return partial(act, invoice, invoice_deciding.hold, self.reason, **given)

    def release(self, invoice: Invoice, officer: int = 0) -> Act:
        return partial(act, invoice, invoice_deciding.release, by=self.officers[officer])


def _mark(invoice: Invoice) -> str:
    return made.invoice_now(invoice).mark
