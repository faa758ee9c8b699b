"""Rules of actuals, as data: of a service level, each with the day from which it warns and from which it refuses.

What the finance system says of a level (tolerance, frustrated visits paid, extras allowed) stands at the level itself.
"""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import Select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Key, utc_now
from models.records.contract import ServiceLevel
from models.words import Choice


class RuleKind(Choice):
    PAID_ON_PLAN = "paid_on_plan"
    """Weeks that begin on `refuses_from` or later are paid as planned, whatever the contract says; actuals are kept for
    information."""
    NO_EXTRAS = "no_extras"
    HOSPITAL_ONLY = "hospital_only"
    """Frustrated means in hospital: another reason warns, or is refused."""
    VISITS = "visits"
    """The number of visits has to be given."""
    EXTRA_WEEKS = "extra_weeks"
    """Extra in more than `value` weeks that follow one another needs a change of the care package."""
    DEADLINE = "deadline"
    """Days after the week's last day until which it is confirmed in time: `value`. 2 where no rule says another."""
    LATEST = "latest"
    """Weeks after the week's last day until which it may be confirmed at all: `value`. 13 where no rule says another.
    The council can reopen an older one."""

    @property
    def label(self) -> str:
        return {
            "paid_on_plan": "Paid as planned", "no_extras": "No extras", "hospital_only": "Frustrated: hospital only",
            "visits": "Number of visits needed", "extra_weeks": "Extra for so many weeks at most",
            "deadline": "Days to confirm a week", "latest": "Weeks after which a week is closed",
        }[self.value]  # fmt: skip

    @property
    def has_value(self) -> bool:
        return self in (RuleKind.EXTRA_WEEKS, RuleKind.DEADLINE, RuleKind.LATEST)


class ActualRule(Base):
    """One rule of one service level. It holds of weeks that begin on its days or later; None: never."""

    __tablename__ = "actual_rule"
    __table_args__ = (
        sa.UniqueConstraint("service_level_id", "kind"),
        sa.CheckConstraint("warns_from IS NOT NULL OR refuses_from IS NOT NULL", name="days"),
        sa.CheckConstraint("value IS NULL OR value >= 0", name="value"),
    )

    id: Mapped[Key]
    service_level_id: Mapped[int] = mapped_column(sa.ForeignKey("service_level.id"), index=True)
    kind: Mapped[RuleKind]
    value: Mapped[int | None]
    warns_from: Mapped[date | None]
    refuses_from: Mapped[date | None]
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)
    changed_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))

    level: Mapped[ServiceLevel] = relationship(lazy="raise", viewonly=True)

    @classmethod
    def every(cls) -> Select["ActualRule"]:
        return sa.select(cls).order_by(cls.service_level_id, cls.kind)
