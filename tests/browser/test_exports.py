"""What the finance system has refused, sent again by an officer in a browser."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from commands.worker import work
from models.base import scope
from models.records.export import AnswerResult, Export, ExportAnswer, Exported
from tests.browser.conftest import WAYS
from tests.browser.looks import assert_accessible, assert_fits, take_picture
from tests.care_factories import make_contract, make_item
from tests.factories import make_staff
from tests.meta.world import MONDAY
from tests.support.rows import every, saved
from tests.support.runs import finalise_weeks

LONG = "There is no open supplier for this provider in the ledger of the year 2019/2020, nor in that of the year before"


@pytest.fixture(params=WAYS)
def officer(request, database, timetable, tmp_path, open_browser, sign_in):
    make_item(make_contract(calculate_from=MONDAY), starts_on=MONDAY)
    finalise_weeks(MONDAY, MONDAY.replace(day=29))
    (tmp_path / "out").mkdir()
    timetable(exports=tmp_path / "out")
    page = open_browser(request.param)
    sign_in(page, make_staff(name="Ola Officer"))
    return page


def look_at(page, name):
    take_picture(page, f"exports-{name}")
    assert_fits(page)
    if page.locator("body").evaluate("body => body.classList.contains('js-enabled')"):
        assert_accessible(page)


@pytest.mark.covers("S3-001")
def test_an_officer_exports_and_sends_again_what_was_refused(officer, tmp_path):
    officer.goto("/council/exports/")
    expect(officer.get_by_text("Nothing has been exported yet.")).to_be_visible()
    look_at(officer, "empty")
    officer.goto("/council/daily-work/")
    officer.get_by_role("button", name="Run now Export to the finance system").click()
    work_off()
    [mark] = every(select(Exported).where(Exported.kind == "payment"))
    refused = {"file": "payments.csv", "row": mark.reference, "reason": LONG}
    saved(ExportAnswer(number=1, result=AnswerResult.REFUSED, **refused))
    officer.goto("/council/")
    officer.get_by_role("link", name="Exports with refused rows").click()
    look_at(officer, "list")
    officer.locator("#exports").get_by_role("link", name="1", exact=True).click()
    expect(officer.get_by_text(LONG)).to_be_visible()
    look_at(officer, "refused")
    officer.get_by_role("button", name="Send the refused rows again").click()
    expect(officer.get_by_text("1 record is in the next export")).to_be_visible()
    work_off()
    officer.get_by_role("link", name="Exports", exact=True).first.click()
    expect(officer.get_by_role("row", name="Waits for an answer")).to_have_count(1)
    look_at(officer, "sent-again")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["portal-000001.zip", "portal-000002.zip"]
    assert [each.rows > 0 for each in every(Export)] == [True, True]


def work_off():
    with scope():
        assert work()
