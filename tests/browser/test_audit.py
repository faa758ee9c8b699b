"""An auditor searches the audit in a browser."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from commands.batchwise.sealing import seal_waiting
from models.audit import record
from models.permissions import CouncilRole, Role
from models.records.provider import Provider
from tests.admin.conftest import MONDAY, SUNDAY, two_clients
from tests.browser.conftest import WAYS
from tests.browser.looks import assert_accessible, assert_fits, take_picture
from tests.factories import make_staff, make_user
from tests.support.client import PortalClient
from tests.support.rows import every, unit_of_work
from tests.support.runs import calculate, finalise, orders


@pytest.fixture
def history(app, set_today):
    """A little of everything that happens in a day."""
    contract = two_clients()
    finalise(MONDAY + timedelta(days=6))
    calculate(SUNDAY)
    set_today(SUNDAY)
    [provider] = [each for each in every(Provider) if each.id == contract.provider_id]
    dawn = make_user(Role.FINANCE, provider, name="Dawn Stockton", email="dawn.stockton@oak-house.example")
    base = f"/providers/{provider.id}"
    client = PortalClient(app).sign_in(dawn)
    order = orders(contract)[0]
    client.get(f"{base}/payments/{contract.reference}/{MONDAY}")
    client.get(f"{base}/purchase-orders/{order.id}")
    client.get("/council/", status=403)
    PortalClient(app).sign_in(make_user(name="Sam Bell")).get(f"{base}/payments/", status=404)
    seal_waiting(everything=True)
    with unit_of_work(None):
        record("login.refused", dawn, by=None, reason="wrong password")
        record("login.throttled", by=None)
        record("adjustment.made", by=dawn, provider_id=provider.id, amount_pence=-12_345)
    return order


def look_at(page, name):
    take_picture(page, f"council-{name}")
    assert_fits(page)
    if page.locator("body").evaluate("body => body.classList.contains('js-enabled')"):
        assert_accessible(page)
    page.reload()  # taking a picture leaves marks on the fields, which htmx would take over into the next list


@pytest.mark.parametrize("way", WAYS)
def test_the_auditor_finds_who_saw_an_order(history, open_browser, sign_in, way):
    page = open_browser(way)
    sign_in(page, make_staff(CouncilRole.AUDITOR, name="Ada Auditor"))
    page.goto("/council/")
    page.goto("/council/audit/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Audit")
    expect(page.get_by_text("3 wait.")).to_be_visible()
    look_at(page, "audit")
    page.get_by_label("Record", exact=True).fill(f"order {history.number}")
    page.get_by_label("From").fill("")
    page.get_by_role("button", name="View").click()
    rows = page.locator("#audit tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("saw clients’ records")
    look_at(page, "audit-found")
    page.get_by_label("And all about that order’s client").check()
    page.get_by_role("button", name="View").click()
    expect(rows).to_have_count(2)
    page.get_by_label("Record", exact=True).fill("Bart")
    page.get_by_role("button", name="View").click()
    expect(page.get_by_text("Write the record like order 148").first).to_be_visible()
    expect(page.get_by_text("Name an order as the record")).to_have_count(0)
    look_at(page, "audit-not-understood")
    page.goto("/council/audit/?person=nobody")
    expect(page.get_by_text("Nothing like that is in the audit")).to_be_visible()
    page.goto("/council/audit/?action=refusals")
    expect(rows).to_have_count(4)
    rows.filter(has_text="wrong password").get_by_role("link").click()
    expect(rows).to_have_count(1)
