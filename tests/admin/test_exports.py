"""The council's pages of what was exported to the finance system: what went, what it refused, and sending it again."""

import csv
import io
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import select

from commands.batchwise.exporting import export
from exchange.files.store import UPLOADS, Store
from models.audit import AuditEvent
from models.base import utc_now
from models.job import Job, JobKind
from models.permissions import CouncilRole
from models.portal import current_portal
from models.records.export import AnswerResult, Export, ExportAnswer, ExportDelivery, Exported
from tests.admin.conftest import Desk
from tests.factories import saved
from tests.support.rows import every
from tests.support.runs import change

EXPORTS = "/council/exports/"
pytestmark = pytest.mark.covers("S3-001")


@pytest.fixture
def out(tmp_path, timetable):
    """The directory of exports."""
    timetable(exports=tmp_path / "out")
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


@pytest.fixture
def told(desk: Desk, out) -> Export:
    """Export 1: the payment of a week."""
    assert write() == "Export 1 is written: 7 rows in 4 files. 1 file put into the directory of exports."
    [found] = every(Export)
    return found


def write() -> str:
    return export(Store(current_portal().timetable.heads.parent / UPLOADS))


def refuse(told: Export, file: str = "payments.csv") -> ExportAnswer:
    [mark] = every(select(Exported).where(Exported.kind == "payment"))
    reason = "Supplier is not open"
    answer = {"result": AnswerResult.REFUSED, "file": file, "row": mark.reference, "reason": reason}
    return saved(ExportAnswer(number=told.number, **answer))


def cells(page) -> list[list[str]]:
    return [[" ".join(cell.text.split()) for cell in row.select("th, td")] for row in page.select("tbody tr")]


def test_without_an_export_the_page_says_how_one_is_made(desk):
    assert "Nothing has been exported yet." in desk.officer.get(EXPORTS).text


def test_the_list_shows_rows_money_state_and_refusals(desk, told):
    [row] = cells(desk.manager.get(EXPORTS).page)
    assert row[0] == "1"
    assert row[2:] == ["4", "7", "£656.11", "Waits for an answer", ""]
    refuse(told)
    assert cells(desk.manager.get(EXPORTS).page)[0][5:] == ["Rows refused", "1"]
    assert "No export is in that state." in desk.manager.get(EXPORTS + "?state=acknowledged").text
    assert len(cells(desk.manager.get(EXPORTS + "?state=refused").page)) == 1
    assert "Choose a state from the list" in desk.manager.get(EXPORTS + "?state=zzz", status=422).words


def test_who_sees_no_payments_sees_no_sum_and_no_reason(desk, told, colleague):
    refuse(told)
    administrator = colleague(CouncilRole.SYSTEMS_ADMINISTRATOR)
    for address in (EXPORTS, f"{EXPORTS}1", f"{EXPORTS}data.csv"):
        text = administrator.get(address).text
        assert "656.11" not in text
        assert "Supplier is not open" not in text
    assert "656.11" in desk.officer.get(f"{EXPORTS}1").text
    assert "Supplier is not open" in desk.officer.get(f"{EXPORTS}1").text


def test_what_is_refused_is_sent_again_in_the_next_export(desk, told, out):
    refuse(told)
    page = desk.officer.get(f"{EXPORTS}1")
    answer = desk.officer.submit(page, form="form[action$=send-refused-again]", status=303)
    assert "1 record is in the next export" in desk.officer.follow(answer).text
    assert "All of it was sent again." in desk.officer.get(f"{EXPORTS}1").text
    assert [job.kind for job in every(Job)] == [JobKind.EXPORT]
    assert write().startswith("Export 2 is written: 6 rows in 3 files.")
    before, again = (content(out / f"portal-00000{number}.zip") for number in (1, 2))
    assert again == {name: before[name] for name in again}


def content(path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".csv")}


def test_nothing_is_sent_again_where_nothing_is_refused(desk, told):
    refused = desk.officer.post(f"{EXPORTS}1/send-refused-again", {}, status=409)
    assert "Nothing of export 1 is refused" in refused.text
    assert desk.manager.get(f"{EXPORTS}1").page.select("form[action$=send-refused-again]") == []


def test_a_file_that_was_lost_is_put_there_again_as_it_was(desk, told, out):
    [path] = out.iterdir()
    before = path.read_bytes()
    path.unlink()
    page = desk.officer.get(f"{EXPORTS}1")
    desk.officer.submit(page, form="form[action$=send-again]", status=303)
    assert "waits for the worker" in desk.officer.get(f"{EXPORTS}1").text
    twice = desk.officer.post(f"{EXPORTS}1/send-again", {}, status=409)
    assert "Export 1 is to be delivered already" in twice.text
    assert write() == "There is nothing new to tell the finance system. 1 file put into the directory of exports."
    assert path.read_bytes() == before
    assert [each.done_at is not None for each in every(ExportDelivery)] == [True, True]


def test_who_takes_the_file_away_is_noted(desk, told, out):
    answer = desk.officer.get(f"{EXPORTS}1/file")
    assert answer.response.data == (out / "portal-000001.zip").read_bytes()
    assert answer.response.headers["Content-Disposition"] == "attachment; filename=portal-000001.zip"
    [event] = every(select(AuditEvent).where(AuditEvent.action == "export.downloaded"))
    assert (event.user_id is not None, event.detail) == (True, {"number": 1})
    desk.manager.get(f"{EXPORTS}1/file", status=403)


def test_my_work_says_what_is_refused_and_what_has_no_answer(desk, told):
    assert "Exports without an answer" not in desk.officer.get("/council/").text
    change(told, made_at=utc_now() - timedelta(days=12))
    write()
    page = desk.officer.get("/council/").page
    [row] = [row for row in page.select("table.waits tbody tr") if "Exports without an answer" in row.text]
    assert row.td.text == "1"
    there = row.th.a["href"]
    assert [each.a.text for each in desk.officer.get(there).page.select("#exports tbody th")] == [str(told.number)]
    assert len(desk.officer.get(there.replace("/?", "/data.csv?")).text.splitlines()) == 2
    refuse(told)
    assert "No export is in that state" in desk.officer.get(there).text
    page = desk.officer.get("/council/").text
    assert "Exports without an answer" not in page
    assert "Exports with refused rows" in page


def test_the_files_of_a_run_are_those_of_the_export(desk, told, out):
    [run_id] = {row["run"] for row in csv.DictReader(io.StringIO(content(out / "portal-000001.zip")["payments.csv"]))}
    page = desk.manager.get(f"/council/payment-runs/{run_id}").text
    for name in ("payments_out.csv", "general_ledger.csv"):
        there = f"{EXPORTS}runs/{run_id}/{name.replace('_', '-')}"
        assert there in page
        assert desk.manager.get(there).text == content(out / "portal-000001.zip")[name]
    desk.manager.get(f"{EXPORTS}runs/999/payments-out.csv", status=404)
