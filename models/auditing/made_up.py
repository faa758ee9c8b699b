"""Whether the data of this database are made up: a demonstration, which shows codes and passwords to anybody who can
open it, works on nothing else, and production never on that.
"""

from sqlalchemy import select

from models.accounts import demonstration
from models.accounts.user import User
from models.audit import AuditEvent, record
from models.base import session
from models.records.feed import FeedImport
from models.records.provider import Provider
from models.tenancy import every_provider

SAID = "portal.made_up"
OTHER = "Give this one a database of its own: another PORTAL_INSTANCE, or another DATABASE_URL"


def is_made_up() -> bool:
    """It has been said of this database, or it has the accounts whose passwords are on the log-in page."""
    said = session.scalar(select(AuditEvent.id).where(AuditEvent.action == SAID).limit(1))
    return said is not None or bool(demonstration.accounts_here())


def say_made_up() -> None:
    """Keep it, once, with the transaction that is open."""
    if session.scalar(select(AuditEvent.id).where(AuditEvent.action == SAID).limit(1)) is None:
        record(SAID, by=None)


def why_not_here(is_demonstration: bool) -> str:
    """Why this mode may not work on this database, and what to do; empty where it may. An empty one takes either."""
    if is_made_up():
        known = "The database is a demonstration's: its people log in with passwords that everybody knows."
        return "" if is_demonstration else f"{known} {OTHER}"
    if is_demonstration and _has_data():
        return (
            "The database holds data of which nobody has said that they are made up, and a demonstration shows codes "
            f"and passwords to anybody who can open it. {OTHER}"
        )
    return ""


def _has_data() -> bool:
    with every_provider():
        return any(session.scalar(select(table.id).limit(1)) is not None for table in (Provider, User, FeedImport))
