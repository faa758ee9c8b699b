"""Invoices of a demonstration, in every state, of the contract of the home care agency that pays by invoice. Each by
the verb that a page would call. Last week is left to be confirmed, and the one before it to be invoiced.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from commands.batchwise.payments import finalise_run
from models.accounts.user import Membership, User
from models.base import DomainError, session, transaction
from models.billing import invoice_deciding, invoice_lines, invoice_rules, invoicing
from models.billing.invoice_facts import Facts
from models.billing.invoicing import Head
from models.calendar import DAY, as_on, today
from models.care import weeks as actuals
from models.care.register import ListedWeek, weeks
from models.money import SCALE
from models.payments import authorising, day_moves
from models.payments.payment import ScheduledPayment
from models.permissions import Role
from models.records.care_package import CarePackageLineItem
from models.records.contract import Contract, PaymentMethod
from models.records.invoice import Invoice, InvoiceKind, InvoiceLine
from models.records.invoice_rule import HoldReason, LateKind
from models.tenancy import every_provider

OFFICER, MANAGER = "payments-officer@demo.example", "payments-manager@demo.example"
WEEKS = 12
"""So many are confirmed, all but the newest of them invoiced."""
WEEK = timedelta(days=7)


def perform() -> None:
    """Nothing, where no contract pays by invoice."""
    with transaction(), every_provider():
        found = _contract()
        if found is None:
            return
        _confirm(found)
        _Agency(found).send_everything()
    with suppress(DomainError):  # the payment may not be paid today: then the invoices stay approved
        run_id = _pay()
        if run_id is not None:
            finalise_run(run_id)
    with transaction(), every_provider():
        _Agency(_known(found.id)).give_back()


def _contract() -> Contract | None:
    by_invoice = select(PaymentMethod.contract_id).where(PaymentMethod.is_by_invoice)
    return session.scalars(select(Contract).where(Contract.id.in_(by_invoice)).order_by(Contract.id).limit(1)).first()


def _known(contract_id: int) -> Contract:
    return session.scalars(select(Contract).where(Contract.id == contract_id)).one()


def _colleague(email: str) -> User:
    return session.scalars(select(User).where(User.email == email).options(joinedload(User.staff))).one()


def _items(contract: Contract) -> Sequence[CarePackageLineItem]:
    item = CarePackageLineItem
    return session.scalars(select(item).where(item.contract_id == contract.id).order_by(item.id)).all()


def _weeks(contract: Contract) -> list[ListedWeek]:
    """The last weeks of the contract's service that are over, the oldest first."""
    found = [each for each in weeks(today() - (WEEKS + 1) * WEEK) if each.contract_id == contract.id and each.is_over]
    return found[: WEEKS + 1][::-1]


def _person(contract: Contract) -> User:
    """Who sends invoices there, of those whom one can log in as."""
    place = Membership.provider_id == contract.provider_id, Membership.role == Role.FINANCE
    query = select(User).join(Membership, Membership.user_id == User.id).where(*place)
    return session.scalars(query.order_by(User.id).limit(1)).one()


def _confirm(contract: Contract) -> None:
    """Each week on the day after it, as planned; but for the last one."""
    by = _person(contract)
    for listed in _weeks(contract)[:-1]:
        with as_on(listed.span.last + DAY):
            week = actuals.generate(contract, listed.service_id, listed.span.first, by=by)
            session.flush()
            actuals.confirm_only(week, by=by)


class _Agency:
    """One provider, who sends its invoices, and the officer who decides them."""

    def __init__(self, contract: Contract) -> None:
        self.contract, self.by = contract, _person(contract)
        self.officer, self.manager = _colleague(OFFICER), _colleague(MANAGER)
        self.number = 1_041

    def send_everything(self) -> None:
        weeks = [each.first_on for each in _weeks(self.contract)]
        instrument = "Bank of England, official dealing rate"
        for year in (today().year - 1, today().year):
            invoice_rules.enter_figure(LateKind.BASE_RATE, date(year, 1, 1), 400, instrument, by=self.manager)
        paid = [self._sent({weeks[0], weeks[1]}), self._sent({weeks[2]}, without_waiting=True)]
        for each in paid:
            invoice_deciding.approve(each, seen=each.mark, by=self.officer)
        rejected = self._sent({weeks[3]})
        invoice_deciding.reject(rejected, "These sessions are on invoice 1041 of your old series", by=self.officer)
        cancelled = self._sent({weeks[4]})
        invoicing.cancel(cancelled, by=self.by)
        held = self._sent({weeks[5]}, more=True)
        invoice_deciding.hold(held, self._reason("provider"), note="Four sessions a week are on it", by=self.officer)
        ours = self._sent({weeks[6]})
        invoice_deciding.hold(ours, self._reason("brokerage"), by=self.officer)
        self._sent({weeks[7]})
        self._sent({weeks[8]}, more=True)
        self._draft({weeks[9]})

    def give_back(self) -> None:
        """A credit note against the invoice that is paid, which waits to be decided; and one that is only approved."""
        query = select(Invoice).where(Invoice.contract_id == self.contract.id, Invoice.decided_on.is_not(None))
        first = session.scalars(query.order_by(Invoice.id).limit(1)).one()
        head = Head("CN-7", today(), "A session was not given")
        note = invoicing.new_invoice(self.contract, head, kind=InvoiceKind.CREDIT_NOTE, credits=first, by=self.by)
        session.flush()
        [line] = session.scalars(
            select(InvoiceLine).where(InvoiceLine.invoice_id == first.id).order_by(InvoiceLine.id).limit(1)
        )
        invoice_lines.take_back(note, {line.id: SCALE}, by=self.by)
        invoicing.submit(note, seen=note.mark, by=self.by)
        self.number = 1_060
        coming = self._sent({_weeks(self.contract)[10].first_on})
        invoice_deciding.approve(coming, seen=coming.mark, by=self.officer)

    def _reason(self, owner: str) -> HoldReason:
        return next(each for each in session.scalars(HoldReason.offered()) if each.owner == owner)

    def _draft(self, weeks: set[date], *, more: bool = False, without_waiting: bool = False) -> Invoice:
        """`more`: a session more than was confirmed. `without_waiting`: not for the one who is suspended."""
        invoice = invoicing.new_invoice(self.contract, Head(str(self.number), today() - DAY), by=self.by)
        self.number += 1
        session.flush()
        lines = invoice_lines.lines_from(self.contract.id, weeks, Facts.of_contract(self.contract.id))
        if without_waiting:
            waits = {each.id for each in _items(self.contract) if each.is_suspended}
            lines = [each for each in lines if each.item_id not in waits]
        invoice_lines.add_lines(invoice, lines, by=self.by)
        if more:
            [first] = session.scalars(
                select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id).order_by(InvoiceLine.id).limit(1)
            )
            asked = lines[0]
            wrong = invoice_lines.Asked(
                asked.item_id, asked.first_on, asked.last_on, asked.quantity_e4 + SCALE, asked.rate_e4, asked.vat_code,
                asked.vat_basis_points, asked.description,
            )  # fmt: skip
            invoice_lines.change_line(invoice, first, wrong, by=self.by)
        return invoice

    def _sent(self, weeks: set[date], **how: bool) -> Invoice:
        invoice = self._draft(weeks, **how)
        invoicing.submit(invoice, seen=invoice.mark, by=self.by)
        return invoice


def _pay() -> int | None:
    """Pay what is approved so far, in a run of its own that a manager authorises: the invoice of the care package that
    waits is paid in part. The id of the run.
    """
    with transaction(), every_provider():
        contract = _contract()
        payment = ScheduledPayment
        mine = payment.contract_id == (contract.id if contract else 0), payment.total_pence > 0, payment.is_open
        query = select(payment).join(payment.contract).where(*mine)
        query = query.options(joinedload(payment.contract), joinedload(payment.method))
        found = session.scalars(query.order_by(payment.first_on).limit(1)).first()
        if found is None:
            return None
        officer, manager = _colleague(OFFICER), _colleague(MANAGER)
        if found.finalise_on > today():
            day_moves.pay_now(found, by=officer, reason="Their invoices have waited for the first run of this contract")
        run = day_moves.prepare_one(found, by=officer)
        session.flush()
        for person in (officer, manager):
            authorising.tick(run, dict.fromkeys(authorising.kinds_of(run), "Matched with the actuals"), by=person)
        session.flush()
        authorising.authorise(run, by=manager)
        return run.id
