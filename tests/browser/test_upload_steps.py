"""Whoever waits for a long file sees its steps go by, by itself with JavaScript, and by a press of Refresh without."""

import pytest
from playwright.sync_api import expect

from models.base import utc_now
from models.job import Job, JobState
from tests.actual_factories import AFTER
from tests.browser.looks import assert_accessible, assert_fits, take_picture
from tests.support.rows import every
from tests.support.runs import change
from tests.support.uploads import Agency, csv_of


@pytest.mark.parametrize("way", ["script-1280", "plain-320"])
@pytest.mark.covers("S3-021", "S3-022")
def test_the_steps_of_a_long_file_go_by(open_browser, sign_in, app, set_today, monkeypatch, way):
    set_today(AFTER)
    monkeypatch.setattr("models.records.import_batch.MOST_AT_ONCE", 2)
    agency, page = Agency(3), open_browser(way)
    sign_in(page, agency.clerk)
    page.goto(f"/providers/{agency.provider.id}/uploads/")
    sent = {"name": "week.csv", "mimeType": "text/csv", "buffer": csv_of(*map(agency.row, range(3)))}
    page.get_by_label("The file").set_input_files(sent)
    page.get_by_role("button", name="Upload and check").click()
    expect(page.get_by_text("The file waits to be checked")).to_be_visible()
    expect(page.locator("#check ol")).to_have_count(0)

    current = page.locator("#check li[aria-current=step]")
    for step, done, words in (
        ("reading", 0, "Reading the file"),
        ("checking", 2, "Checked 2 of 3, and worked out what they pay"),
        ("writing", 3, "Listing what is to be put right"),
    ):
        now = utc_now()
        running = {"state": JobState.RUNNING, "worker": "one", "started_at": now, "heartbeat_at": now}
        change(every(Job)[-1], **running, step=step, done=done, total=3)
        if way.startswith("plain"):
            page.get_by_role("link", name="Refresh").press("Enter")
        expect(current).to_have_text(words)
        expect(page.locator("#check ol li")).to_have_count(3)
        assert_fits(page)
    assert_accessible(page)
    take_picture(page, "upload-steps")
