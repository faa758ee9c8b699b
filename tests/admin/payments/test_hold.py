"""A payment, or one of its rows, is held and released."""

import pytest

from blueprints.lookups import PER_PAGE
from models.audit import AuditEvent
from models.payments.hold import Hold
from models.payments.payment import ScheduledPayment
from models.payments.run import PaymentRun
from tests.admin.payments.acts import act
from tests.support.rows import every
from tests.support.runs import orders


@pytest.mark.postgres
def test_a_payment_is_held_with_a_reason_and_released(desk):
    assert act(desk, "hold", {"what": "", "reason": " "}, 422).errors
    page = act(desk, "hold", {"what": "", "reason": "Asked the carer"})
    assert "Held. This payment now comes to £656.11" in page.words
    assert "Asked the carer" in page.words
    assert "This is held already" in act(desk, "hold", {"what": "", "reason": "Again"}, 422).words
    paid_before = len(every(PaymentRun))
    desk.prepare()
    assert len(every(PaymentRun)) == paid_before, "nothing is due"
    [hold] = every(Hold)
    assert "Released." in act(desk, f"holds/{hold.id}/release", {"reason": "She answered"}).words
    refused = act(desk, f"holds/{hold.id}/release", {"reason": "She answered"}, 422)
    assert "This has been released already" in refused.words
    desk.prepare()
    assert len(every(PaymentRun)) == paid_before + 1
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
    assert "Row held £303.03 1" in page.words
    assert "£303.03" in desk.manager.get(f"/council/payment-runs/{number}?show=row+held").words


def test_a_row_of_another_payment_cannot_be_held(desk):
    told = ["Choose a part of the payment from the list"]
    assert act(desk, "hold", {"what": "999999", "reason": "Left?"}, 422).errors == told


def test_released_while_a_standing_hold_has_it_the_pages_say_that_it_is_still_held(desk):
    act(desk, "hold", {"what": "", "reason": "Asked about"})
    begin_standing(desk)
    [hold] = [each for each in every(Hold) if each.standing_id is None]
    page = act(desk, f"holds/{hold.id}/release", {"reason": "It is right"})
    assert "Released, but it is still held by a standing hold." in page.words


def test_of_several_released_each_says_by_what_it_is_still_held(desk):
    act(desk, "hold", {"what": "", "reason": "Asked about"})
    begin_standing(desk)
    [hold] = [each for each in every(Hold) if each.standing_id is None]
    page = desk.officer.post(
        "/council/payments/release-many", {"payment": [hold.payment_id], "reason": "It is right"}, status=200
    )
    assert "1 payment released, of which 1 still held" in page.words
    assert "Released, but still held by a standing hold" in page.words


def test_more_than_one_page_takes_is_said(desk):
    ids = [payment.id for payment in every(ScheduledPayment)][: PER_PAGE + 2]
    page = desk.officer.get("/council/payments/hold-many?" + "&".join(f"payment={each}" for each in ids))
    assert f"{len(ids) - PER_PAGE} of those that were ticked are not among these" in page.words
    page = desk.officer.get("/council/payments/hold-many?" + "&".join(f"payment={each}" for each in ids[:PER_PAGE]))
    assert "not among these" not in page.words


def begin_standing(desk):
    typed = {"what": "", "reason": "Safeguarding", "last_on": ["", "", ""]}
    days = {"first_on": ["1", "10", "2019"], "review_on": ["1", "12", "2019"]}
    desk.officer.post(f"/council/standing-holds/new/{desk.contract.provider_id}", typed | days, status=303)
