"""Reports of people and houses with names that are formulas, and asked for with what is no year, day or contract."""

import csv
import io
from datetime import date, timedelta

import pytest

from models.permissions import Role
from models.records.provider import ProviderKind
from tests.care_factories import make_client, make_contract, make_item, make_service, make_service_level
from tests.factories import canary, make_organisation, make_provider, make_user
from tests.support import runs
from tests.support.client import PortalClient
from tests.support.remittances import rows_of_xlsx
from tests.support.snapshots import built_once

MONDAY = date(2019, 9, 9)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
CALL = "=cmd|' /C calc'!A0"
FORMULAS = ("=", "+", "-", "@", "\t", "\r")


@pytest.fixture
def provider(database, set_today):
    made = hostile_provider()
    set_today(date(2019, 10, 2))
    return made


@built_once
def hostile_provider():
    organisation = make_organisation(name="@SUM(1+9)")
    made = make_provider(kind=ProviderKind.FOSTER_CARER, name=f"=1+1 {'x'}", organisation_id=organisation.id)
    contract = make_contract(made, calculate_from=MONDAY, reference="00741254", name=CALL)
    level = make_service_level(make_service(name="+44 Fostering"), name='-2+3"\x2c;')
    child = make_client(surname="=HYPERLINK(0)", first_name="+Łukasz", reference="@7", born_on=date(2012, 1, 1))
    make_item(contract, client=child, starts_on=MONDAY, service_level_id=level.id)
    runs.finalise(MONDAY + WEEK - DAY)
    child = make_client(surname=f"-Simpson{canary(made.id)}", first_name="@Bart", born_on=date(2012, 1, 1))
    make_item(contract, -1_000_000, child, starts_on=MONDAY, service_level_id=level.id)
    runs.finalise(MONDAY + 2 * WEEK - DAY)
    return made


@pytest.fixture
def me(app, provider):
    return PortalClient(app).sign_in(make_user(Role.CARER, provider))


FILES = (
    f"reports/remittances/00741254/{MONDAY}/data.", "reports/remittances/00741254/runs/1/data.",
    "reports/annual-statement/tax-2019/data.", "statement-of-account/data.", "received-and-expected/data.",
    "received-and-expected/your-bank/answer.", f"payments/00741254/{MONDAY}/data.",
    "payments/schedule/data.",
)  # fmt: skip


@pytest.mark.parametrize("path", FILES)
def test_no_name_is_a_formula_in_a_file_and_no_sum_is_text(me, provider, path):
    """D11, F7: an apostrophe before text that would be taken for a formula, and none before a negative sum."""
    there = f"/providers/{provider.id}/{path}"
    rows = list(csv.reader(io.StringIO(me.get(f"{there}csv").text.removeprefix("\ufeff"))))
    assert len(rows) > 1
    for cell in (cell for row in rows[1:] for cell in row if cell):
        is_number = cell.lstrip("-").replace(".", "", 1).isdigit()
        assert is_number or not cell.startswith(FORMULAS), cell
        assert not (cell.startswith("'") and cell[1:].lstrip("-").replace(".", "", 1).isdigit()), cell
    assert len(rows_of_xlsx(me.get(f"{there}xlsx").response.data)) == len(rows) - 1


@pytest.mark.parametrize("program", ["xero", "sage", "quickbooks"])
def test_no_ledger_has_a_formula(me, provider, program):
    days = "first=2019-04-01&last=2020-03-31"
    there = f"/providers/{provider.id}/received-and-expected/ledger/lines.csv?program={program}&{days}"
    rows = list(csv.reader(io.StringIO(me.get(there).text.removeprefix("\ufeff"))))
    assert len(rows) > 1
    cells = [cell for row in rows[1:] for cell in row if cell]
    assert not [
        cell for cell in cells if cell.startswith(FORMULAS) and not cell.lstrip("-").replace(".", "", 1).isdigit()
    ]


def test_a_diary_has_whole_lines_whatever_the_contract_is_called(me, provider):
    text = me.get(f"/providers/{provider.id}/payments/schedule/deadlines.ics").text
    lines = text.split("\r\n")
    assert max(len(line.encode()) for line in lines) <= 75
    names = {line.partition(":")[0].partition(";")[0] for line in lines if line and not line.startswith(" ")}
    assert names == {
        "BEGIN", "END", "VERSION", "PRODID", "CALSCALE", "METHOD", "X-WR-CALNAME", "UID", "DTSTAMP", "DTSTART",
        "DTEND", "SUMMARY", "DESCRIPTION", "TRANSP",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("statement-of-account/?first=2030-01-01&last=2030-02-01", 200, "choose an earlier day"),
        ("statement-of-account/?first=1990-01-01&last=1990-02-01", 200, "Nothing changed between these days"),
        ("statement-of-account/?first=soon", 422, "must be a day of the calendar"),
        ("statement-of-account/?contract=741255", 422, ""),
        ("statement-of-account/data.csv?first=soon", 422, ""),
        ("received-and-expected/?page=99", 200, "Received £506.16"),
        ("received-and-expected/ledger?first=2019-10-01&last=2019-09-01", 200, "Nothing came to your bank"),
        ("received-and-expected/ledger?first=0001-01-01&last=9999-12-31", 200, "in all: what came to your bank"),
        ("received-and-expected/ledger?program=lotus", 422, ""),
        ("received-and-expected/your-bank/answer.csv?first=9999-12-31&last=0001-01-01", 200, ""),
        ("received-and-expected/your-bank/answer.csv?last=0001-01-01", 200, ""),
        ("received-and-expected/your-bank/answer.csv?last=soon", 422, ""),
        ("reports/annual-statement/?year=tax-2019", 200, "Tax year 2019/2020"),
        ("reports/annual-statement/?year=tax-9999", 422, ""),
        ("reports/annual-statement/tax-9999/pdf", 404, ""),
        ("reports/remittance-by-period?contract=00741254&period=2019-13-01", 200, "This report requires parameters"),
        ("reports/remittance-by-finalisation?contract=00741254&period=99", 200, "This report requires parameters"),
        ("reports/remittances/00741254/runs/99/data.csv", 404, ""),
    ],
)
def test_what_is_asked_for_wrongly_is_told_and_breaks_nothing(me, provider, path, status, words):
    assert words in me.get(f"/providers/{provider.id}/{path}", status=status).words
