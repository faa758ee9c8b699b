"""How claims of a service level are priced, from which day: the council's own data, kept on its pages.

The rate a mile is the contract's (`ContractRate`), with the days from which it holds. A level that has no row here is
priced by its contract's rate where its unit is the mile, and at cost otherwise.
"""

from datetime import date

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, contains_eager, joinedload, mapped_column, relationship, selectinload

from models.base import Base, Key, TenThousandths
from models.pricing import Unit
from models.records.contract import Claimable, ServiceLevel


class ClaimPricing(Base):
    """The terms of one service level from `starts_on` until the next row's day."""

    __tablename__ = "claim_pricing"
    __table_args__ = (
        sa.UniqueConstraint("service_level_id", "starts_on"),
        sa.CheckConstraint("free_weekly_e4 >= 0", name="free_weekly"),
        sa.CheckConstraint("deduct_percent BETWEEN 0 AND 100", name="deduct_percent"),
        sa.CheckConstraint("NOT is_at_cost OR (free_weekly_e4 = 0 AND deduct_percent = 0)", name="at_cost"),
    )

    id: Mapped[Key]
    service_level_id: Mapped[int] = mapped_column(sa.ForeignKey("service_level.id"), index=True)
    starts_on: Mapped[date]
    is_at_cost: Mapped[bool] = mapped_column(default=False)
    """The person types the sum, and sends the receipt."""
    free_weekly_e4: Mapped[TenThousandths] = mapped_column(default=0)
    """Miles from Monday to Sunday that are not paid."""
    deduct_percent: Mapped[int] = mapped_column(default=0)
    """Per cent of the child's maintenance that is taken off for each day of travel."""

    level: Mapped[ServiceLevel] = relationship(lazy="raise", viewonly=True)
    tiers: Mapped[list["ClaimTier"]] = relationship(lazy="raise", viewonly=True, order_by="ClaimTier.above_e4")
    maintenance: Mapped[list["ClaimMaintenance"]] = relationship(
        lazy="raise", viewonly=True, order_by="ClaimMaintenance.id"
    )

    @classmethod
    def every(cls) -> Select["ClaimPricing"]:
        """Of every level, in order of days, with tiers and maintenance (few of either), in one statement: `unique()`
        it.
        """
        parts = joinedload(cls.tiers), joinedload(cls.maintenance)
        return select(cls).options(*parts).order_by(cls.service_level_id, cls.starts_on)

    @classmethod
    def listed(cls) -> Select["ClaimPricing"]:
        """For the council's page: by the level's name, the newest of each first."""
        newest = ServiceLevel.folded_name, ServiceLevel.id, cls.starts_on.desc(), cls.id
        parts = contains_eager(cls.level), selectinload(cls.tiers), selectinload(cls.maintenance)
        return select(cls).join(cls.level).options(*parts).order_by(*newest)


class ClaimTier(Base):
    """Above so many miles in a tax year (6 April to 5 April) a mile is paid this, and up to them the contract's rate or
    that of the tier below.
    """

    __tablename__ = "claim_tier"
    __table_args__ = (
        sa.UniqueConstraint("pricing_id", "above_e4"),
        sa.CheckConstraint("above_e4 > 0", name="above"),
        sa.CheckConstraint("rate_e4 >= 0", name="rate"),
    )

    id: Mapped[Key]
    pricing_id: Mapped[int] = mapped_column(sa.ForeignKey("claim_pricing.id"), index=True)
    above_e4: Mapped[TenThousandths]
    rate_e4: Mapped[TenThousandths]


class ClaimMaintenance(Base):
    """A service level whose weekly price is maintenance, of which days of travel take off their per cent."""

    __tablename__ = "claim_maintenance"
    __table_args__ = (sa.UniqueConstraint("pricing_id", "service_level_id"),)

    id: Mapped[Key]
    pricing_id: Mapped[int] = mapped_column(sa.ForeignKey("claim_pricing.id"), index=True)
    service_level_id: Mapped[int] = mapped_column(sa.ForeignKey("service_level.id"), index=True)


def is_at_cost(unit: Unit, pricing: ClaimPricing | None) -> bool:
    """Whether a claim of such a level names a sum. `pricing` is what holds on the day, None where nothing is said."""
    return unit is not Unit.MILE if pricing is None else pricing.is_at_cost


def claimable_levels() -> Select[ServiceLevel]:
    """Those that may stand in a claim, by name."""
    may = ServiceLevel.claimable != Claimable.NO
    return select(ServiceLevel).where(may).order_by(ServiceLevel.folded_name, ServiceLevel.id)
