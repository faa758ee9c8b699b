"""A rejected payment is sent back, and one that nobody confirmed is let through."""

from sqlalchemy import select

from models.calendar import as_on
from models.payments import answers
from models.payments.confirmation import Confirmation
from models.payments.payment import ScheduledPayment
from models.permissions import Role
from models.records.provider import Provider
from tests.admin.conftest import MONDAY, WEEK
from tests.admin.payments.acts import LIST, act, fill, rows_of
from tests.factories import make_user
from tests.support.rows import every, unit_of_work
from tests.support.runs import change, payment


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
    assert (
        "Nobody had answered by the end of Tuesday 1 October 2019, so it is held"
        in desk.officer.get(desk.payment).words
    )
    page = fill(desk, "pay-as-it-is", {"reason": "The home is closed over Christmas"})
    assert "It is paid as it is. Nobody at the provider has a login to the portal" in page.words
    assert "The home is closed over Christmas" in page.words
    assert payment(desk.contract, MONDAY + WEEK).waits_for_confirmation is False
    assert "Unconfirmed payments" not in desk.officer.get("/council/").words
    again = fill(desk, "pay-as-it-is", {"reason": "Again"}, 409)
    assert "waits for no answer now" in again.words
    page = act(desk, "keep-back-again", {})
    assert "It is kept back again" in page.words
    assert payment(desk.contract, MONDAY + WEEK).waits_for_confirmation is True
    assert "is not paid as it is any more" in act(desk, "keep-back-again", {}, 409).words


def test_a_rejection_that_is_paid_as_it_is_is_no_work_any_more(desk):
    reject(desk.contract)
    fill(desk, "pay-as-it-is", {"reason": "She stayed, says the school"})
    assert "Rejected payments" not in desk.officer.get("/council/").words
    act(desk, "keep-back-again", {})
    assert "Rejected payments" in desk.officer.get("/council/").words
