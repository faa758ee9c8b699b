"""How what was delivered is told: on payments, in corrections, and in a remittance."""

from datetime import date, timedelta

import pytest

from models.base import session
from models.calendar import Frequency, as_on
from models.payments.remittance import Remittance
from models.pricing import PayOnActuals
from models.reports.difference import differences
from models.reports.tracker import stops_of
from models.reports.waits import Where, most_waiting, of_each_kind, waiting, waits_pence
from models.reports.whereabouts import by_contract, in_all
from tests.care_factories import make_calendar, make_price
from tests.support import runs
from tests.support.actuals import confirmed_actual, make_contract, make_item
from tests.support.rows import every, reading

pytestmark = pytest.mark.usefixtures("database")
DAY, WEEK = timedelta(days=1), timedelta(days=7)
MONDAY = date(2019, 2, 4)
RUN = MONDAY + 9 * DAY


def contract_of(how=PayOnActuals.ALWAYS):
    days = {"confirm_by_days": 8, "finalise_days": 9, "bank_days": 11}
    return make_contract(how=how, calendar=make_calendar(**days))


def sentences(contract, first_on):
    return [sentence for row in runs.rows(contract, first_on) for sentence in row.sentences]


def texts(contract, first_on):
    return [sentence.text for sentence in sentences(contract, first_on)]


def test_a_row_says_what_was_delivered_and_at_which_price():
    contract = contract_of()
    confirmed_actual(make_item(contract), MONDAY, 132_500)
    runs.calculate(RUN)
    [sentence] = sentences(contract, MONDAY)
    assert sentence.text == "13.25 hours delivered at £23.10, 4 to 10 February"
    assert sentence.parts == []


def test_a_share_of_a_week_says_of_how_much_it_is_one():
    contract = contract_of()
    item = make_item(contract, rate_e4=None)
    make_price(item, 231_000, ends_on=MONDAY + 2 * DAY)
    make_price(item, 240_000, starts_on=MONDAY + 3 * DAY)
    confirmed_actual(item, MONDAY, 132_500)
    runs.calculate(RUN)
    told = sentences(contract, MONDAY)
    assert [sentence.text for sentence in told] == [
        "5.6786 hours delivered at £23.10, 4 to 6 February", "7.5714 hours delivered at £24.00, 7 to 10 February",
    ]  # fmt: skip
    assert [[(part.text, part.pence) for part in sentence.parts] for sentence in told] == [
        [("4 to 6 February: £23.10 × 13.25 × 3 ÷ 7", 131_18)], [("7 to 10 February: £24.00 × 13.25 × 4 ÷ 7", 181_71)],
    ]  # fmt: skip


def test_a_late_week_and_a_correction_of_an_actual_are_told_with_their_weeks():
    contract = contract_of()
    late, wrong = make_item(contract, ends_on=MONDAY + 6 * DAY), make_item(contract, ends_on=MONDAY + 6 * DAY)
    confirmed_actual(wrong, MONDAY, 140_000)
    runs.finalise(RUN)
    confirmed_actual(wrong, MONDAY, 127_500)
    confirmed_actual(late, MONDAY, 132_500)
    runs.calculate(RUN + DAY)
    assert sorted(texts(contract, MONDAY + WEEK)) == [
        "13.25 hours delivered at £23.10, 4 to 10 February, not paid before",
        "Recovery for 4 to 10 February, 12.75 hours delivered at £23.10: £294.53 is due, and £323.40 was paid before",
    ]
    with reading(), as_on(RUN + DAY):
        payment = runs.payment(contract, MONDAY + WEEK)
        told = differences([payment])[payment.id]
    assert sum(reason.pence for reason in told.reasons) == told.pence


def test_that_nothing_was_delivered_is_told_and_an_end_is_an_end():
    contract = contract_of()
    nothing, ended = make_item(contract), make_item(contract)
    for item in (nothing, ended):
        confirmed_actual(item, MONDAY, 140_000)
    runs.finalise(RUN)
    confirmed_actual(nothing, MONDAY, 0)
    runs.change(ended, ends_on=MONDAY - DAY)
    runs.finalise(RUN + WEEK)
    assert sorted(texts(contract, MONDAY + WEEK)) == [
        "Recovery for 4 to 10 February, 0 hours delivered at £23.10: £0.00 is due, and £323.40 was paid before",
        "Recovery for 4 to 10 February: £0.00 is due, and £323.40 was paid before",
    ]
    [_, second] = every(Remittance)
    assert [str(line.reason) for line in second.advice.lines if line.is_own] == ["actual", "end"]


def test_weeks_that_follow_one_another_are_one_sentence_and_plan_and_actual_are_two():
    contract = make_contract(
        how=PayOnActuals.UNTIL_ACTUAL, calendar=make_calendar(Frequency.FOUR_WEEKLY, finalise_days=30)
    )
    item = make_item(contract)
    for n, hours in enumerate((132_500, 127_500)):
        confirmed_actual(item, MONDAY + n * WEEK, hours)
    runs.calculate(MONDAY + 20 * DAY)
    assert texts(contract, MONDAY) == [
        "26 hours delivered at £23.10, 4 to 17 February",
        "14 days, 18 February to 3 March, 14 hours a week at £23.10 an hour",
    ]
    assert [part.text for part in sentences(contract, MONDAY)[0].parts] == [
        "4 to 10 February: £23.10 × 13.25", "11 to 17 February: £23.10 × 12.75",
    ]  # fmt: skip


def test_a_remittance_says_that_a_line_is_by_what_was_delivered():
    contract = contract_of(PayOnActuals.UNTIL_ACTUAL)
    known, planned = make_item(contract, ends_on=MONDAY + 6 * DAY), make_item(contract, ends_on=MONDAY + 6 * DAY)
    confirmed_actual(known, MONDAY, 132_500)
    runs.finalise(RUN)
    confirmed_actual(planned, MONDAY, 127_500)
    runs.finalise(RUN + WEEK)
    first, second = (each.advice for each in every(Remittance))
    assert sorted((str(line.reason), line.net_pence) for line in first.lines) == [
        ("actual", 306_08), ("planned", 323_40),
    ]  # fmt: skip
    assert [(str(line.reason), line.net_pence) for line in second.lines][:1] == [("actual", -28_87)]


def test_what_waits_for_actuals_stands_beside_what_is_held_or_blocked():
    contract = contract_of()
    for _ in range(2):
        make_item(contract, ends_on=MONDAY + 13 * DAY)
    suspended = make_item(contract, ends_on=MONDAY + 6 * DAY, is_suspended=True)
    confirmed_actual(suspended, MONDAY, 10_000)
    today = MONDAY + 9 * DAY
    runs.calculate(today)
    with reading(contract.provider_id), as_on(today):
        [awaited, blocked] = most_waiting(contract.provider_id, 3)
        assert (awaited.reason.is_awaited, awaited.people, awaited.pence) == (True, 2, 2 * 323_40)
        assert (awaited.since_on, awaited.item_id, awaited.all_pence) == (MONDAY, None, 2 * 323_40 + 23_10)
        assert (blocked.reason.is_suspended, blocked.pence) == (True, 23_10)
        assert of_each_kind(contract.provider_id)[contract.id, Where.AWAITED] == 2 * 323_40
        assert waits_pence(contract.provider_id) == 23_10
        whole = in_all(by_contract(contract.provider_id))
        assert (whole.awaited_pence, whole.blocked_pence, whole.entitled_pence) == (2 * 323_40, 23_10, 23_10)
        rows = session.execute(waiting(provider_id=contract.provider_id, blocked_in_open=True)).all()
        assert [row.pence for row in rows] == [23_10]
        payment = runs.payment(contract, MONDAY)
        stops = {stop.reason.value: stop.pence for stop in stops_of([payment.id])[payment.id]}
    assert stops == {"no actuals": 2 * 323_40, "suspended": 23_10}


@pytest.mark.parametrize(("days", "count"), [(6, 0), (7, 1)])
def test_a_week_waits_from_the_day_after_its_last(days, count):
    contract = contract_of()
    make_item(contract, ends_on=MONDAY + 6 * DAY)
    runs.calculate(MONDAY + days * DAY)
    with reading(contract.provider_id), as_on(MONDAY + days * DAY):
        assert len(most_waiting(contract.provider_id, 3)) == count
