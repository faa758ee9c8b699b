"""How many times each page of one payment asks the database, in every state of docs/payment-states.md: no more than
MOST, at two rows and at ten times as many.
"""

import pytest

from models.calendar import as_on
from models.payments.adjustment import Adjustment
from models.payments.hold import Hold
from models.permissions import Role
from models.records.provider import Provider
from models.reports.breakdown import rows_of
from tests.care_factories import make_item
from tests.factories import make_user
from tests.meta.test_statements import MOST, OF_A_PAYMENT, above, asked_of
from tests.support.client import PortalClient
from tests.support.rows import every, reading
from tests.support.states import EVENTS, MONDAY, STATES, Office, office

ALL_OF_IT = ("a standing hold begins", "its bank day is moved", "a debt appears")
CASES: dict[str, tuple[str, tuple[str, ...]]] = {
    **{state: (state, ()) for state in STATES},
    **{f"{state}, with all of it": (state, ALL_OF_IT) for state in ("future", "current", "rejected", "missed")},
    "queried, with all of it": ("queried", ("is answered", *ALL_OF_IT[1:])),
    "part-paid, with all of it": ("part-paid", ("a debt appears", "is adjusted")),
    "catches up, in a window": ("asked anew", ("is adjusted",)),
}  # fmt: skip
ROWS = (("?rows=2", False), ("?find=simpson&show=changed&sort=change", False), ("?show=queried&find=bea", True))
"""What is asked for behind the question mark, and whether it is a swap."""


@pytest.mark.parametrize(("case", "times"), [*((name, 10) for name in CASES), ("future", 1), ("queried", 1)])
def test_no_page_of_a_payment_asks_more_often_than_it_may(app, set_today, case, times, monkeypatch):
    monkeypatch.setattr("blueprints.payment_page.MOST_ROWS", times)  # so that there is a second page
    the = _in(CASES[case], times)
    set_today(the.today)
    [provider] = every(Provider)
    asked = asked_of(app, provider, _values(the), having={"reference", "first_on"})
    assert len(asked) >= OF_A_PAYMENT
    assert above(asked, MOST) == {}
    assert above(_asked_of_rows(app, the, provider), MOST) == {}


def _in(case: tuple[str, tuple[str, ...]], times: int) -> Office:
    state, events = case
    the = office()
    for _ in range(2 * times - 2):
        make_item(the.contract)
    the = STATES[state](the.to(the.today))
    for event in events:
        the = EVENTS[event](the)
    assert not the.refused
    return the


def _values(the: Office) -> dict[str, object]:
    with as_on(the.today), reading(the.contract.provider_id):
        row = rows_of(the.payment).items[0]
    holds = every(Hold)
    found = {"reference": the.contract.reference, "first_on": MONDAY, "key": row.key, "ending": "csv"}
    made = every(Adjustment)
    found |= {"adjustment_id": made[-1].id if made else 0, "service_id": 0}
    return found | {"hold_id": holds[-1].id if holds else 0, "run_id": the.run_id or 0}


def _asked_of_rows(app, the: Office, provider: Provider) -> dict[str, int]:
    """What a search and a sort ask, as pages and as swaps, for the provider and for the council."""
    asked = {}
    here = f"{the.contract.reference}/{MONDAY}"
    for user, path in (
        (make_user(Role.FINANCE, provider), f"/providers/{provider.id}/payments/{here}"),
        (the.officer, f"/council/payments/{here}"),
    ):
        client = PortalClient(app).sign_in(user)
        client.get(path)
        for query, is_swap in ROWS:
            answer = client.get(path + query, htmx=is_swap)
            asked[path + query] = len(answer.reads)
    return asked
