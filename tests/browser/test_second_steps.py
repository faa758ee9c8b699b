"""Logging in by each second step, as people do it: with and without JavaScript, on a large and on a small screen."""

import re

import pyotp
import pytest
from playwright.sync_api import expect

from models.accounts.account_policy import Step
from models.base import utc_now
from tests.auth.journey import mailed_code
from tests.auth.steps import app_code, asked, give_app, give_security_code
from tests.browser.looks import assert_accessible, assert_fits, take_picture
from tests.browser.test_logging_in import HOME, give_password
from tests.factories import PASSWORD, make_staff, make_user
from tests.support.rows import unit_of_work

NEW = "Seven-Quiet-Otters-4"


def heading(page, text):
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def look_at(page, name):
    take_picture(page, name)
    assert_fits(page)
    if page.evaluate("document.body.classList.contains('js-enabled')"):
        assert_accessible(page)


def press(page, name):
    page.locator("main").get_by_role("button", name=name, exact=True).click()


def give_code(page):
    heading(page, "Enter the code we sent you")
    page.get_by_label("Code").fill(f"Your code is {mailed_code()}")
    press(page, "Finish")


@pytest.mark.covers("S4-037", "S4-038", "S4-041", "S4-046", "S4-047", "S4-002")
def test_a_first_log_in_with_a_temporary_password_and_then_with_the_security_code(page, policy, database):
    policy(carers=Step.SECURITY_CODE)
    user = make_user()
    with unit_of_work() as session:
        temporary = session.merge(user).give_temporary_password(by=None)
    page.goto("/log-in")
    give_password(page, user, temporary)
    give_code(page)

    heading(page, "Change Provider Portal Password")
    look_at(page, "change-password")
    page.get_by_label("Current Password", exact=True).fill(temporary)
    page.get_by_label("New Password", exact=True).fill(NEW)
    page.get_by_label("Confirm Password", exact=True).fill("Something-Else-1")
    press(page, "OK")
    expect(page.get_by_role("alert")).to_contain_text("The two new passwords are not the same")
    look_at(page, "change-password-refused")
    for label, text in (("Current Password", temporary), ("New Password", NEW), ("Confirm Password", NEW)):
        page.get_by_label(label, exact=True).fill(text)
    press(page, "OK")

    heading(page, "Change Security Code")
    look_at(page, "set-security-code")
    page.get_by_label("New Security Code").fill("246802")
    page.get_by_label("Confirm Security Code").fill("246802")
    press(page, "OK")
    expect(page).to_have_url(HOME)

    page.locator("header").get_by_role("button", name="Log out").click()
    heading(page, "You have logged out")
    page.goto("/log-in")
    give_password(page, user, NEW)
    heading(page, "Enter digits of your security code")
    look_at(page, "security-code")
    for place in asked(user):
        page.get_by_label(f"Digit {place} of your security code").fill("246802"[place - 1])
    press(page, "Finish")
    expect(page).to_have_url(HOME)


def test_wrong_digits_are_explained_at_the_top(page, policy, database):
    policy(carers=Step.SECURITY_CODE)
    user = make_user()
    give_security_code(user)
    page.goto("/log-in")
    give_password(page, user)
    give_code(page)
    heading(page, "Enter digits of your security code")
    press(page, "Finish")
    second = asked(user)[1]
    page.get_by_role("link", name=f"Enter digit {second} of your security code").click()
    expect(page.get_by_label(f"Digit {second} of your security code")).to_be_focused()
    for place in asked(user):
        page.get_by_label(f"Digit {place} of your security code").fill("x")
    press(page, "Finish")
    expect(page.get_by_role("alert")).to_contain_text("Those are not the digits")
    look_at(page, "security-code-refused")


def test_an_officer_sets_up_an_app_and_logs_in_with_it(page, policy, database):
    policy(staff=Step.AUTHENTICATOR)
    officer = make_staff()
    page.goto("/log-in")
    give_password(page, officer)
    heading(page, "Enter the code we sent you")
    page.get_by_label("Code").fill(mailed_code())
    press(page, "Finish")

    heading(page, "Set up an authenticator app")
    page.get_by_text("I cannot scan it").click()
    seed = page.locator("code.key").inner_text().replace(" ", "")
    look_at(page, "set-up-authenticator")
    page.get_by_label("Code").fill(pyotp.TOTP(seed).at(utc_now()))
    press(page, "Finish")
    heading(page, "Keep your recovery codes")
    look_at(page, "recovery-codes")
    code = page.locator(".codes code").first.inner_text()
    page.get_by_role("button", name="I have kept them").click()
    heading(page, "My work")

    page.locator("header").get_by_role("button", name="Log out").click()
    heading(page, "You have logged out")
    page.goto("/log-in")
    give_password(page, officer)
    heading(page, "Enter the code from your app")
    look_at(page, "authenticator")
    page.get_by_label("Code").fill("000000")
    press(page, "Finish")
    expect(page.get_by_role("alert")).to_contain_text("That is not the code that the app shows now")
    page.get_by_label("Code").fill(code)
    press(page, "Finish")
    heading(page, "My work")


@pytest.mark.covers("S0-054", "S0-055", "S1-051", "S1-055", "S2-004")
def test_a_forgotten_password(page, policy, database):
    user = make_user()
    page.goto("/log-in")
    page.get_by_role("link", name="Forgotten password").click()
    heading(page, "Forgotten password")
    look_at(page, "forgotten")
    page.get_by_label("E-mail").fill(user.email)
    press(page, "Send me a code")
    heading(page, "Enter the code we sent you")
    look_at(page, "forgotten-code")
    page.get_by_label("Code").fill(mailed_code())
    press(page, "Next")
    heading(page, "Set a new password")
    look_at(page, "new-password")
    page.get_by_label("New Password", exact=True).fill(NEW)
    page.get_by_label("Confirm Password", exact=True).fill(NEW)
    press(page, "Set password")
    heading(page, "Your password is set")
    look_at(page, "password-set")
    page.get_by_role("button", name="OK").click()
    give_password(page, user, NEW)
    heading(page, "Enter the code we sent you")


def test_my_login(page, sign_in, policy, database):
    policy(carers=Step.SECURITY_CODE)
    user = make_user()
    give_security_code(user)
    give_app(user)
    sign_in(page, user)
    page.goto("/account")
    heading(page, "My login")
    look_at(page, "account")
    page.get_by_role("link", name="Change Password").click()
    page.get_by_label("Current Password", exact=True).fill(PASSWORD)
    page.get_by_label("New Password", exact=True).fill(NEW)
    page.get_by_label("Confirm Password", exact=True).fill(NEW)
    press(page, "OK")
    expect(page.locator("#notices")).to_contain_text("Your password is changed")
    press(page, "Set up another phone")
    heading(page, "Set up an authenticator app")
    expect(page.get_by_text(re.compile("goes on working until"))).to_be_visible()
    assert app_code(user)


def test_with_a_keyboard_alone_through_the_security_code(open_browser, policy, database):
    policy(carers=Step.SECURITY_CODE)
    user = make_user()
    give_security_code(user)
    page = open_browser()
    page.goto("/log-in")
    page.get_by_label("E-mail").focus()
    page.keyboard.type(user.email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    give_code(page)
    heading(page, "Enter digits of your security code")
    page.get_by_label(f"Digit {asked(user)[0]} of").focus()
    for n, place in enumerate(asked(user)):
        if n:
            page.keyboard.press("Tab")
        page.keyboard.type("135790"[place - 1])
    page.keyboard.press("Enter")
    expect(page).to_have_url(HOME)
