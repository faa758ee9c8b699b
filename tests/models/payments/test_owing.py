"""The ledger of a contract, the list of all debts, and which payments to come take what is owed."""

import pytest
from sqlalchemy import select

from models.base import session
from models.calendar import as_on
from models.payments import debts, officer
from models.payments.debt import WriteOff
from models.payments.hold import Hold, HoldKind
from models.payments.ledger import Step
from models.payments.owing import WORK, Concern, ever_owed, forecasts, listed, waiting
from models.records.care_package import ItemPrice
from models.waiting import ask
from tests.care_factories import make_contract, make_item
from tests.factories import make_provider, make_staff
from tests.support.client import counted_statements
from tests.support.debts import AFTER, DAY, FIRST, WEEK, act, forecast, ledger, owing, repay
from tests.support.rows import every, reading, saved
from tests.support.runs import banked, change, finalise, owed, payment

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]


@pytest.fixture
def ola():
    return make_staff(name="Ola Bright")


def references(**given):
    with as_on(AFTER), reading():
        return [row.reference for row in session.execute(listed(**given))]


def test_the_ledger_says_what_each_run_added_and_took_and_what_was_left(ola):
    contract = owing(25_000)
    finalise(AFTER + 6 * DAY)
    repay(contract, 4_000, ola, on=AFTER + WEEK, came_on=AFTER + WEEK)
    finalise(AFTER + 13 * DAY)
    found = ledger(contract)
    assert [(each.on, each.step, each.change_pence, each.left_pence) for each in found.entries] == [
        (FIRST + 6 * DAY, Step.ADDED, 25_000, 25_000),
        (AFTER + 6 * DAY, Step.TAKEN, -10_000, 15_000),
        (AFTER + WEEK, Step.REPAID, -4_000, 11_000),
        (AFTER + 13 * DAY, Step.TAKEN, -10_000, 1_000),
    ]
    assert [each.span.first if each.span else None for each in found.entries] == [FIRST, AFTER, None, AFTER + WEEK]
    assert found.entries[2].by == "Ola Bright"
    assert (found.added_pence, found.taken_pence, found.repaid_pence, found.left_pence) == (
        25_000,
        20_000,
        4_000,
        1_000,
    )
    assert found.owed_since == FIRST + 6 * DAY
    part = found.between(AFTER, AFTER + WEEK)
    assert (part.opening_pence, part.added_pence, part.taken_pence, part.left_pence) == (25_000, 0, 10_000, 11_000)
    assert found.left_pence == owed(contract)


def test_what_is_owed_since_begins_anew_after_nothing_was(ola):
    contract = owing(5_000)
    finalise(AFTER + 6 * DAY)
    assert (ledger(contract).left_pence, ledger(contract).owed_since) == (0, None)


def test_a_write_off_that_a_run_takes_back_is_owed_again_and_taken(ola):
    """£850.00 of a week that never happened is owed, written off, and then did happen: £850.00 is owed again and taken,
    and nothing is paid (design.md section 7).
    """
    contract = make_contract(calculate_from=FIRST)
    item = make_item(contract, rate_e4=8_500_000, starts_on=FIRST, ends_on=FIRST + 6 * DAY)
    finalise(FIRST + 6 * DAY)
    [price] = every(select(ItemPrice).where(ItemPrice.item_id == item.id))
    change(price, rate_e4=0)
    finalise(AFTER + 6 * DAY)
    assert owed(contract) == 85_000
    act(debts.ask_write_off, contract, on=AFTER + WEEK, pence=85_000, reason="Error", by=ola)
    act(debts.agree_write_off, every(WriteOff)[0], on=AFTER + WEEK, by=make_staff())
    change(price, rate_e4=8_500_000)
    finalise(AFTER + 13 * DAY)
    found = ledger(contract)
    assert [each.step for each in found.entries] == [Step.ADDED, Step.WRITTEN_OFF, Step.REINSTATED, Step.TAKEN]
    assert [each.left_pence for each in found.entries] == [85_000, 0, 85_000, 0]
    assert (found.written_off_pence, banked(contract)) == (0, [85_000, 0, 0])


def test_the_forecast_names_the_payments_that_take_it():
    """£250.00 at £100.00 a week."""
    contract = owing(25_000)
    found = forecast(contract)
    assert [(each.first_on, each.taken_pence, each.left_pence) for each in found.steps] == [
        (AFTER, 10_000, 15_000), (AFTER + WEEK, 10_000, 5_000), (AFTER + 2 * WEEK, 5_000, 0),
    ]  # fmt: skip
    assert (found.rest_pence, found.taken_pence) == (0, 25_000)
    assert found.bars[0] == ("now", 25_000)


def test_the_forecast_leaves_out_what_is_held():
    contract = owing(15_000)
    held = payment(contract, AFTER)
    saved(Hold(provider_id=held.provider_id, payment_id=held.id, kind=HoldKind.OFFICER, reason="Dispute"))
    assert [each.first_on for each in forecast(contract).steps] == [AFTER + WEEK, AFTER + 2 * WEEK]


def test_an_ended_contract_has_nothing_left_to_take_it_from():
    contract, other = owing(25_000, is_over=True), owing(30_000)
    assert (forecast(contract).steps, forecast(contract).rest_pence) == ([], 25_000)
    assert references(concern=Concern.NOTHING_LEFT) == [contract.reference]
    assert references() == [other.reference, contract.reference]


def test_the_list_is_of_who_owes_and_of_what_waits(ola):
    over, plan, much, paid = owing(10_000, is_over=True), owing(20_000), owing(30_000), owing(40_000)
    act(officer.agree_plan, plan, per_payment_pence=1_000, reason="Agreed", by=ola)
    act(debts.ask_write_off, over, pence=4_000, reason="Old", by=ola)
    repay(much, 31_000, ola)
    repay(paid, 40_000, ola)
    assert references() == [plan.reference, over.reference, much.reference]
    assert references(concern=Concern.PLAN) == [plan.reference]
    assert references(concern=Concern.WRITE_OFF) == [over.reference]
    assert references(concern=Concern.SURPLUS) == [much.reference]
    assert references(concern=Concern.SETTLED) == [much.reference, paid.reference]
    assert references(name=f"p{over.provider_id}") == [over.reference]
    assert references(name="nobody") == []
    with as_on(AFTER), reading():
        row = session.execute(listed(concern=Concern.WRITE_OFF)).one()
        found = {name: (each.count, each.since, each.pence) for name, each in ask(*map(waiting, WORK)).items()}
    assert (row.owed_pence, row.write_off_pence, row.has_more) == (10_000, 4_000, False)
    assert found[Concern.NOTHING_LEFT] == (1, FIRST + 6 * DAY, 10_000)
    assert found[Concern.SURPLUS] == (1, AFTER, 1_000)
    assert found[Concern.WRITE_OFF][::2] == (1, 4_000)


def test_a_provider_finds_its_own_debts_only():
    mine, _ = owing(10_000), owing(20_000)
    with reading(mine.provider_id):
        assert [row.reference for row in session.execute(ever_owed())] == [mine.reference]
        assert [row.reference for row in session.execute(listed())] == [mine.reference]


def test_forecasts_take_as_many_queries_for_many_as_for_one():
    provider = make_provider()
    one, *more = (owing(25_000, provider) for _ in range(3))

    def count(contracts):
        with as_on(AFTER), reading(), counted_statements() as statements:
            forecasts({each.id: 25_000 for each in contracts})
        return len([each for each in statements if each.startswith("SELECT")])

    assert count([one]) == count([one, *more])
