"""A payment run over 20,000 line items: seconds, and queries that do not grow with the number of providers."""

import time

from sqlalchemy import insert, select

from bench._data import fill, portal, statements
from commands.batchwise.payments import calculate_all, finalise_due
from models.base import session, transaction
from models.payments.payment import PaymentLine
from models.tenancy import EVERY_PROVIDER, set_tenant


def measure() -> None:
    for providers, items in ((20, 1_000), (2_000, 10)):
        with portal():
            fill(providers, items)
            first, sent, lines = _timed(calculate_all)
            print(f"  {providers:>5} providers x {items:>5} items")
            print(f"    first calculation   {first:6.1f} s   {sent:>5} statements   {lines:,} lines")
            again, sent, _ = _timed(calculate_all)
            print(f"    calculated again    {again:6.1f} s   {sent:>5} statements")
            final, sent, _ = _timed(finalise_due)
            print(f"    finalised           {final:6.1f} s   {sent:>5} statements")
            print(f"    bare insert         {_bare_insert():6.1f} s   of the same lines, for comparison")


def _timed(work) -> tuple[float, int, int]:
    with statements() as sent:
        began = time.perf_counter()
        outcome = work()
        took = time.perf_counter() - began
    return took, len(sent), getattr(outcome, "lines", 0)


def _bare_insert() -> float:
    columns = [column.key for column in PaymentLine.__mapper__.column_attrs if column.key != "id"]
    with transaction() as own:
        set_tenant(EVERY_PROVIDER)
        query = select(*(getattr(PaymentLine, name) for name in columns))
        rows = [dict(zip(columns, row, strict=True)) | {"run_id": None} for row in session.execute(query)]
        began = time.perf_counter()
        own.execute(insert(PaymentLine), rows)
        own.flush()
        took = time.perf_counter() - began
        own.rollback()
    return took
