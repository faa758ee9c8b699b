"""People of a provider: from an invitation to the first page, a leaver whose page is open, and a change of details."""

import re

import pytest
from playwright.sync_api import expect

from models.accounts import team
from models.accounts.user import User
from models.correspondence.detail_change import DetailChange
from models.permissions import CouncilRole, Role
from models.records.provider import ProviderKind
from tests.browser.looks import assert_accessible, assert_fits, keeps_nothing, take_picture
from tests.factories import make_contact, make_provider, make_staff, make_user
from tests.support.rows import every, unit_of_work


@pytest.fixture
def provider(database):
    return make_provider(name="Larkrise House", kind=ProviderKind.CARE_HOME, phone="01632 960001")


@pytest.fixture
def administrator(provider):
    return make_user(Role.ADMINISTRATOR, provider, name="Ada Finch")


@pytest.fixture
def office(page, sign_in, administrator, provider):
    sign_in(page, administrator)
    page.goto(f"/providers/{provider.id}/")
    return page


def go_to(page, name):
    """By the tile of the home page: the menu is folded on a telephone."""
    page.locator(".tile").get_by_role("link", name=name).click()


def look_at(page, name):
    take_picture(page, name)
    assert_fits(page)
    if page.locator("body.js-enabled").count():
        assert_accessible(page)
        assert keeps_nothing(page)


@pytest.mark.covers("S1-048")
@pytest.mark.postgres
def test_from_an_invitation_to_the_colleagues_first_page(office, provider, open_browser, sign_in):
    make_contact(provider, name="Robin Marsh", email="robin@example.org")
    go_to(office, "Team")
    look_at(office, "team-own")
    office.get_by_role("button", name="Invite a colleague").click()
    office.get_by_label("Contact").select_option("Robin Marsh, Finance Manager (robin@example.org)")
    office.get_by_role("button", name="Invite").click()
    expect(office.locator(".govuk-error-summary")).to_contain_text("Choose a role")
    look_at(office, "team-invite-refused")
    office.get_by_label(re.compile("confirms or rejects payments")).check()
    office.get_by_role("button", name="Invite").click()
    expect(office.locator("#notices")).to_contain_text("Robin Marsh can log in once the council has granted it")
    look_at(office, "team-waiting")
    [robin] = every(User.with_email("robin@example.org"))
    theirs = open_browser()
    sign_in(theirs, robin)
    assert theirs.goto(f"/providers/{provider.id}/").status == 404
    officer = make_staff(CouncilRole.SYSTEMS_ADMINISTRATOR)
    with unit_of_work() as session:
        team.grant(session.scalars(team.waiting()).one(), by=officer)
    theirs.goto("/providers")
    expect(theirs).to_have_url(re.compile(rf"/providers/{provider.id}/$"))
    expect(theirs.get_by_role("heading", level=1)).to_have_text("Home")
    expect(theirs.get_by_role("region", name="Provider")).to_contain_text("Larkrise House")


def test_a_leaver_whose_page_is_open(office, provider, open_browser, sign_in):
    leaver = make_user(Role.FINANCE, provider, name="Ben Crake")
    theirs = open_browser()
    sign_in(theirs, leaver)
    theirs.goto(f"/providers/{provider.id}/purchase-orders/")
    go_to(office, "Team")
    office.get_by_role("link", name="remove Ben Crake").click()
    look_at(office, "team-remove")
    office.get_by_role("button", name="Remove access").click()
    expect(office.locator("#notices")).to_contain_text("Ben Crake no longer has access")
    download = theirs.context.request.get(f"/providers/{provider.id}/purchase-orders/data.csv", max_redirects=0)
    assert (download.status, download.headers["location"].partition("?")[0]) == (303, "/log-in")
    theirs.get_by_role("button", name="View").click()
    expect(theirs).to_have_url(re.compile("/log-in"))


def test_who_has_access_is_reviewed(office, administrator, provider):
    leaver = make_user(Role.FINANCE, provider, name="Ben Crake")
    go_to(office, "Team")
    office.get_by_role("link", name="review who has access").click()
    expect(office.locator("input[type=radio]:checked")).to_have_count(0)
    office.get_by_role("button", name="Record this review").click()
    expect(office.locator(".govuk-error-summary")).to_contain_text("Choose whether Ben Crake keeps access")
    look_at(office, "team-review")
    office.locator(f"input[name=person_{administrator.id}][value=keep]").check()
    office.locator(f"input[name=person_{leaver.id}][value=remove]").check()
    office.get_by_role("button", name="Record this review").click()
    expect(office.locator("#notices")).to_contain_text("1 no longer has access")


@pytest.mark.covers("S0-008", "S0-042", "S0-043", "S1-046", "S1-047", "S1-049", "S1-050")
@pytest.mark.postgres
def test_a_change_is_asked_for_and_decided(office, provider, open_browser, sign_in):
    for name in ("Alex Finch", "Robin Marsh"):
        make_contact(provider, name=name, phone="01632 960555")
    go_to(office, "Organisation Details")
    look_at(office, "organisation")
    office.get_by_role("button", name="Ask for a change").click()
    office.get_by_role("button", name="Check").click()
    expect(office.locator(".govuk-error-summary")).to_contain_text("This is what we hold already.")
    office.get_by_label("Telephone").fill("01632 960002")
    office.get_by_role("button", name="Check").click()
    expect(office.locator("main table")).to_contain_text("01632 960002")
    look_at(office, "change-check")
    office.get_by_role("button", name="Send this request").click()
    expect(office.locator("#notices")).to_contain_text("We have your request")
    look_at(office, "change-sent")
    office.goto(f"/providers/{provider.id}/contacts/")
    office.get_by_role("link", name="Robin Marsh").click()
    expect(office.locator(".panes__detail h2")).to_have_text("Robin Marsh")
    expect(office).to_have_url(re.compile(r"/contacts/\d+$"))
    look_at(office, "contact-chosen")
    [change] = every(DetailChange)
    officer = open_browser()
    sign_in(officer, make_staff(CouncilRole.PROCUREMENT))
    officer.goto("/council/")
    officer.get_by_role("link", name="Changes of details").click()
    officer.get_by_role("link", name=re.compile("Organisation details")).click()
    look_at(officer, "council-change")
    officer.get_by_role("button", name="Done in ContrOCC").click()
    officer.get_by_role("button", name="I have made this change in ContrOCC").click()
    expect(officer.locator("#notices")).to_contain_text("We have told Ada Finch")
    office.goto(f"/providers/{provider.id}/changes/{change.id}")
    expect(office.get_by_text("Done", exact=True)).to_be_visible()
