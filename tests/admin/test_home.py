"""The home page of the council's side: what waits, for whom, and who may come in at all."""

import pytest

from models.accounts.login import FAILURES_PER_ACCOUNT, LoginFailure, account_hash
from models.payments.hold import Hold, HoldKind
from models.permissions import CouncilRole, Role
from tests.admin.conftest import MONDAY, SUNDAY, WEEK
from tests.admin.payments.acts import LIST, rows_of
from tests.care_factories import make_item
from tests.factories import make_contact, make_user
from tests.support.client import PortalClient
from tests.support.rows import saved
from tests.support.runs import calculate, change, orders, payment


def test_staff_go_to_the_councils_desk(desk):
    page = desk.officer.follow(desk.officer.get("/providers", status=303))
    assert page.heading == "My work"
    menu = [link.text for link in page.page.select("nav[aria-label=Menu] a")]
    assert menu[:5] == ["Home", "Payment runs", "Payments", "What is owed", "Providers"]


def test_providers_and_visitors_have_no_way_in(desk, client):
    member = PortalClient(desk.officer.app).sign_in(make_user(Role.FINANCE))
    for path in ("/council/", LIST, desk.payment, "/council/payment-runs/"):
        assert "You do not have access to this" in member.get(path, status=403).words
        assert client.get(path, status=303).location.startswith("/log-in")
    desk.officer.get(f"/providers/{desk.contract.provider_id}/", status=404)


@pytest.mark.postgres
def test_my_work_names_what_waits_how_long_and_how_much_money(desk):
    [begum] = [order for order in orders(desk.contract) if order.client.surname.startswith("Begum")]
    found = payment(desk.contract, MONDAY + WEEK)
    own = {"provider_id": desk.contract.provider_id, "payment_id": found.id, "reason": "Left?"}
    saved(Hold(**own, purchase_order_id=begum.id, kind=HoldKind.QUERY))
    make_item(desk.contract, rate_e4=1_000_000, starts_on=MONDAY + WEEK, authorised_on=None)
    calculate(SUNDAY)
    number = desk.prepare()
    page = desk.manager.get("/council/")
    queues = {
        row.th.a.text: [cell.text.strip() for cell in row.select("td")]
        for row in page.page.select("table.waits tbody tr")
    }
    assert queues["Queried rows"][::2] == ["1", "£303.03"]
    assert queues["Payments that wait"] == ["1", "30 Sep 2019", "£100.00"]
    assert queues["Payment runs to authorise"][::2] == ["1", "£353.08"]
    for link in page.page.select("tbody a"):
        desk.manager.get(link["href"])
    assert number
    assert len(rows_of(desk.officer.get(LIST + "?exception=queried"))) == 1


def test_an_unconfirmed_payment_whose_cut_off_is_near_is_work(desk):
    change(desk.contract, confirmation="required")
    assert "Unconfirmed payments" in desk.officer.get("/council/").words
    assert len(rows_of(desk.officer.get(LIST + "?exception=cut-off+near"))) == 1


def test_nothing_waits(desk):
    assert "Nothing waits." in desk.officer.get("/council/").words


HOLIDAYS = "/council/bank-holidays/"
HOMES = {
    "payments_officer": {"/council/payment-runs/", "/council/payment-runs/prepare", HOLIDAYS},
    "payments_manager": {"/council/payment-runs/", HOLIDAYS},
    "finance_panel": {HOLIDAYS},
    "help_desk": {"/council/people/?state=locked"},
    "systems_administrator": {"/council/people/?state=locked", "/council/providers/waiting", HOLIDAYS},
    "auditor": {"/council/payment-runs/", HOLIDAYS},
}


@pytest.mark.parametrize("role", list(CouncilRole))
def test_each_role_has_a_home_whose_links_it_may_all_open(colleague, provider, robin, role):
    person = make_user()
    for _ in range(FAILURES_PER_ACCOUNT):
        saved(LoginFailure(account=account_hash(person.email), address="x"))
    client = colleague(role)
    home = client.get("/council/")
    links = {each["href"] for each in home.page.select("main a[href], nav a[href]")}
    assert {each["href"] for each in home.page.select("main a[href]")} == HOMES.get(role.value, set())
    searched = {each["action"] for each in home.page.select("main form[method=get]")}
    assert bool(searched) == (role.value not in ("payments_officer", "payments_manager", "auditor"))
    for link in links | searched:
        client.get(link)


@pytest.mark.parametrize("role", list(CouncilRole))
def test_no_page_about_providers_and_people_has_a_link_that_is_refused(colleague, provider, robin, role):
    client, tried = colleague(role), set()
    make_contact(provider)
    lists = ("/council/", "/council/people/", "/council/providers/")
    waiting = {*lists, f"/council/people/{robin.id}", f"/council/providers/{provider.id}"}
    while waiting:
        page = client.get(path := waiting.pop())
        tried.add(path)
        links = {each["href"].partition("#")[0] for each in page.page.select("main a[href], nav a[href]")}
        waiting |= {link for link in links if link.startswith("/council/") and "page=" not in link} - tried
    assert len(tried) >= 6
