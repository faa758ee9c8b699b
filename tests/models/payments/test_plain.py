"""Payments as plain objects: they say what the mapped rows say."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.ext.hybrid import hybrid_property

from models.base import session, sum_of
from models.calendar import as_on
from models.payments import officer
from models.payments.hold import Hold
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.plain import by_id, payment_columns
from models.payments.run import RunPayment
from models.payments.sent import SentPayment
from models.payments.standing import standings
from models.records.contract import Contract, IfUnconfirmed
from models.reports.coming import coming
from tests.care_factories import make_contract, make_item
from tests.support.rows import every, reading, unit_of_work
from tests.support.runs import calculate, finalise, orders
from tests.support.states import TUESDAY, office

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


def test_home_says_how_payments_stand_as_every_page_does():
    """Of one of which the bank has a part, and the rest was held: the day on which the part was sent is of both."""
    the = office().to(TUESDAY).confirm(queried=True).run()
    with unit_of_work():
        part = session.scalars(select(RunPayment)).one()
        sent = SentPayment(
            provider_id=part.provider_id, contract_id=the.contract.id, payment_id=part.payment_id,
            period_first_on=the.payment.first_on, run_id=part.run_id, amount_pence=part.paid_pence, sent_on=TUESDAY,
        )  # fmt: skip
        session.add(sent)
    with reading(part.provider_id), as_on(TUESDAY + 2 * WEEK):
        found = coming()
        open_ones = session.scalars(select(ScheduledPayment).where(ScheduledPayment.id.in_(found.standing))).all()
        assert found.standing == standings(open_ones)
        assert {each.sent_on for each in found.standing.values()} == {TUESDAY, None}


def test_what_is_held_row_by_row_leaves_out_a_row_that_was_let_go():
    the = office().to(TUESDAY)
    for order in orders(the.contract):
        the.do(officer.hold, by=the.officer, reason="Asked", order_id=order.id)
    with reading():
        both = standings([the.payment])[the.payment.id].held_rows_pence
    the.release()
    [kept] = every(select(Hold).where(Hold.released_at.is_(None)))
    with reading():
        standing = standings([the.payment])[the.payment.id]
        drafts = select(sum_of(PaymentLine.total_pence)).where(PaymentLine.payment_id == the.payment.id)
        left = session.scalar(drafts.where(PaymentLine.purchase_order_id == kept.purchase_order_id))
        assert both == the.payment.total_pence
        assert 0 < standing.held_rows_pence == left < both
