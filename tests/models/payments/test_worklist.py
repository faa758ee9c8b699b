"""How the council finds payments: the bounds of each filter, concern and sum of models/payments/worklist.py."""

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import select

from models.calendar import as_on
from models.payments.adjustment import Adjustment
from models.payments.confirmation import Confirmation, Processing
from models.payments.hold import Hold, HoldKind
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.worklist import Concern, Due, DueWhen, is_far_off, listed, what_is_due
from tests.care_factories import make_contract, make_deduction, make_item
from tests.factories import make_provider, make_user
from tests.support.rows import every, reading, saved
from tests.support.runs import answered, calculate, change, finalise, payment

pytestmark = pytest.mark.usefixtures("database")

MONDAY = date(2019, 9, 2)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
SECOND, THIRD, FOURTH = MONDAY + WEEK, MONDAY + 2 * WEEK, MONDAY + 3 * WEEK
SUNDAY = THIRD + 6 * DAY
"""The last day of the third week, and the day on which it is to be finalised."""


@pytest.fixture
def contract():
    """£100.00 a week, calculated on the third Sunday: two weeks are overdue, one is due that day."""
    made = make_contract(make_provider(name="Elm House"), calculate_from=MONDAY)
    make_item(made, 1_000_000, starts_on=MONDAY)
    calculate(SUNDAY)
    return made


def found(on: date = SUNDAY, **given: Any) -> list[date]:
    with as_on(on), reading() as session:
        return sorted(row.first_on for row in session.execute(listed(**given)))


@pytest.mark.parametrize(
    ("given", "weeks"),
    [
        ({}, [MONDAY, SECOND, THIRD]),
        ({"first": SECOND - DAY}, [MONDAY, SECOND, THIRD]),
        ({"first": SECOND}, [SECOND, THIRD]),
        ({"last": SECOND}, [MONDAY, SECOND]),
        ({"last": SECOND - DAY}, [MONDAY]),
        ({"first": SECOND, "last": SECOND}, [SECOND]),
        ({"finalise_on": SUNDAY}, [THIRD]),
        ({"finalise_on": SUNDAY + WEEK}, [FOURTH]),
        ({"finalise_on": SUNDAY - DAY}, []),
        ({"amount_pence": 100_00, "last": MONDAY}, [MONDAY]),
        ({"amount_pence": 100_01}, []),
        ({"name": "elm"}, [MONDAY, SECOND, THIRD]),
        ({"concern": Concern.OPEN, "finalise_on": SUNDAY}, [THIRD]),
        ({"concern": Concern.OPEN, "finalise_on": SUNDAY + WEEK}, []),
        ({"name": "oak"}, []),
        ({"state": Processing.FUTURE, "last": FOURTH}, [FOURTH]),
        ({"state": Processing.FINALISED}, []),
        ({"confirmation": Confirmation.REJECTED}, []),
        ({"confirmation": Confirmation.UNCONFIRMED}, [MONDAY, SECOND, THIRD]),
        ({"concern": Concern.OVERDUE}, [MONDAY, SECOND]),
        ({"concern": Concern.DUE_TODAY}, [THIRD]),
    ],
)
def test_each_filter_takes_its_bounds_in(contract, given, weeks):
    assert found(**given) == weeks
    assert found(name=contract.reference, **{key: value for key, value in given.items() if key != "name"}) or not weeks


def test_a_payment_is_overdue_from_the_day_after_it_was_to_be_finalised_until_a_run_closes_it(contract):
    assert found(SUNDAY + DAY, concern=Concern.OVERDUE) == [MONDAY, SECOND, THIRD]
    assert found(SUNDAY + DAY, concern=Concern.DUE_TODAY) == []
    finalise(SUNDAY)
    assert found(SUNDAY + DAY, concern=Concern.OVERDUE) == []
    assert found(concern=Concern.DUE_TODAY) == []


def test_each_answer_that_is_missing_is_told_two_days_before_its_last_day():
    contract = make_contract(calculate_from=MONDAY, confirmation="required", if_unconfirmed="hold")
    make_item(contract, 1_000_000, starts_on=MONDAY)
    calculate(MONDAY)
    last = payment(contract, MONDAY).answer_by
    near = {"concern": Concern.CUT_OFF, "last": MONDAY}
    assert found(last - 3 * DAY, **near) == []
    assert found(last - 2 * DAY, **near) == found(last + DAY, **near) == [MONDAY]
    assert found(last, concern=Concern.UNCONFIRMED, last=MONDAY) == [MONDAY]
    change(payment(contract, MONDAY), **answered("confirmed", 100_00))
    assert found(last, **near) == found(last, concern=Concern.UNCONFIRMED, last=MONDAY) == []
    assert found(last, concern=Concern.REJECTED) == []
    change(payment(contract, MONDAY), **answered("rejected", 100_00))
    assert found(last, concern=Concern.REJECTED) == [MONDAY]
    assert found(last, confirmation=Confirmation.REJECTED) == [MONDAY]


def test_a_deduction_that_the_provider_collects_is_no_recovery_and_money_taken_back_is():
    contract = make_contract(calculate_from=MONDAY)
    item = make_item(contract, 1_000_000, starts_on=MONDAY)
    make_deduction(item, 100_000)
    calculate(MONDAY)
    assert found(MONDAY, concern=Concern.RECOVERY) == []
    for pence, weeks in ((100, []), (-1, [MONDAY])):
        saved(
            Adjustment(
                provider_id=contract.provider_id, contract_id=contract.id, client_id=item.client_id, for_day=MONDAY,
                amount_pence=pence, reason="By hand", created_by_id=make_user().id,
            )
        )  # fmt: skip
        calculate(MONDAY)
        assert found(MONDAY, concern=Concern.RECOVERY) == weeks


@pytest.mark.parametrize(
    ("now", "then", "is_far"),
    [
        (150_00, 100_00, False), (150_01, 100_00, True), (50_00, 100_00, False), (49_99, 100_00, True),
        (100_00, 100_00, False), (100_00, 0, False), (0, 1, True), (-150_00, -100_00, False),
        (-150_01, -100_00, True), (100_00, -100_00, True),
    ],
)  # fmt: skip
def test_far_off_is_more_than_half_as_much_again_or_less_than_half(now, then, is_far):
    with reading() as session:
        assert session.scalar(select(is_far_off(sa.literal(now), sa.literal(then)))) == is_far


def due(on: date) -> list[Due]:
    with as_on(on), reading():
        return what_is_due()


def test_what_is_due_adds_up_what_is_past_and_tells_the_days_to_come_one_by_one(contract):
    calculate(SUNDAY + DAY)
    assert due(SUNDAY) == [
        Due(MONDAY + 6 * DAY, 2, 200_00, 0, free=2),
        Due(SUNDAY, 1, 100_00, 0, free=1),
    ]
    assert due(SUNDAY + DAY) == [
        Due(MONDAY + 6 * DAY, 3, 300_00, 0, free=3),
        Due(SUNDAY + WEEK, 1, 100_00, 0, free=1),
    ]
    finalise(SUNDAY + DAY)
    assert due(SUNDAY + DAY) == [Due(SUNDAY + WEEK, 1, 100_00, 0, free=1)]


def test_of_what_is_due_a_row_that_is_held_is_told_apart_and_so_is_a_payment_that_is(contract):
    third, first = payment(contract, THIRD), payment(contract, MONDAY)
    make_item(contract, 250_000, starts_on=MONDAY)
    calculate(SUNDAY)
    [row, _] = sorted({line.purchase_order_id for line in lines_of(third)})
    held(third, row)
    held(first, None)
    past, now = due(SUNDAY)[:2]
    assert (past.count, past.pence, past.held_pence, past.free) == (2, 125_00, 125_00, 1)
    assert (now.count, now.pence, now.held_pence, now.free) == (1, 25_00, 100_00, 1)


@pytest.mark.parametrize(
    ("on", "when", "which", "concern", "to_prepare"),
    [
        (SUNDAY - DAY, "Overdue", DueWhen.OVERDUE, Concern.OVERDUE, 2),
        (SUNDAY, "Today", DueWhen.TODAY, Concern.DUE_TODAY, 2),
        (SUNDAY + DAY, "Tomorrow", None, Concern.OPEN, 0),
        (SUNDAY + 2 * DAY, "", None, Concern.OPEN, 0),
    ],
)
def test_what_is_to_be_finalised_says_when_and_which_run_takes_it(on, when, which, concern, to_prepare):
    with as_on(SUNDAY):
        told = Due(on, 4, 0, 0, free=3, in_run=1)
        assert (told.when, told.due, told.concern, told.to_prepare) == (when, which, concern, to_prepare)


def test_the_days_of_a_run_are_those_that_are_past_or_today_alone():
    with as_on(SUNDAY):
        assert DueWhen.ANY.days == (None, None)
        assert DueWhen.OVERDUE.days == (None, SUNDAY - DAY)
        assert DueWhen.TODAY.days == (SUNDAY, SUNDAY)


def lines_of(of: ScheduledPayment):
    return every(select(PaymentLine).where(PaymentLine.payment_id == of.id))


def held(of: ScheduledPayment, order_id: int | None):
    own = {"provider_id": of.provider_id, "payment_id": of.id, "purchase_order_id": order_id}
    saved(Hold(**own, kind=HoldKind.OFFICER, reason="Looked at"))


def test_a_payment_is_found_by_words_of_its_contracts_name_and_by_a_part_of_its_reference():
    made = make_contract(make_provider(name="Elm House"), name="Tŷ’r Felin Short Breaks", calculate_from=MONDAY)
    make_item(made, 1_000_000, starts_on=MONDAY)
    calculate(SUNDAY)
    for text in ("breaks short", "ty'r felin", made.reference, made.reference.lower()):
        assert found(name=text, last=MONDAY) == [MONDAY], text
    assert found(name="Short Stays") == []
