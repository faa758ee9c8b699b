"""Preparing a run of what is due, and finalising it. What a run is: models/payments/run.py.

Finalised are the lines that were authorised. What is taken for a debt, or added to one, is worked out as they are
taken.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select, update

from models.accounts.user import User
from models.audit import record
from models.base import DomainError, chunks, rows_changed, session, sum_of
from models.calendar import DueDays, today
from models.engine.component import Component
from models.engine.recovery import Settlement
from models.engine.working import Working
from models.payments.answers import confirm_by_silence
from models.payments.blocked import has_fault
from models.payments.calculation import calculate, lock
from models.payments.debt import DebtEntry, DebtEntryKind
from models.payments.examining import examine
from models.payments.hand_made import has_unseen
from models.payments.hold import has_row_held, is_held
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.pieces import CHUNK, Piece, by_contract, due_days_of, made_of, pieces_of, pieces_query
from models.payments.promised import tell_of_later_days
from models.payments.remittance import write_for
from models.payments.run import FINALISED, PaymentRun, RunPayment, RunState
from models.payments.run_progress import RunProgress
from models.payments.settlement import Owing, drafts_and_owing, settle_all
from models.payments.spent import add_to_spend, to_calculate
from models.payments.standing_hold import place_standing

LEFT = "changed or held since it was prepared"
"""The outcome of a payment that another run has to take."""


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
    *,
    by: User | None,
    provider_ids: list[int] | None = None,
    payment_ids: list[int] | None = None,
    first: date | None = None,
    last: date | None = None,
    note: str = "",
) -> PaymentRun | None:
    """A run of every payment that is due today, of those providers' only, of those payments only, or of those only that
    were to be finalised from `first` to `last`, with its exceptions as they are now; None where nothing is due. The
    caller has calculated these providers.

    Payments whose drafts are all held wait; a payment that pays nothing is closed by its run all the same. The command
    line (`by` None) leaves payments with hand-made money that no second person has seen.
    """
    _wait_for_turn(provider_ids)
    place_standing()
    query = due(today())
    if by is None:
        query = query.where(~has_unseen())
    if provider_ids is not None:
        query = query.where(ScheduledPayment.provider_id.in_(provider_ids))
    if payment_ids is not None:
        query = query.where(ScheduledPayment.id.in_(payment_ids))
    query = query.where(ScheduledPayment.is_to_be_finalised(first, last))
    if not (found := [row for some in by_contract(query) for row in _to_finalise(some)]):
        return None
    run = PaymentRun(
        as_on=today(),
        first_due_on=first,
        last_due_on=last,
        prepared_by_id=by.id if by else None,
        note=note,
        chosen=provider_ids if payment_ids is None else sorted({row["provider_id"] for row in found}),
        total_pence=sum(row["total_pence"] for row in found),
    )
    session.add(run)
    session.flush()
    confirm_by_silence([row["payment_id"] for row in found])
    session.execute(sa.insert(RunPayment), [row | {"run_id": run.id} for row in found])
    examine(run)
    record("payment_run.prepared", run, by=by, payments=len(found), total_pence=run.total_pence)
    return run


def _wait_for_turn(provider_ids: list[int] | None) -> None:
    """Lock the contracts with something due: of two who prepare at once, the second finds what the first has left."""
    payment = ScheduledPayment
    theirs = payment.provider_id.in_(provider_ids) if provider_ids is not None else sa.true()
    query = select(payment.provider_id).where(payment.is_due(today()), theirs).distinct().order_by(payment.provider_id)
    for some in chunks(session.scalars(query).all(), CHUNK):
        lock(list(some))


def _to_finalise(payment_ids: list[int]) -> list[dict]:
    """Rows of RunPayment for those of these payments that have a draft to finalise, or no draft at all.

    So a partly finalised payment of which nothing is left is closed too.
    """
    pieces = pieces_of(payment_ids)
    settled = settle_all(piece.to_settle for piece in pieces)
    return [
        {
            "provider_id": piece.provider_id,
            "payment_id": piece.to_settle.id,
            "total_pence": settled[piece.to_settle.id].bank_pence,
            "taken_pence": settled[piece.to_settle.id].taken_pence,
            "lines": piece.lines,
            "digest": piece.digest,
        }
        for piece in pieces
        if piece.lines or not piece.has_held
    ]


def finalise_some(run: PaymentRun, provider_ids: list[int], *, recalculate: bool = True) -> RunProgress:
    """Finalise the run's payments of these providers, in the open transaction. DomainError if it is not authorised.

    `recalculate=False`: the caller calculates these providers next. Until then their orders do not say it is spent.

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
    taken = _Finalising(run)
    takes = _takes(members)
    due_days = due_days_of([piece.to_settle.id for piece, _ in takes])
    for piece, settled in takes:
        taken.add(piece, members[piece.to_settle.id], settled, due_days[piece.to_settle.id])
    for each in waiting:
        if each.outcome is None:
            each.outcome = LEFT
    taken.write()
    write_for(waiting, on=today())
    if recalculate:
        add_to_spend(run.id, provider_ids)
        if changed := to_calculate(run.id, provider_ids):
            calculate(changed)
    return taken.progress(left=[each for each in waiting if each.outcome == LEFT])


@dataclass(frozen=True)
class Foresight:
    """What finalising would do just now with those payments of a run whose turn has not come."""

    paid_pence: int = 0
    """To the bank."""
    left: frozenset[int] = frozenset()
    """Ids of the payments that it would leave for another run."""


def foresee_run(run: PaymentRun) -> Foresight:
    """As finalising the whole run would do, at once; it reads only: two statements, however many payments."""
    part, payment = RunPayment, ScheduledPayment
    waiting = part.run_id == run.id, part.outcome.is_(None)
    in_run = select(part.payment_id).where(*waiting)
    query = pieces_query(payment.id.in_(in_run)).add_columns(part, _is_free().label("is_free"))
    rows = session.execute(query.join(part, sa.and_(part.payment_id == payment.id, *waiting))).all()
    contracts = select(payment.contract_id).where(payment.id.in_(in_run))
    drafts, owing = drafts_and_owing(contracts, PaymentLine.payment_id.in_(in_run), ~has_row_held())
    members = {row.id: row.RunPayment for row in rows}
    taken = _affordable(_unchanged(made_of((row for row in rows if row.is_free), drafts), members), members, owing)
    paid = {piece.to_settle.id: settled.bank_pence for piece, settled in taken}
    return Foresight(sum(paid.values()), frozenset(members.keys() - paid.keys()))


def _takes(members: Mapping[int, RunPayment]) -> list[tuple[Piece, Settlement]]:
    """What of these payments of a run can be finalised just now, as it was authorised."""
    payment = ScheduledPayment
    free = list(session.scalars(select(payment.id).where(payment.id.in_(list(members)), _is_free())))
    return _affordable(_unchanged(pieces_of(free), members), members)


def _unchanged(pieces: Iterable[Piece], members: Mapping[int, RunPayment]) -> list[Piece]:
    """Those that are as the run was authorised."""
    return [piece for piece in pieces if piece.digest == members[piece.to_settle.id].digest]


def _is_free() -> sa.ColumnElement[bool]:
    """A condition on ScheduledPayment: nothing keeps the whole of it from being finalised."""
    return sa.and_(ScheduledPayment.closed_run_id.is_(None), ~is_held(), ~has_fault())


def _affordable(
    pieces: list[Piece], members: Mapping[int, RunPayment], owing: Owing | None = None
) -> list[tuple[Piece, Settlement]]:
    """The pieces with their settlements; without those that would pay more than was authorised: a debt has gone, or
    an earlier payment that was to add to it is left. `owing` of their contracts, where it is known.
    """
    while True:
        settled = settle_all((piece.to_settle for piece in pieces), owing)
        fit = [p for p in pieces if settled[p.to_settle.id].bank_pence <= members[p.to_settle.id].total_pence]
        if len(fit) == len(pieces):
            return [(piece, settled[piece.to_settle.id]) for piece in pieces]
        pieces = fit


class _Finalising:
    """The drafts and payments that a run finalises, gathered and then written at once."""

    def __init__(self, run: PaymentRun) -> None:
        self.run, self.total_pence, self.authorised_pence = run, 0, 0
        self.lines_of: dict[int, int] = {}
        """How many drafts it takes of each payment, by id."""
        self.carries: list[dict[str, Any]] = []
        self.entries: list[dict[str, Any]] = []
        self.begun: list[int] = []
        self.closed: dict[date, list[int]] = defaultdict(list)
        """Ids of the payments that the run closes, by the day on which they are in the bank."""
        self.banked: dict[int, date] = {}
        """That day, by the ids of the payments of which it pays something."""

    def add(self, piece: Piece, member: RunPayment, settled: Settlement, due_days: DueDays) -> None:
        payment = piece.to_settle
        member.outcome, member.paid_pence = FINALISED, settled.bank_pence
        member.recovered_pence = settled.recovered_pence
        member.bank_on = due_days.bank_day_of_run(today())
        if settled.bank_pence:
            self.banked[payment.id] = member.bank_on
        self.total_pence += settled.bank_pence
        self.authorised_pence += member.total_pence
        self.lines_of[payment.id] = piece.lines
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

    def _carry(self, piece: Piece, component: Component, pence: int) -> None:
        payment = piece.to_settle
        if pence:
            self.carries.append(
                {"provider_id": piece.provider_id, "payment_id": payment.id, "contract_id": payment.contract_id,
                 "component": component, "first_on": payment.first_on, "last_on": payment.last_on,
                 "net_pence": pence, "vat_pence": 0, "working": Working(), "run_id": self.run.id}
            )  # fmt: skip

    def write(self) -> None:
        self._mark_lines()
        for entity, rows in ((PaymentLine, self.carries), (DebtEntry, self.entries)):
            if rows:
                session.execute(sa.insert(entity), rows)
        _mark(self.begun, is_begun=True)
        for bank_on, ids in self.closed.items():  # what waits, a later one has
            _mark(ids, is_begun=True, closed_run_id=self.run.id, waiting_pence=0, bank_on=bank_on)
        tell_of_later_days(self.banked)

    def _mark_lines(self) -> None:
        line = PaymentLine
        for some in chunks(list(self.lines_of), CHUNK):
            free = line.payment_id.in_(some), line.run_id.is_(None), ~has_row_held()
            marked = rows_changed(update(line).where(*free).values(run_id=self.run.id), unsynced=True)
            if marked != sum(self.lines_of[id_] for id_ in some):
                raise RuntimeError("The drafts are not those that were sealed: somebody passed by the lock")

    def progress(self, *, left: list[RunPayment]) -> RunProgress:
        payments = len(self.begun) + sum(map(len, self.closed.values()))
        lines, left_pence = sum(self.lines_of.values()) + len(self.carries), sum(each.total_pence for each in left)
        owed_pence = self.authorised_pence - self.total_pence
        return RunProgress(payments, lines, self.total_pence, len(left), left_pence, owed_pence)


def providers_waiting(run_id: int) -> list[int]:
    """Ids of the providers whose payments in the run have not had their turn."""
    query = select(RunPayment.provider_id).where(RunPayment.run_id == run_id, RunPayment.outcome.is_(None)).distinct()
    return list(session.scalars(query.order_by(RunPayment.provider_id)))


def _mark(payment_ids: list[int], **values: object) -> None:
    for some in chunks(payment_ids, CHUNK):
        rows_changed(update(ScheduledPayment).where(ScheduledPayment.id.in_(some)).values(**values), unsynced=True)
