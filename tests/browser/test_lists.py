"""What lists do for somebody at a browser: ticks that stay from page to page, and finding while one types."""

import re

from playwright.sync_api import expect
from sqlalchemy import select

from models.permissions import Role
from models.records.provider import Provider
from tests.admin.conftest import MONDAY, SUNDAY, two_clients
from tests.browser.looks import assert_accessible, assert_fits
from tests.care_factories import make_contract, make_item
from tests.factories import make_contact, make_provider, make_staff, make_user
from tests.support.rows import every
from tests.support.runs import calculate


def test_what_is_ticked_on_one_page_is_ticked_still_on_the_next(page, database, set_today, sign_in):
    contract = two_clients()
    [provider] = every(select(Provider).where(Provider.id == contract.provider_id))
    for number in range(30):
        make_item(make_contract(provider, name=f"House {number:02}", calculate_from=MONDAY), starts_on=MONDAY)
    calculate(SUNDAY)
    set_today(SUNDAY)
    sign_in(page, make_staff())
    page.goto("/council/payments/?sort=contract")
    ticks = page.locator("input[name=payment][type=checkbox]")
    first = ticks.first.get_attribute("value")
    ticks.first.check(force=True)
    page.get_by_role("button", name="Next page").click()
    page.wait_for_url("**page=2**")
    assert "sort=contract" in page.url
    expect(page.get_by_text("1 more is ticked on other pages.")).to_be_visible()
    expect(page.locator(".govuk-pagination [aria-current]")).to_have_css("color", "rgb(255, 255, 255)")
    second = ticks.last.get_attribute("value")
    ticks.last.check(force=True)
    assert_fits(page)
    if page.locator("body.js-enabled").count():
        assert_accessible(page)
    page.get_by_role("button", name="Previous page").click()
    expect(page.locator(f"#tick-{first}")).to_be_checked()
    page.get_by_role("button", name="Hold the ticked ones").click()
    asked = page.locator("main form input[name=payment]")
    expect(asked).to_have_count(2)
    assert {asked.nth(n).get_attribute("value") for n in range(2)} == {first, second}
    page.get_by_label("Why?").fill("Bank details")
    page.get_by_role("button", name=re.compile("Hold 2 payments")).click()
    page.get_by_role("link", name="Back to the list").click()
    expect(page.locator("input[name=payment]:checked, input[name=payment][type=hidden]")).to_have_count(0)


def test_contacts_are_found_as_one_types(open_browser, database, sign_in):
    provider = make_provider()
    for name in ("Alex Finch", "Robin Marsh", "Siân O’Brien"):
        make_contact(provider, name=name)
    page = open_browser()
    sign_in(page, make_user(Role.ADMINISTRATOR, provider))
    page.goto(f"/providers/{provider.id}/contacts/")
    box = page.locator("main form.filters input[type=text]")
    box.press_sequentially("sian")
    expect(page.locator(".periods li")).to_have_count(1)
    expect(page.locator(".periods li")).to_contain_text("Siân")
    expect(page.locator("main form.filters input[type=text]")).to_be_focused()
    assert_accessible(page)
    box.press_sequentially(" zz")
    expect(page.get_by_text("Nobody is found by")).to_be_visible()


def test_the_filters_of_payments_stand_in_one_row_beside_a_contract_with_a_long_name(open_browser, database, sign_in):
    provider = make_provider()
    make_contract(
        provider, name="Residential Home for Adults with Learning Disabilities, and " + "The Coach House " * 5
    )
    page = open_browser()
    sign_in(page, make_user(Role.ADMINISTRATOR, provider))
    page.goto(f"/providers/{provider.id}/payments/")
    tops = {page.get_by_label(label).bounding_box()["y"] for label in ("Financial year", "Contract", "Kind of payment")}
    assert len(tops) == 1
