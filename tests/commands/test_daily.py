"""Daily work as the worker does it: what each comes to, what it says, and what a crash in the middle leaves."""

from datetime import date

import pytest
from sqlalchemy.exc import OperationalError

from commands.batchwise import daily
from commands.batchwise.daily import Clock, look
from commands.batchwise.sealing import HEADS, kept_heads, seal_waiting
from commands.worker import work
from config import Schedule
from models.accounts.notification import Letter, News, at_provider, send
from models.audit import record
from models.base import scope, utc_now
from models.daily_work import DAILY, DailyAlarm, instant
from models.job import Job, JobKind
from models.outbox import OutboxMessage
from models.payments.payment import ScheduledPayment
from models.permissions import Role
from models.records.contract import Contract
from models.records.feed import FeedImport
from models.records.provider import Provider
from tests.care_factories import make_calendar, make_contract, make_item
from tests.exchange.feed.feeds import Feed
from tests.factories import make_provider, make_user
from tests.support.rows import every, saved, unit_of_work
from tests.support.runs import calculate, change

MONDAY = date(2019, 9, 23)
TEAM = "finance@borsetshire.example"


@pytest.fixture
def usual(database, timetable, tmp_path, set_today):
    set_today(MONDAY)

    def set_up(*lines, **more):
        timetable(*lines, **{"feed": tmp_path / "feed", "heads": tmp_path / HEADS} | more)

    set_up()
    return set_up


def run(kind, **more):
    """The job of this kind, done by the worker."""
    job = saved(Job(kind=kind, arguments={}, **more))
    assert at_work()
    return next(each for each in every(Job) if each.id == job.id)


def at_work():
    with scope():
        return work()


def killed(monkeypatch, what, *, after=True):
    """The process is killed just after (or before) it has done this."""
    done = getattr(daily, what)

    def then_dead(*given, **how):
        if after:
            done(*given, **how)
        raise KeyboardInterrupt

    monkeypatch.setattr(daily, what, then_dead)
    with pytest.raises(KeyboardInterrupt):
        at_work()
    monkeypatch.undo()


def taken_up():
    """As if a quarter of an hour had passed: the next worker takes the job up."""
    [job] = every(Job)
    change(job, heartbeat_at=utc_now().replace(year=2019))
    assert at_work()
    [job] = every(Job)
    return job


# the feed


@pytest.fixture
def feed(tmp_path):
    return Feed(tmp_path / "feed")


def test_a_feed_is_imported_and_says_how_much_is_new(usual, feed):
    job = run(JobKind.FEED)
    assert job.state.value == "done"
    [written] = every(FeedImport)
    new = sum(count[1] for count in written.counts.values())
    assert job.message.startswith(f"Import {written.id} is written: {new:,} new and 0 changed rows.")


def test_a_feed_that_says_nothing_new_leaves_no_trace(usual, feed):
    run(JobKind.FEED)
    change(every(FeedImport)[0], at=utc_now().replace(year=2019))
    assert run(JobKind.FEED).message == "All of the feed is on record already."
    assert len(every(FeedImport)) == 1


@pytest.mark.postgres
def test_a_feed_with_faults_is_not_imported_and_says_where_without_what_was_typed(usual, feed):
    for number in range(7):
        feed.add("clients.csv", f"N{number},Ashgrove,Dawn,nonsense-{number}")
        feed.add("providers.csv", f"Q{number},,Ash,kind-{number},1 Ash Road,,")
    feed.add("providers.csv", *(f"R{number},NOWHERE{number},Ash,care_home,1 Ash Road,," for number in range(3)))
    feed.add("contacts.csv", *(f"U{number},NOBODY{number},Ashgrove,,,,," for number in range(3)))
    job = run(JobKind.FEED)
    assert job.state.value == "failed"
    first, *rest = job.message.splitlines()
    assert first.startswith("The feed is not imported: it has ")
    assert any(line.startswith(("clients.csv, 7 rows (4, 5, ", "providers.csv, ")) for line in rest)
    assert rest[5].startswith("... and ")
    assert rest[5].endswith(" lines more: ./portal feed check names them all.")
    assert len(rest) == 6
    assert "nonsense" not in job.message
    assert "Ashgrove" not in job.message
    assert not every(Contract)


def test_a_feed_above_a_limit_is_not_imported_and_says_what_it_would_change(usual, feed, limits):
    feed.load()
    calculate(MONDAY)
    change_of_price(feed)
    limits(feed_pence=1)
    job = run(JobKind.FEED)
    first, *rest = job.message.splitlines()
    assert (job.state.value, len(every(FeedImport))) == ("failed", 1)
    assert first.startswith("The feed is not imported: it is above a limit, ")
    assert rest[-1].endswith("if it is right, ./portal feed import --above-limits.")
    assert "change" in rest[0]


def test_an_import_says_what_changes_in_money(usual, feed):
    feed.load()
    calculate(MONDAY)
    change_of_price(feed)
    job = run(JobKind.FEED)
    first, effect, *_ = job.message.splitlines()
    assert first.startswith(f"Import {every(FeedImport)[-1].id} is written: ")
    assert "£" in effect


def change_of_price(feed):
    feed.change("item_prices.csv", "I1,2019-04-01,,353.08", "I1,2019-04-01,,453.08")


def test_of_several_directories_the_last_is_read(usual, tmp_path):
    (tmp_path / "feed").mkdir()
    Feed(tmp_path / "feed" / "2019-09-22").add("clients.csv", "N1,Ash,Dawn,nonsense")
    Feed(tmp_path / "feed" / "2019-09-23")
    assert run(JobKind.FEED).state.value == "done"
    assert [each.name for each in every(FeedImport)] == ["2019-09-23"]


def test_a_directory_that_is_not_there_is_said(usual):
    job = run(JobKind.FEED)
    assert (job.state.value, job.message) == (
        "failed", "There is no directory of a feed where settings.toml says: feed_directory under [schedule]",
    )  # fmt: skip


def test_an_import_whose_worker_was_killed_after_it_says_what_was_written(usual, feed, monkeypatch):
    saved(Job(kind=JobKind.FEED, arguments={}))
    killed(monkeypatch, "import_feed")
    [written] = every(FeedImport)
    assert taken_up().message.startswith(f"Import {written.id} is written: ")
    assert len(every(FeedImport)) == 1


def test_after_a_feed_with_faults_the_calculation_still_runs(usual, feed):
    usual("06:00 feed", "06:00 calculate")
    feed.add("clients.csv", "N1,Ash,Dawn,nonsense")
    make_item(make_contract(calculate_from=MONDAY), rate_e4=3_530_800, starts_on=MONDAY)
    now = instant(MONDAY, daily.timetable().times[JobKind.FEED])
    with scope():
        for _ in range(2):
            look(now, asks=True)
            assert work()
    assert [(job.kind.value, job.state.value) for job in every(Job)] == [("feed", "failed"), ("calculate", "done")]
    assert every(ScheduledPayment)


# verify, and the head of the audit


def test_verify_says_that_every_promise_holds(usual):
    make_item(make_contract(calculate_from=MONDAY), rate_e4=3_530_800, starts_on=MONDAY)
    calculate(MONDAY)
    assert run(JobKind.VERIFY).message == "Every promise holds."


def test_verify_fails_with_the_promises_that_do_not_hold(usual):
    make_item(make_contract(calculate_from=MONDAY), rate_e4=3_530_800, starts_on=MONDAY)
    calculate(MONDAY)
    change(every(ScheduledPayment)[0], net_pence=1)
    job = run(JobKind.VERIFY)
    first, *rest = job.message.splitlines()
    assert (job.state.value, first[-11:]) == ("failed", "0 warnings.")
    assert "broken, " in first
    assert all(": not so for " in line or line.startswith("... and ") for line in rest)


def test_the_head_of_the_audit_is_sealed_written_down_and_mailed(usual, tmp_path):
    assert run(JobKind.AUDIT_HEAD).message == "Nothing is in the audit yet."
    with unit_of_work():
        record("feed.imported", by=None)
    assert run(JobKind.AUDIT_HEAD).message == f"Head 1 is written to {HEADS}."
    usual(head_to="audit@borsetshire.example")
    assert run(JobKind.AUDIT_HEAD).message == f"Head 1 is written to {HEADS} and mailed to audit@borsetshire.example."
    [head], [mail] = kept_heads(tmp_path / HEADS), every(OutboxMessage)
    assert (mail.to, mail.body) == ("audit@borsetshire.example", f"{head}\n")
    assert seal_waiting(everything=True) == 0


def test_a_head_that_cannot_be_written_is_said(usual, tmp_path):
    usual(heads=tmp_path / "nowhere" / HEADS)
    with unit_of_work():
        record("feed.imported", by=None)
    job = run(JobKind.AUDIT_HEAD)
    assert (job.state.value, job.message) == (
        "failed", f"The head cannot be written to {HEADS}: No such file or directory",
    )  # fmt: skip


def test_a_mail_is_written_once_though_the_worker_was_killed_after_it(usual, monkeypatch):
    saved(Job(kind=JobKind.DIGEST, arguments={}))
    killed(monkeypatch, "_once")
    assert len(every(OutboxMessage)) == 1
    job = taken_up()
    assert (job.state.value, job.message) == ("done", f"Mailed to {TEAM}.")
    assert [(mail.to, mail.subject) for mail in every(OutboxMessage)] == [
        (TEAM, "What is due and what waits on Monday 23 September")
    ]


def test_a_mail_is_written_though_the_worker_was_killed_before_it(usual, monkeypatch):
    saved(Job(kind=JobKind.DIGEST, arguments={}))
    killed(monkeypatch, "_once", after=False)
    assert taken_up().state.value == "done"
    assert len(every(OutboxMessage)) == 1


def test_a_digest_for_nobody_says_so(usual):
    usual(team="")
    assert run(JobKind.DIGEST).message.startswith("There is nobody to write to")


# reminders


@pytest.fixture
def to_confirm(usual):
    """Two providers with a payment to confirm by Friday; nobody at the second may."""
    for name in ("Rowan Lodge", "Elm House"):
        provider = make_provider(name=name)
        calendar = make_calendar(confirm_by_days=4)
        contract = make_contract(provider, calendar, calculate_from=MONDAY, confirmation="required")
        make_item(contract, rate_e4=3_530_800, starts_on=MONDAY)
    make_user(Role.FINANCE, every(Provider)[0], email="fin@rowan.example")
    calculate(MONDAY)


def test_providers_are_reminded_and_who_cannot_be_is_counted(to_confirm, usual, set_today):
    assert run(JobKind.REMINDERS).message == "Nobody is to be reminded."
    usual(remind_days=4)
    assert run(JobKind.REMINDERS).message == (
        "1 provider reminded. 1 provider without anybody who may confirm: ring them."
    )
    assert [mail.to for mail in every(OutboxMessage)] == ["fin@rowan.example"]


def test_a_worker_that_is_killed_between_two_providers_reminds_nobody_twice(to_confirm, usual, monkeypatch):
    usual(remind_days=4)
    make_user(Role.FINANCE, every(Provider)[1], email="flo@elm.example")
    saved(Job(kind=JobKind.REMINDERS, arguments={}))
    remind, reminded = daily.reminding.remind, []

    def dies_at_the_second(*given):
        if reminded:
            raise KeyboardInterrupt
        reminded.append(given)
        return remind(*given)

    monkeypatch.setattr(daily.reminding, "remind", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        at_work()
    monkeypatch.undo()
    usual(remind_days=4)
    assert taken_up().message == "1 provider reminded."
    assert sorted(mail.to for mail in every(OutboxMessage)) == ["fin@rowan.example", "flo@elm.example"]


# the clock


def test_the_worker_asks_for_what_is_due_and_the_mail_process_only_tells(usual):
    usual("00:00 verify")
    now = utc_now().replace(hour=23)
    look(now, asks=False)
    assert (every(Job), [mail.to for mail in every(OutboxMessage)]) == ([], [TEAM])
    look(now, asks=True)
    assert [job.kind.value for job in every(Job)] == ["verify"]


def test_the_clock_looks_every_few_seconds_and_bears_a_busy_database(usual, monkeypatch):
    looks, now = [], iter([100.0, 100.0, 105.0, 111.0, 111.0])
    monkeypatch.setattr(daily.time, "monotonic", lambda: next(now))

    def busy(*given, **how):
        looks.append(how)
        raise OperationalError("SELECT", {}, Exception("database is locked"))

    monkeypatch.setattr(daily, "look", busy)
    clock = Clock(asks=True)
    for _ in range(3):
        clock.when_due()
    assert looks == [{"asks": True}] * 2


def test_a_worker_with_nothing_on_the_timetable_writes_nothing(usual):
    look(utc_now(), asks=True)
    assert not every(Job)
    assert not every(DailyAlarm)


def test_the_command_does_all_that_is_due_and_ends(make_app, tmp_path):
    times = {kind.value: "00:00" for kind in DAILY if kind is not JobKind.FEED}
    app = make_app(instance=tmp_path, schedule=Schedule(**times))
    assert app.test_cli_runner().invoke(args=["worker", "--once"]).exit_code == 0
    done = {job.kind.value: job.state.value for job in every(Job)}
    assert done == {kind.value: "done" for kind in DAILY if kind is not JobKind.FEED}


def test_digests_go_with_the_reminders_each_once(usual):
    usual("08:00 reminders")
    provider = make_provider(name="Rowan Lodge")
    people = [make_user(Role.VIEWER, provider, email=f"{name}@rowan.example") for name in ("fin", "flo")]
    path = at_provider(provider.id, "payments", "")
    with unit_of_work():
        send(Letter(each, News.CHANGED, provider.id, "A payment has changed", "...", path) for each in people)
    assert run(JobKind.REMINDERS).message == "Nobody is to be reminded. 2 digests of news sent."
    assert run(JobKind.REMINDERS).message == "Nobody is to be reminded."
    assert [mail.to for mail in every(OutboxMessage)] == ["fin@rowan.example", "flo@rowan.example"]
