"""What goes over when a feed changes a payment method, and days of one payment become those of others: its holds with
what was answered to them, and a rejection. Days that were moved were moved for that one payment: they go, and the
provider is told.

What a standing hold has placed is none of it: the calculation places that anew.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date
from typing import Protocol

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload, selectinload

from models.audit import record
from models.base import session
from models.calendar import Span
from models.payments.asking import tell
from models.payments.confirmation import NOT_WAIVED, Confirmation
from models.payments.hold import Hold, HoldAnswer
from models.payments.payment import ScheduledPayment

P = ScheduledPayment


class Days(Protocol):
    """A payment's row, with the days that it had."""

    @property
    def id(self) -> int: ...
    @property
    def contract_id(self) -> int: ...
    @property
    def first_on(self) -> date: ...
    @property
    def last_on(self) -> date: ...


def kept_back_of(payment_ids: Collection[int]) -> set[int]:
    """Which of these payments somebody holds or held, a row of them too, or has rejected."""
    held = select(Hold.payment_id).where(Hold.payment_id.in_(payment_ids), Hold.standing_id.is_(None))
    rejected = select(P.id).where(P.id.in_(payment_ids), P.is_rejected)
    return {*session.scalars(held), *session.scalars(rejected)}


def go_over(losing: Iterable[Days], gone: Collection[int]) -> None:
    """Whatever keeps these payments back keeps back each open payment that has days of theirs now. Those of `gone` are
    about to be deleted; the others have fewer days than they had.
    """
    lost = {row.id: row for row in losing}
    heirs = _heirs(lost.values(), gone)
    for hold in _holds(lost):
        _go_over(hold, heirs[hold.payment_id], is_gone=hold.payment_id in gone)
    query = select(P).where(P.id.in_(lost)).options(joinedload(P.contract)).order_by(P.id)
    for payment in session.scalars(query.execution_options(populate_existing=True)).all():
        if payment.confirmation is Confirmation.REJECTED:
            _reject(payment, heirs[payment.id])
        if payment.id in gone and any(payment.moved):
            _forget_moves(payment, heirs[payment.id])
    session.flush()


def _heirs(losing: Collection[Days], gone: Collection[int]) -> dict[int, list[P]]:
    """The open payments that have days of each of these now, in order."""
    query = select(P).where(
        P.contract_id.in_({row.contract_id for row in losing}), P.closed_run_id.is_(None), P.id.not_in(gone)
    )
    of_contract: dict[int, list[P]] = defaultdict(list)
    for payment in session.scalars(query.order_by(P.first_on).execution_options(populate_existing=True)):
        of_contract[payment.contract_id].append(payment)
    return {
        row.id: [
            each
            for each in of_contract[row.contract_id]
            if each.id != row.id and Span(row.first_on, row.last_on).overlap(each.first_on, each.last_on)
        ]
        for row in losing
    }


def _holds(payment_ids: Collection[int]) -> list[Hold]:
    query = select(Hold).where(Hold.payment_id.in_(payment_ids), Hold.standing_id.is_(None))
    return list(session.scalars(query.options(selectinload(Hold.answers)).order_by(Hold.id)))


def _go_over(hold: Hold, heirs: list[P], *, is_gone: bool) -> None:
    """It moves, released or not, to the first payment that takes the place of one that is gone; in force, it stands on
    each of the others as well.
    """
    from_id, others = hold.payment_id, heirs
    if is_gone and heirs:
        hold.payment_id, others = heirs[0].id, heirs[1:]
        record("hold.went_over", hold, by=None, from_payment=from_id, to_payment=heirs[0].id)
    if not hold.is_in_force:
        return
    for heir in others:
        same = Hold(
            provider_id=hold.provider_id, payment_id=heir.id, purchase_order_id=hold.purchase_order_id, kind=hold.kind,
            reason=hold.reason, placed_at=hold.placed_at, placed_by_id=hold.placed_by_id,
        )  # fmt: skip
        session.add(same)
        session.flush()
        for answer in hold.answers:
            said = {"text": answer.text, "given_at": answer.given_at, "given_by_id": answer.given_by_id}
            session.add(HoldAnswer(provider_id=hold.provider_id, hold_id=same.id, **said))
        record("hold.went_over", same, by=None, from_payment=from_id, to_payment=heir.id)


def _reject(payment: P, heirs: list[P]) -> None:
    """A rejection stays until somebody settles it, whichever payment has its days."""
    answer = {
        name: getattr(payment, name)
        for name in ("confirmation", "answered_pence", "answered_at", "answered_on", "answered_by_id", "answer_comment")
    }
    for heir in heirs:
        is_not = P.id == heir.id, P.confirmation != Confirmation.REJECTED
        session.execute(update(P).where(*is_not).values(**answer, lapsed_pence=None, **NOT_WAIVED))
        record("payment.rejection_went_over", heir, by=None, from_payment=payment.id, to_payment=heir.id)


def _forget_moves(payment: P, heirs: list[P]) -> None:
    record("payment.moves_lost", payment, by=None)
    now = ", ".join(each.span.words() for each in heirs)
    instead = f"Its days are part of another payment now: {now}. That has its usual days." if now else ""
    tell(
        payment,
        "Days that were moved are not any more",
        "The council had moved days of this payment. Its contract is paid in other periods now, so that there is no "
        f"such payment any more, and the days that were moved for it do not count. {instead}".rstrip(),
    )


def touches(row: Days, spans: Iterable[Span]) -> bool:
    """Whether one of these has a day of that payment."""
    return any(span.overlap(row.first_on, row.last_on) for span in spans)
