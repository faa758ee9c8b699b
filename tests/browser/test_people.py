"""The council lets somebody in, and looks at a provider's pages; in a real browser, in each of the ways."""

import pytest
from playwright.sync_api import expect

from models.permissions import CouncilRole, Role
from tests.auth.journey import mailed_code
from tests.browser.conftest import WAYS
from tests.browser.looks import assert_accessible, assert_fits, take_picture
from tests.care_factories import make_contract, make_item
from tests.conftest import TODAY
from tests.factories import make_contact, make_provider, make_staff, make_user
from tests.support.runs import calculate
from tests.support.snapshots import built_once

CHOSEN = "Nine-Blue-Kettles-4"


def look_at(page, name):
    take_picture(page, f"people-{name}")
    assert_fits(page)
    if page.locator("body").evaluate("body => body.classList.contains('js-enabled')"):
        assert_accessible(page)


def act(page, name):
    """A link that looks like a button; with scripts it is one to assistive technology as well."""
    return page.get_by_role("button", name=name, exact=True).or_(page.get_by_role("link", name=name, exact=True))


@pytest.fixture
def provider(database):
    return one_provider()


@built_once
def one_provider():
    provider = make_provider(name="Sausage Sandwich", email="dawn@example.org")
    make_item(make_contract(provider))
    make_contact(provider, name="Dawn Stockton", email="dawn@example.org", position="Foster carer")
    make_user(Role.FINANCE, provider, name="Robin Marsh")
    calculate(TODAY)
    return provider


@pytest.mark.covers("S4-037", "S4-038")
@pytest.mark.parametrize("way", WAYS)
def test_a_carer_is_let_in_with_a_temporary_password_and_chooses_another(provider, open_browser, sign_in, way):
    council = open_browser(way)
    sign_in(council, make_staff(CouncilRole.SYSTEMS_ADMINISTRATOR, name="Sam Archer"))
    council.goto("/council/")
    look_at(council, "home-of-an-administrator")
    council.goto("/council/providers/")
    look_at(council, "providers")
    council.get_by_label("Name or reference").fill("sausage")
    council.get_by_role("button", name="View").click()
    council.get_by_role("link", name="Sausage Sandwich").click()
    look_at(council, "provider")
    council.get_by_role("link", name="Give access to Dawn Stockton").click()
    look_at(council, "give-access")
    council.get_by_label("Role", exact=True).select_option("carer")
    council.get_by_label("We make a temporary one").check()
    council.get_by_role("button", name="Give access").click()
    expect(council.get_by_role("heading", level=1)).to_have_text("Temporary password")
    look_at(council, "temporary-password")
    password = council.locator("code").inner_text()
    act(council, "I have told them").click()
    expect(council.get_by_text("Temporary. It works until")).to_be_visible()
    assert password not in council.content()
    look_at(council, "person")

    carer = open_browser(way)
    carer.goto("/log-in")
    carer.get_by_label("E-mail").fill("dawn@example.org")
    carer.get_by_label("Password", exact=True).fill(password)
    carer.get_by_role("button", name="Submit").click()
    carer.get_by_label("Code").fill(mailed_code())
    carer.get_by_role("button", name="Finish").click()
    expect(carer.get_by_text("You must change your administrator-assigned password")).to_be_visible()
    carer.goto(f"/providers/{provider.id}/")
    expect(carer.get_by_role("heading", level=1)).not_to_have_text("Home")
    carer.goto("/log-in/change-password")
    carer.get_by_label("Current Password").fill(password)
    carer.get_by_label("New Password", exact=True).fill(CHOSEN)
    carer.get_by_label("Confirm Password").fill(CHOSEN)
    carer.get_by_role("button", name="OK").click()
    expect(carer.get_by_role("heading", level=1)).to_have_text("Home")
    expect(carer.get_by_text("Sausage Sandwich").first).to_be_visible()


@pytest.mark.parametrize("way", WAYS)
def test_staff_look_at_a_providers_portal_and_cannot_miss_that_they_do(provider, open_browser, sign_in, way):
    page = open_browser(way)
    sign_in(page, make_staff(CouncilRole.HELP_DESK, name="Hana Moss"))
    page.goto("/council/")
    look_at(page, "home-of-the-help-desk")
    page.get_by_label("Name or reference").fill("sausage")
    page.get_by_role("button", name="Find a provider").click()
    page.get_by_role("link", name="Sausage Sandwich").click()
    page.get_by_role("button", name="Look at their portal").click()
    bar = page.get_by_text("You are looking at Sausage Sandwich’s portal as staff. You can change nothing.")
    expect(page.get_by_role("heading", level=1)).to_have_text("Home")
    expect(bar).to_be_visible()
    look_at(page, "looking-home")
    page.goto(f"/providers/{provider.id}/payments/")
    expect(bar).to_be_visible()
    page.mouse.wheel(0, 2_000)
    expect(bar).to_be_in_viewport()
    look_at(page, "looking-payments")
    page.goto(f"/providers/{provider.id}/team/")
    expect(page.get_by_role("heading", level=1)).to_have_text("You can change nothing here")
    look_at(page, "looking-refused")
    page.get_by_role("button", name="Stop looking").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sausage Sandwich")
    assert page.goto(f"/providers/{provider.id}/").status == 404


@pytest.mark.parametrize("way", ["script-1280", "script-320"])
def test_the_pages_about_a_person_have_no_fault_that_can_be_measured(provider, open_browser, sign_in, way):
    page = open_browser(way)
    sign_in(page, make_staff(CouncilRole.SYSTEMS_ADMINISTRATOR))
    page.goto("/council/people/?name=robin")
    look_at(page, "list")
    page.get_by_role("link", name="Robin Marsh").click()
    address = page.url
    ways = ("temporary-password", "second-step", "unlock", "log-out", "disable", "enable", "email", "council-role")
    for each in ways:
        page.goto(f"{address}/{each}")
        look_at(page, f"act-{each}")
    page.goto("/council/people/new")
    page.get_by_role("button", name="Add this person").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter the person’s name")
    look_at(page, "new-refused")
    page.goto("/council/people/new-colleague")
    look_at(page, "new-colleague")
