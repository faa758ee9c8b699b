"""A count leaves out the tables that a list only shows, and no other."""

import sqlalchemy as sa
from sqlalchemy import select

from blueprints.counting import without_joins_for_show
from models.payments.payment import ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.payments.worklist import listed
from models.records.care_package import CarePackageLineItem
from models.records.client import Client
from models.records.contract import Contract, PaymentMethod
from models.records.provider import Provider
from models.reports import registers

P = ScheduledPayment


def tables(query, base, *adds):
    narrow = without_joins_for_show(query.order_by(None), base, *adds).with_only_columns(sa.func.count())
    return str(narrow.select_from(base).compile()).partition("FROM ")[2].partition("WHERE")[0].split()


def joined(query, base, *adds):
    return {name for name in ("contract", "provider", "client", "service_level") if name in tables(query, base, *adds)}


def test_tables_that_are_only_shown_are_not_counted():
    assert joined(listed(), P) == set()
    assert joined(registers.items(), CarePackageLineItem) == set()
    assert joined(registers.items(registers.SoughtItems(by_name=False)), CarePackageLineItem) == set()
    assert joined(registers.orders(), PurchaseOrder) == set()


def test_a_table_of_which_a_condition_speaks_stays():
    assert joined(listed(name="kate"), P) == {"contract", "provider"}
    assert joined(registers.orders(text="kate"), PurchaseOrder) == {"client"}
    assert joined(registers.orders(provider="kate"), PurchaseOrder) == {"provider"}
    of_clients = select(Client.id).where(Client.id == 1).exists()
    assert joined(registers.items().where(of_clients), CarePackageLineItem) == {"client"}


def test_a_table_whose_column_is_added_up_stays():
    assert joined(listed(), P, Contract.id) == {"contract"}


def test_a_table_by_which_another_is_joined_stays_with_it():
    by_way = (
        select(P.id).join(Contract, Contract.id == P.contract_id).join(Provider, Provider.id == Contract.provider_id)
    )
    assert joined(by_way, P) == set()
    assert joined(by_way.where(Provider.name == "Kate"), P) == {"contract", "provider"}


def test_a_join_that_leaves_out_or_repeats_rows_stays():
    order = PurchaseOrder
    assert joined(select(order.id).join(Client, Client.id == order.client_id), order) == {"client"}  # may be NULL
    item, several = CarePackageLineItem, CarePackageLineItem.contract_id == PaymentMethod.contract_id
    assert "payment_method" in tables(select(item.id).join(PaymentMethod, several), item)
    assert "payment_method" in tables(select(item.id).outerjoin(PaymentMethod, several), item)
    unlike = select(P.id).join(Contract, Contract.id != P.contract_id)
    assert joined(unlike, P) == {"contract"}
    no_key = select(P.id).join(Contract, Contract.id == P.id)
    assert joined(no_key, P) == {"contract"}


def test_a_table_of_the_tenant_stays_where_the_counted_one_is_nobodys():
    of_clients = select(Client.id).outerjoin(CarePackageLineItem, CarePackageLineItem.id == Client.id)
    assert "care_package_line_item" in tables(of_clients, Client)
