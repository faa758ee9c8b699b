"""What an officer adds to a payment, or takes off, with a reason: the way to correct what facts cannot say."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from models.accounts.user import User
from models.audit import record
from models.base import Base, DomainError, Key, Pence, session, utc_now
from models.records.client import Client
from models.records.contract import Contract
from models.tenancy import ProviderOwned, owned


class Adjustment(ProviderOwned, Base):
    """Pence for one client, paid in the current payment of its contract; a negative sum is a recovery.

    `for_day` says which financial year's purchase order it belongs to. Adjustments carry no VAT.
    """

    __tablename__ = "adjustment"
    __table_args__ = owned(sa.CheckConstraint("amount_pence <> 0", name="some_amount"), contract_id="contract")

    id: Mapped[Key]
    contract_id: Mapped[int] = mapped_column(index=True)
    client_id: Mapped[int] = mapped_column(sa.ForeignKey("client.id"), index=True)
    for_day: Mapped[date]
    amount_pence: Mapped[Pence]
    reason: Mapped[str]
    """The provider reads it."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    cancelled_at: Mapped[datetime | None]
    cancelled_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))

    contract: Mapped[Contract] = relationship(lazy="raise")
    client: Mapped[Client] = relationship(lazy="raise")

    @classmethod
    def make(
        cls, contract: Contract, client: Client, *, amount_pence: int, for_day: date, reason: str, by: User
    ) -> "Adjustment":
        """An adjustment of this sum; DomainError where it is nothing, or the client is not of the contract."""
        from models.records.care_package import CarePackageLineItem

        if not amount_pence:
            raise DomainError("An adjustment of £0.00 changes nothing. Enter an amount")
        bought = select(CarePackageLineItem.id).where(
            CarePackageLineItem.contract_id == contract.id, CarePackageLineItem.client_id == client.id
        )
        if session.scalar(bought.limit(1)) is None:
            raise DomainError("This contract has no care package for that client. Choose another client")
        adjustment = cls(
            provider_id=contract.provider_id, contract_id=contract.id, client_id=client.id, for_day=for_day,
            amount_pence=amount_pence, reason=reason, created_by_id=by.id,
        )  # fmt: skip
        session.add(adjustment)
        record("adjustment.made", adjustment, by=by, amount_pence=amount_pence)
        return adjustment

    def cancel(self, *, by: User) -> None:
        """It comes to nothing from now on; what was finalised of it is taken back by the next payment."""
        if self.cancelled_at is not None:
            raise DomainError("This adjustment has been cancelled already")
        self.cancelled_at, self.cancelled_by_id = utc_now(), by.id
        record("adjustment.cancelled", self, by=by, amount_pence=self.amount_pence)

    @classmethod
    def of_contract(cls, contract_id: int) -> Select:
        return (
            select(cls)
            .where(cls.contract_id == contract_id)
            .options(joinedload(cls.client))
            .order_by(cls.created_at.desc(), cls.id.desc())
        )


class RecoveryPlan(ProviderOwned, Base):
    """No payment of the contract recovers more than this, from the day it was agreed until it ends."""

    __tablename__ = "recovery_plan"
    __table_args__ = owned(
        sa.CheckConstraint("per_payment_pence > 0", name="some_amount"),
        sa.Index("uq_recovery_plan_open", "contract_id", unique=True,
                 sqlite_where=sa.text("ended_at IS NULL"), postgresql_where=sa.text("ended_at IS NULL")),
        contract_id="contract",
    )  # fmt: skip

    id: Mapped[Key]
    contract_id: Mapped[int] = mapped_column(index=True)
    per_payment_pence: Mapped[Pence]
    reason: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    ended_at: Mapped[datetime | None]

    @classmethod
    def agree(cls, contract: Contract, *, per_payment_pence: int, reason: str, by: User) -> "RecoveryPlan":
        if per_payment_pence <= 0:
            raise DomainError("An instalment has to be more than £0.00")
        if session.scalar(cls.open(contract.id).with_only_columns(cls.id)):
            raise DomainError("This contract has an instalment plan already. End it before you agree another")
        plan = cls(
            provider_id=contract.provider_id, contract_id=contract.id, per_payment_pence=per_payment_pence,
            reason=reason, created_by_id=by.id,
        )  # fmt: skip
        session.add(plan)
        record("recovery_plan.agreed", plan, by=by, per_payment_pence=per_payment_pence)
        return plan

    def end(self, *, by: User) -> None:
        """From now on a payment recovers all that it can."""
        if self.ended_at is not None:
            raise DomainError("This instalment plan has ended already")
        self.ended_at = utc_now()
        record("recovery_plan.ended", self, by=by)

    @classmethod
    def open(cls, contract_id: int) -> Select:
        """The plan in force, if there is one."""
        return select(cls).where(cls.contract_id == contract_id, cls.ended_at.is_(None))
