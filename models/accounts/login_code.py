"""A six-digit code, sent by e-mail, that works once and for ten minutes: for logging in, or for a new password."""

import hmac
import re
import secrets
import unicodedata
from datetime import datetime, timedelta
from enum import Enum

import sqlalchemy as sa
from sqlalchemy import func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from models.accounts.pending_login import PendingLogin, Purpose
from models.audit import record
from models.base import Base, DomainError, Key, move, session, utc_now
from models.outbox import post
from models.vault import keyed_hash

LIFE = timedelta(minutes=10)
TRIES = 5
LIVE_CODES = 5
SENDS_AN_HOUR = 10
"""For one account, from one network or from one known device."""
SENDS_AN_HOUR_TO_AN_ACCOUNT = 30
SENDS_AN_HOUR_FROM_A_NETWORK = 30
"""For forgotten passwords, which anybody may ask for: so nobody fills other people's mailboxes."""
RESEND_AFTER = timedelta(minutes=1)
LONGEST = 100
"""Characters in which six digits are looked for: to normalise a long text takes long."""

SUBJECTS = {Purpose.LOG_IN: "Your code to log in", Purpose.RESET: "Your code to set a new password"}
MAIL = """\
Your code to {what} is {code}

It works once, for {minutes} minutes. Type it into the page where you are {doing}.

We will never ask you for this code by telephone or e-mail.

{otherwise}
"""
WORDS = {
    Purpose.LOG_IN: {
        "what": "log in to the Provider Portal",
        "doing": "logging in",
        "otherwise": "If you are not logging in just now, somebody else may know your password. Tell the council.",
    },
    Purpose.RESET: {
        "what": "set a new password for the Provider Portal",
        "doing": "setting your password",
        "otherwise": "If you have not asked for a new password, do nothing: your password stays as it is.",
    },
}


class Answer(Enum):
    """What a typed code comes to; the value is what to tell the person."""

    ACCEPTED = ""
    NOT_A_CODE = "Enter the code from the e-mail: 6 digits, like 012345"
    WRONG = "That is not the code we sent you. Check the newest e-mail and enter its code"
    EXPIRED = "That code has expired. Ask for a new code and enter it within 10 minutes"
    USED = "That code has already been used. Ask for a new code"
    TOO_MANY_TRIES = "You have entered a wrong code 5 times. Ask for a new code"


class LoginCode(Base):
    __tablename__ = "login_code"

    id: Mapped[Key]
    pending_id: Mapped[int] = mapped_column(sa.ForeignKey("pending_login.id"), index=True)
    hash: Mapped[str]
    sent_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)

    @property
    def is_live(self) -> bool:
        return self.expires_at > utc_now() and self.tries < TRIES


def send_code(pending: PendingLogin) -> None:
    """Mail one more code. DomainError within a minute of the one before, or after too many in an hour.

    For an address that nobody has, or that of a disabled user, everything happens but the mail.
    """
    now = utc_now()
    codes = _codes(pending)
    if any(now < code.sent_at + RESEND_AFTER for code in codes):
        raise DomainError("We sent you a code less than a minute ago. Wait a minute, then ask again")
    if _has_sent_too_many(pending):
        raise DomainError("We have sent you as many codes as we may in an hour. Try again later")
    for old in [code for code in codes if code.is_live][: -(LIVE_CODES - 1)]:
        old.expires_at = now
    code = f"{secrets.randbelow(1_000_000):06}"
    hashed, expires_at = _hash(pending, code), now + LIFE
    session.add(LoginCode(pending_id=pending.id, hash=hashed, sent_at=now, expires_at=expires_at, tries=0))
    if pending.user is not None and pending.user.is_active:
        body = MAIL.format(code=code, minutes=LIFE.seconds // 60, **WORDS[pending.purpose])
        post(pending.user.email, SUBJECTS[pending.purpose], body, not_after=expires_at, is_secret=True)
    record("login.code_sent", pending.user, by=pending.user, purpose=pending.purpose.value)


def accept_code(pending: PendingLogin, typed: str) -> Answer:
    """Whether this is one of the codes that were sent for it. Every answer but NOT_A_CODE uses up a try.

    The try is counted before anything is compared, and by the database: guesses sent side by side are counted one
    by one.
    """
    code = tidy_code(typed)
    if code is None:
        return Answer.NOT_A_CODE
    answer = _judge(pending, code)
    if answer is not Answer.ACCEPTED:
        record("login.code_refused", pending.user, by=None, reason=answer.name.lower())
    return answer


def _judge(pending: PendingLogin, code: str) -> Answer:
    live = (LoginCode.pending_id == pending.id, LoginCode.expires_at > utc_now(), LoginCode.tries < TRIES)
    count = update(LoginCode).where(*live).values(tries=LoginCode.tries + 1).returning(LoginCode.id)
    counted = set(session.scalars(count))
    codes = _codes(pending)
    known = next((each for each in codes if hmac.compare_digest(each.hash, _hash(pending, code))), None)
    if pending.emailed_at:
        return Answer.USED
    if known is not None and known.id in counted and pending.user is not None and pending.user.is_active:
        return _spend(pending)
    if counted and known is None:
        if pending.purpose is Purpose.LOG_IN and not any(each.is_live for each in codes):
            pending.warn_of_guesses()
        return Answer.WRONG
    spent = [known] if known else codes
    return Answer.TOO_MANY_TRIES if any(each.tries >= TRIES for each in spent) else Answer.EXPIRED


def _spend(pending: PendingLogin) -> Answer:
    """The code is right: every code of this log-in expires. USED where another press of the button was first."""
    now = utc_now()
    if not move(pending, PendingLogin.emailed_at.is_(None), emailed_at=now):
        return Answer.USED
    session.execute(update(LoginCode).where(LoginCode.pending_id == pending.id).values(expires_at=now))
    return Answer.ACCEPTED


def tidy_code(typed: str) -> str | None:
    """The six digits in what was typed or pasted, or None. Spaces, hyphens and invisible characters do not
    matter; digits of other scripts are no digits here.
    """
    if len(typed) > LONGEST:
        return None
    plain = unicodedata.normalize("NFKC", typed)
    plain = "".join(each for each in plain if not each.isspace() and unicodedata.category(each) not in ("Cf", "Pd"))
    return plain if re.fullmatch(r"[0-9]{6}", plain) else None


def _codes(pending: PendingLogin) -> list[LoginCode]:
    return list(session.scalars(select(LoginCode).where(LoginCode.pending_id == pending.id).order_by(LoginCode.id)))


def _hash(pending: PendingLogin, code: str) -> str:
    return keyed_hash(f"code:{pending.nonce}:{code}")


def _has_sent_too_many(pending: PendingLogin) -> bool:
    """Codes for logging in and for new passwords are counted apart, so that strangers who ask for new passwords keep
    nobody from logging in. Known devices have counts of their own for the same reason.
    """
    sent = select(func.count(LoginCode.id)).join(PendingLogin, PendingLogin.id == LoginCode.pending_id)
    sent = sent.where(PendingLogin.purpose == pending.purpose, LoginCode.sent_at > utc_now() - timedelta(hours=1))

    def count(*which: sa.ColumnElement[bool]) -> int:
        return session.scalars(sent.where(*which)).one()

    if pending.device_id is not None:
        return count(PendingLogin.device_id == pending.device_id) >= SENDS_AN_HOUR
    is_unknown = PendingLogin.device_id.is_(None)
    to_account = PendingLogin.account == pending.account
    from_network = PendingLogin.address == pending.address
    return (
        count(is_unknown, to_account, from_network) >= SENDS_AN_HOUR
        or count(is_unknown, to_account) >= SENDS_AN_HOUR_TO_AN_ACCOUNT
        or (pending.purpose is Purpose.RESET and count(is_unknown, from_network) >= SENDS_AN_HOUR_FROM_A_NETWORK)
    )
