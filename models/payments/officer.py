"""What an officer does to a payment. Each verb locks the provider's contracts, and calculates the provider again at
once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from models.accounts.user import User
from models.audit import record
from models.base import Base, DomainError, move, reload, session, utc_now
from models.calendar import Span, today
from models.engine.facts import DueSum
from models.engine.periods import Periods, lay_out
from models.engine.reckoning import reckon
from models.payments.adjustment import Adjustment, RecoveryPlan
from models.payments.calculation import Book, calculate, lock
from models.payments.confirmation import Confirmation
from models.payments.hold import Hold, HoldKind, place
from models.payments.loading import load
from models.payments.payment import PaymentLine, ScheduledPayment
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


def release(payment: ScheduledPayment, held: Hold, *, by: User, reason: str) -> None:
    """Release what an officer held or a provider queried; DomainError where somebody has released it already."""
    with _recalculated(payment.provider_id, payment):
        let_go = {"released_at": utc_now(), "released_by_id": by.id, "release_reason": reason}
        if not move(held, ~Hold.is_released, **let_go):
            raise DomainError("This has been released already")
        record("hold.released", held, by=by)
    reload(payment)


def send_back(payment: ScheduledPayment, *, by: User, comment: str) -> None:
    """Ask the provider again about a payment that it rejected; `comment` says what the council did. DomainError if it
    is not rejected.
    """
    with _recalculated(payment.provider_id, payment):
        asked_again = {"confirmation": Confirmation.UNCONFIRMED, "answered_pence": None, "council_comment": comment}
        if not move(payment, ScheduledPayment.confirmation == Confirmation.REJECTED, **asked_again):
            raise DomainError(f"This payment is {payment.confirmation.value}, not rejected")
        record("payment.sent_back", payment, by=by)
    reload(payment)


def waive(payment: ScheduledPayment, *, by: User, reason: str) -> None:
    """Let an unconfirmed payment be paid although its contract holds it. DomainError where it waits for no confirmation
    any more.
    """
    with _recalculated(payment.provider_id, payment):
        is_done = move(
            payment,
            ScheduledPayment.waits_for_confirmation,
            ScheduledPayment.closed_run_id.is_(None),
            waive_reason=reason,
        )
        if not is_done:
            raise DomainError("This payment does not wait for a confirmation any more")
        record("payment.confirmation_waived", payment, by=by)
    reload(payment)


def adjust(contract: Contract, client: Client, *, amount_pence: int, for_day: date, reason: str, by: User) -> None:
    """Add pence for one client or, below zero, take them off. DomainError where it is £0.00, or the contract has no
    care package for the client.
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
            amount_pence=amount_pence, reason=reason, created_by_id=by.id,
        )  # fmt: skip
        session.add(adjustment)
        record("adjustment.made", adjustment, by=by, amount_pence=amount_pence)


def cancel_adjustment(adjustment: Adjustment, *, by: User) -> None:
    """The sum counts as £0.00 from now on; what was finalised of it, the current payment takes back. DomainError if it
    was cancelled before.
    """
    with _recalculated(adjustment.provider_id):
        cancelled = {"cancelled_at": utc_now(), "cancelled_by_id": by.id}
        if not move(adjustment, Adjustment.cancelled_at.is_(None), **cancelled):
            raise DomainError("This adjustment has been cancelled already")
        record("adjustment.cancelled", adjustment, by=by, amount_pence=adjustment.amount_pence)


def agree_plan(contract: Contract, *, per_payment_pence: int, reason: str, by: User) -> None:
    """From now on no payment of the contract recovers more than this. DomainError where a plan is in force already."""
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


def foresee(contract: Contract, client_id: int, *, amount_pence: int, for_day: date) -> Foreseen:
    """What would follow from an adjustment. Reads; writes nothing."""
    contracts = load([contract.provider_id])
    facts, book = contracts[contract.id], Book([contract.provider_id], contracts)
    periods = lay_out(facts, book.states[contract.id], today())
    current = next(period.span for period in periods if period.span.first == Periods(periods).current)

    def total() -> int:
        found = reckon(facts, periods, book.settled[contract.id], today(), book.held[contract.id])
        return sum(draft.total_pence for draft in found.drafts if draft.paid_in == current.first)

    now = total()
    facts.adjustments.append((DueSum(0, "", for_day, amount_pence), client_id))
    return Foreseen(current, now, total())
