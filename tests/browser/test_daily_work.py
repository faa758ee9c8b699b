"""Running a daily work at once, and seeing how it goes, in a browser."""

import pytest
from playwright.sync_api import expect

from commands.worker import work
from models.base import scope
from tests.browser.conftest import WAYS
from tests.browser.looks import assert_accessible, assert_fits, take_picture
from tests.factories import make_staff


@pytest.fixture(params=WAYS)
def officer(request, database, timetable, tmp_path, open_browser, sign_in):
    timetable("06:00 verify", "06:30 digest", heads=tmp_path / "audit-heads.txt")
    page = open_browser(request.param)
    sign_in(page, make_staff(name="Ola Officer"))
    return page


def look_at(page, name):
    take_picture(page, f"daily-work-{name}")
    assert_fits(page)
    if has_script(page):
        assert_accessible(page)


def has_script(page):
    return page.locator("body").evaluate("body => body.classList.contains('js-enabled')")


def test_an_officer_runs_the_verification_now_and_sees_what_it_said(officer):
    officer.goto("/council/")
    expect(officer.get_by_text("Verification has not run, though it was due")).to_be_visible()
    look_at(officer, "overdue")
    officer.locator(".govuk-warning-text").get_by_role("link", name="Daily work").click()
    look_at(officer, "list")
    officer.get_by_role("button", name="Run now Verification").click()
    expect(officer.get_by_text("Verifying: waiting for its turn").first).to_be_visible()
    look_at(officer, "queued")
    with scope():
        assert work()
    refresh = officer.get_by_role("link", name="Refresh")
    if not has_script(officer):
        refresh.click()
    expect(officer.locator(".job__words")).to_have_text("Every promise holds.")
    expect(refresh).to_have_count(0)
    officer.get_by_role("link", name="Daily work", exact=True).first.click()
    expect(officer.get_by_role("row", name="Verification").first).to_contain_text("Every promise holds.")
    officer.get_by_label("Only what failed").check()
    officer.get_by_role("button", name="View").click()
    expect(officer.get_by_text("Nothing is like that. Take a filter away.")).to_be_visible()
    officer.goto("/council/")
    expect(officer.get_by_text("Verification has not run")).to_have_count(0)
