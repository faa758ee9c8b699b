"""The second step of logging in: a six-digit code, sent by e-mail, that works once and for ten minutes."""

import hmac
import re
import secrets
import unicodedata
from datetime import datetime, timedelta
from enum import Enum

import sqlalchemy as sa
from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from models.audit import record
from models.base import Base, DomainError, Key, session, utc_now
from models.login import LoginFailure, keyed_hash
from models.outbox import post
from models.user import User

LIFE = timedelta(minutes=10)
TRIES = 5
LIVE_CODES = 5
SENDS_AN_HOUR = 10
RESEND_AFTER = timedelta(minutes=1)

MAIL = """\
Your code to log in to the Provider Portal is {code}

It works once, for {minutes} minutes. Type it into the page where you are logging in.

We will never ask you for this code by telephone or e-mail.

If you are not logging in just now, somebody else may know your password. Tell the council.
"""


class Answer(Enum):
    """What a typed code comes to; the value is what to tell the person."""

    ACCEPTED = ""
    NOT_A_CODE = "Enter the code from the e-mail: 6 digits, like 012345"
    WRONG = "That is not the code we sent you. Check the newest e-mail and enter its code"
    EXPIRED = "That code has expired. Ask for a new code and enter it within 10 minutes"
    USED = "That code has already been used. Ask for a new code"
    TOO_MANY_TRIES = "You have entered a wrong code 5 times. Ask for a new code"


class PendingLogin(Base):
    """Somebody has given the right password, and has yet to give a code."""

    __tablename__ = "pending_login"

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    nonce: Mapped[str] = mapped_column(default=lambda: secrets.token_hex(16))
    """Goes into every code's hash, so that a code opens this log-in and no other."""
    started_at: Mapped[datetime] = mapped_column(default=utc_now)
    accepted_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="raise")
    codes: Mapped[list["LoginCode"]] = relationship(
        back_populates="pending", lazy="raise", order_by="LoginCode.id", cascade="all, delete-orphan"
    )

    @classmethod
    def begin(cls, user: User) -> "PendingLogin":
        """Start the second step: keep the log-in and send the first code."""
        pending = cls(user=user, user_id=user.id, nonce=secrets.token_hex(16), codes=[])
        session.add(pending)
        pending.send_code()
        return pending

    @classmethod
    def open(cls, pending_id: int) -> Select["PendingLogin"]:
        with_all = (joinedload(cls.user), joinedload(cls.codes))
        return select(cls).where(cls.id == pending_id, cls.accepted_at.is_(None)).options(*with_all)

    def send_code(self) -> None:
        now = utc_now()
        if any(now < code.sent_at + RESEND_AFTER for code in self.codes):
            raise DomainError("We sent you a code less than a minute ago. Wait a minute, then ask again")
        if _sent_since(self.user_id, now - timedelta(hours=1)) >= SENDS_AN_HOUR:
            raise DomainError("We have sent you as many codes as we may in an hour. Try again later")
        for old in [code for code in self.codes if code.is_live][: -(LIVE_CODES - 1)]:
            old.expires_at = now
        code = f"{secrets.randbelow(1_000_000):06}"
        expires_at = now + LIFE
        self.codes.append(LoginCode(hash=self._hash(code), sent_at=now, expires_at=expires_at, tries=0))
        body = MAIL.format(code=code, minutes=LIFE.seconds // 60)
        post(self.user.email, "Your code to log in", body, not_after=expires_at, is_secret=True)
        record("login.code_sent", self.user, by=self.user)

    def accept(self, typed: str) -> Answer:
        """Finish the log-in if this is one of its codes. Every answer but NOT_A_CODE uses up a try.

        The try is counted before anything is compared, and by the database: guesses sent side by side
        are counted one by one.
        """
        code = tidy_code(typed)
        if code is None:
            return Answer.NOT_A_CODE
        answer = self._judge(code)
        if answer is Answer.ACCEPTED:
            LoginFailure.forget(self.user)
            self.user.log_in()
        else:
            record("login.code_refused", self.user, by=None, reason=answer.name.lower())
        return answer

    def _judge(self, code: str) -> Answer:
        live = (LoginCode.pending_id == self.id, LoginCode.expires_at > utc_now(), LoginCode.tries < TRIES)
        count = update(LoginCode).where(*live).values(tries=LoginCode.tries + 1).returning(LoginCode.id)
        counted = set(session.scalars(count))
        known = next((each for each in self.codes if hmac.compare_digest(each.hash, self._hash(code))), None)
        if self.accepted_at:
            return Answer.USED
        if known is not None and known.id in counted:
            return self._finish()
        if counted and known is None:
            return Answer.WRONG
        spent = [known] if known else self.codes
        return Answer.TOO_MANY_TRIES if any(each.tries >= TRIES for each in spent) else Answer.EXPIRED

    def _finish(self) -> Answer:
        """Two presses at once: the database lets one of them be the first."""
        now = utc_now()
        still_open = (PendingLogin.id == self.id, PendingLogin.accepted_at.is_(None))
        first = session.execute(update(PendingLogin).where(*still_open).values(accepted_at=now))
        if first.rowcount != 1:
            return Answer.USED
        session.execute(update(LoginCode).where(LoginCode.pending_id == self.id).values(expires_at=now))
        return Answer.ACCEPTED

    def _hash(self, code: str) -> str:
        return keyed_hash(f"code:{self.nonce}:{code}")


class LoginCode(Base):
    __tablename__ = "login_code"

    id: Mapped[Key]
    pending_id: Mapped[int] = mapped_column(sa.ForeignKey("pending_login.id"), index=True)
    hash: Mapped[str]
    sent_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)

    pending: Mapped[PendingLogin] = relationship(back_populates="codes", lazy="raise")

    @property
    def is_live(self) -> bool:
        return self.expires_at > utc_now() and self.tries < TRIES


def tidy_code(typed: str) -> str | None:
    """The six digits in what was typed or pasted, or None. Spaces, hyphens and invisible characters do not
    matter; digits of other scripts are no digits here.
    """
    plain = unicodedata.normalize("NFKC", typed)
    plain = "".join(each for each in plain if not each.isspace() and unicodedata.category(each) not in ("Cf", "Pd"))
    return plain if re.fullmatch(r"[0-9]{6}", plain) else None


def _sent_since(user_id: int, moment: datetime) -> int:
    query = select(func.count(LoginCode.id)).join(LoginCode.pending)
    return session.scalar(query.where(PendingLogin.user_id == user_id, LoginCode.sent_at > moment)) or 0
