"""Files that were made to break something, or that no honest spreadsheet holds: nothing breaks."""

import io
import zipfile

import pytest

from models.records.actual import Actual
from models.records.import_batch import CellMend, ImportBatch
from models.records.visit import Visit
from tests.actual_factories import AFTER
from tests.support.client import PortalClient
from tests.support.rows import every
from tests.support.uploads import Agency, csv_of, xlsx_of

VISIT = ("VisitRef", "SSRef", "CarerID", "VisitDate", "ActualStart", "ActualEnd", "Outcome")


@pytest.fixture
def agency(app, set_today):
    set_today(AFTER)
    return Agency()


@pytest.fixture
def clerk(app, agency):
    return PortalClient(app).sign_in(agency.clerk)


def uploaded(clerk, agency, content, name="week.csv", kind="actuals"):
    sent = {"kind": kind, "file": (io.BytesIO(content), name)}
    return clerk.post(f"/providers/{agency.provider.id}/uploads/", sent, status=303).location


@pytest.mark.parametrize(
    "day", ["31/12/9999", "01/01/0001", "30/12/9999", "99999", "69999", "9999-12-31", "00/00/0000"]
)
def test_days_at_the_ends_of_the_calendar_are_faults_of_their_cells(agency, clerk, day):
    page = clerk.get(uploaded(clerk, agency, csv_of(agency.row(0, WeekCommencing=day))), status=200)
    assert "1 row to put right" in page.words
    assert "B2" in page.words
    row = ["V1", agency.clients[0].reference, "W1", day, "23:00", "01:00", "Delivered"]
    there = uploaded(clerk, agency, csv_of(row, headings=VISIT), kind="visits")
    page = clerk.get(there, status=200)
    assert page.heading == "week.csv"
    assert "D2" in page.words
    assert not every(Visit)


@pytest.mark.parametrize(
    "said",
    ["1e5", "NaN", "Infinity", "-0", "１４", "٣", "14\u200b", "1.00000001", "9" * 400, "=14", "+14", "0x0E", "½", "²"],
)
def test_figures_that_only_look_like_figures_never_pay_more(agency, clerk, said):
    there = uploaded(clerk, agency, csv_of(agency.row(0, ActualQty=said, Comment="x", MissedQty="")))
    clerk.get(there, status=200)
    clerk.post(f"{there}/apply", {"seen": "1"})
    assert all(0 <= row.actual_e4 <= 140_000 for row in every(Actual))


def _with_nul(content: bytes) -> bytes:
    """The workbook with NUL written as Excel writes it in a cell."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as pack, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in pack.namelist():
            new.writestr(name, pack.read(name).replace(b"COMMENT", b"a_x0000_b_xD800_c_x0007_"))
    return file.getvalue()


@pytest.mark.postgres
def test_characters_that_no_database_keeps_do_not_reach_it(agency, clerk):
    content = _with_nul(xlsx_of(agency.short(0, Comment="COMMENT")))
    there = uploaded(clerk, agency, content, "week.xlsx")
    clerk.get(there, status=200)
    clerk.post(f"{there}/apply", {"seen": "1"}, status=303)
    assert not any("\0" in row.comment for row in every(Actual))


@pytest.mark.postgres
def test_characters_that_no_database_keeps_are_not_typed_into_a_cell(agency, clerk):
    there = uploaded(clerk, agency, csv_of(agency.row(0, ActualQty="lots", Comment="x")))
    answer = clerk.post(f"{there}/mend", {"cells-2-5": "a\0b", "cells-2-2": "1\x004"})
    assert answer.status_code in (303, 400, 422)
    assert not any("\0" in each.meant for each in every(CellMend))


def test_what_one_provider_has_mended_means_nothing_in_the_files_of_another(app, agency, clerk):
    away = {"ActualQty": "0", "MissedQty": "14", "ReasonCode": "Hosp", "Comment": "x"}
    there = uploaded(clerk, agency, csv_of(agency.row(0, **away), agency.row(1, **away)))
    clerk.post(f"{there}/mend", {"alike": "0"}, status=303)
    other = Agency(2)
    stranger = PortalClient(app).sign_in(other.clerk)
    page = stranger.get(uploaded(stranger, other, csv_of(other.row(0, **away))), status=200)
    assert "1 row to put right" in page.words
    assert "Hosp" not in stranger.get(f"/providers/{other.provider.id}/uploads/remembered", status=200).words


@pytest.mark.parametrize("form", [
    {"alike": "99"}, {"use": "9999999-0"}, {"use": "2-49"}, {"cells-9999999-0": "x"}, {"cells-2-49": "x"},
    {"use": "2-0"}, {"alike": "٣"}, {"cells-0-0": "x"}, {"cells-2-2": "x" * 100_000},
])  # fmt: skip
def test_forms_that_no_page_has_break_nothing(agency, clerk, form):
    there = uploaded(clerk, agency, csv_of(agency.row(0, ActualQty="lots")))
    assert clerk.post(f"{there}/mend", form).status_code in (303, 404, 422)
    assert clerk.get(there).status_code == 200


def test_a_file_is_applied_once_by_two_browsers(app, agency, clerk):
    there = uploaded(clerk, agency, csv_of(agency.row(0), agency.row(1)))
    other = PortalClient(app).sign_in(agency.clerk)
    clerk.post(f"{there}/apply", {"seen": "2"}, status=303)
    answer = other.post(f"{there}/apply", {"seen": "2"}, status=422)
    assert answer.errors
    assert every(ImportBatch)[0].rows_applied == 2
    assert {row.version for row in every(Actual)} == {1}


def test_two_people_who_mend_one_file_keep_what_each_has_typed(app, agency, clerk):
    rows = agency.row(0, ActualQty="lots"), agency.row(1, ActualQty="many"), agency.row(2, ReasonCode="Hosp")
    there = uploaded(clerk, agency, csv_of(*rows))
    other = PortalClient(app).sign_in(agency.clerk)
    seen = clerk.get(there, status=200).page.find("input", {"name": "seen"})["value"]
    boxes = {"seen": seen, "cells-2-2": "lots", "cells-3-2": "many", "cells-4-4": "Hosp"}
    clerk.post(f"{there}/mend", boxes | {"cells-2-2": "14", "use": "4-4"}, status=303)
    other.post(f"{there}/mend", boxes | {"cells-3-2": "14"}, status=303)
    assert {(each.number, each.meant) for each in every(CellMend)} == {(2, "14"), (3, "14"), (4, "HOSP")}
    told = other.post(f"{there}/mend", boxes | {"cells-2-2": "13"}, status=422)
    assert "Somebody has changed C2 to “14” since you opened this page" in told.words
    again = {"seen": "no moment", "cells-2-2": "14"}
    other.post(f"{there}/mend", again, status=303)
    assert every(ImportBatch)[0].rows_rejected == 0
