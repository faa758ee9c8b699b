"""Whose addresses refuse mail: for the council's help desk, for a provider's administrators, and for the person."""

from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import Select, func, select

from models.accounts.account_policy import policy
from models.accounts.user import Membership, User
from models.base import session
from models.folding import found_by
from models.outbox import OutboxMessage
from models.records.provider import Provider
from models.refused_address import RefusedAddress
from models.statements import named
from models.waiting import waits

TEAM = named("address_of_the_team", sa.Text(), lambda: policy().alarm_to.lower())


class Places(NamedTuple):
    """Where the person with a refused address is let in: the first provider by name, and how many more there are."""

    provider_id: int
    provider: str
    more: int


def listed(*, text: str = "") -> Select:
    """Rows (RefusedAddress, user_id, name, waiting) of the marked addresses in use, the latest first: of those who may
    log in, and the council team's own, which has no user. `waiting` is how many mails are kept.
    """
    waiting = OutboxMessage.waiting_for(RefusedAddress.address).correlate(RefusedAddress).scalar_subquery()
    query = (
        RefusedAddress.marked()
        .outerjoin(User, User.email == RefusedAddress.address)
        .where(_is_in_use())
        .add_columns(User.id.label("user_id"), User.name, waiting.label("waiting"))
    )
    return query.where(found_by(text, RefusedAddress.address, User.folded_name)) if text else query


def waiting() -> Select:
    """The addresses in use that are marked, counted: see models.waiting."""
    marks = listed().order_by(None).subquery()
    return waits("refused addresses", func.count(marks.c.id), func.min(marks.c.refused_at))


def first_places(user_ids: Iterable[int | None]) -> dict[int, Places]:
    """By user id, for those who have a place at a provider."""
    found = session.execute(
        select(Membership.user_id, Provider.id, Provider.name)
        .join(Provider, Provider.id == Membership.provider_id)
        .where(Membership.user_id.in_({each for each in user_ids if each}))
        .order_by(Provider.folded_name.desc(), Membership.id.desc())
    )
    places: dict[int, Places] = {}
    for user_id, provider_id, name in found:
        more = places[user_id].more + 1 if user_id in places else 0
        places[user_id] = Places(provider_id, name, more)
    return places


def of_colleagues() -> Select[RefusedAddress]:
    """The marked addresses of those who have a place at the provider at hand, or are invited to one."""
    here = select(User.email).join(Membership, Membership.user_id == User.id)
    return RefusedAddress.marked().where(RefusedAddress.address.in_(here))


def _is_in_use() -> sa.ColumnElement[bool]:
    return sa.or_(User.is_active, RefusedAddress.address == TEAM)
