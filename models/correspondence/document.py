"""Contract documents: service agreements, terms and conditions and others, version by version.

docs/document-states.md has the table of their states. The verbs are in models.correspondence.documents.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.accounts.user import User
from models.base import AsJSON, Base, Key, insert_first, utc_now
from models.calendar import in_words
from models.correspondence.attachment import Attachment
from models.correspondence.paper import Paper, canonical, sha256_of
from models.records.care_package import CarePackageLineItem
from models.records.contract import Contract
from models.records.provider import Provider
from models.tenancy import ProviderOwned, every_provider, owned
from models.words import Choice


class DocumentKind(Choice):
    SERVICE_AGREEMENT = "service_agreement"
    TERMS = "terms"
    OTHER = "other"

    @property
    def label(self) -> str:
        return _KINDS[self]


_KINDS = {
    DocumentKind.SERVICE_AGREEMENT: "Individual Service Agreement",
    DocumentKind.TERMS: "Terms and conditions",
    DocumentKind.OTHER: "Other document",
}


class DocumentState(Choice):
    DRAFT = "draft"
    """The council alone sees it."""
    PUBLISHED = "published"
    """It waits for the provider's answer."""
    AGREED = "agreed"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    """A later version was published, or it was agreed on paper, while it waited; or a later one was agreed after it."""
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> str:
        return self.value.capitalize()


STATEMENT = (
    "I am authorised to bind {provider}. By agreeing I enter into this contract with {council} on its behalf. "
    "It is binding, and I cannot take it back in the portal."
)


@dataclass(frozen=True, slots=True)
class Act:
    """What is kept of an agreement: who agreed to which version and bytes, in which words, when, and from where."""

    document_id: int
    kind: str
    title: str
    version: int
    sha256: str
    file_sha256: str
    statement: str
    user_id: int
    user: str
    email: str
    role: str
    provider: str
    provider_reference: str
    at: str
    """ISO 8601, UTC."""
    proved_by: str
    """What they gave again: their password, or the second step of their log-in."""
    address: str
    """The network address."""
    agent: str
    """What the browser calls itself."""
    session_sha256: str

    @property
    def sha256_of_act(self) -> str:
        return sha256_of(self.as_dict())

    @property
    def text(self) -> str:
        return canonical(self.as_dict())

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> Self:
        return cls(**row)


class ContractDocument(ProviderOwned, Base):
    """One version. Versions of the same thing share a `series`, and are counted from 1."""

    __tablename__ = "contract_document"
    __table_args__ = owned(
        sa.UniqueConstraint("series", "version"),
        sa.CheckConstraint("version > 0", name="version"),
        sa.CheckConstraint(
            "(state <> 'draft' OR published_at IS NULL) "
            "AND (state IN ('draft', 'withdrawn') OR published_at IS NOT NULL)",
            name="published",
        ),
        sa.CheckConstraint("(published_at IS NULL) = (published_by_id IS NULL)", name="published_by"),
        sa.CheckConstraint(
            "(state NOT IN ('rejected', 'withdrawn') OR reason <> '') "
            "AND (state IN ('rejected', 'withdrawn', 'superseded') OR reason = '')",
            name="reason",
        ),
        sa.CheckConstraint("(state IN ('draft', 'published')) = (decided_at IS NULL)", name="decided"),
        sa.CheckConstraint("agreed_at IS NULL OR state IN ('agreed', 'superseded')", name="agreed_stays"),
        sa.CheckConstraint("state <> 'agreed' OR agreed_at IS NOT NULL", name="agreed"),
        sa.CheckConstraint("(agreed_at IS NULL) = (agreed_by_id IS NULL)", name="agreed_by"),
        sa.CheckConstraint("NOT is_deed OR agreed_at IS NULL", name="deed"),
        sa.CheckConstraint("(kind = 'service_agreement') = (item_id IS NOT NULL)", name="of_item"),
        contract_id="contract",
        item_id="care_package_line_item",
    )

    id: Mapped[Key]
    kind: Mapped[DocumentKind]
    title: Mapped[str]
    series: Mapped[str]
    version: Mapped[int]
    contract_id: Mapped[int | None] = mapped_column(index=True)
    item_id: Mapped[int | None] = mapped_column(index=True)
    client_id: Mapped[int | None] = mapped_column(sa.ForeignKey("client.id"), index=True)
    is_deed: Mapped[bool] = mapped_column(default=False)
    """It is signed on paper before a witness: it can be read here, and not agreed."""
    paper: Mapped[Paper | None] = mapped_column(AsJSON(Paper))
    """What it says, of one that the portal makes; None of a file."""
    sha256: Mapped[str]
    """Of the paper's facts, or of the file."""
    file_sha256: Mapped[str] = mapped_column(default="")
    """Of the file that people save: the PDF made from the paper, or what was uploaded. Empty where there is none."""
    file_name: Mapped[str] = mapped_column(default="")
    """What the uploaded file was called."""
    state: Mapped[DocumentState] = mapped_column(default=DocumentState.DRAFT, index=True)
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    made_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    published_at: Mapped[datetime | None]
    published_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    updated_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    """When its state changed last: what "Updated Since" goes by."""
    chased_at: Mapped[datetime | None]
    """When the provider's people were last reminded."""
    agreed_at: Mapped[datetime | None]
    agreed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    act: Mapped[Act | None] = mapped_column(AsJSON(Act))
    decided_at: Mapped[datetime | None]
    """When it was agreed or rejected, or ceased to wait: superseded or withdrawn."""
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    reason: Mapped[str] = mapped_column(default="")
    """Why the provider rejected it, or the council withdrew it, or that a paper has taken its place."""

    provider: Mapped[Provider] = relationship(lazy="raise", viewonly=True)
    contract: Mapped[Contract | None] = relationship(lazy="raise", viewonly=True)
    item: Mapped[CarePackageLineItem | None] = relationship(lazy="raise", viewonly=True)
    made_by: Mapped[User] = relationship(lazy="raise", viewonly=True, foreign_keys=made_by_id)
    published_by: Mapped[User | None] = relationship(lazy="raise", viewonly=True, foreign_keys=published_by_id)
    decided_by: Mapped[User | None] = relationship(lazy="raise", viewonly=True, foreign_keys=decided_by_id)

    @hybrid_property
    def is_waiting(self) -> bool:
        """The provider can agree to it or reject it."""
        return self.state == DocumentState.PUBLISHED

    @hybrid_property
    def is_published(self) -> bool:
        """The provider has been able to see it."""
        return self.published_at is not None

    @is_published.inplace.expression
    @classmethod
    def _is_published(cls) -> sa.ColumnElement[bool]:
        return cls.published_at.is_not(None)

    @property
    def has_been_agreed(self) -> bool:
        return self.agreed_at is not None

    @property
    def can_be_agreed(self) -> bool:
        return self.is_waiting and not self.is_deed

    @property
    def name(self) -> str:
        """Title and version, as a list and a mail name it; no client is named."""
        return f"{self.title}, version {self.version}"

    @property
    def why_not(self) -> str:
        """Why it cannot be agreed now, in words for who would; empty where it can."""
        on = in_words(self.decided_at) if self.decided_at else ""
        if self.is_waiting:
            return DEED if self.is_deed else ""
        if self.state is DocumentState.AGREED:
            return f"{self.act.user if self.act else 'A colleague'} agreed to it on {on}. It is done"
        if self.state is DocumentState.REJECTED:
            return f"It was rejected on {on}. The council answers with a new version"
        if self.state is DocumentState.SUPERSEDED and self.reason:
            return f"{self.reason}. Nothing is asked of you"
        if self.state is DocumentState.SUPERSEDED:
            return "A newer version has taken its place. Look at what differs, and answer that one"
        return f"The council withdrew it on {on}. Nothing is asked of you" if on else "It is not published"

    @classmethod
    def numbered(cls, document_id: int) -> Select["ContractDocument"]:
        return select(cls).where(cls.id == document_id).options(*cls.whole())

    @classmethod
    def with_people(cls, document_id: int) -> Select["ContractDocument"]:
        """The one, with who made, published and decided it."""
        people = (sa.orm.joinedload(each) for each in (cls.made_by, cls.published_by, cls.decided_by))
        return cls.numbered(document_id).options(*people)

    @classmethod
    def at_provider(cls, document_id: int) -> Select["ContractDocument"]:
        """The one, if the provider of this session may see it: drafts are the council's."""
        return cls.numbered(document_id).where(cls.is_published)

    @classmethod
    def without_file(cls) -> Select[int]:
        """Ids of those that were published and have no file: there is none."""
        file = select(Attachment.id).where(Attachment.holder == cls.__tablename__, Attachment.holder_id == cls.id)
        return select(cls.id).where(cls.is_published, ~file.correlate(cls).exists()).order_by(cls.id)

    @classmethod
    def agreed(cls) -> sa.ColumnElement[bool]:
        """A condition: it was agreed, if only once."""
        return cls.agreed_at.is_not(None)

    @classmethod
    def whole(cls) -> tuple[Any, ...]:
        return (
            sa.orm.joinedload(cls.provider), sa.orm.joinedload(cls.contract), sa.orm.joinedload(cls.item),
        )  # fmt: skip

    @classmethod
    def versions(cls, series: str) -> Select["ContractDocument"]:
        """All of a series, the newest first."""
        return select(cls).where(cls.series == series).order_by(cls.version.desc())

    @classmethod
    def in_force(cls, series: str) -> Select["ContractDocument"]:
        """The version that holds: the last one agreed."""
        return cls.versions(series).where(cls.state == DocumentState.AGREED).limit(1)

    @classmethod
    def newest_published(cls, series: str) -> Select["ContractDocument"]:
        return cls.versions(series).where(cls.is_published).limit(1)


DEED = "This is a deed. Read it here, and sign the copy that the council sends you: on paper, before a witness"


class DocumentOpening(ProviderOwned, Base):
    """A person has had this version open, first at this moment: without that nobody agrees to it."""

    __tablename__ = "document_opening"
    __table_args__ = owned(sa.UniqueConstraint("document_id", "user_id"), document_id="contract_document")

    id: Mapped[Key]
    document_id: Mapped[int]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    opened_at: Mapped[datetime] = mapped_column(default=utc_now)

    @classmethod
    def note(cls, document: ContractDocument, user_id: int) -> None:
        """Keep that this person has opened it. In a transaction of its own, for a GET."""
        own = {"provider_id": document.provider_id, "document_id": document.id}
        with every_provider():  # what an INSERT of values is about cannot be read from it
            insert_first(cls, **own, user_id=user_id, opened_at=utc_now())

    @classmethod
    def by_whom(cls, document_id: int) -> Select:
        """Who has had it open, the first one first: name and moment."""
        named = select(User.name, cls.opened_at).join(User, User.id == cls.user_id)
        return named.where(cls.document_id == document_id).order_by(cls.opened_at, cls.id)

    @classmethod
    def of(cls, document_ids: list[int], user_id: int) -> Select[int]:
        """Ids of those among the documents that this person has opened."""
        return select(cls.document_id).where(cls.document_id.in_(document_ids), cls.user_id == user_id)
