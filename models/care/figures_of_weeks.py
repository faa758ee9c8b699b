"""What listed weeks come to: people, planned and actual units, and money."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date

import sqlalchemy as sa
from sqlalchemy import select

from models.base import session, sum_of
from models.calendar import Span
from models.care.plan import plans
from models.care.register import ListedWeek
from models.care.visit_story import is_of_week
from models.payments.payment import PaymentLine
from models.pricing import Unit
from models.records.actual import Actual
from models.records.care_package import CarePackageLineItem
from models.records.contract import ServiceLevel

Key = tuple[int, int, date]


@dataclass(slots=True)
class WeekFigures:
    """Units are not added up across kinds: hours and nights stand side by side."""

    people: int = 0
    planned_e4: dict[Unit, int] = field(default_factory=dict)
    actual_e4: dict[Unit, int] = field(default_factory=dict)
    """Empty where the week is not begun."""


def figures_of(listed: Sequence[ListedWeek]) -> dict[Key, WeekFigures]:
    """Of each week: by its rows where it is begun, else by the plan. Three queries at most."""
    found = _begun({each.week_id: each for each in listed if each.week_id is not None})
    open_ = [each for each in listed if each.week_id is None]
    wanted = {each.key for each in open_}
    people: dict[Key, set[int]] = defaultdict(set)
    if open_:
        spans = {each.span for each in open_}
        for plan in plans({each.contract_id for each in open_}, spans):
            key = plan.contract_id, plan.service_id, plan.week.first
            if key not in wanted:
                continue
            own = found.setdefault(key, WeekFigures())
            own.planned_e4[plan.unit] = own.planned_e4.get(plan.unit, 0) + plan.planned_e4
            people[key].add(plan.client_id)
    for key, ids in people.items():
        found[key].people = len(ids)
    return found


def _begun(weeks: dict[int, ListedWeek]) -> dict[Key, WeekFigures]:
    if not weeks:
        return {}
    found: dict[Key, WeekFigures] = {}
    for row in session.execute(_sums(weeks.keys())):
        own = found.setdefault(weeks[row.week_id].key, WeekFigures())
        own.people += row.people
        own.planned_e4[row.unit] = int(row.planned_e4)
        own.actual_e4[row.unit] = int(row.actual_e4)
    return found


def _sums(week_ids: Collection[int]) -> sa.Select:
    """By week and unit; who has care of two units in one week counts once for each."""
    item = CarePackageLineItem
    return (
        select(
            Actual.week_id, ServiceLevel.unit, sa.func.count(sa.distinct(item.client_id)).label("people"),
            sa.func.sum(Actual.planned_e4).label("planned_e4"), sa.func.sum(Actual.actual_e4).label("actual_e4"),
        )
        .join(item, item.id == Actual.item_id)
        .join(ServiceLevel, ServiceLevel.id == item.service_level_id)
        .where(Actual.week_id.in_(week_ids))
        .group_by(Actual.week_id, ServiceLevel.unit)
        .order_by(Actual.week_id, ServiceLevel.unit)
    )  # fmt: skip


def pence_of(listed: Sequence[ListedWeek]) -> dict[Key, int]:
    """What payment lines, finalised or not, come to for the care of each week, VAT included; a week of which there are
    none is not there. One query.
    """
    if not listed:
        return {}
    line, item = PaymentLine, CarePackageLineItem
    first_on, last_on = min(each.span.first for each in listed), max(each.span.last for each in listed)
    query = (
        select(line.contract_id, ServiceLevel.service_id, line.first_on, line.last_on, sum_of(line.total_pence))
        .join(item, item.id == line.item_id)
        .join(ServiceLevel, ServiceLevel.id == item.service_level_id)
        .where(line.contract_id.in_({each.contract_id for each in listed}), is_of_week(first_on, last_on))
        .group_by(line.contract_id, ServiceLevel.service_id, line.first_on, line.last_on)
        .order_by(line.contract_id, ServiceLevel.service_id, line.first_on, line.last_on)
    )
    spans: dict[tuple[int, int], list[Span]] = defaultdict(list)
    for each in listed:
        spans[each.contract_id, each.service_id].append(each.span)
    found: dict[Key, int] = defaultdict(int)
    for contract_id, service_id, first, last, pence in session.execute(query):
        for span in spans[contract_id, service_id]:
            if span.first <= first and last <= span.last:
                found[contract_id, service_id, span.first] += int(pence)
    return dict(found)
