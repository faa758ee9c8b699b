"""What is written in an action: posts, which both sides read, and internal notes, which a provider never reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Select, select, update
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from models.accounts.user import User
from models.base import Base, DomainError, Key, rows_changed, session, utc_now
from models.correspondence.action import Side
from models.correspondence.action_type import ActionTeam
from models.statements import built_once
from models.tenancy import ProviderOwned, owned, restrict
from models.words import Choice

MOST_CHARACTERS = 7_500
LONGEST_TITLE = 150


class PostKind(Choice):
    """What somebody has done with the action as they wrote."""

    OPENED = "opened"
    COMMENT = "comment"
    REPLY = "reply"
    CLOSURE = "closure"
    NOT_SOLVED = "not_solved"
    PASSED_ON = "passed_on"
    CLOSED = "closed"
    REOPENED = "reopened"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    PostKind.OPENED: "Created the action",
    PostKind.COMMENT: "Comment",
    PostKind.REPLY: "Reply",
    PostKind.CLOSURE: "Asked to close",
    PostKind.NOT_SOLVED: "Not solved",
    PostKind.PASSED_ON: "Passed to another team",
    PostKind.CLOSED: "Closed",
    PostKind.REOPENED: "Opened again",
}


class ActionPost(ProviderOwned, Base):
    __tablename__ = "action_post"
    __table_args__ = owned(
        sa.CheckConstraint("(seen_at IS NULL) = (seen_by_id IS NULL)", name="seen_by"), action_id="action"
    )

    id: Mapped[Key]
    action_id: Mapped[int] = mapped_column(index=True)
    kind: Mapped[PostKind]
    side: Mapped[Side]
    """Whose post it is."""
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    at: Mapped[datetime] = mapped_column(default=utc_now)
    text: Mapped[str]
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("action_team.id"))
    """The council's team that writes, or to which the provider writes."""
    is_with_provider: Mapped[bool]
    """Whether the provider held the action once it was written; else the team did."""
    seen_at: Mapped[datetime | None]
    """When the other side first opened it, ..."""
    seen_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    """... and who of it."""

    by: Mapped[User] = relationship(lazy="raise", viewonly=True, foreign_keys=by_id)
    team: Mapped[ActionTeam] = relationship(lazy="raise", viewonly=True)

    @property
    def by_name(self) -> str:
        return self.by.name

    @property
    def team_name(self) -> str:
        return self.team.name

    @property
    def assigned_to_words(self) -> str:
        return _assigned_to(self)

    @classmethod
    def of(cls, action_id: int, *, after: int = 0) -> Select["ActionPost"]:
        """In the order in which they were written; `after`: those that came after the post with this id."""
        query = select(cls).where(cls.action_id == action_id, cls.id > after)
        return query.options(joinedload(cls.by), joinedload(cls.team)).order_by(cls.id)


def _assigned_to(post: "ActionPost | ShownPost") -> str:
    return "Provider" if post.is_with_provider else f"LA ({post.team_name})"


@dataclass(frozen=True, slots=True)
class ShownPost:
    """A post as pages show it: see ActionPost."""

    id: int
    kind: PostKind
    side: Side
    at: datetime
    text: str
    is_with_provider: bool
    seen_at: datetime | None
    by_name: str
    team_name: str

    @property
    def assigned_to_words(self) -> str:
        return _assigned_to(self)


def posts_of(action_id: int) -> list[ShownPost]:
    """All of the action's, in the order in which they were written."""
    return [ShownPost(*row) for row in session.execute(_posts(), {"action_id": action_id})]


@built_once
def _posts() -> Select:
    post = ActionPost
    return (
        select(
            post.id, post.kind, post.side, post.at, post.text, post.is_with_provider, post.seen_at,
            User.name.label("by_name"), ActionTeam.name.label("team_name"),
        )
        .join(User, User.id == post.by_id)
        .join(ActionTeam, ActionTeam.id == post.team_id)
        .where(post.action_id == sa.bindparam("action_id", type_=sa.Integer()))
        .order_by(post.id)
    )  # fmt: skip


class ActionNote(Base):
    """An internal note. No query of a provider's session ever finds one, whatever it asks for."""

    __tablename__ = "action_note"

    id: Mapped[Key]
    action_id: Mapped[int] = mapped_column(sa.ForeignKey("action.id"), index=True)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    at: Mapped[datetime] = mapped_column(default=utc_now)
    text: Mapped[str]

    by: Mapped[User] = relationship(lazy="raise", viewonly=True)

    @classmethod
    def of(cls, action_id: int) -> Select["ActionNote"]:
        return select(cls).where(cls.action_id == action_id).options(joinedload(cls.by)).order_by(cls.id)


restrict(ActionNote, lambda _tenant: sa.false())


def see(action_id: int, side: Side, *, by: User) -> bool:
    """Somebody of this side opens the action: what the other side wrote is seen from now on. Whether anything was new.

    Only the first of a side counts.
    """
    new = (ActionPost.action_id == action_id, ActionPost.side == side.other, ActionPost.seen_at.is_(None))
    query = update(ActionPost).where(*new).values(seen_at=utc_now(), seen_by_id=by.id)
    return rows_changed(query, unsynced=True) > 0


def is_unseen(posts: Sequence[ActionPost | ShownPost], side: Side) -> bool:
    """Whether one of the posts is new to this side."""
    return any(each.side is side.other and each.seen_at is None for each in posts)


def tidy(text: str) -> str:
    """The text as it is kept: a line break is one character, whatever sent it; no space around it. DomainError where
    nothing is left, or it is too long.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text:
        raise DomainError("Write something first")
    if len(text) > MOST_CHARACTERS:
        raise DomainError(f"The text has {len(text):,} characters. Shorten it to {MOST_CHARACTERS:,}")
    return text
