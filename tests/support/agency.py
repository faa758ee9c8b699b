"""A home-care agency whose contract is paid on what it delivers, its clerk, and the week of 20 April 2026."""

from dataclasses import dataclass, field

from flask import Flask

from models.money import SCALE
from models.permissions import Role
from models.records.care_package import CarePackageLineItem
from models.records.contract import Contract, PayOnActuals, ServiceLevel
from models.records.provider import Provider
from tests.actual_factories import MONDAY, level_of, make_hourly, pays_on
from tests.care_factories import make_client, make_contract
from tests.factories import make_provider, make_user
from tests.support.client import Answer, PortalClient


@dataclass
class Agency:
    app: Flask
    provider: Provider
    contract: Contract
    items: list[CarePackageLineItem]
    level: ServiceLevel
    clerk: PortalClient = field(init=False)

    def __post_init__(self) -> None:
        self.clerk = self.sign_in(Role.FINANCE)

    @property
    def home(self) -> str:
        return f"/providers/{self.provider.id}/"

    @property
    def list(self) -> str:
        return f"{self.home}actuals/"

    @property
    def week(self) -> str:
        return f"{self.list}{self.contract.reference}/{self.level.service_id}/{MONDAY}"

    def sign_in(self, role: Role) -> PortalClient:
        return PortalClient(self.app).sign_in(make_user(role, self.provider))

    def begin(self) -> Answer:
        """Generate the week; its page."""
        return self.clerk.follow(self.clerk.post(f"{self.week}/begin"))

    def box(self, n: int, name: str) -> str:
        """The name of a box of the n-th person."""
        return f"rows-{self.items[n].id}-{name}"

    def save(self, page: Answer, changes: dict[str, str], **more: object) -> Answer:
        return self.clerk.submit(page, changes, form="#sheet", **more)

    def confirm(self, **typed: str) -> Answer:
        return self.clerk.submit(self.clerk.get(f"{self.week}/confirm"), typed, form="main form[action$=confirm]")


def make_agency(app: Flask, people: int = 3, hours_e4: int = 14 * SCALE) -> Agency:
    """People named Adams-0, Adams-1 ... with 14 hours a week each."""
    provider = make_provider()
    contract = make_contract(provider, calculate_from=MONDAY)
    pays_on(contract, PayOnActuals.UNTIL_ACTUAL)
    first = make_hourly(contract, hours_e4, client=make_client(surname="Adams-000", first_name="Jo"), starts_on=MONDAY)
    level = level_of(first)
    others = [
        make_hourly(contract, hours_e4, level=level, starts_on=MONDAY,
                    client=make_client(surname=f"Adams-{n:03}", first_name="Jo"))
        for n in range(1, people)
    ]  # fmt: skip
    return Agency(app, provider, contract, [first, *others], level)
