"""Review Exceptions and Confirm, what is read of a week afterwards, and opening it again."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.base import session
from models.calendar import DAY, in_words, today
from models.care import exceptions, weeks
from models.money import SCALE
from models.payments.payment import ScheduledPayment
from models.permissions import Role
from models.records.actual import ActualException, ActualWeek, ConfirmedActual, ExceptionState
from models.records.contract import PaymentMethod
from tests.actual_factories import AFTER, MONDAY, confirmed_actual
from tests.factories import make_staff
from tests.support.rows import every, unit_of_work
from tests.support.runs import change as facts

LATE = MONDAY + timedelta(days=9)
"""The day after the last on which the week is in time."""
MORE = {"actual": "16", "extra": "2", "comment": "Two bad nights"}


def more(agency, n=0):
    return {agency.box(n, name): text for name, text in MORE.items()}


def test_errors_stand_first_then_what_the_council_looks_at_then_what_is_only_told(agency):
    typed = (
        more(agency)
        | {agency.box(1, "actual"): "13.1"}
        | {agency.box(2, "actual"): "13", agency.box(2, "comment"): "x"}
    )
    agency.save(agency.begin(), typed)
    review = agency.clerk.get(f"{agency.week}/confirm")
    assert [each["id"] for each in review.page.select("main h2.govuk-heading-m")] == [
        "wrong",
        "looked-at",
        "told",
        "confirm",
    ]
    links = [each["href"].partition("#")[2] for each in review.page.select("main li a")]
    assert links == [f"row-{agency.items[n].id}" for n in (1, 0, 2)]
    assert "Put right what stands on top" in review.words


def test_a_figure_over_the_plan_is_confirmed_and_waits_for_the_council(agency):
    agency.save(agency.begin(), more(agency))
    page = agency.clerk.follow(agency.confirm())
    assert "Waits for the council" in page.words
    [waits], officer = every(ActualException), make_staff()
    with unit_of_work():
        exceptions.reject(session.merge(waits), "The rota says 14", by=officer)
    page = agency.clerk.get(agency.week)
    assert "being corrected" in page.words or "opened this week again" in page.words
    assert "The council has rejected this figure: The rota says 14" in page.words
    again = agency.save(page, {agency.box(0, "actual"): "14", agency.box(0, "extra"): "", agency.box(0, "comment"): ""})
    assert again.status_code == 303
    page = agency.clerk.follow(agency.confirm())
    assert "Number 1: 16" in page.words
    assert "Rejected: The rota says 14" in page.words


def test_who_sees_money_reads_what_the_week_comes_to_before_it_is_confirmed(agency):
    """13.25 hours at £23.10 are £306.08, of £323.40 planned."""
    less = {"actual": "13.25", "missed": "0.75", "reason": "STAFF", "comment": "Late on Friday"}
    agency.save(agency.begin(), {agency.box(0, name): text for name, text in less.items()})
    review = agency.clerk.get(f"{agency.week}/confirm")
    told = agency.clerk.submit(review, form="#worth form")
    assert "It comes to £952.88 , £17.32 less than planned" in told.words
    assert told.page.select_one("main form[action$=confirm]") is not None
    part = agency.clerk.submit(review, form="#worth form", htmx=True)
    assert part.page.select_one("h1") is None
    assert "£952.88" in part.words
    assert agency.sign_in(Role.SCHEDULER).get(f"{agency.week}/confirm").page.select("#worth") == []
    assert "£" not in agency.sign_in(Role.SCHEDULER).post(f"{agency.week}/confirm/worth", {}).words


def test_a_late_week_asks_why_and_keeps_what_was_typed(agency, set_today):
    agency.begin()
    set_today(LATE)
    page = agency.clerk.get(f"{agency.week}/confirm")
    assert page.page.select_one("#late_reason") is not None
    refused = agency.confirm()
    assert refused.status_code == 422
    assert refused.errors == ["This week was due by 28 April 2026. Say why it is late"]
    page = agency.clerk.follow(agency.confirm(late_reason="The rota came late"))
    assert "late: The rota came late" in page.words


def test_a_page_that_was_drawn_before_midnight_asks_why_when_it_is_sent_after_it(agency, set_today):
    agency.begin()
    set_today(LATE - timedelta(days=1))
    page = agency.clerk.get(f"{agency.week}/confirm")
    assert page.page.select_one("#late_reason") is None
    set_today(LATE)
    again = agency.clerk.submit(page, form="main form[action$=confirm]")
    assert again.status_code in (409, 422)
    assert any("Say why it is late" in error for error in again.errors)
    assert every(ConfirmedActual) == []
    typed = {"late_reason": "Pressed at midnight"}
    assert agency.clerk.submit(again, typed, form="main form[action$=confirm]").status_code == 303
    assert every(ActualWeek)[0].late_reason == "Pressed at midnight"


def test_in_time_until_the_end_of_the_deadline_nobody_asks_why(agency, set_today):
    agency.begin()
    set_today(LATE - timedelta(days=1))
    assert agency.clerk.get(f"{agency.week}/confirm").page.select_one("#late_reason") is None
    assert agency.confirm().status_code == 303


def test_a_week_that_is_not_over_is_filled_in_and_not_confirmed(agency, set_today):
    set_today(AFTER - timedelta(days=1))
    agency.begin()
    page = agency.clerk.get(f"{agency.week}/confirm")
    assert "Confirm it after that day" in page.words
    assert page.page.select_one("main form[action$=confirm]") is None


def test_after_thirteen_weeks_only_the_council_opens_it(agency, set_today):
    agency.begin()
    set_today(MONDAY + timedelta(weeks=13, days=7))
    page = agency.clerk.get(agency.week)
    assert "This week could be confirmed until" in page.words
    assert page.page.select_one("main a:-soup-contains('Ask the council to open it')") is not None
    assert agency.clerk.get(f"{agency.week}/confirm").page.select_one("main form[action$=confirm]") is None


def test_nobody_confirms_what_a_colleague_has_changed_meanwhile(agency):
    agency.begin()
    review = agency.clerk.get(f"{agency.week}/confirm")
    other = agency.sign_in(Role.SCHEDULER)
    other.submit(other.get(agency.week), {agency.box(0, "actual"): "13", agency.box(0, "comment"): "x"}, form="#sheet")
    refused = agency.clerk.submit(review, form="main form[action$=confirm]")
    assert refused.status_code == 422
    assert "The rows have changed since you opened this page" in refused.errors[0]
    assert every(ConfirmedActual) == []
    assert "41 hours" in refused.words
    agency.clerk.submit(refused, form="main form[action$=confirm]", status=303)


def test_of_two_who_confirm_the_second_is_told(agency):
    agency.begin()
    mine = agency.clerk.get(f"{agency.week}/confirm")
    other = agency.sign_in(Role.SCHEDULER)
    other.submit(other.get(f"{agency.week}/confirm"), form="main form[action$=confirm]", status=303)
    refused = agency.clerk.submit(mine, form="main form[action$=confirm]")
    assert refused.status_code == 422
    assert "This week has been confirmed" in refused.errors[0]
    assert len(every(ConfirmedActual)) == 3


def test_a_row_that_is_saved_after_the_confirmation_is_refused_and_stays(agency):
    page = agency.begin()
    agency.confirm()
    refused = agency.save(page, {agency.box(0, "actual"): "13"})
    assert refused.status_code == 422
    assert "This week has been confirmed" in refused.errors[0]
    assert refused.page.select_one(f"[name={agency.box(0, 'actual')}]")["value"] == "13"


def test_a_confirmed_week_is_corrected_until_its_deadline(agency, set_today):
    agency.begin()
    agency.confirm()
    page = agency.clerk.get(agency.week)
    assert "You can correct it yourself until the end of Tuesday 28 April" in page.words
    page = agency.clerk.follow(agency.clerk.submit(page, form="form[action$=correct]"))
    assert "What was confirmed before holds" in page.words
    agency.confirm()
    set_today(LATE)
    page = agency.clerk.get(agency.week)
    assert page.page.select("form[action$=correct]") == []
    assert page.page.select_one("main a:-soup-contains('Ask the council to open this week again')") is not None
    refused = agency.clerk.post(f"{agency.week}/correct", {})
    assert "could be corrected here until 28 April 2026" in refused.words


def test_a_week_that_the_council_opens_says_why_and_asks_no_reason(agency, set_today):
    agency.begin()
    agency.confirm()
    set_today(LATE)
    [week], officer = every(ActualWeek), make_staff()
    with unit_of_work():
        weeks.reopen(session.merge(week), "Two visits are missing", by=officer)
    page = agency.clerk.get(agency.week)
    assert "The council has opened this week again: Two visits are missing" in page.words
    assert agency.clerk.get(f"{agency.week}/confirm").page.select_one("#late_reason") is None
    assert agency.confirm().status_code == 303


def test_a_week_of_a_contract_that_pays_by_invoice_names_no_payment(agency):
    agency.begin()
    agency.confirm()
    assert "It belongs to the payment of" in agency.clerk.get(agency.week).words
    [method] = every(PaymentMethod)
    facts(method, is_by_invoice=True)
    page = agency.clerk.get(agency.week)
    assert "Confirmed by" in page.words
    assert "in your bank" not in page.words
    assert "Total" not in page.words


def test_a_bank_day_that_is_past_is_not_expected(agency):
    """A week that is confirmed late belongs to a payment whose day may have gone by, paid or not."""
    agency.begin()
    agency.confirm()
    of_week = ScheduledPayment.first_on <= MONDAY + 6 * DAY, ScheduledPayment.last_on >= MONDAY + 6 * DAY
    [payment] = every(select(ScheduledPayment).where(*of_week))
    facts(payment, bank_on=today())
    assert f"expected in your bank on {today():%A} {in_words(today())}." in agency.clerk.get(agency.week).words
    facts(payment, bank_on=today() - DAY)
    day = f"{today() - DAY:%A} {in_words(today() - DAY)}"
    words = agency.clerk.get(agency.week).words
    assert f"which was due in your bank on {day} and is not paid yet." in words
    assert "expected in your bank" not in words


def test_who_sees_no_money_sees_none_of_a_confirmed_week(agency):
    agency.begin()
    agency.confirm()
    finance, scheduler = agency.clerk.get(agency.week), agency.sign_in(Role.SCHEDULER).get(agency.week)
    assert "expected in your bank on" in finance.words
    assert [each.get_text() for each in finance.page.select("tbody td.numeric[data-label=Total]")] == ["£323.40"] * 3
    assert "£" not in scheduler.words.partition("Back to all weeks")[2]
    assert "Total" not in scheduler.words
    assert ",323.40" in agency.clerk.get(f"{agency.week}/week.csv").text
    assert ",323.40" not in agency.sign_in(Role.SCHEDULER).get(f"{agency.week}/week.csv").text


@pytest.mark.parametrize("state", [ExceptionState.APPROVED, ExceptionState.OVERTAKEN])
def test_what_the_council_says_of_a_figure_is_shown(agency, state):
    confirmed_actual(agency.items[0], MONDAY, 16 * SCALE, exception=state)
    assert state.label in agency.clerk.get(agency.week).words
