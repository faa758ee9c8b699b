"""What the finance system owns, as the council reads it in a browser: each page is a reference away from another."""

import pytest
from playwright.sync_api import expect

from models.permissions import CouncilRole
from tests.admin.conftest import MONDAY, SUNDAY
from tests.browser.looks import assert_accessible, assert_fits, take_picture
from tests.care_factories import make_calendar, make_client, make_contract, make_item
from tests.factories import make_provider, make_staff
from tests.support.runs import calculate

LISTS = ("contracts", "rates", "calendars", "clients", "care-packages", "purchase-orders")


@pytest.fixture
def item(database, set_today):
    provider = make_provider(name="Tŷ’r Ŵyn Care", reference="P00741")
    contract = make_contract(
        provider, calendar=make_calendar(), reference="00741254", name="Residential", calculate_from=MONDAY
    )
    client = make_client(surname="Llwyd", first_name="Gwenllian", reference="C7000001")
    made = make_item(contract, rate_e4=3_000_000, client=client, starts_on=MONDAY)
    calculate(SUNDAY)
    set_today(SUNDAY)
    return made


def look(page, name):
    take_picture(page, f"registers-{name}")
    assert_fits(page)
    if page.locator("body.js-enabled").count():
        assert_accessible(page)


def follow(page, part, name):
    """The first link of the page to such a place, where nothing can be changed."""
    page.locator(f"main a[href*='/council/{part}/']").first.click()
    page.wait_for_url(f"**/council/{part}/**")
    expect(page.locator("main form[method=post]")).to_have_count(0)
    look(page, name)


def test_every_reference_leads_to_a_page_that_is_read_only(page, sign_in, item):
    sign_in(page, make_staff(CouncilRole.PAYMENTS_OFFICER))
    page.goto(f"/council/clients/{item.client_id}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Llwyd, Gwenllian (C7000001)")
    look(page, "client")
    follow(page, "care-packages", "care-package")
    expect(page.locator("main")).to_contain_text("£300.00")
    care = page.url
    follow(page, "rates", "rate")
    expect(page.locator("main")).to_contain_text("What contracts pay for it")
    page.goto(care)
    follow(page, "contracts", "contract")
    expect(page.locator("main")).to_contain_text("00741254")
    follow(page, "calendars", "calendar")
    expect(page.locator("main")).to_contain_text("Contracts that pay by it")
    page.goto(f"/council/clients/{item.client_id}")
    follow(page, "purchase-orders", "purchase-order")
    expect(page.locator("main")).to_contain_text("Residential")


def test_each_list_is_sorted_and_leads_to_one(page, sign_in, item):
    sign_in(page, make_staff(CouncilRole.PAYMENTS_OFFICER))
    for name in LISTS:
        page.goto(f"/council/{name}/")
        expect(page.locator("main tbody tr").first).to_be_visible()
        look(page, f"list-{name}")
        if page.locator("th.sortable a").first.is_visible():  # a narrow window has cards, and no headings
            page.locator("th.sortable a").first.click()
            page.wait_for_url("**sort=**")
        page.locator("main tbody th a").first.click()
        expect(page.locator("main tbody, main dl").first).to_be_visible()
        page.go_back()
        expect(page.locator("main tbody tr").first).to_be_visible()
