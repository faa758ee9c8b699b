"""Changes of rules of actuals that move money: one manager asks for them, another agrees. The verbs: changing_rules.py.

Weeks that are paid as planned, whatever was delivered, are a rule that one person alone could release money by.
"""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from models.accounts.user import User
from models.base import Base, Key, utc_now
from models.calendar import in_words
from models.records.actual_rule import RuleKind
from models.records.contract import ServiceLevel
from models.statements import Named
from models.waiting import waits
from models.words import Choice

QUEUE = "actual rules"
LATEST = 30
"""Changes that are decided, and that the page of rules shows still."""


class RuleChangeState(Choice):
    WAITING = "waiting"
    AGREED = "agreed"
    REFUSED = "turned down"
    TAKEN_BACK = "taken back"

    @property
    def colour(self) -> str:
        """Of its tag, which says the state too."""
        return {"waiting": "blue", "agreed": "green"}.get(self.value, "grey")


class ActualRuleChange(Base):
    """What is asked for. It never changes, and is done as it stands when somebody agrees."""

    __tablename__ = "actual_rule_change"
    __table_args__ = (
        sa.CheckConstraint("why <> ''", name="why"),
        sa.CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name="decided"),
        sa.CheckConstraint("(decided_at IS NULL) = (decided_by_id IS NULL)", name="decided_by"),
        sa.CheckConstraint("(state IN ('turned down', 'taken back')) = (answer <> '')", name="answer"),
        sa.CheckConstraint("state <> 'agreed' OR decided_by_id <> asked_by_id", name="two_people"),
    )

    id: Mapped[Key]
    service_level_id: Mapped[int] = mapped_column(sa.ForeignKey("service_level.id"))
    kind: Mapped[RuleKind]
    refuses_from: Mapped[date | None]
    """The day from which it is to hold; None: it is to end."""
    why: Mapped[str]
    """For whoever agrees."""
    asked_at: Mapped[datetime] = mapped_column(default=utc_now)
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    state: Mapped[RuleChangeState] = mapped_column(default=RuleChangeState.WAITING, index=True)
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    """Who has agreed, turned it down or taken it back."""
    answer: Mapped[str] = mapped_column(default="")
    """Why it was turned down or taken back."""

    level: Mapped[ServiceLevel] = relationship(lazy="raise", viewonly=True)
    asked_by: Mapped[User] = relationship(lazy="raise", foreign_keys=asked_by_id, viewonly=True)
    decided_by: Mapped[User | None] = relationship(lazy="raise", foreign_keys=decided_by_id, viewonly=True)

    @property
    def what(self) -> str:
        """What is asked for, in a sentence without its stop."""
        if self.refuses_from is None:
            return f"{self.level.name}: end “{self.kind.label}”"
        return f"{self.level.name}: “{self.kind.label}” of weeks that begin on {in_words(self.refuses_from)} or later"

    @classmethod
    def _with_all(cls) -> Select["ActualRuleChange"]:
        return select(cls).options(joinedload(cls.level), joinedload(cls.asked_by), joinedload(cls.decided_by))

    @classmethod
    def numbered(cls, change_id: int) -> Select["ActualRuleChange"]:
        return cls._with_all().where(cls.id == change_id)

    @classmethod
    def latest(cls) -> Select["ActualRuleChange"]:
        """Those that wait, the oldest first, then the last ones that were decided."""
        is_over = sa.case((cls.state == RuleChangeState.WAITING, 0), else_=1)
        waited_since = sa.case((cls.state == RuleChangeState.WAITING, cls.id), else_=-cls.id)
        return cls._with_all().order_by(is_over, waited_since).limit(LATEST)

    @classmethod
    def waiting_of(cls, level_id: int, kind: RuleKind) -> Select["ActualRuleChange"]:
        own = cls.state == RuleChangeState.WAITING, cls.service_level_id == level_id, cls.kind == kind
        return select(cls).where(*own).order_by(cls.id)


def waiting_for(user_id: int | Named) -> Select:
    """How many changes wait for this person, who has not asked for them: see models.waiting."""
    change = ActualRuleChange
    query = waits(QUEUE, func.count(change.id), func.min(change.asked_at))
    return query.where(change.state == RuleChangeState.WAITING, change.asked_by_id != user_id)
