"""The grid of one week, as its provider fills it in."""

from datetime import timedelta

import brotli
import pytest

from models.money import SCALE
from models.permissions import Role
from models.records.actual import AbsenceReason, Actual, ActualWeek, ConfirmedActual
from models.records.care_package import ItemQuantity
from tests.actual_factories import MONDAY
from tests.factories import make_provider, make_user
from tests.support.client import PortalClient
from tests.support.rows import every
from tests.support.runs import change

KB = 1_024


def stands():
    return [each.actual_e4 // SCALE for each in every(Actual)]


@pytest.mark.covers("S3-004", "S4-023")
def test_a_week_is_generated_from_the_plan_changed_reviewed_and_confirmed(agency):
    begin = agency.clerk.get(agency.week)
    assert "3 people have care in it" in begin.words
    page = agency.clerk.follow(agency.clerk.submit(begin))
    assert [row.select_one("[id^=actual-]")["value"] for row in page.page.select(".sheet tbody tr")] == ["14"] * 3
    typed = {agency.box(1, "actual"): "12", agency.box(1, "missed"): "2"}
    page = agency.clerk.follow(agency.save(page, typed))
    assert "Choose why care was not taken up or not delivered" in page.words
    assert "Say why it is not the planned 14 hours" in page.words
    review = agency.clerk.get(f"{agency.week}/confirm")
    assert len(review.page.select("#wrong + p + ul li")) == 2
    assert review.page.select_one("main form[action$=confirm]") is None
    page = agency.save(page, {agency.box(1, "reason"): "STAFF", agency.box(1, "comment"): "Nobody came on Friday"})
    review = agency.clerk.get(f"{agency.week}/confirm")
    assert "Confirm 40 hours for 20 Apr to 26 Apr" in review.words
    done = agency.clerk.follow(agency.confirm())
    assert "Confirmed by" in done.words
    assert "Nobody came on Friday" in done.words
    assert sorted(each.actual_e4 // SCALE for each in every(ConfirmedActual)) == [12, 14, 14]


def test_a_week_in_which_nothing_was_different_is_confirmed_too(agency):
    agency.begin()
    review = agency.clerk.get(f"{agency.week}/confirm")
    assert "Nothing is different from the plan" in review.words
    agency.confirm()
    assert len(every(ConfirmedActual)) == 3


def test_what_cannot_be_read_is_refused_whole_and_stays_as_it_was_typed(agency):
    page = agency.begin()
    typed = {agency.box(0, "actual"): "12", agency.box(1, "actual"): "a lot", agency.box(1, "comment"): "Much <b>"}
    again = agency.save(page, typed)
    assert again.status_code == 422
    [error] = again.errors
    assert error.startswith("Adams-001, Jo (")
    assert error.endswith(": Actual must be a number, like 12.5")
    assert again.page.select_one(f"[name={agency.box(0, 'actual')}]")["value"] == "12"
    assert again.page.select_one(f"[name={agency.box(1, 'actual')}]")["value"] == "a lot"
    assert again.page.select_one(f"[name={agency.box(1, 'comment')}]")["value"] == "Much <b>"
    assert stands() == [14, 14, 14]
    agency.save(again, {agency.box(1, "actual"): "15"}, status=303)
    assert stands() == [12, 15, 14]


@pytest.mark.parametrize(
    ("box", "text", "says"),
    [
        ("actual", "", "Enter what was delivered, or 0 if nothing was"),
        ("actual", "1e5", "Actual must be a number, like 12.5"),
        ("missed", "two", "Missed must be a number, like 12.5"),
        ("visits", "2.5", "Enter a whole number of visits, like 14"),
        ("visits", "-1", "Enter a whole number of visits, like 14"),
        ("reason", "TIRED", "Choose a reason from the list"),
        ("comment", "x" * 1_001, "Shorten the comment to 1,000 characters"),
    ],
)
def test_each_box_says_what_can_be_typed(agency, box, text, says):
    answer = agency.save(agency.begin(), {agency.box(0, box): text}, status=422)
    assert [each.partition(": ")[2] for each in answer.errors] == [says]


def test_steps_and_signs_are_told_beside_the_row_and_kept(agency):
    typed = {agency.box(0, "actual"): "13.1", agency.box(1, "extra"): "-1"}
    page = agency.clerk.follow(agency.save(agency.begin(), typed))
    assert "Actual is 13.1. Enter steps of 0.25 hours" in page.words
    assert "Extra is below 0. Enter 0 or more" in page.words
    assert page.page.select_one(f"[name={agency.box(1, 'extra')}]")["value"] == "-1"


def test_one_row_is_saved_by_itself_and_says_how_it_stands(agency):
    page = agency.begin()
    row = page.page.select_one(".sheet tbody tr")
    sent = {agency.box(0, "actual"): "12.75", agency.box(0, "seen"): row.select_one("[name$=seen]")["value"],
            agency.box(1, "actual"): "3"}  # fmt: skip
    answer = agency.clerk.post(row["data-hx-post"], sent, htmx=True, status=200)
    assert "Saved" in answer.words
    assert "Say why it is not the planned 14 hours" in answer.words
    assert "40.75 hours of the planned 42 hours" in answer.words
    assert [each.actual_e4 for each in every(Actual)] == [127_500, 14 * SCALE, 14 * SCALE], "the other row is not sent"
    seen = answer.page.select_one("[name$=seen]")["value"]
    more = {**sent, agency.box(0, "actual"): "13", agency.box(0, "seen"): seen}
    agency.clerk.post(row["data-hx-post"], more, htmx=True, status=200)
    assert stands()[0] == 13
    answer = agency.clerk.post(row["data-hx-post"], {**sent, agency.box(0, "actual"): "x"}, htmx=True, status=422)
    assert "Actual must be a number" in answer.words
    assert "Saved" not in answer.words


def test_of_two_people_at_once_the_second_is_told_and_keeps_what_they_typed(agency):
    mine, theirs = agency.begin(), agency.sign_in(Role.SCHEDULER)
    page = theirs.get(agency.week)
    theirs.submit(page, {agency.box(0, "actual"): "13", agency.box(0, "comment"): "One hour less"}, form="#sheet")
    again = agency.save(mine, {agency.box(0, "actual"): "12", agency.box(1, "actual"): "11"})
    assert again.status_code == 422
    assert "1 row changed since you opened the page" in again.errors[0]
    assert "Now it says: actual 13, One hour less" in again.words
    assert again.page.select_one(f"[name={agency.box(0, 'actual')}]")["value"] == "12"
    assert stands() == [13, 14, 14]
    agency.save(again, {}, status=303)
    assert stands() == [12, 11, 14]


@pytest.mark.parametrize("day", ["9999-12-31", "9999-12-27", "0001-01-01", "2026-04-21"])
def test_an_address_with_a_day_on_which_no_week_begins_is_refused_in_words(agency, day):
    there = f"{agency.week.rpartition('/')[0]}/{day}"
    agency.clerk.get(there, status=409)
    agency.clerk.post(f"{there}/begin", status=409)
    assert every(ActualWeek) == []


def test_a_row_that_was_saved_by_itself_is_no_colleagues_when_the_page_sent_after_it_is_refused(agency):
    page = agency.begin()
    agency.save(page, {agency.box(0, "actual"): "12"})  # on a slow line: sent, and its answer still on the way
    again = agency.save(page, {agency.box(0, "actual"): "12", agency.box(1, "actual"): "a lot"})
    assert again.status_code == 422
    assert "A colleague has changed" not in again.words
    other = agency.save(page, {agency.box(0, "actual"): "11", agency.box(1, "actual"): "a lot"})
    assert "A colleague has changed this row meanwhile. Now it says: actual 12" in other.words
    assert stands() == [12, 14, 14]


def test_a_row_that_only_a_colleague_has_changed_is_left_as_it_is(agency):
    mine, theirs = agency.begin(), agency.sign_in(Role.SCHEDULER)
    theirs.submit(theirs.get(agency.week), {agency.box(0, "actual"): "13"}, form="#sheet")
    agency.save(mine, {agency.box(1, "actual"): "11"}, status=303)
    assert stands() == [13, 11, 14]


def test_everything_is_set_as_planned_by_one_press_and_one_page(agency):
    agency.save(agency.begin(), {agency.box(0, "actual"): "12", agency.box(0, "reason"): "HOSP"})
    assert every(Actual)[0].reason is AbsenceReason.HOSPITAL
    page = agency.clerk.get(f"{agency.week}/as-planned")
    assert "1 row says something else now" in page.words
    assert "12 now, planned 14" in page.words
    answer = agency.clerk.submit(page)
    assert answer.location.endswith("/confirm")
    assert stands() == [14, 14, 14]
    assert every(Actual)[0].reason is None


def test_everything_as_planned_takes_nothing_back_that_a_colleague_has_typed_meanwhile(agency):
    page = agency.begin()
    press = agency.clerk.get(f"{agency.week}/as-planned")
    agency.save(page, {agency.box(0, "actual"): "12", agency.box(0, "comment"): "Away"})
    again = agency.clerk.submit(press)
    assert again.status_code == 422
    assert "The rows have changed since you opened this page" in again.words
    assert "12 now, planned 14" in again.words
    assert stands() == [12, 14, 14]
    assert agency.clerk.submit(again).status_code == 303
    assert stands() == [14, 14, 14]


def test_a_changed_plan_is_told_and_taken_over_without_losing_what_was_typed(agency):
    agency.save(agency.begin(), {agency.box(0, "actual"): "12"})
    [quantity] = [each for each in every(ItemQuantity) if each.item_id == agency.items[1].id]
    change(quantity, quantity_e4=10 * SCALE)
    page = agency.clerk.get(agency.week)
    assert "The plan has changed since this week was begun" in page.words
    agency.clerk.submit(page, form="form[action$=take-plan]")
    assert stands() == [12, 10, 14]


def test_who_may_only_view_sees_figures_and_no_box(agency):
    agency.begin()
    viewer = agency.sign_in(Role.VIEWER)
    page = viewer.get(agency.week)
    assert page.page.select("main input, main select") == []
    assert "14 hours" in page.words
    viewer.post(agency.week, {}, status=403)
    agency.sign_in(Role.SIGNATORY).get(agency.week, status=403)


def test_another_providers_week_is_not_there(agency):
    agency.begin()
    other = make_provider()
    stranger = PortalClient(agency.app).sign_in(make_user(Role.FINANCE, other))
    theirs = agency.week.replace(agency.home, f"/providers/{other.id}/")
    for path in (theirs, f"{theirs}/confirm", f"{theirs}/as-planned", f"{theirs}/week.csv"):
        stranger.get(path, status=404)
    for path in (theirs, f"{theirs}/begin", f"{theirs}/confirm", f"{theirs}/rows/{agency.items[0].id}"):
        stranger.post(path, {}, status=404)
    stranger.get(agency.week, status=404)


def test_a_day_on_which_no_week_begins_says_which_one_is_meant(agency):
    answer = agency.clerk.get(agency.week.replace(str(MONDAY), str(MONDAY + timedelta(days=2))), status=409)
    assert "Did you mean 20 April 2026?" in answer.words


def test_a_row_of_another_week_is_not_there(agency):
    agency.begin()
    agency.clerk.post(f"{agency.week}/rows/9999", {}, status=404)


def test_a_page_of_60_people_is_light_and_asks_the_database_no_more_often(agency_of):
    many = agency_of(60)
    page = many.begin()
    page = many.clerk.get(many.week)
    assert len(page.page.select(".sheet tbody tr")) == 60
    assert len(page.reads) <= 8
    assert len(brotli.compress(page.text.encode(), quality=4)) <= 20 * KB
    assert len(many.clerk.get(f"{many.week}/confirm").reads) <= 8
    many.confirm()
    kept = many.clerk.get(many.week)
    assert len(kept.reads) <= 8
    assert len(kept.page.select("tbody tr")) == 60


def test_a_file_has_the_weeks_rows(agency):
    agency.save(agency.begin(), {agency.box(0, "actual"): "12.75", agency.box(0, "comment"): "=1+1"})
    lines = agency.clerk.get(f"{agency.week}/week.csv").text.splitlines()
    assert lines[0].startswith("\ufeffClient,Surname,First name,Line item,Service level,Unit,Week commencing,Planned")
    assert ",14.00,12.75," in lines[1]
    assert "'=1+1" in lines[1]
    agency.clerk.get(f"{agency.week}/week.xlsx")


def test_a_week_is_begun_once(agency):
    agency.begin()
    agency.begin()
    assert len(every(ActualWeek)) == 1
    assert len(every(Actual)) == 3
