"""Preparing a run of what is due, and finalising it. What a run is: models/payments/run.py.

Finalised are the lines that were authorised. What is taken for a debt, or added to one, is worked out as they are
taken.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select, update
from sqlalchemy.orm import joinedload

from models.accounts.user import User
from models.audit import record
from models.base import Base, DomainError, chunks, rows_changed, session, sum_of
from models.calendar import MovedDates, PeriodDates, today
from models.engine.component import Component
from models.engine.recovery import Settlement
from models.engine.working import Working
from models.money import gbp
from models.payments.answers import confirm_by_silence
from models.payments.blocked import has_fault
from models.payments.calculation import calculate, lock
from models.payments.debt import DebtEntry, DebtEntryKind
from models.payments.examining import examine
from models.payments.hand_made import has_unseen
from models.payments.hold import is_held, rows_held_in
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.run import FINALISED, PaymentRun, RunPayment, RunState
from models.payments.settlement import ToSettle, drafts_of, settle_all
from models.payments.standing_hold import place_standing
from models.payments.windows import moved_bank_day
from models.records.contract import Calendar, PaymentMethod
from models.words import how_many

CHUNK = 500
LEFT = "changed or held since it was prepared"
"""The outcome of a payment that another run has to take."""


@dataclass
class RunProgress:
    """What a piece of a run did."""

    payments: int = 0
    lines: int = 0
    total_pence: int = 0
    """What it has paid to the bank."""
    left: int = 0
    """Payments that another run has to take, ..."""
    left_pence: int = 0
    """... and what of them was authorised."""

    def add(self, other: "RunProgress") -> None:
        self.payments += other.payments
        self.lines += other.lines
        self.total_pence += other.total_pence
        self.left += other.left
        self.left_pence += other.left_pence


def due(as_on: date) -> Select[int]:
    """Ids of the payments that a run on that day may take: the day to finalise has come, not all is finalised, nothing
    holds the whole of it, no other open run has it, and it was calculated since it fell due: what has only been planned
    has no lines, and would be closed unpaid.
    """
    payment = ScheduledPayment
    taken = (
        select(RunPayment.payment_id)
        .join(PaymentRun, PaymentRun.id == RunPayment.run_id)
        .where(PaymentRun.is_open, RunPayment.outcome.is_(None))
    )
    return (
        select(payment.id)
        .where(payment.is_due(as_on), ~is_held(), ~has_fault(), _is_calculated(), payment.id.not_in(taken))
        .order_by(payment.first_on, payment.id)
    )


def _is_calculated() -> sa.ColumnElement[bool]:
    """A condition on ScheduledPayment: it comes to what its own lines add up to."""
    line, payment = PaymentLine, ScheduledPayment
    lines = select(sum_of(line.total_pence)).where(line.payment_id == payment.id, line.is_own).correlate(payment)
    return payment.total_pence == lines.scalar_subquery()


def prepare(
    *, by: User | None, provider_ids: list[int] | None = None, payment_ids: list[int] | None = None, note: str = ""
) -> PaymentRun | None:
    """A run of every payment that is due today, of those providers' only, or of those payments only, with its
    exceptions as they are now; None where nothing is due. The caller has calculated these providers.

    Payments whose drafts are all held wait; a payment that pays nothing is closed by its run all the same. The command
    line (`by` None) leaves payments with hand-made money that no second person has seen.
    """
    confirm_by_silence()
    place_standing()
    query = due(today())
    if by is None:
        query = query.where(~has_unseen())
    if provider_ids is not None:
        query = query.where(ScheduledPayment.provider_id.in_(provider_ids))
    if payment_ids is not None:
        query = query.where(ScheduledPayment.id.in_(payment_ids))
    found = [row for some in _by_contract(query) for row in _to_finalise(some)]
    if not found:
        return None
    run = PaymentRun(
        as_on=today(),
        prepared_by_id=by.id if by else None,
        note=note,
        chosen=provider_ids if payment_ids is None else sorted({row["provider_id"] for row in found}),
        total_pence=sum(row["total_pence"] for row in found),
    )
    session.add(run)
    session.flush()
    session.execute(sa.insert(RunPayment), [row | {"run_id": run.id} for row in found])
    examine(run)
    record("payment_run.prepared", run, by=by, payments=len(found), total_pence=run.total_pence)
    return run


def _by_contract(due_ids: Select[int]) -> Iterator[list[int]]:
    """The ids of due payments, some CHUNK at once. Those of one contract stay together: what one carries forward, the
    next may bring forward.
    """
    payment = ScheduledPayment
    query = due_ids.with_only_columns(payment.contract_id, payment.id).order_by(None)
    rows = session.execute(query.order_by(payment.contract_id, payment.first_on, payment.id)).all()
    some: list[int] = []
    for _, of_contract in groupby(rows, key=itemgetter(0)):
        some += [row.id for row in of_contract]
        if len(some) >= CHUNK:
            yield some
            some = []
    if some:
        yield some


def _to_finalise(payment_ids: list[int]) -> list[dict]:
    """Rows of RunPayment for those of these payments that have a draft to finalise, or no draft at all.

    So a partly finalised payment of which nothing is left is closed too.
    """
    pieces = _pieces(payment_ids)
    settled = settle_all(piece.to_settle for piece in pieces)
    return [
        {
            "provider_id": piece.provider_id,
            "payment_id": piece.to_settle.id,
            "total_pence": settled[piece.to_settle.id].bank_pence,
            "taken_pence": settled[piece.to_settle.id].taken_pence,
            "lines": len(piece.to_settle.drafts),
            "digest": piece.digest,
        }
        for piece in pieces
        if piece.to_settle.drafts or not piece.has_held
    ]


@dataclass(frozen=True)
class _Piece:
    """What a run can take of one payment just now: its drafts that nothing holds."""

    provider_id: int
    dates: PeriodDates
    to_settle: ToSettle
    has_held: bool

    @property
    def digest(self) -> str:
        """A seal over the drafts, but their own ids, which each calculation gives anew."""
        drafts = [tuple(map(str, row[1:-2])) for row in self.to_settle.drafts]
        return sha256(repr(drafts).encode()).hexdigest()


def _pieces(payment_ids: list[int]) -> list[_Piece]:
    payment = ScheduledPayment
    held = rows_held_in(payment_ids)
    free: dict[int, list[Any]] = defaultdict(list)
    with_held: set[int] = set()
    for row in session.execute(drafts_of(PaymentLine.payment_id.in_(payment_ids))):
        if (row.payment_id, row.purchase_order_id) in held:
            with_held.add(row.payment_id)
        else:
            free[row.payment_id].append(row)
    query = select(
        payment.id, payment.provider_id, payment.contract_id, payment.first_on, payment.last_on, payment.is_begun,
        payment.method_id, payment.moved_confirm_by, payment.moved_finalise_on, payment.moved_bank_on,
    ).where(payment.id.in_(payment_ids)).order_by(payment.contract_id, payment.first_on, payment.id)  # fmt: skip
    rows = session.execute(query).all()
    calendars = _calendars({row.method_id for row in rows})
    return [
        _Piece(
            row.provider_id,
            MovedDates(row.moved_confirm_by, row.moved_finalise_on, row.moved_bank_on).over(
                calendars[row.method_id].dates_of(row.first_on)
            ),
            ToSettle(row.id, row.contract_id, row.first_on, row.last_on, row.is_begun, free[row.id]),
            row.id in with_held,
        )
        for row in rows
    ]


def _calendars(method_ids: set[int]) -> dict[int, Calendar]:
    method = PaymentMethod
    how = joinedload(method.calendar).selectinload(Calendar.overrides)
    found = session.scalars(select(method).where(method.id.in_(method_ids)).options(how))
    return {each.id: each.calendar for each in found}


def finalise_some(run: PaymentRun, provider_ids: list[int], *, recalculate: bool = True) -> RunProgress:
    """Finalise the run's payments of these providers, in the open transaction. DomainError if it is not authorised.

    `recalculate=False` is for callers who calculate these providers next anyway: until then, their purchase orders
    still expect what has been paid.

    A payment that was finalised or left before is passed over, so that a run that was interrupted goes on where it
    stopped.
    """
    run.wait_for_turn()
    if run.state is not RunState.AUTHORISED:
        raise DomainError("This run is not authorised, so nothing of it can be finalised")
    lock(provider_ids)
    waiting = session.scalars(
        select(RunPayment)
        .where(RunPayment.run_id == run.id, RunPayment.outcome.is_(None), RunPayment.provider_id.in_(provider_ids))
        .order_by(RunPayment.id)
    ).all()
    if not waiting:
        return RunProgress()
    members = {each.payment_id: each for each in waiting}
    free = _free(list(members))
    pieces = {piece.to_settle.id: piece for piece in _pieces(list(members))}
    unchanged = [piece for id_, piece in pieces.items() if id_ in free and piece.digest == members[id_].digest]
    taken = _Finalising(run)
    for piece, settled in _affordable(unchanged, members):
        taken.add(piece, members[piece.to_settle.id], settled)
    for each in waiting:
        if each.outcome is None:
            each.outcome = LEFT
    taken.write()
    if recalculate:
        calculate(provider_ids)  # what is now spent is no longer to come
    return taken.progress(left=[each for each in waiting if each.outcome == LEFT])


def _free(payment_ids: list[int]) -> set[int]:
    payment = ScheduledPayment
    is_open = payment.closed_run_id.is_(None)
    query = select(payment.id).where(payment.id.in_(payment_ids), is_open, ~is_held(), ~has_fault())
    return set(session.scalars(query))


def _affordable(pieces: list[_Piece], members: Mapping[int, RunPayment]) -> list[tuple[_Piece, Settlement]]:
    """The pieces with their settlements; without those that would pay more than was authorised: a debt has gone, or
    an earlier payment that was to add to it is left.
    """
    while True:
        settled = settle_all(piece.to_settle for piece in pieces)
        fit = [p for p in pieces if settled[p.to_settle.id].bank_pence <= members[p.to_settle.id].total_pence]
        if len(fit) == len(pieces):
            return [(piece, settled[piece.to_settle.id]) for piece in pieces]
        pieces = fit


class _Finalising:
    """The lines and payments that a run finalises, gathered and then written at once."""

    def __init__(self, run: PaymentRun) -> None:
        self.run, self.total_pence = run, 0
        self.line_ids: list[int] = []
        self.carries: list[dict[str, Any]] = []
        self.entries: list[dict[str, Any]] = []
        self.begun: list[int] = []
        self.closed: dict[date, list[int]] = defaultdict(list)
        """Ids of the payments that the run closes, by the day on which they are in the bank."""

    def add(self, piece: _Piece, member: RunPayment, settled: Settlement) -> None:
        payment = piece.to_settle
        member.outcome, member.paid_pence = FINALISED, settled.bank_pence
        member.recovered_pence = settled.recovered_pence
        member.bank_on = moved_bank_day(piece.dates, today())
        self.total_pence += settled.bank_pence
        self.line_ids += [row.id for row in payment.drafts]
        self._carry(piece, Component.BROUGHT_FORWARD, -settled.brought_pence)
        self._carry(piece, Component.CARRIED_FORWARD, settled.carried_pence)
        if settled.reinstated_pence:
            self.entries.append(
                {"provider_id": piece.provider_id, "contract_id": payment.contract_id, "run_id": self.run.id,
                 "kind": DebtEntryKind.REINSTATED, "on": today(), "pence": -settled.reinstated_pence}
            )  # fmt: skip
        if piece.has_held:
            self.begun.append(payment.id)
        else:
            self.closed[member.bank_on].append(payment.id)

    def _carry(self, piece: _Piece, component: Component, pence: int) -> None:
        payment = piece.to_settle
        if pence:
            self.carries.append(
                {"provider_id": piece.provider_id, "payment_id": payment.id, "contract_id": payment.contract_id,
                 "component": component, "first_on": payment.first_on, "last_on": payment.last_on,
                 "net_pence": pence, "vat_pence": 0, "working": Working(), "run_id": self.run.id}
            )  # fmt: skip

    def write(self) -> None:
        _mark(PaymentLine, self.line_ids, run_id=self.run.id)
        for entity, rows in ((PaymentLine, self.carries), (DebtEntry, self.entries)):
            if rows:
                session.execute(sa.insert(entity), rows)
        _mark(ScheduledPayment, self.begun, is_begun=True)
        for bank_on, ids in self.closed.items():  # what waits, a later one has
            _mark(ScheduledPayment, ids, is_begun=True, closed_run_id=self.run.id, waiting_pence=0, bank_on=bank_on)

    def progress(self, *, left: list[RunPayment]) -> RunProgress:
        payments = len(self.begun) + sum(map(len, self.closed.values()))
        lines, left_pence = len(self.line_ids) + len(self.carries), sum(each.total_pence for each in left)
        return RunProgress(payments, lines, self.total_pence, len(left), left_pence)


def providers_waiting(run_id: int) -> list[int]:
    """Ids of the providers whose payments in the run have not had their turn."""
    query = select(RunPayment.provider_id).where(RunPayment.run_id == run_id, RunPayment.outcome.is_(None)).distinct()
    return list(session.scalars(query.order_by(RunPayment.provider_id)))


def _mark(entity: type[Base], ids: list[int], **values: object) -> None:
    for some in chunks(ids, CHUNK):
        rows_changed(update(entity).where(entity.id.in_(some)).values(**values), unsynced=True)


def summary(outcome: RunProgress) -> str:
    left = f"; {outcome.left:,} left for the next run, {gbp(outcome.left_pence)}, since they have changed"
    payments, lines = how_many(outcome.payments, "payment"), how_many(outcome.lines, "line")
    return f"{payments} finalised, {lines}, {gbp(outcome.total_pence)} paid{left if outcome.left else ''}."
