"""What `./portal verify` finds where invoices are not as they must be."""

from datetime import timedelta

import pytest

from models.billing import invoice_deciding
from models.calendar import as_on
from models.money import SCALE
from models.verify import check_all
from tests import invoice_factories as made
from tests.invoice_factories import MONDAY, act, asked
from tests.support.runs import change

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]


@pytest.fixture
def approved():
    with as_on(MONDAY + timedelta(days=8)):
        contract, item = made.make_home_care()
        made.make_confirmed(item, 10 * SCALE)
        invoice = made.make_sent(contract, asked(item))
        made.approve(invoice)
        yield made.invoice_now(invoice)


def promises():
    return {each.promise for each in check_all()}


def test_a_sound_invoice_breaks_none(approved):
    note = made.make_credit_note(approved, {approved.lines[0].id: 10 * SCALE})
    made.send(note)
    made.approve(note)
    assert promises() == set()


def test_a_sum_that_is_not_that_of_the_lines_is_found(approved):
    change(approved, net_pence=approved.net_pence + 1)
    assert "an invoice comes to its lines" in promises()


def test_a_payment_for_what_is_not_decided_is_found(approved):
    change(approved, status="submitted", decided_at=None, decided_by_id=None, decided_on=None)
    assert "an invoice is paid once it is approved" in promises()


def test_a_hold_without_its_state_and_a_state_without_its_hold_are_found(approved):
    contract, item = made.make_home_care()
    one, other, by = made.make_sent(contract, asked(item)), made.make_sent(contract, asked(item)), made.officer()
    act(one, invoice_deciding.hold, made.reason_owned_by("provider"), by=by)
    assert "an invoice is on hold for a reason" not in promises()
    change(one, status="submitted")
    change(other, status="on_hold")
    assert [each.ids["invoice"] for each in check_all() if each.promise == "an invoice is on hold for a reason"] == [
        one.id, other.id,
    ]  # fmt: skip


def test_a_credit_note_that_takes_back_too_much_is_found(approved):
    note = made.make_credit_note(approved, {approved.lines[0].id: 10 * SCALE})
    made.send(note)
    own = made.invoice_now(note)
    change(own.lines[0], net_pence=own.net_pence + 1)
    assert "credit notes take back no more than there is" in promises()


def test_a_credit_note_against_what_is_no_approved_invoice_is_found(approved):
    note = made.make_credit_note(approved, {approved.lines[0].id: SCALE})
    made.send(note)
    change(approved, status="rejected")
    assert "a credit note takes back of an approved invoice" not in promises(), "the note waits"
    change(approved, status="approved")
    made.approve(note)
    assert promises() == set()
    for given in ({"status": "rejected"}, {"kind": "credit_note", "credits_id": note.id, "status": "approved"}):
        change(approved, **given)
        assert "a credit note takes back of an approved invoice" in promises()
