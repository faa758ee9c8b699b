"""People who log in, and at which providers they may do what."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship
from sqlalchemy.sql.base import ExecutableOption

from models.accounts import passwords
from models.accounts.account_policy import insist_on_staff_address, policy
from models.accounts.known_device import KnownDevice
from models.accounts.web_session import WebSession
from models.audit import record
from models.base import Base, DomainError, Key, session, utc_now
from models.emails import one_form
from models.folding import folds, found_by
from models.outbox import post
from models.permissions import COUNCIL_GRANTS, GRANTS, CouncilRole, Permission, Role
from models.records.provider import Provider
from models.sight import What, watched
from models.tenancy import restrict

TEMPORARY = timedelta(hours=72)
"""How long a temporary password works."""

CHANGED_MAIL = """\
The password of your login to the Provider Portal was changed just now.

If it was you, all is well. If not, somebody else may have got in: contact the council at once.
"""

ONE_MAILBOX = (
    "Each person has a login of their own, and its codes go to its e-mail address, so two people cannot log in with "
    "one. There are two ways: the second person gets another address, which many mail services deliver to the same "
    "mailbox, like ann+sam@example.org; or one of the two logs in for both"
)
"""For a couple that shares a mailbox."""


class Membership(Base):
    """A person's place at one provider. Roles are read from here on every request, never from the session."""

    __tablename__ = "membership"
    __table_args__ = (sa.UniqueConstraint("user_id", "provider_id"),)

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    provider_id: Mapped[int] = mapped_column(sa.ForeignKey("provider.id"), index=True)
    role: Mapped[Role]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    granted_at: Mapped[datetime | None]
    """None: somebody at the provider has invited them, and the council has yet to grant it. It opens nothing."""
    invited_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    """The colleague who invited them; None when the council did."""
    invited_as: Mapped[str | None]
    """The name of the contact who was invited."""

    @property
    def called(self) -> str:
        """The person's name as the provider's people read it. Until the access is granted it is the invited contact's:
        whose login has that address is not their business before.
        """
        return self.user.name if self.granted_at else self.invited_as or self.user.email

    user: Mapped["User"] = relationship(lazy="raise", foreign_keys=user_id)
    provider: Mapped[Provider] = relationship(lazy="raise")


restrict(Membership, lambda tenant: Membership.provider_id == tenant)


class Staff(Base):
    """Who works for the council, as what. Read on every request, like a membership."""

    __tablename__ = "staff"

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), primary_key=True)
    role: Mapped[CouncilRole]
    granted_at: Mapped[datetime | None]
    """When a colleague gave them this role on the portal's pages; None where a command did."""
    asked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    """The colleague who gave it or, where a second person had to agree, asked for it."""
    agreed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    """The second person."""

    @property
    def may_authorise_alone_from(self) -> datetime | None:
        """Until then a second person authorises whatever payment run they authorise; None where a command made them."""
        return None if self.granted_at is None else self.granted_at + timedelta(days=policy().days_before_authorising)

    @property
    def is_new(self) -> bool:
        """It is too short a time since they were given the role for authorising a payment run alone."""
        since = self.may_authorise_alone_from
        return since is not None and utc_now() < since


class User(Base):
    __tablename__ = "user"
    __table_args__ = (sa.CheckConstraint("email = lower(email)", name="email_lower_case"),)

    id: Mapped[Key]
    email: Mapped[str] = watched(What.CONTACT, unique=True)
    name: Mapped[str]
    folded_name: Mapped[str] = folds("name")
    password_hash: Mapped[str | None]
    password_set_at: Mapped[datetime | None]
    password_expires_at: Mapped[datetime | None]
    """Only of a temporary password, which the person has to change before anything else."""
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    last_login_at: Mapped[datetime | None]
    previous_login_at: Mapped[datetime | None]
    """What "Last logged in" shows: the log-in before the one in use."""

    memberships: Mapped[list[Membership]] = relationship(
        primaryjoin=lambda: sa.and_(Membership.user_id == User.id, Membership.granted_at.is_not(None)),
        foreign_keys=Membership.user_id,
        lazy="raise",
        order_by=Membership.id,
        viewonly=True,
    )
    """Those that the council has granted."""
    staff: Mapped[Staff | None] = relationship(lazy="raise", cascade="all, delete-orphan", foreign_keys=Staff.user_id)

    # what Flask-Login asks of a user
    is_authenticated = True
    is_anonymous = False

    def get_id(self) -> str:
        return str(self.id)

    @classmethod
    def add(cls, email: str, name: str, password: str, *, by: "User | None" = None) -> "User":
        email = tidy_email(email)
        if session.scalar(select(cls.id).where(cls.email == email)):
            raise DomainError(f"There is already a user with the e-mail address {email}. {ONE_MAILBOX}")
        problem = passwords.problem_with(password, about=(email.partition("@")[0], name))
        if problem:
            raise DomainError(problem)
        user = cls(email=email, name=name, password_hash=passwords.hashed(password), staff=None)
        session.add(user)
        record("user.added", user, by=by)
        return user

    def join(self, provider: Provider, role: Role, *, by: "User | None" = None, is_granted: bool = True) -> Membership:
        """A place at a provider whose contact they are; DomainError if they are not, or have one there already."""
        if not provider.knows(self.email):
            raise DomainError(f"{self.email} is not the e-mail address of a contact of {provider.name}")
        session.flush()
        known = select(Membership.id).where(Membership.user_id == self.id, Membership.provider_id == provider.id)
        if session.scalar(known):
            raise DomainError(f"{self.name} is already at {provider.name} with this e-mail address. {ONE_MAILBOX}")
        granted_at = utc_now() if is_granted else None
        membership = Membership(
            user_id=self.id, provider=provider, provider_id=provider.id, role=role, granted_at=granted_at
        )
        session.add(membership)
        record("membership.added", membership, by=by, user=self.id, role=role.value)
        return membership

    def employ(self, role: CouncilRole, *, by: "User | None" = None, asked_by_id: int | None = None) -> None:
        """Make them staff of the council, in one role and no more. `by` None is for commands; `asked_by_id` says who
        asked, where `by` is the second person, who agrees. DomainError where they are staff already, or their address
        is not one of the council's.
        """
        if session.scalar(select(Staff.user_id).where(Staff.user_id == self.id)):
            raise DomainError(f"{self.name} works for the council already")
        insist_on_staff_address(self.email)
        session.flush()
        session.add(Staff(user_id=self.id, role=role, **granted(by, asked_by_id)))
        record("staff.added", self, by=by, role=role.value)

    def membership_at(self, provider_id: int) -> Membership | None:
        return next((each for each in self.memberships if each.provider_id == provider_id), None)

    def granted_at(self, provider_id: int) -> frozenset[Permission]:
        """What they may do at this provider."""
        membership = self.membership_at(provider_id)
        return frozenset() if membership is None else GRANTS[membership.role]

    def granted_at_council(self) -> frozenset[Permission]:
        return frozenset() if self.staff is None else COUNCIL_GRANTS[self.staff.role]

    def can(self, permission: Permission, provider_id: int) -> bool:
        return permission in self.granted_at(provider_id)

    def can_at_council(self, permission: Permission) -> bool:
        return permission in self.granted_at_council()

    def log_in(self) -> None:
        """Both steps are done: remember when, and keep the time of the log-in before this one."""
        self.previous_login_at, self.last_login_at = self.last_login_at, utc_now()
        record("user.logged_in", self, by=self)

    @property
    def has_temporary_password(self) -> bool:
        return self.password_expires_at is not None

    @property
    def may_log_in(self) -> bool:
        return self.is_active and (self.password_expires_at is None or utc_now() < self.password_expires_at)

    def set_password(self, password: str, *, but: int | None = None, device: str | None = None) -> None:
        """Set the password that the person has chosen; DomainError if it breaks a rule.

        All their sessions end except `but` (a session's id), and all their browsers become unknown except the one with
        the token `device`.
        """
        if problem := self.problem_with_password(password):
            raise DomainError(problem)
        self.password_hash, self.password_set_at, self.password_expires_at = passwords.hashed(password), utc_now(), None
        self.end_sessions(but=but)
        KnownDevice.forget_all(self.id, but=device)
        record("user.password_changed", self, by=self)
        post(self.email, "Your password was changed", CHANGED_MAIL)

    def problem_with_password(self, password: str) -> str | None:
        """Why this cannot be their next password, in words for them."""
        if problem := passwords.problem_with(password, about=(self.email.partition("@")[0], self.name)):
            return problem
        if passwords.matches(password, self.password_hash):
            return "Choose a password that is different from your current one"
        return None

    def give_temporary_password(self, *, by: "User | None") -> str:
        """Make a password that works for three days, only to choose another one. It is returned to be shown once, and
        kept nowhere; all the person's sessions end.
        """
        password = passwords.made_up()
        self.password_hash, self.password_set_at = passwords.hashed(password), utc_now()
        self.password_expires_at = utc_now() + TEMPORARY
        self.end_sessions()
        KnownDevice.forget_all(self.id)
        record("user.temporary_password_given", self, by=by)
        return password

    def forget_temporary_password(self) -> None:
        """They have come in by the council's identity provider, and need it no more."""
        if self.has_temporary_password:
            self.password_hash = self.password_expires_at = None

    def end_sessions(self, *, but: int | None = None) -> None:
        """Log them out everywhere, `but` in the session with this id."""
        session.execute(User.held(self.id))
        session.execute(WebSession.all_ended(self.id, but=but))

    @classmethod
    def held(cls, user_id: int) -> Select[int]:
        """Lock the person's row: their sessions are renewed and ended one at a time, so that none survives
        end_sessions.
        """
        return select(cls.id).where(cls.id == user_id).with_for_update(key_share=True)

    @classmethod
    def found_by(cls, text: str, *, by_email: bool = True) -> sa.ColumnElement[bool]:
        """Their name or, `by_email`, e-mail address has every word of the text in it."""
        return found_by(text, cls.folded_name, *([cls.email] if by_email else []))

    @classmethod
    def with_email(cls, email: str) -> Select["User"]:
        return select(cls).where(cls.email == tidy_email(email))

    @classmethod
    def active_with_places(cls, user_id: int) -> Select["User"]:
        """One who may still log in, with what they are at providers and at the council: one query a request."""
        return select(cls).where(cls.id == user_id, cls.is_active).options(*cls._places())

    @classmethod
    def in_session(cls) -> Select:
        """The session whose digest is the parameter `token_sha256`, open or ended, and its person as active_with_places
        has them: None where nobody who may still log in has it.
        """
        is_whose = sa.and_(cls.id == WebSession.user_id, cls.is_active)
        known = select(WebSession, cls).where(WebSession.token_sha256 == sa.bindparam("token_sha256"))
        return known.outerjoin(cls, is_whose).options(*cls._places())

    @classmethod
    def _places(cls) -> tuple[ExecutableOption, ...]:
        return joinedload(cls.memberships).joinedload(Membership.provider), joinedload(cls.staff)


def granted(by: User | None, asked_by_id: int | None) -> dict[str, Any]:
    """What Staff keeps of how a role was given: by a command (None), by one colleague, or by two."""
    if by is None:
        return {"granted_at": None, "asked_by_id": None, "agreed_by_id": None}
    return {
        "granted_at": utc_now(), "asked_by_id": asked_by_id or by.id, "agreed_by_id": by.id if asked_by_id else None,
    }  # fmt: skip


def names_of(ids: Iterable[int | None]) -> dict[int, str]:
    """The names of these people, for a page that says who did what."""
    wanted = {each for each in ids if each}
    return dict(session.execute(select(User.id, User.name).where(User.id.in_(wanted))).all()) if wanted else {}


def tidy_email(text: str) -> str:
    """The address as users have it: models.emails.one_form."""
    return one_form(text)
