"""A six-digit code, sent by e-mail, that works once and for ten minutes: for logging in, or for a new password."""

import hmac
import re
import secrets
import unicodedata
from datetime import datetime, timedelta
from enum import Enum

import sqlalchemy as sa
from sqlalchemy import select, update
from sqlalchemy.orm import Mapped, mapped_column

from models.accounts import bars, moved
from models.accounts.login import Kind
from models.accounts.pending_login import PendingLogin, Purpose
from models.audit import record
from models.base import Base, DomainError, Key, move, session, utc_now
from models.calendar import LONDON, in_words, london_day
from models.outbox import post
from models.tally import tally
from models.vault import keyed_hash

LIFE = timedelta(minutes=10)
HOUR, A_DAY = timedelta(hours=1), timedelta(days=1)
DIGITS = 6
NUMBERS = re.compile(r"(?<!\w)[0-9](?:[\s\u2010-\u2015-]*[0-9])*(?!\w)")
"""Digits with no more than spaces and hyphens between them, and no letter next to them."""
TRIES = 5
LIVE_CODES = 5
SENDS_AN_HOUR = 10
"""For one account, from one network or from one known device."""
SENDS_AN_HOUR_TO_AN_ACCOUNT = 30
RESETS_A_DAY = 10
"""For a new password of one account, from one network's browsers that are not known; from all networks' together ..."""
RESETS_A_DAY_TO_AN_ACCOUNT = 30
"""... so many: anybody may ask for them in somebody's name."""
SENDS_AN_HOUR_FROM_A_NETWORK = 30
"""For forgotten passwords, which anybody may ask for: so nobody fills other people's mailboxes."""
RESEND_AFTER = timedelta(minutes=1)
LONGEST = 100
"""Characters in which six digits are looked for: to normalise a long text takes long."""

TOO_MANY = "We have sent you as many codes as we may for now. You can ask for the next one after {at}"
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
    """Mail one more code. DomainError within a minute of the one before, after too many in an hour, or after too many
    wrong ones.

    Everything happens but the mail for an address that nobody has, for that of a disabled user, and for one that the
    council has changed lately where somebody has forgotten the password (models.accounts.moved).
    """
    bars.insist(pending, _kind(pending))
    now = utc_now()
    codes = _codes(pending)
    if any(now < code.sent_at + RESEND_AFTER for code in codes):
        raise DomainError("We sent you a code less than a minute ago. Wait a minute, then ask again")
    if (at := _next_at(pending)) is not None:
        raise DomainError(TOO_MANY.format(at=_whole_minute(at)))
    for old in [code for code in codes if code.is_live][: -(LIVE_CODES - 1)]:
        old.expires_at = now
    code = f"{secrets.randbelow(1_000_000):06}"
    hashed, expires_at = _hash(pending, code), now + LIFE
    session.add(LoginCode(pending_id=pending.id, hash=hashed, sent_at=now, expires_at=expires_at, tries=0))
    is_sent = moved.may_reset(pending) if pending.purpose is Purpose.RESET else True
    if is_sent and pending.user is not None and pending.user.is_active:
        body = MAIL.format(code=code, minutes=LIFE.seconds // 60, **WORDS[pending.purpose])
        post(pending.user.email, SUBJECTS[pending.purpose], body, not_after=expires_at, is_secret=True)
    _note_sent(pending)


def _note_sent(pending: PendingLogin) -> None:
    """In the audit. Anybody may ask for a new password in somebody's name, as often as they like."""
    purpose = pending.purpose.value
    if pending.purpose is Purpose.RESET:
        tally("login.code_sent", pending.user, by=pending.user, network=pending.address, purpose=purpose)
    else:
        record("login.code_sent", pending.user, by=pending.user, purpose=purpose)


def _whole_minute(at: datetime) -> str:
    """The first whole minute from then on, in London: 14:33, or 14:33 on 2 March 2026 where that is another day"""
    local = (at + timedelta(minutes=1) - timedelta(microseconds=1)).astimezone(LONDON)
    return f"{local:%H:%M}" if local.date() == london_day(utc_now()) else f"{local:%H:%M} on {in_words(local)}"


def accept_code(pending: PendingLogin, typed: str) -> Answer:
    """Whether this is one of the codes that were sent for it. Every answer but NOT_A_CODE uses up a try; DomainError
    once too many were wrong.

    The try is counted before anything is compared, and by the database: guesses sent side by side are counted one
    by one.
    """
    code = tidy_code(typed)
    if code is None:
        return Answer.NOT_A_CODE
    answer = _judge(pending, code)
    if answer is not Answer.ACCEPTED:
        tally("login.code_refused", pending.user, by=None, network=pending.address, reason=answer.name.lower())
    return answer


def _judge(pending: PendingLogin, code: str) -> Answer:
    """Compare it with as many live codes, the newest first, as guesses may still be compared with."""
    chances = bars.insist(pending, _kind(pending))
    live = (LoginCode.pending_id == pending.id, LoginCode.expires_at > utc_now(), LoginCode.tries < TRIES)
    newest = select(LoginCode.id).where(*live).order_by(LoginCode.id.desc()).limit(chances)
    count = update(LoginCode).where(*live, LoginCode.id.in_(newest)).values(tries=LoginCode.tries + 1)
    counted = set(session.scalars(count.returning(LoginCode.id)))
    codes = _codes(pending)
    known = next((each for each in codes if hmac.compare_digest(each.hash, _hash(pending, code))), None)
    if pending.emailed_at:
        return Answer.USED
    if known is not None and known.id in counted and pending.user is not None and pending.user.is_active:
        return _spend(pending)
    if counted:
        bars.wrong(pending, _kind(pending), len(counted))
    if counted and known is None:
        if pending.purpose is Purpose.LOG_IN and not any(each.is_live for each in codes):
            pending.warn_of_guesses()
        return Answer.WRONG
    spent = [known] if known else codes
    return Answer.TOO_MANY_TRIES if any(each.tries >= TRIES for each in spent) else Answer.EXPIRED


def _kind(pending: PendingLogin) -> Kind:
    return Kind.RESET_CODE if pending.purpose is Purpose.RESET else Kind.CODE


def _spend(pending: PendingLogin) -> Answer:
    """The code is right: every code of this log-in expires. USED where another press of the button was first."""
    now = utc_now()
    if not move(pending, PendingLogin.emailed_at.is_(None), emailed_at=now):
        return Answer.USED
    session.execute(update(LoginCode).where(LoginCode.pending_id == pending.id).values(expires_at=now))
    return Answer.ACCEPTED


def tidy_code(typed: str) -> str | None:
    """The six digits in what was typed or pasted, also among words, or None: where there are none, and where there are
    two codes that differ. Spaces, hyphens and invisible characters do not matter; digits of other scripts are no digits
    here, and six of a longer number are no code.
    """
    if len(typed) > LONGEST:
        return None
    plain = unicodedata.normalize("NFKC", typed)
    plain = "".join(each for each in plain if unicodedata.category(each) != "Cf")
    numbers = {re.sub(r"[^0-9]", "", each) for each in NUMBERS.findall(plain)}
    codes = {each for each in numbers if len(each) == DIGITS}
    return codes.pop() if len(codes) == 1 else None


def _codes(pending: PendingLogin) -> list[LoginCode]:
    return list(session.scalars(select(LoginCode).where(LoginCode.pending_id == pending.id).order_by(LoginCode.id)))


def _hash(pending: PendingLogin, code: str) -> str:
    return keyed_hash(f"code:{pending.nonce}:{code}")


def _next_at(pending: PendingLogin) -> datetime | None:
    """From when one more code may be sent, if not now: after too many in an hour, or in a day of those for passwords.

    Codes for logging in and for new passwords are counted apart, so that strangers who ask for new passwords keep
    nobody from logging in. Known devices have counts of their own for the same reason. Those of a log-in in which the
    right code was given do not count: a shift that shares a mailbox comes in one after the other.
    """
    sent = select(LoginCode.sent_at).join(PendingLogin, PendingLogin.id == LoginCode.pending_id)
    sent = sent.where(PendingLogin.purpose == pending.purpose, PendingLogin.emailed_at.is_(None))
    sent = sent.order_by(LoginCode.sent_at.desc())

    def full(most: int, *which: sa.ColumnElement[bool], span: timedelta = HOUR) -> datetime | None:
        """When the oldest of the last `most` is as old as that."""
        latest = sent.where(LoginCode.sent_at > utc_now() - span, *which)
        oldest = session.scalar(latest.offset(most - 1).limit(1))
        return oldest + span if oldest else None

    if pending.device_id is not None:
        return full(SENDS_AN_HOUR, PendingLogin.device_id == pending.device_id)
    is_unknown = PendingLogin.device_id.is_(None)
    to_account = PendingLogin.account == pending.account
    from_network = PendingLogin.address == pending.address
    if pending.purpose is Purpose.RESET:
        limits = [
            full(RESETS_A_DAY, is_unknown, to_account, from_network, span=A_DAY),
            full(RESETS_A_DAY_TO_AN_ACCOUNT, is_unknown, to_account, span=A_DAY),
            full(SENDS_AN_HOUR_FROM_A_NETWORK, is_unknown, from_network),
        ]
    else:
        limits = [
            full(SENDS_AN_HOUR, is_unknown, to_account, from_network),
            full(SENDS_AN_HOUR_TO_AN_ACCOUNT, is_unknown, to_account),
        ]
    return max((each for each in limits if each), default=None)
