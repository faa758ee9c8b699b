"""What a provider is asked about a payment, and what follows from its answer: queried rows are held or not, and
the drafts follow.
"""

from collections.abc import Mapping
from enum import StrEnum

from sqlalchemy import Select, select, update
from sqlalchemy.orm import contains_eager

from models.accounts.user import User
from models.audit import record
from models.base import DomainError, reload, session, utc_now
from models.calendar import today
from models.payments.answerable import Confirmation, Processing
from models.payments.calculation import calculate, lock
from models.payments.hold import Hold, HoldKind
from models.payments.payment import PaymentLine, ScheduledPayment
from models.records.contract import ConfirmationPolicy, Contract, IfQueried, IfUnconfirmed

_UNSYNCED = {"synchronize_session": False}


class Asking(StrEnum):
    """How it stands between a payment and the provider that is asked to confirm it."""

    NOT_NEEDED = "not needed"
    NOT_YET = "not yet"
    """Its period has not begun."""
    OPEN = "open"
    MISSED = "missed"
    """The time has passed, and nobody has answered."""
    SILENT = "silent"
    """Confirmed by silence."""
    CONFIRMED = "confirmed"
    REJECTED = "rejected"

    @classmethod
    def about(cls, payment: ScheduledPayment) -> "Asking":
        if payment.contract.confirmation is ConfirmationPolicy.NONE:
            return cls.NOT_NEEDED
        if payment.confirmation is Confirmation.REJECTED:
            return cls.REJECTED
        if payment.confirmation is Confirmation.CONFIRMED:
            return cls.SILENT if payment.answered_by_id is None else cls.CONFIRMED
        if payment.processing is Processing.FUTURE:
            return cls.NOT_YET
        return cls.OPEN if payment.can_be_answered else cls.MISSED


def to_confirm() -> Select:
    """Payments that wait for a confirmation which their contract requires, the next cut-off first."""
    payment = ScheduledPayment
    return (
        select(payment)
        .join(payment.contract)
        .options(contains_eager(payment.contract))
        .where(
            Contract.confirmation == ConfirmationPolicy.REQUIRED,
            payment.confirmation == Confirmation.UNCONFIRMED,
            payment.closed_run_id.is_(None),
            payment.first_on <= today(),
            payment.confirm_by >= today(),
        )
        .order_by(payment.confirm_by, Contract.name, payment.id)
    )


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
    the answer stands for the total that it leaves. The same answer of the same person does nothing twice.
    """
    _wait_for_turn(payment)
    queries = dict(queries or {})
    if _has_said(payment, Confirmation.CONFIRMED, by, comment) and queries == _queried(payment, by):
        return
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
    payment.lapsed_pence, payment.is_lapsed_rejection = None, False


def reject(payment: ScheduledPayment, *, by: User, total_pence: int, comment: str) -> None:
    _wait_for_turn(payment)
    if _has_said(payment, Confirmation.REJECTED, by, comment):
        return
    payment.reject(by=by, total_pence=total_pence, comment=comment)
    calculate([payment.provider_id])


def _wait_for_turn(payment: ScheduledPayment) -> None:
    """Of two answers at once the second begins when the first is done, and sees it."""
    lock([payment.provider_id])
    reload(payment)


def _has_said(payment: ScheduledPayment, answer: Confirmation, by: User, comment: str) -> bool:
    return (payment.confirmation, payment.answered_by_id, payment.answer_comment) == (answer, by.id, comment)


def _queried(payment: ScheduledPayment, by: User) -> dict[int | None, str]:
    mine = Hold.on(payment).where(Hold.kind == HoldKind.QUERY, Hold.placed_by_id == by.id)
    return {hold.purchase_order_id: hold.reason for hold in session.scalars(mine)}


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
            is_lapsed_rejection=False,
        ),
        execution_options=_UNSYNCED,
    ).rowcount
    if confirmed:
        record("payment.confirmed_by_silence", by=None, payments=confirmed)
    return confirmed
