"""A payment, or one of its rows, is held and released."""

import pytest

from models.audit import AuditEvent
from models.payments.hold import Hold
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
    assert "This is held already" in act(desk, "hold", {"what": "", "reason": "Again"}, 409).words
    paid_before = len(every(PaymentRun))
    desk.prepare()
    assert len(every(PaymentRun)) == paid_before, "nothing is due"
    [hold] = every(Hold)
    assert "Released." in act(desk, f"holds/{hold.id}/release", {"reason": "She answered"}).words
    refused = act(desk, f"holds/{hold.id}/release", {"reason": "She answered"}, 409)
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
