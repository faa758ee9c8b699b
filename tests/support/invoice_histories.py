"""Random histories of a provider that is paid by invoice: see tests/support/histories.py.

Invoices and credit notes are written, sent, held, mended, released, approved, rejected, approved anew and cancelled,
while methods by invoice end and others begin.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from itertools import count

from sqlalchemy import Select, select
from sqlalchemy.orm import selectinload

from models.base import DomainError
from models.billing import invoice_deciding, invoice_lines, invoicing
from models.billing.invoice_lines import Asked
from models.billing.invoicing import Head
from models.calendar import DAY, FAR_FUTURE, as_on
from models.money import SCALE
from models.records.care_package import CarePackageLineItem
from models.records.contract import Contract, PaymentMethod, VatCode
from models.records.invoice import Invoice, InvoiceKind, InvoiceLine, InvoiceStatus
from tests.factories import make_staff
from tests.invoice_factories import reason_owned_by
from tests.support.histories import Office
from tests.support.rows import every, unit_of_work

EVENTS = {
    "send_invoice": 10, "approve_invoice": 12, "reject_invoice": 4, "hold_invoice": 3, "mend_invoice": 3,
    "release_invoice": 2, "cancel_invoice": 1, "credit": 7,
}  # fmt: skip


class InvoiceOffice(Office):
    """Most methods of both contracts pay by invoice."""

    def __init__(self, seed: int) -> None:
        self._numbers = count(1)
        super().__init__(seed)
        self.desk = make_staff()
        self.reason = reason_owned_by("provider")

    def _contract(self) -> Contract:
        contract = super()._contract()
        [method] = self._methods(contract)
        self._facts(PaymentMethod, method, is_by_invoice=self.rng.random() < 0.85)
        return contract

    def _go_on(self) -> bool | None:
        done = super()._go_on()
        [newest] = every(select(PaymentMethod).order_by(PaymentMethod.id.desc()).limit(1))
        return done and self._facts(PaymentMethod, newest, is_by_invoice=self.rng.random() < 0.6)

    def step(self) -> str:
        if self.rng.random() > 0.55:
            return super().step()
        for _ in range(20):
            name = self.rng.choices([*EVENTS], [*EVENTS.values()])[0]
            with as_on(self.day), suppress(DomainError):
                if getattr(self, f"_{name}")():
                    self.happened[name] = self.happened.get(name, 0) + 1
                    return name
        return super().step()

    def _invoices(self, *states: InvoiceStatus, kind: InvoiceKind | None = None) -> Select[Invoice]:
        query = select(Invoice).where(Invoice.status.in_(states)).options(selectinload(Invoice.lines))
        return (query if kind is None else query.where(Invoice.kind == kind)).order_by(Invoice.id)

    def _on_one(
        self, verb: object, *states: InvoiceStatus, shown: dict[str, str] | None = None, **given: object
    ) -> bool | None:  # fmt: skip
        """`shown`: what the verb is given of the invoice, as the page has shown it."""
        found = self._draw(every(self._invoices(*states)))
        if found is None:
            return None
        with unit_of_work() as session:
            own = session.scalars(select(Invoice).where(Invoice.id == found.id)).one()
            verb(own, **{name: getattr(own, attribute) for name, attribute in (shown or {}).items()}, **given)  # type: ignore[operator]
        return True

    def _line(self, item: CarePackageLineItem) -> Asked:
        first = self._near(70, 0)
        last = min(self.day, first + timedelta(days=self.rng.choice([0, 6, 6, 13, 40])))
        is_taxed = self.rng.random() < 0.4
        return Asked(
            item.id, first, last, self.rng.randrange(1, 40 * SCALE), self.rng.randrange(0, 60 * SCALE),
            VatCode.STANDARD if is_taxed else VatCode.EXEMPT, 2_000 if is_taxed else 0,
        )  # fmt: skip

    def _head(self) -> Head:
        return Head(f"{next(self._numbers)}x", self.day)

    def _send_invoice(self) -> bool | None:
        drawn, item = self._any_contract(), CarePackageLineItem
        with unit_of_work(self.provider.id) as session:
            items = session.scalars(select(item).where(item.contract_id == drawn.id, item.is_activated)).all()
            if not items:
                return None
            contract = session.scalars(select(Contract).where(Contract.id == drawn.id)).one()
            invoice = invoicing.new_invoice(contract, self._head(), by=self.carer)
            session.flush()
            lines = [self._line(self.rng.choice(items)) for _ in range(self.rng.randint(1, 4))]
            invoice_lines.add_lines(invoice, lines, by=self.carer)
            invoicing.submit(invoice, seen=invoice.mark, by=self.carer)
        return True

    def _credit(self) -> bool | None:
        of = self._draw(every(self._invoices(InvoiceStatus.APPROVED, kind=InvoiceKind.INVOICE)))
        if of is None:
            return None
        wanted = {
            each.id: self.rng.choice([each.quantity_e4, self.rng.randint(1, each.quantity_e4)]) for each in of.lines
        }
        with unit_of_work(self.provider.id) as session:
            contract = session.scalars(select(Contract).where(Contract.id == of.contract_id)).one()
            own = session.scalars(select(Invoice).where(Invoice.id == of.id)).one()
            note = invoicing.new_invoice(
                contract, self._head(), kind=InvoiceKind.CREDIT_NOTE, credits=own, by=self.carer
            )
            session.flush()
            invoice_lines.take_back(note, wanted, by=self.carer)
            invoicing.submit(note, seen=note.mark, by=self.carer)
        return True

    def _approve_invoice(self) -> bool | None:
        states = InvoiceStatus.SUBMITTED, InvoiceStatus.REJECTED
        return self._on_one(invoice_deciding.approve, *states, shown={"seen": "mark"}, note="As agreed", by=self.desk)

    def _reject_invoice(self) -> bool | None:
        states = InvoiceStatus.SUBMITTED, InvoiceStatus.ON_HOLD, InvoiceStatus.APPROVED
        return self._on_one(invoice_deciding.reject, *states, reason="Not delivered", by=self.desk)

    def _hold_invoice(self) -> bool | None:
        return self._on_one(invoice_deciding.hold, InvoiceStatus.SUBMITTED, reason=self.reason, by=self.desk)

    def _release_invoice(self) -> bool | None:
        return self._on_one(invoice_deciding.release, InvoiceStatus.ON_HOLD, by=self.desk)

    def _mend_invoice(self) -> bool | None:
        return self._on_one(invoicing.submit, InvoiceStatus.ON_HOLD, shown={"seen": "mark"}, by=self.carer)

    def _cancel_invoice(self) -> bool | None:
        states = InvoiceStatus.SUBMITTED, InvoiceStatus.ON_HOLD
        return self._on_one(invoicing.cancel, *states, by=self.carer)

    # What approved invoices come to, by a walk of its own over their days.

    def priced_pence(self, contract_id: int) -> int:
        """Pence with VAT of the lines of approved invoices and credit notes all of whose days are paid by invoice."""
        return sum(sign * line.gross_pence for sign, line in self.lines_that_pay(contract_id))

    def lines_that_pay(self, contract_id: int) -> Iterator[tuple[int, InvoiceLine]]:
        for invoice in every(self._invoices(InvoiceStatus.APPROVED)):
            if invoice.contract_id == contract_id:
                for line in invoice.lines:
                    days = [line.first_on + n * DAY for n in range((line.last_on - line.first_on).days + 1)]
                    if all(self._is_by_invoice(contract_id, day) for day in days):
                        yield invoice.kind.sign, line

    def _is_by_invoice(self, contract_id: int, day: date) -> bool:
        methods = [
            each for each in every(select(PaymentMethod)) if each.contract_id == contract_id and each.is_by_invoice
        ]
        return any(each.calculate_from <= day <= (each.ends_on or FAR_FUTURE) for each in methods)
