"""What becomes of an uploaded file: every cell of the table in docs/upload-states.md."""

from pathlib import Path

import pytest
from sqlalchemy import select

from models.base import DomainError
from models.calendar import as_on
from models.job import Job
from models.records.import_batch import MOST_AT_ONCE, ImportBatch, ImportState
from models.uploads import batch as uploads
from models.uploads import mending, queue
from tests.actual_factories import AFTER
from tests.support.rows import every, unit_of_work
from tests.support.uploads import HEADINGS, Agency, csv_of, receive

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
DOC = Path(__file__).parents[3] / "docs" / "upload-states.md"


def cells() -> list[tuple[str, str, str]]:
    lines = [line for line in DOC.read_text("utf-8").splitlines() if line.startswith("|")]
    table = [[cell.strip().replace("**", "") for cell in line.strip("|").split("|")] for line in lines[:10]]
    names = table[0][1:]
    return [(row[0], name, cell) for row in table[2:] for name, cell in zip(names, row[1:], strict=True)]


class Desk:
    """A file of two rows, of which the second may be at fault."""

    def __init__(self, state: str) -> None:
        self.agency = Agency(2)
        has_fault = state in ("checked, with faults", "applied in part")
        second = self.agency.row(1, ActualQty="13", MissedQty="1", ReasonCode="STAFF", Comment="x")
        rows = self.agency.row(0), self.agency.row(1, ActualQty="lots") if has_fault else second
        headings = ("What", *HEADINGS[1:2], "How much", *HEADINGS[3:]) if state == "columns to match" else HEADINGS
        with unit_of_work(self.agency.provider.id):
            receive(self.agency, csv_of(*rows, headings=headings))

    def do(self, act) -> None:
        with unit_of_work(self.agency.provider.id) as own:
            act(self, own.scalars(select(ImportBatch)).one())

    def put(self, state: str) -> None:
        """Into a state that only a long file is in, which the worker checks and applies."""
        with unit_of_work(self.agency.provider.id) as own:
            batch = own.scalars(select(ImportBatch)).one()
            batch.rows_read = MOST_AT_ONCE + 2
            if state == "being applied":
                wish = queue.Wish(batch.rows_good)
                queue.apply_soon(batch, self.agency.provider, wish, by=self.agency.clerk)
            else:
                queue.check_soon(batch, self.agency.provider, by=self.agency.clerk)

    def match(self, batch) -> None:
        uploads.match(batch, list(HEADINGS), by=self.agency.clerk)
        queue.check_soon(batch, self.agency.provider, by=self.agency.clerk)

    def mend(self, batch) -> None:
        mending.mend(batch, {(3, "ActualQty"): "14"}, by=self.agency.clerk)
        queue.check_soon(batch, self.agency.provider, by=self.agency.clerk)

    def apply(self, batch) -> None:
        queue.apply_soon(batch, self.agency.provider, queue.Wish(batch.rows_good), by=self.agency.clerk)

    def apply_good(self, batch) -> None:
        wish = queue.Wish(batch.rows_good, only_good=True)
        queue.apply_soon(batch, self.agency.provider, wish, by=self.agency.clerk)

    def discard(self, batch) -> None:
        uploads.discard(batch, by=self.agency.clerk)


EVENTS = {
    "says which column is which": Desk.match, "mends the faults": Desk.mend, "applies all rows": Desk.apply,
    "applies the good rows": Desk.apply_good, "discards it": Desk.discard,
}  # fmt: skip
TO = {"applied in part": Desk.apply_good, "applied": Desk.apply, "discarded": Desk.discard}


def state_of(batch: ImportBatch) -> str:
    if any(job.is_open and job.arguments["act"] == "apply" for job in every(Job)):
        return "being applied"
    if batch.state is ImportState.WAITING:
        return "to be checked"
    if batch.state is ImportState.CHECKED:
        return "checked, with faults" if batch.rows_rejected else "checked"
    return {ImportState.COLUMNS: "columns to match"}.get(batch.state, batch.state.label.lower())


@pytest.mark.parametrize(("before", "event", "after"), cells())
def test_a_cell_of_an_upload(before, event, after):
    with as_on(AFTER):
        desk = Desk(before)
        if before in TO:
            desk.do(TO[before])
        elif before in ("to be checked", "being applied"):
            desk.put(before)
        assert state_of(every(ImportBatch)[0]) == before
        if after == "refused":
            with pytest.raises(DomainError):
                desk.do(EVENTS[event])
        else:
            desk.do(EVENTS[event])
        assert state_of(every(ImportBatch)[0]) == (before if after in ("=", "refused") else after)
