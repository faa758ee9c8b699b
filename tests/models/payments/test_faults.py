"""A contract that cannot be calculated stops itself, and no other."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from commands.batchwise.payments import calculate_all, finalise_due, finalise_run
from models import verify
from models.base import DomainError, scope, session, transaction
from models.calendar import as_on
from models.payments import calculation, foreseeing, officer, payment_run
from models.payments.adjustment import Adjustment
from models.payments.authorising import authorise_from_command_line
from models.payments.blocked import CalculationFault, faults, waiting
from models.payments.due import what_is_due
from models.payments.hold import Hold
from models.payments.payment import ScheduledPayment
from models.payments.run import PaymentRun
from models.payments.standing import Kept, standing_of
from models.records.care_package import ItemPrice
from models.records.client import Client
from models.records.contract import Contract
from models.records.provider import Provider
from models.tenancy import EVERY_PROVIDER, set_tenant
from models.waiting import Waiting, ask
from tests.care_factories import make_client, make_contract, make_item
from tests.factories import make_user
from tests.support.faults import unable_to_calculate
from tests.support.rows import every, reading, reloaded, unit_of_work
from tests.support.runs import banked, calculate, change, finalise, lines, orders, payment

MONDAY = date(2019, 9, 23)
SUNDAY = MONDAY + timedelta(days=6)
NEXT = SUNDAY + timedelta(days=7)
pytestmark = pytest.mark.postgres


@pytest.fixture
def three(database):
    """Three contracts at £100.00 a week of which the second and third are one provider's; a week is calculated."""
    first = make_contract(calculate_from=MONDAY)
    second = make_contract(calculate_from=MONDAY)
    third = make_contract(_provider_of(second), calculate_from=MONDAY)
    for contract in (first, second, third):
        make_item(contract, rate_e4=1_000_000, starts_on=MONDAY, client=make_client())
    calculate(MONDAY)
    return first, second, third


def _provider_of(contract):
    return every(select(Provider).where(Provider.id == contract.provider_id))[0]


def drafts(contract):
    return [(line.first_on, line.total_pence) for line in lines(contract) if line.run_id is None]


def twice_the_price():
    for price in every(ItemPrice):
        change(price, rate_e4=2_000_000)


def values(contract):
    return [(order.value_pence, order.revision, order.planned) for order in orders(contract)]


def test_the_others_are_calculated_and_paid(three):
    first, broken, beside = three
    before = drafts(broken), values(broken), lines(broken)[0].id
    twice_the_price()
    with unable_to_calculate(broken), as_on(SUNDAY):
        outcome = calculate_all()
        assert (outcome.contracts, outcome.faults) == (2, 1)
        assert (drafts(broken), values(broken), lines(broken)[0].id) == before
        assert drafts(first) == drafts(beside) == [(MONDAY, 20_000)]
        _, done = finalise_due()
        assert done.payments == 2
    assert banked(first) == banked(beside) == [20_000]
    assert banked(broken) == []
    [fault] = every(CalculationFault)
    assert (fault.contract_id, fault.provider_id) == (broken.id, broken.provider_id)
    assert fault.fault.startswith("KeyError in broken, line ")
    assert "Simpson" not in fault.fault


def test_the_second_night_mends_it(three):
    _, broken, _ = three
    twice_the_price()
    with unable_to_calculate(broken):
        calculate(SUNDAY)
        [first_night] = every(CalculationFault)
        calculate(SUNDAY + timedelta(days=1))
        [second_night] = every(CalculationFault)
    assert second_night.since == first_night.since
    finalise(SUNDAY + timedelta(days=1))
    assert not every(CalculationFault)
    assert banked(broken) == [20_000]
    assert [order.value_pence for order in orders(broken)] == [sum_of_orders(broken)] * len(orders(broken))


def sum_of_orders(contract):
    """27 weeks and two days of the year at £200.00: what each of the provider's two clients is worth."""
    return 27 * 20_000 + 5_714


def test_a_run_that_is_authorised_leaves_what_cannot_be_calculated_any_more(three):
    first, broken, _ = three
    with as_on(SUNDAY):
        calculate_all()
        with transaction():
            set_tenant(EVERY_PROVIDER)
            run = payment_run.prepare(by=None)
            authorise_from_command_line(run)
            run_id = run.id
        with unable_to_calculate(broken):
            calculate_all()
            assert finalise_run(run_id).left == 1
    assert (banked(first), banked(broken)) == ([10_000], [])


def test_what_fails_in_writing_stops_its_provider_alone(three, monkeypatch):
    """No contract can be blamed for it: both of the provider's keep what they had."""
    first, broken, beside = three
    line = calculation._Writer._line

    def failing(self, contract_id, *rest):
        if contract_id == broken.id:
            raise KeyError(contract_id)
        return line(self, contract_id, *rest)

    before = drafts(broken), drafts(beside), values(broken)
    twice_the_price()
    monkeypatch.setattr(calculation._Writer, "_line", failing)
    calculate(MONDAY)
    assert (drafts(broken), drafts(beside), values(broken)) == before
    assert drafts(first) == [(MONDAY, 20_000)]
    assert {row.contract_id for row in every(CalculationFault)} == {broken.id, beside.id}
    monkeypatch.undo()
    calculate(MONDAY)
    assert not every(CalculationFault)


def test_what_fails_is_listed_with_what_is_due(three):
    _, broken, _ = three
    with unable_to_calculate(broken):
        calculate(MONDAY)
    with reading() as session, as_on(SUNDAY):
        [row] = session.execute(faults()).all()
        assert (row.reference, row.due) == (broken.reference, 1)
        assert session.execute(faults(name=row.provider)).all() == [row]
        assert not session.execute(faults(name="Nobody of that name")).all()
        assert not session.execute(faults(provider_ids=[three[0].provider_id])).all()
        assert list(ask(waiting()).values()) == [Waiting("not calculated", 1, row.since.date())]


def test_it_is_kept_back_from_what_is_due_since_no_run_takes_it(three):
    first, broken, beside = three
    with unable_to_calculate(broken):
        calculate(MONDAY)
    with reading(), as_on(SUNDAY):
        [due] = what_is_due()
    kept = payment(broken, MONDAY).total_pence
    free = [payment(each, MONDAY).total_pence for each in (first, beside)]
    assert (due.count, due.free, due.pence, due.held_pence) == (3, 2, sum(free), kept)


def test_its_payment_stands_as_kept_back(three):
    _, broken, beside = three
    with unable_to_calculate(broken):
        calculate(MONDAY)
    with as_on(MONDAY):
        for contract, kept, bank in ((broken, Kept.UNCALCULATED, 0), (beside, None, 10_000)):
            found = payment(contract, MONDAY)
            with reading():
                standing = standing_of(found)
            assert (standing.kept, standing.bank_pence) == (kept, bank)


def test_verify_names_it(three):
    _, broken, _ = three
    calculate(SUNDAY)
    with unable_to_calculate(broken), as_on(SUNDAY):
        found = {each.where for each in verify.check_all() if each.promise == "every contract can be calculated"}
        assert [each.partition(":")[0] for each in found] == [f"contract {broken.id}"]
        calculate_all()
        assert {each.promise for each in verify.check_all()} == {"every contract can be calculated"}
    with as_on(SUNDAY):
        assert [each.where for each in verify.check_all()] == [f"contract {broken.id}: calculate it again"]


def test_an_officers_act_is_kept(three):
    _, broken, _ = three
    by = make_user()
    with unable_to_calculate(broken), as_on(MONDAY), unit_of_work() as session:
        officer.hold(session.get_one(ScheduledPayment, payment(broken, MONDAY).id), by=by, reason="Left?")
        contract = session.get_one(Contract, broken.id)
        client = session.scalars(select(Client).order_by(Client.id)).all()[1]
        officer.adjust(contract, client, amount_pence=500, for_day=MONDAY, reason="Paid by cheque", by=by)
        assert foreseeing.foresee(contract, client.id, amount_pence=500, for_day=MONDAY) is None
    assert len(every(Hold)) == len(every(Adjustment)) == len(every(CalculationFault)) == 1
    assert drafts(broken) == [(MONDAY, 10_000)]
    calculate(MONDAY)
    assert sorted(drafts(broken)) == [(MONDAY, 500), (MONDAY, 10_000)]


def test_no_day_before_the_last_finalised_one_is_calculated(three):
    first, _, _ = three
    finalise(SUNDAY)
    calculate(SUNDAY)
    with pytest.raises(DomainError, match="A run of 29 September 2019 is finalised, so nothing can be calculated as on "
                                          "28 September 2019. Choose that day or a later one"):  # fmt: skip
        calculate(SUNDAY - timedelta(days=1))
    with as_on(SUNDAY - timedelta(days=1)):
        assert "today is no day before the last finalised one" in {each.promise for each in verify.check_all()}
    assert drafts(first) == []


def test_a_run_that_has_paid_nothing_refuses_no_day(three):
    calculate(NEXT)
    with as_on(NEXT), transaction():
        set_tenant(EVERY_PROVIDER)
        payment_run.prepare(by=None)
    [run] = every(PaymentRun)
    calculate(MONDAY)
    with scope():
        set_tenant(EVERY_PROVIDER)
        everybody = list(session.scalars(select(Provider.id)))
        assert calculation.last_finalised_on(everybody, MONDAY) is None
    assert reloaded(run).as_on == NEXT
