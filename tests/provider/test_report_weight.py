"""What a page of a report weighs and asks of the database, however long the report: design.md section 8."""

from dataclasses import replace
from datetime import date, timedelta

import brotli
import pytest
from sqlalchemy import select, update

from blueprints.lookups import PER_PAGE
from models.job import Job
from models.payments.advice import Lines
from models.payments.remittance import Remittance
from models.permissions import Role
from models.records.provider import Provider, ProviderKind
from tests.care_factories import make_contract, make_item
from tests.factories import make_provider, make_staff, make_user
from tests.support import runs
from tests.support.client import PortalClient
from tests.support.remittances import kept, rows_of_csv, rows_of_page
from tests.support.rows import every, unit_of_work

MONDAY = date(2019, 4, 8)
WEEK, DAY = timedelta(days=7), timedelta(days=1)
NEXT_PAGE, MOST_STATEMENTS = 8_000, 8
FORTY_PAGES = 1_120
"""Lines, each of somebody else."""


@pytest.fixture
def contract(database, set_today):
    """A remittance of forty pages, and half a year of weeks before it."""
    provider = make_provider(kind=ProviderKind.FOSTER_CARER, name="Oak House and Elm Cottage, Long Lane")
    made = make_contract(provider, calculate_from=MONDAY, reference="741254", name="Independent Fostering - Standard")
    make_item(made, starts_on=MONDAY)
    last = MONDAY + 26 * WEEK
    runs.finalise_weeks(MONDAY, last - DAY)
    advice = kept(made)[-1].advice
    names = ("Abara", "Featherstonehaugh", "Łuczak", "Nowak", "Okafor", "Singh", "Williams", "Zając")
    lines = Lines([
        replace(
            advice.lines[0], client=f"{names[n % 8]}, {names[n // 8 % 8]} (C{2_000_000 + n * 7_919 % 99_991})",
            client_reference=f"C{2_000_000 + n * 7_919 % 99_991}", net_pence=20_000 + n * 6_007 % 45_989,
        ).as_dict()
        for n in range(FORTY_PAGES)
    ])  # fmt: skip
    long = replace(advice, lines=lines)
    values = {"advice": long, "lines": len(lines), "sha256": long.sha256, "paid_pence": long.total_pence}
    newest = kept(made)[-1].id
    with unit_of_work() as session:
        session.execute(update(Remittance).where(Remittance.id == newest).values(**values))
    set_today(last)
    return made


@pytest.fixture
def carer(app, contract):
    [provider] = every(select(Provider).where(Provider.id == contract.provider_id))
    return PortalClient(app).sign_in(make_user(Role.CARER, provider))


def weighed(client, path):
    """The page, once it is no more than a next page may weigh and asks no more often than a page may."""
    client.get(path)
    answer = client.get(path)
    weight = len(brotli.compress(answer.text.encode(), quality=4))
    assert (path, weight) <= (path, NEXT_PAGE)
    assert (path, len(answer.reads)) <= (path, MOST_STATEMENTS)
    return answer


def of_week(contract):
    return f"?contract={contract.reference}&period={MONDAY + 25 * WEEK}"


def test_a_remittance_of_forty_pages_is_read_page_by_page_and_none_of_its_lines_is_lost(carer, contract):
    here = f"/providers/{contract.provider_id}/reports/remittance-by-period{of_week(contract)}"
    first = weighed(carer, here)
    assert f"Rows 1 to {PER_PAGE} of 1,121. The files and the PDF have all of them" in first.words
    found = []
    for number in range(1, -(-(FORTY_PAGES + 1) // PER_PAGE) + 1):
        found += rows_of_page(weighed(carer, f"{here}&rows={number}").text)
    data = f"/providers/{contract.provider_id}/reports/remittances/{contract.reference}/{MONDAY + 25 * WEEK}/data.csv"
    in_file = rows_of_csv(carer.get(data).text)
    assert [row[0] for row in found] == [row["Client"] for row in in_file]
    assert len(found) == FORTY_PAGES
    assert "Rows" not in weighed(carer, here.replace(f"{MONDAY + 25 * WEEK}", str(MONDAY))).words


def test_the_council_reads_it_page_by_page_too(app, contract):
    officer = PortalClient(app).sign_in(make_staff())
    here = f"/council/remittances/{contract.reference}/{MONDAY + 25 * WEEK}"
    assert len(rows_of_page(weighed(officer, here).text)) == PER_PAGE
    assert len(rows_of_page(weighed(officer, f"{here}?rows=23").text)) == FORTY_PAGES % PER_PAGE


def test_its_pdf_is_drawn_by_the_worker_and_keeps_no_request(carer, contract):
    there = f"/providers/{contract.provider_id}/reports/remittances/{contract.reference}/{MONDAY + 25 * WEEK}/pdf"
    page = weighed(carer, there)
    assert page.response.mimetype == "text/html"
    carer.submit(page, {}, status=303)
    assert [job.kind.value for job in every(Job)][-1] == "report"


@pytest.mark.parametrize(
    "path",
    [
        "reports/annual-statement/?year=tax-2019", "statement-of-account/?first=2019-01-01",
        "received-and-expected/", "received-and-expected/ledger?first=2019-01-01&last=2020-03-31", "",
    ],
)  # fmt: skip
def test_no_other_report_weighs_more_after_half_a_year_of_weeks(carer, contract, path):
    weighed(carer, f"/providers/{contract.provider_id}/{path}")
