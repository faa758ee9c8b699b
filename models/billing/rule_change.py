"""Changes of how claims are priced and limited: one asks for them, another agrees.

An officer or a payments manager asks, a payments manager who is somebody else agrees: a price or a limit that one
person could change alone would move money of every carer. The verbs: changing_rules.py.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from models.accounts.user import User
from models.base import AsJSON, Base, Key, utc_now
from models.billing.limit import ClaimLimit, LimitEffect, LimitKind, sentence_of
from models.billing.pricing import ClaimTerms
from models.records.contract import ServiceLevel
from models.statements import Named
from models.waiting import waits
from models.words import Choice

QUEUE = "claim rules"
LATEST = 30
"""Changes that are decided, and that the page of rules shows still."""


class RuleAct(Choice):
    PRICING = "pricing"
    LIMIT = "limit"
    END_LIMIT = "end_limit"


class RuleState(Choice):
    WAITING = "waiting"
    AGREED = "agreed"
    REFUSED = "turned down"
    TAKEN_BACK = "taken back"

    @property
    def colour(self) -> str:
        """Of its tag, which says the state too."""
        return {"waiting": "blue", "agreed": "green"}.get(self.value, "grey")


class ClaimRuleChange(Base):
    """What is asked for. It never changes, and is done as it stands when somebody agrees."""

    __tablename__ = "claim_rule_change"
    __table_args__ = (
        sa.CheckConstraint("(act = 'limit') = (kind IS NOT NULL)", name="kind"),
        sa.CheckConstraint("(kind IS NULL) = (most_e4 IS NULL) AND (kind IS NULL) = (effect IS NULL)", name="limit"),
        sa.CheckConstraint("(act = 'end_limit') = (limit_id IS NOT NULL)", name="end_limit"),
        sa.CheckConstraint("act <> 'pricing' OR service_level_id IS NOT NULL", name="pricing"),
        sa.CheckConstraint("why <> ''", name="why"),
        sa.CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name="decided"),
        sa.CheckConstraint("(decided_at IS NULL) = (decided_by_id IS NULL)", name="decided_by"),
        sa.CheckConstraint("(state IN ('turned down', 'taken back')) = (answer <> '')", name="answer"),
        sa.CheckConstraint("state <> 'agreed' OR decided_by_id <> asked_by_id", name="two_people"),
    )

    id: Mapped[Key]
    act: Mapped[RuleAct]
    service_level_id: Mapped[int | None] = mapped_column(sa.ForeignKey("service_level.id"))
    """Of what is to be priced or limited; None for a limit of all levels, and where a limit is to end."""
    terms: Mapped[ClaimTerms | None] = mapped_column(AsJSON(ClaimTerms))
    """How the level is to be priced."""
    kind: Mapped[LimitKind | None]
    most_e4: Mapped[int | None] = mapped_column(sa.BigInteger().with_variant(sa.Integer(), "sqlite"))
    effect: Mapped[LimitEffect | None]
    limit_id: Mapped[int | None] = mapped_column(sa.ForeignKey("claim_limit.id"))
    """The limit that is to end."""
    why: Mapped[str]
    """For whoever agrees."""
    asked_at: Mapped[datetime] = mapped_column(default=utc_now)
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    state: Mapped[RuleState] = mapped_column(default=RuleState.WAITING, index=True)
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    """Who has agreed, turned it down or taken it back."""
    answer: Mapped[str] = mapped_column(default="")
    """Why it was turned down or taken back."""

    level: Mapped[ServiceLevel | None] = relationship(lazy="raise", viewonly=True)
    limit: Mapped[ClaimLimit | None] = relationship(lazy="raise", viewonly=True)
    asked_by: Mapped[User] = relationship(lazy="raise", foreign_keys=asked_by_id, viewonly=True)
    decided_by: Mapped[User | None] = relationship(lazy="raise", foreign_keys=decided_by_id, viewonly=True)

    @property
    def what(self) -> str:
        """What is asked for, in a sentence without its stop."""
        if self.terms is not None and self.level is not None:
            return f"{self.level.name}: {self.terms.sentence}"
        if self.kind is not None and self.most_e4 is not None and self.effect is not None:
            return f"A limit: {sentence_of(self.kind, self.most_e4, self.level)}. {self.effect.label}"
        return f"End a limit: {self.limit.sentence}" if self.limit is not None else ""

    @classmethod
    def _with_all(cls) -> Select["ClaimRuleChange"]:
        limit = joinedload(cls.limit).joinedload(ClaimLimit.level)
        return select(cls).options(joinedload(cls.level), limit, joinedload(cls.asked_by), joinedload(cls.decided_by))

    @classmethod
    def numbered(cls, change_id: int) -> Select["ClaimRuleChange"]:
        return cls._with_all().where(cls.id == change_id)

    @classmethod
    def latest(cls) -> Select["ClaimRuleChange"]:
        """Those that wait, the oldest first, then the last ones that were decided."""
        is_over = sa.case((cls.state == RuleState.WAITING, 0), else_=1)
        waited_since = sa.case((cls.state == RuleState.WAITING, cls.id), else_=-cls.id)
        return cls._with_all().order_by(is_over, waited_since).limit(LATEST)

    @classmethod
    def waiting(cls) -> Select["ClaimRuleChange"]:
        return select(cls).where(cls.state == RuleState.WAITING).order_by(cls.id)


def waiting_for(user_id: int | Named) -> Select:
    """How many changes wait for this person, who has not asked for them: see models.waiting."""
    change = ClaimRuleChange
    query = waits(QUEUE, func.count(change.id), func.min(change.asked_at))
    return query.where(change.state == RuleState.WAITING, change.asked_by_id != user_id)
