"""A month of Shared Lives on a telephone: as planned, one night away with its reason, sent. With and without script."""

import pytest
from playwright.sync_api import expect

from models.records.actual import AbsenceReason
from models.records.timesheet import TimesheetDay, TimesheetState
from tests.browser.looks import assert_accessible, assert_fits
from tests.support.rows import every
from tests.timesheet_factories import MAY, SharedLives


@pytest.mark.parametrize("way", ["script-320", "plain-320"])
@pytest.mark.covers("S3-031")
def test_a_month_is_tapped_explained_and_sent(open_browser, sign_in, database, set_today, way):
    set_today(MAY)
    lives = SharedLives()
    page = open_browser(way, has_touch=True)
    sign_in(page, lives.carer)
    page.goto(f"/providers/{lives.contract.provider_id}/timesheets/")
    page.get_by_role("button", name="Begin April 2026").click()
    page.get_by_role("button", name="Everything as planned").click()
    expect(page.get_by_text("6 nights")).to_be_visible()
    page.get_by_role("button", name="10 Apr 2026: 1. Change to 0").click()
    expect(page.get_by_text("5 nights")).to_be_visible()
    tapped, why = page.locator(".taps td", has=page.locator(".table__why")).first.locator("button, .table__why").all()
    assert why.bounding_box()["y"] - tapped.bounding_box()["y"] - tapped.bounding_box()["height"] >= 4
    assert_fits(page)
    assert_accessible(page)
    page.get_by_label("10 Apr 2026: why?").select_option(label="Family gave the care")
    page.get_by_role("button", name="Save the reasons").click()
    page.get_by_role("button", name="Check and send").click()
    page.get_by_label("What stands here is what I delivered").check()
    page.get_by_role("button", name="Send April 2026").click()
    expect(page.get_by_text("It waits for the Shared Lives scheme to verify it.")).to_be_visible()
    assert lives.sheet().state is TimesheetState.SENT
    assert [each.reason for each in every(TimesheetDay) if not each.units_e4] == [AbsenceReason.FAMILY]
