"""Addresses to which mail is refused for good, and since when: "550 no such user". docs/mail-states.md has the table.

While an address is marked, only codes are tried there. The mark goes when one of them is delivered, or when somebody
who can mend the address has it tried again. Who gets another address leaves the mark behind with the old one.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Select, func, select
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped

from models.audit import Actor, record
from models.base import Base, DomainError, Key, insert_first, move, session, utc_now
from models.sight import What, watched

TRY_AGAIN_AFTER = timedelta(hours=1)
"""Between two presses of Try again for one address."""


class RefusedAddress(Base):
    """One row an address, which stays when the mark is gone: the audit refers to it."""

    __tablename__ = "refused_address"
    __table_args__ = (sa.CheckConstraint("address = lower(address)", name="address_lower_case"),)

    id: Mapped[Key]
    address: Mapped[str] = watched(What.CONTACT, unique=True)
    refused_at: Mapped[datetime]
    """When it was marked: mail is refused since then, while `works_since` is None."""
    code: Mapped[int]
    """The answer of the mail server, 0 where ours would not write to such an address, ..."""
    reason: Mapped[str]
    """... and its words, in one short line."""
    works_since: Mapped[datetime | None]
    tried_again_at: Mapped[datetime | None]
    """When somebody last pressed Try again."""

    @hybrid_property
    def is_marked(self) -> bool:
        return self.works_since is None

    @is_marked.inplace.expression
    @classmethod
    def _is_marked(cls) -> sa.ColumnElement[bool]:
        return cls.works_since.is_(None)

    @property
    def said(self) -> str:
        """What the mail server said: "550 no such user"."""
        return f"{self.code} {self.reason}" if self.code else self.reason

    @property
    def may_be_tried_again(self) -> bool:
        return self.tried_again_at is None or utc_now() >= self.tried_again_at + TRY_AGAIN_AFTER

    @classmethod
    def numbered(cls, mark_id: int) -> Select["RefusedAddress"]:
        return select(cls).where(cls.id == mark_id)

    @classmethod
    def of(cls, address: str) -> Select["RefusedAddress"]:
        return select(cls).where(cls.address == address.lower())

    @classmethod
    def marked(cls) -> Select["RefusedAddress"]:
        """Those marked now, the latest first."""
        return select(cls).where(cls.is_marked).order_by(cls.refused_at.desc(), cls.id.desc())

    @classmethod
    def among(cls, addresses: Iterable[str]) -> dict[str, "RefusedAddress"]:
        """The marks on these addresses, by address in lower case."""
        wanted = {address.lower() for address in addresses if address}
        found = session.scalars(cls.marked().where(cls.address.in_(wanted))) if wanted else ()
        return {mark.address: mark for mark in found}

    @classmethod
    def holds(cls, address: sa.SQLColumnExpression[str]) -> sa.ColumnElement[bool]:
        """Whether the address of an outer query is marked."""
        return select(cls.id).where(cls.address == func.lower(address), cls.is_marked).exists()


def mark(address: str, code: int, reason: str) -> None:
    """A mail server refuses the address for good."""
    address, now = address.strip().lower(), utc_now()
    insert_first(RefusedAddress, address=address, refused_at=now, code=code, reason=reason, works_since=now)
    row = session.scalars(RefusedAddress.of(address)).one()
    if move(row, RefusedAddress.works_since.is_not(None), works_since=None, refused_at=now, code=code, reason=reason):
        record("refused_address.marked", row, by=None, code=code)


def works(address: str) -> bool:
    """A mail was delivered there; whether that takes a mark away."""
    row = RefusedAddress.among([address]).get(address.lower())
    if row is None or not move(row, RefusedAddress.is_marked, works_since=utc_now()):
        return False
    record("refused_address.works", row, by=None)
    return True


def take_away(mark: RefusedAddress, *, by: Actor) -> None:
    """Take the mark away, so that what waits is tried. DomainError if it is gone, or was taken away within the hour."""
    now = utc_now()
    if not mark.may_be_tried_again:
        raise DomainError("This address was tried again within the last hour, and refused. Have it corrected first")
    if not move(mark, RefusedAddress.is_marked, works_since=now, tried_again_at=now):
        raise DomainError("Mail to this address is not refused any more")
    record("refused_address.tried_again", mark, by=by)
