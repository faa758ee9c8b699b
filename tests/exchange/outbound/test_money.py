"""What is told of payments, to the penny: their lines, the payment file, and a ledger that balances."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from models.base import session
from models.calendar import as_on
from models.payments import officer
from models.records.client import Client
from models.records.contract import Contract
from tests.exchange.feed.feeds import Feed
from tests.exchange.outbound.conftest import Way
from tests.factories import make_staff
from tests.support.finance_system import pence
from tests.support.rows import unit_of_work
from tests.support.runs import finalise, see_adjustments

pytestmark = [pytest.mark.postgres, pytest.mark.covers("S3-001")]
BEFORE, AFTER = date(2019, 3, 25), date(2019, 4, 1)
"""Mondays of the weeks on either side of 1 April. Oak House has £353.08 less £20.02 from then on, Elm House 12.75 hours
at £23.10 and 20 % VAT.
"""


@pytest.fixture
def council(way: Way, tmp_path: Path) -> Way:
    feed = Feed(tmp_path / "feed")
    for method in ("M1,K1,WEEKLY,never,net", "M2,K2,WEEKLY,never,gross"):
        feed.change("payment_methods.csv", f"{method},2019-02-04", f"{method},{BEFORE}")
    feed.add("rates.csv", "K2,HOUR,2018-04-01,,23.10")
    feed.load()
    return way


def pay(way: Way, monday: date) -> None:
    """The week, and the finance system has it."""
    finalise(date.fromordinal(monday.toordinal() + 6))
    way.export()
    way.finance.look()


def ledger(way: Way, payment: str) -> list[tuple[str, ...]]:
    wanted = ("account", "cost_centre", "financial_year", "net", "vat", "debit", "credit")
    return [tuple(row[name] for name in wanted) for row in way.finance.books["general_ledger.csv"][payment]]


def test_the_ledger_says_what_each_line_is_and_what_the_bank_pays(council: Way):
    pay(council, BEFORE)
    pay(council, AFTER)
    assert ledger(council, "K1-1/2019-03-25") == [
        ("bank", "", "2018/2019", "-346.15", "0.00", "0.00", "346.15"),
        ("care", "WEEK", "2018/2019", "346.15", "0.00", "346.15", "0.00"),
    ]
    assert ledger(council, "K1-2/2019-04-01") == [
        ("bank", "", "2019/2020", "-333.06", "0.00", "0.00", "333.06"),
        ("care", "WEEK", "2019/2020", "353.08", "0.00", "353.08", "0.00"),
        ("contribution", "WEEK", "2019/2020", "-20.02", "0.00", "0.00", "20.02"),
    ]
    assert ledger(council, "K2-2/2019-04-01") == [
        ("bank", "", "2019/2020", "-353.44", "0.00", "0.00", "353.44"),
        ("care", "HOUR", "2019/2020", "294.53", "58.91", "353.44", "0.00"),
    ]


def test_the_payment_file_has_one_row_for_what_comes_in_one_sum(council: Way):
    """Two periods of one contract that one run pays, in the bank on one day, are one credit there."""
    pay(council, AFTER)  # nothing was paid of the week before
    rows = [
        (row["out_ref"], row["provider_ref"], row["remittance_reference"], row["bank_on"], row["amount"])
        for row in council.finance.rows("payments_out.csv")
    ]
    assert sum(pence(row[4]) for row in rows) == council.finance.sum("payments.csv", "amount")
    assert len({row[0] for row in rows}) == len(rows)
    assert {(row[2], row[3]) for row in rows} == {
        (row["remittance_reference"], row["bank_on"]) for row in council.finance.rows("payments.csv")
    }
    assert len(council.finance.rows("payments.csv")) == 4


def test_a_payment_that_is_taken_for_a_debt_goes_to_no_bank(council: Way):
    by = make_staff()
    with as_on(BEFORE), unit_of_work():
        contract = session.scalars(select(Contract).where(Contract.reference == "K1")).one()
        child = session.scalars(select(Client).where(Client.reference == "C1")).one()
        officer.adjust(contract, child, amount_pence=-40_000, for_day=BEFORE, reason="Paid twice", by=by)
    see_adjustments()
    pay(council, BEFORE)
    assert ledger(council, "K1-1/2019-03-25") == [
        ("adjustment", "", "2018/2019", "-400.00", "0.00", "0.00", "400.00"),
        ("care", "WEEK", "2018/2019", "346.15", "0.00", "346.15", "0.00"),
        ("carried_forward", "", "2018/2019", "53.85", "0.00", "53.85", "0.00"),
    ]
    assert {row["provider_ref"] for row in council.finance.rows("payments_out.csv")} == {"P2"}
    [oak] = [row for row in council.finance.rows("payments.csv") if row["contract_ref"] == "K1"]
    assert (oak["amount"], oak["lines"]) == ("0.00", "3")
    pay(council, AFTER)
    assert ("brought_forward", "", "2019/2020", "-53.85", "0.00", "0.00", "53.85") in ledger(council, "K1-2/2019-04-01")


def test_lines_name_client_order_and_item(council: Way):
    pay(council, AFTER)
    rows = [row for row in council.finance.rows("payment_lines.csv") if row["item_ref"] == "I1"]
    assert {(row["line_ref"], row["client_ref"], row["order_number"] != "") for row in rows} == {
        ("care:I1:2019-03-25", "C1", True), ("care:I1:2019-04-01", "C1", True),
        ("contribution:I1:2019-04-01", "C1", True),
    }  # fmt: skip
