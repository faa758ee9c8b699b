"""The rows of a payment in SQL: what each purchase order has in it and in the payment before, compared by client."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select

from models.base import sum_of
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.payment_list import LIMIT, OFFSET
from models.payments.purchase_order import PurchaseOrder
from models.records.client import Client
from models.words import Choice

LATER = 10_000
"""More than any year."""
PAYMENT_ID = sa.bindparam("payment_id", type_=sa.Integer())
Order = Callable[[Any], list[sa.ColumnElement[Any]]]
"""What rows are sorted by, of the columns of a row; Client is joined."""
CLIENT = "reference", "surname", "first_name"
SUMS = "net_pence", "vat_pence", "change_pence"


class Change(Choice):
    """How what is paid for a client differs from the payment before."""

    NEW = "new"
    MORE = "more"
    LESS = "less"
    GONE = "gone"
    """In the payment before, and not in this one: a row without money here."""
    SAME = "same"


def compared() -> sa.Select:
    """Every row of the payment, and one for each client that only the payment before has: `change`, `change_pence`."""
    of = _by_order()
    theirs = _by_client(of).subquery("theirs")
    row, their = of.c, theirs.c
    is_gone = sa.and_(their.lines == 0, _place(row) == their.place, their.now_pence != their.then_pence)
    return (
        select(*_told(row, their))
        .select_from(of)
        .join(theirs, their.whose == row.whose)
        .where(sa.or_(row.lines > 0, is_gone))
    )  # fmt: skip


def some(order: Order) -> sa.Select:
    """Some rows of the payment in that order, with what all of them come to. Which stand on the page is found before
    they are compared: of thousands of rows a page shows fifty. Parameters: `payment_id`, `offset` and `limit`.
    """
    of, client = _by_order(), Client
    places = [column.label(f"place_{at}") for at, column in enumerate(order(of.c))]
    page = (
        select(*of.c, *(getattr(client, name) for name in CLIENT), *places)
        .select_from(of)
        .outerjoin(client, client.id == of.c.client_id)
        .where(of.c.lines > 0)
        .order_by(*places)
        .offset(OFFSET)
        .limit(LIMIT)
        .cte("page")
        .prefix_with("MATERIALIZED")
    )
    theirs = _by_client(of).where(of.c.whose.in_(select(page.c.whose))).subquery("theirs")
    all_ = _all_rows(of).subquery("all_rows_of_it")
    return (
        select(*_told(page.c, theirs.c), *(page.c[name] for name in CLIENT), *all_.c)
        .select_from(page)
        .join(theirs, theirs.c.whose == page.c.whose)
        .join(all_, sa.true())
        .order_by(*(page.c[place.name] for place in places))
    )


def _all_rows(of: sa.CTE) -> sa.Select:
    """How many rows the payment has, and what they come to: what the payment before paid to clients who are not in this
    one is no part of their change.
    """
    row, here = of.c, select(of.c.whose).where(of.c.lines > 0)
    then = sa.case((sa.and_(row.lines == 0, row.whose.not_in(here)), 0), else_=row.before_pence)
    change = sa.case((_has_before(), row.net_pence + row.vat_pence - then), else_=0)
    count = func.sum(sa.case((row.lines > 0, 1), else_=0))
    sums = zip(SUMS, (row.net_pence, row.vat_pence, change), strict=True)
    return select(
        sa.cast(count, sa.BigInteger).label("all_rows"), *(sum_of(pence).label(f"all_{name}") for name, pence in sums)
    )


def _told(row: Any, their: Any) -> list[sa.Label[Any]]:
    """What is said of a row, one of `_by_order`, beside what its client comes to, one of `_by_client`."""
    difference, is_compared = their.now_pence - their.then_pence, _has_before()
    change = sa.case(
        (sa.or_(~is_compared, difference == 0), Change.SAME.value),
        (their.lines == 0, Change.GONE.value),
        (their.lines_before == 0, Change.NEW.value),
        (difference > 0, Change.MORE.value),
        else_=Change.LESS.value,
    )
    before = sa.orm.aliased(ScheduledPayment)
    first_on, last_on = (
        select(day).where(before.id == _id_before()).scalar_subquery() for day in (before.first_on, before.last_on)
    )
    is_first = _place(row) == their.place
    return [
        row.order_id.label("order_id"), row.client_id.label("client_id"), row.financial_year.label("financial_year"),
        row.net_pence.label("net_pence"), row.vat_pence.label("vat_pence"), is_compared.label("is_compared"),
        sa.case((sa.and_(is_compared, is_first), difference), else_=0).label("change_pence"),
        change.label("change"), first_on.label("before_first_on"), last_on.label("before_last_on"),
    ]  # fmt: skip


def _id_before() -> sa.ScalarSelect[int]:
    """The id of the payment of the same contract just before that of the parameters."""
    this = sa.orm.aliased(ScheduledPayment)
    return select(this.id_before).where(this.id == PAYMENT_ID).scalar_subquery()


def _place(row: Any) -> sa.ColumnElement[int]:
    """The greatest of a client's is that of their newest order with money in this payment, or else in the one before.
    No client has two orders of one year.
    """
    place: sa.ColumnElement[int] = row.financial_year + sa.case((row.lines > 0, LATER), else_=0)
    return place


def _by_client(of: sa.CTE) -> sa.Select:
    """What all orders of a client come to; of one-off claims likewise."""
    return select(
        of.c.whose,
        func.sum(of.c.lines).label("lines"), func.sum(of.c.lines_before).label("lines_before"),
        sum_of(of.c.net_pence + of.c.vat_pence).label("now_pence"), sum_of(of.c.before_pence).label("then_pence"),
        func.max(_place(of.c)).label("place"),
    ).group_by(of.c.whose)  # fmt: skip


def _has_before() -> sa.ColumnElement[bool]:
    """The payment before has money of its own."""
    line = sa.orm.aliased(PaymentLine)
    return select(line.id).where(line.payment_id == _id_before(), line.is_own).exists()


def _by_order() -> sa.CTE:
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
    query = select(
        order.id.label("order_id"), order.client_id, order.financial_year,
        func.coalesce(order.client_id, 0).label("whose"),
        found.net_pence, found.vat_pence, found.before_pence, found.lines, found.lines_before,
    ).select_from(sums).outerjoin(order, order.id == found.purchase_order_id)  # fmt: skip
    return query.cte("of").prefix_with("MATERIALIZED")
