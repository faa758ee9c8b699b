"""The council's page of daily work, what My work says of it, and how a job says where it stands."""

from datetime import date, timedelta

import pytest

from models.audit import AuditEvent
from models.base import utc_now
from models.daily_work import DAILY
from models.job import Job, JobKind, JobState
from models.permissions import COUNCIL_GRANTS, CouncilRole, Permission
from tests.support.rows import every, saved
from tests.support.runs import change

PAGE = "/council/daily-work/"
FINISHED = {"worker": "one", "state": JobState.DONE}


@pytest.fixture
def officer(colleague):
    return colleague("payments_officer")


def ended(kind=JobKind.VERIFY, *, state="done", message="Every promise holds.", ago=timedelta(), **more):
    at = utc_now() - ago
    return saved(
        Job(
            kind=kind, state=JobState(state), message=message, worker="one", created_at=at, started_at=at,
            heartbeat_at=at, finished_at=at + timedelta(seconds=12), **more,
        )
    )  # fmt: skip


def rows(answer, caption):
    [table] = [each for each in answer.page.select("table") if caption in each.caption.text]
    return [" ".join(row.text.split()) for row in table.select("tbody tr")]


def row_of(answer, kind):
    return next(row for row in rows(answer, "every day") if row.startswith(kind.label))


def test_each_work_says_what_it_is_when_it_runs_and_how_the_last_time_went(officer, timetable):
    timetable("06:00 verify")
    job = ended()
    page = officer.get(PAGE)
    assert [row.startswith(kind.label) for row, kind in zip(rows(page, "every day"), DAILY, strict=True)]
    verify = row_of(page, JobKind.VERIFY)
    assert "Works everything out anew" in verify
    assert "06:00" in verify
    assert "12 seconds" in verify
    assert "Every promise holds." in verify
    assert page.page.select_one(f"a[href='{PAGE}jobs/{job.id}']")
    digest = row_of(page, JobKind.DIGEST)
    assert "Not by itself" in digest
    assert "Never" in digest


def test_run_now_puts_it_into_the_queue_once_and_the_page_shows_how_far_it_is(officer, work):
    for _ in range(2):
        answer = officer.post(f"{PAGE}calculate/run", status=303)
    [job] = every(Job)
    assert (job.kind, job.scope, job.due_on, job.created_by_id) == (JobKind.CALCULATE, "", None, officer.user.id)
    assert answer.location == f"{PAGE}jobs/{job.id}"
    assert "Calculating: waiting for its turn" in officer.get(answer.location).words
    assert "In the queue" in row_of(officer.get(PAGE), JobKind.CALCULATE)
    assert work()
    assert "Calculated 0 contracts" in officer.get(answer.location).words
    assert [each.action for each in every(AuditEvent) if each.action.startswith("job.")] == ["job.calculate_asked_for"]


def test_what_is_no_daily_work_cannot_be_run_nor_seen_here(officer):
    for what in ("finalise", "prepare", "nothing"):
        officer.post(f"{PAGE}{what}/run", status=404)
    finalise = ended(JobKind.FINALISE)
    officer.get(f"{PAGE}jobs/{finalise.id}", status=404)
    one = ended(JobKind.CALCULATE, scope="7")
    officer.get(f"{PAGE}jobs/{one.id}", status=404)


@pytest.mark.parametrize("role", list(CouncilRole))
def test_who_may_see_it_and_who_may_run_it(colleague, role):
    somebody, may = colleague(role.value), COUNCIL_GRANTS[role]
    can_see, can_run = Permission.VIEW_DAILY_WORK in may, Permission.RUN_DAILY_WORK in may
    page = somebody.get(PAGE, status=200 if can_see else 403)
    assert ("Run now" in page.words) is can_run
    somebody.post(f"{PAGE}digest/run", status=303 if can_run else 403)
    expected = {
        "payments_officer": (1, 1),
        "payments_manager": (1, 0),
        "systems_administrator": (1, 1),
        "auditor": (1, 0),
    }
    assert (can_see, can_run) == expected.get(role.value, (0, 0))


def test_the_history_is_filtered_and_paged(officer):
    for number in range(55):
        ended(ago=timedelta(minutes=number))
    ended(JobKind.FEED, state="failed", message="The feed is not imported: it has 2 faults.\nclients.csv, row 3")
    page = officer.get(PAGE)
    assert len(rows(page, "What has run")) == 50
    [failed] = rows(officer.get(f"{PAGE}?failed=y"), "What has run")
    assert failed.startswith("Import of the feed")
    assert failed.endswith("FAILED The feed is not imported: it has 2 faults.")
    assert len(rows(officer.get(f"{PAGE}?page=2"), "What has run")) == 6
    assert len(rows(officer.get(f"{PAGE}?work=feed"), "What has run")) == 1
    assert "Nothing is like that" in officer.get(f"{PAGE}?work=digest").words
    assert "Choose a work from the list" in officer.get(f"{PAGE}?work=nothing", status=422).words
    part = officer.get(f"{PAGE}?failed=y", htmx=True)
    assert part.page.select_one("#daily-work")["data-announce"] == "1 job found"


def test_an_empty_history_says_so(officer):
    assert "Nothing has run yet." in officer.get(PAGE).words


def test_all_that_a_failed_work_said_is_on_its_page(officer):
    job = ended(JobKind.FEED, state="failed", message="The feed is not imported: it has 1 fault.\nclients.csv, row 3")
    page = officer.get(f"{PAGE}jobs/{job.id}")
    assert "Importing the feed failed. The feed is not imported: it has 1 fault. clients.csv, row 3" in page.words
    assert "FAILED" in row_of(officer.get(PAGE), JobKind.FEED)


def test_the_page_takes_the_same_number_of_queries_however_much_has_run(officer):
    ended()
    few = officer.get(PAGE)
    for kind in DAILY:
        for state in ("done", "failed"):
            ended(kind, state=state)
    assert len(officer.get(PAGE).reads) == len(few.reads)


def test_a_feed_that_is_nowhere_to_be_read_is_not_offered(officer, timetable):
    timetable()
    row = officer.get(PAGE).page.select("main table tbody tr")[0]
    assert "says nowhere to read a feed from" in row.text
    assert not row.select("form")


# My work


def test_my_work_says_in_a_line_what_has_not_run_or_failed(colleague, timetable, time_machine):
    time_machine.move_to(utc_now().replace(hour=12))  # more than an hour after both were due
    timetable("00:00 verify", "00:00 calculate")
    ended(JobKind.CALCULATE, state="failed", message="It cannot be.\nFor many reasons", due_on=utc_now().date())
    ended(JobKind.VERIFY, ago=timedelta(days=3))
    seen = {role: colleague(role).get("/council/").words for role in ("payments_manager", "systems_administrator")}
    for words in seen.values():
        assert "Calculation failed " in words
        assert "It cannot be. 1 more has failed, or not run. Daily work" in words
        assert "For many reasons" not in words
    assert "Verification has not run" not in colleague("help_desk").get("/council/").words
    ended(JobKind.CALCULATE)
    [warning] = colleague("payments_manager").get("/council/").page.select("main .govuk-warning-text")
    assert "Verification has not run since " in warning.text, "one alone stands in the warning itself"


def test_my_work_says_nothing_where_all_is_well(officer, timetable):
    timetable("00:00 verify")
    ended()
    assert "has not run" not in officer.get("/council/").words


# where a job stands


def test_a_job_says_how_many_are_before_it(officer):
    jobs = [saved(Job(kind=kind)) for kind in (JobKind.DIGEST, JobKind.VERIFY, JobKind.FEED)]
    told = [officer.get(f"{PAGE}jobs/{job.id}").words for job in jobs]
    assert "before it" not in told[0]
    assert "Verifying: waiting for its turn. 1 job is before it" in told[1]
    assert "Importing the feed: waiting for its turn. 2 jobs are before it" in told[2]


def test_a_job_that_is_tried_again_says_why_and_when(officer):
    later = utc_now() + timedelta(minutes=2)
    job = saved(Job(kind=JobKind.VERIFY, tries=2, not_before=later, message="The database is locked."))
    words = officer.get(f"{PAGE}jobs/{job.id}").words
    assert "Verifying: The database is locked. It is tried again " in words
    assert "try 3 of 7" in words
    assert "Tried again soon" in row_of(officer.get(PAGE), JobKind.VERIFY)
    change(job, not_before=utc_now() - timedelta(minutes=2))
    assert "waiting for its turn" in officer.get(f"{PAGE}jobs/{job.id}").words


def test_the_clock_is_named_where_nobody_asked(officer):
    job = ended(due_on=date(2026, 11, 27))
    assert "The clock" in rows(officer.get(PAGE), "What has run")[0]
    assert "Asked for by the clock" in officer.get(f"{PAGE}jobs/{job.id}").words
