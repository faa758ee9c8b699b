"""Actuals: what a service delivered in one week, as its provider says it. The states: docs/actual-states.md.

A week has drafts, which its provider edits, and confirmed figures, which are never changed: a correction is confirmed
under the next number. Payments, invoices and reports take confirmed figures only. The verbs are in models/care.
"""

from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.audit import AppendOnly
from models.base import Base, Key, Pence, TenThousandths, choice, utc_now
from models.calendar import Span
from models.records.contract import Contract
from models.records.provider import Service
from models.tenancy import ProviderOwned, owned
from models.words import Choice

WEEK = timedelta(days=6)
"""From a week's first day to its last."""


class WeekState(Choice):
    DRAFT = "draft"
    CONFIRMED = "confirmed"
    REOPENED = "reopened"
    """It was confirmed, and is being corrected: what was confirmed holds until it is confirmed again. Or it was never
    confirmed, and the council has opened it after the last day for that."""

    @property
    def label(self) -> str:
        return self.value.capitalize()

    @property
    def colour(self) -> str:
        """Of its tag, which says the label too."""
        return {"draft": "blue", "confirmed": "green", "reopened": "orange"}[self.value]


class AbsenceReason(Choice):
    """Why somebody did not get what was planned. The values are what files write (domain.md 4.1)."""

    HOSPITAL = "HOSP"
    HOLIDAY = "HOLIDAY"
    NO_REPLY = "NO_REPLY"
    REFUSED = "REFUSED"
    DECEASED = "DECEASED"
    FAMILY = "FAMILY"
    BANK_HOLIDAY = "BANK_HOL"
    STAFF = "STAFF"
    WEATHER = "WEATHER"
    OTHER = "OTHER"

    @property
    def label(self) -> str:
        return {
            "HOSP": "In hospital", "HOLIDAY": "On holiday", "NO_REPLY": "No reply", "REFUSED": "Refused the visit",
            "DECEASED": "Has died", "FAMILY": "Family gave the care", "BANK_HOL": "Closed on a bank holiday",
            "STAFF": "No worker", "WEATHER": "Weather", "OTHER": "Another reason",
        }[self.value]  # fmt: skip


class ExceptionState(Choice):
    """What the council says of a confirmed figure that breaks a rule which asks for its approval."""

    OPEN = "open"
    """Nothing is paid by it until the council decides; the figure before it holds."""
    APPROVED = "approved"
    AMENDED = "amended"
    """The council has confirmed another figure in its place, under the next number."""
    REJECTED = "rejected"
    """It pays nothing; the provider corrects it."""
    OVERTAKEN = "overtaken"
    """Its provider has confirmed another figure before the council had decided."""

    @property
    def label(self) -> str:
        return {"open": "Waits for the council"}.get(self.value, self.value.capitalize())

    @property
    def colour(self) -> str:
        return {"open": "orange", "approved": "green", "rejected": "red"}.get(self.value, "grey")


class Origin(Choice):
    """Where a figure comes from."""

    FORM = "form"
    FILE = "file"
    VISITS = "visits"
    TIMESHEET = "timesheet"
    COUNCIL = "council"

    @property
    def words(self) -> str:
        return {
            "form": "Typed in", "file": "From a file", "visits": "From visits", "timesheet": "From a timesheet",
            "council": "Amended by the council",
        }[self.value]  # fmt: skip


class ActualWeek(ProviderOwned, Base):
    """One week of one service under one contract. A week that nobody has begun has no row."""

    __tablename__ = "actual_week"
    __table_args__ = owned(
        sa.UniqueConstraint("contract_id", "service_id", "first_on"),
        sa.CheckConstraint("(confirmed_at IS NULL) = (confirmed_by_id IS NULL)", name="confirmed_by"),
        sa.CheckConstraint("(confirmed_at IS NULL) = (confirmations = 0)", name="confirmations"),
        sa.CheckConstraint("(reopened_at IS NULL) = (reopened_by_id IS NULL)", name="reopened_by"),
        sa.CheckConstraint("reopened_at IS NULL OR confirmed_at IS NOT NULL OR reopened_reason <> ''", name="reopened"),
        contract_id="contract",
    )

    id: Mapped[Key]
    contract_id: Mapped[int] = mapped_column(index=True)
    service_id: Mapped[int] = mapped_column(sa.ForeignKey("service.id"), index=True)
    first_on: Mapped[date] = mapped_column(index=True)
    """The first of its seven days: the weekday on which the contract's weeks begin."""
    generated_at: Mapped[datetime] = mapped_column(default=utc_now)
    generated_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    """None: a file or the worker made it."""
    confirmed_at: Mapped[datetime | None]
    """When it was last confirmed."""
    confirmed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    confirmations: Mapped[int] = mapped_column(default=0)
    late_reason: Mapped[str] = mapped_column(default="")
    """Why it was last confirmed after its deadline; empty where it was in time."""
    reopened_at: Mapped[datetime | None]
    """While it is being corrected: since when. None again once it is confirmed. Of a week that was never confirmed, and
    can be no longer: since when the council lets it be."""
    reopened_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    reopened_reason: Mapped[str] = mapped_column(default="")
    """Why the council has opened it; empty where its provider has."""

    contract: Mapped[Contract] = relationship(lazy="raise", viewonly=True)
    service: Mapped[Service] = relationship(lazy="raise", viewonly=True)

    @property
    def span(self) -> Span:
        return Span(self.first_on, self.first_on + WEEK)

    @hybrid_property
    def is_open(self) -> bool:
        """Its provider may edit it."""
        return self.confirmed_at is None or self.reopened_at is not None

    @is_open.inplace.expression
    @classmethod
    def _is_open(cls) -> sa.ColumnElement[bool]:
        return sa.or_(cls.confirmed_at.is_(None), cls.reopened_at.is_not(None))

    @hybrid_property
    def is_opened_by_council(self) -> bool:
        """No day by which it is to be confirmed holds of it."""
        return self.reopened_at is not None and self.reopened_reason != ""

    @is_opened_by_council.inplace.expression
    @classmethod
    def _is_opened_by_council(cls) -> sa.ColumnElement[bool]:
        return sa.and_(cls.reopened_at.is_not(None), cls.reopened_reason != "")

    @hybrid_property
    def state(self) -> WeekState:
        if self.reopened_at is not None:
            return WeekState.REOPENED
        return WeekState.DRAFT if self.confirmed_at is None else WeekState.CONFIRMED

    @state.inplace.expression
    @classmethod
    def _state(cls) -> sa.ColumnElement[WeekState]:
        state = sa.case(
            (cls.reopened_at.is_not(None), WeekState.REOPENED.value),
            (cls.confirmed_at.is_(None), WeekState.DRAFT.value),
            else_=WeekState.CONFIRMED.value,
        )
        return sa.type_coerce(state, choice(WeekState))


class _Figures:
    """What was delivered to one person in one week: quantities in ten-thousandths of the service level's unit.

    planned - frustrated - missed + extra = actual, or a comment says why not.
    """

    planned_e4: Mapped[TenThousandths]
    """By the plan of the day on which the row was made or last refreshed."""
    actual_e4: Mapped[TenThousandths]
    frustrated_e4: Mapped[TenThousandths] = mapped_column(default=0)
    """Planned, and not taken up by the client."""
    missed_e4: Mapped[TenThousandths] = mapped_column(default=0)
    """Planned, and not delivered by the provider."""
    extra_e4: Mapped[TenThousandths] = mapped_column(default=0)
    planned_visits: Mapped[int | None]
    visits: Mapped[int | None]
    reason: Mapped[AbsenceReason | None]
    comment: Mapped[str] = mapped_column(default="")
    provider_reference: Mapped[str] = mapped_column(default="")
    """The provider's own, at most 30 characters."""
    by_day_e4: Mapped[list[int] | None]
    """The actual quantity of each of the seven days, where it is known: from visits or a timesheet. Adds up to
    `actual_e4`."""
    origin: Mapped[Origin] = mapped_column(default=Origin.FORM)


class Actual(_Figures, ProviderOwned, Base):
    """One line item's row of a week as its provider edits it."""

    __tablename__ = "actual"
    __table_args__ = owned(
        sa.UniqueConstraint("week_id", "item_id"),
        sa.CheckConstraint("version >= 1", name="version"),
        week_id="actual_week",
        item_id="care_package_line_item",
    )

    id: Mapped[Key]
    week_id: Mapped[int] = mapped_column(index=True)
    item_id: Mapped[int] = mapped_column(index=True)
    version: Mapped[int] = mapped_column(default=1)
    """Raised by each change: who saves an older one is told who changed it meanwhile."""
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)
    changed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))


class ConfirmedActual(AppendOnly, _Figures, ProviderOwned, Base):
    """One line item's figures of a week as they were confirmed; a correction has the next number."""

    __tablename__ = "confirmed_actual"
    __table_args__ = owned(
        sa.UniqueConstraint("item_id", "first_on", "number"),
        sa.CheckConstraint("number >= 1", name="number"),
        week_id="actual_week",
        item_id="care_package_line_item",
    )

    id: Mapped[Key]
    week_id: Mapped[int] = mapped_column(index=True)
    item_id: Mapped[int] = mapped_column(index=True)
    first_on: Mapped[date]
    """Of its week."""
    number: Mapped[int]
    """1 for what was confirmed first, of this item and week."""
    confirmed_at: Mapped[datetime] = mapped_column(default=utc_now)
    confirmed_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))


class ActualException(ProviderOwned, Base):
    """A confirmed figure that the council has to look at, why, and what it has said. A figure has one at most."""

    __tablename__ = "actual_exception"
    __table_args__ = owned(
        sa.UniqueConstraint("confirmed_id"),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided"),
        sa.CheckConstraint("(decided_at IS NULL) = (decided_by_id IS NULL)", name="decided_by"),
        confirmed_id="confirmed_actual",
        action_id="action",
    )

    id: Mapped[Key]
    confirmed_id: Mapped[int]
    codes: Mapped[list[str]]
    """Of models/care/checking.Code: why."""
    pence: Mapped[Pence] = mapped_column(default=0)
    """What its week is paid if it is approved, or by plan where nothing was delivered; VAT included. Each calculation
    works it out while it waits (models/payments/delivered.price_exceptions); then it stays."""
    state: Mapped[ExceptionState] = mapped_column(default=ExceptionState.OPEN, index=True)
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    note: Mapped[str] = mapped_column(default="")
    """What the council says of it. The provider reads it."""
    action_id: Mapped[int | None] = mapped_column(index=True)
    """The action by which a variation of the care package was asked for because of it."""

    @property
    def mark(self) -> str:
        """Another one once it is decided or comes to another sum; its figure never changes."""
        return f"{self.state.value}/{self.pence}"


def latest_that_counts(*columns: sa.SQLColumnExpression | type[Base]) -> sa.Select:
    """Of each line item and week the confirmed figure that holds: the one with the highest number among those without
    an exception, or with one that the council has approved.
    """
    own, later, said, said_later = (
        ConfirmedActual, sa.orm.aliased(ConfirmedActual), ActualException, sa.orm.aliased(ActualException),
    )  # fmt: skip
    newer = (
        sa.select(later.id)
        .outerjoin(said_later, said_later.confirmed_id == later.id)
        .where(later.item_id == own.item_id, later.first_on == own.first_on, later.number > own.number)
        .where(sa.or_(said_later.id.is_(None), said_later.state == ExceptionState.APPROVED))
    )
    return (
        sa.select(*columns or (own,))
        .select_from(own)
        .outerjoin(said, said.confirmed_id == own.id)
        .where(sa.or_(said.id.is_(None), said.state == ExceptionState.APPROVED), ~newer.exists())
        .order_by(own.item_id, own.first_on)
    )
