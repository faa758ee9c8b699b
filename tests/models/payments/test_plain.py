"""Payments as plain objects: they say what the mapped rows say."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.ext.hybrid import hybrid_property

from models.base import session
from models.calendar import as_on
from models.payments.payment import ScheduledPayment
from models.payments.plain import by_id, payment_columns
from models.records.contract import Contract, IfUnconfirmed
from tests.care_factories import make_contract, make_item
from tests.support.rows import reading
from tests.support.runs import calculate, finalise

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.postgres]

MONDAY = date(2019, 9, 2)
WEEK = timedelta(days=7)
NEEDS_MORE = {"unpaid_pence", "id_before"}
"""What is in SQL alone."""


def said(found, entity):
    """The columns of it, and all that is worked out of them."""
    worked_out = {
        name
        for kind in entity.__mro__
        for name, each in vars(kind).items()
        if isinstance(each, hybrid_property | property) and not name.startswith("_")
    }
    columns = {each.key for each in sa.inspect(entity).column_attrs if not each.deferred}
    return {name: getattr(found, name) for name in (columns | worked_out) - NEEDS_MORE}


@pytest.mark.parametrize("policy", IfUnconfirmed)
def test_a_plain_payment_says_what_the_mapped_one_says(policy):
    contract = make_contract(calculate_from=MONDAY, confirmation="required", if_unconfirmed=policy)
    make_item(contract, 700_000)
    finalise(MONDAY + WEEK - timedelta(days=1))
    calculate(MONDAY + 2 * WEEK)
    with reading(), as_on(MONDAY + 2 * WEEK):
        mapped = session.scalars(select(ScheduledPayment).options(sa.orm.joinedload(ScheduledPayment.contract))).all()
        plain = by_id(session.execute(select(*payment_columns()).join(ScheduledPayment.contract)).all())
        assert len(mapped) == len(plain) > 3
        for each in mapped:
            assert said(plain[each.id], ScheduledPayment) == said(each, ScheduledPayment)
            assert said(plain[each.id].contract, Contract) == said(each.contract, Contract)
