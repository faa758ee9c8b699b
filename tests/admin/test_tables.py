"""Every table of the council's: each of its headings sorts it, and what it lists is a file of both kinds."""

import csv
import io

import pytest

from models.permissions import CouncilRole
from tests.exchange.downloads.test_workbook import cells_of, sheets_of
from tests.factories import make_staff
from tests.meta.world import settled_provider
from tests.support.client import PortalClient

OFFICER, ADMINISTRATOR = CouncilRole.PAYMENTS_OFFICER, CouncilRole.SYSTEMS_ADMINISTRATOR
TABLES = [
    (OFFICER, "payments/", "data"),
    (OFFICER, "actions/?box=", "data"),
    (OFFICER, "payments/waiting/", "data"),
    (OFFICER, "payment-runs/", "data"),
    (OFFICER, "payment-runs/{run_id}", "/data"),
    (OFFICER, "debts/", "data"),
    (OFFICER, "standing-holds/", "data"),
    (OFFICER, "providers/", "data"),
    (OFFICER, "feeds/", "data"),
    (OFFICER, "daily-work/", "data"),
    (OFFICER, "exports/", "data"),
    (OFFICER, "access-reviews/", "data"),
    (OFFICER, "contracts/", "data"),
    (OFFICER, "rates/", "data"),
    (OFFICER, "rates/{level_id}", "/data"),
    (OFFICER, "clients/", "data"),
    (OFFICER, "care-packages/", "data"),
    (OFFICER, "purchase-orders/", "data"),
    (OFFICER, "calendars/", "data"),
    (ADMINISTRATOR, "people/", "data"),
    (ADMINISTRATOR, "changes/?state=", "data"),
    (ADMINISTRATOR, "conflicts/", "data"),
    (ADMINISTRATOR, "second-person/?state=", "data"),
    (ADMINISTRATOR, "refused-addresses/", "data"),
    (ADMINISTRATOR, "alarms/", "data"),
    (ADMINISTRATOR, "audit/", "data"),
]


@pytest.fixture
def place(app):
    _, values = settled_provider()
    people = {role: PortalClient(app).sign_in(make_staff(role)) for role in (OFFICER, ADMINISTRATOR)}
    return people, values


ONLY_ON_PAGE = [(OFFICER, "bank-holidays/?year=", "")]
"""Lists that are no file."""


@pytest.mark.postgres
def test_every_heading_sorts_up_and_down(place, subtests):
    people, values = place
    for role, path, _ in [*TABLES, *ONLY_ON_PAGE]:
        who, here = people[role], "/council/" + path.format(**values)
        whole = who.get(here).page
        found = [link["href"] for link in whole.select("th.sortable a")]
        assert found or not whole.select("main table"), f"no heading of {here} sorts"
        for address in found:
            with subtests.test(address=address):
                page = who.get(address, htmx=True).page
                [heading] = page.select("th[aria-sort]")
                turned = who.get(heading.a["href"]).page
                [now] = turned.select("th[aria-sort]")
                assert {heading["aria-sort"], now["aria-sort"]} == {"ascending", "descending"}
                assert now.a["id"] == heading.a["id"]
                assert turned.select("table:has(th[aria-sort]) tbody tr")


@pytest.mark.postgres
def test_what_is_listed_is_a_csv_and_an_xlsx_file_of_the_same_rows(place, subtests):
    people, values = place
    for role, path, file in TABLES:
        with subtests.test(path=path):
            way, _, query = path.format(**values).partition("?")
            here = f"/council/{way}{file}"
            text = people[role].get(f"{here}.csv?{query}").response.get_data(as_text=True).removeprefix("\ufeff")
            lines = list(csv.reader(io.StringIO(text, newline="")))
            [sheet] = sheets_of(people[role].get(f"{here}.xlsx?{query}").response.get_data())
            rows = cells_of(sheet)
            assert list(rows[0].values()) == lines[0]
            assert len(rows) == len(lines) or "audit" in path, "the audit has an event more: that of the first file"
            for row, line in zip(rows, lines, strict=False):
                typed = [cell for cell in row.values() if isinstance(cell, str)]
                assert set(typed) <= {cell.removeprefix("'") for cell in line} or "audit" in path
