"""The way out and back, week by week: whatever the portal's finance system has to know arrives there once, the sums are
the same on both sides, and what the finance system answers comes back; also where files are lost, come twice, or the
portal is killed while it exports.
"""

import random
import shutil
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import select

from exchange.files.store import Store
from models.base import connect, session
from models.calendar import as_on
from models.payments.debt import DebtEntry
from models.payments.hold import Hold
from models.payments.payment import PaymentLine
from models.payments.run import RunPayment
from models.payments.sent import SentPayment
from models.records import export
from models.records.actual import ActualException, ActualWeek, ConfirmedActual
from models.records.claim import DECIDED, Claim, ClaimTrip
from models.records.export import Export, ExportState
from models.records.invoice import Invoice
from tests.exchange.outbound.conftest import Way, exports
from tests.support.crashes import Machine
from tests.support.finance_system import CAN_CHANGE, FinanceSystem, columns_of_the_way_out, pence
from tests.support.rows import every, reading, unit_of_work
from tests.support.small_council import CANARY, SmallCouncil

WEEKS = 52
pytestmark = pytest.mark.covers("S0-002", "S3-001")


class Journey:
    """How an export of one week gets to the finance system, well or badly."""

    def __init__(self, way: Way, database: sa.Engine, council: SmallCouncil) -> None:
        self.way, self.council = way, council
        self.machine, self.rng = Machine(database), random.Random(42)

    def well(self) -> None:
        self.way.export()

    def killed(self) -> None:
        """The portal is killed at one of its statements, once or twice, and begins again."""
        for _ in range(self.rng.randint(1, 2)):
            with self.machine.process(self.rng.randint(1, 60)):
                self.way.export()
            self.way.finance.look()
        self.way.export()

    def lost(self) -> None:
        """The file is gone before the finance system has seen it, and somebody sends it again."""
        self.way.export()
        for path in self.way.directory.iterdir():
            path.unlink()
        with unit_of_work():
            newest = session.scalars(select(Export).order_by(Export.number.desc()).limit(1)).one()
            export.send_again(newest, by=self.council.officer)
        self.way.export()

    def twice(self) -> None:
        """The same file comes once more, after it was read."""
        self.way.export()
        copies = {path: path.read_bytes() for path in self.way.directory.iterdir()}
        self.way.finance.look()
        for path, content in copies.items():
            path.write_bytes(content)
        self.way.finance.look()


def test_a_year_of_weeks_arrives_once_and_whole(way: Way, database: sa.Engine, tmp_path: Path):
    council, refused = SmallCouncil(tmp_path), 0
    journey = Journey(way, database, council)
    ways: list[Callable[[], None]] = [journey.well, journey.killed, journey.lost, journey.twice]
    for number in range(WEEKS):
        sunday = council.week(number)
        if number % 13 == 3:
            way.finance.refuses.add(("answers.csv", f"K2/{sunday - timedelta(days=6)}"))
            refused += 1
        with as_on(sunday):
            ways[number % len(ways)]()
            way.answer()
            _send_refused_again(council)
    with as_on(sunday):
        way.export()
        way.answer()
        assert way.export() == "There is nothing new to tell the finance system."
    _assert_both_sides_are_equal(way.finance)
    assert refused == 4
    _assert_told_once(way.finance)
    assert {state for _, state, _ in _listed()} == {ExportState.ACKNOWLEDGED}


def _send_refused_again(council: SmallCouncil) -> None:
    for found, state, _ in _listed():
        if state.is_refused:
            with unit_of_work():
                again = session.scalars(Export.numbered(found.number)).one()
                assert export.send_refused_again(again, by=council.officer) == 1


def _listed() -> list:
    with reading():
        return session.execute(Export.listed()).all()


def _assert_both_sides_are_equal(finance: FinanceSystem) -> None:
    """The books of the finance system, which it has from exports only, against what is on record here."""
    paid = [each for each in every(RunPayment) if each.is_finalised]
    assert finance.sum("payments_out.csv", "amount") == sum(each.paid_pence for each in paid) > 0
    assert finance.sum("general_ledger.csv", "credit", account="bank") == finance.sum("payments_out.csv", "amount")
    lines = [each for each in every(PaymentLine) if each.run_id is not None]
    assert len(finance.rows("payment_lines.csv")) == len(lines)
    assert finance.sum("payment_lines.csv", "net") == sum(each.net_pence for each in lines)
    assert finance.sum("payment_lines.csv", "vat") == sum(each.vat_pence for each in lines) > 0
    assert {row["component"] for row in finance.rows("payment_lines.csv")} >= {
        "care", "claim", "allowance", "contribution", "adjustment", "carried_forward", "brought_forward",
    }  # fmt: skip
    assert len(every(SentPayment)) == len([each for each in paid if each.paid_pence])
    entries = every(DebtEntry)
    assert finance.sum("debt_entries.csv", "amount") == sum(each.pence for each in entries) > 0
    answers = {row["answer"] for row in finance.rows("answers.csv")}
    assert (len(finance.rows("answers.csv")), answers) == (WEEKS, {"confirmed"} | _last_answer())
    decided = [each for each in every(Claim) if not each.is_from_feed and each.status in DECIDED]
    assert {row["claim_ref"] for row in finance.rows("claims_decided.csv")} == {each.reference for each in decided}
    assert len(finance.rows("claim_trips.csv")) == len(decided) < len(every(ClaimTrip))
    waiting = {each.confirmed_id for each in every(ActualException) if each.state.is_open}
    told = [each for each in every(ConfirmedActual) if each.id not in waiting]
    assert len(finance.rows("actuals.csv")) == len(told) == len(every(ActualWeek)) - len(waiting)
    assert waiting
    assert {name for name in finance.columns if not finance.rows(name)} == set(), "files that never came"
    _assert_invoices_are_paid(finance)
    queries = [each for each in every(Hold) if each.is_query]
    assert len(finance.rows("queries.csv")) == len(queries) > 0
    assert all(row["answer"] and row["holds"] == "yes" for row in finance.rows("queries.csv"))
    assert {row["decision"] for row in finance.rows("write_offs.csv")} == {"agreed", "refused"}
    assert {row["state"] for row in finance.rows("changes_asked.csv")} == {"done", "waiting"}


def _assert_invoices_are_paid(finance: FinanceSystem) -> None:
    """From the confirmed actual by the line of the invoice to the line of the payment; a credit note gives back."""
    assert len(finance.rows("invoices.csv")) == len(every(Invoice))
    assert {row["kind"] for row in finance.rows("invoices.csv")} == {"invoice", "credit_note"}
    signs = {row["invoice_ref"]: -1 if row["kind"] == "credit_note" else 1 for row in finance.rows("invoices.csv")}
    owed: dict[str, int] = {}
    for row in finance.rows("invoice_lines.csv"):
        owed[row["invoice_line_ref"]] = signs[row["invoice_ref"]] * (pence(row["net"]) + pence(row["vat"]))
    paid: dict[str, int] = defaultdict(int)
    for row in finance.rows("payment_lines.csv"):
        if row["component"] == "invoice":
            paid[row["invoice_line_ref"]] += pence(row["net"]) + pence(row["vat"])
    assert paid == owed
    confirmed = {row["actual_ref"] for row in finance.rows("actuals.csv")}
    assert {row["actual_ref"] for row in finance.rows("invoice_lines.csv")} - {""} <= confirmed


def _last_answer() -> set[str]:
    return {"rejected"} if (WEEKS - 1) % 4 == 3 else set()


def _assert_told_once(finance: FinanceSystem) -> None:
    once = {key: count for key, count in finance.told.items() if key[0] not in CAN_CHANGE}
    assert set(once.values()) == {1}
    thrice = "actions.csv", "invoices.csv", "invoice_lines.csv"
    often = {key: count for key, count in finance.told.items() if count > (3 if key[0] in thrice else 2)}
    assert not often, "an action is opened, answered and closed, an invoice sent, held and approved"


@pytest.mark.postgres
def test_a_portal_that_is_killed_at_any_statement_tells_everything_once(way: Way, database, tmp_path: Path):
    """The finance system reads whatever lies there after each kill."""
    council = SmallCouncil(tmp_path)
    sunday = council.week(0)
    machine, points, number = Machine(database), [], 0
    with as_on(sunday), machine.process() as whole:
        way.export()
    way.answer()
    for number in range(1, len(whole.points) + 1):
        with as_on(sunday), unit_of_work():
            session.add(council.new_entry(number))
        with as_on(sunday):
            with machine.process(number) as process:
                way.export()
            points.append(process.is_dead)
            way.finance.look()
            way.export()
            way.finance.look()
        assert finance_has(way.finance, number), whole.points[number - 1]
    assert points.count(True) > 40
    assert [each.number for each in exports()] == sorted(way.finance.read)
    _assert_told_once(way.finance)


def finance_has(finance: FinanceSystem, number: int) -> bool:
    return f"Entry {number}" in {row["reason"] for row in finance.rows("debt_entries.csv")}


def test_no_internal_note_and_no_name_of_a_client_is_in_any_export(way: Way, tmp_path: Path):
    council = SmallCouncil(tmp_path)
    for number in range(7):
        council.week(number)
    way.export()
    for path in way.directory.iterdir():
        folder = tmp_path / path.stem
        shutil.unpack_archive(path, folder)
        text = "".join(each.read_text("utf-8") for each in folder.iterdir())
        assert "We look into it" in text
        assert CANARY not in text
        assert "Simpson" not in text
        ledger = (folder / "general_ledger.csv").read_text("utf-8")
        assert not {"C1", "C2", "I1", "I2"} & {cell for row in ledger.splitlines() for cell in row.split(",")}


def test_both_databases_write_the_same_bytes(own_portal, request, tmp_path: Path, timetable):
    found = {}
    for kind in ("_sqlite", "postgres"):
        folder = tmp_path / kind
        (folder / "out").mkdir(parents=True)
        with request.getfixturevalue(kind).clean() as url:
            engine = connect(url)
            own_portal.change(engine=engine)
            timetable(exports=folder / "out")
            found[kind] = _bytes_of_seven_weeks(folder)
            engine.dispose()
    assert {*found["_sqlite"]} == {*columns_of_the_way_out()}
    assert found["_sqlite"] == found["postgres"]


def _bytes_of_seven_weeks(folder: Path) -> dict[str, bytes]:
    council = SmallCouncil(folder)
    for number in range(7):
        council.week(number)
    Way(Store(folder / "store"), folder / "out", FinanceSystem(folder / "out"), folder).export()
    shutil.unpack_archive(folder / "out" / "portal-000001.zip", folder / "read")
    return {path.name: path.read_bytes() for path in (folder / "read").glob("*.csv")}
