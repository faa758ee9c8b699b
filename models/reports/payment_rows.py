"""The rows of a payment as plain data, one for each purchase order, and how each differs from the payment before.

The comparison is by client, since a client's order changes with the financial year. Where a client has rows of two
orders in one payment, all of them are of one kind, and the row of the newer order carries the difference.

All of it is one GROUP BY: a page fetches the rows that it shows, and what all the wanted ones come to. Payments that
have not begun have no lines yet: see models.reports.planned.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select

from models.base import session, sum_of
from models.calendar import Span
from models.folding import found_by
from models.payments.hold import Hold, is_told_of
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.records.client import Client, masked_name
from models.statements import built_once
from models.words import Choice, is_found

CLAIMS = "One-Off Claims"
EVERY = 1_000_000_000
"""More rows than any payment has."""
LATER = 10_000
"""More than any year."""
PAYMENT_ID = sa.bindparam("payment_id", type_=sa.Integer())


class Change(Choice):
    """How what is paid for a client differs from the payment before."""

    NEW = "new"
    MORE = "more"
    LESS = "less"
    GONE = "gone"
    """In the payment before, and not in this one: a row without money here."""
    SAME = "same"


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
    each = _compared().subquery("each")
    return select(each.c.change, func.count(), sum_of(each.c.change_pence)).group_by(each.c.change)


@built_once
def _every(show: Show, order: SortedBy, with_gone: bool) -> sa.Select:
    return _wanted(Wanted(show=show, order=order, with_gone=with_gone))


def _wanted(wanted: Wanted) -> sa.Select:
    """The query of `rows_on_record`. Parameters: `payment_id`, `offset` and `limit`."""
    each, client = _compared().subquery("each"), Client
    return (
        select(
            each, client.reference, client.surname, client.first_name,
            func.count().over().label("all_rows"),
            *(_all(each.c[name]).label(f"all_{name}") for name in ("net_pence", "vat_pence", "change_pence")),
        )
        .outerjoin(client, client.id == each.c.client_id)
        .where(*_conditions(each, wanted))
        .order_by(*_order(each, wanted.order))
        .offset(sa.bindparam("offset", type_=sa.Integer()))
        .limit(sa.bindparam("limit", type_=sa.Integer()))
    )  # fmt: skip


def _id_before() -> sa.ScalarSelect[int]:
    """The id of the payment of the same contract just before that of the parameters."""
    this = sa.orm.aliased(ScheduledPayment)
    return select(this.id_before).where(this.id == PAYMENT_ID).scalar_subquery()


def _compared() -> sa.Select:
    """Every row of the payment, and one for each client that only the payment before has: `change`, `change_pence`."""
    of = _by_order().cte("of").prefix_with("MATERIALIZED")
    theirs = _by_client(of).subquery("theirs")
    row, their = of.c, theirs.c
    difference, is_compared = their.now_pence - their.then_pence, _has_before()
    is_here, is_first = their.lines > 0, _place(of) == their.place
    change = sa.case(
        (sa.or_(~is_compared, difference == 0), Change.SAME.value),
        (~is_here, Change.GONE.value),
        (their.lines_before == 0, Change.NEW.value),
        (difference > 0, Change.MORE.value),
        else_=Change.LESS.value,
    )
    before = sa.orm.aliased(ScheduledPayment)
    first_on, last_on = (
        select(day).where(before.id == _id_before()).scalar_subquery() for day in (before.first_on, before.last_on)
    )
    return (
        select(
            row.order_id, row.client_id, row.financial_year, row.net_pence, row.vat_pence,
            is_compared.label("is_compared"),
            sa.case((sa.and_(is_compared, is_first), difference), else_=0).label("change_pence"),
            change.label("change"), first_on.label("before_first_on"), last_on.label("before_last_on"),
        )
        .select_from(of)
        .join(theirs, their.whose == row.whose)
        .where(sa.or_(row.lines > 0, sa.and_(~is_here, is_first, difference != 0)))
    )  # fmt: skip


def _place(of: sa.CTE) -> sa.ColumnElement[int]:
    """The greatest of a client's is that of their newest order with money in this payment, or else in the one before.
    No client has two orders of one year.
    """
    return of.c.financial_year + sa.case((of.c.lines > 0, LATER), else_=0)


def _by_client(of: sa.CTE) -> sa.Select:
    """What all orders of a client come to; of one-off claims likewise."""
    return select(
        of.c.whose,
        func.sum(of.c.lines).label("lines"), func.sum(of.c.lines_before).label("lines_before"),
        sum_of(of.c.net_pence + of.c.vat_pence).label("now_pence"), sum_of(of.c.before_pence).label("then_pence"),
        func.max(_place(of)).label("place"),
    ).group_by(of.c.whose)  # fmt: skip


def _has_before() -> sa.ColumnElement[bool]:
    """The payment before has money of its own."""
    line = sa.orm.aliased(PaymentLine)
    return select(line.id).where(line.payment_id == _id_before(), line.is_own).exists()


def _by_order() -> sa.Select:
    """What each purchase order has in this payment and in the one before."""
    line = PaymentLine
    is_now = line.payment_id == PAYMENT_ID

    def of(pence: sa.SQLColumnExpression[int], when: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sum_of(sa.case((when, pence), else_=0))

    sums = (
        select(
            line.purchase_order_id,
            of(line.net_pence, is_now).label("net_pence"), of(line.vat_pence, is_now).label("vat_pence"),
            of(line.total_pence, ~is_now).label("before_pence"),
            func.sum(sa.case((is_now, 1), else_=0)).label("lines"),
            func.sum(sa.case((is_now, 0), else_=1)).label("lines_before"),
        )
        .where(line.payment_id.in_([PAYMENT_ID, _id_before()]), line.is_own)
        .group_by(line.purchase_order_id)
        .subquery("sums")
    )  # fmt: skip
    order, found = PurchaseOrder, sums.c
    return select(
        order.id.label("order_id"), order.client_id, order.financial_year,
        func.coalesce(order.client_id, 0).label("whose"),
        found.net_pence, found.vat_pence, found.before_pence, found.lines, found.lines_before,
    ).select_from(sums).outerjoin(order, order.id == found.purchase_order_id)  # fmt: skip


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


def _order(each: sa.Subquery, order: SortedBy) -> list[sa.ColumnElement[Any]]:
    names: list[sa.ColumnElement[Any]] = [
        each.c.client_id.is_not(None),
        *(func.coalesce(name, "") for name in Client.shown_order()),
        each.c.financial_year.desc(), each.c.order_id,
    ]  # fmt: skip
    total = each.c.net_pence + each.c.vat_pence
    if order is SortedBy.SUM:
        return [total.desc(), *names]
    return [func.abs(each.c.change_pence).desc(), *names] if order is SortedBy.CHANGE else names


def _all(pence: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """What the column adds up to over all rows that are wanted, wherever the page ends."""
    return sa.cast(func.sum(pence).over(), sa.BigInteger)
