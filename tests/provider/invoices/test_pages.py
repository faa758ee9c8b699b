"""Invoices and credit notes as a provider's people make them: the list, one of them, its lines, sending, mending."""

import io
from datetime import timedelta

import pytest
from sqlalchemy import select

from models.billing import invoice_deciding
from models.correspondence.action import Action
from models.money import SCALE
from models.permissions import Role
from models.records.care_package import ItemPrice
from models.records.invoice import Invoice, InvoiceKind, InvoiceStatus
from tests import invoice_factories as made
from tests.action_factories import make_type
from tests.care_factories import make_price
from tests.factories import make_user
from tests.invoice_factories import MONDAY, act, asked
from tests.provider.invoices.typed import TODAY, head, line, newest
from tests.support import runs
from tests.support.client import PortalClient, filled_in
from tests.support.rows import every


def test_without_invoices_the_list_says_how_to_begin(finance, at):
    assert "You have no invoices yet" in finance.get(at()).words


@pytest.mark.covers("S4-025")
def test_the_list_has_invoices_and_credit_notes_with_their_sums_and_states(finance, at, care):
    contract, item = care
    sent = made.make_sent(contract, asked(item), number="1041")
    made.approve(sent)
    made.make_credit_note(sent, {made.invoice_now(sent).lines[0].id: SCALE}, number="C-7")
    page = finance.get(at())
    cells = [each.get_text(" ", strip=True) for each in page.page.select("tbody th")]
    assert cells == ["C-7 Credit note", "1041"]
    assert "£231.00" in page.words
    assert "−£23.10" in page.words
    assert "Approved" in page.words
    assert "2 invoices and credit notes, £207.90 with VAT" in page.words


def test_the_list_is_filtered_and_sorted_and_says_when_nothing_is_found(finance, at, care):
    contract, item = care
    made.make_sent(contract, asked(item), number="1041")
    made.make_invoice(contract, asked(item, 1), number="1042")
    assert "1042" not in finance.get(at("?state=submitted")).words
    assert "1041" not in finance.get(at("?text=1042")).words
    assert "No invoice is like that" in finance.get(at("?kind=credit_note")).words
    first = finance.get(at("?sort=sum")).page.select_one("tbody th")
    assert first.get_text(strip=True) == "1042"


def test_the_list_as_a_file_has_the_same_rows(finance, at, care):
    contract, item = care
    made.make_sent(contract, asked(item), number="1041")
    told = finance.get(at("data.csv")).text
    assert "1041,Invoice,12/10/2026,05/10/2026,11/10/2026" in told
    assert "231.00,0.00,231.00,Submitted,12/10/2026" in told
    finance.get(at("data.xlsx"))


@pytest.mark.covers("S4-026", "S3-005")
def test_an_invoice_is_made_from_confirmed_actuals_and_sent(finance, at, care):
    contract, _ = care
    page = finance.get(at(f"from-actuals/{contract.reference}"))
    assert "5 to 11 October 2026: 1 line, £294.53 without VAT" in page.words
    finance.post(at(f"from-actuals/{contract.reference}"), head(weeks=[MONDAY.isoformat()]), status=303)
    invoice = newest()
    page = finance.get(at(f"{invoice.id}"))
    assert "£294.53" in page.words
    assert "Differs" not in page.words
    answer = finance.submit(page, action=at(f"{invoice.id}/send"), status=303)
    assert "with the council" in finance.follow(answer).words
    assert newest().status is InvoiceStatus.SUBMITTED
    assert "Every confirmed week of this contract is invoiced" in finance.get(at("from-actuals")).words


@pytest.mark.covers("S3-011")
def test_a_week_in_which_the_price_changes_is_offered_at_what_its_invoice_comes_to(finance, at, care):
    contract, item = care
    [price] = every(select(ItemPrice).where(ItemPrice.item_id == item.id))
    runs.change(price, ends_on=MONDAY + timedelta(days=1))
    make_price(item, 400_000, starts_on=MONDAY + timedelta(days=2))
    there = at(f"from-actuals/{contract.reference}")
    assert "5 to 11 October 2026: 1 line, £448.43 without VAT" in finance.get(there).text
    finance.post(there, data=head(weeks=[MONDAY.isoformat()]))
    assert newest().net_pence == 44_843


def test_a_week_without_a_price_on_one_of_its_days_says_so(finance, at, care):
    contract, item = care
    [price] = every(select(ItemPrice).where(ItemPrice.item_id == item.id))
    runs.change(price, ends_on=MONDAY + timedelta(days=1))
    there = at(f"from-actuals/{contract.reference}")
    assert "1 line, £0.00 without VAT; 1 line without a price" in finance.get(there).text
    page = finance.post(there, data=head(weeks=[MONDAY.isoformat()]))
    assert page.status_code == 422
    assert ["No price is set for" in each for each in page.errors] == [True]


def test_a_number_that_is_used_is_told_on_the_form(finance, at, care):
    contract, _ = care
    made.make_invoice(contract, number="12")
    page = finance.post(at("new"), head(contract=contract.reference, number="12"), status=422)
    assert any("used the number 12 already" in each for each in page.errors)
    page = finance.post(at("new"), head(contract=contract.reference, number="0012"), status=422)
    assert any("looks like 12" in each for each in page.errors)
    finance.post(at("new"), head(contract=contract.reference, number="0012", alike_reason="Old series"), status=303)


def test_it_is_not_sent_at_another_sum_than_the_page_has_shown(finance, at, care):
    contract, item = care
    invoice = made.make_invoice(contract, asked(item))
    page = finance.get(at(f"{invoice.id}"))
    [own] = made.invoice_now(invoice).lines
    finance.post(at(f"{invoice.id}/lines/{own.id}/change"), line(item, seen=own.mark, quantity="11"), status=303)
    for shown in ({}, {"seen": ""}):
        finance.post(at(f"{invoice.id}/send"), shown, status=422)
    refused = finance.submit(page, status=422, action=at(f"{invoice.id}/send"))
    assert any(
        f"{invoice.called} has changed since you opened this page: it comes to £254.10" in e for e in refused.errors
    )
    assert made.invoice_now(invoice).status is InvoiceStatus.DRAFT
    finance.submit(refused, status=303, action=at(f"{invoice.id}/send"))
    assert made.invoice_now(invoice).status is InvoiceStatus.SUBMITTED


def test_a_held_invoice_says_why_and_is_sent_again(finance, at, care):
    contract, item = care
    sent, by = made.make_sent(contract, asked(item, 20), number="1041"), made.officer()
    act(sent, invoice_deciding.hold, made.reason_owned_by("provider"), note="Look at Tuesday", by=by)
    page = finance.get(at(f"{sent.id}"))
    assert "The invoice asks for more than the confirmed actuals of these days." in page.words
    assert "Look at Tuesday" in page.words
    assert "Correct the quantity" in page.words
    [own] = made.invoice_now(sent).lines
    finance.post(at(f"{sent.id}/lines/{own.id}/change"), line(item, seen=own.mark, quantity="10"), status=303)
    page = finance.get(at(f"{sent.id}"))
    assert "Send again for £231.00" in page.words
    finance.submit(page, action=at(f"{sent.id}/send"), status=303)
    assert made.invoice_now(sent).status is InvoiceStatus.SUBMITTED


def test_its_head_is_changed_it_is_cancelled_and_a_draft_is_removed(finance, at, care):
    contract, item = care
    invoice = made.make_invoice(contract, asked(item), number="1041")
    finance.post(at(f"{invoice.id}/change"), head(number="1042", note="October", stated="231.01"), status=303)
    page = finance.get(at(f"{invoice.id}"))
    assert "Invoice 1042" in page.heading
    assert "The penny between them is rounding. We pay £231.00." in page.words
    made.send(invoice)
    finance.post(at(f"{invoice.id}/cancel"), status=303)
    assert made.invoice_now(invoice).status is InvoiceStatus.CANCELLED
    draft = made.make_invoice(contract)
    finance.post(at(f"{draft.id}/remove"), status=303)
    assert every(select(Invoice).where(Invoice.id == draft.id)) == []


def test_what_is_sent_cannot_be_removed(finance, at, care):
    contract, item = care
    sent = made.make_sent(contract, asked(item))
    page = finance.post(at(f"{sent.id}/remove"), status=422)
    assert any("cannot be removed" in each for each in page.errors)


def test_a_credit_note_is_made_against_an_approved_invoice(finance, at, care):
    contract, item = care
    invoice = made.make_sent(contract, asked(item), number="1041")
    made.approve(invoice)
    [own] = made.invoice_now(invoice).lines
    page = finance.post(at(f"{invoice.id}/credit"), head(number="C1", **{f"take-{own.id}": "11"}), status=422)
    assert any("10 (£231.00) is left" in each for each in page.errors)
    assert page.page.select_one(f"#take-{own.id}")["value"] == "11"
    page = finance.post(at(f"{invoice.id}/credit"), head(number="C1", **{f"take-{own.id}": ""}), status=422)
    assert any("at least one line" in each for each in page.errors)
    finance.post(at(f"{invoice.id}/credit"), head(number="C1", **{f"take-{own.id}": "2.5"}), status=303)
    note = newest()
    assert (note.kind, note.gross_pence) == (InvoiceKind.CREDIT_NOTE, 5_775)
    finance.post(at(f"{note.id}/take-back"), {f"take-{own.id}": "1"}, status=303)
    assert newest().gross_pence == 2_310
    assert "Credit note C1" in finance.get(at(f"{invoice.id}")).words


def test_no_credit_note_is_made_against_what_is_not_approved(finance, at, care):
    contract, item = care
    sent = made.make_sent(contract, asked(item))
    [own] = made.invoice_now(sent).lines
    page = finance.post(at(f"{sent.id}/credit"), head(number="C1", **{f"take-{own.id}": "1"}), status=422)
    assert any("is not approved" in each for each in page.errors)


def test_where_nothing_can_be_taken_back_the_page_says_why_before_it_is_filled_in(finance, at, care):
    contract, item = care
    sent, by = made.make_sent(contract, asked(item)), made.officer()
    page = finance.get(at(f"{sent.id}/credit"))
    assert f"{sent.called} is not approved. A credit note takes back of an approved invoice." in page.words
    assert page.page.select_one("main form") is None
    assert f"{sent.called} is no credit note." in finance.get(at(f"{sent.id}/take-back")).words
    made.approve(sent, by)
    [own] = made.invoice_now(sent).lines
    note = made.make_credit_note(sent, {own.id: own.quantity_e4})
    assert finance.get(at(f"{note.id}/take-back")).page.select_one(f"#take-{own.id}")["value"] == "10"
    made.send(note)
    page = finance.get(at(f"{sent.id}/credit"))
    assert f"Nothing is left of {sent.called.lower()}: credit notes that were sent take all of it back." in page.words
    assert page.page.select_one("main form") is None
    page = finance.get(at(f"{note.id}/take-back"))
    assert f"{note.called} cannot be changed. It is with the council" in page.words
    page = finance.get(at(f"{note.id}/credit"))
    assert f"{note.called} takes back already" in page.words
    given = head(number="C9", note="As agreed", **{f"take-{own.id}": "1"})
    page = finance.post(at(f"{sent.id}/credit"), given, status=422)
    assert any("Nothing is left of" in each for each in page.errors)
    assert filled_in(page.page.select_one("main form"))["note"] == "As agreed"


def test_an_invoice_elsewhere_says_that_it_is_a_record(finance, at, provider):
    contract, item = made.make_home_care(by_invoice=False, provider=provider)
    made.make_confirmed(item, 10 * SCALE)
    sent = made.make_sent(contract, asked(item))
    made.approve(sent)
    assert "The invoice is a record, and nothing is paid by it." in finance.get(at(f"{sent.id}")).words


def test_it_is_taken_away_as_pdf_csv_excel_and_ubl(finance, at, care):
    contract, item = care
    sent = made.make_sent(contract, asked(item), number="1041")
    assert finance.get(at(f"{sent.id}/pdf")).response.data.startswith(b"%PDF")
    assert item.reference in finance.get(at(f"{sent.id}/lines.csv")).text
    finance.get(at(f"{sent.id}/lines.xlsx"))
    assert "<cbc:ID>1041</cbc:ID>" in finance.get(at(f"{sent.id}/ubl")).text


def test_an_invoice_for_care_that_is_of_another_contract_now_is_read_and_differs(finance, at, care, provider):
    contract, item = care
    sent = made.make_sent(contract, asked(item))
    runs.change(item, contract_id=made.make_home_care(provider=provider)[0].id)
    assert "The care package is of another contract now" in finance.get(at(sent.id)).words
    for path in ("pdf", "lines.csv", "lines.xlsx", "ubl"):
        finance.get(at(f"{sent.id}/{path}"))
    officer = finance.sign_in(made.officer())
    assert "Differs: The care package is of another contract now" in officer.get(f"/council/invoices/{sent.id}").words


def test_an_approved_invoice_says_which_payment_has_it_and_what_waits_and_why(finance, at, care):
    """It must not say that it is in the next payment while nobody has authorised the care."""
    contract, item = care
    other = made.make_hourly_item(contract)
    sent = made.make_sent(contract, asked(item), asked(other, 2))
    runs.change(other, is_suspended=True)
    made.approve(sent)
    page = finance.get(at(sent.id))
    assert "It is not paid yet. £231.00 is in the payment of 12 to 18 October 2026 . £46.20 waits" in page.words
    assert f"/payments/{contract.reference}/2026-10-12" in page.text
    assert "£46.20 waits: suspended. The council ends the suspension, or the care package." in page.words
    runs.finalise(TODAY + timedelta(days=6))
    page = finance.get(at(sent.id))
    assert "A part of it is paid. £46.20 waits: suspended." in page.words
    assert "is in the payment of" not in page.words
    runs.change(other, is_suspended=False)
    runs.finalise(TODAY + timedelta(days=13))
    assert "It is paid. Contract" in finance.get(at(sent.id)).words


def test_an_action_about_it_is_linked_with_it(finance, at, care, provider):
    contract, item = care
    make_type(is_of_money=True)
    sent, draft = made.make_sent(contract, asked(item)), made.make_invoice(contract)
    new = f"/providers/{provider.id}/actions/new?invoice="
    page = finance.get(finance.get(at(f"{sent.id}")).page.select_one(f"a[href='{new}{sent.id}']")["href"])
    assert filled_in(page.page.select_one("main form"))["title"] == sent.called
    finance.submit(page, {"text": "When is it paid?"}, status=303)
    [action] = every(select(Action))
    assert (action.invoice_id, action.contract_id, action.is_of_money) == (sent.id, contract.id, True)
    thread = finance.get(f"/providers/{provider.id}/actions/{action.id}")
    assert thread.page.select_one(f"dl.facts a[href='{at(str(sent.id))}']").text == sent.called
    other, their_item = made.make_home_care()
    for each in (draft, made.make_sent(other, asked(their_item))):
        finance.get(f"{new}{each.id}", status=404)


def test_a_ubl_file_becomes_a_draft(finance, at, care):
    contract, item = care
    sent = made.make_sent(contract, asked(item), number="1041")
    content = finance.get(at(f"{sent.id}/ubl")).response.data.replace(b">1041<", b">1042<", 1)
    given = {"file": (io.BytesIO(content), "invoice.xml"), "alike_reason": ""}
    finance.post(at("upload"), given, status=303)
    assert (newest().number, newest().status, newest().gross_pence) == ("1042", InvoiceStatus.DRAFT, 23_100)


def test_a_bad_file_is_told_on_the_form(finance, at):
    page = finance.post(at("upload"), {"file": (io.BytesIO(b"PK"), "x.xml"), "alike_reason": ""}, status=422)
    assert any("is no XML" in each for each in page.errors)
    page = finance.post(at("upload"), {"alike_reason": ""}, status=422)
    assert "Choose a UBL file" in page.errors


def test_a_viewer_reads_and_changes_nothing(app, provider, care, at):
    contract, item = care
    draft = made.make_invoice(contract, asked(item))
    viewer = PortalClient(app).sign_in(make_user(Role.VIEWER, provider))
    page = viewer.get(at(f"{draft.id}"))
    assert "Add a line" not in page.words
    viewer.post(at(f"{draft.id}/send"), {"seen": "23100"}, status=403)
    PortalClient(app).sign_in(make_user(Role.SCHEDULER, provider)).get(at(), status=403)


def test_an_invoice_of_another_provider_does_not_exist(finance, at):
    contract, item = made.make_home_care()
    sent = made.make_sent(contract, asked(item))
    for path in ("", "/pdf", "/ubl", "/lines.csv", "/change", "/credit", "/take-back", "/cancel"):
        finance.get(at(f"{sent.id}{path}"), status=404)
    finance.post(at(f"{sent.id}/send"), {"seen": "23100"}, status=404)


def test_pressing_new_twice_makes_one(finance, at, care):
    contract, _ = care
    page = finance.get(at("new"))
    answers = [finance.submit(page, head(contract=contract.reference)) for _ in range(2)]
    assert answers[0].location == answers[1].location
    assert len(every(Invoice)) == 1


def test_a_week_to_come_is_not_offered(finance, at, care):
    contract, item = care
    made.make_confirmed(item, SCALE, MONDAY + timedelta(days=7))
    assert "12 to 18 October" in finance.get(at("from-actuals")).words
