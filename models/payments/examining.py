"""Finding, when a run is prepared, what somebody has to look at before it is authorised (models/payments/finding.py).

A fixed number of queries, whatever the number of payments.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Row, select
from sqlalchemy.orm import aliased

from models.accounts.user import User
from models.base import chunks, session, sum_of
from models.payments.adjustment import Adjustment
from models.payments.comparing import Compared, before_by_payment, compare, is_taken_by
from models.payments.confirmation import Asked, Confirmation
from models.payments.day_move import DayMove
from models.payments.finding import Finding, RunFinding, found
from models.payments.hand_made import Hand, HandKind, hands_in
from models.payments.hold import Hold, is_held
from models.payments.limits import money_limits
from models.payments.overlaps import paid_twice, risen_twice
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.payments.run import PaymentRun, RunPayment
from models.payments.worklist import before, is_before, is_far_off, recovers

P, line = ScheduledPayment, PaymentLine
CHUNK = 500
ALIKE = 10
"""Rows that have changed by the same tenth of a per cent are told together from this number on."""

Found = dict[str, Any]
"""A row of RunFinding, as models.payments.finding.found() makes one."""


def examine(run: PaymentRun) -> None:
    """Keep the run's exceptions, what each of its payments came to before, and the limits that it is above."""
    rows = compare(run.id)
    _keep_before(run, before_by_payment(rows))
    members = _members(run)
    alike = [row for row in rows if row.is_taken and row.was_here]
    run.above = [
        money_limits().words(limit)
        for limit in money_limits().passed(
            largest_pence=max((each.total_pence for each in members), default=0),
            run_pence=run.total_pence,
            now_pence=sum(row.taken_pence for row in alike),
            before_pence=sum(row.before_pence for row in alike),
        )
    ]
    firsts, hands = _firsts(members), hands_in(run)
    all_ = [
        *_of_payments(members, firsts, hands),
        *_of_rows(rows, firsts),
        *paid_twice(run.id),
        *_by_hand(run),
        *_released(run),
        *_days_moved(run),
        *_decided_by_hand(hands),
        *_left_out(run),
    ]
    if all_:
        session.execute(sa.insert(RunFinding), [{"run_id": run.id} | each for each in _with_days(all_)])


def _with_days(rows: Iterable[Found]) -> Iterator[Found]:
    """The rows with the contract and the days of their payments, and without its id."""
    rows = list(rows)
    which: dict[int, Found] = {}
    for some in chunks(sorted({row["payment_id"] for row in rows}), CHUNK):
        query = select(P.id, P.contract_id, P.first_on, P.last_on).where(P.id.in_(some))
        for id_, contract_id, first_on, last_on in session.execute(query):
            which[id_] = {"contract_id": contract_id, "first_on": first_on, "last_on": last_on}
    for row in rows:
        yield {name: value for name, value in row.items() if name != "payment_id"} | which[row["payment_id"]]


def _keep_before(run: PaymentRun, pence: dict[int, int]) -> None:
    """Keep with each payment of the run what is to be compared with it."""
    part = RunPayment
    ids = dict(session.execute(select(part.payment_id, part.id).where(part.run_id == run.id)).all())
    kept = [{"id": ids[payment_id], "before_pence": sum_} for payment_id, sum_ in pence.items()]
    if kept:
        session.execute(sa.update(part), kept)


def _members(run: PaymentRun) -> Sequence[Row]:
    """The payments of the run, with what is asked about each."""
    part = RunPayment
    return session.execute(
        select(
            P.id, P.provider_id, P.contract_id, P.confirmation, P.answered_by_id, P.asked_because, P.council_comment,
            P.waive_reason, P.waiting_pence, part.taken_pence, part.total_pence, part.before_pence,
            P.is_waived.label("is_waived"), P.is_unanswered.label("is_unanswered"),
            recovers(is_taken_by(run.id)).label("recovers"),
            is_far_off(part.taken_pence, sa.func.coalesce(part.before_pence, 0)).label("is_far_off"),
        )
        .join(part, part.payment_id == P.id)
        .where(part.run_id == run.id)
        .order_by(P.id)
    ).all()  # fmt: skip


def _firsts(members: Iterable[Row]) -> dict[int, Finding]:
    """By the id of the payment: whether nothing was ever paid to its provider, or under its contract."""
    contracts, providers = {each.contract_id for each in members}, {each.provider_id for each in members}
    finalised = select(line.contract_id, line.provider_id).where(line.run_id.is_not(None)).distinct()
    paid = session.execute(finalised.where(line.provider_id.in_(providers))).all()
    known_contracts, known_providers = {row.contract_id for row in paid}, {row.provider_id for row in paid}
    return {
        each.id: Finding.NEW_CONTRACT if each.provider_id in known_providers else Finding.NEW_PROVIDER
        for each in members
        if each.contract_id in contracts - known_contracts
    }


def _of_payments(members: Iterable[Row], firsts: dict[int, Finding], hands: Iterable[Hand]) -> Iterator[Found]:
    who = {(hand.payment_id, hand.kind): f"{hand.name}: " for hand in hands}
    most = money_limits().payment_pence
    for each in members:
        then = {
            Finding.OVER_LIMIT: 0 < most < each.total_pence,
            Finding.FAR_OFF: bool(each.is_far_off),
            Finding.NOTHING: each.taken_pence <= 0 < (each.before_pence or 0),
            Finding.RECOVERY: each.recovers,
            Finding.WAIVED: each.is_waived,
            Finding.SENT_BACK: each.asked_because is Asked.SENT_BACK,
            Finding.SILENCE: each.confirmation is Confirmation.CONFIRMED and each.answered_by_id is None,
            Finding.UNCONFIRMED: each.is_unanswered,
            Finding.WAITING: each.waiting_pence != 0,
        }
        notes = {
            Finding.WAIVED: f"{who.get((each.id, HandKind.WAIVED), '')}{each.waive_reason or ''}",
            Finding.SENT_BACK: f"{who.get((each.id, HandKind.SENT_BACK), '')}{each.council_comment}",
        }
        if each.id in firsts:
            then[firsts[each.id]] = True
        for kind, is_so in then.items():
            if is_so:
                yield found(
                    kind, each.id, each.provider_id,
                    each.waiting_pence if kind is Finding.WAITING else each.taken_pence,
                    before_pence=None if kind is Finding.WAITING else each.before_pence, note=notes.get(kind, ""),
                )  # fmt: skip


def _of_rows(rows: Sequence[Compared], firsts: dict[int, Finding]) -> Iterator[Found]:
    """Rows that are new, gone or changed. Those of a contract's first payment are not each called new."""
    for row in rows:
        if row.has_ended and row.own_before_pence:
            yield _of_row(Finding.ENDED, row)
        elif row.is_new and row.payment_id not in firsts:
            yield _of_row(Finding.NEW, row)
        if row.earlier_pence:
            yield found(Finding.EARLIER, row.payment_id, row.provider_id, row.earlier_pence, client_id=row.client_id)
    changed = [row for row in rows if row.has_changed]
    yield from _changed(changed)
    dearer = [row for row in changed if row.own_pence > row.own_before_pence > 0]
    notes = risen_twice([(row.payment_id, row.client_id) for row in dearer])
    for row in dearer:
        if (row.payment_id, row.client_id) in notes:
            yield _of_row(Finding.SECOND_RISE, row, note=notes[row.payment_id, row.client_id])


def _changed(rows: Iterable[Compared]) -> Iterator[Found]:
    """Rows that have changed: those by the same percentage together, where they are many."""
    for per_mille, same in _by_change(rows).items():
        is_one_cause = per_mille is not None and len(same) >= ALIKE
        note = f"{(per_mille or 0) / 10:+.1f} %, as {len(same) - 1} more" if is_one_cause else ""
        for row in same:
            yield _of_row(Finding.SAME_PERCENT if is_one_cause else Finding.CHANGED, row, note=note)


def _by_change(rows: Iterable[Compared]) -> dict[int | None, list[Compared]]:
    """Rows by the change in tenths of a per cent; None for those that were £0.00 or less."""
    groups: dict[int | None, list[Compared]] = defaultdict(list)
    for row in rows:
        is_known = row.own_before_pence > 0 and row.own_pence > 0
        groups[round(row.own_pence * 1_000 / row.own_before_pence) - 1_000 if is_known else None].append(row)
    return groups


def _of_row(kind: Finding, row: Compared, *, note: str = "") -> Found:
    return found(
        kind, row.payment_id, row.provider_id, row.own_pence, client_id=row.client_id,
        before_pence=row.own_before_pence if row.was_here else None, note=note,
    )  # fmt: skip


def _by_hand(run: PaymentRun) -> Iterator[Found]:
    canceller = aliased(User)
    rows = session.execute(
        select(
            line.payment_id, line.provider_id, Adjustment.client_id, Adjustment.reason, User.name,
            canceller.name.label("canceller"), sum_of(line.total_pence).label("pence"),
        )
        .join(RunPayment, sa.and_(RunPayment.payment_id == line.payment_id, RunPayment.run_id == run.id))
        .join(Adjustment, Adjustment.id == line.adjustment_id)
        .outerjoin(User, User.id == Adjustment.created_by_id)
        .outerjoin(canceller, canceller.id == Adjustment.cancelled_by_id)
        .where(is_taken_by(run.id))
        .group_by(Adjustment.id, line.payment_id, line.provider_id, User.name, canceller.name)
        .order_by(Adjustment.id)
    )  # fmt: skip
    for row in rows:
        yield found(
            Finding.ADJUSTED, row.payment_id, row.provider_id, row.pence, client_id=row.client_id,
            note=(f"{row.canceller} has cancelled what was made by " if row.canceller else "")
            + (f"{row.name}: {row.reason}" if row.name else row.reason),
        )  # fmt: skip


def _released(run: PaymentRun) -> Iterator[Found]:
    """What was held and is in the run now: the whole of a payment of which nothing is paid, or a row."""
    is_its = sa.or_(Hold.is_of_whole_payment, line.purchase_order_id == Hold.purchase_order_id)
    rows = session.execute(
        select(
            Hold.payment_id, Hold.provider_id, Hold.release_reason, User.name,
            sum_of(line.total_pence).label("pence"),
        )
        .join(RunPayment, sa.and_(RunPayment.payment_id == Hold.payment_id, RunPayment.run_id == run.id))
        .join(P, P.id == Hold.payment_id)
        .join(line, sa.and_(line.payment_id == Hold.payment_id, is_its, is_taken_by(run.id)))
        .join(User, User.id == Hold.released_by_id)
        .where(Hold.is_released, sa.or_(~Hold.is_of_whole_payment, ~P.is_begun))
        .group_by(Hold.id, User.name)
        .order_by(Hold.id)
    )  # fmt: skip
    for row in rows:
        note = f"{row.name}: {row.release_reason}"
        yield found(Finding.RELEASED, row.payment_id, row.provider_id, row.pence, note=note)


def _days_moved(run: PaymentRun) -> Iterator[Found]:
    part = RunPayment
    rows = session.execute(
        select(part.payment_id, part.provider_id, part.taken_pence, DayMove.reason, DayMove.is_paid_now, User.name)
        .join(DayMove, DayMove.payment_id == part.payment_id)
        .join(User, User.id == DayMove.moved_by_id)
        .where(part.run_id == run.id)
        .order_by(DayMove.id)
    )
    for row in rows:
        note = f"{'Paid now by ' if row.is_paid_now else ''}{row.name}: {row.reason}"
        yield found(Finding.DAYS_MOVED, row.payment_id, row.provider_id, row.taken_pence, note=note)


def _decided_by_hand(hands: Iterable[Hand]) -> Iterator[Found]:
    for hand in hands:
        if hand.kind.is_of_debt:
            note = f"{hand.kind.value}, {hand.name}: {hand.reason}"
            yield found(Finding.DEBT_BY_HAND, hand.payment_id, hand.provider_id, hand.pence, note=note)
        elif hand.kind is HandKind.AGREED:
            note = f"{hand.name} has recorded it, agreed by {hand.reason or 'nobody named'}"
            yield found(Finding.AGREED_BY_HAND, hand.payment_id, hand.provider_id, hand.pence, note=note)


def _left_out(run: PaymentRun) -> Iterator[Found]:
    """What is due and not in the run: whole payments, and rows of payments that are in it or not."""
    earlier = before()
    of_chosen = P.provider_id.in_(run.chosen) if run.chosen is not None else sa.true()
    is_chosen = sa.and_(of_chosen, P.is_to_be_finalised(run.first_due_on, run.last_due_on))
    taken = select(RunPayment.payment_id).where(RunPayment.run_id == run.id)
    rows = session.execute(
        select(
            P.id, P.provider_id, P.unpaid_pence.label("unpaid_pence"), P.waiting_pence, P.confirmation,
            P.is_unanswered.label("is_unanswered"),
            is_held().label("is_held"), earlier.total_pence.label("before_pence"),
        )
        .outerjoin(earlier, is_before(earlier))
        .where(P.is_due(run.as_on), is_chosen, P.id.not_in(taken))
        .order_by(P.id)
    )  # fmt: skip
    for row in rows:
        is_rejected = row.confirmation is Confirmation.REJECTED
        then = {
            Finding.REJECTED: is_rejected,
            Finding.HELD: row.is_held and not is_rejected,
            Finding.UNCONFIRMED: row.is_unanswered,
        }
        for kind, is_so in then.items():
            if is_so:
                yield found(
                    kind, row.id, row.provider_id, row.unpaid_pence, before_pence=row.before_pence, note="left out"
                )
        if row.waiting_pence:
            yield found(Finding.WAITING, row.id, row.provider_id, row.waiting_pence, note="left out")
    yield from _held_rows(run, is_chosen)


def _held_rows(run: PaymentRun, is_chosen: sa.ColumnElement[bool]) -> Iterator[Found]:
    is_draft = sa.and_(
        line.payment_id == Hold.payment_id, line.purchase_order_id == Hold.purchase_order_id, line.run_id.is_(None)
    )
    rows = session.execute(
        select(
            Hold.payment_id, Hold.provider_id, PurchaseOrder.client_id, Hold.reason, User.name,
            sum_of(line.total_pence).label("pence"),
        )
        .join(P, P.id == Hold.payment_id)
        .outerjoin(User, User.id == Hold.placed_by_id)
        .join(PurchaseOrder, PurchaseOrder.id == Hold.purchase_order_id)
        .outerjoin(line, is_draft)
        .where(Hold.is_in_force, P.is_due(run.as_on), is_chosen)
        .group_by(Hold.id, PurchaseOrder.client_id, User.name)
        .order_by(Hold.id)
    )  # fmt: skip
    for row in rows:
        note = f"{row.name}: {row.reason}" if row.name else row.reason
        yield found(Finding.HELD_ROWS, row.payment_id, row.provider_id, row.pence, client_id=row.client_id, note=note)
