"""A home-care agency that uploads files: its people, its rows as files write them, and the files."""

import io
from collections.abc import Iterable, Sequence
from typing import Any

from xlsxwriter import Workbook

from exchange.sheets.reading import Table, read_table
from models.accounts.user import User
from models.base import session
from models.permissions import Role
from models.records.care_package import CarePackageLineItem
from models.records.client import Client
from models.records.import_batch import ImportBatch, ImportKind, ImportRow
from models.records.provider import Provider
from models.uploads import batch as uploads
from models.uploads import queue
from tests.actual_factories import MONDAY, level_of, make_hourly
from tests.care_factories import make_client, make_contract, make_item, make_quantity
from tests.factories import make_provider, make_user
from tests.support.rows import every

HEADINGS = ("CPLIRef", "WeekCommencing", "ActualQty", "MissedQty", "ReasonCode", "Comment", "RowVersion")
WEEK = f"{MONDAY:%d/%m/%Y}"


class Agency:
    """One contract with `people` of 14 hours a week each, of one service level, and somebody who uploads."""

    def __init__(self, people: int = 3) -> None:
        self.provider: Provider = make_provider()
        self.contract = make_contract(self.provider)
        self.clients: list[Client] = [make_client() for _ in range(people)]
        first = make_hourly(self.contract, client_id=self.clients[0].id)
        self.level = level_of(first)
        others = (make_hourly(self.contract, level=self.level, client_id=each.id) for each in self.clients[1:])
        self.items = [first, *others]
        self.clerk: User = make_user(Role.SCHEDULER, self.provider)

    def row(self, person: int = 0, **given: str) -> list[str]:
        """By HEADINGS: all 14 hours delivered, unless it says otherwise."""
        usual = {"CPLIRef": self.items[person].reference, "WeekCommencing": WEEK, "ActualQty": "14"}
        return [(usual | given).get(name, "") for name in HEADINGS]

    def short(self, person: int = 0, **given: str) -> list[str]:
        """An hour was missed, for a reason."""
        said = {"ActualQty": "13", "MissedQty": "1", "ReasonCode": "STAFF", "Comment": "Nobody came on Friday"}
        return self.row(person, **said | given)


def make_person(agency: Agency, client: Client, timetable: list[int] | None, **given: Any) -> CarePackageLineItem:
    """A line item of the agency's service level, with so many hours (ten-thousandths) on each weekday."""
    item = make_item(agency.contract, 231_000, service_level_id=agency.level.id, client_id=client.id, **given)
    if timetable is not None:
        make_quantity(item, sum(timetable), timetable_e4=timetable)
    return item


def csv_of(*rows: Sequence[str], headings: Sequence[str] = HEADINGS) -> bytes:
    return "".join(",".join(f'"{cell}"' for cell in row) + "\r\n" for row in (headings, *rows)).encode()


def xlsx_of(*rows: Sequence[Any], headings: Sequence[str] = HEADINGS, sheet: str = "Actuals") -> bytes:
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:
        page = book.add_worksheet(sheet)
        for number, row in enumerate((headings, *rows)):
            page.write_row(number, 0, row)
    return file.getvalue()


def receive(
    agency: Agency, content: bytes, name: str = "week.csv", *, kind: ImportKind = ImportKind.ACTUALS, **given: Any
) -> ImportBatch:  # fmt: skip
    """Keep the file and check it, in the open transaction; a long one is put into the queue."""
    table: Table = read_table(name, content, kind.sheet)
    batch = uploads.receive(
        agency.provider, kind, name, f"{hash(content):x}", table.rows, bad=table.bad, merged=table.merged,
        notes=table.notes, is_csv=name.endswith("csv"), by=agency.clerk, **given,
    )  # fmt: skip
    session.flush()
    if batch.state.is_waiting:
        queue.check_soon(batch, agency.provider, by=agency.clerk)
    session.flush()
    return batch


def faults_of(rows: Iterable[ImportRow] | None = None) -> dict[int, list[str]]:
    """The codes of each faulty row, by its number."""
    return {row.number: [fault.code for fault in row.faults] for row in rows or every(ImportRow)}
