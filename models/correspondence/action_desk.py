"""The council's inboxes of actions: who reads which, what each holds, several at once, and how soon a team answers.

The verbs of one action are in action_verbs.py.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median_low

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from models.accounts.conflict import conflicts_of
from models.accounts.user import Staff, User
from models.bank_holiday import working_days
from models.base import DomainError, savepoint, session, utc_now
from models.calendar import DAY, london_day, today
from models.correspondence import action_verbs as verbs
from models.correspondence.action import Action, Side
from models.correspondence.action_type import ActionTeam, ActionType
from models.permissions import COUNCIL_GRANTS, CouncilRole, Permission
from models.records.provider import Provider
from models.statements import built_once
from models.tenancy import every_provider
from models.waiting import waits
from models.words import Choice, how_many

MEASURED = timedelta(days=91)
"""How far back it is measured how soon a team answers."""
Refused = dict[int, str]
"""Why an act on several left some of them, by their ids."""


class Show(Choice):
    """Which actions of an inbox are listed."""

    WITH_US = "with_us"
    OVERDUE = "overdue"
    FREE = "free"
    CLOSING = "closing"
    WITH_PROVIDER = "with_provider"
    OPEN = "open"
    CLOSED = "closed"
    ANY = "any"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    Show.WITH_US: "With the council",
    Show.OVERDUE: "Overdue",
    Show.FREE: "Taken by nobody",
    Show.CLOSING: "Asked to close",
    Show.WITH_PROVIDER: "With the provider",
    Show.OPEN: "All that are open",
    Show.CLOSED: "Closed",
    Show.ANY: "[All]",
}


@built_once
def _teams() -> Select[ActionTeam]:
    return ActionTeam.by_name()


def _condition(show: Show) -> sa.SQLColumnExpression[bool]:
    with_us = sa.and_(Action.is_open, Action.holder == Side.COUNCIL)
    return {
        Show.WITH_US: with_us,
        Show.OVERDUE: Action.is_overdue,
        Show.FREE: sa.and_(with_us, Action.assigned_to_id.is_(None)),
        Show.CLOSING: Action.closure_asked_at.is_not(None),
        Show.WITH_PROVIDER: sa.and_(Action.is_open, Action.holder == Side.PROVIDER),
        Show.OPEN: Action.is_open,
        Show.CLOSED: ~Action.is_open,
        Show.ANY: sa.true(),
    }[show]


class Box(Choice):
    """Whose inbox: what I have taken, what my teams have, or all."""

    MINE = "mine"
    TEAM = "team"
    ALL = "all"


@dataclass(frozen=True)
class Desk:
    """Somebody of the council as they open the inboxes."""

    person: User
    role: CouncilRole
    teams: Sequence[ActionTeam]
    """All of the council's, by name."""

    @classmethod
    def of(cls, person: User) -> "Desk":
        if person.staff is None:
            raise LookupError("only the council's staff have a desk")
        return cls(person, person.staff.role, session.scalars(_teams()).all())

    @property
    def own(self) -> list[ActionTeam]:
        """The teams that this person works in."""
        return [team for team in self.teams if team.is_of(self.role)]

    def readable(self) -> sa.ColumnElement[bool]:
        """What this person may read: what their teams have and what is given to them, and of all else only what is
        about no client, or of no money, where their role sees none.
        """
        granted = COUNCIL_GRANTS[self.role]
        beyond = [
            *([] if Permission.VIEW_CLIENTS in granted else [Action.client_id.is_(None)]),
            *([] if Permission.VIEW_EVERY_PAYMENT in granted else [Action.is_of_money.is_(False)]),
        ]
        own = Action.team_id.in_([team.id for team in self.own])
        return sa.or_(own, Action.assigned_to_id == self.person.id, sa.and_(sa.true(), *beyond))

    def numbered(self, action_id: int) -> Select[Action]:
        return Action.numbered(action_id, with_teams=False).where(self.readable())

    def chosen(self, action_ids: Sequence[int]) -> Select[Action]:
        """Those of these that this person may read, in the order of an inbox."""
        found = Action.inbox(Action.listed(open_only=False)).where(Action.id.in_(action_ids), self.readable())
        return found.options(joinedload(Action.assigned_to))

    def listed(
        self,
        *,
        box: Box = Box.ALL,
        team_id: int | None = None,
        show: Show = Show.WITH_US,
        type_id: int | None = None,
        provider: str = "",
        text: str = "",
    ) -> Select[Action]:
        """An inbox: overdue first, then by the day it is due. `text` is looked for in the title, the client's name and
        the provider's. A filter left out takes all.
        """
        team_ids = [team.id for team in self.own] if box is Box.TEAM else None
        query = Action.listed(
            open_only=False, name=text, assigned_to_id=self.person.id if box is Box.MINE else None,
            team_ids=team_ids if team_id is None else [team_id],
        )  # fmt: skip
        query = query if text else query.join(Action.provider)
        query = query.join(Action.type).join(Action.team).outerjoin(User, User.id == Action.assigned_to_id)
        query = query.where(_condition(show), self.readable()).options(joinedload(Action.assigned_to))
        if type_id is not None:
            query = query.where(Action.type_id == type_id)
        return Action.inbox(query.where(Provider.found_by(provider)) if provider else query)


def read_as_staff(person: User) -> sa.ColumnElement[bool]:
    """Which actions somebody of the council reads on a provider's own pages: no more than on the council's."""
    if person.staff is None or not person.can_at_council(Permission.VIEW_EVERY_ACTION):
        return sa.false()
    return Desk.of(person).readable()


SORTED_BY = {
    "title": Action.folded_title, "provider": Provider.folded_name, "due": Action.due_on,
    "post": Action.last_post_at, "type": sa.func.lower(ActionType.name), "team": sa.func.lower(ActionTeam.name),
    "taken": User.folded_name,
}  # fmt: skip
"""By what an inbox can be sorted."""


def queue_of(team_id: int | str) -> str:
    """What the team's actions are called on My work."""
    return f"actions {team_id}"


def waiting() -> Select:
    """The actions of each team that wait for it, counted, under the name that `queue_of` says: see models.waiting."""
    name = sa.literal(queue_of("")) + sa.cast(Action.team_id, sa.Text)
    query = waits(name, sa.func.count(Action.id), sa.func.min(Action.last_post_at))
    return query.where(_condition(Show.WITH_US)).group_by(Action.team_id)


def colleagues(team: ActionTeam) -> list[User]:
    """Who may take what the team has, by name."""
    roles = [role for role in CouncilRole if team.is_of(role) and Permission.ANSWER_ACTIONS in COUNCIL_GRANTS[role]]
    query = select(User).join(Staff, Staff.user_id == User.id).where(User.is_active, Staff.role.in_(roles))
    return list(session.scalars(query.order_by(User.folded_name, User.id)))


def give(action: Action, to: User | None, *, by: User) -> None:
    """As verbs.assign. DomainError, too, where the colleague has or had a place at the provider: nobody acts there."""
    if to is not None and conflicts_of(to, [action.provider_id]):
        raise DomainError(f"{to.name} has or had a place at this provider. Choose somebody else")
    verbs.assign(action, to, by=by)


def take_each(actions: Sequence[Action], *, by: User) -> Refused:
    return _each(actions, lambda action: verbs.take(action, by=by), by)


def give_each(actions: Sequence[Action], to: User | None, *, by: User) -> Refused:
    return _each(actions, lambda action: give(action, to, by=by), by)


def close_each(actions: Sequence[Action], reason: str, *, by: User) -> Refused:
    return _each(actions, lambda action: verbs.close(action, reason, by=by), by)


def _each(actions: Sequence[Action], act: Callable[[Action], None], by: User) -> Refused:
    """Do it to each that does not refuse it. Those of providers at which `by` has or had a place are left."""
    own = set(conflicts_of(by, {action.provider_id for action in actions}))
    refused: Refused = {}
    for action in actions:
        if action.provider_id in own:
            refused[action.id] = "You have or had a place at this provider. A colleague has to do it"
            continue
        try:
            with savepoint():
                act(action)
        except DomainError as why:
            refused[action.id] = str(why)
    return refused


@dataclass(frozen=True)
class Answered:
    """How soon a team answers: the median of its first answers of the last 91 days."""

    team: str
    count: int
    days: int
    """Working days after the one on which it was created; 0: on the same day."""


def first_answers() -> list[Answered]:
    """Of each team that has answered, by name. What the council asked of its own accord is no answer."""
    query = (
        select(ActionTeam.name, Action.opened_at, Action.answered_at)
        .join(ActionTeam, ActionTeam.id == Action.answered_team_id)
        .where(Action.answered_at >= utc_now() - MEASURED, Action.answered_at > Action.opened_at)
        .order_by(sa.func.lower(ActionTeam.name), ActionTeam.id)
    )
    took: defaultdict[str, list[int]] = defaultdict(list)
    with every_provider():
        for row in session.execute(query):
            took[row.name].append(working_days_between(london_day(row.opened_at), london_day(row.answered_at)))
    return [Answered(name, len(days), median_low(days)) for name, days in took.items()]


def working_days_between(first: date, last: date) -> int:
    """How many working days come after `first`, up to `last`; 0 where `last` is not after it."""
    calendar = working_days()
    return sum(first + DAY * n in calendar for n in range(1, (last - first).days + 1))


def due_words(due_on: date) -> str:
    """How far off the day is, in working days: today, in 3 working days, 2 working days late."""
    days = working_days_between(today(), due_on) or working_days_between(due_on, today())
    if due_on == today():
        return "today"
    return f"in {how_many(days, 'working day')}" if due_on > today() else f"{how_many(days, 'working day')} late"
