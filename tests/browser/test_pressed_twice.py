"""A button that is pressed twice, and the browser's Back, in the middle of an adjustment."""

import pytest
from playwright.sync_api import Error, expect

from models.payments.adjustment import Adjustment
from tests.admin.conftest import MONDAY, SUNDAY, WEEK, two_weeks_of_two_clients
from tests.browser.looks import assert_accessible, assert_fits, take_picture
from tests.support.rows import every


@pytest.fixture
def officer(page, database, set_today, sign_in):
    contract, ola, _ = two_weeks_of_two_clients()
    set_today(SUNDAY)
    sign_in(page, ola)
    page.goto(f"/council/payments/{contract.reference}/{MONDAY + WEEK}/adjust")
    return page


def look_at(page, name):
    take_picture(page, name)
    assert_fits(page)
    if page.locator("body.js-enabled").count():
        assert_accessible(page)


def check(page, amount):
    page.get_by_label("Client", exact=True).select_option(index=1)
    page.get_by_label("Amount").fill(amount)
    page.get_by_label("Why?").fill("Paid twice in June")
    page.get_by_role("button", name="Check the new total").click()


def save(page, amount):
    return page.get_by_role("button", name=f"Save this adjustment of {amount}")


def made():
    return [each.amount_pence for each in every(Adjustment)]


def test_a_double_click_saves_once(officer):
    check(officer, "25")
    save(officer, "£25.00").dblclick()
    expect(officer.get_by_text("This payment now comes to £681.11")).to_have_count(1)
    assert made() == [2_500]


def test_another_sum_than_the_one_that_was_checked_is_checked_again(officer):
    check(officer, "-1,234.50")
    officer.get_by_label("Amount").fill("-999")
    save(officer, "−£1,234.50").click()
    expect(officer.get_by_text("Nothing is saved yet")).to_be_visible()
    expect(save(officer, "−£999.00")).to_be_visible()
    look_at(officer, "adjust-checked-again")
    assert made() == []
    save(officer, "−£999.00").click()
    expect(officer.get_by_text("Adjusted by −£999.00").first).to_be_visible()
    assert made() == [-99_900]


def test_back_to_the_check_leads_to_what_was_saved(officer):
    """The check is an answer to a form, so the browser sends it once more."""
    check(officer, "25")
    save(officer, "£25.00").click()
    expect(officer.get_by_text("Adjusted by £25.00").first).to_be_visible()
    with pytest.raises(Error, match="ERR_CACHE_MISS"):  # Chromium asks: "Confirm form resubmission"
        officer.go_back()
    officer.wait_for_url("chrome-error://**")
    officer.reload()
    expect(officer.get_by_text("Adjusted by £25.00").first).to_be_visible()
    assert made() == [2_500]


def test_back_to_the_form_is_another_visit_which_is_told_of_the_first(officer):
    form = officer.url
    check(officer, "25")
    save(officer, "£25.00").click()
    expect(officer.get_by_text("Adjusted by £25.00").first).to_be_visible()
    officer.evaluate("history.go(-2)")
    officer.wait_for_url(form)
    check(officer, "25")
    expect(officer.get_by_text("There is one like it from a minute ago")).to_be_visible()
    look_at(officer, "adjust-one-like-it")
    assert made() == [2_500]
