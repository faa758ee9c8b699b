"""Which payments, and which rows of payments, are held just now. Drafts of both exist; no run takes them.

A payment is held by an officer, by the provider's rejection, or while it is unconfirmed where its contract
says so; a row is held by an officer, or by a query where the contract holds queried rows.
"""

import sqlalchemy as sa
from sqlalchemy import select

from models.answerable import Confirmation
from models.base import session
from models.contract import ConfirmationPolicy, Contract, IfUnconfirmed
from models.hold import Hold
from models.payment import ScheduledPayment


def is_not_held() -> sa.ColumnElement[bool]:
    """A condition on ScheduledPayment: nothing holds the whole of it."""
    payment = ScheduledPayment
    by_officer = (
        select(Hold.id)
        .where(
            Hold.payment_id == payment.id,
            Hold.purchase_order_id.is_(None),
            Hold.released_at.is_(None),
            Hold.is_paid.is_(False),
        )
        .correlate(payment)
        .exists()
    )
    waits_for_confirmation = sa.and_(
        payment.confirmation == Confirmation.UNCONFIRMED,
        payment.waive_reason.is_(None),
        select(Contract.id)
        .where(
            Contract.id == payment.contract_id,
            Contract.confirmation == ConfirmationPolicy.REQUIRED,
            Contract.if_unconfirmed == IfUnconfirmed.HOLD,
        )
        .correlate(payment)
        .exists(),
    )
    return sa.and_(payment.confirmation != Confirmation.REJECTED, ~by_officer, ~waits_for_confirmation)


def held_orders(payment_ids: list[int]) -> set[tuple[int, int]]:
    """The held rows of these payments: (payment id, purchase order id)."""
    return {
        (row.payment_id, row.purchase_order_id)
        for row in session.execute(
            select(Hold.payment_id, Hold.purchase_order_id).where(
                Hold.payment_id.in_(payment_ids),
                Hold.purchase_order_id.is_not(None),
                Hold.released_at.is_(None),
                Hold.is_paid.is_(False),
            )
        )
    }
