"""Holds: draft lines that no run finalises, because an officer held them or the provider queried them."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from models.accounts.user import User
from models.audit import record
from models.base import Base, DomainError, Key, session, sum_of, utc_now
from models.hybrids import hybrid_property
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.tenancy import ProviderOwned, link, owned
from models.words import Choice


class HoldKind(Choice):
    OFFICER = "officer"
    QUERY = "query"


class Hold(ProviderOwned, Base):
    """A payment, or one purchase order's row in it, that is kept back until it is released."""

    __tablename__ = "hold"
    __table_args__ = owned(
        link("payment_id", "scheduled_payment", ondelete="CASCADE"),
        sa.Index(
            "ix_hold_open",
            "payment_id",
            sqlite_where=sa.text("released_at IS NULL"),
            postgresql_where=sa.text("released_at IS NULL"),
        ),
        sa.CheckConstraint("(released_at IS NULL) = (released_by_id IS NULL)", name="released_by"),
        sa.CheckConstraint("(released_at IS NULL) = (release_reason = '')", name="release_reason"),
        sa.CheckConstraint("NOT is_let_go OR (standing_id IS NOT NULL AND released_at IS NOT NULL)", name="let_go"),
        purchase_order_id="purchase_order",
        standing_id="standing_hold",
    )

    id: Mapped[Key]
    payment_id: Mapped[int] = mapped_column(index=True)
    purchase_order_id: Mapped[int | None] = mapped_column(index=True)
    """None: the whole payment."""
    kind: Mapped[HoldKind]
    is_paid: Mapped[bool] = mapped_column(default=False)
    """A query where the contract pays queried rows all the same: it is shown, and holds nothing."""
    reason: Mapped[str]
    placed_at: Mapped[datetime] = mapped_column(default=utc_now)
    placed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    released_at: Mapped[datetime | None]
    released_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    release_reason: Mapped[str] = mapped_column(default="")
    standing_id: Mapped[int | None] = mapped_column(index=True)
    """The standing hold that has placed it; None for one that somebody placed here."""
    is_let_go: Mapped[bool] = mapped_column(default=False)
    """An officer has released it out of its standing hold, which does not place it again."""

    payment: Mapped[ScheduledPayment] = relationship(lazy="raise", viewonly=True)
    purchase_order: Mapped[PurchaseOrder | None] = relationship(lazy="raise", viewonly=True)
    answers: Mapped[list["HoldAnswer"]] = relationship(lazy="raise", viewonly=True, order_by="HoldAnswer.id")

    @property
    def is_query(self) -> bool:
        """The provider placed it, and may read its reason. An officer's reason is for the council only."""
        return self.kind is HoldKind.QUERY

    @hybrid_property
    def is_released(self) -> bool:
        return self.released_at is not None

    @is_released.inplace.expression
    @classmethod
    def _is_released(cls) -> sa.ColumnElement[bool]:
        return cls.released_at.is_not(None)

    @hybrid_property
    def is_in_force(self) -> bool:
        """It keeps money back: not released, and no query that is paid all the same."""
        return not self.is_released and not self.is_paid

    @is_in_force.inplace.expression
    @classmethod
    def _is_in_force(cls) -> sa.ColumnElement[bool]:
        return sa.and_(~cls.is_released, ~cls.is_paid)

    @hybrid_property
    def is_of_whole_payment(self) -> bool:
        return self.purchase_order_id is None

    @is_of_whole_payment.inplace.expression
    @classmethod
    def _is_of_whole_payment(cls) -> sa.ColumnElement[bool]:
        return cls.purchase_order_id.is_(None)

    @classmethod
    def on(cls, payment: ScheduledPayment) -> Select["Hold"]:
        """The holds on a payment that are not released, the whole payment's first."""
        return (
            select(cls).where(cls.payment_id == payment.id, ~cls.is_released).order_by(~cls.is_of_whole_payment, cls.id)
        )

    @classmethod
    def orders_in(cls, payment: ScheduledPayment) -> Select[PurchaseOrder]:
        """The purchase orders of which a row of the payment is, or was, held, as far as it still has that row."""
        line, held = PaymentLine, select(cls.purchase_order_id).where(cls.payment_id == payment.id)
        here = select(line.purchase_order_id).where(line.payment_id == payment.id)
        order = PurchaseOrder
        return select(order).where(order.id.in_(held), order.id.in_(here)).order_by(order.id)

    @classmethod
    def ever_on(cls, payment: ScheduledPayment) -> Select["Hold"]:
        """All holds on a payment with their purchase orders and answers, those not released first: ask for unique()."""
        order = joinedload(cls.purchase_order).joinedload(PurchaseOrder.client)
        beside = order, joinedload(cls.answers)
        return select(cls).where(cls.payment_id == payment.id).options(*beside).order_by(cls.is_released, cls.id.desc())

    @property
    def by_what(self) -> str:
        """What an officer reads: it is held by ..."""
        if self.standing_id is not None:
            return "a standing hold"
        return "a query of its provider" if self.is_query else "another hold"

    @property
    def is_told(self) -> bool:
        """Its provider reads of it: it has asked, or the council has written to it."""
        return self.is_query or bool(self.answers)


class HoldAnswer(ProviderOwned, Base):
    """What the council says to the provider of a query or a hold that it has not released yet. What it says as it
    releases a query is `release_reason`.
    """

    __tablename__ = "hold_answer"
    __table_args__ = owned(link("hold_id", "hold", ondelete="CASCADE"))

    id: Mapped[Key]
    hold_id: Mapped[int] = mapped_column(index=True)
    text: Mapped[str]
    given_at: Mapped[datetime] = mapped_column(default=utc_now)
    given_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))


def told_among(holds: Iterable[Hold]) -> dict[int | None, list[Hold]]:
    """What was asked and answered of one payment, released or not, in the order given: by purchase order, with None for
    the whole payment. An officer's hold is among them once the council has written to the provider about it.
    """
    found: dict[int | None, list[Hold]] = defaultdict(list)
    for hold in holds:
        if hold.is_told:
            found[hold.purchase_order_id].append(hold)
    return found


def place(
    payment: ScheduledPayment,
    *,
    by: User,
    reason: str,
    kind: HoldKind,
    order_id: int | None = None,
    is_paid: bool = False,
) -> Hold:
    """Keep back the payment, or one row of it; the hold. DomainError where it is finalised or held already.

    What officer.hold and answers.confirm have in common: they lock before it and calculate after it.
    """
    if payment.closed_run_id is not None:
        raise DomainError("This payment is finalised, so it cannot be held. Make an adjustment instead")
    same = Hold.on(payment).where(Hold.purchase_order_id == order_id)
    if kind is HoldKind.OFFICER:  # a query that is paid all the same stops no officer
        same = same.where(Hold.is_in_force)
    if session.scalar(same.with_only_columns(Hold.id).limit(1)):
        raise DomainError("This is held already")
    hold = Hold(
        provider_id=payment.provider_id, payment_id=payment.id, purchase_order_id=order_id, kind=kind,
        is_paid=is_paid, reason=reason, placed_by_id=by.id,
    )  # fmt: skip
    session.add(hold)
    record(f"hold.placed_by_{kind.value}", hold, by=by)
    return hold


Holds = Callable[..., sa.ColumnElement[bool]]
"""`has_hold` or `is_among_held`."""


def has_hold(*which: sa.SQLColumnExpression[bool]) -> sa.ColumnElement[bool]:
    """A condition on ScheduledPayment: there is a hold on it, or on a row of it, of which all these are true."""
    payment = ScheduledPayment
    return select(Hold.id).where(Hold.payment_id == payment.id, *which).correlate(payment).exists()


def is_among_held(*which: sa.SQLColumnExpression[bool]) -> sa.ColumnElement[bool]:
    """As `has_hold`, where many payments are read: the holds are read once, and not once a payment. `which` has
    `Hold.is_in_force` or `~Hold.is_released` in it, so that they are few, and found by an index.
    """
    return ScheduledPayment.id.in_(select(Hold.payment_id).where(*which))


def is_held() -> sa.ColumnElement[bool]:
    """A condition on ScheduledPayment: no run takes any of it.

    An officer holds the whole of it, its provider rejects it, or its contract waits until it is confirmed. Where all of
    it is paid that is not asked any more, so that a run closes it.
    """
    payment, line = ScheduledPayment, PaymentLine
    is_left = select(line.id).where(line.payment_id == payment.id, line.run_id.is_(None)).correlate(payment).exists()
    return sa.or_(
        payment.is_rejected,
        has_hold(Hold.is_of_whole_payment, Hold.is_in_force),
        sa.and_(payment.waits_for_confirmation, sa.or_(~payment.is_begun, is_left)),
    )


def is_kept_back(has: Holds = has_hold) -> sa.ColumnElement[bool]:
    """A condition on ScheduledPayment: it is held, and no answer that its provider can still give would change that.
    `has` is how its holds are looked for: `is_among_held` where many are read.
    """
    payment = ScheduledPayment
    return sa.or_(payment.is_rejected, has(Hold.is_of_whole_payment, Hold.is_in_force), payment.is_overtime)


def is_told_of() -> sa.ColumnElement[bool]:
    """A condition on Hold: its row is queried, answered or not, or kept back."""
    return sa.or_(Hold.kind == HoldKind.QUERY, ~Hold.is_released)


def held_pence() -> sa.ScalarSelect[int]:
    """The drafts that a Hold is about, of the whole payment or of its row: pence, as a subquery."""
    line = PaymentLine
    of_row = sa.or_(Hold.is_of_whole_payment, line.purchase_order_id == Hold.purchase_order_id)
    query = select(sum_of(line.total_pence)).where(line.payment_id == Hold.payment_id, line.run_id.is_(None), of_row)
    return query.correlate(Hold).scalar_subquery()


def held_rows_pence() -> sa.ColumnElement[int]:
    """The drafts in those rows of a ScheduledPayment that a hold keeps back: pence, where many payments are read. The
    lines of one are read only where a row of it is held.
    """
    line = PaymentLine
    of_row = Hold.payment_id == line.payment_id, Hold.purchase_order_id == line.purchase_order_id, Hold.is_in_force
    is_held = select(Hold.id).where(*of_row).correlate(line).exists()
    query = select(sum_of(line.total_pence)).where(line.payment_id == ScheduledPayment.id, line.run_id.is_(None))
    pence = query.where(is_held).correlate(ScheduledPayment).scalar_subquery()
    return sa.case((is_among_held(~Hold.is_of_whole_payment, Hold.is_in_force), pence), else_=0)


def still_held(payment_ids: Iterable[int], order_id: int | None = None, *, in_any_row: bool = False) -> dict[int, str]:
    """By what these payments are held as a whole, or in this row, or in any: in words, by payment id. Nothing of those
    that are not.
    """
    of_row = sa.true() if in_any_row else sa.or_(Hold.is_of_whole_payment, Hold.purchase_order_id == order_id)
    query = select(Hold).where(Hold.payment_id.in_(payment_ids), Hold.is_in_force, of_row).order_by(Hold.id)
    found: dict[int, dict[str, None]] = defaultdict(dict)
    for hold in session.scalars(query):
        found[hold.payment_id][hold.by_what] = None
    return {payment_id: " and by ".join(words) for payment_id, words in found.items()}


def has_row_held(*which: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """A condition on PaymentLine: a hold of all these keeps its row back."""
    line = PaymentLine
    of_row = Hold.payment_id == line.payment_id, Hold.purchase_order_id == line.purchase_order_id
    return select(Hold.id).where(*of_row, Hold.is_in_force, *which).correlate(line).exists()
