"""What a contract owes is taken back in instalments."""

from models.payments.adjustment import RecoveryPlan
from tests.admin.payments.acts import act, fill, make_it_owe
from tests.support.rows import every


def test_instalments_are_agreed_and_ended(desk):
    make_it_owe(desk)
    page = act(desk, "instalments", {"amount": "50", "reason": "Agreed by telephone"})
    assert "No payment of this contract recovers more than £50.00 now." in page.words
    assert "This payment now comes to −£43.89, of which £606.11 goes to the bank" in page.words
    refused = act(desk, "instalments", {"amount": "60", "reason": "Again"}, 409)
    assert "has an instalment plan already" in refused.words
    page = fill(desk, "instalments/end")
    assert "has ended. This payment now comes to −£43.89, of which £0.00 goes to the bank" in page.words
    desk.officer.post(f"{desk.payment}/instalments/end", {}, status=404)
    assert every(RecoveryPlan)[0].ended_at is not None


def test_where_nothing_is_owed_no_instalments_are_agreed(desk):
    refused = act(desk, "instalments", {"amount": "50", "reason": "Just in case"}, 409)
    assert "This contract owes nothing, and no payment of it takes anything back." in refused.words
    assert every(RecoveryPlan) == []


def test_an_instalment_of_nothing_is_refused(desk):
    assert "more than £0.00" in act(desk, "instalments", {"amount": "0", "reason": "None"}, 409).words
