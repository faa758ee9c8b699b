"""A carer whose placements have both ended owes £2,091.52: from home to nothing owed, with two of the council."""

from datetime import date, timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from models.payments import officer
from models.permissions import CouncilRole, Role
from models.records.contract import PaymentMethod
from models.records.provider import Provider
from tests.browser.conftest import WAYS
from tests.browser.looks import assert_accessible, assert_fits, take_picture
from tests.care_factories import make_client, make_contract, make_item
from tests.factories import make_provider, make_staff, make_user
from tests.support.debts import act, owing
from tests.support.rows import every
from tests.support.runs import change, finalise, finalise_weeks, owed

FIRST = date(2019, 8, 5)
LAST = date(2019, 9, 15)
"""The end of the sixth week, with which contract and placements end."""
AFTER = LAST + timedelta(days=8)


@pytest.fixture
def contract(database, set_today):
    """The council hears after the end that the second child had left four weeks before: 4 x £522.88 comes back."""
    contract = make_contract(
        make_provider(name="Larkrise Fostering"), calculate_from=FIRST, ends_on=LAST, name="Larkrise"
    )
    change(every(PaymentMethod)[0], ends_on=LAST)
    make_item(contract, client=make_client(surname="Adams"), starts_on=FIRST, ends_on=LAST)
    left = make_item(contract, rate_e4=5_228_800, client=make_client(surname="Begum"), starts_on=FIRST)
    finalise_weeks(FIRST, LAST)
    change(left, ends_on=date(2019, 8, 18))
    finalise(LAST + timedelta(days=7))
    set_today(AFTER)
    return contract


@pytest.fixture(params=WAYS)
def people(request, contract, open_browser, sign_in):
    """The carer, an officer and a manager, each at a browser of their own."""
    [provider] = every(select(Provider).where(Provider.id == contract.provider_id))
    users = (
        make_user(Role.CARER, provider, name="Dawn Stockton"),
        make_staff(name="Ola Bright"),
        make_staff(CouncilRole.PAYMENTS_MANAGER, name="Max Reid"),
    )
    pages = [open_browser(request.param) for _ in users]
    for page, user in zip(pages, users, strict=True):
        sign_in(page, user)
    return pages


def look_at(page, name):
    take_picture(page, f"debts-{name}")
    assert_fits(page)
    if page.locator("body").evaluate("body => body.classList.contains('js-enabled')"):
        assert_accessible(page)


def press(page, name):
    page.get_by_role("button", name=name).or_(page.get_by_role("link", name=name)).first.click()


def test_from_a_debt_with_nothing_to_take_it_from_to_nothing_owed(people, contract):
    carer, ola, max_ = people
    carer.goto(f"/providers/{contract.provider_id}/")
    expect(carer.get_by_text("You owe £2,091.52")).to_be_visible()
    expect(carer.get_by_text("on track")).to_have_count(0)
    look_at(carer, "home")
    carer.get_by_role("link", name="See what is owed").click()
    expect(carer.get_by_text("Please pay £2,091.52 to the council")).to_be_visible()
    look_at(carer, "owed")

    ola.goto("/council/")
    look_at(ola, "desk")
    ola.get_by_role("link", name="Debts with nothing left to take them from").click()
    expect(ola.get_by_text("Nothing left to take it from", exact=True)).to_be_visible()
    look_at(ola, "list")
    ola.get_by_role("link", name="Larkrise Fostering").click()
    press(ola, "Record a repayment")
    ola.get_by_label("Amount").fill("1,500.00")
    ola.get_by_label("What does the bank statement say?").fill("BACS 4711 Stockton")
    look_at(ola, "repay")
    ola.get_by_role("button", name="Record the repayment").click()
    expect(ola.get_by_text("£591.52 is owed on this contract")).to_be_visible()
    press(ola, "Ask for a write-off")
    expect(ola.get_by_label("Amount")).to_have_value("591.52")
    ola.get_by_label("Why is it given up?").fill("The council heard of it four weeks late")
    ola.get_by_role("button", name="Ask for this write-off").click()
    expect(ola.get_by_text("You asked for it, so somebody else has to agree")).to_be_visible()
    look_at(ola, "asked")

    max_.goto("/council/")
    max_.get_by_role("link", name="Write-offs to agree to").click()
    max_.get_by_role("link", name="Larkrise Fostering").click()
    look_at(max_, "waiting")
    press(max_, "Agree")
    look_at(max_, "agree")
    max_.get_by_role("button", name="Write off £591.52").click()
    expect(max_.get_by_text("£591.52 is written off. £0.00 is owed on this contract")).to_be_visible()

    carer.reload()
    expect(carer.locator(".strip__main dd")).to_have_text("£0.00")
    expect(carer.get_by_text("The council heard of it four weeks late")).to_be_visible()
    look_at(carer, "settled")
    carer.goto(f"/providers/{contract.provider_id}/")
    expect(carer.get_by_text("You owe")).to_have_count(0)
    assert owed(contract) == 0


@pytest.mark.parametrize("way", ["script-1280", "script-320"])
def test_a_debt_that_payments_take_is_drawn(open_browser, sign_in, database, set_today, way):
    contract = owing(95_000, make_provider(name="Larkrise Fostering"), name="Larkrise")
    set_today(date(2019, 9, 9))
    act(officer.agree_plan, contract, per_payment_pence=7_500, reason="By telephone", by=make_staff())
    [provider] = every(select(Provider).where(Provider.id == contract.provider_id))
    page, desk = open_browser(way), open_browser(way)
    sign_in(page, make_user(Role.CARER, provider))
    sign_in(desk, make_staff())
    page.goto(f"/providers/{provider.id}/")
    expect(page.get_by_text("You owe £950.00; it is taken from your next payments")).to_be_visible()
    look_at(page, "coming-home")
    page.get_by_role("link", name="See what is owed").click()
    expect(page.locator("figure.chart rect")).to_have_count(14)
    look_at(page, "coming")
    desk.goto(f"/council/debts/{contract.reference}")
    look_at(desk, "coming-desk")
