"""Promises of claims that are made in the portal."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy import func, select

from models.base import session, sum_of
from models.money import number
from models.payments.payment import PaymentLine
from models.records.claim import DECIDED, Claim, ClaimItem, ClaimStatus, ClaimTrip
from models.verify.broken import BrokenPromise


def undecided() -> Iterator[BrokenPromise]:
    """What the panel has not decided stands in no payment."""
    query = (
        select(PaymentLine.id, ClaimItem.claim_id)
        .join(ClaimItem, ClaimItem.id == PaymentLine.claim_item_id)
        .join(Claim, Claim.id == ClaimItem.claim_id)
        .where(Claim.status.not_in(DECIDED))
        .order_by(PaymentLine.id)
    )
    for line_id, claim_id in session.execute(query):
        yield BrokenPromise("a claim is paid once it is decided", ids={"claim": claim_id, "line": line_id})


def decided() -> Iterator[BrokenPromise]:
    """A claim is accepted if each of its items is, rejected if none is, and accepted in part otherwise."""
    item = ClaimItem
    is_full = sa.and_(item.is_included, item.accepted_e4.is_(None), item.is_fixed_sum.is_(False))
    is_full = sa.and_(is_full, sa.or_(item.is_by_rate, item.accepted_pence == item.amount_pence))
    query = (
        select(
            Claim.id, Claim.status, func.count(item.id).label("all"),
            func.sum(sa.case((item.is_included, 1), else_=0)).label("included"),
            func.sum(sa.case((is_full, 1), else_=0)).label("full"),
        )
        .join(item, item.claim_id == Claim.id)
        .where(Claim.of_portal(), Claim.status.in_(DECIDED))
        .group_by(Claim.id, Claim.status)
        .order_by(Claim.id)
    )  # fmt: skip
    for row in session.execute(query):
        status = ClaimStatus.ACCEPTED if row.full == row.all else ClaimStatus.ACCEPTED_IN_PART
        status = status if row.included else ClaimStatus.REJECTED
        if row.status is not status:
            words = f"{row.status.value}, its items say {status.value}"
            yield BrokenPromise("a claim is decided as its items are", words, {"claim": row.id})


def trips() -> Iterator[BrokenPromise]:
    """An item has the miles of its trips, and begins on the day of the first."""
    item, trip = ClaimItem, ClaimTrip
    miles = sum_of(sa.case((trip.is_return, 2 * trip.miles_e4), else_=trip.miles_e4))
    query = (
        select(item.claim_id, item.id, item.quantity_e4, item.spent_on, miles, func.min(trip.day).label("first"))
        .join(trip, trip.claim_item_id == item.id)
        .group_by(item.claim_id, item.id, item.quantity_e4, item.spent_on)
        .having(sa.or_(miles != item.quantity_e4, func.min(trip.day) != item.spent_on))
        .order_by(item.id)
    )
    for claim_id, item_id, quantity, _, found, _ in session.execute(query):
        words = f"{number(quantity)} miles, its trips have {number(found)}"
        yield BrokenPromise("an item of a claim is its trips", words, {"claim": claim_id, "claim item": item_id})


CHECKS = (undecided, decided, trips)
