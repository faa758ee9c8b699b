"""What is read as a part has the rows, the order and the sums of the list that it is a part of."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bench._data import START, TODAY, fill_each
from commands.batchwise.payments import calculate_all, finalise_due
from models.base import session
from models.calendar import as_on
from models.paging import FIRST, SIZE, sorted_by
from models.payments import worklist
from models.payments.purchase_order import PurchaseOrder
from models.payments.worklist import Concern
from models.reports import register_parts, registers
from models.reports.registers import SoughtItems
from tests.support.rows import unit_of_work


@pytest.fixture
def council(database, limits):
    limits(payment_pence=0, run_pence=0, change_percent=0)
    fill_each([1, 3, 2])
    with as_on(START + timedelta(days=6)):
        calculate_all()
        finalise_due()
    with as_on(TODAY):
        calculate_all()
        with unit_of_work():
            yield


def _parts(part, size=2):
    """All rows of a list, so many at a time, and what each says of the whole."""
    found, first = [], 0
    while rows := session.execute(part, {FIRST.bound.key: first, SIZE.bound.key: size}).all():
        found += rows
        first += size
    return [row.id for row in found], {tuple(row[-2:]) for row in found}


def _ids(query, columns, order, usual):
    return [row.id for row in session.execute(query.order_by(None).order_by(*sorted_by(columns, order, usual)))]


@pytest.mark.postgres
def test_parts_of_the_payments_are_those_of_the_list(council):
    for order in ("", *worklist.SORTED_BY, *(f"-{each}" for each in worklist.SORTED_BY)):
        rows = _ids(worklist.listed(), worklist.SORTED_BY, order, worklist.NEWEST_FIRST)
        pence = sum(row.total_pence for row in session.execute(worklist.listed()))
        assert len(rows) == 6
        assert _parts(worklist.part(None, None, None, order)) == (rows, {(6, pence)})
    for concern in Concern:
        rows = [row.id for row in session.execute(worklist.listed(concern=concern))]
        assert _parts(worklist.part(None, None, concern, ""))[0] == rows


@pytest.mark.postgres
def test_parts_of_line_items_and_orders_are_those_of_the_lists(council):
    for by_name in (True, False):
        usual, columns = registers.items_order(by_name=by_name), register_parts.items_by(by_name=by_name)
        for order in ("", *columns, *(f"-{each}" for each in columns)):
            rows = _ids(registers.items(SoughtItems(by_name=by_name)), columns, order, usual)
            assert _parts(register_parts.items(by_name, order))[0] == rows
            assert len(rows) == 6
    for order in ("", *register_parts.ORDERS_BY, *(f"-{each}" for each in register_parts.ORDERS_BY)):
        rows = _ids(registers.orders(), register_parts.ORDERS_BY, order, registers.ORDERS_USUAL)
        pence = sum(row.value_pence for row in session.execute(registers.orders()))
        assert _parts(register_parts.orders(order)) == (rows, {(6, pence)})


@pytest.mark.postgres
@pytest.mark.parametrize("older", range(7))
def test_parts_of_orders_go_on_in_the_years_before(council, older):
    """However many of the six are of earlier years, some of them of claims, and whichever part of them is read."""
    ids = session.scalars(select(PurchaseOrder.id).order_by(PurchaseOrder.number.desc())).all()
    session.execute(update(PurchaseOrder).where(PurchaseOrder.id == ids[-1]).values(client_id=None))
    for at, id_ in enumerate(ids[:older]):
        year = PurchaseOrder.financial_year - 1 - at % 2
        own = {"financial_year": year} | ({"client_id": None} if at % 3 == 1 else {})
        session.execute(update(PurchaseOrder).where(PurchaseOrder.id == id_).values(own))
    rows = _ids(registers.orders(), register_parts.ORDERS_BY, "", registers.ORDERS_USUAL)
    assert len(rows) == 6
    for size in range(1, 8):
        assert _parts(register_parts.orders(""), size)[0] == rows
