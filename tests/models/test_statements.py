"""Statements that are built once: what they may hold, and what they are given anew each time."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import select

from models.base import session
from models.calendar import FAR_FUTURE, as_on
from models.payments.payment import ScheduledPayment
from models.statements import TODAY, built_once, today_and
from tests.care_factories import make_contract
from tests.support import runs
from tests.support.rows import unit_of_work

DAY = date(2019, 10, 2)


def test_a_statement_is_built_once_for_each_of_its_parts():
    built = []

    @built_once
    def counted(is_large):
        built.append(is_large)
        return select(sa.literal(1_000 if is_large else 1))

    assert counted(True) is counted(True)
    assert counted(False) is not counted(True)
    assert built == [True, False]


@pytest.mark.parametrize("day", [DAY, date(9999, 12, 30)])
def test_none_is_kept_that_has_a_day_built_into_it(day):
    @built_once
    def stale():
        inner = select(ScheduledPayment.id).where(ScheduledPayment.first_on <= day).subquery("inner")
        return select(inner.c.id)

    with pytest.raises(ValueError, match=str(day)):
        stale()


def test_an_end_that_stands_for_none_is_no_day():
    @built_once
    def endless():
        return select(sa.literal(FAR_FUTURE), sa.literal(date.min))

    assert endless() is endless()


@pytest.mark.postgres
def test_one_that_was_built_yesterday_asks_of_today(database):
    @built_once
    def days():
        return select(TODAY, today_and(7), today_and(-7))

    with unit_of_work():
        for day in (DAY, DAY + timedelta(days=1)):
            with as_on(day):
                week = timedelta(days=7)
                assert tuple(session.execute(days()).one()) == (day, day + week, day - week)


@pytest.mark.postgres
def test_conditions_of_a_payment_ask_of_today_too(database, set_today):
    @built_once
    def open_ones():
        return select(ScheduledPayment.id).where(ScheduledPayment.is_open)

    @built_once
    def future_ones():
        return select(ScheduledPayment.id).where(ScheduledPayment.processing == "future")

    make_contract(calculate_from=date(2019, 9, 23))
    set_today(date(2019, 9, 25))
    runs.calculate(date(2019, 9, 25))
    with unit_of_work():
        before = len(session.scalars(open_ones()).all()), len(session.scalars(future_ones()).all())
        with as_on(date(2019, 9, 30)):
            after = len(session.scalars(open_ones()).all()), len(session.scalars(future_ones()).all())
    assert after == (before[0] + 1, before[1] - 1)
