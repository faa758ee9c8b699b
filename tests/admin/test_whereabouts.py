"""Every sum that is held or blocked, and where every pound of a provider is, as the council sees it."""

import csv
import io

import pytest

from tests.admin.conftest import MONDAY, SUNDAY, WEEK, two_clients
from tests.care_factories import make_client, make_item
from tests.factories import canary, make_provider
from tests.support.runs import answered, calculate, change, finalise, payment

LIST = "/council/payments/waiting/"


@pytest.fixture
def waits(desk):
    """The desk's payment is rejected, and £100.00 of another provider is not authorised."""
    change(payment(desk.contract, MONDAY + WEEK), **answered("rejected", 65_611))
    other = two_clients(name="Rowan Lodge")
    client = make_client(surname=f"Cole{canary(other.provider_id)}")
    make_item(other, 1_000_000, client, starts_on=MONDAY + WEEK, authorised_on=None)
    calculate(SUNDAY)
    return other


def rows_of(answer):
    return [
        [cell.get_text(" ", strip=True) for cell in row.select("th, td")]
        for row in answer.page.select("#sums tbody tr")
    ]


def test_the_list_tells_every_sum_with_its_reason(desk, waits):
    answer = desk.officer.get(LIST)
    assert answer.heading == "Held and blocked"
    assert sorted((row[3], row[6]) for row in rows_of(answer)) == [
        ("Not authorised", "£100.00"),
        ("Rejected by the provider", "£303.03"),
        ("Rejected by the provider", "£353.08"),
    ]
    link = answer.page.select_one("#sums tbody a")
    assert desk.officer.get(link["href"]).words


def test_the_list_is_filtered_and_a_file(desk, waits):
    assert len(rows_of(desk.officer.get(LIST + "?reason=rejected"))) == 2
    assert len(rows_of(desk.officer.get(LIST + f"?name=p{waits.provider_id}"))) == 1
    assert "No sum is like that" in desk.officer.get(LIST + "?name=nobody").words
    assert "Choose a reason from the list" in desk.officer.get(LIST + "?reason=odd", status=422).words
    text = desk.officer.get(LIST + "data.csv?reason=not+authorised").response.get_data(as_text=True)
    [heading, row] = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    found = dict(zip(heading, row, strict=True))
    assert (found["Reason"], found["Who has the next step"], found["Amount"]) == (
        "Not authorised", "the council", "100.00",
    )  # fmt: skip


def test_nothing_waits(desk):
    assert "Nothing is held or blocked, of any provider" in desk.officer.get(LIST).words


def test_the_list_has_pages(desk, waits):
    for _ in range(50):
        client = make_client(surname=f"Cole{canary(waits.provider_id)}")
        make_item(waits, 1_000_000, client, starts_on=MONDAY + WEEK, authorised_on=None)
    calculate(SUNDAY)
    first, second = desk.officer.get(LIST), desk.officer.get(LIST + "?page=2")
    assert (len(rows_of(first)), len(rows_of(second))) == (50, 3)
    assert len(second.reads) == len(first.reads)


def test_the_desk_leads_to_the_list(desk, waits):
    link = desk.officer.get("/council/").page.find("a", string="Payments that wait")
    assert desk.officer.get(link["href"]).heading == "Held and blocked"


def test_the_desk_leads_to_just_what_it_has_counted(desk, waits):
    row = desk.officer.get("/council/").page.find("a", string="Payments that wait").find_parent("tr")
    money = row.select_one("[data-label=Money]").text
    listed = desk.officer.get(row.a["href"])
    assert [(each[3], each[6]) for each in rows_of(listed)] == [("Not authorised", money)]
    assert listed.page.select_one("select[name=reason] option[selected]").text == (
        "Blocked, in payments that are still open"
    )
    finalise(SUNDAY)
    every_sum = rows_of(desk.officer.get(LIST))
    home = desk.officer.get("/council/").page.find("a", string="Payments that wait")
    still = rows_of(desk.officer.get(row.a["href"]))
    assert (len(every_sum), still, home) == (3, [], None), "a payment that is closed is in the list of all, not counted"


def test_one_provider_is_shown_from_its_page_and_from_a_payment(desk, waits):
    provider_id = desk.contract.provider_id
    path = f"/council/providers/{provider_id}/where-every-pound-is"
    for page in (f"/council/providers/{provider_id}", desk.payment):
        assert desk.officer.get(page).page.find("a", string="Where every pound is")["href"] == path
    answer = desk.officer.get(path)
    figures = {row.th.text: row.td.text for row in answer.page.select("table.whereabouts tr") if row.td}
    assert (figures["Held"], figures["Entitled to"]) == ("£656.11", "£1,312.22")
    assert len(rows_of(answer)) == 2
    assert len(rows_of(desk.officer.get(path + "?reason=held"))) == 0
    text = desk.officer.get(path + ".csv").response.get_data(as_text=True)
    assert "656.11,0.00,0.00,1312.22" in text


def test_a_provider_that_is_none_and_who_sees_no_payments(desk, colleague):
    desk.officer.get("/council/providers/999999/where-every-pound-is", status=404)
    desk.officer.get("/council/providers/999999/where-every-pound-is.csv", status=404)
    provider = make_provider()
    for path in (LIST, LIST + "data.csv", f"/council/providers/{provider.id}/where-every-pound-is"):
        colleague("help_desk").get(path, status=403)
