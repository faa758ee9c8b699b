"""What a list asks in SQL and a page in Python is the same, for every state that a payment can be in."""

from datetime import date, timedelta
from itertools import product

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import joinedload

from models.payments.confirmation import Confirmation, Processing
from models.payments.payment import ScheduledPayment
from models.payments.run import PaymentRun
from models.records.contract import ConfirmationPolicy, IfUnconfirmed, PaymentMethod
from tests.care_factories import make_contract
from tests.factories import make_user
from tests.support.rows import every, reading, saved, unit_of_work

TODAY = date(2019, 10, 2)
DAY = timedelta(days=1)
NAMES = (
    "processing",
    "is_open",
    "is_unanswered",
    "is_to_be_confirmed",
    "waits_for_confirmation",
    "total_pence",
    "answer_by",
    "is_silent",
    "is_overtime",
    "is_waived",
    "is_rejected",
)


@pytest.fixture
def payments(database):
    """Every combination of what these rules look at: some begin today or before, as many tomorrow or later."""
    person, run = make_user(), saved(PaymentRun(as_on=TODAY))
    answers = {
        Confirmation.UNCONFIRMED: (None, None, None),
        Confirmation.CONFIRMED: (5, run.prepared_at, None),
        Confirmation.REJECTED: (5, run.prepared_at, person.id),
    }
    finalised = [(False, None), (True, None), (True, run.id)]
    for policy, silence in product(ConfirmationPolicy, IfUnconfirmed):
        contract = make_contract(confirmation=policy, if_unconfirmed=silence)
        method = next(each for each in every(PaymentMethod) if each.contract_id == contract.id)
        rows = []
        for n, (ends, asked, (begun, closed), answer, waived, net) in enumerate(
            product((-1, 0, 1), (None, -1, 0), finalised, answers, (None, 5, 4), (3, -2))
        ):
            pence, at, by = answers[answer]
            rows += [
                {
                    "provider_id": contract.provider_id, "contract_id": contract.id, "method_id": method.id,
                    "first_on": first_on, "last_on": date(2030, 1, 1), "confirm_by": TODAY + ends * DAY,
                    "finalise_on": first_on + DAY, "bank_on": TODAY, "net_pence": net, "vat_pence": 2,
                    "asked_by": None if asked is None else TODAY + asked * DAY,
                    "asked_because": None if asked is None else "late",
                    "full_notice_on": (None, TODAY - 2 * DAY, TODAY + DAY)[n % 3],
                    "is_begun": begun, "closed_run_id": closed,
                    "waive_reason": waived and "The home is closed", "waived_pence": waived,
                    "confirmation": answer, "answered_pence": pence, "answered_at": at, "answered_by_id": by,
                }
                for first_on in (TODAY - n * DAY, TODAY + (n + 1) * DAY)
            ]  # fmt: skip
        with unit_of_work() as session:
            session.execute(insert(ScheduledPayment), rows)


@pytest.mark.postgres
@pytest.mark.parametrize("name", NAMES)
def test_sql_and_python_say_the_same(payments, name):
    with reading() as session:
        query = select(ScheduledPayment, getattr(ScheduledPayment, name).label("in_sql"))
        found = session.execute(query.options(joinedload(ScheduledPayment.contract))).all()
    assert len(found) == 8_748
    assert [getattr(payment, name) for payment, _ in found] == [in_sql for _, in_sql in found]
    assert len({in_sql for _, in_sql in found}) == {
        "processing": len(Processing),
        "total_pence": 2,
        "answer_by": 3,
    }.get(name, 2)
