"""Days of one payment that an officer moves, and a payment that is paid now: rules, windows, mail, and what stays."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models.base import DomainError
from models.calendar import PeriodDates, as_on
from models.outbox import OutboxMessage
from models.payments import day_moves
from models.payments.confirmation import AnswerState, Asked
from models.payments.day_move import DayMove, moved_days_of
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.payment_run import prepare
from models.records.contract import CalendarOverride, PaymentMethod
from tests.support.rows import every, reading, saved, unit_of_work
from tests.support.runs import banked
from tests.support.states import FRIDAY, MONDAY, SUNDAY, THURSDAY, TUESDAY, office

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

DAY, WEEK = timedelta(days=1), timedelta(days=7)
WEDNESDAY, SATURDAY = TUESDAY + DAY, SUNDAY - DAY
BANK = date(2019, 10, 11)
USUAL = PeriodDates(THURSDAY, SUNDAY, BANK)


def days(the):
    payment = the.payment
    return PeriodDates(payment.confirm_by, payment.finalise_on, payment.bank_on)


def move(the, reason="Bank holiday in town", **changed):
    given = {"confirm_by": THURSDAY, "finalise_on": SUNDAY, "bank_on": BANK} | changed
    return the.do(day_moves.move_days, by=the.officer, reason=reason, **given)


def pay_now(the):
    return the.do(day_moves.pay_now, by=the.officer, reason="Hardship")


def mails():
    return [(each.to, each.subject, each.body) for each in every(OutboxMessage)]


def test_each_day_is_moved_by_itself_and_stays_so_whatever_is_calculated():
    the = office().to(MONDAY)
    move(the, confirm_by=FRIDAY)
    assert days(the) == USUAL._replace(confirm_by=FRIDAY)
    move(the, confirm_by=FRIDAY, finalise_on=SUNDAY + 2 * DAY)
    move(the, confirm_by=FRIDAY, finalise_on=SUNDAY + 2 * DAY, bank_on=BANK + 3 * DAY)
    expected = PeriodDates(FRIDAY, SUNDAY + 2 * DAY, BANK + 3 * DAY)
    assert (the.refused, days(the)) == ("", expected)
    the.feed().to(TUESDAY).feed()
    assert days(the) == expected
    assert len(every(DayMove)) == 3
    with reading():
        assert moved_days_of(the.contract.id) == {MONDAY: (expected, (True, True, True))}


def test_a_calendar_that_a_feed_changes_moves_only_what_the_council_has_not():
    the = office().to(MONDAY)
    move(the, finalise_on=SATURDAY)
    override(the, finalise_on=SUNDAY + 2 * DAY, bank_on=BANK + 3 * DAY)
    assert days(the) == PeriodDates(THURSDAY, SATURDAY, BANK + 3 * DAY)


def override(the, **changed):
    """A feed brings other days of the calendar for the week."""
    [method] = every(select(ScheduledPayment.method_id).where(ScheduledPayment.id == the.payment.id))
    [calendar_id] = every(select(PaymentMethod.calendar_id).where(PaymentMethod.id == method))
    given = {"confirm_by": None, "finalise_on": None, "bank_on": None} | changed
    saved(CalendarOverride(calendar_id=calendar_id, period_first_on=MONDAY, **given))
    the.to(the.today)


@pytest.mark.parametrize(
    ("moved", "overridden", "expected"),
    [
        ({"confirm_by": SATURDAY}, {"finalise_on": FRIDAY, "bank_on": BANK - DAY}, (SATURDAY, SATURDAY, BANK - DAY)),
        ({"confirm_by": SATURDAY}, {"finalise_on": FRIDAY, "bank_on": FRIDAY}, (SATURDAY, SATURDAY, SUNDAY + DAY)),
        ({"bank_on": date(2019, 10, 8)}, {"finalise_on": BANK}, (THURSDAY, date(2019, 10, 8), date(2019, 10, 8))),
        ({"finalise_on": SATURDAY}, {"confirm_by": SUNDAY, "finalise_on": BANK}, (SATURDAY, SATURDAY, BANK)),
        ({"finalise_on": BANK}, {"bank_on": BANK - DAY}, (THURSDAY, BANK, BANK)),
        ({"confirm_by": FRIDAY, "bank_on": BANK - DAY}, {"finalise_on": BANK}, (FRIDAY, BANK - DAY, BANK - DAY)),
    ],
)
def test_what_is_moved_wins_over_a_later_calendar_and_what_is_not_gives_way(moved, overridden, expected):
    the = office().to(MONDAY)
    move(the, **moved)
    assert the.refused == ""
    override(the, **overridden)
    assert days(the) == PeriodDates(*expected)


def test_moved_back_it_is_the_calendars_again():
    the = office().to(MONDAY)
    move(the, finalise_on=SATURDAY)
    move(the)
    assert days(the) == USUAL
    with reading():
        assert not any(the.payment.moved)
        assert moved_days_of(the.contract.id) == {}


def test_a_run_pays_on_the_days_as_moved():
    the = office().to(TUESDAY).confirm()
    move(the, finalise_on=FRIDAY, bank_on=date(2019, 10, 9))
    with as_on(THURSDAY), unit_of_work():
        assert prepare(by=the.officer) is None
    the.to(FRIDAY)
    with as_on(FRIDAY), unit_of_work():
        the.run_id = prepare(by=the.officer).id
    the.authorise().finalise()
    assert banked(the.contract) == [65_611]
    assert the.payment.bank_on == date(2019, 10, 9)


def test_a_later_day_is_waited_for():
    the = office().to(TUESDAY).confirm()
    move(the, finalise_on=SUNDAY + DAY)
    the.to(SUNDAY)
    with as_on(SUNDAY), unit_of_work():
        assert prepare(by=the.officer) is None


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, "These are its days already"),
        ({"confirm_by": MONDAY}, "past"),
        ({"confirm_by": MONDAY, "finalise_on": MONDAY}, "past"),
        ({"confirm_by": SUNDAY + DAY}, "after the day to finalise"),
        ({"finalise_on": WEDNESDAY}, "after the day to finalise"),
        ({"finalise_on": BANK + DAY}, "cannot be in the bank before"),
        ({"bank_on": SATURDAY}, "cannot be in the bank before"),
        ({"bank_on": BANK + DAY}, "Banks do not work"),
        ({"bank_on": date(2019, 12, 25)}, "Banks do not work"),
        ({"bank_on": date(2020, 1, 13)}, "more than 92 days"),
        ({"finalise_on": date(2020, 1, 7)}, "more than 92 days"),
    ],
)
def test_days_that_do_not_fit_are_refused_and_nothing_changes(changed, words):
    the = office().to(TUESDAY)
    before = len(mails())
    move(the, **changed)
    assert words in the.refused
    assert (days(the), every(DayMove), len(mails())) == (USUAL, [], before)


@pytest.mark.parametrize(
    "changed",
    [
        {"confirm_by": TUESDAY},
        {"confirm_by": SUNDAY},
        {"finalise_on": THURSDAY},
        {"finalise_on": BANK},
        {"bank_on": date(2019, 10, 7)},
        {"bank_on": date(2020, 1, 10)},
    ],
)
def test_the_outermost_days_that_fit(changed):
    the = office().to(TUESDAY).confirm()
    move(the, **changed)
    assert (the.refused, days(the)) == ("", USUAL._replace(**changed))


def test_a_day_that_is_past_may_stay_as_it_is():
    the = office().to(TUESDAY).confirm().to(FRIDAY)
    move(the, finalise_on=SUNDAY + DAY)
    assert (the.refused, days(the)) == ("", USUAL._replace(finalise_on=SUNDAY + DAY))


def test_an_earlier_cut_off_leaves_a_whole_window_or_what_was_left():
    the = office(if_unconfirmed="confirm").to(MONDAY)
    move(the, confirm_by=MONDAY)
    found = the.payment
    assert (found.confirm_by, found.asked_by, found.asked_because) == (MONDAY, WEDNESDAY, Asked.MOVED)
    assert the.to(TUESDAY).payment.answer_by == WEDNESDAY
    with as_on(TUESDAY), reading():
        assert the.payment.answer_state is AnswerState.ASKED_AGAIN
    with as_on(THURSDAY), reading():
        assert the.payment.answer_state is AnswerState.SILENT  # it could be answered for a whole window


@pytest.mark.parametrize("policy", ["hold", "confirm"])
def test_a_cut_off_before_it_can_be_answered_for_a_window_leaves_a_window_from_that_day_on(policy):
    the = office(if_unconfirmed=policy).to(TUESDAY - WEEK)
    move(the, confirm_by=MONDAY)
    found = the.payment
    assert (found.confirm_by, found.answers_from, found.answer_by) == (MONDAY, MONDAY, WEDNESDAY)
    the.to(WEDNESDAY)
    with as_on(WEDNESDAY), reading():
        assert the.payment.answer_state is AnswerState.ASKED_AGAIN
    the.confirm()
    assert the.refused == ""


def test_a_cut_off_before_the_period_is_answered_ahead_of_it_and_needs_no_window():
    the = office().to(TUESDAY - WEEK)
    move(the, confirm_by=FRIDAY - WEEK)
    found = the.payment
    assert (found.asked_by, found.answers_from) == (None, FRIDAY - 2 * WEEK)
    assert found.takes_answers


def test_what_was_left_is_not_made_longer():
    the = office().to(WEDNESDAY)
    move(the, confirm_by=WEDNESDAY)
    assert (the.payment.confirm_by, the.payment.answer_by) == (WEDNESDAY, THURSDAY)


def test_days_that_somebody_has_moved_since_they_were_seen_stay():
    the = office().to(TUESDAY).confirm()
    move(the, finalise_on=SATURDAY, seen=USUAL)
    assert the.refused == ""
    move(the, bank_on=BANK - DAY, seen=USUAL)
    assert "have changed since you opened this page" in the.refused
    assert days(the) == USUAL._replace(finalise_on=SATURDAY)


def test_an_answer_needs_no_window():
    the = office().to(TUESDAY).confirm()
    move(the, confirm_by=TUESDAY)
    assert the.payment.asked_by is None
    the = office(if_unconfirmed="pay").to(TUESDAY)
    move(the, confirm_by=TUESDAY)
    assert the.payment.asked_by is None


def test_a_later_cut_off_takes_an_answer_again():
    the = office().to(FRIDAY)
    the.confirm()
    assert "ended on 3 October" in the.refused
    the.refused = ""
    move(the, confirm_by=SATURDAY)
    the.confirm()
    assert the.refused == ""


def test_those_who_may_confirm_are_told_by_mail():
    the = office().to(TUESDAY)
    before = len(mails())
    move(the, confirm_by=FRIDAY, bank_on=BANK - DAY)
    [(to, subject, body)] = mails()[before:]
    assert (to, subject) == (the.finance.email, "Days of a payment have been moved")
    assert "Its page says why." in body
    assert "Bank holiday in town" not in body
    assert "- Last day to confirm or reject: Friday 4 October 2019, not Thursday 3 October 2019" in body
    assert "- In the bank: Thursday 10 October 2019, not Friday 11 October 2019" in body
    assert "Last day for changes" not in body
    assert "Please confirm or reject it by Friday 4 October 2019." in body
    assert "Ann" not in body


def test_mail_and_record_name_the_days_that_every_page_says_where_an_answer_is_waited_for():
    the = office().to(TUESDAY)
    with as_on(TUESDAY), reading() as session:
        found = session.scalars(ScheduledPayment.of(the.contract.reference, MONDAY)).one()
        before, foreseen = day_moves.shown_days_of(found), day_moves.shown_if_paid_now(found)
    pay_now(the)
    with reading():
        now = day_moves.shown_days_of(the.payment)
        assert moved_days_of(the.contract.id)[MONDAY].dates == now
    assert now == foreseen == PeriodDates(THURSDAY, TUESDAY, date(2019, 10, 10))
    [done] = every(DayMove)
    assert (done.old_confirm_by, done.old_finalise_on, done.old_bank_on) == before
    assert (done.new_confirm_by, done.new_finalise_on, done.new_bank_on) == now
    body = mails()[-1][2]
    assert "Last day to confirm or reject" not in body  # it stays Thursday
    assert "- In the bank: Thursday 10 October 2019, not Friday 11 October 2019" in body
    assert "It waits for your confirmation" in body
    assert "by Thursday 3 October 2019." in body


def test_of_what_is_held_no_bank_day_is_promised():
    the = office().to(TUESDAY).reject()
    pay_now(the)
    to, subject, body = mails()[-1]
    assert subject == "A payment is due early"
    assert "But it is held just now: it is paid once that is settled." in body
    assert "In the bank" not in body
    assert "confirm" not in body.replace("Last day to confirm or reject", "")


def test_what_is_held_and_waits_for_an_answer_says_both():
    the = office().to(TUESDAY).hold()
    pay_now(the)
    body = mails()[-1][2]
    assert "But it is held just now: it is paid once that is settled." in body
    assert "Please confirm or reject it by Thursday 3 October 2019." in body
    assert "is paid once you have confirmed it" not in body
    assert "In the bank" not in body


@pytest.mark.parametrize(("policy", "is_said"), [("hold", True), ("confirm", False)])
def test_where_silence_confirms_nobody_is_told_that_it_is_paid_only_once_confirmed(policy, is_said):
    the = office(if_unconfirmed=policy).to(TUESDAY)
    pay_now(the)
    assert "It waits for your confirmation" in mails()[-1][2]
    assert ("is paid once you have confirmed it" in mails()[-1][2]) is is_said


def test_a_contract_that_asks_nobody_is_told_no_cut_off():
    the = office(confirmation="none").to(TUESDAY)
    pay_now(the)
    assert "confirm" not in mails()[-1][2]
    [done] = every(DayMove)
    assert done.old_confirm_by == done.new_confirm_by


def test_paid_now_it_goes_into_the_next_run_and_what_comes_later_is_a_difference_in_the_next_payment():
    the = office().to(TUESDAY).confirm()
    pay_now(the)
    assert (the.refused, days(the)) == ("", PeriodDates(TUESDAY, TUESDAY, date(2019, 10, 7)))
    with as_on(TUESDAY), unit_of_work():
        the.run_id = prepare(by=the.officer).id
    the.authorise().finalise()
    assert banked(the.contract) == [65_611]
    assert the.payment.bank_on == date(2019, 10, 7)
    the.feed()  # a price that makes the week 7p dearer
    with reading() as session:
        after = session.scalars(ScheduledPayment.of(the.contract.reference, MONDAY + WEEK)).one()
        assert (the.payment.total_pence, after.total_pence) == (65_611, 65_611 + 2 * 7)
    assert "A payment is due early" in {subject for _, subject, _ in mails()}


def test_a_payment_whose_period_has_not_begun_is_paid_now_in_its_turn():
    the = office().to(FRIDAY - WEEK)
    with as_on(the.today), unit_of_work() as session:
        later = session.scalars(ScheduledPayment.of(the.contract.reference, MONDAY + WEEK)).one()
        with pytest.raises(DomainError, match="Payments are made in order: move that of 30 Sep to 6 Oct 2019 as well"):
            day_moves.pay_now(later, by=the.officer, reason="Christmas")
    the.confirm()
    the.refused = ""
    pay_now(the)
    assert the.refused == ""
    with as_on(the.today), reading():
        assert the.payment.is_open
        assert the.payment.is_in_advance
    the.confirm()
    with as_on(the.today), unit_of_work():
        the.run_id = prepare(by=the.officer).id
    the.authorise().finalise()
    assert banked(the.contract) == [65_611]


def test_what_is_paid_now_waits_for_its_confirmation_all_the_same():
    the = office().to(TUESDAY)
    pay_now(the)
    found = the.payment
    assert (found.finalise_on, found.answer_by) == (TUESDAY, THURSDAY)
    assert found.bank_on == date(2019, 10, 10)  # the run on Friday, after the window, and as long as usual
    with as_on(TUESDAY), unit_of_work():
        assert prepare(by=the.officer) is None
    the.confirm()
    assert the.payment.bank_on == date(2019, 10, 7)
    with as_on(TUESDAY), unit_of_work():
        assert prepare(by=the.officer) is not None


def test_paid_now_twice_or_when_it_is_due_is_refused():
    the = office().to(TUESDAY).confirm()
    pay_now(the)
    pay_now(the)
    assert "is due already" in the.refused
    assert len(every(DayMove)) == 1


def test_what_an_open_run_has_or_is_finalised_is_not_moved():
    the = office().to(TUESDAY).confirm().prepare()
    move(the, finalise_on=SUNDAY + DAY)
    assert f"Payment run {the.run_id} has this payment" in the.refused
    the.authorise().finalise()
    the.refused = ""
    move(the, bank_on=BANK - DAY)
    assert "has gone to the bank with its day" in the.refused


def test_what_is_partly_finalised_is_not_moved():
    the = office().to(TUESDAY).confirm(queried=True).run()
    move(the, finalise_on=SUNDAY + DAY)
    assert "has gone to the bank with its day" in the.refused


def test_a_day_moved_back_after_a_payment_was_to_be_paid_early_leaves_nothing_behind():
    the = office().to(FRIDAY - WEEK)
    pay_now(the)
    move(the)
    assert days(the) == USUAL
    assert not [line for line in every(PaymentLine) if line.payment_id == the.payment.id]
    the.to(MONDAY)
    assert the.payment.total_pence == 65_611


def test_a_cut_off_that_leaves_a_whole_window_asks_nobody_anew():
    the = office().to(MONDAY)
    move(the, confirm_by=WEDNESDAY)
    assert (the.payment.confirm_by, the.payment.asked_by) == (WEDNESDAY, None)
