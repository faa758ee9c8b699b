"""A council for measuring: some providers, each with a contract and as many line items as wanted."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from flask import Flask
from sqlalchemy import event, insert

import config
from app import create_app
from commands.db import alembic_config
from models.base import scope, transaction
from models.calendar import Frequency
from models.pricing import Basis, Convention, Unit
from models.records.care_package import CarePackageLineItem, ItemPrice
from models.records.client import Client
from models.records.contract import (
    Calendar,
    Contract,
    PaymentMethod,
    ServiceLevel,
    VatCode,
)
from models.records.provider import Provider, ProviderKind, Service
from models.tenancy import EVERY_PROVIDER, set_tenant

TODAY = date(2019, 10, 2)
START = date(2019, 9, 23)


@contextmanager
def portal() -> Iterator[Flask]:
    """A portal on a new SQLite database with all tables, to work in; gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_in(Path(folder))
        make_tables(settings)
        app = create_app(settings)
        with scope(app.extensions["portal"]):
            yield app
        app.extensions["portal"].engine.dispose()


def settings_in(folder: Path) -> config.Settings:
    """Of a portal whose database lies in this folder."""
    return config.Settings(
        instance=folder, mode=config.Mode.DEMONSTRATION, database_url=f"sqlite:///{folder / 'bench.sqlite'}",
        today=TODAY, https=False, secret_key="for measuring only " * 3,
        vault_keys=("for measuring only, and as long as it takes",),
        log_in=config.LogIn(staff="email_code"), limits=config.Limits(payment=0, run=0, change=0),
    )  # fmt: skip


def make_tables(settings: config.Settings) -> None:
    """In a process of its own: migrating takes 50 MB, which are no part of what is measured."""
    subprocess.run([sys.executable, "-m", "bench._data", settings.database_url], check=True)


def fill(providers: int, items_each: int) -> None:
    """Providers 1 to n, each with one weekly contract C<n> and its line items."""
    fill_each([items_each] * providers)


def fill_each(sizes: Sequence[int]) -> None:
    """The same, of as many line items each as `sizes` say."""
    with transaction() as own:
        set_tenant(EVERY_PROVIDER)
        own.add(Service(id=1, reference="S", name="In-House Fostering Placement"))
        own.add(
            Calendar(
                id=1,
                reference="W",
                name="Weekly",
                frequency=Frequency.WEEKLY,
                anchor_on=START,
                confirm_by_days=1,
                finalise_days=6,
                bank_days=11,
            )  # fmt: skip
        )
        own.flush()
        own.add(
            ServiceLevel(
                id=1,
                reference="SL",
                service_id=1,
                name="Placement",
                unit=Unit.WEEK,
                convention=Convention.INCLUSIVE,
                vat_code=VatCode.EXEMPT,
                vat_basis_points=0,
            )  # fmt: skip
        )
        own.flush()
        for entity, rows in _rows(sizes):
            own.execute(insert(entity), rows)


def _rows(sizes: Sequence[int]) -> Iterator[tuple[type, list[dict]]]:
    numbers = range(1, len(sizes) + 1)
    yield (
        Provider,
        [{"id": n, "reference": f"P{n}", "name": f"Provider {n}", "kind": ProviderKind.FOSTER_CARER} for n in numbers],
    )
    yield (
        Contract,
        [
            {"id": n, "provider_id": n, "reference": f"C{n}", "name": f"Contract {n}", "starts_on": START}
            for n in numbers
        ],
    )
    yield PaymentMethod, [
        {
            "id": n, "provider_id": n, "reference": f"M{n}", "contract_id": n, "calendar_id": 1,
            "basis": Basis.NET, "calculate_from": START,
        }
        for n in numbers
    ]  # fmt: skip
    owners = [n for n, size in zip(numbers, sizes, strict=True) for _ in range(size)]
    pairs = [(n, i) for i, n in enumerate(owners, 1)]
    yield (
        Client,
        [{"id": i, "reference": f"C20{i:06}", "surname": f"Surname{i}", "first_name": "Angharad"} for _, i in pairs],
    )
    yield CarePackageLineItem, [
        {
            "id": i, "provider_id": n, "reference": f"I{i}", "contract_id": n, "client_id": i, "service_level_id": 1,
            "starts_on": START, "authorised_on": START,
        }
        for n, i in pairs
    ]  # fmt: skip
    yield ItemPrice, [{"provider_id": n, "item_id": i, "starts_on": START, "rate_e4": 3_000_000 + i} for n, i in pairs]


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is sent to the database meanwhile, beside the beginning of a transaction; a bulk write is one."""
    sent: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        if statement != "BEGIN":
            sent.append(statement)

    event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(sa.Engine, "before_cursor_execute", note)


if __name__ == "__main__":
    command.upgrade(alembic_config(sys.argv[1]), "head")
