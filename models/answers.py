"""What follows from a provider's answer to a payment: queried rows are held or not, and the drafts follow."""

from collections.abc import Mapping

from sqlalchemy import select, update

from models.audit import record
from models.base import DomainError, reload, session, utc_now
from models.calculation import calculate
from models.calendar import today
from models.contract import ConfirmationPolicy, Contract, IfQueried, IfUnconfirmed
from models.hold import Hold, HoldKind
from models.payment import Confirmation, PaymentLine, ScheduledPayment
from models.user import User

_UNSYNCED = {"synchronize_session": False}


def confirm(
    payment: ScheduledPayment,
    *,
    by: User,
    total_pence: int,
    comment: str = "",
    queries: Mapping[int, str] | None = None,
) -> None:
    """Confirm the payment but for the queried rows: purchase order ids, with what is wrong with each.

    The contract says whether queried rows are paid or held. Holding one may change what is carried forward;
    the answer stands for the total that it leaves.
    """
    payment.confirm(by=by, total_pence=total_pence, comment=comment)
    if not queries:
        calculate([payment.provider_id])
        return
    rows = set(session.scalars(select(PaymentLine.purchase_order_id).where(PaymentLine.payment_id == payment.id)))
    for order_id, text in queries.items():
        if order_id not in rows:
            raise DomainError("One of the rows that you queried is no longer in this payment. Look at it again")
        if not text.strip():
            raise DomainError("Say what is wrong with each row that you query")
        is_paid = payment.contract.if_queried is IfQueried.PAY
        Hold.place(payment, by=by, reason=text, order_id=order_id, kind=HoldKind.QUERY, is_paid=is_paid)
    session.flush()
    calculate([payment.provider_id])
    reload(payment)
    payment.confirmation, payment.answered_pence = Confirmation.CONFIRMED, payment.total_pence
    payment.lapsed_pence = None


def reject(payment: ScheduledPayment, *, by: User, total_pence: int, comment: str) -> None:
    payment.reject(by=by, total_pence=total_pence, comment=comment)
    calculate([payment.provider_id])


def confirm_by_silence() -> int:
    """Confirm what nobody has answered by its cut-off, where the contract takes silence for yes; how many."""
    payment = ScheduledPayment
    says_so = (
        select(Contract.id)
        .where(
            Contract.id == payment.contract_id,
            Contract.confirmation == ConfirmationPolicy.REQUIRED,
            Contract.if_unconfirmed == IfUnconfirmed.CONFIRM,
        )
        .exists()
    )
    confirmed = session.execute(
        update(payment)
        .where(
            payment.confirmation == Confirmation.UNCONFIRMED,
            payment.closed_run_id.is_(None),
            payment.first_on <= today(),
            payment.confirm_by < today(),
            says_so,
        )
        .values(
            confirmation=Confirmation.CONFIRMED,
            answered_pence=payment.net_pence + payment.vat_pence,
            answered_at=utc_now(),
            answered_by_id=None,
            lapsed_pence=None,
        ),
        execution_options=_UNSYNCED,
    ).rowcount
    if confirmed:
        record("payment.confirmed_by_silence", by=None, payments=confirmed)
    return confirmed
