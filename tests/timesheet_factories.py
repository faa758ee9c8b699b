"""Makers of Shared Lives care by the night and by the session, and of timesheets in each state."""

from datetime import date
from typing import Any

from sqlalchemy import select

from models.accounts.user import User
from models.base import session
from models.care import timesheets
from models.money import SCALE
from models.permissions import CouncilRole, Role
from models.pricing import Convention, Unit
from models.records.care_package import CarePackageLineItem
from models.records.contract import Contract, PayOnActuals, ServiceLevel
from models.records.provider import Provider, ProviderKind
from models.records.timesheet import Timesheet, TimesheetState
from tests.actual_factories import level_of, pays_on
from tests.care_factories import make_calendar, make_client, make_contract, make_item, make_quantity, make_service_level
from tests.factories import canary, make_provider, make_staff, make_user
from tests.support.rows import every, unit_of_work

APRIL = date(2026, 4, 1)
MAY = date(2026, 5, 1)
MONDAY = date(2026, 3, 2)
"""Weeks begin on Mondays: April's are cut at 30 March and at 27 April."""
SINCE = date(2026, 4, 6)
"""The first day of the usual person's care: a Monday, so that only the week of 27 April is cut by the end of April."""
WEEKENDS = [0, 0, 0, 0, SCALE, SCALE, 0]


class SharedLives:
    """A carer with one person every Friday and Saturday night at £45.56, and the council's people."""

    def __init__(self, starts_on: date = SINCE, **given: Any) -> None:
        provider = given.pop("provider", None) or make_provider(kind=ProviderKind.SHARED_LIVES)
        calendar = make_calendar(anchor_on=MONDAY)
        self.contract: Contract = make_contract(provider, calendar, calculate_from=MONDAY)
        pays_on(self.contract, PayOnActuals.ALWAYS)
        self.level: ServiceLevel = make_service_level(name="Respite", unit=Unit.NIGHT, convention=Convention.NIGHTS)
        self.item = self.person(starts_on=starts_on, **given)
        self.carer: User = make_user(Role.CARER, Provider(id=provider.id), name="Sunita Thakkar")
        self.scheme: User = make_staff(CouncilRole.BROKERAGE, name="Sam Scheme")
        self.finance: User = make_staff(name="Fay Finance")

    def person(self, level: ServiceLevel | None = None, timetable_e4: list[int] | None = None, **given: Any
               ) -> CarePackageLineItem:  # fmt: skip
        given = {"starts_on": SINCE, "authorised_on": MONDAY} | given
        name = given.pop("surname", "Adams")
        client = make_client(surname=f"{name}{canary(self.contract.provider_id)}", first_name="Jo")
        item = make_item(self.contract, 455_600, service_level_id=(level or self.level).id, client=client, **given)
        table = WEEKENDS if timetable_e4 is None else timetable_e4
        make_quantity(item, sum(table) or 2 * SCALE, timetable_e4=table or None)
        return item

    @property
    def service_id(self) -> int:
        return level_of(self.item).service_id

    def sheet(self, month_on: date = APRIL) -> Timesheet | None:
        own = (self.contract.id, month_on)
        return next((each for each in every(Timesheet) if (each.contract_id, each.month_on) == own), None)

    def begin(self, month_on: date = APRIL) -> Timesheet:
        with unit_of_work():
            return timesheets.begin(self.contract, self.service_id, month_on, by=self.carer)

    def do(self, act: Any, *args: Any, month_on: date = APRIL, **named: Any) -> Any:
        """One act of models.care.timesheets, in a transaction of its own."""
        with unit_of_work():
            mine = Timesheet.contract_id == self.contract.id, Timesheet.month_on == month_on
            sheet = session.scalars(select(Timesheet).where(*mine)).one()
            return act(sheet, *args, **named)

    def tap(self, day: date, units_e4: int = SCALE, item: CarePackageLineItem | None = None) -> None:
        month_on = day.replace(day=1)
        self.do(timesheets.tap, (item or self.item).id, day, units_e4, by=self.carer, month_on=month_on)

    def fill(self, month_on: date = APRIL) -> None:
        self.begin(month_on)
        self.do(timesheets.as_planned, by=self.carer, month_on=month_on)

    def send(self, month_on: date = APRIL) -> None:
        self.do(timesheets.send, by=self.carer, month_on=month_on)

    def verify(self, month_on: date = APRIL) -> None:
        self.do(timesheets.verify, by=self.scheme, month_on=month_on)

    def approve(self, month_on: date = APRIL) -> int:
        return self.do(timesheets.approve, by=self.finance, month_on=month_on)

    def pass_through(self, month_on: date = APRIL) -> int:
        """Send, verify and approve."""
        self.send(month_on)
        self.verify(month_on)
        return self.approve(month_on)

    def bring_to(self, state: TimesheetState, month_on: date = APRIL) -> Timesheet:
        """As planned, in that state."""
        self.fill(month_on)
        if state is not TimesheetState.DRAFT:
            self.send(month_on)
        if state is TimesheetState.RETURNED:
            back = {"by": self.scheme, "state": TimesheetState.SENT, "month_on": month_on}
            self.do(timesheets.return_it, "Look at the 10th", **back)
        if state in (TimesheetState.VERIFIED, TimesheetState.APPROVED):
            self.verify(month_on)
        if state is TimesheetState.APPROVED:
            self.approve(month_on)
        found = self.sheet(month_on)
        assert found is not None
        return found
