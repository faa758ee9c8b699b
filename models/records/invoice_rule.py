"""What the council keeps as data about invoices: why one may be held, and the figures of late payment that law sets.

The verbs are in models/billing/invoice_rules.py.
"""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, Pence, utc_now
from models.hybrids import hybrid_property
from models.words import Choice


class HoldOwner(Choice):
    """Who has to do something about a held invoice."""

    PROVIDER = "provider"
    PAYMENTS = "payments"
    BROKERAGE = "brokerage"
    AGREEMENTS = "agreements"
    COMMISSIONING = "commissioning"

    @property
    def label(self) -> str:
        return {
            "provider": "The provider", "payments": "Payments team", "brokerage": "Brokerage team",
            "agreements": "Service agreements team", "commissioning": "Commissioning team",
        }[self.value]  # fmt: skip


class Releaser(Choice):
    """Who may let a held invoice go on as it is."""

    OFFICER = "officer"
    MANAGER = "manager"

    @property
    def label(self) -> str:
        return {"officer": "Whoever decides invoices", "manager": "A payments manager"}[self.value]


class HoldReason(Base):
    """Why an invoice may be held. Both sides read the one sentence."""

    __tablename__ = "hold_reason"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(unique=True)
    sentence: Mapped[str]
    """What is wrong, as the provider and the council read it."""
    remedy: Mapped[str]
    """What its owner has to do."""
    owner: Mapped[HoldOwner]
    released_by: Mapped[Releaser] = mapped_column(default=Releaser.OFFICER)
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)
    ended_at: Mapped[datetime | None]
    """No longer offered; holds for this reason stay."""

    @hybrid_property
    def is_of_provider(self) -> bool:
        """The invoice was not valid: the days to pay begin anew once it is mended."""
        return self.owner == HoldOwner.PROVIDER

    @classmethod
    def offered(cls) -> Select["HoldReason"]:
        return select(cls).where(cls.ended_at.is_(None)).order_by(cls.id)

    @classmethod
    def every(cls) -> Select["HoldReason"]:
        return select(cls).order_by(cls.ended_at.is_not(None), cls.id)

    @classmethod
    def numbered(cls, reason_id: int) -> Select["HoldReason"]:
        return select(cls).where(cls.id == reason_id)


class LateKind(Choice):
    """Which figure of late payment a row holds."""

    PAY_DAYS = "pay_days"
    """Days from receipt of a valid invoice to its payment."""
    TELL_DAYS = "tell_days"
    """Days from receipt within which a provider is told that an invoice is held: "without undue delay"."""
    BASE_RATE = "base_rate"
    """The Bank of England's, in hundredths of a per cent."""
    MARGIN = "margin"
    """What statutory interest is above the base rate, in hundredths of a per cent."""
    FIXED_SUM = "fixed_sum"
    """Pence for a debt of `from_pence` or more."""

    @property
    def label(self) -> str:
        return {
            "pay_days": "Days to pay", "tell_days": "Days to tell of a hold", "base_rate": "Base rate",
            "margin": "Above the base rate", "fixed_sum": "Fixed sum",
        }[self.value]  # fmt: skip

    @property
    def is_in_days(self) -> bool:
        return self in (LateKind.PAY_DAYS, LateKind.TELL_DAYS)

    @property
    def is_rate(self) -> bool:
        return self in (LateKind.BASE_RATE, LateKind.MARGIN)


class LateFigure(Base):
    """A figure of late payment, from a day on, and the instrument that sets it. The newest row of a day holds."""

    __tablename__ = "late_figure"
    __table_args__ = (
        sa.UniqueConstraint("kind", "starts_on", "from_pence"),
        sa.CheckConstraint("value >= 0", name="value"),
        sa.CheckConstraint("from_pence = 0 OR kind = 'fixed_sum'", name="from_pence"),
    )

    id: Mapped[Key]
    kind: Mapped[LateKind]
    starts_on: Mapped[date]
    from_pence: Mapped[Pence] = mapped_column(default=0)
    """Of a fixed sum: the least debt that it is for. 0 of all else."""
    value: Mapped[Pence]
    """Days, hundredths of a per cent, or pence: by its kind."""
    instrument: Mapped[str]
    entered_at: Mapped[datetime] = mapped_column(default=utc_now)
    entered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    """None of a row that came with the portal."""

    @classmethod
    def every(cls) -> Select["LateFigure"]:
        return select(cls).order_by(cls.kind, cls.starts_on.desc(), cls.from_pence, cls.id)

    @classmethod
    def numbered(cls, figure_id: int) -> Select["LateFigure"]:
        return select(cls).where(cls.id == figure_id)
