"""What an officer does to a payment. Its provider is calculated again at once, so that the page shows what follows."""

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
    """One act at a time on a provider: the second of two people sees what the first has done."""
    lock([provider_id])
    for row in rows:
        reload(row)
    yield
    session.flush()
    calculate([provider_id])


def hold(payment: ScheduledPayment, *, by: User, reason: str, order_id: int | None = None) -> None:
    """Keep back the payment, or one purchase order's row of it."""
    with _recalculated(payment.provider_id, payment):
        if order_id is not None and order_id not in PaymentLine.orders_in(payment):
            raise DomainError("That row is no longer in this payment. Look at it again")
        place(payment, by=by, reason=reason, order_id=order_id, kind=HoldKind.OFFICER)
    reload(payment)


def release(payment: ScheduledPayment, held: Hold, *, by: User, reason: str) -> None:
    """Let go what an officer held, or a provider queried."""
    with _recalculated(payment.provider_id, payment):
        let_go = {"released_at": utc_now(), "released_by_id": by.id, "release_reason": reason}
        if not move(held, ~Hold.is_released, **let_go):
            raise DomainError("This has been released already")
        record("hold.released", held, by=by)
    reload(payment)


def send_back(payment: ScheduledPayment, *, by: User, comment: str) -> None:
    """The council has looked at a rejection, says what it did about it, and asks the provider again."""
    with _recalculated(payment.provider_id, payment):
        asked_again = {"confirmation": Confirmation.UNCONFIRMED, "answered_pence": None, "council_comment": comment}
        if not move(payment, ScheduledPayment.confirmation == Confirmation.REJECTED, **asked_again):
            raise DomainError(f"This payment is {payment.confirmation.value}, not rejected")
        record("payment.sent_back", payment, by=by)
    reload(payment)


def waive(payment: ScheduledPayment, *, by: User, reason: str) -> None:
    """Let it be paid although nobody has confirmed it, and its contract holds what nobody confirms."""
    with _recalculated(payment.provider_id, payment):
        is_done = move(
            payment,
            ScheduledPayment.confirmation == Confirmation.UNCONFIRMED,
            ScheduledPayment.closed_run_id.is_(None),
            ScheduledPayment.waive_reason.is_(None),
            waive_reason=reason,
        )
        if not is_done:
            raise DomainError("This payment does not wait for a confirmation any more")
        record("payment.confirmation_waived", payment, by=by)
    reload(payment)


def adjust(contract: Contract, client: Client, *, amount_pence: int, for_day: date, reason: str, by: User) -> None:
    """Add or take off a sum for one client; DomainError where it is nothing, or the client is not of the contract."""
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
    """It comes to nothing from now on; what was finalised of it is taken back by the next payment."""
    with _recalculated(adjustment.provider_id):
        cancelled = {"cancelled_at": utc_now(), "cancelled_by_id": by.id}
        if not move(adjustment, Adjustment.cancelled_at.is_(None), **cancelled):
            raise DomainError("This adjustment has been cancelled already")
        record("adjustment.cancelled", adjustment, by=by, amount_pence=adjustment.amount_pence)


def agree_plan(contract: Contract, *, per_payment_pence: int, reason: str, by: User) -> None:
    """From now on no payment of the contract recovers more than this."""
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
    """From now on a payment recovers all that it can."""
    with _recalculated(plan.provider_id):
        if not move(plan, RecoveryPlan.ended_at.is_(None), ended_at=utc_now()):
            raise DomainError("This instalment plan has ended already")
        record("recovery_plan.ended", plan, by=by)


@dataclass(frozen=True)
class Foreseen:
    """The payment that an adjustment would be part of, and what that comes to without and with it."""

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
