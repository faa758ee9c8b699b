"""A feed of clients, items and prices, beside a bare parse and insert of the same rows: CPU, and memory at its peak."""

import csv
import gc
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from alembic import command
from sqlalchemy import insert

from app import create_app
from bench._data import settings_in
from commands.db import alembic_config
from exchange.feed import import_feed
from models.base import scope, transaction
from models.records.care_package import CarePackageLineItem, ItemPrice
from models.records.client import Client
from models.tenancy import EVERY_PROVIDER, set_tenant

SIZES = (10_000, 100_000)
EACH = 100
"""Line items a contract."""
BIG = ("clients.csv", "care_package_items.csv", "item_prices.csv")


def measure() -> None:
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty"
        empty.mkdir()
        _apart("migrate", empty)
        for size in SIZES:
            _write(Path(folder) / f"feed{size}", size)
            print(f"  {size:,} clients, {size:,} items, {size:,} prices")
            for how in ("bare", "first", "again"):
                print(f"    {_apart(how, empty, Path(folder) / f'feed{size}')}")


def _apart(*arguments: object) -> str:
    """In a process of its own, whose memory is nobody else's."""
    words = [sys.executable, "-m", "bench.feed", *map(str, arguments)]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def _write(feed: Path, size: int) -> None:
    contracts = range(size // EACH)
    for name, lines in {
        "services.csv": ["service_ref,name", "S,In-House Fostering"],
        "service_levels.csv": [
            "service_level_ref,service_ref,name,unit,convention,vat_code,vat_percent",
            "SL,S,Placement,week,inclusive,exempt,0",
        ],
        "providers.csv": ["provider_ref,name,kind,address"] + [
            f"P{n},Provider {n},foster_carer,{n} High Street|Borchester" for n in contracts
        ],
        "contracts.csv": ["contract_ref,provider_ref,name,starts_on,confirmation,agreement_required"] + [
            f"K{n},P{n},Contract {n},2019-09-23,none,no" for n in contracts
        ],
        "clients.csv": ["client_ref,surname,first_name,born_on"] + [
            f"C20{n:06},Surname{n},Angharad,19{n % 90 + 10}-0{n % 9 + 1}-1{n % 10}" for n in range(size)
        ],
        "care_package_items.csv": ["item_ref,contract_ref,client_ref,service_level_ref,starts_on,authorised_on"] + [
            f"I{n},K{n // EACH},C20{n:06},SL,2019-09-23,2019-09-20" for n in range(size)
        ],
        "item_prices.csv": ["item_ref,starts_on,rate"] + [
            f"I{n},2019-09-23,{300 + n % 100}.{n % 100:02}" for n in range(size)
        ],
    }.items():  # fmt: skip
        feed.mkdir(exist_ok=True)
        (feed / name).write_text("".join(f"{line}\n" for line in lines))


@contextmanager
def _portal(empty: Path) -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(empty, folder, dirs_exist_ok=True)
        app = create_app(settings_in(Path(folder)))
        with scope(app.extensions["portal"]):
            yield
        app.extensions["portal"].engine.dispose()


def _in_this_process(how: str, empty: Path, feed: Path) -> None:
    with _portal(empty):
        before = _peak_mb()
        if how == "bare":
            _small(feed)
            seconds = _timed(lambda: _bare(feed))
        else:
            gc.freeze()  # as ./portal feed does
            seconds = _timed(lambda: import_feed(feed, is_foreseen=False))
            if how == "again":
                seconds = _timed(lambda: import_feed(feed, is_foreseen=False))
        print(f"{how:6} {seconds:6.2f} s of CPU, {_peak_mb():4} MB at the peak, {before} before")


def _timed(work) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _small(feed: Path) -> None:
    """What the large files refer to."""
    with tempfile.TemporaryDirectory() as folder:
        for path in feed.iterdir():
            if path.name not in BIG:
                shutil.copy(path, folder)
        import_feed(Path(folder), is_foreseen=False)


def _bare(feed: Path) -> None:
    """Parse the three large files and insert their rows: no check, no comparison, a thousand rows at once."""
    clients, items = {}, {}

    def read(name: str) -> Iterator[tuple[int, dict[str, str]]]:
        with (feed / name).open(encoding="utf-8", newline="") as file:
            yield from enumerate(csv.DictReader(file), 1)

    def client(n: int, row: dict[str, str]) -> dict:
        clients[row["client_ref"]] = n
        born_on = date.fromisoformat(row["born_on"])
        return {"id": n, "reference": row["client_ref"], "surname": row["surname"], "first_name": row["first_name"],
                "born_on": born_on, "feed_row": n + 1}  # fmt: skip

    def item(n: int, row: dict[str, str]) -> dict:
        owner = int(row["contract_ref"][1:]) + 1
        items[row["item_ref"]] = n, owner
        return {"id": n, "reference": row["item_ref"], "provider_id": owner, "contract_id": owner,
                "client_id": clients[row["client_ref"]], "service_level_id": 1, "feed_row": n + 1,
                "starts_on": date.fromisoformat(row["starts_on"]),
                "authorised_on": date.fromisoformat(row["authorised_on"])}  # fmt: skip

    def price(n: int, row: dict[str, str]) -> dict:
        id_, owner = items[row["item_ref"]]
        whole, part = row["rate"].split(".")
        return {"item_id": id_, "provider_id": owner, "starts_on": date.fromisoformat(row["starts_on"]),
                "rate_e4": int(whole) * 10_000 + int(part) * 100, "feed_row": n + 1}  # fmt: skip

    with transaction() as own:
        set_tenant(EVERY_PROVIDER)
        for name, entity, made in zip(
            BIG, (Client, CarePackageLineItem, ItemPrice), (client, item, price), strict=True
        ):
            for rows in _thousands(made(n, row) for n, row in read(name)):
                own.execute(insert(entity.__table__), rows)


def _thousands(rows: Iterable[dict]) -> Iterator[list[dict]]:
    waiting: list[dict] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == 1_000:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


if __name__ == "__main__":
    if sys.argv[1] == "migrate":
        command.upgrade(alembic_config(f"sqlite:///{Path(sys.argv[2]) / 'bench.sqlite'}"), "head")
    else:
        _in_this_process(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
