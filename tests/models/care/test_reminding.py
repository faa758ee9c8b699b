"""Who is reminded of a week of actuals, when, and how often."""

from datetime import date, timedelta

import pytest

from models.calendar import as_on
from models.care import reminding
from models.money import SCALE
from models.outbox import OutboxMessage
from models.permissions import Role
from models.records.contract import PayOnActuals
from models.records.provider import Provider
from tests.actual_factories import AFTER, MONDAY, confirmed_actual, make_hourly, pays_on
from tests.care_factories import make_contract
from tests.factories import make_provider, make_user
from tests.support.rows import every, reading, unit_of_work

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
DUE = date(2026, 4, 28)


@pytest.fixture
def item():
    provider = make_provider(name="Lynchet")
    contract = make_contract(provider, calculate_from=MONDAY, name="Reablement")
    pays_on(contract, PayOnActuals.UNTIL_ACTUAL)
    make_user(Role.SCHEDULER, provider, name="Ada")
    make_user(Role.SIGNATORY, provider, name="Bob")
    return make_hourly(contract, starts_on=MONDAY)


def remind(item, day):
    with as_on(day), unit_of_work():
        return reminding.remind(item.provider_id)


def mails():
    return [mail.body for mail in every(OutboxMessage)]


@pytest.mark.parametrize(
    ("day", "says"),
    [
        (AFTER - timedelta(days=1), None), (AFTER, "by the end of 28 April 2026"), (DUE, "by the end of 28 April 2026"),
        (DUE + timedelta(days=1), "late since 28 April 2026"), (DUE + timedelta(days=7), "late since 28 April 2026"),
    ],
)  # fmt: skip
def test_a_week_is_told_of_from_the_day_before_its_last_and_once_it_is_late(item, day, says):
    assert remind(item, day) is (says is not None)
    assert len(mails()) == (says is not None)
    if says:
        assert f"Reablement, 20 Apr to 26 Apr 2026: {says}" in mails()[0]
        assert mails()[0].startswith("Ada,")


def test_a_week_that_is_long_late_is_not_told_of(item):
    assert remind(item, DUE + timedelta(days=8)) is True, "of the week after it"
    assert "20 Apr to 26 Apr" not in mails()[0]


def test_each_is_told_once(item):
    assert remind(item, AFTER)
    assert not remind(item, AFTER)
    assert not remind(item, DUE)
    assert remind(item, DUE + timedelta(days=1))
    assert not remind(item, DUE + timedelta(days=2))
    assert len(mails()) == 2


def test_a_confirmed_week_is_not_told_of(item):
    confirmed_actual(item, MONDAY, 14 * SCALE)
    assert not remind(item, DUE)


def test_where_nobody_may_submit_nothing_is_kept(item):
    other = make_hourly(make_contract(make_provider(), calculate_from=MONDAY), starts_on=MONDAY)
    with reading():
        assert reminding.providers_with_actuals() == [item.provider_id]
    for contract_of in (other,):
        with as_on(DUE), unit_of_work():
            assert not reminding.remind(contract_of.provider_id)
    assert every(reminding.ActualReminder) == []
    assert len(every(Provider)) == 2
