"""What credit notes may take back, whatever becomes of their invoice meanwhile, and what they give free."""

from datetime import timedelta

import pytest

from models.base import DomainError, session
from models.billing import invoice_deciding, invoice_lines
from models.billing.credited import Left, insist_is_left, left_of
from models.billing.invoice_matching import match
from models.calendar import as_on
from models.money import SCALE
from models.records.invoice import Invoice, InvoiceStatus
from tests import invoice_factories as made
from tests.factories import make_user
from tests.invoice_factories import MONDAY, act, asked
from tests.support.rows import unit_of_work
from tests.support.runs import change

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


def test_a_note_that_takes_back_no_more_than_is_left_matches(approved):
    for hours in (4, 6):
        note = made.make_credit_note(approved, {approved.lines[0].id: hours * SCALE})
        assert differs(note) == []
        made.send(note)
        assert differs(note) == []


def test_what_is_left_is_told_with_its_vat(care):
    contract, item = care
    invoice = made.make_sent(contract, asked(item, vat_code="standard", vat_basis_points=2_000))
    made.approve(invoice)
    [line] = made.invoice_now(invoice).lines
    with pytest.raises(DomainError, match=r"10 \(£277.20\) is left of the line"):
        made.make_credit_note(invoice, {line.id: 11 * SCALE})


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


def test_what_is_left_counts_the_notes_of_this_invoice_that_were_sent_and_are_not_given_up(care):
    """Of 10 hours 4 and 1 are taken back; drafts, what was rejected, and notes of another invoice take nothing."""
    contract, item = care
    invoices = [made.make_sent(contract, asked(item)) for _ in range(2)]
    for each in invoices:
        made.approve(each)
    [line], [other] = (made.invoice_now(each).lines for each in invoices)
    notes = {hours: made.make_credit_note(invoices[0], {line.id: hours * SCALE}) for hours in (4, 1, 2)}
    made.make_credit_note(invoices[0], {line.id: 3 * SCALE})  # a draft
    for each in (*notes.values(), made.make_credit_note(invoices[1], {other.id: 5 * SCALE})):
        made.send(each)
    made.approve(notes[4])
    reject(notes[2])
    with unit_of_work():
        found = left_of(invoices[0].id)
        assert (list(found), found[line.id]) == ([line.id], Left(5 * 23_10, 0, 5 * SCALE))
        assert left_of(invoices[0].id, but=notes[4].id)[line.id] == Left(9 * 23_10, 0, 9 * SCALE)
        assert left_of(invoices[1].id)[other.id] == Left(5 * 23_10, 0, 5 * SCALE)


@pytest.mark.parametrize("name", ["net_pence", "vat_pence", "quantity_e4"])
def test_a_note_that_takes_back_more_in_one_of_its_sums_than_is_left_is_not_sent(approved, name):
    """All that is left may be taken back, and no penny and no ten-thousandth of a unit more."""
    [line] = approved.lines
    note = made.make_credit_note(approved, {line.id: HOURS})
    [own] = made.invoice_now(note).lines
    change(own, **{name: getattr(line, name) + 1})
    told = r"and £231.00 \(10 units\) is left of that line"
    with pytest.raises(DomainError, match=told), unit_of_work():
        insist_is_left(session.get(Invoice, note.id))
    change(own, **{name: getattr(line, name)})
    with unit_of_work():
        insist_is_left(session.get(Invoice, note.id))
