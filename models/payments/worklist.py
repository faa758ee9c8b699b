"""Every provider's payments, as the council looks for them: what waits for whom, since when, and how much money."""

from datetime import date, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from models.base import sum_of
from models.engine.component import DEDUCTIONS
from models.paging import FIRST, SIZE, Columns, part_of, sorted_by
from models.payments.confirmation import Confirmation, Processing
from models.payments.hand_made import has_unseen
from models.payments.hold import Hold, HoldKind, has_hold, held_pence
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.run import PaymentRun, RunState
from models.payments.sent import SentPayment, returned_waiting
from models.records.contract import Contract
from models.records.provider import Provider
from models.statements import TODAY, built_once, today_and
from models.waiting import waits

P = ScheduledPayment
NEAR = timedelta(days=2)
"""A cut-off this close is worth a word to the provider."""
_NEAR = today_and(NEAR.days)

Condition = sa.ColumnElement[bool]
_ROW_HELD_BY_OFFICER = (~Hold.is_of_whole_payment, Hold.kind == HoldKind.OFFICER, ~Hold.is_released)
NEWEST_FIRST = P.first_on.desc(), Provider.folded_name, Contract.folded_name, P.id
SORTED_BY: Columns = {
    "period": (P.first_on, P.last_on), "provider": Provider.folded_name, "contract": Contract.folded_name,
    "state": P.processing, "answer": P.confirmation, "finalise": P.finalise_on, "waiting": P.waiting_pence,
    "total": P.total_pence,
}  # fmt: skip
"""By what the list can be sorted."""
_IS_OPEN = sa.and_(P.is_open)
_IS_CLOSED = sa.and_(P.closed_run_id.is_not(None), P.has_come)
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
            Concern.OVERDUE: lambda: sa.and_(P.is_open, P.finalise_on < TODAY),
            Concern.DUE_TODAY: lambda: sa.and_(P.is_open, P.finalise_on == TODAY),
            Concern.REJECTED: lambda: sa.and_(P.is_open, P.is_rejected),
            Concern.HELD: lambda: sa.and_(P.is_open, has_hold(Hold.is_of_whole_payment, ~Hold.is_released)),
            Concern.HELD_ROWS: lambda: sa.and_(P.is_open, has_hold(*_ROW_HELD_BY_OFFICER)),
            Concern.QUERIED: lambda: has_hold(*_QUERIED),
            Concern.UNCONFIRMED: lambda: sa.and_(P.is_open, P.is_unanswered),
            Concern.CUT_OFF: lambda: sa.and_(P.is_open, P.is_unanswered, ~P.is_waived, P.answer_by <= _NEAR),
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
    query = _shown().order_by(*NEWEST_FIRST)
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


def _shown() -> Select:
    """What a list shows of a payment."""
    return (
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
    )  # fmt: skip


@built_once
def part(
    state: Processing | None, confirmation: Confirmation | None, concern: Concern | None, order: str = ""
) -> Select:
    """A part of `listed`, by what somebody chooses from a list and by no more: see models.paging. `order` is a name of
    SORTED_BY.
    """
    if state is confirmation is concern is None and not order:
        return part_of(_shown(), P.id, keys=_newest(), count=_how_many(_IS_OPEN, _IS_CLOSED), order=NEWEST_FIRST)
    conditions = [P.processing == state if state is not None else P.has_come]
    conditions += [P.confirmation == confirmation] if confirmation is not None else []
    conditions += [concern.condition()] if concern is not None else []
    by = sorted_by(SORTED_BY, order, NEWEST_FIRST)
    keys = _named(P.id).where(*conditions).order_by(*by)
    return part_of(_shown(), P.id, keys=keys, count=_how_many(sa.and_(*conditions)), order=by)


def _newest() -> Select[int]:
    """Ids of all that have come, in the order of NEWEST_FIRST. What is open and what is closed have an index each, so
    that of neither more is read than the newest periods; together they have none.
    """
    by = P.id.label("id"), P.first_on, Provider.folded_name.label("provider"), Contract.folded_name.label("contract")
    firsts = [
        _named(*by).where(which).order_by(*NEWEST_FIRST).limit(FIRST + SIZE).subquery()
        for which in (_IS_OPEN, _IS_CLOSED)
    ]
    found = sa.union_all(*(select(*each.c) for each in firsts)).subquery().c
    return select(found.id).order_by(found.first_on.desc(), found.provider, found.contract, found.id)


def _named(*columns: sa.SQLColumnExpression) -> Select:
    """Of payments with the contracts and providers by whose names they are sorted."""
    query = select(*columns).select_from(P).join(Contract, Contract.id == P.contract_id)
    return query.join(Provider, Provider.id == P.provider_id)


def _how_many(*each: Condition) -> Select:
    """How many payments are under any of these conditions, and what they come to; none is under two of them."""
    counts = [
        select(sa.func.count(P.id).label("total"), sum_of(P.total_pence).label("pence")).where(one) for one in each
    ]
    found = sa.union_all(*counts).subquery().c
    return select(sum_of(found.total).label("total"), sum_of(found.pence).label("pence"))


def numbered(payment_ids: list[int]) -> Select:
    """These payments, with their contracts and the names of their providers, as a list shows them."""
    return (
        select(P, Provider.name.label("provider"))
        .join(P.contract)
        .join(Provider, Provider.id == P.provider_id)
        .options(sa.orm.contains_eager(P.contract))
        .where(P.id.in_(payment_ids))
        .order_by(*NEWEST_FIRST)
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
