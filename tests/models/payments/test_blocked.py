"""Sums of care packages that are not authorised or suspended: where they wait."""

from datetime import date, timedelta

import pytest

from models.payments import officer
from models.payments.blocked import BlockedSum
from models.payments.payment import ScheduledPayment
from tests.care_factories import make_contract, make_item
from tests.factories import make_staff
from tests.support.rows import every, unit_of_work
from tests.support.runs import calculate, change, finalise, payment

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

MONDAY = date(2019, 9, 2)
WEEK = timedelta(days=7)


def waiting():
    """First day of the payment, and pence."""
    firsts = {each.id: each.first_on for each in every(ScheduledPayment)}
    return sorted((firsts[each.payment_id], each.pence) for each in every(BlockedSum))


def test_what_is_blocked_again_waits_where_it_always_would(subtests):
    """£353.08 of week 1 is authorised late, and drafted in week 2, which is held. Then its authorisation goes: it waits
    in week 3, the current payment, after the first calculation as after the second.
    """
    contract = make_contract(calculate_from=MONDAY)
    item = make_item(contract, starts_on=MONDAY, ends_on=MONDAY + timedelta(days=6), authorised_on=None)
    finalise(MONDAY + timedelta(days=6))
    change(item, authorised_on=MONDAY)
    calculate(MONDAY + WEEK)
    held = payment(contract, MONDAY + WEEK)
    assert held.total_pence == 35_308
    by = make_staff()
    with unit_of_work() as session:
        officer.hold(session.merge(held), by=by, reason="Look into it")
    calculate(MONDAY + 2 * WEEK)
    change(item, authorised_on=None)
    for time in ("first", "second"):
        calculate(MONDAY + 2 * WEEK)
        with subtests.test(time):
            assert waiting() == [(MONDAY + 2 * WEEK, 35_308)]
