"""Statements that are built once: what they may hold, and what they are given anew each time."""

import re
from datetime import date, timedelta
from inspect import unwrap

import pytest
import sqlalchemy as sa
from sqlalchemy import exc, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql import visitors

from models.base import session
from models.calendar import FAR_FUTURE, as_on, today
from models.payments.payment import ScheduledPayment
from models.payments.run_history import _spend
from models.payments.standing import facts
from models.records.contract import ConfirmationPolicy, Contract
from models.reports.coming import _here, _of_providers
from models.reports.difference import _facts_and_before
from models.reports.reasons import sums_of
from models.reports.waits import _most_waiting
from models.statements import TODAY, as_text, built_once, is_plain, named, today_and
from tests.care_factories import make_contract
from tests.support import runs
from tests.support.rows import reading, unit_of_work

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


KEPT = (_spend, facts, _here, _of_providers, _facts_and_before, sums_of, _most_waiting)


@pytest.mark.parametrize("kept", KEPT, ids=lambda each: each.__qualname__)
def test_what_is_kept_asks_what_was_built(kept):
    def text_and_values(statement):
        compiled = statement.compile(dialect=sqlite.dialect())
        values = compiled.construct_params(_check=False)
        return re.sub(r"_\d+\b", "", compiled.string), [values[name] for name in compiled.positiontup]

    with as_on(DAY):
        assert text_and_values(kept()) == text_and_values(unwrap(kept)())


@pytest.mark.postgres
def test_values_that_equal_each_other_are_kept_apart(database):
    @built_once
    def alike():
        return select(sa.literal(1), sa.literal(True), sa.literal("1"), sa.literal(None), sa.literal(1)).limit(1)

    with unit_of_work():
        assert repr(tuple(session.execute(alike()).one())) == "(1, True, '1', None, 1)"


@pytest.mark.postgres
def test_a_parameter_without_its_value_is_refused(database):
    statement = select(named("which", sa.Integer()))
    with unit_of_work():
        assert session.scalar(statement, {"which": 7}) == 7
        with pytest.raises(exc.StatementError, match="'which'"):
            session.scalar(statement)


@pytest.mark.parametrize("kept", KEPT, ids=lambda each: each.__qualname__)
def test_no_copy_of_a_parameter_is_left_in_what_is_kept(kept):
    """Each copy would be compared with each other one, whenever the statement is sent."""
    assert bindparams(unwrap(facts)())
    assert {each.key for each in bindparams(kept()) if not each.expanding} <= {"param_1"}, "of LIMIT alone"


def bindparams(statement):
    return [each for each in visitors.iterate(statement) if isinstance(each, sa.BindParameter)]


@pytest.mark.postgres
def test_a_statement_of_columns_is_sent_as_the_text_that_it_comes_to(database):
    """With lists, limits, days, kinds, colons and percent signs, and parameters that are given and that are not."""
    contract = make_contract()

    @built_once
    def query():
        c = Contract
        said = sa.literal("10:30 is 50 % :later").label("said")
        return (
            select(c.id, c.starts_on, c.confirmation, said, (c.id % 2).label("odd"), TODAY.label("day"))
            .where(c.reference == sa.bindparam("reference"), c.id.in_(sa.bindparam("ids", expanding=True)))
            .where(c.confirmation.not_in([ConfirmationPolicy.NONE]) | c.confirmation.in_(list(ConfirmationPolicy)))
            .limit(sa.bindparam("most"))
        )

    which = {"reference": contract.reference, "ids": [contract.id, 7], "most": 5}
    with reading(contract.provider_id) as session:
        assert is_plain(query())
        [row] = session.execute(query(), which)
        assert tuple(row) == (
            contract.id, contract.starts_on, contract.confirmation, "10:30 is 50 % :later", contract.id % 2, today()
        )  # fmt: skip
        assert type(row.confirmation) is type(contract.confirmation)
        assert session.execute(query(), which | {"ids": []}).all() == []
        assert session.execute(query(), which | {"most": 0}).all() == []
        with pytest.raises(exc.StatementError, match="most"):
            session.execute(query(), {"reference": "", "ids": []})


@pytest.mark.parametrize(
    "query",
    [
        select(Contract), select(Contract.id, Contract), sa.union_all(select(Contract), select(Contract)),
        select(Contract.id, Contract.id), select(Contract.id, ScheduledPayment.id), sa.update(Contract),
    ],
)  # fmt: skip
def test_entities_and_columns_of_one_name_are_the_sessions_own_work(query):
    assert not is_plain(built_once(lambda: query)())


def test_what_is_built_for_one_request_is_not_kept_as_text():
    assert not is_plain(select(Contract.id))
    assert not is_plain(built_once(lambda: select(Contract.id))().where(Contract.id == 1))


@pytest.mark.postgres
def test_what_has_been_changed_is_written_before_a_text_is_sent(database):
    contract = make_contract()
    with unit_of_work() as session:
        session.scalars(select(Contract).where(Contract.id == contract.id)).one().name = "Changed"
        assert session.scalars(built_once(lambda: select(Contract.name))()).all() == ["Changed"]


def test_a_text_is_made_once():
    statement, dialect = built_once(lambda: select(Contract.id))(), sqlite.dialect()
    assert as_text(statement, dialect) is as_text(statement, dialect)
