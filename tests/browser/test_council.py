"""The council's desk in a browser: one person prepares a run, another one authorises and finalises it."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from commands.worker import work
from models.base import scope
from models.records.provider import Provider
from tests.admin.conftest import SUNDAY, two_weeks_of_two_clients
from tests.browser.conftest import WAYS
from tests.browser.looks import assert_accessible, assert_fits, take_picture
from tests.care_factories import make_contract, make_item
from tests.factories import make_staff
from tests.support.rows import every
from tests.support.runs import calculate


@pytest.fixture
def office(database, set_today):
    made = two_weeks_of_two_clients()
    set_today(SUNDAY)
    return made


@pytest.fixture
def contract(office):
    return office[0]


@pytest.fixture(params=WAYS)
def people(request, office, open_browser, sign_in):
    """An officer and a manager, each at a browser of their own."""
    officer, manager = open_browser(request.param), open_browser(request.param)
    _, ola, max_ = office
    sign_in(officer, ola)
    sign_in(manager, max_)
    return officer, manager


def do_the_work():
    with scope():
        assert work()


def look_at(page, name):
    take_picture(page, f"council-{name}")
    assert_fits(page)
    if page.locator("body").evaluate("body => body.classList.contains('js-enabled')"):
        assert_accessible(page)


def tick(page, kind, because):
    """Follow the way to the only exception, and tick it: the page then shows the payments again."""
    page.get_by_role("link", name=f"Next: {kind}").click()
    page.get_by_label("Seen, because").fill(because)
    look_at(page, "run-ticking")
    page.get_by_role("button", name=f"Tick {kind}").click()
    expect(page.get_by_text(f"“{kind}” is ticked").first).to_be_visible()


def test_the_officer_prepares_and_the_manager_finalises(people, contract):
    officer, manager = people
    another = make_contract(every(Provider)[0], calculate_from=SUNDAY - timedelta(days=6))
    make_item(another, rate_e4=9_000_000)
    officer.goto("/council/")
    look_at(officer, "home")
    officer.goto("/council/payment-runs/")
    officer.get_by_role("button", name="Calculate").or_(officer.get_by_role("link", name="Calculate")).click()
    officer.get_by_role("button", name="Calculate").click()
    expect(officer.get_by_text("Calculating: waiting for its turn").first).to_be_visible()
    look_at(officer, "runs")
    do_the_work()
    refresh = officer.get_by_role("link", name="Refresh")
    if not officer.locator("body").evaluate("body => body.classList.contains('js-enabled')"):
        refresh.click()
    expect(officer.locator(".job__words")).to_have_text(
        "Calculated 2 contracts. What is not finalised comes to £1,556.11."
    )
    expect(refresh).to_have_count(0)

    officer.goto("/council/payment-runs/prepare")
    look_at(officer, "prepare")
    officer.get_by_label("Note (optional)").fill("The first week of October")
    officer.get_by_role("button", name="Prepare the run").click()
    expect(officer.get_by_text("Preparing a run: waiting for its turn").first).to_be_visible()
    look_at(officer, "preparing")
    do_the_work()
    if not officer.locator("body").evaluate("body => body.classList.contains('js-enabled')"):
        officer.get_by_role("link", name="Refresh").click()
    expect(officer.locator(".job__words")).to_contain_text("Run 2 is prepared: 2 payments, £1,556.11")
    officer.get_by_role("link", name="Review the run").click()
    look_at(officer, "run")
    tick(officer, "New contract", "They began in October")

    manager.goto("/council/")
    manager.get_by_role("link", name="Payment runs to authorise").click()
    manager.get_by_role("link", name="Run 2", exact=True).click()
    expect(manager.get_by_text("The first week of October")).to_be_visible()
    expect(manager.get_by_role("button", name="Authorise £1,556.11")).to_have_count(0)
    tick(manager, "New contract", "The agreement is signed")
    look_at(manager, "run-ticked")
    manager.get_by_role("button", name="Authorise £1,556.11").click()
    manager.get_by_role("button", name="Finalise £1,556.11").click()
    expect(manager.get_by_text("Finalising run 2: waiting for its turn").first).to_be_visible()
    do_the_work()
    manager.goto("/council/payment-runs/2")
    expect(manager.locator(".job__words")).to_have_text("2 payments finalised, 3 lines, £1,556.11 paid.")
    look_at(manager, "run-finalised")


def test_the_officer_holds_and_adjusts_a_payment(people, contract):
    officer, _ = people
    officer.goto("/council/payments/")
    look_at(officer, "payments")
    officer.get_by_role("link", name="30/09/2019").first.click()
    officer.get_by_role("button", name="Adjust").or_(officer.get_by_role("link", name="Adjust")).click()
    expect(officer.get_by_label("Amount")).to_be_visible()
    look_at(officer, "adjust")
    officer.get_by_label("Client", exact=True).select_option(index=1)
    officer.get_by_label("Amount").fill("-100")
    officer.get_by_label("Why?").fill("Paid twice in June")
    officer.get_by_role("button", name="Check the new total").click()
    expect(officer.locator("#foreseen")).to_contain_text("would come to £556.11")
    look_at(officer, "adjust-checked")
    officer.get_by_role("button", name="Save this adjustment of −£100.00").click()
    expect(officer.get_by_text("This payment now comes to £556.11").first).to_be_visible()
    look_at(officer, "payment-adjusted")

    hold = {"name": "Hold", "exact": True}
    officer.get_by_role("button", **hold).or_(officer.get_by_role("link", **hold)).click()
    expect(officer.get_by_label("Why?")).to_be_visible()
    look_at(officer, "hold")
    officer.get_by_label("Why?").fill("Asked the carer")
    officer.get_by_role("button", name="Hold", exact=True).click()
    expect(officer.get_by_text("Asked the carer")).to_be_visible()
    officer.get_by_role("link", name="Release the whole payment").click()
    expect(officer.get_by_label("Why may it be paid now?")).to_be_visible()
    look_at(officer, "release")
    officer.get_by_label("Why may it be paid now?").fill("She has answered")
    officer.get_by_role("button", name="Release").click()
    expect(officer.get_by_text("Released. This payment now comes to").first).to_be_visible()


def test_an_exception_is_chosen_without_losing_the_page(contract, open_browser, sign_in):
    from tests.care_factories import make_client, make_item

    make_item(contract, rate_e4=900_000, client=make_client(surname="Cole"), starts_on=SUNDAY - timedelta(days=6))
    calculate(SUNDAY)
    page = open_browser()
    sign_in(page, make_staff())
    page.goto("/council/payment-runs/prepare")
    page.get_by_role("button", name="Prepare the run").click()
    do_the_work()
    page.goto("/council/payment-runs/2")
    page.get_by_role("link", name="New £90.00 1").click()
    expect(page.get_by_role("heading", name="New")).to_be_focused()
    expect(page.locator(".review__list tbody tr")).to_have_count(1)
    look_at(page, "run-new")
    page.locator(".review__list tbody th a").click()
    expect(page.locator("#exception")).to_contain_text("How this time was worked out")
    opened = page.locator(".review__list tbody a[aria-current]")
    expect(opened).to_have_count(1)
    assert page.url.endswith(opened.get_attribute("href"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Payment run 2")
