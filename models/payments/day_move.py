"""What the council has moved of the days of single payments. The calendar's own days stay as they are."""

from collections.abc import Iterator
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, session, utc_now
from models.calendar import PeriodDates
from models.payments.payment import ScheduledPayment
from models.records.schedule import MovedPeriod
from models.tenancy import ProviderOwned, link, owned

BANK = "In the bank"
LABELS = ("Last day to confirm or reject", "Last day for changes", BANK)


class DayMove(ProviderOwned, Base):
    """One act: the days of a payment before and after it, and why. The provider reads it.

    They are the days that every page says: until when it can be answered, and when the money comes then.
    """

    __tablename__ = "day_move"
    __table_args__ = owned(link("payment_id", "scheduled_payment", ondelete="CASCADE"))

    id: Mapped[Key]
    payment_id: Mapped[int] = mapped_column(index=True)
    old_confirm_by: Mapped[date]
    old_finalise_on: Mapped[date]
    old_bank_on: Mapped[date]
    new_confirm_by: Mapped[date]
    new_finalise_on: Mapped[date]
    new_bank_on: Mapped[date]
    is_paid_now: Mapped[bool] = mapped_column(default=False)
    """An officer has made it due on that day."""
    reason: Mapped[str]
    moved_at: Mapped[datetime] = mapped_column(default=utc_now)
    moved_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))

    @property
    def changes(self) -> Iterator[tuple[str, date, date]]:
        """What was moved: the words for the day, the day before, and the day now."""
        before = self.old_confirm_by, self.old_finalise_on, self.old_bank_on
        after = self.new_confirm_by, self.new_finalise_on, self.new_bank_on
        return (each for each in zip(LABELS, before, after, strict=True) if each[1] != each[2])

    @classmethod
    def of(cls, payment: ScheduledPayment) -> Select["DayMove"]:
        """What was moved of this payment, the latest first."""
        return select(cls).where(cls.payment_id == payment.id).order_by(cls.id.desc())


def moved_days_of(contract_id: int) -> dict[date, MovedPeriod]:
    """The days of this contract's payments of which the council has moved some, by their first day."""
    payment = ScheduledPayment
    moved = payment.moved_confirm_by, payment.moved_finalise_on, payment.moved_bank_on
    query = select(payment.first_on, payment.answer_by, payment.finalise_on, payment.bank_on, payment.asked_by, *moved)
    query = query.where(payment.contract_id == contract_id, sa.or_(*(day.is_not(None) for day in moved)))
    return {
        first_on: MovedPeriod(
            PeriodDates(*days),
            (confirm_by is not None or asked_by is not None, finalise_on is not None,
             bank_on is not None or asked_by is not None),
        )
        for first_on, *days, asked_by, confirm_by, finalise_on, bank_on in session.execute(query)
    }  # fmt: skip
