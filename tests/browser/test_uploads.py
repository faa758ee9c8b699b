"""A faulty file is uploaded, mended and applied in a browser, with JavaScript and without."""

import pytest
from playwright.sync_api import expect

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
    return Agency(4)


@pytest.mark.parametrize("way", list(WAYS))
@pytest.mark.covers("S3-021", "S3-022", "S4-024")
def test_a_faulty_file_is_mended_in_the_browser_and_applied(open_browser, sign_in, agency, way):
    page = open_browser(way)
    sign_in(page, agency.clerk)
    page.goto(f"/providers/{agency.provider.id}/uploads/")
    assert_fits(page)
    rows = (
        agency.row(0, **AWAY), agency.row(1, **AWAY), agency.row(2, ActualQty="13,5", Comment="Short on Friday"),
        agency.row(3, ActualQty="lots"),
    )  # fmt: skip
    content = csv_of(*rows)
    page.get_by_label("The file").set_input_files({"name": "week.csv", "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="Upload and check").click()

    expect(page.get_by_role("heading", name="4 rows to put right")).to_be_visible()
    assert_fits(page)
    assert_accessible(page)
    take_picture(page, "upload-checked")
    page.get_by_role("button", name="Make both “HOSP”").click()
    expect(page.get_by_role("heading", name="2 rows to put right")).to_be_visible()
    page.get_by_role("button", name="Make it “13.5”").click()
    expect(page.get_by_role("heading", name="1 row to put right")).to_be_visible()
    page.get_by_label("C5, Actual").fill("14")
    page.get_by_role("button", name="Check again").first.click()
    expect(page.get_by_role("button", name="Apply all 4 rows")).to_be_visible()
    assert not every(Actual)
    page.get_by_role("button", name="Undo “Hosp”").click()
    expect(page.get_by_role("heading", name="2 rows to put right")).to_be_visible()
    page.get_by_role("button", name="Make both “HOSP”").click()
    page.get_by_role("button", name="Apply all 4 rows").click()

    expect(page.get_by_text("4 rows applied")).to_be_visible()
    assert sorted(row.actual_e4 for row in every(Actual)) == [0, 0, 135_000, 14 * SCALE]
    assert every(ImportBatch)[0].state is ImportState.APPLIED
