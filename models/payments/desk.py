"""What an officer does to a payment. Its provider is calculated again at once, so that the page shows what follows."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from models.accounts.user import User
from models.base import Base, DomainError, reload, session
from models.calendar import Span, today
from models.engine.facts import DueSum
from models.engine.periods import Periods, lay_out
from models.engine.reckoning import reckon
from models.payments.adjustment import Adjustment, RecoveryPlan
from models.payments.calculation import Book, calculate, lock
from models.payments.hold import Hold
from models.payments.loading import load
from models.payments.payment import PaymentLine, ScheduledPayment
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
    with _recalculated(payment.provider_id, payment):
        if order_id is not None and order_id not in _orders_in(payment):
            raise DomainError("That row is no longer in this payment. Look at it again")
        Hold.place(payment, by=by, reason=reason, order_id=order_id)
    reload(payment)


def _orders_in(payment: ScheduledPayment) -> set[int | None]:
    return {
        line.purchase_order_id for line in session.scalars(PaymentLine.of(payment)) if line.payment_id == payment.id
    }


def release(payment: ScheduledPayment, held: Hold, *, by: User, reason: str) -> None:
    with _recalculated(payment.provider_id, payment, held):
        held.release(by=by, reason=reason)
    reload(payment)


def send_back(payment: ScheduledPayment, *, by: User, comment: str) -> None:
    with _recalculated(payment.provider_id, payment):
        payment.send_back(by=by, comment=comment)
    reload(payment)


def waive(payment: ScheduledPayment, *, by: User, reason: str) -> None:
    with _recalculated(payment.provider_id, payment):
        payment.waive(by=by, reason=reason)
    reload(payment)


def adjust(contract: Contract, client: Client, *, amount_pence: int, for_day: date, reason: str, by: User) -> None:
    with _recalculated(contract.provider_id):
        Adjustment.make(contract, client, amount_pence=amount_pence, for_day=for_day, reason=reason, by=by)


def cancel(adjustment: Adjustment, *, by: User) -> None:
    with _recalculated(adjustment.provider_id, adjustment):
        adjustment.cancel(by=by)


def agree_plan(contract: Contract, *, per_payment_pence: int, reason: str, by: User) -> None:
    with _recalculated(contract.provider_id):
        RecoveryPlan.agree(contract, per_payment_pence=per_payment_pence, reason=reason, by=by)


def end_plan(plan: RecoveryPlan, *, by: User) -> None:
    with _recalculated(plan.provider_id, plan):
        plan.end(by=by)


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
