"""Many people have one name: either the surname or the first name may be empty, never both."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from models.base import session
from models.payments.purchase_order import PurchaseOrder
from models.records.client import Client, masked_name
from tests.exchange.feed.feeds import Feed
from tests.support.rows import every, reading

pytestmark = pytest.mark.postgres


def test_one_of_the_two_names_may_be_empty(feed: Feed):
    feed.add("clients.csv", "N1,Sukarno,,", "N2,,Yohannes,")
    feed.load()
    names = {client.reference: (client.full_name, client.masked_name) for client in every(Client)}
    assert names["N1"] == ("Sukarno (N1)", "S (N1)")
    assert names["N2"] == ("Yohannes (N2)", "Yohannes (N2)")
    assert names["C1"] == ("Simpson, Bart (C1)", "S, Bart (C1)")


@pytest.mark.parametrize("names", [",", " , ", "\u00ad,\u200e"])
def test_not_both_may_be_empty(feed: Feed, names: str):
    feed.add("clients.csv", f"N1,{names},")
    (fault,) = feed.faults()
    assert (fault.row, fault.column) == (4, "surname")
    assert fault.reason == "Enter a surname or a first name: one of them may be empty"


def test_a_name_may_be_taken_away_later_but_not_the_last(feed: Feed):
    feed.load()
    feed.write("clients.csv", "client_ref,surname,first_name\nC1,Simpson,\nC2,,\n")
    assert [(fault.row, fault.column) for fault in feed.faults()] == [(3, "surname")]


def test_both_columns_have_to_be_there(feed: Feed):
    feed.write("clients.csv", "client_ref,surname\nC1,Simpson\nC2,Testing\n")
    assert [(fault.column, fault.reason) for fault in feed.faults()] == [("first_name", "This column is missing")]


def test_lists_are_sorted_by_the_name_that_stands_first(feed: Feed):
    feed.write("clients.csv", "client_ref,surname,first_name\nC1,,Yohannes\nC2,Zebra,Anna\nC3,Sukarno,\nC4,Smith,Jo\n")
    feed.load()
    with reading():
        found = [client.full_name for client in session.scalars(select(Client).order_by(*Client.name_order()))]
        assert found == [client.full_name for client in session.scalars(Client.at_provider())]
        assert found == ["Smith, Jo (C4)", "Sukarno (C3)", "Yohannes (C1)", "Zebra, Anna (C2)"]


def test_a_purchase_order_names_who_has_one_name(feed: Feed):
    feed.change("clients.csv", "Simpson,Bart", ",Yohannes")
    feed.load()
    [order] = every(select(PurchaseOrder).where(PurchaseOrder.number == 148).options(joinedload(PurchaseOrder.client)))
    assert (order.title, order.short_title) == ("Yohannes (C1) - 2019/2020", "Yohannes (C1)")


@pytest.mark.parametrize(
    ("surname", "first_name", "shown"),
    [("Simpson", "Bart", "S, Bart (C1)"), ("Sukarno", "", "S (C1)"), ("", "Yohannes", "Yohannes (C1)")],
)
def test_a_masked_name(surname: str, first_name: str, shown: str):
    assert masked_name(surname, first_name, "C1") == shown
