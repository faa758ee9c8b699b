"""A carer on a phone and an agency at a desk: from home to the lines of a payment, and to its files."""

from datetime import date, timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from models.permissions import Role
from models.records.contract import Contract
from models.records.provider import Provider, ProviderKind
from tests.browser.conftest import WAYS
from tests.browser.looks import assert_accessible, assert_fits, take_picture
from tests.care_factories import make_client, make_contract, make_item
from tests.factories import make_provider, make_user
from tests.support.rows import every
from tests.support.runs import finalise

MONDAY = date(2019, 9, 9)
DAY, WEEK = timedelta(days=1), timedelta(days=7)


@pytest.fixture
def carer(database, set_today):
    provider = make_provider(name="Sausage Sandwich", kind=ProviderKind.FOSTER_CARER, account_ending="3042")
    contract = make_contract(provider, calculate_from=MONDAY, name="Sausage Sandwich")
    make_item(contract, client=make_client(surname="Simpson", born_on=date(2012, 1, 1)), starts_on=MONDAY)
    finalise(MONDAY + WEEK - DAY)
    late = make_client(surname="Testing-Featherstonehaugh", first_name="Angharad Elisabeth", born_on=date(2005, 1, 1))
    make_item(contract, 3_030_300, late, starts_on=MONDAY, authorised_on=MONDAY + WEEK)
    finalise(MONDAY + 2 * WEEK - DAY)
    set_today(date(2019, 10, 2))
    return make_user(Role.CARER, provider, name="Dawn Stockton")


def look_at(page):
    assert_fits(page)
    if page.locator("body").evaluate("body => body.classList.contains('js-enabled')"):
        assert_accessible(page)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.covers("S3-008", "S4-011")
def test_from_home_to_what_a_payment_was_made_of_and_its_files(carer, open_browser, sign_in, way):
    page = open_browser(way)
    sign_in(page, carer)
    page.goto(f"/providers/{every(select(Provider.id))[0]}/")
    page.get_by_role("link", name="Reports").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Reports")
    take_picture(page, "reports-list")
    assert_fits(page)
    page.get_by_role("link", name="Remittance Advice Provider Payments by period").click()
    expect(page.get_by_text("This report requires parameters.")).to_be_visible()
    page.get_by_label("Period").select_option("09/09/2019 - 15/09/2019")
    page.get_by_role("button", name="View").click()
    expect(page.get_by_text("Account: ending 3042").or_(page.get_by_text("ending 3042"))).to_be_visible()
    page.get_by_label("Period").select_option("16/09/2019 - 22/09/2019")
    page.get_by_role("button", name="View").click()
    expect(page.get_by_text("not paid before").first).to_be_visible()
    expect(page.locator("tfoot")).to_contain_text("£959.14")
    take_picture(page, "reports-remittance")
    look_at(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download Data").click()
    assert download.value.suggested_filename.endswith("-2019-09-16.csv")
    page.get_by_role("link", name="Close and return").click()
    page.get_by_role("link", name="Annual Statement Of Foster Carer Payments").click()
    page.get_by_role("button", name="View").click()
    expect(page.get_by_text("This is no tax advice.").first).to_be_visible()
    take_picture(page, "reports-annual")
    look_at(page)


@pytest.mark.parametrize("way", WAYS)
def test_from_the_statement_of_account_to_the_payments_that_ones_own_bank_shows(carer, open_browser, sign_in, way):
    """Three weeks back: what is left, what came and comes, and what a bank's own statement says of it."""
    page = open_browser(way)
    sign_in(page, carer)
    here = f"/providers/{every(select(Provider.id))[0]}"
    page.goto(f"{here}/reports/")
    page.get_by_role("link", name="Statement of Account", exact=True).click()
    page.get_by_label("From").fill("2019-09-01")
    page.get_by_role("button", name="View").click()
    expect(page.get_by_role("row", name="Entitled to")).to_contain_text("+£1,312.22")
    expect(page.get_by_role("row", name="Closing balance")).to_contain_text("£0.00")
    take_picture(page, "reports-statement")
    look_at(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename == "statement-of-account.csv"

    page.goto(f"{here}/reports/")
    page.get_by_role("link", name="Payments Received and Expected", exact=True).click()
    expect(page.get_by_text("In your bank").first).to_be_visible()
    take_picture(page, "reports-received")
    look_at(page)
    page.get_by_role("link", name="Find them on your bank’s statement").click()
    page.get_by_role("button", name="Find our payments").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose the file that your bank has given you")
    look_at(page)
    rows = ("Date,Amount,Reference", "20/09/2019,353.08,BORSETSHIRE COUNCIL",
            f"27/09/2019,900.00,{every(select(Contract.reference))[0]}-2", "10/10/2019,-4.00,Shop")  # fmt: skip
    file = {"name": "bank.csv", "mimeType": "text/csv", "buffer": "\n".join(rows).encode()}
    page.get_by_label("Your bank’s statement").set_input_files(file)
    page.get_by_role("button", name="Find our payments").click()
    expect(page.get_by_text("1 payment received, 1 short, 0 missing.")).to_be_visible()
    expect(page.get_by_role("table", name="Short")).to_contain_text("£900.00, row 3")
    take_picture(page, "reports-your-bank")
    look_at(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert "Short,959.14,900.00" in download.value.path().read_text("utf-8-sig")
    page.get_by_role("link", name="Payments received and expected").first.click()
    expect(page.get_by_text("£59.14 short on your statement")).to_be_visible()


@pytest.mark.parametrize("way", WAYS)
def test_the_annual_statement_is_found_again_under_reports(carer, open_browser, sign_in, way):
    page = open_browser(way)
    sign_in(page, carer)
    page.goto(f"/providers/{every(select(Provider.id))[0]}/reports/annual-statement/")
    page.get_by_label("Tax Year").select_option("2019/2020 so far: 6 April 2019 to 5 April 2020")
    page.get_by_role("button", name="View").click()
    expect(page.get_by_text("£1,312.22").first).to_be_visible()
    marked = page.locator(".govuk-service-navigation__item--active")
    expect(marked).to_have_text("Reports")
    with page.expect_download() as download:
        page.get_by_role("link", name="as Excel").click()
    assert download.value.suggested_filename.endswith("tax-2019.xlsx")
    page.get_by_role("link", name="Close and return").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Reports")
