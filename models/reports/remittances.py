"""What may be chosen of remittances, and one of them as it was kept: by payment period, or by finalisation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.base import session, sum_of
from models.calendar import Frequency, Span, today
from models.payments.advice import Advice
from models.payments.payment import ScheduledPayment
from models.payments.remittance import Remittance, advices_of
from models.payments.run import PaymentRun
from models.records.contract import Calendar, Contract, PaymentMethod
from models.statements import built_once
from models.words import Choice

P = ScheduledPayment


class Basis(Choice):
    """By which of the two a remittance is asked for."""

    PERIOD = "period"
    """All lines of one payment, whatever run has paid them."""
    FINALISATION = "finalisation"
    """All lines of one run, whatever days they are for."""


@dataclass(frozen=True)
class Remitted:
    """The remittances that one report shows, in order; the words are of their day."""

    basis: Basis
    name: str
    """For files: 741254-2019-09-16, or 741254-317."""
    advices: Sequence[Advice]
    as_on: date
    is_partly: bool = False
    """Something of the period is not finalised."""

    @property
    def total_pence(self) -> int:
        """What went to the bank."""
        return sum(each.total_pence for each in self.advices)


def of_period(payment: ScheduledPayment) -> Remitted:
    """All that was paid of a payment, which is read with its contract."""
    return _of_period(payment.id, payment.contract.reference, payment.first_on, payment.closed_run_id is None)


def of_chosen(reference: str, period: "Period") -> Remitted:
    """As `of_period`, of one of the `periods` of the contract with that reference."""
    return _of_period(period.id, reference, period.first_on, period.is_partly)


def _of_period(payment_id: int, reference: str, first_on: date, is_open: bool) -> Remitted:
    found = advices_of(payment_id)
    return Remitted(Basis.PERIOD, f"{reference}-{first_on}", found, first_on, is_open and bool(found))


def of_finalisation(contract: Contract, run_id: int) -> Remitted:
    """All that one run has paid on one contract; with no advices where it has paid nothing."""
    found = session.scalars(Remittance.of_run(run_id, contract.id)).all()
    name = f"{contract.reference}-{run_id}"
    return Remitted(Basis.FINALISATION, name, [each.advice for each in found], today())


@built_once
def contracts() -> Select:
    """Contracts with a finalised payment: reference, name, the method, frequency and first day of the newest one. The
    newest first of all is last_on; ties go by name.
    """
    newest = (
        select(P.contract_id, sa.func.max(P.first_on).label("first_on"))
        .where(P.is_begun)
        .group_by(P.contract_id)
        .subquery()
    )
    return (
        select(
            Contract.id, Contract.reference, Contract.name, P.method_id, Calendar.frequency, P.first_on, P.last_on,
        )
        .join(newest, newest.c.contract_id == Contract.id)
        .join(P, sa.and_(P.contract_id == Contract.id, P.first_on == newest.c.first_on))
        .join(PaymentMethod, PaymentMethod.id == P.method_id)
        .join(Calendar, Calendar.id == PaymentMethod.calendar_id)
        .order_by(Contract.folded_name, Contract.reference)
    )  # fmt: skip


def usual(rows: Sequence[Any]) -> Any:
    """The contract that a report opens on: that with the newest 4-weekly period if there is one, else the newest."""
    return max(rows, key=lambda row: (row.frequency is Frequency.FOUR_WEEKLY, row.first_on), default=None)


@dataclass(frozen=True)
class Method:
    id: int
    label: str
    """As PaymentMethod.label."""


def methods(contract_id: int) -> list[Method]:
    """How the contract has paid, the newest first."""
    found = session.execute(_methods(), {"contract_id": contract_id})
    return [Method(row.id, _label(row)) for row in found]


def _label(row: Any) -> str:
    calendar = Calendar(anchor_on=row.anchor_on, frequency=row.frequency)
    how = {"pay_on_actuals": row.pay_on_actuals, "basis": row.basis, "is_by_invoice": row.is_by_invoice}
    return PaymentMethod(calendar=calendar, **how).label


@built_once
def _methods() -> Select:
    how, calendar = PaymentMethod, Calendar
    return (
        select(how.id, how.is_by_invoice, how.pay_on_actuals, how.basis, calendar.anchor_on, calendar.frequency)
        .join(calendar, calendar.id == how.calendar_id)
        .where(how.contract_id == sa.bindparam("contract_id", type_=sa.Integer()))
        .order_by(how.calculate_from.desc(), how.id)
    )


@dataclass(frozen=True)
class Period:
    """A payment of which something is finalised."""

    id: int
    provider_id: int
    first_on: date
    span: Span
    is_partly: bool

    @property
    def words(self) -> str:
        """23/09/2019 - 29/09/2019, with the guide's mark where something of it is not finalised."""
        mark = " *" if self.is_partly else ""
        return f"{self.span.first:%d/%m/%Y} - {self.span.last:%d/%m/%Y}{mark}"


def periods(contract_id: int, method_id: int) -> list[Period]:
    """The periods of that method of which something is finalised, the newest first."""
    return [
        Period(row.id, row.provider_id, row.first_on, Span(row.first_on, row.last_on), row.closed_run_id is None)
        for row in session.execute(_periods(), {"contract_id": contract_id, "method_id": method_id})
    ]


@built_once
def _periods() -> Select:
    contract_id, method_id = (sa.bindparam(name, type_=sa.Integer()) for name in ("contract_id", "method_id"))
    return (
        select(P.id, P.provider_id, P.first_on, P.last_on, P.closed_run_id)
        .where(P.contract_id == contract_id, P.method_id == method_id, P.is_begun)
        .order_by(P.first_on.desc())
    )


def finalisations(contract_id: int) -> Sequence[Any]:
    """Runs that have paid something of the contract, the newest first: run_id, as_on, bank_on, and pence."""
    return session.execute(_finalisations(), {"contract_id": contract_id}).all()


@built_once
def _finalisations() -> Select:
    kept = Remittance
    return (
        select(
            kept.run_id, PaymentRun.as_on, sa.func.min(kept.bank_on).label("bank_on"),
            sum_of(kept.paid_pence).label("pence"),
        )
        .join(PaymentRun, PaymentRun.id == kept.run_id)
        .where(kept.contract_id == sa.bindparam("contract_id", type_=sa.Integer()))
        .group_by(kept.run_id, PaymentRun.as_on)
        .order_by(kept.run_id.desc())
    )  # fmt: skip


def of_provider(provider_id: int) -> Select:
    """What the council lists of one provider's remittances, the newest first."""
    kept = Remittance
    return (
        select(
            kept.id, kept.run_id, kept.reference, kept.bank_on, kept.paid_pence, kept.lines, P.first_on, P.last_on,
            Contract.name.label("contract"), Contract.reference.label("contract_reference"),
        )
        .join(P, P.id == kept.payment_id)
        .join(Contract, Contract.id == kept.contract_id)
        .where(kept.provider_id == provider_id)
        .order_by(kept.bank_on.desc(), kept.id.desc())
    )  # fmt: skip
