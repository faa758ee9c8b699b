"""An agency answers a payment: with a mouse, with a keyboard alone, on a telephone, and without scripts."""

import re
from datetime import date

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from models.payments.confirmation import Confirmation
from models.permissions import Role
from models.records.provider import Provider
from tests.browser.looks import assert_accessible, assert_fits, keeps_nothing, take_picture
from tests.care_factories import make_client, make_contract, make_item
from tests.factories import make_provider, make_user
from tests.support.rows import every
from tests.support.runs import calculate, payment
from tests.support.snapshots import built_once

MONDAY = date(2019, 9, 30)
TODAY = date(2019, 10, 1)  # the cut-off of the calendar that make_calendar gives
PAYMENT = re.compile(r"/payments/[^/]+/2019-09-30$")


@pytest.fixture
def contract(database, set_today):
    set_today(TODAY)
    return one_contract()


@built_once
def one_contract():
    contract = make_contract(
        make_provider(name="Larkrise Fostering"), calculate_from=MONDAY, confirmation="required", name="Larkrise"
    )
    for surname, rate_e4 in (("Adams", 3_530_800), ("Begum", 3_030_300)):
        make_item(contract, rate_e4=rate_e4, client=make_client(surname=surname))
    calculate(TODAY)
    return contract


@pytest.fixture
def person(contract):
    [provider] = every(select(Provider).where(Provider.id == contract.provider_id))
    return make_user(Role.FINANCE, provider, name="Ada Finch")


@pytest.fixture
def office(page, sign_in, person, contract):
    sign_in(page, person)
    page.goto(f"/providers/{contract.provider_id}/")
    return page


def has_scripts(page):
    return page.locator("body.js-enabled").count() == 1


def asked(page):
    return page.locator(".asked")


@pytest.mark.covers("S0-004", "S0-024", "S0-025", "S0-026", "S0-027", "S1-043")
def test_from_home_to_a_confirmed_payment(office, contract):
    expect(office.get_by_text("Confirm 30 Sep to 6 Oct, £656.11")).to_be_visible()
    office.get_by_role("link", name="Scheduled Payments").click()
    office.get_by_role("link", name=re.compile("30 Sep to 6 Oct")).first.click()
    expect(asked(office)).to_contain_text("Please confirm or reject by the end of Tuesday 1 October 2019.")
    office.get_by_role("button", name="Confirm/Reject").click()
    expect(office.get_by_role("heading", level=1)).to_have_text("Confirm or reject a payment")
    office.get_by_label("Comments").fill("All right")
    office.get_by_role("button", name="Confirm £656.11").click()
    expect(office).to_have_url(PAYMENT)
    notice = office.locator("#notices [role=alert]")
    expect(notice).to_contain_text("You have confirmed £656.11 for 30 Sep to 6 Oct 2019")
    if has_scripts(office):
        expect(notice).to_be_focused()
    expect(asked(office)).to_contain_text("Ada Finch confirmed £656.11 on")
    assert payment(contract, MONDAY).confirmation is Confirmation.CONFIRMED
    office.goto(f"/providers/{contract.provider_id}/")
    expect(office.get_by_text("Nothing needs you. Your next payment is on track.")).to_be_visible()


@pytest.mark.covers("S0-027")
def test_a_rejection_without_a_reason_is_put_right(office, contract):
    office.get_by_role("link", name=re.compile("Check and confirm")).click()
    expect(office.get_by_role("button", name="Reject this payment")).to_be_hidden()
    office.get_by_text("Reject the whole payment instead").click()
    office.get_by_role("button", name="Reject this payment").click()
    summary = office.locator(".govuk-error-summary")
    expect(summary).to_contain_text("Say what is wrong with this payment, so that the council can put it right")
    if has_scripts(office):
        expect(summary).to_be_focused()
    summary.get_by_role("link").click()
    why = office.get_by_label("What is wrong with the payment as a whole?")
    expect(why).to_be_focused()
    why.fill("Begum left on Tuesday")
    office.get_by_role("button", name="Reject this payment").click()
    expect(office).to_have_url(PAYMENT)
    expect(asked(office)).to_contain_text("Ada Finch rejected £656.11 on")
    expect(asked(office)).to_contain_text("Begum left on Tuesday")
    assert payment(contract, MONDAY).confirmation is Confirmation.REJECTED


@pytest.mark.covers("S0-028")
def test_a_row_is_queried_and_the_rest_confirmed(office):
    office.get_by_role("link", name=re.compile("Check and confirm")).click()
    boxes = office.get_by_label("What is wrong?")
    expect(boxes.first).to_be_hidden()
    office.get_by_label("Something is wrong with this row").nth(1).check()
    expect(boxes.first).to_be_hidden()
    expect(boxes.nth(1)).to_be_visible()
    let_go = "Confirm £353.08"  # without scripts the button says so once the page is loaded again
    office.get_by_role("button", name=let_go if has_scripts(office) else "Confirm £656.11").click()
    expect(office.locator(".govuk-error-summary")).to_contain_text("Say what is wrong with B")
    expect(boxes.nth(1)).to_be_visible()
    boxes.nth(1).fill("Left on Tuesday")
    office.get_by_role("button", name=let_go).click()
    expect(office).to_have_url(PAYMENT)
    expect(office.locator("#notices")).to_contain_text(
        "You have confirmed £353.08 for 30 Sep to 6 Oct 2019, and queried 1 row, £303.03"
    )
    expect(office.get_by_text("Queried, held")).to_be_visible()
    expect(office.get_by_text("Left on Tuesday")).to_be_visible()


def test_the_second_of_two_people_is_told_without_losing_what_was_typed(office, contract, open_browser, sign_in):
    office.get_by_role("link", name=re.compile("Check and confirm")).click()
    office.get_by_label("Comments").fill("Kept")
    other = open_browser()
    [provider] = every(select(Provider).where(Provider.id == contract.provider_id))
    sign_in(other, make_user(Role.FINANCE, provider))
    other.goto(office.url)
    other.get_by_text("Reject the whole payment instead").click()
    other.get_by_label("What is wrong with the payment as a whole?").fill("Wrong")
    other.get_by_role("button", name="Reject this payment").click()
    expect(other).to_have_url(PAYMENT)
    office.get_by_role("button", name="Confirm £656.11").click()
    expect(office.get_by_text("Somebody else has rejected this payment just before you")).to_be_visible()
    expect(office.get_by_text("Kept", exact=True)).to_be_visible()


@pytest.mark.parametrize("way", ["script-1280", "plain-320"])
def test_with_a_keyboard_alone(open_browser, sign_in, person, contract, way):
    page = open_browser(way)
    sign_in(page, person)
    page.goto(f"/providers/{contract.provider_id}/payments/{contract.reference}/{MONDAY}")
    tab_to(page, page.get_by_role("button", name="Confirm/Reject"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm or reject a payment")
    tick = page.get_by_label("Something is wrong with this row").first
    tab_to(page, tick)
    page.keyboard.press("Space")
    page.keyboard.press("Enter")  # in a tick box it gives no answer; without scripts it loads the page anew
    expect(tick).to_be_checked()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm or reject a payment")
    tab_to(page, page.get_by_label("What is wrong?").first)
    page.keyboard.type("Left on Tuesday")
    tab_to(page, page.get_by_role("button", name="Confirm £303.03"))
    page.keyboard.press("Enter")
    expect(page).to_have_url(PAYMENT)
    expect(page.get_by_text("Queried, held")).to_be_visible()


def tab_to(page, place):
    for _ in range(60):
        page.keyboard.press("Tab")
        if place.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError("the Tab key does not get there")


@pytest.mark.covers("S1-044")
def test_the_schedule_of_another_year(office):
    office.get_by_role("link", name="Scheduled Payments").click()
    office.get_by_role("link", name="Payment Schedule").click()
    expect(office.get_by_text("Next deadline: Tuesday 1 October 2019.")).to_be_visible()
    office.get_by_label("Financial year").select_option("2020/2021")
    if not has_scripts(office):
        office.get_by_role("button", name="View").click()
    expect(office.locator("caption")).to_have_text("Larkrise, 2020/2021")
    expect(office).to_have_url(re.compile("year=2020"))
    with office.expect_download() as download:
        office.get_by_role("button", name="Add to your calendar").click()
    assert download.value.suggested_filename == "payment-schedule.ics"


@pytest.mark.parametrize("way", ["script-1280", "script-320"])
def test_no_page_of_answering_has_a_fault_that_can_be_measured(open_browser, sign_in, person, contract, way):
    page = open_browser(way)
    sign_in(page, person)
    page.goto(f"/providers/{contract.provider_id}/")
    look_at(page, "to-confirm-home")
    page.goto(f"/providers/{contract.provider_id}/payments/{contract.reference}/{MONDAY}")
    look_at(page, "to-confirm")
    page.get_by_role("button", name="Confirm/Reject").click()
    expect(page.get_by_label("Comments")).to_be_visible()
    look_at(page, "answer")
    page.get_by_label("Something is wrong with this row").first.check()
    page.get_by_text("Reject the whole payment instead").click()
    page.get_by_role("button", name="Reject this payment").click()
    expect(page.locator(".govuk-error-summary")).to_be_visible()
    look_at(page, "answer-refused")
    page.get_by_label("What is wrong?").first.fill("Left on Tuesday")
    page.get_by_label("Comments").fill("The rest is right")
    page.get_by_role("button", name="Confirm £303.03").click()
    expect(page).to_have_url(PAYMENT)
    look_at(page, "answered")


def look_at(page, name):
    take_picture(page, name)
    assert_accessible(page)
    assert_fits(page)
    assert keeps_nothing(page)
