"""Purchase orders: what the council expects to pay one provider for one client in one financial year."""

from datetime import date
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import AsJSON, Base, Key, Pence
from models.calendar import FinancialYear
from models.engine.draft import expected_of
from models.engine.working import Expected, merged
from models.folding import FoldedText, found_by
from models.hybrids import hybrid_property
from models.records.care_package import CarePackageLineItem
from models.records.client import Client
from models.records.contract import ServiceLevel
from models.records.feed import FromFeed
from models.records.provider import Service
from models.statements import Id, built_once
from models.tenancy import ProviderOwned, owned
from models.words import folded

if TYPE_CHECKING:
    from models.payments.payment import PaymentLine

CLAIMS = "One-Off Claims"
"""What the order of a year's claims is called, which is no client's."""
_ISSUED = sa.column("revision") > sa.literal_column("0")
_OF_A_CLIENT, _OF_CLAIMS = sa.column("client_id").is_not(None), sa.column("client_id").is_(None)


class PurchaseOrder(FromFeed, ProviderOwned, Base):
    """One for each client and financial year, and one for the year's one-off claims (no client).

    Every calculation stores its value and spend. Value = what is finalised and what is still due for every day of the
    year, without what is blocked. Spend to date = finalised lines only.
    """

    __tablename__ = "purchase_order"
    __table_args__ = owned(
        sa.UniqueConstraint("number"),
        sa.Index("uq_purchase_order_client", "provider_id", "client_id", "financial_year", unique=True,
                 sqlite_where=_OF_A_CLIENT, postgresql_where=_OF_A_CLIENT),
        sa.Index("uq_purchase_order_claims", "provider_id", "financial_year", unique=True,
                 sqlite_where=_OF_CLAIMS, postgresql_where=_OF_CLAIMS),
        sa.Index("ix_purchase_order_issued", "financial_year", "value_net_pence", "value_vat_pence",
                 sqlite_where=_ISSUED, postgresql_where=_ISSUED),
        sa.Index("ix_purchase_order_listed", "provider_id", "financial_year", "client_id", "value_net_pence",
                 "value_vat_pence", "spend_net_pence", "spend_vat_pence",
                 sqlite_where=_ISSUED, postgresql_where=_ISSUED),
    )  # fmt: skip

    id: Mapped[Key]
    number: Mapped[int]
    client_id: Mapped[int | None] = mapped_column(sa.ForeignKey("client.id"), index=True)
    financial_year: Mapped[int]
    """The calendar year in which it begins: 2019 for 2019/2020."""
    revision: Mapped[int] = mapped_column(default=0)
    """0 while nothing has been issued; a change of value is the next one."""
    issued_on: Mapped[date | None]
    value_net_pence: Mapped[Pence] = mapped_column(default=0)
    value_vat_pence: Mapped[Pence] = mapped_column(default=0)
    spend_net_pence: Mapped[Pence] = mapped_column(default=0)
    spend_vat_pence: Mapped[Pence] = mapped_column(default=0)
    planned: Mapped[list[Expected]] = mapped_column(AsJSON(Expected, many=True), default=list)
    """How the part that is not yet due was worked out. What is due and not paid is among its drafts."""
    tells_drafts: Mapped[bool] = mapped_column(default=False)
    """A version of the portal before this one has stored the drafts among `planned` too: the next calculation takes
    them out.
    """

    client: Mapped[Client | None] = relationship(lazy="raise")
    drafts: Mapped[list["PaymentLine"]] = relationship(
        lazy="raise", viewonly=True, order_by="PaymentLine.first_on, PaymentLine.id",
        primaryjoin="and_(PurchaseOrder.id == foreign(PaymentLine.purchase_order_id), PaymentLine.run_id.is_(None))",
    )  # fmt: skip
    """What is due of it and not finalised."""
    revisions: Mapped[list["PurchaseOrderRevision"]] = relationship(
        lazy="raise", order_by="PurchaseOrderRevision.revision.desc()", overlaps="client"
    )

    @hybrid_property
    def reference(self) -> str:
        """148 - 1: its number and revision."""
        return f"{self.number} - {self.revision}"

    @reference.inplace.expression
    @classmethod
    def _reference(cls) -> sa.ColumnElement[str]:
        return sa.cast(cls.number, sa.Text) + " - " + sa.cast(cls.revision, sa.Text)

    @property
    def expected(self) -> list[Expected]:
        """How the part that is not yet paid was worked out."""
        drafts = () if self.tells_drafts else self.drafts
        return merged([*self.planned, *(row for draft in drafts for row in expected_of(draft))])

    @property
    def year(self) -> FinancialYear:
        return FinancialYear(self.financial_year)

    @property
    def title(self) -> str:
        """Simpson, Bart (C2000020) - 2019/2020, or One-Off Claims - 2019/2020."""
        return f"{self.client.full_name if self.client else CLAIMS} - {self.year}"

    @property
    def short_title(self) -> str:
        """As a payment names it: S, Bart (C2000020)."""
        return self.client.masked_name if self.client else CLAIMS

    @hybrid_property
    def is_issued(self) -> bool:
        return self.revision > 0

    @is_issued.inplace.expression
    @classmethod
    def _is_issued(cls) -> sa.ColumnElement[bool]:
        return cls.revision > sa.literal_column("0")  # as the index of those that are issued says it

    @hybrid_property
    def value_pence(self) -> int:
        return self.value_net_pence + self.value_vat_pence

    @hybrid_property
    def spend_pence(self) -> int:
        return self.spend_net_pence + self.spend_vat_pence

    @hybrid_property
    def remaining_pence(self) -> int:
        return self.value_pence - self.spend_pence

    @classmethod
    def issued(cls, *, year: int | None = None) -> Select["PurchaseOrder"]:
        """Issued orders by client's name, one-off claims first; of every year if it is None."""
        query = (
            select(cls)
            .outerjoin(Client, Client.id == cls.client_id)
            .where(cls.is_issued)
            .options(sa.orm.contains_eager(cls.client))
            .order_by(cls.financial_year.desc(), *cls.name_order(), cls.id)
        )
        return query if year is None else query.where(cls.financial_year == year)

    @classmethod
    def name_order(cls) -> tuple[sa.SQLColumnExpression[Any], ...]:
        """What lists of orders, joined with their clients, are sorted by: one-off claims first, then the names as they
        are shown.
        """
        return cls.client_id.is_not(None), *Client.name_order()

    @classmethod
    def found_by(cls, text: str) -> sa.ColumnElement[bool]:
        """A condition, where orders are joined with their clients: each word of the text is part of the client's names
        or reference, or of the order's own; of the order of claims, of what it is called.
        """
        claims = sa.case((cls.client_id.is_(None), folded(CLAIMS)), else_="")
        names = Client.folded_surname, Client.folded_first_name, sa.type_coerce(claims, FoldedText)
        return found_by(text, *names, Client.reference, cls.reference)


@built_once
def years_issued() -> Select[int]:
    """The calendar years in which the financial years of this provider's orders begin. Each is looked for after the
    one before: there are few, of very many orders.
    """
    order = PurchaseOrder
    first = select(sa.func.min(order.financial_year)).where(order.is_issued)
    years = select(first.scalar_subquery().label("year")).cte("years", recursive=True)
    later = first.where(order.financial_year > years.c.year).correlate(years).scalar_subquery()
    years = years.union_all(select(later).select_from(years).where(years.c.year.is_not(None)))
    return select(years.c.year).where(years.c.year.is_not(None)).order_by(years.c.year)


def clients_with(service_id: Id) -> Select[int]:
    """Ids of the clients who have, or had, a care package of this service."""
    return (
        select(CarePackageLineItem.client_id)
        .join(ServiceLevel, ServiceLevel.id == CarePackageLineItem.service_level_id)
        .where(ServiceLevel.service_id == service_id)
    )


@built_once
def services_bought() -> Select:
    """The services of this provider's care packages, for a pick list: rows with id and name. Services and their levels
    are few: each is asked for one line item, of very many.
    """
    level, item = ServiceLevel, CarePackageLineItem
    is_bought = select(item.id).where(item.service_level_id == level.id).correlate(level).exists()
    of_level = select(level.id).where(level.service_id == Service.id, is_bought).correlate(Service)
    return select(Service.id, Service.name).where(of_level.exists()).order_by(Service.folded_name, Service.id)


class PurchaseOrderRevision(ProviderOwned, Base):
    """What an order was worth, from the day it was issued until the next revision."""

    __tablename__ = "purchase_order_revision"
    __table_args__ = owned(sa.UniqueConstraint("purchase_order_id", "revision"), purchase_order_id="purchase_order")

    id: Mapped[Key]
    purchase_order_id: Mapped[int] = mapped_column(index=True)
    revision: Mapped[int]
    issued_on: Mapped[date]
    value_net_pence: Mapped[Pence]
    value_vat_pence: Mapped[Pence]

    @property
    def value_pence(self) -> int:
        return self.value_net_pence + self.value_vat_pence
