"""The bank day that a provider was told when days of a payment were moved, and the mail where it became later."""

from collections.abc import Mapping
from datetime import date

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from models.base import session
from models.calendar import in_words
from models.payments.asking import tell
from models.payments.day_move import DayMove
from models.payments.payment import ScheduledPayment

LATER = "A payment comes later than we said"


def tell_of_later_days(banked: Mapping[int, date]) -> None:
    """Of payments that a run has just finalised, by id with their bank day: write to whoever was told an earlier one
    when the council moved its days, or made it due at once.
    """
    newest = select(sa.func.max(DayMove.id)).where(DayMove.payment_id.in_(banked)).group_by(DayMove.payment_id)
    query = select(DayMove.payment_id, DayMove.new_bank_on).where(DayMove.id.in_(newest))
    told = {payment_id: day for payment_id, day in session.execute(query) if day < banked[payment_id]}
    if not told:
        return
    late = select(ScheduledPayment).where(ScheduledPayment.id.in_(told)).options(joinedload(ScheduledPayment.contract))
    for payment in session.scalars(late.order_by(ScheduledPayment.id)):
        now, then = banked[payment.id], told[payment.id]
        tell(payment, LATER, f"It is in the bank on {_in_words(now)}, not on {_in_words(then)}, as we had told you.")


def _in_words(day: date) -> str:
    return f"{day:%A} {in_words(day)}"
