"""Every cell of docs/payment-states.md: what becomes of a payment in one state when one thing happens."""

from collections.abc import Iterator

import pytest

from tests.support.snapshots import once
from tests.support.states import DOC, EVENTS, FRIDAY, STATES, THURSDAY, TUESDAY, office, state_of

POLICIES = {
    "## Where nothing is paid that is not confirmed": "hold",
    "## Where silence confirms": "confirm",
    "## Where what is not confirmed is paid": "pay",
}
BY_POLICY = {
    "current": lambda the: the.to(TUESDAY),
    "asked anew": lambda the: the.to(THURSDAY).feed(),
    "sent back": lambda the: the.to(TUESDAY).reject().to(FRIDAY).send_back(),
    "confirmed": lambda the: the.to(TUESDAY).confirm(),
    "rejected": lambda the: the.to(TUESDAY).reject(),
}


def cells() -> Iterator[tuple[str, str, str, str]]:
    """Policy, state, event and what the document says of it."""
    policy, events = "", []
    for line in DOC.read_text("utf-8").splitlines():
        if line.startswith("## "):
            policy, events = POLICIES.get(line, ""), []
        if not line.startswith("|") or not policy or line.startswith("|---"):
            continue
        first, *rest = (cell.strip() for cell in line.strip("|").split("|"))
        if not events:
            events = rest
            continue
        state = first.strip("*")
        for event, said in zip(events, rest, strict=True):
            yield policy, state, event, state if said == "=" else said


CELLS = list(cells())


@pytest.mark.parametrize(("policy", "state", "event", "said"), CELLS, ids=[" - ".join(cell[:3]) for cell in CELLS])
def test_what_becomes_of_it(database, policy, state, event, said):
    build = STATES if policy == "hold" else BY_POLICY
    the = once((policy, state), lambda: build[state](office(if_unconfirmed=policy)))
    assert not the.refused
    before = the.payment
    EVENTS[event](the)
    if said == "refused":
        assert the.refused
        after = the.payment
        assert (after.confirmation, after.total_pence, after.asked_by, after.waived_pence) == (
            before.confirmation, before.total_pence, before.asked_by, before.waived_pence,
        )  # fmt: skip
    else:
        assert (the.refused, state_of(the)) == ("", said)


def test_the_document_has_every_state_and_every_event():
    held = [cell for cell in CELLS if cell[0] == "hold"]
    assert {state for _, state, _, _ in held} == set(STATES)
    assert {event for _, _, event, _ in held} == set(EVENTS)
    assert len(held) == len(STATES) * len(EVENTS)
