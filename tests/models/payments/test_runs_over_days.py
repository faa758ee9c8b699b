"""Runs that are prepared, authorised and finalised on different days, or of weeks that nobody has calculated."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from commands.batchwise.payments import finalise_due, finalise_run
from models import verify
from models.audit import AuditEvent
from models.base import DomainError
from models.calendar import as_on
from models.outbox import OutboxMessage
from models.payments import authorising
from models.payments.authorising import authorise_from_command_line
from models.payments.confirmation import Confirmation
from models.payments.hold import Hold, HoldKind
from models.payments.payment_run import finalise_some, prepare
from models.payments.run import PaymentRun, RunPayment
from models.payments.run_history import outcome_of
from models.permissions import CouncilRole
from tests.care_factories import make_contract, make_item
from tests.factories import make_staff
from tests.support.rows import every, reading, saved, unit_of_work
from tests.support.runs import answered, authorise, banked, calculate, change, lines, payment

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

MONDAY = date(2019, 4, 1)
SUNDAY = date(2019, 4, 7)
DAY, WEEK = timedelta(days=1), timedelta(days=7)


def test_the_command_calculates_what_it_pays():
    """Case B: calculated on 1 April only, and finalised on the 14th: the second week has lines too."""
    contract = make_contract(calculate_from=MONDAY)
    make_item(contract, rate_e4=1_000_000)
    calculate(MONDAY)
    with as_on(MONDAY + 13 * DAY):
        finalise_due()
    assert banked(contract) == [10_000, 10_000]
    assert [line.total_pence for line in lines(contract) if line.run_id] == [10_000, 10_000]


def test_a_run_leaves_what_was_not_calculated_since_it_fell_due():
    contract = make_contract(calculate_from=MONDAY)
    make_item(contract, rate_e4=1_000_000)
    calculate(MONDAY)
    with as_on(MONDAY + 13 * DAY), unit_of_work():
        prepare(by=None)
    assert [each.taken_pence for each in every(RunPayment)] == [10_000]  # the second week is planned, and has no lines


def test_a_run_that_is_finalised_a_day_later_leaves_the_new_week_its_lines():
    """Case H: prepared on Sunday; on Monday the new week is calculated, and the run is finalised."""
    contract = make_contract(calculate_from=MONDAY)
    make_item(contract, rate_e4=1_000_000)
    sunday = MONDAY + 6 * DAY
    calculate(sunday)
    with as_on(sunday), unit_of_work():
        run_id = prepare(by=None).id
    calculate(sunday + DAY)
    with as_on(sunday + DAY):
        with unit_of_work() as session:
            authorise_from_command_line(session.scalars(select(PaymentRun).where(PaymentRun.id == run_id)).one())
        finalise_run(run_id)
    assert payment(contract, MONDAY + WEEK).total_pence == 10_000
    assert [line.total_pence for line in lines(contract) if line.run_id is None] == [10_000]


def test_authorised_paid_and_left_are_three_figures():
    first, second = make_contract(calculate_from=MONDAY), make_contract(calculate_from=MONDAY)
    for contract in (first, second):
        make_item(contract, rate_e4=1_000_000)
    sunday = MONDAY + 6 * DAY
    calculate(sunday)
    with as_on(sunday):
        with unit_of_work():
            run = prepare(by=None)
            run_id = run.id
            authorise_from_command_line(run)
        change(payment(second, MONDAY), **answered("rejected", 10_000))
        outcome = finalise_run(run_id)
    assert (outcome.total_pence, outcome.left, outcome.left_pence) == (10_000, 1, 10_000)
    with reading():
        assert outcome_of(run_id) == outcome
    [event] = every(select(AuditEvent).where(AuditEvent.action == "payment_run.finalised"))
    told = ("authorised_pence", "paid_pence", "left_pence")
    assert [event.detail[name] for name in told] == [20_000, 10_000, 10_000]


def prepared():
    """A run of £100.00 that an officer has prepared, and its contract."""
    contract, officer = make_contract(calculate_from=MONDAY), make_staff()
    make_item(contract, rate_e4=1_000_000)
    calculate(SUNDAY)
    with as_on(SUNDAY), unit_of_work():
        return prepare(by=officer), contract, officer


def act(run, verb):
    with as_on(SUNDAY), unit_of_work() as session:
        return verb(session.scalars(select(PaymentRun).where(PaymentRun.id == run.id)).one())


def test_a_run_that_is_sent_back_frees_its_payments_and_says_why():
    run, contract, officer = prepared()
    manager = make_staff(CouncilRole.PAYMENTS_MANAGER)
    with pytest.raises(DomainError, match="You prepared this run"):
        act(run, lambda it: it.send_back(by=officer, reason="No"))
    with pytest.raises(DomainError, match="Say why"):
        act(run, lambda it: it.send_back(by=manager, reason=" "))
    act(run, lambda it: it.send_back(by=manager, reason="One is paid twice"))
    with pytest.raises(DomainError, match="sent back already"):
        act(run, lambda it: authorising.authorise(it, by=manager))
    [mail] = every(OutboxMessage)
    assert (mail.to, f"/council/payment-runs/{run.id}\n" in mail.body) == (officer.email, True)
    assert "One is paid twice" not in mail.body
    with as_on(SUNDAY):
        finalise_due()
    assert banked(contract) == [10_000]


def test_an_authorised_run_is_withdrawn_until_something_of_it_is_paid():
    run, contract, _ = prepared()
    manager = make_staff(CouncilRole.PAYMENTS_MANAGER)
    with pytest.raises(DomainError, match="prepared already"):
        act(run, lambda it: it.withdraw(by=manager, reason="Wrong"))
    act(run, lambda it: authorise(it, by=manager))
    act(run, lambda it: it.withdraw(by=manager, reason="A rate is ten times too high"))
    with pytest.raises(DomainError, match="not authorised"):
        act(run, lambda it: finalise_some(it, [contract.provider_id]))
    assert banked(contract) == []
    again, _, _ = prepared()
    act(again, lambda it: authorise(it, by=manager))
    act(again, lambda it: finalise_some(it, [contract.provider_id]))
    assert banked(contract) == [10_000]
    with pytest.raises(DomainError, match="is paid already"):
        act(again, lambda it: it.withdraw(by=manager, reason="Too late"))


def test_a_run_writes_silence_down_only_for_what_it_takes():
    """Of two payments that nobody has answered in time one is held: nothing is left that a calculation would change."""
    contract = make_contract(calculate_from=MONDAY, confirmation="required", if_unconfirmed="confirm")
    other = make_contract(calculate_from=MONDAY, confirmation="required", if_unconfirmed="confirm")
    for each in (contract, other):
        make_item(each, rate_e4=1_000_000)
    calculate(MONDAY)
    calculate(SUNDAY)
    held = payment(other, MONDAY)
    saved(Hold(provider_id=held.provider_id, payment_id=held.id, kind=HoldKind.OFFICER, reason="Asked about"))
    with as_on(SUNDAY):
        finalise_due()
        with reading():
            assert [each for each in verify.check_all() if not each.is_warning] == []
    assert payment(contract, MONDAY).confirmation is Confirmation.CONFIRMED
    assert payment(other, MONDAY).confirmation is Confirmation.UNCONFIRMED
