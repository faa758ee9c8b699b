"""A care home of 65 people confirms its payment: by keyboard alone, on a telephone, with and without scripts."""

from datetime import date, timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from models.payments.confirmation import Confirmation
from models.payments.hold import Hold
from models.permissions import Role
from models.records.care_package import ItemPrice
from models.records.provider import Provider
from tests.browser.looks import assert_accessible, assert_fits, keeps_nothing, take_picture
from tests.care_factories import make_client, make_contract, make_item, make_price
from tests.factories import make_provider, make_user
from tests.support.rows import every, unit_of_work
from tests.support.runs import calculate, payment

MONDAY = date(2019, 9, 30)
TODAY = date(2019, 10, 1)  # the cut-off of the calendar that make_calendar gives
DAY = timedelta(days=1)
NAMES = {7: ("O’Brien", "Siân"), 33: ("Świątkowski", "Żaneta"), 64: ("Zuckermann", "Gwenllian")}


@pytest.fixture
def contract(database, set_today):
    """65 people at £1,000.00 and a little more, each more by £10.00 than the week before where their number is a
    multiple of 5.
    """
    set_today(TODAY)
    home = make_provider(name="Tansy Meadow Lodge", kind="care_home")
    contract = make_contract(home, calculate_from=MONDAY - 7 * DAY, confirmation="required", name="Tansy Meadow")
    level = None
    for n in range(65):
        surname, first_name = NAMES.get(n, (f"Resident{n:02}", "Ann"))
        client = make_client(surname=surname, first_name=first_name)
        item = make_item(contract, None, client, **({"service_level_id": level} if level else {}))
        level = item.service_level_id
        rate = 10_000_000 + n * 10_000
        if n % 5:
            make_price(item, rate)
        else:
            make_price(item, rate, ends_on=MONDAY - DAY)
            make_price(item, rate + 100_000, starts_on=MONDAY)
    calculate(TODAY)
    return contract


@pytest.fixture
def person(contract):
    [provider] = every(select(Provider).where(Provider.id == contract.provider_id))
    return make_user(Role.FINANCE, provider, name="Raymond Tansley")


def address(contract):
    return f"/providers/{contract.provider_id}/payments/{contract.reference}/{MONDAY}"


class Keys:
    """The keyboard of somebody who counts their presses; what they type is not counted."""

    def __init__(self, page):
        self.page, self.presses = page, 0

    def press(self, key, times=1):
        for _ in range(times):
            self.page.keyboard.press(key)
            self.presses += 1

    def to(self, place, key="Tab", most=12):
        for _ in range(most):
            if place.count() and place.evaluate("element => element === document.activeElement"):
                return
            self.press(key)
        raise AssertionError(f"{most} times {key} do not get there")

    def skip_to_content(self):
        self.press("Tab")
        expect(self.page.locator(".govuk-skip-link")).to_be_focused()
        self.press("Enter")

    def type(self, text):
        self.page.keyboard.type(text)


@pytest.mark.covers("S0-028")
@pytest.mark.parametrize("way", ["script-1280", "plain-320"])
def test_find_one_query_two_and_confirm_by_keyboard_in_under_forty_presses(
    open_browser, sign_in, person, contract, way
):  # fmt: skip
    page = open_browser(way)
    has_scripts = way.startswith("script")
    sign_in(page, person)
    page.goto(f"/providers/{contract.provider_id}/")
    keys = Keys(page)
    keys.skip_to_content()
    keys.to(page.get_by_role("link", name="Check and confirm"))
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm or reject a payment")
    keys.skip_to_content()
    keys.to(page.get_by_label("Find a person"))
    total = payment(contract, MONDAY).total_pence
    for n, (typed, name, text) in enumerate(
        [("gwenllian", "Z, Gwenllian", "She came on Tuesday"), ("zaneta s", "S", "Left on Friday")]
    ):
        if n:
            keys.to(page.get_by_label("Find a person"), "Shift+Tab")
            keys.press("Control+A")
        keys.type(typed)
        if not has_scripts or n:
            keys.press("Enter")
        tick = page.locator(".answers tbody:visible input[type=checkbox]")
        expect(tick).to_have_count(1)
        expect(page.locator(".answers tbody:visible th")).to_contain_text(name if n == 0 else "Żaneta")
        keys.to(tick)
        keys.press("Space")
        keys.press("Tab")
        keys.type(text)
    button = page.locator("#confirm")
    queried = 106_400 + 103_300
    keys.to(button)
    if not has_scripts:  # the button follows the ticks once the page is loaded again
        keys.press("Enter")
        expect(page.locator(".govuk-error-summary")).to_contain_text("since £2,097.00 is queried")
        keys.skip_to_content()
        keys.to(button, most=14)
    expect(button).to_have_text(f"Confirm £{(total - queried) / 100:,.2f}")
    expect(page.locator(".at-hand")).to_contain_text("£2,097.00 of 2 rows queried and held")
    keys.press("Enter")
    expect(page.locator("#notices")).to_contain_text(f"You have confirmed £{(total - queried) / 100:,.2f}")
    assert keys.presses < 40, keys.presses
    assert payment(contract, MONDAY).confirmation is Confirmation.CONFIRMED
    assert {hold.reason for hold in every(Hold)} == {"She came on Tuesday", "Left on Friday"}


def test_what_is_typed_and_ticked_before_the_script_has_come_is_found_and_taken_off(
    open_browser, sign_in, person, contract
):  # fmt: skip
    page, held = open_browser(), []
    sign_in(page, person)
    page.route("**/app.*.js", lambda script: held.append(script))
    page.goto(f"{address(contract)}/answer", wait_until="commit")
    tick = page.locator(".answers tbody:visible input[type=checkbox]")
    tick.last.check()
    page.get_by_label("Find a person").fill("gwenllian")
    assert tick.count() > 1
    [script] = held
    script.continue_()
    expect(tick).to_have_count(1)
    expect(page.locator(".at-hand")).to_contain_text("of 1 row queried and held")


def test_ticks_and_texts_last_through_looking_elsewhere_and_a_total_that_changes(page, sign_in, person, contract):
    """In each of the three ways: the working, the Back button, a link, and a feed while its person was away."""
    sign_in(page, person)
    page.goto(f"{address(contract)}/answer")
    has_scripts = page.locator("body.js-enabled").count() == 1
    first = page.locator(".answers tbody").first
    first.get_by_label("Something is wrong with this row").check()
    first.get_by_label("What is wrong?").fill("Left on Tuesday")
    first.locator("summary").click()
    if has_scripts:
        expect(first.get_by_text("7 days, 30 September to 6 October")).to_be_visible()
    else:
        first.get_by_role("button", name="How this was worked out").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("How this was worked out")
        page.go_back()
    stands(page)
    if has_scripts:
        page.goto(f"/providers/{contract.provider_id}/purchase-orders/")
        expect(page.get_by_role("heading", level=1)).to_have_text("Purchase Orders")
        page.go_back()
    else:
        page.get_by_role("button", name="Keep this, and look at the payment").click()
        expect(page.locator("#notices")).to_contain_text("kept for an hour")
        page.goto(f"{address(contract)}/answer")
    stands(page)
    with unit_of_work() as session:
        price = session.scalars(select(ItemPrice).order_by(ItemPrice.id.desc())).first()
        price.rate_e4 += 700
    calculate(TODAY)
    page.locator("#confirm").click()
    expect(page.locator(".govuk-error-summary")).to_contain_text("The payment has changed from")
    expect(page.locator("#changed")).to_contain_text("£1,064.00 before, £1,064.07 now")
    stands(page)
    assert_fits(page)
    assert keeps_nothing(page)
    page.locator("#confirm").click()
    expect(page.locator("#notices")).to_contain_text("and queried 1 row")


def test_a_tick_is_kept_at_once_and_a_page_that_is_loaded_again_has_it(open_browser, sign_in, person, contract):
    """It waited a second for more to be typed, and whoever loaded the page again before that did not find it."""
    page = open_browser()
    sign_in(page, person)
    page.goto(f"{address(contract)}/answer")
    page.clock.install()  # no second passes
    with page.expect_response("**/keep"):
        page.get_by_label("Something is wrong with this row").first.check()
    page.reload()
    expect(page.locator("tbody", has=page.locator("input:checked"))).to_have_count(1)


def stands(page):
    row = page.locator("tbody", has=page.locator("input:checked"))
    expect(row).to_have_count(1)
    expect(row.get_by_label("What is wrong?")).to_have_value("Left on Tuesday")


def test_a_window_that_is_older_takes_nothing_away_when_it_is_left(open_browser, sign_in, person, contract):
    """The older one, in which nothing was touched, put what it had in place of what was new."""
    page = open_browser("script-1280")
    sign_in(page, person)
    answer = f"{address(contract)}/answer"
    page.goto(answer)
    with page.expect_response("**/keep"):
        page.get_by_label("Something is wrong with this row").first.check()
    with page.expect_response("**/keep"):
        page.get_by_label("What is wrong?").first.fill("Left on Tuesday")
    page.goto(answer)
    stands(page)
    other = page.context.new_page()
    other.goto(answer)
    with other.expect_response("**/keep"):
        other.get_by_label("Comments").fill("And nobody told us")
    with page.expect_response("**/payments/"):
        page.goto(f"/providers/{contract.provider_id}/payments/")
    page.wait_for_timeout(500)
    page.goto(answer)
    stands(page)
    expect(page.get_by_label("Comments")).to_have_value("And nobody told us")


@pytest.mark.parametrize("way", ["script-1280", "script-320"])
def test_it_is_found_as_one_types_and_nothing_is_hidden_by_the_bar(open_browser, sign_in, person, contract, way):
    page = open_browser(way, viewport={"width": 1280 if way.endswith("1280") else 375, "height": 667})
    sign_in(page, person)
    page.goto(f"{address(contract)}/answer")
    look_at(page, "confirm-65")
    rows = page.locator(".answers tbody:visible")
    expect(rows).to_have_count(13)  # what has changed; 52 are folded
    expect(page.locator("details.fold > summary")).to_contain_text("52 rows as last time")
    box = page.get_by_label("Find a person")
    typed_as = (("sian o'brien", 0), ("siân o", 1), ("Siân, O.", 1), ("resident", 0), ("ann  r", 62), ("nobody", 0))
    for typed, found in (*typed_as, ("c", 0), ("", 65)):  # every reference begins with a C
        box.fill(typed)
        expect(rows).to_have_count(found)
        expect(page.locator("[data-none]")).to_be_visible() if not found else None
    box.fill("gwenllian")
    rows.get_by_label("Something is wrong with this row").check()
    rows.get_by_label("What is wrong?").fill("Left on Tuesday")
    box.fill("")
    expect(page.locator(".at-hand")).to_contain_text("£1,064.00 of 1 row queried and held")
    look_at(page, "confirm-65-queried")
    page.evaluate("window.scrollTo(0, 0)")
    box.focus()
    for _ in range(30):
        page.keyboard.press("Tab")
        seen = page.evaluate("""() => {
            const focused = document.activeElement
            if (focused.closest('.at-hand, footer')) return true
            const [at, bar] = [focused, document.querySelector('.at-hand')].map(each => each.getBoundingClientRect())
            return at.bottom <= bar.top && at.top >= 0
        }""")
        assert seen, page.evaluate("document.activeElement.outerHTML")
    page.locator(".reject summary").click()
    look_at(page, "confirm-65-reject")


@pytest.mark.parametrize("low", ["text of 200 %", "a low window"])
def test_in_a_low_window_or_with_large_text_the_bar_covers_nothing(open_browser, sign_in, person, contract, low):
    page = open_browser(viewport={"width": 640, "height": 700 if low.startswith("text") else 420})
    sign_in(page, person)
    page.goto(f"{address(contract)}/answer")
    at = "() => document.querySelector('.at-hand').getBoundingClientRect().bottom <= innerHeight"
    if low.startswith("text"):
        assert page.evaluate(at), "at hand"
        page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert not page.evaluate(at)
    assert_fits(page)


def look_at(page, name):
    take_picture(page, name)
    assert_accessible(page)
    assert_fits(page)
    assert keeps_nothing(page)
