"""An adjustment that is pressed twice is made once, and what was checked is what is saved (cases of an officer)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import update

from models.accounts.press import Press
from models.accounts.user import Staff
from models.payments.adjustment import Adjustment
from models.permissions import CouncilRole
from tests.admin.conftest import MONDAY, WEEK
from tests.admin.payments.acts import adjust, fill, given, make_it_owe
from tests.auth.journey import mailed_code
from tests.factories import PASSWORD, make_staff
from tests.support.client import PortalClient
from tests.support.rows import every, unit_of_work
from tests.support.runs import change, payment

SAVE = {"save": "yes"}
NINE = "2026-03-01T09:00:00+00:00"


def checked(desk, amount="25.00", who=None):
    """The page that asks whether this adjustment is to be saved."""
    who = who or desk.officer
    return who.submit(who.get(f"{desk.payment}/adjust"), given(desk, amount=amount), form="main form", status=200)


def save(who, page, status=303, **typed):
    return who.submit(page, SAVE | typed, form="main form", status=status)


def made():
    return [each.amount_pence for each in every(Adjustment)]


def total(desk):
    return payment(desk.contract, MONDAY + WEEK).total_pence


@pytest.mark.postgres
def test_three_presses_at_once_and_one_later_are_one_adjustment(desk, time_machine):
    time_machine.move_to(NINE)
    desk.officer.sign_in(desk.officer.user)
    page = checked(desk)
    assert total(desk) == 65_611
    tabs = [PortalClient(desk.officer.app).sign_in(desk.officer.user) for _ in range(3)]  # sessions of one person

    def press(tab):
        return save(tab, page, None, csrf_token=tab.csrf_token())

    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(press, tabs))
    assert {(each.status_code, each.location) for each in answers} == {(303, desk.payment)}
    time_machine.shift(timedelta(seconds=3))
    assert save(desk.officer, page).location == desk.payment
    assert made() == [2_500]
    assert total(desk) == 68_111
    for tab in (*tabs, desk.officer):
        notices = tab.get(desk.payment).page.select("#notices p")
        assert [each.text for each in notices] == ["Adjusted by £25.00. This payment now comes to £681.11"]


@pytest.mark.postgres
def test_a_second_press_by_htmx_leads_to_the_page_where_the_result_stands(desk):
    page = checked(desk)
    save(desk.officer, page)
    answer = desk.officer.submit(page, SAVE, form="main form", htmx=True, status=204)
    assert answer.location == desk.payment
    assert made() == [2_500]


@pytest.mark.postgres
def test_two_visits_to_the_form_are_two_and_the_second_is_told_of_the_first(desk, time_machine):
    time_machine.move_to(NINE, tick=False)
    desk.officer.sign_in(desk.officer.user)
    assert "There is one like it" not in checked(desk).words
    other_tab = checked(desk)
    save(desk.officer, checked(desk))
    time_machine.shift(timedelta(seconds=70))
    again = save(desk.officer, other_tab, 200)  # the sum that it had shown is no longer right
    assert "There is one like it from a minute ago , of £25.00 for the same client: “ Paid twice" in again.words
    assert "would come to £706.11 , and not £681.11" in again.words
    assert made() == [2_500]
    save(desk.officer, again)
    assert made() == [2_500, 2_500]
    assert total(desk) == 70_611


def test_one_like_it_is_of_the_same_client_and_sum_of_today_and_not_cancelled(desk, time_machine):
    time_machine.move_to(NINE, tick=False)
    desk.officer.sign_in(desk.officer.user)
    adjust(desk, amount="25.00")
    assert "There is one like it" not in checked(desk, "25.01").words
    assert "There is one like it from a minute ago" in checked(desk).words
    fill(desk, f"adjustments/{every(Adjustment)[0].id}/cancel")
    assert "There is one like it" not in checked(desk).words
    adjust(desk, amount="25.00")
    time_machine.shift(timedelta(hours=24))
    desk.officer.sign_in(desk.officer.user)
    assert "There is one like it" not in checked(desk).words


@pytest.mark.postgres
def test_a_sum_that_is_changed_after_the_check_is_checked_again(desk):
    page = checked(desk, "-1,234.50")
    assert "Save this adjustment of −£1,234.50" in page.words
    again = save(desk.officer, page, 200, amount="-999.00")
    assert "Nothing is saved yet: this is not what was checked" in again.words
    assert "Save this adjustment of −£999.00" in again.words
    assert not made()
    save(desk.officer, again)
    assert made() == [-99_900]


@pytest.mark.parametrize("changed", ["client", "for_day", "is_of_earlier_days"])
def test_whatever_else_was_checked_is_checked_again_too(desk, changed):
    page = checked(desk, "-20.00")
    other = page.page.select("#client option")[2]["value"]
    typed = {"client": other, "for_day": ["1", "10", "2019"], "is_of_earlier_days": "y"}
    assert "Nothing is saved yet" in save(desk.officer, page, 200, **{changed: typed[changed]}).words
    save(desk.officer, page, reason="Better words")
    assert [each.reason for each in every(Adjustment)] == ["Better words"]


def test_what_a_colleague_has_done_since_the_check_is_seen_before_it_is_saved(desk):
    page = checked(desk)
    other = PortalClient(desk.officer.app).sign_in(make_staff(CouncilRole.PAYMENTS_OFFICER))
    save(other, checked(desk, "10.00", other))
    again = save(desk.officer, page, 200)
    assert "would come to £691.11 , and not £666.11" in again.words
    assert made() == [1_000]


@pytest.mark.parametrize("mark", [None, "", "rubbish"])
def test_nothing_is_saved_that_was_not_checked(desk, mark):
    desk.officer.post(f"{desk.payment}/adjust", given(desk) | SAVE | {"checked": mark or ""}, status=200)
    assert not made()


@pytest.mark.postgres
def test_back_and_something_else_is_told_and_can_be_pressed_again(desk):
    page = checked(desk)
    save(desk.officer, page)
    told = save(desk.officer, page, 422, amount="40.00")
    assert told.errors == [
        "You have sent this form before: “Adjusted by £25.00. This payment now comes to £681.11”. "
        "Look at what was done",
        "If you mean to send what stands here as well, check it and press the button again",
    ]
    assert told.page.select_one(".govuk-error-summary a")["href"] == desk.payment
    assert told.page.select_one("#amount")["value"] == "40.00"
    assert made() == [2_500]
    again = desk.officer.submit(told, form="main form", status=200)
    save(desk.officer, again)
    assert made() == [2_500, 4_000]


def test_what_is_refused_uses_up_nothing(desk):
    page = checked(desk)
    key = page.page.select_one("main [name=one_time_key]")["value"]
    wrong = save(desk.officer, page, 422, reason="")
    assert wrong.page.select_one("main [name=one_time_key]")["value"] == key
    assert not every(Press)
    right = desk.officer.submit(wrong, {"reason": "Paid twice"}, form="main form", status=200)
    for _ in range(2):
        save(desk.officer, right)
    assert made() == [2_500]


@pytest.mark.postgres
@pytest.mark.parametrize("arrived", [True, False])
def test_a_form_that_was_kept_is_not_saved_a_second_time(desk, time_machine, arrived):
    """The line was lost, then the session ended, then the button was pressed again."""
    time_machine.move_to(NINE, tick=False)
    officer = PortalClient(desk.officer.app).sign_in(desk.officer.user)
    page = checked(desk, who=officer)
    if arrived:
        save(officer, page)
    time_machine.shift(timedelta(minutes=31))
    back = officer.submit(
        officer.follow(save(officer, page)), {"email": officer.user.email, "password": PASSWORD}, status=303
    )
    here = officer.follow(officer.submit(officer.follow(back), {"code": mailed_code()}, status=303))
    assert "What you typed is still here" in here.words
    answer = officer.submit(here, form="main form", status=303 if arrived else 200)
    assert made() == ([2_500] if arrived else [])
    if arrived:
        assert "Adjusted by £25.00. This payment now comes to £681.11" in officer.follow(answer).words
    else:
        save(officer, answer)
        assert made() == [2_500]


def test_who_may_no_longer_do_it_gets_no_answer_from_before(desk):
    page = checked(desk)
    save(desk.officer, page)
    with unit_of_work() as session:
        session.execute(update(Staff).where(Staff.user_id == desk.officer.user.id).values(role=CouncilRole.AUDITOR))
    save(desk.officer, page, 403)


def test_a_plan_that_is_another_by_now_is_not_ended(desk):
    make_it_owe(desk)
    fill(desk, "instalments", {"amount": "50", "reason": "Agreed"})
    page = desk.officer.get(f"{desk.payment}/instalments/end")
    fill(desk, "instalments/end")
    fill(desk, "instalments", {"amount": "60", "reason": "Agreed anew"})
    told = desk.officer.submit(page, form="main form", status=422)
    assert told.errors[0].startswith("The instalment plan has changed from £50.00 to £60.00 since you opened this page")
    assert "End the plan of £60.00 a payment" in told.words
    desk.officer.submit(told, form="main form", status=303)


def test_a_payment_that_is_another_by_now_is_not_paid_as_it_is(desk):
    change(desk.contract, confirmation="required", if_unconfirmed="hold")
    page = desk.officer.get(f"{desk.payment}/pay-as-it-is")
    adjust(desk, amount="10.00")
    told = desk.officer.submit(page, {"reason": "Christmas"}, form="main form", status=422)
    assert told.errors[0].startswith("The payment has changed from £656.11 to £666.11 since you opened this page")
    assert "Pay £666.11 as it is" in told.words
    assert payment(desk.contract, MONDAY + WEEK).waived_pence is None
    desk.officer.submit(told, form="main form", status=303)
    assert payment(desk.contract, MONDAY + WEEK).waived_pence == 66_611
