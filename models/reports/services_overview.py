"""Everything that one person has at their providers: to choose from, and at a glance ("All my services").

Nothing here is about one provider, so no tenant is set. What is read is of the person's own places, and of each
only what their role there lets them see: `_of_their_own` is the one way to it.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import contains_eager

from models.accounts.account_policy import policy
from models.accounts.user import User
from models.base import session
from models.calendar import Span, today
from models.payments.answers import to_confirm
from models.payments.confirmation import Asked, Confirmation
from models.payments.payment import ScheduledPayment
from models.permissions import GRANTS, Permission
from models.records.provider import Organisation, Provider, by_name
from models.reports.coming import BankDay, Coming, by_provider, gathered, on_their_way
from models.tenancy import every_provider
from models.words import folded, is_found

NOTHING = Coming([], [])
WEEKS = 8
"""How far ahead the overview looks for what is coming."""


@dataclass(frozen=True)
class Place:
    """One provider of the person's. Two of the same name differ in kind, organisation or reference."""

    provider: Provider
    organisation: str
    """Empty where it belongs to none."""

    @property
    def id(self) -> int:
        return self.provider.id

    @property
    def name(self) -> str:
        return self.provider.name

    def answers_to(self, text: str) -> bool:
        """Whether somebody who types `text` can mean this one: each word is part of a name or of the reference."""
        return is_found(text, self.name, self.provider.reference, self.organisation)


@dataclass(frozen=True)
class ToConfirm:
    """A payment that waits for this person's answer."""

    reference: str
    contract: str
    span: Span
    total_pence: int
    by: date
    """The last day for an answer."""
    is_sent_back: bool
    """It was rejected, and the council has said what it did about it."""
    is_changed: bool
    """It was answered before, for another total."""


@dataclass(frozen=True)
class ServiceOverview:
    place: Place
    sees_money: bool
    expected: BankDay | None
    """What comes to the bank next: on its way, or expected."""
    held_pence: int
    """What is held of payments that have begun. It comes on no day."""
    to_confirm: tuple[ToConfirm, ...]
    """The next cut-off first."""
    rejected: int
    """Payments that the council has to look at again. They wait for nobody here."""

    @property
    def needs_you_by(self) -> date | None:
        return self.to_confirm[0].by if self.to_confirm else None


def has_overview(user: User) -> bool:
    """Whether the person has the page "All my services": the council offers it, and there is more than one."""
    return policy().all_services and len(user.memberships) > 1


def places_of(user: User) -> list[Place]:
    """The person's providers, by organisation and name; those of no organisation come last."""
    own = [membership.provider for membership in user.memberships]
    ids = {provider.organisation_id for provider in own if provider.organisation_id is not None}
    query = select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids))
    names: dict[int | None, str] = dict(session.execute(query).all())
    places = [Place(provider, names.get(provider.organisation_id, "")) for provider in own]
    return sorted(places, key=lambda place: (*_by_organisation(place.organisation), *by_name(place.provider)))


def _by_organisation(name: str) -> tuple[bool, str, str]:
    """Sort key. The name as it is written comes last, so that two that fold to the same text stay apart."""
    return not name, folded(name), name


@dataclass(frozen=True)
class Overview:
    services: list[ServiceOverview]
    """The nearest deadline first, then by name."""
    weeks: list[tuple[Span, int]]
    """What reaches the person's services in each of the next weeks, Monday to Sunday, as things stand; pence."""
    held_pence: int
    """What is held at all of them, and so is in no week."""


def overview_of(user: User) -> Overview:
    """The person's services, with what each needs of them and what comes to each, in a fixed number of queries."""
    viewable = _ids_where(user, Permission.VIEW_PAYMENTS)
    with every_provider():
        coming = by_provider(gathered(_all(on_their_way(), viewable), [row[0] for row in _all(_due_soon(), viewable)]))
    asked = _to_confirm(_ids_where(user, Permission.CONFIRM_PAYMENTS))
    rejected = _rejected(viewable)
    services = [
        ServiceOverview(
            place,
            sees_money=place.id in viewable,
            expected=next(iter(coming.get(place.id, NOTHING).next_days), None),
            held_pence=sum(part.pence for part in coming.get(place.id, NOTHING).kept),
            to_confirm=tuple(asked[place.id]),
            rejected=rejected.get(place.id, 0),
        )
        for place in places_of(user)
    ]
    parts = [part for each in coming.values() for part in each.parts]
    return Overview(
        sorted(services, key=lambda each: (each.needs_you_by or date.max, *by_name(each.place.provider))),
        [(week, sum(part.pence for part in parts if part.on in week)) for week in _weeks()],
        sum(service.held_pence for service in services),
    )


def _weeks() -> list[Span]:
    monday = today() - timedelta(days=today().weekday())
    return [Span(monday + timedelta(weeks=n), monday + timedelta(weeks=n, days=6)) for n in range(WEEKS)]


def _due_soon() -> Select[ScheduledPayment]:
    """Payments that have begun and are not closed, and those that reach the bank in the next weeks."""
    payment = ScheduledPayment
    soon = payment.bank_on.between(today(), _weeks()[-1].last)
    return (
        select(payment)
        .join(payment.contract)
        .options(contains_eager(payment.contract))
        .where(payment.closed_run_id.is_(None), sa.or_(payment.is_open, soon))
        .order_by(payment.bank_on, payment.id)
    )


def _ids_where(user: User, permission: Permission) -> set[int]:
    return {each.provider_id for each in user.memberships if permission in GRANTS[each.role]}


def _of_their_own(query: Select, provider_ids: Iterable[int]) -> list[sa.Row]:
    """What the query finds among the payments of these providers, which are the person's own, and of no other."""
    with every_provider():
        return _all(query, provider_ids)


def _all(query: Select, provider_ids: Iterable[int]) -> list[sa.Row]:
    return list(session.execute(query.where(ScheduledPayment.provider_id.in_(provider_ids))).all())


def _to_confirm(provider_ids: set[int]) -> dict[int, list[ToConfirm]]:
    found = defaultdict(list)
    for (payment,) in _of_their_own(to_confirm(), provider_ids):
        found[payment.provider_id].append(
            ToConfirm(
                payment.contract.reference, payment.contract.name, payment.span, payment.total_pence,
                by=payment.answer_by,
                is_sent_back=bool(payment.council_comment),
                is_changed=payment.lapsed_pence is not None or payment.asked_because is Asked.CHANGED,
            )
        )  # fmt: skip
    return found


def _rejected(provider_ids: set[int]) -> dict[int, int]:
    payment = ScheduledPayment
    waiting = (
        select(payment.provider_id, sa.func.count(payment.id))
        .where(payment.confirmation == Confirmation.REJECTED, payment.closed_run_id.is_(None))
        .group_by(payment.provider_id)
    )
    return dict(_of_their_own(waiting, provider_ids))
