"""What an officer does to a payment. Each verb locks the provider's contracts, and calculates the provider again at
once.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from models.accounts.user import User
from models.audit import record
from models.bank_holiday import working_days_after
from models.base import Base, DomainError, move, reload, session, utc_now
from models.calendar import today
from models.money import gbp
from models.payments.adjustment import Adjustment, RecoveryPlan
from models.payments.asking import ask_anew, tell
from models.payments.calculation import calculate, lock
from models.payments.confirmation import NOT_WAIVED, Asked, Confirmation
from models.payments.debt import that_owe
from models.payments.hold import Hold, HoldAnswer, HoldKind, place, still_held
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.windows import LONGEST_WINDOW, WINDOW
from models.records.care_package import CarePackageLineItem
from models.records.client import Client
from models.records.contract import Contract


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


OWES_NOTHING = "This contract owes nothing, and no payment of it takes anything back"
Refused = dict[int, str]
"""Of payments of which several were to be held or released: why that one was not, by its id."""


def hold_each(payment_ids: list[int], *, by: User, reason: str) -> Refused:
    """Hold the whole of each of these payments that can be held, with one reason."""
    return _each(payment_ids, lambda payment: place(payment, by=by, reason=reason, kind=HoldKind.OFFICER))


def release_each(payment_ids: list[int], *, by: User, reason: str, seen: Collection[int] | None = None) -> Refused:
    """Release those of these payments that are held as a whole. Held and queried rows stay: each has its own answer.
    `seen`: ids of the holds that the page showed; another one, placed since, stays.
    """

    def release_one(payment: ScheduledPayment) -> None:
        whole = Hold.on(payment).where(Hold.is_of_whole_payment)
        held = session.scalars(whole.limit(1)).one_or_none()
        if held is None:
            raise DomainError("The whole of it is not held. Open it to release a row")
        if seen is not None and held.id not in seen:
            raise DomainError("It was held anew after this page was shown. Open it to read why")
        _let_go(held, by=by, reason=reason)

    return _each(payment_ids, release_one)


def _each(payment_ids: list[int], act: Callable[[ScheduledPayment], object]) -> Refused:
    """Do it to every payment that does not refuse it; lock and calculate their providers once."""
    of_these = ScheduledPayment.id.in_(payment_ids)
    providers = list(session.scalars(select(ScheduledPayment.provider_id).where(of_these).distinct()))
    lock(providers)
    refused: Refused = {}
    query = select(ScheduledPayment).where(of_these).order_by(ScheduledPayment.id)
    query = query.options(joinedload(ScheduledPayment.contract))
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
        _send_back(payment, by=by, comment=comment, answer_by=_insist_on_near(answer_by))
    reload(payment)
    ask_anew([payment.id])


def ask_again_each(payment_ids: list[int], *, by: User, comment: str, answer_by: date | None = None) -> Refused:
    """`ask_again` of those of these payments that can be asked, with one comment. DomainError only where nobody can be
    asked to the end of that day.
    """
    day = _insist_on_near(answer_by)
    refused = _each(payment_ids, lambda payment: _send_back(payment, by=by, comment=comment, answer_by=day))
    ask_anew([id_ for id_ in payment_ids if id_ not in refused])
    return refused


def _insist_on_near(answer_by: date | None) -> date:
    """The day; WINDOW working days from today where there is none. DomainError where nobody is asked until then."""
    day = answer_by or working_days_after(today(), WINDOW)
    if day < today():
        raise DomainError("The last day for an answer is past. Choose today or a later day")
    if day > today() + LONGEST_WINDOW:
        raise DomainError(f"Nobody is asked for longer than {LONGEST_WINDOW.days} days. Choose an earlier day")
    return day


def _send_back(payment: ScheduledPayment, *, by: User, comment: str, answer_by: date) -> None:
    if why := why_not_sent_back(payment):
        raise DomainError(why)
    anew = {
        "confirmation": Confirmation.UNCONFIRMED, "answered_pence": None, "lapsed_pence": None,
        "council_comment": comment, "asked_by": answer_by, "asked_because": Asked.SENT_BACK, "is_extended": False,
        "full_notice_on": answer_by, **NOT_WAIVED,
    }  # fmt: skip
    move(payment, ScheduledPayment.closed_run_id.is_(None), **anew)
    record("payment.sent_back", payment, by=by)


def why_not_sent_back(payment: ScheduledPayment) -> str:
    """Why its provider is not asked anew about this payment; empty where it can be."""
    if not payment.is_open or not payment.contract.asks_for_confirmation:
        return "This payment takes no answer any more"
    if payment.confirmation is not Confirmation.REJECTED and not _is_held_unanswered(payment):
        return f"This payment is {payment.confirmation.value}, not rejected"
    return ""


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
    tell(payment, "A payment is paid as it is", "The council pays this payment as it is, and says why on its page.")


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
    """From now on no payment of the contract takes back more than this. DomainError where a plan is in force, and where
    there is nothing to take back.
    """
    with _recalculated(contract.provider_id):
        _agree(contract.id, contract.provider_id, per_payment_pence=per_payment_pence, reason=reason, by=by)


def agree_plan_each(payment_ids: list[int], *, per_payment_pence: int, reason: str, by: User) -> Refused:
    """`agree_plan` for the contract of each of these payments, once for each contract. DomainError only where the
    instalment is £0.00 or less.
    """
    _insist_on_instalment(per_payment_pence)
    done: set[int] = set()

    def agree_one(payment: ScheduledPayment) -> None:
        if payment.contract_id not in done:
            _agree(
                payment.contract_id, payment.provider_id, per_payment_pence=per_payment_pence, reason=reason, by=by
            )  # fmt: skip
            done.add(payment.contract_id)

    return _each(payment_ids, agree_one)


def _insist_on_instalment(pence: int) -> None:
    if pence <= 0:
        raise DomainError("An instalment has to be more than £0.00")


def _agree(contract_id: int, provider_id: int, *, per_payment_pence: int, reason: str, by: User) -> None:
    _insist_on_instalment(per_payment_pence)
    if session.scalar(RecoveryPlan.open(contract_id).with_only_columns(RecoveryPlan.id)):
        raise DomainError("This contract has an instalment plan already. End it before you agree another")
    if not that_owe([contract_id]):
        raise DomainError(f"{OWES_NOTHING}. Agree instalments when there is something to take back")
    plan = RecoveryPlan(
        provider_id=provider_id, contract_id=contract_id, per_payment_pence=per_payment_pence, reason=reason,
        created_by_id=by.id,
    )  # fmt: skip
    session.add(plan)
    record("recovery_plan.agreed", plan, by=by, per_payment_pence=per_payment_pence)


def end_plan(plan: RecoveryPlan, *, by: User) -> None:
    """From now on a payment recovers as much as it can. DomainError where the plan has ended already."""
    with _recalculated(plan.provider_id):
        if not move(plan, RecoveryPlan.ended_at.is_(None), ended_at=utc_now()):
            raise DomainError("This instalment plan has ended already")
        record("recovery_plan.ended", plan, by=by)
