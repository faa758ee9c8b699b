"""What an officer does to a payment. Each verb locks the provider's contracts, and calculates the provider again at
once.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from models.accounts.user import User
from models.audit import record
from models.bank_holiday import working_days, working_days_after
from models.base import Base, DomainError, move, reload, session, utc_now
from models.calendar import Span, today
from models.engine.facts import DueSum
from models.engine.periods import Periods, lay_out
from models.engine.reckoning import reckon
from models.money import gbp
from models.payments.adjustment import Adjustment, RecoveryPlan
from models.payments.asking import ask_anew, tell
from models.payments.book import Book
from models.payments.calculation import calculate, lock
from models.payments.confirmation import NOT_WAIVED, Asked, Confirmation
from models.payments.hold import Hold, HoldAnswer, HoldKind, place, still_held
from models.payments.loading import load
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.windows import LONGEST_WINDOW, WINDOW
from models.records.care_package import CarePackageLineItem
from models.records.client import Client
from models.records.contract import Contract

log = logging.getLogger(__name__)


@contextmanager
def _recalculated(provider_id: int, *rows: Base) -> Iterator[None]:
    """Lock, read the rows again, do the act, calculate: the second of two officers sees what the first has done."""
    lock([provider_id])
    for row in rows:
        reload(row)
    yield
    session.flush()
    calculate([provider_id])


def hold(payment: ScheduledPayment, *, by: User, reason: str, order_id: int | None = None) -> None:
    """Hold the payment, or one purchase order's row of it. DomainError as in models.payments.hold.place."""
    with _recalculated(payment.provider_id, payment):
        if order_id is not None and order_id not in PaymentLine.orders_in(payment):
            raise DomainError("That row is no longer in this payment. Look at it again")
        place(payment, by=by, reason=reason, order_id=order_id, kind=HoldKind.OFFICER)
    reload(payment)


def release(payment: ScheduledPayment, held: Hold, *, by: User, reason: str) -> str:
    """Release what an officer held, a provider queried, or a standing hold keeps back, which does not place it again.
    By what it is held all the same, in words; "" where by nothing. DomainError where somebody has released it already.
    """
    with _recalculated(payment.provider_id, payment):
        _let_go(held, by=by, reason=reason)
    reload(payment)
    still = still_held([payment.id], held.purchase_order_id).get(payment.id, "")
    if held.is_query:
        then = "The row is released, and the next run takes it."
        if still:
            then = "But the council still holds it: it is paid once that is settled."
        elif held.is_paid:
            then = "It was paid all the same."
        tell(payment, "Your query is answered", f"The council has answered what you queried of this payment. {then}")
    return still


def _let_go(held: Hold, *, by: User, reason: str) -> None:
    values = {"released_at": utc_now(), "released_by_id": by.id, "release_reason": reason}
    if not move(held, ~Hold.is_released, **values, is_let_go=held.standing_id is not None):
        raise DomainError("This has been released already")
    record("hold.released", held, by=by)


Refused = dict[int, str]
"""Of payments of which several were to be held or released: why that one was not, by its id."""


def hold_each(payment_ids: list[int], *, by: User, reason: str) -> Refused:
    """Hold the whole of each of these payments that can be held, with one reason."""
    return _each(payment_ids, lambda payment: place(payment, by=by, reason=reason, kind=HoldKind.OFFICER))


def release_each(payment_ids: list[int], *, by: User, reason: str) -> Refused:
    """Release those of these payments that are held as a whole. Held and queried rows stay: each has its own answer."""

    def release_one(payment: ScheduledPayment) -> None:
        whole = Hold.on(payment).where(Hold.is_of_whole_payment)
        held = session.scalars(whole.limit(1)).one_or_none()
        if held is None:
            raise DomainError("The whole of it is not held. Open it to release a row")
        _let_go(held, by=by, reason=reason)

    return _each(payment_ids, release_one)


def _each(payment_ids: list[int], act: Callable[[ScheduledPayment], None]) -> Refused:
    """Do it to every payment that does not refuse it; lock and calculate their providers once."""
    of_these = ScheduledPayment.id.in_(payment_ids)
    providers = list(session.scalars(select(ScheduledPayment.provider_id).where(of_these).distinct()))
    lock(providers)
    refused: Refused = {}
    query = select(ScheduledPayment).where(of_these).order_by(ScheduledPayment.id)
    for payment in session.scalars(query.execution_options(populate_existing=True)).all():
        try:
            act(payment)
        except DomainError as why:  # said before anything of this payment is written
            refused[payment.id] = str(why)
    session.flush()
    calculate(providers)
    return refused


def answer(payment: ScheduledPayment, held: Hold, *, by: User, text: str) -> None:
    """Say something to the provider about what it queried, or what an officer holds, without releasing it.
    DomainError where it is released already.
    """
    lock([payment.provider_id])
    reload(held)
    if held.is_released:
        raise DomainError("This has been released already. Look at it again")
    session.add(HoldAnswer(provider_id=held.provider_id, hold_id=held.id, text=text, given_by_id=by.id))
    record("hold.answered", held, by=by)
    about = "what you queried of this payment" if held.is_query else "this payment, which it holds"
    tell(payment, "The council has written to you", f"The council has written to you about {about}.")


def ask_again(payment: ScheduledPayment, *, by: User, comment: str, answer_by: date | None = None) -> None:
    """Ask the provider anew about a payment that it rejected, or did not answer in time; `comment` says what the
    council did. It may answer to the end of `answer_by` (None: for WINDOW working days), and where only what is
    confirmed is paid, nothing of it is paid before. DomainError where there is nothing to ask, or that day is past or
    more than LONGEST_WINDOW away.
    """
    with _recalculated(payment.provider_id, payment):
        answer_by = answer_by or working_days_after(today(), WINDOW)
        if answer_by < today():
            raise DomainError("The last day for an answer is past. Choose today or a later day")
        if answer_by > today() + LONGEST_WINDOW:
            raise DomainError(f"Nobody is asked for longer than {LONGEST_WINDOW.days} days. Choose an earlier day")
        if not payment.is_open or not payment.contract.asks_for_confirmation:
            raise DomainError("This payment takes no answer any more")
        if payment.confirmation is not Confirmation.REJECTED and not _is_held_unanswered(payment):
            raise DomainError(f"This payment is {payment.confirmation.value}, not rejected")
        anew = {
            "confirmation": Confirmation.UNCONFIRMED, "answered_pence": None, "lapsed_pence": None,
            "council_comment": comment, "asked_by": answer_by, "asked_because": Asked.SENT_BACK, "is_extended": False,
            "full_notice_on": answer_by, **NOT_WAIVED,
        }  # fmt: skip
        move(payment, ScheduledPayment.closed_run_id.is_(None), **anew)
        record("payment.sent_back", payment, by=by)
    reload(payment)
    ask_anew([payment.id])


def _is_held_unanswered(payment: ScheduledPayment) -> bool:
    return payment.is_missed and payment.contract.pays_only_confirmed


def pay_as_it_is(payment: ScheduledPayment, *, by: User, reason: str, total_pence: int) -> None:
    """Let a payment be paid although its provider has rejected it, or has not confirmed it. It counts for this total
    only. DomainError where nothing keeps it back any more, or the total has become another.
    """
    with _recalculated(payment.provider_id, payment):
        if not payment.is_open or not (payment.is_rejected or payment.waits_for_confirmation):
            raise DomainError("This payment waits for no answer now, so there is nothing to let through")
        is_done = move(
            payment,
            ScheduledPayment.total_pence == total_pence,
            ScheduledPayment.closed_run_id.is_(None),
            waive_reason=reason,
            waived_pence=total_pence,
            waived_on=today(),
        )
        if not is_done:
            raise DomainError(
                f"The payment has changed from {gbp(total_pence)} to {gbp(payment.total_pence)} since you opened this "
                "page, or it is finalised. Look at it again"
            )
        record("payment.paid_as_it_is", payment, by=by, total_pence=total_pence)
    reload(payment)
    tell(payment, "A payment is paid as it is", f"The council pays this payment as it is. Its reason: {reason}")


def keep_back_again(payment: ScheduledPayment, *, by: User) -> None:
    """Undo `pay_as_it_is`, while the payment is not finalised. DomainError where there is nothing to undo."""
    with _recalculated(payment.provider_id, payment):
        is_on = ScheduledPayment.waived_pence.is_not(None), ScheduledPayment.closed_run_id.is_(None)
        if not move(payment, *is_on, **NOT_WAIVED):
            raise DomainError("This payment is not paid as it is any more, or it is finalised")
        record("payment.kept_back_again", payment, by=by)
    reload(payment)


def adjust(
    contract: Contract,
    client: Client,
    *,
    amount_pence: int,
    for_day: date,
    reason: str,
    by: User,
    is_of_earlier_days: bool = False,
) -> None:
    """Add pence for one client or, below zero, take them off: at once, or where it `is_of_earlier_days`, within the
    instalment plan. DomainError where it is £0.00, or the contract has no care package for the client.
    """
    with _recalculated(contract.provider_id):
        if not amount_pence:
            raise DomainError("An adjustment of £0.00 changes nothing. Enter an amount")
        bought = select(CarePackageLineItem.id).where(
            CarePackageLineItem.contract_id == contract.id, CarePackageLineItem.client_id == client.id
        )
        if session.scalar(bought.limit(1)) is None:
            raise DomainError("This contract has no care package for that client. Choose another client")
        adjustment = Adjustment(
            provider_id=contract.provider_id, contract_id=contract.id, client_id=client.id, for_day=for_day,
            amount_pence=amount_pence, is_of_earlier_days=is_of_earlier_days and amount_pence < 0, reason=reason,
            created_by_id=by.id,
        )  # fmt: skip
        session.add(adjustment)
        record("adjustment.made", adjustment, by=by, amount_pence=amount_pence)


def cancel_adjustment(adjustment: Adjustment, *, by: User) -> None:
    """The sum counts as £0.00 from now on; what was finalised of it, the current payment takes back. DomainError if it
    was cancelled before.
    """
    with _recalculated(adjustment.provider_id):
        cancelled = {"cancelled_at": utc_now(), "cancelled_by_id": by.id, "seen_at": None, "seen_by_id": None}
        if not move(adjustment, Adjustment.cancelled_at.is_(None), **cancelled):
            raise DomainError("This adjustment has been cancelled already")
        record("adjustment.cancelled", adjustment, by=by, amount_pence=adjustment.amount_pence)


def agree_plan(contract: Contract, *, per_payment_pence: int, reason: str, by: User) -> None:
    """From now on no payment of the contract takes back more than this. DomainError where a plan is in force."""
    with _recalculated(contract.provider_id):
        if per_payment_pence <= 0:
            raise DomainError("An instalment has to be more than £0.00")
        if session.scalar(RecoveryPlan.open(contract.id).with_only_columns(RecoveryPlan.id)):
            raise DomainError("This contract has an instalment plan already. End it before you agree another")
        plan = RecoveryPlan(
            provider_id=contract.provider_id, contract_id=contract.id, per_payment_pence=per_payment_pence,
            reason=reason, created_by_id=by.id,
        )  # fmt: skip
        session.add(plan)
        record("recovery_plan.agreed", plan, by=by, per_payment_pence=per_payment_pence)


def end_plan(plan: RecoveryPlan, *, by: User) -> None:
    """From now on a payment recovers as much as it can. DomainError where the plan has ended already."""
    with _recalculated(plan.provider_id):
        if not move(plan, RecoveryPlan.ended_at.is_(None), ended_at=utc_now()):
            raise DomainError("This instalment plan has ended already")
        record("recovery_plan.ended", plan, by=by)


@dataclass(frozen=True)
class Foreseen:
    """The days of the payment that an adjustment would be part of; its total pence without and with the adjustment."""

    span: Span
    now_pence: int
    then_pence: int

    def __str__(self) -> str:
        return f"{self.span.first} {self.now_pence} {self.then_pence}"


def foresee(
    contract: Contract, client_id: int, *, amount_pence: int, for_day: date, is_to_be_made: bool = False
) -> Foreseen | None:
    """What would follow from an adjustment; None where the contract cannot be calculated. Writes nothing. With
    `is_to_be_made` it locks the provider's contracts, so that it still holds when `adjust` is called in the same
    request.
    """
    if is_to_be_made:
        lock([contract.provider_id])
    try:
        return _foreseen(contract, client_id, amount_pence, for_day)
    except Exception:
        log.exception("contract %s cannot be calculated", contract.id)
        return None


def _foreseen(contract: Contract, client_id: int, amount_pence: int, for_day: date) -> Foreseen:
    contracts = load([contract.provider_id])
    facts, book = contracts[contract.id], Book([contract.provider_id], contracts)
    periods = lay_out(facts, book.states[contract.id], today(), working_days())
    first = Periods(periods, today()).current
    current = next(period.span for period in periods if period.span.first == first)

    def total() -> int:
        found = reckon(facts, periods, book.settled[contract.id], today(), book.placed[contract.id])
        return sum(draft.total_pence for draft in found.drafts if draft.paid_in == current.first)

    now = total()
    facts.adjustments.append((DueSum(0, "", for_day, amount_pence), client_id))
    return Foreseen(current, now, total())
