"""A carer reads this week's money, and what it is made of: on a wide screen, on a phone, and without scripts."""

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from models.accounts.user import User
from tests.browser.looks import assert_accessible, assert_fits, take_picture
from tests.support.rows import every


@pytest.fixture
def app(durham_app):
    """Every journey here is made in the Durham demonstration."""
    return durham_app


@pytest.fixture
def carer(page, sign_in):
    [user] = every(select(User).where(User.email == "carer@demo.example"))
    sign_in(page, user)
    page.goto("/providers/1/")
    return page


def has_scripts(page):
    return page.locator("body.js-enabled").count() == 1


@pytest.mark.covers("S4-001", "S0-001", "S0-015", "S3-003", "S1-001", "S2-001")
def test_from_home_to_how_the_payment_was_worked_out(carer):
    expect(carer.get_by_text("£656.11").first).to_be_visible()
    carer.get_by_role("link", name="See how it is made up").last.click()
    expect(carer).to_have_url(re.compile("/payments/741254/2019-09-30"))
    expect(carer.get_by_role("heading", name="Sausage Sandwich - 30 Sep to 6 Oct 2019")).to_be_visible()
    carer.locator("details.working summary").first.click()
    if not has_scripts(carer):
        carer.locator("details.working a").first.click()
    expect(carer.get_by_text("7 days, 30 September to 6 October, £353.08 a week (£50.44 a day)")).to_be_visible()
    take_picture(carer, "payment-open")


def test_another_period_is_chosen_and_back_keeps_the_place(carer):
    carer.goto("/providers/1/payments/")
    carer.get_by_role("link", name=re.compile("1 Apr to 7 Apr 2019")).click()
    expect(carer).to_have_url(re.compile("/payments/741254/2019-04-01"))
    expect(carer.get_by_role("heading", name="Sausage Sandwich - 1 Apr to 7 Apr 2019")).to_be_visible()
    expect(carer.locator("dl.strip").get_by_text("£353.08").first).to_be_visible()
    carer.get_by_role("link", name="All payments").click()
    expect(carer.locator("h1")).to_have_text("Scheduled Payments")
    expect(carer.get_by_role("link", name=re.compile("1 Apr to 7 Apr 2019"))).to_be_in_viewport()


def test_the_pick_lists_narrow_the_periods(carer):
    carer.goto("/providers/1/payments/")
    carer.get_by_label("Financial year").focus()
    carer.get_by_label("Financial year").select_option(label="2018/2019")
    if not has_scripts(carer):
        carer.get_by_role("button", name="View").click()
    expect(carer).to_have_url(re.compile("year=2018"))
    expect(carer.locator(".periods li")).to_have_count(8)
    if has_scripts(carer):
        expect(carer.get_by_label("Financial year")).to_be_focused()


@pytest.mark.parametrize("page", ["script-320", "plain-320"], indirect=True)
def test_on_a_phone_what_comes_next_stands_first_and_a_payment_is_a_screen_of_its_own(carer):
    carer.goto("/providers/1/payments/")
    due = carer.get_by_role("heading", name="Next: 23 Sep to 29 Sep 2019")
    newest = carer.get_by_role("link", name=re.compile("30 Sep to 6 Oct 2019"))
    assert due.bounding_box()["y"] < newest.bounding_box()["y"]
    newest.click()
    expect(carer.locator(".payment-sentence")).to_be_visible()
    expect(carer.locator(".periods")).to_have_count(0)


@pytest.mark.covers("S4-170", "S4-190")
def test_an_order_is_found_by_its_client_and_closed_again(carer):
    carer.goto("/providers/1/purchase-orders/")
    box = carer.get_by_label("Client or order number")
    box.press_sequentially("bart simp", delay=5)
    if has_scripts(carer):  # found as it is typed: no letter is lost, and the address names nobody
        expect(carer.locator("tbody tr")).to_have_count(1)
        box.press_sequentially("son")
        expect(box).to_have_value("bart simpson")
        expect(box).to_be_focused()
        assert "simp" not in carer.url
        carer.get_by_role("link", name="Value").click()
        expect(carer.locator("[aria-sort=descending]")).to_have_text("Value")
        expect(carer).to_have_url(re.compile(r"/purchase-orders/\?.*sort=-value"))
    else:
        carer.get_by_role("button", name="View").click()
    expect(carer.locator("tbody tr")).to_have_count(1)
    carer.get_by_role("link", name=re.compile("Simpson, Bart")).click()
    expect(carer.locator("h1")).to_have_text("Purchase Order View")
    expect(carer.get_by_text("148 - 1")).to_be_visible()
    carer.get_by_role("link", name="Close and return to list").click()
    expect(carer.locator("h1")).to_have_text("Purchase Orders")


def test_with_a_keyboard_alone(open_browser, sign_in):
    [user] = every(select(User).where(User.email == "carer@demo.example"))
    page = open_browser("script-1280")
    sign_in(page, user)
    page.goto("/providers/1/payments/")
    for _ in range(60):
        page.keyboard.press("Tab")
        if "23 Sep to 29 Sep" in page.evaluate("document.activeElement.textContent"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sausage Sandwich - 23 Sep to 29 Sep 2019")).to_be_visible()
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_text("7 days, 23 to 29 September, £353.08 a week (£50.44 a day)")).to_be_visible()


@pytest.mark.parametrize("way", ["script-1280", "script-320"])
def test_an_opened_explanation_is_accessible_and_fits(open_browser, sign_in, way):
    [user] = every(select(User).where(User.email == "carer@demo.example"))
    page = open_browser(way)
    sign_in(page, user)
    for address in ("payments/741254/2019-09-16", "payments/741254/2019-12-16", "payments/?year=1066"):
        page.goto(f"/providers/1/{address}")
        for row in page.locator("details.working").all():
            row.locator("summary").click()
            expect(row.locator(".working__told")).to_be_visible()
        assert_accessible(page)
        assert_fits(page)
