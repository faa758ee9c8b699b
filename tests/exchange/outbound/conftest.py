from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from commands.batchwise.exporting import export
from exchange.feed import FeedFaults, import_feed
from exchange.files.store import Store
from models.base import session
from models.records.export import Export
from tests.support.finance_system import FinanceSystem
from tests.support.rows import reading


@dataclass
class Way:
    """The portal's store and directory of exports, and the finance system at its other end."""

    store: Store
    directory: Path
    finance: FinanceSystem
    folder: Path

    def export(self, **given: int) -> str:
        return export(self.store, **given)

    def answer(self) -> int | None:
        """The finance system reads what lies there, and its feed is imported; the number of the import."""
        self.finance.look()
        directory = self.folder / "answer"
        if not self.finance.feed(directory):
            return None
        try:
            return import_feed(directory, is_foreseen=False).import_id
        except FeedFaults as found:
            raise AssertionError([str(fault) for fault in found.faults]) from None

    def tell(self, *rows: str) -> int | None:
        """Import these rows of acknowledgements.csv."""
        directory = self.folder / "told"
        directory.mkdir(exist_ok=True)
        text = "".join(f"{row}\n" for row in ("sequence,file,row,result,reason", *rows))
        (directory / "acknowledgements.csv").write_text(text, "utf-8")
        return import_feed(directory, is_foreseen=False).import_id


@pytest.fixture
def way(database: sa.Engine, tmp_path: Path, timetable: Callable) -> Way:
    directory = tmp_path / "feed-out"
    directory.mkdir()
    timetable(exports=directory)
    return Way(Store(tmp_path / "store"), directory, FinanceSystem(directory), tmp_path)


def exports() -> list[Export]:
    with reading():
        return list(session.scalars(sa.select(Export).order_by(Export.number)))
