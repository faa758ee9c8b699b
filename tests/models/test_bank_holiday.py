"""The list of bank holidays: what it begins with, who changes it how, and up to when it is known."""

from datetime import date
from threading import Barrier, Thread

import pytest
from sqlalchemy import delete, event, select, update

from models import bank_holiday
from models.audit import AuditEvent
from models.bank_holiday import BankHoliday, add, add_proposed, known_to, proposed, rename, take_off, working_days
from models.base import DomainError, rows_changed, session, utc_now
from models.calendar import BankDayRule, as_on
from models.job import Job, JobKind, JobState
from models.verify.ground import bank_holidays
from tests.factories import make_staff
from tests.support.portal import in_this_portal
from tests.support.rows import every, reading, unit_of_work
from tests.support.runs import change

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

GOOD_FRIDAY = date(2020, 4, 10)


@pytest.fixture
def ada(database):
    return make_staff()


def one(day):
    return session.scalars(select(BankHoliday).where(BankHoliday.day == day)).one()


def forget(*days):
    with unit_of_work() as session:
        session.execute(delete(BankHoliday).where(BankHoliday.day.in_(days)))


def acts():
    events = every(select(AuditEvent).where(AuditEvent.action.startswith("bank_holiday.")).order_by(AuditEvent.id))
    return [(event.action, event.detail["day"]) for event in events]


def test_a_new_database_knows_englands_bank_holidays_from_2015_to_three_years_from_now():
    found = {each.day: each.name for each in every(BankHoliday)}
    assert found[GOOD_FRIDAY] == "Good Friday"
    assert found[date(2020, 5, 8)] == "May Day"  # not on a Monday that year
    assert found[date(2022, 9, 19)] == "State Funeral of Queen Elizabeth II"
    assert found[date(2021, 12, 27)] == "Christmas Day (substitute day)"
    assert min(found) == date(2015, 1, 1)
    assert not [day for day in found if day.weekday() > 4]
    with reading(), as_on(None):
        assert known_to().year >= 2029


def test_what_is_on_the_list_is_no_working_day_and_nothing_else(ada):
    with reading():
        assert not bank_holiday.is_working_day(GOOD_FRIDAY)
        assert bank_holiday.working_days_after(date(2020, 4, 9), 1) == date(2020, 4, 14)
    with unit_of_work():
        take_off(one(GOOD_FRIDAY), by=ada)
        assert bank_holiday.is_working_day(GOOD_FRIDAY)  # in the same piece of work
        add(date(2020, 4, 8), "Day of rest", by=ada)
        assert not bank_holiday.is_working_day(date(2020, 4, 8))
    with reading():
        assert bank_holiday.working_days_after(date(2020, 4, 7), 2) == GOOD_FRIDAY
        assert bank_holiday.is_working_day(date(1999, 12, 27))  # before the first year: weekends only
    assert acts() == [("bank_holiday.removed", "2020-04-10"), ("bank_holiday.added", "2020-04-08")]


def test_the_list_is_read_once_in_a_scope_and_only_where_it_is_needed(database):
    asked = []
    event.listen(database, "before_cursor_execute", lambda _c, _cu, text, *_: asked.append(text))
    with reading():
        assert not [text for text in asked if "bank_holiday" in text]
        for day in (1, 2, 3):
            bank_holiday.is_working_day(date(2020, 4, day))
        assert len([text for text in asked if "bank_holiday" in text]) == 1


def test_the_rule_is_the_portals(own_portal):
    assert working_days().rule is BankDayRule.BEFORE
    own_portal.change(bank_day=BankDayRule.AFTER)
    assert working_days().rule is BankDayRule.AFTER


def test_a_change_lets_every_provider_be_calculated_once(ada):
    with unit_of_work():
        add(date(2026, 12, 24), "Christmas Eve", by=ada)
        add(date(2026, 12, 23), "The day before", by=ada)
    assert [(job.kind, job.provider_ids) for job in every(Job)] == [(JobKind.CALCULATE, None)]


def test_a_calculation_under_way_may_be_past_what_changes(ada):
    """It leaves the old day to those that it has calculated already, so another one follows."""
    with unit_of_work():
        add(date(2026, 12, 24), "Christmas Eve", by=ada)
    [job] = every(Job)
    change(job, state=JobState.RUNNING, worker="one", started_at=utc_now(), heartbeat_at=utc_now())
    with unit_of_work():
        add(date(2026, 12, 23), "The day before", by=ada)
    assert [job.state for job in every(Job)] == [JobState.RUNNING, JobState.QUEUED]


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (GOOD_FRIDAY, "on the list already, as Good Friday"),
        (date(2020, 4, 11), "Saturdays and Sundays anyway"),
        (date(2020, 4, 12), "Saturdays and Sundays anyway"),
        (date(2029, 10, 3), "more than ten years"),
        (date(2009, 9, 30), "more than ten years"),
    ],
)
def test_a_day_that_cannot_be_on_the_list_is_refused(ada, day, words):
    before = every(BankHoliday)
    with pytest.raises(DomainError, match=words), unit_of_work():
        add(day, "A day", by=ada)
    assert (len(every(BankHoliday)), acts(), every(Job)) == (len(before), [], [])


def test_who_comes_second_is_told(ada):
    with unit_of_work():
        seen = one(GOOD_FRIDAY)
        rename_elsewhere = update(BankHoliday).where(BankHoliday.day == GOOD_FRIDAY).values(name="Karfreitag")
        rows_changed(rename_elsewhere, unsynced=True)
        with pytest.raises(DomainError, match="has just changed"):
            rename(seen, "Vendredi saint", by=ada)
        rename(seen, "Vendredi saint", by=ada)  # now that it has been read again
        rows_changed(delete(BankHoliday).where(BankHoliday.day == GOOD_FRIDAY), unsynced=True)
        with pytest.raises(DomainError, match="just taken this day off"):
            take_off(seen, by=ada)
    assert acts() == [("bank_holiday.renamed", "2020-04-10")]


def test_two_who_add_the_same_day_at_once_put_it_there_once(ada):
    said, both = [], Barrier(2)

    def press():
        both.wait()
        try:
            with unit_of_work():
                add(date(2026, 12, 24), "Christmas Eve", by=ada)
            said.append("added")
        except DomainError:
            said.append("refused")

    threads = [Thread(target=in_this_portal(press)) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(said) == ["added", "refused"]
    assert len(every(select(BankHoliday).where(BankHoliday.day == date(2026, 12, 24)))) == 1


def test_the_list_is_known_to_the_end_of_the_last_whole_year(ada, set_today):
    set_today(date(2019, 10, 2))
    last = max(each.day for each in every(BankHoliday)).year
    assert known_to() == date(last, 12, 31)
    forget(date(2022, 8, 29))  # 2022 had ten, and still has nine
    with reading():
        assert known_to() == date(last, 12, 31)
    forget(date(2024, 8, 26))
    with reading():
        assert known_to() == date(2023, 12, 31)
        assert proposed(2024) == [(date(2024, 8, 26), "Late Summer Bank Holiday")]
    forget(date(2019, 1, 1))
    with reading():
        assert known_to() == date(2018, 12, 31)  # of this year


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2028, 3, 31), ""),  # schedules are published to 31 March 2029
        (
            date(2028, 4, 1),
            "known to 31 December 2029, and schedules are published to 31 March 2030: add those of 2030",
        ),
    ],
)
def test_verify_warns_before_a_bank_day_is_promised_that_nobody_has_checked(day, words, set_today):
    with unit_of_work() as session:
        session.execute(delete(BankHoliday).where(BankHoliday.day > date(2029, 12, 31)))
    set_today(day)
    with reading():
        found = list(bank_holidays())
    assert [each.is_warning for each in found] == [True] * bool(words)
    assert words in "".join(each.words for each in found)


def test_a_person_agrees_to_the_next_year(ada):
    with reading():
        year = known_to().year + 1
        offered = proposed(year)
        assert len(offered) >= 8
    some = {each.day for each in offered[1:]}
    with unit_of_work():
        assert add_proposed(some, year=year, by=ada) == len(some)
    with reading():
        assert set(working_days().holidays) >= some
        assert proposed(year) == offered[:1]
    for days in (some, set(), {date(year, 2, 1)}, {offered[0].day, date(year, 2, 1)}):
        with pytest.raises(DomainError, match="what is proposed now"), unit_of_work():
            add_proposed(days, year=year, by=ada)
