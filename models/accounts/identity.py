"""Who somebody is at the council's identity provider (OpenID Connect), and which user of the portal that is."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Delete, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from models.accounts.user import User
from models.audit import record
from models.base import Base, Key, session, utc_now
from models.tally import tally
from models.vault import keyed_hash


class Identity(Base):
    """A subject of an issuer is the same person for ever; an e-mail address may pass on to somebody else."""

    __tablename__ = "identity"
    __table_args__ = (sa.UniqueConstraint("issuer", "subject"), sa.UniqueConstraint("issuer", "user_id"))

    id: Mapped[Key]
    issuer: Mapped[str]
    subject: Mapped[str]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    @classmethod
    def forgotten(cls, user_id: int) -> Delete:
        """Forget which subject this person is: the next one with their e-mail address is taken for them (see
        person_at).
        """
        return delete(cls).where(cls.user_id == user_id)


def person_at(issuer: str, subject: str, email: str | None, *, is_verified: bool) -> User | None:
    """The active user for this subject of the issuer; None if there is none. No user is made here.

    A subject that is new here is linked with the user who has its e-mail address, if the issuer has verified the
    address and no other subject is linked with that user.
    """
    user = session.scalar(
        select(User)
        .join(Identity, Identity.user_id == User.id)
        .where(Identity.issuer == issuer, Identity.subject == subject)
    )
    if user is None and email and is_verified:
        user = _met_for_the_first_time(issuer, subject, email)
    if user is None or not user.is_active:
        reason = "unknown" if user is None else "disabled"
        tally("login.identity_refused", user, by=None, network=keyed_hash(issuer), reason=reason)
        return None
    user.forget_temporary_password()
    record("login.identity_accepted", user, by=user)
    return user


def _met_for_the_first_time(issuer: str, subject: str, email: str) -> User | None:
    user = session.scalar(User.with_email(email))
    if user is None or not user.is_active:
        return user
    taken = select(Identity.id).where(Identity.issuer == issuer, Identity.user_id == user.id)
    if session.scalar(taken) is not None:
        return None
    session.add(Identity(issuer=issuer, subject=subject, user_id=user.id))
    record("user.identity_linked", user, by=user)
    return user
