"""What a template is filled in with: the rows of the chosen weeks as they stand, or as they are planned."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from models.base import session
from models.calendar import today
from models.care.figures import Standing
from models.care.plan import Planned
from models.records.care_package import CarePackageLineItem
from models.records.contract import ServiceLevel
from models.records.provider import Provider, Service
from models.uploads.facts import Facts, Item, WeekKey

MOST_WEEKS = 4
A_WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class PrefilledRow:
    item: Item
    planned: Planned
    stands: Standing | None
    """None where nobody has begun the week."""


def services_of(provider: Provider) -> list[Service]:
    """Those that the provider has, or had, line items of, by name."""
    bought = (
        select(ServiceLevel.service_id)
        .join(CarePackageLineItem, CarePackageLineItem.service_level_id == ServiceLevel.id)
        .where(CarePackageLineItem.provider_id == provider.id)
    )
    query = select(Service).where(Service.id.in_(bought)).order_by(Service.folded_name, Service.id)
    return list(session.scalars(query))


def prefilled(provider: Provider, *, until: date, weeks: int, service_id: int | None = None) -> Iterator[PrefilledRow]:
    """Rows of the last so many weeks that have ended by `until`, or of all that have begun where `until` is in one; by
    week, then by masked name.
    """
    facts = Facts(provider)
    keys, items = set(), {item.id: item for item in facts.items.values()}
    for item in items.values():
        if service_id is not None and item.service_id != service_id:
            continue
        for back in range(min(weeks, MOST_WEEKS)):
            week = facts.week_holding(item.contract_id, min(until, today()) - back * A_WEEK)
            if week is not None:
                keys.add(WeekKey(item.contract_id, item.service_id, week.first))
    facts.read_weeks(keys, with_rules=False)
    wanted = [
        each for each in facts.planned.values()
        if WeekKey(each.contract_id, each.service_id, each.week.first) in keys and each.item_id in items
    ]  # fmt: skip
    for each in sorted(wanted, key=lambda one: one.week.first):
        yield PrefilledRow(items[each.item_id], each, facts.rows.get(each.key))
