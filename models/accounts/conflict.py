"""Nobody acts as the council's staff on a provider at which they have or had a place: the one rule of it.

A place is one that somebody has, has been invited to, or had; an e-mail address that is a contact's there, former ones
too; or the provider's own. What staff do is refused by `insist_on_none`, which the council's pages ask for each record
that they load to act on (blueprints/lookups.py), and models/payments/authorising.py for the money in a run.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, mapped_column

from models.accounts.user import Membership, Staff, User
from models.base import Base, DomainError, Key, session, utc_now
from models.permissions import Role
from models.records.provider import Contact, Provider
from models.tenancy import ProviderOwned, every_provider


class FormerPlace(ProviderOwned, Base):
    """A place at a provider that was granted and has been taken away. It is kept for good."""

    __tablename__ = "former_place"

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    role: Mapped[Role]
    granted_at: Mapped[datetime | None]
    """None where that is not known any more."""
    ended_at: Mapped[datetime] = mapped_column(default=utc_now)


class ConflictOfInterest(DomainError):
    """Somebody was to act as staff on a provider at which they have or had a place."""

    def __init__(self, words: str, provider_id: int) -> None:
        super().__init__(words)
        self.provider_id = provider_id


def remember(membership: Membership) -> None:
    """Keep that the person had this place, which is about to go. One that was never granted opened nothing."""
    if membership.granted_at is not None:
        session.add(
            FormerPlace(
                user_id=membership.user_id, provider_id=membership.provider_id, role=membership.role,
                granted_at=membership.granted_at,
            )
        )  # fmt: skip


def _places(user_id: sa.ColumnElement[int] | int, email: sa.ColumnElement[str] | str) -> list[Select[int]]:
    """Ids of the providers at which the person is bound, way by way."""
    return [
        select(Membership.provider_id).where(Membership.user_id == user_id),
        select(FormerPlace.provider_id).where(FormerPlace.user_id == user_id),
        select(Contact.provider_id).where(sa.func.lower(Contact.email) == email),
        select(Provider.id).where(sa.func.lower(Provider.email) == email),
    ]


def conflicts_of(person: User, provider_ids: Iterable[int] | Select[int]) -> list[int]:
    """Those of these providers at which the person has or had a place."""
    among = provider_ids if isinstance(provider_ids, Select) else list(provider_ids)
    with every_provider():
        return list(session.scalars(bound_among(person, among).with_only_columns(Provider.id)))


def bound_among(person: User, provider_ids: Collection[int] | Select[int]) -> Select[Provider]:
    """Those of these providers at which the person has or had a place, for who may read every provider."""
    bound = sa.union(*_places(person.id, person.email)).subquery()
    query = select(Provider).where(Provider.id.in_(select(bound.c[0])), Provider.id.in_(provider_ids))
    return query.order_by(Provider.id)


def bound_to(user_id: int) -> Select[int]:
    """Ids of the providers at which the person is bound, for a condition of another query."""
    email = select(User.email).where(User.id == user_id).scalar_subquery()
    ways = sa.union(*_places(user_id, email)).subquery()
    return select(ways.c[0])


def words_about(provider_ids: list[int]) -> str:
    """The providers' names, for a sentence: the first, and how many more."""
    with every_provider():
        name = session.scalar(select(Provider.name).where(Provider.id == provider_ids[0]))
    return f"{name} and {len(provider_ids) - 1} more" if len(provider_ids) > 1 else str(name)


def insist_on_none(by: User, provider_ids: Iterable[int] | Select[int]) -> None:
    """ConflictOfInterest where `by` has or had a place at any of these providers."""
    if found := conflicts_of(by, provider_ids):
        raise ConflictOfInterest(
            f"You have or had a place at {words_about(found)}, so a colleague has to do this. Nobody acts for the "
            "council on a provider that they belong or belonged to",
            found[0],
        )


def listed(*, name: str = "") -> Select:
    """Everybody with a role at the council who has or had a place at a provider, by name: rows with the person's id,
    name, e-mail address and role, the provider's id, name and reference, `how` they are bound, since when and until.
    """
    never = sa.cast(sa.null(), Membership.granted_at.type)
    no_role = sa.cast(sa.null(), sa.String)

    def rows(how: str, role: sa.ColumnElement, since: sa.SQLColumnExpression, until: sa.SQLColumnExpression) -> Select:
        return select(
            Staff.user_id.label("user_id"), Staff.role.label("council_role"), Provider.id.label("provider_id"),
            sa.literal(how).label("how"), role.label("role"), since.label("since"), until.label("until"),
        ).select_from(Staff).join(User, User.id == Staff.user_id)  # fmt: skip

    place, former, contact = Membership, FormerPlace, Contact
    ways = sa.union_all(
        rows("has a place", sa.cast(place.role, sa.String), place.granted_at, never)
        .join(place, place.user_id == Staff.user_id).join(Provider, Provider.id == place.provider_id),
        rows("had a place", sa.cast(former.role, sa.String), former.granted_at, former.ended_at)
        .join(former, former.user_id == Staff.user_id).join(Provider, Provider.id == former.provider_id),
        rows("has a contact’s e-mail address", no_role, never, never)
        .join(contact, sa.func.lower(contact.email) == User.email).join(Provider, Provider.id == contact.provider_id),
        rows("has the provider’s e-mail address", no_role, never, never)
        .join(Provider, sa.func.lower(Provider.email) == User.email),
    ).subquery()  # fmt: skip
    query = (
        select(
            ways.c.user_id, ways.c.council_role, ways.c.provider_id, ways.c.how, ways.c.role, ways.c.since,
            ways.c.until, User.name, User.email, User.is_active, Provider.name.label("provider"),
            Provider.reference.label("provider_reference"),
        )
        .join(User, User.id == ways.c.user_id)
        .join(Provider, Provider.id == ways.c.provider_id)
        .order_by(User.folded_name, ways.c.user_id, Provider.folded_name, ways.c.provider_id, ways.c.how, ways.c.since)
    )  # fmt: skip
    return query.where(sa.or_(User.found_by(name), Provider.found_by(name))) if name else query
