"""What a run's review finds when it is prepared: like compared with like, and kept as it was."""

from datetime import date, timedelta

import pytest
from sqlalchemy import delete, select

from commands.batchwise.payments import finalise_due
from models.calendar import Frequency, as_on
from models.payments import answers, day_moves, officer
from models.payments.adjustment import Adjustment
from models.payments.finding import Finding, RunFinding
from models.payments.hold import Hold
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.payment_run import prepare
from models.payments.review import Review
from models.payments.run import PaymentRun, RunPayment
from models.permissions import Role
from models.pricing import Convention
from models.records.care_package import CarePackageLineItem, ItemPrice
from models.records.client import Client
from models.records.contract import Contract
from tests.care_factories import (
    make_calendar,
    make_client,
    make_contract,
    make_item,
    make_price,
    make_service_level,
)
from tests.factories import make_staff, make_user
from tests.support.rows import every, reading, unit_of_work
from tests.support.runs import calculate, change, finalise, orders, payment

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

MONDAY = date(2019, 4, 1)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
SUNDAY, SECOND_SUNDAY = MONDAY + 6 * DAY, MONDAY + 13 * DAY


def weekly(provider=None, **given):
    return make_contract(provider, calculate_from=MONDAY, **given)


def prepared(day=SECOND_SUNDAY):
    """A run that an officer prepares on that day; its id."""
    calculate(day)
    by = make_staff()
    with as_on(day), unit_of_work():
        return prepare(by=by).id


def found(run_id, kind=None):
    """The run's findings as kind, pence now, pence before and note, by money."""
    with reading():
        rows = every(select(RunFinding).where(RunFinding.run_id == run_id).order_by(RunFinding.id))
    return [
        (each.kind, each.now_pence, each.before_pence, each.note) for each in rows if kind is None or each.kind is kind
    ]


def kinds(run_id):
    return {kind for kind, *_ in found(run_id)}


def act(day, verb, *args, **named):
    """Do it in a transaction on that day, to the rows as they are now."""
    with as_on(day), unit_of_work() as session:
        rows = [session.scalars(_anew(each)).one() for each in args]
        return verb(*rows, **named)


def _anew(row):
    if isinstance(row, ScheduledPayment):
        return ScheduledPayment.of(_reference(row), row.first_on)
    return select(type(row)).where(type(row).id == row.id)


def costs(item, rate_e4, since=MONDAY + WEEK):
    """The price from that day on."""
    *_, last = [each for each in every(ItemPrice) if each.item_id == item.id]
    change(last, ends_on=since - DAY)
    make_price(item, rate_e4, starts_on=since)


def order_of(contract, item):
    return next(each for each in orders(contract) if each.client_id == item.client_id)


# like with like


def test_one_released_row_is_compared_with_itself():
    """Case 8: one row of many is released later. It gives no "ended" rows, and no fall by what was paid before."""
    contract, ola = weekly(), make_staff(name="Ola")
    held, *_ = (make_item(contract, rate_e4=1_000_000) for _ in range(5))
    finalise(SUNDAY)
    calculate(SECOND_SUNDAY)
    second = payment(contract, MONDAY + WEEK)
    act(SECOND_SUNDAY, officer.hold, second, by=ola, reason="Asked about", order_id=order_of(contract, held).id)
    with as_on(SECOND_SUNDAY):
        finalise_due()
    [hold] = every(Hold)
    act(SECOND_SUNDAY, officer.release, second, hold, by=ola, reason="All right")
    run_id = prepared()
    assert found(run_id) == [(Finding.RELEASED, 10_000, None, "Ola: All right")]
    [part] = [each for each in every(RunPayment) if each.run_id == run_id]
    assert (part.taken_pence, part.before_pence) == (10_000, 10_000)


def test_a_row_that_is_held_stands_on_neither_side():
    contract, ola = weekly(), make_staff()
    held, _ = make_item(contract, rate_e4=1_000_000), make_item(contract, rate_e4=500_000)
    finalise(SUNDAY)
    calculate(SECOND_SUNDAY)
    second = payment(contract, MONDAY + WEEK)
    act(SECOND_SUNDAY, officer.hold, second, by=ola, reason="Asked about", order_id=order_of(contract, held).id)
    run_id = prepared()
    assert found(run_id) == [(Finding.HELD_ROWS, 10_000, None, "Ola Bright: Asked about")]
    [part] = [each for each in every(RunPayment) if each.run_id == run_id]
    assert (part.taken_pence, part.before_pence) == (5_000, 5_000)


def test_a_correction_of_a_partly_paid_row_is_its_own_difference():
    contract, ola = weekly(), make_staff()
    kept, other = make_item(contract, rate_e4=1_000_000), make_item(contract, rate_e4=500_000)
    finalise(SUNDAY)
    calculate(SECOND_SUNDAY)
    second = payment(contract, MONDAY + WEEK)
    act(SECOND_SUNDAY, officer.hold, second, by=ola, reason="Asked about", order_id=order_of(contract, other).id)
    with as_on(SECOND_SUNDAY):
        finalise_due()  # the first row is paid; then it becomes 7p dearer, in the same payment
    [price] = [each for each in every(ItemPrice) if each.item_id == kept.id]
    change(price, rate_e4=1_000_700)
    run_id = prepared()
    [part] = [each for each in every(RunPayment) if each.run_id == run_id]
    assert (part.taken_pence, part.before_pence) == (7, 0)
    assert [each[:3] for each in found(run_id, Finding.CHANGED)] == [(Finding.CHANGED, 10_007, 10_000)]


@pytest.mark.parametrize(("is_known", "kind"), [(False, Finding.NEW_PROVIDER), (True, Finding.NEW_CONTRACT)])
def test_a_new_provider_is_one_finding_and_not_one_a_row(is_known, kind):
    first = weekly()
    if is_known:
        make_item(first)
        finalise(SUNDAY)
    contract = make_contract(_provider_of(first), calculate_from=MONDAY + WEEK)
    for _ in range(4):
        make_item(contract, rate_e4=1_000_000)
    told = found(prepared())
    assert (kind, 40_000, None, "") in told
    assert not {Finding.NEW, Finding.CHANGED} & {each[0] for each in told}


def _provider_of(contract):
    from models.records.provider import Provider

    return next(each for each in every(Provider) if each.id == contract.provider_id)


def test_who_comes_goes_and_changes():
    contract = weekly()
    stays, goes = make_item(contract, rate_e4=1_000_000), make_item(contract, rate_e4=800_000)
    finalise(SUNDAY)
    change(goes, ends_on=SUNDAY)
    make_item(contract, rate_e4=300_000, starts_on=MONDAY + WEEK)
    costs(stays, 1_100_000)
    run_id = prepared()
    rows = {kind: (now, before) for kind, now, before, _ in found(run_id)}
    assert rows == {Finding.NEW: (3_000, None), Finding.ENDED: (0, 8_000), Finding.CHANGED: (11_000, 10_000)}


def test_what_is_paid_for_earlier_days_is_no_change_of_the_next_week():
    """£100.00 becomes £110.00 from the first day on, and a taxi is adjusted once: the third week is as the second."""
    contract, ola = weekly(), make_staff(name="Ola")
    item = make_item(contract, rate_e4=1_000_000)
    finalise(SUNDAY)
    [price] = every(ItemPrice)
    change(price, rate_e4=1_100_000)
    client = next(each for each in every(Client) if each.id == item.client_id)
    calculate(SECOND_SUNDAY)
    taxi = {"amount_pence": 5_000, "for_day": MONDAY + WEEK, "reason": "Taxi", "by": ola}
    with as_on(SECOND_SUNDAY), unit_of_work() as session:
        of_client = session.scalars(select(Client).where(Client.id == client.id)).one()
        officer.adjust(session.scalars(select(Contract).where(Contract.id == contract.id)).one(), of_client, **taxi)
    run_id = prepared()
    told = {kind: (now, before) for kind, now, before, _ in found(run_id)}
    assert told[Finding.CHANGED] == (11_000, 10_000)
    assert told[Finding.EARLIER] == (1_000, None)
    assert told[Finding.ADJUSTED] == (5_000, None)
    with as_on(SECOND_SUNDAY), unit_of_work() as session:
        session.scalars(select(PaymentRun).where(PaymentRun.id == run_id)).one().discard(by=session.merge(ola))
    finalise(SECOND_SUNDAY)
    third = found(prepared(SECOND_SUNDAY + WEEK))
    assert not [each for each in third if each[0] in (Finding.CHANGED, Finding.NEW, Finding.ENDED, Finding.EARLIER)]


def test_who_cancels_an_adjustment_is_named():
    contract, ola, bea = weekly(), make_staff(name="Ola"), make_staff(name="Bea")
    item = make_item(contract, rate_e4=1_000_000)
    calculate(SUNDAY)
    client = next(each for each in every(Client) if each.id == item.client_id)
    with as_on(SUNDAY), unit_of_work() as session:
        of_client = session.scalars(select(Client).where(Client.id == client.id)).one()
        in_contract = session.scalars(select(Contract).where(Contract.id == contract.id)).one()
        officer.adjust(in_contract, of_client, amount_pence=-500, for_day=MONDAY, reason="Paid twice", by=ola)
    finalise(SUNDAY)
    calculate(SECOND_SUNDAY)
    act(SECOND_SUNDAY, officer.cancel_adjustment, every(Adjustment)[0], by=bea)
    [(_, pence, _, note)] = found(prepared(), Finding.ADJUSTED)
    assert (pence, note) == (500, "Bea has cancelled what was made by Ola: Paid twice")


def test_a_finding_stays_where_its_payment_is_replaced():
    contract = weekly()
    make_item(contract, rate_e4=1_000_000)
    run_id = prepared(SUNDAY)
    kept = found(run_id)
    assert kept
    with unit_of_work() as session:
        session.execute(delete(RunPayment))
        session.execute(delete(PaymentLine))
        session.execute(delete(ScheduledPayment))
    assert found(run_id) == kept
    with reading() as session:
        review = Review(session.scalars(select(PaymentRun).where(PaymentRun.id == run_id)).one())
        [row] = session.execute(review.found(Finding.NEW_PROVIDER))
        assert (row.reference, row.first_on, row.total_pence) == (contract.reference, MONDAY, 10_000)


def test_a_month_that_is_a_day_shorter_changes_nothing():
    calendar = make_calendar(Frequency.MONTHLY, anchor_on=MONDAY)
    contract = make_contract(calendar=calendar, calculate_from=MONDAY)
    for rate in (3_530_800, 3_030_300):
        make_item(contract, rate_e4=rate)
    dearer = make_item(contract, rate_e4=1_000_000)
    finalise(date(2019, 4, 28))
    costs(dearer, 1_010_000, date(2019, 5, 1))
    run_id = prepared(date(2019, 5, 28))
    assert kinds(run_id) == {Finding.CHANGED}
    assert len(found(run_id, Finding.CHANGED)) == 1


# kinds


def test_many_rows_that_change_alike_are_told_together():
    """Ten rates times 10.3, and one that is 5 % dearer."""
    contract = weekly()
    items = [make_item(contract, rate_e4=1_000_000 + n * 10_000) for n in range(10)]
    odd = make_item(contract, rate_e4=2_000_000)
    finalise(SUNDAY)
    for n, item in enumerate(items):
        costs(item, (1_000_000 + n * 10_000) * 103 // 10)
    costs(odd, 2_100_000)
    run_id = prepared()
    alike = found(run_id, Finding.SAME_PERCENT)
    assert len(alike) == 10
    assert {note for *_, note in alike} == {"+930.0 %, as 9 more"}
    assert [each[1:3] for each in found(run_id, Finding.CHANGED)] == [(21_000, 20_000)]
    assert Finding.FAR_OFF in kinds(run_id)


def test_nine_that_change_alike_are_told_one_by_one():
    contract = weekly()
    items = [make_item(contract, rate_e4=1_000_000) for _ in range(9)]
    finalise(SUNDAY)
    for item in items:
        costs(item, 1_020_000)
    run_id = prepared()
    assert (len(found(run_id, Finding.CHANGED)), found(run_id, Finding.SAME_PERCENT)) == (9, [])


@pytest.mark.parametrize(
    ("first", "second", "is_told"),
    [(date(2018, 4, 8), MONDAY + WEEK, False), (date(2018, 4, 9), MONDAY + WEEK, True)],
    ids=["a year apart", "a day less"],
)
def test_a_second_rise_within_a_year_is_told(first, second, is_told):
    contract = weekly()
    item = make_item(contract, rate_e4=900_000, starts_on=date(2018, 1, 1))
    costs(item, 1_000_000, first)
    costs(item, 1_050_000, second)
    finalise(SUNDAY)
    run_id = prepared()
    assert (Finding.SECOND_RISE in kinds(run_id)) is is_told
    if is_told:
        assert found(run_id, Finding.SECOND_RISE)[0][3] == "On 09/04/2018 and 08/04/2019"


@pytest.mark.parametrize(
    ("convention", "ends_on", "is_told"),
    [
        (Convention.INCLUSIVE, MONDAY + 2 * DAY, True),
        (Convention.INCLUSIVE, MONDAY + DAY, False),
        (Convention.NIGHTS, MONDAY + 2 * DAY, False),
        (Convention.NIGHTS, MONDAY + 3 * DAY, True),
    ],
)
def test_the_same_service_on_the_same_days_elsewhere_is_told(convention, ends_on, is_told):
    """One placement ends as another begins on Wednesday: whether its last day is paid is a matter of the service."""
    level, client = make_service_level(convention=convention), make_client()
    one, two = weekly(), weekly()
    given = {"client": client, "service_level_id": level.id, "rate_e4": 7_000_000}
    make_item(one, ends_on=ends_on, **given)
    make_item(two, starts_on=MONDAY + 2 * DAY, **given)
    run_id = prepared(SUNDAY)
    told = [note for *_, note in found(run_id, Finding.TWICE)]
    expected = [f"Also {_provider_of(each).name}, {each.reference}" for each in (two, one)]
    assert told == (expected if is_told else [])


def test_another_service_for_the_same_person_is_not_the_same_twice():
    client, contract = make_client(), weekly()
    make_item(contract, client=client)
    make_item(contract, client=client)
    assert Finding.TWICE not in kinds(prepared(SUNDAY))


def test_what_people_have_done_is_told_with_who_and_why():
    contract, ola = weekly(if_unconfirmed="hold", confirmation="required"), make_staff(name="Ola")
    item = make_item(contract, rate_e4=1_000_000)
    finalise(SUNDAY)  # held, since nobody has confirmed it
    first = payment(contract, MONDAY)
    act(SUNDAY + DAY, officer.pay_as_it_is, first, by=ola, reason="Agreed", total_pence=10_000)
    calculate(SECOND_SUNDAY)
    client = next(each for each in every(Client) if each.id == item.client_id)
    act(
        SECOND_SUNDAY, officer.adjust, every(Contract)[0], client, amount_pence=2_500, for_day=MONDAY + WEEK,
        reason="Taxi", by=ola,
    )  # fmt: skip
    run_id = prepared()
    assert (Finding.WAIVED, 10_000, None, "Ola: Agreed") in found(run_id)
    assert Finding.UNCONFIRMED in kinds(run_id)
    assert not found(run_id, Finding.ADJUSTED), "the second week waits for its confirmation: it is not in the run"
    second = payment(contract, MONDAY + WEEK)
    act(SECOND_SUNDAY, officer.pay_as_it_is, second, by=ola, reason="Agreed", total_pence=12_500)
    with unit_of_work() as session:
        run = session.scalars(select(PaymentRun).where(PaymentRun.id == run_id)).one()
        run.discard(by=session.merge(ola))
    assert found(prepared(), Finding.ADJUSTED) == [(Finding.ADJUSTED, 2_500, None, "Ola: Taxi")]


def _reference(payment):
    return next(each.reference for each in every(Contract) if each.id == payment.contract_id)


def test_silence_and_sent_back_are_told():
    contract = weekly(if_unconfirmed="confirm", confirmation="required")
    make_item(contract, rate_e4=1_000_000)
    calculate(MONDAY)
    assert Finding.SILENCE in kinds(prepared(SUNDAY))
    asked = weekly(if_unconfirmed="pay", confirmation="required")
    make_item(asked, rate_e4=1_000_000)
    calculate(MONDAY)
    provider = _provider_of(asked)
    finance = make_user(Role.FINANCE, provider)
    one = payment(asked, MONDAY)
    act(MONDAY, answers.reject, one, by=finance, comment="Too little", total_pence=10_000)
    ola = make_staff()
    act(MONDAY + DAY, officer.ask_again, one, by=ola, comment="It is right")
    assert [note for *_, note in found(prepared(SUNDAY), Finding.SENT_BACK)] == ["Ola Bright: It is right"]


def test_a_payment_that_is_paid_now_is_told():
    contract, ola = weekly(), make_staff(name="Ola")
    make_item(contract, rate_e4=1_000_000)
    finalise(SUNDAY)
    calculate(SUNDAY + DAY)
    act(SUNDAY + DAY, day_moves.pay_now, payment(contract, MONDAY + WEEK), by=ola, reason="The boiler has broken down")
    told = found(prepared(SUNDAY + DAY), Finding.DAYS_MOVED)
    assert told == [(Finding.DAYS_MOVED, 10_000, None, "Paid now by Ola: The boiler has broken down")]


def test_a_run_of_one_payment_tells_nothing_of_other_providers():
    one, other, ola = weekly(), weekly(if_unconfirmed="hold", confirmation="required"), make_staff(name="Ola")
    for contract in (one, other):
        make_item(contract, rate_e4=1_000_000)
    calculate(SUNDAY)
    run = act(SUNDAY, day_moves.prepare_one, payment(one, MONDAY), by=ola)
    assert kinds(run.id) == {Finding.NEW_PROVIDER}


def test_nothing_to_pay_where_there_was_is_told():
    contract = weekly()
    item = make_item(contract, rate_e4=1_000_000)
    finalise(SUNDAY)
    change(item, ends_on=SUNDAY)
    assert found(prepared(), Finding.NOTHING) == [(Finding.NOTHING, 0, 10_000, "")]


# kept


def test_what_was_found_stays_as_it_was():
    contract, ola = weekly(), make_staff()
    leaver = make_item(contract, rate_e4=1_000_000)
    make_item(contract, rate_e4=500_000)
    finalise(SUNDAY)
    change(leaver, ends_on=SUNDAY + DAY)
    run_id = prepared()
    kept = found(run_id)
    change(every(CarePackageLineItem)[0], ends_on=None)
    calculate(SECOND_SUNDAY)
    act(SECOND_SUNDAY, officer.hold, payment(contract, MONDAY + WEEK), by=ola, reason="Asked about")
    assert found(run_id) == kept
    with reading() as session:
        run = session.scalars(select(PaymentRun).where(PaymentRun.id == run_id)).one()
        assert [each.kind for each in Review(run).exceptions()][0] is Finding.STALE


def test_the_kind_and_the_row_with_the_most_money_come_first():
    contract = weekly()
    small, large = make_item(contract, rate_e4=1_000_000), make_item(contract, rate_e4=1_000_000)
    finalise(SUNDAY)
    costs(small, 990_000)
    costs(large, 700_000)
    make_item(contract, rate_e4=2_000_000, starts_on=MONDAY + WEEK)
    run_id = prepared()
    with reading() as session:
        review = Review(session.scalars(select(PaymentRun).where(PaymentRun.id == run_id)).one())
        told = [(each.kind, each.count, each.pence) for each in review.exceptions()]
        assert told == [(Finding.FAR_OFF, 1, 16_900), (Finding.NEW, 1, 20_000)][::-1] + [(Finding.CHANGED, 2, 3_100)]
        assert [row.difference_pence for row in session.execute(review.found(Finding.CHANGED))] == [-3_000, -100]
