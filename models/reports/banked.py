"""What came to a provider's bank, or goes there, week by week: each payment of each run with its bank day, what its own
bank statement says of it, and what open payments are expected to pay.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.base import session, sum_of
from models.calendar import DAY, Span, today
from models.engine.component import Component
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.received import ReceivedPayment
from models.payments.run import RunPayment
from models.payments.sent import SentPayment, bank_day, is_back
from models.records.contract import Contract
from models.reports.coming import Coming, by_provider

WEEKS = 13
"""A quarter: so many weeks back, and so many to come."""
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Banked:
    """One payment of one run, or what is expected of an open one (`run_id` None); pence with VAT."""

    payment_id: int
    run_id: int | None
    contract: str
    reference: str
    span: Span
    bank_on: date
    pence: int
    is_returned: bool = False
    bank_reference: str = ""
    received_pence: int = 0
    """What the provider has found of it on its own bank statement."""
    received_on: date | None = None
    taken_pence: int = 0
    """Taken from it for what is owed, ..."""
    added_pence: int = 0
    """... and added to that."""

    @property
    def remittance(self) -> str:
        """As it calls itself, 741254-317; payments of one contract in one run share it. Empty before a run."""
        return f"{self.reference}-{self.run_id}" if self.is_paid else ""

    @property
    def is_paid(self) -> bool:
        return self.run_id is not None

    @property
    def is_in_bank(self) -> bool:
        """Its bank day has come, and the bank has not returned it."""
        return self.is_paid and not self.is_returned and self.bank_on <= today()

    @property
    def state(self) -> str:
        """In words."""
        if self.is_returned:
            return "Returned by the bank"
        if self.is_paid:
            return "In your bank" if self.is_in_bank else "On its way"
        return "Expected"

    @property
    def short_pence(self) -> int:
        """What is missing of what the provider has found."""
        return self.pence - self.received_pence if self.received_pence else 0


@dataclass(frozen=True)
class Week:
    first_on: date
    parts: tuple[Banked, ...]

    def _sum(self, name: str) -> int:
        return sum(getattr(part, name) for part in self.parts if not part.is_returned)

    @property
    def span(self) -> Span:
        return Span(self.first_on, self.first_on + 6 * DAY)

    @property
    def pence(self) -> int:
        return self._sum("pence")

    @property
    def received_pence(self) -> int:
        return sum(part.pence for part in self.parts if part.is_in_bank)

    @property
    def expected_pence(self) -> int:
        """On its way, or expected of payments that no run has paid."""
        return self.pence - self.received_pence

    @property
    def taken_pence(self) -> int:
        return self._sum("taken_pence")

    @property
    def bar(self) -> tuple[str, int]:
        return self.span.short, self.pence


@dataclass(frozen=True)
class Quarters:
    """The quarter before this week, and the one that begins with it."""

    weeks: tuple[Week, ...]
    coming: Coming

    @property
    def past(self) -> tuple[Week, ...]:
        return self.weeks[:WEEKS]

    @property
    def next(self) -> tuple[Week, ...]:
        return self.weeks[WEEKS:]

    @property
    def parts(self) -> list[Banked]:
        """All of them, the last bank day first."""
        return [part for week in reversed(self.weeks) for part in reversed(week.parts)]

    @property
    def received_pence(self) -> int:
        return sum(week.received_pence for week in self.weeks)

    @property
    def expected_pence(self) -> int:
        return sum(week.expected_pence for week in self.weeks)

    @property
    def taken_before_pence(self) -> int:
        return sum(part.taken_pence for week in self.weeks for part in week.parts if part.is_paid)

    @property
    def to_be_taken_pence(self) -> int:
        return sum(part.taken_pence for week in self.weeks for part in week.parts if not part.is_paid)


def quarters(provider_id: int) -> Quarters:
    """Of one provider, in weeks from Monday; what is held comes in no week (`coming.kept`)."""
    monday = today() - today().weekday() * DAY
    first, last = monday - WEEKS * WEEK, monday + WEEKS * WEEK - DAY
    coming = by_provider([provider_id], last).get(provider_id, Coming([], []))
    found = [*banked_between(provider_id, first, last), *_expected(coming, last)]
    weeks = [first + number * WEEK for number in range(2 * WEEKS)]
    return Quarters(
        tuple(Week(day, tuple(part for part in found if day <= part.bank_on < day + WEEK)) for day in weeks), coming
    )


def banked_between(provider_id: int, first: date, last: date) -> list[Banked]:
    """What runs have paid with a bank day between these, by bank day; one statement."""
    rows = session.execute(_banked(provider_id).where(bank_day().between(first, last)))
    return [_of_row(row) for row in rows]


def _banked(provider_id: int) -> Select:
    part, payment = RunPayment, ScheduledPayment
    columns = (
        part.payment_id, part.run_id, Contract.name, Contract.reference, payment.first_on, payment.last_on,
        bank_day().label("bank_on"), part.paid_pence, is_back().label("is_returned"), SentPayment.bank_reference,
        ReceivedPayment.pence.label("received_pence"), ReceivedPayment.received_on,
        _carried(Component.BROUGHT_FORWARD).label("brought"), _carried(Component.CARRIED_FORWARD).label("carried"),
    )  # fmt: skip
    return (
        select(*columns)
        .join(payment, payment.id == part.payment_id)
        .join(Contract, Contract.id == payment.contract_id)
        .outerjoin(SentPayment, SentPayment.of_part())
        .outerjoin(ReceivedPayment, ReceivedPayment.of_part())
        .where(part.provider_id == provider_id, part.is_finalised, part.paid_pence != 0)
        .order_by(bank_day(), Contract.folded_name, payment.first_on, part.run_id)
    )


def _carried(component: Component) -> sa.ScalarSelect[int]:
    line, part = PaymentLine, RunPayment
    of_part = line.payment_id == part.payment_id, line.run_id == part.run_id, line.component == component
    return select(sum_of(line.net_pence)).where(*of_part).correlate(part).scalar_subquery()


def _of_row(row: Any) -> Banked:
    return Banked(
        row.payment_id, row.run_id, row.name, row.reference, Span(row.first_on, row.last_on), row.bank_on,
        row.paid_pence, bool(row.is_returned), row.bank_reference or "", row.received_pence or 0, row.received_on,
        -row.brought, row.carried,
    )  # fmt: skip


def _expected(coming: Coming, last: date) -> Iterable[Banked]:
    for part in coming.parts:
        payment, standing = part.payment, part.standing
        if standing is not None and part.on <= last:
            yield Banked(
                payment.id, None, payment.contract.name, payment.contract.reference, payment.span,
                max(part.on, today()), part.pence, taken_pence=standing.taken_pence, added_pence=standing.added_pence,
            )  # fmt: skip
