"""Actions and Change Requests: what a provider asks the council or tells it, and who has to go on with it.

docs/action-states.md has the table of what becomes of an action, and when. The verbs are in action_verbs.py, what the
two sides write in action_post.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.ext.hybrid import hybrid_method, hybrid_property
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from models.accounts.user import User
from models.base import Base, Key, session, utc_now
from models.calendar import Span, london_day, midnight, today
from models.correspondence.action_type import ActionTeam, ActionType
from models.correspondence.document import ContractDocument
from models.folding import folds, found_by
from models.payments.purchase_order import PurchaseOrder
from models.records.care_package import CarePackageLineItem
from models.records.client import Client
from models.records.contract import Contract
from models.records.invoice import Invoice
from models.records.provider import Provider
from models.statements import TODAY, built_once
from models.tenancy import ProviderOwned, owned
from models.waiting import waits
from models.words import Choice

REOPENED_WITHIN = timedelta(days=28)
"""How long after it was closed the provider may say that it is not solved."""


def reopened_from() -> datetime:
    """What was closed at this instant, or later, the provider may open again."""
    return midnight(london_day(utc_now()) - REOPENED_WITHIN)


class Side(Choice):
    """One of the two who talk."""

    PROVIDER = "provider"
    COUNCIL = "council"

    @property
    def other(self) -> "Side":
        return Side.COUNCIL if self is Side.PROVIDER else Side.PROVIDER


class ActionStatus(Choice):
    """What the list shows of an action, as the guides call it."""

    CLOSED = "closed"
    OPEN = "open"
    OVERDUE = "overdue"

    @property
    def label(self) -> str:
        return "Closed" if self is ActionStatus.CLOSED else f"Action {self.value}"

    @property
    def colour(self) -> str:
        return {ActionStatus.CLOSED: "green", ActionStatus.OPEN: "orange", ActionStatus.OVERDUE: "red"}[self]


@dataclass(frozen=True)
class About:
    """Records that an action is linked with, all of one provider. A payment is named by its contract and first day,
    since a calculation may put another row in its place.
    """

    client_id: int | None = None
    contract_id: int | None = None
    item_id: int | None = None
    order_id: int | None = None
    payment_first_on: date | None = None
    document_id: int | None = None
    invoice_id: int | None = None

    def columns(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in fields(self)}


class Action(ProviderOwned, Base):
    __tablename__ = "action"
    __table_args__ = owned(
        sa.CheckConstraint("(closed_at IS NULL) = (closed_by_id IS NULL)", name="closed_by"),
        sa.CheckConstraint("(closed_at IS NULL) = (close_reason = '')", name="close_reason"),
        sa.CheckConstraint(
            "closure_asked_at IS NULL OR (closed_at IS NULL AND holder = 'council')", name="closure_asked"
        ),
        sa.CheckConstraint("payment_first_on IS NULL OR contract_id IS NOT NULL", name="payment"),
        sa.CheckConstraint("event_until IS NULL OR event_until >= event_on", name="event_days"),
        sa.CheckConstraint("(answered_at IS NULL) = (answered_team_id IS NULL)", name="answered"),
        contract_id="contract",
        item_id="care_package_line_item",
        order_id="purchase_order",
        document_id="contract_document",
        invoice_id="invoice",
    )

    id: Mapped[Key]
    type_id: Mapped[int] = mapped_column(sa.ForeignKey("action_type.id"), index=True)
    title: Mapped[str]
    folded_title: Mapped[str] = folds("title")
    client_id: Mapped[int | None] = mapped_column(sa.ForeignKey("client.id"), index=True)
    """Related To: this client; None: the provider."""
    contract_id: Mapped[int | None] = mapped_column(index=True)
    item_id: Mapped[int | None] = mapped_column(index=True)
    order_id: Mapped[int | None] = mapped_column(index=True)
    document_id: Mapped[int | None] = mapped_column(index=True)
    invoice_id: Mapped[int | None] = mapped_column(index=True)
    """One that was sent: a draft may be removed."""
    payment_first_on: Mapped[date | None]
    event_on: Mapped[date | None]
    """The day of what the type reports: died, went to hospital, left, or came without a package."""
    event_until: Mapped[date | None]
    """The day on which the client came back from hospital; None while not known."""
    is_of_money: Mapped[bool]
    """Of the provider's people only those who see payments see it."""
    opened_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    opened_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("action_team.id"), index=True)
    """The council's team that holds it, or gets it back from the provider."""
    holder: Mapped[Side] = mapped_column(default=Side.COUNCIL)
    """Who has to go on with it."""
    assigned_to_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), index=True)
    """Who of the team has taken it."""
    due_on: Mapped[date | None]
    """The last day that is in time."""
    last_post_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    closure_asked_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    """When the council first wrote, and which team had it then."""
    answered_team_id: Mapped[int | None] = mapped_column(sa.ForeignKey("action_team.id"))
    closed_at: Mapped[datetime | None] = mapped_column(index=True)
    closed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    close_reason: Mapped[str] = mapped_column(default="")
    """What the council says as it closes; the provider reads it."""

    type: Mapped[ActionType] = relationship(lazy="raise", viewonly=True)
    team: Mapped[ActionTeam] = relationship(lazy="raise", viewonly=True, foreign_keys=team_id)
    client: Mapped[Client | None] = relationship(lazy="raise", viewonly=True)
    provider: Mapped[Provider] = relationship(lazy="raise", viewonly=True)
    contract: Mapped[Contract | None] = relationship(lazy="raise", viewonly=True)
    order: Mapped[PurchaseOrder | None] = relationship(lazy="raise", viewonly=True)
    item: Mapped[CarePackageLineItem | None] = relationship(lazy="raise", viewonly=True)
    document: Mapped[ContractDocument | None] = relationship(lazy="raise", viewonly=True)
    invoice: Mapped[Invoice | None] = relationship(lazy="raise", viewonly=True)
    assigned_to: Mapped[User | None] = relationship(lazy="raise", viewonly=True, foreign_keys=assigned_to_id)

    @hybrid_property
    def is_open(self) -> bool:
        return self.closed_at is None

    @is_open.inplace.expression
    @classmethod
    def _is_open(cls) -> sa.ColumnElement[bool]:
        return cls.closed_at.is_(None)

    @hybrid_property
    def is_overdue(self) -> bool:
        """Its day is past, and it is not closed."""
        return self.is_open and self.due_on is not None and self.due_on < today()

    @is_overdue.inplace.expression
    @classmethod
    def _is_overdue(cls) -> sa.ColumnElement[bool]:
        return sa.and_(cls.closed_at.is_(None), cls.due_on.is_not(None), cls.due_on < TODAY)

    @hybrid_method
    def may_be_reopened_by_provider(self) -> bool:
        """It was closed, and not more than 28 days ago."""
        return self.closed_at is not None and self.closed_at >= reopened_from()

    @may_be_reopened_by_provider.expression
    @classmethod
    def _may_be_reopened_by_provider(cls) -> sa.ColumnElement[bool]:
        return sa.and_(cls.closed_at.is_not(None), cls.closed_at >= reopened_from())

    @property
    def status(self) -> ActionStatus:
        if not self.is_open:
            return ActionStatus.CLOSED
        return ActionStatus.OVERDUE if self.is_overdue else ActionStatus.OPEN

    @property
    def assigned_to_words(self) -> str:
        """As the guides show it: LA (Childrens Services Finance), or Provider."""
        return "Provider" if self.holder is Side.PROVIDER else f"LA ({self.team.name})"

    @property
    def about(self) -> About:
        return About(**{each.name: getattr(self, each.name) for each in fields(About)})

    @property
    def event_days(self) -> Span | None:
        return Span(self.event_on, self.event_until or self.event_on) if self.event_on else None

    @property
    def teams(self) -> list[ActionTeam]:
        """To which teams the provider may pass it: the one that has it, then the others that take its type."""
        others = self.type.teams_for(self.provider.kind)
        return [self.team, *(each for each in others if each.id != self.team_id)]

    @classmethod
    def numbered(cls, action_id: int, *, of_money: bool = True, with_teams: bool = True) -> Select["Action"]:
        """With all that a page says of it. Without `of_money` not those that only people who see payments see;
        `with_teams`: with the teams that take its type, from which its provider chooses.
        """
        query = select(cls).where(cls.id == action_id).options(*_whole(with_teams=with_teams))
        return query if of_money else query.where(cls.is_of_money.is_(False))

    @classmethod
    def opened(cls, of_money: bool) -> Select["Action"]:
        """As `numbered`, with the teams; built once, for a page that many open. Parameter: `action_id`."""
        return _opened(of_money)

    @classmethod
    def listed(
        cls,
        *,
        open_only: bool = True,
        holder: Side | None = None,
        team_ids: Sequence[int] | None = None,
        assigned_to_id: int | None = None,
        name: str = "",
        of_money: bool = True,
    ) -> Select["Action"]:
        """The one with the newest post first: of the provider at hand, or for the council of all. `name` is looked for
        in the title, the client's name and the provider's. A filter left out takes all.
        """
        query = select(cls).options(*_rows()).order_by(cls.last_post_at.desc(), cls.id.desc())
        wanted: list[tuple[bool, sa.ColumnElement[bool]]] = [
            (open_only, cls.closed_at.is_(None)),
            (holder is not None, cls.holder == holder),
            (team_ids is not None, cls.team_id.in_(team_ids or ())),
            (assigned_to_id is not None, cls.assigned_to_id == assigned_to_id),
            (not of_money, cls.is_of_money.is_(False)),
        ]
        query = query.where(*(condition for is_asked, condition in wanted if is_asked))
        if name:
            query = query.join(cls.provider).outerjoin(cls.client)
            query = query.where(
                sa.or_(found_by(name, cls.folded_title), Client.found_by(name), Provider.found_by(name))
            )
        return query

    @classmethod
    def inbox(cls, query: Select["Action"]) -> Select["Action"]:
        """What `listed` found in the order in which a team works: overdue first, then by the day it is due."""
        no_day = sa.case((cls.due_on.is_(None), 1), else_=0)
        closed = sa.case((cls.is_open, 0), else_=1)
        return query.order_by(None).order_by(closed, no_day, cls.due_on, cls.last_post_at, cls.id)


@dataclass(frozen=True)
class Pending:
    """How many actions of a provider are open, how many of these overdue, and how many wait for the provider."""

    open: int
    overdue: int
    with_provider: int

    @property
    def status(self) -> ActionStatus | None:
        """Red before amber; None where none is open."""
        return ActionStatus.OVERDUE if self.overdue else ActionStatus.OPEN if self.open else None

    @property
    def colour(self) -> str:
        return self.status.colour if self.status else "green"

    @property
    def label(self) -> str:
        """The three labels of the guides, with the number where there is more than one."""
        if self.status is None:
            return "No actions pending"
        count = self.overdue or self.open
        return self.status.label if count == 1 else f"{self.status.label} ({count})"


NOTHING_PENDING = Pending(0, 0, 0)


def counted(*, of_money: bool = True) -> Select:
    """The actions of the provider at hand, in one row: `open`, `overdue` and `with_provider`."""
    count = sa.func.count(Action.id)
    query = select(
        count.filter(Action.is_open).label("open"), count.filter(Action.is_overdue).label("overdue"),
        count.filter(Action.is_open, Action.holder == Side.PROVIDER).label("with_provider"),
    ).select_from(Action)  # fmt: skip
    return query if of_money else query.where(Action.is_of_money.is_(False))


def pending(*, of_money: bool = True) -> Pending:
    """Of the provider at hand."""
    return Pending(*session.execute(counted(of_money=of_money)).one())


def waiting() -> Select:
    """The actions that wait for the council, counted: see models.waiting."""
    query = waits("actions", sa.func.count(Action.id), sa.func.min(Action.last_post_at))
    return query.where(Action.is_open, Action.holder == Side.COUNCIL)


@built_once
def _opened(of_money: bool) -> Select[Action]:
    query = select(Action).where(Action.id == sa.bindparam("action_id", type_=sa.Integer()))
    query = query.options(*_whole(with_teams=True)).order_by(Action.id)
    return query if of_money else query.where(Action.is_of_money.is_(False))


def _rows() -> tuple[Any, ...]:
    return joinedload(Action.type), joinedload(Action.team), joinedload(Action.client), joinedload(Action.provider)


def _whole(*, with_teams: bool) -> tuple[Any, ...]:
    links = (Action.contract, Action.order, Action.item, Action.document, Action.invoice, Action.assigned_to)
    teams = [joinedload(Action.type).selectinload(ActionType.teams)] if with_teams else []
    return *_rows(), *teams, *(joinedload(each) for each in links)
