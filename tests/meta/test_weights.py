"""What a page of the largest provider costs, where the machine does not matter: rows that the database hands over,
statements, bytes over the wire, and nodes in the browser. Seconds are in bench/pages.py.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import brotli
import pysqlite3
import pytest
from sqlalchemy import select
from sqlalchemy.engine.default import DefaultExecutionContext

from bench._data import START, TODAY, fill_each
from commands.batchwise.payments import calculate_all, finalise_due
from models.calendar import as_on
from models.payments.purchase_order import PurchaseOrder
from models.permissions import CouncilRole, Role
from models.records.provider import Provider
from tests.factories import make_membership, make_staff, make_user
from tests.support.client import Answer, PortalClient
from tests.support.rows import every

FEW, MANY = 50, 2_000
"""Line items of provider 1 and of provider 2."""
FLAT = 1.3
"""How many times the rows of the small provider a page may read for the large one."""
WEEK, FINALISED = date(2019, 9, 30), date(2019, 9, 23)
PAGES = {
    "home": "/providers/{n}/",
    "payments": "/providers/{n}/payments/",
    "payment": f"/providers/{{n}}/payments/C{{n}}/{WEEK}",
    "orders": "/providers/{n}/purchase-orders/",
    "orders of one": "/providers/{n}/purchase-orders/?text=Surname{item}",
    "order": "/providers/{n}/purchase-orders/{order}",
    "remittance": f"/providers/{{n}}/reports/remittance-by-period?contract=C{{n}}&period={FINALISED}",
    "council home": "/council/",
    "council payments": "/council/payments/",
}
NOT_FLAT: dict[str, int] = {}
"""Pages that read more for the large provider, and how many rows at the most. None is to be added."""
MOST_BYTES, MOST_NODES = 8_000, 1_300
"""Of a page, compressed, as one is after the first; of elements in its HTML."""
HEAVIER: dict[str, tuple[int, int]] = {}
"""Bytes and nodes of pages that have more."""


class _Counting(pysqlite3.Cursor):
    rows = 0

    def fetchone(self):
        found = super().fetchone()
        _Counting.rows += found is not None
        return found

    def fetchmany(self, *size):
        return self._count(super().fetchmany(*size))

    def fetchall(self):
        return self._count(super().fetchall())

    def _count(self, found):
        _Counting.rows += len(found)
        return found


@contextmanager
def _counting(monkeypatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(
            DefaultExecutionContext, "create_default_cursor",
            lambda self: self._dbapi_connection.cursor(factory=_Counting),
        )  # fmt: skip
        yield


@pytest.fixture
def looked_at(app, set_today, limits, monkeypatch) -> dict[str, tuple[tuple[int, Answer], tuple[int, Answer]]]:
    """By page: the rows that were read and the answer, for the small provider and for the large one."""
    set_today(TODAY)
    limits(payment_pence=0, run_pence=0, change_percent=0)
    fill_each([FEW, MANY])
    with as_on(START + timedelta(days=6)):
        calculate_all()
        finalise_due()
    calculate_all()
    small, large = every(Provider)
    person = make_user(Role.FINANCE, small)
    make_membership(person, large, Role.FINANCE)
    people = PortalClient(app).sign_in(person), PortalClient(app).sign_in(make_staff(CouncilRole.PAYMENTS_OFFICER))
    first = {1: 1, 2: FEW + 1}
    found = {}
    for name, path in PAGES.items():
        client = people[path.startswith("/council")]
        each = []
        for n in (1, 2):
            [order] = every(select(PurchaseOrder).where(PurchaseOrder.client_id == first[n]))
            address = path.format(n=n, item=first[n], order=order.id)
            client.get(address)  # what is noted once an hour is noted now
            _Counting.rows = 0
            with _counting(monkeypatch):
                answer = client.get(address)
            each.append((_Counting.rows, answer))
        found[name] = tuple(each)
    return found


def test_pages_of_a_large_provider_read_few_rows_and_are_light(looked_at):
    rows = {name: (few, many) for name, ((few, _), (many, _)) in looked_at.items()}
    assert all(few for few, _ in rows.values()), rows
    print(rows)
    assert _above({name: (many,) for name, (_, many) in rows.items()},
                  {name: (max(FLAT * few, NOT_FLAT.get(name, 0)),) for name, (few, _) in rows.items()}) == {}  # fmt: skip
    large = {name: many for name, (_, (_, many)) in looked_at.items()}
    asked = {name: (len(few.reads),) for name, ((_, few), _) in looked_at.items()}
    assert _above({name: (len(many.reads),) for name, many in large.items()}, asked) == {}
    weights = {
        name: (len(brotli.compress(many.response.data, quality=4)), len(many.page.find_all(True)))
        for name, many in large.items()
    }
    print(weights)
    assert _above(weights, {name: HEAVIER.get(name, (MOST_BYTES, MOST_NODES)) for name in weights}) == {}


def _above(found: dict[str, tuple[float, ...]], most: dict[str, tuple[float, ...]]) -> dict[str, tuple[float, ...]]:
    return {name: each for name, each in found.items() if any(a > b for a, b in zip(each, most[name], strict=True))}
