"""Why a payment differs from the one before: reasons with pence that add up, whatever has happened."""

from datetime import date, timedelta

import pytest
from sqlalchemy import event, select

from models.base import session
from models.calendar import Frequency, as_on
from models.payments import officer
from models.payments.payment import ScheduledPayment
from models.records.care_package import CarePackageLineItem, ItemPrice
from models.records.client import Client
from models.reports.difference import Difference, Told, differences
from models.reports.reason_kind import Kind
from tests.care_factories import (
    make_absence,
    make_allowance,
    make_calendar,
    make_claim_item,
    make_client,
    make_contract,
    make_deduction,
    make_item,
    make_price,
)
from tests.factories import make_provider, make_staff
from tests.support.rows import every, reading, unit_of_work
from tests.support.runs import calculate, change, finalise, payment
from tests.support.snapshots import built_once

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

MONDAY = date(2019, 9, 2)
WEEK, DAY = timedelta(days=7), timedelta(days=1)
NEXT = MONDAY + WEEK


@pytest.fixture
@built_once
def contract():
    """£353.08 a week for Bart, of which the first week is paid."""
    contract = make_contract(calculate_from=MONDAY)
    make_item(contract, client=bart(), starts_on=MONDAY)
    finalise(MONDAY + 6 * DAY)
    return contract


def bart():
    return make_client(reference="C2000020", surname="Simpson", first_name="Bart")


def lisa():
    return make_client(reference="C2000021", surname="Simpson", first_name="Lisa")


def item_of(contract) -> CarePackageLineItem:
    return every(select(CarePackageLineItem).where(CarePackageLineItem.contract_id == contract.id))[0]


def told(contract, first_on=NEXT, day=None) -> Difference:
    """The difference of that payment, calculated on that day (its first unless said)."""
    day = day or first_on
    calculate(day)
    found = payment(contract, first_on)
    with reading(contract.provider_id), as_on(day):
        return Told(found).difference


def reasons(found: Difference) -> list[tuple[Kind, int]]:
    assert sum(reason.pence for reason in found.reasons) == found.pence
    return [(reason.kind, reason.pence) for reason in found.reasons]


def test_a_week_like_the_one_before_is_the_same(contract):
    found = told(contract)
    assert (found.is_same, found.pence) == (True, 0)
    assert found.sentence() == "The same as 2 Sep to 8 Sep 2019"


def test_the_first_payment_has_nothing_before_it(contract):
    assert told(contract, MONDAY, NEXT) is None


def test_an_allowance_and_a_claim_are_named(contract):
    make_allowance(item_of(contract), NEXT, 23_960, name="Kai’s birthday")
    make_claim_item(contract, 4_470, NEXT)
    found = told(contract)
    assert found.sentence() == (
        "£284.30 more: Kai’s birthday for S, Bart (C2000020) £239.60, your claim of 9 September £44.70"
    )
    assert "the claim of 9 September" in found.sentence(ours=True)
    finalise(NEXT + 6 * DAY)
    after = told(contract, NEXT + WEEK)
    assert after.sentence() == (
        "£284.30 less: Kai’s birthday for S, Bart (C2000020) was paid last time −£239.60, "
        "your claim of 9 September was paid last time −£44.70"
    )


def test_who_is_new_and_who_has_left_is_named_or_counted(contract):
    item = make_item(contract, 1_000_000, lisa(), starts_on=NEXT)
    assert told(contract).sentence() == "£100.00 more: S, Lisa (C2000021) is new £100.00"
    for _ in range(2):
        make_item(contract, 200_000, make_client(), starts_on=NEXT)
    assert told(contract).sentence() == "£140.00 more: 3 people new £140.00"
    finalise(NEXT + 6 * DAY)
    change(item, ends_on=NEXT + 6 * DAY)
    change(item_of(contract), ends_on=NEXT + 6 * DAY)
    assert told(contract, NEXT + WEEK).sentence() == "£453.08 less: 2 people gone −£453.08"


def test_who_is_replaced_by_another_item_at_the_same_price_is_no_change(contract):
    change(item_of(contract), ends_on=MONDAY + 6 * DAY)
    with reading():
        client = session.scalars(select(Client)).one()
    make_item(contract, client=client, starts_on=NEXT)
    assert told(contract).is_same


def test_a_second_service_for_the_same_person_is_one(contract):
    with reading():
        client = session.scalars(select(Client)).one()
    make_item(contract, 500_000, client, starts_on=NEXT)
    assert told(contract).sentence() == "£50.00 more: services begun or ended for S, Bart (C2000020) £50.00"


def test_a_new_price_and_days_of_absence(contract):
    item = item_of(contract)
    change(every(ItemPrice)[0], ends_on=NEXT - DAY)
    make_price(item, 4_000_000, starts_on=NEXT)
    assert reasons(told(contract)) == [(Kind.PRICE, 4_692)]
    make_absence(item, NEXT + WEEK, NEXT + WEEK + DAY, 0)
    found = told(contract, NEXT + WEEK)
    assert reasons(found) == [(Kind.ABSENCE, -11_429)]
    assert "days of absence for S, Bart" in found.sentence()


def test_who_is_away_for_all_of_a_week_is_not_gone_and_then_back(contract):
    make_absence(item_of(contract), NEXT, NEXT + 6 * DAY, 0)
    assert reasons(told(contract)) == [(Kind.ABSENCE, -35_308)]
    finalise(NEXT + 6 * DAY)
    found = told(contract, NEXT + WEEK)
    assert reasons(found) == [(Kind.ABSENCE, 35_308)]
    assert "fewer days of absence" in found.sentence()


def test_who_is_suspended_waits_and_is_not_gone(contract):
    change(item_of(contract), is_suspended=True)
    assert told(contract).sentence() == "£353.08 less: S, Bart (C2000020) waits to be paid for −£353.08"


def test_who_ends_in_the_middle_of_a_week(contract):
    change(item_of(contract), ends_on=NEXT + DAY)
    assert reasons(told(contract)) == [(Kind.PART, 10_088 - 35_308)]


def test_what_the_provider_collects(contract):
    make_deduction(item_of(contract), 300_000, starts_on=NEXT)
    assert reasons(told(contract)) == [(Kind.CONTRIBUTION, -3_000)]


def test_earlier_days_and_adjustments_are_told_apart_from_those_of_the_time_before(contract):
    item, by = item_of(contract), make_staff()
    make_item(contract, 700_000, lisa(), starts_on=MONDAY + 2 * DAY)
    with as_on(NEXT), unit_of_work() as own:
        client = own.merge(every(select(Client).where(Client.id == item.client_id))[0])
        given = {"for_day": NEXT, "reason": "Put right", "is_of_earlier_days": False}
        officer.adjust(own.merge(contract), client, amount_pence=1_000, by=own.merge(by), **given)
    found = told(contract)
    assert reasons(found) == [(Kind.NEW, 7_000), (Kind.EARLIER, 5_000), (Kind.ADJUSTMENT, 1_000)]
    finalise(NEXT + 6 * DAY)
    make_item(contract, 700_000, make_client(), starts_on=NEXT)
    after = told(contract, NEXT + WEEK)
    assert reasons(after) == [
        (Kind.EARLIER, 7_000),
        (Kind.NEW, 7_000),
        (Kind.EARLIER, -5_000),
        (Kind.ADJUSTMENT, -1_000),
    ]
    assert after.sentence().startswith("£80.00 more: ")
    assert after.sentence().endswith(
        "corrections of earlier days for S, Lisa (C2000021) were made last time −£50.00, and 1 more −£10.00"
    )


@pytest.fixture
def monthly(database):
    """Two people by the week and by the day, paid by calendar months from August 2019."""
    first = date(2019, 8, 1)
    contract = make_contract(
        calendar=make_calendar(Frequency.MONTHLY, anchor_on=first, finalise_days=27, bank_days=32), calculate_from=first
    )
    for rate in (3_530_800, 7_000_000):
        make_item(contract, rate, make_client(), starts_on=first)
    finalise(date(2019, 8, 28))
    return contract


def test_a_month_that_is_a_day_shorter(monthly):
    found = told(monthly, date(2019, 9, 1))
    assert reasons(found) == [(Kind.DAYS, -15_044)]
    assert found.sentence() == "£150.44 less: 1 day less in the month, 2 people −£150.44"


def test_a_new_price_in_a_shorter_month_is_two_reasons(monthly):
    [price, _] = every(ItemPrice)
    change(price, ends_on=date(2019, 8, 31))
    make_price(every(CarePackageLineItem)[0], 4_000_000, starts_on=date(2019, 9, 1))
    found = told(monthly, date(2019, 9, 1))
    assert dict(reasons(found)) == {Kind.PRICE: 20_109, Kind.DAYS: -15_044}


def test_a_plan_is_told_by_what_is_known_of_it(monthly):
    make_allowance(every(CarePackageLineItem)[0], date(2019, 10, 10), 2_000, name="Half term")
    assert dict(reasons(told(monthly, date(2019, 10, 1), date(2019, 9, 1)))) == {
        Kind.DAYS: 15_044,
        Kind.ALLOWANCE: 2_000,
    }
    change(every(CarePackageLineItem)[1], ends_on=date(2019, 9, 30))
    found = told(monthly, date(2019, 10, 1), date(2019, 9, 1))
    assert [kind for kind, _ in reasons(found)] == [Kind.PLANNED, Kind.ALLOWANCE]
    assert "changes that are planned" in found.sentence()


def test_as_much_made_up_differently(contract):
    change(item_of(contract), ends_on=MONDAY + 6 * DAY)
    make_item(contract, client=lisa(), starts_on=NEXT)
    found = told(contract)
    assert found.pence == 0
    assert not found.is_same
    assert found.sentence() == (
        "As much as 2 Sep to 8 Sep 2019, made up differently: S, Bart (C2000020) has left −£353.08, "
        "S, Lisa (C2000021) is new £353.08"
    )


def test_two_statements_and_as_many_rows_however_many_people():
    contract = make_contract(calculate_from=MONDAY)
    for _ in range(30):
        make_item(contract, client=make_client(), starts_on=MONDAY)
    finalise(MONDAY + 6 * DAY)
    for price in every(ItemPrice):
        change(price, rate_e4=4_000_000)
    calculate(NEXT)
    with reading(contract.provider_id), as_on(NEXT):
        found = session.scalars(select(ScheduledPayment)).all()
        with statements() as said:
            told_ = differences(found)
        assert len(said) == 2
        assert differences([]) == {}
    of_next = told_[payment(contract, NEXT).id]
    assert {reason.people for reason in of_next.reasons} == {30}
    assert len(of_next.reasons) == 2


class statements:
    """The statements that are sent meanwhile."""

    def __enter__(self) -> list[str]:
        self.said: list[str] = []
        event.listen(session.get_bind(), "before_cursor_execute", self._keep)
        return self.said

    def __exit__(self, *_: object) -> None:
        event.remove(session.get_bind(), "before_cursor_execute", self._keep)

    def _keep(self, _conn, _cursor, statement, *_):
        self.said.append(statement)


def test_another_providers_payment_is_not_told(contract):
    calculate(NEXT)
    other = make_provider()
    found = payment(contract, NEXT)
    with reading(other.id), as_on(NEXT):
        assert differences([found]) == {}
