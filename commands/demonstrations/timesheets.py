"""Timesheets of a demonstration: those of the Shared Lives carer whom one can log in as, in several states, and queues
for the scheme and for finance. Each by the verb that a page would call. Contracts here are paid as planned, so that no
sum moves.
"""

from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from models.accounts.user import Membership, User
from models.base import session, utc_now
from models.calendar import DAY, today
from models.care import timesheets
from models.care.timesheet_plan import BY_DAY, Month
from models.permissions import Role
from models.records.actual import AbsenceReason
from models.records.care_package import CarePackageLineItem
from models.records.contract import Contract, ServiceLevel
from models.records.provider import Provider, ProviderKind
from models.records.timesheet import Timesheet, TimesheetState, month_of

SCHEME, OFFICER = "brokerage@demo.example", "payments-officer@demo.example"
NOTE = "Was the second weekend not the one at her sister’s? Please look at it again"


def perform() -> None:
    """What has happened to the timesheets of the last months."""
    scheme, officer = (_colleague(each) for each in (SCHEME, OFFICER))
    for at, (contract, service_id) in enumerate(_cares()):
        carer = _carer(contract)
        if at == 0:
            _pass(_filled(contract, service_id, _months_back(4), carer), carer, scheme, officer)
            sheet = _sent(_filled(contract, service_id, _months_back(3), carer), carer)
            timesheets.return_it(sheet, NOTE, by=scheme, state=TimesheetState.SENT)
            timesheets.verify(_sent(_filled(contract, service_id, _months_back(2), carer), carer), by=scheme)
            _filled(contract, service_id, month_of(today()).first, carer)
        sheet = _sent(_filled(contract, service_id, _months_back(1), carer), carer)
        if at and at % 3 == 0:
            timesheets.verify(sheet, by=scheme)


def _cares() -> list[tuple[Contract, int]]:
    """Contracts of Shared Lives with nights or days in all of the last five months, those of carers whom one can log
    in as first; each with its service.
    """
    item, place = CarePackageLineItem, Membership
    has_login = select(place.id).where(place.provider_id == Contract.provider_id).exists()
    query = (
        select(Contract, sa.func.min(ServiceLevel.service_id))
        .join(item, item.contract_id == Contract.id)
        .join(ServiceLevel, ServiceLevel.id == item.service_level_id)
        .join(Provider, Provider.id == Contract.provider_id)
        .where(Provider.kind == ProviderKind.SHARED_LIVES, ServiceLevel.unit.in_(BY_DAY), item.is_activated)
        .where(item.starts_on < _months_back(4), item.ends_on.is_(None))
        .group_by(*Contract.__table__.columns)
        .order_by(sa.case((has_login, 0), else_=1), Contract.id)
    )
    return [(contract, service_id) for contract, service_id in session.execute(query)]


def _carer(contract: Contract) -> User:
    """Who fills it in: whoever has a login there or, where nobody has, a login that nobody can use."""
    query = select(User).join(Membership, Membership.user_id == User.id)
    own = query.where(Membership.provider_id == contract.provider_id, Membership.role == Role.CARER)
    if (found := session.scalars(own.order_by(User.id)).first()) is not None:
        return found
    name = session.scalar(select(Provider.name).where(Provider.id == contract.provider_id)) or ""
    email = f"carer-{contract.provider_id}@carers.example"
    user = User(email=email, name=name.split(",")[0], password_hash=None, staff=None)
    session.add(user)
    session.flush()
    granted_at = utc_now() - 30 * DAY
    session.add(Membership(user_id=user.id, provider_id=contract.provider_id, role=Role.CARER, granted_at=granted_at))
    session.flush()
    return user


def _filled(contract: Contract, service_id: int, month_on: date, carer: User) -> Timesheet:
    """As planned but for one day, which has its reason."""
    sheet = timesheets.begin(contract, service_id, month_on, by=carer)
    timesheets.as_planned(sheet, by=carer)
    session.flush()
    for person in Month.of(sheet).people:
        given = [cell for cell in person.cells.values() if cell.units_e4]
        if len(given) > 2:
            timesheets.tap(sheet, person.item_id, given[1].day, 0, by=carer)
            session.flush()
            timesheets.explain(sheet, {(person.item_id, given[1].day): AbsenceReason.FAMILY}, by=carer)
    session.flush()
    return sheet


def _sent(sheet: Timesheet, carer: User) -> Timesheet:
    timesheets.send(sheet, by=carer)
    return sheet


def _pass(sheet: Timesheet, carer: User, scheme: User, officer: User) -> None:
    timesheets.verify(_sent(sheet, carer), by=scheme)
    timesheets.approve(sheet, by=officer)


def _colleague(email: str) -> User:
    return session.scalars(select(User).where(User.email == email).options(joinedload(User.staff))).one()


def _months_back(count: int) -> date:
    """The first day of the month so many before this one."""
    first = month_of(today()).first
    for _ in range(count):
        first = month_of(first - timedelta(days=1)).first
    return first
