import re

import pytest
from playwright.sync_api import expect

from models.accounts.web_session import WebSession
from models.base import transaction
from tests.auth.journey import mailed_code
from tests.browser.looks import assert_accessible, assert_fits, keeps_nothing, take_picture
from tests.factories import PASSWORD, make_user

HOME = re.compile(r"/providers/\d+/$")


@pytest.fixture
def user(database):
    return make_user()


def give_password(page, user, password=PASSWORD):
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Submit").click()


@pytest.mark.covers("S0-001", "S1-001", "S2-001", "S4-001", "S4-029", "S0-019", "S0-020", "S1-003", "S2-002")
def test_from_the_landing_page_to_the_home_page_and_out_again(page, user):
    page.goto("/")
    page.get_by_role("link", name="Access secure services for providers").click()
    give_password(page, user)
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter the code we sent you")
    page.get_by_label("Code").fill(mailed_code())
    page.get_by_role("button", name="Finish").click()
    expect(page).to_have_url(HOME)

    page.locator("header").get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You have logged out")


def test_what_went_wrong_is_said_at_the_top_and_at_the_field(page, user):
    page.goto("/log-in")
    give_password(page, user, "Wrong-Password-1")
    expect(page).to_have_title(re.compile("^Error: Log in to your Provider Portal"))
    expect(page.get_by_role("alert")).to_contain_text("We could not log you in")

    give_password(page, user)
    page.get_by_label("Code").fill("12 34")
    page.get_by_role("button", name="Finish").click()
    summary = page.get_by_role("alert")
    summary.get_by_role("link", name=re.compile("^Enter the code from the e-mail")).click()
    expect(page.get_by_label("Code")).to_be_focused()
    expect(page.get_by_label("Code")).to_have_value("12 34")


def test_a_code_is_pasted_as_it_stands_in_the_mail(page, user):
    page.goto("/log-in")
    give_password(page, user)
    code = mailed_code()
    page.get_by_label("Code").fill(f" {code[:3]} {code[3:]} ")
    page.get_by_label("Code").press("Enter")
    expect(page).to_have_url(HOME)


def test_with_a_keyboard_alone(open_browser, user):
    page = open_browser()
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Access secure services for providers")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/log-in$"))

    tab_to(page, page.get_by_label("E-mail"))
    page.keyboard.type(user.email)
    tab_to(page, page.get_by_label("Password", exact=True))
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("Code"))
    page.keyboard.type(mailed_code())
    tab_to(page, page.get_by_role("button", name="Finish"))
    page.keyboard.press("Space")
    expect(page).to_have_url(HOME)

    tab_to(page, page.locator("header").get_by_role("button", name="Log out"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("You have logged out")


def tab_to(page, place):
    for _ in range(40):
        page.keyboard.press("Tab")
        if place.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError("the Tab key does not get there")


def test_after_logging_out_the_back_button_shows_nothing(open_browser, user, sign_in):
    page = open_browser()
    sign_in(page, user)
    page.goto("/providers")
    expect(page).to_have_url(HOME)
    page.locator("header").get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You have logged out")
    page.go_back()
    expect(page).to_have_url(re.compile("/log-in"))
    assert keeps_nothing(page)


def test_a_session_that_ended_sends_the_whole_window_to_the_log_in_page(open_browser, user, sign_in):
    page = open_browser()
    sign_in(page, user)
    page.goto("/providers")
    with transaction() as session:
        session.query(WebSession).delete()
    page.get_by_role("link", name="Payments").first.click()
    expect(page).to_have_url(re.compile("/log-in"))
    expect(page.locator("h1")).to_have_count(1)


@pytest.mark.parametrize("way", ["script-1280", "script-320"])
def test_the_pages_of_logging_in_have_no_fault_that_can_be_measured(open_browser, user, way):
    page = open_browser(way)
    page.goto("/log-in")
    look_at(page, "log-in")
    give_password(page, user, "Wrong-Password-1")
    expect(page.get_by_role("alert")).to_be_visible()
    look_at(page, "log-in-refused")
    give_password(page, user)
    expect(page.get_by_label("Code")).to_be_visible()
    look_at(page, "code")
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_role("alert")).to_be_visible()
    look_at(page, "code-refused")
    page.goto("/demo/mail")
    look_at(page, "demo-mail")


def look_at(page, name):
    take_picture(page, name)
    assert_accessible(page)
    assert_fits(page)
