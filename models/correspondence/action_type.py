"""What kinds of action there are, and which teams of the council answer them. Both are data that the council keeps."""

from collections.abc import Sequence
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, DomainError, Key, Reference
from models.calendar import DAY, in_words, today
from models.permissions import CouncilRole
from models.records.provider import ProviderKind
from models.words import Choice

MOST_DAYS_BACK = 3_660
"""How many days ago something that an action reports may have happened, where its type says nothing."""
FARTHEST = timedelta(days=2 * 366)
"""How far ahead a day may be: a mistyped year would change payments of years."""
TOO_FAR = "Enter a day within the next two years"


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
    retired_on: Mapped[date | None]
    """From this day on it is given no action any more. What it has, its people go on with."""
    version: Mapped[int] = mapped_column(default=1)
    """Which change of it this is: of two people who change it at once the second is told."""

    @property
    def is_retired(self) -> bool:
        return self.retired_on is not None and self.retired_on <= today()

    def is_of(self, role: CouncilRole) -> bool:
        return role.value in self.roles

    def answers(self, kind: ProviderKind) -> bool:
        return not self.kinds or kind.value in self.kinds

    @classmethod
    def by_name(cls) -> Select["ActionTeam"]:
        return select(cls).order_by(sa.func.lower(cls.name), cls.id)

    @classmethod
    def at_work(cls) -> Select["ActionTeam"]:
        """Those that can be given something."""
        return cls.by_name().where(sa.or_(cls.retired_on.is_(None), cls.retired_on > today()))

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
        sa.CheckConstraint("days_back > 0", name="days_back"),
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
    days_back: Mapped[int | None]
    """Of what it reports: how many days ago that may have happened. None: MOST_DAYS_BACK."""
    file_needed: Mapped[str] = mapped_column(default="")
    """What has to be attached to a new action: purchase confirmation. Empty: nothing has."""
    is_of_money: Mapped[bool] = mapped_column(default=False)
    """At the provider only people who see payments see actions of this type."""
    retired_on: Mapped[date | None]
    """From this day on no new action is of this type. Those that are go on."""
    version: Mapped[int] = mapped_column(default=1)
    """As ActionTeam.version."""

    teams: Mapped[list[ActionTeam]] = relationship(
        secondary="action_type_team", order_by=ActionTypeTeam.id, lazy="raise", viewonly=True
    )

    @hybrid_property
    def is_offered(self) -> bool:
        return self.retired_on is None or self.retired_on > today()

    @is_offered.inplace.expression
    @classmethod
    def _is_offered(cls) -> sa.ColumnElement[bool]:
        return sa.or_(cls.retired_on.is_(None), cls.retired_on > today())

    @property
    def days_that_count(self) -> int:
        """How many days ago what it reports may have happened."""
        return self.days_back or MOST_DAYS_BACK

    @property
    def earliest_on(self) -> date:
        return today() - self.days_that_count * DAY

    @property
    def teams_at_work(self) -> list[ActionTeam]:
        """Those that can be given an action of the type, whoever raises it."""
        return [team for team in self.teams if not team.is_retired]

    def teams_for(self, kind: ProviderKind) -> list[ActionTeam]:
        """Those to which a provider of this kind may assign an action of the type."""
        return [team for team in self.teams_at_work if team.answers(kind)]

    def faults_of(self, first: date | None, last: date | None) -> tuple[str, str]:
        """What is wrong with the day of what it reports, and with that on which it ended; empty where nothing is."""
        if self.event is None:
            return "", ""
        if first is None:
            wrong = "Enter the day on which it happened"
        elif self.event is not CareEvent.LEFT and first > today():
            wrong = "Enter a day that has come"
        elif first > today() + FARTHEST:
            wrong = TOO_FAR
        elif first < self.earliest_on:
            wrong = f"Enter a day from {in_words(self.earliest_on)} on. If it was before that, contact us"
        else:
            wrong = ""
        if last is None:
            return wrong, ""
        if first is not None and last < first:
            return wrong, "This is before the day on which they went"
        return wrong, TOO_FAR if last > today() + FARTHEST else ""

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
