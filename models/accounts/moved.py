"""Logins whose e-mail address the council has changed lately.

For somebody whose second step is a code by e-mail, the mailbox is the account. So for a week after the council has
changed an address, whoever changed it can neither give a temporary password nor take back a second step, nor can who
did one of these change the address; and in a browser that is not known, nobody sets a forgotten password. The old
address was told, and there is time to object.
"""

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from models.accounts.user import User
from models.audit import AuditEvent, named
from models.base import DomainError, session, utc_now

if TYPE_CHECKING:
    from models.accounts.pending_login import PendingLogin

WAIT = timedelta(days=7)
MOVED = "user.email_changed"
LET_IN = ("user.temporary_password_given", "user.second_step_reset")
"""What would let in somebody who reads the new address."""


def may_reset(pending: "PendingLogin") -> bool:
    """Whether a forgotten password may be set. For nobody the query runs all the same."""
    moved = AuditEvent.subject == f"{User.__tablename__}:{pending.user_id or 0}"
    is_moved = select(AuditEvent.id).where(AuditEvent.action == MOVED, AuditEvent.at > utc_now() - WAIT, moved)
    return session.scalar(is_moved.limit(1)) is None or pending.device_id is not None


def insist_on_another_to_let_in(person: User, *, by: User) -> None:
    """DomainError if `by` has changed the person's address lately."""
    if _has_done(person, by, MOVED):
        raise DomainError(
            f"You changed the e-mail address of {person.name} within the last 7 days. Ask a colleague to do this: "
            "otherwise one person alone could log in as somebody else"
        )


def insist_on_another_to_move(person: User, *, by: User) -> None:
    """DomainError if `by` has lately done to the person's login what would let in who reads another address."""
    if _has_done(person, by, *LET_IN):
        raise DomainError(
            f"You gave {person.name} a temporary password, or took back their second step, within the last 7 days. Ask "
            "a colleague to change the e-mail address: otherwise one person alone could log in as somebody else"
        )


def _has_done(person: User, by: User, *actions: str) -> bool:
    theirs = (AuditEvent.subject == named(person), AuditEvent.user_id == by.id, AuditEvent.at > utc_now() - WAIT)
    return session.scalar(select(AuditEvent.id).where(AuditEvent.action.in_(actions), *theirs).limit(1)) is not None
