"""Care package line items: who gets what, from when to when, at which price."""

from collections.abc import Collection
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, Pence, Reference, TenThousandths, choice
from models.calendar import today
from models.hybrids import hybrid_property
from models.pricing import DeductionKind
from models.records.feed import FromFeed
from models.statements import TODAY, today_and
from models.tenancy import ProviderOwned, owned
from models.words import Choice

SHOWN_AFTER_END = timedelta(days=28)
"""An item that ended no longer ago than this is listed with those that go on."""


class ItemStatus(Choice):
    """What an authorised line item is today. One that has ended is no longer suspended."""

    ACTIVE = "active"
    COMING = "coming"
    SUSPENDED = "suspended"
    ENDED = "ended"

    @property
    def label(self) -> str:
        return "Begins later" if self is ItemStatus.COMING else self.value.capitalize()


class CarePackageLineItem(FromFeed, ProviderOwned, Base):
    """One service for one client from one provider. Its last day is `ends_on`; None has no end.

    Until `authorised_on`, and while suspended, it is *blocked*: it makes no new payment line of
    either sign. Where its contract waits for agreements, so is what is not agreed (models.records.agreement).
    """

    __tablename__ = "care_package_line_item"
    __table_args__ = owned(
        sa.Index("ix_care_package_line_item_of_client", "provider_id", "client_id"), contract_id="contract"
    )
    """By that index a provider's clients are found, whenever a client is read (models.records.client)."""

    id: Mapped[Key]
    reference: Mapped[Reference]
    contract_id: Mapped[int] = mapped_column(index=True)
    client_id: Mapped[int] = mapped_column(sa.ForeignKey("client.id"), index=True)
    service_level_id: Mapped[int] = mapped_column(sa.ForeignKey("service_level.id"), index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    authorised_on: Mapped[date | None]
    is_suspended: Mapped[bool] = mapped_column(default=False)

    @classmethod
    def numbered(cls, item_id: int) -> Select["CarePackageLineItem"]:
        return select(cls).where(cls.id == item_id)

    @hybrid_property
    def is_activated(self) -> bool:
        """The council has authorised it, and the day from which that holds has come: its provider sees it."""
        return self.authorised_on is not None and self.authorised_on <= today()

    @is_activated.inplace.expression
    @classmethod
    def _is_activated(cls) -> sa.ColumnElement[bool]:
        return sa.and_(cls.authorised_on.is_not(None), cls.authorised_on <= TODAY)

    @hybrid_property
    def is_historical(self) -> bool:
        """It ended more than 28 days ago: lists leave it out unless somebody asks for it."""
        return self.ends_on is not None and self.ends_on < today() - SHOWN_AFTER_END

    @is_historical.inplace.expression
    @classmethod
    def _is_historical(cls) -> sa.ColumnElement[bool]:
        return sa.and_(cls.ends_on.is_not(None), cls.ends_on < today_and(-SHOWN_AFTER_END.days))

    @hybrid_property
    def status(self) -> ItemStatus:
        if self.ends_on is not None and self.ends_on < today():
            return ItemStatus.ENDED
        if self.is_suspended:
            return ItemStatus.SUSPENDED
        return ItemStatus.COMING if self.starts_on > today() else ItemStatus.ACTIVE

    @status.inplace.expression
    @classmethod
    def _status(cls) -> sa.ColumnElement[ItemStatus]:
        state = sa.case(
            (sa.and_(cls.ends_on.is_not(None), cls.ends_on < TODAY), ItemStatus.ENDED.value),
            (cls.is_suspended, ItemStatus.SUSPENDED.value),
            (cls.starts_on > TODAY, ItemStatus.COMING.value),
            else_=ItemStatus.ACTIVE.value,
        )
        return sa.type_coerce(state, choice(ItemStatus))

    @hybrid_property
    def terms_on(self) -> date:
        """The day whose price and quantity are told of it: today, or its own first or last day where it begins later
        or has ended.
        """
        return max(self.starts_on, min(today(), self.ends_on or today()))

    @terms_on.inplace.expression
    @classmethod
    def _terms_on(cls) -> sa.ColumnElement[date]:
        return sa.case((cls.starts_on > TODAY, cls.starts_on), (cls.ends_on < TODAY, cls.ends_on), else_=TODAY)


class ItemPrice(FromFeed, ProviderOwned, Base):
    """The price of a unit for these days (ends included). An item with none pays its contract's rate."""

    __tablename__ = "item_price"
    __table_args__ = owned(sa.UniqueConstraint("item_id", "starts_on"), item_id="care_package_line_item")

    id: Mapped[Key]
    item_id: Mapped[int] = mapped_column(index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    rate_e4: Mapped[TenThousandths]


class ItemQuantity(FromFeed, ProviderOwned, Base):
    """Units a week for these days (ends included): one, for an item that has none.

    A timetable gives the units of each weekday, Monday first, and its sum is the quantity.
    """

    __tablename__ = "item_quantity"
    __table_args__ = owned(sa.UniqueConstraint("item_id", "starts_on"), item_id="care_package_line_item")

    id: Mapped[Key]
    item_id: Mapped[int] = mapped_column(index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    quantity_e4: Mapped[TenThousandths]
    timetable_e4: Mapped[list[int] | None]


class Absence(FromFeed, ProviderOwned, Base):
    """Days away (both ends included), and how many per cent are paid for them. Absences of one item never overlap."""

    __tablename__ = "absence"
    __table_args__ = owned(
        sa.CheckConstraint("pay_percent BETWEEN 0 AND 100", name="percent"), item_id="care_package_line_item"
    )

    id: Mapped[Key]
    reference: Mapped[Reference]
    item_id: Mapped[int] = mapped_column(index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    reason: Mapped[str]
    pay_percent: Mapped[int]


class Allowance(FromFeed, ProviderOwned, Base):
    """A sum due on one day, if that is a day on which the item is paid: a birthday, Christmas."""

    __tablename__ = "allowance"
    __table_args__ = owned(item_id="care_package_line_item")

    id: Mapped[Key]
    reference: Mapped[Reference]
    item_id: Mapped[int] = mapped_column(index=True)
    name: Mapped[str]
    due_on: Mapped[date]
    amount_pence: Mapped[Pence]


class CollectedBy(StrEnum):
    PROVIDER = "provider"
    COUNCIL = "council"


class Deduction(FromFeed, ProviderOwned, Base):
    """What somebody else pays towards the gross price: ten-thousandths of a pound a week, for these days (both ends
    included).
    """

    __tablename__ = "deduction"
    __table_args__ = owned(item_id="care_package_line_item")

    id: Mapped[Key]
    reference: Mapped[Reference]
    item_id: Mapped[int] = mapped_column(index=True)
    kind: Mapped[DeductionKind]
    collected_by: Mapped[CollectedBy]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    weekly_rate_e4: Mapped[TenThousandths]
    is_assessed: Mapped[bool] = mapped_column(default=True)
    """False while the client's means are not yet assessed and a minimum is taken."""


FACTS = ItemPrice, ItemQuantity, Absence, Deduction, Allowance


def dated_facts(item_ids: Collection[int], *kinds: type[Base]) -> list[Select[Any]]:
    """Queries for the FACTS of these line items, or for those of them that are asked for, in this order; each gives the
    oldest first.
    """
    return [
        select(kind).where(kind.item_id.in_(item_ids)).order_by(_day_of(kind), kind.id)
        for kind in FACTS
        if not kinds or kind in kinds
    ]


def _day_of(kind: type[Any]) -> sa.SQLColumnExpression[date]:
    day: sa.SQLColumnExpression[date] = kind.due_on if kind is Allowance else kind.starts_on
    return day
