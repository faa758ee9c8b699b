"""Visits as actuals: what they make of a week, allotting one by hand, and what has become of one."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.accounts.user import User
from models.audit import record
from models.base import DomainError, move, session
from models.calendar import DAY, Span, in_words
from models.care.allotting import is_paid_on, paid_days
from models.care.figures import Figures
from models.care.filing import Filed, file_rows
from models.care.plan import Planned
from models.care.rules import STEPS_E4
from models.care.visit_story import confirmed_weeks
from models.care.weeks import insist_on_a_week, planned_of
from models.money import SCALE, round_half_away
from models.pricing import Unit
from models.records.actual import WEEK, AbsenceReason, Actual, ActualWeek, Origin
from models.records.care_package import CarePackageLineItem
from models.records.client import Client
from models.records.contract import Contract, ServiceLevel
from models.records.visit import Carer, Visit, VisitOutcome


def visits_of(span: Span | None = None, *, unallocated: bool = False, visit_id: int | None = None) -> Select:
    """Visits with the names that a list shows, the newest first: of some days, without a line item, or one."""
    query = (
        select(
            Visit, Client.surname, Client.first_name, Client.reference.label("client"), Carer.reference.label("worker"),
            CarePackageLineItem.reference.label("item"), ServiceLevel.name.label("level"),
        )
        .join(Client, Client.id == Visit.client_id)
        .join(Carer, Carer.id == Visit.carer_id)
        .outerjoin(CarePackageLineItem, CarePackageLineItem.id == Visit.item_id)
        .outerjoin(ServiceLevel, ServiceLevel.id == CarePackageLineItem.service_level_id)
        .order_by(Visit.day.desc(), Visit.started_at.desc(), Visit.id.desc())
    )  # fmt: skip
    if span is not None:
        query = query.where(Visit.day >= span.first, Visit.day <= span.last)
    if visit_id is not None:
        query = query.where(Visit.id == visit_id)
    return query.where(Visit.item_id.is_(None)) if unallocated else query


def unallocated_count() -> Select[int]:
    """How many visits have no line item."""
    return select(sa.func.count(Visit.id)).where(Visit.item_id.is_(None))


def may_be_for(visit: Visit) -> Select[CarePackageLineItem, str]:
    """The line items of the visit's client that are paid for its day, with their service levels."""
    item = CarePackageLineItem
    return (
        select(item, ServiceLevel.name)
        .join(ServiceLevel, ServiceLevel.id == item.service_level_id)
        .join(Contract, Contract.id == item.contract_id)
        .where(item.client_id == visit.client_id, item.is_activated, is_paid_on(visit.day))
        .order_by(item.reference)
    )


def allot_by_hand(visit: Visit, item: CarePackageLineItem, *, by: User) -> None:
    """Say to which line item the visit belongs. DomainError where that is another client’s, or not paid for its day, or
    the visit counts in a confirmed week of the one that it has: there it would be paid, and here once more.
    """
    if item.client_id != visit.client_id:
        raise DomainError(f"Line item {item.reference} is for another client")
    first_on, last_on = paid_days([item.id])[item.id]
    if not first_on <= visit.day <= last_on:
        raise DomainError(f"Line item {item.reference} is not paid for {in_words(visit.day)}. Choose another one")
    _insist_on_no_confirmed_week(visit, item)
    move(visit, item_id=item.id)
    record("visit.allotted", visit, by=by, item=item.id)


def _insist_on_no_confirmed_week(visit: Visit, item: CarePackageLineItem) -> None:
    span = confirmed_weeks([visit]).get(visit.id) if visit.item_id != item.id else None
    if span is not None:
        raise DomainError(
            f"This visit counts in the confirmed week of {span.words()} of the line item that it has. Open that "
            "week with Correct this week, or ask the council to open it; then choose here, and take both weeks from "
            "their visits again"
        )


def weeks_with_visits(weekday_of: dict[int, int]) -> list[tuple[int, int, date, int]]:
    """Contract, service, first day, and how many visits are allotted, of each week that has some; the newest first.
    `weekday_of`: on which weekday the weeks of each contract begin.
    """
    item = CarePackageLineItem
    rows = session.execute(
        select(item.contract_id, ServiceLevel.service_id, Visit.day, sa.func.count(Visit.id))
        .join(item, item.id == Visit.item_id)
        .join(ServiceLevel, ServiceLevel.id == item.service_level_id)
        .group_by(item.contract_id, ServiceLevel.service_id, Visit.day)
        .order_by(item.contract_id, ServiceLevel.service_id, Visit.day)
    )
    found: dict[tuple[int, int, date], int] = defaultdict(int)
    for contract_id, service_id, day, count in rows:
        first_on = day - timedelta(days=(day.weekday() - weekday_of.get(contract_id, 0)) % 7)
        found[contract_id, service_id, first_on] += count
    return [(*key, count) for key, count in sorted(found.items(), key=lambda each: each[0][2], reverse=True)]


def take_visits(contract: Contract, service_id: int, first_on: date, *, by: User) -> int:
    """Make the rows of a week from the visits that are allotted to its people: how many rows. Rows of people without a
    visit stay as they are; those that were made from visits which are another line item's by now come to 0. DomainError
    where there is no such week, it is confirmed, or no visit is in it.
    """
    insist_on_a_week(contract, first_on)
    planned = planned_of(contract.id, service_id, first_on)
    made: dict[int, list[Visit]] = defaultdict(list)
    ids = [each.item_id for each in planned]
    query = select(Visit).where(Visit.item_id.in_(ids), Visit.day >= first_on, Visit.day <= first_on + WEEK)
    for visit in session.scalars(query.order_by(Visit.day, Visit.id)):
        made[visit.item_id or 0].append(visit)
    before = _typed(contract.id, service_id, first_on)
    if not made and not any(each.is_from_visits for each in before.values()):
        raise DomainError("No visits of this week are allotted. Upload them, or allot those that wait")
    filed = []
    for each in planned:
        typed = before.get(each.item_id, _NOTHING)
        if each.item_id in made or typed.is_from_visits:
            filed.append(Filed.of(each, figures_of(each, made[each.item_id], typed)))
    weeks = file_rows(contract.provider_id, filed, lambda _: planned, Origin.VISITS, by=by)
    record("actual_week.taken_from_visits", weeks[0], by=by, rows=len(filed))
    return len(filed)


def people_without_visits(contract: Contract, service_id: int, first_on: date) -> int:
    """How many line items have something planned in the week and no visit: their rows stay as they are."""
    planned = [each.item_id for each in planned_of(contract.id, service_id, first_on) if each.planned_e4]
    own = Visit.item_id.in_(planned), Visit.day >= first_on, Visit.day <= first_on + WEEK
    made = session.scalar(select(sa.func.count(Visit.item_id.distinct())).where(*own)) or 0
    return len(planned) - made


class Typed(NamedTuple):
    """What somebody has typed beside a row, which visits do not say."""

    comment: str = ""
    provider_reference: str = ""
    reason: AbsenceReason | None = None
    is_from_visits: bool = False
    """Its quantities were made from visits."""


_NOTHING = Typed()
_COUNTED = re.compile(r"From \d+ of \d+ visits")
"""A comment that nobody typed: it was made of the visits that there were."""


def figures_of(planned: Planned, visits: Sequence[Visit], typed: Typed = _NOTHING) -> Figures:
    """What visits of one person come to in a week. Hours are those of all workers who were there; each day is rounded
    to the steps of its unit, half up. Where the sum is not the plan, the comment says from how many visits it comes.
    What was typed stays: the comment, the provider's reference, and the reason where no visit has one.
    """
    delivered = [visit for visit in visits if visit.outcome is VisitOutcome.DELIVERED]
    days = [planned.week.first + n * DAY for n in range(7)]
    by_day = tuple(_units(planned.unit, [visit for visit in delivered if visit.day == day]) for day in days)
    frustrated = _units(planned.unit, [visit for visit in visits if visit.outcome is VisitOutcome.FRUSTRATED])
    missed = _units(planned.unit, [visit for visit in visits if visit.outcome is VisitOutcome.MISSED])
    actual = sum(by_day)
    reasons = [visit.reason for visit in visits if visit.reason is not None and visit not in delivered]
    comment = "" if _COUNTED.fullmatch(typed.comment) else typed.comment
    if actual != planned.planned_e4 and not comment:
        comment = f"From {len(delivered)} of {len(visits)} visits"
    reason = reasons[0] if reasons else typed.reason if frustrated or missed else None
    extra = max(0, actual + frustrated + missed - planned.planned_e4)
    return Figures(actual, frustrated, missed, extra, len(delivered), reason, comment,
                   typed.provider_reference, by_day_e4=by_day)  # fmt: skip


def _units(unit: Unit, visits: Collection[Visit]) -> int:
    """Ten-thousandths of the unit, in its steps. Where that is no hour, each visit is one, or by the day or
    night each day.
    """
    if unit is not Unit.HOUR:
        return SCALE * (len({visit.day for visit in visits}) if unit in (Unit.DAY, Unit.NIGHT) else len(visits))
    step = STEPS_E4[Unit.HOUR]
    minutes = sum(visit.carers * _minutes(visit) for visit in visits)
    return step * round_half_away(minutes * SCALE, 60 * step)


def _minutes(visit: Visit) -> int:
    """Those that it took; of one that was not delivered, those that were planned."""
    if visit.outcome is VisitOutcome.DELIVERED:
        return visit.minutes
    if visit.planned_start is None or visit.planned_end is None:
        return 0
    return (visit.planned_end - visit.planned_start) // timedelta(minutes=1)


def _typed(contract_id: int, service_id: int, first_on: date) -> dict[int, Typed]:
    """What stands beside the rows of the week already, by item."""
    own: Iterable[sa.ColumnElement[bool]] = (
        ActualWeek.contract_id == contract_id, ActualWeek.service_id == service_id, ActualWeek.first_on == first_on,
    )  # fmt: skip
    query = select(
        Actual.item_id, Actual.comment, Actual.provider_reference, Actual.reason, Actual.origin == Origin.VISITS
    )  # fmt: skip
    query = query.join(ActualWeek, ActualWeek.id == Actual.week_id).where(*own)
    return {row.item_id: Typed(*row[1:]) for row in session.execute(query.order_by(Actual.item_id))}
