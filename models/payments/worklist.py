"""Every provider's payments, as the council looks for them: what waits for whom, since when, and how much money."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from models.base import session
from models.calendar import LONDON, today
from models.engine.component import DEDUCTIONS
from models.payments.answerable import Confirmation, Processing
from models.payments.hold import Hold, HoldKind
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.payment_run import PaymentRun, RunState
from models.records.contract import ConfirmationPolicy, Contract
from models.records.provider import Provider

P = ScheduledPayment
NEAR = timedelta(days=2)
"""A cut-off this close is worth a word to the provider."""

Condition = sa.ColumnElement[bool]


def is_open() -> Condition:
    """Begun, and not all of it finalised."""
    return sa.and_(P.closed_run_id.is_(None), P.first_on <= today())


def is_unanswered() -> Condition:
    """The contract asks for confirmation, and the provider has not answered."""
    own = aliased(Contract)  # the query may have the contract as well
    asked = select(own.id).where(own.id == P.contract_id, own.confirmation != ConfirmationPolicy.NONE)
    return sa.and_(P.confirmation == Confirmation.UNCONFIRMED, asked.exists())


def has_hold(*conditions: Condition) -> Condition:
    return select(Hold.id).where(Hold.payment_id == P.id, Hold.released_at.is_(None), *conditions).exists()


def before() -> type[ScheduledPayment]:
    """The payment of the same contract just before, to be joined on `is_before`."""
    return aliased(ScheduledPayment, name="payment_before")


def is_before(other: type[ScheduledPayment]) -> Condition:
    earlier = aliased(ScheduledPayment)
    newest = (
        select(earlier.id)
        .where(earlier.contract_id == P.contract_id, earlier.first_on < P.first_on)
        .order_by(earlier.first_on.desc())
        .limit(1)
        .scalar_subquery()
    )
    return other.id == newest


def is_far_off(now: sa.ColumnElement[int], then: sa.ColumnElement[int]) -> Condition:
    """More than half as much again as the payment before, or less than half."""
    return sa.and_(then != 0, 2 * sa.func.abs(now - then) > sa.func.abs(then))


def recovers(*conditions: Condition) -> Condition:
    """One of its lines takes money back. What the provider collects is no recovery."""
    line = PaymentLine
    return (
        select(line.id)
        .where(line.payment_id == P.id, line.net_pence < 0, line.component.not_in(DEDUCTIONS), *conditions)
        .exists()
    )


class Kind(StrEnum):
    """What an officer looks for among the payments."""

    REJECTED = "rejected"
    HELD = "held"
    HELD_ROWS = "held rows"
    QUERIED = "queried"
    UNCONFIRMED = "unconfirmed"
    CUT_OFF = "cut-off near"
    WAITING = "waiting"
    RECOVERY = "recovery"
    LAPSED = "lapsed"

    @property
    def label(self) -> str:
        return {
            "rejected": "Rejected by the provider",
            "held": "Held by us",
            "held rows": "With a row held by us",
            "queried": "With a row that was queried",
            "unconfirmed": "Not confirmed yet",
            "cut-off near": "Not confirmed, cut-off near or past",
            "waiting": "With a care package that is blocked",
            "recovery": "With a recovery",
            "lapsed": "With an answer that has lapsed",
        }[self.value]

    @property
    def queue(self) -> str:
        """Its name among the work that waits."""
        return {
            "rejected": "Rejected payments",
            "held": "Held payments",
            "held rows": "Held rows",
            "queried": "Queried rows",
            "cut-off near": "Unconfirmed payments",
            "waiting": "Payments that wait",
        }.get(self.value, self.label)

    @property
    def why(self) -> str:
        return {
            "rejected": "The provider says that they are wrong. Put them right, or send them back.",
            "held": "No run pays them until they are released.",
            "held rows": "The rest of these payments is paid.",
            "queried": "The provider asks about them.",
            "cut-off near": "The day to confirm them by is near, or past.",
            "waiting": "A care package in them is not authorised, not agreed, or suspended.",
        }.get(self.value, "")

    def condition(self) -> Condition:
        return {
            Kind.REJECTED: lambda: sa.and_(is_open(), P.confirmation == Confirmation.REJECTED),
            Kind.HELD: lambda: has_hold(Hold.purchase_order_id.is_(None)),
            Kind.HELD_ROWS: lambda: has_hold(Hold.purchase_order_id.is_not(None), Hold.kind == HoldKind.OFFICER),
            Kind.QUERIED: lambda: has_hold(Hold.kind == HoldKind.QUERY),
            Kind.UNCONFIRMED: lambda: sa.and_(is_open(), is_unanswered()),
            Kind.CUT_OFF: lambda: sa.and_(is_open(), is_unanswered(), P.confirm_by <= today() + NEAR),
            Kind.WAITING: lambda: sa.and_(is_open(), P.waiting_pence != 0),
            Kind.RECOVERY: lambda: sa.and_(is_open(), recovers()),
            Kind.LAPSED: lambda: sa.and_(is_open(), P.lapsed_pence.is_not(None)),
        }[self]()


_STATES: dict[Processing, Callable[[], Condition]] = {
    Processing.FUTURE: lambda: sa.and_(P.closed_run_id.is_(None), P.is_begun.is_(False), P.first_on > today()),
    Processing.CURRENT: lambda: sa.and_(P.closed_run_id.is_(None), P.is_begun.is_(False), P.first_on <= today()),
    Processing.PARTLY_FINALISED: lambda: sa.and_(P.closed_run_id.is_(None), P.is_begun.is_(True)),
    Processing.FINALISED: lambda: P.closed_run_id.is_not(None),
}


def listed(
    *,
    name: str = "",
    state: Processing | None = None,
    confirmation: Confirmation | None = None,
    exception: Kind | None = None,
    first: date | None = None,
    last: date | None = None,
) -> Select:
    """Payments with their contract and provider's name, the newest period first.

    A filter left out takes all, but those that have not begun are found by their state only.
    """
    query = (
        select(
            P.id, P.first_on, P.last_on, P.confirm_by, P.finalise_on, P.confirmation, P.waiting_pence, P.is_begun,
            P.closed_run_id, (P.net_pence + P.vat_pence).label("total_pence"), Contract.confirmation.label("policy"),
            Contract.reference, Contract.name.label("contract"), Provider.name.label("provider"),
            has_hold().label("is_held"), has_hold(Hold.kind == HoldKind.QUERY).label("is_queried"),
        )
        .join(Contract, Contract.id == P.contract_id)
        .join(Provider, Provider.id == P.provider_id)
        .order_by(P.first_on.desc(), Provider.name, Contract.name, P.id)
    )  # fmt: skip
    if name:
        found = f"%{_escaped(name)}%"
        query = query.where(
            sa.or_(Provider.name.ilike(found, escape="\\"), Provider.reference.ilike(found, escape="\\"))
        )
    query = query.where(_STATES[state]() if state is not None else P.first_on <= today())
    if confirmation is not None:
        query = query.where(P.confirmation == confirmation)
    if exception is not None:
        query = query.where(exception.condition())
    if first is not None:
        query = query.where(P.last_on >= first)
    return query.where(P.first_on <= last) if last is not None else query


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def processing_of(row: sa.Row) -> Processing:
    """As ScheduledPayment.processing, of a row of `listed`."""
    if row.closed_run_id is not None:
        return Processing.FINALISED
    if row.is_begun:
        return Processing.PARTLY_FINALISED
    return Processing.FUTURE if row.first_on > today() else Processing.CURRENT


@dataclass(frozen=True)
class Queue:
    """Work that waits: how many, since which day, and what money waits with it."""

    exception: Kind
    count: int
    since: date | None
    pence: int


def queues() -> list[Queue]:
    """The queues with something in them, the one that has waited longest first."""
    total, since_first = P.net_pence + P.vat_pence, sa.func.min(P.first_on)
    found = [
        _payments(Kind.REJECTED, sa.func.min(P.answered_at), total),
        _payments(Kind.CUT_OFF, sa.func.min(P.confirm_by), total),
        _payments(Kind.WAITING, since_first, P.waiting_pence),
        _holds(Kind.HELD, Hold.purchase_order_id.is_(None)),
        _holds(Kind.HELD_ROWS, Hold.purchase_order_id.is_not(None), Hold.kind == HoldKind.OFFICER),
        _holds(Kind.QUERIED, Hold.kind == HoldKind.QUERY),
    ]
    return sorted((queue for queue in found if queue.count), key=lambda queue: queue.since or today())


def _payments(kind: Kind, since: sa.ColumnElement, pence: sa.ColumnElement) -> Queue:
    row = session.execute(
        select(sa.func.count(P.id), since, sa.func.coalesce(sa.func.sum(pence), 0)).where(kind.condition())
    ).one()
    return Queue(kind, row[0], _day(row[1]), int(row[2]))


def _holds(kind: Kind, *conditions: Condition) -> Queue:
    """What hangs on the holds: the whole payment, or the drafts of the row."""
    line = PaymentLine
    drafts = (
        select(sa.func.sum(line.net_pence + line.vat_pence))
        .where(
            line.payment_id == Hold.payment_id,
            line.run_id.is_(None),
            sa.or_(Hold.purchase_order_id.is_(None), line.purchase_order_id == Hold.purchase_order_id),
        )
        .scalar_subquery()
    )
    row = session.execute(
        select(sa.func.count(Hold.id), sa.func.min(Hold.placed_at), sa.func.coalesce(sa.func.sum(drafts), 0)).where(
            Hold.released_at.is_(None), *conditions
        )
    ).one()
    return Queue(kind, row[0], _day(row[1]), int(row[2]))


def _day(when: date | datetime | None) -> date | None:
    return when.astimezone(LONDON).date() if isinstance(when, datetime) else when


def runs_that_wait(state: RunState) -> tuple[int, date | None, int]:
    """How many runs have got that far and no further, since when, and what they come to."""
    since = sa.func.min(PaymentRun.prepared_at if state is RunState.PREPARED else PaymentRun.authorised_at)
    row = session.execute(
        select(sa.func.count(PaymentRun.id), since, sa.func.coalesce(sa.func.sum(PaymentRun.total_pence), 0)).where(
            PaymentRun.state == state
        )
    ).one()
    return row[0], _day(row[1]), int(row[2])


def coming_due() -> Select:
    """The next days on which payments that have begun are finalised: rows with the day, how many, and their sum."""
    total = sa.cast(sa.func.sum(P.net_pence + P.vat_pence), sa.BigInteger)
    return (
        select(P.finalise_on, sa.func.count(P.id).label("payments"), total.label("total_pence"))
        .where(is_open(), P.finalise_on >= today())
        .group_by(P.finalise_on)
        .order_by(P.finalise_on)
        .limit(5)
    )
