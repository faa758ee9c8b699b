"""What a page of the largest provider costs, where the machine does not matter: rows that the database hands over,
statements, bytes over the wire, and nodes in the browser. Seconds are in bench/pages.py.
"""

from collections.abc import Mapping
from datetime import date, timedelta

import brotli
import pytest
from sqlalchemy import select

from bench._data import START, TODAY, fill_each
from commands.batchwise.payments import calculate_all, finalise_due
from models.calendar import as_on
from models.payments.purchase_order import PurchaseOrder
from models.permissions import Role
from models.records.provider import Provider
from tests.care_factories import make_contract, make_item
from tests.factories import make_membership, make_provider, make_user
from tests.support.client import Answer, PortalClient
from tests.support.counting import Counting, counting
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
}
NOT_FLAT: dict[str, int] = {}
"""Pages that read more for the large provider, and how many rows at the most. None is to be added."""
LISTS = ("payment", "orders", "remittance")
"""They show 50 rows of each of the two providers."""
MOST_BYTES = 6_000
"""Of a page, compressed, as one is after the first."""
MOST_NODES, NODES_OF_A_LIST = 400, 900
"""Elements in its HTML."""
MOST_STEPS = {
    "home": 600_000, "payment": 1_300_000, "orders": 180_000, "orders of one": 290_000, "remittance": 20_000,
}  # fmt: skip
"""Instructions that SQLite works through for the large provider's page: what its statements read and add up before they
hand over the few rows that are counted above. Home took 1.2 million while it compared every line with all that is said
of it, and read all payments of a contract for each of them.
"""


@pytest.fixture
def looked_at(
    app, set_today, limits, monkeypatch
) -> dict[str, tuple[tuple[int, int, Answer], tuple[int, int, Answer]]]:
    """By page: the rows that were read, the steps that took, and the answer, for the small provider and for the large
    one.
    """
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
    client = PortalClient(app).sign_in(person)
    first = {1: 1, 2: FEW + 1}
    found = {}
    for name, path in PAGES.items():
        each = []
        for n in (1, 2):
            [order] = every(select(PurchaseOrder).where(PurchaseOrder.client_id == first[n]))
            address = path.format(n=n, item=first[n], order=order.id)
            client.get(address)  # what is noted once an hour is noted now
            Counting.rows = Counting.steps = 0
            with counting(monkeypatch):
                answer = client.get(address)
            each.append((Counting.rows, Counting.steps, answer))
        found[name] = tuple(each)
    return found


def test_pages_of_a_large_provider_read_few_rows_and_are_light(looked_at):
    few, many = ({name: each[at] for name, each in looked_at.items()} for at in (0, 1))
    assert all(rows for rows, _, _ in few.values()), few
    allowed = {name: FLAT * rows for name, (rows, _, _) in few.items()}
    assert _above({name: rows for name, (rows, _, _) in many.items()}, allowed | NOT_FLAT) == {}
    assert _above({name: many[name][1] for name in MOST_STEPS}, MOST_STEPS) == {}
    asked = {name: len(answer.reads) for name, (_, _, answer) in few.items()}
    assert _above({name: len(answer.reads) for name, (_, _, answer) in many.items()}, asked) == {}
    sent = {name: len(brotli.compress(answer.response.data, quality=4)) for name, (_, _, answer) in many.items()}
    drawn = {name: len(answer.page.find_all(True)) for name, (_, _, answer) in many.items()}
    assert _above(sent, dict.fromkeys(sent, MOST_BYTES)) == {}
    assert _above(drawn, {name: NODES_OF_A_LIST if name in LISTS else MOST_NODES for name in drawn}) == {}


def _above(found: dict[str, int], most: Mapping[str, float]) -> dict[str, int]:
    return {name: each for name, each in found.items() if each > most[name]}


def test_the_frame_of_a_page_is_one_query(app):
    client = PortalClient(app).sign_in(make_user())
    client.get("/privacy")
    assert len(client.get("/privacy").reads) == 1


def test_a_note_is_one_row_of_the_audit(app):
    provider = make_provider()
    item = make_item(make_contract(provider))
    client = PortalClient(app).sign_in(make_user(Role.FINANCE, provider))
    path = f"/providers/{provider.id}/care-packages/{item.id}"
    for _ in range(2):
        written = [each.split("(")[0].strip() for each in client.get(path).statements if not each.startswith("SELECT")]
    assert [each for each in written if each.startswith(("INSERT", "UPDATE", "DELETE"))] == ["INSERT INTO audit_event"]
