"""Scheduled payments: what one contract pays for one period, and the lines that it is made of."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Key, Pence, utc_now
from models.calendar import FinancialYear, Span, today
from models.care_package import CarePackageLineItem
from models.contract import Contract, PaymentMethod
from models.entitlement import Component
from models.purchase_order import PurchaseOrder
from models.tenancy import ProviderOwned, owned


class PaymentRun(Base):
    """One finalisation: the lines that carry its number never change again."""

    __tablename__ = "payment_run"

    id: Mapped[Key]
    finalised_at: Mapped[datetime] = mapped_column(default=utc_now)
    as_on: Mapped[date]
    """The council's day on which it ran."""
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))


class Processing(StrEnum):
    """How far the council has got with a payment. Whether the provider has confirmed it is another matter."""

    FUTURE = "future"
    CURRENT = "current"
    PARTLY_FINALISED = "partly finalised"
    FINALISED = "finalised"


class Confirmation(StrEnum):
    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class ScheduledPayment(ProviderOwned, Base):
    """One contract's payment for one period.

    The totals are stored by the runs: of a started period what its lines add up to, of a future one what
    the plan comes to as things stand.
    """

    __tablename__ = "scheduled_payment"
    __table_args__ = owned(
        sa.UniqueConstraint("contract_id", "first_on"), contract_id="contract", method_id="payment_method"
    )

    id: Mapped[Key]
    contract_id: Mapped[int] = mapped_column(index=True)
    method_id: Mapped[int] = mapped_column(index=True)
    first_on: Mapped[date]
    last_on: Mapped[date]
    confirm_by: Mapped[date]
    finalise_on: Mapped[date]
    bank_on: Mapped[date]
    net_pence: Mapped[Pence] = mapped_column(default=0)
    vat_pence: Mapped[Pence] = mapped_column(default=0)
    waiting_pence: Mapped[Pence] = mapped_column(default=0)
    """What blocked care packages would add, VAT included."""
    confirmation: Mapped[Confirmation] = mapped_column(default=Confirmation.UNCONFIRMED)
    is_begun: Mapped[bool] = mapped_column(default=False)
    """Some of it is finalised."""
    closed_run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("payment_run.id"))
    """The run that finalised the last of it."""

    contract: Mapped[Contract] = relationship(lazy="raise", overlaps="method")
    method: Mapped[PaymentMethod] = relationship(lazy="raise", overlaps="contract")
    lines: Mapped[list["PaymentLine"]] = relationship(lazy="raise", overlaps="contract,method")

    @property
    def span(self) -> Span:
        return Span(self.first_on, self.last_on)

    @property
    def total_pence(self) -> int:
        return self.net_pence + self.vat_pence

    @property
    def processing(self) -> Processing:
        if self.closed_run_id is not None:
            return Processing.FINALISED
        if self.is_begun:
            return Processing.PARTLY_FINALISED
        return Processing.FUTURE if self.first_on > today() else Processing.CURRENT

    @property
    def year(self) -> FinancialYear:
        """A period is listed under the financial year of its first day."""
        return FinancialYear.of(self.first_on)

    @classmethod
    def listed(cls, *, year: FinancialYear, contract_id: int | None = None) -> Select:
        """The periods that begin in `year`, newest first."""
        query = (
            select(cls)
            .join(cls.contract)
            .options(sa.orm.contains_eager(cls.contract))
            .where(cls.first_on.between(year.first_on, year.last_on))
            .order_by(cls.first_on.desc(), Contract.name, cls.id)
        )
        return query.where(cls.contract_id == contract_id) if contract_id is not None else query

    @classmethod
    def of(cls, contract_reference: str, first_on: date) -> Select:
        """The one payment of that contract whose period begins on that day, with all that its page shows."""
        return (
            select(cls)
            .join(cls.contract)
            .options(
                sa.orm.contains_eager(cls.contract), sa.orm.joinedload(cls.method).joinedload(PaymentMethod.calendar)
            )
            .where(Contract.reference == contract_reference, cls.first_on == first_on)
        )

    def before(self) -> Select:
        """The payment of the same contract just before this one."""
        return (
            select(type(self))
            .where(type(self).contract_id == self.contract_id, type(self).first_on < self.first_on)
            .order_by(type(self).first_on.desc())
            .limit(1)
        )


class PaymentLine(ProviderOwned, Base):
    """The difference, for one cell, between what is due and what was finalised before.

    A line without a run is a draft: every calculation removes and rewrites it. With one it is a fact.
    """

    __tablename__ = "payment_line"
    __table_args__ = owned(
        sa.Index("ix_payment_line_cell", "contract_id", "run_id"),
        payment_id="scheduled_payment",
        contract_id="contract",
        item_id="care_package_line_item",
        allowance_id="allowance",
        claim_item_id="claim_item",
        purchase_order_id="purchase_order",
    )

    id: Mapped[Key]
    payment_id: Mapped[int] = mapped_column(index=True)
    contract_id: Mapped[int]
    purchase_order_id: Mapped[int | None] = mapped_column(index=True)
    """None for what is carried or brought forward, which is no new spending."""
    component: Mapped[Component]
    item_id: Mapped[int | None] = mapped_column(index=True)
    allowance_id: Mapped[int | None]
    claim_item_id: Mapped[int | None]
    first_on: Mapped[date]
    last_on: Mapped[date]
    """The days of the cell: a payment period, cut at 1 April; or the one day on which a sum was due."""
    net_pence: Mapped[Pence]
    vat_pence: Mapped[Pence]
    working: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """`name`, `slices` of the entitlement, and `before`: net and VAT already finalised for the same cell."""
    run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("payment_run.id"), index=True)

    purchase_order: Mapped[PurchaseOrder | None] = relationship(lazy="raise", viewonly=True)
    item: Mapped[CarePackageLineItem | None] = relationship(lazy="raise", viewonly=True)

    @property
    def total_pence(self) -> int:
        return self.net_pence + self.vat_pence

    @classmethod
    def of_payments(cls, payment_ids: list[int]) -> Select:
        """Their lines, in the order of a payment page: by client's name, then by day."""
        from models.client import Client

        return (
            select(cls)
            .outerjoin(PurchaseOrder, PurchaseOrder.id == cls.purchase_order_id)
            .outerjoin(Client, Client.id == PurchaseOrder.client_id)
            .options(sa.orm.contains_eager(cls.purchase_order).contains_eager(PurchaseOrder.client))
            .where(cls.payment_id.in_(payment_ids))
            .order_by(Client.surname, Client.first_name, cls.purchase_order_id, cls.component, cls.first_on, cls.id)
        )
