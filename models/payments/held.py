"""Which payments, and which rows of payments, are held just now. Drafts of both exist; no run takes them.

A payment is held by an officer, by the provider's rejection, or while it is unconfirmed where its contract
says so; a row is held by an officer, or by a query where the contract holds queried rows.
"""

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import aliased

from models.base import session
from models.payments.answerable import Confirmation
from models.payments.hold import Hold
from models.payments.payment import ScheduledPayment
from models.records.contract import ConfirmationPolicy, Contract, IfUnconfirmed


def waits_for_answer() -> sa.ColumnElement[bool]:
    """A condition on ScheduledPayment: unanswered, and its contract pays nothing until it is answered."""
    payment, own = ScheduledPayment, aliased(Contract)  # the query may have the contract as well
    holds = select(own.id).where(
        own.id == payment.contract_id,
        own.confirmation == ConfirmationPolicy.REQUIRED,
        own.if_unconfirmed == IfUnconfirmed.HOLD,
    )
    is_unanswered = payment.confirmation == Confirmation.UNCONFIRMED
    return sa.and_(is_unanswered, payment.waive_reason.is_(None), holds.correlate(payment).exists())


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
    return sa.and_(payment.confirmation != Confirmation.REJECTED, ~by_officer, ~waits_for_answer())


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
