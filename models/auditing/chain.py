"""The audit as a chain: each event is sealed with a hash over itself and the seal before it.

hash 1 = SHA-256(64 zeros, newline, event), hash n = SHA-256(hash n-1, newline, event). Whoever changes, removes or
swaps what is sealed breaks the chain there. Whoever seals everything anew, or cuts the end off, is found out by a
head: the newest seal as it stood on some day, written down where they cannot reach it.

Events are sealed after they are written, so that nobody who writes waits for somebody else. They are sealed in the
order in which they are found, which on PostgreSQL need not be that of their ids.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from models.audit import AppendOnly, AuditEvent
from models.base import Base, session, utc_now
from models.words import how_many

START = "0" * 64
"""What stands before the first seal."""
LATE_AFTER = timedelta(minutes=10)
"""An event that is not sealed after this long means that no worker is running."""
RECENT = timedelta(days=1)
"""How far back unsealed events are looked for each minute. Once a day they are looked for without a limit."""


class AuditLink(AppendOnly, Base):
    """One seal."""

    __tablename__ = "audit_link"

    seq: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    """1, 2, 3 ... without a gap."""
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("audit_event.id"), unique=True)
    hash: Mapped[str]


@dataclass(frozen=True)
class Head:
    """The newest seal, as it stood at a moment."""

    at: datetime
    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} {self.seq} {self.hash}"

    @classmethod
    def parse(cls, line: str) -> "Head":
        """The head from a line as str() writes it; ValueError if the line is none."""
        at, seq, hash_ = line.split()
        if len(hash_) != len(START):
            raise ValueError(f"{hash_!r} is no hash of the audit")
        return cls(datetime.fromisoformat(at), int(seq), hash_)


@dataclass(frozen=True)
class SealingState:
    """How far the audit is sealed, for a page that shows it."""

    sealed_up_to: datetime | None
    """When the newest sealed event happened; None while nothing is sealed."""
    waiting: int
    since: datetime | None
    """When the oldest of those that wait happened."""

    @property
    def is_late(self) -> bool:
        return self.since is not None and utc_now() - self.since > LATE_AFTER


_COLUMNS = (
    AuditEvent.id,
    AuditEvent.at,
    AuditEvent.action,
    AuditEvent.user_id,
    AuditEvent.provider_id,
    AuditEvent.subject,
    AuditEvent.detail,
)


def canonical(row: Any) -> str:
    """The event as one line of text, the same on every database."""
    at = row.at.astimezone(UTC).isoformat(timespec="microseconds")
    whole = [row.id, at, row.action, row.user_id, row.provider_id, row.subject, row.detail]
    return json.dumps(whole, sort_keys=True, separators=(",", ":"))


def seal_of(before: str, row: Any) -> str:
    """The hash of the seal of this event, after the seal `before`."""
    return sha256(f"{before}\n{canonical(row)}".encode()).hexdigest()


def head() -> Head | None:
    found = session.execute(select(AuditLink.seq, AuditLink.hash).order_by(AuditLink.seq.desc()).limit(1)).one_or_none()
    return None if found is None else Head(utc_now(), found.seq, found.hash)


def state() -> SealingState:
    newest = select(AuditEvent.at).join(AuditLink, AuditLink.event_id == AuditEvent.id)
    sealed_up_to = session.scalar(newest.order_by(AuditLink.seq.desc()).limit(1))
    waiting = _unsealed(sa.func.count(), sa.func.min(AuditEvent.at)).where(AuditEvent.at > utc_now() - RECENT)
    count, since = session.execute(waiting).one()
    return SealingState(sealed_up_to, count, since)


def links_to_add(limit: int, *, after: int = 0, everything: bool = False) -> list[dict[str, Any]]:
    """Rows of AuditLink for the next unsealed events with an id above `after`; none when nothing waits. Writes nothing.

    Two workers may compute the same rows. Add them in a transaction of their own: IntegrityError tells the second
    worker to ask for new ones.
    """
    query = _unsealed(*_COLUMNS).where(AuditEvent.id > after).order_by(AuditEvent.id).limit(limit)
    if not everything:
        query = query.where(AuditEvent.at > utc_now() - RECENT)
    newest = head()
    last, before = (newest.seq, newest.hash) if newest else (0, START)
    links = []
    for seq, row in enumerate(session.execute(query), start=last + 1):
        before = seal_of(before, row)
        links.append({"seq": seq, "event_id": row.id, "hash": before})
    return links


def add(links: list[dict[str, Any]]) -> None:
    session.execute(insert(AuditLink), links)


def _unsealed(*columns: Any) -> Select:
    is_sealed = select(AuditLink.seq).where(AuditLink.event_id == AuditEvent.id).exists()
    return select(*columns).select_from(AuditEvent).where(~is_sealed)


@dataclass(frozen=True)
class Fault:
    """What is wrong with the chain, and at which seal it shows first; None where it is about no seal."""

    seq: int | None
    words: str


def check(heads: Iterable[Head] = (), hashes: Iterable[str] = ()) -> Iterator[Fault]:
    """Recompute every seal, and compare it with what was written down elsewhere: heads, and hashes of unknown seals.

    Yields the first broken seal, the first head that contradicts the chain, a missing end, hashes without a seal, and
    events that wait too long. Uses the same memory however long the audit is.
    """
    written: dict[int, list[Head]] = {}
    for each in heads:
        written.setdefault(each.seq, []).append(each)
    unseen, agreed, last, before = set(hashes), 0, 0, START
    broken: Fault | None = None
    contradicted: Fault | None = None
    for row in _sealed():
        broken = broken or _fault_of(row, last + 1, before)
        last, before = row.seq, row.hash
        unseen.discard(row.hash)
        for each in written.pop(row.seq, ()):
            if each.hash != row.hash:
                contradicted = contradicted or _contradiction(each, agreed)
            elif contradicted is None:
                agreed = row.seq
    yield from filter(None, (broken, contradicted, _cut_off(written, last)))
    for hash_ in sorted(unseen):
        yield Fault(None, f"no seal has the hash {hash_}: the audit was cut off, or sealed anew")
    yield from _left_waiting()


def _sealed() -> Iterator[Any]:
    """Every seal with its event; without the event's columns if that is gone."""
    query = select(AuditLink.seq, AuditLink.event_id, AuditLink.hash, *_COLUMNS).outerjoin(
        AuditEvent, AuditEvent.id == AuditLink.event_id
    )
    yield from session.execute(query.order_by(AuditLink.seq).execution_options(yield_per=1_000))


def _fault_of(row: Any, expected: int, before: str) -> Fault | None:
    if row.seq != expected:
        return Fault(expected, f"seal {expected} is gone")
    if row.id is None:
        return Fault(row.seq, f"seal {row.seq}: event {row.event_id} is gone")
    if row.hash != seal_of(before, row):
        return Fault(row.seq, f"seal {row.seq}: event {row.event_id} is not what was sealed, or not in its place")
    return None


def _contradiction(written: Head, agreed: int) -> Fault:
    return Fault(
        agreed + 1,
        f"the head of {_day(written)} is not the hash of seal {written.seq}: "
        f"something from seal {agreed + 1} on was changed and sealed anew",
    )


def _cut_off(missing: dict[int, list[Head]], last: int) -> Fault | None:
    if not missing or max(missing) <= last:
        return None
    newest = missing[max(missing)][0]
    return Fault(last + 1, f"the audit ends at seal {last}, but the head of {_day(newest)} is of seal {newest.seq}")


def _left_waiting() -> Iterator[Fault]:
    waiting = _unsealed(sa.func.count(), sa.func.min(AuditEvent.at)).where(AuditEvent.at < utc_now() - LATE_AFTER)
    count, since = session.execute(waiting).one()
    if count:
        oldest = f"{since.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        yield Fault(None, f"{how_many(count, 'event')} not sealed, the oldest of {oldest}: does the worker run?")


def _day(written: Head) -> str:
    return f"{written.at:%Y-%m-%d}"
