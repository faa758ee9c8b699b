"""Two people press at once on an invoice: one is first, the other is told, and nothing is done twice."""

from functools import partial

import pytest
from sqlalchemy import select
from sqlalchemy.exc import NoResultFound

from models.audit import AuditEvent
from models.base import DomainError, session
from models.billing import invoice_deciding, invoice_lines, invoicing
from models.calendar import as_on
from models.money import SCALE
from models.payments.payment import PaymentLine
from models.records.invoice import Invoice, InvoiceLine, InvoiceStatus
from models.verify import check_all
from tests import invoice_factories as made
from tests.invoice_factories import act, asked
from tests.support import races
from tests.support.invoice_desk import NEXT, InvoiceDesk
from tests.support.rows import every, unit_of_work

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]


@pytest.fixture(autouse=True)
def _today():
    with as_on(NEXT):
        yield


@pytest.fixture
def desk():
    return InvoiceDesk()


at_once = partial(races.at_once, on=NEXT)


def how_often(action):
    return len(every(select(AuditEvent).where(AuditEvent.action == action)))


def drafts_pence():
    return sum(each.total_pence for each in every(PaymentLine) if each.invoice_line_id)


def test_of_two_officers_who_approve_at_once_one_is_first_and_it_is_paid_once(desk):
    invoice = desk.sent()
    told = at_once(desk.approve(invoice), desk.approve(invoice, officer=1))
    assert told == ["done", f"{invoice.called} has been approved. Look at it again"]
    assert how_often("invoice.approved") == 1
    assert drafts_pence() == 231_00
    assert list(check_all()) == []


def test_it_is_approved_then_rejected_or_only_rejected(desk):
    """Rejecting an approved one is a decision of its own; who approves one that was rejected since looks again."""
    invoice = desk.sent()
    told = at_once(desk.approve(invoice), desk.reject(invoice))
    assert told[0] == "done"
    assert told[1] == "done" or told[1].endswith("Look at it again")
    assert made.invoice_now(invoice).status is InvoiceStatus.REJECTED
    assert drafts_pence() == 0
    assert list(check_all()) == []


def test_it_is_held_or_approved_and_never_both(desk):
    invoice = desk.sent()
    told = at_once(desk.approve(invoice), desk.hold(invoice))
    now = made.invoice_now(invoice)
    assert told[0] == "done"
    assert (now.status, "is on hold" in told[1]) in (
        (InvoiceStatus.ON_HOLD, True), (InvoiceStatus.APPROVED, False),
    )  # fmt: skip
    assert (how_often("invoice.held"), how_often("invoice.approved")) in ((1, 0), (0, 1))
    assert len(now.holds) == how_often("invoice.held")
    assert list(check_all()) == []


def test_of_two_who_hold_it_at_once_one_is_first_and_it_has_one_hold(desk):
    invoice = desk.sent()
    told = at_once(desk.hold(invoice, 0), desk.hold(invoice, 1))
    assert told[0] == "done"
    assert "is on hold" in told[1]
    assert len(made.invoice_now(invoice).holds) == 1


def test_it_is_released_or_mended_and_never_both(desk):
    """Released, the days to pay count on; mended, anew: one of them."""
    invoice = desk.sent()
    desk.hold(invoice)()
    told = at_once(desk.release(invoice), desk.send(invoice))
    assert told[0] == "done"
    assert told[1] != "done"
    assert how_often("invoice.released") + how_often("invoice.mended") == 1
    [held] = made.invoice_now(invoice).holds
    assert held.ending.value == ("released" if how_often("invoice.released") else "mended")
    assert list(check_all()) == []


def test_it_is_cancelled_or_approved_and_never_both(desk):
    invoice = desk.sent()
    told = at_once(desk.cancel(invoice), desk.approve(invoice))
    is_cancelled = made.invoice_now(invoice).status is InvoiceStatus.CANCELLED
    assert told[0] == "done"
    assert ("has been cancelled" if is_cancelled else "It is approved") in told[1]
    assert drafts_pence() == (0 if is_cancelled else 231_00)
    assert list(check_all()) == []


def test_one_that_is_sent_twice_at_once_is_sent_once(desk):
    invoice = desk.draft()
    told = at_once(desk.send(invoice), desk.send(invoice))
    assert (told[0], "It is with the council" in told[1]) == ("done", True)
    assert how_often("invoice.submitted") == 1


def test_a_line_that_is_added_while_it_is_sent_is_in_it_or_refused_and_the_sum_is_the_one_shown(desk):
    invoice = desk.draft()

    def add():
        act(invoice, invoice_lines.add_line, asked(desk.other), by=desk.clerk)

    told = at_once(add, desk.send(invoice))
    now = made.invoice_now(invoice)
    assert told[0] == "done"
    if now.status is InvoiceStatus.SUBMITTED:
        assert (now.gross_pence, "cannot be changed" in told[1]) == (231_00, True)
    else:
        assert (now.gross_pence, "comes to £462.00 now" in told[1]) == (462_00, True)


def test_two_lines_that_are_added_at_once_are_both_in_its_sum(desk):
    invoice = desk.draft()
    adds = [lambda hours=each: act(invoice, invoice_lines.add_line, asked(desk.other, hours), by=desk.clerk)
            for each in (1, 2)]  # fmt: skip
    assert at_once(*adds) == ["done", "done"]
    assert made.invoice_now(invoice).gross_pence == 13 * 23_10
    assert list(check_all()) == []


def test_a_line_is_changed_or_removed_and_the_sum_is_that_of_what_is_there(desk):
    invoice = desk.draft(desk.item, desk.other)

    first = made.invoice_now(invoice).lines[0].id

    def on_first(verb, *more):
        def now(own):
            line = session.scalars(select(InvoiceLine).where(InvoiceLine.id == first)).one_or_none()
            if line is None:
                raise DomainError("Somebody else has removed this line")
            verb(own, line, *more, by=desk.clerk)

        return lambda: act(invoice, now)

    told = at_once(on_first(invoice_lines.change_line, asked(desk.item, 3)), on_first(invoice_lines.remove_line))
    assert told[0] == "done"
    assert told[1] == "done" or "Somebody else has removed this line" in told[1]
    now = made.invoice_now(invoice)
    assert now.gross_pence == sum(each.gross_pence for each in now.lines) == 231_00


def test_one_number_that_is_used_twice_at_once_is_used_once(desk):
    told = at_once(*(lambda: desk.draft(number="77x") for _ in range(2)))
    assert told[0] == "done"
    assert "You have used the number 77x already" in told[1]
    assert len(every(Invoice)) == 1


def test_a_draft_is_removed_or_sent_and_never_both(desk):
    invoice = desk.draft()

    send = desk.send(invoice)

    def send_if_it_is_there():
        try:
            send()
        except NoResultFound as gone:  # removed before it was read: a page says 404
            raise DomainError("Somebody else has just removed it") from gone

    told = at_once(lambda: act(invoice, invoicing.remove, by=desk.clerk), send_if_it_is_there)
    found = every(select(Invoice).where(Invoice.id == invoice.id))
    assert told[0] == "done"
    assert ("cannot be removed" if found else "Somebody else has just removed") in told[1]
    assert how_often("invoice.submitted") == len(found)


def test_two_credit_notes_that_take_back_all_of_a_line_at_once_are_sent_once(desk):
    invoice = desk.approved()
    [line] = made.invoice_now(invoice).lines
    notes = [made.make_credit_note(invoice, {line.id: 10 * SCALE}, by=desk.clerk) for _ in range(2)]
    told = at_once(*(desk.send(each) for each in notes))
    assert told[0] == "done"
    assert "is left of that line" in told[1]
    assert how_often("invoice.submitted") == 2
    assert list(check_all()) == []


def test_an_invoice_is_rejected_or_its_credit_note_approved_and_never_both(desk):
    invoice = desk.approved()
    [line] = made.invoice_now(invoice).lines
    note = made.make_credit_note(invoice, {line.id: 4 * SCALE}, by=desk.clerk)
    send_it, reject_it = desk.send(note), desk.reject(invoice)
    told = at_once(send_it, reject_it)
    assert told[0] == "done"
    assert told[1] != "done"
    assert (how_often("invoice.submitted"), how_often("invoice.rejected")) in ((2, 0), (1, 1))
    assert list(check_all()) == []


def test_several_that_are_approved_at_once_by_two_are_each_approved_once(desk):
    """Both have ticked the same two, in another order."""
    invoices = [desk.sent(desk.item), desk.sent(desk.other)]

    def approve_all(ids, by):
        def press():
            with unit_of_work():
                chosen = {each.id: each for each in session.scalars(select(Invoice).where(Invoice.id.in_(ids)))}
                invoice_deciding.approve_each([chosen[id_] for id_ in ids], seen, by=by)

        return press

    ids, seen = [each.id for each in invoices], {each.id: made.invoice_now(each).mark for each in invoices}
    told = at_once(approve_all(ids, desk.officers[0]), approve_all(ids[::-1], desk.officers[1]))
    assert told[0] == "done"
    assert "has been approved" in told[1]
    assert how_often("invoice.approved") == 2
    assert drafts_pence() == 462_00
    assert list(check_all()) == []
