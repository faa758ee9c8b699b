"""Promises of who has done what: nobody pays out alone what they have prepared, or made by hand."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from models.accounts.conflict import bound_to
from models.base import session
from models.payments.adjustment import Adjustment
from models.payments.finding import Finding, RunFinding, RunTick
from models.payments.payment import PaymentLine
from models.payments.run import PaymentRun
from models.verify.broken import BrokenPromise

run = PaymentRun
WAS_AUTHORISED = run.authorised_at.is_not(None)
"""A condition on PaymentRun: it is authorised or finalised, or was authorised and then withdrawn."""


def authorised() -> Iterator[BrokenPromise]:
    """Somebody else than who prepared a run has authorised it; above a limit, two people have."""
    rows = session.execute(
        select(run.id, run.prepared_by_id, run.authorised_by_id, run.first_authorised_by_id, run.above)
        .where(WAS_AUTHORISED)
        .order_by(run.id)
    )
    for row in rows:
        people = {row.first_authorised_by_id, row.authorised_by_id} - {None}
        if row.prepared_by_id in people:
            yield BrokenPromise("who prepares a run does not authorise it", ids={"run": row.id})
        if row.prepared_by_id is not None and row.authorised_by_id is None:
            yield BrokenPromise("a person authorises what a person has prepared", ids={"run": row.id})
        if row.above and len(people) < 2:
            yield BrokenPromise("two people authorise a run above a limit", "; ".join(row.above), {"run": row.id})


def makers() -> Iterator[BrokenPromise]:
    """Nobody has authorised a run with money in it that they had added, or cancelled, by hand."""
    line, made = PaymentLine, Adjustment
    rows = session.execute(
        select(run.id, made.id.label("adjustment_id"))
        .join(line, line.run_id == run.id)
        .join(made, made.id == line.adjustment_id)
        .where(
            sa.or_(
                _has_made(run.authorised_by_id, run.authorised_at),
                _has_made(run.first_authorised_by_id, run.first_authorised_at),
            )
        )
        .distinct()
        .order_by(run.id, made.id)
    )
    for row in rows:
        ids = {"run": row.id, "adjustment": row.adjustment_id}
        yield BrokenPromise("who makes money by hand does not authorise it", ids=ids)


def _has_made(
    person: sa.SQLColumnExpression[int | None], at: sa.SQLColumnExpression[datetime | None]
) -> sa.ColumnElement[bool]:
    """A condition on Adjustment: this person had made it by then, or cancelled it. What is cancelled later, once a run
    has paid it, is no matter of that run.
    """
    made = Adjustment
    return sa.or_(made.created_by_id == person, sa.and_(made.cancelled_by_id == person, made.cancelled_at <= at))


def ticked() -> Iterator[BrokenPromise]:
    """Each who authorised a run has ticked every kind of exception that it has, and so has who prepared it; or, since a
    preparer ticks none of a provider at which they are bound, a colleague beside the last authoriser.
    """
    query = select(RunFinding.run_id, RunFinding.kind, run.prepared_by_id, run.authorised_by_id,
                   run.first_authorised_by_id)  # fmt: skip
    of_people = run.id == RunFinding.run_id, WAS_AUTHORISED, run.prepared_by_id.is_not(None)
    rows = session.execute(query.join(run, sa.and_(*of_people)).distinct()).all()
    ticks = {tuple(tick) for tick in session.execute(select(RunTick.run_id, RunTick.kind, RunTick.user_id))}
    missing = {
        (run_id, kind.value, person)
        for run_id, kind, _, *authorisers in rows
        for person in authorisers
        if person is not None and (run_id, kind, person) not in ticks
    }
    who_ticked: dict[tuple[Any, ...], set[Any]] = defaultdict(set)
    for run_id, kind, user_id in ticks:
        who_ticked[run_id, kind].add(user_id)
    for run_id, kind, preparer, last, _ in rows:
        has_another = preparer and who_ticked[run_id, kind] - {last} and _is_bound(preparer, run_id, kind)
        if preparer is not None and (run_id, kind, preparer) not in ticks and not has_another:
            missing.add((run_id, kind.value, preparer))
    for run_id, kind, person in sorted(missing):
        words = f"“{kind.capitalize()}” is not ticked"
        yield BrokenPromise(
            "who prepares a run and who authorises it tick each exception", words, {"run": run_id, "user": person}
        )


def _is_bound(person_id: int, run_id: int, kind: Finding) -> bool:
    """To the provider of one of the run's exceptions of the kind."""
    of_these = RunFinding.run_id == run_id, RunFinding.kind == kind, RunFinding.provider_id.in_(bound_to(person_id))
    return session.scalar(select(RunFinding.id).where(*of_these).limit(1)) is not None


def seen() -> Iterator[BrokenPromise]:
    """A second person has seen what is added by hand."""
    made = Adjustment
    is_own = made.seen_by_id.in_([made.created_by_id, made.cancelled_by_id])
    for id_ in session.scalars(select(made.id).where(is_own).order_by(made.id)):
        yield BrokenPromise("somebody else sees what is made by hand", ids={"adjustment": id_})


CHECKS = (authorised, makers, ticked, seen)
