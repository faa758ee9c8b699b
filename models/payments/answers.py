"""A provider's answer to a payment: confirm, reject, query rows, or take a rejection back. Each locks the provider's
contracts first, and calculates the provider afterwards.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Select, select, update
from sqlalchemy.orm import contains_eager

from models.accounts.user import User
from models.audit import record
from models.base import DomainError, chunks, move, reload, rows_changed, session, utc_now
from models.calendar import in_words, today
from models.money import gbp
from models.payments.asking import tell
from models.payments.calculation import calculate, lock
from models.payments.confirmation import NOT_WAIVED, Confirmation, Processing
from models.payments.hold import Hold, HoldKind, place
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.to_answer import to_answer
from models.records.contract import Contract

CHUNK = 500
FINALISED = "This payment has been finalised, so it can no longer be confirmed or rejected"


def to_confirm() -> Select[ScheduledPayment]:
    """Payments that wait for a confirmation which their contract requires, the next cut-off first."""
    payment = ScheduledPayment
    return (
        select(payment)
        .join(payment.contract)
        .options(contains_eager(payment.contract))
        .where(payment.is_to_be_confirmed)
        .order_by(payment.answer_by, Contract.folded_name, payment.id)
    )


def confirm(
    payment: ScheduledPayment,
    *,
    by: User,
    total_pence: int,
    confirms_pence: int | None = None,
    comment: str = "",
    queries: Mapping[int, str] | None = None,
) -> None:
    """Say that the payment is right except for the queried rows: purchase order ids, with what is wrong with each.

    `total_pence` is what the person saw, the queried rows included. The contract says whether those are paid or held.
    `confirms_pence` is what the button said, without what is held. The same answer by the same person again does
    nothing. DomainError where no answer is taken, somebody else was first, or either sum has changed.
    """
    _wait_for_turn(payment)
    queries = dict(queries or {})
    if _has_said(payment, Confirmation.CONFIRMED, by, comment) and queries == _queried(payment, by):
        return
    _answer(payment, Confirmation.CONFIRMED, by=by, total_pence=total_pence, comment=comment)
    _query(payment, queries, by=by)
    session.flush()
    _insist_on_what_was_shown(payment, confirms_pence)
    calculate([payment.provider_id])


def reject(payment: ScheduledPayment, *, by: User, total_pence: int, comment: str) -> None:
    """Say that the payment is wrong, and why. It is held until the council sends it back. DomainError as in confirm,
    and without a comment.
    """
    _wait_for_turn(payment)
    if _has_said(payment, Confirmation.REJECTED, by, comment):
        return
    if not comment.strip():
        raise DomainError("Say what is wrong with this payment, so that the council can put it right")
    _answer(payment, Confirmation.REJECTED, by=by, total_pence=total_pence, comment=comment)
    calculate([payment.provider_id])


def take_back(payment: ScheduledPayment, *, by: User, total_pence: int, confirms_pence: int | None = None) -> None:
    """Take the rejection back: the payment is right after all, and is confirmed as it is now. Until it is finalised
    that is never too late. DomainError where it is not rejected, or its total is not `total_pence` any more, or what
    that lets go is not `confirms_pence`.
    """
    _wait_for_turn(payment)
    if payment.confirmation is not Confirmation.REJECTED:
        raise DomainError(f"This payment is {payment.confirmation.value}, so there is no rejection to take back")
    is_done = move(
        payment,
        ScheduledPayment.confirmation == Confirmation.REJECTED,
        ScheduledPayment.total_pence == total_pence,
        ScheduledPayment.closed_run_id.is_(None),
        confirmation=Confirmation.CONFIRMED, answered_pence=total_pence, answered_at=utc_now(), answered_on=today(),
        answered_by_id=by.id,
        answer_comment="", **NOT_WAIVED,
    )  # fmt: skip
    if not is_done:
        raise DomainError(FINALISED if payment.closed_run_id is not None else _has_changed(payment, total_pence))
    _insist_on_what_was_shown(payment, confirms_pence)
    record("payment.rejection_taken_back", payment, by=by, total_pence=total_pence)
    calculate([payment.provider_id])
    reload(payment)
    tell(payment, "A rejection was taken back", f"{by.name} has taken the rejection back and confirmed it.")


def insist_on_being_open(payment: ScheduledPayment) -> None:
    """DomainError where the contract asks for no answer, or the time for one is not now."""
    if not payment.contract.asks_for_confirmation:
        raise DomainError("This payment does not need to be confirmed")
    if payment.closed_run_id is not None:
        raise DomainError(FINALISED)
    if payment.processing is Processing.FUTURE and not payment.takes_answers:
        raise DomainError("This period has not begun, so its payment cannot be confirmed or rejected yet")
    if not payment.is_open_to_answers:
        last = payment.answer_by
        raise DomainError(f"The time to confirm or reject this payment ended on {in_words(last)}")


def insist_on_no_answer(payment: ScheduledPayment, who: User) -> None:
    """DomainError where somebody has answered the payment already; it says whether that was `who`."""
    if payment.confirmation is not Confirmation.UNCONFIRMED:
        raise DomainError(_why_not(payment, payment.total_pence, who))


def confirm_by_silence(payment_ids: Sequence[int]) -> int:
    """Confirm those of these payments that nobody has answered in time and whose contract takes silence for yes, if
    they could be answered for a whole window at the total that they have. Returns how many.
    """
    return sum(_confirm_silent(some) for some in chunks(payment_ids, CHUNK))


def _confirm_silent(payment_ids: Sequence[int]) -> int:
    payment = ScheduledPayment
    confirmed = rows_changed(
        update(payment)
        .where(payment.is_silent, payment.id.in_(payment_ids))
        .values(
            confirmation=Confirmation.CONFIRMED,
            answered_pence=payment.total_pence,
            answered_at=utc_now(),
            answered_on=today(),
            answered_by_id=None,
            lapsed_pence=None,
        ),
        unsynced=True,
    )
    if confirmed:
        record("payment.confirmed_by_silence", by=None, payments=confirmed)
    return confirmed


def _wait_for_turn(payment: ScheduledPayment) -> None:
    """Lock, and read the payment again: of two answers at once, the second begins when the first is committed."""
    lock([payment.provider_id])
    reload(payment)


def _has_said(payment: ScheduledPayment, answer: Confirmation, by: User, comment: str) -> bool:
    return (payment.confirmation, payment.answered_by_id, payment.answer_comment) == (answer, by.id, comment)


def _queried(payment: ScheduledPayment, by: User) -> dict[int | None, str]:
    mine = Hold.on(payment).where(Hold.kind == HoldKind.QUERY, Hold.placed_by_id == by.id)
    return {hold.purchase_order_id: hold.reason for hold in session.scalars(mine)}


def _answer(payment: ScheduledPayment, answer: Confirmation, *, by: User, total_pence: int, comment: str) -> None:
    """Answer only a payment that is unconfirmed, not closed and still at `total_pence`, in one UPDATE; else DomainError
    says why. An answer takes the place of the council's "pay as it is": whoever rejects after it is not paid.
    """
    insist_on_being_open(payment)
    is_first = move(
        payment,
        ScheduledPayment.confirmation == Confirmation.UNCONFIRMED,
        ScheduledPayment.total_pence == total_pence,
        ScheduledPayment.closed_run_id.is_(None),
        confirmation=answer, answered_pence=total_pence, answered_at=utc_now(), answered_on=today(),
        answered_by_id=by.id,
        answer_comment=comment, council_comment="", lapsed_pence=None, **NOT_WAIVED,
    )  # fmt: skip
    if not is_first:
        raise DomainError(_why_not(payment, total_pence, by))
    record(f"payment.{answer.value}", payment, by=by, total_pence=total_pence)


def _why_not(payment: ScheduledPayment, total_pence: int, by: User) -> str:
    if payment.confirmation is not Confirmation.UNCONFIRMED and payment.answered_by_id == by.id:
        return f"You have {payment.confirmation.value} this payment already"
    if payment.confirmation is not Confirmation.UNCONFIRMED:
        return f"Somebody else has {payment.confirmation.value} this payment just before you"
    if payment.closed_run_id is not None:
        return FINALISED
    return _has_changed(payment, total_pence)


def _has_changed(payment: ScheduledPayment, total_pence: int) -> str:
    return (
        f"The payment has changed from {gbp(total_pence)} to {gbp(payment.total_pence)} since you opened this page. "
        "Look at it again before you answer"
    )


def _insist_on_what_was_shown(payment: ScheduledPayment, confirms_pence: int | None) -> None:
    """DomainError where a row was held, or let go, since the page was drawn: its button said another sum."""
    now = to_answer(payment).confirms_pence
    if confirms_pence is not None and confirms_pence != now:
        raise DomainError(
            f"What you confirm has changed from {gbp(confirms_pence)} to {gbp(now)} since you opened this page. "
            "Look at it again before you answer"
        )


def _query(payment: ScheduledPayment, queries: Mapping[int, str], *, by: User) -> None:
    is_paid = not payment.contract.holds_queried
    orders = PaymentLine.orders_in(payment) if queries else set()
    for order_id, text in queries.items():
        if order_id not in orders:
            raise DomainError("One of the rows that you queried is no longer in this payment. Look at it again")
        if not text.strip():
            raise DomainError("Say what is wrong with each row that you query")
        place(payment, by=by, reason=text, order_id=order_id, kind=HoldKind.QUERY, is_paid=is_paid)
