"""Windows: until when a provider is asked anew, what is paid in one, and when the money is in the bank.

See tests/support/states.py: a week from Monday 30 September 2019, to be confirmed by Thursday, finalised on Sunday, in
the bank on Friday 11 October.
"""

from datetime import date

import pytest
from sqlalchemy import select

from models.calendar import as_on
from models.outbox import OutboxMessage
from models.payments import officer
from models.payments.confirmation import Asked, Confirmation, Processing
from models.payments.due import what_is_due
from models.payments.payment import ScheduledPayment
from models.payments.run import RunPayment
from models.records.care_package import ItemPrice
from tests.care_factories import make_calendar, make_client, make_contract, make_item
from tests.support.rows import every, reading, unit_of_work
from tests.support.runs import banked, calculate, change, finalise, payment
from tests.support.states import FRIDAY, MONDAY, STATES, SUNDAY, THURSDAY, TUESDAY, office, state_of

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

NEXT_MONDAY, NEXT_TUESDAY, NEXT_WEDNESDAY = (date(2019, 10, day) for day in (7, 8, 9))


def mails():
    return [each.body for each in every(select(OutboxMessage).order_by(OutboxMessage.id))]


@pytest.mark.parametrize(
    ("day", "asked_by"),
    [
        (TUESDAY, None),  # Wednesday and Thursday are left
        (date(2019, 10, 2), FRIDAY),
        (THURSDAY, NEXT_MONDAY),
        (FRIDAY, NEXT_TUESDAY),  # after the cut-off too, or nobody could answer that total
    ],
)
def test_a_change_in_the_last_two_working_days_opens_a_window_of_two(day, asked_by):
    the = office().to(day).feed()
    assert (the.payment.asked_by, the.payment.total_pence) == (asked_by, 65_618)
    assert the.payment.asked_because is (Asked.CHANGED if asked_by else None)


def test_a_bank_holiday_is_no_working_day():
    contract = make_contract(
        calendar=make_calendar(confirm_by_days=3, anchor_on=date(2019, 12, 23)), calculate_from=date(2019, 12, 23),
        confirmation="required", if_unconfirmed="hold",
    )  # fmt: skip
    make_item(contract)
    calculate(date(2019, 12, 24))
    assert payment(contract, date(2019, 12, 23)).asked_by == date(2019, 12, 30)  # Friday 27 and Monday 30


def test_a_change_inside_a_window_makes_it_a_day_longer_once():
    the = office().to(THURSDAY).feed()
    the.to(FRIDAY).feed()
    assert (the.payment.asked_by, the.payment.is_extended) == (NEXT_TUESDAY, True)
    the.to(NEXT_MONDAY).feed()
    assert the.payment.asked_by == NEXT_TUESDAY
    the.to(NEXT_WEDNESDAY)
    assert state_of(the) == "missed"
    the.feed()
    assert state_of(the) == "missed"  # one window a payment


@pytest.mark.parametrize(
    ("changes", "confirmation"),
    [
        ([THURSDAY], Confirmation.CONFIRMED),  # answerable on Friday and Monday, the whole window
        ([THURSDAY, FRIDAY], Confirmation.CONFIRMED),  # a day longer: on Monday and Tuesday
        ([THURSDAY, NEXT_MONDAY], Confirmation.UNCONFIRMED),  # only on Tuesday
    ],
)
def test_silence_confirms_what_stood_for_a_whole_window(changes, confirmation):
    the = office(if_unconfirmed="confirm")
    for day in changes:
        the.to(day).feed()
    the.to(NEXT_WEDNESDAY).run()
    assert the.payment.confirmation is confirmation
    assert the.payment.processing.is_finalised == (confirmation is Confirmation.CONFIRMED)


def test_a_confirmation_that_lapses_late_opens_a_window_and_early_none():
    the = office().to(TUESDAY).confirm().feed()
    assert (the.payment.lapsed_pence, the.payment.asked_by) == (65_611, None)
    the.to(THURSDAY).confirm().feed()
    assert (the.payment.lapsed_pence, the.payment.asked_because) == (65_618, Asked.LAPSED)
    assert the.payment.asked_by == NEXT_MONDAY


def test_a_contract_that_arrives_late_can_be_answered_for_two_working_days():
    """The only day to confirm was before it arrived."""
    calendar = make_calendar(confirm_by_days=3)
    contract = make_contract(calendar=calendar, calculate_from=MONDAY, confirmation="required", if_unconfirmed="hold")
    make_item(contract, client=make_client())
    calculate(FRIDAY)
    found = payment(contract, MONDAY)
    assert (found.asked_because, found.asked_by) == (Asked.LATE, NEXT_TUESDAY)
    finalise(NEXT_MONDAY)
    assert banked(contract) == []


def test_nobody_is_asked_anew_about_nothing():
    """A total of £0.00 or less needs no confirmation."""
    the = office().to(THURSDAY)
    the.feed()
    assert the.payment.asked_by
    contract = make_contract(
        calendar=make_calendar(confirm_by_days=3), calculate_from=MONDAY, confirmation="required", if_unconfirmed="hold"
    )
    make_item(contract, rate_e4=0)
    finalise(NEXT_MONDAY)
    found = payment(contract, MONDAY)
    assert (found.asked_by, found.closed_run_id is not None) == (None, True)


@pytest.mark.parametrize("policy", ["confirm", "hold"])
def test_what_was_sent_back_waits_for_the_last_day_that_the_officer_names(policy):
    the = office(if_unconfirmed=policy).to(TUESDAY).reject().to(FRIDAY)
    the.send_back()
    assert (the.payment.asked_by, the.payment.asked_because) == (NEXT_TUESDAY, Asked.SENT_BACK)
    the.to(NEXT_TUESDAY).run()
    assert banked(the.contract) == []
    the.to(NEXT_WEDNESDAY).run()
    assert banked(the.contract) == ([65_611] if policy == "confirm" else [])


def test_the_bank_day_follows_the_first_run_after_the_window():
    """The calendar pays five days after it finalises, Sunday and Friday. Who is asked to Monday is paid on Tuesday:
    that would be a Sunday in the bank, so it is Monday.
    """
    the = office(if_unconfirmed="confirm").to(THURSDAY).feed()
    assert the.payment.bank_on == date(2019, 10, 14)
    [mail] = mails()
    assert "Please answer by Monday 7 October" in mail
    assert "in the bank on about 14 October" in mail
    the.to(NEXT_TUESDAY).run()
    [part] = every(RunPayment)
    assert (part.bank_on, the.payment.bank_on) == (date(2019, 10, 14), date(2019, 10, 14))


def test_who_confirms_in_the_window_is_paid_by_the_next_run():
    the = office().to(THURSDAY).feed().confirm()
    assert the.payment.bank_on == date(2019, 10, 11)
    the.to(SUNDAY).run()
    assert (banked(the.contract), the.payment.bank_on) == ([65_618], date(2019, 10, 11))


def test_mail_goes_once_to_those_who_may_confirm_and_names_no_client():
    the = office().to(THURSDAY).feed()
    [mail] = every(OutboxMessage)
    assert mail.to == the.finance.email
    assert "£656.18: its total has changed" in mail.body
    assert "Ann" not in mail.body
    assert "Bea" not in mail.body
    the.to(THURSDAY)
    assert len(mails()) == 1


def test_each_way_out_of_a_rejection_is_mailed():
    the = office().to(TUESDAY).reject()
    assert mails() == []
    the.send_back()
    the.reject().pay_as_it_is()
    the.take_back()
    subjects = [each.subject for each in every(select(OutboxMessage).order_by(OutboxMessage.id))]
    assert subjects == ["A payment waits for your answer", "A payment is paid as it is", "A rejection was taken back"]


def test_pay_as_it_is_counts_for_one_total():
    the = office().to(TUESDAY).reject().pay_as_it_is().feed()
    assert (the.payment.waived_pence, the.payment.is_rejected) == (None, True)
    the.run()
    assert banked(the.contract) == []


def test_a_rejection_of_a_debt_is_as_good_as_any_other():
    """C1: with a debt of £200.00 the payment pays nothing to the bank; rejected, it stays rejected and unpaid."""
    the = office().to(MONDAY).owe()
    the.to(TUESDAY).reject().run()
    assert (the.payment.is_rejected, the.payment.total_pence, banked(the.contract)) == (True, 65_611, [])


def test_a_rejection_after_7p_is_kept_from_silence():
    """C2: the feed changes 7p, and silence would confirm."""
    the = office(if_unconfirmed="confirm").to(TUESDAY).reject().feed()
    the.to(NEXT_WEDNESDAY).run()
    assert (the.payment.is_rejected, banked(the.contract)) == (True, [])


def test_a_window_holds_no_other_payment():
    the = office().to(THURSDAY).feed()
    with unit_of_work() as session:
        following = session.scalars(ScheduledPayment.of(the.contract.reference, NEXT_MONDAY)).one()
    assert (following.asked_by, following.waived_pence) == (None, None)
    change(the.contract, if_unconfirmed="pay")
    the.to(SUNDAY).run()
    assert banked(the.contract) == [65_618]


@pytest.mark.parametrize("if_unconfirmed", ["hold", "confirm"])
def test_who_rejects_after_the_council_lets_a_payment_through_is_not_paid(if_unconfirmed):
    the = office(if_unconfirmed=if_unconfirmed).to(TUESDAY).pay_as_it_is().reject()
    assert (the.refused, the.payment.confirmation, the.payment.is_waived) == ("", Confirmation.REJECTED, False)
    assert state_of(the.run()) == "rejected"
    assert state_of(the.pay_as_it_is().run()) == "finalised"


@pytest.mark.parametrize("last", [date(2019, 10, 30), date(9999, 12, 31)])
def test_no_window_is_opened_for_ever(last):
    """A year mistyped kept the payment back for good; the last day of all stopped the provider's calculation."""
    the = office().to(TUESDAY).reject()
    the.do(officer.ask_again, by=the.officer, comment="She left on Friday", answer_by=last)
    assert the.refused == "Nobody is asked for longer than 28 days. Choose an earlier day"
    assert (the.payment.confirmation, the.payment.asked_by) == (Confirmation.REJECTED, None)
    the.do(officer.ask_again, by=the.officer, comment="She left on Friday", answer_by=date(2019, 10, 29))
    assert the.payment.asked_by == date(2019, 10, 29)


def test_a_rejection_taken_back_late_says_when_it_is_in_the_bank():
    """It has no window; the page went on naming Friday 11 October."""
    the = office().to(TUESDAY).reject().to(date(2019, 10, 15)).take_back()
    shown = the.payment.bank_on
    assert (shown, the.run().payment.bank_on) == (date(2019, 10, 21), date(2019, 10, 21))


def test_whoever_confirmed_is_told_that_it_lapses_also_where_no_window_opens():
    """Nothing is paid unless they confirm again: they read of it nowhere but in the portal."""
    the = office().to(TUESDAY).confirm()
    count = len(mails())
    the.feed().to(TUESDAY)
    [early] = mails()[count:]
    assert "its total has changed since it was confirmed. Please answer by Thursday 3 October" in early
    the.to(THURSDAY).confirm().feed().to(NEXT_MONDAY).confirm()  # in its window
    assert the.payment.asked_by == NEXT_MONDAY
    count = len(mails())
    the.to(NEXT_TUESDAY).feed()
    [late] = mails()[count:]
    assert "£656.32: its total has changed since it was confirmed. The time to answer ended on 7 October" in late


def test_what_is_paid_closes_although_its_confirmation_has_lapsed():
    """The queried row comes to nothing: the total falls to what is paid, and waited for an answer to it for ever."""
    the = office().to(TUESDAY).confirm(queried=True).run()
    [_, bea] = every(select(ItemPrice).order_by(ItemPrice.id))
    change(bea, rate_e4=0)
    the.to(NEXT_TUESDAY).run()
    assert (the.payment.total_pence, the.payment.processing) == (35_308, Processing.FINALISED)
    assert banked(the.contract) == [35_308, 0]


def test_what_is_paid_as_it_is_late_names_the_bank_day_that_its_run_makes():
    the = office().to(TUESDAY).reject().to(date(2019, 10, 15)).pay_as_it_is()
    shown = the.payment.bank_on
    assert shown == date(2019, 10, 21)  # five days after that Tuesday are a Sunday
    assert the.run().payment.bank_on == shown


@pytest.mark.parametrize(
    ("state", "pence"), [("current", 65_611), ("confirmed", 65_611), ("held", 0), ("rejected", 0), ("missed", 0)]
)
def test_what_comes_up_on_the_desk_leaves_out_what_is_kept_back(state, pence):
    the = STATES[state](office())
    with as_on(the.today), reading():
        [due] = what_is_due()
    assert (due.on, due.pence) == (SUNDAY, pence)


def test_what_is_held_while_an_answer_is_waited_for_is_left_out_too():
    the = STATES["current"](office()).hold()
    with as_on(the.today), reading():
        assert [(due.pence, due.held_pence) for due in what_is_due()] == [(0, 65_611)]


def test_a_row_that_is_queried_is_not_free_to_be_paid():
    the = STATES["current"](office()).confirm(queried=True)
    with as_on(the.today), reading():
        assert [(due.pence, due.held_pence, due.free) for due in what_is_due()] == [(35_308, 30_303, 1)]
