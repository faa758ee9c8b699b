"""Several payments are held, or released, with one reason."""

import pytest
from sqlalchemy import select, update

from models.audit import AuditEvent
from models.base import utc_now
from models.payments.adjustment import Adjustment, RecoveryPlan
from models.payments.confirmation import Confirmation
from models.payments.hold import Hold
from models.payments.payment import ScheduledPayment
from models.records.provider import Provider
from tests.admin.conftest import MONDAY, SUNDAY, WEEK, two_clients
from tests.admin.payments.acts import LIST, act
from tests.factories import make_contact
from tests.support.rows import every, saved, unit_of_work
from tests.support.runs import calculate, change, orders

HOLD, RELEASE = f"{LIST}hold-many", f"{LIST}release-many"
SEND_BACK, INSTALMENTS = f"{LIST}send-back-many", f"{LIST}instalments-many"


@pytest.fixture
def three(desk):
    """Ids: one that is current, one of another provider, and one that is finalised."""
    other = two_clients(name="Rowan Lodge")
    calculate(SUNDAY)
    found = {(row.contract_id, row.first_on): row.id for row in every(ScheduledPayment)}
    return [
        found[desk.contract.id, MONDAY + WEEK], found[other.id, MONDAY + WEEK], found[desk.contract.id, MONDAY]
    ]  # fmt: skip


def became(answer):
    return [row.select("td")[-1].get_text(" ", strip=True) for row in answer.page.select("tbody tr")]


@pytest.mark.postgres
def test_each_is_held_but_what_refuses_it_and_that_is_named(desk, three):
    page = desk.officer.get(LIST).page
    ticks = [int(each["value"]) for each in page.select("input[name=payment]")]
    assert set(three[:2]) <= set(ticks)
    assert three[2] not in ticks
    asked = desk.officer.get(HOLD + "?" + "&".join(f"payment={each}" for each in three))
    assert [int(each["value"]) for each in asked.page.select("input[name=payment]")] != []
    assert sorted(became(asked)) == ["Held", "Held", "LEFT It is finalised"]
    assert asked.page.select_one("main form button").text == "Hold 2 payments, £1,312.22"
    ticked = desk.officer.get(asked.page.select_one(".govuk-back-link")["href"])
    kept = [
        int(each["value"])
        for each in ticked.page.select("input[name=payment][checked], input[type=hidden]")
        if each["name"] == "payment"
    ]
    assert sorted(kept) == sorted(three[:2]), "who goes back finds what was ticked and can be"
    done = desk.officer.post(HOLD, {"payment": three, "reason": "Bank details asked about"}, status=200)
    assert "2 payments held, 1 not" in done.words
    assert sorted(became(done))[:2] == ["Held", "Held"]
    assert sorted(became(done))[2].startswith("NOT DONE This payment is finalised, so it cannot be held")
    assert {(hold.payment_id, hold.reason) for hold in every(Hold)} == {
        (each, "Bank details asked about") for each in three[:2]
    }
    asked = desk.officer.get(HOLD + "?" + "&".join(f"payment={each}" for each in three))
    assert sorted(became(asked)) == ["LEFT It is finalised", "LEFT It is held already", "LEFT It is held already"]
    assert "Nothing can be done to any of these" in asked.words
    again = desk.officer.post(HOLD, {"payment": three[:1], "reason": "Again"}, status=200)
    assert became(again) == ["NOT DONE This is held already"]
    assert "0 payments held, 1 not" in again.words


def test_the_reasons_of_the_holds_are_shown_and_one_placed_since_stays(desk, three):
    desk.officer.post(HOLD, {"payment": three[:2], "reason": "Invoice missing"}, status=200)
    page = desk.officer.get(RELEASE + "?" + "&".join(f"payment={each}" for each in three[:2]))
    assert became(page) == ["Released. It was held because: Invoice missing"] * 2
    desk.officer.post(RELEASE, {"payment": three[:1], "reason": "It came"}, status=200)
    desk.officer.post(HOLD, {"payment": three[:1], "reason": "Bank details changed"}, status=200)
    done = desk.officer.submit(page, {"reason": "It came"}, status=200)
    assert "1 payment released, 1 not" in done.words
    assert "It was held anew after this page was shown" in done.words
    assert [hold.reason for hold in every(Hold) if not hold.is_released] == ["Bank details changed"]


def test_each_that_is_held_as_a_whole_is_released_and_rows_stay(desk, three):
    desk.officer.post(HOLD, {"payment": three[:1], "reason": "Bank details"}, status=200)
    orders = select(Hold.purchase_order_id)
    form = desk.officer.get(f"{desk.payment}/hold").page
    order_id = form.select("select[name=what] option")[1]["value"]
    act(desk, "hold", {"what": order_id, "reason": "Left?"})
    done = desk.officer.post(RELEASE, {"payment": three, "reason": "They are right"}, status=200)
    assert "1 payment released, of which 1 still held, 2 not" in done.words
    assert sum("The whole of it is not held" in each for each in became(done)) == 2
    assert [(hold.is_released, hold.release_reason) for hold in every(Hold)] == [(True, "They are right"), (False, "")]
    assert every(orders.where(~Hold.is_released)) == [int(order_id)]
    assert [event.action for event in every(AuditEvent) if event.action.startswith("hold.")] == [
        "hold.placed_by_officer", "hold.placed_by_officer", "hold.released",
    ]  # fmt: skip


@pytest.mark.parametrize("path", [HOLD, RELEASE])
def test_without_a_reason_or_a_tick_nothing_happens(desk, three, path):
    refused = desk.officer.post(path, {"payment": three, "reason": " "}, status=422)
    assert refused.errors
    assert len(refused.page.select("input[name=payment]")) == 3, "what was ticked is kept"
    assert "No payment is ticked" in desk.officer.get(path).words
    assert "No payment is ticked" in desk.officer.post(path, {"reason": "Why not"}, status=200).words
    assert "No payment is ticked" in desk.officer.get(path + "?payment=99999999&payment=x").words
    assert every(Hold) == []
    desk.manager.get(path, status=403)
    assert not desk.manager.get(LIST).page.select("input[name=payment]")


@pytest.mark.postgres
def test_those_that_were_rejected_are_sent_back_with_one_text(desk, three):
    change(desk.contract, confirmation="required")
    with unit_of_work() as session:
        rejected = {
            "confirmation": Confirmation.REJECTED,
            "answered_pence": 65_611,
            "answered_at": utc_now(),
            "answered_by_id": desk.officer.user.id,
            "answer_comment": "Left on Tuesday",
        }
        session.execute(update(ScheduledPayment).where(ScheduledPayment.id == three[0]).values(**rejected))
    asked = desk.officer.get(SEND_BACK + f"?payment={three[0]}&payment={three[1]}")
    assert sorted(became(asked)) == ["LEFT This payment takes no answer any more", "Sent back"]
    too_early = desk.officer.submit(asked, {"comment": "Put right", "answer_by": ["1", "1", "2019"]}, status=422)
    assert too_early.errors == ["The last day for an answer is past. Choose today or a later day"]
    assert too_early.page.textarea.text.strip() == "Put right"
    done = desk.officer.submit(too_early, {"comment": "Put right", "answer_by": ["", "", ""]}, status=200)
    assert "1 payment sent back, 1 not" in done.words
    [one] = every(select(ScheduledPayment).where(ScheduledPayment.id == three[0]))
    assert (one.confirmation, one.council_comment) == (Confirmation.UNCONFIRMED, "Put right")


def owes(payment, client_id):
    """£700.00 of earlier days is taken back."""
    own = {"provider_id": payment.provider_id, "contract_id": payment.contract_id, "client_id": client_id}
    saved(Adjustment(**own, for_day=MONDAY, amount_pence=-70_000, reason="Paid twice", is_of_earlier_days=True))
    calculate(SUNDAY)


def test_those_whose_contract_owes_nothing_are_left_without_instalments(desk, three):
    asked = desk.officer.get(INSTALMENTS + f"?payment={three[0]}")
    assert became(asked) == ["LEFT This contract owes nothing, and no payment of it takes anything back"]
    done = desk.officer.post(INSTALMENTS, {"payment": three[:1], "amount": "50", "reason": "Agreed"}, status=200)
    assert "0 contracts agreed, 1 not" in done.words
    assert every(RecoveryPlan) == []


def test_those_of_an_officers_own_provider_are_left_and_named_and_the_others_done(desk, three):
    [own] = every(select(ScheduledPayment).where(ScheduledPayment.id == three[1]))
    make_contact(Provider(id=own.provider_id), email=desk.officer.user.email)
    left = "You have or had a place at its provider, so a colleague has to do this"
    asked = desk.officer.get(HOLD + f"?payment={three[0]}&payment={three[1]}")
    assert sorted(became(asked)) == ["Held", f"LEFT {left}"]
    done = desk.officer.submit(asked, {"reason": "Asked about"}, status=200)
    assert "1 payment held, 1 not" in done.words
    assert sorted(became(done)) == ["Held", f"NOT DONE {left}"]
    assert [hold.payment_id for hold in every(Hold)] == three[:1]
    [refusal] = every(select(AuditEvent).where(AuditEvent.action == "access.conflict"))
    assert refusal.provider_id == own.provider_id
    refused = desk.officer.post(HOLD, {"payment": three[1:2], "reason": "Asked about"}, status=409)
    assert "a colleague has to do this" in refused.words


@pytest.mark.postgres
def test_instalments_are_agreed_once_for_each_contract(desk, three):
    terms = {"amount": "50.00", "reason": "Agreed with both"}
    for row in every(select(ScheduledPayment).where(ScheduledPayment.id.in_(three[:2]))):
        owes(row, [order.client_id for order in orders(row)][0])
    done = desk.officer.post(INSTALMENTS, {"payment": three, **terms}, status=200)
    assert "2 contracts agreed" in done.words
    plans = every(select(RecoveryPlan))
    assert len(plans) == 2
    assert {plan.per_payment_pence for plan in plans} == {5_000}
    again = desk.officer.get(INSTALMENTS + f"?payment={three[0]}")
    assert became(again) == ["LEFT Its contract has an instalment plan already"]
    none = desk.officer.post(INSTALMENTS, {"payment": three, **terms, "amount": "0"}, status=422)
    assert none.errors
    assert len(every(select(RecoveryPlan))) == 2
