"""What credit notes may take back, whatever becomes of their invoice meanwhile, and what they give free."""

from datetime import timedelta

import pytest

from models.base import DomainError
from models.billing import invoice_deciding, invoice_lines
from models.billing.credited import left_of
from models.billing.invoice_matching import match
from models.calendar import as_on
from models.money import SCALE
from models.records.invoice import InvoiceStatus
from tests import invoice_factories as made
from tests.factories import make_user
from tests.invoice_factories import MONDAY, act, asked
from tests.support.rows import unit_of_work

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database"), pytest.mark.covers("S4-026")]
HOURS = 10 * SCALE


@pytest.fixture
def care():
    with as_on(MONDAY + timedelta(days=9)):
        contract, item = made.make_home_care()
        made.make_confirmed(item, HOURS)
        yield contract, item


@pytest.fixture
def approved(care):
    contract, item = care
    invoice = made.make_sent(contract, asked(item))
    made.approve(invoice)
    return made.invoice_now(invoice)


def differs(invoice):
    with unit_of_work():
        return [each.value for each in match(made.invoice_now(invoice)).kinds]


def reject(invoice):
    act(invoice, invoice_deciding.reject, "Sent twice", by=made.officer())


def test_a_draft_against_an_invoice_that_was_rejected_meanwhile_is_not_sent(approved):
    note = made.make_credit_note(approved, {approved.lines[0].id: SCALE})
    reject(approved)
    with pytest.raises(DomainError, match="is rejected, and pays nothing"):
        made.send(note)
    assert differs(note) == ["more than is left"]


def test_a_rejected_note_is_not_approved_after_its_invoice_was_rejected(approved):
    """Else what the invoice had paid would be taken back twice."""
    note = made.make_credit_note(approved, {approved.lines[0].id: HOURS})
    made.send(note)
    reject(note)
    reject(approved)
    with pytest.raises(DomainError, match="is rejected, and pays nothing"):
        made.approve(note)
    assert made.invoice_now(note).status is InvoiceStatus.REJECTED


def test_a_credit_note_takes_back_of_no_credit_note(approved):
    """It would take back once more, and give nothing."""
    note = made.make_credit_note(approved, {approved.lines[0].id: SCALE})
    made.send(note)
    made.approve(note)
    with pytest.raises(DomainError, match="takes back already"):
        made.make_credit_note(note, {made.invoice_now(note).lines[0].id: SCALE})


def test_nothing_is_left_of_an_invoice_that_is_rejected_until_it_is_approved_again(approved):
    [line] = approved.lines
    reject(approved)
    with unit_of_work():
        assert left_of(approved.id)[line.id].gross_pence == 0
    with pytest.raises(DomainError, match="is not approved"):
        made.make_credit_note(approved, {line.id: SCALE})
    made.approve(approved)
    with unit_of_work():
        assert left_of(approved.id)[line.id].gross_pence == 23_100


def test_units_are_free_again_once_the_council_has_approved_the_credit_note(care, approved):
    """A credit note that only waits gives nothing free: it may be rejected after the units were paid once more."""
    contract, item = care
    note = made.make_credit_note(approved, {approved.lines[0].id: 3 * SCALE})
    again = made.make_invoice(contract, asked(item, 3))
    assert differs(again) == ["quantity"]
    assert list(made.facts_of(contract).to_invoice(contract.id)) == []
    made.send(note)
    assert differs(again) == ["quantity"]
    made.approve(note)
    assert differs(again) == []
    act(again, invoice_lines.add_line, asked(item, 1), by=make_user())
    assert differs(again) == ["quantity"]


def test_what_an_approved_credit_note_gives_free_is_offered_again(care, approved):
    contract, item = care
    note = made.make_credit_note(approved, {approved.lines[0].id: 3 * SCALE})
    made.send(note)
    made.approve(note)
    [offered] = made.facts_of(contract).to_invoice(contract.id)
    assert (offered.item.id, offered.left_e4) == (item.id, 3 * SCALE)
