"""A file of 10,000 rows, from upload to preview to applied, beside the bare cost: parse, plain check, insert. CPU
seconds, those of the child that reads the file among them.

Aims: 4 times for CSV, 1.5 times and half a second for XLSX.
"""

import csv
import io
import resource
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from python_calamine import CalamineWorkbook
from sqlalchemy import insert, select
from xlsxwriter import Workbook

from bench._data import START, TODAY, fill, portal
from exchange.sheets.reading import read_table
from models.accounts.user import User
from models.base import rehearsal, session, transaction
from models.calendar import as_on
from models.money import parse_e4
from models.records.actual import Actual, ActualWeek
from models.records.import_batch import ImportBatch, ImportKind
from models.records.provider import Provider
from models.tenancy import EVERY_PROVIDER, set_tenant
from models.uploads import batch as uploads
from models.uploads import queue
from models.uploads.cells import read_day
from models.uploads.open_files import APPLY

PEOPLE = 10_000
HEADINGS = ("CPLIRef", "ClientRef", "WeekCommencing", "PlannedQty", "ActualQty", "FrustratedQty", "MissedQty",
            "ExtraQty", "ActualVisits", "ReasonCode", "Comment", "ProviderReference")  # fmt: skip


def measure() -> None:
    with portal():
        fill(1, PEOPLE)
        with transaction() as own:
            set_tenant(EVERY_PROVIDER)
            own.add(User(id=1, email="clerk@example.org", name="Clerk", password_hash=""))
        rows = _rows()
        with as_on(TODAY + timedelta(days=7)):
            for name, content in (("week.csv", _csv(rows)), ("week.xlsx", _xlsx(rows))):
                bare = min(_timed(partial(_bare, name, content)) for _ in range(2))
                whole = min(_timed(partial(_whole, name, content)) for _ in range(2))
                kind = name.rpartition(".")[2].upper()
                print(f"  {kind}: bare {bare:.2f} s, whole {whole:.2f} s, {whole / bare:.1f} times")
    measure_memory()


def measure_memory(people: int = 10_000, weeks: int = 10) -> None:
    """Megabytes beside the portal alone at the peak of each step, in one process that does them all."""
    with portal():
        fill(1, people)
        with transaction() as own:
            set_tenant(EVERY_PROVIDER)
            own.add(User(id=1, email="clerk@example.org", name="Clerk", password_hash=""))
        content = _csv([
            (*row[:2], f"{START + timedelta(weeks=week):%d/%m/%Y}", *row[3:11], f"R{week}{row[11]}")
            for week in range(weeks) for row in _rows()
        ])  # fmt: skip
        alone = _megabytes("VmRSS")
        with as_on(TODAY + timedelta(weeks=weeks)):
            for name, act in (("kept", partial(_keep, content)), ("checked", _check), ("applied", _apply)):
                Path("/proc/self/clear_refs").write_text("5")
                seconds = _timed(act)
                print(
                    f"  {people * weeks:,} rows {name}: {seconds:.1f} s, {_megabytes('VmHWM') - alone} MB at its peak"
                )


def _megabytes(name: str) -> int:
    """VmRSS: what the process holds; VmHWM: the most since that was reset."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith(name))


def _those() -> tuple[Provider, User]:
    set_tenant(1)
    return session.scalars(select(Provider)).one(), session.scalars(select(User)).one()


def _keep(content: bytes) -> None:
    table = read_table("weeks.csv", content, "Actuals")
    with transaction():
        provider, by = _those()
        uploads.receive(
            provider, ImportKind.ACTUALS, "weeks.csv", sha256(content).hexdigest(), table.rows, bad=table.bad,
            merged=table.merged, notes=table.notes, is_csv=True, by=by,
        )  # fmt: skip


def _check() -> None:
    with transaction() as own:
        provider, _ = _those()
        batch = own.scalars(select(ImportBatch)).one()
        uploads.keep(batch, uploads.look(batch, provider))


def _apply() -> None:
    with transaction() as own:
        provider, by = _those()
        batch = own.scalars(select(ImportBatch)).one()
        wish = {"wish": asdict(queue.Wish(batch.rows_good)), "pence": batch.pence, "act": APPLY}
        queue.finish(batch, provider, queue.look(batch, provider, wish), wish, by=by)


def _rows() -> list[tuple[str, ...]]:
    with rehearsal():
        set_tenant(EVERY_PROVIDER)
        from models.records.care_package import CarePackageLineItem
        from models.records.client import Client

        item = CarePackageLineItem
        query = select(item.reference, Client.reference).join(Client, Client.id == item.client_id).order_by(item.id)
        found = session.execute(query).all()
    return [
        (item, client, f"{START:%d/%m/%Y}", "1", "0" if n % 10 == 0 else "1", "", "1" if n % 10 == 0 else "", "", "7",
         "STAFF" if n % 10 == 0 else "", "Nobody came" if n % 10 == 0 else "", f"R{n}")
        for n, (item, client) in enumerate(found)
    ]  # fmt: skip


def _csv(rows: list[tuple[str, ...]]) -> bytes:
    file = io.StringIO()
    csv.writer(file).writerows([HEADINGS, *rows])
    return file.getvalue().encode()


def _xlsx(rows: list[tuple[str, ...]]) -> bytes:
    file = io.BytesIO()
    with Workbook(file, {"constant_memory": True, "strings_to_numbers": True}) as book:
        page = book.add_worksheet("Actuals")
        for number, row in enumerate((HEADINGS, *rows)):
            page.write_row(number, 0, row)
    return file.getvalue()


def _cpu() -> float:
    """Seconds of this process and of the children that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def _timed(act: Callable[[], None]) -> float:
    begun = _cpu()
    act()
    return _cpu() - begun


def _bare(name: str, content: bytes) -> None:
    """Parse, look each reference up, read each figure, insert."""
    table: list[list[Any]]
    if name.endswith("csv"):
        table = list(csv.reader(io.StringIO(content.decode(), newline="")))
    else:
        table = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    with rehearsal():
        set_tenant(EVERY_PROVIDER)
        from models.records.care_package import CarePackageLineItem

        ids = {
            row.reference: row.id
            for row in session.execute(select(CarePackageLineItem.reference, CarePackageLineItem.id))
        }
        session.execute(insert(ActualWeek).values(
            id=1, provider_id=1, contract_id=1, service_id=1, first_on=START, confirmations=0, late_reason="",
            reopened_reason="", generated_at=sa.func.now()))  # fmt: skip
        rows = []
        for cells in table[1:]:
            figures = [parse_e4(str(cell)) if cell != "" else 0 for cell in cells[4:8]]
            read_day(str(cells[2]))
            rows.append({
                "provider_id": 1, "week_id": 1, "item_id": ids[str(cells[0])], "planned_e4": parse_e4(str(cells[3])),
                "actual_e4": figures[0], "frustrated_e4": figures[1], "missed_e4": figures[2], "extra_e4": figures[3],
                "visits": int(str(cells[8]).partition(".")[0]), "reason": cells[9] or None, "comment": cells[10],
                "provider_reference": cells[11],
            })  # fmt: skip
        session.execute(insert(Actual), rows)


def _whole(name: str, content: bytes) -> None:
    """Read by the child, kept, checked, shown; then applied, which checks it again."""
    table = read_table(name, content, "Actuals")
    with rehearsal() as own:
        set_tenant(1)
        provider = own.scalars(select(Provider)).one()
        by = own.scalars(select(User)).first()
        assert by is not None
        batch: ImportBatch = uploads.receive(
            provider, ImportKind.ACTUALS, name, sha256(content).hexdigest(), table.rows, bad=table.bad,
            merged=table.merged, notes=table.notes, is_csv=name.endswith("csv"), by=by,
        )  # fmt: skip
        own.flush()
        uploads.keep(batch, uploads.look(batch, provider))
        own.flush()
        batch = own.scalars(select(ImportBatch)).one()
        wish = {"wish": asdict(queue.Wish(batch.rows_good)), "pence": batch.pence, "act": APPLY}
        said = queue.finish(batch, provider, queue.look(batch, provider, wish), wish, by=by)
        own.flush()
        assert said.startswith(f"{PEOPLE:,} rows applied"), said
