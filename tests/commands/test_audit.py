"""`./portal audit ...`, and the worker that seals."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from commands.batchwise import sealing
from commands.batchwise.sealing import HEADS, Sealing, kept_heads, seal_waiting
from models import verify
from models.audit import record
from models.auditing import chain
from models.auditing.chain import AuditLink, Head
from models.base import scope, session, utc_now
from tests.support.rows import every, unit_of_work


def write(count=3):
    with unit_of_work():
        for _ in range(count):
            record("user.logged_in", by=None)


@pytest.fixture
def portal(make_app, tmp_path):
    return make_app(instance=tmp_path)


@pytest.fixture
def run(portal):
    def run(*arguments):
        return portal.test_cli_runner().invoke(args=arguments)

    return run


def change(statement):
    with session.get_bind().begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_event_update")
        connection.exec_driver_sql(statement)


def test_the_audit_is_sealed_and_checked_from_the_command_line(run):
    write()
    assert run("audit", "seal").output == "3 events sealed.\n"
    assert run("audit", "verify").output == "3 seals, and each is right.\n"
    head = Head.parse(run("audit", "head").output)
    assert (head.seq, head.hash) == (3, every(sa.select(AuditLink.hash).order_by(AuditLink.seq))[-1])
    assert run("audit", "verify", "--head", head.hash).exit_code == 0
    assert run("audit", "verify", "--head", str(head)).exit_code == 0


def test_a_fault_ends_the_command_with_1_and_names_the_seal(run):
    write()
    seal_waiting()
    change("UPDATE audit_event SET action = 'x' WHERE id = 2")
    result = run("audit", "verify")
    assert result.exit_code == 1
    assert "seal 2: event 2 is not what was sealed" in result.output
    assert "the audit is as it was sealed: not so for seal 2" in run("verify").output


def test_a_head_that_is_not_in_the_chain_is_told(run):
    write()
    seal_waiting()
    result = run("audit", "verify", "--head", "ab" * 32)
    assert result.exit_code == 1
    assert "no seal has the hash abab" in result.output


def test_without_a_seal_there_is_no_head(run):
    result = run("audit", "head")
    assert result.exit_code == 1
    assert "Nothing is sealed yet" in result.output


def test_the_worker_seals_and_writes_the_head_down_once_a_day(run, portal, tmp_path, monkeypatch):
    write()
    assert run("worker", "--once").exit_code == 0
    assert run("worker", "--once").exit_code == 0
    [head] = kept_heads(tmp_path / HEADS)
    assert head.seq == 3
    assert (tmp_path / HEADS).stat().st_mode & 0o777 == 0o600
    for module in (sealing, chain):
        monkeypatch.setattr(module, "utc_now", lambda: utc_now() + timedelta(days=1))
    run("worker", "--once")
    assert [each.seq for each in kept_heads(tmp_path / HEADS)] == [3, 3]


def test_each_head_that_was_written_down_is_checked(run, tmp_path):
    write()
    seal_waiting()
    (tmp_path / HEADS).write_text(f"{Head(utc_now(), 2, 'ab' * 32)}\n")
    for command in (("audit", "verify"), ("verify",)):
        result = run(*command)
        assert result.exit_code == 1
        assert "is not the hash of seal 2" in result.output


def test_a_file_of_heads_that_cannot_be_read_is_told_and_sealing_goes_on(run, tmp_path):
    write()
    (tmp_path / HEADS).write_text("rubbish\n")
    assert "audit-heads.txt, line 1, is not a head" in run("audit", "verify").output
    run("worker", "--once")
    assert len(every(sa.select(AuditLink))) == 3
    assert len((tmp_path / HEADS).read_text().splitlines()) == 2


def test_the_worker_seals_once_a_minute_and_not_more_often(database, tmp_path, monkeypatch):
    clock = [1_000_000]
    monkeypatch.setattr(sealing.time, "monotonic", lambda: clock[0])
    of_worker = Sealing(tmp_path / HEADS)
    counts = []
    for seconds in (0, 30, 31):
        clock[0] += seconds
        write(1)
        with scope():
            of_worker.when_due()
        counts.append(len(every(sa.select(AuditLink))))
    assert counts == [1, 1, 3]


def test_a_database_that_is_busy_does_not_stop_the_worker(database, tmp_path, monkeypatch):
    def busy(**_):
        raise sa.exc.OperationalError("", {}, Exception("database is locked"))

    monkeypatch.setattr(sealing, "seal_waiting", busy)
    Sealing(tmp_path / HEADS).now()
    assert not (tmp_path / HEADS).exists()


def test_verify_is_sound_while_events_have_waited_for_less_than_ten_minutes(database):
    write()
    assert [each for each in verify.check_all() if "sealed" in each.promise] == []
