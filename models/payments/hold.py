"""Holds: drafts that exist and are not finalised, because an officer says so, or the provider queried them."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from models.accounts.user import User
from models.audit import record
from models.base import Base, DomainError, Key, session, utc_now
from models.payments.payment import ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.tenancy import ProviderOwned, link, owned


class HoldKind(StrEnum):
    OFFICER = "officer"
    QUERY = "query"


class Hold(ProviderOwned, Base):
    """A payment, or one purchase order's row in it, that is kept back until it is released."""

    __tablename__ = "hold"
    __table_args__ = owned(
        link("payment_id", "scheduled_payment", ondelete="CASCADE"), purchase_order_id="purchase_order"
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

    payment: Mapped[ScheduledPayment] = relationship(lazy="raise", viewonly=True)
    purchase_order: Mapped[PurchaseOrder | None] = relationship(lazy="raise", viewonly=True)

    @property
    def is_query(self) -> bool:
        """The provider placed it, and may read its own words. Why an officer did is the council's business."""
        return self.kind is HoldKind.QUERY

    @classmethod
    def place(
        cls, payment: ScheduledPayment, *, by: User, reason: str, order_id: int | None = None,
        kind: HoldKind = HoldKind.OFFICER, is_paid: bool = False,
    ) -> "Hold":  # fmt: skip
        """Keep back the payment, or one row of it. DomainError where it is finalised or held already."""
        if payment.closed_run_id is not None:
            raise DomainError("This payment is finalised, so it cannot be held. Make an adjustment instead")
        if session.scalar(cls.on(payment).where(cls.purchase_order_id == order_id).with_only_columns(cls.id).limit(1)):
            raise DomainError("This is held already")
        hold = cls(
            provider_id=payment.provider_id, payment_id=payment.id, purchase_order_id=order_id, kind=kind,
            is_paid=is_paid, reason=reason, placed_by_id=by.id,
        )  # fmt: skip
        session.add(hold)
        record(f"hold.placed_by_{kind.value}", hold, by=by)
        return hold

    def release(self, *, by: User, reason: str) -> None:
        if self.released_at is not None:
            raise DomainError("This has been released already")
        self.released_at, self.released_by_id, self.release_reason = utc_now(), by.id, reason
        record("hold.released", self, by=by)

    @classmethod
    def on(cls, payment: ScheduledPayment) -> Select:
        """The holds on a payment that are not released, the whole payment's first."""
        return (
            select(cls)
            .where(cls.payment_id == payment.id, cls.released_at.is_(None))
            .order_by(cls.purchase_order_id.is_not(None), cls.id)
        )

    @classmethod
    def ever_on(cls, payment: ScheduledPayment) -> Select:
        """All holds on a payment with their purchase orders, those in force first."""
        order = joinedload(cls.purchase_order).joinedload(PurchaseOrder.client)
        return (
            select(cls)
            .where(cls.payment_id == payment.id)
            .options(order)
            .order_by(cls.released_at.is_not(None), cls.id.desc())
        )
