"""What both sides do with an action. docs/action-states.md has the table; a test goes through every cell.

Each verb that writes changes the action in one conditional UPDATE first, so that of two people who press at once the
second is told. `link` is the address at which the other side reads the action, for the mail that it gets.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from models.accounts.user import Staff, User
from models.audit import record
from models.bank_holiday import working_days
from models.base import DomainError, move, session, utc_now
from models.calendar import today
from models.correspondence.action import About, Action, Side, reopened_from
from models.correspondence.action_mail import tell, tell_of_passing_on
from models.correspondence.action_post import LONGEST_TITLE, ActionNote, ActionPost, PostKind, tidy
from models.correspondence.action_type import ActionTeam, ActionType, Related, insist_on_team, offered
from models.correspondence.asked_about import Asked, usual_type
from models.correspondence.attachment import Taken, keep
from models.payments.purchase_order import PurchaseOrder
from models.permissions import COUNCIL_GRANTS, CouncilRole, Permission
from models.records.care_package import CarePackageLineItem
from models.records.client import Client
from models.records.provider import Provider

Files = Sequence[Taken]
"""What a form has taken: blueprints/attachments.py."""
POSTS_AN_HOUR = 60
"""Of one person at a provider."""
TOO_MANY = f"You have written {POSTS_AN_HOUR} times within an hour. Nothing is sent. Try again later"
IS_CLOSED = "This action has been closed. Look at it again: it may be opened again"
NOT_CLOSED = "This action is open. Write a reply instead"
TOO_LATE = "This action was closed more than 28 days ago. Create a new action"
PLEASE_CLOSE = "Please close this action."
ASKED_ALREADY = "The council has been asked already to close this action"
JUST_CHANGED = "Somebody else has just changed this action. Look at it again"


def open_action(
    type_: ActionType,
    provider: Provider,
    *,
    team: ActionTeam,
    title: str,
    text: str,
    by: User,
    about: About | None = None,
    event_on: date | None = None,
    event_until: date | None = None,
    files: Files = (),
    link: str = "",
    is_chosen: bool = True,
) -> Action:
    """The provider raises it: held by the team, and due so many working days after today as the type says. DomainError
    where the type is not offered to this provider, the team does not take it, the client is not its own or not the one
    of what it is linked with, the days cannot be right, or what has to be attached is not. What the portal opens for
    somebody (`is_chosen` False) goes to the team whichever kinds of provider choose the type.
    """
    about = about or About()
    title = " ".join(title.split())
    if not title or len(title) > LONGEST_TITLE:
        raise DomainError(f"Enter a title of at most {LONGEST_TITLE} characters")
    if is_chosen and not type_.is_for(provider.kind):
        raise DomainError(f"{type_.name} is not offered any more. Choose another type")
    insist_on_team(team, type_.teams_for(provider.kind) if is_chosen else type_.teams_at_work)
    _check_related(type_, about)
    if wrong := next(filter(None, type_.faults_of(event_on, event_until)), ""):
        raise DomainError(wrong)
    if type_.file_needed and not files:
        raise DomainError(f"Attach the {type_.file_needed}")
    _insist_on_few(by)
    action = Action(
        provider_id=provider.id, type_id=type_.id, title=title, team_id=team.id, opened_by_id=by.id,
        is_of_money=type_.is_of_money or about.payment_first_on is not None, event_on=event_on, event_until=event_until,
        due_on=working_days().after(today(), type_.due_days) if type_.due_days else None, **about.columns(),
    )  # fmt: skip
    session.add(action)
    session.flush()
    _write(action, PostKind.OPENED, Side.PROVIDER, text, by, files)
    record("action.opened", action, by=by, type=type_.reference, team=team.reference)
    tell(action, Side.COUNCIL, by=by, link=link)
    return action


def ask_provider(asked: Asked, provider: Provider, *, text: str, by: User) -> Action:
    """The council asks the provider about a record of its own: the provider holds the action, and a team of the
    officer's has it back with the answer. Nothing of the record changes. DomainError where no type of action is offered
    to this provider, or nothing is asked.
    """
    if not text.strip():
        raise DomainError("Write what you ask the provider")
    types = offered(session.scalars(ActionType.by_name()).all(), provider.kind, of_money=True)
    type_ = usual_type([each for each in types if each.related is not Related.CLIENT], asked)
    if type_ is None:
        raise DomainError(f"No type of action is offered to {provider.name}, so nothing can be asked here")
    teams = type_.teams_for(provider.kind)
    role = session.scalar(select(Staff.role).where(Staff.user_id == by.id))
    team = next((each for each in teams if role is not None and each.is_of(role)), teams[0])
    action = _open_for_council(type_, asked, provider, team, Side.PROVIDER, text, by)
    tell(action, Side.PROVIDER, by=by)
    return action


def ask_team(asked: Asked, provider: Provider, role: CouncilRole, *, text: str, by: User) -> Action:
    """The council asks a team of its own about a record of the provider's, which reads it too: the first team at work
    of that role holds the action. DomainError where there is no such team, no type of action, or nothing is asked.
    """
    if not text.strip():
        raise DomainError("Write what you ask for")
    team = next((each for each in session.scalars(ActionTeam.at_work()) if each.is_of(role)), None)
    types = [each for each in session.scalars(ActionType.by_name()) if each.is_offered and each.event is None]
    fitting = [each for each in types if each.related is not Related.PROVIDER or asked.about.client_id is None]
    type_ = usual_type([each for each in fitting if team in each.teams_at_work] or fitting, asked)
    if team is None or type_ is None:
        raise DomainError(f"No team of {role.label} takes actions. Have one set up, or ring them")
    action = _open_for_council(type_, asked, provider, team, Side.COUNCIL, text, by)
    tell_of_passing_on(action)
    return action


def _open_for_council(
    type_: ActionType, asked: Asked, provider: Provider, team: ActionTeam, holder: Side, text: str, by: User
) -> Action:
    at = utc_now()
    action = Action(
        provider_id=provider.id, type_id=type_.id, title=asked.title[:LONGEST_TITLE], team_id=team.id,
        opened_at=at, opened_by_id=by.id, holder=holder, is_of_money=type_.is_of_money or asked.is_of_money,
        due_on=working_days().after(today(), type_.due_days) if type_.due_days else None,
        answered_at=at, answered_team_id=team.id, **asked.about.columns(),
    )  # fmt: skip
    session.add(action)
    session.flush()
    _write(action, PostKind.OPENED, Side.COUNCIL, text, by)
    record("action.opened", action, by=by, type=type_.reference, team=team.reference)
    return action


def comment(action: Action, text: str, *, side: Side, by: User, files: Files = (), link: str = "") -> None:
    """Write, and leave the action where it is."""
    _say(action, PostKind.COMMENT, side, text, by, files, link)


def reply_to_council(
    action: Action, text: str, team: ActionTeam, *, by: User, files: Files = (), link: str = ""
) -> None:
    """The provider writes and passes the action to a team. A request to close it is taken back thereby."""
    insist_on_team(team, action.teams)
    passed: dict[str, Any] = {"team_id": team.id} | ({} if team.id == action.team_id else {"assigned_to_id": None})
    passed |= {"holder": Side.COUNCIL, "closure_asked_at": None}
    _say(action, PostKind.REPLY, Side.PROVIDER, text, by, files, link, **passed)


def ask_closure(action: Action, text: str, *, by: User, files: Files = (), link: str = "") -> None:
    """The provider needs nothing more: the council may close it."""
    if action.closure_asked_at is not None:
        raise DomainError(ASKED_ALREADY)
    asked = {"holder": Side.COUNCIL, "closure_asked_at": utc_now()}
    not_yet = Action.closure_asked_at.is_(None)
    _say(action, PostKind.CLOSURE, Side.PROVIDER, text or PLEASE_CLOSE, by, files, link, not_yet, **asked)


def not_solved(action: Action, text: str, *, by: User, files: Files = (), link: str = "") -> None:
    """The provider opens again what the council has closed, within 28 days. The day on which it is due stays."""
    if action.is_open:
        raise DomainError(NOT_CLOSED)
    if not action.may_be_reopened_by_provider():
        raise DomainError(TOO_LATE)
    _reopen(action, PostKind.NOT_SOLVED, Side.PROVIDER, text, by, files, link, Action.closed_at >= reopened_from())


def reply_to_provider(action: Action, text: str, *, by: User, files: Files = (), link: str = "") -> None:
    """The council writes and passes the action to the provider."""
    _say(action, PostKind.REPLY, Side.COUNCIL, text, by, files, link, holder=Side.PROVIDER, closure_asked_at=None)


def note(action: Action, text: str, *, by: User) -> ActionNote:
    """An internal note of the council, also on what is closed. The provider never sees it, nor that there is one."""
    written = ActionNote(action_id=action.id, by_id=by.id, text=tidy(text))
    session.add(written)
    record("action.noted", action, by=by)
    return written


def take(action: Action, *, by: User) -> None:
    """Somebody of the council goes on with it. DomainError where a colleague has taken it: assign it instead."""
    free = sa.or_(Action.assigned_to_id.is_(None), Action.assigned_to_id == by.id)
    if not move(action, Action.is_open, free, assigned_to_id=by.id):
        raise DomainError(IS_CLOSED if not action.is_open else "A colleague has just taken this action")
    record("action.taken", action, by=by)


def assign(action: Action, to: User | None, *, by: User) -> None:
    """Give it to a colleague, or back to the team (None). DomainError where they may not answer actions."""
    if to is not None and not _may_answer(to):
        raise DomainError(f"{to.name} cannot answer actions. Choose somebody else")
    seen = Action.assigned_to_id.is_not_distinct_from(action.assigned_to_id)
    if not move(action, Action.is_open, seen, assigned_to_id=to.id if to else None):
        raise DomainError(JUST_CHANGED if action.is_open else IS_CLOSED)
    record("action.assigned", action, by=by, to=to.id if to else None)


def pass_on(action: Action, team: ActionTeam, *, by: User, text: str = "") -> None:
    """Another team of the council has it from now on, and nobody there has taken it. Both sides see it; an open request
    to close it stands.
    """
    if team.id == action.team_id:
        raise DomainError(f"{team.name} has this action already")
    if team.is_retired:
        raise DomainError(f"{team.name} takes no actions any more. Choose another team")
    text = text or f"Passed to {team.name}."
    was = Action.team_id == action.team_id
    _change(action, was, team_id=team.id, assigned_to_id=None, holder=Side.COUNCIL, last_post_at=utc_now())
    _write(action, PostKind.PASSED_ON, Side.COUNCIL, text, by)
    record("action.passed_on", action, by=by, team=team.reference)
    tell_of_passing_on(action)


def close(action: Action, reason: str, *, by: User, files: Files = (), link: str = "") -> None:
    """The council closes it and says why; the provider reads it, and may say for 28 days that it is not solved."""
    reason = tidy(reason)
    closed = {"closed_at": utc_now(), "closed_by_id": by.id, "close_reason": reason, "closure_asked_at": None}
    _say(action, PostKind.CLOSED, Side.COUNCIL, reason, by, files, link, **closed)


def reopen(action: Action, text: str, *, by: User, files: Files = (), link: str = "") -> None:
    """The council opens again what it has closed, whenever that was."""
    if action.is_open:
        raise DomainError(NOT_CLOSED)
    _reopen(action, PostKind.REOPENED, Side.COUNCIL, text, by, files, link)


def _reopen(
    action: Action, kind: PostKind, side: Side, text: str, by: User, files: Files, link: str,
    *when: sa.ColumnElement[bool],
) -> None:  # fmt: skip
    opened = {"closed_at": None, "closed_by_id": None, "close_reason": "", "holder": Side.COUNCIL}
    if not move(action, Action.closed_at.is_not(None), *when, last_post_at=utc_now(), **opened):
        raise DomainError(JUST_CHANGED)
    _tell_what_was_written(action, kind, side, text, by, files, link)


def _say(
    action: Action, kind: PostKind, side: Side, text: str, by: User, files: Files, link: str,
    *when: sa.ColumnElement[bool], **values: Any,
) -> None:  # fmt: skip
    """Write in an action that is open, and change it: whoever comes after it was closed is told."""
    answered = {"answered_at": utc_now(), "answered_team_id": action.team_id}
    is_first = side is Side.COUNCIL and action.answered_at is None
    _change(action, *when, last_post_at=utc_now(), **(answered if is_first else {}), **values)
    _tell_what_was_written(action, kind, side, text, by, files, link)


def _change(action: Action, *when: sa.ColumnElement[bool], **values: Any) -> None:
    if not move(action, Action.is_open, *when, **values):
        raise DomainError(JUST_CHANGED if action.is_open else IS_CLOSED)


def _tell_what_was_written(
    action: Action, kind: PostKind, side: Side, text: str, by: User, files: Files, link: str
) -> None:
    if side is Side.PROVIDER:
        _insist_on_few(by)
    _write(action, kind, side, text, by, files)
    record(f"action.{kind.value}", action, by=by)
    tell(action, side.other, by=by, link=link)


def _write(action: Action, kind: PostKind, side: Side, text: str, by: User, files: Files = ()) -> None:
    """`action` as it is once the post is written."""
    post = ActionPost(
        provider_id=action.provider_id, action_id=action.id, kind=kind, side=side, by_id=by.id, text=tidy(text),
        team_id=action.team_id, is_with_provider=action.holder is Side.PROVIDER,
    )  # fmt: skip
    session.add(post)
    keep(files, for_=action, piece=post, by=by)


def _check_related(type_: ActionType, about: About) -> None:
    """DomainError where the type needs a client that is not given, or the client is not the provider's, or is another
    than the one of the care package or purchase order that the action is linked with.
    """
    if type_.related is Related.CLIENT and about.client_id is None:
        raise DomainError(f"Choose the client: {type_.name} is about one")
    if type_.related is Related.PROVIDER and about.client_id is not None:
        raise DomainError(f"{type_.name} is about the provider, not about a client")
    if about.client_id is None:
        return
    own = Client.at_provider().where(Client.id == about.client_id)
    if session.scalar(own) is None:
        raise DomainError("Choose a client of yours")
    linked = (
        (CarePackageLineItem, about.item_id, "care package"),
        (PurchaseOrder, about.order_id, "purchase order"),
    )
    for table, id_, words in linked:
        theirs = id_ and session.scalar(select(table.client_id).where(table.id == id_))
        if theirs and theirs != about.client_id:
            raise DomainError(f"This is linked with a {words} of somebody else. Ask about each client by themselves")


def _insist_on_few(by: User) -> None:
    since = utc_now() - timedelta(hours=1)
    theirs = (ActionPost.by_id == by.id, ActionPost.at > since)
    if (session.scalar(select(sa.func.count(ActionPost.id)).where(*theirs)) or 0) >= POSTS_AN_HOUR:
        raise DomainError(TOO_MANY)


def _may_answer(person: User) -> bool:
    role = session.scalar(select(Staff.role).join(User, User.id == Staff.user_id).where(
        Staff.user_id == person.id, User.is_active))  # fmt: skip
    return role is not None and Permission.ANSWER_ACTIONS in COUNCIL_GRANTS[role]
