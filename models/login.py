"""Logging in: first e-mail address and password, then the second step (models.pending_login).

Whatever is wrong with the first step, an unknown address, a wrong password, a disabled account or too
many tries, the answer is one and the same. Uses the real clock, never the business calendar.
"""

import hmac
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from models import passwords
from models.audit import record
from models.base import Base, Key, session, utc_now
from models.user import User, tidy_email

WINDOW = timedelta(minutes=15)
FAILURES_PER_ACCOUNT = 10
FAILURES_PER_ADDRESS = 30

_key = b""


def set_key(key: bytes) -> None:
    """The key that codes and the addresses typed at the log-in page are hashed with. Given once, at start-up."""
    global _key
    _key = key


def keyed_hash(text: str) -> str:
    if not _key:
        raise RuntimeError("models.login.set_key() was not called")
    return hmac.new(_key, text.encode(), "sha256").hexdigest()


@dataclass(frozen=True)
class Origin:
    """Where a try to log in comes from."""

    address: str
    """The network address."""
    device: str | None = None
    """The token in the cookie of a browser that somebody has logged in with before."""


class LoginFailure(Base):
    """One wrong password. Ten for an account in a quarter of an hour, or thirty from a network address, and
    further ones are refused unread until the oldest is a quarter of an hour old. Nothing is locked for good,
    and refused tries do not count, so nobody can be kept out for long by a stranger.
    """

    __tablename__ = "login_failure"

    id: Mapped[Key]
    at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    account: Mapped[str] = mapped_column(index=True)
    """Keyed hash of what was typed as e-mail address: known and unknown ones are counted alike."""
    address: Mapped[str] = mapped_column(index=True)

    @classmethod
    def is_too_many(cls, account: str, address: str) -> bool:
        recent = select(func.count()).select_from(cls).where(cls.at > utc_now() - WINDOW)
        by_account = session.scalar(recent.where(cls.account == account))
        by_address = session.scalar(recent.where(cls.address == address))
        return by_account >= FAILURES_PER_ACCOUNT or by_address >= FAILURES_PER_ADDRESS

    @classmethod
    def is_barred(cls, user: User, origin: Origin) -> bool:
        """Whether wrong second steps have closed this account to `origin`, until one is right or it is unlocked."""
        return False

    @classmethod
    def wrong_step(cls, user: User, origin: Origin) -> None:
        """The password was right, the second step was not."""

    @classmethod
    def forget(cls, user: User) -> None:
        """A whole log-in clears the account's count, and what is too old to count goes with it."""
        outdated = cls.at <= utc_now() - WINDOW
        session.execute(delete(cls).where(sa.or_(cls.account == account_hash(user.email), outdated)))


def check_password(email: str, password: str, origin: Origin) -> User | None:
    """The active user with this e-mail address and password, else None, whatever the reason."""
    account, address = account_hash(email), network_hash(origin.address)
    user = session.scalar(User.with_email(email))
    if LoginFailure.is_too_many(account, address):
        record("login.throttled", user, by=None)
        return None
    right = passwords.matches(password, user.password_hash if user else None)
    if not (right and user and user.may_log_in):
        session.add(LoginFailure(account=account, address=address))
        reason = "unknown" if user is None else "disabled or expired" if right else "wrong password"
        record("login.refused", user, by=None, reason=reason)
        return None
    if passwords.needs_rehash(user.password_hash):
        user.password_hash = passwords.hashed(password)
    record("login.password_accepted", user, by=user)
    return user


def prove(user: User, password: str, origin: Origin) -> bool:
    """Whether somebody who is known already gives their own password once more. Throttled like logging in."""
    return check_password(user.email, password, origin) is not None


def account_hash(email: str) -> str:
    return keyed_hash(f"account:{tidy_email(email)}")


def network_hash(address: str) -> str:
    """An IPv4 address, or the /64 that one IPv6 subscriber has."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return keyed_hash(f"address:{address}")
    network = ip if ip.version == 4 else ipaddress.ipnetwork_hash((ip, 64), strict=False)
    return keyed_hash(f"address:{network}")
