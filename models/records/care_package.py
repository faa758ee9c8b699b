"""Care package line items: who gets what, from when to when, at which price."""

from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, Pence, Reference, TenThousandths
from models.pricing import DeductionKind
from models.records.feed import FromFeed
from models.tenancy import ProviderOwned, owned


class CarePackageLineItem(FromFeed, ProviderOwned, Base):
    """One service for one client from one provider. Its last day is `ends_on`; None has no end.

    Until `authorised_on`, and while suspended, it is *blocked*: it makes no new payment line of
    either sign.
    """

    __tablename__ = "care_package_line_item"
    __table_args__ = owned(contract_id="contract")

    id: Mapped[Key]
    reference: Mapped[Reference]
    contract_id: Mapped[int] = mapped_column(index=True)
    client_id: Mapped[int] = mapped_column(sa.ForeignKey("client.id"), index=True)
    service_level_id: Mapped[int] = mapped_column(sa.ForeignKey("service_level.id"), index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    authorised_on: Mapped[date | None]
    is_suspended: Mapped[bool] = mapped_column(default=False)


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
