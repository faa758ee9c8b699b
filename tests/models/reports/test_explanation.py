"""How an amount was worked out, told to somebody with several services or long periods."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from models.calendar import Frequency
from models.engine.working import Slice
from models.pricing import Unit
from models.reports.explanation import price_text
from tests.care_factories import make_calendar, make_client, make_contract, make_item, make_service_level
from tests.support.runs import calculate, change, finalise, payment, rows

pytestmark = pytest.mark.usefixtures("database")

MONDAY = date(2019, 9, 2)
DAY = timedelta(days=1)


def texts(contract, first_on):
    return [sentence.text for row in rows(contract, first_on) for sentence in row.sentences]


def test_two_services_of_one_client_are_told_apart():
    contract, client = make_contract(calculate_from=MONDAY), make_client()
    for name, rate_e4 in (("Placement", 3_530_800), ("Reward", 2_859_200)):
        make_item(contract, rate_e4, client, service_level_id=make_service_level(name=name).id)
    calculate(MONDAY)
    assert texts(contract, MONDAY) == [
        "Placement: 7 days, 2 to 8 September, £353.08 a week (£50.44 a day)",
        "Reward: 7 days, 2 to 8 September, £285.92 a week",
    ]


def test_recoveries_of_two_services_are_told_apart():
    contract, client = make_contract(calculate_from=MONDAY), make_client()
    items = [
        make_item(contract, 3_500_000, client, service_level_id=make_service_level(name=name).id)
        for name in ("Placement", "Reward")
    ]
    finalise(MONDAY + 6 * DAY)
    for item in items:
        change(item, ends_on=MONDAY + DAY)
    calculate(MONDAY + 7 * DAY)
    assert texts(contract, MONDAY + 7 * DAY)[:2] == [
        "Placement: recovery for 2 to 8 September: £100.00 is due, and £350.00 was paid before",
        "Reward: recovery for 2 to 8 September: £100.00 is due, and £350.00 was paid before",
    ]


def test_one_service_needs_no_name():
    contract = make_contract(calculate_from=MONDAY)
    make_item(contract)
    calculate(MONDAY)
    assert texts(contract, MONDAY) == ["7 days, 2 to 8 September, £353.08 a week (£50.44 a day)"]


def test_whole_weeks_are_multiplied_as_weeks():
    contract = make_contract(calendar=make_calendar(Frequency.FOUR_WEEKLY, anchor_on=MONDAY), calculate_from=MONDAY)
    make_item(contract, 8_714_400)
    calculate(MONDAY)
    [sentence] = rows(contract, MONDAY)[0].sentences
    assert [part.text for part in sentence.parts] == ["2 to 29 September: £871.44 × 4 weeks"]
    assert payment(contract, MONDAY).total_pence == 348_576


def test_a_price_by_the_item_reads_as_people_say_it():
    once = Slice(MONDAY, MONDAY + 6 * DAY, 50_000, 10_000, 100, Unit.ITEM, 500, 0)
    assert price_text(once) == "one item a week at £5.00 an item"
    assert price_text(replace(once, quantity_e4=20_000)) == "2 items a week at £5.00 an item"
