"""What providers do with invoices: numbers, lines, sending, mending, credit notes."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import delete, select

from models.base import DomainError, session
from models.billing import invoice_deciding, invoice_lines, invoice_listing, invoicing
from models.billing.credited import left_of
from models.billing.invoice_facts import Facts
from models.billing.invoice_matching import match
from models.billing.invoicing import Head, key_of
from models.calendar import as_on
from models.money import SCALE
from models.outbox import OutboxMessage
from models.permissions import Role
from models.records.actual import ExceptionState
from models.records.invoice import Invoice, InvoiceLine, InvoiceStatus
from models.records.provider import Provider
from tests import invoice_factories as made
from tests.care_factories import make_price, make_service_level
from tests.factories import make_user
from tests.invoice_factories import MONDAY, act, asked
from tests.support import runs
from tests.support.rows import every, unit_of_work

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
NEXT = MONDAY + timedelta(days=7)


@pytest.fixture
def care():
    with as_on(NEXT):
        contract, item = made.make_home_care()
        yield contract, item


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0012 ", "12"),
        ("inv-7", "INV 7"),
        ("A-0099", "a99"),
        ("2026/001", "2026-1"),
        ("Tŷ 1", "Ty\u0302 1"),
        ("１２", "12"),
        ("12\u200b", "12"),
    ],
)
def test_numbers_that_look_alike_have_one_key(one, other):
    assert key_of(one) == key_of(other)


@pytest.mark.parametrize(("one", "other"), [("12", "120"), ("102", "120"), ("INV-1", "INV-11")])
def test_other_numbers_have_keys_of_their_own(one, other):
    assert key_of(one) != key_of(other)


def test_the_same_number_twice_from_one_provider_is_refused(care):
    """The published case 38."""
    contract, _ = care
    made.make_invoice(contract, number="12")
    with pytest.raises(DomainError, match="used the number 12 already"):
        made.make_invoice(contract, number=" 12 ", alike_reason="It is another one")


def test_a_number_that_looks_like_another_goes_on_with_a_reason(care):
    contract, _ = care
    made.make_invoice(contract, number="12")
    with pytest.raises(DomainError, match="looks like 12"):
        made.make_invoice(contract, number="0012 ")
    found = made.make_invoice(contract, number="0012 ", alike_reason="Our old series")
    assert made.invoice_now(found).alike_reason == "Our old series"


def test_what_cannot_be_seen_of_a_number_is_left_out(care):
    """A sign that turns the direction of reading would show another number than the one that is sent."""
    contract, _ = care
    assert made.make_invoice(contract, number=" INV\u202e-1\u200b 0\u00ad4\x00 ").number == "INV-1 04"
    assert made.make_invoice(contract, number="Ty\u0302 Ŵyn").number == "Tŷ Ŵyn"
    with pytest.raises(DomainError, match="with a letter or a digit"):
        made.make_invoice(contract, number="\u202e-\u200b")


def test_of_two_windows_one_removes_the_draft_that_the_other_writes(care):
    contract, item = care
    draft, by = made.make_invoice(contract), make_user()
    with unit_of_work(contract.provider_id):
        own = session.scalars(select(Invoice).where(Invoice.id == draft.id)).one()
        gone = delete(Invoice).where(Invoice.id == draft.id)
        session.execute(gone.execution_options(synchronize_session=False))
        with pytest.raises(DomainError, match="has just removed"):
            invoice_lines.add_line(own, asked(item), by=by)


def test_two_providers_may_have_the_same_number(care):
    contract, _ = care
    other, _ = made.make_home_care()
    assert made.make_invoice(contract, number="12").id != made.make_invoice(other, number="12").id


def test_the_number_of_a_cancelled_invoice_is_free_again(care):
    contract, item = care
    sent = made.make_sent(contract, asked(item), number="12")
    act(sent, invoicing.cancel, by=make_user())
    assert made.make_invoice(contract, number="12").id != sent.id


def test_an_invoice_of_a_day_to_come_is_refused(care):
    with pytest.raises(DomainError, match="or an earlier day"):
        made.make_invoice(care[0], invoiced_on=NEXT + timedelta(days=1))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"last_on": MONDAY - timedelta(days=1)}, "or later"),
        ({"last_on": NEXT + timedelta(days=1)}, "has not come yet"),
        ({"quantity_e4": 0}, "above 0"),
        ({"item_id": 0}, "of the invoice’s contract"),
        ({"net_pence": -1}, "Send a credit note"),
    ],
)
def test_a_line_that_cannot_be_asked_for_is_refused(care, given, words):
    contract, item = care
    with pytest.raises(DomainError, match=words):
        made.make_invoice(contract, replace(asked(item), **given))


def test_a_line_of_another_contract_is_refused(care):
    _, other = made.make_home_care(provider=Provider(id=care[0].provider_id))
    with pytest.raises(DomainError, match="of the invoice’s contract"):
        made.make_invoice(care[0], asked(other))


def test_the_sums_are_those_of_the_lines_with_vat_rounded_line_by_line(care):
    """The published case 39: 299.33, 179.33 and 99.34 at 20 %."""
    contract, item = care
    lines = [
        asked(item, 1, rate_e4=pence * 100, vat_code="standard", vat_basis_points=2_000)
        for pence in (29_933, 17_933, 9_934)
    ]
    found = made.invoice_now(made.make_invoice(contract, *lines))
    assert (found.net_pence, found.vat_pence, found.gross_pence) == (57_800, 11_561, 69_361)


def test_it_is_sent_as_it_was_shown(care):
    """A line may have changed though the sum has not."""
    contract, item = care
    draft = made.make_invoice(contract, asked(item))
    shown = made.invoice_now(draft)
    act(draft, invoice_lines.add_line, asked(item, description="Nights", rate_e4=0), by=make_user())
    with pytest.raises(DomainError, match=f"{draft.called} has changed since you opened this page: .* £231.00 now"):
        act(draft, invoicing.submit, seen=shown.mark, by=make_user())
    assert made.invoice_now(draft).status is InvoiceStatus.DRAFT


def test_without_lines_it_is_not_sent(care):
    draft = made.make_invoice(care[0])
    with pytest.raises(DomainError, match="has no lines"):
        act(draft, invoicing.submit, seen=made.invoice_now(draft).mark, by=make_user())


def test_its_sender_is_told_that_it_was_received(care):
    contract, item = care
    by = make_user(Role.FINANCE, Provider(id=contract.provider_id))
    made.make_sent(contract, asked(item), by=by, number="41")
    [mail] = [each for each in every(OutboxMessage) if each.to == by.email]
    assert mail.subject == "Your invoice has been received by the council"
    assert "invoice 41 of" in mail.body


def hold_and_mend(contract, item, owner):
    """Held on the second day, mended and sent again on the fifth."""
    sent = made.make_sent(contract, asked(item), number="41")
    with as_on(NEXT + timedelta(days=1)):
        act(sent, invoice_deciding.hold, made.reason_owned_by(owner), by=made.officer())
    with as_on(NEXT + timedelta(days=4)):
        made.send(sent)
    return made.invoice_now(sent)


def test_a_held_invoice_is_mended_and_sent_again_under_the_same_number(care):
    """The published case 41. The days to pay count anew: it was not valid before."""
    found = hold_and_mend(*care, "provider")
    assert (found.number, found.status) == ("41", InvoiceStatus.SUBMITTED)
    assert (found.received_on, found.valid_on) == (NEXT, NEXT + timedelta(days=4))
    [held] = found.holds
    assert (held.held_on, held.ended_on, held.ending) == (
        NEXT + timedelta(days=1), NEXT + timedelta(days=4), "mended",
    )  # fmt: skip


def test_what_was_for_the_council_to_do_does_not_begin_the_days_to_pay_anew(care):
    found = hold_and_mend(*care, "brokerage")
    assert (found.received_on, found.valid_on) == (NEXT, NEXT)


def test_a_held_invoice_keeps_its_number(care):
    contract, item = care
    sent = made.make_sent(contract, asked(item), number="41")
    act(sent, invoice_deciding.hold, made.reason_owned_by("provider"), by=made.officer())
    with pytest.raises(DomainError, match="under the same number"):
        act(sent, invoicing.change_invoice, Head("42", NEXT), by=make_user())
    act(sent, invoicing.change_invoice, Head("41", NEXT, "Hours put right"), by=make_user())
    assert made.invoice_now(sent).note == "Hours put right"


# from confirmed actuals


def offered(contract):
    return [(each.item.id, each.first_on, each.left_e4) for each in made.facts_of(contract).to_invoice(contract.id)]


@pytest.mark.covers("S4-026")
def test_confirmed_weeks_are_offered_until_they_are_invoiced(care):
    contract, item = care
    confirmed = made.make_confirmed(item, 127_500)
    assert offered(contract) == [(item.id, MONDAY, 127_500)]
    with unit_of_work(contract.provider_id):
        [line] = invoice_lines.lines_from(contract.id, {MONDAY}, Facts.of_contract(contract.id))
    assert (line.net, line.confirmed_id) == (29_453, confirmed.id)
    draft = made.make_invoice(contract, line)
    assert offered(contract) == []
    act(draft, invoicing.remove, by=make_user())
    assert offered(contract) == [(item.id, MONDAY, 127_500)]


def test_a_correction_upwards_offers_the_rest(care):
    contract, item = care
    made.make_confirmed(item, 100_000)
    made.make_sent(contract, asked(item))
    made.make_confirmed(item, 120_000, number=2)
    assert offered(contract) == [(item.id, MONDAY, 20_000)]


def test_what_waits_for_the_councils_approval_is_not_offered(care):
    contract, item = care
    made.make_confirmed(item, 100_000)
    made.make_confirmed(item, 150_000, number=2, state=ExceptionState.OPEN)
    assert offered(contract) == [(item.id, MONDAY, 100_000)]


def test_a_week_of_which_the_care_package_has_no_day_any_more_is_not_offered(care):
    """The council ends care back in time, once its week is confirmed: no line could be made of it."""
    contract, item = care
    made.make_confirmed(item, 100_000)
    runs.change(item, ends_on=MONDAY)
    assert offered(contract) == [(item.id, MONDAY, 100_000)]
    runs.change(item, ends_on=MONDAY - timedelta(days=1))
    assert offered(contract) == []


def test_weeks_that_another_invoice_has_just_taken_are_not_asked_for_twice(care):
    contract, item = care
    made.make_confirmed(item, 100_000)
    first, second = made.make_invoice(contract), made.make_invoice(contract)
    by = make_user(Role.FINANCE, Provider(id=contract.provider_id))
    act(first, invoice_lines.add_weeks, {MONDAY}, by=by)
    with pytest.raises(DomainError, match="Another invoice has just asked for these weeks"):
        act(second, invoice_lines.add_weeks, {MONDAY}, by=by)
    assert made.invoice_now(first).gross_pence == 23_100


def test_a_rejected_invoice_offers_its_weeks_again(care):
    contract, item = care
    made.make_confirmed(item, 100_000)
    sent = made.make_sent(contract, asked(item))
    act(sent, invoice_deciding.reject, "Sent twice", by=made.officer())
    assert offered(contract) == [(item.id, MONDAY, 100_000)]


def test_a_price_that_changes_within_the_week_makes_two_lines_that_match(care):
    """Every year has such a week: that of 1 April. Its units are shared by days, and add up."""
    contract, _ = care
    item = made.make_hourly_item(contract, None, level=make_service_level(unit="hour"))
    make_price(item, made.HOURLY_E4, ends_on=MONDAY + timedelta(days=1))
    make_price(item, 240_000, starts_on=MONDAY + timedelta(days=2))
    made.make_confirmed(item, 127_500)
    with unit_of_work(contract.provider_id):
        lines = invoice_lines.lines_from(contract.id, {MONDAY}, Facts.of_contract(contract.id))
    told = [(each.first_on, each.last_on, each.quantity_e4, each.rate_e4) for each in lines]
    assert told == [
        (MONDAY, MONDAY + timedelta(days=1), 36_429, made.HOURLY_E4),
        (MONDAY + timedelta(days=2), MONDAY + timedelta(days=6), 91_071, 240_000),
    ]
    draft = made.make_invoice(contract, *lines)
    with unit_of_work():
        assert match(made.invoice_now(draft)).is_matched
    assert offered(contract) == []


def test_a_price_that_ends_within_the_week_makes_no_invoice(care):
    contract, _ = care
    item = made.make_hourly_item(contract, None, level=make_service_level(unit="hour"))
    make_price(item, made.HOURLY_E4, ends_on=MONDAY + timedelta(days=5))
    made.make_confirmed(item, 127_500)
    with unit_of_work(contract.provider_id), pytest.raises(DomainError, match="No price is set for .* 11 October 2026"):
        invoice_lines.lines_from(contract.id, {MONDAY}, Facts.of_contract(contract.id))


def test_what_is_not_authorised_yet_is_not_offered_for_a_line(care):
    contract, item = care
    other = made.make_hourly_item(contract)
    runs.change(other, authorised_on=None)
    assert [each.id for each in made.facts_of(contract).offered(contract.id)] == [item.id]
    with pytest.raises(DomainError, match="Choose a care package"):
        made.make_invoice(contract, asked(other))


@pytest.mark.parametrize(("days", "is_refused"), [(365, False), (366, True)])
def test_a_line_is_for_a_year_at_most(care, days, is_refused):
    contract, item = care
    line = asked(item, first_on=MONDAY - timedelta(days=days - 6))
    with pytest.raises(DomainError, match="a year at most") if is_refused else nullcontext():
        made.make_invoice(contract, line)


def test_of_two_windows_one_removes_the_line_that_the_other_changes(care):
    contract, item = care
    draft = made.make_invoice(contract, asked(item), asked(item, 2))
    by = make_user()
    with unit_of_work(contract.provider_id):
        own = session.scalars(invoice_listing.numbered(draft.id)).unique().one()
        kept, gone = own.lines
        session.execute(
            delete(InvoiceLine).where(InvoiceLine.id == gone.id).execution_options(synchronize_session=False)
        )
        with pytest.raises(DomainError, match="has removed this line"):
            invoice_lines.change_line(own, gone, asked(item, 3), by=by)
        invoice_lines.change_line(own, kept, asked(item, 3), by=by)
    assert made.invoice_now(draft).net_pence == 3 * 2_310


# credit notes


@pytest.fixture
def approved(care):
    contract, item = care
    made.make_confirmed(item, 127_500)
    line = asked(item, quantity_e4=127_500, vat_code="standard", vat_basis_points=2_000)
    invoice = made.make_sent(contract, line)
    made.approve(invoice)
    return made.invoice_now(invoice)


def left(invoice):
    with unit_of_work():
        [found] = left_of(invoice.id).values()
    return found.net_pence, found.vat_pence, found.quantity_e4


def test_a_credit_note_takes_back_no_more_than_is_left(approved):
    [line] = approved.lines
    first = made.make_credit_note(approved, {line.id: 42_500})
    made.send(first)
    assert left(approved) == (29_453 - 9_818, 5_891 - 1_964, 85_000)
    with pytest.raises(DomainError, match="no more than that"):
        made.make_credit_note(approved, {line.id: 85_001})
    rest = made.make_credit_note(approved, {line.id: 85_000})
    made.send(rest)
    assert left(approved) == (0, 0, 0)
    assert made.invoice_now(rest).gross_pence == 19_635 + 3_927


def test_of_two_credit_notes_for_the_same_the_second_is_not_sent(approved):
    [line] = approved.lines
    one, two = (made.make_credit_note(approved, {line.id: 100_000}) for _ in range(2))
    made.send(one)
    with pytest.raises(DomainError, match="no more than is left"):
        made.send(two)


def test_a_rejected_or_cancelled_credit_note_leaves_the_invoice_whole(approved):
    [line] = approved.lines
    one, two = made.make_credit_note(approved, {line.id: SCALE}), made.make_credit_note(approved, {line.id: SCALE})
    made.send(one)
    made.send(two)
    act(one, invoicing.cancel, by=make_user())
    act(two, invoice_deciding.reject, "Not so", by=made.officer())
    assert left(approved) == (29_453, 5_891, 127_500)


def test_an_invoice_with_a_credit_note_is_rejected_only_after_it(approved):
    note = made.make_credit_note(approved, {approved.lines[0].id: SCALE})
    made.send(note)
    with pytest.raises(DomainError, match="Reject these first"):
        act(approved, invoice_deciding.reject, "Sent twice", by=made.officer())
    act(note, invoice_deciding.reject, "Not so", by=made.officer())
    act(approved, invoice_deciding.reject, "Sent twice", by=made.officer())
    assert made.invoice_now(approved).status is InvoiceStatus.REJECTED


def test_lines_cannot_be_typed_into_a_credit_note(approved, care):
    note = made.make_credit_note(approved, {approved.lines[0].id: SCALE})
    with pytest.raises(DomainError, match="takes back lines"):
        act(note, invoice_lines.add_line, asked(care[1]), by=make_user())


def test_nobody_reads_an_invoice_of_another_provider(care):
    contract, item = care
    sent, (other, _) = made.make_sent(contract, asked(item)), made.make_home_care()
    with unit_of_work(other.provider_id):
        assert session.scalars(select(Invoice).where(Invoice.id == sent.id)).all() == []


def test_the_days_of_a_leap_of_time_are_its_own(care):
    """A line of a care package that began after the week did is for the days from then on."""
    contract, item = care
    made.make_confirmed(item, 40_000)
    runs.change(item, starts_on=date(2026, 10, 7))
    with unit_of_work(contract.provider_id):
        [line] = invoice_lines.lines_from(contract.id, {MONDAY}, Facts.of_contract(contract.id))
    assert (line.first_on, line.last_on) == (date(2026, 10, 7), date(2026, 10, 11))
