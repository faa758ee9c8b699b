"""Scheduled payments: what one contract pays for one period, and the lines that it is made of."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.audit import record
from models.base import Base, DomainError, Key, Pence, reload, session, utc_now
from models.calendar import FinancialYear, Span, today
from models.client import Client
from models.contract import ConfirmationPolicy, Contract, PaymentMethod
from models.entitlement import Component
from models.money import gbp
from models.purchase_order import PurchaseOrder
from models.tenancy import ProviderOwned, owned
from models.user import User

FINALISED = "This payment has been finalised, so it can no longer be confirmed or rejected"


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
    answered_pence: Mapped[Pence | None]
    """The total that was confirmed or rejected, VAT included: the answer lapses when the total differs."""
    answered_at: Mapped[datetime | None]
    answered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    """None, with a time, where silence has confirmed."""
    answer_comment: Mapped[str] = mapped_column(default="")
    lapsed_pence: Mapped[Pence | None]
    """The total of the last answer, once it has lapsed; None when the payment has been answered again."""
    is_lapsed_rejection: Mapped[bool] = mapped_column(default=False)
    """That answer was a rejection."""
    is_begun: Mapped[bool] = mapped_column(default=False)
    """Some of it is finalised."""
    closed_run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("payment_run.id"))
    """The run that finalised the last of it."""

    contract: Mapped[Contract] = relationship(lazy="raise", overlaps="method")
    method: Mapped[PaymentMethod] = relationship(lazy="raise", overlaps="contract")
    answered_by: Mapped[User | None] = relationship(lazy="raise", viewonly=True)

    @property
    def span(self) -> Span:
        return Span(self.first_on, self.last_on)

    @property
    def total_pence(self) -> int:
        return self.net_pence + self.vat_pence

    @property
    def bar(self) -> tuple[str, int]:
        """Its column in a chart: the label, and pence."""
        return self.span.short, self.total_pence

    @property
    def processing(self) -> Processing:
        if self.closed_run_id is not None:
            return Processing.FINALISED
        if self.is_begun:
            return Processing.PARTLY_FINALISED
        return Processing.FUTURE if self.first_on > today() else Processing.CURRENT

    @property
    def can_be_answered(self) -> bool:
        """The contract asks for it, the period has begun, its cut-off has not passed, and nobody has answered."""
        return self.is_open_to_answers and self.confirmation is Confirmation.UNCONFIRMED

    @property
    def is_open_to_answers(self) -> bool:
        """Answers may be given to the end of the day `confirm_by`."""
        is_asked = self.contract.confirmation is not ConfirmationPolicy.NONE
        is_current = self.processing in (Processing.CURRENT, Processing.PARTLY_FINALISED)
        return is_asked and is_current and today() <= self.confirm_by

    def confirm(self, *, by: User, total_pence: int, comment: str = "") -> None:
        """Say that the payment is right; `total_pence` is what the person saw when saying so."""
        self._answer(Confirmation.CONFIRMED, by=by, total_pence=total_pence, comment=comment)

    def reject(self, *, by: User, total_pence: int, comment: str) -> None:
        """Say that it is wrong, and why: it goes back to the council, and is held until it is put right."""
        if not comment.strip():
            raise DomainError("Say what is wrong with this payment, so that the council can put it right")
        self._answer(Confirmation.REJECTED, by=by, total_pence=total_pence, comment=comment)

    def send_back(self, *, by: User, comment: str) -> None:
        """The council has looked at a rejection and asks the provider again."""
        moved = session.execute(
            sa.update(ScheduledPayment)
            .where(ScheduledPayment.id == self.id, ScheduledPayment.confirmation == Confirmation.REJECTED)
            .values(confirmation=Confirmation.UNCONFIRMED, answered_pence=None, answer_comment=comment),
            execution_options={"synchronize_session": False},
        )
        reload(self)
        if not moved.rowcount:
            raise DomainError(f"This payment is {self.confirmation.value}, not rejected")
        record("payment.sent_back", self, by=by)

    def insist_on_being_open(self) -> None:
        """DomainError where the contract asks for no answer, or the time for one is not now."""
        if self.contract.confirmation is ConfirmationPolicy.NONE:
            raise DomainError("This payment does not need to be confirmed")
        if self.closed_run_id is not None:
            raise DomainError(FINALISED)
        if self.processing is Processing.FUTURE:
            raise DomainError("This period has not begun, so its payment cannot be confirmed or rejected yet")
        if not self.is_open_to_answers:
            raise DomainError(
                f"The time to confirm or reject this payment ended on {self.confirm_by.day} {self.confirm_by:%B %Y}"
            )

    def _answer(self, answer: Confirmation, *, by: User, total_pence: int, comment: str) -> None:
        """One of two people who answer at once is first; the other is told."""
        self.insist_on_being_open()
        table = ScheduledPayment
        moved = session.execute(
            sa.update(table)
            .where(
                table.id == self.id,
                table.confirmation == Confirmation.UNCONFIRMED,
                table.net_pence + table.vat_pence == total_pence,
                table.closed_run_id.is_(None),
            )
            .values(
                confirmation=answer, answered_pence=total_pence, answered_at=utc_now(), answered_by_id=by.id,
                answer_comment=comment, lapsed_pence=None, is_lapsed_rejection=False,
            ),
            execution_options={"synchronize_session": False},
        )  # fmt: skip
        reload(self)
        if not moved.rowcount:
            raise DomainError(self._why_not(total_pence, by))
        record(f"payment.{answer.value}", self, by=by, total_pence=total_pence)

    def _why_not(self, total_pence: int, by: User) -> str:
        if self.confirmation is not Confirmation.UNCONFIRMED and self.answered_by_id == by.id:
            return f"You have {self.confirmation.value} this payment already"
        if self.confirmation is not Confirmation.UNCONFIRMED:
            return f"Somebody else has {self.confirmation.value} this payment just before you"
        if self.closed_run_id is not None:
            return FINALISED
        return (
            f"The payment has changed from {gbp(total_pence)} to {gbp(self.total_pence)} since you opened this page. "
            "Look at it again before you answer"
        )

    @property
    def year(self) -> FinancialYear:
        """A period is listed under the financial year of its first day."""
        return FinancialYear.of(self.first_on)

    @classmethod
    def listed(cls, *, year: FinancialYear, contract: str | None = None, future: bool = False) -> Select:
        """Payments of periods that begin in `year`, of one contract or all.

        Those that have begun come newest first, those to come next first.
        """
        query = (
            select(cls)
            .join(cls.contract)
            .options(sa.orm.contains_eager(cls.contract))
            .where(
                cls.first_on.between(year.first_on, year.last_on),
                cls.first_on > today() if future else cls.first_on <= today(),
            )
            .order_by(cls.first_on if future else cls.first_on.desc(), Contract.name, cls.id)
        )
        return query.where(Contract.reference == contract) if contract is not None else query

    @classmethod
    def reach(cls) -> Select:
        """Every contract's reference and name, with the first days of its first and last payment."""
        return (
            select(Contract.reference, Contract.name, sa.func.min(cls.first_on), sa.func.max(cls.first_on))
            .join(Contract, Contract.id == cls.contract_id)
            .group_by(Contract.id, Contract.reference, Contract.name)
            .order_by(Contract.name, Contract.reference)
        )

    @classmethod
    def of(cls, contract_reference: str, first_on: date) -> Select:
        """The one payment of that contract whose period begins on that day, with all that its page shows."""
        return (
            select(cls)
            .join(cls.contract)
            .options(
                sa.orm.contains_eager(cls.contract),
                sa.orm.joinedload(cls.method).joinedload(PaymentMethod.calendar),
                sa.orm.joinedload(cls.answered_by),
            )
            .where(Contract.reference == contract_reference, cls.first_on == first_on)
        )

    @classmethod
    def next_due(cls) -> Select:
        """Of each contract, the first payment that is not closed: what the provider gets next."""
        later = sa.orm.aliased(cls)
        earlier_is_open = (
            select(later.id)
            .where(later.contract_id == cls.contract_id, later.closed_run_id.is_(None), later.first_on < cls.first_on)
            .exists()
        )
        return (
            select(cls)
            .join(cls.contract)
            .options(sa.orm.contains_eager(cls.contract))
            .where(cls.closed_run_id.is_(None), ~earlier_is_open)
            .order_by(cls.bank_on, Contract.name, cls.id)
        )

    def id_before(self) -> sa.ScalarSelect[int]:
        """The payment of the same contract just before this one, as a subquery."""
        earlier = sa.orm.aliased(ScheduledPayment)
        return (
            select(earlier.id)
            .where(earlier.contract_id == self.contract_id, earlier.first_on < self.first_on)
            .order_by(earlier.first_on.desc())
            .limit(1)
            .scalar_subquery()
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
        adjustment_id="adjustment",
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
    adjustment_id: Mapped[int | None]
    first_on: Mapped[date]
    last_on: Mapped[date]
    """The days of the cell: a payment period, cut at 1 April; or the one day on which a sum was due."""
    net_pence: Mapped[Pence]
    vat_pence: Mapped[Pence]
    working: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """`name`, `slices` of the entitlement, and `before`: net and VAT already finalised for the same cell."""
    run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("payment_run.id"), index=True)

    payment: Mapped[ScheduledPayment] = relationship(lazy="raise", viewonly=True)
    purchase_order: Mapped[PurchaseOrder | None] = relationship(lazy="raise", viewonly=True)

    @property
    def total_pence(self) -> int:
        return self.net_pence + self.vat_pence

    @classmethod
    def of(cls, payment: ScheduledPayment) -> Select:
        """The lines of a payment and of the one before it, in the order of a payment page: by client, then by day."""
        return (
            select(cls)
            .join(cls.payment)
            .outerjoin(PurchaseOrder, PurchaseOrder.id == cls.purchase_order_id)
            .outerjoin(Client, Client.id == PurchaseOrder.client_id)
            .options(
                sa.orm.contains_eager(cls.payment),
                sa.orm.contains_eager(cls.purchase_order).contains_eager(PurchaseOrder.client),
            )
            .where(cls.payment_id.in_([payment.id, payment.id_before()]))
            .order_by(
                cls.purchase_order_id.is_(None),
                sa.func.coalesce(Client.surname, ""),
                Client.first_name,
                cls.purchase_order_id,
                cls.component,
                cls.first_on,
                cls.id,
            )
        )

    @classmethod
    def spend_on(cls, order: PurchaseOrder) -> Select:
        """What each payment has finalised for one purchase order: rows with its contract, days, net and VAT."""
        payment = ScheduledPayment
        return (
            select(
                Contract.reference, payment.first_on, payment.last_on, payment.bank_on,
                sa.func.sum(cls.net_pence).label("net_pence"), sa.func.sum(cls.vat_pence).label("vat_pence"),
            )
            .join(payment, payment.id == cls.payment_id)
            .join(Contract, Contract.id == cls.contract_id)
            .where(cls.purchase_order_id == order.id, cls.run_id.is_not(None))
            .group_by(payment.id, Contract.reference, payment.first_on, payment.last_on, payment.bank_on)
            .order_by(payment.first_on.desc(), Contract.reference)
        )  # fmt: skip
