"""A council for the pages: a provider with as many line items as the largest has, beside one with fifty."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa
from flask import Flask
from sqlalchemy import insert, select

from app import create_app
from bench._data import START, TODAY, fill_each, make_tables, settings_in
from bench._load import INSTANCE
from commands.batchwise.payments import calculate_all, finalise_due
from models.accounts.user import Membership, Staff, User
from models.accounts.web_session import WebSession, digest
from models.base import scope, session, transaction, utc_now
from models.billing import claiming, grant, items
from models.billing.items import Claimed
from models.calendar import as_on
from models.care import weeks
from models.correspondence import action_verbs
from models.correspondence.action import About, Side
from models.correspondence.action_type import ActionTeam, ActionType, ActionTypeTeam
from models.money import SCALE
from models.permissions import CouncilRole, Role
from models.pricing import Convention, Unit
from models.records.care_package import CarePackageLineItem, ItemQuantity
from models.records.contract import Claimable, Contract, ContractRate, PaymentMethod, PayOnActuals, ServiceLevel
from models.records.provider import Provider, ProviderKind
from models.tenancy import EVERY_PROVIDER, set_tenant

SMALL, HOURLY = 50, 60
"""Line items of provider 1, and of provider 2, which says a week of actuals for each person."""
OTHERS, FEWEST = 100, 32
"""Line items of each further provider: at most so many, and so few in a small council that there are so many of them.
Its list of payments is as long as a page then, as that of a large one.
"""
POSTS, CLAIMS = 20, 25
"""Of the thread of an action; of the list of claims."""
FINANCE, OFFICER = "finance".ljust(43, "-"), "officer".ljust(43, "-")
"""What stands in the cookies of the two people who look."""


@dataclass(frozen=True)
class Place:
    """A council of so many line items, in a folder of its own. Provider 3 has `largest` of them."""

    items: int
    largest: int
    folder: Path


def portal_app() -> Flask:
    """What gunicorn serves in a measurement."""
    return create_app(settings_in(Path(os.environ[INSTANCE])))


@contextmanager
def place(size: int, largest: int = OTHERS) -> Iterator[Place]:
    """Made anew, with payments of one week finalised and those of the next calculated; gone afterwards."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        made = Place(size, largest, folder)
        make_tables(settings_in(folder))
        app = create_app(settings_in(folder))
        with scope(app.extensions["portal"]):
            fill_each(list(_sizes(made)))
            with as_on(START + timedelta(days=6)):
                _add_people()
                calculate_all()
                finalise_due()
            calculate_all()
            _talk()
            _claim()
            _deliver()
        app.extensions["portal"].engine.dispose()
        yield made


def _sizes(made: Place) -> Iterator[int]:
    first = [SMALL, HOURLY, made.largest]
    yield from first
    left = max(0, made.items - sum(first))
    each = min(OTHERS, max(1, left // FEWEST))
    yield from [each] * (left // each)


def _add_people() -> None:
    """Somebody in finance at the first three providers, and an officer of the council."""
    with transaction() as own:
        set_tenant(EVERY_PROVIDER)
        for number, token in enumerate((FINANCE, OFFICER), 1):
            own.add(User(id=number, email=f"person{number}@bench.example", name="Dawn Stockton"))
            own.flush()
            own.add(
                WebSession(token_sha256=digest(token), user_id=number, data={"_user_id": str(number)}, user_agent="")
            )
        for provider_id in (1, 2, 3):
            own.add(Membership(user_id=1, provider_id=provider_id, role=Role.FINANCE, granted_at=utc_now()))
        own.add(Staff(user_id=2, role=CouncilRole.PAYMENTS_OFFICER))
        level = ServiceLevel(
            id=2, reference="H", service_id=1, name="Home care", unit=Unit.HOUR,
            convention=Convention.INCLUSIVE, vat_code="exempt", vat_basis_points=0,
        )  # fmt: skip
        own.add(level)
        own.flush()
        hourly = sa.update(CarePackageLineItem).where(CarePackageLineItem.provider_id == 2)
        own.execute(hourly.values(service_level_id=2))
        ids = own.scalars(select(CarePackageLineItem.id).where(CarePackageLineItem.provider_id == 2)).all()
        own.execute(
            insert(ItemQuantity),
            [{"provider_id": 2, "item_id": each, "starts_on": START, "quantity_e4": 14 * SCALE} for each in ids],
        )
        own.execute(sa.update(Provider).where(Provider.id == 2).values(kind=ProviderKind.HOME_CARE))
        own.execute(
            sa.update(PaymentMethod).where(PaymentMethod.provider_id == 2).values(pay_on_actuals=PayOnActuals.ALWAYS)
        )


def _person() -> User:
    return session.scalars(select(User).where(User.id == 1)).one()


def _talk() -> None:
    """Action 1, of provider 1: the council and the provider have written to each other."""
    with transaction() as own:
        set_tenant(EVERY_PROVIDER)
        team = ActionTeam(reference="t", name="Payments", roles=[CouncilRole.PAYMENTS_OFFICER.value])
        kind = ActionType(reference="q", name="Query of the bench", due_days=5)
        own.add_all([team, kind])
        own.flush()
        own.add(ActionTypeTeam(type_id=kind.id, team_id=team.id))
        own.flush()
        officer = own.scalars(select(User).where(User.id == 2)).one()
        found = own.scalars(ActionType.numbered(kind.id)).unique().one()
        action = action_verbs.open_action(
            found, own.scalars(Provider.numbered(1)).one(), team=team, title="Query about my payments",
            text="The week of 23 September looks short.", about=About(), by=_person(),
        )  # fmt: skip
        for at in range(POSTS):
            side, by = ((Side.COUNCIL, officer), (Side.PROVIDER, _person()))[at % 2]
            action_verbs.comment(action, f"Thank you. What about the day {at} of that week?", side=side, by=by)


def _claim() -> None:
    """Provider 1 has claimed miles."""
    with transaction() as own:
        set_tenant(EVERY_PROVIDER)
        level = ServiceLevel(
            id=3, reference="MILE", service_id=1, name="Foster Carer Mileage", unit=Unit.MILE,
            claimable=Claimable.PROVIDER, convention=Convention.INCLUSIVE,
            vat_code="exempt", vat_basis_points=0,
        )  # fmt: skip
        own.add(level)
        own.flush()
        key = {"provider_id": 1, "service_level_id": 3, "starts_on": START}
        own.add(ContractRate(contract_id=1, rate_e4=3_870, **key))
        own.add(grant.ClaimGrant(given_by_id=2, **key))
        own.flush()
        provider = own.scalars(Provider.numbered(1)).one()
        for at in range(CLAIMS):
            claim = claiming.new_claim(provider, by=_person())
            miles = Claimed(level_id=3, description=f"To school, week {at}", spent_on=TODAY, quantity_e4=20 * SCALE)
            items.add_item(claim, miles, by=_person())


def _deliver() -> None:
    """Provider 2 has begun its week of actuals."""
    with transaction() as own:
        set_tenant(EVERY_PROVIDER)
        contract = own.scalars(select(Contract).where(Contract.id == 2)).one()
        weeks.generate(contract, 1, START, by=_person())
