"""Which line item a visit belongs to."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy import select

from models.base import session
from models.calendar import FAR_FUTURE
from models.engine.facts import Terms
from models.money import SCALE
from models.pricing import Convention, Unit
from models.records.care_package import CarePackageLineItem, ItemQuantity
from models.records.contract import Contract, ServiceLevel
from models.records.provider import Service
from models.words import folded


@dataclass(frozen=True, slots=True)
class Wanted:
    """A visit that needs a line item: minutes of all its workers together; `level` is the service level or service that
    it says, or nothing.
    """

    client_id: int
    day: date
    minutes: int
    level: str = ""


@dataclass(frozen=True, slots=True)
class _Item:
    id: int
    first_on: date
    last_on: date
    levels: tuple[str, ...]
    unit: Unit
    timetables: tuple[tuple[date, date, list[int]], ...]

    def planned_minutes(self, day: date) -> int | None:
        """What its timetable has for that day; None where it has none, or is not counted in hours."""
        for first, last, units in self.timetables:
            if first <= day <= last and self.unit is Unit.HOUR:
                return units[day.weekday()] * 60 // SCALE
        return None


def allot(visits: Sequence[Wanted]) -> list[int | None]:
    """The line item of each: of the same client and service, paid for its day, with care planned on that weekday if any
    has. Of several the one whose plan of the day is nearest; where that is a tie, nobody can know: None.
    """
    items = _items({visit.client_id for visit in visits})
    return [_nearest(visit, items.get(visit.client_id, ())) for visit in visits]


def _nearest(visit: Wanted, items: Sequence[_Item]) -> int | None:
    level = folded(visit.level)
    fitting = [
        item for item in items if item.first_on <= visit.day <= item.last_on and (not level or level in item.levels)
    ]
    planned = [item for item in fitting if item.planned_minutes(visit.day) != 0]
    found = planned or fitting
    if len(found) < 2:
        return found[0].id if found else None
    apart = sorted((abs((item.planned_minutes(visit.day) or 0) - visit.minutes), item.id) for item in found)
    return None if apart[0][0] == apart[1][0] else apart[0][1]


def _items(client_ids: set[int]) -> dict[int, list[_Item]]:
    """Of the provider of this session; three queries."""
    item, level = CarePackageLineItem, ServiceLevel
    own = item.client_id.in_(client_ids), item.is_activated
    rows = session.execute(
        _paid(item.client_id, level.name, level.unit, Service.name.label("service")).where(*own)
    ).all()
    timetables: dict[int, list[tuple[date, date, list[int]]]] = defaultdict(list)
    with_days = ItemQuantity.item_id.in_([row.id for row in rows]), sa.not_(ItemQuantity.timetable_e4.is_(None))
    for each in session.scalars(select(ItemQuantity).where(*with_days).order_by(ItemQuantity.id)):
        if each.timetable_e4:
            timetables[each.item_id].append((each.starts_on, each.ends_on or FAR_FUTURE, each.timetable_e4))
    found: dict[int, list[_Item]] = defaultdict(list)
    for row in rows:
        levels = folded(row.name), folded(row.service)
        days = row.starts_on, _last_paid(row)
        found[row.client_id].append(_Item(row.id, *days, levels, row.unit, tuple(timetables[row.id])))
    return found


def _paid(*more: sa.SQLColumnExpression) -> sa.Select:
    """Line items with what decides on which days they are paid, and these columns more."""
    item, level = CarePackageLineItem, ServiceLevel
    return (
        select(
            item.id, item.starts_on, item.ends_on, level.convention, Contract.ends_on.label("contract_ends_on"), *more
        )
        .join(level, level.id == item.service_level_id)
        .join(Service, Service.id == level.service_id)
        .join(Contract, Contract.id == item.contract_id)
        .order_by(item.id)
    )


def _last_paid(row: sa.Row) -> date:
    """As the engine has it."""
    ends_on, contract_ends_on = row.ends_on or FAR_FUTURE, row.contract_ends_on or FAR_FUTURE
    terms = Terms(row.starts_on, ends_on, convention=row.convention, contract_ends_on=contract_ends_on)
    return terms.last_payable_on


def paid_days(item_ids: Collection[int]) -> dict[int, tuple[date, date]]:
    """The first and the last day on which each of these line items is paid. Their last day is none where its service
    level does not pay it, and none comes after the contract's.
    """
    query = _paid().where(CarePackageLineItem.id.in_(item_ids))
    return {row.id: (row.starts_on, _last_paid(row)) for row in session.execute(query)}


def is_paid_on(day: date) -> sa.ColumnElement[bool]:
    """A condition of line items that are joined with their service levels and contracts: as `paid_days` has it."""
    item = CarePackageLineItem
    is_last = sa.and_(item.ends_on == day, ServiceLevel.convention == Convention.INCLUSIVE)
    return sa.and_(
        item.starts_on <= day,
        sa.or_(item.ends_on.is_(None), item.ends_on > day, is_last),
        sa.or_(Contract.ends_on.is_(None), Contract.ends_on >= day),
    )
