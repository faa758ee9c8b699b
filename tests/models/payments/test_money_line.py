"""The money line in every state of docs/payment-states.md: of a payment, and the same of a run that has it."""

import pytest
from sqlalchemy import select

from models.calendar import as_on
from models.payments.money_line import MoneyLine, line_of, money_of, run_marks, sums_of_run
from models.payments.payment_run import foresee_run
from models.payments.run import PaymentRun
from models.payments.run_history import runs_of
from models.payments.standing import standing_of
from models.together import read_rows
from tests.support.rows import reading
from tests.support.states import EVENTS, STATES, office

BEA, BOTH = 30_303, 65_611
TO_COME = {"held_pence": 0, "paid_pence": 0, "in_run_pence": 0}
OF_STATE = {
    "missed": {"held_pence": BOTH},
    "rejected": {"held_pence": BOTH},
    "queried": {"held_pence": BEA},
    "held": {"held_pence": BOTH},
    "in a run": {"in_run_pence": BOTH},
    "authorised": {"in_run_pence": BOTH},
    "part-paid": {"held_pence": BEA, "paid_pence": BOTH - BEA},
    "finalised": {"paid_pence": BOTH},
}
"""What is not to come, in each state."""


def lines(the) -> tuple[MoneyLine, MoneyLine | None]:
    """Of the payment, and of the newest run that had it."""
    with as_on(the.today), reading() as session:
        payment = the.payment
        runs = session.scalars(runs_of(payment)).all()
        own = line_of(payment, standing_of(payment), is_in_run=any(run.is_to_come for run in runs))
        if not runs:
            return own, None
        run = session.scalars(select(PaymentRun).where(PaymentRun.id == runs[0].run_id)).one()
        left = foresee_run(run).left if run.is_open else frozenset()
        return own, money_of(*read_rows(*sums_of_run(run, left)))


@pytest.mark.postgres
@pytest.mark.parametrize("state", STATES)
def test_each_sum_of_a_payment_and_of_its_run(database, state):
    the = STATES[state](office())
    own, of_run = lines(the)
    found = OF_STATE.get(state, {})
    total = BOTH + (7 if state == "asked anew" else 0)
    assert (own.calculated_pence, own.blocked_pence, own.owed_pence) == (total, 0, 0)
    assert {name: getattr(own, name) for name in TO_COME} == TO_COME | found
    assert own.to_come_pence == total - sum(found.values())
    assert of_run in (own, None)


@pytest.mark.parametrize("event", ["a debt appears", "is held", "feed, +7p"])
@pytest.mark.parametrize("state", ["in a run", "authorised", "part-paid"])
def test_the_run_says_the_same_after_whatever_happens(database, state, event):
    the = EVENTS[event](STATES[state](office()))
    own, of_run = lines(the)
    assert of_run is not None
    assert of_run.calculated_pence == own.calculated_pence
    assert of_run.held_pence == own.held_pence
    assert of_run.paid_pence == own.paid_pence
    assert of_run.in_run_pence in (0, BOTH)


@pytest.mark.parametrize(("state", "said"), [("in a run", [False]), ("part-paid", [True]), ("current", [])])
def test_the_runs_of_a_payment_are_marked(database, state, said):
    the = STATES[state](office())
    with reading():
        assert [mark.is_paid for mark in run_marks([the.payment.id]).get(the.payment.id, [])] == said
