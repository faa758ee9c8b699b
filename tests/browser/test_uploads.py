"""A faulty file is uploaded, mended and applied in a browser, with JavaScript and without; a long one by the worker."""

import pytest
from playwright.sync_api import expect

from commands import worker
from models.money import SCALE
from models.records.actual import Actual
from models.records.import_batch import ImportBatch, ImportState
from tests.actual_factories import AFTER
from tests.browser.conftest import WAYS
from tests.browser.looks import assert_accessible, assert_fits, take_picture
from tests.support.rows import every
from tests.support.uploads import Agency, csv_of

AWAY = {"ActualQty": "0", "MissedQty": "14", "ReasonCode": "Hosp", "Comment": "In hospital all week"}


@pytest.fixture
def agency(app, set_today):
    set_today(AFTER)
    return Agency(5)


@pytest.fixture(params=list(WAYS))
def page(request, open_browser, sign_in, agency):
    page = open_browser(request.param)
    sign_in(page, agency.clerk)
    return page


def look(page, name):
    assert_fits(page)
    assert_accessible(page)
    take_picture(page, name)


def upload(page, agency, *rows):
    page.goto(f"/providers/{agency.provider.id}/uploads/")
    sent = {"name": "week.csv", "mimeType": "text/csv", "buffer": csv_of(*rows)}
    page.get_by_label("The file").set_input_files(sent)
    page.get_by_role("button", name="Upload and check").click()


def to_put_right(page, rows):
    expect(page.get_by_role("heading", name=f"{rows} to put right")).to_be_visible()


def press(page, name):
    page.get_by_role("button", name=name, exact=True).first.click()


@pytest.mark.covers("S3-021", "S3-022", "S4-024")
def test_a_faulty_file_is_mended_cell_by_cell_and_everywhere_undone_applied_and_remembered(page, agency):
    """next.md 36: one press makes all HOSP, one press undoes it, and the next file is mended by itself."""
    page.goto(f"/providers/{agency.provider.id}/uploads/")
    look(page, "upload-form")
    rows = (
        agency.row(0, **AWAY), agency.row(1, **AWAY), agency.row(2, ActualQty="13,5", Comment="Short on Friday"),
        agency.short(3, ActualQty="lots"), agency.row(4),
    )  # fmt: skip
    upload(page, agency, *rows)
    to_put_right(page, "4 rows")
    look(page, "upload-checked")
    press(page, "Make both “HOSP”")
    to_put_right(page, "2 rows")
    press(page, "Undo “Hosp”")
    to_put_right(page, "4 rows")
    press(page, "Make both “HOSP”")
    to_put_right(page, "2 rows")
    press(page, "Make it “13.5” in C4")
    to_put_right(page, "1 row")

    assert not every(Actual)
    press(page, "Apply the 4 good rows")
    expect(page.get_by_text("4 rows applied")).to_be_visible()
    to_put_right(page, "1 row")
    look(page, "upload-in-part")
    page.get_by_label("C5, Actual").fill("13")
    press(page, "Check again")
    press(page, "Apply 1 row")
    expect(page.get_by_text("1 row applied")).to_be_visible()
    assert sorted(row.actual_e4 for row in every(Actual)) == [0, 0, 13 * SCALE, 135_000, 14 * SCALE]
    assert every(ImportBatch)[0].state is ImportState.APPLIED

    upload(page, agency, agency.row(0, **AWAY), agency.row(1, **AWAY))
    expect(page.get_by_text("Nothing in this file is new")).to_be_visible()
    expect(page.get_by_text("“Hosp” is “HOSP” in Reason, here and in files to come")).to_be_visible()
    look(page, "upload-remembered")


def test_a_long_file_says_how_far_it_is_until_the_worker_has_checked_and_applied_it(page, agency, monkeypatch):
    monkeypatch.setattr("models.records.import_batch.MOST_AT_ONCE", 2)
    has_scripts = page.locator("html").evaluate("() => matchMedia('(scripting: enabled)').matches")
    upload(page, agency, *(agency.row(person) for person in range(5)))
    expect(page.get_by_text("The file waits to be checked")).to_be_visible()
    look(page, "upload-waits")
    assert worker.work()
    if not has_scripts:
        page.get_by_role("link", name="Refresh").click()
    press(page, "Apply all 5 rows")
    expect(page.get_by_text("The file waits to be applied")).to_be_visible()
    assert worker.work()
    if not has_scripts:
        page.get_by_role("link", name="Refresh").click()
    expect(page.get_by_text("5 rows applied").first).to_be_visible()
    look(page, "upload-applied")
    assert len(every(Actual)) == 5


def test_nothing_else_is_pressed_while_a_mend_is_on_its_way(open_browser, sign_in, agency):
    """Its answer would take the place of what the second press had sent."""
    page = open_browser("script-1280")
    sign_in(page, agency.clerk)
    upload(page, agency, agency.row(0, ActualQty="13,5", Comment="Short"), agency.short(1, ActualQty="12,5"))
    to_put_right(page, "2 rows")
    waiting = []
    page.route("**/mend*", lambda route: waiting.append(route))
    press(page, "Make it “13.5” in C2")
    other = page.get_by_role("button", name="Make it “12.5” in C3", exact=True)
    expect(other).to_be_disabled()
    waiting.pop().continue_()
    to_put_right(page, "1 row")
    expect(other).to_be_enabled()
    page.unroute("**/mend*")
    other.click()
    expect(page.get_by_role("button", name="Apply all 2 rows")).to_be_visible()
