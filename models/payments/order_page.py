"""One purchase order as its pages show it, in columns only, and the contracts that belong to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.base import session
from models.calendar import FinancialYear
from models.engine.draft import expected_of
from models.engine.working import Expected, merged
from models.payments.payment import PaymentLine
from models.payments.purchase_order import CLAIMS, PurchaseOrder, PurchaseOrderRevision
from models.records.care_package import CarePackageLineItem
from models.records.client import Client, full_name
from models.records.contract import Contract
from models.statements import built_once

_ORDER_ID: sa.BindParameter[int] = sa.bindparam("order_id", type_=sa.Integer())


@dataclass(frozen=True)
class OrderPage:
    """An issued order; pence."""

    id: int
    provider_id: int
    number: int
    revision: int
    issued_on: date
    financial_year: int
    client_id: int | None
    client: str
    """Their full name and reference; empty for one-off claims."""
    value_net_pence: int
    value_vat_pence: int
    spend_net_pence: int
    spend_vat_pence: int
    planned: Sequence[Expected]
    tells_drafts: bool
    """See PurchaseOrder."""

    @classmethod
    def of(cls, row: Any) -> "OrderPage":
        """Takes the one row of `rows_of`."""
        name = full_name(row.surname, row.first_name, row.client_reference) if row.client_reference else ""
        return cls(
            row.id, row.provider_id, row.number, row.revision, row.issued_on, row.financial_year, row.client_id, name,
            row.value_net_pence, row.value_vat_pence, row.spend_net_pence, row.spend_vat_pence, row.planned,
            row.tells_drafts,
        )  # fmt: skip

    @property
    def reference(self) -> str:
        return f"{self.number} - {self.revision}"

    @property
    def year(self) -> FinancialYear:
        return FinancialYear(self.financial_year)

    @property
    def title(self) -> str:
        """Simpson, Bart (C2000020) - 2019/2020, or One-Off Claims - 2019/2020."""
        return f"{self.client or CLAIMS} - {self.year}"

    @property
    def value_pence(self) -> int:
        return self.value_net_pence + self.value_vat_pence

    @property
    def spend_pence(self) -> int:
        return self.spend_net_pence + self.spend_vat_pence

    @property
    def remaining_pence(self) -> int:
        return self.value_pence - self.spend_pence

    @property
    def expected(self) -> list[Expected]:
        """How the part that is not yet paid was worked out: as PurchaseOrder.expected says it. One query."""
        drafts = () if self.tells_drafts else session.execute(_drafts(), {"order_id": self.id})
        return merged([*self.planned, *(row for draft in drafts for row in expected_of(draft))])

    @property
    def revisions(self) -> Sequence[Any]:
        """The newest first: rows with revision, issued_on and value_pence. One query."""
        return session.execute(_revisions(), {"order_id": self.id}).all()


def rows_of(order_id: int) -> Sequence[Any]:
    """One row for `OrderPage.of`, or none: of an issued order that the tenant at hand may see."""
    return session.execute(_order(), {"order_id": order_id}).all()


@built_once
def _order() -> Select:
    order = PurchaseOrder
    return (
        select(
            order.id, order.provider_id, order.number, order.revision, order.issued_on, order.financial_year,
            order.client_id, order.value_net_pence, order.value_vat_pence, order.spend_net_pence,
            order.spend_vat_pence, order.planned, order.tells_drafts, Client.surname, Client.first_name,
            Client.reference.label("client_reference"),
        )
        .outerjoin(Client, Client.id == order.client_id)
        .where(order.id == _ORDER_ID, order.is_issued)
        .order_by(order.id)
    )  # fmt: skip


@built_once
def _drafts() -> Select:
    """What is due of an order and not finalised, as PurchaseOrder.drafts has it."""
    line = PaymentLine
    return (
        select(line.component, line.first_on, line.last_on, line.net_pence, line.vat_pence, line.working)
        .where(line.purchase_order_id == _ORDER_ID, line.run_id.is_(None))
        .order_by(line.first_on, line.id)
    )


@built_once
def _revisions() -> Select:
    each = PurchaseOrderRevision
    value = (each.value_net_pence + each.value_vat_pence).label("value_pence")
    return (
        select(each.revision, each.issued_on, value)
        .where(each.purchase_order_id == _ORDER_ID)
        .order_by(each.revision.desc())
    )


def contracts_of(order: OrderPage) -> Sequence[Any]:
    """The contracts under which the order's client has care in its year, or that have paid something of it: rows with
    reference, name and payment_terms, by name.
    """
    days = {"first_on": order.year.first_on, "last_on": order.year.last_on}
    return session.execute(_contracts(), {"order_id": order.id, "client_id": order.client_id, **days}).all()


@built_once
def _contracts() -> Select:
    item, line = CarePackageLineItem, PaymentLine
    first_on, last_on = (sa.bindparam(name, type_=sa.Date()) for name in ("first_on", "last_on"))
    of_care = select(item.contract_id).where(
        item.client_id == sa.bindparam("client_id", type_=sa.Integer()),
        item.starts_on <= last_on,
        sa.or_(item.ends_on.is_(None), item.ends_on >= first_on),
    )
    of_lines = select(line.contract_id).where(line.purchase_order_id == _ORDER_ID)
    return (
        select(Contract.reference, Contract.name, Contract.payment_terms)
        .where(sa.or_(Contract.id.in_(of_care), Contract.id.in_(of_lines)))
        .order_by(Contract.folded_name, Contract.reference)
    )
