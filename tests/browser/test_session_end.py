"""The warning before the end of a session, and a form that outlives one."""

import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select, update

from models.accounts.kept_form import KeptForm
from models.accounts.web_session import WebSession
from models.base import transaction, utc_now
from models.permissions import Role
from models.records.provider import Provider
from tests.auth.journey import mailed_code
from tests.browser.looks import assert_accessible, assert_fits, keeps_nothing, take_picture
from tests.care_factories import make_contract, make_item
from tests.factories import PASSWORD, make_provider, make_user
from tests.support.rows import every
from tests.support.runs import calculate
from tests.support.snapshots import built_once

MONDAY = date(2019, 9, 30)
TODAY = date(2019, 10, 1)
STILL_HERE = "You were logged out before this was saved. What you typed is still here"
WITH_SCRIPTS = ["script-1280", "script-320"]


@pytest.fixture
def contract(database, set_today):
    set_today(TODAY)
    return one_contract()


@built_once
def one_contract():
    contract = make_contract(
        make_provider(name="Larkrise Fostering"), calculate_from=MONDAY, confirmation="required", name="Larkrise"
    )
    make_item(contract)
    calculate(TODAY)
    return contract


@pytest.fixture
def person(contract):
    [provider] = every(select(Provider).where(Provider.id == contract.provider_id))
    return make_user(Role.FINANCE, provider, name="Ada Finch")


@pytest.fixture
def answer_page(contract):
    return f"/providers/{contract.provider_id}/payments/{contract.reference}/{MONDAY}/answer"


def leave(minutes=0, seconds=0, *, absolute=False):
    """So long is left of every session."""
    then = utc_now() + timedelta(minutes=minutes, seconds=seconds)
    with transaction() as session:
        seen = {"last_seen_at": utc_now(), "idle_until": then}
        session.execute(update(WebSession).values(expires_at=then) if absolute else update(WebSession).values(**seen))


def idle_until():
    return every(select(WebSession.idle_until))[0]


def log_in_again(page, person):
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Submit").click()
    page.get_by_label("Code").fill(mailed_code())
    page.get_by_role("button", name="Finish").click()


def open_page(page, sign_in, person, address, **left):
    sign_in(page, person)
    leave(**left)
    page.goto(address)
    return page.get_by_role("alertdialog")


@pytest.mark.parametrize("way", WITH_SCRIPTS)
def test_one_key_is_enough_to_stay_and_the_keyboard_is_where_it_was(
    open_browser, sign_in, person, answer_page, way
):  # fmt: skip
    page = open_browser(way)
    sign_in(page, person)
    page.goto(answer_page)
    leave(minutes=4)
    page.get_by_label("Comments").fill("Not sent yet")
    ask_now(page)
    warning = page.get_by_role("alertdialog")
    expect(warning).to_be_visible()
    expect(warning).to_contain_text("You will soon be logged out")
    expect(warning.get_by_role("button", name="Stay logged in")).to_be_focused()
    expect(warning.get_by_role("button", name="Log out")).to_be_visible()
    take_picture(page, "session-warning")
    assert_accessible(page)
    assert_fits(page)
    page.keyboard.press("Enter")
    expect(warning).to_have_count(0)
    assert idle_until() - utc_now() > timedelta(minutes=29)
    expect(page.get_by_label("Comments")).to_be_focused()
    expect(page.get_by_label("Comments")).to_have_value("Not sent yet")
    assert keeps_nothing(page)


def ask_now(page):
    """As if the computer had slept until now."""
    page.evaluate("window.slept = (window.slept || 0) + 60 * 60 * 1000")
    page.evaluate("Date.now = () => new Date().getTime() + window.slept")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_the_escape_key_stays_too_and_again_and_again(open_browser, sign_in, person):
    page = open_browser()
    warning = open_page(page, sign_in, person, "/account", minutes=4)
    for n in range(10):
        leave(minutes=4)
        ask_now(page)
        expect(warning).to_be_visible()
        page.keyboard.press("Escape" if n % 2 else "Space")
        expect(warning).to_have_count(0)
        assert idle_until() - utc_now() > timedelta(minutes=29)


def test_another_tab_that_goes_on_keeps_this_one_quiet(open_browser, sign_in, person):
    page = open_browser()
    open_page(page, sign_in, person, "/account", minutes=30)
    with page.expect_response("**/account/sessions") as asked:
        ask_now(page)
    assert asked.value.ok
    before = idle_until()
    expect(page.get_by_role("alertdialog")).to_have_count(0)
    assert idle_until() == before


def test_the_absolute_end_is_told_and_cannot_be_put_off(open_browser, sign_in, person):
    page = open_browser()
    sign_in(page, person)
    page.goto("/account")
    leave(minutes=4, absolute=True)
    ask_now(page)
    warning = page.get_by_role("alertdialog")
    expect(warning).to_contain_text("this cannot be put off")
    expect(warning.get_by_role("button", name="Go on")).to_be_focused()
    expect(warning.get_by_role("button", name="Stay logged in")).to_have_count(0)
    take_picture(page, "session-warning-last")
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(warning).to_have_count(0)


def test_log_out_stands_beside_it(open_browser, sign_in, person):
    page = open_browser()
    sign_in(page, person)
    page.goto("/account")
    leave(minutes=4)
    ask_now(page)
    page.get_by_role("alertdialog").get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You have logged out")


def test_when_the_time_is_over_what_was_typed_waits_behind_the_log_in_page(
    open_browser, sign_in, person, answer_page
):  # fmt: skip
    page = open_browser()
    sign_in(page, person)
    page.goto(answer_page)
    page.get_by_label("Comments").fill("Zoë’s rate is wrong")
    leave(seconds=2)
    ask_now(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in to your Provider Portal")
    expect(page.get_by_text("You were logged out because nothing was done here")).to_be_visible()
    take_picture(page, "logged-out-idle")
    log_in_again(page, person)
    expect(page).to_have_url(re.compile("/answer$"))
    expect(page.get_by_text(STILL_HERE)).to_be_visible()
    expect(page.get_by_label("Comments")).to_have_value("Zoë’s rate is wrong")
    take_picture(page, "kept-form")
    assert_accessible(page)
    assert keeps_nothing(page)


def test_a_page_on_which_nothing_was_typed_keeps_nothing(open_browser, sign_in, person, answer_page):
    page = open_browser()
    sign_in(page, person)
    page.goto(answer_page)
    leave(seconds=1)
    page.wait_for_timeout(1100)
    ask_now(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in to your Provider Portal")
    assert not every(KeptForm)


def test_a_form_sent_too_late_is_there_again(page, sign_in, person, answer_page):
    sign_in(page, person)
    page.goto(answer_page)
    page.get_by_label("Something is wrong with this row").check()
    page.get_by_label("What is wrong?").fill("Left on Tuesday")
    page.get_by_text("Reject the whole payment instead").click()
    page.get_by_label("What is wrong with the payment as a whole?").fill("Zoë’s rate is wrong")
    leave(seconds=0)
    page.get_by_role("button", name="Reject this payment").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in to your Provider Portal")
    log_in_again(page, person)
    expect(page.get_by_text(STILL_HERE)).to_be_visible()
    expect(page.get_by_label("Something is wrong with this row")).to_be_checked()
    expect(page.get_by_label("What is wrong?")).to_have_value("Left on Tuesday")
    expect(page.get_by_label("What is wrong with the payment as a whole?")).to_have_value("Zoë’s rate is wrong")
    page.get_by_role("button", name="Reject this payment").click()
    expect(page.get_by_text("You have rejected the payment")).to_be_visible()
    assert not every(KeptForm)


def test_where_one_is_logged_in(page, sign_in, person, open_browser):
    other = open_browser()
    sign_in(other, person)
    sign_in(page, person)
    page.goto("/account")
    page.get_by_role("link", name="Where you are logged in").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    take_picture(page, "sessions")
    if page.locator("body.js-enabled").count():
        assert_accessible(page)
    assert_fits(page)
    page.get_by_role("button", name="Stay logged in").click()
    expect(page.get_by_text("You stay logged in").first).to_be_visible()
    page.get_by_role("button", name="Log out everywhere else").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    other.goto("/account")
    expect(other).to_have_url(re.compile("/log-in"))


@pytest.mark.parametrize("way", ["script-1280", "plain-320"])
def test_the_password_is_asked_for_again(open_browser, sign_in, person, way):
    page = open_browser(way)
    sign_in(page, person)
    with transaction() as session:
        [row] = session.scalars(select(WebSession))
        row.data = {**row.data, "proved_at": (utc_now() - timedelta(minutes=16)).isoformat()}
    page.goto("/account")
    page.get_by_role("button", name="Set up an authenticator app").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter your password again")
    take_picture(page, "prove")
    assert_fits(page)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Nothing was sent yet. Press the button again")).to_be_visible()
    page.get_by_role("button", name="Set up an authenticator app").click()
    expect(page.get_by_label("Code")).to_be_visible()
