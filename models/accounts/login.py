"""Logging in: first e-mail address and password, then the second step (models.accounts.pending_login).

Whatever is wrong with the first step, an unknown address, a wrong password, a disabled account or too
many tries, the answer is one and the same. Uses the real clock, never the business calendar.
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from models.accounts import passwords
from models.accounts.account_policy import policy
from models.accounts.known_device import KnownDevice
from models.accounts.user import User, tidy_email
from models.audit import AuditEvent, record
from models.base import Base, DomainError, Key, session, utc_now
from models.outbox import post
from models.tally import tally
from models.vault import keyed_hash

WINDOW = timedelta(minutes=15)
FAILURES_PER_ACCOUNT = 10
FAILURES_PER_ADDRESS = 30
KEPT = timedelta(days=1)
"""How long wrong passwords are remembered, to tell the person of them; they stop nobody after WINDOW."""

ALARM_FAILURES = 1_000
ALARM_WINDOW = timedelta(minutes=5)
ALARM = "login.alarm"
FAILURES_PER_ADDRESS_IN_ALARM = 5
ALARM_MAIL = """\
In the last 5 minutes, 1,000 wrong passwords were given at the Provider Portal. Somebody may be trying out passwords.

Nobody is locked out. People log in as ever from the devices they use. For the next 15 minutes, other devices may give
5 wrong passwords from one network address instead of 30.

If it goes on, tell whoever runs the portal.
"""


@dataclass(frozen=True)
class Origin:
    """Where a try to log in comes from."""

    address: str
    """The network address."""
    device: str | None = None
    """The token in the cookie of a browser that somebody has logged in with before."""

    def device_id(self, user: User | None) -> int | None:
        """If this browser is known for this person (models.accounts.known_device), the id of what makes it so."""
        return session.scalar(KnownDevice.with_token(self.device, user.id if user else None))


THROTTLED = (
    "Too many wrong passwords were given, so this one was not looked at. Wait a quarter of an hour, then type it again"
)


class Kind(StrEnum):
    PASSWORD = "password"  # noqa: S105
    CODE = "code"
    """E-mailed to log in; the password was right."""
    RESET_CODE = "reset_code"
    """E-mailed to set a new password: the address was all that it took."""
    APP = "app"
    """From the authenticator app, one of the recovery codes, or a passkey."""
    DIGITS = "digits"
    """Of the security code."""


class LoginFailure(Base):
    """One wrong password, or one wrong code.

    Passwords: after ten wrong ones for an account within a quarter of an hour, or thirty from a network address,
    further ones are refused without being checked, until the oldest is a quarter of an hour old. A browser that is
    known for the account has its own count of ten, and the other counts do not stop it. Refused tries are not counted.
    So neither a stranger nor the person's own mistakes keep them out for long.

    Codes: models.accounts.bars. A new password opens the account again, and so does the council.
    """

    __tablename__ = "login_failure"

    id: Mapped[Key]
    at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    kind: Mapped[Kind] = mapped_column(default=Kind.PASSWORD)
    account: Mapped[str] = mapped_column(index=True)
    """Keyed hash of what was typed as e-mail address: known and unknown ones are counted alike."""
    address: Mapped[str] = mapped_column(index=True)
    device_id: Mapped[int | None] = mapped_column(sa.ForeignKey("known_device.id", ondelete="CASCADE"), index=True)
    """None: it came from a browser that is not known for this account."""
    chances: Mapped[int] = mapped_column(default=1)
    """How many codes the guess was compared with."""
    pending_id: Mapped[int | None] = mapped_column(sa.ForeignKey("pending_login.id", ondelete="SET NULL"), index=True)
    """The log-in that it was given in; None of a password."""

    @classmethod
    def is_too_many(cls, account: str, address: str, device_id: int | None) -> bool:
        """Whether the next password is refused unread."""
        recent = (cls.kind == Kind.PASSWORD, cls.at > utc_now() - WINDOW)
        if device_id is not None:
            one_at_a_time(f"device:{device_id}")
            return cls._count(*recent, cls.device_id == device_id) >= FAILURES_PER_ACCOUNT
        one_at_a_time(account)
        one_at_a_time(address)
        others = (*recent, cls.device_id.is_(None))
        by_account = cls._count(*others, cls.account == account)
        by_address = cls._count(*others, cls.address == address)
        most = FAILURES_PER_ADDRESS_IN_ALARM if is_alarm() else FAILURES_PER_ADDRESS
        return by_account >= FAILURES_PER_ACCOUNT or by_address >= most

    @classmethod
    def wrong_password(cls, account: str, address: str, device_id: int | None) -> None:
        session.add(cls(kind=Kind.PASSWORD, account=account, address=address, device_id=device_id))
        session.flush()
        latest = select(cls.id).where(cls.kind == Kind.PASSWORD, cls.at > utc_now() - ALARM_WINDOW)
        if cls._count(cls.id.in_(latest.limit(ALARM_FAILURES))) >= ALARM_FAILURES:
            _raise_alarm()

    @classmethod
    def since_last_log_in(cls, user: User) -> Select[int]:
        """How many wrong passwords and second steps there were, from anywhere."""
        since = cls.at > user.last_login_at if user.last_login_at else sa.true()
        return select(func.count(cls.id)).where(cls.account == account_hash(user.email), since)

    @classmethod
    def forget(cls, user: User, device_id: int | None, pending_id: int) -> None:
        """After a completed log-in: delete the failures of this account from the same known browser, and everybody's
        wrong passwords that are too old to matter.

        From an unknown browser, passwords and digits go, for a whole log-in takes all that there is to know; of wrong
        codes only those of this log-in, so that a stranger gets no more tries because the person has come in.
        """
        account = cls.account == account_hash(user.email)
        mine = cls.device_id == device_id
        if device_id is None:
            mine = sa.and_(mine, sa.or_(cls.kind.in_((Kind.PASSWORD, Kind.DIGITS)), cls.pending_id == pending_id))
        outdated = sa.and_(cls.kind == Kind.PASSWORD, cls.at <= utc_now() - KEPT)
        session.execute(delete(cls).where(sa.or_(sa.and_(account, mine), outdated)))

    @classmethod
    def unlock(cls, user: User, *, by: User) -> None:
        """Delete every failure of this account. The council has made sure who is asking."""
        session.execute(delete(cls).where(cls.account == account_hash(user.email)))
        record("user.unlocked", user, by=by)

    @classmethod
    def _count(cls, *which: sa.ColumnElement[bool]) -> int:
        return session.scalars(select(func.count()).select_from(cls).where(*which)).one()


def is_alarm() -> bool:
    """Whether so many wrong passwords came lately, for any accounts, that unknown browsers get fewer tries."""
    since = utc_now() - WINDOW
    return session.scalars(select(sa.exists().where(AuditEvent.action == ALARM, AuditEvent.at > since))).one()


def _raise_alarm() -> None:
    one_at_a_time(ALARM)
    if is_alarm():
        return
    record(ALARM, by=None)
    if policy().alarm_to:
        post(policy().alarm_to, "Many wrong passwords at the Provider Portal", ALARM_MAIL)


def one_at_a_time(name: str) -> None:
    """Until the transaction ends, tries of this name wait for one another: each sees what the others have counted.
    On SQLite every request that writes has the database to itself anyway.
    """
    if session.connection().dialect.name == "postgresql":
        number = int.from_bytes(bytes.fromhex(keyed_hash(name)[:16]), signed=True)
        session.execute(select(func.pg_advisory_xact_lock(number)))


def check_password(email: str, password: str, origin: Origin) -> User | None:
    """The active user with this e-mail address and password, else None, whatever the reason."""
    account, address = account_hash(email), network_hash(origin.address)
    user = session.scalar(User.with_email(email))
    device_id = origin.device_id(user)
    if LoginFailure.is_too_many(account, address, device_id):
        tally("login.throttled", user, by=None, network=address)
        return None
    right = passwords.matches(password, user.password_hash if user else None)
    if not (right and user and user.may_log_in):
        LoginFailure.wrong_password(account, address, device_id)
        reason = "unknown" if user is None else "disabled or expired" if right else "wrong password"
        tally("login.refused", user, by=None, network=address, reason=reason)
        return None
    if user.password_hash and passwords.needs_rehash(user.password_hash):
        user.password_hash = passwords.hashed(password)
    record("login.password_accepted", user, by=user)
    return user


def prove(user: User, password: str, origin: Origin) -> bool:
    """Whether somebody who is known already gives their own password once more. Throttled like logging in: DomainError
    where it is refused unread, so that who types the right one knows why.
    """
    account, address = account_hash(user.email), network_hash(origin.address)
    if LoginFailure.is_too_many(account, address, origin.device_id(user)):
        tally("login.throttled", user, by=None, network=address)
        raise DomainError(THROTTLED)
    return check_password(user.email, password, origin) is not None


def account_hash(email: str) -> str:
    return keyed_hash(f"account:{tidy_email(email)}")


def network_hash(address: str) -> str:
    """An IPv4 address, or the /64 that one IPv6 subscriber has."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return keyed_hash(f"address:{address}")
    ip = getattr(ip, "ipv4_mapped", None) or ip
    network = ip if ip.version == 4 else ipaddress.ip_network((ip, 64), strict=False)
    return keyed_hash(f"address:{network}")
