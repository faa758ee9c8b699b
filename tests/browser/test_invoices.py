"""An invoice made from confirmed actuals, held by the council, mended, sent again and approved: with scripts and
without, on a large screen and on a telephone.
"""

from datetime import date

import pytest
from playwright.sync_api import expect

from models.permissions import CouncilRole, Role
from models.records.invoice import InvoiceStatus
from models.records.provider import Provider
from tests import invoice_factories as made
from tests.browser.looks import assert_accessible, assert_fits
from tests.factories import make_staff, make_user
from tests.support.rows import every

TODAY = date(2026, 10, 12)


@pytest.mark.parametrize("way", ["script-1280", "plain-320"])
@pytest.mark.covers("S3-005", "S3-011", "S4-026")
def test_an_invoice_is_made_held_mended_and_approved(open_browser, sign_in, set_today, database, way):
    set_today(TODAY)
    contract, item = made.make_home_care()
    made.make_confirmed(item, 127_500)
    page = open_browser(way)
    sign_in(page, make_user(Role.FINANCE, Provider(id=contract.provider_id)))
    page.goto(f"/providers/{contract.provider_id}/invoices/")
    page.get_by_role("button", name="New invoice from actuals").click()
    page.get_by_label("Your number").fill("1041")
    assert_fits(page)
    page.get_by_role("button", name="Make the invoice").click()
    expect(page.get_by_role("heading", name="Invoice 1041")).to_be_visible()
    page.get_by_role("link", name="Change line 1").click()
    page.get_by_label("Quantity").fill("14")
    page.get_by_role("button", name="Save the line").click()
    expect(page.get_by_text("12.75 confirmed for 5 to 11 October 2026")).to_be_visible()
    assert_fits(page)
    page.get_by_role("button", name="Send invoice for £323.40").click()

    council = open_browser(way)
    sign_in(council, make_staff(CouncilRole.PAYMENTS_OFFICER))
    council.goto("/council/invoices/")
    expect(council.get_by_text("1 difference: quantity")).to_be_visible()
    council.get_by_role("link", name="1041").click()
    council.get_by_role("button", name="Put on hold").click()
    [reason] = [each for each in every(made.HoldReason.offered()) if each.name == "More than was confirmed"]
    council.get_by_label("Why").select_option(value=str(reason.id))
    council.get_by_role("button", name="Put on hold").click()

    page.reload()
    expect(page.get_by_text(reason.sentence)).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="Change line 1").click()
    page.get_by_label("Quantity").fill("12.75")
    page.get_by_role("button", name="Save the line").click()
    page.get_by_role("button", name="Send again for £294.53").click()

    council.goto("/council/invoices/")
    council.get_by_role("link", name="1041").click()
    assert_fits(council)
    council.get_by_role("button", name="Approve £294.53").click()
    [invoice] = every(made.Invoice)
    assert invoice.status is InvoiceStatus.APPROVED


@pytest.mark.parametrize("way", ["script-1280", "plain-320"])
@pytest.mark.covers("S3-011")
def test_lines_are_typed_one_after_the_other(open_browser, sign_in, set_today, database, way):
    set_today(TODAY)
    contract, item = made.make_home_care()
    other = made.make_hourly_item(contract)
    for each in (item, other):
        made.make_confirmed(each, 127_500)
    page = open_browser(way)
    sign_in(page, make_user(Role.FINANCE, Provider(id=contract.provider_id)))
    page.goto(f"/providers/{contract.provider_id}/invoices/new")
    page.get_by_label("Your number").fill("1041")
    page.get_by_role("button", name="Begin the invoice").click()
    boxes = [page.locator(f"input[name={name}]").nth(n) for name in ("first_on", "last_on") for n in range(3)]
    for box, text in zip(boxes, ("5", "10", "2026", "11", "10", "2026"), strict=True):
        box.fill(text)
    for each, total in ((item, "£231.00"), (other, "£462.00")):
        page.get_by_label("Care package").select_option(value=str(each.id))
        page.get_by_label("Quantity").fill("ten")
        page.get_by_role("button", name="Add the line").click()
        expect(page.get_by_text("Quantity must be a number").first).to_be_visible()
        expect(page.get_by_label("Quantity")).to_have_value("ten")
        expect(page.get_by_label("Care package")).to_have_value(str(each.id))
        page.get_by_label("Quantity").fill("10")
        page.get_by_role("button", name="Add the line").click()
        expect(page.get_by_text("The line for £231.00 is added")).to_be_visible()
        expect(page.get_by_role("button", name=f"Send invoice for {total}")).to_be_visible()
        expect(boxes[3]).to_have_value("11")
        assert_fits(page)
    assert_accessible(page)
    page.get_by_role("button", name="Send invoice for £462.00").click()
    expect(page.get_by_text("Invoice 1041 for £462.00 is with the council")).to_be_visible()
    [sent] = every(made.Invoice)
    made.approve(sent)
    page.goto(f"/providers/{contract.provider_id}/invoices/{sent.id}/credit")
    assert_fits(page)
    council = open_browser(way)
    sign_in(council, make_staff(CouncilRole.PAYMENTS_OFFICER))
    council.goto("/council/invoices/clock")
    assert_fits(council)
