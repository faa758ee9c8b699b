"""Where every pound is: each sum in one place, with the reason why it waits."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from models.base import session
from models.calendar import as_on
from models.payments import answers, officer
from models.payments.payment import PaymentLine
from models.records.care_package import CarePackageLineItem, ItemPrice
from models.records.client import Client
from models.reports.waiting_reasons import Reason
from models.reports.waits import client_of, most_waiting, since_of, waiting, waits_pence
from models.reports.whereabouts import by_contract, in_all
from tests.care_factories import make_calendar, make_client, make_contract, make_item
from tests.factories import canary, make_provider, make_staff, make_user
from tests.support.debts import AFTER, DAY, owing, repay
from tests.support.debts import act as owe_again
from tests.support.rows import every, reading, unit_of_work
from tests.support.runs import answered, calculate, change, finalise, payment

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

MONDAY = date(2019, 9, 2)
WEEK = timedelta(days=7)
SUNDAY = MONDAY + timedelta(days=6)
HOLDS = {"confirmation": "required", "if_unconfirmed": "hold"}
SILENT = {"confirmation": "required", "if_unconfirmed": "confirm"}


def one_week(**given):
    """A contract whose one item is paid £353.08 for the week of 2 September, as known two weeks before."""
    contract = make_contract(calculate_from=MONDAY, **given)
    make_item(contract, starts_on=MONDAY, ends_on=SUNDAY, authorised_on=MONDAY - 2 * WEEK)
    calculate(MONDAY - 2 * WEEK)
    calculate(MONDAY)
    return contract


def told(contract, day):
    """The figures of the one contract that its provider has, on that day."""
    with reading(contract.provider_id), as_on(day):
        [found] = by_contract(contract.provider_id)
        return found


def sums(contract, day, **which):
    with reading(), as_on(day):
        return session.execute(waiting(provider_id=contract.provider_id, **which)).all()


def reasons(contract, day):
    return [(row.reason, row.pence) for row in sums(contract, day)]


def act(verb, found, **given):
    with as_on(MONDAY), unit_of_work() as own:
        contract = found.contract
        found = own.merge(found)
        found.contract = own.merge(contract)
        verb(found, **given)


def test_a_week_is_still_to_come_then_on_its_way_then_in_the_bank():
    contract = one_week()
    assert told(contract, MONDAY).open_pence == 35_308
    finalise(SUNDAY)
    assert told(contract, SUNDAY).on_its_way_pence == 35_308
    found = told(contract, SUNDAY + timedelta(days=5))
    assert (found.in_bank_pence, found.on_its_way_pence, found.entitled_pence) == (35_308, 0, 35_308)
    assert reasons(contract, SUNDAY) == []
    with reading(contract.provider_id):
        assert waits_pence(contract.provider_id) is None


def test_what_is_not_authorised_or_suspended_is_blocked():
    contract = make_contract(calculate_from=MONDAY)
    later = {"starts_on": MONDAY, "ends_on": SUNDAY}
    make_item(contract, rate_e4=100_0000, authorised_on=None, **later)
    make_item(contract, rate_e4=200_0000, authorised_on=SUNDAY, **later)
    make_item(contract, rate_e4=300_0000, is_suspended=True, **later)
    calculate(MONDAY)
    assert reasons(contract, MONDAY) == [
        (Reason.UNAUTHORISED, 100_00), (Reason.LATER, 200_00), (Reason.SUSPENDED, 300_00),
    ]  # fmt: skip
    found = sums(contract, MONDAY)
    for day, since in ((MONDAY, MONDAY), (MONDAY - WEEK, None)):
        with as_on(day):
            assert [since_of(row) for row in found] == [since] * 3
    assert [row.until_on for row in sums(contract, MONDAY, reason=Reason.LATER)] == [SUNDAY]
    found = told(contract, MONDAY)
    assert (found.blocked_pence, found.waits_pence, found.entitled_pence) == (600_00, 600_00, 600_00)


def test_what_is_blocked_waits_since_the_day_after_the_last_that_was_paid_for():
    contract = make_contract(calculate_from=MONDAY)
    item = make_item(contract, rate_e4=100_0000, starts_on=MONDAY, authorised_on=MONDAY)
    calculate(MONDAY)
    finalise(SUNDAY)
    with unit_of_work() as own:
        own.execute(update(CarePackageLineItem).where(CarePackageLineItem.id == item.id).values(is_suspended=True))
    calculate(SUNDAY + WEEK)
    assert _since(contract, SUNDAY + WEEK) == MONDAY + WEEK


@pytest.mark.parametrize(("gate_from", "since"), [(None, MONDAY), (MONDAY, MONDAY), (MONDAY + WEEK, MONDAY + WEEK)])
def test_what_waits_for_an_agreement_waits_since_the_gate_began(gate_from, since):
    contract = make_contract(calculate_from=MONDAY, is_agreement_required=True, gate_from=gate_from)
    make_item(contract, rate_e4=100_0000, starts_on=MONDAY, authorised_on=MONDAY)
    calculate(MONDAY + WEEK)
    assert _since(contract, MONDAY + WEEK) == since


def test_days_that_were_paid_for_before_a_gate_begins_move_nothing():
    contract = make_contract(calculate_from=MONDAY, is_agreement_required=True, gate_from=MONDAY + 2 * WEEK)
    make_item(contract, rate_e4=100_0000, starts_on=MONDAY, authorised_on=MONDAY)
    calculate(MONDAY)
    finalise(SUNDAY)
    calculate(MONDAY + 2 * WEEK)
    assert _since(contract, MONDAY + 2 * WEEK) == MONDAY + 2 * WEEK


def _since(contract, day):
    """Since when all that waits has waited, as home says it; the list of all begins with the same day."""
    first, *_ = sums(contract, day)
    with reading(contract.provider_id), as_on(day):
        [grouped] = most_waiting(contract.provider_id, 3)
        assert since_of(grouped) == since_of(first)
        return since_of(first)


def test_a_rejected_payment_is_held_row_by_row():
    contract = one_week(**HOLDS)
    found = payment(contract, MONDAY)
    change(found, **answered("rejected", 35_308))
    assert reasons(contract, SUNDAY) == [(Reason.REJECTED, 35_308)]
    [row] = sums(contract, SUNDAY)
    assert (client_of(row)[:7], row.order_number, row.since_at is not None) == ("S, Bart", 1, True)
    assert (told(contract, SUNDAY).held_pence, told(contract, SUNDAY).open_pence) == (35_308, 0)


def test_a_queried_row_and_one_that_the_council_holds():
    contract = one_week(**HOLDS)
    make_item(contract, rate_e4=1_000_000, client=make_client(), starts_on=MONDAY, ends_on=SUNDAY)
    calculate(MONDAY)
    found, person, by = payment(contract, MONDAY), make_user(), make_staff()
    first, second = [line.purchase_order_id for line in every(select(PaymentLine).order_by(PaymentLine.item_id))]
    act(answers.confirm, found, by=person, total_pence=45_308, queries={first: "Too much"})
    act(officer.hold, found, by=by, reason="Odd", order_id=second)
    assert reasons(contract, MONDAY) == [(Reason.QUERIED, 35_308), (Reason.HELD, 10_000)]


def test_a_payment_that_the_council_holds_is_held_whatever_else_is():
    contract = one_week(**HOLDS)
    by = make_staff()
    act(officer.hold, payment(contract, MONDAY), by=by, reason="Odd")
    change(payment(contract, MONDAY), **answered("rejected", 35_308))
    assert reasons(contract, MONDAY + 2 * WEEK) == [(Reason.HELD, 35_308)]


@pytest.mark.parametrize(("policy", "reason"), [(HOLDS, Reason.MISSED), (SILENT, None), ({}, None)])
def test_what_nobody_has_confirmed_is_held_once_its_time_is_over(policy, reason):
    """Where silence confirms, the next run takes it."""
    contract = one_week(**policy)
    assert reasons(contract, MONDAY) == []
    expected = [(reason, 35_308)] if reason else []
    assert reasons(contract, SUNDAY) == expected
    assert told(contract, SUNDAY).held_pence == sum(pence for _, pence in expected)


def test_what_arrives_late_waits_for_an_answer_and_silence_confirms_it():
    """The cut-off is Tuesday. The second child arrives that day: the window goes on to Thursday."""
    contract = one_week(**SILENT)
    make_item(contract, rate_e4=1_000_000, client=make_client(), starts_on=MONDAY, ends_on=SUNDAY)
    calculate(MONDAY + timedelta(days=1))
    thursday = MONDAY + timedelta(days=3)
    assert reasons(contract, thursday) == [(Reason.ASKED, 35_308), (Reason.ASKED, 10_000)]
    assert {row.until_on for row in sums(contract, thursday)} == {thursday}
    assert reasons(contract, thursday + timedelta(days=1)) == []


def test_what_is_owed_is_taken_off():
    """£353.08 that never happened is taken back of £100.00: £253.08 stays owed."""
    contract = one_week()
    [price] = every(ItemPrice)
    finalise(SUNDAY)
    make_item(contract, rate_e4=1_000_000, starts_on=MONDAY + WEEK, ends_on=SUNDAY + WEEK)
    change(price, rate_e4=0)
    finalise(SUNDAY + WEEK)
    found = told(contract, SUNDAY + WEEK)
    assert (found.paid_pence, found.owed_pence, found.entitled_pence) == (35_308, 25_308, 10_000)
    assert (found.owed_since, found.has_more) == (SUNDAY + WEEK, False)


def test_what_is_owed_since_begins_anew_after_nothing_was():
    """As the ledger says: the page named the first debt that ever was."""
    contract = owing(5_000)
    somebody = make_staff()
    repay(contract, 5_000, somebody)
    client = every(Client)[0]
    given = {"amount_pence": -20_000, "for_day": AFTER, "reason": "Paid twice", "by": somebody}
    owe_again(officer.adjust, contract, client, **given)
    finalise(AFTER + 6 * DAY)
    found = told(contract, AFTER + WEEK)
    assert (found.owed_pence, found.owed_since, found.has_more) == (10_000, AFTER + 6 * DAY, True)


def test_all_contracts_together_and_one_provider_only():
    provider = make_provider()
    for rate in (1_000_000, 2_000_000):
        contract = make_contract(provider, calculate_from=MONDAY)
        client = make_client(surname=f"Simpson{canary(provider.id)}")
        make_item(contract, rate_e4=rate, client=client, starts_on=MONDAY, authorised_on=None)
    stranger = make_contract(calculate_from=MONDAY)
    make_item(stranger, starts_on=MONDAY, authorised_on=None)
    calculate(MONDAY)
    with reading(provider.id), as_on(MONDAY):
        assert in_all(by_contract(provider.id)).blocked_pence == 30_000
        assert waits_pence(provider.id) == 30_000
        assert len(session.execute(waiting()).all()) == 2
    with reading(), as_on(MONDAY):
        assert len(session.execute(waiting()).all()) == 3
        assert len(session.execute(waiting(name=provider.reference)).all()) == 2


def test_a_rejection_before_the_period_begins_stands_beside_what_is_due():
    """It stood on home as held, and nowhere here. It is no part of what is due: design.md counts no plans."""
    begins = MONDAY + WEEK
    calendar = make_calendar(confirm_by_days=-5, finalise_days=-3, bank_days=0)
    contract = make_contract(calendar=calendar, calculate_from=MONDAY, **HOLDS)
    make_item(contract, rate_e4=1_000_000, starts_on=MONDAY, ends_on=begins + timedelta(days=6))
    calculate(MONDAY)
    before = told(contract, MONDAY)
    change(payment(contract, begins), **answered("rejected", 10_000))
    found = told(contract, MONDAY)
    assert (found.held_pence, found.open_pence) == (before.held_pence, before.open_pence)
    assert found.entitled_pence == before.entitled_pence
    assert (before.rejected_early_pence, found.rejected_early_pence) == (0, 10_000)
    [row] = sums(contract, MONDAY, reason=Reason.REJECTED)
    assert (row.pence, row.first_on, client_of(row), row.since_at is not None) == (10_000, begins, "", True)
    with reading(contract.provider_id):
        assert waits_pence(contract.provider_id) == found.held_pence + found.rejected_early_pence
    calculate(begins)
    [row] = sums(contract, begins, reason=Reason.REJECTED)
    assert (row.pence, bool(client_of(row))) == (10_000, True), "row by row, once it has begun, and not twice"
