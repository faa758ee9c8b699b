"""Where a payment stands once the bank has returned it: its page, the list, home and the desk."""

from datetime import date

import pytest
from sqlalchemy import select, update

from models.payments.run import RunPayment
from models.payments.sent import SentPayment
from models.permissions import Role
from models.records.provider import Provider
from tests.care_factories import make_contract, make_item
from tests.factories import make_provider, make_staff, make_user
from tests.support.client import PortalClient
from tests.support.rows import every, unit_of_work
from tests.support.runs import answered, calculate, change, payment
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


def test_home_says_where_each_payment_of_one_bank_day_stands(client, set_today):
    provider, monday = make_provider(), date(2019, 9, 30)
    asks = {"confirmation": "required"}
    contracts = [make_contract(provider, calculate_from=monday, name=name, **asks) for name in ("Elm", "Oak")]
    for contract in contracts:
        make_item(contract, starts_on=monday)
    calculate(monday)
    elm = payment(contracts[0], monday)
    change(elm, **answered("confirmed", elm.total_pence))
    set_today(monday)
    answer = client.sign_in(make_user(Role.FINANCE, provider)).get(f"/providers/{provider.id}/")
    [day] = answer.page.select(".next-payment")
    told = [" ".join(each.get_text().split()) for each in day.select(".table__why")]
    assert told[0] == "To be authorised by 6 Oct 2019. The Children's Services Finance Team has it."
    assert told[1:] == ["To be confirmed by 1 Oct 2019. It waits for you."]


def in_the_bank(answer):
    return next(
        each.find_next("dd").get_text()
        for each in answer.page.select("dl.strip dt")
        if each.get_text() == "In the bank"
    )


def test_the_council_reads_on_which_day_it_was_in_the_bank_after_all(app, returned):
    there = f"/council/payments/{returned.contract.reference}/{MONDAY}"
    for told, day in (
        ({"paid_again_on": date(2019, 10, 16)}, "16 Oct 2019"),
        (
            {"in_bank_on": date(2019, 10, 8), "returned_on": None, "paid_again_on": None, "return_reason": ""},
            "8 Oct 2019",
        ),
    ):
        with unit_of_work() as session:
            session.execute(update(SentPayment).values(**told))
        assert in_the_bank(PortalClient(app).sign_in(make_staff()).get(there)) == day


def test_the_desk_has_a_queue_of_returned_payments(app, returned):
    officer = PortalClient(app).sign_in(make_staff())
    words = officer.get("/council/").words
    assert "Returned payments" in words
    assert "£656.11" in words
    listed = officer.get("/council/payments/?exception=returned")
    assert len(listed.page.select("table tbody tr")) == 1
    shown = officer.get(f"/council/payments/{returned.contract.reference}/{MONDAY}")
    assert in_the_bank(shown) == "Returned 10 Oct 2019"
    assert "Ask the provider for its bank details, then pay it again in the finance system." in shown.words
    assert shown.page.select_one(".slices a")["href"] == "/council/payments/?exception=returned"
