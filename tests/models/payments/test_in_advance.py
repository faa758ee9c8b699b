"""Paying in advance: a calendar that finalises before its period begins, and a Christmas week that is paid early."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models import verify
from models.base import DomainError
from models.calendar import as_on
from models.payments import answers
from models.payments.confirmation import AnswerState, Confirmation, Processing
from models.payments.payment import ScheduledPayment
from models.records.care_package import CarePackageLineItem
from models.records.contract import CalendarOverride
from tests.care_factories import make_calendar, make_contract, make_item
from tests.factories import make_user
from tests.support.rows import every, reading, saved, unit_of_work
from tests.support.runs import banked, calculate, change, finalise, lines, orders, payment

MONDAY = date(2019, 11, 25)
KNOWN = date(2019, 11, 1)
"""When the care packages are authorised."""
WEEK, DAY = timedelta(days=7), timedelta(days=1)
pytestmark = pytest.mark.postgres


def in_advance(**given):
    """£100.00 a week from 25 November 2019: each week is confirmed by the Wednesday and finalised on the Friday before,
    and in the bank as it begins.
    """
    calendar = make_calendar(confirm_by_days=-5, finalise_days=-3, bank_days=0)
    contract = make_contract(calendar=calendar, calculate_from=MONDAY, **given)
    make_item(contract, rate_e4=1_000_000, starts_on=MONDAY, authorised_on=KNOWN)
    return contract


def states(contract, *firsts):
    return [payment(contract, first).processing for first in firsts]


def is_sound():
    return [f"{each.promise}: {each.where}" for each in verify.check_all()] == []


def test_a_week_is_paid_on_the_friday_before_it_begins(database):
    contract = in_advance()
    friday = MONDAY - 3 * DAY
    with as_on(friday - DAY):
        calculate(friday - DAY)
        assert states(contract, MONDAY) == [Processing.FUTURE]
        assert lines(contract) == []
    finalise(friday)
    with as_on(friday):
        assert states(contract, MONDAY, MONDAY + WEEK) == [Processing.FINALISED, Processing.FUTURE]
        calculate(friday)
        assert is_sound()
    assert banked(contract) == [10_000]
    [order] = orders(contract)
    assert (order.spend_pence, order.value_pence) == (10_000, 18 * 10_000 + 2_857)


def test_what_ends_before_it_begins_comes_back_in_the_next(database):
    contract = in_advance()
    for weeks in (0, 1):
        finalise(MONDAY + weeks * WEEK - 3 * DAY)
    change(every(CarePackageLineItem)[0], ends_on=MONDAY + 6 * DAY)
    calculate(MONDAY + 5 * DAY)
    assert payment(contract, MONDAY + 2 * WEEK).total_pence == -10_000
    [order] = orders(contract)
    assert (order.spend_pence, order.value_pence) == (20_000, 10_000)


def test_a_christmas_week_is_paid_early_and_no_other(database):
    first, christmas = date(2019, 12, 16), date(2019, 12, 23)
    calendar = make_calendar(finalise_days=6, bank_days=9)
    given = {"period_first_on": christmas, "finalise_on": date(2019, 12, 20), "bank_on": christmas}
    saved(CalendarOverride(calendar_id=calendar.id, confirm_by=date(2019, 12, 19), **given))
    contract = make_contract(calendar=calendar, calculate_from=first)
    make_item(contract, rate_e4=1_000_000, starts_on=first, authorised_on=KNOWN)
    calculate(date(2019, 12, 19))
    assert [line.first_on for line in lines(contract)] == [first]
    finalise(date(2019, 12, 20))
    with as_on(date(2019, 12, 20)):
        assert states(contract, first, christmas, christmas + WEEK) == [
            Processing.CURRENT, Processing.FINALISED, Processing.FUTURE,
        ]  # fmt: skip
        assert payment(contract, christmas).is_in_advance
        assert not payment(contract, first).is_in_advance
        calculate(date(2019, 12, 20))
        assert is_sound()
    assert banked(contract) == [10_000]
    finalise(date(2019, 12, 22))
    finalise(date(2019, 12, 29))
    assert banked(contract) == [10_000, 10_000]
    assert sorted((line.first_on, line.total_pence) for line in lines(contract))[:2] == [
        (first, 10_000),
        (christmas, 10_000),
    ]


STRICT = {"confirmation": "required", "if_unconfirmed": "hold"}


def confirm(contract, first, pence):
    by = make_user()
    with unit_of_work() as session:
        row = session.scalars(ScheduledPayment.of(contract.reference, first)).one()
        answers.confirm(row, by=by, total_pence=pence)


def test_it_can_be_confirmed_from_a_week_before_its_cut_off(database):
    contract = in_advance(**STRICT)
    cut_off = MONDAY + WEEK - 5 * DAY
    for day, state in (
        (cut_off - 8 * DAY, AnswerState.NOT_YET), (cut_off - 7 * DAY, AnswerState.OPEN), (cut_off, AnswerState.OPEN),
    ):  # fmt: skip
        calculate(day)
        with as_on(day):
            found = payment(contract, MONDAY + WEEK)
            assert found.answer_state is state
            assert found.answers_from == cut_off - 7 * DAY
            with reading() as session:
                waiting = session.scalars(answers.to_confirm()).all()
            assert (found.id in {each.id for each in waiting}) == (state is AnswerState.OPEN)
    with as_on(cut_off - 8 * DAY), pytest.raises(DomainError, match="has not begun"):
        confirm(contract, MONDAY + WEEK, 10_000)


def test_what_was_confirmed_in_advance_is_paid_in_advance(database):
    contract = in_advance(**STRICT)
    with as_on(MONDAY - 6 * DAY):
        calculate(MONDAY - 6 * DAY)
        confirm(contract, MONDAY, 10_000)
    finalise(MONDAY - 3 * DAY)
    assert banked(contract) == [10_000]
    with as_on(MONDAY - 3 * DAY):
        assert payment(contract, MONDAY).confirmation is Confirmation.CONFIRMED


def test_what_nobody_confirmed_is_held_from_the_day_on_which_it_is_due(database):
    contract = in_advance(**STRICT)
    calculate(MONDAY - 12 * DAY)
    finalise(MONDAY - 3 * DAY)
    assert banked(contract) == []
    with as_on(MONDAY - 3 * DAY):
        assert payment(contract, MONDAY).answer_state is AnswerState.MISSED


def test_what_changed_since_it_was_confirmed_lapses(database):
    contract = in_advance(**STRICT)
    with as_on(MONDAY - 6 * DAY):
        calculate(MONDAY - 6 * DAY)
        confirm(contract, MONDAY, 10_000)
    make_item(contract, rate_e4=500_000, starts_on=MONDAY, authorised_on=KNOWN)
    finalise(MONDAY - 3 * DAY)
    found = payment(contract, MONDAY)
    assert (found.confirmation, found.lapsed_pence, found.total_pence) == (Confirmation.UNCONFIRMED, 10_000, 15_000)
    assert banked(contract) == []


def test_a_usual_payment_takes_no_answer_before_its_period(database):
    contract = make_contract(calculate_from=MONDAY, **STRICT)
    make_item(contract, rate_e4=1_000_000, starts_on=MONDAY, authorised_on=KNOWN)
    calculate(MONDAY - DAY)
    with as_on(MONDAY - DAY):
        found = payment(contract, MONDAY)
        assert (found.answer_state, found.answers_from, found.is_in_advance) == (AnswerState.NOT_YET, MONDAY, False)


def early_cut_off(**given):
    """A week that is to be confirmed by the Sunday before it begins, and is finalised on its Wednesday."""
    contract = make_contract(
        calendar=make_calendar(confirm_by_days=-1, finalise_days=2), calculate_from=MONDAY, **STRICT | given
    )
    make_item(contract, rate_e4=1_000_000, starts_on=MONDAY, authorised_on=KNOWN)
    calculate(MONDAY - 9 * DAY)
    return contract


def test_a_cut_off_before_the_period_begins_can_be_met_although_it_is_finalised_in_it(database):
    contract = early_cut_off()
    with as_on(MONDAY - 9 * DAY):
        assert payment(contract, MONDAY).answer_state is AnswerState.NOT_YET
    with as_on(MONDAY - 8 * DAY):
        assert payment(contract, MONDAY).answers_from == MONDAY - 8 * DAY
        confirm(contract, MONDAY, 10_000)
    finalise(MONDAY + 2 * DAY)
    assert banked(contract) == [10_000]


@pytest.mark.parametrize("make", [early_cut_off, in_advance])
def test_silence_counts_from_the_cut_off_also_before_the_period_begins(database, make):
    """Until the period began it stood as missed and held, and was paid all the same."""
    contract = make(**STRICT | {"if_unconfirmed": "confirm"})
    calculate(MONDAY - 20 * DAY)
    after = payment(contract, MONDAY).answer_by + DAY
    for day, state in ((after - DAY, AnswerState.OPEN), (after, AnswerState.SILENT)):
        calculate(day)
        with as_on(day):
            found = payment(contract, MONDAY)
            assert (found.answer_state, found.waits_for_confirmation) == (state, state is AnswerState.OPEN)
            with reading() as session:
                silent = session.scalars(select(ScheduledPayment.id).where(ScheduledPayment.is_silent)).all()
            assert (found.id in silent) == (state is AnswerState.SILENT)
    finalise(max(after, found.finalise_on))
    assert banked(contract) == [10_000]
