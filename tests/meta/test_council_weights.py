"""What the council's pages cost where the machine does not matter, for a council of few contracts and for one of many:
the same limits hold for both, as long as both have more than a page of each list. Seconds are in bench/README.md.
"""

from datetime import timedelta
from operator import gt
from pathlib import Path

import brotli
import pytest

from bench._data import START, TODAY, fill_each
from commands.batchwise.payments import calculate_all, finalise_due
from models.calendar import as_on
from models.permissions import CouncilRole
from tests.factories import make_staff
from tests.support.client import PortalClient
from tests.support.counting import Counting, counting

FEW, MANY = [2] * 30, [2] * 300
"""Line items of each contract."""
MOST: dict[str, tuple[int, int, int, int, int]] = {
    "/council/": (0, 0, 0, 0, 0),
    "/council/payments/": (0, 0, 0, 0, 0),
    "/council/payments/?exception=open": (0, 0, 0, 0, 0),
    "/council/care-packages/": (0, 0, 0, 0, 0),
    "/council/purchase-orders/": (0, 0, 0, 0, 0),
    "/council/clients/": (0, 0, 0, 0, 0),
    "/council/contracts/": (0, 0, 0, 0, 0),
    "/council/providers/": (0, 0, 0, 0, 0),
    "/council/payment-runs/": (0, 0, 0, 0, 0),
    "/council/debts/": (0, 0, 0, 0, 0),
}
"""By address: statements that read, rows that they hand over, thousands of SQLite's instructions, bytes as they are
sent, nodes. A page that reads all there is to show a part of it is far above.
"""


@pytest.mark.parametrize("sizes", [FEW, MANY], ids=["few", "many"])
def test_pages_of_the_council_read_no_more_of_many_than_of_few(app, set_today, limits, monkeypatch, sizes):
    set_today(TODAY)
    limits(payment_pence=0, run_pence=0, change_percent=0)
    fill_each(sizes)
    with as_on(START + timedelta(days=6)):
        calculate_all()
        finalise_due()
    calculate_all()
    client = PortalClient(app).sign_in(make_staff(CouncilRole.PAYMENTS_OFFICER))
    found = {}
    for path in MOST:
        client.get(path)  # statements are built, and what is noted once an hour is noted now
        Counting.rows = Counting.steps = 0
        with counting(monkeypatch):
            answer = client.get(path)
        sent, nodes = len(brotli.compress(answer.response.data, quality=4)), len(answer.page.find_all(True))
        found[path] = (len(answer.reads), Counting.rows, Counting.steps // 1_000, sent, nodes)
    above = {
        path: each
        for path, each in found.items()
        if any(is_ > most for is_, most in zip(each, MOST[path], strict=True))
    }
    assert above == {}
