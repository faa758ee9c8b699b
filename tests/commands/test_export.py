"""`./portal feed export` and `acknowledge`, and the same as the worker does it by the clock."""

import json
import os
import zipfile
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask

from commands.batchwise.exporting import chase_answers, export
from commands.batchwise.filing import ON_RECORD, Filing, faults_of
from commands.worker import work
from config import Schedule
from exchange.files.store import UPLOADS, Store
from exchange.outbound import writing
from models.audit import AuditEvent
from models.base import DomainError, scope, utc_now
from models.job import Job, JobKind, JobState
from models.outbox import OutboxMessage
from models.payments.debt import DebtEntry, DebtEntryKind
from models.records.contract import Contract
from models.records.export import Export, ExportAnswer, ExportDelivery, Exported
from tests.exchange.feed.feeds import Feed
from tests.support.rows import every, saved
from tests.support.runs import change, finalise

pytestmark = pytest.mark.covers("S0-002", "S3-001")
SUNDAY = date(2019, 2, 10)
TEAM = "finance@borsetshire.example"


@pytest.fixture
def paid(database, tmp_path: Path) -> Feed:
    """A council that has paid one week."""
    feed = Feed(tmp_path / "feed")
    feed.load()
    finalise(SUNDAY)
    return feed


@pytest.fixture
def app_here(make_app, tmp_path: Path) -> Flask:
    (tmp_path / "feed-out").mkdir()
    return make_app(instance=tmp_path, schedule=Schedule(export_directory="feed-out"))


def give(app: Flask, *words: object):
    return app.test_cli_runner().invoke(args=["feed", *map(str, words)])


def test_it_writes_what_is_new_says_so_and_nothing_the_second_time(paid, app_here, tmp_path):
    assert give(app_here, "export").stdout == (
        "Export 1 is written: 6 rows in 4 files. 1 file put into the directory of exports.\n"
    )
    assert give(app_here, "export").stdout == "There is nothing new to tell the finance system.\n"
    assert [path.name for path in (tmp_path / "feed-out").iterdir()] == ["portal-000001.zip"]
    finalise(SUNDAY + timedelta(days=7))
    assert give(app_here, "export").stdout.startswith("Export 2 is written")
    with zipfile.ZipFile(tmp_path / "feed-out" / "portal-000002.zip") as archive:
        said = json.loads(archive.read("manifest.json"))
        assert (said["sequence"], said["since"]) == (2, 1)
        assert archive.read("payments.csv").count(b"\n") == 3
    assert [event.detail["number"] for event in every(AuditEvent) if event.action == "export.written"] == [1, 2]


def test_an_answer_is_taken_once(paid, app_here, tmp_path):
    give(app_here, "export")
    file = tmp_path / "answer.csv"
    file.write_text("sequence,file,row,result,reason\n1,,,accepted,\n1,payments.csv,K1-1/2019-02-04,refused,Closed\n")
    first, second = give(app_here, "acknowledge", file), give(app_here, "acknowledge", file)
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.stdout.splitlines()[-1].startswith("Import 2 is written.")
    assert second.stdout.splitlines()[-1] == "All of this is on record already. Nothing was written."
    assert [(each.file, each.reason) for each in every(ExportAnswer)] == [("", ""), ("payments.csv", "Closed")]


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("7,,,accepted,", "sequence", "There is no export 7"),
        ("1,claims_decided.csv,OC1,refused,No", "file", "Export 1 has no such file"),
        ("1,payments.csv,K9-1/2019-02-04,refused,No", "row", "payments.csv of export 1 has no row that begins so"),
        ("1,payments_out.csv,K1-1/2019-02-04,refused,No", "row", "has no row that begins so"),
        ("1,,K1-1/2019-02-04,refused,No", "file", "Enter the file in which the row is"),
        ("1,payments.csv,K1-1/2019-02-04,refused,", "reason", "Say why it is refused"),
        ("1,,,accepted,Well", "reason", "Leave it empty: what is accepted has no reason"),
    ],
)
def test_an_answer_that_speaks_of_nothing_is_a_fault(paid, app_here, tmp_path, row, column, words):
    give(app_here, "export")
    file = tmp_path / "answer.csv"
    file.write_text(f"sequence,file,row,result,reason\n{row}\n")
    result = give(app_here, "acknowledge", file)
    assert result.exit_code == 1
    assert f"acknowledgements.csv, row 2, {column}" in result.stderr
    assert words in result.stderr
    assert every(ExportAnswer) == []


def test_an_answer_by_hand_does_not_make_manifests_needed(paid, app_here, tmp_path):
    give(app_here, "export")
    file = tmp_path / "answer.csv"
    file.write_text("sequence,result\n1,accepted\n")
    assert give(app_here, "acknowledge", file).exit_code == 0
    paid.change("item_prices.csv", "I1,2019-04-01,,353.08", "I1,2019-04-01,,353.09")
    assert paid.load().import_id is not None


def test_numbers_that_lie_in_the_directory_or_are_said_to_be_used_are_not_given_again(paid, app_here, tmp_path):
    """As after a database was brought back from a backup."""
    (tmp_path / "feed-out" / "portal-000004.zip").write_bytes(b"PK")
    assert give(app_here, "export").stdout.startswith("Export 5 is written")
    finalise(SUNDAY + timedelta(days=7))
    assert give(app_here, "export", "--after", 12).stdout.startswith("Export 13 is written")
    assert [(each.number, each.since) for each in every(Export)] == [(5, 0), (13, 5)]


def test_another_file_of_its_name_is_not_written_over(paid, app_here, tmp_path, monkeypatch):
    place = tmp_path / "feed-out" / "portal-000001.zip"
    monkeypatch.setattr("commands.batchwise.exporting.highest_in", lambda _: place.write_bytes(b"other") and 0)
    result = give(app_here, "export")
    assert result.exit_code == 1
    assert "There is another portal-000001.zip in the directory of exports already" in result.stderr
    assert place.read_bytes() == b"other"
    assert [each.done_at for each in every(ExportDelivery)] == [None]


def test_what_cannot_be_delivered_waits(paid, app_here, tmp_path):
    (tmp_path / "feed-out").rmdir()
    result = give(app_here, "export")
    assert (result.exit_code, result.stderr) == (
        1, "Error: Export 1 cannot be put into the directory of exports: No such file or directory\n",
    )  # fmt: skip
    (tmp_path / "feed-out").mkdir()
    assert "1 file put into the directory of exports." in give(app_here, "export").stdout


def test_an_export_that_is_gone_from_the_store_is_said_to_be(paid, app_here, tmp_path):
    (tmp_path / "feed-out").rmdir()
    give(app_here, "export")
    store, [found] = Store(tmp_path / UPLOADS), every(Export)
    store.path(found.sha256).write_bytes(b"PK")
    assert "is not what it was in the store" in give(app_here, "export").stderr
    store.remove(found.sha256)
    assert "Export 1 cannot be read from the store: No such file" in give(app_here, "export").stderr
    assert [(each.promise, each.where) for each in faults_of(store)] == [
        (ON_RECORD, f"export 1: {found.sha256}: No such file or directory")
    ]


def test_the_store_keeps_an_export_for_good(paid, app_here, tmp_path):
    give(app_here, "export")
    store, [found] = Store(tmp_path / UPLOADS), every(Export)
    os.utime(store.path(found.sha256), (0, 0))
    assert Filing(store, "", "").clear_away() == 0
    assert store.has(found.sha256)


def test_more_than_one_export_holds_is_in_the_next(paid, app_here, monkeypatch):
    monkeypatch.setattr(writing, "MOST", 1)
    assert give(app_here, "export").stdout.startswith("Exports 1 to 2 are written: 6 rows")
    assert len(every(Exported)) == 3


def test_what_was_committed_late_is_told_all_the_same(paid, app_here):
    """It has a lower number, and an earlier day, than one that was told: its transaction was the slower one."""
    contract = every(Contract)[0]
    entry = {"provider_id": contract.provider_id, "contract_id": contract.id, "kind": DebtEntryKind.MOVED}
    saved(DebtEntry(**entry, id=50, pence=-100))
    give(app_here, "export")
    saved(DebtEntry(**entry, id=7, pence=-200, on=SUNDAY, made_at=utc_now() - timedelta(days=1)))
    assert give(app_here, "export").stdout.startswith("Export 2 is written: 1 row in 1 file.")
    assert [each.reference for each in every(Exported) if each.kind == "debt_entry"] == ["D50", "D7"]


def test_where_another_export_came_between_it_is_read_anew(paid, app_here, monkeypatch):
    put, others = Store.put, []

    def put_while_another_exports(self, source):
        if not others:
            others.append("one")
            monkeypatch.setattr(Store, "put", put)
            others.append(export(self))
        return put(self, source)

    monkeypatch.setattr(Store, "put", put_while_another_exports)
    assert give(app_here, "export").stdout == "There is nothing new to tell the finance system.\n"
    assert others[1].startswith("Export 1 is written")
    assert len(every(Export)) == 1


def test_the_worker_does_it_and_says_what_it_came_to(paid, timetable, tmp_path):
    timetable(heads=tmp_path / "heads.txt")
    job = saved(Job(kind=JobKind.EXPORT, arguments={}))
    with scope():
        assert work()
    [done] = [each for each in every(Job) if each.id == job.id]
    assert (done.state, done.message) == (
        JobState.DONE,
        "Export 1 is written: 6 rows in 4 files. settings.toml names no export_directory, so it is taken from its "
        "page.",
    )


def test_the_team_is_told_once_of_an_export_without_an_answer(paid, app_here, timetable, tmp_path):
    give(app_here, "export")
    timetable(team=TEAM, exports=tmp_path / "feed-out")
    [found] = every(Export)
    change(found, made_at=utc_now() - timedelta(days=2))
    assert chase_answers() == 0
    change(found, made_at=utc_now() - timedelta(days=10))
    assert (chase_answers(), chase_answers()) == (1, 0)
    [mail] = every(OutboxMessage)
    assert (mail.to, mail.subject) == (TEAM, "The finance system has not answered")
    assert "Export 1 has had no answer from the finance system for more than 3 working days, since" in mail.body


def test_an_answer_in_time_tells_nobody(paid, app_here, timetable, tmp_path):
    give(app_here, "export")
    timetable(team=TEAM)
    [found] = every(Export)
    saved(ExportAnswer(number=1, result="accepted"))
    change(found, made_at=utc_now() - timedelta(days=10))
    assert chase_answers() == 0


def test_a_full_disk_is_said_and_nothing_is_written(paid, app_here, monkeypatch):
    monkeypatch.setattr(Store, "has_room", lambda self: False)
    result = give(app_here, "export")
    assert (result.exit_code, result.stderr) == (
        1, "Error: The disk is nearly full, so no export was written. Make room for it\n",
    )  # fmt: skip
    assert every(Export) == []


def test_others_that_keep_coming_between_are_given_up_on(paid, app_here, monkeypatch):
    monkeypatch.setattr(writing, "_keep", lambda *_: False)
    with pytest.raises(DomainError, match="came between again and again"):
        writing.export_next(Store(Path(app_here.config["SETTINGS"].instance) / UPLOADS))
