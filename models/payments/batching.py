"""Which providers are calculated, or finalised, together: in batches of some thousands of cells, so that a batch fits
in memory whatever its providers have behind them, and holds the lock for less than a second (bench/waiting.py).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date

import sqlalchemy as sa
from sqlalchemy import select

from models.base import session
from models.calendar import FinancialYear, Frequency, today
from models.payments.run import RunPayment
from models.payments.spent import not_calculated_today
from models.records.care_package import CarePackageLineItem
from models.records.contract import Calendar, PaymentMethod
from models.records.provider import Provider

BATCH = 5_000
"""Cells that one batch holds, more or less; one provider alone may have more, since it is never split."""
CELLS_OF_A_LINE = 2
"""As many cells a line counts for that is finalised."""
DAYS_OF_A_MONTH = 28


def batches(provider_ids: Iterable[int] | None = None) -> Iterator[list[int]]:
    """The ids of the providers to work on (None: all), in order, in batches of no more than BATCH cells."""
    query = select(Provider.id).order_by(Provider.id)
    if provider_ids is not None:
        query = query.where(Provider.id.in_(list(provider_ids)))
    cells = _cells()
    return _parted((id_, cells[id_] + 1) for id_ in session.scalars(query).all())


def batches_of_run(run_id: int) -> Iterator[list[int]]:
    """The ids of the providers whose payments in the run have not had their turn, in order, in batches by their lines.
    Whose figures of today are not known is calculated with them, so that their cells count too.
    """
    part = RunPayment
    query = select(part.provider_id, sa.func.sum(part.lines)).where(part.run_id == run_id, part.outcome.is_(None))
    lines: dict[int, int] = dict(session.execute(query.group_by(part.provider_id).order_by(part.provider_id)).all())
    cells, unknown = _cells(), set(session.scalars(not_calculated_today()))
    return _parted(
        (id_, CELLS_OF_A_LINE * count + 1 + (cells[id_] if id_ in unknown else 0)) for id_, count in lines.items()
    )


def _parted(sizes: Iterable[tuple[int, int]]) -> Iterator[list[int]]:
    """Ids of providers, given with their sizes, in batches of no more than BATCH."""
    batch: list[int] = []
    size = 0
    for provider_id, own in sizes:
        if batch and size + own > BATCH:
            yield batch
            batch, size = [], 0
        batch.append(provider_id)
        size += own
    if batch:
        yield batch


def _cells() -> dict[int, int]:
    """How many cells each provider's calculation holds, roughly: each line item in each period that is due, finalised
    or not, since what is due is compared with what is finalised; and a payment for each period that is laid out.
    """
    counted = select(CarePackageLineItem.contract_id, sa.func.count()).group_by(CarePackageLineItem.contract_id)
    items: dict[int, int] = dict(session.execute(counted).all())
    found: dict[int, int] = defaultdict(int)
    method = PaymentMethod
    rows = select(
        method.provider_id, method.contract_id, method.calculate_from, method.ends_on, Calendar.frequency
    ).join(Calendar, Calendar.id == method.calendar_id)
    plan_until = FinancialYear.of(today()).next.last_on
    for provider_id, contract_id, first, ends_on, frequency in session.execute(rows):
        due = _periods(first, min(today(), ends_on or today()), frequency)
        found[provider_id] += items.get(contract_id, 0) * due
        found[provider_id] += _periods(first, min(plan_until, ends_on or plan_until), frequency)
    return found


def _periods(first: date, last: date, frequency: Frequency) -> int:
    return max((last - first).days // (frequency.days or DAYS_OF_A_MONTH) + 1, 0)
