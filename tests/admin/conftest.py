"""A council with its people, and providers whose payments and invitations wait for them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from models.accounts.user import Membership, User
from models.base import scope, utc_now
from models.payments.finding import RunFinding
from models.payments.run import PaymentRun
from models.permissions import CouncilRole, Role
from models.records.contract import Contract
from models.records.provider import Provider, ProviderKind
from tests.care_factories import make_calendar, make_client, make_contract, make_item
from tests.factories import canary, make_organisation, make_provider, make_staff, make_user
from tests.support.client import PortalClient
from tests.support.rows import every, unit_of_work
from tests.support.runs import calculate, finalise
from tests.support.snapshots import built_once

MONDAY = date(2019, 9, 23)
WEEK = timedelta(days=7)
SUNDAY = MONDAY + timedelta(days=13)
"""The day on which the second week falls due: the day of these tests."""


@dataclass
class Desk:
    """What the tests of the council's pages start from."""

    officer: PortalClient
    manager: PortalClient
    contract: Contract

    @property
    def payment(self) -> str:
        return f"/council/payments/{self.contract.reference}/{MONDAY + WEEK}"

    def prepare(self, **chosen: object) -> int:
        """A run of all that is due, or as chosen, which the worker has prepared; its number."""
        self.officer.post("/council/payment-runs/prepare", {"who": "all", **chosen}, status=303)
        assert work_off()
        return every(select(PaymentRun.id).order_by(PaymentRun.id.desc()))[0]

    def tick(self, number: int, *people: PortalClient) -> None:
        """Tick every exception of the run: for the officer who prepared it, the manager, and others."""
        for who in (self.officer, self.manager, *people):
            for kind in every(select(RunFinding.kind).where(RunFinding.run_id == number).distinct()):
                who.post(f"/council/payment-runs/{number}?show={kind.value}", {"because": "Looked at"}, status=303)

    def authorise(self, number: int) -> None:
        """Tick every exception, and authorise the run as the manager."""
        self.tick(number)
        self.manager.post(f"/council/payment-runs/{number}/authorise", status=303)


@pytest.fixture
def desk(app: Flask, set_today: Callable[[date], None]) -> Desk:
    contract, officer, manager = two_weeks_of_two_clients()
    set_today(SUNDAY)
    return Desk(PortalClient(app).sign_in(officer), PortalClient(app).sign_in(manager), contract)


@built_once
def two_weeks_of_two_clients() -> tuple[Contract, User, User]:
    """The first week is paid, the second calculated; an officer, and a manager."""
    contract = two_clients()
    finalise(MONDAY + timedelta(days=6))
    calculate(SUNDAY)
    return (
        contract, make_staff(name="Ola Officer"), make_staff(CouncilRole.PAYMENTS_MANAGER, name="Max Manager")
    )  # fmt: skip


def two_clients(**given: object) -> Contract:
    """A contract at £656.11 a week."""
    contract = make_contract(calendar=make_calendar(), calculate_from=MONDAY, **given)
    for surname, rate in (("Adams", 3_530_800), ("Begum", 3_030_300)):
        client = make_client(surname=f"{surname}{canary(contract.provider_id)}")
        make_item(contract, rate_e4=rate, client=client, starts_on=MONDAY)
    return contract


@pytest.fixture
def work() -> Callable[[], bool]:
    """What the worker does with the next job."""
    return work_off


def work_off() -> bool:
    """Let the worker do the next job; whether there was one."""
    from commands.worker import work as do_next

    with scope():
        return do_next()


@pytest.fixture
def provider(database: Engine) -> Provider:
    organisation = make_organisation(name="Rowan Care Ltd")
    return make_provider(name="Rowan Lodge", kind=ProviderKind.CARE_HOME, organisation_id=organisation.id)


@pytest.fixture
def colleague(app: Flask) -> Callable[[str], PortalClient]:
    """`colleague("help_desk")`: somebody of the council in this role, logged in."""
    return lambda role: PortalClient(app).sign_in(make_staff(CouncilRole(role)))


@pytest.fixture
def administrator(colleague: Callable[[str], PortalClient]) -> PortalClient:
    return colleague("systems_administrator")


@pytest.fixture
def robin(provider: Provider) -> User:
    """Somebody whom a colleague has invited, and whom the council has yet to let in."""
    ada = make_user(Role.ADMINISTRATOR, provider, name="Ada Finch", last_login_at=utc_now())
    robin = make_user(Role.FINANCE, make_provider(), name="Robin Marsh")
    invite(robin, provider, invited_by_id=ada.id)
    return robin


def invite(person: User, provider: Provider, **given: object) -> None:
    with unit_of_work() as session:
        session.add(Membership(user_id=person.id, provider_id=provider.id, role=Role.FINANCE, **given))
