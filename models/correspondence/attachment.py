"""Files that people attach: rows that say what each file is and whose. What is in them lies outside the database, under
its SHA-256 (exchange/files). A file is read only with the record that holds it: a thread, a document, a claim.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, TypeVar

import sqlalchemy as sa
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Mapped, mapped_column

from models.accounts.user import User
from models.audit import Actor, AuditEvent, named, record
from models.base import Base, DomainError, Key, move, session, sum_of, utc_now
from models.calendar import london_day, midnight
from models.correspondence.file_kind import MEGABYTE, FileKind, in_megabytes
from models.correspondence.unsent_file import are_sent, remember, unsent_for
from models.outbox import post
from models.records.provider import Provider
from models.statements import built_once
from models.tenancy import ProviderOwned, owned
from models.words import Choice

MOST_FILES = 20
"""Files of one record: of a whole thread, however many posts it has."""
LARGEST_PROVIDER = 500 * MEGABYTE
"""Bytes of all files of one provider, whoever has sent them."""

MISSING = (
    "This file is not where the portal keeps its files, so it cannot be opened. The council has been told, and brings "
    "it back from its backup. Try again tomorrow, or contact us"
)
MISSING_MAIL = """\
A file that the Provider Portal has on record is not in its store, or is another than it was: attachment {id}. Whoever
asked for it was told to come back.

Bring it back from the backup: ./portal verify names all such files, and docs/operations.md says what to do.
"""
REMOVED = """\
{name},

a file that you sent with the Provider Portal held a virus. We have removed it, and nobody else has opened it. Check the
device that it came from, and send the file again from one that is clean.
"""
TEAM = """\
A file that was sent with the Provider Portal held a virus. It has been removed, and who sent it has been told. The
audit of the portal says when it was, and who sent it.
"""


class FileState(Choice):
    PENDING = "pending"
    """The virus scanner has not answered yet: kept, shown, and opened by nobody."""
    READY = "ready"
    INFECTED = "infected"
    """A virus was found: the row stays, what was in it is gone."""


@dataclass(frozen=True)
class Taken:
    """A file that was looked at and lies in the store, and belongs to no record yet."""

    sha256: str
    name: str
    kind: FileKind
    size: int
    """Bytes, as it is kept: a picture is smaller than what was sent."""
    is_pending: bool = False

    def as_dict(self) -> dict[str, Any]:
        return {"sha256": self.sha256, "name": self.name, "kind": self.kind.value, "size": self.size,
                "is_pending": self.is_pending}  # fmt: skip

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> Self:
        return cls(row["sha256"], row["name"], FileKind(row["kind"]), row["size"], row["is_pending"])


class _Checked:
    """What its state says of a file."""

    state: Any

    @property
    def is_open(self) -> bool:
        """Whether it may be opened."""
        return self.state is FileState.READY

    @property
    def is_pending(self) -> bool:
        return self.state is FileState.PENDING


@dataclass(frozen=True)
class ShownFile(_Checked):
    """A file as lists show it: see Attachment."""

    id: int
    piece_id: int | None
    name: str
    kind: FileKind
    size: int
    state: FileState


class Attachment(_Checked, ProviderOwned, Base):
    """One file of one record. `holder` and `holder_id` name the record with whose permission it is read, `piece_id` the
    part of it (the post of a thread) where it has parts.
    """

    __tablename__ = "attachment"
    __table_args__ = owned(
        sa.CheckConstraint("state <> 'pending' OR scanned_at IS NULL", name="pending"),
        sa.CheckConstraint("state <> 'infected' OR scanned_at IS NOT NULL", name="infected"),
        sa.Index("ix_attachment_holder", "holder", "holder_id"),
        sa.Index("ix_attachment_sha256", "sha256"),
    )

    id: Mapped[Key]
    holder: Mapped[str]
    """The table of the record."""
    holder_id: Mapped[int]
    piece_id: Mapped[int | None]
    name: Mapped[str]
    """As the person called it, cleaned; two files of a record may have the same."""
    kind: Mapped[FileKind]
    size: Mapped[int]
    """Bytes."""
    sha256: Mapped[str]
    """In hexadecimal: where what is in it lies."""
    state: Mapped[FileState] = mapped_column(index=True)
    scanned_at: Mapped[datetime | None]
    """When the virus scanner gave its verdict; None where it has not, or the council has none."""
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    made_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))

    def insist_on_being_open(self) -> None:
        """DomainError where it may not be opened, with what to do."""
        if self.state is FileState.PENDING:
            raise DomainError("This file is still being checked for viruses. Try again in a few minutes")
        if self.state is FileState.INFECTED:
            raise DomainError("This file held a virus and has been removed. Ask for it to be sent again")

    @classmethod
    def of(cls, holder: Base) -> Select["Attachment"]:
        """All files of the record, in the order in which they were sent."""
        return cls._whose(holder).order_by(cls.id)

    @classmethod
    def one_of(cls, holder: Base, attachment_id: int) -> Select["Attachment"]:
        """The file of that number, if it is the record's: for `get_or_404`, after the record itself."""
        return cls._whose(holder).where(cls.id == attachment_id)

    @classmethod
    def _whose(cls, holder: Base) -> Select["Attachment"]:
        return select(cls).where(
            cls.provider_id == _provider_of(holder), cls.holder == holder.__tablename__, cls.holder_id == holder.id
        )

    @classmethod
    def pending(cls) -> Select["Attachment"]:
        """Those that wait for the virus scanner, the oldest first."""
        return select(cls).where(cls.state == FileState.PENDING).order_by(cls.id)

    @classmethod
    def kept(cls) -> Select:
        """Of each file whose content should be there: id, table and id of its record, and SHA-256."""
        columns = cls.id, cls.holder, cls.holder_id, cls.sha256
        return select(*columns).where(cls.state != FileState.INFECTED).order_by(cls.id)

    def found_clean(self) -> bool:
        """The scanner has found nothing; False where somebody else has written its verdict already."""
        return move(self, Attachment.state == FileState.PENDING, state=FileState.READY, scanned_at=utc_now())


def found_infected(sha256: str, team: str) -> None:
    """The scanner has found a virus in what lies under this hash: nobody opens a file with it any more, and whoever has
    sent one is told, and the team.
    """
    is_new = (Attachment.sha256 == sha256, Attachment.state != FileState.INFECTED)
    found = session.scalars(select(Attachment).where(*is_new).order_by(Attachment.id)).all()
    for each in found:
        if move(each, Attachment.state != FileState.INFECTED, state=FileState.INFECTED, scanned_at=utc_now()):
            record("file.infected", each, by=None)
            sender = session.scalars(select(User).where(User.id == each.made_by_id)).one()
            if sender.is_active:
                post(sender.email, "A file that you sent was removed", REMOVED.format(name=sender.name))
    if found and team:
        post(team, "A file held a virus", TEAM)


def tell_of_missing(attachment: Attachment, team: str) -> None:
    """What is in this file is not in the store: tell the team, once a day for each file."""
    event, today = AuditEvent, midnight(london_day(utc_now()))
    told = select(event.id).where(event.action == "file.missing", event.subject == named(attachment), event.at >= today)
    if session.scalar(told.limit(1)) is None:
        record("file.missing", attachment, by=None)
        if team:
            post(team, "A file is missing", MISSING_MAIL.format(id=attachment.id))


def has_any(sha256: str) -> bool:
    """Whether a record has the file with this hash, for clearing away."""
    return session.scalar(select(Attachment.id).where(Attachment.sha256 == sha256).limit(1)) is not None


def keep(files: Sequence[Taken], *, for_: Base, piece: Base | None = None, by: Actor) -> list[Attachment]:
    """Attach the files to the record `for_`, which has a provider: to its part `piece` where it has parts. Permission
    to read `for_` is permission to read them. Call it in the verb that writes the record, which the caller audits.

    DomainError, and nothing is attached, where the record would have more than MOST_FILES, or its provider more than
    LARGEST_PROVIDER.
    """
    if not files:
        return []
    session.flush()  # for the numbers of records that are new
    provider_id = _provider_of(for_)
    session.scalars(Provider.numbered(provider_id)).one().one_at_a_time()
    _insist_on_room(files, for_, provider_id, by)
    made = [
        Attachment(
            provider_id=provider_id, holder=for_.__tablename__, holder_id=for_.id, piece_id=piece.id if piece else None,
            name=each.name, kind=each.kind, size=each.size, sha256=each.sha256, made_by_id=by.id,
            state=FileState.PENDING if each.is_pending else FileState.READY,
        )
        for each in files
    ]  # fmt: skip
    session.add_all(made)
    session.flush()
    are_sent(files, user_id=by.id)
    return made


def remember_unsent(files: Sequence[Taken], *, user_id: int, provider_id: int | None) -> None:
    """These came with a form. What no record has from this person by now counts as not sent."""
    theirs = select(Attachment.sha256).where(
        Attachment.made_by_id == user_id, Attachment.sha256.in_([each.sha256 for each in files])
    )
    attached = set(session.scalars(theirs))
    left = [each for each in files if each.sha256 not in attached]
    remember(left, user_id=user_id, provider_id=provider_id)


def _insist_on_room(files: Sequence[Taken], for_: Base, provider_id: int, by: Actor) -> None:
    count = session.scalar(select(func.count()).select_from(Attachment.of(for_).order_by(None).subquery())) or 0
    if count + len(files) > MOST_FILES:
        has = f" It has {count} already." if count else ""
        raise DomainError(f"There can be {MOST_FILES} files here.{has} Take some of these away, then send it again")
    size = session.scalar(select(sum_of(Attachment.size)).where(Attachment.provider_id == provider_id)) or 0
    size += unsent_for(provider_id, but=files, by_id=by.id)
    if size + sum(each.size for each in files) > LARGEST_PROVIDER:
        raise DomainError(
            f"This provider’s files come to {in_megabytes(size)}, and {in_megabytes(LARGEST_PROVIDER)} is all there is "
            "room for. Send it without these files, and contact us"
        )


def _provider_of(holder: Base) -> int:
    provider_id: int = holder.provider_id  # type: ignore[attr-defined]  # a ProviderOwned, which is no class of tables
    return provider_id


def files_of(holder: Base) -> list[ShownFile]:
    """As Attachment.of: those of a record."""
    of = {"provider_id": _provider_of(holder), "holder": holder.__tablename__, "holder_id": holder.id}
    return [ShownFile(*row) for row in session.execute(_files(), of)]


@built_once
def _files() -> Select:
    file = Attachment
    numbers = ((file.provider_id, "provider_id"), (file.holder_id, "holder_id"))
    return (
        select(file.id, file.piece_id, file.name, file.kind, file.size, file.state)
        .where(*(column == sa.bindparam(name, type_=sa.Integer()) for column, name in numbers))
        .where(file.holder == sa.bindparam("holder", type_=sa.Text()))
        .order_by(file.id)
    )


F = TypeVar("F", Attachment, ShownFile)


def by_piece(files: Iterable[F]) -> dict[int | None, list[F]]:
    """The files by the part of their record: `by_piece(files_of(thread))[post.id]`."""
    found: dict[int | None, list[F]] = defaultdict(list)
    for each in files:
        found[each.piece_id].append(each)
    return found


def tell_of_virus(team: str, *, by: Actor) -> None:
    """A virus was found in a file as it was sent: it was not kept, and its sender has read so. Write to the team."""
    record("file.refused_for_virus", by=by)
    if team:
        post(team, "A file held a virus", TEAM)
