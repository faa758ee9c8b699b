"""Mail about a new post of an action. It names no client, and nothing that anybody has typed."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy import select

from models.accounts.notification import Letter, News, at_provider, on_this_site, send
from models.accounts.user import Membership, User
from models.audit import Actor
from models.base import session
from models.correspondence.action import Action, Side
from models.correspondence.action_post import ActionPost, PostKind
from models.correspondence.action_type import ActionTeam
from models.outbox import post
from models.permissions import GRANTS, Permission
from models.records.provider import Provider

SUBJECTS = {
    Side.PROVIDER: "There is news in an action of yours",
    Side.COUNCIL: "A provider has written in an action",
}
BODY = """\
{name},

there is something new in action {number} of {provider}.

Log in to the Provider Portal to read it.
"""


def tell(action: Action, side: Side, *, by: Actor, link: str = "") -> None:
    """Tell this side that the other has written; `link` is where this side reads it. Nobody is told again who has not
    yet opened what was written before.
    """
    if _has_unread(action, side):
        return
    provider = session.scalar(select(Provider.name).where(Provider.id == action.provider_id))
    own = f"/council/actions/{action.id}" if side is Side.COUNCIL else None
    there = link or own or at_provider(action.provider_id, "actions", str(action.id))
    caused_by, subject = by if side is Side.COUNCIL else None, SUBJECTS[side]
    people = _at_council(action) if side is Side.COUNCIL else people_at_provider(action)
    send(
        Letter(
            each, News.POST, action.provider_id, subject,
            BODY.format(name=each.name, number=action.id, provider=provider), there,
            f"Action {action.id}: {subject[:1].lower()}{subject[1:]}", caused_by,
        )
        for each in people
    )  # fmt: skip
    if side is Side.COUNCIL and not people:
        _write_to_team(action, there, subject, caused_by=caused_by)


def tell_of_passing_on(action: Action) -> None:
    """Tell the team that has it now: what was written before was told to another."""
    _write_to_team(action, f"/council/actions/{action.id}", "An action is with your team now")


def _write_to_team(action: Action, there: str, subject: str, *, caused_by: Actor | None = None) -> None:
    """To its mailbox, if it has one."""
    team = session.scalars(ActionTeam.numbered(action.team_id)).one()
    if team.email:
        provider = session.scalar(select(Provider.name).where(Provider.id == action.provider_id))
        words = BODY.format(name=team.name, number=action.id, provider=provider)
        post(team.email, subject, f"{words}\n{on_this_site(there)}\n", caused_by=caused_by)


def _has_unread(action: Action, side: Side) -> bool:
    """An earlier post of the other side waits to be opened; the newest is the one that is told of. One that went to
    another team was not told to this one, and that the council passed it on is told to nobody at the provider.
    """
    session.flush()
    theirs = [ActionPost.action_id == action.id, ActionPost.side == side.other, ActionPost.seen_at.is_(None)]
    if side is Side.COUNCIL:
        theirs.append(ActionPost.team_id == action.team_id)
    else:
        theirs.append(ActionPost.kind != PostKind.PASSED_ON)
    return (session.scalar(select(sa.func.count(ActionPost.id)).where(*theirs)) or 0) > 1


def _at_council(action: Action) -> Sequence[User]:
    """Whoever has taken it; while nobody has, the mailbox of the team is written to."""
    if action.assigned_to_id is None:
        return []
    return session.scalars(select(User).where(User.id == action.assigned_to_id, User.is_active)).all()


def people_at_provider(action: Action) -> Sequence[User]:
    """Those who have written in it and may still read it; if nobody is left, everybody who may answer."""
    wrote = select(ActionPost.by_id).where(ActionPost.action_id == action.id, ActionPost.side == Side.PROVIDER)
    readers = _people(action, Permission.VIEW_ACTIONS).where(User.id.in_(wrote))
    return session.scalars(readers).all() or session.scalars(_people(action, Permission.SEND_ACTIONS)).all()


def _people(action: Action, permission: Permission) -> sa.Select[User]:
    needed = {permission} | ({Permission.VIEW_PAYMENTS} if action.is_of_money else set())
    roles = [role for role, granted in GRANTS.items() if needed <= granted]
    return (
        select(User)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.provider_id == action.provider_id, Membership.granted_at.is_not(None),
            Membership.role.in_(roles), User.is_active,
        )
        .order_by(User.id)
    )  # fmt: skip
