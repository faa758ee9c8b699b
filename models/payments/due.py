"""What is to be finalised, day by day, as the desk sees it first: what is free to be paid, and what is kept back."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.base import session, sum_of
from models.calendar import DAY, today
from models.payments.blocked import CalculationFault
from models.payments.hold import held_rows_pence, is_among_held, is_kept_back
from models.payments.run import PaymentRun, RunPayment
from models.payments.worklist import Concern, Condition, P
from models.statements import built_once
from models.words import Choice

AHEAD, MOST_DAYS = timedelta(days=35), 5
"""How far, and how many days, the desk looks ahead."""


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
    return _in_open_runs().where(RunPayment.payment_id == P.id).correlate(P).exists()


def _in_open_runs() -> Select[int]:
    """Ids of the payments that a run has and is still to pay."""
    part = RunPayment
    query = select(part.payment_id).join(PaymentRun, PaymentRun.id == part.run_id)
    return query.where(part.outcome.is_(None), PaymentRun.is_open)


def what_is_due() -> list[Due]:
    """What was to be finalised before today, as one; then today, tomorrow, and the next days on which something is."""
    rows = (row for row in session.execute(_by_day()) if row.finalise_on <= today() + AHEAD)
    days = [Due(on, *(sum(each) for each in zip(*map(_part, some), strict=True))) for on, some in groupby(rows, _day)]
    past, coming = [day for day in days if day.on < today()], [day for day in days if day.on >= today()]
    overdue = [Due(past[0].on, *(sum(each) for each in zip(*map(_sums, past), strict=True)))] if past else []
    return overdue + coming[:MOST_DAYS]


@built_once
def _by_day() -> Select:
    """Of what is open, by the day to finalise it, by whether anything keeps it back, and by whether a run has it. It
    has no last day: SQLite would then look through all payments up to it, of which most are not open yet.
    """
    unpaid: Any = P.unpaid_pence
    is_held = sa.or_(is_kept_back(is_among_held), P.contract_id.in_(select(CalculationFault.contract_id)))
    is_held, is_in_run = is_held.label("is_held"), P.id.in_(_in_open_runs()).label("is_in_run")
    return (
        select(
            P.finalise_on, is_held, is_in_run, sa.func.count(P.id).label("how_many"),
            sum_of(unpaid).label("pence"), sum_of(held_rows_pence()).label("held_rows_pence"),
        )
        .where(P.is_open)
        .group_by(P.finalise_on, "is_held", "is_in_run")  # by label, so that each is worked out once a payment
        .order_by(P.finalise_on)
    )  # fmt: skip


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
