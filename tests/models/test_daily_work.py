"""What is done daily: when each work is due, that it is asked for once a day, and who is told when it has not run."""

import threading
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import update

from models import daily_work
from models.calendar import LONDON
from models.daily_work import LATE, DailyAlarm, Trouble, instant, slot
from models.job import Job, JobKind, JobState
from models.outbox import OutboxMessage
from models.portal import current_portal
from tests.support.portal import in_this_portal
from tests.support.rows import every, reading, saved, unit_of_work
from tests.support.runs import change

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database", "the_day_before")]

DAY = date(2026, 11, 27)
TEAM = "finance@borsetshire.example"


@pytest.fixture
def the_day_before(time_machine):
    """Jobs are asked for by the real clock: it stands before the times that the tests give."""
    time_machine.move_to("2026-11-26T20:00:00+00:00", tick=True)


def at(clock, day=DAY):
    """The moment at which clocks in London show that time."""
    return instant(day, time.fromisoformat(clock))


def ask(now):
    with unit_of_work():
        daily_work.ask_due(now)
    return [(job.kind.value, job.due_on) for job in every(Job)]


def end(state="done", message="Done.", **given):
    """Let all jobs that wait be begun and ended."""
    now = datetime.now(UTC)
    ended = {"state": state, "worker": "one", "started_at": now, "heartbeat_at": now, "finished_at": now}
    with unit_of_work() as session:
        waiting = update(Job).where(Job.state == JobState.QUEUED)
        session.execute(waiting.values(message=message, **ended | given))


def work(kind, now):
    with reading():
        return next(each for each in daily_work.works(now) if each.kind is kind)


def alarm(now):
    with unit_of_work():
        daily_work.raise_alarm(now)
    return [(mail.to, mail.subject) for mail in every(OutboxMessage)]


# when it is due


@pytest.mark.parametrize(
    ("now", "due_on"),
    [
        (at("05:59"), DAY - timedelta(days=1)),
        (at("06:00"), DAY),
        (at("23:59"), DAY),
        (at("00:00", DAY + timedelta(days=1)), DAY),
        (at("06:00", DAY + timedelta(days=1)), DAY + timedelta(days=1)),
    ],
)
def test_a_work_belongs_to_the_newest_day_whose_time_has_come(now, due_on):
    assert slot(time(6), now) == due_on


def test_a_time_around_midnight_belongs_to_its_own_day():
    assert slot(time(0, 0), at("00:00")) == DAY
    assert slot(time(23, 59), at("00:00")) == DAY - timedelta(days=1)


def test_times_are_those_of_london_in_summer_too():
    assert instant(date(2026, 7, 1), time(6)) == datetime(2026, 7, 1, 5, tzinfo=UTC)
    assert instant(DAY, time(6)) == datetime(2026, 11, 27, 6, tzinfo=UTC)


@pytest.mark.parametrize("day", [date(2026, 10, 25), date(2027, 3, 28)], ids=["back", "forward"])
@pytest.mark.parametrize("clock", ["00:30", "01:00", "01:30", "02:00"])
def test_a_night_in_which_the_clocks_change_neither_skips_nor_doubles(timetable, day, clock):
    timetable(f"{clock} verify")
    first, now = datetime.combine(day - timedelta(days=1), time(), LONDON).astimezone(UTC), None
    asked = {}
    for quarter in range(4 * 72):
        now = first + timedelta(minutes=15 * quarter)
        with reading():
            due = daily_work.to_ask(now)
        if due:
            ask(now)
            end()
            asked[due[JobKind.VERIFY]] = now
    days = [day + timedelta(days=each) for each in (-2, -1, 0, 1)]
    assert [each for each in asked if each in days[1:]] == days[1:]
    assert len(every(Job)) == len(asked)
    for each in days[1:]:
        assert timedelta(0) <= asked[each] - instant(each, time.fromisoformat(clock)) < timedelta(minutes=15)


# asked for once


def test_nothing_is_asked_for_before_its_time_nor_what_is_not_on_the_timetable(timetable):
    assert ask(at("12:00")) == []
    timetable("06:00 verify")
    assert ask(at("05:59")) == [("verify", DAY - timedelta(days=1))], "of the day before, which nobody has done"
    end()
    assert len(ask(at("05:59"))) == 1
    assert ask(at("06:00"))[1:] == [("verify", DAY)]


def test_what_is_asked_for_is_not_asked_for_again_however_it_ends(timetable):
    timetable("06:00 verify")
    for state in ("done", "failed"):
        day = DAY + timedelta(days=state == "failed")
        for minute in ("00", "01", "59"):
            ask(at(f"06:{minute}", day))
            end(state)
    assert [job.due_on for job in every(Job)] == [DAY, DAY + timedelta(days=1)]


def test_days_that_were_missed_are_made_up_for_once(timetable):
    timetable("06:00 verify")
    ask(at("06:00"))
    end()
    assert ask(at("14:00", DAY + timedelta(days=9)))[1:] == [("verify", DAY + timedelta(days=9))]
    end()
    assert len(ask(at("23:59", DAY + timedelta(days=9)))) == 2


def test_a_time_that_is_changed_during_the_day_doubles_nothing(timetable):
    timetable("07:00 verify")
    ask(at("07:00"))
    end()
    for clock in ("06:00", "08:00", "23:00"):
        timetable(f"{clock} verify")
        assert len(ask(at("12:00"))) == 1
        assert len(ask(at("23:30"))) == 1


def test_the_calculation_waits_for_the_feed_and_what_goes_by_figures_for_both(timetable):
    timetable("06:00 feed", "06:00 calculate", "06:00 verify", "06:00 digest", "06:00 reminders", "06:00 audit_head")
    now = at("06:00")
    kinds = lambda: [kind for kind, _ in ask(now)]  # noqa: E731
    assert kinds() == ["feed", "audit_head"]
    assert len(kinds()) == 2, "the feed has not ended"
    end("failed", "The feed is not imported: it has 2 faults.")
    assert kinds()[2:] == ["calculate"], "though the feed has failed"
    end()
    assert kinds()[3:] == ["verify", "digest", "reminders"]


def test_a_calculation_is_not_held_up_by_a_feed_whose_time_has_not_come(timetable):
    timetable("18:00 feed", "06:00 calculate")
    ask(at("18:00", DAY - timedelta(days=1)))
    end()
    assert ask(at("06:00"))[-1] == ("calculate", DAY)


def test_a_calculation_for_one_provider_holds_up_nothing_and_counts_for_nothing(timetable):
    timetable("06:00 calculate", "06:00 verify")
    saved(Job(kind=JobKind.CALCULATE, scope="7", arguments={"providers": [7]}))
    assert [kind for kind, _ in ask(at("06:00"))[1:]] == ["calculate"]
    assert work(JobKind.CALCULATE, at("06:00")).open.scope == ""


def test_two_workers_ask_for_each_work_once(timetable):
    timetable("06:00 verify", "06:00 digest", "06:00 audit_head")
    assert current_portal()
    both = [threading.Thread(target=in_this_portal(lambda: ask(at("06:00")))) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert sorted(job.kind.value for job in every(Job)) == ["audit_head", "digest", "verify"]


# how it stands, and who is told


def test_a_work_says_when_it_ran_last_and_runs_next(timetable):
    timetable("06:00 verify")
    now = at("05:00", DAY)
    assert (work(JobKind.VERIFY, now).last, work(JobKind.DIGEST, now).next_at) == (None, None)
    assert work(JobKind.VERIFY, now).next_at == at("06:00")
    ask(now)
    end(message="Every promise holds.")
    found = work(JobKind.VERIFY, at("07:00"))
    assert (found.last.message, found.next_at) == ("Every promise holds.", at("06:00", DAY + timedelta(days=1)))


@pytest.mark.parametrize(
    ("how", "minutes", "trouble"),
    [
        ("nobody", 59, None),
        ("nobody", 60, Trouble.OVERDUE),
        ("queued", 59, None),
        ("queued", 60, Trouble.OVERDUE),
        ("running", 600, None),
        ("silent", 600, Trouble.OVERDUE),
        ("done", 600, None),
        ("failed", 1, Trouble.FAILED),
    ],
)
def test_a_work_that_has_not_run_an_hour_after_its_time_is_overdue(timetable, how, minutes, trouble):
    timetable("06:00 verify")
    ask(at("06:00", DAY - timedelta(days=1)))
    end()
    if how != "nobody":
        ask(at("06:00"))
    if how in ("running", "silent"):
        long_ago = {"heartbeat_at": datetime(2019, 1, 1, tzinfo=UTC)} if how == "silent" else {}
        end("running", finished_at=None, **long_ago)
    elif how in ("done", "failed"):
        end(how)
    now = at("06:00") + timedelta(minutes=minutes)
    assert work(JobKind.VERIFY, now).trouble is trouble
    assert timedelta(hours=1) == LATE


def test_what_is_not_on_the_timetable_is_no_trouble(timetable):
    saved(Job(kind=JobKind.CALCULATE))
    end("failed")
    assert work(JobKind.CALCULATE, at("12:00")).trouble is None


def test_what_somebody_runs_after_the_time_counts(timetable):
    timetable("06:00 verify")
    job = saved(Job(kind=JobKind.VERIFY, created_at=at("06:00")))
    end()
    assert work(JobKind.VERIFY, at("09:00")).trouble is None
    change(job, created_at=at("06:00") - timedelta(seconds=1))
    assert work(JobKind.VERIFY, at("09:00")).trouble is Trouble.OVERDUE


def test_the_words_say_since_when_or_what_failed(timetable):
    timetable("06:00 calculate")
    assert work(JobKind.CALCULATE, at("09:00")).words == (
        "Calculation has not run, though it was due Friday 27 November, 06:00."
    )
    ask(at("06:00", DAY - timedelta(days=3)))
    end(started_at=at("06:01", DAY - timedelta(days=3)))
    assert work(JobKind.CALCULATE, at("09:00")).words == "Calculation has not run since Tuesday 24 November, 06:01."
    ask(at("06:00"))
    end("failed", "It cannot be.\nFor many reasons", finished_at=at("06:02"))
    assert work(JobKind.CALCULATE, at("09:00")).words == "Calculation failed Friday 27 November, 06:02: It cannot be."
    assert work(JobKind.VERIFY, at("09:00")).words == ""


def test_the_team_is_told_once_of_each_trouble(timetable):
    timetable("06:00 verify")
    ask(at("06:00", DAY - timedelta(days=1)))
    end()
    assert alarm(at("06:59")) == []
    for minute in ("00", "01", "30"):
        sent = alarm(at(f"07:{minute}"))
    assert [to for to, _ in sent] == [TEAM]
    assert sent[0][1].startswith("Verification has not run since ")
    ask(at("08:00"))
    end("failed", "3 promises broken.\nE1 of somebody", finished_at=at("08:01"))
    for minute in ("02", "03"):
        sent = alarm(at(f"08:{minute}"))
    assert sent[1:] == [(TEAM, "Verification failed Friday 27 November, 08:01")]
    [_, mail] = every(OutboxMessage)
    assert "3 promises broken." in mail.body
    assert "E1 of somebody" not in mail.body, "only the first line: a list may name records"
    assert {(each.kind.value, each.on, each.why.value) for each in every(DailyAlarm)} == {
        ("verify", DAY, "overdue"), ("verify", DAY, "failed"),
    }  # fmt: skip


def test_it_is_told_again_on_the_next_day(timetable):
    timetable("06:00 verify")
    for day in (DAY, DAY + timedelta(days=1)):
        alarm(at("09:00", day))
    assert len(every(OutboxMessage)) == 2


def test_who_has_been_told_is_not_asked_to_write_again(timetable):
    timetable("06:00 verify")
    alarm(at("09:00"))
    with reading():
        assert daily_work.untold(at("09:01")) == []


def test_what_somebody_ran_in_vain_after_midnight_is_told_of_that_day(timetable):
    timetable("06:00 verify")
    ask(at("06:00"))
    end("failed", finished_at=at("06:01"))
    alarm(at("06:02"))
    tomorrow = DAY + timedelta(days=1)
    saved(Job(kind=JobKind.VERIFY, created_at=at("00:59", tomorrow)))
    end("failed", finished_at=at("01:00", tomorrow))
    alarm(at("01:01", tomorrow))
    assert [each.on for each in every(DailyAlarm)] == [DAY, tomorrow]


def test_several_troubles_at_once_are_one_mail(timetable):
    timetable("06:00 verify", "06:10 digest")
    assert alarm(at("09:00")) == [(TEAM, "Daily work has not run")]
    assert every(OutboxMessage)[0].body.count("has not run, though") == 2


def test_two_processes_tell_once(timetable):
    timetable("06:00 verify")
    both = [threading.Thread(target=in_this_portal(lambda: alarm(at("09:00")))) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert len(every(OutboxMessage)) == 1


def test_where_there_is_nobody_to_tell_nothing_is_kept(timetable):
    timetable("06:00 verify", team="")
    assert alarm(at("09:00")) == []
    assert not every(DailyAlarm)


def test_the_history_has_daily_works_only(timetable):
    timetable("06:00 verify")
    ask(at("06:00", DAY - timedelta(days=1)))
    end("failed")
    ask(at("06:00"))
    saved(Job(kind=JobKind.PREPARE))
    saved(Job(kind=JobKind.CALCULATE, scope="7"))
    by_hand = saved(Job(kind=JobKind.DIGEST))
    verified = [job.id for job in every(Job) if job.kind is JobKind.VERIFY]
    ids = lambda **chosen: [job.id for job in every(daily_work.history(**chosen))]  # noqa: E731
    assert ids() == [by_hand.id, *reversed(verified)]
    assert (ids(kind=JobKind.VERIFY), ids(only_failed=True)) == (verified[::-1], verified[:1])
    assert not every(daily_work.numbered(by_hand.id - 1)), "a job of one provider is no daily work"


def test_a_work_that_is_new_on_the_timetable_has_an_hour_from_when_it_was_asked_for(timetable):
    timetable("06:00 verify")
    with unit_of_work():
        daily_work.ask_due(at("11:00"))
    change(every(Job)[0], created_at=at("11:00"))
    assert alarm(at("11:59")) == []
    assert [to for to, _ in alarm(at("12:00"))] == [TEAM]
