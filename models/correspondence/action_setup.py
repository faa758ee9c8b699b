"""What the council says of its actions: which types there are, which teams answer them, and by which rules.

Nothing is ever removed: a type or a team that is retired stays with the actions that it has, and those go on.
"""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import delete, select

from models.accounts.user import Staff, User
from models.audit import record
from models.base import Base, DomainError, move, session
from models.calendar import today
from models.correspondence.action_type import (
    FARTHEST,
    MOST_DAYS_BACK,
    TOO_FAR,
    ActionTeam,
    ActionType,
    ActionTypeTeam,
    CareEvent,
    Related,
)
from models.permissions import COUNCIL_GRANTS, CouncilRole, Permission
from models.records.provider import ProviderKind
from models.words import folded

LONGEST_NAME = 80
LONGEST_GUIDANCE = 300
MOST_DUE = 60
"""Working days."""
MOST_PAID = 365
"""Days after a death or a leaver."""
ANSWERING = tuple(role for role in CouncilRole if Permission.ANSWER_ACTIONS in COUNCIL_GRANTS[role])
"""The roles of which a team can be."""
JUST_CHANGED = "Somebody else has just changed this. Look at it again"


@dataclass(frozen=True)
class TypeFacts:
    """What a type says, as ActionType has it. `team_ids`: who takes it, the one that is proposed first."""

    name: str
    guidance: str
    due_days: int | None
    related: Related
    kinds: tuple[str, ...]
    event: CareEvent | None
    days_paid: int | None
    pay_percent: int | None
    days_back: int | None
    file_needed: str
    is_of_money: bool
    team_ids: tuple[int, ...]

    @property
    def columns(self) -> dict[str, Any]:
        """Of the table: who takes it is in another."""
        own = asdict(self) | {"kinds": list(self.kinds)}
        del own["team_ids"]
        return own

    @classmethod
    def of(cls, type_: ActionType) -> "TypeFacts":
        own = {name: getattr(type_, name) for name in cls.__dataclass_fields__ if name not in ("kinds", "team_ids")}
        return cls(**own, kinds=tuple(type_.kinds), team_ids=tuple(team.id for team in type_.teams))


@dataclass(frozen=True)
class TeamFacts:
    name: str
    roles: tuple[str, ...]
    kinds: tuple[str, ...]
    email: str

    @property
    def columns(self) -> dict[str, Any]:
        return asdict(self) | {"roles": list(self.roles), "kinds": list(self.kinds)}


def add_type(facts: TypeFacts, *, by: User) -> ActionType:
    """A type that is offered from now on. DomainError where its name is taken, or nobody would answer it."""
    _check_type(facts, None)
    type_ = ActionType(reference=_reference(ActionType, facts.name), **facts.columns)
    session.add(type_)
    session.flush()
    _set_teams(type_, facts.team_ids)
    record("action_type.added", type_, by=by, reference=type_.reference)
    return type_


def change_type(type_: ActionType, facts: TypeFacts, *, by: User, seen: int) -> None:
    """From now on new actions go by these facts; those that are keep the day that they are due. DomainError where
    somebody has changed it after the version that was `seen`, or as for add_type. What it reports stays.
    """
    if facts.event is not type_.event:
        raise DomainError("What a type reports cannot be changed. Retire it, and add another")
    _check_type(facts, type_)
    was = TypeFacts.of(type_)
    if not move(type_, ActionType.version == seen, version=seen + 1, **facts.columns):
        raise DomainError(JUST_CHANGED)
    _set_teams(type_, facts.team_ids)
    record("action_type.changed", type_, by=by, **_changes(was, facts))


def retire_type(type_: ActionType, on: date | None, *, by: User, seen: int) -> None:
    """From this day on no new action is of the type; None: it is offered again. Those that are of it go on."""
    _check_day(on, type_.retired_on)
    if on is None and not any(team.retired_on is None for team in type_.teams):
        raise DomainError("No team takes it any more. Give it a team first")
    if not move(type_, ActionType.version == seen, version=seen + 1, retired_on=on):
        raise DomainError(JUST_CHANGED)
    record("action_type.retired", type_, by=by, on=str(on) if on else None)


def add_team(facts: TeamFacts, *, by: User) -> ActionTeam:
    _check_team(facts, None)
    team = ActionTeam(reference=_reference(ActionTeam, facts.name), **facts.columns)
    session.add(team)
    session.flush()
    record("action_team.added", team, by=by, reference=team.reference)
    return team


def change_team(team: ActionTeam, facts: TeamFacts, *, by: User, seen: int) -> None:
    """DomainError where a type would be left that providers are offered and nobody answers, or it was just changed."""
    _check_team(facts, team)
    _insist_on_answers(team, lambda kind: not facts.kinds or kind.value in facts.kinds)
    changed = {name: value for name, value in facts.columns.items() if getattr(team, name) != value}
    was = {name: getattr(team, name) for name in changed}
    if not move(team, ActionTeam.version == seen, version=seen + 1, **facts.columns):
        raise DomainError(JUST_CHANGED)
    record("action_team.changed", team, by=by, was=was, now=changed)


def retire_team(team: ActionTeam, on: date | None, *, by: User, seen: int) -> None:
    """From this day on nothing is given to the team; None: it works again. What it has, its people go on with.
    DomainError where a type that is offered would have nobody to answer it.
    """
    _check_day(on, team.retired_on)
    if on is not None:
        _insist_on_answers(team, lambda _kind: False)
    if not move(team, ActionTeam.version == seen, version=seen + 1, retired_on=on):
        raise DomainError(JUST_CHANGED)
    record("action_team.retired", team, by=by, on=str(on) if on else None)


def _changes(was: TypeFacts, now: TypeFacts) -> dict[str, Any]:
    """What was otherwise, for the audit."""
    before, after = asdict(was), asdict(now)
    changed = [name for name in after if before[name] != after[name]]
    return {"was": {name: before[name] for name in changed}, "now": {name: after[name] for name in changed}}


def _check_type(facts: TypeFacts, type_: ActionType | None) -> None:
    _check_name(ActionType, facts.name, type_)
    if len(facts.guidance) > LONGEST_GUIDANCE or len(facts.file_needed) > LONGEST_NAME:
        raise DomainError("Shorten the guidance, or what has to be attached")
    _check_range("The days until it is due", facts.due_days, 1, MOST_DUE)
    _check_range("The days that are still paid", facts.days_paid, 0, MOST_PAID)
    _check_range("The part of the fee in hospital", facts.pay_percent, 0, 100)
    _check_range("How many days ago it may have happened", facts.days_back, 1, MOST_DAYS_BACK)
    if facts.days_paid is not None and facts.event not in (CareEvent.DEATH, CareEvent.LEFT):
        raise DomainError("Days that are still paid belong to a death or a leaver")
    if facts.pay_percent is not None and facts.event is not CareEvent.HOSPITAL:
        raise DomainError("A part of the fee belongs to a hospital stay")
    teams = session.scalars(select(ActionTeam).where(ActionTeam.id.in_(facts.team_ids))).all()
    at_work = [team for team in teams if team.retired_on is None]
    if not at_work:
        raise DomainError("Choose a team that answers it, and that is not retired")
    for kind in map(ProviderKind, facts.kinds):
        if not any(team.answers(kind) for team in at_work):
            raise DomainError(f"No team that you have chosen answers providers of the kind {kind.label.lower()}")


def _check_team(facts: TeamFacts, team: ActionTeam | None) -> None:
    _check_name(ActionTeam, facts.name, team)
    if not set(facts.roles) & {role.value for role in ANSWERING}:
        raise DomainError("Choose who is in the team: at least one role that answers actions")


def _check_name(table: type[ActionType] | type[ActionTeam], name: str, own: Base | None) -> None:
    if not name or len(name) > LONGEST_NAME:
        raise DomainError(f"Enter a name of at most {LONGEST_NAME} characters")
    others = session.execute(select(table.id, table.name)).all()
    if any(folded(each.name) == folded(name) and each.id != getattr(own, "id", None) for each in others):
        raise DomainError(f"There is one called {name} already. Choose another name")


def _check_range(what: str, value: int | None, least: int, most: int) -> None:
    if value is not None and not least <= value <= most:
        raise DomainError(f"{what}: enter a number from {least} to {most:,}")


def _check_day(on: date | None, was: date | None) -> None:
    if on == was:
        raise DomainError("That is so already")
    if on is not None and on < today():
        raise DomainError("Enter today or a later day: what has been sent until now stays")
    if on is not None and on > today() + FARTHEST:
        raise DomainError(TOO_FAR)


def _insist_on_answers(team: ActionTeam, would_answer: Callable[[ProviderKind], bool]) -> None:
    """DomainError where a type that is offered would lose, for some kind of provider, the only team that answers it."""
    for type_ in session.scalars(ActionType.by_name()).unique():
        if team.id not in {each.id for each in type_.teams} or not type_.is_offered:
            continue
        others = [each for each in type_.teams if each.id != team.id and each.retired_on is None]
        lost = [kind for kind in ProviderKind if type_.is_for(kind) and not would_answer(kind)
                and not any(each.answers(kind) for each in others)]  # fmt: skip
        if lost:
            kinds = ", ".join(kind.label.lower() for kind in lost)
            raise DomainError(
                f"Nobody would answer {type_.name} any more, for providers of the kind {kinds}. Give it another team "
                "first, or retire it"
            )


def _set_teams(type_: ActionType, team_ids: Iterable[int]) -> None:
    """In this order: the first is the one that is proposed."""
    session.execute(delete(ActionTypeTeam).where(ActionTypeTeam.type_id == type_.id))
    for team_id in dict.fromkeys(team_ids):
        session.add(ActionTypeTeam(type_id=type_.id, team_id=team_id))
        session.flush()
    session.expire(type_, ["teams"])


def _reference(table: type[ActionType] | type[ActionTeam], name: str) -> str:
    known: Collection[str] = set(session.scalars(select(table.reference)))
    plain = re.sub(r"[^a-z0-9]+", "_", folded(name)).strip("_") or "other"
    return next(each for each in (plain, *(f"{plain}_{n}" for n in range(2, len(known) + 3))) if each not in known)


def people_of(teams: Iterable[ActionTeam]) -> dict[int, list[str]]:
    """By the id of a team the names of those who work in it: whoever has one of its roles. One query."""
    query = select(Staff.role, User.name).join(User, User.id == Staff.user_id).where(User.is_active)
    found = session.execute(query.order_by(User.folded_name, User.id)).all()
    return {team.id: [name for role, name in found if team.is_of(role)] for team in teams}
