"""Which line item a visit belongs to."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy import select

from models.base import session
from models.calendar import FAR_FUTURE
from models.money import SCALE
from models.pricing import Convention, Unit
from models.records.care_package import CarePackageLineItem, ItemQuantity
from models.records.contract import ServiceLevel
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
    """The line item of each: of the same client and service, on a day of it, with care planned on that weekday if any
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
    rows = session.execute(
        select(
            item.id,
            item.client_id,
            item.starts_on,
            item.ends_on,
            level.name,
            level.unit,
            level.convention,
            Service.name.label("service"),
        )
        .join(level, level.id == item.service_level_id)
        .join(Service, Service.id == level.service_id)
        .where(item.client_id.in_(client_ids), item.is_activated)
        .order_by(item.id)
    ).all()
    timetables: dict[int, list[tuple[date, date, list[int]]]] = defaultdict(list)
    own = ItemQuantity.item_id.in_([row.id for row in rows]), sa.not_(ItemQuantity.timetable_e4.is_(None))
    for each in session.scalars(select(ItemQuantity).where(*own).order_by(ItemQuantity.id)):
        if each.timetable_e4:
            timetables[each.item_id].append((each.starts_on, each.ends_on or FAR_FUTURE, each.timetable_e4))
    found: dict[int, list[_Item]] = defaultdict(list)
    for row in rows:
        last_on = row.ends_on or FAR_FUTURE
        if row.convention is not Convention.INCLUSIVE and row.ends_on is not None:
            last_on = date.fromordinal(last_on.toordinal() - 1)
        found[row.client_id].append(
            _Item(
                row.id,
                row.starts_on,
                last_on,
                (folded(row.name), folded(row.service)),
                row.unit,
                tuple(timetables[row.id]),
            )
        )
    return found
