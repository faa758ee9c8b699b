"""How SQLite finds the lines that a page adds up: by the payments that it tells of, not all that a provider has."""

from datetime import date

import sqlalchemy as sa

from models.permissions import Role
from tests.care_factories import make_contract, make_item
from tests.factories import make_provider, make_user
from tests.support import runs
from tests.support.client import PortalClient

MONDAY = date(2019, 9, 23)
PAGES = ("", "payments/", "payments/{reference}/2019-09-30", "payments/{reference}/2019-09-30?show=changed",
         "payments/{reference}/2019-09-30/print", "purchase-orders/", "purchase-orders/{order_id}")  # fmt: skip


def test_no_page_of_a_provider_reads_all_of_its_lines(app, database):
    provider = make_provider()
    contract = make_contract(provider, calculate_from=MONDAY)
    for _ in range(3):
        make_item(contract, starts_on=MONDAY)
    runs.finalise_weeks(MONDAY, date(2019, 10, 6))
    client, order = PortalClient(app).sign_in(make_user(Role.FINANCE, provider)), runs.orders(contract)[0]
    whole = {}
    for page in PAGES:
        path = page.format(reference=contract.reference, order_id=order.id)
        answer = client.get(f"/providers/{provider.id}/{path}")
        steps = [step for text in answer.reads for step in plan_of(database, text)]
        assert steps
        whole[page] = [step for step in steps if reads_every_line(step)]
    assert whole == dict.fromkeys(PAGES, [])


def plan_of(database: sa.Engine, text: str) -> list[str]:
    with database.connect() as connection:
        asked = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", (None,) * text.count("?"))
        return [row[3] for row in asked]


def reads_every_line(step: str) -> bool:
    """A scan of the table, by an index or not, or a search by the provider alone: but for what is carried, which is
    little.
    """
    if "payment_line" not in step or "ix_payment_line_carried" in step:
        return False
    return step.startswith("SCAN") or "(provider_id=?)" in step
