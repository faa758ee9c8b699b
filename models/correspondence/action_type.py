"""What kinds of action there are, and which teams of the council answer them. Both are data that the council keeps."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, DomainError, Key, Reference
from models.permissions import CouncilRole
from models.records.provider import ProviderKind
from models.words import Choice


class Related(Choice):
    """Whom an action of a type may be about."""

    EITHER = "either"
    PROVIDER = "provider"
    CLIENT = "client"


class CareEvent(Choice):
    """What has happened to a client, where a type of action reports it with its day."""

    DEATH = "death"
    HOSPITAL = "hospital"
    LEFT = "left"
    MISSING_PACKAGE = "missing_package"


class ActionTeam(Base):
    """A team of the council: Childrens Services Finance. Whoever has one of its roles works on what it has."""

    __tablename__ = "action_team"

    id: Mapped[Key]
    reference: Mapped[Reference]
    name: Mapped[str] = mapped_column(unique=True)
    roles: Mapped[list[str]] = mapped_column(default=list)
    """Values of CouncilRole."""
    kinds: Mapped[list[str]] = mapped_column(default=list)
    """Values of ProviderKind: the providers that it answers. Empty: all."""
    email: Mapped[str] = mapped_column(default="")
    """A mailbox of the team, which is told of new posts that nobody has taken. Empty: nobody is."""

    def is_of(self, role: CouncilRole) -> bool:
        return role.value in self.roles

    def answers(self, kind: ProviderKind) -> bool:
        return not self.kinds or kind.value in self.kinds

    @classmethod
    def by_name(cls) -> Select["ActionTeam"]:
        return select(cls).order_by(sa.func.lower(cls.name), cls.id)

    @classmethod
    def numbered(cls, team_id: int) -> Select["ActionTeam"]:
        return select(cls).where(cls.id == team_id)


class ActionTypeTeam(Base):
    """The team takes actions of the type. Of several, the first that was put down is the one that is proposed."""

    __tablename__ = "action_type_team"
    __table_args__ = (sa.UniqueConstraint("type_id", "team_id"),)

    id: Mapped[Key]
    type_id: Mapped[int] = mapped_column(sa.ForeignKey("action_type.id"))
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("action_team.id"), index=True)


class ActionType(Base):
    """A kind of action, as the drop-down Type names it: Foster Carer Query."""

    __tablename__ = "action_type"
    __table_args__ = (
        sa.CheckConstraint("due_days > 0", name="due_days"),
        sa.CheckConstraint("days_paid >= 0", name="days_paid"),
        sa.CheckConstraint("pay_percent BETWEEN 0 AND 100", name="pay_percent"),
    )

    id: Mapped[Key]
    reference: Mapped[Reference]
    name: Mapped[str] = mapped_column(unique=True)
    guidance: Mapped[str] = mapped_column(default="")
    """What a person reads under the drop-down: "not for mileage: make a claim"."""
    due_days: Mapped[int | None]
    """Working days after the day on which it is raised; None: no day is promised."""
    related: Mapped[Related] = mapped_column(default=Related.EITHER)
    kinds: Mapped[list[str]] = mapped_column(default=list)
    """Values of ProviderKind: the providers that are offered it. Empty: all are."""
    event: Mapped[CareEvent | None]
    """It reports this event, and asks for its days."""
    days_paid: Mapped[int | None]
    """Of a death or a leaver: so many days after it are still paid. None: none is."""
    pay_percent: Mapped[int | None]
    """Of a hospital stay: what is paid for its days. None: nothing is. Both are for the preview alone: what is paid
    follows from what the finance system says."""
    is_of_money: Mapped[bool] = mapped_column(default=False)
    """At the provider only people who see payments see actions of this type."""
    is_offered: Mapped[bool] = mapped_column(default=True)
    """False: no new action is of this type. Those that are stay as they are."""

    teams: Mapped[list[ActionTeam]] = relationship(
        secondary="action_type_team", order_by=ActionTypeTeam.id, lazy="raise", viewonly=True
    )

    def teams_for(self, kind: ProviderKind) -> list[ActionTeam]:
        """Those to which a provider of this kind may assign an action of the type."""
        return [team for team in self.teams if team.answers(kind)]

    def is_for(self, kind: ProviderKind) -> bool:
        """Whether a provider of this kind may choose it: somebody has to answer."""
        return self.is_offered and (not self.kinds or kind.value in self.kinds) and bool(self.teams_for(kind))

    @classmethod
    def by_name(cls) -> Select["ActionType"]:
        """All of them, with the teams that take them."""
        return select(cls).options(sa.orm.selectinload(cls.teams)).order_by(sa.func.lower(cls.name), cls.id)

    @classmethod
    def numbered(cls, type_id: int) -> Select["ActionType"]:
        return cls.by_name().where(cls.id == type_id)

    @classmethod
    def of_event(cls, event: CareEvent) -> Select["ActionType"]:
        return cls.by_name().where(cls.event == event, cls.is_offered)


def offered(types: Sequence[ActionType], kind: ProviderKind, *, of_money: bool) -> list[ActionType]:
    """Those of the types that a provider of this kind may choose; `of_money`: the person sees payments."""
    return [each for each in types if each.is_for(kind) and (of_money or not each.is_of_money)]


def insist_on_team(team: ActionTeam, teams: Sequence[ActionTeam]) -> None:
    """DomainError where the team is none of those that take the action."""
    if team.id not in {each.id for each in teams}:
        names = " or ".join(each.name for each in teams)
        raise DomainError(f"{team.name} does not answer actions of this type. Assign it to {names}")
