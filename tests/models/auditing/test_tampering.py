"""R15: a thousand ways of tampering with a sealed audit, each undone again; each is found where it begins."""

import random

import pytest
import sqlalchemy as sa

from commands.batchwise.sealing import seal_waiting
from models.audit import AuditEvent, record
from models.auditing import chain
from models.auditing.chain import START, AuditLink, Head
from models.base import scope, session, utc_now
from tests.support.rows import every, unit_of_work

COUNT = 40
TRIES = 200
"""Of each of the five ways."""


@pytest.fixture
def sealed(database):
    """Forty sealed events, without what guards them; all hashes, with START before the first."""
    with unit_of_work():
        for number in range(COUNT):
            record("payment.confirmed", by=None, number=number)
    seal_waiting()
    with database.begin() as connection:
        for table in ("audit_event", "audit_link"):
            for act in ("update", "delete"):
                connection.exec_driver_sql(f"DROP TRIGGER {table}_{act}")
    return [START, *every(sa.select(AuditLink.hash).order_by(AuditLink.seq))]


def faults(statements, heads=()):
    """What is found after these, all of which are undone again."""
    with scope() as own:
        connection = own.connection()
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        for statement in statements:
            connection.exec_driver_sql(statement)
        found = list(chain.check(heads))
        session.rollback()
    return found


def flip(dice, sealed):
    """One bit, of a hash or of an event."""
    seq = dice.randint(1, COUNT)
    if dice.random() < 0.5:
        bit = 1 << dice.randrange(256)
        return seq, [f"UPDATE audit_link SET hash = '{int(sealed[seq], 16) ^ bit:064x}' WHERE seq = {seq}"]
    at, bit = dice.randrange(8), 1 << dice.randrange(7)
    action = "".join(chr(ord(each) ^ bit) if n == at else each for n, each in enumerate("payment.confirmed"))
    event = f"(SELECT event_id FROM audit_link WHERE seq = {seq})"
    return seq, [f"UPDATE audit_event SET action = '{action.replace(chr(39), chr(39) * 2)}' WHERE id = {event}"]


def delete(dice, sealed):
    """Events with their seals, or without."""
    first = dice.randint(1, COUNT - 1)
    seqs = f"seq BETWEEN {first} AND {dice.randint(first, COUNT - 1)}"
    events = f"DELETE FROM audit_event WHERE id IN (SELECT event_id FROM audit_link WHERE {seqs})"
    return first, [events, *([f"DELETE FROM audit_link WHERE {seqs}"] if dice.random() < 0.5 else [])]


def swap(dice, sealed):
    """Two seals, or what two events say."""
    one, other = sorted(dice.sample(range(1, COUNT + 1), 2))
    if dice.random() < 0.5:
        steps = ((one, 1_000), (other, one), (1_000, other))
        return one, [f"UPDATE audit_link SET seq = {new} WHERE seq = {old}" for old, new in steps]
    steps = ((one, other), (other, one))
    return one, [
        f"UPDATE audit_event SET detail = '{{\"number\": {b - 1}}}' "
        f"WHERE id = (SELECT event_id FROM audit_link WHERE seq = {a})"
        for a, b in steps
    ]


@pytest.mark.parametrize("way", [flip, delete, swap])
def test_the_first_seal_that_is_touched_is_named(sealed, way):
    dice = random.Random(15)
    for _ in range(TRIES):
        seq, statements = way(dice, sealed)
        assert faults(statements)[0].seq == seq, statements
    assert faults([]) == []


def test_a_tail_that_is_cut_off_is_caught_by_the_head_kept_elsewhere(sealed):
    dice, head = random.Random(15), Head(utc_now(), COUNT, sealed[COUNT])
    for _ in range(TRIES):
        first = dice.randint(1, COUNT)
        events = f"DELETE FROM audit_event WHERE id IN (SELECT event_id FROM audit_link WHERE seq >= {first})"
        statements = [events, f"DELETE FROM audit_link WHERE seq >= {first}"]
        assert faults(statements) == []
        assert [fault.seq for fault in faults(statements, [head])] == [first]


def test_a_chain_that_is_sealed_anew_is_caught_by_a_head_kept_elsewhere(sealed):
    dice = random.Random(15)
    rows = every_event()
    for _ in range(TRIES):
        first, kept = dice.randint(1, COUNT), sorted(dice.sample(range(1, COUNT + 1), 5))
        heads = [Head(utc_now(), seq, sealed[seq]) for seq in kept]
        statements = [f"UPDATE audit_event SET action = 'payment.rejected' WHERE id = {rows[first - 1].id}"]
        before = sealed[first - 1]
        for seq, row in enumerate(rows[first - 1 :], start=first):
            if seq == first:
                row = changed(row)
            before = chain.seal_of(before, row)
            statements.append(f"UPDATE audit_link SET hash = '{before}' WHERE seq = {seq}")
        assert faults(statements) == []
        agreeing = [seq for seq in kept if seq < first]
        expected = [max(agreeing, default=0) + 1] if len(agreeing) < len(kept) else []
        assert [fault.seq for fault in faults(statements, heads)] == expected


def every_event():
    with scope() as own:
        query = sa.select(*chain._COLUMNS).join(AuditLink, AuditLink.event_id == AuditEvent.id)
        return own.execute(query.order_by(AuditLink.seq)).all()


def changed(row):
    return AuditEvent(**{**row._asdict(), "action": "payment.rejected"})
