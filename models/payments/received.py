"""What a provider has found on its own bank statement: of each payment of a run, how much came, and on which day.

Only this is kept of a statement; the file and its other rows are forgotten with the answer.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import delete, insert
from sqlalchemy.orm import Mapped, mapped_column

from models.accounts.user import User
from models.audit import record
from models.base import Base, Key, Pence, rows_changed, session, utc_now
from models.payments.run import RunPayment
from models.records.provider import Provider
from models.tenancy import ProviderOwned, owned


class ReceivedPayment(ProviderOwned, Base):
    """What has come of one payment of one run."""

    __tablename__ = "received_payment"
    __table_args__ = owned(
        sa.UniqueConstraint("payment_id", "run_id"),
        sa.CheckConstraint("pence > 0", name="some_amount"),
        payment_id="scheduled_payment",
    )

    id: Mapped[Key]
    payment_id: Mapped[int]
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("payment_run.id"), index=True)
    pence: Mapped[Pence]
    received_on: Mapped[date]
    marked_at: Mapped[datetime] = mapped_column(default=utc_now)
    marked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))

    @classmethod
    def of_part(cls, part: type[RunPayment] = RunPayment) -> sa.ColumnElement[bool]:
        """The condition on which it is outer joined to what a run has paid of a payment."""
        return sa.and_(cls.payment_id == part.payment_id, cls.run_id == part.run_id)


@dataclass(frozen=True, slots=True)
class Mark:
    """What has come of one payment of one run, in pence, and when."""

    payment_id: int
    run_id: int
    pence: int
    on: date


def mark_received(provider: Provider, marks: Collection[Mark], *, by: User) -> None:
    """Keep what a statement shows of these payments, in the place of what an earlier one showed."""
    if not marks:
        return
    received, ids = ReceivedPayment, [each.payment_id for each in marks]
    same = sa.tuple_(received.payment_id, received.run_id).in_([(each.payment_id, each.run_id) for each in marks])
    rows_changed(delete(received).where(received.payment_id.in_(ids), same), unsynced=True)
    rows = [
        {"provider_id": provider.id, "payment_id": each.payment_id, "run_id": each.run_id, "pence": each.pence,
         "received_on": each.on, "marked_at": utc_now(), "marked_by_id": by.id}
        for each in marks
    ]  # fmt: skip
    session.execute(insert(received), rows)
    record("bank_statement.matched", provider, by=by, payments=len(rows))
