"""Confirming and rejecting a payment, holding it, adjusting it: who may, until when, and what follows."""

import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models.audit import AuditEvent
from models.base import DomainError
from models.calendar import as_on
from models.payments import answers, officer
from models.payments.adjustment import Adjustment, RecoveryPlan
from models.payments.confirmation import Confirmation
from models.payments.hold import Hold
from models.payments.payment import ScheduledPayment
from models.payments.payment_run import finalise_some, prepare
from models.payments.run import PaymentRun, RunPayment, RunState
from models.permissions import Role
from models.records.client import Client
from models.records.contract import Contract
from tests.care_factories import make_client, make_contract, make_item
from tests.factories import make_user
from tests.support.portal import in_this_portal
from tests.support.rows import every, reloaded, saved, unit_of_work
from tests.support.runs import (
    authorise,
    banked,
    calculate,
    change,
    finalise,
    finalise_weeks,
    lines,
    orders,
    payment,
    rows,
)
from tests.support.snapshots import built_once

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

MONDAY = date(2019, 9, 30)
TODAY = date(2019, 10, 1)  # the cut-off of the calendar that make_calendar gives
DAY = timedelta(days=1)


@pytest.fixture
@built_once
def contract():
    contract = make_contract(calculate_from=MONDAY, confirmation="required")
    make_item(contract, client=make_client(surname="Adams"))
    make_item(contract, rate_e4=3_030_300, client=make_client(surname="Begum"))
    calculate(TODAY)
    return contract


@pytest.fixture
def finance(contract):
    from models.records.provider import Provider

    [provider] = every(select(Provider).where(Provider.id == contract.provider_id))
    return make_user(Role.FINANCE, provider)


def answer(contract, verb, *, on=TODAY, **given):
    with as_on(on), unit_of_work() as session:
        found = session.scalars(ScheduledPayment.of(contract.reference, MONDAY)).one()
        verb(found, **{"total_pence": found.total_pence} | given)


@pytest.mark.covers("S0-004", "S0-026")
def test_a_payment_is_confirmed_to_the_penny_by_a_named_person(contract, finance):
    answer(contract, answers.confirm, by=finance, comment="All right")
    found = payment(contract, MONDAY)
    assert found.confirmation is Confirmation.CONFIRMED
    assert (found.answered_pence, found.answered_by_id, found.answer_comment) == (65_611, finance.id, "All right")


@pytest.mark.covers("S0-027")
def test_a_rejection_needs_a_reason_and_holds_the_payment(contract, finance):
    with pytest.raises(DomainError, match="Say what is wrong"):
        answer(contract, answers.reject, by=finance, comment="  ")
    answer(contract, answers.reject, by=finance, comment="Begum left on Tuesday")
    finalise(MONDAY + 6 * DAY)
    assert payment(contract, MONDAY).closed_run_id is None
    with unit_of_work() as session:
        found = session.scalars(ScheduledPayment.of(contract.reference, MONDAY)).one()
        officer.ask_again(found, by=finance, comment="He did not")
    finalise(MONDAY + 6 * DAY)
    assert payment(contract, MONDAY).closed_run_id is not None


def test_a_changed_total_lapses_the_answer(contract, finance):
    answer(contract, answers.confirm, by=finance)
    make_item(contract, rate_e4=700_000)
    calculate(TODAY)
    found = payment(contract, MONDAY)
    assert found.confirmation is Confirmation.UNCONFIRMED
    assert (found.lapsed_pence, found.total_pence) == (65_611, 72_611)
    answer(contract, answers.confirm, by=finance)
    assert payment(contract, MONDAY).lapsed_pence is None


def test_calculating_again_leaves_the_answer_to_an_unchanged_total(contract, finance):
    answer(contract, answers.confirm, by=finance)
    calculate(TODAY)
    assert payment(contract, MONDAY).confirmation is Confirmation.CONFIRMED


def test_after_the_cut_off_it_is_too_late(contract, finance):
    with pytest.raises(DomainError, match="ended on 1 October 2019"):
        answer(contract, answers.confirm, by=finance, on=TODAY + DAY)


def test_a_finalised_period_can_no_longer_be_rejected(contract, finance):
    calendar_change(contract, finalise_days=0)
    calculate(TODAY)
    finalise(TODAY)
    with pytest.raises(DomainError, match="finalised|ended"):
        answer(contract, answers.reject, by=finance, comment="Wrong")


def calendar_change(contract, **values):
    from models.records.contract import Calendar, PaymentMethod

    [method] = every(select(PaymentMethod).where(PaymentMethod.contract_id == contract.id))
    [calendar] = every(select(Calendar).where(Calendar.id == method.calendar_id))
    change(calendar, **values)


def test_what_the_person_did_not_see_is_not_confirmed(contract, finance):
    with pytest.raises(DomainError, match="has changed from £1.00 to £656.11"):
        answer(contract, answers.confirm, by=finance, total_pence=100)


def test_a_contract_that_asks_for_no_confirmation_takes_none(finance):
    carer = make_contract(calculate_from=MONDAY)
    make_item(carer)
    calculate(TODAY)
    with pytest.raises(DomainError, match="does not need to be confirmed"):
        answer(carer, answers.confirm, by=finance)


def test_of_two_people_who_answer_at_once_one_is_first(contract, finance):
    start, told = threading.Barrier(2), []
    other = make_user()

    @in_this_portal
    def press(verb, by, **given):
        start.wait()
        try:
            answer(contract, verb, by=by, **given)
            told.append("done")
        except DomainError as refusal:
            told.append(str(refusal))

    people = [
        threading.Thread(target=press, args=(answers.confirm, finance)),
        threading.Thread(target=press, args=(answers.reject, other), kwargs={"comment": "No"}),
    ]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert sorted(told, key=len)[0] == "done"
    assert sorted(told, key=len)[1].startswith("Somebody else has ")


def test_a_second_press_does_nothing_twice(contract, finance):
    begum = orders(contract)[1].id
    for _ in range(2):
        answer(contract, answers.confirm, by=finance, queries={begum: "Left on Tuesday"}, total_pence=65_611)
    assert len(every(Hold)) == 1
    events = select(AuditEvent).where(AuditEvent.action == "payment.confirmed")
    assert len(every(events)) == 1
    with pytest.raises(DomainError, match="You have confirmed this payment already"):
        answer(contract, answers.confirm, by=finance, queries={begum: "Something else"})
    with pytest.raises(DomainError, match="You have confirmed this payment already"):
        answer(contract, answers.reject, by=finance, comment="No")


def test_a_lapsed_confirmation_remembers_what_it_was(contract, finance):
    answer(contract, answers.confirm, by=finance)
    make_item(contract, rate_e4=700_000)
    calculate(TODAY)
    found = payment(contract, MONDAY)
    assert (found.confirmation, found.lapsed_pence) == (Confirmation.UNCONFIRMED, 65_611)
    answer(contract, answers.confirm, by=finance)
    assert payment(contract, MONDAY).lapsed_pence is None


def test_a_rejection_stays_whatever_the_total_becomes(contract, finance):
    answer(contract, answers.reject, by=finance, comment="Begum left on Tuesday")
    make_item(contract, rate_e4=700_000)
    calculate(TODAY)
    found = payment(contract, MONDAY)
    assert (found.confirmation, found.answered_pence) == (Confirmation.REJECTED, 65_611)
    finalise(MONDAY + 6 * DAY)
    assert payment(contract, MONDAY).closed_run_id is None


def query_begum(contract, finance):
    begum = next(order for order in orders(contract) if order.client.surname == "Begum")
    answer(contract, answers.confirm, by=finance, queries={begum.id: "Left on Tuesday"})
    return begum


def test_a_queried_row_is_held_while_the_rest_is_paid(contract, finance):
    query_begum(contract, finance)
    finalise(MONDAY + 6 * DAY)
    found = payment(contract, MONDAY)
    assert found.processing.value == "partly finalised"
    assert [line.net_pence for line in lines(contract) if line.run_id] == [35_308]
    [hold] = every(Hold)
    with as_on(MONDAY + 7 * DAY), unit_of_work() as session:
        found = session.scalars(ScheduledPayment.of(contract.reference, MONDAY)).one()
        officer.release(found, session.merge(hold), by=finance, reason="It is right")
    finalise(MONDAY + 7 * DAY)
    assert payment(contract, MONDAY).processing.value == "finalised"
    assert sum(line.net_pence for line in lines(contract) if line.run_id) == 65_611


def test_a_queried_row_is_paid_where_the_contract_says_so(contract, finance):
    change(contract, if_queried="pay")
    query_begum(contract, finance)
    finalise(MONDAY + 6 * DAY)
    assert payment(contract, MONDAY).processing.value == "finalised"


@pytest.mark.parametrize(
    ("policy", "confirmation", "is_paid"),
    [("pay", "unconfirmed", True), ("confirm", "confirmed", True), ("hold", "unconfirmed", False)],
)
def test_what_becomes_of_silence_is_the_contracts_policy(contract, policy, confirmation, is_paid):
    change(contract, if_unconfirmed=policy)
    finalise(MONDAY + 6 * DAY)
    found = payment(contract, MONDAY)
    assert (found.confirmation.value, found.closed_run_id is not None) == (confirmation, is_paid)


def test_a_payment_that_waited_for_its_confirmation_is_paid_by_the_next_run(contract, finance):
    change(contract, if_unconfirmed="hold")
    answer(contract, answers.confirm, by=finance)
    finalise(MONDAY + 6 * DAY)
    assert payment(contract, MONDAY).closed_run_id is not None


def test_an_officer_lets_an_unconfirmed_payment_through(contract, finance):
    change(contract, if_unconfirmed="hold")
    finalise(MONDAY + 6 * DAY)
    assert payment(contract, MONDAY).closed_run_id is None
    with unit_of_work() as session:
        found = session.scalars(ScheduledPayment.of(contract.reference, MONDAY)).one()
        officer.pay_as_it_is(found, by=finance, reason="The home is closed", total_pence=65_611)
    finalise(MONDAY + 7 * DAY)
    found = payment(contract, MONDAY)
    assert (found.confirmation, found.closed_run_id is not None) == (Confirmation.UNCONFIRMED, True)


def test_a_rejection_keeps_the_words_of_both_sides(contract, finance):
    answer(contract, answers.reject, by=finance, comment="Begum left on Tuesday")
    with unit_of_work() as session:
        found = session.scalars(ScheduledPayment.of(contract.reference, MONDAY)).one()
        officer.ask_again(found, by=finance, comment="She left on Friday")
    found = payment(contract, MONDAY)
    assert (found.answer_comment, found.council_comment) == ("Begum left on Tuesday", "She left on Friday")


def test_a_held_recovery_does_not_eat_what_is_paid(finance):
    contract = make_contract(calculate_from=date(2019, 9, 2))
    leaver = make_item(contract, rate_e4=3_030_300, client=make_client(surname="Cole"))
    make_item(contract, client=make_client(surname="Daly"))
    finalise_weeks(date(2019, 9, 2), date(2019, 9, 29))
    change(leaver, ends_on=date(2019, 9, 12))
    calculate(TODAY)
    cole = next(order for order in orders(contract) if order.client.surname == "Cole")
    with as_on(TODAY), unit_of_work() as session:
        found = session.scalars(ScheduledPayment.of(contract.reference, MONDAY)).one()
        officer.hold(found, by=finance, reason="Disputed", order_id=cole.id)
    finalise(MONDAY + 6 * DAY)
    assert [line.net_pence for line in lines(contract) if line.run_id and line.first_on == MONDAY] == [35_308]
    assert payment(contract, MONDAY).processing.value == "partly finalised"


def test_an_officer_adjusts_a_payment_with_a_reason(contract, finance):
    make_adjustment(contract, "Adams", -10_000, finance)
    finalise(MONDAY + 6 * DAY)
    assert payment(contract, MONDAY).total_pence == 55_611
    adams = next(row for row in rows(contract, MONDAY) if row.title.startswith("A,"))
    assert "Adjustment by the council (recovery): Paid twice in June" in [s.text for s in adams.sentences]
    [adjustment] = every(Adjustment)
    with as_on(MONDAY + 7 * DAY), unit_of_work() as session:
        officer.cancel_adjustment(session.merge(adjustment), by=finance)
    calculate(MONDAY + 7 * DAY)
    assert payment(contract, MONDAY + 7 * DAY).total_pence == 65_611 + 10_000


def make_adjustment(contract, surname, pence, by):
    with unit_of_work() as session:
        row = session.scalars(select(Contract).where(Contract.id == contract.id)).one()
        client = session.scalars(select(Client).where(Client.surname == surname)).one()
        officer.adjust(row, client, amount_pence=pence, for_day=MONDAY, reason="Paid twice in June", by=by)


def test_an_adjustment_is_for_a_client_of_the_contract(contract, finance):
    make_client(surname="Stranger")
    with pytest.raises(DomainError, match="no care package for that client"):
        make_adjustment(contract, "Stranger", 100, finance)
    with pytest.raises(DomainError, match="changes nothing"):
        make_adjustment(contract, "Adams", 0, finance)


def test_an_instalment_plan_caps_what_one_payment_recovers(finance):
    contract = make_contract(calculate_from=date(2019, 9, 2))
    leaver = make_item(contract, rate_e4=3_030_300)
    make_item(contract)
    finalise_weeks(date(2019, 9, 2), date(2019, 9, 29))
    saved(RecoveryPlan(provider_id=contract.provider_id, contract_id=contract.id, per_payment_pence=20_000))
    change(leaver, ends_on=date(2019, 9, 12))
    finalise_weeks(MONDAY, MONDAY + 34 * DAY)
    assert banked(contract)[4:] == [15_308, 15_308, 15_308, 35_308 - 13_593, 35_308]


def people():
    return make_user(Role.FINANCE), make_user(Role.FINANCE)


def prepared(by, day=MONDAY + 6 * DAY):
    calculate(day)
    with as_on(day), unit_of_work():
        return prepare(by=by)


def act(run, verb):
    with as_on(MONDAY + 6 * DAY), unit_of_work() as session:
        return verb(session.scalars(select(PaymentRun).where(PaymentRun.id == run.id)).one())


def test_who_prepares_a_run_never_authorises_it(contract):
    officer, manager = people()
    run = prepared(officer)
    assert run.total_pence == 65_611
    with pytest.raises(DomainError, match="somebody else"):
        act(run, lambda it: authorise(it, by=officer))
    with pytest.raises(DomainError, match="not authorised"):
        act(run, lambda it: finalise_some(it, [contract.provider_id]))
    act(run, lambda it: authorise(it, by=manager))
    act(run, lambda it: finalise_some(it, [contract.provider_id]))
    act(run, lambda it: it.complete(by=manager))
    assert reloaded(run).state is RunState.FINALISED
    assert payment(contract, MONDAY).closed_run_id == run.id


def test_what_changed_since_it_was_prepared_is_left_for_the_next_run(contract):
    officer, manager = people()
    run = prepared(officer)
    act(run, lambda it: authorise(it, by=manager))
    make_item(contract, rate_e4=700_000)
    calculate(MONDAY + 6 * DAY)
    outcome = act(run, lambda it: finalise_some(it, [contract.provider_id]))
    assert (outcome.payments, outcome.left) == (0, 1)
    assert payment(contract, MONDAY).closed_run_id is None
    assert every(RunPayment)[0].outcome == "changed or held since it was prepared"


def test_a_payment_is_in_one_open_run_only_and_a_discarded_run_lets_it_go(contract):
    officer, _ = people()
    run = prepared(officer)
    assert prepared(officer) is None
    act(run, lambda it: it.discard(by=officer))
    assert prepared(officer) is not None
    with pytest.raises(DomainError, match="discarded already"):
        act(run, lambda it: it.discard(by=officer))


def test_finalising_a_run_twice_does_nothing_the_second_time(contract):
    officer, manager = people()
    run = prepared(officer)
    act(run, lambda it: authorise(it, by=manager))
    act(run, lambda it: finalise_some(it, [contract.provider_id]))
    before = [(line.id, line.run_id) for line in lines(contract)]
    outcome = act(run, lambda it: finalise_some(it, [contract.provider_id]))
    assert outcome.payments == 0
    assert [(line.id, line.run_id) for line in lines(contract)] == before


def test_only_what_waits_for_a_confirmation_is_let_through(finance):
    """The address is open to officers whatever the contract says."""
    carer = make_contract(calculate_from=MONDAY)
    make_item(carer)
    calculate(TODAY)
    with unit_of_work() as session:
        found = session.scalars(ScheduledPayment.of(carer.reference, MONDAY)).one()
        with pytest.raises(DomainError, match="waits for no answer now"):
            officer.pay_as_it_is(found, by=finance, reason="Why not", total_pence=found.total_pence)


def test_an_officer_holds_a_row_whose_query_is_paid_all_the_same(contract, finance):
    """The query holds nothing, and refused the hold: the row was paid."""
    change(contract, if_queried="pay")
    begum = next(each.id for each in orders(contract) if each.client.surname == "Begum")
    answer(contract, answers.confirm, by=finance, queries={begum: "She left"})
    for refused in (False, True):
        with as_on(TODAY), unit_of_work() as session:
            found = session.scalars(ScheduledPayment.of(contract.reference, MONDAY)).one()
            if not refused:
                officer.hold(found, by=finance, reason="Asked", order_id=begum)
                continue
            with pytest.raises(DomainError, match="held already"):
                officer.hold(found, by=finance, reason="Asked again", order_id=begum)
    finalise(MONDAY + 6 * DAY)
    assert banked(contract) == [35_308]
