"""Visits as a provider's call monitoring tells them, and the workers who made them."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, utc_now
from models.records.actual import AbsenceReason
from models.tenancy import ProviderOwned, owned
from models.words import Choice


class Carer(ProviderOwned, Base):
    """A worker of a provider, by the provider's own name for them; names may be left out."""

    __tablename__ = "carer"
    __table_args__ = owned(
        sa.UniqueConstraint("provider_id", "reference"),
        sa.CheckConstraint("ends_on IS NULL OR starts_on IS NULL OR ends_on >= starts_on", name="days"),
    )

    id: Mapped[Key]
    reference: Mapped[str]
    first_name: Mapped[str] = mapped_column(default="")
    surname: Mapped[str] = mapped_column(default="")
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    is_active: Mapped[bool] = mapped_column(default=True)
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)


class VisitOutcome(Choice):
    DELIVERED = "Delivered"
    FRUSTRATED = "Frustrated"
    MISSED = "Missed"
    CANCELLED = "Cancelled"


class Visit(ProviderOwned, Base):
    """One visit to one client. Its day is that on which it begins; minutes are counted by instants, so that the nights
    on which clocks change have their true length (next.md 29).
    """

    __tablename__ = "visit"
    __table_args__ = owned(
        sa.UniqueConstraint("provider_id", "reference"),
        sa.CheckConstraint("(started_at IS NULL) = (ended_at IS NULL)", name="times"),
        sa.CheckConstraint("ended_at IS NULL OR ended_at > started_at", name="ended"),
        item_id="care_package_line_item",
        carer_id="carer",
    )

    id: Mapped[Key]
    reference: Mapped[str]
    """The provider's own, unique at the provider: the same again changes the visit."""
    client_id: Mapped[int] = mapped_column(sa.ForeignKey("client.id"), index=True)
    item_id: Mapped[int | None] = mapped_column(index=True)
    """The line item to which it is allotted; None: unallocated."""
    carer_id: Mapped[int] = mapped_column(index=True)
    carers: Mapped[int] = mapped_column(default=1)
    """How many workers were there."""
    day: Mapped[date] = mapped_column(index=True)
    planned_start: Mapped[datetime | None]
    planned_end: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    minutes: Mapped[int] = mapped_column(default=0)
    """Whole minutes from start to end; 0 where it was not delivered."""
    outcome: Mapped[VisitOutcome]
    reason: Mapped[AbsenceReason | None]
    comment: Mapped[str] = mapped_column(default="")
    log_method: Mapped[str] = mapped_column(default="")
    manual_reason: Mapped[str] = mapped_column(default="")
    """Why its times were edited by hand."""
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)

    @classmethod
    def numbered(cls, visit_id: int) -> Select["Visit"]:
        return select(cls).where(cls.id == visit_id)
