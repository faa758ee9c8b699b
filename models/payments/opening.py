"""From when a payment is open, and the indexes by which what is open is found among all that is planned and paid."""

from collections.abc import Iterator
from datetime import date

import sqlalchemy as sa

_CARRIED = sa.column("purchase_order_id").is_(None)
_FOUND_BY = "payment_id", "purchase_order_id", "item_id"
"""Each with the provider, whom a tenant's read names too."""
_MADE = sa.column("adjustment_id").is_not(None)
_OPEN = sa.column("closed_run_id").is_(None)
_CLOSED = sa.column("closed_run_id").is_not(None)
_OPENS_ON: sa.ColumnElement[date] = sa.literal_column(
    "(CASE WHEN (finalise_on < first_on) THEN finalise_on ELSE first_on END)"
)


def opens_on(
    first_on: sa.SQLColumnExpression[date], finalise_on: sa.SQLColumnExpression[date]
) -> sa.ColumnElement[date]:
    """The first day of a payment's period, or the day on which it is finalised where that comes before: as one
    expression, which has an index, since SQLite looks through all payments for one day or another.
    """
    return sa.case((finalise_on < first_on, finalise_on), else_=first_on)


def payment_indexes() -> Iterator[sa.Index]:
    """Of scheduled_payment: those that are not closed, by the day they open on, which is `opens_on` in the words of
    the index, and by the day they are finalised on; and those that are closed, by their period, with what they come to.
    """
    yield sa.Index("ix_scheduled_payment_open", _OPENS_ON, sqlite_where=_OPEN, postgresql_where=_OPEN)
    yield sa.Index("ix_scheduled_payment_open_finalise_on", "finalise_on", sqlite_where=_OPEN, postgresql_where=_OPEN)
    sums = "first_on", "finalise_on", "net_pence", "vat_pence"
    yield sa.Index("ix_scheduled_payment_closed", *sums, sqlite_where=_CLOSED, postgresql_where=_CLOSED)


def line_indexes() -> Iterator[sa.Index]:
    """Of payment_line: a contract's cells, the lines of a payment, an order and an item, what is carried or brought
    forward, and what adjustments have made.
    """
    yield sa.Index("ix_payment_line_cell", "contract_id", "run_id")
    for name in _FOUND_BY:
        yield sa.Index(f"ix_payment_line_{name}", name, "provider_id")
    yield sa.Index("ix_payment_line_carried", "contract_id", sqlite_where=_CARRIED, postgresql_where=_CARRIED)
    yield sa.Index("ix_payment_line_carried_of", "provider_id", sqlite_where=_CARRIED, postgresql_where=_CARRIED)
    yield sa.Index("ix_payment_line_adjustment_id", "adjustment_id", sqlite_where=_MADE, postgresql_where=_MADE)
