"""Every provider's payments on the council's side: the list, one payment, and what an officer does to it."""

import csv
import io
from datetime import date

import pytest
from sqlalchemy import select

from models.audit import AuditEvent
from models.calendar import as_on
from models.payments import answers
from models.payments.adjustment import Adjustment, RecoveryPlan
from models.payments.confirmation import Confirmation
from models.payments.hold import Hold, HoldKind
from models.payments.payment import ScheduledPayment
from models.permissions import Role
from models.records.provider import Provider
from tests.admin.conftest import MONDAY, SUNDAY, WEEK, two_clients
from tests.care_factories import make_item
from tests.factories import make_user
from tests.support.client import PortalClient
from tests.support.rows import every, saved, unit_of_work
from tests.support.runs import calculate, change, orders, payment

LIST = "/council/payments/"


def rows_of(answer):
    return answer.page.select("#payments tbody tr")


@pytest.mark.postgres
def test_the_list_crosses_providers_and_is_filtered_by_the_address(desk):
    other = two_clients(name="Rowan Lodge")
    calculate(SUNDAY)
    everything = desk.officer.get(LIST)
    assert len(rows_of(everything)) == 4
    assert "4 payments" in everything.words
    assert len(rows_of(desk.officer.get(LIST + "?state=finalised"))) == 1
    assert len(rows_of(desk.officer.get(LIST + f"?name=p{other.provider_id}"))) == 2
    assert len(rows_of(desk.officer.get(LIST + f"?first={MONDAY + WEEK}&last={SUNDAY}"))) == 2
    assert all("Future" in row.text for row in rows_of(desk.officer.get(LIST + "?state=future")))
    assert "No payment is like that" in desk.officer.get(LIST + "?name=100%25").words
    part = desk.officer.get(LIST + "?confirmation=rejected", htmx=True)
    assert part.page.select_one("#payments")["data-announce"] == "0 payments found"


def test_a_filter_that_is_none_is_told(desk):
    answer = desk.officer.get(LIST + "?state=strange&first=yesterday", status=422)
    assert "Choose a state from the list" in answer.words


def test_the_list_is_a_file_too(desk):
    text = desk.officer.get(LIST + "data.csv?state=current").response.get_data(as_text=True).removeprefix("\ufeff")
    [heading, row] = csv.reader(io.StringIO(text))
    found = dict(zip(heading, row, strict=True))
    assert (found["State"], found["Total"], found["Answer"]) == ("current", "656.11", "not asked")


@pytest.mark.parametrize("path", [LIST, "/council/"])
def test_the_number_of_queries_does_not_grow_with_providers(desk, path):
    few = desk.officer.get(path)
    for _ in range(10):
        two_clients()
    calculate(SUNDAY)
    assert len(desk.officer.get(path).reads) == len(few.reads)


def test_a_payment_is_explained_as_its_provider_sees_it(desk):
    [provider] = every(select(Provider).where(Provider.id == desk.contract.provider_id))
    member = PortalClient(desk.officer.app).sign_in(make_user(Role.FINANCE, provider))
    theirs = member.get(f"/providers/{provider.id}/payments/{desk.contract.reference}/{MONDAY + WEEK}")
    ours = desk.officer.get(desk.payment)
    assert ours.heading == f"{desk.contract.name} - 30 Sep to 6 Oct 2019"
    explained = [" ".join(each.get_text(" ").split()) for each in theirs.page.select("details.working")]
    assert explained
    assert [" ".join(each.get_text(" ").split()) for each in ours.page.select("details.working")] == explained


def test_providers_and_visitors_have_no_way_in(desk, client):
    member = PortalClient(desk.officer.app).sign_in(make_user(Role.FINANCE))
    for path in ("/council/", LIST, desk.payment, "/council/payment-runs/"):
        assert "You do not have access to this" in member.get(path, status=403).words
        assert client.get(path, status=303).location.startswith("/log-in")
    desk.officer.get(f"/providers/{desk.contract.provider_id}/", status=404)


def test_staff_go_to_the_councils_desk(desk):
    page = desk.officer.follow(desk.officer.get("/providers", status=303))
    assert page.heading == "My work"
    menu = [link.text for link in page.page.select("nav[aria-label=Menu] a")]
    assert menu[:5] == ["Home", "Payment runs", "Payments", "Providers", "People"]


# what an officer does


def act(desk, path, data, status=303):
    answer = desk.officer.post(f"{desk.payment}/{path}", data, status=status)
    return desk.officer.follow(answer) if status == 303 else answer


@pytest.mark.postgres
def test_a_payment_is_held_with_a_reason_and_released(desk):
    assert act(desk, "hold", {"what": "", "reason": " "}, 422).errors
    page = act(desk, "hold", {"what": "", "reason": "Asked the carer"})
    assert "Held. This payment now comes to £656.11" in page.words
    assert "Asked the carer" in page.words
    assert "This is held already" in act(desk, "hold", {"what": "", "reason": "Again"}, 409).words
    desk.officer.post("/council/payment-runs/prepare", {"who": "all"}, status=409)
    [hold] = every(Hold)
    assert "Released." in act(desk, f"holds/{hold.id}/release", {"reason": "She answered"}).words
    refused = act(desk, f"holds/{hold.id}/release", {"reason": "She answered"}, 409)
    assert "This has been released already" in refused.words
    desk.prepare()
    assert [event.action for event in every(AuditEvent) if event.action.startswith("hold.")] == [
        "hold.placed_by_officer",
        "hold.released",
    ]


def test_one_row_is_held_while_the_rest_is_paid(desk):
    [begum] = [order for order in orders(desk.contract) if order.client.surname.startswith("Begum")]
    act(desk, "hold", {"what": str(begum.id), "reason": "Left?"})
    number = desk.prepare()
    page = desk.manager.get(f"/council/payment-runs/{number}")
    assert "This run £353.08" in page.words
    assert "Row held 1" in page.words
    assert "£303.03" in desk.manager.get(f"/council/payment-runs/{number}?show=row+held").words


def test_a_row_of_another_payment_cannot_be_held(desk):
    told = ["Choose a part of the payment from the list"]
    assert act(desk, "hold", {"what": "999999", "reason": "Left?"}, 422).errors == told


ADJUSTMENT = {"amount": "-100.00", "for_day": ["30", "9", "2019"], "reason": "Paid twice in June"}


def given(desk, **changed):
    [client_id, *_] = [order.client_id for order in orders(desk.contract)]
    return ADJUSTMENT | {"client": str(client_id)} | changed


@pytest.mark.postgres
def test_an_adjustment_shows_the_new_total_before_it_is_saved(desk):
    shown = act(desk, "adjust", given(desk), 200)
    assert "The payment for 30 Sep to 6 Oct 2019 would come to £556.11 , and not £656.11" in shown.words
    assert not every(Adjustment)
    saved_page = desk.officer.follow(act(desk, "adjust", given(desk, save="yes"), None))
    assert "Adjusted by −£100.00. This payment now comes to £556.11" in saved_page.words
    [adjustment] = every(Adjustment)
    assert (adjustment.amount_pence, adjustment.for_day) == (-10_000, date(2019, 9, 30))
    page = act(desk, f"adjustments/{adjustment.id}/cancel", {})
    assert "The adjustment is cancelled. This payment now comes to £656.11" in page.words
    assert "cancelled already" in act(desk, f"adjustments/{adjustment.id}/cancel", {}, 409).words


def test_an_adjustment_below_nothing_is_carried_to_later_payments(desk):
    shown = act(desk, "adjust", given(desk, amount="-1,000.00"), 200)
    assert "would come to £0.00 , and not £656.11" in shown.words
    assert "carried to later payments" in shown.words


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"amount": "ten"}, "Amount must be a number, like 1,234.50"),
        ({"amount": ""}, "Enter the amount, like 150.00 or -150.00"),
        ({"for_day": ["31", "2", "2019"]}, "For which day? must be a day of the calendar, like 27 3 2026"),
        ({"reason": ""}, "Say why the payment is adjusted"),
    ],
)
def test_what_is_wrong_with_an_adjustment_is_said(desk, wrong, told):
    assert act(desk, "adjust", given(desk, **wrong), 422).errors == [told]


def test_an_adjustment_of_nothing_is_refused(desk):
    assert "changes nothing" in act(desk, "adjust", given(desk, amount="0", save="yes"), 409).words


def reject(contract):
    [provider] = every(select(Provider).where(Provider.id == contract.provider_id))
    change(contract, confirmation="required")
    member = make_user(Role.FINANCE, provider, name="Priya Provider")
    with as_on(MONDAY + WEEK), unit_of_work() as session:
        found = session.scalars(ScheduledPayment.of(contract.reference, MONDAY + WEEK)).one()
        answers.reject(found, by=member, total_pence=found.total_pence, comment="Begum left on Tuesday")


def test_a_rejected_payment_waits_until_it_is_sent_back(desk):
    reject(desk.contract)
    home = desk.officer.get("/council/")
    assert "Rejected payments" in home.words
    assert len(rows_of(desk.officer.get(LIST + "?exception=rejected"))) == 1
    page = desk.officer.get(desk.payment)
    assert "Rejected by Priya Provider" in page.words
    assert "Begum left on Tuesday" in page.words
    page = act(desk, "send-back", {"comment": "She left on Friday"})
    assert "Sent back" in page.words
    assert payment(desk.contract, MONDAY + WEEK).confirmation is Confirmation.UNCONFIRMED
    assert "not rejected" in act(desk, "send-back", {"comment": "Again"}, 409).words


def test_what_nobody_confirmed_is_let_through_with_a_reason(desk):
    change(desk.contract, confirmation="required", if_unconfirmed="hold")
    assert "It is held until the provider confirms it" in desk.officer.get(desk.payment).words
    page = act(desk, "pay-unconfirmed", {"reason": "The home is closed over Christmas"})
    assert "It may be paid without being confirmed" in page.words
    assert "The home is closed over Christmas" in page.words
    assert payment(desk.contract, MONDAY + WEEK).waits_for_confirmation is False
    again = act(desk, "pay-unconfirmed", {"reason": "Again"}, 409)
    assert "does not wait for a confirmation any more" in again.words


def test_instalments_are_agreed_and_ended(desk):
    make_it_owe(desk)
    page = act(desk, "instalments", {"amount": "50", "reason": "Agreed by telephone"})
    assert "No payment of this contract recovers more than £50.00 now. This payment now comes to £606.11" in page.words
    refused = act(desk, "instalments", {"amount": "60", "reason": "Again"}, 409)
    assert "has an instalment plan already" in refused.words
    page = act(desk, "instalments/end", {})
    assert "has ended. This payment now comes to £0.00" in page.words
    desk.officer.post(f"{desk.payment}/instalments/end", {}, status=404)
    assert every(RecoveryPlan)[0].ended_at is not None


def make_it_owe(desk):
    """More is taken back than the payment comes to, for the week that is finalised."""
    act(desk, "adjust", given(desk, amount="-700", save="yes"), None)


def test_an_instalment_of_nothing_is_refused(desk):
    assert "more than £0.00" in act(desk, "instalments", {"amount": "0", "reason": "None"}, 409).words


def test_the_manager_looks_and_does_not_touch(desk):
    for path in ("hold", "adjust", "send-back", "instalments"):
        desk.manager.get(f"{desk.payment}/{path}", status=403)
    assert not desk.manager.get(desk.payment).page.select("main .acts a")


# my work


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
        row.th.a.text: [cell.text.strip() for cell in row.select("td")] for row in page.page.table.select("tbody tr")
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
