"""What a run's payments pay for each client, beside what the payments before them paid for the same client.

Like is compared with like: a row that is held, or that an earlier run has paid, stands on neither side.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import aliased

from models.base import session
from models.payments.hold import Hold
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.payments.run import RunPayment
from models.payments.worklist import before, is_before

P = ScheduledPayment
_GAP_PENCE = 2
"""How far two rows may be from proportional to their days, by rounding alone, in pence a day of the longer."""


@dataclass(frozen=True)
class Compared:
    """One client's row (None: one-off claims) of a payment and of the payment before. Pence, VAT included."""

    payment_id: int
    provider_id: int
    client_id: int | None
    taken_pence: int
    """What the run takes of it."""
    now_pence: int
    """All of it, with what earlier runs have paid of this payment, and with what is held."""
    was_pence: int
    is_taken: bool
    is_here: bool
    """This payment has such a row, taken or not."""
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
        """The payment before had such a row, and this one has none; an earlier run of it would have said so."""
        return self.was_here and not self.is_here and not self.is_begun

    @property
    def is_new(self) -> bool:
        return self.is_taken and not self.was_here and self.taken_pence != 0

    @property
    def has_changed(self) -> bool:
        """Both payments have the row, and it pays more or less for other reasons than more or fewer days."""
        is_on_both = self.is_taken and self.was_here
        return is_on_both and self.now_pence != self.was_pence and not self.is_for_other_days

    @property
    def is_for_other_days(self) -> bool:
        """It differs by no more than the number of days explains: a month is a day shorter."""
        gap = self.now_pence * self.days_before - self.was_pence * self.days
        return self.days != self.days_before and abs(gap) <= _GAP_PENCE * max(self.days, self.days_before)


def is_taken_by(run_id: int) -> sa.ColumnElement[bool]:
    """A condition on PaymentLine: the run pays it or, while it is open, will: it is a draft that no hold keeps back."""
    line, hold = PaymentLine, aliased(Hold)
    held = select(hold.id).where(
        hold.payment_id == line.payment_id, hold.purchase_order_id == line.purchase_order_id, hold.is_in_force
    )
    return sa.or_(line.run_id == run_id, sa.and_(line.run_id.is_(None), ~held.exists()))


def compare(run_id: int) -> list[Compared]:
    """Every row of the run's payments and of the payments before them. One query."""
    line, zero, one = PaymentLine, sa.literal(0), sa.literal(1)
    total, order, earlier = line.total_pence, PurchaseOrder, before()
    is_taken = is_taken_by(run_id)
    now = (
        select(
            P.id.label("payment_id"), order.client_id, total.label("now"),
            sa.case((is_taken, total), else_=0).label("taken"), zero.label("was"),
            sa.case((is_taken, 1), else_=0).label("is_taken"), one.label("is_here"), zero.label("was_here"),
        )
        .join(RunPayment, RunPayment.payment_id == P.id)
        .join(line, line.payment_id == P.id)
        .join(order, order.id == line.purchase_order_id)
        .where(RunPayment.run_id == run_id)
    )  # fmt: skip
    was = (
        select(
            P.id.label("payment_id"), order.client_id, zero.label("now"), zero.label("taken"), total.label("was"),
            zero.label("is_taken"), zero.label("is_here"), one.label("was_here"),
        )
        .join(RunPayment, RunPayment.payment_id == P.id)
        .join(earlier, is_before(earlier))
        .join(line, line.payment_id == earlier.id)
        .join(order, order.id == line.purchase_order_id)
        .where(RunPayment.run_id == run_id)
    )  # fmt: skip
    both = sa.union_all(now, was).subquery()
    sums = (
        select(
            both.c.payment_id, both.c.client_id,
            *(sa.cast(sa.func.sum(both.c[name]), sa.BigInteger).label(name) for name in ("taken", "now", "was")),
            *(sa.func.max(both.c[name]).label(name) for name in ("is_taken", "is_here", "was_here")),
        )
        .group_by(both.c.payment_id, both.c.client_id)
        .subquery()
    )  # fmt: skip
    rows = session.execute(
        select(
            P.id, P.provider_id, P.first_on, P.last_on, P.is_begun, earlier.first_on.label("first_before"),
            earlier.last_on.label("last_before"), *(column for column in sums.c if column.name != "payment_id"),
        )
        .join(sums, sums.c.payment_id == P.id)
        .outerjoin(earlier, is_before(earlier))
        .order_by(P.id, sums.c.client_id)
    )  # fmt: skip
    return [
        Compared(
            row.id, row.provider_id, row.client_id, row.taken, row.now, row.was, bool(row.is_taken), bool(row.is_here),
            bool(row.was_here), row.is_begun, (row.last_on - row.first_on).days + 1,
            (row.last_before - row.first_before).days + 1 if row.first_before else 0,
        )
        for row in rows
    ]  # fmt: skip


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
