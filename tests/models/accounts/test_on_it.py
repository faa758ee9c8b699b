"""Every cell of docs/queue-states.md: who is on a queue of the desk, and what becomes of it."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import select, update

from models.accounts import on_it
from models.accounts.on_it import OnIt, ask_with_who, with_who
from models.base import DomainError
from models.waiting import waits
from tests.factories import make_staff
from tests.support.rows import every, unit_of_work

DOC = Path(__file__).parents[3] / "docs" / "queue-states.md"


class Office:
    def __init__(self) -> None:
        self.ola, self.max = make_staff(name="Ola"), make_staff(name="Max")

    def do(self, event: str) -> str:
        """What is refused of it, in words."""
        who, _, what = event.partition(" ")
        if event == "midnight":
            with unit_of_work() as session:
                session.execute(update(OnIt).values(on=on_it._day() - timedelta(days=1)))
            return ""
        by = {"Ola": self.ola, "Max": self.max}[who]
        try:
            with unit_of_work():
                if what == "lets it go":
                    on_it.let_go("held", by=by)
                else:
                    on_it.take("held", by=by, seen_id=self.ola.id if "over from" in what else None)
        except DomainError as refused:
            return str(refused)
        return ""

    @property
    def state(self) -> str:
        with unit_of_work():
            [(_, taken)] = ask_with_who(with_who([waits("held", sa.literal(1))]), {})
        return f"{taken.name}’s" if taken else "free"


def cells():
    rows = [line.strip("|").split("|") for line in DOC.read_text("utf-8").splitlines() if line.startswith("|")]
    heading, _, *states = rows
    for first, *rest in states:
        state = first.strip(" *")
        for event, said in zip(heading[1:], rest, strict=True):
            yield state, event.strip(), state if said.strip() == "=" else said.strip()


@pytest.mark.postgres
@pytest.mark.parametrize(("state", "event", "said"), list(cells()))
def test_what_becomes_of_it(database, state, event, said):
    office = Office()
    if state != "free":
        assert not office.do(f"{state.removesuffix('’s')} takes it")
    assert office.state == state
    refused = office.do(event)
    assert bool(refused) == (said == "refused")
    assert office.state == (state if refused else said)
    if refused:
        assert refused.startswith(f"{state.removesuffix('’s')} has just taken this")


def test_who_takes_it_clears_what_was_before_today(database):
    office = Office()
    office.do("Ola takes it")
    office.do("midnight")
    office.do("Max takes it")
    assert [each.user_id for each in every(select(OnIt))] == [office.max.id]
