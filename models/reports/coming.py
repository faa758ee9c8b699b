"""What comes to the bank, day by day: what runs have paid and is on its way, and what open payments are expected to
pay. What is held comes on no day: it is told beside.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.base import session
from models.calendar import today
from models.payments.confirmation import Confirmation
from models.payments.payment import ScheduledPayment
from models.payments.plain import by_id, payment_columns
from models.payments.run import PaymentRun, RunPayment
from models.payments.sent import BankState, PaidPart, SentPayment, bank_day, is_back
from models.payments.settlement import Owing
from models.payments.standing import Kept, Standing, standings_of, with_facts
from models.records.contract import Contract
from models.reports.difference import with_before
from models.reports.tracker import Track, track_of
from models.statements import TODAY, built_once

P = ScheduledPayment
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
    track: Track | None = None
    """Where it stands; None for what a run has paid of a payment that it has not closed."""

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
    def needed_answer(self) -> bool:
        """Some of it had to be confirmed."""
        open_ones = [part.payment for part in self.parts if not part.is_on_its_way]
        return any(each.contract.requires_confirmation and each.total_pence > 0 for each in open_ones)

    @property
    def is_confirmed(self) -> bool:
        return all(part.payment.confirmation is Confirmation.CONFIRMED for part in self.parts if not part.is_on_its_way)


@dataclass(frozen=True)
class Coming:
    """`parts` by bank day, the next first; `kept` is what no run takes just now, with how it stands."""

    parts: list[Part]
    kept: list[Part]
    to_confirm: list[ScheduledPayment] = field(default_factory=list)
    """Those that wait for a confirmation which their contract requires."""
    standing: Mapping[int, Standing] = field(default_factory=dict)
    """How payments stand that are not closed, by id."""
    pairs: Mapping[int, Any] = field(default_factory=dict)
    """By the id of a payment: the row that `models.reports.difference.told_of` compares it by."""

    @property
    def has_several(self) -> bool:
        """It is of more than one contract."""
        return len({part.payment.contract_id for part in (*self.parts, *self.kept)}) > 1

    @property
    def open_payments(self) -> int:
        """How many payments have begun and are not closed."""
        return len({part.payment.id for part in (*self.parts, *self.kept) if part.payment.is_open})

    @property
    def is_on_track(self) -> bool:
        """Something comes, nothing is held, and nothing is added to what is owed."""
        return bool(self.parts) and not self.kept and not any(part.adds_to_debt for part in self.parts)

    @property
    def held_pence(self) -> int:
        return sum(part.pence for part in self.kept)

    def pairs_of(self, days: Iterable[BankDay], most: int) -> list[Any]:
        """Of the first `most` payments of each of these days: the rows with the payment before."""
        ids = {part.payment.id for day in days for part in day.parts[:most]}
        return [row for id_, row in self.pairs.items() if id_ in ids]

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


def coming(owing: Owing | None = None) -> Coming:
    """All of it for the provider whose data may be read, with the payment before each: a fixed number of statements.
    `owing` of all its contracts, for who has read it already.
    """
    rows = session.execute(_here()).all()
    next_days = sorted({row.bank_on for row in rows if row.closed_run_id is None and row.bank_on >= today()})
    found = _of_rows(rows, next_days[DAYS_TO_COME - 1] if len(next_days) >= DAYS_TO_COME else date.max, owing)
    return replace(found, pairs={row.id: row for row in rows if row.then_id is not None})


def by_provider(provider_ids: Collection[int], until: date) -> dict[int, Coming]:
    """What comes to each of several providers, as far as it has begun or reaches the bank by that day."""
    rows = session.execute(_of_providers(), {"provider_ids": list(provider_ids), "until": until}).all()
    return _by_provider(_of_rows(rows, until))


@built_once
def _here() -> Select:
    to_come = P.closed_run_id.is_(None), P.bank_on >= TODAY
    days = select(P.bank_on).where(*to_come).distinct().order_by(P.bank_on).limit(DAYS_TO_COME)
    return with_before(with_facts(_begun_and_soon(lambda payment: payment.bank_on.in_(days))))


@built_once
def _of_providers() -> Select:
    until = sa.bindparam("until", type_=sa.Date())
    ids: sa.BindParameter[int] = sa.bindparam("provider_ids", expanding=True)

    def is_soon(payment: type[P]) -> sa.ColumnElement[bool]:
        return sa.and_(payment.provider_id.in_(ids), payment.bank_on.between(TODAY, until))

    return with_facts(_begun_and_soon(is_soon).where(P.provider_id.in_(ids)))


def _of_rows(rows: Iterable[Any], until: date, owing: Owing | None = None) -> Coming:
    """What rows of `_begun_and_soon` with facts tell; of what has not begun, as far as it is in the bank by `until`."""
    rows = list(rows)
    by_its_id, open_ones = by_id(rows), {row.id: row for row in rows if row.closed_run_id is None}
    paid = [_on_its_way(by_its_id[row.id], row) for row in rows if row.paid_on is not None]
    stand = standings_of(list(open_ones.values()), owing)
    payments = [by_its_id[id_] for id_ in open_ones]
    parts, kept = [], []
    for payment in payments:
        how = stand[payment.id]
        is_told = payment.is_open or how.kept is Kept.REJECTED  # also what is to be paid in advance
        if not is_told and not today() <= payment.bank_on <= until:
            continue
        pence = how.bank_pence - how.paid_pence
        if how.held_pence and is_told:
            kept.append(Part(payment, payment.bank_on, how.held_pence, how))
        if pence or (how.kept is None and not how.held_pence and not how.paid_pence):
            parts.append(Part(payment, payment.bank_on, pence, how, track_of(payment, how)))
    asked = [payment for payment in payments if payment.is_to_be_confirmed]
    return Coming(
        sorted(paid + parts, key=lambda part: (part.on, not part.is_on_its_way)),
        kept,
        sorted(asked, key=lambda payment: payment.answer_by),
        stand,
    )


def _on_its_way(payment: P, row: Any) -> Part:
    state = BankState.PAID if row.sent_id is None else BankState.SENT
    part = PaidPart(
        payment.id, row.paid_run_id, row.coming_pence, row.paid_on, state, row.paid_sent_on, run_on=row.paid_run_on
    )
    how = Standing(payment.total_pence, row.coming_pence, paid_pence=row.coming_pence, is_forecast=False)
    is_closed = payment.closed_run_id is not None
    return Part(payment, row.paid_on, row.coming_pence, track=track_of(payment, how, [part]) if is_closed else None)


def _begun_and_soon(is_soon: Callable[[type[P]], sa.ColumnElement[bool]]) -> Select:
    """Payments that runs have paid and that are in the bank today or later, with day and pence of each part; and those
    not closed that have begun, can be answered, or are in the bank soon, with all of their contract before them. How
    far that is, is asked once for each contract: for each payment it would read every payment of its contract.
    """
    part, other = RunPayment, sa.orm.aliased(P)
    last = (
        select(other.contract_id, sa.func.max(other.first_on).label("first_on"))
        .where(other.closed_run_id.is_(None), is_soon(other))
        .group_by(other.contract_id)
        .subquery("last")
    ).c
    is_next = sa.and_(P.closed_run_id.is_(None), sa.or_(P.takes_answers, P.first_on <= last.first_on))
    paid = (
        select(
            part.id, part.payment_id, bank_day(part).label("bank_on"), part.paid_pence, part.run_id,
            SentPayment.id.label("sent_id"), SentPayment.sent_on, PaymentRun.as_on,
        )
        .join(PaymentRun, PaymentRun.id == part.run_id)
        .outerjoin(SentPayment, SentPayment.of_part(part))
        .where(bank_day(part) >= TODAY, part.paid_pence != 0, ~is_back())
        .subquery("paid")
    ).c  # fmt: skip
    return (
        select(
            *payment_columns(),
            paid.bank_on.label("paid_on"),
            paid.paid_pence.label("coming_pence"),
            P.bank_on,
            paid.run_id.label("paid_run_id"),
            paid.as_on.label("paid_run_on"),
            paid.sent_id,
            paid.sent_on.label("paid_sent_on"),
        )
        .join(P.contract)
        .outerjoin(paid.id.table, paid.payment_id == P.id)
        .outerjoin(last.first_on.table, last.contract_id == P.contract_id)
        .where(sa.or_(is_next, paid.id.is_not(None)))
        .order_by(P.bank_on, Contract.folded_name, P.first_on, P.id, paid.id)
    )


def _by_provider(found: Coming) -> dict[int, Coming]:
    split: dict[int, Coming] = defaultdict(lambda: Coming([], [], [], found.standing))
    for part in found.parts:
        split[part.payment.provider_id].parts.append(part)
    for part in found.kept:
        split[part.payment.provider_id].kept.append(part)
    for payment in found.to_confirm:
        split[payment.provider_id].to_confirm.append(payment)
    return dict(split)
