"""The events of one record with their seals, for evidence that somebody takes away."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from models.audit import AuditEvent
from models.auditing.chain import START, AuditLink, canonical
from models.base import session


def sealed_events(subject: str, actions: Sequence[str]) -> list[dict[str, Any]]:
    """What was done to the record that the audit calls so, the oldest first: the event as the chain has it (one line of
    text), the seal before it, its own, and its number. The last three are None while the worker has not sealed it.
    """
    before = sa.orm.aliased(AuditLink)
    query = (
        select(AuditEvent, AuditLink.seq, AuditLink.hash, before.hash.label("before"))
        .outerjoin(AuditLink, AuditLink.event_id == AuditEvent.id)
        .outerjoin(before, before.seq == AuditLink.seq - 1)
        .where(AuditEvent.subject == subject, AuditEvent.action.in_(actions))
        .order_by(AuditEvent.id)
    )
    return [
        {
            "event": canonical(row.AuditEvent), "seq": row.seq, "hash": row.hash,
            "before": (row.before or START) if row.seq is not None else None,
        }
        for row in session.execute(query)
    ]  # fmt: skip
