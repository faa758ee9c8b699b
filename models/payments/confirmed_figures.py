"""What was delivered, as payments take it: the latest confirmed figures of each line item and week that count."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import Any

from models.base import session
from models.records.actual import ConfirmedActual, latest_that_counts
from models.records.care_package import CarePackageLineItem

ItemWeek = tuple[int, date]
"""A line item's id and the first day of one of its weeks."""


def figures_that_count(provider_ids: Collection[int], contract_ids: Collection[int]) -> dict[int, list[Any]]:
    """By line item of these contracts: rows with first_on, actual_e4, frustrated_e4 and by_day_e4. One query; none
    where no contract is asked for.
    """
    found: dict[int, list[Any]] = defaultdict(list)
    if not contract_ids:
        return found
    own, item = ConfirmedActual, CarePackageLineItem
    query = (
        latest_that_counts(own.item_id, own.first_on, own.actual_e4, own.frustrated_e4, own.by_day_e4)
        .join(item, item.id == own.item_id)
        .where(own.provider_id.in_(provider_ids), item.contract_id.in_(contract_ids))
    )
    for row in session.execute(query):
        found[row.item_id].append(row)
    return found
