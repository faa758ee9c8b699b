"""What waits for actuals: what is planned for weeks that pay nothing before it is known what was delivered.

No part of what a contract is entitled to: it stands beside it. Calculating writes it anew, like the drafts.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Key, Pence, rows_changed, session, sum_of
from models.calendar import DAY, Span
from models.engine.weeks import WEEK
from models.payments.payment import ScheduledPayment
from models.records.care_package import CarePackageLineItem
from models.statements import today_and
from models.tenancy import ProviderOwned, link, owned

Sums = dict[tuple[int, date, int, date], int]
"""Pence by contract id, first day of the payment, item id and first day of the week."""


class AwaitedSum(ProviderOwned, Base):
    """What is planned for one line item in one week without actuals, VAT included: in the payment that would pay it."""

    __tablename__ = "awaited_sum"
    __table_args__ = owned(
        sa.UniqueConstraint("payment_id", "item_id", "first_on"),
        link("payment_id", "scheduled_payment", ondelete="CASCADE"),
        item_id="care_package_line_item",
    )

    id: Mapped[Key]
    payment_id: Mapped[int]
    item_id: Mapped[int] = mapped_column(index=True)
    first_on: Mapped[date]
    """Of the week."""
    pence: Mapped[Pence]

    payment: Mapped[ScheduledPayment] = relationship(lazy="raise", viewonly=True)
    item: Mapped[CarePackageLineItem] = relationship(lazy="raise", viewonly=True)

    @classmethod
    def is_over(cls) -> sa.ColumnElement[bool]:
        """A condition: the week has ended, so that its actuals can be confirmed."""
        return cls.first_on < today_and(-WEEK.days)


def awaited_pence(payment_id: sa.SQLColumnExpression[int]) -> sa.ScalarSelect[int]:
    """What of a payment waits for actuals, as a subquery; 0 where nothing does."""
    own = AwaitedSum
    return select(sum_of(own.pence)).where(own.payment_id == payment_id).correlate(ScheduledPayment).scalar_subquery()


def stored(*which: sa.ColumnElement[bool]) -> Sums:
    """What is on record of these rows of AwaitedSum or ScheduledPayment."""
    payment, own = ScheduledPayment, AwaitedSum
    query = (
        select(payment.contract_id, payment.first_on, own.item_id, own.first_on, own.pence)
        .join(payment, payment.id == own.payment_id)
        .where(*which)
    )
    return {(contract_id, first, item_id, week): pence for contract_id, first, item_id, week, pence in
            session.execute(query)}  # fmt: skip


def write(
    wanted: Sums, payment_ids: dict[tuple[int, date], int], providers: dict[int, int], *which: sa.ColumnElement[bool]
) -> None:  # fmt: skip
    """Put what waits on record, where it differs from what is stored of the payments `which`. `payment_ids` by contract
    and first day, `providers` by contract.
    """
    if stored(*which) == wanted:
        return
    of_ours = select(ScheduledPayment.id).where(*which)
    rows_changed(delete(AwaitedSum).where(AwaitedSum.payment_id.in_(of_ours)), unsynced=True)
    rows = [
        {"provider_id": providers[contract_id], "payment_id": payment_ids[contract_id, first], "item_id": item_id,
         "first_on": week, "pence": pence}
        for (contract_id, first, item_id, week), pence in wanted.items()
    ]  # fmt: skip
    if rows:
        session.execute(insert(AwaitedSum), rows)


@dataclass(frozen=True, slots=True)
class Awaited:
    """What of one payment waits for actuals; pence by plan, VAT included."""

    pence: int
    people: int
    first_on: date
    """Of the first week that waits."""
    last_on: date
    """The last day of the last one."""
    weeks: int
    over_pence: int
    """Of weeks that have ended, so that the provider can confirm them."""

    @property
    def span(self) -> Span:
        return Span(self.first_on, self.last_on)

    @property
    def is_over(self) -> bool:
        """All of it can be confirmed: every week has ended."""
        return self.over_pence == self.pence

    @property
    def open_from(self) -> date:
        """The day from which the last of the weeks can be confirmed."""
        return self.last_on + DAY


def awaited_of(payment_ids: Collection[int]) -> dict[int, Awaited]:
    """What waits for actuals, by payment; without payments of which nothing does."""
    own, item = AwaitedSum, CarePackageLineItem
    over = sum_of(sa.case((own.is_over(), own.pence), else_=0))
    query = (
        select(
            own.payment_id, sum_of(own.pence).label("pence"), over.label("over"),
            sa.func.count(sa.distinct(item.client_id)).label("people"),
            sa.func.min(own.first_on).label("first"), sa.func.max(own.first_on).label("last"),
            sa.func.count(sa.distinct(own.first_on)).label("weeks"),
        )
        .join(item, item.id == own.item_id)
        .where(own.payment_id.in_(payment_ids))
        .group_by(own.payment_id)
    )  # fmt: skip
    return {
        row.payment_id: Awaited(row.pence, row.people, row.first, row.last + WEEK, row.weeks, row.over)
        for row in session.execute(query)
    }
