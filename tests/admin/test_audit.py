"""The council's page of the audit: who did what to what, and when."""

import csv
import io
import json
from contextvars import Context
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from commands.batchwise.sealing import seal_waiting
from models.audit import AuditEvent, record
from models.auditing import search
from models.base import utc_now
from models.calendar import LONDON
from models.payments.purchase_order import PurchaseOrder
from models.permissions import CouncilRole, Role
from models.records.provider import Provider
from tests.factories import make_provider, make_staff, make_user
from tests.support.client import PortalClient, counted_statements
from tests.support.rows import every, saved, unit_of_work

PAGE = "/council/audit/"


@pytest.fixture
def auditor(app):
    return PortalClient(app).sign_in(make_staff(CouncilRole.AUDITOR, name="Ada Auditor"))


@pytest.fixture
def dawn(app):
    return make_user(Role.FINANCE, name="Dawn Stockton", email="dawn@example.org")


def write(action, subject=None, **more):
    with unit_of_work(None):
        record(action, subject, **{"by": None} | more)


def lines(answer):
    """What each row says, without the headings."""
    return [" ".join(row.get_text(" ").split()) for row in answer.page.select("#audit tbody tr")]


def found(auditor, **asked):
    return lines(auditor.get(PAGE, query_string=asked))


@pytest.mark.postgres
def test_each_row_says_who_did_what_to_what_when_and_where(auditor, dawn):
    provider = make_provider(name="Rowan Lodge")
    write("adjustment.made", by=dawn, provider_id=provider.id, amount_pence=-10_000)
    [line] = lines(auditor.get(PAGE))
    today = utc_now().astimezone(LONDON)
    assert line.startswith(f"{today.day} {today:%b %Y}, ")
    assert line.endswith(f"Dawn Stockton Person {dawn.id} adjusted a payment amount: −£100.00 Rowan Lodge Waits")


def test_the_newest_is_first_and_refused_log_ins_are_somebodys(auditor, dawn):
    write("feed.imported", by=None, counts={"payment_methods": 3})
    write("login.refused", dawn, reason="wrong password")
    write("login.refused", reason="unknown")
    newest, known, oldest = lines(auditor.get(PAGE))
    assert "m Somebody was refused: e-mail address and password reason: unknown" in newest
    assert "m Somebody, as Dawn Stockton was refused" in known
    assert "m The portal imported a feed counts: payment methods 3" in oldest


def test_the_seal_of_each_event_and_the_state_of_the_chain_are_shown(auditor):
    nothing = auditor.get(PAGE)
    assert "Nothing is sealed yet; nothing waits." in nothing.words
    assert "Nothing like that is in the audit." in nothing.words
    write("feed.imported")
    seal_waiting()
    write("feed.imported")
    answer = auditor.get(PAGE)
    assert "Sealed up to " in answer.words
    assert "; 1 waits." in answer.words
    assert [row.select("td")[-1].text for row in answer.page.select("#audit tbody tr")] == ["Waits", "1"]


def test_a_chain_that_nobody_seals_is_a_warning(auditor):
    saved(AuditEvent(action="feed.imported", at=utc_now() - timedelta(minutes=11), detail={}))
    answer = auditor.get(PAGE)
    assert "Tell whoever looks after the portal" in answer.page.select_one(".govuk-warning-text").text


@pytest.mark.postgres
def test_a_person_is_found_by_name_or_number_in_what_they_did_and_what_was_done_to_them(auditor, dawn):
    other = make_user(name="Sam Bell", email="sam@example.org")
    write("user.logged_in", dawn, by=dawn)
    write("user.disabled", dawn, by=other)
    write("membership.removed", by=other, user=dawn.id)
    write("user.logged_in", other, by=other)
    assert len(found(auditor, person="stock")) == 3
    assert len(found(auditor, person=f"{dawn.id}")) == len(found(auditor, person=f"Person {dawn.id}")) == 3
    assert len(found(auditor, person=f"{other.id}")) == 3
    assert found(auditor, person="dawn@") == [], "an auditor does not find out addresses by trying"
    assert found(auditor, person="%") == found(auditor, person="nobody") == []


@pytest.mark.postgres
def test_a_provider_is_found_by_name_or_reference_in_what_was_refused_there_as_well(auditor, dawn):
    provider = make_provider(name="Rowan Lodge", reference="P77")
    make_provider(name="Oak House")
    write("hold.released", by=dawn, provider_id=provider.id)
    write("provider.looked_at", provider, by=dawn)
    write("access.refused", by=dawn, asked_for=provider.id)
    write("access.refused", by=dawn, asked_for=999_999)
    assert len(found(auditor, provider="rowan")) == len(found(auditor, provider="p77")) == 3
    assert "asked for: Rowan Lodge" in found(auditor, provider="p77")[0]
    assert found(auditor, provider="Oak") == []


def test_an_action_or_a_group_of_them_is_chosen_from_a_list(auditor, dawn):
    for action in ("login.refused", "access.refused", "user.logged_in"):
        write(action, by=dawn)
    assert len(found(auditor, action="access.refused")) == 1
    assert len(found(auditor, action="refusals")) == 2
    page = auditor.get(PAGE)
    assert "Refusals: all" in page.page.select_one("#action").text
    assert "– was refused a page" in page.page.select_one("#action").text
    assert auditor.get(PAGE + "?action=strange", status=422).errors == ["Choose a kind of event from the list"]


@pytest.mark.postgres
def test_the_period_is_of_days_in_london_and_the_newest_month_if_nobody_says(auditor):
    for at in (datetime(2019, 7, 1, 22, 59, tzinfo=UTC), datetime(2019, 7, 1, 23, 1, tzinfo=UTC)):
        saved(AuditEvent(action="feed.imported", at=at, detail={}))
    assert found(auditor) == []
    assert [line[:20] for line in found(auditor, first="2019-07-02", last="2019-07-02")] == ["2 Jul 2019, 12:01am "]
    assert len(found(auditor, first="2019-07-01", last="2019-07-01")) == 1
    assert len(found(auditor, person="", first="", last="")) == 2
    told = auditor.get(PAGE + "?first=2019-07-02&last=2019-07-01", status=422).errors
    assert told == ["To must be the same day as From, or later"]


@pytest.mark.postgres
def test_who_saw_an_order_or_a_payment_is_found_however_it_is_named(desk, auditor):
    [order, *_] = every(select(PurchaseOrder).order_by(PurchaseOrder.id))
    desk.officer.get(desk.payment)
    [provider] = every(select(Provider).where(Provider.id == desk.contract.provider_id))
    member = PortalClient(desk.officer.app).sign_in(make_user(Role.FINANCE, provider))
    base = f"/providers/{desk.contract.provider_id}"
    member.get(f"{base}/purchase-orders/{order.id}")
    payment = f"{desk.contract.reference} {desk.payment.rpartition('/')[2]}"
    for name in (f"payment {payment}", f"https://portal.example{desk.payment}?rows=2", desk.payment):
        [line] = found(auditor, about=name)
        assert f"Ola Officer Person {desk.officer.user.id} saw clients’ records" in line
        assert f"payment {payment}" in line
    for name in (f"order {order.number}", f"ORDER {order.number} - 1", f"{base}/purchase-orders/{order.id}"):
        [line] = found(auditor, about=name)
        assert f"order {order.number}" in line
    assert "page: provider’s purchase orders, show order" in line
    assert found(auditor, about=f"order:{order.id}") == found(auditor, about=f"purchase_order:{order.id}") == [line]
    with_client = found(auditor, about=f"order {order.number}", client="y", action="client_record.read")
    assert len(with_client) == 2, "the payment has a row for that client"


def test_each_record_leads_to_all_events_about_it(auditor, dawn):
    write("user.disabled", dawn, by=dawn)
    write("user.enabled", dawn, by=dawn)
    write("user.enabled", make_user(), by=dawn)
    link = auditor.get(PAGE).page.select_one("#audit tbody tr:last-child td a")
    assert link.text == "Dawn Stockton: all events about it"
    assert len(lines(auditor.get(link["href"]))) == 2


@pytest.mark.parametrize("text", ["Bart Simpson", "order", "payment 741254 2019-13-01", "order 12345678901"])
def test_a_record_that_cannot_be_understood_is_told(auditor, text):
    assert "Write the record like order 148" in auditor.get(PAGE, query_string={"about": text}, status=422).errors[0]


def test_a_client_is_that_of_an_order(auditor):
    asked = {"about": "run 3", "client": "y"}
    told = auditor.get(PAGE, query_string=asked, status=422).errors
    assert told == ["Name an order as the record, so that we know which client you mean"]


def test_a_long_list_has_pages_and_a_fixed_number_of_queries(auditor, dawn, desk):
    auditor.get(PAGE)
    few = auditor.get(PAGE)
    for number in range(60):
        write("user.enabled", make_user() if number % 20 == 0 else dawn, by=dawn)
    many = auditor.get(PAGE)
    assert len(many.reads) == len(few.reads)
    assert len(lines(many)) == 50
    second = auditor.get(many.page.select_one("[rel=next]")["href"])
    assert 10 <= len(lines(second)) < 50
    assert second.page.select_one("#first")["value"] == many.page.select_one("#first")["value"]


def test_htmx_gets_the_list_alone(auditor):
    part = auditor.get(PAGE + "?action=reads", htmx=True, status=422)
    assert part.page.select_one("#audit")
    part = auditor.get(PAGE + "?person=nobody", htmx=True)
    assert part.page.select_one("#audit")["data-announce"] == "0 events found"


@pytest.mark.postgres
def test_the_file_holds_what_the_page_shows_and_taking_it_is_an_event(auditor, dawn):
    write("user.disabled", dawn, by=dawn, reason="=1+1")
    seal_waiting()
    text = auditor.get(PAGE + "data.csv?person=Dawn&first=2001-01-01").text.removeprefix("\ufeff")
    [headings, row] = csv.reader(io.StringIO(text))
    told = dict(zip(headings, row, strict=True))
    assert (told["Who"], told["What"], told["Record"], told["Seal"]) == (
        "Dawn Stockton", "switched a login off", f"user:{dawn.id}", "1",
    )  # fmt: skip
    assert json.loads(told["Details"]) == {"reason": "=1+1"}
    [event] = every(select(AuditEvent).where(AuditEvent.action == "audit.exported"))
    assert event.detail == {"events": 1, "people": [dawn.id], "first": "2001-01-01"}
    assert event.user_id == auditor.user.id
    assert "dawn" not in json.dumps(event.detail).lower()


def test_a_long_file_is_sent_while_it_is_read_some_at_a_time(auditor, dawn, monkeypatch):
    monkeypatch.setattr(search, "AT_ONCE", 10)
    for _ in range(25):
        write("user.enabled", dawn, by=dawn)
    with counted_statements() as statements:
        answer = auditor._client.get(PAGE + "data.csv?person=Dawn", base_url="http://portal.example")
        assert answer.is_streamed
        pieces = iter(answer.response)
        next(pieces)
        begun = len(lots(statements))
        rows = list(csv.reader(io.StringIO(b"".join(pieces).decode())))
    assert begun <= 1
    assert len(lots(statements)) == 3
    ids = [int(row[0]) for row in rows[1:]]
    assert len(ids) == 25
    assert ids == sorted(ids, reverse=True)
    [event] = every(select(AuditEvent).where(AuditEvent.action == "audit.exported"))
    assert event.detail["events"] == 25


def test_a_long_file_is_whole_where_the_server_reads_it_after_the_request(auditor, dawn):
    for _ in range(3):
        write("user.enabled", dawn, by=dawn)
    answer = auditor._client.get(PAGE + "data.csv?person=Dawn", base_url="http://portal.example")
    sent = Context().run(b"".join, answer.response)  # as a server does, where no portal is entered
    assert len(list(csv.reader(io.StringIO(sent.decode())))) == 1 + 3


def lots(statements):
    return [each for each in statements if "audit_event.detail" in each and "LIMIT" in each]


@pytest.mark.parametrize("role", list(CouncilRole))
def test_only_the_auditor_and_the_systems_administrator_may_look(app, role):
    client = PortalClient(app).sign_in(make_staff(role))
    may = role in (CouncilRole.AUDITOR, CouncilRole.SYSTEMS_ADMINISTRATOR)
    for path in (PAGE, PAGE + "data.csv"):
        client.get(path, status=200 if may else 403)
    areas = {link["href"] for link in client.get("/council/").page.select("nav[aria-label=Menu] a[href^='/council/']")}
    links = {link["href"] for area in areas for link in client.get(area).page.select("nav a")}
    assert (PAGE in links) == may


def test_nobody_at_a_provider_may(app, dawn):
    PortalClient(app).sign_in(dawn).get(PAGE, status=403)
