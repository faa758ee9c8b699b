"""The rows of a payment as plain data, one for each purchase order, and how each differs from the payment before.

The comparison is by client, since a client's order changes with the financial year. Where a client has rows of two
orders in one payment, all of them are of one kind, and the row of the newer order carries the difference.

All of it is one GROUP BY (models/reports/compared_rows.py): a page fetches the rows that it shows, and what all the
wanted ones come to. Payments that have not begun have no lines yet: see models.reports.planned.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select

from models.base import session, sum_of
from models.calendar import Span
from models.folding import found_by
from models.payments.hold import Hold, is_told_of
from models.payments.payment import ScheduledPayment
from models.payments.payment_list import LIMIT, OFFSET
from models.records.client import Client, masked_name
from models.reports.compared_rows import CLIENT, PAYMENT_ID, SUMS, Change, compared, some
from models.statements import built_once
from models.words import Choice, is_found

CLAIMS = "One-Off Claims"
EVERY = 1_000_000_000
"""More rows than any payment has."""


class Show(Choice):
    ALL = "all"
    """Every row of the payment."""
    CHANGED = "changed"
    """Those that are not as in the payment before, and those that are gone."""
    QUERIED = "queried"
    """Those that the provider has queried, answered or not, and those that are held."""


class SortedBy(Choice):
    NAME = "name"
    """As the names are shown: C, Bernard before C, Zoe, before D, Alan."""
    SUM = "sum"
    """The largest first."""
    CHANGE = "change"
    """The largest difference first, up or down."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows, and in which order."""

    text: str = ""
    """Words of a name or reference, in any order."""
    show: Show = Show.ALL
    order: SortedBy = SortedBy.NAME
    with_gone: bool = False
    """Beside the payment's rows also those that are gone, whatever is to be shown."""

    @property
    def is_part(self) -> bool:
        """Not every row of the payment."""
        return bool(self.text.strip()) or self.show is not Show.ALL


EVERY_ROW = Wanted()


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """One purchase order in a payment, in pence."""

    client_id: int | None
    """None for one-off claims."""
    year: int
    """The calendar year in which the order's financial year begins."""
    order_id: int | None
    """None where it has not been issued yet."""
    title: str
    reference: str
    """The client's."""
    net_pence: int
    vat_pence: int
    change_pence: int
    """How much more it is than in the payment before, VAT included."""
    change: Change

    @property
    def key(self) -> str:
        return key_of(self.client_id, self.year)

    @property
    def total_pence(self) -> int:
        return self.net_pence + self.vat_pence


@dataclass(frozen=True)
class Rows:
    """Some of a payment's rows, and what all the wanted ones are and come to, in pence."""

    items: Sequence[PaymentRow]
    count: int = 0
    net_pence: int = 0
    vat_pence: int = 0
    change_pence: int = 0
    before: Span | None = None
    """The payment that they are compared with; None where there is none, or no row is found."""

    @property
    def total_pence(self) -> int:
        return self.net_pence + self.vat_pence


def key_of(client_id: int | None, year: int) -> str:
    """What addresses call a row: its client's id, 0 for one-off claims, and the year of its order."""
    return f"{client_id or 0}-{year}"


def title_of(row: Any) -> str:
    """As a payment names it: S, Bart (C2000020). Takes what was read of a client; without one, it is of claims."""
    return masked_name(row.surname, row.first_name, row.reference) if row.reference else CLAIMS


def rows_on_record(
    payment: ScheduledPayment,
    wanted: Wanted = EVERY_ROW,
    *,
    offset: int = 0,
    limit: int | None = None,
    of_long: int | None = None,
) -> Rows:
    """The wanted rows of a payment that has lines, from `offset` on, no more than `limit`; where there are more than
    `limit` of them in all, no more than `of_long`. One query.
    """
    query = _wanted(wanted) if wanted.text.strip() else _every(wanted.show, wanted.order, wanted.with_gone)
    part = {"payment_id": payment.id, "offset": offset, "limit": EVERY if limit is None else limit}
    result = session.execute(query, part, execution_options={"yield_per": of_long} if of_long else {})
    first = result.fetchone()
    if first is None:
        return Rows([])
    is_long = of_long is not None and first.all_rows > part["limit"]
    found = [first, *(result.fetchmany(of_long - 1) if is_long and of_long else result.fetchall())]
    result.close()
    return Rows(
        [_row(row) for row in found], first.all_rows, first.all_net_pence, first.all_vat_pence, first.all_change_pence,
        Span(first.before_first_on, first.before_last_on) if first.is_compared else None,
    )  # fmt: skip


def _row(row: Any) -> PaymentRow:
    return PaymentRow(
        row.client_id, row.financial_year, row.order_id, title_of(row), row.reference or "",
        row.net_pence, row.vat_pence, row.change_pence, Change(row.change),
    )  # fmt: skip


def kinds_of(payment: ScheduledPayment) -> dict[Change, tuple[int, int]]:
    """How many clients' rows are new, more, less, gone and the same, and the pence of their differences."""
    found = session.execute(_kinds(), {"payment_id": payment.id})
    return {Change(change): (count, pence) for change, count, pence in found}


@built_once
def _kinds() -> sa.Select:
    each = compared().subquery("each")
    return select(each.c.change, func.count(), sum_of(each.c.change_pence)).group_by(each.c.change)


@built_once
def _every(show: Show, order: SortedBy, with_gone: bool) -> sa.Select:
    if show is Show.ALL and order is not SortedBy.CHANGE and not with_gone:
        return some(partial(_order, order=order))
    return _wanted(Wanted(show=show, order=order, with_gone=with_gone))


def _wanted(wanted: Wanted) -> sa.Select:
    """The query of `rows_on_record`. Parameters: `payment_id`, `offset` and `limit`."""
    each, client = compared().subquery("each"), Client
    return (
        select(
            each, *(getattr(client, name) for name in CLIENT), func.count().over().label("all_rows"),
            *(_all(each.c[name]).label(f"all_{name}") for name in SUMS),
        )
        .outerjoin(client, client.id == each.c.client_id)
        .where(*_conditions(each, wanted))
        .order_by(*_order(each.c, wanted.order))
        .offset(OFFSET)
        .limit(LIMIT)
    )  # fmt: skip


def _conditions(each: sa.Subquery, wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    is_changed = each.c.change != Change.SAME.value
    is_here = sa.true() if wanted.with_gone else each.c.change != Change.GONE.value
    found = [is_changed if wanted.show is Show.CHANGED else is_here]
    if wanted.show is Show.QUERIED:
        of_row = Hold.payment_id == PAYMENT_ID, Hold.purchase_order_id == each.c.order_id
        found.append(select(Hold.id).where(*of_row, is_told_of()).exists())
    if wanted.text.strip():
        of_client = found_by(wanted.text, Client.folded_surname, Client.folded_first_name, Client.reference)
        is_claims = each.c.client_id.is_(None) if is_found(wanted.text, CLAIMS) else sa.false()
        found.append(sa.or_(of_client, is_claims))
    return found


def _order(row: Any, order: SortedBy) -> list[sa.ColumnElement[Any]]:
    names: list[sa.ColumnElement[Any]] = [
        row.client_id.is_not(None),
        *(func.coalesce(name, "") for name in Client.shown_order()),
        -row.financial_year, row.order_id,
    ]  # fmt: skip
    total = row.net_pence + row.vat_pence
    if order is SortedBy.SUM:
        return [-total, *names]
    return [-func.abs(row.change_pence), *names] if order is SortedBy.CHANGE else names


def _all(pence: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """What the column adds up to over all rows that are wanted, wherever the page ends."""
    return sa.cast(func.sum(pence).over(), sa.BigInteger)
