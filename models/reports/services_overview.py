"""Everything that one person has at their providers: to choose from, and at a glance ("All my services").

Nothing here is about one provider, so no tenant is set. What is read is of the person's own places, and of each only
what their role there lets them see: `overview_of` names the ids. It says what home says of one (models.reports.coming).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from models.accounts.account_policy import policy
from models.accounts.user import User
from models.base import session
from models.calendar import Span, today
from models.payments.confirmation import Asked
from models.payments.owing import owed_by_provider
from models.payments.standing import Kept
from models.permissions import GRANTS, Permission
from models.records.provider import Organisation, Provider, by_name
from models.reports.coming import BankDay, Coming, Part, by_provider
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
    pence: int
    """What a confirmation lets go: the total without the rows that are held."""
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
    kept: tuple[Part, ...]
    """What is held of payments that have begun. It comes on no day."""
    owed_pence: int
    to_confirm: tuple[ToConfirm, ...]
    """The next cut-off first."""
    rejected: int
    """Payments that the council has to look at again. They wait for nobody here."""

    @property
    def held_pence(self) -> int:
        return sum(part.pence for part in self.kept)

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
    """The person's services, with what each needs of them and what comes to each, in a fixed number of statements."""
    viewable, confirmable = _ids_where(user, Permission.VIEW_PAYMENTS), _ids_where(user, Permission.CONFIRM_PAYMENTS)
    with every_provider():
        found = by_provider(viewable | confirmable, _weeks()[-1].last)
        owed = dict(session.execute(owed_by_provider(viewable)).all())
    coming = {id_: each for id_, each in found.items() if id_ in viewable}
    services = [
        ServiceOverview(
            place,
            sees_money=place.id in viewable,
            expected=next(iter(coming.get(place.id, NOTHING).next_days), None),
            kept=tuple(coming.get(place.id, NOTHING).kept),
            owed_pence=owed.get(place.id, 0),
            to_confirm=tuple(_to_confirm(found[place.id])) if place.id in confirmable & found.keys() else (),
            rejected=sum(
                part.standing is not None and part.standing.kept is Kept.REJECTED
                for part in coming.get(place.id, NOTHING).kept
            ),
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


def _ids_where(user: User, permission: Permission) -> set[int]:
    return {each.provider_id for each in user.memberships if permission in GRANTS[each.role]}


def _to_confirm(found: Coming) -> Iterable[ToConfirm]:
    for payment in found.to_confirm:
        yield ToConfirm(
            payment.contract.reference, payment.contract.name, payment.span,
            found.standing[payment.id].to_confirm_pence,
            by=payment.answer_by,
            is_sent_back=bool(payment.council_comment),
            is_changed=payment.lapsed_pence is not None or payment.asked_because is Asked.CHANGED,
        )  # fmt: skip
