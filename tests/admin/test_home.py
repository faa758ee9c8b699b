"""The home page of the council's side: what waits, for whom, and who may come in at all."""

from contextvars import Context

import pytest
from sqlalchemy import select

from blueprints.admin.home.queues import QUEUES
from models.accounts.login import FAILURES_PER_ACCOUNT, LoginFailure, account_hash
from models.calendar import Frequency
from models.payments.hold import Hold, HoldKind
from models.payments.payment import ScheduledPayment
from models.payments.run import PaymentRun, RunPayment
from models.permissions import CouncilRole, Role
from models.statements import refuse_days
from tests.admin.conftest import MONDAY, SUNDAY, WEEK, two_clients
from tests.admin.payments.acts import LIST, rows_of
from tests.care_factories import make_calendar, make_contract, make_item
from tests.factories import make_contact, make_provider, make_staff, make_user
from tests.support.client import PortalClient
from tests.support.rows import every, saved
from tests.support.runs import calculate, change, orders, payment


def test_staff_go_to_the_councils_desk(desk):
    page = desk.officer.follow(desk.officer.get("/providers", status=303))
    assert page.heading == "My work"
    menu = [link.text for link in page.page.select("nav[aria-label=Menu] a")]
    assert menu == ["Home", "Payments", "Actions", "Providers", "Care", "Checks"]
    within = [link.text for link in page.page.select("nav[aria-label='In this area'] a")]
    assert within == []
    runs = desk.officer.get("/council/payment-runs/").page
    within = [link.text for link in runs.select("nav[aria-label='In this area'] a")]
    assert within == [
        "Payment runs", "Payments", "What is owed", "Claims", "Invoices", "Actuals", "Timesheets",
    ]  # fmt: skip
    assert runs.select_one("nav[aria-label=Menu] [aria-current]").get_text(strip=True) == "Payments"


def test_providers_and_visitors_have_no_way_in(desk, client):
    member = PortalClient(desk.officer.app).sign_in(make_user(Role.FINANCE))
    for path in ("/council/", LIST, desk.payment, "/council/payment-runs/"):
        assert "You do not have access to this" in member.get(path, status=403).words
        assert client.get(path, status=303).location.startswith("/log-in")
    desk.officer.get(f"/providers/{desk.contract.provider_id}/", status=404)


@pytest.mark.parametrize("queue", QUEUES, ids=lambda queue: queue.name)
def test_a_query_that_is_kept_knows_no_day_no_setting_and_no_person(queue):
    """In an empty context there is no portal and nobody who looks: what asks for any of them cannot be built there."""
    weeks = (13,) if queue.is_of_weeks else ()
    Context().run(lambda: refuse_days(queue.query(*weeks), queue.name))


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
    assert queues["Queried rows"][:3:2] == ["1", "£303.03"]
    assert queues["Payments that wait"][:3] == ["1", "30 Sep 2019", "£100.00"]
    assert queues["Payment runs to authorise"][:3:2] == ["1", "£353.08"]
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
SECOND, BOUND = "/council/second-person/", "/council/conflicts/"
TYPES = "/council/actions/types/"
RELIEF = "/council/care-relief/"
HOMES = {
    "payments_officer": {"/council/payment-runs/", "/council/payment-runs/prepare", HOLIDAYS, RELIEF},
    "payments_manager": {"/council/payment-runs/", HOLIDAYS, SECOND, TYPES, RELIEF},
    "finance_panel": {HOLIDAYS, RELIEF},
    "help_desk": {"/council/people/?state=locked"},
    "systems_administrator": {
        "/council/people/?state=locked",
        "/council/providers/waiting",
        HOLIDAYS,
        SECOND,
        BOUND,
        TYPES,
    },
    "auditor": {"/council/payment-runs/", HOLIDAYS, SECOND, BOUND, RELIEF},
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


def due_rows(answer):
    return [
        [cell.get_text(" ", strip=True) for cell in row.select("th, td")] for row in answer.page.select(".due tbody tr")
    ]


def test_what_is_due_stands_first_by_day_with_what_is_free_and_held(desk, set_today):
    desk.officer.post(f"{desk.payment}/hold", {"what": "", "reason": "Asked about"}, status=303)
    other = two_clients(name="Rowan Lodge")
    calculate(SUNDAY)
    page = desk.officer.get("/council/")
    assert due_rows(page)[:2] == [
        ["Overdue since Sunday 29 September 2019", "1 payment overdue", "£656.11", "", "Prepare it : Overdue"],
        ["Today Sunday 6 October 2019", "2 payments today", "£656.11", "£656.11", "Prepare it : Today"],
    ]
    assert due_rows(desk.manager.get("/council/"))[0][-1] == "", "who does not prepare has no link to it"
    set_today(SUNDAY - WEEK / 7)
    page = desk.officer.get("/council/")
    assert due_rows(page)[1][::4] == ["Tomorrow Sunday 6 October 2019", ""], "it cannot be prepared before its day"
    shown = desk.officer.get(page.page.select(".due td a[href*=finalise]")[0]["href"])
    assert len(rows_of(shown)) == 2
    assert other.name in shown.words
    set_today(SUNDAY)
    desk.prepare()
    assert [row[-1] for row in due_rows(desk.officer.get("/council/"))[:2]] == ["In a run", "In a run"]


def test_the_link_of_a_day_to_come_lists_just_those_payments_that_it_counts(desk):
    """Of two that are finalised on 13 October one has begun, a fortnight; the week of the other is still to begin."""
    fortnights = make_calendar(frequency=Frequency.FORTNIGHTLY, anchor_on=MONDAY + WEEK)
    other = make_contract(make_provider(name="Rowan Lodge"), calendar=fortnights, calculate_from=MONDAY + WEEK)
    make_item(other, 1_000_000, starts_on=MONDAY + WEEK)
    calculate(SUNDAY)
    [row] = [row for row in desk.officer.get("/council/").page.select(".due tbody tr") if "13 October" in row.text]
    assert row.td.a.find(string=True) == "1"
    shown = desk.officer.get(row.td.a["href"])
    assert len(rows_of(shown)) == 1
    assert "Rowan Lodge" in rows_of(shown)[0].text
    assert len(rows_of(desk.officer.get(f"{LIST}?finalise=2019-10-13"))) == 2


@pytest.mark.parametrize(("due", "taken"), [("overdue", MONDAY + WEEK), ("today", MONDAY + 2 * WEEK)])
def test_the_link_of_a_day_prepares_just_those(desk, set_today, work, due, taken):
    """One payment is overdue and one is due today; the run is of the one or the other."""
    calculate(SUNDAY + WEEK)
    set_today(SUNDAY + WEEK)
    home = desk.officer.get("/council/")
    link = home.page.select_one(f".due a[href$='due={due}']")["href"]
    form = desk.officer.get(link)
    assert form.page.select_one("input[name=due][checked]")["value"] == due
    desk.officer.submit(form, status=303)
    assert work()
    [run] = every(PaymentRun.newest_first().limit(1))
    first_days = select(ScheduledPayment.first_on).join(RunPayment, RunPayment.payment_id == ScheduledPayment.id)
    assert every(first_days.where(RunPayment.run_id == run.id)) == [taken]
    assert "only" in desk.officer.get(f"/council/payment-runs/{run.id}").words


def test_a_colleague_sees_who_is_on_a_queue_and_may_take_it_over(desk):
    change(desk.contract, confirmation="required")
    ola, mia = desk.officer, PortalClient(desk.officer.app).sign_in(make_staff(name="Mia Other"))
    stale = mia.get("/council/")
    taken = ola.follow(ola.submit(ola.get("/council/"), form=".waits form"))
    assert "You are on it." in taken.words
    assert "You, since" in taken.words
    refused = mia.submit(stale, form=".waits form", status=422)
    assert refused.errors == ["Ola Officer has just taken this. Ask them, or take it over from them"]
    assert refused.heading == "My work"
    over = mia.follow(mia.submit(refused, form=".waits form"))
    assert "You, since" in over.words
    assert "Mia Other, since" in ola.get("/council/").words
    assert "Mia Other, since" in desk.manager.get("/council/").words
    assert not desk.manager.get("/council/").page.select(".waits form"), "a manager does not answer for providers"
    mia.follow(mia.submit(mia.get("/council/"), form=".waits form"))
    assert "since " not in ola.get("/council/").page.select_one(".waits .who").text
    desk.manager.post("/council/queues/cut-off near/take", status=404)
    ola.post("/council/queues/nonsense/take", status=404)


def test_the_desk_asks_the_same_number_of_questions_however_much_waits(desk):
    change(desk.contract, confirmation="required")
    few = {who: who.get("/council/") for who in (desk.officer, desk.manager)}
    for number in range(10):
        two_clients(name=f"Lodge {number}", confirmation="required")
    calculate(SUNDAY)
    for who, before in few.items():
        after = who.get("/council/")
        assert len(after.reads) == len(before.reads) <= 8, "\n".join(after.reads)
