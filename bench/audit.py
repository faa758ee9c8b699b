"""200,000 events of the audit: sealed, checked, searched, and how long a writer waits meanwhile."""

from time import perf_counter

from sqlalchemy import func, insert, select

from bench._data import portal
from commands.batchwise.sealing import BATCH, seal_waiting
from models.audit import AuditEvent
from models.auditing import chain
from models.auditing.search import found, record_named
from models.base import scope, session, transaction, utc_now
from models.tenancy import EVERY_PROVIDER, set_tenant

COUNT = 200_000
DETAIL = {"endpoint": "provider.payments.show", "reference": "741254", "first_on": "2019-09-30"}


def measure() -> None:
    with portal():
        _write(COUNT)
        _time("all sealed", lambda: seal_waiting(everything=True))
        _time("a minute in which nothing happened", seal_waiting)
        _write(BATCH)
        with scope():
            links = chain.links_to_add(BATCH)
        _time(f"a batch of {BATCH} stored, while others wait to write", lambda: _add(links))
        _time("checked", lambda: list(chain.check()))
        for what, filters in (
            ("everything", {}),
            ("one order", {"about": record_named("order:5")}),
            ("a person", {"person": "x"}),
        ):
            _time(f"a page of {what}, counted and read", lambda asked=filters: _page(asked))


def _write(count: int) -> None:
    now = utc_now()
    rows = [
        {"action": "client_record.read", "at": now, "subject": f"purchase_order:{n % 900}", "detail": DETAIL}
        for n in range(count)
    ]
    with transaction():
        session.execute(insert(AuditEvent), rows)


def _add(links: list) -> None:
    with transaction():
        chain.add(links)


def _page(filters: dict) -> None:
    with scope():
        set_tenant(EVERY_PROVIDER)
        query = found(**filters)
        session.scalar(select(func.count()).select_from(query.order_by(None).subquery()))
        session.execute(query.limit(50)).all()


def _time(what: str, do) -> None:
    begin = perf_counter()
    do()
    print(f"  {what:<52} {perf_counter() - begin:>8.3f} s")
