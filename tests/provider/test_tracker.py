"""Where a payment stands once the bank has returned it: its page, the list, home and the desk."""

from datetime import date

import pytest
from sqlalchemy import select

from models.payments.run import RunPayment
from models.payments.sent import SentPayment
from models.permissions import Role
from models.records.provider import Provider
from tests.factories import make_staff, make_user
from tests.support.client import PortalClient
from tests.support.rows import every, unit_of_work
from tests.support.states import MONDAY, STATES, Office, office


@pytest.fixture
def returned(app, set_today) -> Office:
    the = STATES["finalised"](office())
    with unit_of_work() as session:
        part = session.scalars(select(RunPayment)).one()
        session.add(
            SentPayment(
                provider_id=part.provider_id, contract_id=the.contract.id, payment_id=part.payment_id,
                period_first_on=MONDAY, run_id=part.run_id, amount_pence=part.paid_pence, sent_on=date(2019, 10, 7),
                returned_on=date(2019, 10, 10), return_reason="No such account",
            )
        )  # fmt: skip
    set_today(date(2019, 10, 12))
    return the


def page(client, path, the):
    user = make_user(Role.FINANCE, every(select(Provider).where(Provider.id == the.contract.provider_id))[0])
    return client.sign_in(user).get(f"/providers/{the.contract.provider_id}/{path}")


def test_the_page_of_a_returned_payment_says_so_and_where_it_is_mended(client, returned):
    answer = page(client, f"payments/{returned.contract.reference}/{MONDAY}", returned)
    steps = [step.get_text(strip=True) for step in answer.page.select(".steps li")]
    assert steps[-1] == "Returned by the bank 10 Oct 2019"
    assert "£656.11 was returned by the bank, and is paid again once you have told the council" in answer.words
    assert "Tell the council your right bank details. It then pays you again." in answer.words
    assert answer.page.select_one(".slices a")["href"].startswith(
        f"/providers/{returned.contract.provider_id}/actions/new?contract={returned.contract.reference}"
    )


def test_home_and_the_list_say_that_it_was_returned(client, returned):
    words = page(client, "", returned).words
    assert "The bank has returned £656.11 Tell the council your right bank details" in words
    listed = page(client, "payments/?year=2019", returned).words
    assert "£656.11 returned by the bank" in listed
    assert "Returned by the bank £656.11" in page(client, "where-every-pound-is/", returned).words


def test_the_desk_has_a_queue_of_returned_payments(app, returned):
    officer = PortalClient(app).sign_in(make_staff())
    words = officer.get("/council/").words
    assert "Returned payments" in words
    assert "£656.11" in words
    listed = officer.get("/council/payments/?exception=returned")
    assert len(listed.page.select("table tbody tr")) == 1
    shown = officer.get(f"/council/payments/{returned.contract.reference}/{MONDAY}")
    assert "Ask the provider for its bank details, then pay it again in the finance system." in shown.words
    assert shown.page.select_one(".slices a")["href"] == "/council/payments/?exception=returned"
