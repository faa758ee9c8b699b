"""Every cell of docs/run-states.md: what becomes of a payment run in one state when one thing happens."""

from collections.abc import Iterator

import pytest

from models.payments.run import RunPayment
from tests.support.rows import every
from tests.support.run_states import ABOVE_A_LIMIT, DOC, EVENTS, STATES, RunOffice, state_of


def cells() -> Iterator[tuple[str, str, str]]:
    """State, event and what the document says of it."""
    rows = [line.strip("|").split("|") for line in DOC.read_text("utf-8").splitlines() if line.startswith("|")]
    heading, _, *states = rows
    events = [cell.strip() for cell in heading[1:]]
    for first, *rest in states:
        state = first.strip(" *")
        for event, said in zip(events, rest, strict=True):
            yield state, event, state if said.strip() == "=" else said.strip()


CELLS = list(cells())


@pytest.mark.parametrize(("state", "event", "said"), CELLS, ids=[" - ".join(cell[:2]) for cell in CELLS])
def test_what_becomes_of_it(database, limits, state, event, said):
    if state in ABOVE_A_LIMIT:
        limits(run_pence=20_000)
    the = RunOffice()
    first_id = the.run_id
    STATES[state](the)
    assert (the.refused, state_of(the, first_id)) == ("", state)
    paid = [each.paid_pence for each in every(RunPayment)]
    EVENTS[event](the)
    if said == "refused":
        assert the.refused
        assert state_of(the, first_id) == state
        assert [each.paid_pence for each in every(RunPayment)] == paid
    else:
        assert (the.refused, state_of(the, first_id)) == ("", said)


def test_the_document_has_every_state_and_every_event():
    assert {state for state, _, _ in CELLS} == set(STATES)
    assert {event for _, event, _ in CELLS} == set(EVENTS)
    assert len(CELLS) == len(STATES) * len(EVENTS)
