"""What the worker does for files: those that wait for the scanner, and those that no record has."""

import io
import os
import time

import pytest
from sqlalchemy import update

from commands.batchwise.filing import ON_RECORD, Filing, faults_of
from exchange.files.store import UNCLAIMED_FOR, Store
from models.base import utc_now
from models.correspondence.attachment import Attachment, FileState, Taken, keep
from models.correspondence.file_kind import FileKind
from models.outbox import OutboxMessage
from models.permissions import Role
from tests.factories import make_contact, make_provider, make_user
from tests.support.files import EICAR, scanner
from tests.support.rows import every, unit_of_work

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "uploads")


@pytest.fixture
def person():
    return make_user(Role.FINANCE)


def attached(store, person, data, *, is_pending=True):
    holder, (digest, size) = make_contact(make_provider()), store.put(io.BytesIO(data))
    with unit_of_work():
        [row] = keep([Taken(digest, "a.txt", FileKind.TEXT, size, is_pending)], for_=holder, by=person)
    return row


def states():
    return [each.state for each in every(Attachment)]


def test_files_wait_until_the_scanner_answers_and_a_virus_is_gone_with_every_copy(store, person):
    attached(store, person, b"clean")
    virus = attached(store, person, b"bad" + EICAR)
    attached(store, person, b"bad" + EICAR, is_pending=False)
    Filing(store, "/nowhere/clamd.ctl", "team@council.example").scan_waiting()
    assert states() == [FileState.PENDING, FileState.PENDING, FileState.READY]
    with scanner() as address:
        for _ in range(2):
            Filing(store, address, "team@council.example").scan_waiting()
    assert states() == [FileState.READY, FileState.INFECTED, FileState.INFECTED]
    assert not store.has(virus.sha256)
    assert [mail.to for mail in every(OutboxMessage)] == [person.email, person.email, "team@council.example"]


def test_without_a_scanner_nothing_waits(store, person):
    attached(store, person, b"clean")
    Filing(store, "", "").when_due()
    assert states() == [FileState.READY]


def test_what_no_record_has_is_cleared_away(store, person):
    kept = attached(store, person, b"kept").sha256
    left, _ = store.put(io.BytesIO(b"left"))
    for digest in (kept, left):
        os.utime(store.path(digest), (time.time() - UNCLAIMED_FOR - 9,) * 2)
    assert Filing(store, "", "").clear_away() == 1
    assert (store.has(kept), store.has(left)) == (True, False)


def test_a_file_that_is_not_in_the_store_keeps_no_other_waiting(store, person):
    store.remove(attached(store, person, b"gone").sha256)
    attached(store, person, b"clean")
    with scanner() as address:
        Filing(store, address, "").scan_waiting()
    assert states() == [FileState.PENDING, FileState.READY]


def test_what_is_not_in_the_store_or_is_something_else_is_named_and_a_virus_that_went_is_not(store, person):
    kept, gone, other, virus = (attached(store, person, each) for each in (b"a", b"b", b"c", b"d"))
    assert list(faults_of(store)) == []
    for each in (gone, virus):
        store.remove(each.sha256)
    store.path(other.sha256).write_bytes(b"C")
    with unit_of_work() as session:
        ended = {"state": FileState.INFECTED, "scanned_at": utc_now()}
        session.execute(update(Attachment).where(Attachment.id == virus.id).values(**ended))
    found = list(faults_of(store))
    assert {each.promise for each in found} == {ON_RECORD}
    assert [(each.ids["attachment"], each.words.partition(": ")[2]) for each in found] == [
        (gone.id, "No such file or directory"), (other.id, "what is in it is something else"),
    ]  # fmt: skip
    assert store.has(kept.sha256)
