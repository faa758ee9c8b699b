"""Limits of claims, as the council sets them: each warns or refuses, and says which rule it is."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from models.accounts.user import User
from models.audit import record
from models.base import Base, DomainError, Key, TenThousandths, move, session, utc_now
from models.money import SCALE, number
from models.records.contract import Claimable, ServiceLevel
from models.words import Choice, how_many


class LimitKind(Choice):
    AGE = "age"
    """How many days ago a trip or an expense may be when it is claimed."""
    MONTHLY = "monthly"
    """How many claims may be sent in one calendar month."""
    DAILY_MILES = "daily_miles"
    """How many miles may be claimed for one day."""

    @property
    def label(self) -> str:
        return {"age": "Days since the trip or expense", "monthly": "Claims a calendar month",
                "daily_miles": "Miles a day"}[self.value]  # fmt: skip

    @property
    def largest(self) -> int:
        """No limit is above it: ten years of days, a thousand claims, ten thousand miles."""
        return {"age": 3_650, "monthly": 1_000, "daily_miles": 10_000}[self.value]


class LimitEffect(Choice):
    WARN = "warn"
    REFUSE = "refuse"

    @property
    def label(self) -> str:
        return {"warn": "Warn, and tell the panel", "refuse": "Refuse"}[self.value]


class ClaimLimit(Base):
    """One limit, of one service level or of all (None). Whoever changes it ends it and sets another."""

    __tablename__ = "claim_limit"
    __table_args__ = (
        sa.CheckConstraint("most_e4 > 0", name="most"),
        sa.CheckConstraint("kind <> 'monthly' OR service_level_id IS NULL", name="monthly"),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by_id IS NULL)", name="ended_by"),
    )

    id: Mapped[Key]
    kind: Mapped[LimitKind]
    service_level_id: Mapped[int | None] = mapped_column(sa.ForeignKey("service_level.id"))
    most_e4: Mapped[TenThousandths]
    """The most that is allowed: days, claims or miles, in ten-thousandths."""
    effect: Mapped[LimitEffect]
    set_at: Mapped[datetime] = mapped_column(default=utc_now)
    set_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))

    level: Mapped[ServiceLevel | None] = relationship(lazy="raise", viewonly=True)

    @property
    def refuses(self) -> bool:
        return self.effect is LimitEffect.REFUSE

    @property
    def sentence(self) -> str:
        """The rule, as providers and the panel read it."""
        return sentence_of(self.kind, self.most_e4, self.level)

    @classmethod
    def in_force(cls) -> Select["ClaimLimit"]:
        return select(cls).where(cls.ended_at.is_(None)).options(joinedload(cls.level)).order_by(cls.kind, cls.id)

    @classmethod
    def numbered(cls, limit_id: int) -> Select["ClaimLimit"]:
        return select(cls).where(cls.id == limit_id).options(joinedload(cls.level))


def sentence_of(kind: LimitKind, most_e4: int, level: ServiceLevel | None) -> str:
    """What is allowed at most: days, claims or miles, in ten-thousandths."""
    of = f" of {level.name}" if level else ""
    match kind:
        case LimitKind.AGE:
            return f"A claim{of} is made within {how_many(most_e4 // SCALE, 'day')} of the trip or expense"
        case LimitKind.MONTHLY:
            return f"No more than {how_many(most_e4 // SCALE, 'claim')} may be sent in a calendar month"
    return f"No more than {number(most_e4)} miles{of} may be claimed for one day"


def set_limit(
    kind: LimitKind, *, level: ServiceLevel | None = None, most_e4: int, effect: LimitEffect, by: User
) -> ClaimLimit:
    """From now on. DomainError where the same kind is set already for the level, or the number makes no sense."""
    insist_on_limit(kind, level, most_e4)
    limit = ClaimLimit(
        kind=kind, service_level_id=level.id if level else None, most_e4=most_e4, effect=effect, set_by_id=by.id
    )
    session.add(limit)
    record("claim_limit.set", limit, by=by, kind=kind.value, most=number(most_e4), effect=effect.value,
           level=level.reference if level else None)  # fmt: skip
    return limit


def insist_on_limit(kind: LimitKind, level: ServiceLevel | None, most_e4: int) -> None:
    """DomainError as `set_limit`."""
    if level is not None and level.claimable is Claimable.NO:
        raise DomainError(f"{level.name} cannot be claimed. Choose another service level")
    if level is not None and kind is LimitKind.MONTHLY:
        raise DomainError("How many claims may be sent in a month is set for all service levels together")
    if most_e4 <= 0 or (kind is not LimitKind.DAILY_MILES and most_e4 % SCALE):
        raise DomainError("Enter a whole number above 0")
    if most_e4 > kind.largest * SCALE:
        raise DomainError(f"Enter no more than {kind.largest:,}")
    same = ClaimLimit.in_force().where(
        ClaimLimit.kind == kind, ClaimLimit.service_level_id.is_not_distinct_from(level.id if level else None)
    )
    if session.scalars(same).first() is not None:
        raise DomainError("There is such a limit already. End it first")


def end_limit(limit: ClaimLimit, *, by: User) -> None:
    if not move(limit, ClaimLimit.ended_at.is_(None), ended_at=utc_now(), ended_by_id=by.id):
        raise DomainError("A colleague has ended this limit already")
    record("claim_limit.ended", limit, by=by, kind=limit.kind.value)
