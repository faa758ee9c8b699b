"""What a contract that is paid on actuals pays, run after run; and what waits until it is known what was delivered."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models.calendar import Frequency, as_on
from models.payments.awaited import AwaitedSum, awaited_of
from models.payments.delivered import Given, Worth, in_all, value_of
from models.payments.payment import PaymentLine
from models.pricing import PayOnActuals, Unit
from models.records.actual import ExceptionState
from models.records.actual_rule import ActualRule, RuleKind
from models.records.contract import PaymentMethod
from models.verify import check_all
from tests.care_factories import make_absence, make_calendar, make_deduction, make_method, make_service_level
from tests.factories import make_staff
from tests.support import runs
from tests.support.actuals import confirmed_actual, decide, make_contract, make_exception, make_item
from tests.support.rows import every, reading, saved

pytestmark = pytest.mark.usefixtures("database")
DAY, WEEK = timedelta(days=1), timedelta(days=7)
MONDAY = date(2019, 2, 4)
TUESDAY = MONDAY + 8 * DAY
"""After the week has ended, and the day before it is finalised."""
RUN = MONDAY + 9 * DAY
UNTIL = PayOnActuals.UNTIL_ACTUAL


def contract_of(how=PayOnActuals.ALWAYS, frequency=Frequency.WEEKLY, **given):
    """Weeks from Monday to Sunday, each finalised on the Wednesday after."""
    days = {"confirm_by_days": 8, "finalise_days": 9, "bank_days": 11} | given
    return make_contract(how=how, calendar=make_calendar(frequency, **days))


def drafts(contract):
    """Of each draft: the first day of its payment, the days that it is for, and pence."""
    firsts = {}
    with reading() as session:
        line = PaymentLine
        query = select(line).where(line.contract_id == contract.id, line.run_id.is_(None))
        found = list(session.scalars(query.order_by(line.first_on, line.component)))
        for each in found:
            firsts[each.payment_id] = session.get_one(runs.ScheduledPayment, each.payment_id).first_on
    return [(firsts[each.payment_id], each.first_on, each.last_on, each.total_pence) for each in found]


def waits(contract):
    """Of each week that waits: the first day of its payment, its own first day, and pence."""
    with reading() as session:
        own, payment = AwaitedSum, runs.ScheduledPayment
        query = select(payment.first_on, own.first_on, own.pence).join(payment, payment.id == own.payment_id)
        rows = session.execute(query.where(payment.contract_id == contract.id).order_by(own.first_on, own.id))
        return [tuple(row) for row in rows]


def broken(day):
    """What `./portal verify` would find."""
    with as_on(day):
        return [str(each) for each in check_all()]


def order_value(contract):
    return sum(order.value_net_pence for order in runs.orders(contract, 2018) + runs.orders(contract, 2019))


@pytest.mark.postgres
def test_a_week_is_paid_once_its_actuals_are_confirmed_and_waits_until_then():
    contract = contract_of()
    item = make_item(contract)
    runs.calculate(TUESDAY)
    assert drafts(contract) == []
    assert waits(contract) == [(MONDAY, MONDAY, 323_40), (MONDAY + WEEK, MONDAY + WEEK, 323_40)]
    assert broken(TUESDAY) == []
    confirmed_actual(item, MONDAY, 132_500)
    runs.calculate(TUESDAY)
    assert drafts(contract) == [(MONDAY, MONDAY, MONDAY + 6 * DAY, 306_08)]
    assert waits(contract) == [(MONDAY + WEEK, MONDAY + WEEK, 323_40)]
    runs.finalise(RUN)
    assert runs.banked(contract) == [306_08]
    assert broken(RUN) == []


def test_a_purchase_order_is_worth_the_plan_until_it_is_known_what_was_delivered():
    contract = contract_of()
    item = make_item(contract, ends_on=MONDAY + 13 * DAY)
    for day in (MONDAY - WEEK, MONDAY, TUESDAY, MONDAY + 3 * WEEK):
        runs.calculate(day)
        assert order_value(contract) == 2 * 323_40
        assert broken(day) == []
    confirmed_actual(item, MONDAY, 132_500)
    runs.calculate(MONDAY + 3 * WEEK)
    assert order_value(contract) == 306_08 + 323_40
    assert broken(MONDAY + 3 * WEEK) == []


def test_a_late_row_never_holds_a_row_in_time():
    """cases/next.md 32: of 60 rows 59 are confirmed in time and paid in this run, the late one in the next."""
    contract = contract_of()
    items = [make_item(contract, ends_on=MONDAY + 6 * DAY) for _ in range(60)]
    for item in items[:59]:
        confirmed_actual(item, MONDAY, 132_500)
    runs.finalise(RUN)
    assert runs.banked(contract) == [59 * 306_08]
    runs.calculate(RUN + DAY)
    assert waits(contract) == [(MONDAY + WEEK, MONDAY, 323_40)]
    confirmed_actual(items[59], MONDAY, 127_500)
    runs.finalise(RUN + WEEK)
    assert runs.banked(contract) == [59 * 306_08, 294_53]
    [late] = [line for line in runs.lines(contract) if line.item_id == items[59].id]
    assert (late.first_on, late.last_on) == (MONDAY, MONDAY + 6 * DAY)
    assert broken(RUN + WEEK) == []


def test_a_plan_that_was_paid_is_put_right_in_the_current_payment_when_the_actual_comes():
    contract = contract_of(UNTIL)
    item = make_item(contract, ends_on=MONDAY + 13 * DAY)
    runs.finalise(RUN)
    assert runs.banked(contract) == [323_40]
    assert waits(contract) == []
    confirmed_actual(item, MONDAY, 132_500)
    runs.calculate(RUN + DAY)
    assert drafts(contract) == [
        (MONDAY + WEEK, MONDAY, MONDAY + 6 * DAY, -17_32),
        (MONDAY + WEEK, MONDAY + WEEK, MONDAY + 13 * DAY, 323_40),
    ]
    [row] = runs.rows(contract, MONDAY + WEEK)
    assert [each.text for each in row.sentences] == [
        "7 days, 11 to 17 February, 14 hours a week at £23.10 an hour",
        "Recovery for 4 to 10 February, 13.25 hours delivered at £23.10: £306.08 is due, and £323.40 was paid before",
    ]
    assert broken(RUN + DAY) == []


@pytest.mark.parametrize(
    ("state", "due"),
    [
        (ExceptionState.OPEN, 306_08), (ExceptionState.REJECTED, 306_08), (ExceptionState.AMENDED, 306_08),
        (ExceptionState.APPROVED, 462_00), (None, 462_00),
    ],
)  # fmt: skip
def test_a_figure_that_the_council_has_not_approved_leaves_the_one_before_it_in_force(state, due):
    contract = contract_of()
    item = make_item(contract, ends_on=MONDAY + 6 * DAY)
    confirmed_actual(item, MONDAY, 132_500)
    confirmed_actual(item, MONDAY, 200_000, exception=state)
    runs.calculate(TUESDAY)
    assert [pence for *_, pence in drafts(contract)] == [due]


def test_a_first_figure_that_waits_for_the_council_pays_nothing_or_the_plan():
    always, until = contract_of(), contract_of(UNTIL)
    rows = [confirmed_actual(make_item(each, ends_on=MONDAY + 6 * DAY), MONDAY, 200_000) for each in (always, until)]
    exceptions = [make_exception(row) for row in rows]
    runs.calculate(TUESDAY)
    assert (drafts(always), waits(always)) == ([], [(MONDAY, MONDAY, 323_40)])
    assert [pence for *_, pence in drafts(until)] == [323_40]
    for exception in exceptions:
        decide(exception, ExceptionState.APPROVED)
    runs.calculate(TUESDAY)
    assert [pence for each in (always, until) for *_, pence in drafts(each)] == [462_00, 462_00]


@pytest.mark.parametrize(
    ("rules", "figures", "due"),
    [
        ({}, {"actual_e4": 132_500, "frustrated_e4": 7_500}, 306_08),
        ({"is_frustrated_paid": True}, {"actual_e4": 132_500, "frustrated_e4": 7_500}, 323_40),
        ({"is_frustrated_paid": True}, {"actual_e4": 152_500, "frustrated_e4": 7_500}, 369_60),
        ({"is_frustrated_paid": True, "is_extra_allowed": False},
         {"actual_e4": 152_500, "frustrated_e4": 7_500}, 323_40),
        ({"is_extra_allowed": False}, {"actual_e4": 132_500, "frustrated_e4": 7_500}, 306_08),
    ],
)  # fmt: skip
def test_a_service_level_says_what_of_a_week_is_paid(rules, figures, due):
    contract = contract_of()
    item = make_item(contract, ends_on=MONDAY + 6 * DAY, **rules)
    confirmed_actual(item, MONDAY, **figures)
    runs.calculate(TUESDAY)
    assert [pence for *_, pence in drafts(contract)] == [due]


@pytest.mark.parametrize(("days", "due"), [(0, 323_40), (1, 306_08)])
def test_a_rule_that_a_level_is_paid_as_planned_counts_from_its_day(days, due):
    contract = contract_of()
    item = make_item(contract, ends_on=MONDAY + 6 * DAY)
    confirmed_actual(item, MONDAY, 132_500)
    given = {"refuses_from": MONDAY + days * DAY, "changed_by_id": make_staff().id}
    saved(ActualRule(service_level_id=item.service_level_id, kind=RuleKind.PAID_ON_PLAN, **given))
    other = {"warns_from": MONDAY, "refuses_from": MONDAY, "changed_by_id": given["changed_by_id"]}
    saved(ActualRule(service_level_id=item.service_level_id, kind=RuleKind.NO_EXTRAS, **other))
    runs.calculate(TUESDAY)
    assert [pence for *_, pence in drafts(contract)] == [due]


def test_a_contract_that_never_pays_on_actuals_pays_the_plan_of_its_periods():
    contract = contract_of(PayOnActuals.NEVER, Frequency.FOUR_WEEKLY)
    item = make_item(contract)
    confirmed_actual(item, MONDAY, 132_500)
    runs.calculate(MONDAY)
    assert drafts(contract) == [(MONDAY, MONDAY, MONDAY + 27 * DAY, 4 * 323_40)]


def test_a_week_belongs_to_the_month_in_which_it_ends():
    contract = contract_of(frequency=Frequency.MONTHLY, anchor_on=date(2019, 2, 1), finalise_days=35, bank_days=40)
    item = make_item(contract, ends_on=date(2019, 3, 10))
    for n in range(5):
        confirmed_actual(item, MONDAY + n * WEEK, 100_000 + n * 10_000)
    runs.calculate(date(2019, 3, 4))
    february, march = MONDAY, date(2019, 3, 1)
    assert [(paid_in, first) for paid_in, first, *_ in drafts(contract)] == [
        (february, MONDAY), (february, date(2019, 2, 11)), (february, date(2019, 2, 18)),
        (march, date(2019, 2, 25)), (march, date(2019, 3, 4)),
    ]  # fmt: skip
    [row] = runs.rows(contract, march)
    assert [(each.text, each.is_earlier) for each in row.sentences] == [
        ("27 hours delivered at £23.10, 25 February to 10 March", False)
    ]
    runs.finalise(date(2019, 3, 31))
    confirmed_actual(item, date(2019, 2, 25), 0)
    runs.finalise(date(2019, 4, 30))
    assert broken(date(2019, 4, 30)) == []


def test_absences_and_contributions_of_a_week_on_actuals():
    contract = contract_of()
    item = make_item(contract, ends_on=MONDAY + 6 * DAY)
    make_deduction(item, 1_000_000)
    make_absence(item, MONDAY, MONDAY + 2 * DAY)
    runs.calculate(TUESDAY)
    assert waits(contract) == [(MONDAY, MONDAY, 184_80 - 57_14)]
    confirmed_actual(item, MONDAY, 132_500)
    runs.calculate(TUESDAY)
    assert [pence for *_, pence in drafts(contract)] == [306_08, -100_00]
    confirmed_actual(item, MONDAY, 0)
    runs.calculate(TUESDAY)
    assert (drafts(contract), waits(contract)) == ([], [])


def test_what_a_blocked_item_would_be_paid_by_its_actuals_is_blocked_and_no_plan_of_it_waits():
    contract = contract_of()
    item = make_item(contract, ends_on=MONDAY + 13 * DAY, is_suspended=True)
    confirmed_actual(item, MONDAY, 132_500)
    runs.calculate(MONDAY + 13 * DAY)
    assert (drafts(contract), waits(contract)) == ([], [])
    assert runs.payment(contract, MONDAY).waiting_pence == 306_08
    assert broken(MONDAY + 13 * DAY) == []


def test_a_method_that_pays_on_actuals_may_follow_one_that_does_not():
    contract = make_contract(how=PayOnActuals.NEVER, calendar=(calendar := make_calendar(finalise_days=9)))
    item = make_item(contract, ends_on=MONDAY + 13 * DAY)
    runs.finalise(RUN)
    [method] = every(PaymentMethod)
    runs.change(method, ends_on=MONDAY + 6 * DAY)
    make_method(contract, calendar, MONDAY + WEEK, pay_on_actuals=PayOnActuals.ALWAYS)
    confirmed_actual(item, MONDAY, 10_000)
    confirmed_actual(item, MONDAY + WEEK, 132_500)
    runs.calculate(RUN + DAY)
    assert drafts(contract) == [(MONDAY + WEEK, MONDAY + WEEK, MONDAY + 13 * DAY, 306_08)]
    assert broken(RUN + DAY) == []


@pytest.mark.parametrize(
    ("how", "given", "pence", "change"),
    [
        (PayOnActuals.ALWAYS, Given(132_500), 306_08, -17_32),
        (UNTIL, Given(132_500), 306_08, -17_32),
        (PayOnActuals.NEVER, Given(132_500), 323_40, 0),
        (PayOnActuals.ALWAYS, Given(132_500, 7_500), 323_40, 0),
        (PayOnActuals.ALWAYS, Given(150_000, 0, (20_000, 0, 0, 130_000, 0, 0, 0)), 346_50, 23_10),
        (PayOnActuals.ALWAYS, Given(0), 0, -323_40),
    ],
)
def test_figures_are_worth_what_confirming_them_would_pay(how, given, pence, change):
    contract = contract_of(how)
    item = make_item(contract, is_frustrated_paid=True)
    early = MONDAY - WEEK
    with reading():
        found = value_of({(item.id, MONDAY): given, (item.id, early): given}, [contract.provider_id])
    assert (found[item.id, MONDAY].total_pence, found[item.id, MONDAY].change_pence) == (pence, change)
    assert found[item.id, early] == Worth()
    assert in_all(found.values()) == found[item.id, MONDAY]
    confirmed_actual(item, MONDAY, given.actual_e4, frustrated_e4=given.frustrated_e4, by_day_e4=given.by_day_e4)
    runs.calculate(MONDAY + 6 * DAY)
    assert sum(sum_ for *_, sum_ in drafts(contract)) == pence


def test_what_has_no_actuals_is_paid_as_planned_in_its_weeks():
    contract = contract_of()
    units = {Unit.ITEM: 14 * 23_10, Unit.MILE: 14 * 23_10}
    for unit in units:
        item = make_item(contract, ends_on=MONDAY + 6 * DAY, service_level_id=make_service_level(unit=unit).id)
        confirmed_actual(item, MONDAY, 10_000)
    runs.calculate(TUESDAY)
    assert [pence for *_, pence in drafts(contract)] == list(units.values())


def test_what_waits_for_actuals_is_told_with_its_weeks_and_people():
    contract = contract_of()
    for _ in range(2):
        make_item(contract, ends_on=MONDAY + 13 * DAY)
    runs.finalise(RUN)
    runs.calculate(RUN + DAY)
    payment = runs.payment(contract, MONDAY + WEEK)
    with reading(), as_on(RUN + DAY):
        found = awaited_of([payment.id])[payment.id]
    assert (found.pence, found.people, found.weeks, found.over_pence) == (4 * 323_40, 2, 2, 2 * 323_40)
    assert (found.first_on, found.last_on) == (MONDAY, MONDAY + 13 * DAY)


@pytest.mark.parametrize("how", [PayOnActuals.ALWAYS, PayOnActuals.NEVER])
def test_weeks_in_which_other_facts_hold_are_never_taken_for_each_other(how):
    contract = contract_of(how)
    first = make_item(contract)
    like = {"service_level_id": first.service_level_id}
    dearer, more, shorter, away, less = (
        make_item(contract, rate_e4=240_000, **like), make_item(contract, 150_000, **like),
        make_item(contract, ends_on=MONDAY + 2 * DAY, **like), make_item(contract, **like), make_item(contract, **like),
    )  # fmt: skip
    make_absence(away, MONDAY, MONDAY + DAY, 50)
    make_deduction(less, 200_000)
    items = [first, make_item(contract, **like), dearer, more, shorter, away, less]
    figures = {(item.id, MONDAY): Given(130_000) for item in items} | {(first.id, MONDAY + WEEK): Given(120_000)}
    with reading():
        alone = {key: value_of({key: given}, [contract.provider_id])[key] for key, given in figures.items()}
        together = value_of(figures, [contract.provider_id])
    assert together == alone
    assert together[items[0].id, MONDAY] == together[items[1].id, MONDAY]
    assert len(set(alone.values())) >= 5
