"""Uploading a file of actuals: the template, the check, its mends, and what is applied, without JavaScript and with."""

import gzip
import io
from datetime import timedelta

import pytest
from sqlalchemy import select

from commands import worker
from exchange.sheets.reading import read_table
from models.audit import AuditEvent
from models.job import Job
from models.money import SCALE
from models.permissions import Role
from models.records.actual import Actual, ActualWeek
from models.records.contract import PaymentMethod
from models.records.import_batch import ImportBatch, ImportState, ValueMend
from tests.actual_factories import AFTER, MONDAY
from tests.factories import make_user
from tests.support.client import PortalClient
from tests.support.rows import every
from tests.support.runs import change
from tests.support.uploads import Agency, csv_of, xlsx_of

AWAY = {"ActualQty": "0", "MissedQty": "14", "ReasonCode": "Hosp", "Comment": "In hospital"}


@pytest.fixture
def agency(app, set_today):
    set_today(AFTER)
    return Agency()


@pytest.fixture
def clerk(app, agency):
    return PortalClient(app).sign_in(agency.clerk)


def at(agency, path=""):
    return f"/providers/{agency.provider.id}/uploads/{path}"


def upload(clerk, agency, content, name="week.csv", status=303, **more):
    sent = {"kind": "actuals", "file": (io.BytesIO(content), name), **more}
    return clerk.post(at(agency), sent, status=status)


def uploaded(clerk, agency, *rows, **more):
    """The address of the file's page."""
    return upload(clerk, agency, csv_of(*rows), **more).location


@pytest.mark.covers("S3-021", "S4-024")
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_what_is_exported_imports_again_unchanged(agency, clerk, ending):
    there = uploaded(clerk, agency, agency.row(0), agency.short(1, Comment="=1+1, said she"), agency.row(2))
    clerk.post(f"{there}/apply", {"seen": "3"}, status=303)
    answer = clerk.get(at(agency, f"template.{ending}?until={MONDAY}"), status=200)
    page = clerk.get(upload(clerk, agency, answer.response.data, f"actuals.{ending}").location, status=200)
    batch = every(ImportBatch)[-1]
    assert (batch.rows_new, batch.rows_changed, batch.rows_unchanged, batch.rows_rejected) == (0, 0, 3, 0)
    assert "Nothing in this file is new" in page.words


def test_a_template_is_filled_in_with_the_plan_of_up_to_four_weeks(agency, clerk):
    answer = clerk.get(at(agency, f"template.xlsx?weeks=4&until={MONDAY}"), status=200)
    table = read_table("actuals.xlsx", answer.response.data, "Actuals")
    rows = [dict(zip(table.rows[0][1], cells, strict=False)) for _, cells in table.rows[1:]]
    assert len(rows) == 4 * 3
    assert {row["WeekCommencing"] for row in rows} == {f"{MONDAY - n * timedelta(7):%d/%m/%Y}" for n in range(4)}
    assert {(row["PlannedQty"], row["ActualQty"], row["RowVersion"]) for row in rows} == {("14", "14", "0")}
    clerk.get(at(agency, "template.xlsx?weeks=5"), status=422)


def test_a_file_is_checked_then_applied_and_its_sum_of_rows_is_the_same_everywhere(agency, clerk):
    there = uploaded(clerk, agency, agency.row(0), agency.short(1))
    page = clerk.get(there, status=200)
    assert "Read 2" in page.words
    assert not every(Actual)
    assert "Apply all 2 rows" in page.words
    done = clerk.post(f"{there}/apply", {"seen": "2"}, status=303)
    assert "2 rows applied" in clerk.get(done.location, status=200).words
    [event] = every(select(AuditEvent).where(AuditEvent.action == "upload.applied"))
    assert event.detail["rows"] == 2
    assert every(ImportBatch)[0].state is ImportState.APPLIED


@pytest.mark.covers("S3-022")
def test_faults_are_said_at_their_cells_mended_and_checked_again(agency, clerk):
    there = uploaded(clerk, agency, agency.row(0), agency.row(1, ActualQty="13,5", Comment="Or so"))
    page = clerk.get(there, status=200)
    assert "C3" in page.words
    assert "“13,5” is no number. Enter one like 13.25" in page.words
    assert "Apply the 1 good row" in page.words
    clerk.post(f"{there}/mend", {"cells-3-2": "13.5"}, status=303)
    assert every(ImportBatch)[0].rows_rejected == 0


def test_the_button_beside_a_fault_takes_what_is_certain_and_keeps_what_else_was_typed(agency, clerk):
    rows = agency.row(0, ActualQty="13,5", Comment="Or so"), agency.row(1, ActualQty="lots")
    there = uploaded(clerk, agency, *rows)
    clerk.post(f"{there}/mend", {"cells-2-2": "13,5", "cells-3-2": "14", "use": "2-2"}, status=303)
    assert every(ImportBatch)[0].rows_rejected == 0


def test_one_press_mends_a_value_everywhere_and_one_press_undoes_it(agency, clerk):
    there = uploaded(clerk, agency, agency.row(0, **AWAY), agency.row(1, **AWAY))
    page = clerk.get(there, status=200)
    assert "2 cells of Reason say “Hosp”. Make both “HOSP”" in page.words
    clerk.post(f"{there}/mend", {"alike": "0"}, status=303)
    assert every(ImportBatch)[0].rows_rejected == 0
    [mend] = every(ValueMend)
    assert "“Hosp” is “HOSP” in Reason, here and in files to come" in clerk.get(there).words
    assert "Hosp" in clerk.get(at(agency, "remembered"), status=200).words
    clerk.post(f"{there}/forget/{mend.id}", status=303)
    assert every(ImportBatch)[0].rows_rejected == 2


def test_weeks_that_were_turned_round_are_mended_everywhere_in_this_file_only(agency, clerk):
    wrong = [agency.row(person, WeekCommencing="21/04/2026") for person in range(3)]
    there = uploaded(clerk, agency, *wrong)
    clerk.post(f"{there}/mend", {"alike": "0"}, status=303)
    assert every(ImportBatch)[0].rows_new == 3
    assert not every(ValueMend)
    clerk.post(f"{there}/unmend", {"column": "WeekCommencing", "meant": "20/04/2026"}, status=303)
    assert every(ImportBatch)[0].rows_rejected == 3


def test_good_rows_are_applied_and_the_rest_is_kept_to_be_mended(agency, clerk):
    there = uploaded(clerk, agency, agency.short(0), agency.row(1, ActualQty="lots"))
    clerk.post(f"{there}/apply", {"seen": "1", "only_good": "y"}, status=303)
    page = clerk.get(there, status=200)
    assert "Applied in part" in page.words
    assert "1 row to put right" in page.words
    clerk.post(f"{there}/mend", {"cells-3-2": "13", "cells-3-5": "Nobody came"}, status=303)
    clerk.post(f"{there}/apply", {"seen": "1"}, status=303)
    assert {row.actual_e4 for row in every(Actual)} == {13 * SCALE, 14 * SCALE}
    assert every(ImportBatch)[0].rows_applied == 2


def test_what_the_page_showed_is_what_is_applied(agency, clerk):
    there = uploaded(clerk, agency, agency.row(0), agency.row(1))
    answer = clerk.post(f"{there}/apply", {"seen": "1"}, status=422)
    assert "since you opened this page" in answer.words
    assert not every(Actual)


def test_a_file_of_another_system_is_matched_once_and_remembered(agency, clerk):
    headings = ("Agreement", "Week Starting", "Hours Delivered", "Shift notes")
    rows = [(item.reference, f"{MONDAY:%d/%m/%Y}", "14", "") for item in agency.items]
    there = upload(clerk, agency, csv_of(*rows, headings=headings)).location
    page = clerk.get(clerk.get(there, status=303).location, status=200)
    assert page.heading == "Which column is which?"
    refused = clerk.post(f"{there}/columns", {"chosen": "y"}, status=422)
    assert any("Choose which column is" in error for error in refused.errors)
    said = {"columns-0-0": "CPLIRef", "columns-0-1": "WeekCommencing", "columns-0-2": "ActualQty", "chosen": "y"}
    clerk.post(f"{there}/columns", said, status=303)
    assert "Apply all 3 rows" in clerk.get(there, status=200).words
    assert "Apply all 3 rows" in clerk.get(upload(clerk, agency, csv_of(*rows, headings=headings)).location).words


def test_a_title_and_empty_rows_above_do_not_move_the_cells(agency, clerk):
    """next.md 34: the fault is said at E7 if it is in Excel's E7."""
    headings = ("CPLIRef", "WeekCommencing", "MissedQty", "ReasonCode", "ActualQty")
    row = [agency.items[0].reference, f"{MONDAY:%d/%m/%Y}", "", "", "lots"]
    blank: list[list[str]] = [[], []]
    content = xlsx_of([], headings, *blank, [], row, headings=[])
    page = clerk.get(upload(clerk, agency, content, "week.xlsx").location, status=200)
    assert "E7" in page.words


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_the_same_spreadsheet_comes_back_with_its_faults_marked(agency, clerk, ending):
    there = uploaded(clerk, agency, agency.row(0), agency.row(1, ActualQty="lots"))
    answer = clerk.get(f"{there}/marked.{ending}", status=200)
    table = read_table(f"x.{ending}", answer.response.data, "Actuals")
    assert table.rows[0][1][-2:] == ["ErrorCode", "Message"]
    assert table.rows[1][1][0] == agency.items[0].reference
    assert table.rows[2][1][-2] == "E050"
    assert "“lots” is no number" in table.rows[2][1][-1]


def test_the_weeks_that_are_complete_are_confirmed_with_it(agency, clerk):
    there = uploaded(clerk, agency, *(agency.row(person) for person in range(3)))
    clerk.post(f"{there}/apply", {"seen": "3", "confirms": "y"}, status=303)
    assert every(ActualWeek)[0].confirmations == 1


def test_a_week_of_which_somebody_is_missing_is_not_confirmed(agency, clerk):
    there = uploaded(clerk, agency, agency.row(0), agency.row(1))
    clerk.post(f"{there}/apply", {"seen": "2", "confirms": "y"}, status=303)
    assert every(ActualWeek)[0].confirmations == 0


def test_a_test_upload_has_no_button_to_apply(agency, clerk):
    there = uploaded(clerk, agency, agency.row(0), is_test="y")
    page = clerk.get(there, status=200)
    assert "This is a test" in page.words
    assert "Apply" not in page.words
    clerk.post(f"{there}/apply", {"seen": "1"}, status=422)
    assert not every(Actual)


def test_another_providers_file_does_not_exist(app, agency, clerk):
    there = uploaded(clerk, agency, agency.row(0))
    batch_id = there.rpartition("/")[2]
    other = Agency(1)
    stranger = PortalClient(app).sign_in(other.clerk)
    for path in (batch_id, f"{batch_id}/columns", f"{batch_id}/marked.csv"):
        stranger.get(at(other, path), status=404)
    for act in ("mend", "apply", "discard", "unmend"):
        stranger.post(at(other, f"{batch_id}/{act}"), {"seen": "1"}, status=404)


def test_who_only_views_uploads_nothing(app, agency):
    viewer = PortalClient(app).sign_in(make_user(Role.VIEWER, agency.provider))
    viewer.get(at(agency), status=403)


def test_a_long_file_is_checked_and_applied_by_the_worker_while_its_page_says_how_far_it_is(
    agency, clerk, monkeypatch
):  # fmt: skip
    monkeypatch.setattr("models.records.import_batch.MOST_AT_ONCE", 2)
    there = uploaded(clerk, agency, *(agency.row(person) for person in range(3)))
    page = clerk.get(there, status=200)
    assert "The file waits to be checked" in page.words
    assert "You may leave this page" in page.words
    assert page.page.find("a", id="upload-refresh")["href"] == there, "there without JavaScript too"
    assert "Apply" not in page.words
    assert clerk.get(there, status=200, htmx=True).page.find(id="check"), "and asked for again by htmx"
    refused = clerk.post(f"{there}/mend", {"cells-2-2": "13"}, status=422)
    assert "is being worked at" in refused.words
    assert worker.work()
    page = clerk.get(there, status=200)
    assert "Apply all 3 rows" in page.words
    assert not page.page.find("a", id="upload-refresh")
    clerk.post(f"{there}/apply", {"seen": "3"}, status=303)
    page = clerk.get(there, status=200)
    assert "The file waits to be applied" in page.words
    assert "Discard" not in page.words
    clerk.post(f"{there}/discard", status=422)
    assert worker.work()
    assert "3 rows applied" in clerk.get(there, status=200).words


def test_a_long_file_whose_check_failed_is_checked_again_by_a_press(agency, clerk, monkeypatch):
    monkeypatch.setattr("models.records.import_batch.MOST_AT_ONCE", 2)
    there = uploaded(clerk, agency, *(agency.row(person) for person in range(3)))
    with monkeypatch.context() as patch:
        patch.setattr("models.uploads.batch.look", lambda *_: 1 // 0)
        assert worker.work()
    page = clerk.get(there, status=200)
    assert "It was broken off by a fault in the portal" in page.words
    assert "Check it again" in page.words
    clerk.post(f"{there}/check", status=303)
    assert worker.work()
    assert "Apply all 3 rows" in clerk.get(there, status=200).words


def test_nobody_working_is_said_and_the_file_may_be_discarded(agency, clerk, monkeypatch):
    monkeypatch.setattr("models.records.import_batch.MOST_AT_ONCE", 2)
    there = uploaded(clerk, agency, *(agency.row(person) for person in range(3)))
    [job] = every(Job)
    change(job, created_at=job.created_at - timedelta(minutes=2))
    assert "Nobody seems to be working on it" in clerk.get(there, status=200).words
    clerk.post(f"{there}/discard", status=303)
    assert worker.work()
    assert every(ImportBatch)[0].state is ImportState.DISCARDED


def test_what_changed_since_the_look_is_shown_and_can_be_applied_then(agency, clerk):
    there = uploaded(clerk, agency, agency.row(0), agency.row(1))
    other = uploaded(clerk, agency, agency.row(1))
    clerk.post(f"{other}/apply", {"seen": "1"}, status=303)
    answer = clerk.post(f"{there}/apply", {"seen": "2"}, status=303)
    page = clerk.get(answer.location, status=200)
    assert "has changed since you looked" in page.words
    assert "New 0" in page.words


def test_htmx_gets_the_check_alone(agency, clerk):
    there = uploaded(clerk, agency, agency.row(0, ActualQty="13,5", Comment="Or so"))
    answer = clerk.post(f"{there}/mend", {"cells-2-2": "13.5"}, status=200, htmx=True)
    assert answer.page.find(id="check")
    assert not answer.page.find("h1")


def test_a_file_of_many_bad_rows_answers_with_a_small_page(agency, clerk):
    one = agency.items[0].reference
    content = "CPLIRef,WeekCommencing,ActualQty\n" + "".join(f"{one},{MONDAY},lots {n}\n" for n in range(10_000))
    there = upload(clerk, agency, content.encode()).location
    assert worker.work()
    page = clerk.get(there, status=200)
    assert "10,000 rows to put right" in page.words
    assert len(page.response.data) < 60_000


def test_a_page_of_rows_in_which_every_cell_is_wrong_is_small_on_its_way(agency, clerk):
    """60 KB as it is sent: fifty rows with a box and a sentence for each of their cells."""
    headings = ("CPLIRef", "WeekCommencing", "ActualQty", "FrustratedQty", "MissedQty", "ExtraQty", "ActualVisits",
                "ReasonCode", "Comment")  # fmt: skip
    rows = [(f"Nobody {n}", f"{n}/13/26", *[f"lots {n}"] * 5, f"Why {n}", "x" * 900) for n in range(1_000)]
    there = upload(clerk, agency, csv_of(*rows, headings=headings)).location
    page = clerk.get(there, status=200)
    assert "1,000 rows to put right" in page.words
    assert len(page.page.select("#faults ~ form tbody tr")) == 50 * 8
    assert len(gzip.compress(page.response.data)) < 60_000


def test_text_where_the_file_belongs_is_no_file(agency, clerk):
    page = clerk.post(at(agency), {"kind": "actuals", "file": "week.csv"}, status=422)
    assert page.errors == ["Choose the file"]


def sum_of(page):
    return " ".join(page.page.select_one("#check .govuk-body-l").get_text().split())


@pytest.mark.covers("S3-022")
def test_a_file_pays_nothing_of_what_invoices_pay(agency, clerk):
    [method] = every(select(PaymentMethod).where(PaymentMethod.contract_id == agency.contract.id))
    change(method, pay_on_actuals="always")
    there = uploaded(clerk, agency, agency.row(0), agency.short(1))
    assert sum_of(clerk.get(there)) == "This file pays £623.70, £23.10 less than planned, for 2 people."
    change(method, is_by_invoice=True)
    clerk.post(f"{there}/check", status=303)
    assert sum_of(clerk.get(there)) == "This file pays nothing by itself: your invoices for these weeks do."
    assert "Apply all 2 rows" in clerk.get(there).words


def test_the_list_says_of_each_open_file_how_many_rows_are_to_be_put_right(agency, clerk):
    uploaded(clerk, agency, agency.row(0), agency.row(1, ActualQty="lots"))
    [cell] = clerk.get(at(agency)).page.select("td[data-label='To put right']")
    assert cell.get_text() == "1"
