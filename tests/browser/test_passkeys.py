"""A passkey in a real browser, with a virtual device behind it: added, used, cancelled, and without JavaScript."""

import pytest
from playwright.sync_api import expect

from models.accounts.account_policy import Step
from tests.auth.journey import mailed_code
from tests.browser.looks import assert_accessible, assert_fits, take_picture
from tests.browser.test_logging_in import HOME, give_password
from tests.factories import make_user
from tests.support.passkeys import give_passkey, party_at, passkeys_of

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def localhost(site):
    """Where browsers have passkeys without https."""
    return site.replace("127.0.0.1", "localhost")


@pytest.fixture
def other_sites(localhost):
    return (localhost,)


def heading(page, text):
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def look_at(page, name):
    take_picture(page, name)
    assert_fits(page)
    assert_accessible(page)


def plug_in(page, **changed):
    """A device that holds passkeys; returns how to tell the browser about it, and its number."""
    browser = page.context.new_cdp_session(page)
    browser.send("WebAuthn.enable")
    made = browser.send("WebAuthn.addVirtualAuthenticator", {"options": {**DEVICE, **changed}})
    return browser, made["authenticatorId"]


def log_out(page):
    page.locator("header").get_by_role("button", name="Log out").click()
    heading(page, "You have logged out")


@pytest.mark.parametrize("way", ["script-1280", "script-320"])
def test_a_passkey_is_added_with_the_keyboard_and_then_logs_in(open_browser, localhost, database, way):
    user, page = make_user(), open_browser(way, base_url=localhost)
    browser, device = plug_in(page)
    page.goto("/log-in")
    give_password(page, user)
    page.get_by_label("Code").fill(mailed_code())
    page.get_by_role("button", name="Finish").click()
    expect(page).to_have_url(HOME)
    page.goto("/account")
    page.get_by_role("button", name="Add a passkey").click()
    heading(page, "Add a passkey")
    expect(page.get_by_text("A passkey takes JavaScript")).to_be_hidden()
    look_at(page, "add-passkey")
    page.get_by_label("Name of the passkey").fill("My phone")
    page.keyboard.press("Enter")
    heading(page, "Keep your recovery codes")
    page.get_by_role("button", name="I have kept them").click()
    heading(page, "My login")
    expect(page.get_by_role("cell", name="Never")).to_be_visible()
    look_at(page, "account-passkeys")

    page.goto("/account/passkeys/add")
    page.get_by_role("button", name="Make a passkey").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("This device has a passkey already")
    expect(page.locator("#notices .govuk-notification-banner")).to_be_focused()
    log_out(page)

    page.goto("/log-in")
    give_password(page, user)
    heading(page, "Use your passkey")
    look_at(page, "passkey")
    browser.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": True})
    page.get_by_role("button", name="Use your passkey").press("Enter")
    expect(page).to_have_url(HOME)
    assert passkeys_of(user)[0].sign_count > 1


def test_a_device_without_ones_passkey_sends_nothing_and_says_so(open_browser, localhost, database):
    user, page = make_user(), open_browser(base_url=localhost)
    give_passkey(user, party=party_at(localhost))
    plug_in(page)
    page.goto("/log-in")
    give_password(page, user)
    page.get_by_role("button", name="Use your passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("You cancelled, or this device has none of your passkeys")
    expect(page.locator("form[data-passkey]")).not_to_have_attribute("aria-busy", "true")
    look_at(page, "passkey-cancelled")
    page.evaluate("Object.defineProperty(window, 'fetch', {value: () => Promise.reject(new TypeError())})")
    page.locator("form[data-passkey]").evaluate("form => form.requestSubmit()")
    expect(page.get_by_role("alert")).to_contain_text("There was no answer")


def test_a_browser_without_passkeys_says_so(open_browser, localhost, database):
    user, page = make_user(), open_browser(base_url=localhost)
    give_passkey(user, party=party_at(localhost))
    page.add_init_script("delete window.PublicKeyCredential")
    page.goto("/log-in")
    give_password(page, user)
    expect(page.get_by_role("alert")).to_contain_text("This browser has no passkeys")
    expect(page.get_by_role("button", name="Use your passkey")).to_be_hidden()
    expect(page.get_by_label("Recovery code")).to_be_visible()


def test_without_javascript_the_page_says_what_to_do(open_browser, localhost, policy, database):
    policy(carers=Step.AUTHENTICATOR)
    user, page = make_user(), open_browser("plain-320", base_url=localhost)
    give_passkey(user, party=party_at(localhost))
    page.goto("/log-in")
    give_password(page, user)
    heading(page, "Use your passkey")
    expect(page.get_by_text("A passkey takes JavaScript, which is off in this browser")).to_be_visible()
    expect(page.get_by_role("button", name="Use your passkey")).to_be_hidden()
    take_picture(page, "passkey-plain")
    assert_fits(page)
    page.get_by_label("Recovery code").fill("abcde-fgh23")
    page.get_by_role("button", name="Use a recovery code").click()
    expect(page.get_by_role("alert")).to_contain_text("That is not one of your recovery codes")
