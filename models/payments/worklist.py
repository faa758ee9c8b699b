"""Every provider's payments, as the council looks for them: what waits for whom, since when, and how much money."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from models.base import session, sum_of
from models.calendar import DAY, today
from models.engine.component import DEDUCTIONS
from models.payments.blocked import has_fault
from models.payments.confirmation import Confirmation, Processing
from models.payments.hand_made import has_unseen
from models.payments.hold import Hold, HoldKind, has_hold, held_pence, held_rows_pence, is_kept_back
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.run import PaymentRun, RunPayment, RunState
from models.payments.sent import SentPayment, returned_waiting
from models.records.contract import Contract
from models.records.provider import Provider
from models.waiting import waits
from models.words import Choice

P = ScheduledPayment
AHEAD, MOST_DAYS = timedelta(days=35), 5
"""How far, and how many days, the desk looks ahead to what is to be finalised."""
NEAR = timedelta(days=2)
"""A cut-off this close is worth a word to the provider."""

Condition = sa.ColumnElement[bool]
_ROW_HELD_BY_OFFICER = (~Hold.is_of_whole_payment, Hold.kind == HoldKind.OFFICER, ~Hold.is_released)
_QUERIED = (Hold.kind == HoldKind.QUERY, ~Hold.is_released)


def before() -> type[ScheduledPayment]:
    """The payment of the same contract just before, to be joined on `is_before`."""
    return aliased(ScheduledPayment, name="payment_before")


def is_before(other: type[ScheduledPayment]) -> Condition:
    return other.id == P.id_before


def is_far_off(now: sa.SQLColumnExpression[int], then: sa.SQLColumnExpression[int]) -> Condition:
    """More than half as much again as the payment before, or less than half."""
    return sa.and_(then != 0, 2 * sa.func.abs(now - then) > sa.func.abs(then))


def recovers(*conditions: Condition) -> Condition:
    """A condition: one of the payment's lines takes money back. Deductions that the provider collects do not count."""
    line = PaymentLine
    return (
        select(line.id)
        .where(line.payment_id == P.id, line.net_pence < 0, line.component.not_in(DEDUCTIONS), *conditions)
        .exists()
    )


class Concern(StrEnum):
    """What an officer looks for among the payments."""

    OPEN = "open"
    OVERDUE = "overdue"
    DUE_TODAY = "due today"
    REJECTED = "rejected"
    HELD = "held"
    HELD_ROWS = "held rows"
    QUERIED = "queried"
    UNCONFIRMED = "unconfirmed"
    CUT_OFF = "cut-off near"
    WAITING = "waiting"
    RECOVERY = "recovery"
    LAPSED = "lapsed"
    UNSEEN = "adjusted, unseen"
    RETURNED = "returned"

    @property
    def label(self) -> str:
        return {
            "open": "Open: begun, and not all finalised",
            "overdue": "Overdue: their day to be finalised is past",
            "due today": "To be finalised today",
            "rejected": "Rejected by the provider",
            "held": "Held by us",
            "held rows": "With a row held by us",
            "queried": "With a row that was queried",
            "unconfirmed": "Not confirmed yet",
            "cut-off near": "Not confirmed, cut-off near or past",
            "waiting": "With a care package that is blocked",
            "recovery": "With a recovery",
            "lapsed": "With an answer that has lapsed",
            "adjusted, unseen": "Adjusted, and seen by nobody else",
            "returned": "Returned by the bank",
        }[self.value]

    @property
    def queue(self) -> str:
        """What it is called on the page of work that waits."""
        return {
            "rejected": "Rejected payments",
            "held": "Held payments",
            "held rows": "Held rows",
            "queried": "Queried rows",
            "cut-off near": "Unconfirmed payments",
            "waiting": "Payments that wait",
            "adjusted, unseen": "Adjusted payments",
            "returned": "Returned payments",
        }.get(self.value, self.label)

    @property
    def is_told_by_sums(self) -> bool:
        """Another page tells its sums one by one: models.reports.waits.waiting."""
        return self is Concern.WAITING

    @property
    def why(self) -> str:
        return {
            "rejected": "The provider says that they are wrong. Put them right, or send them back.",
            "held": "No run pays them until they are released.",
            "held rows": "The rest of these payments is paid.",
            "queried": "The provider asks about them.",
            "cut-off near": "The day to confirm them by is near, or past.",
            "waiting": "A care package in them is not authorised, not agreed, or suspended.",
            "adjusted, unseen": "Nobody has seen the adjustment but who made it. Look at it, and say so.",
            "returned": "Ask for the right bank details, then pay them again in the finance system.",
        }.get(self.value, "")

    def condition(self) -> Condition:
        return {
            Concern.OPEN: lambda: sa.and_(P.is_open),
            Concern.OVERDUE: lambda: sa.and_(P.is_open, P.finalise_on < today()),
            Concern.DUE_TODAY: lambda: sa.and_(P.is_open, P.finalise_on == today()),
            Concern.REJECTED: lambda: sa.and_(P.is_open, P.is_rejected),
            Concern.HELD: lambda: sa.and_(P.is_open, has_hold(Hold.is_of_whole_payment, ~Hold.is_released)),
            Concern.HELD_ROWS: lambda: sa.and_(P.is_open, has_hold(*_ROW_HELD_BY_OFFICER)),
            Concern.QUERIED: lambda: has_hold(*_QUERIED),
            Concern.UNCONFIRMED: lambda: sa.and_(P.is_open, P.is_unanswered),
            Concern.CUT_OFF: lambda: sa.and_(P.is_open, P.is_unanswered, ~P.is_waived, P.answer_by <= today() + NEAR),
            Concern.WAITING: lambda: sa.and_(P.is_open, P.waiting_pence != 0),
            Concern.RECOVERY: lambda: sa.and_(P.is_open, recovers()),
            Concern.UNSEEN: lambda: sa.and_(P.is_open, has_unseen()),
            Concern.RETURNED: lambda: SentPayment.has_returned(P.id),
            Concern.LAPSED: lambda: sa.and_(P.is_open, P.lapsed_pence.is_not(None)),
        }[self]()


def listed(
    *,
    name: str = "",
    state: Processing | None = None,
    confirmation: Confirmation | None = None,
    concern: Concern | None = None,
    first: date | None = None,
    last: date | None = None,
    finalise_on: date | None = None,
    amount_pence: int | None = None,
) -> Select:
    """Payments with their contract and provider's name, the newest period first.

    A filter that is left out takes all, except that payments whose period has not begun are found only by `state`, or
    by the day to finalise.
    """
    query = (
        select(
            P.id, P.contract_id, P.first_on, P.last_on, P.finalise_on, P.confirmation, P.waiting_pence,
            P.closed_run_id, P.answer_by.label("answer_by"),
            P.processing.label("processing"), P.total_pence.label("total_pence"), P.net_pence, P.vat_pence,
            Contract.asks_for_confirmation.label("is_asked"),
            Contract.reference, Contract.name.label("contract"), Provider.name.label("provider"),
            Provider.reference.label("provider_reference"),
            has_hold(~Hold.is_released).label("is_held"), has_hold(*_QUERIED).label("is_queried"),
        )
        .join(Contract, Contract.id == P.contract_id)
        .join(Provider, Provider.id == P.provider_id)
        .order_by(P.first_on.desc(), Provider.folded_name, Contract.folded_name, P.id)
    )  # fmt: skip
    if name:
        query = query.where(sa.or_(Provider.found_by(name), Contract.found_by(name)))
    if amount_pence is not None:
        query = query.where(P.total_pence == amount_pence)
    if state is not None or finalise_on is None:
        query = query.where(P.processing == state if state is not None else P.has_come)
    if confirmation is not None:
        query = query.where(P.confirmation == confirmation)
    if concern is not None:
        query = query.where(concern.condition())
    if finalise_on is not None:
        query = query.where(P.finalise_on == finalise_on)
    if first is not None:
        query = query.where(P.last_on >= first)
    return query.where(P.first_on <= last) if last is not None else query


def numbered(payment_ids: list[int]) -> Select:
    """These payments, with their contracts and the names of their providers, as a list shows them."""
    return (
        select(P, Provider.name.label("provider"))
        .join(P.contract)
        .join(Provider, Provider.id == P.provider_id)
        .options(sa.orm.contains_eager(P.contract))
        .where(P.id.in_(payment_ids))
        .order_by(P.first_on.desc(), Provider.folded_name, Contract.folded_name, P.id)
    )


WORK = (
    Concern.REJECTED, Concern.CUT_OFF, Concern.WAITING, Concern.UNSEEN, Concern.HELD, Concern.HELD_ROWS,
    Concern.QUERIED, Concern.RETURNED,
)  # fmt: skip
"""The concerns that wait for somebody."""


def waiting(concern: Concern) -> Select:
    """One of WORK, counted: see models.waiting. What hangs on holds is the whole payment, or the drafts of the row."""
    match concern:
        case Concern.REJECTED:
            return _payments(concern, sa.func.min(P.answered_at), P.total_pence)
        case Concern.CUT_OFF:
            return _payments(concern, sa.func.min(P.answer_by), P.total_pence)
        case Concern.WAITING:
            return _payments(concern, sa.func.min(P.first_on), P.waiting_pence)
        case Concern.HELD:
            return _holds(concern, Hold.is_of_whole_payment, ~Hold.is_released, P.is_open)
        case Concern.HELD_ROWS:
            return _holds(concern, *_ROW_HELD_BY_OFFICER, P.is_open)
        case Concern.QUERIED:
            return _holds(concern, *_QUERIED)
        case Concern.RETURNED:
            return returned_waiting(concern)
    return _payments(concern, sa.func.min(P.first_on), P.total_pence)


def _payments(concern: Concern, since: sa.ColumnElement, pence: sa.SQLColumnExpression[int]) -> Select:
    return waits(concern, sa.func.count(P.id), since, sum_of(pence)).where(concern.condition())


def _holds(concern: Concern, *conditions: sa.SQLColumnExpression[bool]) -> Select:
    query = waits(concern, sa.func.count(Hold.id), sa.func.min(Hold.placed_at), sum_of(held_pence()))
    return query.select_from(Hold).join(P, P.id == Hold.payment_id).where(*conditions)


def runs_that_wait(state: RunState) -> Select:
    """The runs that are prepared, or authorised, counted: since when the oldest is, and what they pay."""
    since = sa.func.min(PaymentRun.prepared_at if state is RunState.PREPARED else PaymentRun.authorised_at)
    count = sa.func.count(PaymentRun.id)
    return waits(f"runs {state}", count, since, sum_of(PaymentRun.total_pence)).where(PaymentRun.state == state)


class DueWhen(Choice):
    """Which payments a run is prepared of, by their day to be finalised."""

    ANY = "any"
    """All that are due."""
    OVERDUE = "overdue"
    TODAY = "today"

    @property
    def days(self) -> tuple[date | None, date | None]:
        """The first and the last day; None where there is no bound."""
        if self is DueWhen.ANY:
            return None, None
        return (None, today() - DAY) if self is DueWhen.OVERDUE else (today(), today())


@dataclass(frozen=True)
class Due:
    """Payments that are to be finalised on one day, or were on days that are past."""

    on: date
    """The day; the oldest of those that are past."""
    count: int
    pence: int
    """What those come to that nothing keeps back just now: what waits for an answer in time is in it, what cannot be
    calculated is not."""
    held_pence: int
    """What the others come to, and rows that are held or queried in these."""
    free: int = 0
    """How many of the payments nothing keeps back just now ..."""
    in_run: int = 0
    """... and how many of these an open run has already."""

    @property
    def to_prepare(self) -> int:
        """How many a run that is prepared today would take; none of a day to come."""
        return self.free - self.in_run if self.due else 0

    @property
    def is_overdue(self) -> bool:
        return self.on < today()

    @property
    def when(self) -> str:
        """Overdue, Today or Tomorrow; empty for a later day."""
        if self.is_overdue:
            return "Overdue"
        return {today(): "Today", today() + DAY: "Tomorrow"}.get(self.on, "")

    @property
    def due(self) -> DueWhen | None:
        """Which of the payments that are due a run of just these takes; None for those of a day to come."""
        if self.is_overdue:
            return DueWhen.OVERDUE
        return DueWhen.TODAY if self.on == today() else None

    @property
    def concern(self) -> Concern:
        """What finds them in the list of payments; for those of a day to come, together with that day."""
        if self.is_overdue:
            return Concern.OVERDUE
        return Concern.DUE_TODAY if self.on == today() else Concern.OPEN


def is_in_open_run() -> Condition:
    """A condition on ScheduledPayment: a run that is still to pay it has it."""
    part = RunPayment
    mine = part.payment_id == P.id, part.outcome.is_(None), PaymentRun.is_open
    return select(part.id).join(PaymentRun, PaymentRun.id == part.run_id).where(*mine).correlate(P).exists()


def what_is_due() -> list[Due]:
    """What was to be finalised before today, as one; then today, tomorrow, and the next days on which something is."""
    unpaid: Any = P.unpaid_pence
    is_held, is_in_run = sa.or_(is_kept_back(), has_fault()).label("is_held"), is_in_open_run().label("is_in_run")
    rows = session.execute(
        select(
            P.finalise_on, is_held, is_in_run, sa.func.count(P.id).label("how_many"),
            sum_of(unpaid).label("pence"), sum_of(held_rows_pence()).label("held_rows_pence"),
        )
        .where(P.is_open, P.finalise_on <= today() + AHEAD)
        .group_by(P.finalise_on, "is_held", "is_in_run")  # by label, so that each is worked out once a payment
        .order_by(P.finalise_on)
    )  # fmt: skip
    days = [Due(on, *(sum(each) for each in zip(*map(_part, some), strict=True))) for on, some in groupby(rows, _day)]
    past, coming = [day for day in days if day.on < today()], [day for day in days if day.on >= today()]
    overdue = [Due(past[0].on, *(sum(each) for each in zip(*map(_sums, past), strict=True)))] if past else []
    return overdue + coming[:MOST_DAYS]


def _day(row: sa.Row) -> date:
    day: date = row.finalise_on
    return day


def _part(row: sa.Row) -> tuple[int, ...]:
    """What the payments of a day that are kept back, or are not, add to its sums: see Due."""
    if row.is_held:
        return row.how_many, 0, row.pence, 0, 0
    free, in_run = row.pence - row.held_rows_pence, row.how_many if row.is_in_run else 0
    return row.how_many, free, row.held_rows_pence, row.how_many, in_run


def _sums(due: Due) -> tuple[int, ...]:
    return due.count, due.pence, due.held_pence, due.free, due.in_run
