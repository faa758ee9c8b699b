"""Where a payment stands on its way to the bank: calculated, confirmed, authorised, sent, paid, each with its day; who
has it, when it is expected, and all that stops money of it, with where that is mended.

Nothing is added up here: how the money stands is models/payments/standing.py, why it waits is
models/reports/whereabouts.py, and what the finance system tells of it is models/payments/sent.py.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from models.base import session, sum_of
from models.payments.confirmation import AnswerState, Confirmation
from models.payments.payment import ScheduledPayment
from models.payments.run import PaymentRun, RunPayment
from models.payments.sent import BankState, PaidPart, SentPayment
from models.payments.standing import Kept, Standing
from models.reports.waiting_reasons import Reason
from models.reports.waits import waiting
from models.words import Choice

P = ScheduledPayment


class Stage(Choice):
    CALCULATED = "Calculated"
    CONFIRMED = "Confirmed"
    AUTHORISED = "Authorised"
    SENT = "Sent"
    PAID = "In the bank"


class Progress(Choice):
    """How far a stage has come."""

    DONE = "done"
    NOT_NEEDED = "not needed"
    NOW = "now"
    """It waits here, and is no trouble yet."""
    STOPPED = "stopped"
    TO_COME = "to come"


class Holder(Choice):
    """Whose turn it is."""

    NOBODY = "nobody"
    PROVIDER = "provider"
    COUNCIL = "council"
    BANK = "bank"


_UNANSWERED = {AnswerState.MISSED: Progress.STOPPED, AnswerState.NOT_YET: Progress.TO_COME}


@dataclass(frozen=True, slots=True)
class Step:
    stage: Stage
    progress: Progress
    on: date | None = None
    """The day on which it was done or, where it is not, the last day for it; None where nobody knows."""

    @property
    def is_past(self) -> bool:
        return self.progress in (Progress.DONE, Progress.NOT_NEEDED)


@dataclass(frozen=True, slots=True)
class Stop:
    """A sum of the payment that does not come to the bank, or not yet."""

    reason: Reason
    pence: int
    until_on: date | None = None
    """The last day to answer, or the day from which it is paid."""


@dataclass(frozen=True)
class Track:
    steps: tuple[Step, ...]
    holder: Holder
    expected_on: date | None
    """When it is in the bank, or the rest of it; None where nobody can say, or nothing of it comes."""
    stops: tuple[Stop, ...] = ()
    run_id: int | None = None
    """The open run that has it."""
    parts: tuple[PaidPart, ...] = ()
    """What runs have paid of it."""

    @property
    def now(self) -> Step | None:
        """The first step that is not past; None where all are."""
        return next((step for step in self.steps if not step.is_past), None)

    @property
    def banked(self) -> list[PaidPart]:
        """What runs have paid of it and the bank has not returned, by bank day."""
        kept = [part for part in self.parts if part.state is not BankState.RETURNED]
        return sorted(kept, key=lambda part: (part.bank_on or date.max, part.run_id))

    @property
    def at_stake_pence(self) -> int:
        return sum(stop.pence for stop in self.stops)


def tracks_of(payments: Sequence[P], standings: Mapping[int, Standing], *, with_stops: bool = True) -> dict[int, Track]:
    """By payment id: one statement for all of them, none where nothing waits and one run has paid each. For a list that
    says in short where each stands, `with_stops` is False. Each payment has its contract.
    """
    parts: dict[int, list[PaidPart]] = {
        each.id: _only_part(each, standings[each.id]) for each in payments if _is_paid_at_once(each, standings[each.id])
    }
    begun = [each.id for each in payments if each.is_begun and each.id not in parts]
    waits = [each.id for each in payments if with_stops and _may_wait(each, standings[each.id])]
    more, stops = _parts_and_stops(begun, waits)
    parts |= more
    return {
        each.id: track_of(each, standings[each.id], parts.get(each.id, ()), stops.get(each.id, ())) for each in payments
    }


def _is_paid_at_once(payment: P, standing: Standing) -> bool:
    """One run has paid all of it: how it stands says all of that."""
    return payment.closed_run_id is not None and standing.runs <= 1


def _only_part(payment: P, standing: Standing) -> list[PaidPart]:
    if not standing.paid_pence or payment.closed_run_id is None:
        return []
    return [
        PaidPart(
            payment.id, payment.closed_run_id, standing.paid_pence, standing.told_bank_on or payment.bank_on,
            _bank_state(standing), standing.sent_on, standing.returned_on, run_on=standing.run_on,
        )
    ]  # fmt: skip


def _bank_state(standing: Standing) -> BankState:
    if standing.returned_pence:
        return BankState.RETURNED
    if standing.returned_on is not None:
        return BankState.PAID_AGAIN
    if standing.told_bank_on is not None:
        return BankState.IN_BANK
    return BankState.SENT if standing.is_told else BankState.PAID


def _may_wait(payment: P, standing: Standing) -> bool:
    return bool(payment.waiting_pence or standing.held_pence or standing.kept or standing.awaited_pence)


def track_of(payment: P, standing: Standing, parts: Sequence[PaidPart] = (), stops: Iterable[Stop] = ()) -> Track:
    """`parts`: what runs have paid of it; of a payment that is partly finalised the steps are those of the rest."""
    is_closed = payment.closed_run_id is not None
    last, in_run = (parts[-1] if parts and is_closed else None), standing.in_run
    steps = (
        _calculated(payment, standing), _confirmed(payment), _authorised(payment, standing, last),
        *_at_the_bank(payment, standing, last),
    )  # fmt: skip
    return Track(
        steps, _holder(payment, standing, last), _expected_on(payment, standing, last),
        (*_own_stops(payment, standing), *stops), in_run.run_id if in_run else None, tuple(parts),
    )  # fmt: skip


def _calculated(payment: P, standing: Standing) -> Step:
    if standing.kept is Kept.UNCALCULATED:
        return Step(Stage.CALCULATED, Progress.STOPPED)
    if not payment.has_come and not payment.is_begun:
        return Step(Stage.CALCULATED, Progress.TO_COME, min(payment.first_on, payment.finalise_on))
    return Step(Stage.CALCULATED, Progress.DONE, min(payment.first_on, payment.finalise_on))


def _confirmed(payment: P) -> Step:
    asking = payment.answer_state
    if asking is AnswerState.CONFIRMED:
        return Step(Stage.CONFIRMED, Progress.DONE, payment.answered_on)
    if asking is AnswerState.SILENT:
        return Step(Stage.CONFIRMED, Progress.DONE, payment.answer_by)
    if payment.is_waived:
        return Step(Stage.CONFIRMED, Progress.DONE, payment.waived_on)
    if asking is AnswerState.NOT_NEEDED or _is_paid_without(payment):
        return Step(Stage.CONFIRMED, Progress.NOT_NEEDED)
    if asking is AnswerState.REJECTED:
        return Step(Stage.CONFIRMED, Progress.STOPPED, payment.answered_on)
    return Step(Stage.CONFIRMED, _UNANSWERED.get(asking, Progress.NOW), payment.answer_by)


def _is_paid_without(payment: P) -> bool:
    """Nobody has answered, and that stops nothing: its contract leaves it to the provider, or a run has paid it."""
    if payment.confirmation is not Confirmation.UNCONFIRMED:
        return payment.closed_run_id is not None
    is_over = payment.answer_state is AnswerState.MISSED and not payment.waits_for_confirmation
    return payment.closed_run_id is not None or is_over or not payment.contract.requires_confirmation


def _authorised(payment: P, standing: Standing, last: PaidPart | None) -> Step:
    in_run = standing.in_run
    if payment.closed_run_id is not None:
        return Step(Stage.AUTHORISED, Progress.DONE, last.run_on if last else None)
    if in_run is not None and in_run.is_authorised:
        return Step(Stage.AUTHORISED, Progress.DONE, in_run.on)
    if standing.kept is Kept.HELD:
        return Step(Stage.AUTHORISED, Progress.STOPPED)
    waits = payment.waits_for_confirmation
    by = None if _is_kept(standing) else max(payment.finalise_on, payment.answer_by) if waits else payment.finalise_on
    return Step(Stage.AUTHORISED, Progress.NOW if in_run is not None else Progress.TO_COME, by)


def _at_the_bank(payment: P, standing: Standing, last: PaidPart | None) -> tuple[Step, Step]:
    """Sent, and in the bank. What nobody tells of counts as sent once its bank day has come."""
    if payment.closed_run_id is None:
        return Step(Stage.SENT, Progress.TO_COME), Step(
            Stage.PAID, Progress.TO_COME, _expected_on(payment, standing, last)
        )
    if last is None:  # nothing of it goes to the bank
        return Step(Stage.SENT, Progress.NOT_NEEDED), Step(Stage.PAID, Progress.NOT_NEEDED)
    is_sent = last.state is not BankState.PAID or last.is_in_bank
    sent = Step(Stage.SENT, Progress.DONE if is_sent else Progress.NOW, last.sent_on)
    if standing.returned_pence:
        return sent, Step(Stage.PAID, Progress.STOPPED, last.returned_on)
    if last.is_in_bank:
        return sent, Step(Stage.PAID, Progress.DONE, last.bank_on)
    return sent, Step(Stage.PAID, Progress.NOW if is_sent else Progress.TO_COME, last.bank_on)


def _expected_on(payment: P, standing: Standing, last: PaidPart | None) -> date | None:
    if payment.closed_run_id is not None:
        return last.bank_on if last is not None and not standing.returned_pence else None
    has_rest = standing.bank_pence != standing.paid_pence or not standing.held_pence
    return payment.bank_on if has_rest and not _is_kept(standing) else None


def _holder(payment: P, standing: Standing, last: PaidPart | None) -> Holder:
    if standing.returned_pence:
        return Holder.COUNCIL
    if payment.closed_run_id is not None:
        if last is None or last.is_in_bank:
            return Holder.NOBODY
        return Holder.COUNCIL if last.state is BankState.PAID else Holder.BANK
    if standing.in_run is not None or _is_kept(standing):
        return Holder.COUNCIL
    if payment.is_to_be_confirmed:
        return Holder.PROVIDER
    return Holder.COUNCIL if payment.has_come else Holder.NOBODY


def _own_stops(payment: P, standing: Standing) -> list[Stop]:
    """What the payment itself says: what the bank returned, what nobody can calculate, what is taken for a debt."""
    found = []
    if standing.returned_pence:
        found.append(Stop(Reason.RETURNED, standing.returned_pence))
    if standing.kept is Kept.UNCALCULATED:
        found.append(Stop(Reason.UNCALCULATED, standing.held_pence))
    if standing.taken_pence:
        found.append(Stop(Reason.OWED, standing.taken_pence))
    return found


def _is_kept(standing: Standing) -> bool:
    return standing.kept is not None and standing.kept is not Kept.ASKED


def _parts_and_stops(
    begun: Sequence[int], waits: Sequence[int]
) -> tuple[dict[int, list[PaidPart]], dict[int, list[Stop]]]:
    """What `parts_of` and `stops_of` say of these payments, read at once."""
    if not begun or not waits:
        return parts_of(begun), stops_of(waits) if waits else {}
    part, run, query = RunPayment, PaymentRun, waiting_by_payment(waits)
    place = sa.func.row_number().over(order_by=query._order_by_clauses)
    c, none = query.order_by(None).add_columns(place.label("place")).subquery("stops").c, sa.null()
    columns = c.payment_id, c.reason, c.pence, c.until_on, c.place, sa.cast(none, sa.Integer).label("part_id")
    paid = select(part.payment_id, none, none, none, part.run_id, part.id).where(_has_paid(begun))
    both = sa.union_all(select(*columns), paid).subquery("both")
    rows = session.execute(
        select(*both.c, part, SentPayment, run.as_on)
        .select_from(both)
        .outerjoin(part, part.id == both.c.part_id)
        .outerjoin(run, run.id == part.run_id)
        .outerjoin(SentPayment, SentPayment.of_part(part))
        .order_by(both.c.place, both.c.part_id)
    )
    parts: dict[int, list[PaidPart]] = defaultdict(list)
    stops: dict[int, list[Stop]] = defaultdict(list)
    for row in rows:
        if row.part_id is not None:
            parts[row.payment_id].append(PaidPart.of_row(row))
        else:
            stops[row.payment_id].append(Stop(row.reason, row.pence, row.until_on))
    return parts, stops


def _has_paid(payment_ids: Sequence[int]) -> sa.ColumnElement[bool]:
    part = RunPayment
    return sa.and_(part.payment_id.in_(payment_ids), part.is_finalised, part.paid_pence != 0)


def parts_of(payment_ids: Sequence[int]) -> dict[int, list[PaidPart]]:
    """What runs have paid of these payments to the bank, in the order of the runs, by payment id; one statement."""
    parts: dict[int, list[PaidPart]] = defaultdict(list)
    if not payment_ids:
        return parts
    part, run = RunPayment, PaymentRun
    query = (
        select(part, SentPayment, run.as_on)
        .join(run, run.id == part.run_id)
        .outerjoin(SentPayment, SentPayment.of_part(part))
        .where(_has_paid(payment_ids))
        .order_by(part.run_id, part.id)
    )
    for row in session.execute(query):
        parts[row.RunPayment.payment_id].append(PaidPart.of_row(row))
    return parts


def stops_of(payment_ids: Iterable[int]) -> dict[int, list[Stop]]:
    """What is held or blocked of these payments, or waits for actuals, added up by reason, by payment id."""
    found: dict[int, list[Stop]] = defaultdict(list)
    rows: Any = waiting_by_payment(list(payment_ids))
    for payment_id, reason, pence, until_on in session.execute(rows):
        found[payment_id].append(Stop(reason, pence, until_on))
    return found


def waiting_by_payment(payment_ids: Sequence[int]) -> sa.Select:
    """Rows with payment_id, reason, pence and the first day until which it waits, the most pence first."""
    c = waiting(payment_ids=payment_ids).order_by(None).subquery("waiting").c
    pence = sum_of(c.pence)
    return (
        select(c.payment_id, c.reason, pence.label("pence"), sa.func.min(c.until_on).label("until_on"))
        .group_by(c.payment_id, c.reason)
        .order_by(c.payment_id, sa.func.abs(pence).desc(), c.reason)
    )
