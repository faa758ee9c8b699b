"""How an amount was worked out, told to somebody with several services or long periods."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from models.calendar import Frequency
from models.engine.working import Slice
from models.pricing import Unit
from models.reports.explanation import price_text
from tests.care_factories import (
    make_calendar,
    make_client,
    make_contract,
    make_deduction,
    make_item,
    make_service_level,
)
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


def test_a_contribution_that_has_risen_is_a_correction_and_no_recovery():
    contract = make_contract(calculate_from=MONDAY)
    deduction = make_deduction(make_item(contract), 100_000)
    finalise(MONDAY + 6 * DAY)
    change(deduction, weekly_rate_e4=250_000)
    calculate(MONDAY + 7 * DAY)
    assert (
        "Correction for 2 to 8 September: £25.00 of client contribution is to be taken off, and £10.00 was taken off "
        "before" in texts(contract, MONDAY + 7 * DAY)
    )


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


def test_a_price_by_the_month_is_told_with_what_the_days_before_come_to():
    """June 2019 at £100.00 by the calendar month in weeks: design.md section 7, Payable days."""
    saturday = date(2019, 6, 1)
    contract = make_contract(calendar=make_calendar(anchor_on=saturday), calculate_from=saturday)
    item = make_item(contract, 1_000_000, service_level_id=make_service_level(unit=Unit.MONTH).id)
    calculate(date(2019, 7, 5))
    told = [
        (sentence.text, [part.text for part in sentence.parts], sentence.net_pence)
        for week in range(5)
        for row in rows(contract, saturday + week * 7 * DAY)
        for sentence in row.sentences
    ]
    assert told == [
        ("7 days, 1 to 7 June, £100.00 a month", ["1 to 7 June: £100.00 × 7 ÷ 30"], 2_333),
        (
            "7 days, 8 to 14 June, £100.00 a month",
            ["8 to 14 June: £100.00 × 14 ÷ 30 = £46.67, less £23.33 for 1 to 7 June"],
            2_334,
        ),
        (
            "7 days, 15 to 21 June, £100.00 a month",
            ["15 to 21 June: £100.00 × 21 ÷ 30 = £70.00, less £46.67 for 1 to 14 June"],
            2_333,
        ),
        (
            "7 days, 22 to 28 June, £100.00 a month",
            ["22 to 28 June: £100.00 × 28 ÷ 30 = £93.33, less £70.00 for 1 to 21 June"],
            2_333,
        ),
        (
            "7 days, 29 June to 5 July, £100.00 a month",
            [
                "29 to 30 June: £100.00, less £93.33 for 1 to 28 June",
                "1 to 5 July: £100.00 × 5 ÷ 31",
            ],
            667 + 1_613,
        ),
    ]
    change(item, ends_on=date(2019, 6, 10))
    calculate(date(2019, 7, 5))
    assert payment(contract, saturday + 7 * DAY).total_pence == 1_000


def test_a_whole_month_needs_no_sum():
    calendar = make_calendar(Frequency.MONTHLY, anchor_on=date(2019, 6, 1))
    contract = make_contract(calendar=calendar, calculate_from=date(2019, 6, 1))
    make_item(contract, 1_000_000, service_level_id=make_service_level(unit=Unit.MONTH).id)
    calculate(date(2019, 6, 30))
    [sentence] = rows(contract, date(2019, 6, 1))[0].sentences
    assert (sentence.text, sentence.parts) == ("30 days, 1 to 30 June, £100.00 a month", [])
    assert payment(contract, date(2019, 6, 1)).total_pence == 10_000
