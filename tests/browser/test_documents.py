"""A provider's contract document from the list to the receipt, one that is rejected, a payment that waits for one."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import select, update

from exchange.evidence import verify
from exchange.files.store import UPLOADS, Store
from exchange.pdf.agreement import kept_in
from models.correspondence.action import Action
from models.correspondence.document import ContractDocument, DocumentState
from models.permissions import CouncilRole, Role
from models.records.provider import ProviderKind
from tests.action_factories import make_team, make_type
from tests.browser.looks import assert_accessible, assert_fits, take_picture
from tests.care_factories import make_client, make_contract, make_item
from tests.factories import PASSWORD, make_provider, make_staff, make_user
from tests.provider.test_documents import published
from tests.support.rows import every, unit_of_work
from tests.support.runs import banked, calculate, finalise

MONDAY = date(2019, 9, 2)
SUNDAY, WEEK = MONDAY + timedelta(days=6), timedelta(days=7)


@pytest.fixture
def provider(database):
    return make_provider(name="Sausage Sandwich", kind=ProviderKind.SHARED_LIVES)


@pytest.fixture
def clerk(database):
    return make_staff(CouncilRole.SERVICE_AGREEMENTS)


@pytest.fixture
def contract(provider):
    """It pays £872.50 a week from 2 September once its agreement is agreed."""
    return make_contract(provider, calculate_from=MONDAY, is_agreement_required=True)


def one(contract, clerk, settings, **names):
    """A published agreement of somebody."""
    item = make_item(contract, rate_e4=8_725_000, client=make_client(**names), starts_on=MONDAY)
    return published(item, clerk, kept_in(Store(settings.instance / UPLOADS)))


def look(page, name):
    take_picture(page, f"document-{name}")
    assert_fits(page)
    if page.locator("body.js-enabled").count():
        assert_accessible(page)


def agree(page):
    """On the page of a document: agree to it with the tick and the password."""
    page.get_by_role("button", name="Agree").click()
    page.get_by_role("button", name="Agree to £872.50 a week").click()
    expect(page.locator(".govuk-error-summary")).to_contain_text("Tick that you are authorised, or do not agree")
    look(page, "agree-faults")
    page.get_by_label(re.compile("I am authorised")).check()
    page.locator("input[name=password]").fill(PASSWORD)
    look(page, "agree")
    page.get_by_role("button", name="Agree to £872.50 a week").click()
    expect(page.locator("#notices")).to_contain_text("You have agreed to Individual Service Agreement, version 1")


@pytest.mark.covers("S0-036", "S0-037", "S2-013", "S2-018")
def test_one_is_found_read_agreed_and_its_receipt_saved(page, sign_in, provider, contract, clerk, settings, tmp_path):
    document = one(contract, clerk, settings, surname="Simpson", first_name="Bart")
    one(contract, clerk, settings, surname="Szyslak", first_name="Moe")
    with unit_of_work() as session:
        old = update(ContractDocument).where(ContractDocument.id == document.id)
        session.execute(old.values(updated_at=document.published_at.replace(year=2019, month=8, day=20)))
    sign_in(page, make_user(Role.SIGNATORY, provider, name="Dawn Stockton"))
    page.goto(f"/providers/{provider.id}/")
    page.goto(f"/providers/{provider.id}/documents/")
    expect(page.locator("#documents tbody tr")).to_have_count(1)
    expect(page.get_by_text("1 older document waits for your answer")).to_be_visible()
    look(page, "list")
    page.get_by_role("link", name="Show all that wait").click()
    rows = page.locator("#documents tbody tr")
    expect(rows).to_have_count(2)
    [simpson] = [each for each in page.get_by_label("Client").locator("option").all_text_contents() if "Bart" in each]
    page.get_by_label("Client").select_option(label=simpson)
    page.get_by_role("button", name="View").click()
    expect(rows).to_have_count(1)
    look(page, "list-filtered")
    there = page.url
    rows.get_by_role("link").first.click()
    expect(page.get_by_text("£872.50 a week, from 2 September 2019")).to_be_visible()
    look(page, "read")
    page.get_by_role("link", name="Contract Documents", exact=True).first.click()
    expect(page).to_have_url(there)
    rows.get_by_role("link").first.click()
    agree(page)
    look(page, "agreed")
    with page.expect_download() as coming:
        page.get_by_role("link", name="Save the receipt of the agreement").click()
    receipt = tmp_path / "receipt.zip"
    coming.value.save_as(receipt)
    assert all(each.is_right for each in verify(Path(receipt).read_bytes()))
    assert every(ContractDocument.numbered(document.id))[0].state is DocumentState.AGREED


@pytest.mark.covers("S0-041")
def test_one_is_rejected_with_a_reason_which_opens_an_action(page, sign_in, provider, contract, clerk, settings):
    make_type(
        make_team(CouncilRole.SERVICE_AGREEMENTS, name="Service Agreements"), name="Agreement query"
    )  # fmt: skip
    document = one(contract, clerk, settings, surname="Simpson", first_name="Bart")
    sign_in(page, make_user(Role.CARER, provider, name="Dawn Stockton"))
    page.goto(f"/providers/{provider.id}/documents/{document.id}")
    page.get_by_role("button", name="Reject").click()
    page.get_by_role("button", name="Reject").click()
    expect(page.locator(".govuk-error-summary")).to_be_visible()
    look(page, "reject-faults")
    page.locator("textarea").fill("Bart came on the 9th, not the 2nd")
    look(page, "reject")
    page.get_by_role("button", name="Reject").click()
    expect(page.locator("#notices")).to_contain_text("You have rejected")
    look(page, "rejected")
    assert every(ContractDocument.numbered(document.id))[0].state is DocumentState.REJECTED
    [action] = every(select(Action))
    page.goto(f"/providers/{provider.id}/actions/{action.id}")
    expect(page.get_by_text("Why stands on its page")).to_be_visible()
    look(page, "rejected-action")
    page.get_by_role("link", name=document.name, exact=True).click()
    expect(page.get_by_text("Bart came on the 9th, not the 2nd")).to_be_visible()


@pytest.mark.covers("S2-008", "S2-009")
def test_a_payment_waits_for_the_agreement_and_a_later_run_pays_it(
    page, sign_in, provider, contract, clerk, settings, set_today
):
    document = one(contract, clerk, settings, surname="Simpson", first_name="Bart")
    finalise(SUNDAY)
    calculate(SUNDAY + WEEK)
    set_today(SUNDAY + WEEK)
    assert banked(contract) in ([], [0])
    sign_in(page, make_user(Role.CARER, provider, name="Dawn Stockton"))
    page.goto(f"/providers/{provider.id}/")
    expect(page.locator("main")).to_contain_text("Agree 1 document")
    expect(page.locator("main")).to_contain_text("£1,745.00 waits until you do")
    look(page, "gate-home")
    page.goto(f"/providers/{provider.id}/payments/{contract.reference}/{MONDAY + WEEK}")
    expect(page.locator("main")).to_contain_text("service agreement is not agreed")
    look(page, "gate-payment")
    page.goto(f"/providers/{provider.id}/documents/{document.id}")
    agree(page)
    page.goto(f"/providers/{provider.id}/payments/{contract.reference}/{MONDAY + WEEK}")
    expect(page.locator(".strip").first).to_contain_text("£1,745.00")
    finalise(SUNDAY + WEEK)
    assert sum(banked(contract)) == 2 * 872_50
    page.reload()
    expect(page.locator("main")).not_to_contain_text("service agreement is not agreed")
    look(page, "gate-paid")
