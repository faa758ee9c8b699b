"""Timesheets of Shared Lives: what a carer says of each day of a month. The states: docs/timesheet-states.md.

A timesheet becomes confirmed actuals (models.records.actual) once the scheme has verified it and finance has approved
it; until then it pays nothing.
"""

from calendar import monthrange
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Key, TenThousandths
from models.calendar import Span, today
from models.records.actual import AbsenceReason
from models.records.contract import Contract
from models.records.provider import Service
from models.tenancy import ProviderOwned, link, owned
from models.words import Choice

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


class TimesheetState(Choice):
    DRAFT = "draft"
    SENT = "sent"
    RETURNED = "returned"
    VERIFIED = "verified"
    APPROVED = "approved"

    @property
    def label(self) -> str:
        """As its provider reads it."""
        return self.value.capitalize()

    @property
    def colour(self) -> str:
        return {"draft": "blue", "sent": "purple", "returned": "orange", "verified": "teal", "approved": "green"}[
            self.value
        ]


class Timesheet(ProviderOwned, Base):
    """One calendar month of one service under one contract. A month that nobody has begun has no row."""

    __tablename__ = "timesheet"
    __table_args__ = owned(
        sa.UniqueConstraint("contract_id", "service_id", "month_on"),
        sa.CheckConstraint("(state IN ('sent', 'verified', 'approved')) = (sent_at IS NOT NULL)", name="sent"),
        sa.CheckConstraint("(sent_at IS NULL) = (sent_by_id IS NULL)", name="sent_by"),
        sa.CheckConstraint("(state = 'returned') = (returned_at IS NOT NULL)", name="returned"),
        sa.CheckConstraint("(returned_at IS NULL) = (returned_by_id IS NULL)", name="returned_by"),
        sa.CheckConstraint("(returned_at IS NULL) = (returned_note = '')", name="returned_note"),
        sa.CheckConstraint("(state IN ('verified', 'approved')) = (verified_at IS NOT NULL)", name="verified"),
        sa.CheckConstraint("(verified_at IS NULL) = (verified_by_id IS NULL)", name="verified_by"),
        sa.CheckConstraint("(state = 'approved') = (approved_at IS NOT NULL)", name="approved"),
        sa.CheckConstraint("(approved_at IS NULL) = (approved_by_id IS NULL)", name="approved_by"),
        sa.CheckConstraint("approved_by_id IS NULL OR approved_by_id <> verified_by_id", name="two_people"),
        contract_id="contract",
    )

    id: Mapped[Key]
    contract_id: Mapped[int] = mapped_column(index=True)
    service_id: Mapped[int] = mapped_column(sa.ForeignKey("service.id"), index=True)
    month_on: Mapped[date] = mapped_column(index=True)
    """The first day of its month."""
    state: Mapped[TimesheetState] = mapped_column(default=TimesheetState.DRAFT, index=True)
    sent_at: Mapped[datetime | None]
    sent_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    returned_at: Mapped[datetime | None]
    returned_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    returned_note: Mapped[str] = mapped_column(default="")
    """Why it was returned. Its provider reads it."""
    verified_at: Mapped[datetime | None]
    verified_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    approved_at: Mapped[datetime | None]
    approved_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    approvals: Mapped[int] = mapped_column(default=0)
    """How often it was approved: more than once where a month was corrected. What was approved last holds meanwhile."""

    contract: Mapped[Contract] = relationship(lazy="raise", viewonly=True)
    service: Mapped[Service] = relationship(lazy="raise", viewonly=True)

    @property
    def span(self) -> Span:
        return month_of(self.month_on)

    @property
    def name(self) -> str:
        """April 2026"""
        return f"{MONTHS[self.month_on.month - 1]} {self.month_on.year}"

    @hybrid_property
    def is_open(self) -> bool:
        """Its provider may edit it."""
        return self.state in (TimesheetState.DRAFT, TimesheetState.RETURNED)

    @is_open.inplace.expression
    @classmethod
    def _is_open(cls) -> sa.ColumnElement[bool]:
        return cls.state.in_((TimesheetState.DRAFT, TimesheetState.RETURNED))

    @property
    def is_over(self) -> bool:
        """Its last day is past: only what was delivered can be sent."""
        return self.span.last < today()


class TimesheetDay(ProviderOwned, Base):
    """What was delivered to one person on one day, in ten-thousandths of a night or session; or why nothing was."""

    __tablename__ = "timesheet_day"
    __table_args__ = owned(
        sa.UniqueConstraint("timesheet_id", "item_id", "day"),
        sa.CheckConstraint("units_e4 >= 0", name="units"),
        link("timesheet_id", "timesheet"),
        item_id="care_package_line_item",
    )

    id: Mapped[Key]
    timesheet_id: Mapped[int] = mapped_column(index=True)
    item_id: Mapped[int] = mapped_column(index=True)
    day: Mapped[date]
    """A night belongs to the day on which it begins."""
    units_e4: Mapped[TenThousandths]
    reason: Mapped[AbsenceReason | None]
    """Why it is less than was planned."""


def month_of(day: date) -> Span:
    """The calendar month in which the day is."""
    return Span(day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1]))
