"""Events that strangers, or one person who tries at random, can cause as often as they like: counted, so that nobody
makes the audit grow.

The first one is an event of the audit at once. Further ones of the same kind, of the same account and network, or of
the same person on the same page, are counted for a quarter of an hour, in a row that is written with each of them.
When the quarter is over, the worker writes one event that says how many there were; so does the next try that comes.
docs/tally-states.md has the table.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import Mapped, mapped_column

from models.audit import Actor, AuditEvent, named, record
from models.base import Base, Key, session, take_turns, utc_now
from models.vault import keyed_hash

QUARTER = timedelta(minutes=15)
MOST_OF_A_NETWORK = 30
"""Tallies open at once of one network; what else comes from there has one in common."""
MOST = 100
"""Tallies open at once of all networks; what else comes from anywhere has one in common."""
AT_ONCE = 50
"""Tallies that one look closes."""
_TURN = 8_033_346
"""A number that no other lock of the portal has."""


class Tally(Base):
    __tablename__ = "tally"

    id: Mapped[Key]
    mark: Mapped[str] = mapped_column(unique=True)
    """Keyed hash of what is counted together."""
    network: Mapped[str] = mapped_column(index=True)
    """Hash of the network that it comes from; empty for who has logged in, and for what has one tally in common."""
    begun_at: Mapped[datetime] = mapped_column(index=True)
    last_at: Mapped[datetime]
    more: Mapped[int] = mapped_column(default=0)
    """How many of them no event tells of yet."""
    action: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    provider_id: Mapped[int | None] = mapped_column(sa.ForeignKey("provider.id"))
    subject: Mapped[str | None]
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What the event says: that of the first one."""

    def tell(self) -> None:
        """One event for all that no event tells of yet."""
        times = {"times": self.more, "since": _iso(self.begun_at), "until": _iso(self.last_at)}
        event = AuditEvent(
            action=self.action, user_id=self.user_id, provider_id=self.provider_id, subject=self.subject,
            detail={**self.detail, **times},
        )  # fmt: skip
        session.add(event)


@dataclass(frozen=True)
class _Try:
    """One try, as the audit would tell it, and what it is counted with."""

    action: str
    subject: str | None
    by: Actor | None
    provider_id: int | None
    detail: dict[str, Any]
    network: str
    whose: str

    @property
    def mark(self) -> str:
        what = (self.action, self.whose, self.network, self.detail.get("endpoint", ""), *sorted(self.detail))
        return keyed_hash("\n".join(("tally", *what)))

    def shared(self, whose: str) -> "_Try":
        """The same, counted with those of other accounts: whose it was is not kept."""
        return replace(
            self, subject=None, by=None, provider_id=None, detail={"accounts": "several"}, whose=whose, network=""
        )

    def record(self) -> None:
        record(self.action, self.subject, by=self.by, provider_id=self.provider_id, **self.detail)


def tally(
    action: str, subject: Base | None = None, *, by: Actor | None, network: str = "", provider_id: int | None = None,
    **detail: Any,
) -> None:  # fmt: skip
    """As models.audit.record, of an act that can be repeated at will. `network` is the hash of a stranger's
    (models.accounts.login.network_hash); their made-up accounts count as one. Without it, `by` has logged in.
    """
    name = named(subject) if subject is not None else None
    whose = f"user:{by.id}" if by is not None else name or "nobody"
    _count(_Try(action, name, by, provider_id, detail, network, whose))


def tell_ended() -> int:
    """Write one event for each tally whose quarter of an hour is over, and forget those to which nothing was added.
    Returns how many were looked at, AT_ONCE at most.

    A tally with something to tell stays for another quarter, so that a try that goes on leaves one event in each.
    """
    ended = select(Tally).where(Tally.begun_at <= utc_now() - QUARTER).order_by(Tally.id).limit(AT_ONCE)
    found = session.scalars(_fresh(ended.with_for_update(skip_locked=True))).all()
    for each in found:
        if each.more:
            each.tell()
            each.more, each.begun_at = 0, utc_now()
        else:
            session.delete(each)
    session.flush()
    return len(found)


def is_any_ended() -> bool:
    return session.scalars(select(sa.exists().where(Tally.begun_at <= utc_now() - QUARTER))).one()


def _count(one: _Try) -> None:
    known = _held(one)
    if known is None:
        take_turns(_TURN)
        known = _held(one)  # somebody may have been first
    if known is None:
        shared = _crowded(one)
        _count(shared) if shared is not None else _begin(one)
        return
    now = utc_now()
    if now - known.begun_at >= QUARTER:
        if known.more:
            known.tell()
            known.more, known.begun_at = 1, now
        else:
            known.begun_at = now
            one.record()
    else:
        known.more += 1
    known.last_at = now
    session.flush()


def _held(one: _Try) -> Tally | None:
    """The tally, which nobody else counts on meanwhile."""
    return session.scalar(_fresh(select(Tally).where(Tally.mark == one.mark).with_for_update()))


def _crowded(one: _Try) -> _Try | None:
    """Where its network, or the portal, has as many tallies as it may: the try, counted with others."""
    if not one.network:
        return None
    tell_ended()
    of_network = select(func.count(Tally.id)).where(Tally.network == one.network)
    if session.scalars(of_network).one() >= MOST_OF_A_NETWORK:
        return one.shared(f"network {one.network}")
    if session.scalars(select(func.count(Tally.id)).where(Tally.network != "")).one() >= MOST:
        return one.shared("everybody")
    return None


def _begin(one: _Try) -> None:
    """The first one: an event at once, and a tally for those that follow."""
    one.record()
    now, user_id = utc_now(), one.by.id if one.by else None
    begun = Tally(
        mark=one.mark, network=one.network, begun_at=now, last_at=now, more=0, action=one.action, user_id=user_id,
        provider_id=one.provider_id, subject=one.subject, detail=one.detail,
    )  # fmt: skip
    session.add(begun)
    session.flush()


def _fresh(query: sa.Select) -> sa.Select:
    """The rows as they are once they are locked, also where they were read before."""
    return query.execution_options(populate_existing=True)


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")
