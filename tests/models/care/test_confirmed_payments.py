"""A payment that its provider has confirmed, and a week of it that is confirmed afterwards."""

import pytest

from models.base import session
from models.calendar import as_on
from models.care import weeks
from models.care.figures import Figures
from models.money import SCALE
from models.payments.confirmation import Confirmation
from models.permissions import Role
from models.records.contract import Contract, PayOnActuals
from tests.actual_factories import AFTER, MONDAY, level_of, make_hourly, pays_on
from tests.care_factories import make_contract
from tests.factories import make_user
from tests.support.rows import unit_of_work
from tests.support.runs import answered, calculate, change, payment

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
LESS = Figures(13 * SCALE, missed_e4=SCALE, reason="STAFF", comment="Nobody came")


@pytest.mark.parametrize(("figures", "confirmation", "lapsed"), [
    (None, Confirmation.CONFIRMED, None), (LESS, Confirmation.UNCONFIRMED, 323_40),
])  # fmt: skip
def test_a_week_that_changes_the_total_lapses_the_confirmation_and_one_as_planned_does_not(
    figures, confirmation, lapsed
):  # fmt: skip
    """14 hours by plan are £323.40; 13 are £300.30."""
    contract = make_contract(calculate_from=MONDAY)
    pays_on(contract, PayOnActuals.UNTIL_ACTUAL)
    item, clerk = make_hourly(contract, starts_on=MONDAY), make_user(Role.FINANCE, None)
    calculate(AFTER)
    change(payment(contract, MONDAY), **answered("confirmed", 323_40))
    with unit_of_work(), as_on(AFTER):
        own = session.get(Contract, contract.id)
        week = weeks.generate(own, level_of(item).service_id, MONDAY, by=clerk)
        if figures:
            weeks.change(week, {item.id: (figures, None)}, by=clerk)
        weeks.confirm(week, by=clerk)
    found = payment(contract, MONDAY)
    assert (found.confirmation, found.lapsed_pence) == (confirmation, lapsed)
    assert found.total_pence == (300_30 if figures else 323_40)
