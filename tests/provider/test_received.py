"""Payments received and expected, Your bank, Ledger export and the statement of account, as a provider sees them."""

import csv
import io
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models.payments.received import ReceivedPayment
from models.permissions import Role
from models.records.provider import Provider
from models.reports.banked import quarters
from models.reports.ledger_lines import ledger_lines
from tests.care_factories import make_contract, make_deduction, make_item, make_service_level
from tests.factories import make_provider, make_staff, make_user
from tests.support.client import PortalClient
from tests.support.rows import every, reading
from tests.support.runs import banked, calculate, finalise

MONDAY = date(2019, 9, 2)
WEEK, DAY = timedelta(days=7), timedelta(days=1)
SUNDAY = MONDAY + 6 * DAY
FRIDAY = SUNDAY + 5 * DAY
TODAY = FRIDAY + 10 * DAY


@pytest.fixture
def contract(app, set_today):
    """£353.08 a week, of which the client pays £20.02, and £120.00 with VAT: paid twice, in the bank on two Fridays."""
    made = make_contract(calculate_from=MONDAY)
    make_deduction(make_item(made, starts_on=MONDAY), 20_0200)
    level = make_service_level(vat_basis_points=2_000, vat_code="standard")
    make_item(made, 100_0000, starts_on=MONDAY, service_level_id=level.id)
    finalise(SUNDAY)
    finalise(SUNDAY + WEEK)
    set_today(TODAY)
    calculate(TODAY)
    return made


@pytest.fixture
def carer(app, contract):
    [provider] = every(select(Provider).where(Provider.id == contract.provider_id))
    return PortalClient(app).sign_in(make_user(Role.CARER, provider))


def at(contract, path=""):
    return f"/providers/{contract.provider_id}/received-and-expected/{path}"


def table(text):
    return list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))


def test_thirteen_weeks_back_and_to_come_add_up(contract, carer):
    with reading(contract.provider_id):
        found = quarters(contract.provider_id)
    assert len(found.weeks) == 26
    assert found.received_pence == sum(banked(contract))
    assert [week.received_pence for week in found.past if week.parts] == banked(contract)
    assert found.next[0].first_on <= TODAY <= found.next[0].span.last
    assert found.expected_pence > 0
    answer = carer.get(at(contract))
    assert answer.page.select_one("figure.chart svg rect.chart__next") is not None
    assert "Received £906.12" in answer.words
    rows = table(carer.get(at(contract, "data.csv")).text)
    assert sum(round(100 * float(row["Amount"])) for row in rows if row["State"] == "In your bank") == 906_12


def test_a_statement_marks_what_was_received_and_what_is_missing(contract, carer):
    first, second = banked(contract)
    assert first == second == 453_06
    text = f"Date,Amount,Reference\n{FRIDAY:%d/%m/%Y},453.06,DCC\n{TODAY + 7 * DAY:%d/%m/%Y},-1.00,Shop\n"
    sent = {"statement": (io.BytesIO(text.encode()), "bank.csv")}
    answer = carer.post(at(contract, "your-bank"), sent, status=200)
    assert "1 payment received, 0 short, 1 missing. 0 other credits are none of ours." in answer.words
    [kept] = every(ReceivedPayment)
    assert (kept.pence, kept.received_on) == (453_06, FRIDAY)
    assert "On your statement of 13/09/2019" in carer.get(at(contract)).words
    short = text.replace("453.06", "453.05").replace("DCC", contract.reference)
    answer = carer.post(at(contract, "your-bank"), {"statement": (io.BytesIO(short.encode()), "b.csv")}, status=200)
    assert "0 payments received, 1 short, 1 missing" in answer.words
    [kept] = every(ReceivedPayment)
    assert kept.pence == 453_05


def test_the_answer_can_be_taken_away(contract, carer):
    came, last = f"{FRIDAY:%d/%m/%Y},453.05,{contract.reference}-1", f"{TODAY + 7 * DAY:%d/%m/%Y},-1.00,Shop"
    text = f"Date,Amount,Reference\n{came}\n{last}\n"
    answer = carer.post(at(contract, "your-bank"), {"statement": (io.BytesIO(text.encode()), "bank.csv")}, status=200)
    [address] = [link["href"] for link in answer.page.select("main a") if link.get_text() == "CSV"]
    rows = table(carer.get(address).text)
    assert [(row["Outcome"], row["Paid"], row["On your statement"], row["Short"], row["Missing"]) for row in rows] == [
        ("Short", "453.06", "453.05", "0.01", "0.00"),
        ("Missing", "453.06", "0.00", "0.00", "453.06"),
    ]
    assert rows[0]["Remittance"] == f"{contract.reference}-1"
    assert len(table(carer.get(at(contract, "your-bank/answer.csv")).text)) == 2
    stranger = PortalClient(carer.app).sign_in(make_user(Role.CARER, make_provider()))
    stranger.get(address, status=404)


def test_a_file_that_is_no_statement_is_refused_at_its_cell(contract, carer):
    sent = {"statement": (io.BytesIO(b"Date,Amount\nsoon,1.00\n"), "bank.csv")}
    answer = carer.post(at(contract, "your-bank"), sent, status=422)
    assert "A2: “soon” is no day. Write it like 31/03/2020" in answer.words
    assert every(ReceivedPayment) == []


@pytest.mark.parametrize("program", ["xero", "sage", "quickbooks"])
def test_each_programs_file_comes_to_what_came_to_the_bank(contract, carer, program):
    answer = carer.get(at(contract, f"ledger/lines.csv?program={program}&first=2019-09-01&last=2019-12-31"))
    rows = table(answer.text)
    if program == "xero":
        pence = sum(round(100 * (float(row["*UnitAmount"]) + float(row["TaxAmount"]))) for row in rows)
        assert {row["*TaxType"] for row in rows} == {"20% (VAT on Income)", "Exempt Income", "No VAT"}
        assert rows[0]["*InvoiceDate"] == f"{FRIDAY:%d/%m/%Y}"
        assert rows[0]["*InvoiceNumber"] == f"{contract.reference}-2019-09-02-1"
    elif program == "sage":
        signs = {"BR": 1, "BP": -1}
        pence = sum(
            signs[row["Type"]] * round(100 * (float(row["Net Amount"]) + float(row["Tax Amount"]))) for row in rows
        )
        assert all(float(row["Net Amount"]) >= 0 for row in rows)
        assert {(row["Type"], row["Tax Code"]) for row in rows} == {("BR", "T1"), ("BR", "T2"), ("BP", "T9")}
        assert rows[0]["Account Reference"] == "1200"
    else:
        pence = sum(round(100 * float(row["Amount"])) for row in rows)
        assert len(rows) == 2
    assert pence == sum(banked(contract)) == 906_12


def test_a_ledger_has_the_days_that_were_chosen_and_no_clients(contract, carer):
    with reading(contract.provider_id):
        assert ledger_lines(contract.provider_id, FRIDAY + DAY, FRIDAY + WEEK - DAY) == []
        assert {line.bank_on for line in ledger_lines(contract.provider_id, FRIDAY, FRIDAY)} == {FRIDAY}
    page = carer.get(at(contract, "ledger?program=sage&first=2019-09-01&last=2019-12-31"))
    assert "£906.12 in all: what came to your bank." in page.words
    assert "Download £906.12 for Sage 50" in page.words


def test_the_statement_of_account_says_how_it_balances(contract, carer):
    answer = carer.get(f"/providers/{contract.provider_id}/statement-of-account/?first=2019-09-01&last=2019-09-15")
    assert "Opening balance £0.00" in answer.words
    assert "Entitled to +£906.12" in answer.words
    assert "Paid −£906.12" in answer.words
    assert "Nothing was left on either side." in answer.words
    rows = table(carer.get(f"/providers/{contract.provider_id}/statement-of-account/data.csv?first=2019-09-01").text)
    assert (rows[0]["What"], rows[-1]["What"]) == ("Opening balance", "Closing balance")
    assert rows[-1]["Balance"] == rows[-2]["Balance"]
    wrong = carer.get(
        f"/providers/{contract.provider_id}/statement-of-account/?first=2019-09-02&last=2019-09-01", status=422
    )
    assert "To must be the same day as From, or a later one" in wrong.words


def test_the_council_reads_the_same_statement(app, contract):
    officer = PortalClient(app).sign_in(make_staff())
    words = officer.get(f"/council/providers/{contract.provider_id}/statement-of-account?last=2019-09-15").words
    assert "Entitled to +£906.12" in words


def test_another_providers_pages_are_not_there(app, contract):
    stranger = PortalClient(app).sign_in(make_user(Role.CARER, make_provider()))
    for path in ("", "data.csv", "your-bank", "ledger", "ledger/lines.csv"):
        stranger.get(at(contract, path), status=404)
    stranger.get(f"/providers/{contract.provider_id}/statement-of-account/", status=404)
