"""What a list of payments says of each in a word: paid in run 317, in run 318, held, queried, blocked and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.base import session
from models.payments.blocked import BlockedSum
from models.payments.money_line import run_marks
from models.records.care_package import CarePackageLineItem
from models.reports.waiting_reasons import Reason
from models.reports.waits import blocked_reason
from models.statements import built_once


@dataclass(frozen=True, slots=True)
class Mark:
    text: str
    colour: str
    """That of its tag, of which the text alone says as much."""
    run_id: int | None = None


def marks_of(rows: Sequence[Any]) -> dict[int, list[Mark]]:
    """By the id of each row of models.payments.worklist.listed: two queries for all of them."""
    runs = run_marks(row.id for row in rows)
    blocked = blocked_because(row.id for row in rows if row.waiting_pence)
    return {row.id: list(_of(row, runs.get(row.id, []), blocked.get(row.id, []))) for row in rows}


def _of(row: Any, runs: Iterable[Any], reasons: Sequence[Reason]) -> Iterable[Mark]:
    for run in runs:
        what = "Paid in run" if run.is_paid and row.closed_run_id else "Part paid in run" if run.is_paid else "In run"
        yield Mark(f"{what} {run.run_id}", "green" if run.is_paid else "blue", run.run_id)
    if row.is_queried:
        yield Mark("Queried", "yellow")
    if row.is_held:
        yield Mark("Held", "yellow")
    if reasons:
        yield Mark(f"Blocked: {', '.join(each.words.label for each in reasons).lower()}", "orange")


def blocked_because(payment_ids: Iterable[int]) -> dict[int, list[Reason]]:
    """Why something of these payments is blocked, by payment id."""
    ids = list(payment_ids)
    found: dict[int, list[Reason]] = {}
    if ids:
        for payment_id, why in session.execute(_because(), {"payment_ids": ids}):
            found.setdefault(payment_id, []).append(why)
    return found


@built_once
def _because() -> Select:
    item, reason = CarePackageLineItem, blocked_reason().label("reason")
    query = select(BlockedSum.payment_id, reason).join(item, item.id == BlockedSum.item_id).distinct()
    return query.where(BlockedSum.payment_id.in_(sa.bindparam("payment_ids", expanding=True))).order_by(reason)
