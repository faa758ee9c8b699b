"""`./portal verify` names who has done alone what takes two, and a payment that no run has closed, or opened."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from commands.batchwise.payments import finalise_run
from models import verify
from models.base import utc_now
from models.calendar import as_on
from models.payments import officer, payment_run
from models.payments.hold import Hold, HoldKind
from models.payments.limits import MoneyLimits
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.run import PaymentRun, RunState
from models.permissions import CouncilRole
from models.records.client import Client
from models.records.contract import Contract
from tests.care_factories import make_contract, make_item
from tests.factories import make_staff
from tests.support.rows import every, saved, unit_of_work
from tests.support.runs import authorise, calculate, change, finalise

pytestmark = pytest.mark.postgres
MONDAY, SUNDAY, WEDNESDAY = date(2019, 9, 23), date(2019, 9, 29), date(2019, 10, 2)
PAID = "closed_run_id IS NOT NULL"


@pytest.fixture
def people(database, own_portal):
    """A run above a limit, with money made by hand: who made it, who prepared the run, and the two who authorised it.
    The payment of the week after is nobody's yet.
    """
    own_portal.change(money_limits=MoneyLimits(run_pence=30_000))
    maker, preparer = make_staff(), make_staff()
    first, last = (make_staff(CouncilRole.PAYMENTS_MANAGER) for _ in range(2))
    make_item(make_contract(calculate_from=MONDAY), rate_e4=3_530_800, starts_on=MONDAY)
    calculate(SUNDAY)
    with as_on(SUNDAY), unit_of_work() as session:
        contract, client = session.scalars(sa.select(Contract)).one(), session.scalars(sa.select(Client)).one()
        officer.adjust(contract, client, amount_pence=500, for_day=MONDAY, reason="Taxi", by=maker)
    with as_on(SUNDAY):
        with unit_of_work():
            run = payment_run.prepare(by=preparer)
            authorise(run, by=first)
        with unit_of_work() as session:
            authorise(session.get(PaymentRun, run.id), by=last)
        finalise_run(run.id, by_id=last.id)
    calculate(WEDNESDAY)
    [run] = every(PaymentRun)
    assert (run.state, run.first_authorised_by_id) == (RunState.FINALISED, first.id)
    return {"maker": maker.id, "preparer": preparer.id, "first": first.id, "last": last.id}


def by_hand(*statements, **values):
    with unit_of_work() as session:
        for statement in statements:
            session.execute(sa.text(statement), values)


def found():
    return {finding.promise for finding in verify.check_all()}


def test_a_run_of_several_people_is_sound(people):
    assert list(verify.check_all()) == []


TWO = "two people authorise a run above a limit"
NOT_PREPARER = "who prepares a run does not authorise it"
NOT_MAKER = "who makes money by hand does not authorise it"
TICKED = "who prepares a run and who authorises it tick each exception"
SEEN = "somebody else sees what is made by hand"
CLOSER = "a payment is closed by a run that has paid it"
LEFT_OPEN = "a payment stays open only for what is held"

OTHER_RUN = (
    "INSERT INTO payment_run (id, as_on, state, note, prepared_at, authorised_at, finalised_at, total_pence, "
    "stop_reason, above) VALUES (99, '2019-09-29', 'finalised', '', '2019-09-29 09:00:00', '2019-09-29 09:00:00', "
    "'2019-09-29 09:00:00', 0, '', '[]')"
)
WHOLE = (
    "INSERT INTO hold (provider_id, payment_id, kind, is_paid, reason, placed_at, release_reason, is_let_go) "
    f"SELECT provider_id, id, 'officer', false, 'Asked', '2019-09-28 09:00:00', '', false FROM scheduled_payment "
    f"WHERE {PAID}"
)
SEEN_AT = "seen_at = created_at"

BREAKS = [
    (["UPDATE payment_run SET first_authorised_by_id = NULL, first_authorised_at = NULL"], {TWO}),
    (["UPDATE payment_run SET authorised_by_id = NULL"], {TWO, "a person authorises what a person has prepared"}),
    (["UPDATE payment_run SET prepared_by_id = authorised_by_id"], {NOT_PREPARER}),
    (["UPDATE payment_run SET prepared_by_id = first_authorised_by_id"], {NOT_PREPARER}),
    (["UPDATE adjustment SET created_by_id = :last"], {NOT_MAKER}),
    (["UPDATE adjustment SET created_by_id = :first"], {NOT_MAKER}),
    (
        ["UPDATE adjustment SET cancelled_by_id = :last, cancelled_at = '2019-09-29 00:00:00', amount_pence = 500"],
        {NOT_MAKER, "every pound is somewhere", "a second calculation changes nothing",
         "a statement of account ends where the facts do",
         "an order is worth what is finalised and what is due"},
    ),
    ([f"UPDATE adjustment SET {SEEN_AT}, seen_by_id = created_by_id"], {SEEN}),
    ([f"UPDATE adjustment SET {SEEN_AT}, seen_by_id = :preparer, cancelled_by_id = :preparer"], {SEEN}),
    ([f"UPDATE adjustment SET {SEEN_AT}, seen_by_id = :preparer, created_by_id = NULL"], set()),
    (["DELETE FROM run_tick WHERE user_id = :preparer"], {TICKED}),
    (["DELETE FROM run_tick WHERE user_id = :first"], {TICKED}),
    (["DELETE FROM run_tick WHERE user_id = :last AND id = (SELECT MAX(id) FROM run_tick)"], {TICKED}),
    ([OTHER_RUN, f"UPDATE scheduled_payment SET closed_run_id = 99 WHERE {PAID}"], {CLOSER, LEFT_OPEN}),
    ([f"UPDATE scheduled_payment SET closed_run_id = NULL WHERE {PAID}"], {LEFT_OPEN}),
    (
        [f"UPDATE scheduled_payment SET closed_run_id = NULL, is_begun = false WHERE {PAID}"],
        {LEFT_OPEN, "a second calculation changes nothing"},
    ),
    ([f"UPDATE scheduled_payment SET bank_on = '2020-10-04' WHERE {PAID}"],
     {"a payment is in the bank when its run says"}),
    (["UPDATE run_payment SET bank_on = NULL"], {"a payment is in the bank when its run says"}),
    ([WHOLE], {"a closed payment is not held"}),
]  # fmt: skip


@pytest.mark.parametrize(("statements", "promises"), BREAKS)
def test_what_one_person_does_alone_or_a_hand_closes_is_named(people, statements, promises):
    by_hand(*statements, **people)
    assert found() == promises


def test_it_says_which_run_which_person_and_what_is_not_ticked(people):
    by_hand("DELETE FROM run_tick WHERE user_id = :last AND kind = 'adjusted by hand'", **people)
    [finding] = verify.check_all()
    assert finding.where == f"run 1, user {people['last']}: “Adjusted by hand” is not ticked"


def test_who_authorised_a_run_may_cancel_what_it_has_paid(people):
    with as_on(WEDNESDAY), unit_of_work() as session:
        by = session.get(officer.User, people["last"])
        officer.cancel_adjustment(session.scalars(sa.select(officer.Adjustment)).one(), by=by)
    assert found() == set()


def test_what_is_held_leaves_a_payment_open_whatever_becomes_of_the_row(database):
    """Its row is held, the rest is paid, and then the row comes to nothing: it stays open until the next run."""
    contract = make_contract(calculate_from=MONDAY)
    make_item(contract, rate_e4=3_530_800, starts_on=MONDAY)
    second = make_item(contract, rate_e4=1_000_000, starts_on=MONDAY)
    calculate(SUNDAY)
    payment = next(each for each in every(ScheduledPayment) if each.first_on == MONDAY)
    order_id = max(line.purchase_order_id for line in every(PaymentLine) if line.payment_id == payment.id)
    hold = saved(
        Hold(
            provider_id=payment.provider_id, payment_id=payment.id, purchase_order_id=order_id, kind=HoldKind.QUERY,
            reason="She left", placed_by_id=make_staff().id,
        )
    )  # fmt: skip
    finalise(SUNDAY)
    calculate(WEDNESDAY)
    assert found() == set()
    change(second, starts_on=date(2019, 12, 2))
    calculate(WEDNESDAY)
    change(hold, released_at=utc_now(), released_by_id=make_staff().id, release_reason="She had")
    assert [each.is_begun for each in every(ScheduledPayment) if each.closed_run_id is None and each.is_begun] == [True]
    assert found() == set()
    for then in (timedelta(days=-900), timedelta(days=900)):
        change(hold, placed_at=utc_now() + then, released_at=utc_now() + then)
        assert found() == {LEFT_OPEN}
    change(hold, placed_at=utc_now() - timedelta(days=900), released_at=utc_now())
    finalise(WEDNESDAY)
    assert [each.closed_run_id for each in every(ScheduledPayment) if each.first_on == MONDAY] == [2]
    assert found() == set()
