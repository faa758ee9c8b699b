"""Files of a record: how many, how large, whose, and what the virus scanner says of them."""

import pytest

from models.audit import AuditEvent
from models.base import DomainError, session
from models.correspondence.attachment import (
    LARGEST_PROVIDER,
    MOST_FILES,
    Attachment,
    FileState,
    Taken,
    by_piece,
    found_infected,
    keep,
)
from models.correspondence.file_kind import MEGABYTE, FileKind, in_megabytes
from models.outbox import OutboxMessage
from models.permissions import Role
from tests.factories import make_contact, make_provider, make_staff, make_user
from tests.support.rows import every, reading, unit_of_work

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]


@pytest.fixture
def provider():
    return make_provider()


@pytest.fixture
def thread(provider):
    """A record that has a provider; which one makes no difference."""
    return make_contact(provider)


@pytest.fixture
def person(provider):
    return make_user(Role.FINANCE, provider)


def file(name="IMG_0001.JPG", size=1_000, **more):
    return Taken("ab" * 32, name, FileKind.JPEG, size, **more)


def kept(holder, by, *files, piece=None, tenant=None):
    with unit_of_work(tenant or holder.provider_id):
        return keep(files, for_=holder, piece=piece, by=by)


def test_two_files_of_one_name_are_both_kept_in_the_order_in_which_they_came(thread, person):
    kept(thread, person, file(), file("plan.pdf"), file())
    found = every(Attachment.of(thread))
    assert [each.name for each in found] == ["IMG_0001.JPG", "plan.pdf", "IMG_0001.JPG"]
    assert all((each.is_open, each.made_by_id) == (True, person.id) for each in found)


def test_a_file_is_found_only_by_its_own_record(provider, thread, person):
    [own] = kept(thread, person, file())
    other_piece, elsewhere = make_contact(provider), make_contact(make_provider())
    for holder in (provider_like(thread, "provider_service"), other_piece, elsewhere):
        assert every(Attachment.one_of(holder, own.id)) == []
    assert [each.id for each in every(Attachment.one_of(thread, own.id))] == [own.id]
    with reading(elsewhere.provider_id) as rows:
        assert rows.scalars(Attachment.of(thread)).all() == []


def provider_like(thread, table):
    class Other:
        __tablename__ = table
        id, provider_id = thread.id, thread.provider_id

    return Other()


def test_files_go_with_the_part_of_the_record_that_they_came_with(provider, thread, person):
    first, second = make_contact(provider), make_contact(provider)
    kept(thread, person, file("1.jpg"), piece=first)
    kept(thread, person, file("2.jpg"), file("3.jpg"), piece=second)
    kept(thread, person, file("4.jpg"))
    found = by_piece(every(Attachment.of(thread)))
    names = {piece: [each.name for each in files] for piece, files in found.items()}
    assert names == {first.id: ["1.jpg"], second.id: ["2.jpg", "3.jpg"], None: ["4.jpg"]}


def test_twenty_files_are_the_most_of_a_whole_record(provider, thread, person):
    kept(thread, person, *[file()] * 15, piece=make_contact(provider))
    with pytest.raises(DomainError, match="There can be 20 files here. It has 15 already"):
        kept(thread, person, *[file()] * 6)
    assert len(every(Attachment)) == 15
    kept(thread, person, *[file()] * 5)
    assert len(every(Attachment)) == MOST_FILES
    kept(make_contact(provider), person, file())


def test_a_provider_has_room_for_five_hundred_megabytes_whoever_sends_them(provider, thread, person):
    officer = make_staff()
    for _ in range(2):
        kept(make_contact(provider), officer, *[file(size=10 * MEGABYTE)] * 20, tenant="every provider")
    kept(thread, person, *[file(size=10 * MEGABYTE)] * 9, file(size=10 * MEGABYTE - 1))
    with pytest.raises(DomainError, match="files come to 500 MB, and 500 MB is all there is room for"):
        kept(thread, person, file(size=2))
    kept(thread, person, file(size=1))
    assert sum(each.size for each in every(Attachment)) == LARGEST_PROVIDER
    other = make_contact(make_provider())
    kept(other, officer, file(), tenant="every provider")


def test_nothing_attached_is_nothing_written(thread, person):
    assert kept(thread, person) == []


def test_a_file_that_waits_for_the_scanner_is_opened_by_nobody(thread, person):
    kept(thread, person, file(is_pending=True))
    [found] = every(Attachment.pending())
    with pytest.raises(DomainError, match="still being checked for viruses"):
        found.insist_on_being_open()
    assert verdict(found, Attachment.found_clean)
    [found] = every(Attachment)
    found.insist_on_being_open()
    assert found.scanned_at is not None
    assert not verdict(found, Attachment.found_clean)
    assert every(OutboxMessage) == []


def test_who_sent_a_virus_is_told_and_no_name_of_the_file_is(thread, person):
    kept(thread, person, file("Bart Simpson.jpg", is_pending=True))
    [found] = every(Attachment.pending())
    for _ in range(2):
        with unit_of_work():
            found_infected(found.sha256, "")
    assert not verdict(found, Attachment.found_clean)
    [found] = every(Attachment)
    assert found.state is FileState.INFECTED
    with pytest.raises(DomainError, match="held a virus and has been removed"):
        found.insist_on_being_open()
    [mail] = every(OutboxMessage)
    assert mail.to == person.email
    assert "Bart" not in mail.subject + mail.body
    assert [each.action for each in every(AuditEvent)] == ["file.infected"]


def verdict(found, verb):
    with unit_of_work():
        return verb(session.get_one(Attachment, found.id, populate_existing=True))


def test_sizes_are_said_as_people_say_them():
    assert [in_megabytes(size) for size in (1, 1_499, 999_999, 1_000_000, 40_000_000, 10_049_999)] == [
        "1 KB", "1 KB", "1000 KB", "1 MB", "40 MB", "10 MB",
    ]  # fmt: skip
