"""A week's claim made on a telephone, with as few taps as it needs, and decided by the panel."""

import pytest
from playwright.sync_api import expect

from models.billing.items import Claimed
from models.calendar import today
from models.permissions import CouncilRole, Role
from models.records.claim import Claim, ClaimItem, ClaimStatus, ClaimTrip
from tests.browser.looks import assert_accessible, assert_fits, take_picture
from tests.care_factories import make_client, make_contract, make_item
from tests.claim_factories import make_pending_claim
from tests.factories import canary, make_provider, make_staff, make_user
from tests.support.claims import PARKING, approve_of_the_guide
from tests.support.files import picture
from tests.support.rows import every

MOST_TAPS = 15


@pytest.fixture
def provider(database):
    provider = make_provider()
    contract = make_contract(provider)
    for name in ("CLA", "Bart"):
        make_item(contract, client=make_client(surname=f"Testing{canary(provider.id)}", first_name=name))
    provider.levels = approve_of_the_guide(contract)
    return provider


class Thumb:
    """Counts what is tapped: links, buttons, boxes; a list once to open it and once to choose."""

    def __init__(self, page):
        self.page, self.taps = page, 0

    def tap(self, role, name, **options):
        self.taps += 1
        self.page.get_by_role(role, name=name, **options).first.click()

    def tick(self, label):
        self.taps += 1
        self.page.get_by_label(label, exact=True).check()

    def choose(self, label, option):
        self.taps += 2
        self.page.get_by_label(label, exact=True).select_option(label=option)

    def photograph(self, label, file):
        self.taps += 1
        self.page.get_by_label(label).set_input_files(file)


@pytest.mark.parametrize("way", ["script-320", "plain-320"])
@pytest.mark.covers("S4-130", "S4-148", "S4-152", "S4-160", "S4-161", "S4-162")
def test_five_school_runs_and_a_parking_ticket_take_no_more_than_fifteen_taps(open_browser, sign_in, provider, way):
    page = open_browser(way, has_touch=True)
    sign_in(page, make_user(Role.CARER, provider))
    page.goto(f"/providers/{provider.id}/")
    thumb = Thumb(page)

    thumb.tap("link", "One-Off Claims")
    thumb.tap("button", "New Claim")
    thumb.tap("button", "Add New Client Item")
    page.get_by_label("Description").fill("School runs")
    child = page.get_by_label("Client", exact=True).locator("option").nth(1).text_content()
    thumb.choose("Client", child)
    page.get_by_label("From").fill("Home")
    page.get_by_label("To", exact=True).fill("Oak School")
    page.get_by_label("Miles, one way").fill("6.2")
    thumb.tick("And back the same way")
    thumb.tick("Monday to Friday")
    if way == "script-320":
        expect(page.locator("#comes-to")).to_contain_text("62 miles. Unit Cost £0.387 a mile")
        expect(page.locator("#comes-to")).to_contain_text("Amount £23.99")
        take_picture(page, "claim-dialog")
        assert_accessible(page)
    assert_fits(page)
    thumb.tap("button", "Create")

    thumb.tap("button", "Add New Provider Item")
    thumb.choose("Service Level", PARKING)
    if way == "plain-320":
        thumb.tap("button", "Choose this service level")  # with a script it is chosen by itself
    page.get_by_label("Description").fill("Parking at the school")
    page.get_by_label("Amount").fill("3.80")
    photograph = {"name": "IMG_0001.JPG", "mimeType": "image/jpeg", "buffer": picture("JPEG", (400, 300))}
    thumb.photograph("Or take a photograph of the receipt", photograph)
    thumb.tap("button", "Create")
    thumb.tap("button", "Submit claim for £27.79")

    expect(page.get_by_text("PENDING", exact=True)).to_be_visible()
    assert_fits(page)
    take_picture(page, "claim-pending")
    assert thumb.taps <= MOST_TAPS, thumb.taps
    [claim] = every(Claim)
    assert claim.status is ClaimStatus.PENDING
    assert [(each.amount_pence, each.quantity_e4) for each in every(ClaimItem)] == [(2_399, 620_000), (380, 10_000)]
    assert len(every(ClaimTrip)) == 5


def test_a_dialog_says_what_is_wrong_in_it_and_escape_takes_it_away(open_browser, sign_in, provider):
    page = open_browser("script-1280")
    sign_in(page, make_user(Role.CARER, provider))
    page.goto(f"/providers/{provider.id}/claims/")
    page.get_by_role("button", name="New Claim").click()
    page.get_by_role("button", name="Add New Provider Item").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="New One-Off Claim Provider Item")).to_be_focused()
    dialog.get_by_label("Service Level").select_option(label=PARKING)
    dialog.get_by_label("Amount").fill("3.80")
    expect(dialog.locator("#comes-to")).to_contain_text("Amount £3.80")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Say what it is for")
    expect(dialog.locator(".govuk-error-summary")).to_be_focused()
    assert_accessible(page)
    take_picture(page, "claim-dialog-refused")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert every(ClaimItem) == []


def test_the_panel_goes_on_to_the_next_claim_by_one_key(open_browser, sign_in, provider):
    person = make_user(Role.CARER, provider)
    for miles in (10, 20):
        runs = Claimed(provider.levels["own"].id, f"Training of {miles}", None, today(), miles * 10_000)
        make_pending_claim(provider, person, runs)
    first, second = every(Claim)
    page = open_browser("script-1280")
    sign_in(page, make_staff(CouncilRole.FINANCE_PANEL))
    page.goto(f"/council/claims/{first.id}")
    assert_accessible(page)
    take_picture(page, "panel")
    page.keyboard.press("F8")
    expect(page.get_by_role("heading", level=1)).to_contain_text(second.reference)
    page.get_by_role("button", name="Accept £7.74 in full").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(first.reference)
