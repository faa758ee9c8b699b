"""Whom the council finds: people who log in, and providers with those who have access to them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Select, func, select
from sqlalchemy.orm import contains_eager, joinedload

from models.accounts import bars
from models.accounts.account_policy import Step
from models.accounts.login import FAILURES_PER_ACCOUNT, WINDOW, Kind, LoginFailure, account_hash
from models.accounts.passkey import Passkey
from models.accounts.pending_login import set_up, strongest
from models.accounts.user import Membership, Staff, User
from models.accounts.web_session import WebSession
from models.base import session, utc_now
from models.permissions import CouncilRole, Role
from models.records.provider import Contact, Organisation, Provider, ProviderKind
from models.waiting import waits
from models.words import Choice

Condition = sa.ColumnElement[bool]


class State(Choice):
    """What stands in the way of a person's log-in, the most pressing first."""

    DISABLED = "disabled"
    LOCKED = "locked"
    FORMER = "former contact"
    INVITED = "invited"
    NEVER = "never logged in"
    ACTIVE = "active"

    @property
    def label(self) -> str:
        return {
            "disabled": "Switched off", "invited": "Invited, no password yet", "former contact": "No longer a contact",
        }.get(self.value, self.capitalize())  # fmt: skip

    @classmethod
    def of(cls, person: sa.Row, locks: "Locks") -> "State":
        """Of a row of `people`."""
        if not person.is_active:
            return cls.DISABLED
        if locks.hold(person):
            return cls.LOCKED
        if person.is_former:
            return cls.FORMER
        if person.last_login_at is None:
            return cls.NEVER if person.has_password else cls.INVITED
        return cls.ACTIVE

    def condition(self) -> Condition:
        never = sa.and_(User.is_active, User.last_login_at.is_(None))
        return {
            State.DISABLED: lambda: User.is_active.is_(False),
            State.LOCKED: lambda: sa.and_(User.is_active, User.id.in_(Locks().people())),
            State.FORMER: lambda: sa.and_(User.is_active, _is_former()),
            State.INVITED: lambda: sa.and_(never, User.password_hash.is_(None)),
            State.NEVER: lambda: never,
            State.ACTIVE: lambda: sa.and_(User.is_active, User.last_login_at.is_not(None)),
        }[self]()


class Locks:
    """The accounts that are closed just now, to some browser or to all unknown ones, by too many wrong tries."""

    def __init__(self) -> None:
        failure, now = LoginFailure, utc_now()
        recent = sa.and_(failure.kind == Kind.PASSWORD, failure.at > now - WINDOW)
        this_week = sa.and_(failure.kind.in_((Kind.CODE, Kind.RESET_CODE, Kind.APP)), failure.at > now - bars.WEEK)
        found = session.execute(
            select(failure.account, failure.device_id, failure.kind, failure.chances, failure.at)
            .where(sa.or_(recent, this_week, failure.kind == Kind.DIGITS))
        )  # fmt: skip
        self._tries: dict[str, list[sa.Row]] = {}
        for row in found:
            self._tries.setdefault(row.account, []).append(row)

    def hold(self, person: sa.Row) -> bool:
        """Whether the person's account is closed to any browser: LoginFailure.is_too_many and bars.left for all of them
        at once.
        """
        since = person.password_set_at
        counted: Counter[tuple[int | None, Kind]] = Counter()
        for row in self._tries.get(account_hash(person.email), ()):
            if row.kind is Kind.PASSWORD or since is None or row.at > since:
                counted[row.device_id, row.kind] += row.chances
        most = bars.MOST | {Kind.PASSWORD: FAILURES_PER_ACCOUNT}
        return any(count >= most[kind] for (_, kind), count in counted.items())

    def people(self) -> list[int]:
        if not self._tries:
            return []
        everybody = session.execute(select(User.id, User.email, User.password_set_at))
        return [row.id for row in everybody if self.hold(row)]


def people(
    *,
    name: str = "",
    by_email: bool = True,
    kind: ProviderKind | None = None,
    role: Role | CouncilRole | None = None,
    state: State | None = None,
) -> Select:
    """People with their role at the council, by name. A filter left out takes all."""
    query = (
        select(
            User.id, User.name, User.email, User.is_active, User.last_login_at,
            User.password_set_at, User.password_hash.is_not(None).label("has_password"),
            Staff.role.label("council_role"), _is_former().label("is_former"),
        )
        .outerjoin(Staff, Staff.user_id == User.id)
        .order_by(User.folded_name, User.id)
    )  # fmt: skip
    if name:
        query = query.where(User.found_by(name, by_email=by_email))
    if kind is not None:
        query = query.where(_has_a_place(Provider.kind == kind))
    if isinstance(role, CouncilRole):
        query = query.where(Staff.role == role)
    elif role is not None:
        query = query.where(_has_a_place(Membership.role == role))
    return query.where(state.condition()) if state is not None else query


def _former_places() -> Select:
    """User and provider ids of the places of people who were contacts there, and are no more: under their address there
    is a contact that has ended, none that has not, and the provider itself has another one.

    Their login stays until somebody takes the place away: a feed switches nobody off.
    """
    theirs = sa.and_(Contact.provider_id == Provider.id, sa.func.lower(Contact.email) == User.email)
    here = select(Contact.id).where(theirs).correlate(Provider, User)
    return (
        select(Membership.user_id, Membership.provider_id)
        .join(User, User.id == Membership.user_id)
        .join(Provider, Provider.id == Membership.provider_id)
        .where(here.where(Contact.has_ended).exists(), ~here.where(~Contact.has_ended).exists(),
               sa.func.lower(Provider.email) != User.email)
    )  # fmt: skip


def _is_former() -> Condition:
    return User.id.in_(_former_places().with_only_columns(Membership.user_id))


def former_at(provider_id: int) -> set[int]:
    """The ids of those with a place at the provider who are no longer its contacts."""
    query = _former_places().where(Membership.provider_id == provider_id)
    return set(session.scalars(query.with_only_columns(Membership.user_id)))


def former_waiting() -> Select:
    """The logins of people who are no longer contacts where they have a place, counted: see models.waiting."""
    return waits(State.FORMER, func.count(User.id)).where(User.is_active, _is_former())


def locked_waiting(how_many: sa.ColumnElement[int]) -> Select:
    """The accounts that are closed by too many wrong tries, in the form of models.waiting. `how_many` is what `Locks`
    has found: tries are kept by a hash of the address, so that they cannot be counted in SQL.
    """
    return waits(State.LOCKED, how_many)


def _has_a_place(condition: Condition) -> Condition:
    at = select(Membership.id).join(Provider, Provider.id == Membership.provider_id)
    return at.where(Membership.user_id == User.id, condition).exists()


def listed(user_id: int) -> Select:
    """One person, as `people` lists them."""
    return people().where(User.id == user_id)


def places_of(ids: Sequence[int] | Select) -> dict[int, list[sa.Row]]:
    """The places of these people by user id: rows with the place, the provider's id and name, the role, and when it was
    granted.

    `ids` are user ids, or a query of `people`.
    """
    if isinstance(ids, Select):
        ids = ids.order_by(None).with_only_columns(User.id)
    found = session.execute(
        select(Membership.id, Membership.user_id, Membership.role, Membership.granted_at, Membership.provider_id,
               Provider.name.label("provider"))
        .join(Provider, Provider.id == Membership.provider_id)
        .where(Membership.user_id.in_(ids))
        .order_by(Provider.folded_name, Membership.id)
    )  # fmt: skip
    places: dict[int, list[sa.Row]] = {}
    for row in found:
        places.setdefault(row.user_id, []).append(row)
    return places


def person(user_id: int) -> Select[User]:
    """The person with what they are at the council."""
    return select(User).where(User.id == user_id).options(joinedload(User.staff))


def strangers_among(emails: set[str]) -> set[str]:
    """Those of the addresses that are no colleague's at the council."""
    theirs = select(User.email).join(Staff, Staff.user_id == User.id).where(User.email.in_(emails))
    return emails - set(session.scalars(theirs)) if emails else emails


@dataclass(frozen=True)
class LogIn:
    """How it stands with a person's log-in, in numbers."""

    own: Step | None
    """The strongest thing that they have set up to prove who they are."""
    passkeys: int
    sessions: int
    """So many are open."""
    failures: int
    """Wrong passwords and second steps since they last logged in, from anywhere."""


def log_in_of(person: User) -> LogIn:
    open_now = select(func.count(WebSession.id)).where(WebSession.user_id == person.id, WebSession.is_open())
    counts = Passkey.counted(person.id), open_now, LoginFailure.since_last_log_in(person)
    row = session.execute(select(*set_up(person.id), *(each.scalar_subquery() for each in counts))).one()
    return LogIn(strongest(row), *row[-len(counts) :])


def providers(*, name: str = "", kind: ProviderKind | None = None) -> Select:
    """Providers by name: how many people have access, how many wait for it, and when one of them last logged in."""
    here = Membership.provider_id == Provider.id
    count = select(func.count(Membership.id)).where(here).correlate(Provider)
    last = select(func.max(User.last_login_at)).join(Membership, Membership.user_id == User.id).where(here)
    query = (
        select(
            Provider.id, Provider.reference, Provider.name, Provider.kind, Organisation.name.label("organisation"),
            count.where(Membership.granted_at.is_not(None)).scalar_subquery().label("people"),
            count.where(Membership.granted_at.is_(None)).scalar_subquery().label("waiting"),
            last.correlate(Provider).scalar_subquery().label("last_login_at"),
        )
        .outerjoin(Organisation, Organisation.id == Provider.organisation_id)
        .order_by(Provider.folded_name, Provider.id)
    )  # fmt: skip
    if name:
        query = query.where(Provider.found_by(name))
    return query.where(Provider.kind == kind) if kind is not None else query


def provider(provider_id: int) -> Select[Provider]:
    return Provider.numbered(provider_id).options(joinedload(Provider.organisation))


def contacts(provider_id: int) -> Select[Contact]:
    return Contact.by_name().where(Contact.provider_id == provider_id)


def members(provider_id: int) -> Select[Membership]:
    """Everybody with a place there, those who wait for the council's grant first."""
    return (
        select(Membership)
        .join(Membership.user)
        .where(Membership.provider_id == provider_id)
        .options(contains_eager(Membership.user), joinedload(Membership.provider))
        .order_by(Membership.granted_at.is_not(None), User.folded_name, Membership.id)
    )


def emails_with_access(provider_id: int) -> dict[str, bool]:
    """The e-mail addresses of those with a place there, and whether the council has granted it."""
    query = select(User.email, Membership.granted_at.is_not(None)).join(Membership, Membership.user_id == User.id)
    return dict(session.execute(query.where(Membership.provider_id == provider_id)).all())


def invitations() -> Select:
    """The people who wait for the council's grant, counted: see models.waiting."""
    query = waits("invitations", func.count(Membership.id), func.min(Membership.created_at))
    return query.where(Membership.granted_at.is_(None))
