"""Reminders of talk, by the worker's schedule: documents that nobody has answered, actions that wait for the provider,
and actions that are overdue, of which the team is told. Each is told of once: docs/mail-states.md.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column

from models.accounts.notification import Letter, News, at_provider, on_this_site, send
from models.accounts.user import User
from models.bank_holiday import working_days
from models.base import Base, Key, insert_first, session
from models.calendar import DAY, in_words, midnight, today
from models.correspondence.action import Action, Side
from models.correspondence.action_mail import people_at_provider
from models.correspondence.action_type import ActionTeam
from models.correspondence.document import ContractDocument, DocumentState
from models.correspondence.document_mail import tell_of_documents
from models.outbox import post
from models.payments.asking import people_who_may
from models.permissions import Permission
from models.records.provider import Provider
from models.tenancy import ProviderOwned, owned
from models.words import Choice, how_many

WAITS = """\
{name},

{count} of {provider} {waits} for your reply on the Provider Portal: {numbers}.

Log in, and choose Actions, to read and to reply.
"""
OVERDUE = """\
{name},

{count} {are} past the day on which {they} due, and not closed:

{lines}
"""


class Reminded(Choice):
    """What somebody is reminded of."""

    DOCUMENT = "document"
    WITH_PROVIDER = "with_provider"
    OVERDUE = "overdue"


class TalkReminder(ProviderOwned, Base):
    """Somebody was reminded of this: once for each time that it began to wait."""

    __tablename__ = "talk_reminder"
    __table_args__ = owned(sa.UniqueConstraint("kind", "about_id", "since"))

    id: Mapped[Key]
    kind: Mapped[Reminded]
    about_id: Mapped[int]
    """Of the document, or of the action."""
    since: Mapped[str]
    """The instant from which it waits, or the day on which it was due, as ISO 8601 writes it."""
    sent_on: Mapped[date] = mapped_column(default=today)


def waits_so_long(days: int) -> datetime:
    """What waits since before this instant has waited for that many working days, whole."""
    day = today()
    while working_days().after(day, days) > today():
        day -= DAY
    return midnight(day + DAY)


def unanswered(days: int) -> Select[ContractDocument]:
    """Documents that wait for the provider's answer, published and last chased so many working days ago. A deed is not
    answered here.
    """
    document, until = ContractDocument, waits_so_long(days)
    return (
        select(document)
        .where(
            document.state == DocumentState.PUBLISHED,
            document.is_deed.is_(False),
            document.published_at < until,
            sa.or_(document.chased_at.is_(None), document.chased_at < until),
        )
        .order_by(document.id)
    )


def with_provider(days: int) -> Select[Action]:
    """Open actions that the provider holds, in which nobody has written for so many working days."""
    long = Action.last_post_at < waits_so_long(days)
    return select(Action).where(Action.is_open, Action.holder == Side.PROVIDER, long).order_by(Action.id)


def overdue() -> Select[Action]:
    """Open actions that the council holds, and whose day is past."""
    query = select(Action).options(joinedload(Action.provider), joinedload(Action.assigned_to))
    return query.where(Action.is_overdue, Action.holder == Side.COUNCIL).order_by(Action.due_on, Action.id)


def to_remind(days: int) -> list[tuple[Reminded, int]]:
    """Whom there is something to tell, each to be told in a transaction of its own: a provider by its id or, of what is
    overdue, a team by its. Reading only.
    """
    found: list[tuple[Reminded, int]] = []
    for kind, query, owner in (
        (Reminded.DOCUMENT, unanswered(days), ContractDocument.provider_id),
        (Reminded.WITH_PROVIDER, with_provider(days), Action.provider_id),
        (Reminded.OVERDUE, overdue(), Action.team_id),
    ):
        rows = session.scalars(query).all()
        known = _known(kind, [row.id for row in rows])
        waiting = {getattr(row, owner.key) for row in rows if (row.id, _since(kind, row)) not in known}
        found += [(kind, id_) for id_ in sorted(waiting)]
    return found


def remind(kind: Reminded, id_: int, days: int) -> bool:
    """Write what `to_remind` has named, and keep that it was told. False where there is nobody to tell, or nothing any
    more: then nothing is kept.
    """
    if kind is Reminded.DOCUMENT:
        return _of_documents(session.scalars(unanswered(days).where(ContractDocument.provider_id == id_)).all())
    if kind is Reminded.WITH_PROVIDER:
        return _of_actions(session.scalars(with_provider(days).where(Action.provider_id == id_)).all())
    return _of_overdue(session.scalars(overdue().where(Action.team_id == id_)).all())


def _of_documents(documents: Sequence[ContractDocument]) -> bool:
    if not documents or not people_who_may(Permission.AGREE_DOCUMENTS, {each.provider_id for each in documents}):
        return False
    new = [each for each in documents if _is_first(Reminded.DOCUMENT, each)]
    tell_of_documents(new, again=True)
    return bool(new)


def _of_actions(actions: Sequence[Action]) -> bool:
    """One letter to each person, of all that they may reply to."""
    theirs: dict[int, tuple[User, list[Action]]] = {}
    for action in actions:
        people = people_at_provider(action)
        if people and _is_first(Reminded.WITH_PROVIDER, action):
            for each in people:
                theirs.setdefault(each.id, (each, []))[1].append(action)
    if not theirs:
        return False
    provider_id = actions[0].provider_id
    name = session.scalar(select(Provider.name).where(Provider.id == provider_id))
    send(_letter(user, name or "", found, at_provider(provider_id, "actions", "")) for user, found in theirs.values())
    return True


def _letter(user: User, provider: str, actions: Sequence[Action], path: str) -> Letter:
    count = how_many(len(actions), "action")
    waits = "waits" if len(actions) == 1 else "wait"
    numbers = ", ".join(str(each.id) for each in actions)
    words = WAITS.format(name=user.name, count=count, provider=provider, waits=waits, numbers=numbers)
    subject = f"{count} {waits} for your reply"
    return Letter(user, News.POST, actions[0].provider_id, subject, words, path)


def _of_overdue(actions: Sequence[Action]) -> bool:
    """To whoever has taken one, as they chose; of what nobody has taken, to the mailbox of the team if it has one."""
    if not actions:
        return False
    team = session.scalars(ActionTeam.numbered(actions[0].team_id)).one()
    by_person: dict[tuple[int, int], list[Action]] = defaultdict(list)
    free: list[Action] = []
    for action in actions:
        person = action.assigned_to if action.assigned_to and action.assigned_to.is_active else None
        if (person is not None or team.email) and _is_first(Reminded.OVERDUE, action):
            (by_person[person.id, action.provider_id] if person else free).append(action)
    letters = []
    for (_, provider_id), found in by_person.items():
        user = found[0].assigned_to
        assert user is not None  # noqa: S101 - these are the taken ones
        subject, words = _overdue_words(user.name, found)
        path = f"/council/actions/{found[0].id}" if len(found) == 1 else "/council/actions/?box=mine&show=overdue"
        letters.append(Letter(user, News.POST, provider_id, subject, words, path))
    send(letters)
    if free:
        subject, words = _overdue_words(team.name, free)
        there = f"/council/actions/?box={team.id}&show=overdue"
        post(team.email, f"{subject} with {team.name}", f"{words}\n{on_this_site(there)}\n")
    return bool(free or letters)


def _overdue_words(name: str, actions: Sequence[Action]) -> tuple[str, str]:
    one = len(actions) == 1
    count, are = how_many(len(actions), "action"), "is" if one else "are"
    lines = "\n".join(f"- action {each.id} of {each.provider.name}, due on {in_words(each.due_on)}"
                      for each in actions if each.due_on)  # fmt: skip
    words = OVERDUE.format(name=name, count=count, are=are, they="it was" if one else "they were", lines=lines)
    return f"{count} {are} overdue", words


def _since(kind: Reminded, row: ContractDocument | Action) -> str:
    if isinstance(row, ContractDocument):
        return row.published_at.isoformat() if row.published_at else ""
    return str(row.due_on) if kind is Reminded.OVERDUE else row.last_post_at.isoformat()


def _known(kind: Reminded, ids: Iterable[int]) -> set[tuple[int, str]]:
    query = select(TalkReminder.about_id, TalkReminder.since).where(TalkReminder.kind == kind)
    return {(row.about_id, row.since) for row in session.execute(query.where(TalkReminder.about_id.in_(list(ids))))}


def _is_first(kind: Reminded, row: ContractDocument | Action) -> bool:
    """Keep that it is told; False where it was."""
    return insert_first(
        TalkReminder, kind=kind, about_id=row.id, since=_since(kind, row), provider_id=row.provider_id, sent_on=today()
    )
