"""The council's one search: it finds what is meant, of what the person may see, and tells nobody who was sought."""

import json

import pytest
from sqlalchemy import select

from models.audit import AuditEvent
from models.payments.payment import ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.records.care_package import CarePackageLineItem
from models.reports.search import Kind, amount_of, search
from models.tenancy import EVERY_PROVIDER, set_tenant
from tests.admin.conftest import MONDAY, SUNDAY, WEEK
from tests.care_factories import make_client, make_contract, make_item
from tests.factories import make_provider
from tests.invoice_factories import asked, make_invoice, make_sent
from tests.support.rows import every, reading
from tests.support.runs import calculate

HERE = "/council/search/"


@pytest.fixture
def place(desk):
    """A Welsh client at a provider of several words, with a payment of £300.00 a week."""
    provider = make_provider(name="Tŷ’r Ŵyn Care", reference="P00741")
    contract = make_contract(provider, reference="00741254", name="Tŷ’r Ŵyn residential", calculate_from=MONDAY)
    client = make_client(surname="Llwyd-O’Brien", first_name="Gwenllian", reference="C7000001")
    make_item(contract, rate_e4=3_000_000, client=client, starts_on=MONDAY)
    calculate(SUNDAY)
    return provider, contract, client


def found(text, among=tuple(Kind)):
    with reading():
        set_tenant(EVERY_PROVIDER)
        return {group.kind: (group.count, [hit.title for hit in group.hits]) for group in search(text, among)}


@pytest.mark.postgres
def test_each_kind_is_found_as_people_type_it(place):
    provider, contract, client = place
    [order] = every(select(PurchaseOrder).where(PurchaseOrder.client_id == client.id))
    [paid] = every(select(ScheduledPayment.closed_run_id).where(ScheduledPayment.closed_run_id.is_not(None)))
    for text in ("gwenllian", "obrien llwyd", "LLWYD, Gwenllian (C7000001)", "c7000001"):
        assert found(text)[Kind.CLIENTS] == (1, [client.full_name]), text
    for text in ("wyn tyr", "P00741", "care Tŷ'r"):
        assert found(text)[Kind.PROVIDERS] == (1, [provider.name]), text
    assert found("00741254")[Kind.CONTRACTS] == (1, [contract.name])
    assert found("residential WYN")[Kind.CONTRACTS] == (1, [contract.name])
    for text in (str(order.number), f"order {order.number}", order.reference):
        assert found(text)[Kind.ORDERS][0] == 1, text
    for text in (str(paid), f"run {paid}"):
        assert found(text)[Kind.RUNS] == (1, [f"Run {paid}"]), text
    assert Kind.RUNS not in found(f"order {paid}")
    assert Kind.ORDERS not in found(f"run {order.number}")


@pytest.mark.postgres
def test_an_invoice_that_was_sent_is_found_by_its_number_and_its_sum(place, desk):
    _, contract, _ = place
    [item] = every(select(CarePackageLineItem).where(CarePackageLineItem.contract_id == contract.id))
    line = asked(item, 3, first_on=MONDAY, last_on=SUNDAY)
    sent = make_sent(contract, line, number="INV-0012", invoiced_on=MONDAY)
    make_invoice(contract, line, number="INV-13", invoiced_on=MONDAY)
    for text in ("INV-0012", "inv 12", "£69.30"):
        assert found(text)[Kind.INVOICES] == (1, ["Invoice INV-0012"]), text
    for text in ("INV-13", "INV", "£69.31", "-"):
        assert Kind.INVOICES not in found(text), text
    answer = desk.officer.post(HERE, {"text": "inv-12"}, status=303)
    assert answer.location.endswith(f"/council/invoices/{sent.id}")
    assert Kind.INVOICES not in found("INV-0012", [Kind.CLAIMS])


@pytest.mark.postgres
def test_a_sum_finds_payments_and_runs_that_come_to_it(place):
    _, contract, _ = place
    count, titles = found("£300.00")[Kind.PAYMENTS]
    assert count == len(titles) == 2
    assert set(titles) == {contract.name}
    assert Kind.RUNS in found("656.11")
    assert Kind.PAYMENTS not in found("300")
    assert Kind.PAYMENTS not in found("£300.01")


@pytest.mark.parametrize(
    ("text", "pence"), [("£1,234.50", 123_450), ("-150.00", -15_000), ("1234", None), ("O. Brien", None), ("£", None)]
)
def test_what_looks_like_money(text, pence):
    assert amount_of(text) == pence


@pytest.mark.postgres
@pytest.mark.parametrize(
    "text", ["", "  ", "()", "%", "nobody at all", "9" * 60, "\u0301" * 50, "run 0", "148 - 1 - 1"]
)
def test_what_means_nothing_finds_nothing(place, text):
    assert found(text) == {}


def test_no_more_than_a_few_are_shown_and_all_are_counted(place):
    for number in range(7):
        make_client(surname=f"Fern{number}")
    count, titles = found("fern")[Kind.CLIENTS]
    assert (count, len(titles)) == (7, 5)


def test_who_types_a_reference_is_at_its_page(desk, place):
    provider, contract, client = place
    for text, there in (
        ("P00741", f"/council/providers/{provider.id}"),
        ("00741254", "/council/contracts/00741254"),
        ("c7000001", f"/council/clients/{client.id}"),
    ):
        assert desk.officer.post(HERE, {"text": text}, status=303).location == there


def test_what_is_found_is_listed_with_a_way_to_all(desk, place):
    for number in range(7):
        make_client(surname=f"Fern{number}", first_name="Gwenllian")
    answer = desk.officer.follow(desk.officer.post(HERE, {"text": "Gwenllian"}, status=303))
    assert "Clients 8" in answer.words
    address = answer.page.select_one("main section p a")["href"]
    whole = desk.officer.get(address)
    assert len(whole.page.select("tbody tr")) == 8
    assert "Found by “Gwenllian”" in whole.words
    assert "Gwenllian" not in address
    sums = desk.officer.follow(desk.officer.post(HERE, {"text": "£300.00"}, status=303))
    assert "£300.00" in sums.words
    assert "Nothing is found" in desk.officer.follow(desk.officer.post(HERE, {"text": "zz"}, status=303)).words


def test_a_name_stands_in_no_address_and_in_no_event(desk, place):
    _, _, client = place
    sent_on = desk.officer.post(HERE, {"text": "Gwenllian"}, status=303)
    assert "wenllian" not in sent_on.location
    page = desk.officer.follow(sent_on)
    assert client.full_name in page.words
    events = every(AuditEvent)
    assert not [each for each in events if "wenllian" in json.dumps([each.action, each.subject, each.detail])]
    assert events[-1].action == "client_record.read"
    assert events[-1].detail == {"endpoint": "admin.search.show"}


def test_nobody_finds_what_they_may_not_see(colleague, place):
    provider, contract, client = place
    helper = colleague("help_desk")
    before = len(every(AuditEvent))
    for text in (client.surname, client.reference, contract.reference, "£300.00"):
        answer = helper.follow(helper.post(HERE, {"text": text}, status=303))
        assert "Nothing is found" in answer.words, text
    assert not [each for each in every(AuditEvent)[before:] if each.action == "client_record.read"]
    assert helper.post(HERE, {"text": provider.reference}, status=303).location.endswith(f"/providers/{provider.id}")
    for path in ("clients/", "care-packages/", "purchase-orders/", "contracts/", f"clients/{client.id}", "rates/"):
        helper.get(f"/council/{path}", status=403)


def test_what_a_colleague_typed_is_read_only_by_who_sees_clients(desk, place, colleague):
    """A link that is sent to a colleague finds what they may see, and tells them no client's name."""
    provider, contract, client = place
    address = desk.officer.post(HERE, {"text": "Ŵyn"}, status=303).location
    assert "Find “Ŵyn”" in desk.manager.get(address).heading
    helper = colleague("help_desk")
    page = helper.get(address)
    assert provider.name in page.words
    assert "Found by a search that only Ola Officer and whoever sees clients may read." in page.words
    assert "Ŵyn" not in page.words.replace(provider.name, "")
    assert not page.page.select_one("header input[name=text]").get("value")
    sought = address.partition("?")[2]
    for who, path in ((helper, "providers/"), (desk.manager, "contracts/")):
        listed = who.get(f"/council/{path}?{sought}")
        is_read = who is desk.manager
        assert ("Found by “Ŵyn”" in listed.words) is is_read
        assert ("Found by a search that only Ola Officer" in listed.words) is not is_read
    nothing = helper.get(desk.officer.post(HERE, {"text": client.surname}, status=303).location)
    assert "Nothing is found by a search that only Ola Officer" in nothing.words
    assert client.surname not in str(nothing.page)
    own = helper.follow(helper.post(HERE, {"text": "Gwenllian"}, status=303))
    assert "Nothing is found by “Gwenllian”" in own.words, "what one typed oneself"


def test_a_link_to_all_stays_sealed_by_who_typed_it(desk, place, colleague):
    for number in range(7):
        make_provider(name=f"Fern {number}")
    page = colleague("help_desk").get(desk.officer.post(HERE, {"text": "Fern"}, status=303).location)
    whole = colleague("help_desk").get(page.page.select_one("main section p a")["href"])
    assert "Found by a search that only Ola Officer" in whole.words
    assert len(whole.page.select("tbody tr")) == 7


def test_what_was_sealed_elsewhere_or_changed_is_passed_over(desk):
    for sought in ("x", "gAAAA", "É", "a" * 5_000):
        assert "Type a client" in desk.officer.get(HERE, query_string={"sought": sought}).words


def test_a_search_asks_the_database_as_often_whatever_it_finds(desk, place):
    few = desk.officer.follow(desk.officer.post(HERE, {"text": "Gwenllian"}, status=303))
    for _ in range(20):
        make_item(place[1], client=make_client(first_name="Gwenllian"), starts_on=MONDAY + WEEK)
    many = desk.officer.follow(desk.officer.post(HERE, {"text": "Gwenllian"}, status=303))
    assert len(few.reads) == len(many.reads) <= 8, many.reads
