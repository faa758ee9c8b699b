"""What the finance system tells of money that a run has paid: sent to the bank, in the provider's bank, returned.

A payment that the bank returned stays finalised: nothing of it is calculated or paid anew by a run. It is paid again
outside the portal, and the finance system then tells that too. States and events: docs/payment-states.md.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from models.base import Base, Key, Pence, session, sum_of
from models.calendar import in_words, today
from models.hybrids import hybrid_property
from models.money import gbp
from models.payments.asking import tell
from models.payments.payment import ScheduledPayment
from models.payments.run import RunPayment
from models.records.contract import Contract
from models.records.feed import FromFeed
from models.tenancy import ProviderOwned, owned
from models.waiting import waits
from models.words import Choice


class BankState(Choice):
    """Where money is that a run has paid."""

    PAID = "paid by a run"
    """Nothing is told of it: it is on its way until its bank day, and counts as in the bank from then on."""
    SENT = "sent"
    """As PAID, and it has left the council."""
    IN_BANK = "in the bank"
    """The finance system says on which day."""
    RETURNED = "returned by the bank"
    PAID_AGAIN = "paid again"
    """It was returned, and paid once more outside the portal."""


class SentPayment(FromFeed, ProviderOwned, Base):
    """What has become of one payment of one run, as the finance system tells it."""

    __tablename__ = "sent_payment"
    __table_args__ = owned(
        sa.UniqueConstraint("contract_id", "period_first_on", "run_id"),
        sa.CheckConstraint("amount_pence > 0", name="some_amount"),
        sa.CheckConstraint("sent_on IS NOT NULL OR in_bank_on IS NOT NULL", name="told"),
        sa.CheckConstraint("paid_again_on IS NULL OR returned_on IS NOT NULL", name="returned_before"),
        sa.CheckConstraint("return_reason = '' OR returned_on IS NOT NULL", name="return_reason"),
        sa.Index("ix_sent_payment_part", "payment_id", "run_id"),
        contract_id="contract",
        payment_id="scheduled_payment",
    )

    id: Mapped[Key]
    contract_id: Mapped[int]
    payment_id: Mapped[int]
    period_first_on: Mapped[date]
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("payment_run.id"), index=True)
    amount_pence: Mapped[Pence]
    """As the run has paid it: the feed is compared with that."""
    sent_on: Mapped[date | None]
    in_bank_on: Mapped[date | None]
    """The day on which it was, or will be, in the provider's bank."""
    bank_reference: Mapped[str] = mapped_column(default="")
    """What stands on the provider's bank statement."""
    returned_on: Mapped[date | None]
    return_reason: Mapped[str] = mapped_column(default="")
    """As the bank says it. The provider reads it."""
    paid_again_on: Mapped[date | None]

    payment: Mapped[ScheduledPayment] = relationship(lazy="raise", viewonly=True)

    @hybrid_property
    def is_returned(self) -> bool:
        """The bank has returned it, and it is not paid again."""
        return self.returned_on is not None and self.paid_again_on is None

    @is_returned.inplace.expression
    @classmethod
    def _is_returned(cls) -> sa.ColumnElement[bool]:
        return sa.and_(cls.returned_on.is_not(None), cls.paid_again_on.is_(None))

    @property
    def state(self) -> BankState:
        if self.is_returned:
            return BankState.RETURNED
        if self.paid_again_on is not None:
            return BankState.PAID_AGAIN
        return BankState.IN_BANK if self.in_bank_on is not None else BankState.SENT

    @classmethod
    def of_part(cls, part: type[RunPayment] = RunPayment) -> sa.ColumnElement[bool]:
        """The condition on which it is outer joined to what a run has paid of a payment."""
        return sa.and_(cls.payment_id == part.payment_id, cls.run_id == part.run_id)

    @classmethod
    def has_returned(cls, payment_id: sa.SQLColumnExpression[int]) -> sa.ColumnElement[bool]:
        """A condition: the bank has returned some of this payment, and it is not paid again."""
        return select(cls.id).where(cls.payment_id == payment_id, cls.is_returned).exists()


def is_back() -> sa.ColumnElement[bool]:
    """A condition, where SentPayment is outer joined: the bank has returned it, and it is not paid again."""
    return sa.and_(SentPayment.id.is_not(None), SentPayment.is_returned)


def bank_day(part: type[RunPayment] = RunPayment) -> sa.ColumnElement[date | None]:
    """Where SentPayment is outer joined: the day on which it was or will be in the bank, as told last; the run's own
    where nothing is told.
    """
    return sa.func.coalesce(SentPayment.paid_again_on, SentPayment.in_bank_on, part.bank_on)


def returned_of(payment_id: sa.SQLColumnExpression[int]) -> sa.ScalarSelect[int]:
    """What the bank has returned of a payment, pence, as a subquery; NULL where nothing is."""
    of_it = SentPayment.payment_id == payment_id, SentPayment.is_returned
    return select(sa.func.sum(SentPayment.amount_pence)).where(*of_it).correlate(ScheduledPayment).scalar_subquery()


def told_days_of(payment_id: sa.SQLColumnExpression[int]) -> list[sa.Label[Any]]:
    """Of a payment, as subqueries that are NULL where nothing is told: `told_bank_on`, the last bank day that is;
    `sent_on`, `returned_on`; and `is_told`, whether the finance system has said anything of it.
    """
    day = sa.func.coalesce(SentPayment.paid_again_on, SentPayment.in_bank_on)
    asked: dict[str, sa.ColumnElement[Any]] = {
        "told_bank_on": sa.func.max(day), "sent_on": sa.func.max(SentPayment.sent_on),
        "returned_on": sa.func.max(SentPayment.returned_on), "is_told": sa.func.count(SentPayment.id) > 0,
    }  # fmt: skip
    of_it = SentPayment.payment_id == payment_id
    return [
        select(what).where(of_it).correlate(ScheduledPayment).scalar_subquery().label(name)
        for name, what in asked.items()
    ]


@dataclass(frozen=True, slots=True)
class PaidPart:
    """What one run has paid of one payment, and where that is."""

    payment_id: int
    run_id: int
    pence: int
    bank_on: date | None
    state: BankState
    sent_on: date | None = None
    returned_on: date | None = None
    return_reason: str = ""
    reference: str = ""
    run_on: date | None = None
    """The council's day of the run."""

    @property
    def is_in_bank(self) -> bool:
        return self.state is not BankState.RETURNED and self.bank_on is not None and self.bank_on <= today()

    @property
    def is_on_its_way(self) -> bool:
        return self.state is not BankState.RETURNED and not self.is_in_bank

    @classmethod
    def of_row(cls, row: Any) -> Self:
        part, sent = row.RunPayment, row.SentPayment
        paid = part.payment_id, part.run_id, part.paid_pence or 0
        if sent is None:
            return cls(*paid, part.bank_on, BankState.PAID, run_on=row.as_on)
        on = sent.paid_again_on or sent.in_bank_on or part.bank_on
        return cls(
            *paid, on, sent.state, sent.sent_on, sent.returned_on, sent.return_reason, sent.bank_reference, row.as_on,
        )  # fmt: skip


def with_payment(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Columns of what a feed tells, with the id of the payment that each is about."""
    payment = ScheduledPayment
    contract_ids = {row["contract_id"] for row in rows}
    query = select(payment.contract_id, payment.first_on, payment.id).where(payment.contract_id.in_(contract_ids))
    ids = {(contract_id, first_on): id_ for contract_id, first_on, id_ in session.execute(query)}
    return [row | {"payment_id": ids[row["contract_id"], row["period_first_on"]]} for row in rows]


@dataclass(frozen=True, slots=True)
class ToldOf:
    """What one row of a feed tells anew: the contract's reference, the first day of the period, and the run."""

    contract: str
    first_on: date
    run_id: int


def tell_of_returns(told: Collection[ToldOf]) -> None:
    """Write to whoever is concerned that the bank has returned these payments, unless they are paid again already."""
    for sent in _again(told):
        if sent.returned_on is None or sent.paid_again_on is not None:
            continue
        because = f" It says: {sent.return_reason}." if sent.return_reason else ""
        tell(
            sent.payment, "The bank has returned a payment",
            f"The bank has returned {gbp(sent.amount_pence)} on {in_words(sent.returned_on)}.{because} Tell us your "
            "right bank details, by an action in the portal: we pay it again once we have them.",
        )  # fmt: skip


def tell_of_second_payments(told: Collection[ToldOf]) -> None:
    """Write to whoever is concerned on which day these payments are in the bank after all."""
    for sent in _again(told):
        if sent.paid_again_on is not None:
            day = in_words(sent.paid_again_on)
            what = f"{gbp(sent.amount_pence)}, which the bank had returned, is in your bank on {day}."
            tell(sent.payment, "A returned payment is paid again", what)


def _again(told: Iterable[ToldOf]) -> list[SentPayment]:
    wanted = {(each.contract, each.first_on, each.run_id) for each in told}
    if not wanted:
        return []
    query = (
        select(SentPayment)
        .join(Contract, Contract.id == SentPayment.contract_id)
        .options(joinedload(SentPayment.payment).joinedload(ScheduledPayment.contract))
        .where(Contract.reference.in_({reference for reference, _, _ in wanted}))
        .order_by(SentPayment.id)
        .execution_options(populate_existing=True)
    )
    return [
        sent
        for sent in session.scalars(query)
        if (sent.payment.contract.reference, sent.period_first_on, sent.run_id) in wanted
    ]


def returned_waiting(name: str) -> Select:
    """Returned payments, counted for My work (models.waiting): since when the oldest waits, and their pence."""
    sent = SentPayment
    return waits(name, sa.func.count(sent.id), sa.func.min(sent.returned_on), sum_of(sent.amount_pence)).where(
        sent.is_returned
    )
