"""A verb of invoices and credit notes that is killed at any statement has done all of it or nothing, and is done by
pressing again; so is the run that pays them.
"""

import os
from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy import select
from sqlalchemy.exc import NoResultFound

from commands.batchwise.payments import finalise_run
from models.base import DomainError, session
from models.billing import invoice_deciding, invoice_lines, invoice_received, invoicing
from models.billing.invoice_received import Received, ReceivedLine
from models.calendar import DAY, as_on
from models.money import SCALE
from models.payments.payment import PaymentLine
from models.payments.run import PaymentRun
from models.records.contract import VatCode
from models.records.invoice import Invoice, InvoiceKind, InvoiceLine
from models.records.provider import Provider
from models.verify import check_all
from tests import invoice_factories as made
from tests.invoice_factories import HOURLY_E4, MONDAY, act, asked
from tests.support.crash_office import copies
from tests.support.crashes import COMMIT, Machine, differences, on_record, spread
from tests.support.invoice_desk import NEXT, InvoiceDesk
from tests.support.rows import every, unit_of_work
from tests.support.runs import calculate, finalise

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
PAID = MONDAY + timedelta(days=13)
POINTS = 500 if os.environ.get("CAMPAIGN") else 4


class Desk(InvoiceDesk):
    """Acts on the invoice or credit note that was made last."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = [asked(self.item), asked(self.other)]
        self.numbers = count(1)
        self.invoices: list[Invoice] = []
        self.day = NEXT

    def begin(self) -> None:
        number = f"A{next(self.numbers)}x"
        self.invoices.append(made.make_invoice(self.contract, *self.lines, by=self.clerk, number=number))

    def credit(self) -> None:
        of = self.invoices[0]
        first = every(select(InvoiceLine).where(InvoiceLine.invoice_id == of.id).order_by(InvoiceLine.id))[0]
        self.invoices.append(made.make_credit_note(of, {first.id: 4 * SCALE}, by=self.clerk, number="CN1x"))

    def do(self, verb, *words, **given) -> None:
        with as_on(self.day):
            act(self.invoices[-1], verb, *words, **given)

    def first_line(self, own) -> InvoiceLine:
        lines = select(InvoiceLine).where(InvoiceLine.invoice_id == own.id).order_by(InvoiceLine.id)
        return session.scalars(lines).all()[0]


def press(desk, verb) -> None:
    """Of the verbs that races have too, on the invoice as its page shows it on that day."""
    with as_on(desk.day):
        verb(desk, desk.invoices[-1])()


def send(desk):
    press(desk, Desk.send)


def head(desk):
    wanted = invoicing.Head("B7x", NEXT, "As agreed by telephone", alike_reason="")
    desk.do(invoicing.change_invoice, wanted, by=desk.clerk)


def add(desk):
    more = asked(desk.item, 2, description="A journey")
    desk.do(invoice_lines.add_line, more, by=desk.clerk)


def change_line(desk):
    less = asked(desk.item, 9)
    desk.do(lambda own: invoice_lines.change_line(own, desk.first_line(own), less, by=desk.clerk))


def remove_line(desk):
    desk.do(lambda own: invoice_lines.remove_line(own, desk.first_line(own), by=desk.clerk))


def remove(desk):
    desk.do(invoicing.remove, by=desk.clerk)


def cancel(desk):
    press(desk, Desk.cancel)


def hold(desk):
    press(desk, Desk.hold)


def release(desk):
    press(desk, Desk.release)


def approve(desk):
    press(desk, Desk.approve)


def approve_two(desk):
    """The two that were sent, at once."""
    with unit_of_work():
        own = session.scalars(select(Invoice).where(Invoice.id.in_([each.id for each in desk.invoices]))).all()
        invoice_deciding.approve_each(own, {each.id: each.mark for each in own}, by=desk.officers[0])


def reject(desk):
    press(desk, Desk.reject)


def another(desk):
    """A second invoice, for two more people."""
    items = [made.make_hourly_item(desk.contract) for _ in range(2)]
    for each in items:
        made.make_confirmed(each, 10 * SCALE)
    desk.lines = [asked(each) for each in items]
    desk.begin()
    send(desk)


def finalised(desk):
    """A run that was broken off is gone on with."""
    for run in every(select(PaymentRun).where(PaymentRun.finalised_at.is_(None))):
        with as_on(PAID):
            finalise_run(run.id)
    finalise(PAID)
    desk.day = PAID + DAY


def take_in(desk):
    """As a file of UBL has been read."""
    line = ReceivedLine(
        desk.item.reference, MONDAY, MONDAY + timedelta(days=6), 10 * SCALE, HOURLY_E4, 231_00, VatCode.EXEMPT, 0
    )
    received = Received(InvoiceKind.INVOICE, "U1x", NEXT, "", "", 231_00, "By file", (line,))
    with unit_of_work(desk.contract.provider_id):
        provider = session.scalars(select(Provider).where(Provider.id == desk.contract.provider_id)).one()
        invoice_received.take_in(received, provider, by=desk.clerk)


BEGIN = Desk.begin
SENT = (BEGIN, send)
APPROVED = (*SENT, approve)
CASES = {
    "make": ((), BEGIN), "take in": ((), take_in), "change": ((BEGIN,), head), "add": ((BEGIN,), add),
    "change line": ((BEGIN,), change_line), "remove line": ((BEGIN,), remove_line), "remove": ((BEGIN,), remove),
    "send": ((BEGIN,), send), "cancel": (SENT, cancel), "cancel held": ((*SENT, hold), cancel), "hold": (SENT, hold),
    "release": ((*SENT, hold), release), "mend": ((*SENT, hold), change_line),
    "send again": ((*SENT, hold, change_line), send), "approve": (SENT, approve),
    "approve several": ((*SENT, another), approve_two), "reject": (SENT, reject),
    "reject held": ((*SENT, hold), reject), "reject approved": (APPROVED, reject),
    "reject paid": ((*APPROVED, finalised), reject), "approve anew": ((*SENT, reject), approve),
    "credit": (APPROVED, Desk.credit), "send credit note": ((*APPROVED, Desk.credit), send),
    "approve credit note": ((*APPROVED, Desk.credit, send), approve),
    "approve credit note of paid": ((*APPROVED, finalised, Desk.credit, send), approve),
}  # fmt: skip
MAY_REPEAT = ("change", "add", "change line", "remove line", "mend")
"""Done a second time they do something again, and no rule says no: the one-time key of the form does (ADR 0012)."""


@pytest.fixture(autouse=True)
def _today():
    with as_on(NEXT):
        yield


@pytest.fixture
def desk():
    return Desk()


class Kills:
    """The desk as it stands now, again and again, on a machine that is killed."""

    def __init__(self, database, kept) -> None:
        self.machine, self.kept = Machine(database), kept

    def renew(self) -> None:
        self.machine.engine.dispose()
        self.kept.renew()

    def rows(self):
        with self.machine.engine.connect() as connection:
            return on_record(connection)


def again(desk, verb, known):
    """Press once more; numbers and invoices are counted from those that were there before."""
    desk.invoices, desk.numbers = list(known), count(len(known) + 1)
    verb(desk)


@pytest.mark.parametrize("case", CASES)
def test_it_is_done_whole_or_not_at_all(database, desk, case):
    before, verb = CASES[case]
    for each in before:
        each(desk)
    known = list(desk.invoices)
    with copies(database) as kept:
        kills = Kills(database, kept)
        nothing = kills.rows()
        kills.renew()
        with kills.machine.process() as undisturbed:
            again(desk, verb, known)
        everything = kills.rows()
        assert differences(nothing, everything)
        assert undisturbed.points.count(COMMIT[0]) == 1, "one transaction"
        for point in spread(undisturbed.points, POINTS):
            kills.renew()
            with kills.machine.process(point) as killed:
                again(desk, verb, known)
            assert killed.is_dead
            is_done = killed.points[-1] == COMMIT[1]
            assert differences(everything if is_done else nothing, kills.rows()) == [], (point, killed.points)
            if is_done and case not in MAY_REPEAT:
                with pytest.raises(NoResultFound if case == "remove" else DomainError):
                    again(desk, verb, known)
            elif not is_done:
                again(desk, verb, known)
            if case not in MAY_REPEAT or not is_done:
                assert differences(everything, kills.rows()) == [], point
        with as_on(desk.day):
            assert list(check_all()) == []


def test_a_run_that_is_killed_while_it_pays_invoices_pays_them_once_when_it_is_given_again(database, desk):
    """An invoice and a credit note of it: 20 hours at £23.10 less 4, £369.60 in all."""
    for each in (*APPROVED, Desk.credit, send, approve):
        each(desk)
    calculate(PAID)
    with copies(database) as kept:
        kills = Kills(database, kept)
        kills.renew()
        with kills.machine.process() as undisturbed:
            finalised(desk)
        everything = kills.rows()
        for point in spread(undisturbed.points, POINTS):
            kills.renew()
            with kills.machine.process(point):
                finalised(desk)
            finalised(desk)
            assert differences(everything, kills.rows()) == [], point
            paid = [each for each in every(PaymentLine) if each.run_id and each.invoice_line_id]
            assert sum(each.total_pence for each in paid) == 369_60
        with as_on(desk.day):
            assert list(check_all()) == []
        assert [made.row_of(each).state.label for each in desk.invoices] == ["Paid", "Paid"]
