"""What is open is found without the years that are planned, and those that are paid."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from models.calendar import today
from models.payments.opening import opens_on
from models.payments.payment import ScheduledPayment
from models.payments.worklist import Concern, waiting
from models.records.client import Client
from tests.support.rows import reading

pytestmark = pytest.mark.usefixtures("database")


def plan(query: sa.Select) -> str:
    with reading() as session:
        engine = session.get_bind()
        words = query.compile(dialect=engine.dialect, compile_kwargs={"literal_binds": True})
        return "\n".join(str(row[-1]) for row in session.execute(sa.text(f"EXPLAIN QUERY PLAN {words}")))


@pytest.mark.parametrize("concern", [Concern.REJECTED, Concern.CUT_OFF, Concern.WAITING, Concern.UNSEEN])
def test_what_waits_is_found_by_an_index(concern):
    found = plan(waiting(concern))
    assert "SCAN scheduled_payment" not in found
    assert "SEARCH scheduled_payment USING" in found


def test_clients_are_listed_by_an_index_on_their_names():
    found = plan(sa.select(Client.id).order_by(*Client.name_order(), Client.reference).limit(50))
    assert "ix_client_name_order" in found
    assert "TEMP B-TREE" not in found


@pytest.mark.parametrize(("first", "finalise", "is_open"), [(0, 1, True), (1, 1, False), (1, 0, True), (0, 0, True)])
def test_a_payment_is_open_from_the_earlier_of_its_two_days(first, finalise, is_open):
    """Days after today. In SQL as in Python."""
    days = today() + timedelta(days=first), today() + timedelta(days=finalise)
    payment = ScheduledPayment(first_on=days[0], finalise_on=days[1], closed_run_id=None)
    assert payment.is_open is is_open
    with reading() as session:
        found = session.scalar(sa.select(opens_on(sa.literal(days[0]), sa.literal(days[1])) <= today()))
    assert bool(found) is is_open
