"""Frozen facts: what rests on finalised payments never changes; a message says what to do instead."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models.calendar import as_on
from models.payments import officer
from models.payments.payment import PaymentLine
from models.records.care_package import CarePackageLineItem
from models.records.client import Client
from models.records.contract import Contract, PaymentMethod, ServiceLevel
from tests import invoice_factories as made
from tests.exchange.feed.feeds import Feed
from tests.factories import make_user
from tests.support.rows import every, unit_of_work
from tests.support.runs import finalise

pytestmark = pytest.mark.postgres

ITEMS, METHODS = "care_package_items.csv", "payment_methods.csv"
LAST_DAY = date(2019, 8, 4)


@pytest.fixture
def paid(feed: Feed) -> Feed:
    """The feed, imported and finalised to 4 August 2019, with some things to change to."""
    feed.add("contracts.csv", "K3,P1,Oak Two,2018-04-01,,none,no")
    feed.add("calendars.csv", "OTHER,Other,weekly,2019-02-04,1,6,11")
    feed.add("care_package_items.csv", "I3,K1,C2,WEEK,2019-03-04,,,no")
    feed.add("item_prices.csv", "I2,2019-03-01,,21.50")
    feed.paid_until(LAST_DAY)
    return feed


CHANGES = {
    "an item's contract": (ITEMS, "I1,K1", "I1,K3", "contract_ref", "K3", "It was K1", "add a new one from the day"),
    "an item's client": (ITEMS, "K1,C1", "K1,C2", "client_ref", "C2", "It was C1", "End this line item"),
    "an item's service level": (ITEMS, "C1,WEEK", "C1,HOUR", "service_level_ref", "HOUR", "It was WEEK", "new one"),
    "a level's unit": ("service_levels.csv", "Placement,week", "Placement,night", "unit", "night", "It was week",
                       "Add a new service level"),
    "a level's convention": ("service_levels.csv", "week,inclusive", "week,nights", "convention", "nights",
                             "It was inclusive", "Add a new service level"),
    "a level's VAT": ("service_levels.csv", "hour,inclusive,standard,20", "hour,inclusive,standard,17.5",
                      "vat_percent", "17.5", "It was 20", "Add a new service level"),
    "a calendar's frequency": ("calendars.csv", "Weekly,weekly", "Weekly,four_weekly", "frequency", "four_weekly",
                               "It was weekly", "Add a new calendar"),
    "a calendar's anchor": ("calendars.csv", "Weekly,weekly,2019-02-04", "Weekly,weekly,2019-02-05", "anchor_on",
                            "2019-02-05", "It was 04/02/2019", "Add a new calendar"),
    "a method's calendar": (METHODS, "K1,WEEKLY", "K1,OTHER", "calendar_ref", "OTHER", "It was WEEKLY",
                            "End this method"),
    "a method's basis": (METHODS, "never,net", "never,gross", "basis", "gross", "It was net", "End this method"),
    "a method's actuals": (METHODS, "never,net", "always,net", "pay_on_actuals", "always", "It was never",
                           "End this method"),
    "a method's first day": (METHODS, "M1,K1,WEEKLY,never,net,2019-02-04", "M1,K1,WEEKLY,never,net,2019-02-11",
                             "calculate_from", "2019-02-11", "It was 04/02/2019", "End this method"),
    "a method's contract": (METHODS, "M1,K1", "M1,K3", "contract_ref", "K3", "It was K1", "to the other contract"),
    "a method's end": (METHODS, "M1,K1,WEEKLY,never,net,2019-02-04,", "M1,K1,WEEKLY,never,net,2019-02-04,2019-08-03",
                       "ends_on", "2019-08-03", "finalised to 04/08/2019", "this day or a later one"),
    "a contract's provider": ("contracts.csv", "K1,P1", "K1,P2", "provider_ref", "P2", "belongs to provider P1",
                              "its own contract_ref"),
    "a contact's provider": ("contacts.csv", "T1,P1", "T1,P2", "provider_ref", "P2", "belongs to provider P1",
                             "its own contact_ref"),
    "an absence's provider": ("absences.csv", "A1,I1", "A1,I2", "item_ref", "I2", "belongs to provider P1",
                              "its own absence_ref"),
    "an allowance's item": ("allowances.csv", "L1,I1", "L1,I3", "item_ref", "I3", "It was I1", "Set its amount to 0"),
    "a claim item's contract": ("claim_items.csv", "CL1,K1", "CL1,K3", "contract_ref", "K3", "It was K1",
                                "included: no"),
    "an order's client": ("purchase_orders.csv", "148,P1,C1", "148,P1,C2", "number", "148", "another order on record",
                          "A number never moves"),
}  # fmt: skip


@pytest.mark.parametrize("case", CHANGES.values(), ids=CHANGES.keys())
def test_once_paid_it_stays(paid: Feed, case: tuple[str, ...]):
    file, old, new, column, value, was, instead = case
    paid.change(file, old, new)

    found = [fault for fault in paid.faults() if (fault.file, fault.column, fault.value) == (file, column, value)]

    assert len(found) == 1
    assert was in found[0].reason
    assert instead in found[0].reason


def test_before_anything_is_paid_it_may_change(feed: Feed):
    feed.load()
    feed.change("service_levels.csv", "Placement,week", "Placement,night")
    feed.change(METHODS, "never,net", "never,gross")
    feed.change(ITEMS, "C1,WEEK", "C1,HOUR")

    feed.load()

    assert every(ServiceLevel)[0].unit == "night"
    assert every(PaymentMethod)[0].basis == "gross"
    assert every(CarePackageLineItem)[0].service_level_id == every(ServiceLevel)[1].id


def test_once_an_invoice_for_it_is_approved_a_care_package_stays_where_it_is(feed: Feed):
    """Moved to another contract its line would wait for ever; to another client, it would be paid for somebody else."""
    feed.add("contracts.csv", "K3,P1,Oak Two,2018-04-01,,none,no")
    feed.load()
    [contract] = every(select(Contract).where(Contract.reference == "K1"))
    [item] = every(select(CarePackageLineItem).where(CarePackageLineItem.reference == "I1"))
    with as_on(made.MONDAY + timedelta(days=14)):
        sent = made.make_sent(contract, made.asked(item))
        made.approve(sent)
    feed.change(ITEMS, "I1,K1", "I1,K3")
    [fault] = feed.faults()
    assert (fault.file, fault.column, fault.value) == (ITEMS, "contract_ref", "K3")
    assert "It was K1 when an invoice for it was approved, and stays so. End this line item" in fault.reason


def test_what_pays_nothing_yet_may_change_afterwards(paid: Feed):
    paid.change(ITEMS, "I3,K1,C2,WEEK", "I3,K1,C1,WEEK")
    paid.change("calendars.csv", "Monthly,monthly,2019-02-01", "Monthly,monthly,2019-02-04")

    assert paid.faults() == []


def test_dates_and_prices_may_always_change(paid: Feed):
    paid.change("item_prices.csv", "353.08", "400")
    paid.change(ITEMS, "2018-06-04,,2018-06-04,no", "2018-06-04,2019-07-01,2018-06-04,yes")

    assert paid.faults() == []


def test_a_method_ends_on_its_last_finalised_day_and_the_next_begins_after_it(paid: Feed):
    first = "M1,K1,WEEKLY,never,net,2019-02-04,"
    paid.change(METHODS, first, first + "2019-08-04\nM3,K1,MONTHLY,never,net,2019-08-05,")

    assert paid.faults() == []


def test_a_correction_that_was_paid_after_a_methods_end_keeps_no_day(paid: Feed):
    """The payment that holds it begins on 5 August and has no days of its own."""
    first = "M1,K1,WEEKLY,never,net,2019-02-04,"
    paid.change(METHODS, first, first + "2019-08-04")
    paid.load()
    adjust(100)
    finalise(date(2019, 8, 11))
    assert every(select(PaymentLine.id).where(PaymentLine.adjustment_id.is_not(None), PaymentLine.run_id.is_not(None)))
    paid.add(METHODS, "M3,K1,MONTHLY,never,net,2019-08-05,")

    assert paid.faults() == []


def adjust(pence: int) -> None:
    by = make_user()
    with unit_of_work() as session:
        contract = session.scalars(select(Contract).where(Contract.reference == "K1")).one()
        client = session.scalars(Client.of_contract(contract.id)).first()
        officer.adjust(contract, client, amount_pence=pence, for_day=LAST_DAY, reason="Taxi", by=by)


def test_a_new_method_does_not_reach_back_into_what_is_finalised(paid: Feed):
    paid.add(METHODS, "M3,K1,WEEKLY,never,net,2019-01-07,2019-02-03")

    (fault,) = paid.faults()

    assert (fault.column, fault.value) == ("calculate_from", "2019-01-07")
    assert "finalised to 04/08/2019. Begin the new method after this day" in fault.reason


def test_an_end_that_cut_a_finalised_period_stays(paid: Feed):
    first = "M1,K1,WEEKLY,never,net,2019-02-04,"
    paid.change(METHODS, first, first + "2019-08-07")
    paid.load()
    finalise(date(2019, 8, 11))
    paid.change(METHODS, first + "2019-08-07", first)

    (fault,) = paid.faults()

    assert (fault.column, fault.value) == ("ends_on", "")
    assert "to 07/08/2019. Add a new method from the day after" in fault.reason
