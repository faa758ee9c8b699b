"""The chain of the audit: whatever is done to it afterwards shows, and where it shows first."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from commands.batchwise.sealing import BATCH, seal_waiting
from models.audit import AuditEvent, record
from models.auditing import chain
from models.auditing.chain import START, AuditLink, Head
from models.base import scope, session, utc_now
from tests.factories import make_user
from tests.support.portal import in_this_portal
from tests.support.rows import every, unit_of_work

pytestmark = pytest.mark.postgres
COUNT = 9


def write(count=1, **detail):
    with unit_of_work():
        for number in range(count):
            record("user.logged_in", by=None, number=number, **detail)


@pytest.fixture
def sealed(database):
    """Nine sealed events."""
    write(COUNT, where="Zürich", total_pence=12)
    assert seal_waiting() == COUNT


def check(heads=(), hashes=()):
    with scope():
        return list(chain.check(heads, hashes))


def head_at(seq):
    [link] = [each for each in every(sa.select(AuditLink)) if each.seq == seq]
    return Head(utc_now(), seq, link.hash)


def tamper(*statements):
    """What somebody with the database's own password can do, who takes the triggers away first."""
    engine = session.get_bind()
    with engine.begin() as connection:
        for statement in (*lifted(engine.dialect.name), *statements):
            connection.exec_driver_sql(statement)


def lifted(dialect):
    if dialect == "sqlite":
        drop = "DROP TRIGGER IF EXISTS"
        return [f"{drop} {table}_{act}" for table in ("audit_event", "audit_link") for act in ("update", "delete")]
    return ["SET LOCAL session_replication_role = replica"]


def seal_anew(first):
    """Seal from `first` on as if nothing had been there."""
    with scope() as own:
        before = own.scalar(sa.select(AuditLink.hash).where(AuditLink.seq == first - 1)) or START
        query = sa.select(AuditLink.seq, *chain._COLUMNS).join(AuditEvent, AuditEvent.id == AuditLink.event_id)
        rows = own.execute(query.where(AuditLink.seq >= first).order_by(AuditLink.seq)).all()
    changes = []
    for row in rows:
        before = chain.seal_of(before, row)
        changes.append(f"UPDATE audit_link SET hash = '{before}' WHERE seq = {row.seq}")
    tamper(*changes)


def test_a_chain_that_nobody_touched_is_sound(sealed):
    assert check([head_at(1), head_at(5), head_at(COUNT)], [head_at(3).hash]) == []
    assert [link.seq for link in every(sa.select(AuditLink).order_by(AuditLink.seq))] == list(range(1, COUNT + 1))


def test_an_empty_one_is_sound_too(database):
    assert check() == []
    assert seal_waiting() == 0


def test_a_seal_goes_on_from_the_one_before(sealed):
    write()
    assert seal_waiting(everything=True) == 1
    assert check([head_at(COUNT), head_at(COUNT + 1)]) == []


def test_more_than_one_batch_is_sealed(database, monkeypatch):
    monkeypatch.setattr("commands.batchwise.sealing.BATCH", 4)
    write(10)
    assert seal_waiting() == 10
    assert check() == []
    assert BATCH > 4


FLIPS = {
    "at": {"sqlite": "datetime(at, '+1 second')", "postgresql": "at + interval '1 second'"},
    "action": "'user.logged_out'",
    "user_id": '(SELECT max(id) FROM "user")',
    "subject": "'user:2'",
    "detail": """'{"number": 4, "where": "Zürich", "total_pence": 13}'""",
}


@pytest.mark.parametrize("column", FLIPS)
@pytest.mark.parametrize("seq", [1, 5, COUNT])
def test_a_changed_event_is_named_by_its_seal(sealed, column, seq):
    make_user()
    value = FLIPS[column]
    value = value[session.get_bind().dialect.name] if isinstance(value, dict) else value
    tamper(f"UPDATE audit_event SET {column} = {value} WHERE id = (SELECT event_id FROM audit_link WHERE seq = {seq})")
    [fault] = check()
    assert fault.seq == seq
    assert f"seal {seq}: event" in fault.words


def test_one_changed_bit_of_any_hash_is_named(sealed, subtests):
    for seq in range(1, COUNT + 1):
        with subtests.test(seq=seq):
            right = head_at(seq).hash
            wrong = f"{int(right[0], 16) ^ 1:x}{right[1:]}"
            tamper(f"UPDATE audit_link SET hash = '{wrong}' WHERE seq = {seq}")
            assert [fault.seq for fault in check()] == [seq]
            tamper(f"UPDATE audit_link SET hash = '{right}' WHERE seq = {seq}")
    assert check() == []


@pytest.mark.parametrize("seq", [1, 5, COUNT - 1])
def test_a_removed_event_is_named(sealed, seq):
    event = f"(SELECT event_id FROM audit_link WHERE seq = {seq})"
    with_the_key_off(f"DELETE FROM audit_event WHERE id = {event}")
    assert [fault.seq for fault in check()] == [seq]


def with_the_key_off(*statements):
    """On SQLite foreign keys are a setting of the connection; on PostgreSQL they go with the triggers."""
    engine = session.get_bind()
    if engine.dialect.name != "sqlite":
        tamper(*statements)
        return
    with engine.connect() as connection:
        connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")
        for statement in (*lifted("sqlite"), *statements):
            connection.exec_driver_sql(statement)
        connection.commit()
        connection.connection.driver_connection.execute("PRAGMA foreign_keys=ON")


@pytest.mark.parametrize("seq", [1, 5, COUNT - 1])
def test_an_event_that_is_removed_with_its_seal_leaves_a_gap(sealed, seq):
    [link] = [each for each in every(sa.select(AuditLink)) if each.seq == seq]
    tamper(f"DELETE FROM audit_link WHERE seq = {seq}", f"DELETE FROM audit_event WHERE id = {link.event_id}")
    [fault] = check()
    assert (fault.seq, fault.words) == (seq, f"seal {seq} is gone")


def test_one_that_closes_the_gap_is_found_by_the_next_hash(sealed):
    tamper("DELETE FROM audit_link WHERE seq = 5")
    tamper(*(f"UPDATE audit_link SET seq = {seq - 1} WHERE seq = {seq}" for seq in range(6, COUNT + 1)))
    assert check()[0].seq == 5


@pytest.mark.parametrize("what", ["event_id", "hash", "seq"])
def test_swapped_seals_are_named(sealed, what):
    links = {each.seq: each for each in every(sa.select(AuditLink))}
    if what == "seq":
        tamper(*(f"UPDATE audit_link SET seq = {new} WHERE seq = {old}" for old, new in ((3, 100), (7, 3), (100, 7))))
    elif what == "hash":
        tamper(*(f"UPDATE audit_link SET hash = '{links[b].hash}' WHERE seq = {a}" for a, b in ((3, 7), (7, 3))))
    else:
        write()  # an event that has no seal lends its id meanwhile
        spare = max(event.id for event in every(AuditEvent))
        ids = ((3, spare), (7, links[3].event_id), (3, links[7].event_id))
        tamper(*(f"UPDATE audit_link SET event_id = {id_} WHERE seq = {seq}" for seq, id_ in ids))
    assert check()[0].seq == 3


def test_a_tail_that_is_cut_off_is_found_by_a_head_kept_elsewhere(sealed):
    kept = head_at(COUNT)
    cut_off(7)
    assert check() == [], "the chain itself is whole"
    [fault] = check([kept])
    assert fault.seq == 7
    assert f"ends at seal 6, but the head of {utc_now():%Y-%m-%d} is of seal {COUNT}" in fault.words
    [fault] = check(hashes=[kept.hash])
    assert kept.hash in fault.words
    write(5)
    seal_waiting()
    assert [fault.seq for fault in check([kept])] == [1], "what was written since does not hide it"


def cut_off(first):
    links = every(sa.select(AuditLink).where(AuditLink.seq >= first))
    ids = ", ".join(str(link.event_id) for link in links)
    tamper(f"DELETE FROM audit_link WHERE seq >= {first}", f"DELETE FROM audit_event WHERE id IN ({ids})")


def test_a_chain_that_is_sealed_anew_is_found_by_a_head_kept_elsewhere(sealed):
    kept = [head_at(2), head_at(6), head_at(COUNT)]
    tamper(
        "UPDATE audit_event SET action = 'user.logged_out' WHERE id = (SELECT event_id FROM audit_link WHERE seq = 4)"
    )
    seal_anew(4)
    assert check() == [], "the chain itself is whole"
    [fault] = check(kept)
    assert fault.seq == 3, "the first one after the last head that agrees"
    assert f"the head of {utc_now():%Y-%m-%d} is not the hash of seal 6" in fault.words
    assert check(kept[:1]) == []
    assert len(check(hashes=[kept[2].hash])) == 1


def test_events_that_wait_for_ten_minutes_are_told(database, monkeypatch):
    write(2)
    assert check() == []
    monkeypatch.setattr(chain, "utc_now", lambda: utc_now() + timedelta(minutes=11))
    [fault] = check()
    assert fault.words.startswith("2 events not sealed, the oldest of 20")
    assert seal_waiting() == 2
    assert check() == []


def test_an_event_that_was_long_in_coming_is_sealed_by_the_daily_sweep(sealed):
    with unit_of_work() as own:
        own.add(AuditEvent(action="user.logged_in", at=utc_now() - timedelta(days=3), detail={}))
    assert seal_waiting() == 0
    assert seal_waiting(everything=True) == 1
    assert check() == []


def test_an_event_that_commits_after_a_later_one_is_not_lost(database):
    """Only PostgreSQL lets two write at once: ids are given when a row is written, not when it is committed."""
    if database.dialect.name == "sqlite":
        pytest.skip("one writer at a time")
    with scope() as slow:
        record("user.logged_in", by=None)
        slow.flush()
        worker = threading.Thread(target=in_this_portal(lambda: (write(2), seal_waiting())))
        worker.start()
        worker.join()
        slow.commit()
    assert seal_waiting() == 1
    sealed = every(sa.select(AuditLink.event_id).order_by(AuditLink.seq))
    assert sealed != sorted(sealed)
    assert check() == []


def test_two_who_seal_at_once_seal_each_event_once(database, monkeypatch):
    monkeypatch.setattr("commands.batchwise.sealing.BATCH", 7)
    write(60)
    together, counts = threading.Barrier(4), []

    @in_this_portal
    def seal():
        together.wait()
        counts.append(seal_waiting())

    sealers = [threading.Thread(target=seal) for _ in range(4)]
    for each in sealers:
        each.start()
    for each in sealers:
        each.join()
    assert sum(counts) == 60
    assert [link.seq for link in every(sa.select(AuditLink).order_by(AuditLink.seq))] == list(range(1, 61))
    assert check() == []


@pytest.mark.parametrize("table", ["audit_event", "audit_link"])
@pytest.mark.parametrize("act", ["DELETE FROM {0}", "UPDATE {0} SET {1} = {1}"])
def test_the_database_refuses_to_change_or_remove_either(sealed, database, table, act):
    column = {"audit_event": "action", "audit_link": "hash"}[table]
    with pytest.raises(sa.exc.DBAPIError, match="never changes"), database.begin() as connection:
        connection.exec_driver_sql(act.format(table, column))


def test_the_model_refuses_it_as_well(sealed):
    with pytest.raises(RuntimeError, match="a AuditLink is never changed"), unit_of_work() as own:
        own.scalars(sa.select(AuditLink)).first().hash = START


def test_the_form_that_is_sealed_is_the_same_on_every_database(database):
    """A change of it would break every seal there is."""
    at = datetime(2019, 10, 2, 20, 14, 0, 120, tzinfo=UTC)
    with unit_of_work() as own:
        own.add(AuditEvent(id=7, at=at, action="payment.confirmed", subject="scheduled_payment:3", detail=DETAIL))
    seal_waiting(everything=True)
    with scope() as own:
        row = own.execute(sa.select(*chain._COLUMNS)).one()
    assert chain.canonical(row) == (
        '[7,"2019-10-02T20:14:00.000120+00:00","payment.confirmed",null,null,"scheduled_payment:3",'
        '{"a":[1,null,true],"total_pence":-5,"z":"\\u00fc\\ud83d\\ude42"}]'
    )
    assert head_at(1).hash == "619cb8ab9c9cef5861f55b83f9ff184f89beaa0c10fd7db701b69c269d31866e"


DETAIL = {"z": "ü🙂", "total_pence": -5, "a": [1, None, True]}


@pytest.mark.parametrize("line", ["", "2026-11-22T02:00:00Z 5", "yesterday 5 " + START, "2026-11-22T02:00:00Z 5 ab"])
def test_a_line_that_is_no_head_is_refused(line):
    with pytest.raises(ValueError):  # noqa: PT011 - whichever part it is
        Head.parse(line)


def test_a_head_is_read_as_it_was_written():
    written = Head(utc_now().replace(microsecond=0), 12, "ab" * 32)
    assert Head.parse(str(written)) == written
