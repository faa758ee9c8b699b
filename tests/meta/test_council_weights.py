"""What the council's pages cost where the machine does not matter, for a council of few contracts and for one of many:
the same limits hold for both, as long as both have more than a page of each list. Seconds are in bench/README.md.
"""

from datetime import timedelta
from operator import gt

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
    "/council/": (8, 165, 125, 2_600, 115),
    "/council/payments/": (4, 125, 70, 5_800, 1_300),
    "/council/payments/?exception=open": (4, 105, 60, 5_800, 1_300),
    "/council/care-packages/": (2, 55, 8, 4_100, 830),
    "/council/purchase-orders/": (3, 56, 17, 4_100, 880),
    "/council/clients/": (2, 55, 6, 3_500, 460),
    "/council/contracts/": (2, 55, 10, 3_800, 560),
    "/council/providers/": (2, 55, 16, 3_700, 620),
    "/council/payment-runs/": (4, 6, 8, 3_200, 160),
    "/council/debts/": (2, 3, 2, 2_800, 120),
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
        rows = Counting.rows - len(sizes)  # the test client looks which providers there are
        found[path] = (len(answer.reads), rows, Counting.steps // 1_000, sent, nodes)
    assert {path: each for path, each in found.items() if any(map(gt, each, MOST[path]))} == {}
