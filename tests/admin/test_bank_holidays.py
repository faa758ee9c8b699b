"""The council's list of bank holidays."""

from datetime import date

import pytest
from sqlalchemy import delete, select

from models import bank_holiday
from models.bank_holiday import BankHoliday, known_to, proposed
from models.job import Job
from models.permissions import CouncilRole
from tests.factories import make_staff
from tests.support.client import PortalClient
from tests.support.rows import every, reading, unit_of_work

HERE = "/council/bank-holidays/"


@pytest.fixture
def manager(app):
    return PortalClient(app).sign_in(make_staff(CouncilRole.PAYMENTS_MANAGER))


@pytest.fixture
def officer(app):
    return PortalClient(app).sign_in(make_staff())


def on(day):
    return every(select(BankHoliday).where(BankHoliday.day == day))


def only_to(year):
    with unit_of_work() as session:
        session.execute(delete(BankHoliday).where(BankHoliday.day > date(year, 12, 31)))


def table(answer):
    return [[cell.get_text(" ", strip=True) for cell in row.select("th, td")] for row in answer.page.select("tr")][1:]


def errors(answer):
    return [each.get_text(strip=True) for each in answer.page.select(".govuk-error-summary__list li")]


def test_the_list_of_this_year_says_up_to_when_it_is_known_and_what_follows(officer):
    only_to(2022)
    answer = officer.get(HERE)
    assert (answer.heading, len(table(answer))) == ("Bank holidays", 8)
    assert table(answer)[1] == ["Friday 19 April 2019", "Good Friday"]
    assert "is in the bank on the working day before" in answer.text
    assert "Bank holidays are known to 31 December 2022" in answer.text


@pytest.mark.parametrize(
    ("query", "count", "first"),
    [
        ("?year=2020", 8, "Wednesday 1 January 2020"),
        ("?year=2022", 10, "Monday 3 January 2022"),
        ("?year=", 50, "Thursday 1 January 2015"),
        ("?page=9", 8, "Tuesday 1 January 2019"),
    ],
)
def test_it_is_looked_through_by_year(officer, query, count, first):
    found = table(officer.get(HERE + query))
    assert (len(found), found[0][0]) == (count, first)


def test_all_of_them_come_in_pages(officer):
    last = officer.get(f"{HERE}?year=&page=2")
    assert 8 <= len(table(last)) <= 100
    assert "Previous" in last.text


def test_a_year_that_is_not_there_is_told_on_the_form(officer):
    assert "Choose a year from the list" in officer.get(f"{HERE}?year=1066", status=422).text
    assert "Choose a year from the list" in officer.get(f"{HERE}?year=x", status=422).text


def test_an_empty_list_says_so(manager):
    only_to(2000)
    answer = manager.get(HERE)
    assert "No bank holiday of 2019 is on the list" in answer.text
    assert "known to 31 December 2018, and schedules are published to 31 March 2021: add those of 2019" in answer.text
    assert "No bank holiday is on the list" in manager.get(f"{HERE}?year=").text


def test_the_desk_of_who_keeps_the_list_says_when_it_ends_too_early(manager, officer):
    told = "Schedules are published to 31 March 2021. Add the bank holidays up to then"
    assert told not in manager.get("/council/").text
    only_to(2020)
    assert told in manager.get("/council/").text
    desk = officer.get("/council/")
    assert told not in desk.text
    assert desk.page.select_one(f"a[href='{HERE}']") is not None


def test_a_day_is_added_and_everybody_is_calculated(manager):
    page = manager.get(f"{HERE}new")
    answer = manager.submit(page, {"name": " Christmas  Eve", "day": ["24", "12", "2019"]})
    assert answer.headers["Location"].endswith(f"{HERE}?year=2019")
    assert [each.name for each in on(date(2019, 12, 24))] == ["Christmas Eve"]
    assert [job.provider_ids for job in every(Job)] == [None]
    assert "Christmas Eve is on the list. All payments are being calculated" in manager.follow(answer).text


@pytest.mark.parametrize(
    ("day", "name", "words"),
    [
        (["19", "4", "2019"], "Karfreitag", "This day is on the list already, as Good Friday"),
        (["20", "4", "2019"], "Saturday", "Banks are shut on Saturdays and Sundays anyway"),
        (["23", "12", "2129"], "Christmas Eve", "This day is more than ten years from today"),
        (["31", "2", "2020"], "Never", "must be a day of the calendar"),
        (["", "", ""], "Sometime", "Enter the day on which banks are shut"),
        (["24", "12", "2019"], "  ", "Enter what it is called"),
        (["24", "12", "2019"], "x" * 101, "Use 100 characters or fewer"),
    ],
)
def test_a_refusal_stays_on_the_form_with_what_was_typed(manager, day, name, words):
    before = len(every(BankHoliday))
    answer = manager.post(f"{HERE}new", {"name": name, "day": day}, status=422)
    assert any(words in each for each in errors(answer))
    assert answer.page.select_one("[name=name]")["value"] == " ".join(name.split())
    assert [each["value"] for each in answer.page.select("[name=day]")] == day
    assert (len(every(BankHoliday)), every(Job)) == (before, [])


def test_a_day_is_renamed(manager):
    [found] = on(date(2019, 5, 6))
    page = manager.get(f"{HERE}{found.id}/change")
    assert "Monday 6 May 2019" in page.text
    manager.submit(page, {"name": ""}, status=422)
    manager.submit(page, {"name": "Early May bank holiday"})
    assert on(date(2019, 5, 6))[0].name == "Early May bank holiday"
    assert every(Job) == []  # no bank day follows from a name


def test_a_day_is_taken_off(manager):
    [found] = on(date(2019, 5, 6))
    answer = manager.submit(manager.get(f"{HERE}{found.id}/take-off"))
    assert on(date(2019, 5, 6)) == []
    assert "May Day is off the list" in manager.follow(answer).text
    assert len(every(Job)) == 1
    manager.get(f"{HERE}{found.id}/take-off", status=404)
    manager.get(f"{HERE}{found.id}/change", status=404)


def test_the_next_year_is_proposed_and_only_what_a_person_agrees_to_is_added(manager):
    only_to(2026)
    page = manager.get(f"{HERE}next-year")
    boxes = page.page.select("[name=days]")
    assert page.heading == "Bank holidays of 2027"
    assert [each["value"] for each in boxes if "checked" in each.attrs] == [
        "2027-01-01", "2027-03-26", "2027-03-29", "2027-05-03", "2027-05-31", "2027-08-30", "2027-12-27", "2027-12-28",
    ]  # fmt: skip
    assert "Monday 27 December 2027, Christmas Day (substitute day)" in page.text
    manager.post(f"{HERE}next-year", {"days": ["2027-01-01", "2027-03-26"]}, status=303)
    with reading():
        assert (known_to(), len(proposed(2027))) == (date(2026, 12, 31), 6)
    manager.post(f"{HERE}next-year", {"days": [str(each.day) for each in proposed(2027)]}, status=303)
    with reading():
        assert known_to() == date(2027, 12, 31)
    assert manager.get(f"{HERE}next-year").heading == "Bank holidays of 2028"


@pytest.mark.parametrize(
    ("days", "words"),
    [([], "Choose at least one day"), (["2027-01-01", "2026-01-01"], "The list has changed"), (["x"], "has changed")],
)
def test_only_what_is_proposed_is_added(manager, days, words):
    only_to(2026)
    before = len(every(BankHoliday))
    answer = manager.post(f"{HERE}next-year", {"days": days}, status=422)
    assert any(words in each for each in errors(answer))
    assert len(every(BankHoliday)) == before


def test_where_the_portal_knows_no_more_of_a_year_it_says_so(manager, monkeypatch):
    only_to(2026)
    monkeypatch.setattr(bank_holiday, "known_by_package", lambda _years: [])
    answer = manager.get(f"{HERE}next-year")
    assert "The portal knows no more bank holidays of 2027" in answer.text
    assert answer.page.select("[name=days]") == []


@pytest.mark.parametrize(
    ("role", "may"),
    [(role, role in (CouncilRole.PAYMENTS_MANAGER, CouncilRole.SYSTEMS_ADMINISTRATOR)) for role in CouncilRole],
)
def test_the_payments_manager_and_the_systems_administrator_keep_the_list(app, role, may):
    somebody, status = PortalClient(app).sign_in(make_staff(role)), 200 if may else 403
    index = somebody.get(HERE)
    assert ("Take off" in index.text, "Add a day" in index.text) == (may, may)
    [found] = on(date(2019, 5, 6))
    for page in ("new", "next-year", f"{found.id}/change", f"{found.id}/take-off"):
        somebody.get(HERE + page, status=status)


def test_a_page_of_the_list_by_htmx_is_a_part(officer):
    answer = officer.get(f"{HERE}?year=2020", htmx=True)
    assert "<h1" not in answer.text
    assert "Good Friday" in answer.text
