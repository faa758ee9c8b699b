"""A small office for crashes: two providers from a feed and one beside them, each a batch; VAT, a deduction, a claim, a
debt under instalments, a rejection, a held row, mail. One week is paid, and a second is due on Sunday 6 October 2019.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pysqlite3
import sqlalchemy as sa
from sqlalchemy import select

from models.base import Base, utc_now
from models.calendar import as_on
from models.job import Job, JobKind
from models.payments import answers, payment_run
from models.payments.adjustment import RecoveryPlan
from models.payments.debt import DebtEntry, DebtEntryKind
from models.payments.hold import Hold, HoldKind
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.run import PaymentRun
from models.permissions import CouncilRole, Role
from models.records.contract import Contract
from models.records.provider import Provider
from tests.care_factories import make_contract, make_item
from tests.exchange.feed.feeds import Feed
from tests.factories import make_staff, make_user
from tests.support.rows import every, saved, unit_of_work
from tests.support.runs import authorise, calculate, change, finalise

MONDAY, TUESDAY, SUNDAY = date(2019, 9, 30), date(2019, 10, 1), date(2019, 10, 6)
LAST_SUNDAY = date(2019, 9, 29)


def first_feed(path: Path) -> Feed:
    feed = Feed(path)
    for method in ("M1,K1,WEEKLY,never,net", "M2,K2,WEEKLY,never,gross"):
        feed.change("payment_methods.csv", f"{method},2019-02-04", f"{method},2019-09-23")
    return feed


def second_feed(path: Path) -> Feed:
    """Prices that reach back into the paid week, a client who is new, a place that has ended, a claim."""
    feed = first_feed(path)
    feed.change("item_prices.csv", "I1,2019-04-01,,353.08", "I1,2019-04-01,2019-09-24,353.08")
    feed.add("item_prices.csv", "I1,2019-09-25,,360.15", "I3,2019-09-23,,100.00")
    feed.add("clients.csv", "C3,Newman,Nia,2011-01-01")
    feed.add("care_package_items.csv", "I3,K2,C3,WEEK,2019-09-23,,2019-09-23,no")
    feed.change("care_package_items.csv", "I2,K2,C2,HOUR,2019-03-01,2020-03-01", "I2,K2,C2,HOUR,2019-03-01,2019-09-27")
    feed.add("claims.csv", "CL3,P1,2019-10-01,Mileage,accepted,2019-10-02")
    feed.add("claim_items.csv", "CI3,CL3,K1,MILE,C1,School runs,2019-09-30,100,0.387,38.70,yes,,")
    return feed


def open_office(folder: Path) -> None:
    """As it stands on Sunday evening, before the second feed. The portal's today has to be that Sunday."""
    first_feed(folder / "first").load()
    [oak, elm] = sorted(every(Contract), key=lambda each: each.reference)
    change(elm, confirmation="required", if_unconfirmed="hold")
    beside = make_contract(calculate_from=date(2019, 9, 23), confirmation="required", if_unconfirmed="hold")
    make_item(beside, rate_e4=1_000_000, starts_on=date(2019, 9, 23))
    make_item(beside, rate_e4=2_000_000, starts_on=date(2019, 9, 23))
    people = {each.id: make_user(Role.FINANCE, each) for each in every(select(Provider).order_by(Provider.id))}
    calculate(date(2019, 9, 23))
    _answer(answers.confirm, elm, date(2019, 9, 23), people)
    _answer(answers.confirm, beside, date(2019, 9, 23), people)
    finalise(LAST_SUNDAY)
    officer = make_staff()
    entry = {"provider_id": oak.provider_id, "contract_id": oak.id, "kind": DebtEntryKind.REINSTATED, "on": MONDAY}
    saved(DebtEntry(pence=-5_000, **entry))
    saved(RecoveryPlan(provider_id=oak.provider_id, contract_id=oak.id, per_payment_pence=2_000))
    calculate(TUESDAY)
    _answer(answers.reject, elm, MONDAY, people, comment="Bart left")
    _answer(answers.confirm, beside, MONDAY, people)
    _hold_a_row(beside, by=officer)


def _answer(verb: Callable[..., None], contract: Contract, first: date, people: dict, **given: Any) -> None:
    with as_on(max(first, date(2019, 9, 23))), unit_of_work() as session:
        found = session.scalars(ScheduledPayment.of(contract.reference, first)).one()
        verb(found, by=people[contract.provider_id], total_pence=found.total_pence, **given)


def _hold_a_row(contract: Contract, *, by: Any) -> None:
    drafts = select(PaymentLine).where(PaymentLine.contract_id == contract.id, PaymentLine.run_id.is_(None))
    line = every(drafts.order_by(PaymentLine.id))[-1]
    saved(
        Hold(
            provider_id=contract.provider_id, payment_id=line.payment_id, purchase_order_id=line.purchase_order_id,
            kind=HoldKind.OFFICER, reason="Asked about", placed_by_id=by.id,
        )
    )  # fmt: skip


def prepare_run() -> PaymentRun:
    """By an officer, of what is calculated; authorised by a manager."""
    officer, manager = make_staff(), make_staff(CouncilRole.PAYMENTS_MANAGER)
    with unit_of_work():
        run = payment_run.prepare(by=officer)
        authorise(run, by=manager)
    return run


def ask_for(kind: JobKind, run_id: int | None = None) -> None:
    saved(Job(kind=kind, arguments={}, run_id=run_id, created_by_id=make_staff().id))


def let_workers_fall_silent() -> None:
    """As if a minute had passed: a job that was broken off may be taken up."""
    for job in every(Job):
        if job.heartbeat_at is not None:
            change(job, heartbeat_at=utc_now().replace(year=2019))


class SQLiteCopy:
    """A database file as it is now."""

    def __init__(self, engine: sa.Engine) -> None:
        engine.dispose()
        self.path = Path(engine.url.database or "")
        with closing(pysqlite3.connect(str(self.path))) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.content = self.path.read_bytes()

    def renew(self) -> None:
        for leftover in self.path.parent.glob(f"{self.path.name}-*"):
            leftover.unlink()
        self.path.write_bytes(self.content)


class PostgresCopy:
    """The rows of a database as they are now, kept in a schema beside it."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = sa.create_engine(engine.url, pool_size=1)
        parts = ["SET session_replication_role = replica"]
        with self.engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA IF EXISTS kept CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA kept")
            for table in Base.metadata.sorted_tables:
                name = f'"{table.name}"'
                connection.exec_driver_sql(f"CREATE TABLE kept.{name} AS SELECT * FROM {name}")
                parts.append(f"DELETE FROM {name}")
                if connection.scalar(sa.select(sa.func.count()).select_from(table)):
                    parts.append(f"INSERT INTO {name} SELECT * FROM kept.{name}")
        self.script = "; ".join(parts)

    def renew(self) -> None:
        with self.engine.begin() as connection:
            connection.exec_driver_sql(self.script)

    def forget(self) -> None:
        with self.engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA kept CASCADE")
        self.engine.dispose()


@contextmanager
def copies(engine: sa.Engine) -> Iterator[SQLiteCopy | PostgresCopy]:
    """`renew()` puts the database back as it is now, while nobody is connected."""
    if engine.dialect.name == "sqlite":
        yield SQLiteCopy(engine)
        return
    kept = PostgresCopy(engine)
    try:
        yield kept
    finally:
        kept.forget()
