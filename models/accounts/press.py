"""A press of a button, by the one-time key of its form, with the answer that it got. A second press with the same key
gets that answer, and does nothing (ADR 0012).

A key belongs to one visit of one person to one form. It is bound to the person, not to the session, and to the address
that the form is sent to. The row is written in the transaction of the act, so that both stand or neither.
"""

import hmac
import json
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from operator import itemgetter

import sqlalchemy as sa
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, insert_first, session, utc_now
from models.vault import Tampered, seal, unseal

KEPT_FOR = timedelta(days=1)
FIELD = "one_time_key"
"""The name of the hidden field that holds the key."""
NOT_TYPED = frozenset({FIELD, "csrf_token", "save", "send", "checked"})
"""Fields that say nothing of their person's own: keys, and the buttons and marks of a step that checks first."""
MOST_AT_ONCE = 500
"""Rows that one press clears away."""


def new_key() -> str:
    return secrets.token_urlsafe(16)


def is_key(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9_-]{22}", text) is not None


@dataclass(frozen=True)
class Answer:
    """Where the first press led, and what its person was told there: pairs of a kind of notice and its words."""

    then: str
    messages: tuple[tuple[str, str], ...] = ()


class Press(Base):
    __tablename__ = "press"

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    mark: Mapped[str] = mapped_column(unique=True)
    """Hash of the person, the address and the key. The key itself is not kept."""
    typed: Mapped[str]
    """Hash of what was typed, under the key: nobody who has the database can guess at it."""
    sealed: Mapped[str]
    """The answer; empty while the act is under way, which no other transaction sees."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)

    @property
    def answer(self) -> Answer | None:
        """None where it cannot be read any more, since the key of the vault has changed within the day."""
        try:
            then, messages = json.loads(unseal(_owner(self.user_id), self.sealed))
        except Tampered:
            return None
        return Answer(then, tuple((kind, text) for kind, text in messages))


@dataclass(frozen=True)
class Pressed:
    """A press at hand: `key` is the one-time key, `address` where it was sent, `typed` the names and values."""

    user_id: int
    address: str
    key: str
    typed: Iterable[tuple[str, str]]

    def begin(self) -> Press | None:
        """None for the first press, whose row is there now: to be finished, or given up with the act. For a later one
        the row of the first. A press of the same key that is under way is waited for.
        """
        row = {"user_id": self.user_id, "mark": self._mark, "typed": self._hash, "sealed": "", "created_at": utc_now()}
        if insert_first(Press, **row):
            return None
        return session.scalars(select(Press).where(Press.mark == self._mark)).one()

    def is_same_as(self, first: Press) -> bool:
        """Whether the same was typed, whatever the spaces and line ends."""
        return hmac.compare_digest(first.typed, self._hash)

    def finish(self, answer: Answer) -> None:
        """The act is done: keep its answer, and clear away what is a day old."""
        sealed = seal(_owner(self.user_id), json.dumps([answer.then, answer.messages]))
        session.execute(update(Press).where(Press.mark == self._mark).values(sealed=sealed))
        outlived = select(Press.id).where(Press.created_at <= utc_now() - KEPT_FOR).order_by(Press.id)
        free = outlived.limit(MOST_AT_ONCE).with_for_update(skip_locked=True)  # others clear away at the same time
        once = select(free.cte("free").c.id)  # PostgreSQL may run a subquery again for each row, a CTE it runs once
        session.execute(delete(Press).where(Press.id.in_(once)), execution_options={"synchronize_session": False})

    def give_up(self) -> None:
        """Nothing was done: the same key may be sent again."""
        session.execute(delete(Press).where(Press.mark == self._mark))

    @property
    def _mark(self) -> str:
        return sha256(f"{self.user_id}\n{self.key}\n{self.address}".encode()).hexdigest()

    @property
    def _hash(self) -> str:
        typed = [(name, *value.split()) for name, value in self.typed if name not in NOT_TYPED]
        typed.sort(key=itemgetter(0))  # of one name in the order in which they came: a day, a month, a year
        return hmac.new(self.key.encode(), json.dumps(typed).encode(), "sha256").hexdigest()


def _owner(user_id: int) -> str:
    return f"press:{user_id}"
