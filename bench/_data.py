"""A council for measuring: some providers, each with a contract and as many line items as wanted."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import sqlalchemy as sa
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
    from alembic import command

    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.sqlite'}"
        command.upgrade(alembic_config(url), "head")
        app = create_app(
            config.Settings(
                instance=Path(folder), mode=config.Mode.DEMONSTRATION, database_url=url, today=TODAY, https=False,
                secret_key="for measuring only " * 3, vault_keys=("for measuring only, and as long as it takes",),
                log_in=config.LogIn(staff="email_code"), limits=config.Limits(payment=0, run=0, change=0),
            )
        )  # fmt: skip
        with scope(app.extensions["portal"]):
            yield app
        app.extensions["portal"].engine.dispose()


def fill(providers: int, items_each: int) -> None:
    """Providers 1 to n, each with one weekly contract C<n> and its line items."""
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
        for entity, rows in _rows(providers, items_each):
            own.execute(insert(entity), rows)


def _rows(providers: int, items_each: int) -> Iterator[tuple[type, list[dict]]]:
    numbers = range(1, providers + 1)
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
    pairs = [(n, (n - 1) * items_each + k) for n in numbers for k in range(1, items_each + 1)]
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
    """What is sent to the database meanwhile; a bulk write is one."""
    sent: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        sent.append(statement)

    event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(sa.Engine, "before_cursor_execute", note)
