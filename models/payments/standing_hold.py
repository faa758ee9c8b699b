"""Standing holds: a provider, one of its contracts or one client there is held once, and each payment that it touches
gets an ordinary Hold, now and with every calculation to come.
"""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, insert, select, update
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from models.audit import record
from models.base import Base, DomainError, Key, chunks, rows_changed, session, utc_now
from models.calendar import today
from models.hybrids import hybrid_property
from models.payments.hold import Hold, HoldKind, held_pence
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.records.client import Client
from models.records.contract import Contract
from models.records.provider import Provider
from models.statements import TODAY
from models.tenancy import ProviderOwned, owned
from models.waiting import waits

P = ScheduledPayment
CHUNK = 1_000
LONGEST_UNREVIEWED = timedelta(days=366)
"""A review further away would be none: a year mistyped would keep money back for good."""


class State(StrEnum):
    """Which standing holds a list shows."""

    IN_FORCE = "in force"
    REVIEW = "review due"
    ENDED = "ended"


class StandingHold(ProviderOwned, Base):
    """Every payment of the provider, or of one contract, with a day from `first_on` to `last_on` (None: every later
    one) is held; for one client it is its row in each of them. So until an officer ends it, whatever day it is.
    """

    __tablename__ = "standing_hold"
    __table_args__ = owned(
        sa.CheckConstraint("contract_id IS NULL OR client_id IS NULL", name="one_kind"),
        sa.CheckConstraint("last_on IS NULL OR first_on <= last_on", name="days"),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by_id IS NULL)", name="ended_by"),
        sa.CheckConstraint("(ended_at IS NULL) = (end_reason = '')", name="end_reason"),
        contract_id="contract",
    )

    id: Mapped[Key]
    contract_id: Mapped[int | None] = mapped_column(index=True)
    client_id: Mapped[int | None] = mapped_column(sa.ForeignKey("client.id"), index=True)
    first_on: Mapped[date]
    last_on: Mapped[date | None]
    reason: Mapped[str]
    review_on: Mapped[date]
    """The day by which an officer looks at it again, and keeps it, changes it or ends it."""
    begun_at: Mapped[datetime] = mapped_column(default=utc_now)
    begun_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    end_reason: Mapped[str] = mapped_column(default="")

    contract: Mapped[Contract | None] = relationship(lazy="raise", viewonly=True)
    client: Mapped[Client | None] = relationship(lazy="raise", viewonly=True)

    @hybrid_property
    def is_ended(self) -> bool:
        return self.ended_at is not None

    @is_ended.inplace.expression
    @classmethod
    def _is_ended(cls) -> sa.ColumnElement[bool]:
        return cls.ended_at.is_not(None)

    @hybrid_property
    def is_due_for_review(self) -> bool:
        return not self.is_ended and self.review_on <= today()

    @is_due_for_review.inplace.expression
    @classmethod
    def _is_due_for_review(cls) -> sa.ColumnElement[bool]:
        return sa.and_(~cls.is_ended, cls.review_on <= TODAY)

    @property
    def what(self) -> str:
        """What of its provider it holds."""
        if self.contract is not None:
            return f"Contract {self.contract.name} ({self.contract.reference})"
        return self.client.masked_name if self.client is not None else "All payments"

    @classmethod
    def touches(cls) -> sa.ColumnElement[bool]:
        """A condition on it and ScheduledPayment: the payment is one of those that it holds, or has a row that it
        holds.
        """
        return sa.and_(
            P.provider_id == cls.provider_id,
            sa.or_(cls.contract_id.is_(None), P.contract_id == cls.contract_id),
            P.last_on >= cls.first_on,
            sa.or_(cls.last_on.is_(None), P.first_on <= cls.last_on),
        )

    @classmethod
    def numbered(cls, id_: int) -> Select["StandingHold"]:
        return select(cls).where(cls.id == id_).options(joinedload(cls.contract), joinedload(cls.client))

    @classmethod
    def listed(cls, *, name: str = "", state: State | None = None) -> Select:
        """Standing holds with their provider's name and reference, and what they hold of payments that have begun: how
        many, and pence. Those in force first, by review day; then the ended, the latest first.
        """
        now = Hold.standing_id == cls.id, ~Hold.is_released, P.is_open
        held = select(sa.func.count(Hold.payment_id.distinct())).join(P, P.id == Hold.payment_id).where(*now)
        pence = select(sa.func.coalesce(sa.func.sum(held_pence()), 0)).select_from(Hold)
        pence = pence.join(P, P.id == Hold.payment_id).where(*now)
        query = (
            select(
                cls, Provider.name.label("provider"), Provider.reference.label("provider_reference"),
                held.correlate(cls).scalar_subquery().label("payments"),
                sa.cast(pence.correlate(cls).scalar_subquery(), sa.BigInteger).label("pence"),
            )
            .join(Provider, Provider.id == cls.provider_id)
            .options(joinedload(cls.contract), joinedload(cls.client))
            .order_by(
                cls.is_ended, sa.case((cls.is_ended, None), else_=cls.review_on), cls.ended_at.desc(),
                Provider.folded_name, cls.id,
            )
        )  # fmt: skip
        if name:
            query = query.where(Provider.found_by(name))
        if state is not None:
            which = {State.IN_FORCE: ~cls.is_ended, State.REVIEW: cls.is_due_for_review, State.ENDED: cls.is_ended}
            query = query.where(which[state])
        return query

    @classmethod
    def same_as(
        cls, provider_id: int, contract_id: int | None, client_id: int | None, first_on: date, last_on: date | None
    ) -> Select["StandingHold"]:
        """Those in force that hold the same, with a day in common."""
        query = select(cls).where(
            cls.provider_id == provider_id, cls.contract_id.is_not_distinct_from(contract_id),
            cls.client_id.is_not_distinct_from(client_id), ~cls.is_ended,
            sa.or_(cls.last_on.is_(None), cls.last_on >= first_on),
        )  # fmt: skip
        return query.where(cls.first_on <= last_on) if last_on is not None else query

    @property
    def is_idle(self) -> bool:
        """It touches no payment that is still to be paid, and no day to come."""
        if self.last_on is None or self.last_on >= today():
            return False
        query = select(P.id).join(StandingHold, StandingHold.touches())
        query = query.where(StandingHold.id == self.id, P.closed_run_id.is_(None))
        return session.scalar(query.limit(1)) is None

    def payments(self) -> Select:
        """The payments that it has held: rows of Hold and ScheduledPayment with the contract; those that it holds now
        first, the oldest period first.
        """
        return (
            select(Hold, P)
            .join(P, P.id == Hold.payment_id)
            .join(P.contract)
            .options(sa.orm.contains_eager(P.contract))
            .where(Hold.standing_id == self.id)
            .order_by(Hold.is_released, P.first_on, Contract.folded_name, Hold.id)
        )


def check_days(first_on: date, last_on: date | None, review_on: date) -> None:
    """DomainError where a standing hold cannot have these days."""
    if last_on is not None and last_on < first_on:
        raise DomainError("The last day is before the first. Choose a later one, or leave it empty")
    if review_on < today():
        raise DomainError("The day to review it is past. Choose today or a later day")
    if review_on > today() + LONGEST_UNREVIEWED:
        raise DomainError("Review it within a year. Choose an earlier day")


def waiting() -> Select:
    """The standing holds that are to be reviewed, counted: see models.waiting."""
    standing = StandingHold
    count, since = sa.func.count(standing.id), sa.func.min(standing.review_on)
    return waits(State.REVIEW, count, since).where(standing.is_due_for_review)


def place_standing(provider_ids: list[int] | None = None) -> None:
    """Hold what the standing holds of these providers (None: all) touch and nothing holds yet: payments that are not
    closed, to come or begun, and clients' rows in those that have drafts. Not what an officer has let go out of it.
    """
    standing = StandingHold
    query = select(standing).where(~standing.is_ended).order_by(standing.id)
    if provider_ids is not None:
        query = query.where(standing.provider_id.in_(provider_ids))
    found = {each.id: each for each in session.scalars(query)}
    if not found:
        return
    session.flush()
    placed: dict[tuple[int, int | None], int] = {}
    for free in (_whole_payments(list(found)), _rows(list(found))):
        for standing_id, payment_id, order_id in session.execute(free.order_by(standing.id, P.id)):
            placed.setdefault((payment_id, order_id), standing_id)
    rows = [_hold(found[standing_id], *place) for place, standing_id in placed.items()]
    for some_rows in chunks(rows, CHUNK):
        session.execute(insert(Hold), some_rows)
    for standing_id in sorted(set(placed.values())):
        count = sum(id_ == standing_id for id_ in placed.values())
        record("standing_hold.applied", found[standing_id], by=None, holds=count)


def _hold(standing: StandingHold, payment_id: int, order_id: int | None) -> dict[str, Any]:
    return {
        "provider_id": standing.provider_id, "payment_id": payment_id, "purchase_order_id": order_id,
        "kind": HoldKind.OFFICER, "reason": standing.reason, "placed_by_id": standing.begun_by_id,
        "standing_id": standing.id,
    }  # fmt: skip


def _whole_payments(standing_ids: list[int]) -> Select:
    standing = StandingHold
    return (
        select(standing.id, P.id, sa.cast(sa.null(), sa.Integer))
        .join(P, standing.touches())
        .where(
            standing.id.in_(standing_ids), standing.client_id.is_(None), P.closed_run_id.is_(None),
            _is_free(Hold.is_of_whole_payment),
        )
    )  # fmt: skip


def _rows(standing_ids: list[int]) -> Select:
    standing, line, order = StandingHold, PaymentLine, PurchaseOrder
    return (
        select(standing.id, P.id, line.purchase_order_id)
        .join(P, standing.touches())
        .join(line, sa.and_(line.payment_id == P.id, line.run_id.is_(None)))
        .join(order, sa.and_(order.id == line.purchase_order_id, order.client_id == standing.client_id))
        .where(
            standing.id.in_(standing_ids), P.closed_run_id.is_(None),
            _is_free(Hold.purchase_order_id == line.purchase_order_id),
        )
        .distinct()
    )  # fmt: skip


def _is_free(here: sa.SQLColumnExpression[bool]) -> sa.ColumnElement[bool]:
    """A condition: nothing holds that place, and no officer has let it go out of this standing hold."""
    let_go = sa.and_(Hold.standing_id == StandingHold.id, Hold.is_let_go)
    taken = select(Hold.id).where(Hold.payment_id == P.id, here, sa.or_(Hold.is_in_force, let_go))
    return ~taken.correlate(P, StandingHold, PaymentLine).exists()


def release_outside(standing: StandingHold, *, by_id: int, reason: str) -> int:
    """Release its holds on payments that it does not touch any more: all of them, once it has ended. How many."""
    touched = select(P.id).join(StandingHold, StandingHold.touches())
    touched = touched.where(StandingHold.id == standing.id, ~StandingHold.is_ended)
    return rows_changed(
        update(Hold)
        .where(Hold.standing_id == standing.id, ~Hold.is_released, Hold.payment_id.not_in(touched))
        .values(released_at=utc_now(), released_by_id=by_id, release_reason=reason),
        unsynced=True,
    )
