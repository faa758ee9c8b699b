"""Choosing a provider and changing to another: with a mouse, by keyboard, in two tabs, and with something typed."""

import re
from datetime import date

import pytest
from playwright.sync_api import expect

from models.payments.confirmation import Confirmation
from models.permissions import Role
from tests.browser.looks import assert_accessible, assert_fits, keeps_nothing, take_picture
from tests.care_factories import make_calendar, make_contract, make_item
from tests.factories import make_membership, make_organisation, make_provider, make_user
from tests.support.runs import calculate, payment

MONDAY = date(2019, 9, 30)
TODAY = date(2019, 10, 1)
LONG = "Canolfan Gofal Preswyl Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch a'r Cylch Cyfyngedig"
NAMES = ["Tŷ Bryn Hyfryd", LONG, "Sausage Sandwich", "Larkrise Fostering", "The Willows", "The Willows"]
KINDS = ["care_home", "care_home", "foster_carer", "fostering_agency", "care_home", "home_care"]


@pytest.fixture
def providers(database, set_today):
    """Six, two of the same name; at the first two a payment waits for an answer."""
    set_today(TODAY)
    group = make_organisation(name="Cartrefi Môn")
    made = [
        make_provider(name=name, kind=kind, organisation_id=group.id) for name, kind in zip(NAMES, KINDS, strict=True)
    ]
    for provider in made[:2]:
        asked(provider)
    calculate(TODAY)
    return made


def asked(provider, confirm_by_days=3):
    calendar = make_calendar(confirm_by_days=confirm_by_days)
    contract = make_contract(provider, calendar, confirmation="required", calculate_from=MONDAY, name="Placements")
    make_item(contract)
    return contract


@pytest.fixture
def person(providers):
    user = make_user(Role.FINANCE, providers[0], name="Ada Finch")
    for provider in providers[1:]:
        make_membership(user, provider, Role.FINANCE)
    return user


@pytest.fixture
def desk(page, sign_in, person):
    sign_in(page, person)
    return page


def has_scripts(page):
    return page.locator("body.js-enabled").count() == 1


def switch(page):
    return page.locator("details.viewing__change")


def change_to(page, name):
    switch(page).locator("summary").click()
    switch(page).get_by_role("link", name=name, exact=True).click()


def viewing(page):
    return page.locator(".viewing__who strong")


@pytest.mark.covers("S1-009", "S1-012", "S1-013", "S1-014", "S2-005", "S2-006")
def test_a_provider_is_chosen_by_name_and_changed_at_the_top_right(desk):
    desk.goto("/providers")
    desk.get_by_role("link", name="Tŷ Bryn Hyfryd").click()
    expect(viewing(desk)).to_have_text("Tŷ Bryn Hyfryd")
    expect(desk).to_have_title(re.compile(r"^Home - Tŷ Bryn Hyfryd - "))
    desk.get_by_role("link", name="Scheduled Payments").click()
    desk.mouse.wheel(0, 2000)
    expect(viewing(desk)).to_be_in_viewport()
    change_to(desk, "Sausage Sandwich")
    expect(viewing(desk)).to_have_text("Sausage Sandwich")
    expect(desk.get_by_role("heading", level=1)).to_have_text("Scheduled Payments")
    switch(desk).locator("summary").click()
    expect(switch(desk).get_by_role("link", name="The Willows").nth(1)).to_be_visible()
    assert_fits(desk)


def test_the_list_opens_and_closes_by_keyboard(open_browser, sign_in, person, providers):
    page = open_browser()
    sign_in(page, person)
    page.goto(f"/providers/{providers[2].id}/")
    summary = switch(page).locator("summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(switch(page).get_by_role("link").first).to_be_visible()
    page.keyboard.press("Tab")
    expect(switch(page).get_by_role("link").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(summary).to_be_focused()
    expect(switch(page).get_by_role("link").first).to_be_hidden()
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1).click()
    expect(switch(page).get_by_role("link").first).to_be_hidden()
    summary.focus()
    page.keyboard.press("Enter")
    for _ in range(8):
        page.keyboard.press("Tab")
    expect(switch(page).get_by_role("link").first).to_be_hidden()
    summary.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(viewing(page)).to_have_text(LONG)


@pytest.mark.covers("S1-010", "S1-011")
def test_two_tabs_on_two_providers_never_mix(desk, providers):
    first, second = [asked(provider) for provider in providers[2:4]]
    calculate(TODAY)
    desk.goto(f"/providers/{first.provider_id}/payments/{first.reference}/{MONDAY}/answer")
    other = desk.context.new_page()
    other.goto(f"/providers/{first.provider_id}/")
    change_to(other, "Larkrise Fostering")
    expect(viewing(other)).to_have_text("Larkrise Fostering")
    desk.get_by_role("button", name="Confirm £353.08").click()
    expect(desk.locator("#notices")).to_contain_text("You have confirmed £353.08")
    expect(viewing(desk)).to_have_text("Sausage Sandwich")
    assert [payment(each, MONDAY).confirmation for each in (first, second)] == [
        Confirmation.CONFIRMED, Confirmation.UNCONFIRMED
    ]  # fmt: skip
    other.reload()
    expect(other.get_by_text("Confirm 30 Sep to 6 Oct, £353.08")).to_be_visible()


# --- something typed and not sent


@pytest.fixture
def typing(open_browser, sign_in, person, providers):
    """A page on which the name of a new contact has been typed."""
    page = open_browser()
    sign_in(page, person)
    page.goto(f"/providers/{providers[2].id}/changes/ask/new-contact")
    page.get_by_label("Name").click()
    page.keyboard.type("Begum")
    return page


def answering(page, *, leave):
    """Answer every question of the browser in the same way; the kinds of question it has asked."""
    asks = []

    def answer(dialog):
        asks.append(dialog.type)
        dialog.accept() if leave else dialog.dismiss()

    page.on("dialog", answer)
    return asks


@pytest.mark.covers("S1-014")
def test_changing_the_provider_with_something_typed_asks_first(typing):
    here = typing.url
    asks = answering(typing, leave=False)
    change_to(typing, "Larkrise Fostering")
    typing.wait_for_timeout(300)
    assert asks == ["beforeunload"]
    assert typing.url == here
    expect(typing.get_by_label("Name")).to_have_value("Begum")


def test_who_means_it_leaves(typing):
    asks = answering(typing, leave=True)
    change_to(typing, "Larkrise Fostering")
    expect(viewing(typing)).to_have_text("Larkrise Fostering")
    assert asks == ["beforeunload"]


def test_sending_what_was_typed_asks_nothing(typing):
    asks = answering(typing, leave=True)
    typing.get_by_role("button", name="Check").click()
    expect(typing.get_by_role("button", name="Send")).to_be_visible()
    change_to(typing, "Larkrise Fostering")
    expect(viewing(typing)).to_have_text("Larkrise Fostering")
    assert asks == []


def test_an_answer_to_a_payment_keeps_itself_and_nobody_is_asked(open_browser, sign_in, person, providers):
    page = open_browser()
    sign_in(page, person)
    contract = asked(providers[2])
    calculate(TODAY)
    page.goto(f"/providers/{providers[2].id}/payments/{contract.reference}/{MONDAY}/answer")
    here = page.url
    asks = answering(page, leave=True)
    page.get_by_label("Comments").click()
    with page.expect_response("**/answer/keep"):
        page.keyboard.type("Begum left on Tuesday")
    change_to(page, "Larkrise Fostering")
    expect(viewing(page)).to_have_text("Larkrise Fostering")
    page.goto(here)
    expect(page.get_by_label("Comments")).to_have_value("Begum left on Tuesday")
    assert asks == []


def test_looking_for_something_and_logging_in_ask_nothing(open_browser, sign_in, person):
    page = open_browser()
    asks = answering(page, leave=True)
    page.goto("/log-in")
    page.get_by_label("E-mail").click()
    page.keyboard.type("somebody@example.org")
    page.get_by_role("link", name="Help").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Help")
    sign_in(page, person)
    page.goto("/all-my-services")
    page.get_by_label("Name or reference").click()
    page.keyboard.type("Sausage")
    page.get_by_role("link", name="Home", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose a provider")
    assert asks == []


# --- all my services


def test_all_my_services_lead_to_what_needs_doing(desk):
    desk.goto("/all-my-services")
    expect(desk.get_by_text("2 payments need your answer, at 2 of your 6 services.")).to_be_visible()
    desk.get_by_label("Show").select_option("Only those that need me")
    if not has_scripts(desk):
        desk.get_by_role("button", name="View").click()
    expect(desk.locator("#services tbody tr")).to_have_count(2)
    desk.get_by_role("link", name="Confirm £353.08 for 30 Sep to 6 Oct at Tŷ Bryn Hyfryd").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Confirm or reject a payment")
    expect(viewing(desk)).to_have_text("Tŷ Bryn Hyfryd")


@pytest.mark.parametrize("way", ["script-1280", "script-320"])
def test_no_page_of_choosing_has_a_fault_that_can_be_measured(open_browser, sign_in, person, providers, way):
    for n in range(54):
        make_membership(
            person, make_provider(name=f"{n + 1} Heol y Bont, {LONG if n % 9 == 0 else 'Caernarfon'}"), Role.FINANCE
        )
    for provider in providers[2:4]:
        asked(provider, confirm_by_days=2)
    calculate(TODAY)
    page = open_browser(way)
    sign_in(page, person)
    page.goto("/providers")
    look_at(page, "choose")
    page.goto("/all-my-services")
    look_at(page, "all-my-services")
    page.goto(f"/providers/{providers[1].id}/")
    look_at(page, "viewing")
    switch(page).locator("summary").click()
    expect(switch(page).get_by_role("link").first).to_be_visible()
    look_at(page, "switch")


def look_at(page, name):
    take_picture(page, name)
    assert_accessible(page)
    assert_fits(page)
    assert keeps_nothing(page)
