"""What is built once for a class says what it would say if it were built each time."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from models.calendar import as_on, today
from models.hybrids import hybrid_property
from models.payments.payment import ScheduledPayment
from models.statements import TODAY
from tests.support.rows import every
from tests.support.states import MONDAY, office

TUESDAY = MONDAY + timedelta(days=1)


def text(condition):
    return str(sa.select(condition).compile(compile_kwargs={"literal_binds": True}))


def test_it_is_built_once_and_asks_of_the_day_on_which_it_is_sent():
    sa.orm.configure_mappers()
    with as_on(MONDAY):
        first = ScheduledPayment.is_open
        assert str(MONDAY) in text(first)
    with as_on(TUESDAY):
        assert ScheduledPayment.is_open is first
        assert str(TUESDAY) in text(first)
        assert str(MONDAY) not in text(first)


def test_one_with_a_day_built_into_it_is_refused():
    sa.orm.configure_mappers()
    stale = hybrid_property(lambda cls: cls.first_on <= MONDAY)
    with pytest.raises(ValueError, match=str(MONDAY)):
        stale.__get__(None, ScheduledPayment)
    assert "first_on <=" in text(hybrid_property(lambda cls: cls.first_on <= TODAY).__get__(None, ScheduledPayment))


def test_an_alias_has_its_own_each_time():
    alias = sa.orm.aliased(ScheduledPayment, name="another")
    assert "another.first_on" in text(alias.is_open)
    assert "another.first_on" not in text(ScheduledPayment.is_open)


def test_of_one_payment_it_is_reckoned_each_time(database):
    office()
    payment = next(each for each in every(ScheduledPayment) if each.first_on > MONDAY)
    with as_on(payment.first_on - timedelta(days=1)):
        assert not payment.has_come
    with as_on(payment.first_on):
        assert payment.has_come


def test_the_same_subquery_may_stand_twice_in_a_statement_and_under_itself(database):
    office()
    last = sa.select(ScheduledPayment.id).where(ScheduledPayment.id == ScheduledPayment.id_before)
    assert every(last) == []
    nested = sa.select(ScheduledPayment.id).where(
        ScheduledPayment.id_before.in_(sa.select(ScheduledPayment.id).where(ScheduledPayment.id_before.is_not(None)))
    )
    payments = every(ScheduledPayment)
    by_day = sorted(payments, key=lambda each: each.first_on)
    assert sorted(every(nested)) == sorted(each.id for each in by_day[2:])


def test_a_class_that_is_no_table_keeps_nothing():
    class Half:
        @hybrid_property
        def told(self):
            return sa.literal(today())

    with as_on(MONDAY):
        first = Half.told
        assert Half.told is not first
    with as_on(TUESDAY):
        assert str(TUESDAY) in text(Half.told)
