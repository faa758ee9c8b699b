"""Authenticator apps (TOTP, RFC 6238), and the recovery codes for who has lost theirs."""

import hmac
import re
import secrets
from datetime import datetime

import pyotp
import sqlalchemy as sa
from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, move, rows_changed, session, utc_now
from models.statements import Id
from models.vault import keyed_hash, seal, unseal

SECONDS = 30
AROUND = (-1, 0, 1)
"""Half minutes, from the one that it is, whose codes are taken."""
CODES_AT_ONCE = len(AROUND)
FAR_OFF = 20
"""Half minutes by which the clock of a new app may be wrong, and be told so."""
RECOVERY_CODES = 10
RECOVERY_LETTERS = 10
RECOVERY_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without i, l, o, 0 and 1, which are read for one another. Ten of them are 49 bits."""


class Authenticator(Base):
    """The app on one person's telephone. It is in use once a first code from it was accepted; until then an older app
    of the same person stays in use.
    """

    __tablename__ = "authenticator"

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    sealed_seed: Mapped[str]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(default=0)
    """The newest half minute, counted from 1970, whose code was accepted. It and all before it are spent."""

    @classmethod
    def of(cls, user_id: Id) -> Select["Authenticator"]:
        """The one that is set up."""
        return select(cls).where(cls.user_id == user_id, cls.confirmed_at.is_not(None))

    @classmethod
    def new_of(cls, user_id: int) -> Select["Authenticator"]:
        """The one that is being set up."""
        return select(cls).where(cls.user_id == user_id, cls.confirmed_at.is_(None))

    @classmethod
    def begin(cls, user_id: int) -> "Authenticator":
        """A new seed, which replaces one that was never confirmed."""
        session.execute(delete(cls).where(cls.user_id == user_id, cls.confirmed_at.is_(None)))
        sealed = seal(f"authenticator:{user_id}", pyotp.random_base32())
        app = cls(user_id=user_id, sealed_seed=sealed, confirmed_at=None, last_step=0)
        session.add(app)
        session.flush()
        return app

    @property
    def seed(self) -> str:
        return unseal(f"authenticator:{self.user_id}", self.sealed_seed)

    def address(self, account: str, issuer: str) -> str:
        """The otpauth:// address that the QR code holds."""
        return pyotp.TOTP(self.seed).provisioning_uri(name=account, issuer_name=issuer)

    def accept(self, code: str) -> bool:
        """Whether the six digits are those of this half minute, or of the one before or after, and not yet spent."""
        now = int(utc_now().timestamp()) // SECONDS
        app = pyotp.TOTP(self.seed)
        steps = (now + each for each in AROUND)
        matching = [step for step in steps if hmac.compare_digest(app.at(step * SECONDS), code)]
        if not matching:
            return False
        return move(self, Authenticator.last_step < matching[-1], last_step=matching[-1])

    def seconds_off(self, code: str) -> int | None:
        """By how much the clock of the app that shows this code is ahead (behind: less than 0); None if it is right, or
        further off than ten minutes.

        Only of an app that is being set up, by somebody who sees its seed: told to who guesses at the log-in, it would
        say which codes are going to be right.
        """
        now = int(utc_now().timestamp()) // SECONDS
        app = pyotp.TOTP(self.seed)
        off = (each for each in range(-FAR_OFF, FAR_OFF + 1) if each not in AROUND)
        found = (each for each in off if hmac.compare_digest(app.at((now + each) * SECONDS), code))
        return min((each * SECONDS for each in found), key=abs, default=None)

    def confirm(self, code: str) -> bool:
        """The first code from the app: with it, the app is set up, and an older one is done with."""
        if not self.accept(code):
            return False
        session.execute(delete(Authenticator).where(Authenticator.user_id == self.user_id, Authenticator.id != self.id))
        self.confirmed_at = utc_now()
        return True


class RecoveryCode(Base):
    """One of the codes that stand in for the app, each once."""

    __tablename__ = "recovery_code"

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    hash: Mapped[str]
    used_at: Mapped[datetime | None]

    @classmethod
    def renew(cls, user_id: int) -> list[str]:
        """New codes in place of all the old ones. They are shown now and never again."""
        session.execute(delete(cls).where(cls.user_id == user_id))
        codes = [_made_up() for _ in range(RECOVERY_CODES)]
        session.add_all(cls(user_id=user_id, hash=_hash(user_id, code)) for code in codes)
        return codes

    @classmethod
    def spend(cls, user_id: int, typed: str) -> bool:
        """Use up one of the person's codes; False if it is not theirs, or was used before."""
        mine = (cls.user_id == user_id, cls.hash == _hash(user_id, typed), cls.used_at.is_(None))
        return rows_changed(update(cls).where(*mine).values(used_at=utc_now())) == 1

    @classmethod
    def left(cls, user_id: int) -> Select[int]:
        return select(sa.func.count(cls.id)).where(cls.user_id == user_id, cls.used_at.is_(None))


def looks_like_a_recovery_code(typed: str) -> bool:
    return re.fullmatch(f"[{RECOVERY_ALPHABET}]{{10}}", _plain(typed)) is not None


def _made_up() -> str:
    letters = "".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(RECOVERY_LETTERS))
    return f"{letters[:5]}-{letters[5:]}"


def _plain(typed: str) -> str:
    return re.sub(r"[^a-z0-9]", "", typed.lower())


def _hash(user_id: int, code: str) -> str:
    return keyed_hash(f"recovery:{user_id}:{_plain(code)}")
