"""What an officer does with standing holds: begin, change and end one. Each locks the provider's contracts, and
calculates the provider afterwards, which places what is still to be held. What is finalised is never touched.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from sqlalchemy import Select, select, update

from models.accounts.user import User
from models.audit import record
from models.base import DomainError, move, reload, rows_changed, session, utc_now
from models.payments.calculation import calculate, lock
from models.payments.hold import Hold
from models.payments.standing_hold import StandingHold, check_days, release_outside
from models.records.care_package import CarePackageLineItem
from models.records.contract import Contract
from models.records.provider import Provider


@contextmanager
def _recalculated(provider_id: int, standing: StandingHold | None = None) -> Iterator[None]:
    lock([provider_id])
    if standing is not None:
        reload(standing)
    yield
    session.flush()
    calculate([provider_id])


def suspend(
    provider: Provider,
    *,
    by: User,
    reason: str,
    review_on: date,
    first_on: date,
    last_on: date | None = None,
    contract_id: int | None = None,
    client_id: int | None = None,
) -> StandingHold:
    """Hold all payments of the provider, those of one contract, or one client's rows, with a day from `first_on` to
    `last_on` (None: until it is ended). DomainError where the days do not fit, the contract or client is none of the
    provider's, or the same is held already.
    """
    with _recalculated(provider.id):
        check_days(first_on, last_on, review_on)
        _insist_on_ours(provider.id, contract_id, client_id)
        same = StandingHold.same_as(provider.id, contract_id, client_id, first_on, last_on)
        _insist_on_no_other(same)
        standing = StandingHold(
            provider_id=provider.id, contract_id=contract_id, client_id=client_id, first_on=first_on, last_on=last_on,
            reason=reason, review_on=review_on, begun_by_id=by.id,
        )  # fmt: skip
        session.add(standing)
        record("standing_hold.begun", standing, by=by)
    return standing


def change(
    standing: StandingHold, *, by: User, reason: str, review_on: date, first_on: date, last_on: date | None
) -> None:
    """Give it other days, another reason, or another day of review. What it no longer touches is released, with that
    reason. DomainError where it has ended, or as in suspend.
    """
    with _recalculated(standing.provider_id, standing):
        check_days(first_on, last_on, review_on)
        place = standing.provider_id, standing.contract_id, standing.client_id
        _insist_on_no_other(StandingHold.same_as(*place, first_on, last_on).where(StandingHold.id != standing.id))
        days = {"first_on": first_on, "last_on": last_on, "review_on": review_on, "reason": reason}
        if not move(standing, ~StandingHold.is_ended, **days):
            raise DomainError("This standing hold has ended already. Begin another one")
        mine = Hold.standing_id == standing.id, ~Hold.is_released
        rows_changed(update(Hold).where(*mine).values(reason=reason), unsynced=True)
        released = release_outside(standing, by_id=by.id, reason=f"The standing hold has other days now: {reason}")
        record("standing_hold.changed", standing, by=by, released=released)


def end(standing: StandingHold, *, by: User, reason: str) -> int:
    """End it, and release all that it holds; how many holds. DomainError where somebody has ended it already."""
    with _recalculated(standing.provider_id, standing):
        ended = {"ended_at": utc_now(), "ended_by_id": by.id, "end_reason": reason}
        if not move(standing, ~StandingHold.is_ended, **ended):
            raise DomainError("This standing hold has ended already")
        released = release_outside(standing, by_id=by.id, reason=reason)
        record("standing_hold.ended", standing, by=by, released=released)
    return released


def _insist_on_ours(provider_id: int, contract_id: int | None, client_id: int | None) -> None:
    item = CarePackageLineItem
    if contract_id is not None:
        ours = select(Contract.id).where(Contract.id == contract_id, Contract.provider_id == provider_id)
    elif client_id is not None:
        ours = select(item.id).where(item.client_id == client_id, item.provider_id == provider_id).limit(1)
    else:
        return
    if session.scalar(ours) is None:
        raise DomainError("That is no contract, and no client, of this provider. Choose another")


def _insist_on_no_other(same: Select[StandingHold]) -> None:
    if session.scalar(same.with_only_columns(StandingHold.id).limit(1)) is not None:
        raise DomainError("A standing hold holds this already on some of these days. Change that one")
