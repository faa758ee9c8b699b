"""Makers of actions, their types and the teams that answer them. See tests/factories.py."""

from itertools import count
from typing import Any

from sqlalchemy import select

from models.accounts.user import User
from models.correspondence.action import About, Action
from models.correspondence.action_type import ActionTeam, ActionType, ActionTypeTeam
from models.correspondence.action_verbs import open_action
from models.permissions import CouncilRole, Role
from models.records.provider import Provider
from tests.factories import canary, make_provider, make_user
from tests.support.rows import saved, unit_of_work

_n = count(1)


def make_team(*roles: CouncilRole, **given: Any) -> ActionTeam:
    """A team of the payments officers, unless `roles` says otherwise."""
    n = next(_n)
    values = [role.value for role in roles or (CouncilRole.PAYMENTS_OFFICER,)]
    return saved(ActionTeam(**{"reference": f"team{n}", "name": f"Team {n}", "roles": values} | given))


def make_type(*teams: ActionTeam, **given: Any) -> ActionType:
    """Due in five working days, for every provider, taken by a team of its own unless `teams` are given."""
    n = next(_n)
    type_ = saved(ActionType(**{"reference": f"type{n}", "name": f"Query {n}", "due_days": 5} | given))
    for team in teams or (make_team(),):
        saved(ActionTypeTeam(type_id=type_.id, team_id=team.id))
    return type_


def make_action(
    provider: Provider | None = None, by: User | None = None, type_: ActionType | None = None, **given: Any
) -> Action:
    """One that `by`, of the provider, has just created. Its title and text carry the provider's canary."""
    provider = provider or make_provider()
    by = by or make_user(Role.FINANCE, provider)
    type_id = (type_ or make_type()).id
    about = given.pop("about", About())
    with unit_of_work(provider.id) as session:
        kind = session.scalars(ActionType.numbered(type_id)).one()
        own = session.scalars(select(Provider).where(Provider.id == provider.id)).one()
        defaults = {
            "team": kind.teams_for(own.kind)[0], "title": f"Query about my payments {canary(provider.id)}",
            "text": f"The week of 9 September looks short {canary(provider.id)}",
        }  # fmt: skip
        return open_action(kind, own, about=about, by=by, **defaults | given)
