"""What the council does about a debt: who may, how much, and what follows."""

import threading

import pytest
from sqlalchemy import select

from models.audit import AuditEvent
from models.base import DomainError
from models.outbox import OutboxMessage
from models.payments import debts, officer
from models.payments.adjustment import RecoveryPlan
from models.payments.debt import DebtEntry, WriteOff
from models.permissions import Role
from models.records.provider import Provider
from tests.care_factories import make_contract
from tests.factories import make_provider, make_staff, make_user
from tests.support.debts import AFTER, DAY, FIRST, WEEK, act, forecast, ledger, newest, owing, repay
from tests.support.portal import in_this_portal
from tests.support.rows import every
from tests.support.runs import banked, finalise, owed

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]


@pytest.fixture
def ola():
    return make_staff(name="Ola Bright")


@pytest.fixture
def max_():
    return make_staff(name="Max Reid")


def mails():
    return [(each.to, each.subject, each.body) for each in every(OutboxMessage)]


def actions(name):
    return every(select(AuditEvent).where(AuditEvent.action == name))


def ask(contract, pence, by, **given):
    act(debts.ask_write_off, contract, pence=pence, by=by, **{"reason": "Too old to get back"} | given)
    return every(WriteOff)[-1]


def test_a_repayment_beside_a_plan(ola):
    """£500.00 owed, plan £10.00, £100.00 repaid: £400.00 is owed, and the payment pays its total less £10.00."""
    contract = owing(50_000)
    act(officer.agree_plan, contract, per_payment_pence=1_000, reason="Agreed", by=ola)
    repay(contract, 10_000, ola)
    assert owed(contract) == 40_000
    finalise(AFTER + 6 * DAY)
    assert (banked(contract), owed(contract)) == ([0, 9_000], 39_000)


def test_what_is_repaid_above_the_debt_waits_until_it_was_sent_back(ola, max_):
    contract = owing(50_000)
    repay(contract, 52_000, ola)
    [entry] = every(DebtEntry)
    assert (owed(contract), entry.pence, entry.surplus_pence) == (0, 50_000, 2_000)
    assert ledger(contract).entries[-1].surplus_waits
    act(debts.settle_surplus, entry, note="Sent back by BACS", by=max_)
    act(debts.settle_surplus, entry, note="Sent back by BACS", by=max_)
    [entry] = every(DebtEntry)
    assert (entry.surplus_note, entry.surplus_settled_by_id) == ("Sent back by BACS", max_.id)
    assert len(actions("debt.surplus_settled")) == 1
    with pytest.raises(DomainError, match="settled already"):
        act(debts.settle_surplus, entry, note="Sent again", by=ola)
    finalise(AFTER + 6 * DAY)
    assert banked(contract) == [0, 10_000]


def test_a_repayment_lowers_no_more_than_that_days_debt(ola):
    """£100.00 came before the run of the 15th took £100.00 of £150.00: only the £50.00 that were left are lowered."""
    contract, early = owing(15_000), owing(10_000)
    finalise(AFTER + 6 * DAY)
    assert owed(contract) == 5_000
    repay(contract, 10_000, ola, on=AFTER + WEEK, came_on=AFTER + DAY)
    [entry] = every(DebtEntry)
    assert (entry.pence, entry.surplus_pence, entry.on) == (5_000, 5_000, AFTER + DAY)
    assert [each.left_pence for each in ledger(contract).entries] == [15_000, 10_000, 0]
    repay(early, 10_000, ola, on=AFTER + WEEK, came_on=FIRST)
    assert every(DebtEntry)[-1].surplus_pence == 10_000


@pytest.mark.parametrize(
    ("given", "why"),
    [({"pence": 0}, "above £0.00"), ({"pence": -1}, "above £0.00"), ({"came_on": AFTER + DAY}, "is to come")],
)
def test_a_repayment_that_cannot_be_is_refused(ola, given, why):
    contract = owing()
    with pytest.raises(DomainError, match=why):
        repay(contract, by=ola, **{"pence": 100} | given)
    assert not every(DebtEntry)


def test_a_second_press_records_nothing_twice(ola, max_):
    contract = owing(50_000)
    for _ in range(2):
        repay(contract, 10_000, ola, seen_id=0)
    assert (owed(contract), len(actions("debt.repaid")), len(every(OutboxMessage))) == (40_000, 1, 0)
    with pytest.raises(DomainError, match="since you opened the form"):
        repay(contract, 10_000, max_, seen_id=0)
    repay(contract, 10_000, ola, seen_id=newest(contract))  # another visit to the form
    assert owed(contract) == 30_000


def test_two_people_record_the_same_money_at_once(ola, max_):
    contract = owing(50_000)
    told = at_once(
        [lambda by=by: repay(contract, 50_000, by, seen_id=0) for by in (ola, max_)],
    )
    assert sorted(told, key=len)[0] == "done"
    assert "since you opened the form" in sorted(told, key=len)[1]
    assert owed(contract) == 0


def at_once(acts):
    told, ready = [], threading.Barrier(len(acts))

    @in_this_portal
    def press(do):
        try:
            ready.wait(10)
            do()
            told.append("done")
        except DomainError as refusal:
            told.append(str(refusal))

    people = [threading.Thread(target=press, args=(do,)) for do in acts]
    for person in people:
        person.start()
    for person in people:
        person.join()
    return told


def test_a_write_off_takes_two_people(ola, max_):
    contract = owing(50_000)
    asked = ask(contract, 30_000, ola)
    assert owed(contract) == 50_000
    for verb, more in ((debts.agree_write_off, {}), (debts.refuse_write_off, {"reason": "No"})):
        with pytest.raises(DomainError, match="You asked for this write-off"):
            act(verb, asked, by=ola, **more)
    for _ in range(2):
        act(debts.agree_write_off, asked, by=max_)
    [entry] = every(DebtEntry)
    assert (owed(contract), entry.pence, entry.made_by_id, entry.reason) == (
        20_000, 30_000, max_.id, "Too old to get back",
    )  # fmt: skip
    assert ledger(contract).written_off_pence == 30_000
    [(to, subject, body)] = mails()
    assert (to, subject) == (ola.email, "Your write-off is agreed")
    assert "Max Reid has agreed to it." in body
    with pytest.raises(DomainError, match="agreed already"):
        act(debts.refuse_write_off, asked, by=max_, reason="After all not")


def test_a_write_off_is_at_most_what_is_owed_at_that_moment(ola, max_):
    contract = owing(50_000)
    with pytest.raises(DomainError, match="Only £500.00 is owed on this contract, and not £500.01. Ask for no more"):
        ask(contract, 50_001, ola)
    asked = ask(contract, 50_000, ola)
    repay(contract, 42_000, ola)
    with pytest.raises(
        DomainError, match="Only £80.00 is owed .* Refuse this write-off, and ask for one of what is owed"
    ):
        act(debts.agree_write_off, asked, by=max_)
    act(debts.refuse_write_off, asked, by=max_, reason="Most is repaid")
    [asked] = every(WriteOff)
    assert (asked.outcome, asked.decision, owed(contract)) == ("refused", "Most is repaid", 8_000)
    again = ask(contract, 8_000, ola)
    act(debts.agree_write_off, again, by=max_)
    assert owed(contract) == 0


def test_one_write_off_of_a_contract_waits_at_a_time(ola, max_):
    contract = owing(50_000)
    for _ in range(2):
        asked = ask(contract, 30_000, ola)
    assert len(every(WriteOff)) == len(actions("write_off.asked")) == 1
    with pytest.raises(DomainError, match="A write-off of £300.00 waits on this contract already"):
        ask(contract, 10_000, max_)
    with pytest.raises(DomainError, match="Somebody else has asked"):
        act(debts.withdraw_write_off, asked, by=max_)
    act(debts.withdraw_write_off, asked, by=ola)
    [asked] = every(WriteOff)
    assert (asked.outcome, owed(contract)) == ("withdrawn", 50_000)
    with pytest.raises(DomainError, match="withdrawn already"):
        act(debts.agree_write_off, asked, by=max_)


def test_two_people_decide_a_write_off_at_once(ola, max_):
    contract, kim = owing(50_000), make_staff(name="Kim")
    asked = ask(contract, 50_000, ola)
    told = at_once(
        [
            lambda: act(debts.agree_write_off, asked, by=max_),
            lambda: act(debts.refuse_write_off, asked, by=kim, reason="No"),
        ]
    )
    assert sorted(told, key=len)[0] == "done"
    assert "already" in sorted(told, key=len)[1]
    assert owed(contract) == (0 if every(WriteOff)[0].is_agreed else 50_000)


def test_a_debt_is_moved_to_another_contract_of_the_provider(ola):
    provider = make_provider()
    contract, other = owing(50_000, provider, is_over=True), make_contract(provider)
    stranger = make_contract()
    for _ in range(2):
        act(debts.move_debt, contract, other, pence=30_000, reason="It goes on", seen_id=0, by=ola)
    assert (owed(contract), owed(other), len(every(DebtEntry))) == (20_000, 30_000, 2)
    assert (ledger(contract).moved_pence, ledger(other).moved_pence) == (30_000, -30_000)
    assert ledger(other).entries[0].reason == f"From {contract.name} ({contract.reference}): It goes on"
    seen_id = newest(contract)
    for wrong in (contract, stranger):
        with pytest.raises(DomainError, match="another contract of the same provider"):
            act(debts.move_debt, contract, wrong, pence=100, reason="No", seen_id=seen_id, by=ola)
    with pytest.raises(DomainError, match="Only £200.00 is owed"):
        act(debts.move_debt, contract, other, pence=20_001, reason="No", seen_id=seen_id, by=ola)


def test_who_sees_the_payments_is_told_by_mail(ola):
    contract = owing(50_000, name="Rowan Lodge")
    [provider] = every(select(Provider).where(Provider.id == contract.provider_id))
    carer = make_user(Role.CARER, provider, name="Dawn")
    make_user(Role.SCHEDULER, provider)
    repay(contract, 60_000, ola)
    [(to, subject, body)] = mails()
    assert (to, subject) == (carer.email, "The council has your repayment")
    assert "£600.00 came on 9 September 2019" in body
    assert "£100.00 of it is more than was owed" in body
    assert f"Rowan Lodge ({contract.reference}): £0.00 is still owed." in body


def test_a_plan_is_no_debt_of_its_own_and_the_forecast_keeps_to_it(ola):
    contract = owing(5_000)
    act(officer.agree_plan, contract, per_payment_pence=2_000, reason="Agreed", by=ola)
    assert [(each.taken_pence, each.left_pence) for each in forecast(contract).steps] == [
        (2_000, 3_000), (2_000, 1_000), (1_000, 0),
    ]  # fmt: skip
    assert len(every(RecoveryPlan)) == 1
