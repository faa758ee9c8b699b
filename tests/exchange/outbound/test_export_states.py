"""Every cell of docs/export-states.md: what becomes of an export, or of what it is to tell, when one thing happens."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from commands.batchwise import exporting
from exchange.feed import FeedFaults
from exchange.outbound import writing
from exchange.outbound.writing import read_pending
from models.base import DomainError, session
from models.records import export as exports
from models.records.export import Export, ExportAnswer, ExportDelivery, Exported
from tests.exchange.outbound.conftest import Way
from tests.support.rows import every, reading, unit_of_work
from tests.support.states import TUESDAY, Office, office

pytestmark = [pytest.mark.postgres, pytest.mark.covers("S3-001")]
DOC = Path(__file__).parents[3] / "docs" / "export-states.md"


class Killed(BaseException):
    """Nothing holds it up."""


@dataclass
class Story:
    """One payment that its provider has rejected, or not yet, and the way on which that is told."""

    office: Office
    way: Way
    monkeypatch: pytest.MonkeyPatch
    refused: str = ""

    def change(self) -> "Story":
        """The provider rejects the payment; where it has, it takes that back; where it has, nothing is left."""
        self.office.to(TUESDAY)
        if self.office.payment.confirmation.is_rejected:
            self.office.take_back()
        elif self.office.payment.confirmation.is_unconfirmed:
            self.office.reject()
        return self

    def export(self) -> "Story":
        self.way.export()
        return self

    def export_killed_at(self, owner: object, name: str) -> "Story":
        def die(*_: object, **__: object) -> None:
            raise Killed

        with self.monkeypatch.context() as patch:
            patch.setattr(owner, name, die)
            with suppress(Killed):
                self.way.export()
        return self

    def accept(self) -> "Story":
        return self.tell("1,,,accepted,")

    def refuse(self) -> "Story":
        reference = f"{self.office.contract.reference}/2019-09-30"
        return self.tell(f"1,answers.csv,{reference},refused,No such supplier")

    def tell(self, row: str) -> "Story":
        try:
            self.way.tell(row)
        except FeedFaults as faults:
            self.refused = str(faults.faults[0])
        return self

    def press(self, verb: Callable[..., object]) -> "Story":
        """An officer presses a button on the page of export 1. Where there is no export, there is no page."""
        try:
            with unit_of_work():
                found = session.scalars(Export.numbered(1)).one_or_none()
                if found is None:
                    raise DomainError("There is no such page")
                verb(found, by=self.office.officer)
        except DomainError as refusal:
            self.refused = str(refusal)
        return self


STATES: dict[str, Callable[[Story], Story]] = {
    "nothing": lambda the: the,
    "untold": Story.change,
    "lying": lambda the: the.change().export_killed_at(writing, "_keep"),
    "undelivered": lambda the: the.change().export_killed_at(exports.ExportDelivery, "is_made"),
    "delivered": lambda the: the.change().export(),
    "acknowledged": lambda the: the.change().export().accept(),
    "refused by the finance system": lambda the: the.change().export().refuse(),
    "asked again": lambda the: the.change().export().refuse().press(exports.send_refused_again),
}
EVENTS: dict[str, Callable[[Story], Story]] = {
    "the worker exports": Story.export,
    "is killed before its commit": lambda the: the.export_killed_at(writing, "_keep"),
    "is killed after its commit": lambda the: the.export_killed_at(exporting, "deliver"),
    "is killed after it has delivered": lambda the: the.export_killed_at(exports.ExportDelivery, "is_made"),
    "it is accepted": Story.accept,
    "a row is refused": Story.refuse,
    "the file is lost and sent again": lambda the: the.press(exports.send_again),
    "what is refused is sent again": lambda the: the.press(exports.send_refused_again),
    "the record changes": Story.change,
}  # fmt: skip


def state_of(the: Story) -> str:
    """In the words of the table, from what is on record and in the store."""
    with reading():
        found = session.scalars(sa.select(Export).order_by(Export.number)).all()
        pending = [mark for marks in read_pending().marks.values() for mark in marks]
        told = {(each.record_id, each.version) for each in session.scalars(sa.select(Exported))}
    is_new = any((mark["record_id"], mark["version"]) not in told for mark in pending)
    kept = {path.name for path in the.way.folder.glob("store/??/*")}
    lies = ", lying" if pending and kept - {each.sha256 for each in found} else ""
    if not found:
        return "lying" if lies else "untold" if is_new else "nothing"
    waits = any(each.done_at is None for each in every(ExportDelivery))
    return _name(found, waits) + lies + (" and untold" if is_new else "")


def _name(found: list[Export], waits: bool) -> str:
    answers = every(ExportAnswer)
    late = ", undelivered" if waits else ""
    if len(found) > 1:
        return f"told in the next one{late}"
    refusals = [each for each in answers if each.result.is_refused]
    if not answers:
        return "undelivered" if waits else "delivered"
    otherwise = ", accepted otherwise" if refusals and len(answers) > len(refusals) else ""
    if not refusals:
        return f"acknowledged{late}"
    is_open = any(each.is_waiting for each in refusals)
    return f"{'refused by the finance system' if is_open else 'asked again'}{otherwise}{late}"


def cells() -> Iterator[tuple[str, str, str]]:
    rows = [line.strip("|").split("|") for line in DOC.read_text("utf-8").splitlines() if line.startswith("|")]
    heading, _, *states = rows
    events = [cell.strip() for cell in heading[1:]]
    for first, *rest in states:
        state = first.strip(" *")
        for event, said in zip(events, rest, strict=True):
            yield state, event, state if said.strip() == "=" else said.strip()


CELLS = list(cells())


@pytest.fixture
def story(way: Way, monkeypatch: pytest.MonkeyPatch) -> Story:
    return Story(office(), way, monkeypatch)


@pytest.mark.parametrize("state", STATES)
def test_each_state_can_be_come_to(story, state):
    STATES[state](story)
    assert (story.refused, state_of(story)) == ("", state)


@pytest.mark.parametrize(("state", "event", "said"), CELLS, ids=[" - ".join(cell[:2]) for cell in CELLS])
def test_each_cell(story, state, event, said):
    STATES[state](story)
    EVENTS[event](story)
    is_refused = said == "refused"
    assert bool(story.refused) is is_refused, story.refused
    assert state_of(story) == (state if is_refused else said)


def test_the_document_has_every_state_and_every_event():
    assert list(dict.fromkeys(cell[0] for cell in CELLS)) == list(STATES)
    assert list(dict.fromkeys(cell[1] for cell in CELLS)) == list(EVENTS)
