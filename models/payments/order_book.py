"""Writing purchase orders: their values and their spend, each change of value a new revision."""

from collections.abc import Set
from datetime import date
from json import dumps
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select, update

from models.base import insert_rows, session, sum_of, take_turns
from models.engine.draft import OrderKey, OrderSum
from models.payments.payment import PaymentLine
from models.payments.purchase_order import PurchaseOrder, PurchaseOrderRevision

ProviderOrder = tuple[int, OrderKey]
ORDER_NUMBERS = 96_001
"""The number of the lock that is held while new orders get their numbers."""


class OrderBook:
    """The purchase orders of some providers. What those of `half_known` providers come to is not known: their values
    stay.
    """

    def __init__(self, provider_ids: list[int], half_known: Set[int] = frozenset()) -> None:
        self.provider_ids, self.half_known = provider_ids, half_known

    def write(self, sums: dict[ProviderOrder, OrderSum], as_on: date) -> dict[ProviderOrder, int]:
        """Store the value and spend of every order; a change of value is a new revision. `as_on` is the day it is
        issued.

        Returns the orders' ids by provider id, client id and year.
        """
        orders = self._load()
        missing = [key for key, found in sums.items() if key not in orders and _is_something(found)]
        self._revise(orders, sums, as_on)
        if missing:
            self._create(sorted(missing, key=_order_of_numbers), sums, as_on)
            orders = self._load()
        self._spend(orders)
        return {key: row.id for key, row in orders.items()}

    def _spend(self, orders: dict[ProviderOrder, Any]) -> None:
        """Spend to date: what is finalised, by order."""
        line = PaymentLine
        spend = {
            row.purchase_order_id: {"spend_net_pence": row.net, "spend_vat_pence": row.vat}
            for row in session.execute(
                select(
                    line.purchase_order_id,
                    sum_of(line.net_pence).label("net"),
                    sum_of(line.vat_pence).label("vat"),
                )
                .where(
                    line.provider_id.in_(self.provider_ids),
                    line.run_id.is_not(None),
                    line.purchase_order_id.is_not(None),
                )
                .group_by(line.purchase_order_id)
            )
        }
        changed = [
            {"id": row.id} | spend[row.id]
            for row in orders.values()
            if row.id in spend and _differs(row, spend[row.id])
        ]
        if changed:
            session.execute(update(PurchaseOrder), changed)

    def _load(self) -> dict[ProviderOrder, Any]:
        order = PurchaseOrder
        rows = session.execute(
            select(
                order.id, order.provider_id, order.client_id, order.financial_year, order.revision,
                sa.cast(order.planned, sa.Text).label("planned"), order.tells_drafts,
                order.value_net_pence, order.value_vat_pence, order.spend_net_pence, order.spend_vat_pence,
            ).where(order.provider_id.in_(self.provider_ids))
        )  # fmt: skip
        return {(row.provider_id, (row.client_id, row.financial_year)): row for row in rows}

    def _create(self, keys: list[ProviderOrder], sums: dict[ProviderOrder, OrderSum], as_on: date) -> None:
        """New orders; the first revision of those that come to something. Who numbers at the same time waits."""
        take_turns(ORDER_NUMBERS)
        number = session.scalars(select(sa.func.coalesce(sa.func.max(PurchaseOrder.number), 0))).one()
        rows = [
            {"number": number + at, "provider_id": key[0], "client_id": key[1][0], "financial_year": key[1][1]}
            | _first_issue(OrderSum() if key[0] in self.half_known else sums[key], as_on)
            for at, key in enumerate(keys, start=1)
        ]
        insert_rows(PurchaseOrder, rows)
        order = PurchaseOrder
        ids = dict(session.execute(select(order.number, order.id).where(order.number > number)).all())
        issued = ("revision", "issued_on", "value_net_pence", "value_vat_pence")
        insert_rows(
            PurchaseOrderRevision,
            [
                {"provider_id": row["provider_id"], "purchase_order_id": ids[row["number"]]}
                | {name: row[name] for name in issued}
                for row in rows
                if row["revision"]
            ],
        )

    def _revise(self, orders: dict[ProviderOrder, Any], sums: dict[ProviderOrder, OrderSum], as_on: date) -> None:
        revised, refreshed, revisions = [], [], []
        for key, row in orders.items():
            if row.provider_id in self.half_known:
                continue
            found = sums.get(key) or OrderSum()  # nothing of it is due any more, and nothing was finalised
            value = {"value_net_pence": found.net_pence, "value_vat_pence": found.vat_pence}
            if _differs(row, value):
                issue = {"revision": row.revision + 1, "issued_on": as_on} | value
                revised.append({"id": row.id, "planned": found.planned, "tells_drafts": False} | issue)
                revisions.append({"provider_id": row.provider_id, "purchase_order_id": row.id} | issue)
            elif row.tells_drafts or row.planned != dumps([each.as_dict() for each in found.planned]):
                refreshed.append({"id": row.id, "planned": found.planned, "tells_drafts": False})
        for rows in (revised, refreshed):
            if rows:
                session.execute(update(PurchaseOrder), rows)
        insert_rows(PurchaseOrderRevision, revisions)


def _first_issue(found: OrderSum, as_on: date) -> dict[str, Any]:
    is_issued = bool(found.net_pence or found.vat_pence)
    return {
        "revision": int(is_issued), "issued_on": as_on if is_issued else None,
        "value_net_pence": found.net_pence, "value_vat_pence": found.vat_pence, "planned": found.planned,
        "tells_drafts": False,
    }  # fmt: skip


def _is_something(found: OrderSum) -> bool:
    return bool(found.net_pence or found.planned or found.drafts)


def _differs(row: Any, values: dict[str, int]) -> bool:
    return any(getattr(row, name) != value for name, value in values.items())


def _order_of_numbers(key: ProviderOrder) -> tuple[int, int, int]:
    provider_id, (client_id, year) = key
    return year, provider_id, client_id or 0
