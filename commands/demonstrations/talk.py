"""What providers and the council have written to each other in a demonstration: actions in every state, by the verbs
that their pages call. What was written lies some days back, where the portal's calendar allows it.
"""

from dataclasses import replace
from datetime import datetime, time, timedelta
from io import BytesIO

from sqlalchemy import select, update

from exchange.files.store import Store
from exchange.files.taking import take
from models.accounts.user import Membership, Staff, User
from models.base import session, utc_now
from models.calendar import LONDON, as_on, today
from models.correspondence import action_verbs as verbs
from models.correspondence import kept_reply
from models.correspondence.action import About, Action, Side
from models.correspondence.action_post import ActionPost, see
from models.correspondence.action_setup import TypeFacts, change_type
from models.correspondence.action_type import ActionTeam, ActionType, CareEvent, Related
from models.permissions import GRANTS, CouncilRole, Permission
from models.records.client import Client
from models.records.provider import Provider


def perform(officer: User, store: Store) -> None:
    """At each provider at which somebody can log in; other states at the second one than at the first, and so on."""
    _set_rules(officer)
    may_send = [role for role, granted in GRANTS.items() if Permission.SEND_ACTIONS in granted]
    query = (
        select(User, Membership.provider_id)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.role.in_(may_send), Membership.granted_at.is_not(None))
        .order_by(Membership.provider_id, User.id)
    )
    for name, text in KEPT.items():
        kept_reply.add(name, text, by=officer)
    seen: set[int] = set()
    for person, provider_id in session.execute(query).all():
        if provider_id not in seen:
            seen.add(provider_id)
            _Talk(person, session.scalars(Provider.numbered(provider_id)).one(), officer, store).hold(len(seen))
    session.flush()


def _set_rules(officer: User) -> None:
    """This council pays for three days after a death."""
    manager = session.scalars(
        select(User).join(Staff, Staff.user_id == User.id).where(Staff.role == CouncilRole.PAYMENTS_MANAGER).limit(1)
    ).one_or_none()
    for type_ in session.scalars(ActionType.of_event(CareEvent.DEATH)).unique().all():
        facts = replace(TypeFacts.of(type_), days_paid=3)
        change_type(type_, facts, by=manager or officer, seen=type_.version)


class _Talk:
    def __init__(self, person: User, provider: Provider, officer: User, store: Store) -> None:
        self.person, self.provider, self.officer, self.store = person, provider, officer, store
        types = session.scalars(ActionType.by_name()).unique().all()
        self.types = [each for each in types if each.is_for(provider.kind)]
        clients = session.scalars(Client.of_provider(provider.id)).all()
        self.client = clients[0] if clients else None

    def hold(self, which: int) -> None:
        """The first provider has some of everything; the others one or two of it, in turn."""
        parts = [self._answered, self._overdue, self._closed, self._happened, self._asks_to_close, self._missing,
                 self._passed_on, self._not_solved, self._long_closed]  # fmt: skip
        for part in parts if which == 1 else [parts[which % len(parts)], parts[(which + 3) % len(parts)]]:
            part()

    def _of_money(self) -> ActionType:
        return next((each for each in self.types if each.is_of_money), self.types[0])

    def _plain(self) -> ActionType:
        plain = [
            each
            for each in self.types
            if each.event is None and not each.is_of_money and each.related is not Related.CLIENT
        ]
        return next((each for each in plain if each.kinds), plain[0])

    def _opened(self, type_: ActionType, days: int, title: str, text: str, **more: object) -> Action:
        given = dict(more)
        with as_on(today() - timedelta(days=days)):
            action = verbs.open_action(
                type_,
                self.provider,
                team=self._team(type_),
                title=title,
                text=text,
                by=self.person,
                **given,  # type: ignore[arg-type]  # days and About, as the states above say
            )
        self._date(action, days)
        return action

    def _team(self, type_: ActionType) -> ActionTeam:
        return type_.teams_for(self.provider.kind)[0]

    def _answered(self) -> None:
        action = self._opened(self._of_money(), 6, "Query about my payments", ANSWERED)
        self._read(action, Side.COUNCIL, self.officer)
        verbs.take(action, by=self.officer)
        verbs.reply_to_provider(action, "Thank you. Which week do you mean? A photograph of your statement helps.",
                                by=self.officer)  # fmt: skip
        self._date(action, 2)

    def _overdue(self) -> None:
        action = self._opened(self._plain(), 16, "Change of my bank", "I have sent the form three weeks ago.")
        verbs.note(action, "The form is with the bank team. Ring them before answering.", by=self.officer)

    def _closed(self) -> None:
        action = self._opened(self._plain(), 12, "Training on the portal", "When is the next one?")
        verbs.close(action, "The next one is on the first Tuesday of the month. The invitation is on its way.",
                    by=self.officer)  # fmt: skip
        self._date(action, 11)

    def _asks_to_close(self) -> None:
        action = self._opened(self._of_money(), 5, "A week is missing", "The week before last is not there yet.")
        self._read(action, Side.COUNCIL, self.officer)
        verbs.comment(action, "It is in the next payment.", side=Side.COUNCIL, by=self.officer)
        self._date(action, 3)
        self._read(action, Side.PROVIDER, self.person)
        verbs.ask_closure(action, "It has come. Thank you.", by=self.person)
        self._date(action, 1)

    def _happened(self) -> None:
        type_ = next((each for each in self.types if each.event is CareEvent.HOSPITAL), None)
        if type_ is not None and self.client is not None:
            self._opened(type_, 1, "Hospital admission", "Taken in on the evening. We keep the room.",
                         about=About(client_id=self.client.id), event_on=today() - timedelta(days=1))  # fmt: skip

    def _missing(self) -> None:
        type_ = next((each for each in self.types if each.event is CareEvent.MISSING_PACKAGE), None)
        if type_ is not None:
            confirmation = take("purchase-confirmation.txt", BytesIO(CONFIRMATION.encode()), self.store)
            self._opened(type_, 3, "A package is not on the portal", "Care began on Monday, and it is not there yet.",
                         event_on=today() - timedelta(days=3), files=[confirmation])  # fmt: skip

    def _passed_on(self) -> None:
        """Another team has it, where one more answers this kind of provider."""
        teams = session.scalars(ActionTeam.at_work()).all()
        action = self._opened(self._plain(), 4, "A longer stay", "The family asks for two more nights a week.")
        other = next((team for team in teams if team.id != action.team_id and team.answers(self.provider.kind)), None)
        if other is not None:
            verbs.pass_on(action, other, by=self.officer)
            self._date(action, 3)

    def _not_solved(self) -> None:
        action = self._opened(self._plain(), 9, "The address is wrong", "Letters go to our old house.")
        verbs.close(action, "The address is changed.", by=self.officer)
        verbs.not_solved(action, "The newest letter went there again.", by=self.person)  # by the real clock, so first
        self._date(action, 7, before_last=1)
        self._date(action, 1)

    def _long_closed(self) -> None:
        action = self._opened(self._plain(), 50, "A name on the statement", "It is spelt with one l.")
        verbs.close(action, "It is spelt with two now.", by=self.officer)
        self._date(action, 45)

    def _read(self, action: Action, side: Side, by: User) -> None:
        """It was opened two hours after it was written."""
        session.flush()
        see(action.id, side, by=by)
        at = action.last_post_at + timedelta(hours=2)
        theirs = (ActionPost.action_id == action.id, ActionPost.side == side.other)
        session.execute(update(ActionPost).where(*theirs).values(seen_at=at))

    def _date(self, action: Action, days: int, *, before_last: int = 0) -> None:
        """Put what was written last, or so many posts before it, and what followed from it, so many days back."""
        session.flush()
        at = datetime.combine(today() - timedelta(days=days), time(10, 20 + action.id % 40), LONDON)
        post_id = session.scalars(
            select(ActionPost.id)
            .where(ActionPost.action_id == action.id)
            .order_by(ActionPost.id.desc())
            .offset(before_last)
            .limit(1)
        ).one()
        session.execute(update(ActionPost).where(ActionPost.id == post_id).values(at=at))
        action.last_post_at = at
        just_now = utc_now() - timedelta(minutes=10)
        for name in ("opened_at", "answered_at", "closure_asked_at", "closed_at"):
            when = getattr(action, name)
            if when is not None and when > just_now:
                setattr(action, name, at)


CONFIRMATION = "Purchase confirmation. Please begin the care agreed on the telephone on Monday. Brokerage\n"
ANSWERED = "My statement from the bank shows less than I expected for one of the weeks. Can you look at it, please?"
KEPT = {
    "Paid with the next run": "You are right, and thank you for telling us. The difference is paid with the next run.",
    "Which week": "Thank you for asking. Which week is this about, and what did you expect to be paid?",
    "Ask the social worker": "We have asked the social worker, and write to you as soon as we hear.",
    "Not for mileage": "We cannot pay mileage here. Please make a claim, with the dates and the miles.",
}
"""What the council keeps for its answers."""
