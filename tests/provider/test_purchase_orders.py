"""Purchase Orders, as a provider sees them."""

from datetime import date
from io import BytesIO
from zipfile import ZipFile

import pytest
from sqlalchemy import select

from blueprints.provider import purchase_orders
from models.permissions import Role
from models.records.provider import Provider
from tests.care_factories import make_client, make_contract, make_item, make_service, make_service_level
from tests.factories import make_provider, make_user
from tests.support.rows import every
from tests.support.runs import calculate, change, orders

HERE = "/providers/1/purchase-orders"


def table(answer):
    return [[cell.get_text(" ", strip=True) for cell in row.select("th, td")] for row in answer.page.select("tbody tr")]


@pytest.mark.covers("S4-058", "S4-169", "S4-171", "S4-175", "S4-176", "S4-177", "S4-178", "S4-179", "S3-018")
def test_the_list_shows_value_and_spend_of_this_year(carer):
    answer = carer.get(f"{HERE}/")
    assert [row[:6] for row in table(answer)] == [
        ["One-Off Claims - 2019/2020", "£64.00", "£64.00", "£0.00", "100 %", "2019/2020"],
        ["Daily, Arthur (C2000037) - 2019/2020", "£363.42", "£363.42", "£0.00", "100 %", "2019/2020"],
        ["Simpson, Bart (C2000020) - 2019/2020", "£19,226.58", "£9,759.60", "£9,466.98", "50 %", "2019/2020"],
        ["Testing, CLA (C2002198) - 2019/2020", "£9,290.34", "£1,038.96", "£8,251.38", "11 %", "2019/2020"],
    ]
    assert table(answer)[3][6] == "22/09/2019"
    assert "Purchase orders 4 Value £28,944.34 Spend To Date £11,225.98 Still to come £17,718.36" in answer.words


@pytest.mark.covers("S4-170", "S4-172", "S4-173", "S4-174")
def test_the_filters_narrow_the_list(carer):
    answer = carer.get(f"{HERE}/")
    assert "Please set filters and click the View button." in answer.words
    one = carer.submit(answer, {"text": "bart SIMPSON"})
    assert [row[0] for row in table(one)] == ["Simpson, Bart (C2000020) - 2019/2020"]
    assert "Found 1 Value £19,226.58" in one.words
    assert one.page.select_one("a:-soup-contains('All Clients')")["href"] == f"{HERE}/?year=2019"
    earlier = carer.submit(answer, {"year": "2018"})
    assert [row[0] for row in table(earlier)] == ["Simpson, Bart (C2000020) - 2018/2019"]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("claims", "One-Off Claims"),
        ("148", "Simpson"),
        ("148 - 1", "Simpson"),
        ("c2000037", "Daily"),
        ("s, bart", "Sim"),
    ],
)
def test_an_order_is_found_by_what_stands_on_it(carer, typed, found):
    [row] = table(carer.get(f"{HERE}/", query_string={"text": typed}))
    assert row[0].startswith(found)


def test_what_is_typed_is_sought_while_it_is_typed_and_stays_out_of_the_address(carer):
    """The part without the form, so that no letter is lost; a browser's history holds no name of a client."""
    swapped = carer.get(f"{HERE}/?text=simpson&year=2019&sort=-value&endpoint=x", htmx=True)
    assert swapped.page.select_one("#orders")["data-announce"] == "1 purchase order shown"
    assert not swapped.page.select("form")
    assert swapped.page.select_one("input[name=sort]")["form"] == "filters"
    assert swapped.headers["HX-Replace-Url"] == f"{HERE}/?year=2019&sort=-value"
    assert "HX-Replace-Url" not in carer.get(f"{HERE}/?text=simpson").headers


def test_a_name_that_nobody_has_is_said_with_what_to_do(carer):
    answer = carer.get(f"{HERE}/?text=nobody")
    assert "No purchase order of 2019/2020 is found by “nobody”." in answer.words


@pytest.mark.parametrize(
    ("sort", "first"),
    [("name", "One-Off"), ("-name", "Testing"), ("value", "One-Off"), ("-value", "Simpson"), ("-spend", "Simpson"),
     ("spend", "One-Off"), ("-left", "Simpson"), ("left", "One-Off"), ("secret", "One-Off")],
)  # fmt: skip
def test_the_list_is_sorted_by_its_columns(carer, sort, first):
    answer = carer.get(f"{HERE}/?sort={sort}")
    assert table(answer)[0][0].startswith(first)
    lines = carer.get(f"{HERE}/data.csv?sort={sort}&year=2019").text.splitlines()
    assert first in lines[1]


def test_a_part_of_a_long_list_says_what_it_is_and_all_can_be_printed(carer, monkeypatch):
    monkeypatch.setattr(purchase_orders, "ON_ONE_PAGE", 3)
    answer = carer.get(f"{HERE}/?sort=-value")
    assert len(table(answer)) == 3
    assert "These 3 of 4 £28,880.34 £11,161.98 £17,718.36" in answer.words
    assert "Purchase orders 4 Value £28,944.34" in answer.words
    assert len(carer.get(f"{HERE}/data.csv?year=2019&page=2").text.splitlines()) == 5
    whole = carer.get(next(a for a in answer.page.select(".acts a") if "to print" in a.text)["href"])
    assert len(table(whole)) == 4
    assert "These" not in whole.words
    assert [row[0][:7] for row in table(carer.get(f"{HERE}/?page=2&sort=-value"))] == ["One-Off"]


def test_what_a_search_finds_is_parted_too_and_its_sums_are_of_all_of_it(carer, monkeypatch):
    monkeypatch.setattr(purchase_orders, "ON_ONE_PAGE", 2)
    answer = carer.get(f"{HERE}/?text=c2&sort=-value")
    assert [row[0][:5] for row in table(answer)] == ["Simps", "Testi"]
    assert "These 2 of 3 £28,516.92 £10,798.56 £17,718.36" in answer.words
    assert "Found 3 Value £28,880.34 Spend To Date £11,161.98 Still to come £17,718.36" in answer.words
    for number in (2, 9):
        last = carer.get(f"{HERE}/?text=c2&sort=-value&page={number}")
        assert [row[0][:5] for row in table(last)] == ["Daily"]
        assert "Found 3 Value £28,880.34" in last.words
    assert len(table(carer.get(f"{HERE}/?text=c2&rows=all&page=2"))) == 3
    assert len(carer.get(f"{HERE}/data.csv?year=2019&text=c2").text.splitlines()) == 4


def test_filtering_by_service_leaves_the_clients_of_that_service(client):
    provider = make_provider()
    contract = make_contract(provider)
    fostering, lodging = make_service(name="Fostering"), make_service(name="Lodging")
    for service, name in ((fostering, "Adams"), (lodging, "Begum")):
        make_item(contract, client=make_client(surname=name), service_level_id=make_service_level(service).id)
    calculate(date(2019, 10, 2))
    client.sign_in(make_user(provider=provider))
    answer = client.get(f"/providers/{provider.id}/purchase-orders/?service={lodging.id}&year=2019")
    assert [row[0].split(",")[0] for row in table(answer)] == ["Begum"]


@pytest.mark.parametrize("query", ["year=1066", "service=0", "service=x"])
def test_a_filter_that_is_not_in_the_list_is_refused_in_words(carer, query):
    answer = carer.get(f"{HERE}/?{query}", status=422)
    assert answer.errors[0].startswith("Choose a ")


@pytest.mark.covers("S4-180", "S4-181", "S4-182", "S4-183", "S4-184", "S4-185", "S4-186", "S4-187", "S4-188", "S4-190")
def test_an_order_shows_what_the_guide_shows(carer):
    listed = carer.get(f"{HERE}/")
    link = next(a for a in listed.page.select("tbody a") if "Simpson" in a.text)
    answer = carer.get(link["href"])
    assert answer.heading == "Purchase Order View"
    assert answer.page.select_one(".govuk-back-link").text == "Close and return to list"
    for words in (
        "Provider Address Sausage Sandwich 1 The Gatehouse Darlington DL1 3HA",
        "Purchase Order 148 - 1",
        "Financial Year 01/04/2019 - 31/03/2020",
        "Date Printed 02/10/2019",
        "Payment Terms",
        "Invoice Address",
        "Delivery Address",
        "Value £19,226.58 Spend To Date £9,759.60 Still to come £9,466.98",
        "184 days, 30 September 2019 to 31 March 2020, £353.08 a week (£50.44 a day)",
        "Christmas allowance, due 16 December 2019",
    ):
        assert words in answer.words
    assert answer.page.select_one("button[data-print]")


@pytest.mark.covers("S4-189")
def test_the_claims_of_the_year_have_an_order_of_their_own(carer):
    listed = carer.get(f"{HERE}/")
    answer = carer.get(next(a for a in listed.page.select("tbody a") if "Claims" in a.text)["href"])
    assert "Spend To Date £64.00" in answer.words
    assert "Nothing more is expected on this order." in answer.words


@pytest.mark.covers("S4-027")
def test_orders_can_be_downloaded(carer):
    answer = carer.get(f"{HERE}/data.csv?year=2019")
    lines = answer.text.removeprefix("\ufeff").splitlines()
    assert lines[3] == '148 - 1,"Simpson, Bart (C2000020) - 2019/2020",2019/2020,07/04/2019,19226.58,9759.60,9466.98'
    sheet = ZipFile(BytesIO(carer.get(f"{HERE}/data.xlsx?year=2019").response.data)).read("xl/worksheets/sheet1.xml")
    assert b"148 - 1" in sheet
    assert b"<v>19226.58</v>" in sheet


def test_somebody_elses_order_is_not_found(client):
    contract = make_contract()
    make_item(contract)
    calculate(date(2019, 10, 2))
    [order] = orders(contract)
    mine = make_provider()
    client.sign_in(make_user(provider=mine))
    theirs = client.get(f"/providers/{mine.id}/purchase-orders/{order.id}", status=404)
    missing = client.get(f"/providers/{mine.id}/purchase-orders/999999", status=404)
    assert theirs.words == missing.words


def test_a_changed_order_shows_its_revisions(client):
    provider = make_provider()
    contract = make_contract(provider)
    item = make_item(contract)
    calculate(date(2019, 10, 2))
    change(item, ends_on=date(2019, 12, 1))
    calculate(date(2019, 10, 3))
    [order] = orders(contract)
    answer = client.sign_in(make_user(provider=provider)).get(f"/providers/{provider.id}/purchase-orders/{order.id}")
    assert f"{order.number} - 2 03/10/2019" in answer.words
    assert f"{order.number} - 1 02/10/2019" in answer.words


def test_the_list_takes_the_same_number_of_queries_at_ten_times_the_data(client):
    def visit(clients):
        provider = make_provider()
        contract = make_contract(provider)
        level = make_service_level().id
        for n in range(clients):
            make_item(contract, client=make_client(surname=f"Ng{n}"), service_level_id=level)
        calculate(date(2019, 10, 2))
        client.sign_in(make_user(provider=provider))
        client.get(f"/providers/{provider.id}/purchase-orders/")
        return client.get(f"/providers/{provider.id}/purchase-orders/")

    few, many = visit(3), visit(30)
    assert len(few.reads) == len(many.reads) <= 8, "\n".join(many.reads)


def test_with_no_orders_the_list_says_what_to_do(client):
    provider = make_provider()
    answer = client.sign_in(make_user(provider=provider)).get(f"/providers/{provider.id}/purchase-orders/")
    assert "There are no purchase orders for these filters." in answer.words


def test_what_is_blocked_stands_beside_the_value_of_its_order(client):
    """£353.08 is paid for one item; another of the same client is not authorised, and £30.00 waits."""
    provider = make_provider()
    contract, child = make_contract(provider, calculate_from=date(2019, 9, 30)), make_client()
    make_item(contract, client=child)
    make_item(contract, client=child, rate_e4=300_000, authorised_on=None)
    calculate(date(2019, 10, 2))
    [order] = orders(contract)
    client.sign_in(make_user(provider=provider))
    answer = client.get(f"/providers/{provider.id}/purchase-orders/{order.id}")
    assert "£30.00 more waits, and is not in the value: see why" in answer.words
    client.sign_in(make_user(Role.SIGNATORY, provider))
    assert "waits" not in client.get(f"/providers/{provider.id}/purchase-orders/{order.id}").words


def words_of(client, contract, **facts):
    make_item(contract, **facts)
    calculate(date(2019, 10, 2))
    [order] = orders(contract)
    client.sign_in(make_user(Role.FINANCE, every(select(Provider).where(Provider.id == contract.provider_id))[0]))
    return client.get(f"/providers/{contract.provider_id}/purchase-orders/{order.id}")


@pytest.mark.parametrize(
    ("ends_on", "words"),
    [
        (None, "What you could expect if the child or adult stays with you, as things stand."),
        (date(2020, 3, 31), "What you could expect if the child or adult stays with you, as things stand."),
        (date(2019, 12, 1), "if the child or adult stays with you until Sunday 1 December 2019. Nothing is planned"),
        (date(2019, 10, 2), "if the child or adult stays with you until Wednesday 2 October 2019."),
        (date(2019, 10, 1), "For days that are over, and not yet paid. Nothing is expected for later days."),
    ],
)
def test_an_order_promises_nothing_for_after_the_end(client, ends_on, words):
    contract = make_contract(calculate_from=date(2019, 9, 30))
    answer = words_of(client, contract, ends_on=ends_on)
    assert words in answer.words
    assert ("stays with you, as" in answer.words) == words.startswith("What")


def test_an_order_leads_to_its_contracts_and_payments(client):
    contract = make_contract(calculate_from=date(2019, 9, 30))
    answer = words_of(client, contract)
    here = f"/providers/{contract.provider_id}"
    links = {a["href"] for a in answer.page.select("main a")}
    assert {f"{here}/contracts/{contract.reference}", f"{here}/payments/{contract.reference}/2019-09-30"} <= links
    assert "In payments that are not yet made" in answer.words
    client.sign_in(make_user(Role.SIGNATORY, every(select(Provider).where(Provider.id == contract.provider_id))[0]))
    told = client.get(answer.response.request.path)
    assert contract.name in told.words
    assert not [a for a in told.page.select("main a") if "/contracts/" in a["href"] or "/payments/" in a["href"]]
