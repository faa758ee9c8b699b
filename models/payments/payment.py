"""Scheduled payments: what one contract pays for one period, and the lines that it is made of."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.accounts.user import User
from models.base import AsJSON, Base, Key, Pence, choice, session, sum_of
from models.calendar import FinancialYear, MovedDates, Span, today
from models.engine.component import Component
from models.engine.working import Working
from models.hybrids import hybrid_property
from models.payments.confirmation import Confirmable, Processing
from models.payments.opening import line_indexes, opens_on, payment_indexes
from models.payments.purchase_order import PurchaseOrder
from models.records.client import Client
from models.records.contract import Contract, PaymentMethod
from models.statements import TODAY, today_and
from models.tenancy import ProviderOwned, owned

if TYPE_CHECKING:
    from models.payments.blocked import CalculationFault


ANSWERED_AHEAD = timedelta(days=7)
"""A payment whose cut-off lies before its period begins can be answered so long before it."""


def answers_from(first_on: date, confirm_by: date) -> date:
    """The first day on which a payment with this first day and cut-off can be answered."""
    return min(first_on, confirm_by - ANSWERED_AHEAD) if confirm_by < first_on else first_on


class ScheduledPayment(Confirmable, ProviderOwned, Base):
    """One contract's payment for one period.

    Its totals are stored by each calculation. Once it is due they are the sum of its own lines, finalised and draft,
    whatever is held, answered or owed; before, they are what is planned as the facts stand. What is carried forward and
    brought forward is no part of them.
    """

    __tablename__ = "scheduled_payment"
    __table_args__ = owned(
        sa.UniqueConstraint("contract_id", "first_on"),
        *payment_indexes(),
        sa.CheckConstraint("(confirmation = 'unconfirmed') = (answered_pence IS NULL)", name="answered_pence"),
        sa.CheckConstraint("confirmation = 'unconfirmed' OR answered_at IS NOT NULL", name="answered_at"),
        sa.CheckConstraint("confirmation <> 'rejected' OR answered_by_id IS NOT NULL", name="rejected_by"),
        sa.CheckConstraint("answered_by_id IS NULL OR answered_at IS NOT NULL", name="answered_by"),
        sa.CheckConstraint("lapsed_pence IS NULL OR confirmation = 'unconfirmed'", name="lapsed"),
        sa.CheckConstraint("(asked_by IS NULL) = (asked_because IS NULL)", name="asked_why"),
        sa.CheckConstraint("asked_by IS NOT NULL OR NOT is_extended", name="extended"),
        sa.CheckConstraint("(waived_pence IS NULL) = (waive_reason IS NULL)", name="waived"),
        sa.CheckConstraint("waived_on IS NULL OR waived_pence IS NOT NULL", name="waived_on"),
        sa.CheckConstraint("closed_run_id IS NULL OR is_begun", name="closed"),
        contract_id="contract",
        method_id="payment_method",
    )

    id: Mapped[Key]
    contract_id: Mapped[int] = mapped_column(index=True)
    method_id: Mapped[int] = mapped_column(index=True)
    first_on: Mapped[date]
    last_on: Mapped[date]
    confirm_by: Mapped[date]
    finalise_on: Mapped[date]
    bank_on: Mapped[date]
    moved_confirm_by: Mapped[date | None]
    """Where the council has moved a day of this payment, instead of the calendar's: models/payments/day_moves.py."""
    moved_finalise_on: Mapped[date | None]
    moved_bank_on: Mapped[date | None]
    net_pence: Mapped[Pence] = mapped_column(default=0)
    vat_pence: Mapped[Pence] = mapped_column(default=0)
    waiting_pence: Mapped[Pence] = mapped_column(default=0)
    """What blocked care packages would add, VAT included."""
    is_begun: Mapped[bool] = mapped_column(default=False)
    """Some of it is finalised. Whether its period has begun is another matter: see `is_open`."""
    closed_run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("payment_run.id"))
    """The run that finalised the last of it."""

    contract: Mapped[Contract] = relationship(lazy="raise", overlaps="method")
    method: Mapped[PaymentMethod] = relationship(lazy="raise", overlaps="contract")
    fault: Mapped["CalculationFault | None"] = relationship(
        lazy="raise", viewonly=True, primaryjoin="foreign(ScheduledPayment.contract_id) == CalculationFault.contract_id"
    )
    """Why its contract cannot be calculated: its figures stand as they were, and no run takes it."""
    answered_by: Mapped[User | None] = relationship(
        lazy="raise", viewonly=True, foreign_keys="ScheduledPayment.answered_by_id"
    )

    @property
    def span(self) -> Span:
        return Span(self.first_on, self.last_on)

    @property
    def moved(self) -> MovedDates:
        return MovedDates(self.moved_confirm_by, self.moved_finalise_on, self.moved_bank_on)

    @hybrid_property
    def total_pence(self) -> int:
        return self.net_pence + self.vat_pence

    @hybrid_property
    def unpaid_pence(self) -> sa.ColumnElement[int]:
        """What of it is not finalised: nothing where all is; else its total less its finalised lines, which are read
        only where it is begun.
        """
        line = sa.orm.aliased(PaymentLine)
        paid = select(sum_of(line.total_pence)).where(line.payment_id == self.id, line.run_id.is_not(None), line.is_own)
        expressions: Any = self
        is_begun, is_closed = expressions.is_begun, expressions.closed_run_id.is_not(None)
        left = self.total_pence - sa.case((is_begun, paid.scalar_subquery()), else_=0)
        return sa.case((is_closed, 0), else_=left)

    @property
    def bar(self) -> tuple[str, int]:
        """Its column in a chart: the label, and pence."""
        return self.span.short, self.total_pence

    @hybrid_property
    def processing(self) -> Processing:
        if self.closed_run_id is not None:
            return Processing.FINALISED
        if self.is_begun:
            return Processing.PARTLY_FINALISED
        return Processing.FUTURE if min(self.first_on, self.finalise_on) > today() else Processing.CURRENT

    @processing.inplace.expression
    @classmethod
    def _processing(cls) -> sa.ColumnElement[Processing]:
        state = sa.case(
            (cls.closed_run_id.is_not(None), Processing.FINALISED.value),
            (cls.is_begun, Processing.PARTLY_FINALISED.value),
            (sa.and_(cls.first_on > TODAY, cls.finalise_on > TODAY), Processing.FUTURE.value),
            else_=Processing.CURRENT.value,
        )
        return sa.type_coerce(state, choice(Processing))

    @hybrid_property
    def has_come(self) -> bool:
        """Its period has begun, or it is paid in advance and its day has come."""
        return self.first_on <= today() or self.finalise_on <= today()

    @has_come.inplace.expression
    @classmethod
    def _has_come(cls) -> sa.ColumnElement[bool]:
        return opens_on(cls.first_on, cls.finalise_on) <= TODAY

    @hybrid_property
    def is_open(self) -> bool:
        """Its period has begun, or it is paid in advance and its day has come; and not all of it is finalised."""
        return self.closed_run_id is None and (self.first_on <= today() or self.finalise_on <= today())

    @is_open.inplace.expression
    @classmethod
    def _is_open(cls) -> sa.ColumnElement[bool]:
        return sa.and_(cls.closed_run_id.is_(None), opens_on(cls.first_on, cls.finalise_on) <= TODAY)

    @hybrid_property
    def takes_answers(self) -> bool:
        """An answer may be given, as far as its days go: it is open or, where its cut-off comes before its period, that
        is no more than ANSWERED_AHEAD away. What is answered then is the total that is planned.
        """
        is_early = self.confirm_by < self.first_on and self.confirm_by <= today() + ANSWERED_AHEAD
        return self.is_open or (self.closed_run_id is None and is_early)

    @takes_answers.inplace.expression
    @classmethod
    def _takes_answers(cls) -> sa.ColumnElement[bool]:
        is_early = sa.and_(cls.confirm_by < cls.first_on, cls.confirm_by <= today_and(ANSWERED_AHEAD.days))
        return sa.and_(cls.closed_run_id.is_(None), sa.or_(cls.is_open, is_early))

    @property
    def answers_from(self) -> date:
        """The first day on which `takes_answers`."""
        return answers_from(self.first_on, self.confirm_by)

    @property
    def is_in_advance(self) -> bool:
        """It is to be finalised before its period begins, or was in the bank by the first day of it."""
        if self.closed_run_id is not None:
            return self.bank_on <= self.first_on
        return self.finalise_on < self.first_on and today() < self.first_on

    @classmethod
    def is_due(cls, as_on: date) -> sa.ColumnElement[bool]:
        """A condition: it falls due by that day, and not all of it is finalised."""
        return sa.and_(cls.closed_run_id.is_(None), cls.finalise_on <= as_on)

    @classmethod
    def is_to_be_finalised(cls, first: date | None, last: date | None) -> sa.ColumnElement[bool]:
        """A condition: on one of these days; None is no bound."""
        return sa.and_(cls.finalise_on >= first if first else sa.true(), cls.finalise_on <= last if last else sa.true())

    @property
    def is_overdue(self) -> bool:
        """Its day to be finalised is past, and not all of it is finalised."""
        return self.closed_run_id is None and self.finalise_on < today()

    @hybrid_property
    def id_before(self) -> sa.ScalarSelect[int]:
        """The id of the payment of the same contract just before this one, as a subquery."""
        earlier = sa.orm.aliased(ScheduledPayment)
        return (
            select(earlier.id)
            .where(earlier.contract_id == self.contract_id, earlier.first_on < self.first_on)
            .order_by(earlier.first_on.desc())
            .limit(1)
            .scalar_subquery()
        )

    @property
    def year(self) -> FinancialYear:
        """A period is listed under the financial year of its first day."""
        return FinancialYear.of(self.first_on)

    @classmethod
    def with_all(cls) -> Select["ScheduledPayment"]:
        """Payments with all that the page of one shows."""
        return (
            select(cls)
            .join(cls.contract)
            .options(
                sa.orm.contains_eager(cls.contract),
                sa.orm.joinedload(cls.method).joinedload(PaymentMethod.calendar),
                sa.orm.joinedload(cls.answered_by),
                sa.orm.joinedload(cls.fault),
            )
        )

    @classmethod
    def of(cls, contract_reference: str, first_on: date) -> Select["ScheduledPayment"]:
        """The one payment of that contract whose period begins on that day, `with_all`."""
        return cls.with_all().where(Contract.reference == contract_reference, cls.first_on == first_on)


class PaymentLine(ProviderOwned, Base):
    """The difference, for one cell, between what is due and what was finalised before.

    A line without `run_id` is a draft, which every calculation deletes and writes anew. A line with one is finalised
    and never changes.
    """

    __tablename__ = "payment_line"
    __table_args__ = owned(
        *line_indexes(),
        payment_id="scheduled_payment",
        contract_id="contract",
        item_id="care_package_line_item",
        allowance_id="allowance",
        claim_item_id="claim_item",
        adjustment_id="adjustment",
        invoice_line_id="invoice_line",
        purchase_order_id="purchase_order",
    )

    id: Mapped[Key]
    provider_id: Mapped[int] = mapped_column(sa.ForeignKey("provider.id"))
    payment_id: Mapped[int]
    contract_id: Mapped[int]
    purchase_order_id: Mapped[int | None]
    """None for what is carried or brought forward, which is no new spending. Only a run writes such a line."""
    component: Mapped[Component]
    item_id: Mapped[int | None]
    allowance_id: Mapped[int | None]
    claim_item_id: Mapped[int | None]
    adjustment_id: Mapped[int | None]
    invoice_line_id: Mapped[int | None] = mapped_column(index=True)
    first_on: Mapped[date]
    last_on: Mapped[date]
    """The days of the cell: a payment period, cut at 1 April; or the one day on which a sum was due."""
    net_pence: Mapped[Pence]
    vat_pence: Mapped[Pence]
    working: Mapped[Working] = mapped_column(AsJSON(Working), default=Working)
    run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("payment_run.id"), index=True)

    payment: Mapped[ScheduledPayment] = relationship(lazy="raise", viewonly=True)
    purchase_order: Mapped[PurchaseOrder | None] = relationship(lazy="raise", viewonly=True)

    @hybrid_property
    def total_pence(self) -> int:
        return self.net_pence + self.vat_pence

    @hybrid_property
    def is_own(self) -> bool:
        """It is part of its payment's total: not what a run has carried or brought forward, for which there is no
        order.
        """
        return self.purchase_order_id is not None

    @is_own.inplace.expression
    @classmethod
    def _is_own(cls) -> sa.ColumnElement[bool]:
        return cls.purchase_order_id.is_not(None)

    @classmethod
    def orders_in(cls, payment: ScheduledPayment) -> set[int | None]:
        """Ids of the purchase orders that have a row in the payment; None for what is carried."""
        return set(session.scalars(select(cls.purchase_order_id).where(cls.payment_id == payment.id)))

    @classmethod
    def of(cls, payment: ScheduledPayment) -> Select["PaymentLine"]:
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
            .where(cls.payment_id.in_([payment.id, payment.id_before]))
            .order_by(
                cls.purchase_order_id.is_(None),
                *(sa.func.coalesce(name, "") for name in Client.name_order()),
                cls.purchase_order_id,
                cls.component,
                cls.first_on,
                cls.id,
            )
        )
