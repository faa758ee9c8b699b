"""A provider with one of everything that an address may name."""

from datetime import date
from typing import Any

from sqlalchemy import select

from models.provider import Provider
from models.purchase_order import PurchaseOrder
from tests.care_factories import make_contract, make_item
from tests.factories import make_provider
from tests.support import runs
from tests.support.rows import every

MONDAY = date(2019, 9, 23)


def settled_provider() -> tuple[Provider, dict[str, Any]]:
    """The provider, and for every argument that a provider's address takes, one that is its own.

    A page with a new kind of record: add its argument here, so that the meta-tests can ask for it.
    """
    provider = make_provider()
    contract = make_contract(provider, calculate_from=MONDAY)
    make_item(contract, starts_on=MONDAY)
    runs.finalise_weeks(MONDAY, date(2019, 9, 29))
    [order] = every(select(PurchaseOrder).where(PurchaseOrder.provider_id == provider.id))
    return provider, {"reference": contract.reference, "first_on": MONDAY, "order_id": order.id}
