"""How the council finds payments: the bounds of each filter, concern and sum of models/payments/worklist.py."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import select

from models.calendar import as_on
from models.payments.adjustment import Adjustment
from models.payments.confirmation import Confirmation, Processing
from models.payments.due import AHEAD, Due, DueWhen, what_is_due
from models.payments.hold import Hold, HoldKind
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.run import PaymentRun, RunPayment, RunState
from models.payments.worklist import (
    WORK,
    Concern,
    before,
    is_before,
    is_far_off,
    listed,
    numbered,
    runs_that_wait,
    waiting,
)
from models.waiting import Waiting, ask
from tests.care_factories import make_contract, make_deduction, make_item
from tests.factories import make_provider, make_user
from tests.support.rows import every, reading, saved
from tests.support.runs import answered, calculate, change, finalise, payment
from tests.support.snapshots import built_once

pytestmark = pytest.mark.usefixtures("database")

MONDAY = date(2019, 9, 2)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
SECOND, THIRD, FOURTH = MONDAY + WEEK, MONDAY + 2 * WEEK, MONDAY + 3 * WEEK
SUNDAY = THIRD + 6 * DAY
"""The last day of the third week, and the day on which it is to be finalised."""


@pytest.fixture
@built_once
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
        row = Due(on, 4, 0, 0, free=3, in_run=1)
        assert (row.when, row.due, row.concern, row.to_prepare) == (when, which, concern, to_prepare)


def test_the_days_of_a_run_are_those_that_are_past_or_today_alone():
    with as_on(SUNDAY):
        assert DueWhen.ANY.days == (None, None)
        assert DueWhen.OVERDUE.days == (None, SUNDAY - DAY)
        assert DueWhen.TODAY.days == (SUNDAY, SUNDAY)


def lines_of(of: ScheduledPayment):
    return every(select(PaymentLine).where(PaymentLine.payment_id == of.id))


def held(of: ScheduledPayment, order_id: int | None, kind: HoldKind = HoldKind.OFFICER):
    own = {"provider_id": of.provider_id, "payment_id": of.id, "purchase_order_id": order_id}
    saved(Hold(**own, kind=kind, reason="Looked at"))


def test_a_payment_is_found_by_words_of_its_contracts_name_and_by_a_part_of_its_reference():
    made = make_contract(make_provider(name="Elm House"), name="Tŷ’r Felin Short Breaks", calculate_from=MONDAY)
    make_item(made, 1_000_000, starts_on=MONDAY)
    calculate(SUNDAY)
    for text in ("breaks short", "ty'r felin", made.reference, made.reference.lower()):
        assert found(name=text, last=MONDAY) == [MONDAY], text
    assert found(name="Short Stays") == []


def told(concern: Concern) -> tuple[int, int | None]:
    """How many wait of one concern, and their pence."""
    with as_on(SUNDAY), reading():
        [found] = ask(waiting(concern)).values()
    return found.count, found.pence


def test_a_payment_that_is_held_a_row_that_is_and_a_row_that_is_queried_wait_apart(contract):
    make_item(contract, 250_000, starts_on=MONDAY)
    calculate(SUNDAY)
    first, second, third = (payment(contract, week) for week in (MONDAY, SECOND, THIRD))
    row = {(line.payment_id, line.net_pence): line.purchase_order_id for line in every(PaymentLine)}
    held(first, None)
    held(second, row[second.id, 100_00])
    held(third, row[third.id, 25_00], HoldKind.QUERY)
    for concern, week, pence in (
        (Concern.HELD, MONDAY, 125_00), (Concern.HELD_ROWS, SECOND, 100_00), (Concern.QUERIED, THIRD, 25_00),
    ):  # fmt: skip
        assert (found(concern=concern), told(concern)) == ([week], (1, pence)), concern


def test_a_payment_waits_where_a_care_package_in_it_would_add_money_and_another_page_tells_of_it(contract):
    assert (found(concern=Concern.WAITING), told(Concern.WAITING)) == ([], (0, 0))
    change(payment(contract, SECOND), waiting_pence=1)
    assert (found(concern=Concern.WAITING), told(Concern.WAITING)) == ([SECOND], (1, 1))
    assert [concern for concern in WORK if concern.is_told_by_sums] == [Concern.WAITING]


def test_the_payment_before_is_that_of_the_same_contract_whose_period_ends_where_this_begins(contract):
    other = before()
    with reading() as session:
        joined = select(ScheduledPayment.first_on, other.first_on).join(other, is_before(other))
        days = [tuple(row) for row in session.execute(joined.where(ScheduledPayment.first_on <= THIRD))]
    assert sorted(days) == [(SECOND, MONDAY), (THIRD, SECOND)]


def test_a_line_without_money_is_no_recovery(contract):
    [line] = lines_of(payment(contract, MONDAY))
    change(line, net_pence=0)
    assert found(concern=Concern.RECOVERY) == []
    change(line, net_pence=-1)
    assert found(concern=Concern.RECOVERY) == [MONDAY]


def test_runs_wait_since_the_oldest_was_prepared_or_authorised_and_no_other_counts():
    first, later, last = (datetime(2019, 9, day, 12, tzinfo=UTC) for day in (2, 3, 4))
    for prepared, pence in ((later, 10_00), (first, 5_00)):
        saved(PaymentRun(as_on=MONDAY, prepared_at=prepared, total_pence=pence))
    saved(PaymentRun(
        as_on=MONDAY, prepared_at=first, state=RunState.AUTHORISED, authorised_at=last, total_pence=3_00,
    ))  # fmt: skip
    saved(PaymentRun(as_on=MONDAY, prepared_at=first, state=RunState.DISCARDED, total_pence=1_00))
    with reading():
        assert list(ask(runs_that_wait(RunState.PREPARED)).values()) == [Waiting("runs prepared", 2, MONDAY, 15_00)]
        assert list(ask(runs_that_wait(RunState.AUTHORISED)).values()) == [
            Waiting("runs authorised", 1, MONDAY + 2 * DAY, 3_00)
        ]


@pytest.mark.parametrize(
    ("state", "outcome", "overdue", "today"),
    [
        (RunState.PREPARED, None, 1, 0), (RunState.PREPARED, "held", 0, 0), (RunState.DISCARDED, None, 0, 0),
    ],
)  # fmt: skip
def test_of_what_is_due_an_open_run_has_what_it_is_still_to_pay_and_nothing_that_is_held(
    contract, state, outcome, overdue, today
):
    run = saved(PaymentRun(as_on=SUNDAY, state=state))
    for week in (MONDAY, THIRD):
        of = payment(contract, week)
        own = {"provider_id": of.provider_id, "payment_id": of.id, "run_id": run.id, "outcome": outcome}
        saved(RunPayment(**own, total_pence=100_00, taken_pence=100_00, lines=1, digest=""))
    held(payment(contract, THIRD), None)
    past, now = due(SUNDAY)
    assert [(each.free, each.in_run, each.to_prepare) for each in (past, now)] == [
        (2, overdue, 2 - overdue), (0, today, 0),
    ]  # fmt: skip


def test_the_desk_looks_five_weeks_ahead_and_no_day_further(contract):
    change(payment(contract, THIRD), finalise_on=SUNDAY + AHEAD)
    assert [each.on for each in due(SUNDAY)] == [MONDAY + 6 * DAY, SUNDAY + AHEAD]
    change(payment(contract, THIRD), finalise_on=SUNDAY + AHEAD + DAY)
    assert [each.on for each in due(SUNDAY)] == [MONDAY + 6 * DAY]


def test_payments_that_are_asked_for_by_number_come_with_their_own_provider_the_newest_first(contract):
    other = make_contract(make_provider(name="Oak Lodge"), calculate_from=MONDAY)
    make_item(other, 1_000_000, starts_on=MONDAY)
    calculate(SUNDAY)
    ids = [payment(of, week).id for of, week in ((contract, MONDAY), (other, MONDAY), (contract, SECOND))]
    with reading() as session:
        rows = [(row.ScheduledPayment.first_on, row.provider) for row in session.execute(numbered(ids))]
    assert rows == [(SECOND, "Elm House"), (MONDAY, "Elm House"), (MONDAY, "Oak Lodge")]
