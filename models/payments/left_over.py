"""Which payments are due and are not paid, and why: what the command line says before it finalises, and after."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import select

from models.base import session, sum_of
from models.calendar import today
from models.payments.hand_made import has_unseen
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.run import PaymentRun, RunPayment
from models.payments.standing import Kept, Standing, standings
from models.words import Choice


class Left(Choice):
    """Why a payment that is due is not paid, or not all of it."""

    IN_A_RUN = "in a run"
    UNCALCULATED = "uncalculated"
    HELD = "held"
    REJECTED = "rejected"
    MISSED = "missed"
    ASKED = "asked"
    HELD_ROWS = "held rows"
    UNSEEN = "unseen"
    """An adjustment in it was seen by nobody but who made it, so that the command line pays none of it."""
    NEXT_RUN = "next run"

    @property
    def words(self) -> str:
        """As in `2 payments, £706.16: rejected by the provider`."""
        return {
            "in a run": "in a run that is not closed",
            "uncalculated": "the contract cannot be calculated",
            "held": "held by the council",
            "rejected": "rejected by the provider",
            "missed": "not confirmed in time",
            "asked": "waits for a confirmation that can still be given",
            "held rows": "rows in it are held or queried",
            "unseen": "an adjustment in it was seen by nobody but who made it",
            "next run": "for the next run",
        }[self.value]


_BY_KEPT = {
    Kept.UNCALCULATED: Left.UNCALCULATED,
    Kept.HELD: Left.HELD,
    Kept.REJECTED: Left.REJECTED,
    Kept.MISSED: Left.MISSED,
    Kept.ASKED: Left.ASKED,
}


@dataclass
class LeftOver:
    """Payments that are left for one reason, and what of them is not finalised, in pence with VAT."""

    why: Left
    payments: int = 0
    pence: int = 0


def left_over(provider_ids: Collection[int] | None = None, *, taken: Collection[int] = ()) -> list[LeftOver]:
    """What is due today and not paid, of all providers or of these, by reason. The payments with the ids `taken` are
    about to be paid: what is held of them is told.
    """
    payment = ScheduledPayment
    query = select(payment).where(payment.is_due(today()))
    if provider_ids is not None:
        query = query.where(payment.provider_id.in_(provider_ids))
    due = session.scalars(query.order_by(payment.id)).all()
    stand, finalised = standings(due), _finalised(each.id for each in due)
    in_runs = _in_runs()
    unseen = set(session.scalars(query.where(has_unseen()).with_only_columns(payment.id)))
    found: dict[Left, LeftOver] = {}
    for each in due:
        standing = stand[each.id]
        if each.id not in taken:
            why = Left.IN_A_RUN if each.id in in_runs else _why(standing, is_unseen=each.id in unseen)
            pence = each.total_pence - finalised.get(each.id, 0)
        elif standing.held_rows_pence:
            why, pence = Left.HELD_ROWS, standing.held_rows_pence
        else:
            continue
        so_far = found.setdefault(why, LeftOver(why))
        so_far.payments += 1
        so_far.pence += pence
    return sorted(found.values(), key=lambda each: list(Left).index(each.why))


def _why(standing: Standing, *, is_unseen: bool) -> Left:
    if standing.kept is not None:
        return _BY_KEPT[standing.kept]
    if is_unseen:
        return Left.UNSEEN
    return Left.HELD_ROWS if standing.held_rows_pence else Left.NEXT_RUN


def _in_runs() -> set[int]:
    part = RunPayment
    query = select(part.payment_id).join(PaymentRun, PaymentRun.id == part.run_id)
    return set(session.scalars(query.where(PaymentRun.is_open, part.outcome.is_(None))))


def _finalised(payment_ids: Iterable[int]) -> dict[int, int]:
    """What is finalised of these payments' own lines."""
    line = PaymentLine
    query = select(line.payment_id, sum_of(line.total_pence)).where(
        line.payment_id.in_(list(payment_ids)), line.run_id.is_not(None), line.is_own
    )
    return dict(session.execute(query.group_by(line.payment_id)).all())
