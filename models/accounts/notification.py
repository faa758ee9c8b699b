"""Which e-mails a person gets about what concerns them, and when: at once, once a day, or not at all.

Codes, and what happens to somebody's own login, are no choice of theirs and go by models.outbox.post. Subjects, bodies
and lines name no client and hold nothing that anybody has typed: docs/mail-states.md.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import delete, select
from sqlalchemy.orm import Mapped, mapped_column

from models.accounts.user import User
from models.audit import Actor, record
from models.base import Base, Key, insert_missing, session, utc_now
from models.daily_work import timetable
from models.job import JobKind
from models.outbox import post
from models.permissions import GRANTS, Permission
from models.portal import current_portal
from models.records.provider import Provider
from models.words import Choice, how_many

MOST_LINES = 20
"""Of one provider in one digest; how many more there are is said."""
DIGEST = """\
{name},

this is new in the Provider Portal:

{news}

You get this once a day, and only when something is new. Say which e-mails you want, and when:
{choose}
"""
CHOOSE = "/account/e-mails"


class News(Choice):
    """What somebody may be told of."""

    ANSWER = "answer"
    DEADLINE = "deadline"
    PAYMENT = "payment"
    CHANGED = "changed"
    POST = "post"
    DOCUMENT = "document"
    CLAIM = "claim"
    INVOICE = "invoice"
    ACTUAL = "actual"

    @property
    def label(self) -> str:
        return _KINDS[self][0]

    @property
    def about(self) -> str:
        return _KINDS[self][1]

    @property
    def needs(self) -> Permission:
        """Whoever may do this at a provider is told of it there."""
        return _KINDS[self][2]

    @property
    def usual(self) -> "When":
        """What somebody gets who has chosen nothing."""
        return When.DAILY if self is News.CHANGED else When.AT_ONCE


class When(Choice):
    AT_ONCE = "at_once"
    DAILY = "daily"
    OFF = "off"

    @property
    def label(self) -> str:
        return {When.AT_ONCE: "At once", When.DAILY: "Once a day", When.OFF: "Not at all"}[self]


_KINDS = {
    News.ANSWER: (
        "A payment waits for your answer",
        "We ask you to confirm or reject it by a certain day. If nobody answers in time, it may be held.",
        Permission.CONFIRM_PAYMENTS,
    ),
    News.DEADLINE: (
        "The last day to answer is near",
        "A reminder of what nobody has answered yet, some working days before.",
        Permission.CONFIRM_PAYMENTS,
    ),
    News.PAYMENT: (
        "The council has done something about a payment",
        "It has answered you, moved its days, or recorded something of what is owed.",
        Permission.VIEW_PAYMENTS,
    ),
    News.CHANGED: (
        "A payment has changed",
        "It comes to another sum than it did, or what was confirmed of it no longer counts.",
        Permission.VIEW_PAYMENTS,
    ),
    News.POST: (
        "Somebody has written to you in an action",
        "A reply, a question, or that an action is closed.",
        Permission.VIEW_ACTIONS,
    ),
    News.DOCUMENT: (
        "There is a document to read or to agree",
        "Where payment starts only once you have agreed, it waits until you do.",
        Permission.AGREE_DOCUMENTS,
    ),
    News.CLAIM: (
        "The council has decided a claim, or asks about one",
        "It is accepted, accepted in part or rejected, or it waits until you have answered. Also what you may claim.",
        Permission.MAKE_CLAIMS,
    ),
    News.INVOICE: (
        "The council has received, held or decided an invoice",
        "It is held until you mend it, approved or rejected.",
        Permission.SUBMIT_INVOICES,
    ),
    News.ACTUAL: (
        "Actuals or a timesheet wait for you, or the council has decided about them",
        "A week that is due tomorrow or late, a figure that was amended or rejected, a timesheet that was returned.",
        Permission.SUBMIT_ACTUALS,
    ),
}


_AT_COUNCIL = {News.POST: Permission.ANSWER_ACTIONS, News.DOCUMENT: Permission.MANAGE_DOCUMENTS}
"""What the council's own people are told of: who has written, and what became of a document that they published."""


class NotificationChoice(Base):
    """When a person wants to be told of one kind of news. Without a row it is the usual time."""

    __tablename__ = "notification_choice"
    __table_args__ = (sa.UniqueConstraint("user_id", "news"),)

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    news: Mapped[News]
    when: Mapped[When]


class WaitingNews(Base):
    """A line of somebody's next digest. It goes with the mail that says it."""

    __tablename__ = "waiting_news"
    __table_args__ = (sa.UniqueConstraint("user_id", "line", "path"),)

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    provider_id: Mapped[int] = mapped_column(sa.ForeignKey("provider.id"))
    news: Mapped[News]
    line: Mapped[str]
    """What is new, in words of ours."""
    path: Mapped[str]
    """Where it can be seen, on this site."""
    at: Mapped[datetime] = mapped_column(default=utc_now)


@dataclass(frozen=True)
class Letter:
    """What one person is to be told."""

    to: User
    news: News
    provider_id: int
    subject: str
    body: str
    """Of a mail that goes at once; the link is added."""
    path: str
    """Where it can be seen: `at_provider(...)`, or a whole address."""
    line: str = ""
    """In a digest; the subject where it is empty."""
    caused_by: Actor | None = None
    """As models.outbox.post has it."""


def at_provider(provider_id: int, *parts: str) -> str:
    """The address of a provider's page, of its parts: at_provider(7, "payments", "741254", "2019-09-30")."""
    return "/".join(["", "providers", str(provider_id), *(quote(part, safe="") for part in parts)])


def on_this_site(path: str) -> str:
    """The whole address, for a mail. A portal that knows no host name of its own writes the path alone."""
    return path if path.startswith("http") else f"{current_portal().address}{path}"


def send(letters: Iterable[Letter]) -> None:
    """Tell each person when they have chosen to be told. What waits for somebody's digest is not added again."""
    letters = list(letters)
    chosen = choices_of({each.to.id for each in letters})
    later = []
    for each in letters:
        when = in_force(each.news, chosen[each.to.id])
        if when is When.AT_ONCE:
            body = f"{each.body.rstrip()}\n\n{on_this_site(each.path)}\n"
            post(each.to.email, each.subject, body, caused_by=each.caused_by)
        elif when is When.DAILY:
            later.append(each)
    if later:
        _add(later)


def _add(letters: list[Letter]) -> None:
    rows = {
        (each.to.id, each.line or each.subject, each.path): {
            "user_id": each.to.id, "line": each.line or each.subject, "path": each.path, "news": each.news,
            "provider_id": each.provider_id, "at": utc_now(),
        }
        for each in letters
    }  # fmt: skip
    insert_missing(WaitingNews, list(rows.values()))


def choices_of(user_ids: Iterable[int]) -> Mapping[int, dict[News, When]]:
    """What these people have chosen; nothing for whoever has not."""
    found: dict[int, dict[News, When]] = defaultdict(dict)
    ids = list(user_ids)
    if ids:
        query = select(NotificationChoice.user_id, NotificationChoice.news, NotificationChoice.when)
        for user_id, news, when in session.execute(query.where(NotificationChoice.user_id.in_(ids))):
            found[user_id][news] = when
    return found


def in_force(news: News, chosen: Mapping[News, When]) -> When:
    """When somebody with these choices is told. Where no digests are sent, what would wait for one goes at once; of
    payments that change, which are many, nothing does unless it was asked for.
    """
    when = chosen.get(news, news.usual)
    if when is When.DAILY and not are_digests_sent():
        return When.AT_ONCE if news in chosen or news.usual is When.AT_ONCE else When.OFF
    return when


def are_digests_sent() -> bool:
    """Whether the worker sends them: with the reminders, where the council has set a time for these."""
    return JobKind.REMINDERS in timetable().times


def news_for(user: User) -> list[News]:
    """What this person can be told of, by what they are at providers and at the council."""
    granted = {permission for place in user.memberships for permission in GRANTS[place.role]}
    at_council = {each for each, needed in _AT_COUNCIL.items() if user.can_at_council(needed)}
    return [each for each in News if each.needs in granted or each in at_council]


def choose(user: User, wanted: Mapping[News, When]) -> None:
    """Keep when the person wants to be told of what. What waits for a digest that they no longer want is forgotten."""
    known = {
        each.news: each
        for each in session.scalars(select(NotificationChoice).where(NotificationChoice.user_id == user.id))
    }
    for news, when in wanted.items():
        if news in known:
            known[news].when = when
        else:
            session.add(NotificationChoice(user_id=user.id, news=news, when=when))
    chosen = {news.value: when.value for news, when in wanted.items()}
    record("user.notifications_chosen", user, by=user, chosen=chosen)
    off = [news for news, when in wanted.items() if when is When.OFF]
    session.execute(delete(WaitingNews).where(WaitingNews.user_id == user.id, WaitingNews.news.in_(off)))


def who_awaits_news() -> list[int]:
    """Ids of the people for whose digest something waits, in order."""
    return list(session.scalars(select(WaitingNews.user_id).distinct().order_by(WaitingNews.user_id)))


def send_digest(user_id: int) -> bool:
    """Write what waits for this person into one mail, and forget it. False where it is nothing any more: they cannot
    log in, have no place any more where it happened, or are not told of such news any more as what they are there.
    """
    user = session.scalars(User.active_with_places(user_id)).unique().one_or_none()
    mine = WaitingNews.user_id == user_id
    query = select(WaitingNews, Provider.name).join(Provider, Provider.id == WaitingNews.provider_id).where(mine)
    found = session.execute(query.order_by(Provider.folded_name, Provider.id, WaitingNews.at, WaitingNews.id)).all()
    by_provider: dict[tuple[int, str], list[WaitingNews]] = defaultdict(list)
    for each, name in found:
        if user is not None and _is_told(user, each):
            by_provider[each.provider_id, name].append(each)
    session.execute(delete(WaitingNews).where(mine))
    if user is None or not by_provider:
        return False
    news = "\n\n".join(_of_provider(name, lines) for (_, name), lines in by_provider.items())
    count = sum(map(len, by_provider.values()))
    body = DIGEST.format(name=user.name, news=news, choose=on_this_site(CHOOSE))
    post(user.email, f"What is new in the Provider Portal: {how_many(count, 'thing')}", body)
    return True


def _is_told(user: User, news: WaitingNews) -> bool:
    place, needed = user.membership_at(news.provider_id), _AT_COUNCIL.get(news.news)
    at_council = needed is not None and user.can_at_council(needed)
    return at_council or (place is not None and news.news.needs in GRANTS[place.role])


def _of_provider(name: str, found: list[WaitingNews]) -> str:
    lines = [f"- {each.line}\n  {on_this_site(each.path)}" for each in found[:MOST_LINES]]
    more = [f"- and {len(found) - MOST_LINES} more"] if len(found) > MOST_LINES else []
    return "\n".join([name, *lines, *more])
