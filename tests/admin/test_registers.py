"""What the finance system owns, as the council reads it: lists with a page each, linked from one another."""

import pytest

from models.permissions import CouncilRole
from tests.admin.conftest import MONDAY, SUNDAY, WEEK
from tests.care_factories import make_absence, make_allowance, make_client, make_contract, make_deduction, make_item
from tests.factories import make_provider, make_staff
from tests.support.client import PortalClient
from tests.support.runs import calculate

LISTS = ("contracts/", "rates/", "calendars/", "clients/", "care-packages/", "purchase-orders/")


@pytest.fixture
def item(desk):
    provider = make_provider(name="Tŷ’r Ŵyn Care", reference="P00741")
    contract = make_contract(provider, reference="00741254", name="Residential", calculate_from=MONDAY)
    client = make_client(surname="Llwyd", first_name="Gwenllian", reference="C7000001")
    made = make_item(contract, rate_e4=3_000_000, client=client, starts_on=MONDAY)
    calculate(SUNDAY)
    return made


@pytest.mark.postgres
def test_every_reference_leads_on(desk, item):
    """From the client to its care, its contract, its calendar and service level, and to its purchase order."""
    client = desk.officer.get(f"/council/clients/{item.client_id}")
    assert "Llwyd, Gwenllian (C7000001)" in client.words
    care = desk.officer.get(_link(client, "/care-packages/"))
    assert "£300.00" in care.words
    contract = desk.officer.get(_link(care, "/contracts/"))
    assert "00741254" in contract.words
    assert "Contracts that pay by it" in desk.officer.get(_link(contract, "/calendars/")).words
    assert "What contracts pay for it" in desk.officer.get(_link(care, "/rates/")).words
    order = desk.officer.get(_link(client, "/purchase-orders/"))
    assert "Residential" in order.words
    payment = desk.officer.get(_link(order, "/payments/"))
    assert payment.page.select("main a[href='/council/contracts/00741254']")
    assert len(desk.officer.get(_link(contract, "/care-packages/?")).page.select("tbody tr")) == 1


def _link(answer, part):
    return next(a["href"] for a in answer.page.select("main a[href]") if f"/council{part}" in a["href"])


def test_filters_find(desk, item):
    def count(path):
        return len(desk.officer.get(f"/council/{path}").page.select("tbody tr"))

    assert count("contracts/?name=wyn+residential") == 1
    assert count("contracts/?state=ended") == 0
    assert count("clients/?provider=P00741") == count("clients/?provider=P00741&care=now") == 1
    assert count("care-packages/?contract=00741254") == count(f"care-packages/?client={item.client_id}") == 1
    assert count("care-packages/?contract=00741254&state=blocked") == 0
    assert count("purchase-orders/?provider=P00741&year=2019") == 1
    assert count("purchase-orders/?provider=P00741&year=") == 1


def test_a_client_is_sought_in_each_list_without_standing_in_its_address(desk, item):
    for where in ("clients", "care_packages", "purchase_orders"):
        there = desk.officer.post("/council/search/", {"text": "gwenllian", "where": where}, status=303).location
        assert "gwenllian" not in there
        assert len(desk.officer.get(there).page.select("tbody tr")) == 1, where


def test_a_search_that_cannot_be_opened_says_so_and_lists_nobody(desk, item):
    for path in ("clients", "care-packages", "purchase-orders", "contracts", "providers"):
        answer = desk.officer.get(f"/council/{path}/?sought=gAAAA", status=422)
        assert any("cannot be opened any more" in words for words in answer.errors), path
        assert not answer.page.select("tbody tr"), path


@pytest.mark.parametrize("query", [
    "contracts/data.csv?state=zzz", "payments/data.xlsx?state=zzz", "purchase-orders/data.csv?year=1066",
    "care-packages/commissioned-care.csv?sought=gAAAA", "audit/data.csv?first=32/13/2019", "people/data.csv?state=x",
])  # fmt: skip
def test_a_file_with_a_filter_that_no_list_has_is_refused_in_words(desk, app, query):
    """Rather than a file of headings only, which looks as if nothing were there."""
    who = PortalClient(app).sign_in(make_staff(CouncilRole.AUDITOR)) if query.startswith("audit") else desk.officer
    answer = who.get(f"/council/{query}", status=422)
    assert answer.heading == "We could not make this file"
    assert "Go back to the list, and download it from there." in answer.words
    assert "Content-Disposition" not in answer.headers


@pytest.mark.parametrize("path", LISTS)
def test_a_list_asks_as_often_at_ten_times_the_rows(desk, item, path):
    few = desk.officer.get(f"/council/{path}")
    for _ in range(12):
        make_item(make_contract(calculate_from=MONDAY), starts_on=MONDAY + WEEK)
    calculate(SUNDAY)
    many = desk.officer.get(f"/council/{path}")
    assert len(many.reads) == len(few.reads) <= 8, many.reads


@pytest.mark.covers("S3-013", "S3-016", "S3-017")
@pytest.mark.parametrize("role", [CouncilRole.BROKERAGE, CouncilRole.PROCUREMENT])
def test_brokerage_and_procurement_read_contracts_and_line_items_but_no_clients_name(colleague, item, role):
    """Nor what tells of a client: days away, contributions, birthdays; they neither find nor sort by a name."""
    make_absence(item, MONDAY, MONDAY)
    make_deduction(item, 123_400)
    make_allowance(item, SUNDAY, name="Birthday")
    last = make_item(make_contract(), client=make_client(surname="Aaron", reference="C9"), starts_on=MONDAY)
    broker, here = colleague(role.value), "/council/care-packages/"
    assert "00741254" in broker.get("/council/contracts/").words
    linked = _link(broker.get("/council/contracts/00741254"), "/care-packages/?")
    found = broker.get(linked)
    assert "C7000001" in found.words
    listed, shown = broker.get(here), broker.get(f"{here}{item.id}")
    assert [row.th.get_text() for row in listed.page.select("tbody tr")][-1].startswith("C9")
    assert "Client C7000001, from Tŷ’r Ŵyn Care" in shown.words
    assert "£300.00" in shown.words
    files = [broker.get(f"{here}{name}.csv").text for name in ("data", "commissioned-care")]
    assert "300.00" in files[1]
    told = [found.text, listed.text, shown.text, *files]
    assert not [text for text in told for word in ("Llwyd", "Gwenllian", "Aaron", "Hospital", "12.34", "Birthday")
                if word in text]  # fmt: skip
    sought = {"where": "care_packages"}
    for text, count in (("gwenllian", 0), ("C7000001", 1), (last.reference, 1)):
        there = broker.post("/council/search/", {"text": text, **sought}, status=303).location
        assert len(broker.get(there).page.select("tbody tr")) == count, text
    broker.get("/council/clients/", status=403)


def test_the_commissioned_care_of_all_providers_is_what_is_authorised(desk, item):
    make_item(make_contract(), authorised_on=None, reference="NOT-YET")
    other = make_item(make_contract(), reference="OTHER")
    lines = desk.officer.get("/council/care-packages/commissioned-care.csv").text.splitlines()
    assert [each for each in ("Llwyd", other.reference, "NOT-YET") if each in "".join(lines)] == ["Llwyd", "OTHER"]
    some = desk.officer.get("/council/care-packages/commissioned-care.csv?provider=P00741").text
    assert "Tŷ’r Ŵyn Care,P00741,00741254" in some
    assert "OTHER" not in some


@pytest.mark.parametrize("path", ["clients/999999", "contracts/none", "care-packages/999999", "purchase-orders/999999",
                                  "rates/999999", "calendars/999999", "rates/999999/data.csv"])  # fmt: skip
def test_what_is_not_there_is_not_there(desk, path):
    desk.officer.get(f"/council/{path}", status=404)
