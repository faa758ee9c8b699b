"""What was delivered, as payments take it: the latest confirmed figures of each line item and week that count."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date

from models.base import session
from models.engine.facts import Delivered
from models.records.actual import ConfirmedActual, latest_that_counts
from models.records.care_package import CarePackageLineItem
from models.records.contract import ServiceLevel

ItemWeek = tuple[int, date]
"""A line item's id and the first day of one of its weeks."""


def delivered(provider_ids: Collection[int], contract_ids: Collection[int]) -> dict[int, dict[date, Delivered]]:
    """By line item of these contracts and by first day of the week. One query; none where no contract is asked for."""
    found: dict[int, dict[date, Delivered]] = defaultdict(dict)
    if not contract_ids:
        return found
    own, item = ConfirmedActual, CarePackageLineItem
    query = (
        latest_that_counts(
            own.item_id, own.first_on, own.actual_e4, own.frustrated_e4, own.by_day_e4, ServiceLevel.is_frustrated_paid
        )
        .join(item, item.id == own.item_id)
        .join(ServiceLevel, ServiceLevel.id == item.service_level_id)
        .where(own.provider_id.in_(provider_ids), item.contract_id.in_(contract_ids))
    )
    for row in session.execute(query):
        paid = as_paid(row.actual_e4, row.frustrated_e4, row.by_day_e4, row.is_frustrated_paid)
        found[row.item_id][row.first_on] = paid
    return found


def as_paid(
    actual_e4: int, frustrated_e4: int, by_day_e4: Collection[int] | None, is_frustrated_paid: bool
) -> Delivered:
    """What of these figures is paid; ten-thousandths of a unit. `by_day_e4` is of the actual quantity."""
    by_day = tuple(by_day_e4) if by_day_e4 else None
    return Delivered(actual_e4 + (frustrated_e4 if is_frustrated_paid else 0), by_day)
