"""Timesheets as pages list them, on both sides."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Select, func, select

from models.accounts.user import User
from models.audit import AuditEvent, named
from models.base import session
from models.calendar import Span, today
from models.care.timesheet_plan import BY_DAY, Month, weeks_touching
from models.folding import found_by
from models.records.actual import WEEK, ActualWeek
from models.records.care_package import CarePackageLineItem
from models.records.contract import Contract, PaymentMethod, ServiceLevel
from models.records.provider import Provider, ProviderKind, Service
from models.records.timesheet import MONTHS, Timesheet, TimesheetDay, TimesheetState, month_of
from models.statements import day_of
from models.waiting import waits
from models.words import Choice

SHOWN_MONTHS = 13
"""So many months back a provider's list goes: this one, and a year."""
SENT, VERIFIED = "timesheets sent", "timesheets verified"
"""The names of their queues."""


class Shown(Choice):
    """Which timesheets the council's list shows."""

    SENT = "sent"
    VERIFIED = "verified"
    RETURNED = "returned"
    APPROVED = "approved"

    @property
    def label(self) -> str:
        return {
            "sent": "Waiting for the scheme", "verified": "Waiting for finance", "returned": "Returned",
            "approved": "Approved",
        }[self.value]  # fmt: skip


@dataclass(frozen=True)
class Care:
    """What a provider may have timesheets of: a service of nights or sessions under one contract."""

    contract_id: int
    contract: str
    service_id: int
    service: str
    starts_on: date
    ends_on: date | None
    """None: somebody's care has no end."""


@dataclass(frozen=True)
class Line:
    """One month of a care; `sheet` is None where nobody has begun it."""

    care: Care
    month_on: date
    sheet: Timesheet | None

    @property
    def name(self) -> str:
        return f"{MONTHS[self.month_on.month - 1]} {self.month_on.year}"

    @property
    def is_over(self) -> bool:
        return month_of(self.month_on).last < today()


def cares() -> list[Care]:
    """Of the provider at hand; one query."""
    item = CarePackageLineItem
    ends_on = sa.case((func.count(item.id) > func.count(item.ends_on), None), else_=func.max(item.ends_on))
    query = (
        select(
            item.contract_id, Contract.name, ServiceLevel.service_id, Service.name.label("service"),
            func.min(item.starts_on), sa.type_coerce(ends_on, sa.Date),
        )
        .join(Contract, Contract.id == item.contract_id)
        .join(ServiceLevel, ServiceLevel.id == item.service_level_id)
        .join(Service, Service.id == ServiceLevel.service_id)
        .where(ServiceLevel.unit.in_(BY_DAY), item.is_activated)
        .group_by(item.contract_id, Contract.name, Contract.folded_name, ServiceLevel.service_id, Service.name,
                  Service.folded_name)
        .order_by(Contract.folded_name, Service.folded_name, item.contract_id)
    )  # fmt: skip
    return [Care(*row) for row in session.execute(query)]


def months() -> list[Line]:
    """The months of the provider at hand, the newest first: those in which somebody has care, and those that are begun;
    two queries.
    """
    begun: dict[tuple[int, int], dict[date, Timesheet]] = defaultdict(dict)
    for sheet in session.scalars(select(Timesheet).order_by(Timesheet.month_on)):
        begun[sheet.contract_id, sheet.service_id][sheet.month_on] = sheet
    found = []
    for care in cares():
        own = begun[care.contract_id, care.service_id]
        first, last = month_of(care.starts_on).first, care.ends_on or today()
        days = {day for day in recent_months() if first <= day <= last} | set(own)
        found += [Line(care, day, own.get(day)) for day in days]
    return sorted(found, key=lambda line: (-line.month_on.toordinal(), line.care.contract, line.care.service))


def recent_months() -> list[date]:
    """The first days of this month and of those before, the newest first."""
    found = [month_of(today()).first]
    while len(found) < SHOWN_MONTHS:
        found.append(month_of(found[-1] - timedelta(days=1)).first)
    return found


def numbered(timesheet_id: int) -> Select[Timesheet]:
    """With its contract and service."""
    parts = (sa.orm.joinedload(Timesheet.contract), sa.orm.joinedload(Timesheet.service))
    return select(Timesheet).options(*parts).where(Timesheet.id == timesheet_id)


def contract_numbered(contract_id: int) -> Select[Contract]:
    return select(Contract).where(Contract.id == contract_id)


def timesheets(*, show: Shown | None = None, text: str = "") -> Select:
    """Rows for the council of what was ever sent and is not being corrected: id, month_on, state, sent_at, returned_at,
    verified_at, approved_at, approvals, provider, provider_id, contract, service, people, units_e4. What waits longest
    first.
    """
    day = TimesheetDay
    own = day.timesheet_id == Timesheet.id
    people = select(func.count(day.item_id.distinct())).where(own, day.units_e4 > 0)
    units = select(func.coalesce(func.sum(day.units_e4), 0)).where(own)
    query = (
        select(
            Timesheet.id, Timesheet.month_on, Timesheet.state, Timesheet.sent_at, Timesheet.returned_at,
            Timesheet.verified_at, Timesheet.approved_at, Timesheet.approvals, Provider.name.label("provider"),
            Timesheet.provider_id, Contract.name.label("contract"), Service.name.label("service"),
            people.correlate(Timesheet).scalar_subquery().label("people"),
            sa.cast(units.correlate(Timesheet).scalar_subquery(), sa.BigInteger).label("units_e4"),
        )
        .join(Provider, Provider.id == Timesheet.provider_id)
        .join(Contract, Contract.id == Timesheet.contract_id)
        .join(Service, Service.id == Timesheet.service_id)
        .where(Timesheet.state != TimesheetState.DRAFT)
    )  # fmt: skip
    if show is not None:
        query = query.where(Timesheet.state == TimesheetState(show.value))
    if text:
        by_words = found_by(text, Contract.folded_name, Contract.reference)
        query = query.where(sa.or_(Provider.found_by(text), by_words))
    since = func.coalesce(Timesheet.approved_at, Timesheet.verified_at, Timesheet.sent_at, Timesheet.returned_at)
    return query.order_by(since, Timesheet.id)


def in_queue(state: TimesheetState) -> Select[int]:
    """Ids of those in the state, what waits longest first."""
    since = Timesheet.sent_at if state is TimesheetState.SENT else Timesheet.verified_at
    return select(Timesheet.id).where(Timesheet.state == state).order_by(since, Timesheet.id)


def waiting(state: TimesheetState) -> Select:
    """Those that wait for the scheme (SENT) or for finance (VERIFIED), counted: see models.waiting."""
    name, since = (SENT, Timesheet.sent_at) if state is TimesheetState.SENT else (VERIFIED, Timesheet.verified_at)
    return waits(name, func.count(Timesheet.id), func.min(since)).where(Timesheet.state == state)


def returned() -> Select[int]:
    """Ids of the timesheets that the council has returned to the provider at hand."""
    return select(Timesheet.id).where(Timesheet.state == TimesheetState.RETURNED).order_by(Timesheet.id)


def to_send() -> Select[int]:
    """Contracts of the provider at hand of which last month's timesheet is not sent yet, begun or not."""
    item = CarePackageLineItem
    return _unsent(select(item.contract_id)).group_by(item.contract_id, ServiceLevel.service_id)


def unsent_of(provider_id: int) -> Select:
    """Last month's timesheets of one provider that are not sent yet: contract_id, contract, service_id, service."""
    item = CarePackageLineItem
    names = Contract.name.label("contract"), Service.name.label("service")
    columns = (item.contract_id, ServiceLevel.service_id, *names)
    query = _unsent(select(*columns)).where(item.provider_id == provider_id)
    query = query.join(Contract, Contract.id == item.contract_id).join(Service, Service.id == ServiceLevel.service_id)
    return query.distinct()


def last_month() -> Span:
    return month_of(month_of(today()).first - timedelta(days=1))


FIRST_OF_LAST_MONTH = day_of("first_of_last_month", lambda: last_month().first)
LAST_OF_LAST_MONTH = day_of("last_of_last_month", lambda: last_month().last)


def _unsent(query: Select) -> Select:
    """Of line items: those whose last month waits to be sent."""
    item, sheet = CarePackageLineItem, Timesheet
    settled = select(sheet.id).where(
        sheet.contract_id == item.contract_id, sheet.service_id == ServiceLevel.service_id,
        sheet.month_on == FIRST_OF_LAST_MONTH, sheet.state != TimesheetState.DRAFT,
    )  # fmt: skip
    return (
        query.select_from(item)
        .join(ServiceLevel, ServiceLevel.id == item.service_level_id)
        .join(Provider, Provider.id == item.provider_id)
        .where(ServiceLevel.unit.in_(BY_DAY), item.is_activated, Provider.kind == ProviderKind.SHARED_LIVES)
        .where(item.starts_on <= LAST_OF_LAST_MONTH, sa.or_(item.ends_on.is_(None), item.ends_on > FIRST_OF_LAST_MONTH))
        .where(~settled.exists())
        .order_by(item.contract_id)
    )


STEPS = {
    "timesheet.sent": "Sent", "timesheet.taken_back": "Taken back", "timesheet.verified": "Verified",
    "timesheet.returned": "Returned", "timesheet.approved": "Approved",
}  # fmt: skip
"""What its history tells of it."""


@dataclass(frozen=True)
class Step:
    what: str
    at: datetime
    who: str


@dataclass(frozen=True)
class Sheet:
    """A timesheet as its page shows it, on either side."""

    month: Month
    history: list[Step]
    """The newest first."""
    waits: list[Span]
    """Weeks of an approved month that wait for the other month that they are part of."""

    @classmethod
    def of(cls, sheet: Timesheet) -> "Sheet":
        """Five queries."""
        month = Month.of(sheet, *_beside(sheet))
        events, people, methods, confirmed = month.more
        names = {each.id: each.name for each in people}
        steps = [Step(STEPS[each.action], each.at, names.get(each.user_id, "")) for each in events]
        done = {each.first_on for each in confirmed}
        weeks = weeks_touching(sheet.contract_id, sheet.span, methods)
        days = {day for each in month.people for day in each.cells}
        waits = [week for week in weeks if week.first not in done and any(day in week for day in days)]
        return cls(month, steps, waits if sheet.state is TimesheetState.APPROVED else [])


def _beside(sheet: Timesheet) -> tuple[Select, ...]:
    """What became of it, by whom; how its contract pays; its weeks that are confirmed."""
    event, week = AuditEvent, ActualWeek
    steps = event.subject == named(sheet), event.action.in_(STEPS)
    calendar = sa.orm.joinedload(PaymentMethod.calendar)
    methods = select(PaymentMethod).where(PaymentMethod.contract_id == sheet.contract_id).options(calendar)
    return (
        select(event).where(*steps).order_by(event.id.desc()),
        select(User).where(User.id.in_(select(event.user_id).where(*steps))).order_by(User.id),
        methods.order_by(PaymentMethod.calculate_from),
        select(week)
        .where(week.contract_id == sheet.contract_id, week.service_id == sheet.service_id)
        .where(week.first_on.between(sheet.month_on - WEEK, sheet.span.last), week.confirmed_at.is_not(None))
        .order_by(week.first_on),
    )
