"""What an officer adds to a payment, or takes off, with a reason: the way to correct what facts cannot say."""

from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from models.base import Base, Key, Pence, utc_now
from models.records.client import Client
from models.records.contract import Contract
from models.tenancy import ProviderOwned, owned


class Adjustment(ProviderOwned, Base):
    """Pence for one client, paid in the current payment of its contract.

    `for_day` says which financial year's purchase order it belongs to. Adjustments carry no VAT.
    """

    __tablename__ = "adjustment"
    __table_args__ = owned(
        sa.CheckConstraint("amount_pence <> 0", name="some_amount"),
        sa.CheckConstraint("(seen_at IS NULL) = (seen_by_id IS NULL)", name="seen_by"),
        contract_id="contract",
    )

    id: Mapped[Key]
    contract_id: Mapped[int] = mapped_column(index=True)
    client_id: Mapped[int] = mapped_column(sa.ForeignKey("client.id"), index=True)
    for_day: Mapped[date]
    amount_pence: Mapped[Pence]
    is_of_earlier_days: Mapped[bool] = mapped_column(default=False)
    """It takes back what earlier payments paid, so that an instalment plan spreads it."""
    reason: Mapped[str]
    """The provider reads it."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    seen_at: Mapped[datetime | None]
    """When somebody else than those who made or cancelled it has seen it: the command line pays none before."""
    seen_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    cancelled_at: Mapped[datetime | None]
    cancelled_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))

    contract: Mapped[Contract] = relationship(lazy="raise")
    client: Mapped[Client] = relationship(lazy="raise")

    @classmethod
    def of_contract(cls, contract_id: int) -> Select["Adjustment"]:
        return (
            select(cls)
            .where(cls.contract_id == contract_id)
            .options(joinedload(cls.client))
            .order_by(cls.created_at.desc(), cls.id.desc())
        )

    @classmethod
    def twin_of(cls, contract_id: int, client_id: int, amount_pence: int) -> Select["Adjustment"]:
        """The newest adjustment of the last day that says the same of the same client, unless it is cancelled."""
        same = (cls.contract_id == contract_id, cls.client_id == client_id, cls.amount_pence == amount_pence)
        is_new = cls.created_at > utc_now() - timedelta(days=1), cls.cancelled_at.is_(None)
        return select(cls).where(*same, *is_new).order_by(cls.id.desc()).limit(1)


class RecoveryPlan(ProviderOwned, Base):
    """No payment of the contract takes back more than this, of debts and of earlier days together, from the day it was
    agreed until it ends.
    """

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
    def open(cls, contract_id: int) -> Select["RecoveryPlan"]:
        """The plan in force, if there is one."""
        return select(cls).where(cls.contract_id == contract_id, cls.ended_at.is_(None))


def has_plan(contract_id: sa.SQLColumnExpression[int]) -> sa.ColumnElement[bool]:
    """A condition: instalments are agreed for the contract."""
    plan = RecoveryPlan
    return select(plan.id).where(plan.contract_id == contract_id, plan.ended_at.is_(None)).exists()
