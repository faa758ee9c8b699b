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


def office_in(state: str, limits) -> tuple[RunOffice, int]:
    """An office whose run is in this state, and the run's number."""
    if state in ABOVE_A_LIMIT:
        limits(run_pence=20_000)
    the = RunOffice()
    first_id = the.run_id
    STATES[state](the)
    assert (the.refused, state_of(the, first_id)) == ("", state)
    return the, first_id


@pytest.mark.parametrize("state", STATES)
def test_what_is_refused_changes_nothing(database, limits, state):
    """One event after the other, on one office."""
    the, first_id = office_in(state, limits)
    paid = [each.paid_pence for each in every(RunPayment)]
    for event in (cell[1] for cell in CELLS if cell[0] == state and cell[2] == "refused"):
        the.refused = ""
        EVENTS[event](the)
        assert the.refused, event
        assert state_of(the, first_id) == state, event
        assert [each.paid_pence for each in every(RunPayment)] == paid, event


DONE = [cell for cell in CELLS if cell[2] != "refused"]


@pytest.mark.parametrize(("state", "event", "said"), DONE, ids=[" - ".join(cell[:2]) for cell in DONE])
def test_what_becomes_of_it(database, limits, state, event, said):
    the, first_id = office_in(state, limits)
    EVENTS[event](the)
    assert (the.refused, state_of(the, first_id)) == ("", said)


def test_the_document_has_every_state_and_every_event():
    assert {state for state, _, _ in CELLS} == set(STATES)
    assert {event for _, event, _ in CELLS} == set(EVENTS)
    assert len(CELLS) == len(STATES) * len(EVENTS)
