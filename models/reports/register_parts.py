"""Parts of the council's longest lists, as models.paging has them: line items and purchase orders of everybody, where
nothing is looked for. They are sorted by people's names: the people are read in that order, by its index, and of each
what they have, so that a part takes as long among a hundred thousand as among a thousand.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.base import sum_of
from models.paging import FIRST, SIZE, Columns, Order, part_of, sorted_by
from models.payments.purchase_order import PurchaseOrder
from models.records.care_package import CarePackageLineItem
from models.records.client import Client
from models.records.contract import ServiceLevel
from models.records.provider import Provider
from models.reports import registers
from models.statements import built_once
from models.unindexed import unindexed

_ITEM, _ORDER = CarePackageLineItem, PurchaseOrder
_ITEMS_BY: Columns = {
    "service": ServiceLevel.folded_name, "provider": Provider.folded_name, "starts": _ITEM.starts_on,
    "ends": _ITEM.ends_on, "reference": _ITEM.reference,
}  # fmt: skip
ORDERS_BY: Columns = {
    "number": _ORDER.number, "client": (*_ORDER.name_order(), Client.reference), "provider": Provider.folded_name,
    "year": _ORDER.financial_year, "value": _ORDER.value_pence, "spend": _ORDER.spend_pence,
    "left": _ORDER.remaining_pence,
}  # fmt: skip


def items_by(*, by_name: bool) -> Columns:
    """By what line items can be sorted."""
    return {"client": tuple(registers.clients_order(by_name=by_name)), **_ITEMS_BY}


@built_once
def items(by_name: bool, order: str) -> Select:
    """A part of registers.items of everybody. `by_name`: whether the reader is told names; `order`: of `items_by`."""
    usual = registers.items_order(by_name=by_name)
    by = sorted_by(items_by(by_name=by_name), order, usual)
    keys = select(_ITEM.id).join(Client, Client.id == _ITEM.client_id)
    if order:
        keys = keys.join(ServiceLevel, ServiceLevel.id == _ITEM.service_level_id)
        keys = keys.join(Provider, Provider.id == _ITEM.provider_id)
    else:
        has_one = select(_ITEM.id).where(_ITEM.client_id == Client.id).correlate(Client).exists()
        keys = keys.where(Client.id.in_(_first_clients(has_one, by_name=by_name)))
    count = select(sa.func.count().label("total")).select_from(_ITEM)
    return part_of(registers.item_rows(), _ITEM.id, keys=keys.order_by(*by), count=count, order=by)


@built_once
def orders(order: str) -> Select:
    """A part of registers.orders of everybody. `order`: of ORDERS_BY."""
    by = sorted_by(ORDERS_BY, order, registers.ORDERS_USUAL)
    is_issued = sa.and_(_ORDER.is_issued)
    keys = _newest_orders()
    if order:
        keys = select(_ORDER.id).select_from(_ORDER).join(Provider, Provider.id == _ORDER.provider_id)
        keys = keys.outerjoin(Client, Client.id == _ORDER.client_id).where(is_issued).order_by(*by)
    sums = sa.func.count().label("total"), sum_of(_ORDER.value_pence).label("pence")
    count = select(*sums).select_from(_ORDER).where(is_issued)
    return part_of(registers.order_rows(), _ORDER.id, keys=keys, count=count, order=by)


def _first_clients(which: sa.ColumnElement[bool], *, by_name: bool = True) -> Select[int]:
    """So many of these clients, by name, that what a part shows is theirs if each has one of it at the least."""
    first = select(Client.id).where(which).order_by(*registers.clients_order(by_name=by_name)).limit(FIRST + SIZE)
    return select(*first.subquery().c)


def _newest_orders() -> Select[int]:
    """Ids of the issued orders in their usual order. Those of the years before the newest are looked at only where a
    part goes beyond that one.
    """
    of = sa.orm.aliased(_ORDER)
    newest = select(sa.func.max(of.financial_year)).where(of.is_issued).scalar_subquery()
    is_issued = sa.and_(_ORDER.is_issued)
    is_new = sa.and_(is_issued, unindexed(_ORDER.financial_year) == newest)
    last = select(of.id).where(of.is_issued, of.financial_year == newest).offset(FIRST + SIZE - 1).limit(1)
    goes_beyond = ~last.exists()
    has_one = select(_ORDER.id).where(is_new, _ORDER.client_id == Client.id).correlate(Client).exists()
    of_clients = is_new, _ORDER.client_id.in_(_first_clients(has_one))
    claims, older = (is_new, _ORDER.client_id.is_(None)), (goes_beyond, is_issued, _ORDER.financial_year < newest)
    found = sa.union_all(*(_first_orders(*which) for which in (claims, of_clients, older))).subquery().c
    return select(found.id).order_by(found.year.desc(), *(found[f"by_{at}"] for at in range(4)), found.id)


def _first_orders(*which: sa.SQLColumnExpression[bool]) -> Select:
    by: Order = (*_ORDER.name_order(), Client.reference)
    names: list[sa.Label[Any]] = [each.label(f"by_{at}") for at, each in enumerate(by)]
    query = select(_ORDER.id.label("id"), _ORDER.financial_year.label("year"), *names).select_from(_ORDER)
    query = query.outerjoin(Client, Client.id == _ORDER.client_id).where(*which)
    return select(*query.order_by(*registers.ORDERS_USUAL).limit(FIRST + SIZE).subquery().c)
