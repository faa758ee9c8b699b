"""What a confirmation lets go, and what a query would hold: the button, the lock and the standing agree."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models.base import DomainError
from models.calendar import as_on
from models.payments import answers, officer
from models.payments.confirmation import Confirmation
from models.payments.hold import Hold
from models.payments.payment import ScheduledPayment
from models.payments.standing import standing_of
from models.payments.to_answer import Confirmed, confirmed_of, to_answer
from models.permissions import Role
from models.records.provider import Provider
from tests.care_factories import make_client, make_contract, make_item
from tests.factories import make_user
from tests.support.rows import every, reading, unit_of_work
from tests.support.runs import calculate, change, finalise, orders, payment
from tests.support.states import STATES, office

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

MONDAY = date(2019, 9, 30)
TODAY = date(2019, 10, 1)  # the cut-off of the calendar that make_calendar gives
DAY = timedelta(days=1)


@pytest.fixture
def contract():
    contract = make_contract(calculate_from=MONDAY, confirmation="required")
    make_item(contract, client=make_client(surname="Adams"))
    make_item(contract, rate_e4=3_030_300, client=make_client(surname="Begum"))
    calculate(TODAY)
    return contract


@pytest.fixture
def finance(contract):
    [provider] = every(select(Provider).where(Provider.id == contract.provider_id))
    return make_user(Role.FINANCE, provider)


def answer(contract, verb, **given):
    with as_on(TODAY), unit_of_work() as session:
        found = session.scalars(ScheduledPayment.of(contract.reference, MONDAY)).one()
        verb(found, **{"total_pence": found.total_pence} | given)


def begum_of(contract):
    return next(order.id for order in orders(contract) if order.client.surname == "Begum")


@pytest.mark.parametrize(("said", "is_right"), [(65_611, False), (35_307, False), (35_308, True)])
def test_what_the_button_said_is_what_is_let_go(contract, finance, said, is_right):
    def press():
        answer(contract, answers.confirm, by=finance, queries={begum_of(contract): "She left"}, confirms_pence=said)

    if is_right:
        press()
    else:
        with pytest.raises(DomainError, match="What you confirm has changed from .* to £353.08"):
            press()
    assert (payment(contract, MONDAY).confirmation is Confirmation.CONFIRMED) == is_right
    assert bool(every(Hold)) == is_right


def test_where_queried_rows_are_paid_all_of_it_is_let_go(contract, finance):
    change(contract, if_queried="pay")
    answer(contract, answers.confirm, by=finance, queries={begum_of(contract): "She left"}, confirms_pence=65_611)
    assert payment(contract, MONDAY).confirmation is Confirmation.CONFIRMED


def test_a_row_that_is_held_meanwhile_is_not_confirmed_unseen_nor_a_rejection_taken_back(contract, finance):
    answer(contract, answers.reject, by=finance, comment="Wrong")
    with as_on(TODAY), unit_of_work() as session:
        found = session.scalars(ScheduledPayment.of(contract.reference, MONDAY)).one()
        officer.hold(found, by=finance, reason="Asked about", order_id=begum_of(contract))
    with pytest.raises(DomainError, match="from £656.11 to £353.08"):
        answer(contract, answers.take_back, by=finance, confirms_pence=65_611)
    assert payment(contract, MONDAY).confirmation is Confirmation.REJECTED
    answer(contract, answers.take_back, by=finance, confirms_pence=35_308)


def test_what_is_still_to_be_paid_of_each_row(contract, finance):
    def asked(reference=contract.reference):
        with as_on(TODAY), reading() as session:
            return to_answer(session.scalars(ScheduledPayment.of(reference, MONDAY)).one())

    begum = begum_of(contract)
    adams = next(order.id for order in orders(contract) if order.id != begum)
    found = asked()
    assert (found.drafts, found.held, found.confirms_pence) == ({adams: 35_308, begum: 30_303}, frozenset(), 65_611)
    assert [found.queried_pence(ids) for ids in ((), (begum,), (begum, adams), (0,))] == [0, 30_303, 65_611, 0]
    answer(contract, answers.confirm, by=finance, queries={begum: "She left"})
    assert (asked().held, asked().confirms_pence) == (frozenset({begum}), 35_308)
    finalise(MONDAY + 6 * DAY)
    assert (asked().drafts, asked().confirms_pence) == ({begum: 30_303}, 35_308)


def confirmed(contract):
    with as_on(TODAY), reading() as session:
        return confirmed_of(session.scalars(ScheduledPayment.of(contract.reference, MONDAY)).one())


def test_what_was_confirmed_stays_what_it_was_whatever_is_released_held_or_paid_afterwards(contract, finance):
    """The page said "confirmed £657.18" once a queried row had been released, though £354.15 was."""
    assert confirmed(contract) == Confirmed(0)
    begum = begum_of(contract)
    answer(contract, answers.confirm, by=finance, queries={begum: "She left"}, confirms_pence=35_308)
    then = Confirmed(35_308, queried_pence=30_303)
    assert confirmed(contract) == then

    def act(verb, **given):
        with as_on(TODAY), unit_of_work() as session:
            found = session.scalars(ScheduledPayment.of(contract.reference, MONDAY)).one()
            verb(session, found, **given)

    act(lambda session, found: officer.release(
        found, session.scalars(Hold.on(found)).one(), by=session.merge(finance), reason="She stayed"
    ))  # fmt: skip
    assert confirmed(contract) == then
    adams = next(order.id for order in orders(contract) if order.id != begum)
    act(lambda session, found: officer.hold(found, by=session.merge(finance), reason="Wait", order_id=adams))
    assert confirmed(contract) == then, "what is held later was confirmed all the same"
    finalise(MONDAY + 6 * DAY)
    assert confirmed(contract) == then


def test_a_row_that_the_council_held_was_not_confirmed_and_one_released_before_was(contract, finance):
    begum = begum_of(contract)
    with as_on(TODAY), unit_of_work() as session:
        found = session.scalars(ScheduledPayment.of(contract.reference, MONDAY)).one()
        officer.hold(found, by=finance, reason="Asked about", order_id=begum)
    answer(contract, answers.confirm, by=finance)
    assert confirmed(contract) == Confirmed(35_308, held_pence=30_303)
    [held] = every(Hold)
    before = payment(contract, MONDAY).answered_at - timedelta(seconds=1)
    change(held, released_at=before, released_by_id=finance.id, release_reason="Fine")
    assert confirmed(contract) == Confirmed(65_611)


def test_a_query_that_is_paid_all_the_same_is_confirmed(contract, finance):
    change(contract, if_queried="pay")
    answer(contract, answers.confirm, by=finance, queries={begum_of(contract): "She left"})
    assert confirmed(contract) == Confirmed(65_611)


@pytest.mark.parametrize("state", STATES)
def test_in_every_state_it_lets_go_what_the_standing_says(state):
    the = STATES[state](office())
    with as_on(the.today), reading():
        assert to_answer(the.payment).confirms_pence == standing_of(the.payment).to_confirm_pence
