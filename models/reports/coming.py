"""What comes to the bank, day by day: what runs have paid and is on its way, and what open payments are expected to
pay. What is held comes on no day: it is told beside.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.base import session
from models.calendar import today
from models.payments.confirmation import Confirmation
from models.payments.payment import ScheduledPayment
from models.payments.run import RunPayment
from models.payments.standing import Standing, standings
from models.records.contract import Contract

DAYS_BEFORE = 12
DAYS_TO_COME = 3
"""How many bank days a picture of them shows."""


@dataclass(frozen=True)
class Part:
    """One payment's part of a bank day, in pence with VAT."""

    payment: ScheduledPayment
    on: date
    pence: int
    standing: Standing | None = None
    """None: a run has paid it."""

    @property
    def is_on_its_way(self) -> bool:
        return self.standing is None

    @property
    def is_likely(self) -> bool:
        """Its period has begun, or it is on its way."""
        return self.is_on_its_way or self.payment.is_open

    @property
    def adds_to_debt(self) -> bool:
        return self.standing is not None and self.standing.added_pence > 0

    @property
    def waits_for_answer(self) -> bool:
        return not self.is_on_its_way and self.payment.is_to_be_confirmed


@dataclass
class BankDay:
    on: date
    parts: list[Part] = field(default_factory=list)

    @property
    def pence(self) -> int:
        return sum(part.pence for part in self.parts)

    @property
    def is_on_its_way(self) -> bool:
        """All of it is paid: nothing of it can change any more."""
        return all(part.is_on_its_way for part in self.parts)

    @property
    def is_late(self) -> bool:
        """It was expected before today, and some of it is not paid yet."""
        return self.on < today() and not self.is_on_its_way

    @property
    def changes_until(self) -> date:
        """The last day on which some of it can still change."""
        payments = [part.payment for part in self.parts if not part.is_on_its_way]
        return max(max(each.finalise_on, each.answer_by) if each.waits_for_confirmation else each.finalise_on
                   for each in payments)  # fmt: skip

    @property
    def answer_by(self) -> date | None:
        """The first day by which some of it is to be confirmed; None where nothing is."""
        return min((part.payment.answer_by for part in self.parts if part.waits_for_answer), default=None)

    @property
    def waits_for_answer(self) -> bool:
        return any(part.waits_for_answer for part in self.parts)

    @property
    def is_confirmed(self) -> bool:
        return all(part.payment.confirmation is Confirmation.CONFIRMED for part in self.parts if not part.is_on_its_way)


@dataclass(frozen=True)
class Coming:
    """`parts` by bank day, the next first; `kept` is what no run takes just now, with how it stands."""

    parts: list[Part]
    kept: list[Part]

    @property
    def days(self) -> list[BankDay]:
        found: dict[date, BankDay] = {}
        for part in self.parts:
            found.setdefault(part.on, BankDay(part.on)).parts.append(part)
        return list(found.values())

    @property
    def next_days(self) -> list[BankDay]:
        """The days whose money is on its way or being worked out; where nothing is worked out, the first that is
        planned too.
        """
        likely = [day for day in self.days if any(part.is_likely for part in day.parts)]
        if any(not day.is_on_its_way for day in likely):
            return likely
        return likely + [day for day in self.days if day not in likely][:1]


def coming() -> Coming:
    """All of it for the provider, or providers, whose data may be read, in a fixed number of queries."""
    return gathered(session.execute(on_their_way()).all(), session.scalars(open_ones()).all())


def gathered(paid: Iterable[sa.Row], expected: Iterable[ScheduledPayment]) -> Coming:
    """`coming` of what `on_their_way` and `open_ones` have found."""
    parts = [Part(payment, on, pence) for payment, on, pence in paid]
    kept = []
    payments = list(expected)
    stand = standings(payments)
    for payment in payments:
        how = stand[payment.id]
        pence = how.bank_pence - how.paid_pence
        if how.held_pence and payment.is_open:
            kept.append(Part(payment, payment.bank_on, how.held_pence, how))
        if pence or (how.kept is None and not how.held_pence and not how.paid_pence):
            parts.append(Part(payment, payment.bank_on, pence, how))
    return Coming(sorted(parts, key=lambda part: (part.on, not part.is_on_its_way)), kept)


def on_their_way() -> Select:
    """What runs have paid and is in the bank today or later: payment, day and pence."""
    part, payment = RunPayment, ScheduledPayment
    return (
        select(payment, part.bank_on, part.paid_pence)
        .join(part, part.payment_id == payment.id)
        .join(payment.contract)
        .options(sa.orm.contains_eager(payment.contract))
        .where(part.bank_on >= today(), part.paid_pence != 0)
        .order_by(part.bank_on, Contract.folded_name, payment.first_on, part.id)
    )


def open_ones() -> Select[ScheduledPayment]:
    """Payments that have begun and are not closed, and those of the next DAYS_TO_COME bank days."""
    payment = ScheduledPayment
    to_come = payment.closed_run_id.is_(None), payment.bank_on >= today()
    next_days = select(payment.bank_on).where(*to_come).distinct().order_by(payment.bank_on).limit(DAYS_TO_COME)
    return (
        select(payment)
        .join(payment.contract)
        .options(sa.orm.contains_eager(payment.contract), sa.orm.joinedload(payment.method))
        .where(sa.or_(payment.is_open, sa.and_(*to_come, payment.bank_on.in_(next_days))))
        .order_by(payment.bank_on, Contract.folded_name, payment.id)
    )


def paid_before() -> list[tuple[date, int]]:
    """The last DAYS_BEFORE days on which something came to the bank, the oldest first, with their pence."""
    part = RunPayment
    query = (
        select(part.bank_on, sa.func.sum(part.paid_pence))
        .where(part.bank_on < today(), part.paid_pence != 0)
        .group_by(part.bank_on)
        .order_by(part.bank_on.desc())
        .limit(DAYS_BEFORE)
    )
    return [(on, int(pence)) for on, pence in reversed(session.execute(query).all()) if on is not None and pence]


def by_provider(found: Coming) -> dict[int, Coming]:
    """What comes to each of several providers."""
    parts: dict[int, list[Part]] = defaultdict(list)
    kept: dict[int, list[Part]] = defaultdict(list)
    for part in found.parts:
        parts[part.payment.provider_id].append(part)
    for part in found.kept:
        kept[part.payment.provider_id].append(part)
    return {id_: Coming(parts[id_], kept[id_]) for id_ in {*parts, *kept}}
