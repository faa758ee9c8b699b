"""What a run's payments pay for each client, beside what the payments before them paid for the same client.

Like is compared with like: a row that is held, or that an earlier run has paid, stands on neither side.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import aliased

from models.base import session
from models.payments.hold import Hold
from models.payments.line_days import belongs_on
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.payments.run import RunPayment
from models.payments.worklist import before, is_before

P = ScheduledPayment
SUMS = ("taken", "now", "was", "own", "own_before", "earlier")
_GAP_PENCE = 2
"""How far two rows may be from proportional to their days, by rounding alone, in pence a day of the longer."""


class Compared(NamedTuple):
    """One client's row (None: one-off claims) of a payment and of the payment before. Pence, VAT included.

    Those that both payments pay alike are one row, of no client: nobody looks at them one by one.
    """

    payment_id: int
    provider_id: int
    client_id: int | None
    taken_pence: int
    """What the run takes of it."""
    now_pence: int
    """All of it, with what earlier runs have paid of this payment, and with what is held."""
    was_pence: int
    own_pence: int
    """What this payment pays for its own days, adjustments left out, ..."""
    own_before_pence: int
    """... and what the one before paid for its own: a correction of earlier days is no change of this row."""
    earlier_pence: int
    """What the run takes of it for days before this payment's, adjustments left out."""
    is_taken: bool
    is_here: bool
    """This payment pays something of it for its own days, taken or not."""
    was_here: bool
    is_begun: bool
    """An earlier run has paid some of this payment."""
    days: int
    days_before: int
    """How many days the two payments are for; 0 where there is none before."""

    @property
    def before_pence(self) -> int:
        """What is to be compared with `taken_pence`: what the row came to before, less what of this payment's row has
        been paid already.
        """
        return self.was_pence - (self.now_pence - self.taken_pence)

    @property
    def has_ended(self) -> bool:
        """The payment before paid it for its own days, and this one, of which no run has paid anything, does not."""
        return self.was_here and not self.is_here and not self.is_begun

    @property
    def is_new(self) -> bool:
        return self.is_taken and not self.was_here and self.own_pence != 0

    @property
    def has_changed(self) -> bool:
        """Both payments have the row, and it pays more or less for other reasons than more or fewer days."""
        is_on_both = self.is_taken and self.is_here and self.was_here
        return is_on_both and self.own_pence != self.own_before_pence and not self.is_for_other_days

    @property
    def is_for_other_days(self) -> bool:
        """It differs by no more than the number of days explains: a month is a day shorter."""
        gap = self.own_pence * self.days_before - self.own_before_pence * self.days
        return self.days != self.days_before and abs(gap) <= _GAP_PENCE * max(self.days, self.days_before)


def is_taken_by(run_id: int) -> sa.ColumnElement[bool]:
    """A condition on PaymentLine: the run pays it or, while it is open, will: it is a draft that no hold keeps back."""
    line, hold = PaymentLine, aliased(Hold)
    held = select(hold.id).where(
        hold.payment_id == line.payment_id, hold.purchase_order_id == line.purchase_order_id, hold.is_in_force
    )
    return sa.or_(line.run_id == run_id, sa.and_(line.run_id.is_(None), ~held.exists()))


def compare(run_id: int) -> list[Compared]:
    """The rows of the run's payments and of the payments before them. One query."""
    line, zero, earlier, part = PaymentLine, sa.literal(0), before(), RunPayment
    total, is_taken, is_care = line.total_pence, is_taken_by(run_id), line.adjustment_id.is_(None)
    own, own_before = (sa.and_(is_care, belongs_on() >= each.first_on) for each in (P, earlier))

    def when(condition: sa.ColumnElement[bool], value: sa.SQLColumnExpression[int]) -> sa.ColumnElement[int]:
        return sa.case((condition, value), else_=zero)

    now = {
        "now": total, "taken": when(is_taken, total), "was": zero, "own": when(own, total), "own_before": zero,
        "earlier": when(sa.and_(is_taken, is_care, ~own), total), "is_taken": when(is_taken, sa.literal(1)),
        "is_here": when(own, sa.literal(1)), "was_here": zero,
    }  # fmt: skip
    was = dict.fromkeys(now, zero) | {
        "was": total, "own_before": when(own_before, total), "was_here": when(own_before, sa.literal(1)),
    }  # fmt: skip
    both = sa.union_all(
        _rows(now).join(part, part.payment_id == P.id).join(line, line.payment_id == P.id)
        .join(PurchaseOrder, PurchaseOrder.id == line.purchase_order_id).where(part.run_id == run_id),
        _rows(was).join(part, part.payment_id == P.id).join(earlier, is_before(earlier))
        .join(line, line.payment_id == earlier.id)
        .join(PurchaseOrder, PurchaseOrder.id == line.purchase_order_id).where(part.run_id == run_id),
    ).subquery()  # fmt: skip
    by_client = _added_up(both, both.c.payment_id, both.c.client_id).subquery()
    c = by_client.c
    is_alike = sa.and_(
        c.is_taken == 1, c.is_here == 1, c.was_here == 1, c.own == c.own_before, c.earlier == 0
    ).label("is_alike")  # fmt: skip
    told = select(
        *(each for each in c if each.key != "client_id"), is_alike, sa.case((~is_alike, c.client_id)).label("client_id")
    )
    rows_ = told.subquery()
    sums = _added_up(rows_, rows_.c.payment_id, rows_.c.client_id, rows_.c.is_alike).subquery()
    rows = session.execute(
        select(
            P.id, P.provider_id, P.first_on, P.last_on, P.is_begun, earlier.first_on.label("first_before"),
            earlier.last_on.label("last_before"),
            *(column for column in sums.c if column.name not in ("payment_id", "is_alike")),
        )
        .join(sums, sums.c.payment_id == P.id)
        .outerjoin(earlier, is_before(earlier))
        .order_by(P.id, sums.c.client_id)
    )  # fmt: skip
    return [
        Compared(
            id_, provider_id, client_id, taken, all_, then, due, due_then, past, bool(is_taken), bool(is_here),
            bool(was_here), is_begun,
            (last - first).days + 1, (last_before - first_before).days + 1 if first_before else 0,
        )
        for id_, provider_id, first, last, is_begun, first_before, last_before, client_id, taken, all_, then, due,
            due_then, past, is_taken, is_here, was_here in rows
    ]  # fmt: skip


def _added_up(rows: sa.Subquery, *by: sa.ColumnElement[Any]) -> sa.Select:
    sums = (sa.cast(sa.func.sum(rows.c[name]), sa.BigInteger).label(name) for name in SUMS)
    marks = (sa.func.max(rows.c[name]).label(name) for name in ("is_taken", "is_here", "was_here"))
    return select(*by, *sums, *marks).group_by(*by)


def _rows(values: Mapping[str, sa.SQLColumnExpression[int]]) -> sa.Select:
    columns: list[sa.SQLColumnExpression[int]] = [value.label(name) for name, value in values.items()]
    return select(P.id.label("payment_id"), PurchaseOrder.client_id, *columns).select_from(P)


def before_by_payment(rows: Iterable[Compared]) -> dict[int, int]:
    """By the id of the payment: what those of its rows that the run takes, or that have ended, came to before. Payments
    with none before are left out.
    """
    found: dict[int, int] = {}
    for row in rows:
        if row.days_before:
            found[row.payment_id] = found.get(row.payment_id, 0) + (
                row.before_pence if row.is_taken or row.has_ended else 0
            )
    return found
