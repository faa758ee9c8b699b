"""What a run leaves to be done when it has finalised lines: its orders have spent more; and where a payment that it
took held more than lines, its provider is calculated again.

An order's value, its drafts and every payment's total stay as they are when lines are finalised, since each draft goes
over to what was paid before (models/engine/comparing.py). So most providers need no calculation:
tests/models/payments/test_spent.py compares what is on record then with what a calculation would write.
"""

import sqlalchemy as sa
from sqlalchemy import Select, select, update

from models.base import rows_changed, session, sum_of
from models.calendar import today
from models.engine.reckoning import RULES
from models.payments.awaited import AwaitedSum
from models.payments.blocked import BlockedSum, CalculationFault
from models.payments.offered import OfferedTerms
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.payments.rules import ContractRules
from models.payments.run import RunPayment
from models.records.contract import Contract, PaymentMethod


def add_to_spend(run_id: int, provider_ids: list[int]) -> None:
    """Store the spend to date of the orders of which this run has finalised a line of these providers."""
    line, order = PaymentLine, PurchaseOrder
    touched = select(line.purchase_order_id).where(
        line.run_id == run_id, line.provider_id.in_(provider_ids), line.is_own
    )
    paid = line.purchase_order_id == order.id, line.run_id.is_not(None)

    def spent(pence: sa.SQLColumnExpression[int]) -> sa.ScalarSelect[int]:
        return select(sum_of(pence)).where(*paid).correlate(order).scalar_subquery()

    values = {"spend_net_pence": spent(line.net_pence), "spend_vat_pence": spent(line.vat_pence)}
    rows_changed(update(order).where(order.id.in_(touched)).values(**values), unsynced=True)


def to_calculate(run_id: int, provider_ids: list[int]) -> list[int]:
    """Ids of those of these providers of whom finalising changes more than what orders have spent, or of whom today's
    figures are not known.
    """
    parts = (
        not_calculated_today(),
        select(CalculationFault.provider_id),
        _taken_with(run_id, BlockedSum),  # what waits in a payment that is closed goes to the current one
        _taken_with(run_id, AwaitedSum),
        select(OfferedTerms.provider_id),  # what they would release is a part of what waits
        _without_a_current_payment(run_id),
        select(PurchaseOrder.provider_id).where(PurchaseOrder.tells_drafts),
    )
    found: set[int] = set()
    for part in parts:
        found.update(session.scalars(part.where(part.selected_columns[0].in_(provider_ids)).distinct()))
    return sorted(found)


def not_calculated_today() -> Select[int]:
    """Providers with a contract that a calculation knows, and has not gone over today under these rules."""
    known, method = ContractRules, PaymentMethod
    is_paid = select(method.id).where(method.contract_id == Contract.id).exists()
    is_known = select(known.id).where(
        known.contract_id == Contract.id, known.rules == RULES, known.calculated_on == today()
    )
    return select(Contract.provider_id).where(is_paid, ~is_known.exists())


def _taken_with(run_id: int, sums: type[BlockedSum] | type[AwaitedSum]) -> Select[int]:
    """Providers of whom something waits in a payment that the run has taken."""
    part = RunPayment
    return (
        select(sums.provider_id)
        .join(part, part.payment_id == sums.payment_id)
        .where(part.run_id == run_id, part.is_finalised)
    )


def _without_a_current_payment(run_id: int) -> Select[int]:
    """Providers of whom the run has taken the last payment of a contract that could hold corrections: the calendar
    goes on then, with a payment that has no days of its own.
    """
    part, payment, other = RunPayment, ScheduledPayment, sa.orm.aliased(ScheduledPayment)
    takes_corrections = select(other.id).where(
        other.contract_id == payment.contract_id, ~other.is_begun, other.closed_run_id.is_(None),
        other.finalise_on >= today(),
    )  # fmt: skip
    return (
        select(part.provider_id)
        .join(payment, payment.id == part.payment_id)
        .where(part.run_id == run_id, part.is_finalised, ~takes_corrections.exists())
    )
