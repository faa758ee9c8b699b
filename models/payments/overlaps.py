"""Two things in a run that look right one by one: the same care paid twice, and a price that rises a second time."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import aliased

from models.base import session, sum_of
from models.calendar import FAR_FUTURE
from models.engine.component import Component
from models.payments.comparing import is_taken_by
from models.payments.finding import Finding, found
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.run import RunPayment
from models.pricing import Convention
from models.records.care_package import CarePackageLineItem, ItemPrice
from models.records.contract import Contract, ContractRate, ServiceLevel
from models.records.provider import Provider

Rates = list[tuple[date, int]]
"""From which day, and ten-thousandths of a pound, in order of days."""
YEAR = timedelta(days=365)
"""Rises closer together than this are two within a year; one each 1 April are not."""


def paid_twice(run_id: int) -> Iterator[dict[str, Any]]:
    """Rows of the run whose client gets the same service level on the same days from another line item, which is paid
    or to be paid too: here or at another provider.

    The levels are compared by a difference, so that SQLite looks the others up by client, who has few.
    """
    line, item, other = PaymentLine, CarePackageLineItem, aliased(CarePackageLineItem)
    theirs = aliased(PaymentLine)
    paid_there = (
        select(sum_of(theirs.total_pence))
        .where(
            theirs.item_id == other.id, theirs.component == Component.CARE,
            theirs.first_on <= line.last_on, theirs.last_on >= line.first_on,
        )
        .correlate(line, other)
        .scalar_subquery()
    )  # fmt: skip
    last, others_last = (sa.func.coalesce(each.ends_on, FAR_FUTURE) for each in (item, other))
    rows = session.execute(
        select(
            line.payment_id, line.provider_id, item.client_id, line.total_pence.label("pence"),
            Provider.name.label("provider"), Contract.reference,
        )
        .join(RunPayment, sa.and_(RunPayment.payment_id == line.payment_id, RunPayment.run_id == run_id))
        .join(item, item.id == line.item_id)
        .join(ServiceLevel, ServiceLevel.id == item.service_level_id)
        .join(
            other,
            sa.and_(
                other.client_id == item.client_id, other.service_level_id - item.service_level_id == 0,
                other.id != item.id,
                _is_no_later(item.starts_on, others_last), _is_no_later(other.starts_on, last),
                line.first_on <= others_last, other.starts_on <= line.last_on,
            ),
        )
        .join(Contract, Contract.id == other.contract_id)
        .join(Provider, Provider.id == other.provider_id)
        .where(line.component == Component.CARE, line.net_pence > 0, is_taken_by(run_id), paid_there > 0)
        .order_by(line.payment_id, item.client_id, Contract.id)
    )  # fmt: skip
    pence: dict[tuple, int] = defaultdict(int)
    for row in rows:
        pence[row.payment_id, row.provider_id, row.client_id, f"Also {row.provider}, {row.reference}"] += row.pence
    for (payment_id, provider_id, client_id, note), sum_ in pence.items():
        yield found(Finding.TWICE, payment_id, provider_id, sum_, client_id=client_id, note=note)


def _is_no_later(first: sa.SQLColumnExpression[date], last: sa.SQLColumnExpression[date]) -> sa.ColumnElement[bool]:
    """The care begins on a paid day of the other: its last day is one only where the service level counts it."""
    return sa.or_(first < last, sa.and_(first == last, ServiceLevel.convention == Convention.INCLUSIVE))


def risen_twice(rows: Sequence[tuple[int, int | None]]) -> dict[tuple[int, int | None], str]:
    """Those rows, by the ids of payment and client, whose price has risen twice within a year, the last time no longer
    than a year ago; with both days in words.
    """
    if not rows:
        return {}
    line, item, payment = PaymentLine, CarePackageLineItem, ScheduledPayment
    items = session.execute(
        select(line.payment_id, payment.last_on, item.id, item.client_id, item.contract_id, item.service_level_id)
        .join(item, item.id == line.item_id)
        .join(payment, payment.id == line.payment_id)
        .where(line.payment_id.in_({payment_id for payment_id, _ in rows}), line.component == Component.CARE)
        .distinct()
        .order_by(line.payment_id, item.id)
    ).all()
    own = _rates(select(ItemPrice.item_id, ItemPrice.starts_on, ItemPrice.rate_e4), {row.id for row in items})
    rate = ContractRate
    of_contract = _rates(
        select(rate.contract_id, rate.service_level_id, rate.starts_on, rate.rate_e4),
        {row.contract_id for row in items},
    )
    wanted, notes = set(rows), {}
    for row in items:
        rates = own.get((row.id,)) or of_contract.get((row.contract_id, row.service_level_id), [])
        rises = [day for (_, was), (day, is_) in pairwise(rates) if is_ > was and day <= row.last_on]
        if (row.payment_id, row.client_id) in wanted and len(rises) > 1:
            before, last = rises[-2:]
            if last - before < YEAR and row.last_on - last < YEAR:
                notes[row.payment_id, row.client_id] = f"On {before:%d/%m/%Y} and {last:%d/%m/%Y}"
    return notes


def _rates(query: sa.Select, ids: set[int]) -> dict[tuple[int, ...], Rates]:
    """Rates by all columns but the last two, of the rows whose first column is one of `ids`."""
    key, *_, day, _ = query.selected_columns
    rates: dict[tuple[int, ...], Rates] = defaultdict(list)
    for row in session.execute(query.where(key.in_(ids)).order_by(key, day)):
        rates[tuple(row[:-2])].append((row[-2], row[-1]))
    return rates
