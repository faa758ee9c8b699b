"""Purchase orders as a list: those that somebody looks for, in columns only, and what they come to together; and the
contracts that belong to one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.base import session, sum_of
from models.calendar import FinancialYear
from models.payments.payment import PaymentLine
from models.payments.purchase_order import CLAIMS, PurchaseOrder, clients_with
from models.records.care_package import CarePackageLineItem
from models.records.client import Client, full_name
from models.records.contract import Contract
from models.statements import built_once


@dataclass(frozen=True)
class Wanted:
    """Which orders a list has: of one financial year, and found by `text`; with `service_id`, of clients who have, or
    had, that service.
    """

    year: int
    service_id: int | None = None
    text: str = ""

    @property
    def conditions(self) -> Iterable[sa.ColumnElement[bool]]:
        yield sa.and_(PurchaseOrder.is_issued)
        yield PurchaseOrder.financial_year == self.year
        yield PurchaseOrder.found_by(self.text)
        if self.service_id is not None:
            yield PurchaseOrder.client_id.in_(clients_with(self.service_id))


@dataclass(frozen=True)
class Listed:
    """A row of a list of orders: plain data."""

    id: int
    number: int
    revision: int
    issued_on: date
    year: FinancialYear
    client: str
    """Their full name and reference; empty for one-off claims."""
    value_pence: int
    spend_pence: int

    @property
    def reference(self) -> str:
        return f"{self.number} - {self.revision}"

    @property
    def title(self) -> str:
        return f"{self.client or CLAIMS} - {self.year}"

    @property
    def remaining_pence(self) -> int:
        return self.value_pence - self.spend_pence


@dataclass(frozen=True)
class Sums:
    """What orders of a list come to together."""

    count: int
    value_pence: int
    spend_pence: int

    @property
    def remaining_pence(self) -> int:
        return self.value_pence - self.spend_pence


def listed(wanted: Wanted) -> Select:
    """The wanted orders, in columns only, for `in_a_list`; sorted by name."""
    order = PurchaseOrder
    return (
        select(
            order.id, order.number, order.revision, order.issued_on, order.financial_year,
            Client.surname, Client.first_name, Client.reference.label("client_reference"),
            order.value_pence.label("value_pence"), order.spend_pence.label("spend_pence"),
            order.remaining_pence.label("remaining_pence"),
        )
        .select_from(order)
        .outerjoin(Client, Client.id == order.client_id)
        .where(*wanted.conditions)
        .order_by(*order.name_order(), Client.reference, order.id)
    )  # fmt: skip


def in_a_list(rows: Iterable[sa.Row]) -> list[Listed]:
    """Rows of `listed`, as they are shown."""
    return [
        Listed(
            row.id, row.number, row.revision, row.issued_on, FinancialYear(row.financial_year),
            full_name(row.surname, row.first_name, row.client_reference) if row.client_reference else "",
            row.value_pence, row.spend_pence,
        )
        for row in rows
    ]  # fmt: skip


def sums(wanted: Wanted) -> Sums:
    """What all the wanted orders come to."""
    order = PurchaseOrder
    query = select(sa.func.count(order.id), sum_of(order.value_pence), sum_of(order.spend_pence)).select_from(order)
    if wanted.text.strip():  # nothing else is asked of a client
        query = query.outerjoin(Client, Client.id == order.client_id)
    return Sums(*session.execute(query.where(*wanted.conditions)).one())


def sums_of(rows: list[Listed]) -> Sums:
    """What some rows come to, where a page has not all of them."""
    return Sums(len(rows), sum(row.value_pence for row in rows), sum(row.spend_pence for row in rows))


def contracts_of(order: PurchaseOrder) -> Select:
    """The contracts under which the order's client has care in its year, or that have paid something of it: rows with
    reference, name and payment_terms, by name.
    """
    first_on, last_on = order.year.first_on, order.year.last_on
    return _contracts().params(order_id=order.id, client_id=order.client_id, first_on=first_on, last_on=last_on)


@built_once
def _contracts() -> Select:
    item, line = CarePackageLineItem, PaymentLine
    first_on, last_on = (sa.bindparam(name, type_=sa.Date()) for name in ("first_on", "last_on"))
    of_care = select(item.contract_id).where(
        item.client_id == sa.bindparam("client_id", type_=sa.Integer()),
        item.starts_on <= last_on,
        sa.or_(item.ends_on.is_(None), item.ends_on >= first_on),
    )
    of_order = line.purchase_order_id == sa.bindparam("order_id", type_=sa.Integer())
    of_lines = select(line.contract_id).where(of_order)
    return (
        select(Contract.reference, Contract.name, Contract.payment_terms)
        .where(sa.or_(Contract.id.in_(of_care), Contract.id.in_(of_lines)))
        .order_by(Contract.folded_name, Contract.reference)
    )
