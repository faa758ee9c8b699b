"""All that a check of a file of actuals goes by, in one short text: another one as soon as anything of it has changed.

Whole rows are compared, whatever is in them, so that a column that is added to a table is among them; a test holds that
a check reads no other table. What has changed and decides nothing makes the file be checked once more, no worse.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from models.base import Base, session
from models.calendar import today
from models.records.actual import Actual, ActualWeek
from models.records.actual_rule import ActualRule
from models.records.care_package import Absence, CarePackageLineItem, Deduction, ItemPrice, ItemQuantity
from models.records.client import Client
from models.records.contract import Calendar, CalendarOverride, Contract, ContractRate, PaymentMethod, ServiceLevel
from models.records.import_batch import CellMend, ImportBatch, ValueMend
from models.records.provider import Provider
from models.statements import built_once

OF_THE_PROVIDER = (
    CarePackageLineItem, ItemPrice, ItemQuantity, Absence, Deduction, Contract, ContractRate, PaymentMethod, ValueMend,
)  # fmt: skip
OF_ALL = Calendar, CalendarOverride, ServiceLevel, ActualRule
FORM = 1
"""Raised where a check of the same facts keeps something else than it did."""


class all_rows(FunctionElement[str]):  # it is a function of SQL, as sa.func.max is
    """All rows of these columns as one text, in the order of the first column; NULL where there is none."""

    inherit_cache = True
    type = sa.Text()


@compiles(all_rows, "sqlite")
def _all_rows_sqlite(element: all_rows, compiler: SQLCompiler, **how: Any) -> str:
    columns = [compiler.process(each, **how) for each in element.clauses]
    return f"group_concat(json_array({', '.join(columns)}), ';' ORDER BY {columns[0]})"


@compiles(all_rows, "postgresql")
def _all_rows(element: all_rows, compiler: SQLCompiler, **how: Any) -> str:
    columns = [compiler.process(each, **how) for each in element.clauses]
    return f"string_agg(CAST(json_build_array({', '.join(columns)}) AS TEXT), ';' ORDER BY {columns[0]})"


def facts_now(batch: ImportBatch, provider: Provider, days: Iterable[date]) -> dict[str, Any]:
    """What a check of weeks that begin on these `days` goes by now, as the file keeps it. A query a table."""
    known = sorted(set(days))
    return {"facts": _mark(batch, provider, known), "days": [day.isoformat() for day in known]}


def stand_as_checked(batch: ImportBatch, provider: Provider) -> bool:
    """Whether all that the file's last check went by holds today, unchanged. No where the file was never checked."""
    kept = batch.held_against
    return kept is not None and kept == facts_now(batch, provider, map(date.fromisoformat, kept["days"]))


def _mark(batch: ImportBatch, provider: Provider, days: Sequence[date]) -> str:
    found = sha256(f"{FORM} {today()} {days} {batch.columns} {provider.reference}".encode())
    for statement, given in _statements(batch, provider, days):
        found.update(b"\n" + (session.scalar(statement, given) or "").encode())
    return found.hexdigest()


def _statements(
    batch: ImportBatch, provider: Provider, days: Sequence[date]
) -> Iterator[tuple[sa.Select, dict[str, object]]]:  # fmt: skip
    own: dict[str, object] = {"of_provider": provider.id}
    for table in OF_THE_PROVIDER:
        yield _of_provider(table), own
    yield _clients(), own
    for shared in OF_ALL:
        yield _whole(shared), {}
    yield _mends(), own | {"batch_id": batch.id}
    yield _weeks(), own | {"days": list(days)}
    yield _rows(), own | {"days": list(days)}


_OWN: sa.BindParameter[int] = sa.bindparam("of_provider", type_=sa.Integer())
_BATCH: sa.BindParameter[int] = sa.bindparam("batch_id", type_=sa.Integer())
_DAYS: sa.BindParameter[date] = sa.bindparam("days", type_=sa.Date(), expanding=True)


def _columns(table: type[Base]) -> all_rows:
    """All of them, the key first."""
    names = [each.key for each in sa.inspect(table).column_attrs]
    return all_rows(table.id, *(getattr(table, name) for name in sorted(names) if name != "id"))


@built_once
def _whole(table: type[Base]) -> sa.Select:
    return select(_columns(table)).select_from(table)


@built_once
def _of_provider(table: Any) -> sa.Select:
    return _whole(table).where(table.provider_id == _OWN)


@built_once
def _clients() -> sa.Select:
    item = CarePackageLineItem
    return _whole(Client).where(Client.id.in_(select(item.client_id).where(item.provider_id == _OWN)))


@built_once
def _mends() -> sa.Select:
    return _of_provider(CellMend).where(CellMend.batch_id == _BATCH)


@built_once
def _weeks() -> sa.Select:
    return _of_provider(ActualWeek).where(ActualWeek.first_on.in_(_DAYS))


@built_once
def _rows() -> sa.Select:
    own = select(ActualWeek.id).where(ActualWeek.provider_id == _OWN, ActualWeek.first_on.in_(_DAYS))
    return _of_provider(Actual).where(Actual.week_id.in_(own))
