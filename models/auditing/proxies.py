"""Whether the proxies in front are those of which the settings tell. A portal that believes the wrong ones takes one
address for everybody's, or what a stranger makes up for theirs; and nobody notices.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from models.audit import AuditEvent, record
from models.base import session, utc_now

SEEN = "portal.proxies_wrong"
TOLD_AGAIN = timedelta(days=1)
LASTS = timedelta(days=2)
"""What was not seen again for so long is taken for mended."""


@dataclass(frozen=True)
class Proxies:
    """What one request shows."""

    stated: int
    """`proxies` in settings.toml."""
    seen: int
    """Addresses in its X-Forwarded-For."""

    @property
    def words(self) -> str:
        """What is wrong, and what to do; empty where nothing is."""
        if self.seen == self.stated:
            return ""
        if not self.stated:
            return (
                "Requests come through a proxy, and settings.toml says proxies = 0: all people seem to come from one "
                "address, so that one stranger's wrong passwords keep everybody out. Say proxies = 1, or as many as "
                "there are"
            )
        if self.seen < self.stated:
            return (
                f"settings.toml says proxies = {self.stated}, and a request has come through {self.seen}: whoever gets "
                "past the proxy makes up where they come from. Let nothing but the proxy reach the portal's port, and "
                "let it set X-Forwarded-For and X-Forwarded-Proto; or correct proxies"
            )
        return (
            f"settings.toml says proxies = {self.stated}, and X-Forwarded-For has {self.seen} addresses: the portal "
            "may take a proxy's address for everybody's. Let the outermost proxy set the header and not add to it, as "
            "deploy/nginx-site.conf does; or correct proxies"
        )


def newest(stated: int) -> tuple[AuditEvent, Proxies] | None:
    """What was last seen of proxies that are wrong, while settings.toml says so many; None where it is too long ago."""
    query = select(AuditEvent).where(AuditEvent.action == SEEN, AuditEvent.at > utc_now() - LASTS)
    event = session.scalar(query.order_by(AuditEvent.id.desc()).limit(1))
    if event is None or event.detail.get("stated") != stated:
        return None
    return event, Proxies(stated, int(event.detail["seen"]))


def keep(found: Proxies) -> None:
    """Keep what was seen, once a day however many processes see it, in the transaction that is open."""
    known = newest(found.stated)
    if known is None or known[1] != found or known[0].at < utc_now() - TOLD_AGAIN:
        record(SEEN, by=None, stated=found.stated, seen=found.seen)
