"""The page of a long file lists the steps of the work while the worker is at it, and says which one that is."""

import io

import pytest

from models.base import utc_now
from models.job import Job, JobState
from tests.actual_factories import AFTER
from tests.support.rows import every
from tests.support.runs import change
from tests.support.uploads import Agency, csv_of

CHECKED = "Checked all, and worked out what they pay"


@pytest.fixture
def agency(app, set_today):
    set_today(AFTER)
    return Agency(3)


@pytest.fixture
def there(client, agency, monkeypatch):
    """The address of a file of three rows that waits for the worker."""
    monkeypatch.setattr("models.records.import_batch.MOST_AT_ONCE", 2)
    sent = {"kind": "actuals", "file": (io.BytesIO(csv_of(*map(agency.row, range(3)))), "week.csv")}
    return client.sign_in(agency.clerk).post(f"/providers/{agency.provider.id}/uploads/", sent, status=303).location


def at(step, done, **more):
    now = utc_now()
    running = {"state": JobState.RUNNING, "worker": "one", "started_at": now, "heartbeat_at": now}
    change(every(Job)[-1], **running, step=step, done=done, total=3, **more)


def steps(page):
    return [" ".join(each.get_text().split()) for each in page.page.select("#check ol li")]


def current(page):
    return [" ".join(each.get_text().split()) for each in page.page.select("#check ol [aria-current=step]")]


def test_a_file_that_waits_has_no_steps_yet(client, there):
    assert steps(client.get(there)) == []


@pytest.mark.covers("S3-021")
@pytest.mark.parametrize(
    ("step", "done", "listed"),
    [
        ("reading", 0, ["Reading the file", "Then each row is checked, and what it pays is worked out",
                        "Then what is to be put right is listed"]),
        ("checking", 2, ["Read 3 rows", "Checked 2 of 3, and worked out what they pay",
                         "Then what is to be put right is listed"]),
        ("writing", 3, ["Read 3 rows", CHECKED, "Listing what is to be put right"]),
    ],
    ids=["reading", "checking", "writing"],
)  # fmt: skip
def test_a_file_that_is_checked_says_at_which_step(client, there, step, done, listed):
    at(step, done)
    page = client.get(there)
    assert "The file is being checked: 3 rows" in page.words
    assert steps(page) == listed
    assert current(page) == [listed[["reading", "checking", "writing"].index(step)]]
    bar = page.page.select_one("#check progress")
    assert ((bar["value"], bar["max"]) if bar else None) == (("2", "3") if step == "checking" else None)


def test_a_file_that_is_applied_is_saved_all_at_once(client, there):
    at("checking", 1, arguments=every(Job)[-1].arguments | {"act": "apply"})
    assert steps(client.get(there))[2] == "Then all good rows are saved at once"
    at("writing", 3, arguments=every(Job)[-1].arguments)
    page = client.get(there, htmx=True)
    assert "The file is being applied" in page.words
    assert current(page) == ["Saving the good rows: all of them, or none"]
