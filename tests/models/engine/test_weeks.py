"""Which payment a week of actuals belongs to, what waits until it is known, and what orders expect meanwhile."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.agreed_terms import AgreedPrice, AgreedQuantity, AgreedTerms
from models.calendar import FAR_FUTURE, NOT_MOVED, Frequency, Span, WorkingDays
from models.engine.component import Component
from models.engine.draft import Settled, Source
from models.engine.facts import ContractFacts, Dated, Delivered, DueSum, ItemFacts, Quantity, Terms
from models.engine.periods import Periods, lay_out
from models.engine.reckoning import reckon
from models.engine.weeks import days_of_cells, last_of_week, weeks_of
from models.pricing import Basis, Convention, PayOnActuals, Unit
from models.records.contract import Calendar, PaymentMethod

DAY, WEEK = timedelta(days=1), timedelta(days=7)
MONDAY = date(2026, 6, 1)
ALWAYS, UNTIL, NEVER = PayOnActuals.ALWAYS, PayOnActuals.UNTIL_ACTUAL, PayOnActuals.NEVER
PLAN = 323_40
"""14 hours at £23.10."""


def method_of(frequency=Frequency.MONTHLY, how=ALWAYS, first=MONDAY, last=None, anchor=MONDAY):
    calendar = Calendar(
        frequency=frequency, anchor_on=anchor, confirm_by_days=40, finalise_days=40, bank_days=45, overrides=[]
    )
    method = PaymentMethod(id=1, calendar=calendar, basis=Basis.NET, calculate_from=first, pay_on_actuals=how)
    method.ends_on = last
    return method


def item_of(delivered=None, **given):
    """14 hours a week at £23.10 from 1 January 2026. `delivered`: hours by the first day of the week."""
    terms = Terms(
        date(2026, 1, 1), unit=Unit.HOUR, prices=(Dated(date(2026, 1, 1), FAR_FUTURE, 231_000),),
        quantities=(Dated(date(2026, 1, 1), FAR_FUTURE, Quantity(140_000)),),
    )  # fmt: skip
    facts = {name: given.pop(name) for name in ("ends_on", "starts_on") if name in given}
    found = {day: Delivered(hours * 10_000) for day, hours in (delivered or {}).items()}
    item = ItemFacts(1, 1, "Care", replace(terms, **facts), (), [], date(2026, 1, 1), False, delivered=found)
    return replace(item, **given)


def reckoned(item, on, *methods, closed=(), settled=None, placed=None, **facts):
    contract = ContractFacts(1, 1, None, methods or (method_of(),), [item], **facts)
    states = dict.fromkeys(closed, (True, True, NOT_MOVED))
    periods = lay_out(contract, states, on, WorkingDays())
    sums = {Source(1): {(Component.CARE, day): Settled(last, net, 0) for day, last, net in settled or ()}}
    return reckon(contract, periods, sums, on, placed or {})


def told(found):
    """Of each draft: the payment, its first day, and pence."""
    return [(draft.paid_in, draft.first, draft.net_pence) for draft in found.drafts]


def awaited(found):
    """Of each week that waits: the payment, its first day, and pence."""
    return [(first, week, net + vat) for (first, _, week), (net, vat) in sorted(found.awaited.items())]


def order(found, year=2026):
    """What the order is worth, and what its rows add up to."""
    own = found.orders[1, year]
    assert own.net_pence == sum(row.amount.net_pence for row in own.expected)
    return own.net_pence


@given(
    st.sampled_from(Frequency), st.integers(0, 6), st.integers(0, 27), st.none() | st.integers(1, 60),
    st.sampled_from([ALWAYS, UNTIL]),
)  # fmt: skip
def test_every_week_belongs_to_the_one_period_in_which_it_ends(frequency, weekday, offset, weeks, how):
    anchor = date(2026, 1, 1) + offset * DAY
    method = method_of(frequency, how, anchor=anchor)
    begins = 0 if frequency is Frequency.MONTHLY else anchor.weekday()
    method.calculate_from = first = date(2026, 2, 2) + begins * DAY
    method.ends_on = first + weeks * WEEK - DAY if weeks else None
    until = method.ends_on or date(2027, 6, 30)
    found = [(week, period) for period in method.periods(until) for week in weeks_of(method, period)]
    assert found[0][0].span.first == first
    for (week, period), (following, _) in zip(found, found[1:], strict=False):
        assert following.span.first == week.span.last + DAY
        assert week.span.last in period
        assert week.span.days == 7
        assert week.begins_on == week.span.first
    if weeks:
        assert len(found) == weeks
        assert found[-1][0].span.last == method.ends_on
    for week, period in found:
        days = [week.span.first + n * DAY for n in range(7)]
        assert {last_of_week(method, day) for day in days} == {week.span.last}
        assert week.span in days_of_cells(method, period)


def test_a_week_is_cut_where_its_method_begins_or_ends_all_the_same():
    method = method_of(last=date(2026, 7, 1))
    june, july = ([each.span for each in weeks_of(method, span)] for span in method.periods(method.ends_on))
    assert june[-1].last == date(2026, 6, 28)
    assert july == [Span(date(2026, 6, 29), date(2026, 7, 1))]
    assert last_of_week(method, date(2026, 6, 29)) == date(2026, 7, 1)
    begun = method_of(first=date(2026, 6, 3))
    first = weeks_of(begun, Span(date(2026, 6, 3), date(2026, 6, 30)))[0]
    assert (first.span, first.begins_on) == (Span(date(2026, 6, 3), date(2026, 6, 7)), MONDAY)


def test_a_method_that_never_pays_on_actuals_has_cells_of_whole_periods():
    method = method_of(how=NEVER)
    june = Span(MONDAY, date(2026, 6, 30))
    assert days_of_cells(method, june) == [june]
    assert last_of_week(method, MONDAY) == MONDAY
    periods = Periods(lay_out(ContractFacts(1, 1, None, (method,)), {}, MONDAY, WorkingDays()), MONDAY)
    assert periods.placing_day(date(2026, 6, 29)) == date(2026, 6, 29)
    on_actuals = Periods(lay_out(ContractFacts(1, 1, None, (method_of(),)), {}, MONDAY, WorkingDays()), MONDAY)
    assert on_actuals.placing_day(date(2026, 6, 29)) == date(2026, 7, 5)
    assert on_actuals.placing_day(MONDAY - DAY) == MONDAY - DAY


def test_weeks_are_paid_in_the_month_in_which_they_end_and_in_the_current_payment_once_that_is_closed():
    weeks = {MONDAY + n * WEEK: 10 + n for n in range(5)}
    found = reckoned(item_of(weeks), date(2026, 7, 6))
    june, july = MONDAY, date(2026, 7, 1)
    assert told(found) == [
        (june, MONDAY, 231_00), (june, MONDAY + WEEK, 254_10), (june, MONDAY + 2 * WEEK, 277_20),
        (june, MONDAY + 3 * WEEK, 300_30), (july, MONDAY + 4 * WEEK, 323_40),
    ]  # fmt: skip
    assert awaited(found) == [(july, MONDAY + n * WEEK, PLAN) for n in (5, 6, 7)]
    late = reckoned(item_of(weeks), date(2026, 7, 6), closed=(june,))
    assert {paid_in for paid_in, *_ in told(late)} == {july}
    assert found.entitled_pence == late.entitled_pence == sum(pence for *_, pence in told(found))


def test_what_is_planned_for_periods_to_come_is_the_plan_of_the_weeks_that_end_in_them():
    found = reckoned(item_of({MONDAY: 10}), MONDAY)
    august = date(2026, 8, 1)
    assert found.planned[august] == [5 * PLAN, 0]
    assert found.planned[date(2026, 7, 1)] == [4 * PLAN, 0]
    assert reckoned(item_of(), MONDAY, method_of(how=NEVER)).planned[august][0] not in (5 * PLAN, 4 * PLAN)


def test_an_order_is_worth_the_same_while_nothing_is_known_and_moves_with_the_actuals():
    values = [order(reckoned(item_of(), MONDAY + n * DAY)) for n in (0, 29, 30, 60, 200)]
    assert set(values) == {values[0]}
    assert order(reckoned(item_of({MONDAY: 10}), MONDAY + 30 * DAY)) == values[0] - PLAN + 231_00
    until = [order(reckoned(item_of(), MONDAY + n * DAY, method_of(how=UNTIL))) for n in (0, 60)]
    assert until == values[:2]


def test_a_week_that_1_april_cuts_is_shared_by_two_orders_and_paid_in_one_payment():
    first = date(2026, 3, 30)
    method = method_of(first=date(2026, 3, 2), anchor=date(2026, 3, 1))
    waiting = reckoned(item_of(), date(2026, 4, 6), method)
    april = date(2026, 4, 1)
    assert (april, first, PLAN) in awaited(waiting)
    found = reckoned(item_of({first: 14}), date(2026, 4, 6), method)
    assert told(found) == [(april, first, 92_40), (april, april, 231_00)]
    assert order(found, 2025) == order(waiting, 2025) == 4 * PLAN + 92_40


def test_the_last_week_of_a_line_item_may_belong_to_the_month_after_its_last_day():
    last = MONDAY + 4 * WEEK
    assert last == date(2026, 6, 29)
    found = reckoned(item_of({last: 2}, ends_on=last), date(2026, 7, 6))
    assert told(found) == [(date(2026, 7, 1), last, 46_20)]
    assert [week for _, week, _ in awaited(found)] == [MONDAY + n * WEEK for n in range(4)]


def test_a_draft_keeps_the_payment_in_which_it_was_written():
    june, july = MONDAY, date(2026, 7, 1)
    cell = Source(1), Component.CARE, MONDAY
    kept = reckoned(item_of({MONDAY: 10}), date(2026, 7, 6), placed={cell: july})
    assert told(kept) == [(july, MONDAY, 231_00)]
    assert told(reckoned(item_of({MONDAY: 10}), date(2026, 7, 6)))[0][0] == june


def test_a_figure_that_falls_to_nothing_takes_back_what_was_paid():
    paid = (MONDAY, MONDAY + 6 * DAY, 231_00)
    found = reckoned(item_of({MONDAY: 0}), date(2026, 7, 6), closed=(MONDAY,), settled=[paid])
    assert told(found) == [(date(2026, 7, 1), MONDAY, -231_00)]
    assert MONDAY not in [week for _, week, _ in awaited(found)]
    unknown = reckoned(item_of(), date(2026, 7, 6), closed=(MONDAY,), settled=[paid])
    assert told(unknown) == [(date(2026, 7, 1), MONDAY, -231_00)]
    assert (date(2026, 7, 1), MONDAY, PLAN) in awaited(unknown)


def test_an_allowance_stays_in_the_period_of_its_day():
    item = item_of(allowances=[DueSum(7, "Birthday", date(2026, 6, 29), 50_00)])
    assert told(reckoned(item, date(2026, 7, 6))) == [(MONDAY, date(2026, 6, 29), 50_00)]


def agreed(pence: int) -> AgreedTerms:
    return AgreedTerms(
        "Care", date(2026, 1, 1), None, Unit.HOUR, Convention.INCLUSIVE,
        (AgreedPrice(date(2026, 1, 1), None, pence * 100),), (AgreedQuantity(date(2026, 1, 1), None, 140_000),), (), (),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("terms", "pays", "blocks", "waits"),
    [
        (agreed(20_00), [200_00], [31_00], 280_00), (agreed(23_10), [231_00], [], PLAN),
        (agreed(30_00), [231_00], [], PLAN), (None, [], [231_00], None),
    ],
)  # fmt: skip
def test_a_contract_that_waits_for_agreements_pays_what_was_delivered_at_no_more_than_was_agreed(
    terms, pays, blocks, waits
):
    found = reckoned(item_of({MONDAY: 10}, agreed=terms), MONDAY + 20 * DAY, waits_from=MONDAY)
    assert [pence for *_, pence in told(found)] == pays
    assert [pence for pence in found.blocked.values() if pence] == blocks
    assert [pence for *_, pence in awaited(found)][:1] == ([waits] if waits else [])


def test_a_gate_counts_from_the_period_in_which_a_week_ends():
    july = date(2026, 7, 1)
    weeks = {MONDAY + 3 * WEEK: 10, MONDAY + 4 * WEEK: 10}
    found = reckoned(item_of(weeks), date(2026, 7, 6), waits_from=july)
    assert told(found) == [(MONDAY, MONDAY + 3 * WEEK, 231_00)]
    assert dict(found.blocked) == {(july, 1): 231_00}
    assert [week for first, week, _ in awaited(found) if first == july] == []


def test_nothing_of_a_suspended_item_waits_or_is_expected():
    found = reckoned(item_of({MONDAY: 10}, is_suspended=True), MONDAY + 20 * DAY)
    assert (told(found), awaited(found)) == ([], [])
    assert order(found) == 0
