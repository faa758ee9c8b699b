"""Invoices at the council: the queue, matching, deciding one or several, reasons to hold, the clock report."""

import pytest

from models.accounts.conflict import FormerPlace
from models.base import session
from models.billing import invoice_deciding, invoicing
from models.billing.invoice_lines import change_line
from models.outbox import OutboxMessage
from models.permissions import Role
from models.records.invoice import InvoiceStatus
from models.records.provider import Provider
from tests import invoice_factories as made
from tests.admin.invoices.desk import QUEUE, of, seen, state
from tests.factories import make_user
from tests.invoice_factories import act, asked
from tests.support import runs
from tests.support.client import filled_in
from tests.support.rows import every, saved


def test_the_queue_says_what_differs_and_ticks_only_what_matches(officer, care):
    contract, item = care
    good = made.make_sent(contract, asked(item, 4), number="1")
    made.make_sent(contract, asked(item, rate_e4=240_000), number="2")
    made.make_invoice(contract, asked(item), number="3")
    page = officer.get(QUEUE)
    assert "Matched" in page.words
    assert "1 difference: price" in page.words
    assert [each["value"] for each in page.page.select("input[name=invoice]")] == [str(good.id)]
    assert "11/11/2026" in page.words
    assert "2 invoices, £332.40 in all" in page.words


def test_a_draft_does_not_exist_for_the_council(officer, care):
    contract, item = care
    officer.get(of(made.make_invoice(contract, asked(item))), status=404)


def test_an_empty_queue_says_so(officer):
    assert "No invoice waits to be decided" in officer.get(QUEUE).words


def test_what_matches_is_approved_with_one_press_and_the_provider_is_told(officer, care):
    contract, item = care
    by = make_user(Role.FINANCE, Provider(id=contract.provider_id))
    sent = made.make_sent(contract, asked(item), by=by, number="41")
    assert "Every line matches" in officer.get(of(sent)).words
    officer.post(of(sent, "/approve"), {"seen": seen(sent), "note": ""}, status=303)
    assert state(sent) is InvoiceStatus.APPROVED
    subjects = [each.subject for each in every(OutboxMessage) if each.to == by.email]
    assert subjects == ["Your invoice has been received by the council", "Your invoice has been approved"]
    assert [each.net_pence for each in runs.lines(contract) if each.run_id is None] == [23_100]


def test_what_differs_needs_a_note_and_what_was_typed_stays(officer, care):
    contract, item = care
    sent = made.make_sent(contract, asked(item, 21))
    page = officer.post(of(sent, "/approve"), {"seen": seen(sent), "note": ""}, status=422)
    assert any("differs from what the council knows" in each for each in page.errors)
    officer.post(of(sent, "/approve"), {"seen": seen(sent), "note": "Agreed by phone"}, status=303)
    assert made.invoice_now(sent).decision_note == "Agreed by phone"


def test_another_invoice_than_was_shown_is_not_approved(officer, care):
    contract, item = care
    sent = made.make_sent(contract, asked(item))
    page = officer.post(of(sent, "/approve"), {"seen": "1", "note": "Agreed"}, status=422)
    assert any(f"{sent.called} has changed since you opened this page: it comes to £231.00" in e for e in page.errors)
    assert state(sent) is InvoiceStatus.SUBMITTED


def mended(sent, item):
    """Held meanwhile by another officer, changed by its provider for the same sum, and sent again."""
    act(sent, invoice_deciding.hold, made.reason_owned_by("provider"), by=made.officer())
    by = make_user(Role.FINANCE, Provider(id=sent.provider_id))
    [line] = made.invoice_now(sent).lines
    act(sent, lambda own: change_line(own, session.get(type(line), line.id), asked(item, description="By day"), by=by))
    made.send(sent)


@pytest.mark.parametrize(("path", "typed", "after"), [
    ("/hold", {"note": "Which nights?"}, InvoiceStatus.ON_HOLD),
    ("/reject", {"reason": "Sent twice"}, InvoiceStatus.REJECTED),
])  # fmt: skip
def test_another_invoice_than_was_shown_is_neither_held_nor_rejected(officer, care, path, typed, after):
    """What was typed stays, and the next press is of what the page shows then."""
    contract, item = care
    sent = made.make_sent(contract, asked(item))
    typed = {"reason": str(made.reason_owned_by("provider").id)} | typed
    page = officer.get(of(sent, path))
    mended(sent, item)
    officer.post(of(sent, path), typed, status=422)
    refused = officer.submit(page, typed, status=422)
    assert any(
        f"{sent.called} has changed since you opened this page: it comes to £231.00" in e for e in refused.errors
    )
    assert state(sent) is InvoiceStatus.SUBMITTED
    assert filled_in(refused.page.select_one("main form")).items() >= typed.items()
    officer.submit(refused, status=303)
    assert state(sent) is after


def test_of_another_hold_than_was_shown_nothing_is_released(officer, clerk, care):
    contract, item = care
    sent, of_team = made.make_sent(contract, asked(item)), made.reason_owned_by("brokerage")
    act(sent, invoice_deciding.hold, of_team, by=clerk)
    page = officer.get(of(sent))
    act(sent, invoice_deciding.release, by=clerk)
    act(sent, invoice_deciding.hold, of_team, note="And the price", by=clerk)
    officer.post(of(sent, "/release"), status=409)
    refused = officer.submit(page, form=f"form[action$='{sent.id}/release']", status=409)
    assert f"{sent.called} has changed since you opened this page" in refused.words
    assert state(sent) is InvoiceStatus.ON_HOLD
    officer.submit(refused, form=f"form[action$='{sent.id}/release']", status=303)
    assert state(sent) is InvoiceStatus.SUBMITTED


def test_it_is_held_for_a_reason_that_both_sides_read_and_released(officer, care):
    contract, item = care
    sent, reason = made.make_sent(contract, asked(item)), made.reason_owned_by("brokerage")
    page = officer.post(of(sent, "/hold"), {"reason": "", "note": ""}, status=422)
    assert "Choose why it is held" in page.errors
    officer.post(of(sent, "/hold"), {"reason": str(reason.id), "note": "", "seen": seen(sent)}, status=303)
    assert reason.sentence in officer.get(of(sent)).words
    assert any(reason.sentence in each.body for each in every(OutboxMessage))
    officer.post(of(sent, "/release"), {"seen": seen(sent)}, status=303)
    assert state(sent) is InvoiceStatus.SUBMITTED


def test_a_reason_for_a_manager_is_released_by_one(officer, manager, care):
    contract, item = care
    sent, by = made.make_sent(contract, asked(item)), made.officer()
    act(sent, invoice_deciding.hold, made.reason_owned_by("payments"), by=by)
    assert "Release as it is" not in officer.get(of(sent)).words
    answer = officer.post(of(sent, "/release"), {"seen": seen(sent)}, status=409)
    assert "payments manager to release" in answer.words
    manager.post(of(sent, "/release-as-manager"), {"seen": seen(sent)}, status=303)
    assert state(sent) is InvoiceStatus.SUBMITTED


def test_it_is_rejected_with_a_reason(officer, care):
    contract, item = care
    sent = made.make_sent(contract, asked(item))
    assert "Say why it is rejected. The provider reads it" in officer.post(of(sent, "/reject"), {"reason": ""}).errors
    officer.post(of(sent, "/reject"), {"reason": "Sent twice", "seen": seen(sent)}, status=303)
    assert state(sent) is InvoiceStatus.REJECTED
    officer.post(of(sent, "/approve"), {"seen": seen(sent), "note": "It was not"}, status=303)
    assert state(sent) is InvoiceStatus.APPROVED


def test_an_invoice_that_waits_says_why_and_has_its_credit_notes_that_were_sent(officer, care):
    contract, item = care
    invoice = made.make_sent(contract, asked(item))
    made.approve(invoice)
    line = made.invoice_now(invoice).lines[0]
    made.make_credit_note(invoice, {line.id: 10_000}, number="CN-1")
    sent = made.make_credit_note(invoice, {line.id: 20_000}, number="CN-2")
    made.send(sent)
    page = officer.get(of(invoice))
    assert "£231.00 is in the payment of" in page.words
    assert "Credit note CN-2 , −£46.20: Submitted" in page.words
    assert "CN-1" not in page.words
    runs.change(item, authorised_on=None)
    made.approve(sent)
    words = officer.get(of(invoice)).words
    assert "£231.00 waits: not authorised. Authorise the care package in the finance system." in words
    assert "−£46.20 waits: not authorised." in officer.get(of(sent)).words


def test_several_are_approved_at_once(officer, care):
    contract, item = care
    sent = [made.make_sent(contract, asked(item, hours)) for hours in (4, 5)]
    ticked = [str(each.id) for each in sent]
    page = officer.get(f"{QUEUE}approve-many?invoice={ticked[0]}&invoice={ticked[1]}")
    assert "Approve 2 invoices for £207.90" in page.words
    officer.post(f"{QUEUE}approve-many", {"invoice": ticked, "seen": seen(*sent)}, status=303)
    assert {state(each) for each in sent} == {InvoiceStatus.APPROVED}


def test_of_several_one_that_differs_stops_them_all(officer, care):
    contract, item = care
    sent = [made.make_sent(contract, asked(item, 4)), made.make_sent(contract, asked(item, 1, rate_e4=240_000))]
    given = {"invoice": [str(each.id) for each in sent], "seen": seen(*sent)}
    page = officer.post(f"{QUEUE}approve-many", given, status=422)
    assert any("differs from what the council knows" in each for each in page.errors)
    assert {state(each) for each in sent} == {InvoiceStatus.SUBMITTED}


def test_of_several_one_that_was_mended_for_the_same_sum_is_named_and_none_is_approved(officer, clerk, care):
    """The page that was open shows the sums anew, and the next press is of what it shows."""
    contract, item = care
    sent = [made.make_sent(contract, asked(item, hours)) for hours in (4, 5)]
    given = {"invoice": [str(each.id) for each in sent]}
    page = officer.get(f"{QUEUE}approve-many?invoice={sent[0].id}&invoice={sent[1].id}")
    shown = page.page.select_one("input[name=seen]")["value"]
    assert shown == seen(*sent)
    by = made.officer()
    act(sent[1], invoice_deciding.hold, made.reason_owned_by("provider"), by=by)
    made.send(sent[1])
    refused = officer.post(f"{QUEUE}approve-many", given | {"seen": shown}, status=422)
    assert any(f"{made.invoice_now(sent[1]).called} has changed since" in each for each in refused.errors)
    assert {state(each) for each in sent} == {InvoiceStatus.SUBMITTED}
    again = refused.page.select_one("main input[name=seen]")["value"]
    officer.post(f"{QUEUE}approve-many", given | {"seen": again}, status=303)
    assert {state(each) for each in sent} == {InvoiceStatus.APPROVED}


def test_of_several_one_that_was_cancelled_meanwhile_is_named_and_the_rest_can_be_approved(officer, care):
    contract, item = care
    sent = [made.make_sent(contract, asked(item, hours)) for hours in (4, 5)]
    given, clerk = (
        {"invoice": [str(each.id) for each in sent]},
        make_user(Role.FINANCE, Provider(id=contract.provider_id)),
    )
    shown = seen(*sent)
    act(sent[1], invoicing.cancel, by=clerk)
    page = officer.post(f"{QUEUE}approve-many", given | {"seen": shown}, status=422)
    assert any(f"{made.invoice_now(sent[1]).called} has been cancelled" in each for each in page.errors)
    assert state(sent[0]) is InvoiceStatus.SUBMITTED
    assert [each["value"] for each in page.page.select("main input[name=invoice]")] == [str(sent[0].id)]
    again = page.page.select_one("main input[name=seen]")["value"]
    officer.post(f"{QUEUE}approve-many", {"invoice": [str(sent[0].id)], "seen": again}, status=303)
    assert state(sent[0]) is InvoiceStatus.APPROVED


def test_what_was_sent_without_what_the_page_had_shown_approves_nothing(officer, care):
    contract, item = care
    sent = made.make_sent(contract, asked(item))
    for said in ({}, {"seen": ""}, {"seen": "23100"}, {"seen": f"{sent.id}"}):
        officer.post(f"{QUEUE}approve-many", {"invoice": [str(sent.id)]} | said, status=422)
    assert state(sent) is InvoiceStatus.SUBMITTED


def test_nobody_decides_for_a_provider_at_which_they_had_a_place(officer, clerk, care):
    contract, item = care
    sent = made.make_sent(contract, asked(item))
    saved(FormerPlace(provider_id=contract.provider_id, user_id=clerk.id, role=Role.FINANCE))
    assert "so a colleague has to decide it" in officer.get(of(sent)).words
    officer.post(of(sent, "/approve"), {"seen": seen(sent), "note": ""}, status=409)
    assert state(sent) is InvoiceStatus.SUBMITTED


def test_my_work_has_the_invoices_that_wait(officer, care):
    contract, item = care
    sent, by = made.make_sent(contract, asked(item)), made.officer()
    assert "Invoices to decide" in officer.get("/council/").words
    act(sent, invoice_deciding.hold, made.reason_owned_by("brokerage"), by=by)
    words = officer.get("/council/").words
    assert "Held invoices that wait for us" in words
    assert "Invoices to decide" not in words


def test_the_held_invoices_that_wait_for_us_are_listed_without_those_that_wait_for_their_providers(officer, care):
    contract, item = care
    ours, theirs = (made.make_sent(contract, asked(item, hours)) for hours in (4, 5))
    by = made.officer()
    act(ours, invoice_deciding.hold, made.reason_owned_by("brokerage"), by=by)
    act(theirs, invoice_deciding.hold, made.reason_owned_by("provider"), by=by)
    [row] = [row for row in officer.get("/council/").page.select("table.waits tbody tr") if "Held invoices" in row.text]
    assert row.td.text.strip() == "1"
    there = row.th.a["href"]
    assert [each.a.get_text() for each in officer.get(there).page.select("tbody th")] == [ours.number]
    text = officer.get(there.replace("/invoices/", "/invoices/data.csv")).text
    assert ours.number in text
    assert theirs.number not in text
    assert len(officer.get(f"{QUEUE}?show=on_hold").page.select("tbody th")) == 2


@pytest.mark.parametrize("state", ["zzz", "draft", "0"])
def test_an_address_with_a_state_that_no_sent_invoice_has_is_refused_in_words(officer, state):
    page = officer.get(f"{QUEUE}?show={state}", status=422)
    assert "Choose which to show from the list" in page.words
    officer.get(f"{QUEUE}data.csv?show={state}", status=422)


def test_the_list_as_a_file_names_the_provider(officer, care):
    contract, item = care
    made.make_sent(contract, asked(item), number="41")
    told = officer.get(f"{QUEUE}data.csv?show=").text
    assert "41,Invoice" in told
