"""A payment that has not begun is planned from few facts, read at once: they come to what all facts come to."""

from datetime import date, timedelta
from random import Random

import pytest
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from models.calendar import Frequency, as_on
from models.engine.agreed import agreed_pence, planned
from models.payments.hold import Hold, HoldKind
from models.payments.loading import load
from models.payments.payment import ScheduledPayment
from models.pricing import Basis, Convention, DeductionKind, PayOnActuals, Unit
from models.records.agreement import Agreement, terms_of
from models.records.contract import ContractRate, PaymentMethod
from models.records.provider import Provider
from models.reports.breakdown import rows_of, with_working
from models.reports.payment_rows import Show, Wanted
from models.reports.plan import plan_of
from tests import care_factories as care
from tests.factories import make_user
from tests.support.rows import every, reading, saved
from tests.support.runs import calculate, change, finalise, payment

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.postgres]

MONDAY = date(2019, 9, 2)
SPAN, GATE = 300, date(2020, 1, 1)
"""Days over which the facts begin, and from when payments wait for agreements."""
DAY, WEEK = timedelta(days=1), timedelta(days=7)


@pytest.mark.parametrize(
    ("frequency", "on_actuals", "basis"),
    [
        (Frequency.WEEKLY, PayOnActuals.NEVER, Basis.NET),
        (Frequency.FOUR_WEEKLY, PayOnActuals.UNTIL_ACTUAL, Basis.GROSS),
        (Frequency.MONTHLY, PayOnActuals.ALWAYS, Basis.NET),
    ],
)
def test_what_is_read_of_a_payment_comes_to_what_all_facts_come_to(frequency, on_actuals, basis):
    """Line by line, of a dozen items with facts of every kind that begin and end on any day."""
    chance = Random(f"{frequency} {on_actuals}")
    contract = care.make_contract(
        calendar=care.make_calendar(frequency, anchor_on=date(2019, 9, 1) if on_actuals == "always" else MONDAY),
        calculate_from=MONDAY, basis=basis, is_agreement_required=True, gate_from=GATE,
    )  # fmt: skip
    [method] = every(PaymentMethod)
    change(method, pay_on_actuals=on_actuals)
    for n in range(12):
        _item_with_facts(contract, chance, has_price=n % 4 > 0)
    calculate(MONDAY)
    lines = 0
    with as_on(MONDAY), reading(contract.provider_id) as session:
        facts = load([contract.provider_id])[contract.id]
        own = joinedload(ScheduledPayment.method).joinedload(PaymentMethod.calendar)
        for found in session.scalars(select(ScheduledPayment).options(own).order_by(ScheduledPayment.first_on)):
            plan, waits = plan_of(found), facts.waits(found.span)
            few = {item.id: item for item in plan.items}
            for item in facts.items:
                cells = list(planned(item, basis, plan.spans, waits))
                dues = [due for due in item.allowances if due.due_on in found.span]
                if item.id not in few:
                    assert not cells
                    assert not any(item.terms_gross.is_payable_on(due.due_on) for due in dues)
                    continue
                same = few[item.id]
                assert list(planned(same, basis, plan.spans, waits)) == cells
                assert [due for due in same.allowances if due.due_on in found.span] == dues
                assert [agreed_pence(same, due) for due in dues] == [agreed_pence(item, due) for due in dues]
                assert (same.is_blocked(MONDAY), same.service) == (item.is_blocked(MONDAY), item.service)
                lines += len(cells)
    assert lines > 50


def _item_with_facts(contract, chance, has_price):
    """An item with up to three of each fact; without a price of its own it pays its contract's rates."""
    level = care.make_service_level(
        unit=chance.choice((Unit.WEEK, Unit.NIGHT, Unit.HOUR, Unit.MONTH)),
        convention=chance.choice(list(Convention)), vat_basis_points=chance.choice((0, 2000)),
    )  # fmt: skip
    begins = MONDAY + chance.randrange(-40, 90) * DAY
    item = care.make_item(
        contract, None, service_level_id=level.id, starts_on=begins,
        ends_on=chance.choice((None, begins + chance.randrange(SPAN) * DAY)),
        authorised_on=chance.choice((begins, begins, None)), is_suspended=chance.random() < 0.1,
    )  # fmt: skip
    for first, last in ((MONDAY - 60 * DAY, MONDAY + 100 * DAY), (MONDAY + 101 * DAY, None)):
        own = {"starts_on": first, "ends_on": last, "rate_e4": chance.randrange(10_000, 9_000_000)}
        if has_price:
            care.make_price(item, **own)
        rates = {"contract_id": contract.id, "service_level_id": level.id, "provider_id": contract.provider_id}
        saved(ContractRate(**rates, **own))
    _add_facts(item, chance)
    if chance.random() < 0.6:
        with reading(contract.provider_id) as session:
            terms = terms_of(session.merge(item))
        saved(Agreement(provider_id=item.provider_id, item_id=item.id, version=1, terms=terms, agreed_on=MONDAY))


def _add_facts(item, chance):
    for first, last in _spans(chance):
        week = [chance.randrange(3) * 10_000 for _ in range(7)]
        timetable = chance.choice((None, week))
        quantity = sum(week) if timetable else chance.randrange(1, 9) * 5_000
        care.make_quantity(item, quantity, starts_on=first, ends_on=last, timetable_e4=timetable)
    for first, last in _spans(chance):
        care.make_absence(item, first, last, chance.choice((0, 50)))
    for kind in DeductionKind:
        for first, last in _spans(chance):
            own = {"kind": kind, "collected_by": chance.choice(("provider", "council"))}
            care.make_deduction(item, chance.randrange(1, 400_000), **own, starts_on=first, ends_on=last)
    for first, last in _spans(chance):
        care.make_allowance(item, first, 18_602)
        care.make_allowance(item, last, 2_000, name="Birthday")


def _spans(chance):
    """Up to three that follow one another, with or without days between."""
    day = MONDAY - chance.randrange(60) * DAY
    for _ in range(chance.randrange(4)):
        last = day + chance.randrange(1, 90) * DAY
        yield day, last
        day = last + chance.choice((1, 1, 12)) * DAY


def test_a_price_that_is_over_is_not_replaced_by_the_rate_of_the_contract():
    contract = care.make_contract(calculate_from=MONDAY)
    item = care.make_item(contract, None)
    care.make_price(item, 700_000, ends_on=MONDAY + 6 * DAY)
    rate = {"contract_id": contract.id, "service_level_id": item.service_level_id, "rate_e4": 90_000}
    saved(ContractRate(provider_id=contract.provider_id, starts_on=date(2018, 4, 1), **rate))
    calculate(MONDAY)
    assert _rows(payment(contract, MONDAY + WEEK)) == []


def test_a_plan_shows_no_row_of_another_contract():
    contract = care.make_contract(calculate_from=MONDAY)
    care.make_item(contract, 700_000)
    other = care.make_contract(Provider(id=contract.provider_id), calculate_from=MONDAY)
    care.make_item(other, 900_000)
    calculate(MONDAY)
    assert _rows(payment(contract, MONDAY + WEEK)) == [7_000]
    assert _rows(payment(other, MONDAY + WEEK)) == [9_000]


@pytest.mark.parametrize(("ends", "pence"), [(7, 1_000), (6, 0)])
def test_an_item_that_ends_on_the_first_day_is_planned_and_one_before_is_not(ends, pence):
    contract = care.make_contract(calculate_from=MONDAY)
    care.make_item(contract, 700_000, ends_on=MONDAY + ends * DAY)
    calculate(MONDAY)
    assert sum(_rows(payment(contract, MONDAY + WEEK))) == pence


@pytest.mark.parametrize(("begins", "pence"), [(13, 1_000), (14, 0)])
def test_an_item_that_begins_on_the_last_day_is_planned_and_one_after_is_not(begins, pence):
    contract = care.make_contract(calculate_from=MONDAY)
    first = MONDAY + begins * DAY
    care.make_item(contract, 700_000, starts_on=first, authorised_on=MONDAY)
    calculate(MONDAY)
    assert sum(_rows(payment(contract, MONDAY + WEEK))) == pence


@pytest.mark.parametrize(("begins", "pence"), [(0, 6_000), (7, 6_000), (13, 6_000), (14, 7_000)])
def test_facts_that_hold_on_any_day_of_it_count(begins, pence):
    """A day away, on the first or the last day or for all of the week before: it was and it is paid nothing."""
    contract = care.make_contract(calculate_from=MONDAY)
    item = care.make_item(contract, 700_000)
    first = MONDAY + begins * DAY
    care.make_absence(item, first, max(first, MONDAY + WEEK))
    calculate(MONDAY)
    assert _rows(payment(contract, MONDAY + WEEK)) == [pence]


def test_the_rows_of_a_plan_that_are_held_are_found():
    contract = care.make_contract(calculate_from=MONDAY)
    care.make_item(contract, 700_000)
    held = care.make_item(contract, 900_000)
    finalise(MONDAY + 6 * DAY)
    found, by = payment(contract, MONDAY + 2 * WEEK), make_user()
    with as_on(MONDAY + WEEK), reading(contract.provider_id):
        [order] = [row.order_id for row in rows_of(found).items if row.client_id == held.client_id]
    own = {"provider_id": contract.provider_id, "payment_id": found.id, "purchase_order_id": order}
    saved(Hold(**own, kind=HoldKind.OFFICER, reason="Is it right?", placed_by_id=by.id))
    assert _rows(found, on=MONDAY + WEEK, show=Show.QUERIED) == [9_000]


def _rows(found, on=MONDAY, **wanted):
    with reading(found.provider_id), as_on(on):
        rows = rows_of(found, Wanted(**wanted)).items
        alone = [with_working(found, row.key) for row in rows]
        assert [[each.total_pence for each in told] for told in alone] == [[row.total_pence] for row in rows]
        return [row.total_pence for row in rows]
