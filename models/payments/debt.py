"""What a provider owes on a contract: the entries of its ledger that no run makes, and what the runs have carried.

Debt = carried forward - brought forward by runs - what the entries take off; never below £0.00.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from models.accounts.user import User
from models.base import Base, Key, Pence, session, sum_of, utc_now
from models.calendar import today
from models.engine.component import DEDUCTIONS, Component
from models.payments.payment import PaymentLine
from models.records.contract import Contract
from models.tenancy import ProviderOwned, owned
from models.words import Choice


class DebtEntryKind(Choice):
    REPAID = "repaid"
    """The provider has paid it back to the council's bank."""
    WRITTEN_OFF = "written off"
    REINSTATED = "reinstated"
    """A run has taken back a write-off, since the days that it was for are paid again."""
    MOVED = "moved"
    """To another contract of the provider, or from it: two entries."""


class DebtEntry(ProviderOwned, Base):
    """What lowers a contract's debt on a day (`pence` above zero) or raises it, and is no payment line. It never
    changes.
    """

    __tablename__ = "debt_entry"
    __table_args__ = owned(
        sa.CheckConstraint("pence <> 0 OR surplus_pence > 0", name="some_amount"),
        sa.CheckConstraint("surplus_pence >= 0 AND (surplus_pence = 0 OR kind = 'repaid')", name="surplus"),
        sa.CheckConstraint("(surplus_settled_at IS NULL) = (surplus_settled_by_id IS NULL)", name="settled_by"),
        sa.CheckConstraint("(surplus_settled_at IS NULL) = (surplus_note = '')", name="settled_note"),
        contract_id="contract",
    )

    id: Mapped[Key]
    contract_id: Mapped[int] = mapped_column(index=True)
    kind: Mapped[DebtEntryKind]
    on: Mapped[date] = mapped_column(default=today)
    pence: Mapped[Pence]
    surplus_pence: Mapped[Pence] = mapped_column(default=0)
    """What was repaid above the debt of that day: it waits until somebody has sent it back."""
    surplus_note: Mapped[str] = mapped_column(default="")
    surplus_settled_at: Mapped[datetime | None]
    surplus_settled_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    reason: Mapped[str] = mapped_column(default="")
    """The provider reads it."""
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    made_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    """None where a run made it."""
    run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("payment_run.id"))

    contract: Mapped[Contract] = relationship(lazy="raise", viewonly=True)
    made_by: Mapped[User | None] = relationship(lazy="raise", foreign_keys=made_by_id, viewonly=True)

    @classmethod
    def with_surplus(cls, contract_id: int) -> Select["DebtEntry"]:
        """Repayments of more than was owed, whether that is settled or not."""
        return select(cls).where(cls.contract_id == contract_id, cls.surplus_pence > 0).order_by(cls.id)

    @classmethod
    def twin_of(cls, entry: "DebtEntry") -> Select["DebtEntry"]:
        """The newest entry before it, of the last day, that says the same of the same contract."""
        same = (cls.contract_id == entry.contract_id, cls.kind == entry.kind, cls.run_id.is_(None))
        is_as_much = cls.pence + cls.surplus_pence == entry.pence + entry.surplus_pence
        is_before = cls.id < entry.id, cls.made_at > utc_now() - timedelta(days=1)
        return select(cls).where(*same, is_as_much, *is_before).order_by(cls.id.desc()).limit(1)


class WriteOff(ProviderOwned, Base):
    """A write-off that one officer asks for and another agrees to or refuses. Agreed, it makes an entry."""

    __tablename__ = "write_off"
    __table_args__ = owned(
        sa.CheckConstraint("pence > 0", name="some_amount"),
        sa.CheckConstraint("(decided_at IS NULL) = (decided_by_id IS NULL)", name="decided_by"),
        sa.CheckConstraint("(decided_at IS NULL) = (is_agreed IS NULL)", name="decided"),
        sa.Index("uq_write_off_open", "contract_id", unique=True,
                 sqlite_where=sa.text("decided_at IS NULL"), postgresql_where=sa.text("decided_at IS NULL")),
        contract_id="contract",
    )  # fmt: skip

    id: Mapped[Key]
    contract_id: Mapped[int] = mapped_column(index=True)
    pence: Mapped[Pence]
    reason: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(default=utc_now)
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    is_agreed: Mapped[bool | None]
    """None until it is decided."""
    decision: Mapped[str] = mapped_column(default="")
    """Why it was refused."""

    contract: Mapped[Contract] = relationship(lazy="raise", viewonly=True)
    asked_by: Mapped[User] = relationship(lazy="raise", foreign_keys=asked_by_id, viewonly=True)
    decided_by: Mapped[User | None] = relationship(lazy="raise", foreign_keys=decided_by_id, viewonly=True)

    @property
    def outcome(self) -> str:
        """How it stands, in a word."""
        if self.decided_at is None:
            return "waiting"
        if self.decided_by_id == self.asked_by_id:
            return "withdrawn"
        return "agreed" if self.is_agreed else "refused"

    @classmethod
    def waiting_on(cls, contract_id: int) -> Select["WriteOff"]:
        """The one that waits for a second person, if there is one."""
        return select(cls).where(cls.contract_id == contract_id, cls.decided_at.is_(None))

    @classmethod
    def of_contract(cls, contract_id: int) -> Select["WriteOff"]:
        """All that were ever asked for, the newest first, with who asked and who decided."""
        return (
            select(cls)
            .where(cls.contract_id == contract_id)
            .options(joinedload(cls.asked_by), joinedload(cls.decided_by))
            .order_by(cls.id.desc())
        )


@dataclass
class Debt:
    """How a contract's debt has come about; pence."""

    carried_pence: int = 0
    """Added by runs, and moved here from other contracts."""
    brought_pence: int = 0
    """Taken by runs from later payments."""
    repaid_pence: int = 0
    written_off_pence: int = 0
    """Less what runs have taken back of it."""
    moved_pence: int = 0
    """Moved to other contracts, less what was moved here."""

    @property
    def left_pence(self) -> int:
        taken_off = self.brought_pence + self.repaid_pence + self.written_off_pence + self.moved_pence
        return max(self.carried_pence - taken_off, 0)


def may_owe(contract_id: sa.SQLColumnExpression[int]) -> sa.ColumnElement[bool]:
    """A condition: the contract owes something, or did. Where it is false, `debts_of` finds nothing."""
    carried = select(PaymentLine.id).where(PaymentLine.contract_id == contract_id, ~PaymentLine.is_own)
    entries = select(DebtEntry.id).where(DebtEntry.contract_id == contract_id)
    return sa.or_(carried.exists(), entries.exists())


def owed_pence(contract_id: sa.SQLColumnExpression[int]) -> sa.ColumnElement[int]:
    """What is owed on the contract just now: `Debt.left_pence`, in SQL."""
    line, entry = PaymentLine, DebtEntry
    of_runs = line.contract_id == contract_id, ~line.is_own, line.run_id.is_not(None)
    carried = select(sum_of(line.net_pence)).where(*of_runs).scalar_subquery()
    entered = select(sum_of(entry.pence)).where(entry.contract_id == contract_id).scalar_subquery()
    return sa.case((carried > entered, carried - entered), else_=0)


def debts_of(contract_ids: Iterable[int]) -> dict[int, Debt]:
    """The debts of these contracts that ever had one, by contract id, in one query."""
    return added_up(session.execute(debt_sums(list(contract_ids))))


def that_owe(contract_ids: Collection[int]) -> set[int]:
    """Those of these contracts from whose payments something is to be taken: something is owed, or a draft takes money
    back. What somebody else pays towards the price, and is taken off, does not count.
    """
    line = PaymentLine
    takes_back = line.run_id.is_(None), line.net_pence < 0, line.component.not_in(DEDUCTIONS)
    drafts = select(line.contract_id).where(line.contract_id.in_(contract_ids), *takes_back).distinct()
    owing = {contract_id for contract_id, debt in debts_of(contract_ids).items() if debt.left_pence}
    return owing | set(session.scalars(drafts))


def debt_sums(contract_ids: Collection[int] | sa.Select) -> sa.CompoundSelect:
    """Rows (contract_id, what, pence): what runs have carried and brought, and each kind of entry."""
    line, entry = PaymentLine, DebtEntry
    carried = (
        select(line.contract_id, line.component.label("what"), sum_of(line.net_pence).label("pence"))
        .where(line.contract_id.in_(contract_ids), ~line.is_own, line.run_id.is_not(None))
        .group_by(line.contract_id, line.component)
    )
    entries = (
        select(entry.contract_id, entry.kind.label("what"), sum_of(entry.pence).label("pence"))
        .where(entry.contract_id.in_(contract_ids))
        .group_by(entry.contract_id, entry.kind)
    )
    return sa.union_all(
        *(select(each.c.contract_id, sa.cast(each.c.what, sa.String).label("what"), each.c.pence)
          for each in (carried.subquery(), entries.subquery()))
    )  # fmt: skip


def added_up(rows: Iterable[Any]) -> dict[int, Debt]:
    """The debts of such rows, by contract id."""
    found: dict[int, Debt] = defaultdict(Debt)
    for contract_id, what, pence in rows:
        _add(found[contract_id], what, pence)
    return dict(found)


def _add(debt: Debt, what: str, pence: int) -> None:
    match what:
        case Component.CARRIED_FORWARD:
            debt.carried_pence += pence
        case Component.BROUGHT_FORWARD:
            debt.brought_pence -= pence
        case DebtEntryKind.REPAID:
            debt.repaid_pence += pence
        case DebtEntryKind.MOVED:
            debt.moved_pence += pence
        case _:
            debt.written_off_pence += pence
