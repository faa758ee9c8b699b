"""Reports: the list, remittances in four forms that say the same, the annual statement, and who may see them."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from commands import worker
from exchange.reports.sheet import LONG
from models.audit import AuditEvent
from models.calendar import Frequency
from models.engine.reason_code import ReasonCode
from models.job import Job
from models.permissions import GRANTS, Permission, Role
from models.records.provider import Provider, ProviderKind
from models.reports.care_relief import CareRelief
from models.reports.report_file import ReportFile
from tests.care_factories import make_calendar, make_client, make_contract, make_deduction, make_item
from tests.factories import make_provider, make_staff, make_user
from tests.support import runs
from tests.support.client import PortalClient
from tests.support.debts import owing
from tests.support.remittances import kept, rows_of_csv, rows_of_page, rows_of_pdf, rows_of_xlsx
from tests.support.rows import every, unit_of_work
from tests.support.snapshots import built_once

MONDAY = date(2019, 9, 9)
DAY, WEEK = timedelta(days=1), timedelta(days=7)


@pytest.fixture(autouse=True)
def _today(set_today):
    set_today(date(2019, 10, 2))


@pytest.fixture
def log_in(app):
    def log_in(provider, role=Role.CARER):
        return PortalClient(app).sign_in(make_user(role, provider))

    return log_in


@pytest.fixture
@built_once
def paid():
    """A carer with a catch-up, a deduction and a debt's line: two weeks, and what is owed in the second."""
    provider = make_provider(kind=ProviderKind.FOSTER_CARER)
    contract = make_contract(provider, calculate_from=MONDAY, reference="00741254")
    client = make_client(reference="00012345", surname="=SUM(A1)", first_name="Łukasz", born_on=date(2012, 1, 1))
    item = make_item(contract, client=client, starts_on=MONDAY)
    make_deduction(item, 100_000)
    runs.finalise(MONDAY + WEEK - DAY)
    other = make_client(surname="Testing", first_name="CLA", born_on=date(2005, 1, 1))
    make_item(contract, 3_030_300, other, starts_on=MONDAY, authorised_on=MONDAY + WEEK)
    runs.finalise(MONDAY + 2 * WEEK - DAY)
    return provider, contract


def at(provider, rest=""):
    return f"/providers/{provider.id}/reports/{rest}"


def of_week(contract, first_on=MONDAY + WEEK):
    return f"remittances/{contract.reference}/{first_on}"


@pytest.mark.covers("S4-109")
@pytest.mark.covers("S0-005", "S4-059")
def test_the_list_says_what_there_is_for_whom(log_in):
    carer, agency = make_provider(kind=ProviderKind.FOSTER_CARER), make_provider(kind=ProviderKind.FOSTERING_AGENCY)
    page = log_in(carer).get(at(carer))
    assert "The following reports are currently available. Click to view." in page.words
    assert [link.get_text() for link in page.page.select(".tile a")][:3] == [
        "Annual Statement Of Foster Carer Payments", "Remittance Advice Provider Payments by period",
        "Remittance Advice Provider Payments by finalisation",
    ]  # fmt: skip
    assert "Annual Statement" not in log_in(agency, Role.FINANCE).get(at(agency)).words
    home = log_in(carer).get(f"/providers/{carer.id}/")
    assert "View & print financial reports" in home.words


@pytest.mark.covers("S4-114")
@pytest.mark.covers("S4-118", "S4-119", "S4-120", "S4-122")
@pytest.mark.covers("S0-032")
def test_a_carer_chooses_contract_method_and_week(log_in, paid):
    provider, contract = paid
    page = log_in(provider).get(at(provider, "remittance-by-period"))
    assert "This report requires parameters. Please complete the fields above" in page.words
    labels = [" ".join(label.get_text().split()) for label in page.page.select("form.filters label")]
    assert labels == ["Contract", "Payment Method", "Period (* Partially finalised payment periods)", "Summary"]
    assert page.page.select_one("#method option").get_text() == (
        "Scheduled (Pay on actuals: Never) 04/02/2019 Weekly Net"
    )
    assert [option.get_text() for option in page.page.select("#period option")] == [
        "16/09/2019 - 22/09/2019", "09/09/2019 - 15/09/2019",
    ]  # fmt: skip
    assert page.page.select_one(".govuk-back-link").get_text() == "Close and return"


@pytest.mark.covers("S0-031")
def test_an_agency_opens_on_its_newest_4_weekly_period(log_in):
    provider = make_provider(kind=ProviderKind.FOSTERING_AGENCY)
    weekly = make_contract(provider, calculate_from=MONDAY, name="Weekly")
    monthly = make_contract(provider, make_calendar(Frequency.FOUR_WEEKLY, anchor_on=date(2019, 8, 19)),
                            calculate_from=date(2019, 8, 19), name="Agency")  # fmt: skip
    for contract in (weekly, monthly):
        make_item(contract, starts_on=date(2019, 8, 19))
    runs.finalise(MONDAY + WEEK - DAY)
    page = log_in(provider, Role.FINANCE).get(at(provider, "remittance-by-period"))
    assert page.page.select_one("#contract option[selected]")["value"] == monthly.reference
    assert "Period 19/08/2019 - 15/09/2019" in page.words
    assert "£1,412.32" in page.words


@pytest.mark.covers("S0-030", "S0-033", "S0-034")
@pytest.mark.covers("S4-115", "S4-116", "S4-117", "S4-123", "S4-124", "S4-125")
def test_page_pdf_csv_and_xlsx_say_the_same_line_by_line(log_in, paid):
    """The one comparison that every report has to bear: reason, days, quantity, price and money of each line."""
    provider, contract = paid
    me = log_in(provider)
    page = me.get(at(provider, f"remittance-by-period?contract={contract.reference}&period={MONDAY + WEEK}"))
    on_page = rows_of_page(page.text)
    in_csv = rows_of_csv(me.get(at(provider, f"{of_week(contract)}/data.csv")).text)
    in_pdf = rows_of_pdf(me.get(at(provider, f"{of_week(contract)}/pdf")).response.data)
    lines = [row for row in in_pdf if len(row) == 9 and row[1]]
    assert [list(map(_squeezed, row)) for row in lines] == [list(map(_squeezed, row)) for row in on_page]
    assert len(on_page) == len(in_csv) == 4
    for row, written in zip(on_page, in_csv, strict=True):
        client, reason, what, days, quantity, _, net, vat, total = row
        assert client == written["Client"].removeprefix("'")
        assert reason == written["Reason"]
        assert what.startswith(f"{written['Kind']}: {written['For']}")
        assert ("earlier days" in what) == (written["Earlier days"] == "yes")
        assert days == f"{written['From']} - {written['To']}"
        assert quantity.split()[0] == written["Quantity"].removesuffix(".00")
        assert [_pence(each) for each in (net, vat, total)] == [
            _pence(written[name]) for name in ("Excl VAT", "VAT", "Total")
        ]
    in_xlsx = rows_of_xlsx(me.get(at(provider, f"{of_week(contract)}/data.xlsx")).response.data)
    assert [list(row) for row in in_xlsx] == [list(row) for row in in_csv]
    for row, written in zip(in_xlsx, in_csv, strict=True):
        assert [_as_csv(name, cell) for name, cell in row.items()] == [
            cell.removeprefix("'") for cell in written.values()
        ]
    assert sum(_pence(row[8]) for row in on_page) == kept(contract)[1].paid_pence == 94_914
    assert f"Paid to your bank £{94_914 / 100:.2f}" in page.words
    assert f"Contract {contract.name} Reference {contract.reference}" in page.words


def _squeezed(text):
    """A cell of a PDF may be broken in the middle of a long word."""
    return text.replace(" ", "")


def _pence(text):
    return int(Decimal(text.replace("£", "").replace(",", "").replace("−", "-")) * 100)


def _as_csv(heading, cell):
    if not isinstance(cell, Decimal):
        return cell
    if heading in ("Period from", "Period to", "In the bank", "From", "To"):
        return f"{date(1899, 12, 30) + timedelta(days=int(cell)):%d/%m/%Y}"
    if heading in ("Excl VAT", "VAT", "Total", "Due", "Paid before", "Quantity", "Rate"):
        return f"{cell:.2f}"
    return str(cell)


@pytest.mark.covers("S4-116")
def test_a_spreadsheet_keeps_noughts_and_negative_numbers_and_runs_no_formula(log_in, paid):
    """next.md 27; trust.md F7: 00741254 is text, −£20.00 is a number, a column's sum is the total."""
    provider, contract = paid
    me = log_in(provider)
    rows = rows_of_xlsx(me.get(at(provider, f"{of_week(contract)}/data.xlsx")).response.data)
    assert {row["Reference"] for row in rows} == {"00741254"}
    assert "00012345" in {row["Client reference"] for row in rows}
    assert sum(row["Total"] for row in rows) == Decimal("949.14")
    assert min(row["Total"] for row in rows) == -10
    assert rows[0]["Client"].startswith("=, Łukasz")
    in_csv = rows_of_csv(me.get(at(provider, f"{of_week(contract)}/data.csv")).text)
    assert in_csv[0]["Client"].startswith("'=, Łukasz")
    assert [row["Total"] for row in in_csv if row["Total"].startswith(("-", "'-"))] == ["-10.00"]


@pytest.mark.covers("S0-029")
def test_by_finalisation_shows_what_one_run_has_paid(log_in, paid):
    provider, contract = paid
    me = log_in(provider)
    first = me.get(at(provider, "remittance-by-finalisation"))
    assert [option.get_text() for option in first.page.select("#period option")] == [
        "22 September 2019, in your bank 27 September 2019: £949.14 (run 2)",
        "15 September 2019, in your bank 20 September 2019: £343.08 (run 1)",
    ]
    page = me.get(at(provider, f"remittance-by-finalisation?contract={contract.reference}&period=2"))
    assert "All that one run has paid, whichever days it is for." in page.words
    assert "Remittance 00741254-2" in page.words
    rows = rows_of_csv(me.get(at(provider, f"remittances/{contract.reference}/runs/2/data.csv")).text)
    assert sum(_pence(row["Total"]) for row in rows) == 94_914
    assert {row["In the bank"] for row in rows} == {"27/09/2019"}
    pdf = me.get(at(provider, f"remittances/{contract.reference}/runs/2/pdf"))
    assert pdf.response.data.startswith(b"%PDF")
    me.get(at(provider, f"remittances/{contract.reference}/runs/99/data.csv"), status=404)


@pytest.mark.covers("S4-122")
def test_a_summary_has_one_line_a_client(log_in, paid):
    provider, contract = paid
    page = log_in(provider).get(
        at(provider, f"remittance-by-period?contract={contract.reference}&period={MONDAY + WEEK}&summary=yes")
    )
    rows = rows_of_page(page.text)
    assert sorted((row[1], row[4]) for row in rows) == [("2", "£343.08"), ("2", "£606.06")]


def test_what_is_owed_stands_below_the_payments_own_lines(log_in):
    provider = make_provider()
    contract = owing(5_000, provider)
    page = log_in(provider).get(at(provider, f"remittance-by-period?contract={contract.reference}&period=2019-09-02"))
    assert "This payment’s own lines −£50.00 £0.00 −£50.00" in page.words
    assert "What you owe carried Carried forward" in page.words
    assert "Paid to your bank £0.00 £0.00 £0.00" in page.words


def test_the_account_is_masked_and_the_address_is_that_of_its_day(log_in):
    provider = make_provider(account_ending="0042", address="1 Oak Street\nDarlington")
    contract = make_contract(provider, calculate_from=MONDAY)
    make_item(contract)
    runs.finalise(MONDAY + WEEK - DAY)
    with unit_of_work() as session:
        session.execute(update(Provider).values(account_ending="9999", address="Elsewhere"))
    page = log_in(provider).get(at(provider, f"remittance-by-period?contract={contract.reference}&period={MONDAY}"))
    assert "Account ending 0042" in page.words
    assert "1 Oak Street, Darlington" in page.words


def test_nothing_paid_and_what_is_not_in_the_lists(log_in, paid):
    provider, contract = paid
    other = make_provider()
    assert "Nothing has been paid yet" in log_in(other).get(at(other, "remittance-by-period")).words
    assert "Nothing has come to your bank yet" in log_in(other).get(at(other, "annual-statement/")).words
    me = log_in(provider)
    me.get(at(provider, "remittance-by-period?contract=nobody"), status=422)
    again = me.get(at(provider, f"remittance-by-period?contract={contract.reference}&period=2030-01-01"))
    assert "This report requires parameters" in again.words
    me.get(at(provider, "annual-statement/?year=tax-1999"), status=422)
    me.get(at(provider, "annual-statement/other-1999/data.csv"), status=404)


def test_another_providers_remittance_is_not_there(log_in, paid):
    provider, contract = paid
    other = make_provider()
    stranger = log_in(other)
    for rest in (f"{of_week(contract)}/data.csv", f"{of_week(contract)}/pdf",
                 f"remittances/{contract.reference}/runs/2/pdf"):  # fmt: skip
        stranger.get(at(other, rest), status=404)


@pytest.mark.parametrize("role", list(Role))
def test_who_may_see_payments_may_see_reports(log_in, paid, role):
    provider, contract = paid
    allowed = Permission.VIEW_PAYMENTS in GRANTS[role]
    for rest in ("", "remittance-by-period", f"{of_week(contract)}/data.csv", "annual-statement/"):
        log_in(provider, role).get(at(provider, rest), status=200 if allowed else 403)


def test_who_has_read_a_clients_lines_is_noted_with_every_form(log_in, paid):
    provider, contract = paid
    me = log_in(provider)
    for rest in (f"{of_week(contract)}/data.csv", f"{of_week(contract)}/data.xlsx", f"{of_week(contract)}/pdf",
                 "annual-statement/tax-2019/data.csv", "annual-statement/tax-2019/pdf"):  # fmt: skip
        before = len(every(select(AuditEvent.id).where(AuditEvent.action == "client_record.read")))
        me.get(at(provider, rest))
        assert len(every(select(AuditEvent.id).where(AuditEvent.action == "client_record.read"))) == before + 1, rest


def test_a_long_remittance_is_drawn_by_the_worker_and_keeps_nobody_waiting(log_in):
    provider = make_provider()
    contract = make_contract(provider, calculate_from=MONDAY)
    for _ in range(LONG // 2 + 1):
        make_item(contract, starts_on=MONDAY)
    runs.finalise(MONDAY + 2 * WEEK - DAY)
    run_id = kept(contract)[0].run_id
    me, address = log_in(provider), at(provider, f"remittances/{contract.reference}/runs/{run_id}/pdf")
    page = me.get(address)
    assert "We draw its PDF while you do something else" in page.words
    asked = me.submit(page, status=303)
    assert "The PDF waits for its turn" in me.get(asked.location).words
    assert worker.work()
    [job] = every(select(Job))
    assert (job.state.is_done, job.done) == (True, job.total)
    found = me.get(address)
    assert found.response.data.startswith(b"%PDF")
    assert "The PDF is ready" in me.get(f"{address}?page=yes").words
    [file] = every(select(ReportFile))
    assert file.size == len(found.response.data)
    lines = [row for row in rows_of_pdf(found.response.data) if len(row) == 9 and row[1]]
    assert len(lines) == 2 * (LONG // 2 + 1)
    assert me.get(address).response.data == found.response.data


def test_a_file_that_changed_since_it_was_asked_for_is_not_drawn(log_in, paid):
    provider, contract = paid
    with unit_of_work() as session:
        given = {"contract": contract.reference, "run": 2, "summary": False, "with_address": True, "key": "other"}
        given["council"] = "Borsetshire Council"
        session.add(Job(kind="report", scope=str(provider.id), arguments={"providers": [provider.id]} | given))
    assert worker.work()
    [job] = every(select(Job))
    assert job.state.is_failed
    assert job.message.startswith("The report has changed since it was asked for")


@pytest.mark.covers("S4-112", "S4-113")
@pytest.mark.covers("S4-005", "S4-012")
def test_the_annual_statement_says_its_days_and_adds_up(log_in, paid):
    provider, _ = paid
    me = log_in(provider)
    form = me.get(at(provider, "annual-statement/"))
    assert [label.get_text(strip=True) for label in form.page.select("form.filters label")] == [
        "Organisation", "Tax Year",
    ]  # fmt: skip
    assert "This report requires parameters" in form.words
    page = me.get(at(provider, "annual-statement/?year=tax-2019"))
    assert "Tax Year 2019/2020 so far, as on 2 October 2019" in page.words
    assert "From 06/04/2019 To 05/04/2020" in page.words
    assert "This is no tax advice." in page.words
    assert "nobody has checked that row yet" in page.words
    colleague = make_staff()
    with unit_of_work() as session:
        session.scalars(select(CareRelief).where(CareRelief.year == 2019)).one().check(by=colleague)
    page = me.get(at(provider, "annual-statement/?year=tax-2019"))
    assert "Under 11 2 weeks at £200.00 £400.00" in page.words
    assert "11 or over 2 weeks at £250.00 £500.00" in page.words
    assert (
        "Qualifying amount Set by Income Tax (Trading and Other Income) Act 2005, sections 808 and 811 £10,900.00"
        in page.words
    )
    rows = rows_of_csv(me.get(at(provider, "annual-statement/tax-2019/data.csv")).text)
    assert sum(_pence(row["Total"]) for row in rows) == 34_308 + 94_914
    pdf = me.get(at(provider, "annual-statement/tax-2019/pdf")).response.data
    assert [_squeezed(" ".join(row)) for row in rows_of_pdf(pdf)] != []
    on_page = {_squeezed(" ".join(row)) for row in rows_of_page(page.text)}
    assert on_page <= {_squeezed(" ".join(row)) for row in rows_of_pdf(pdf)}


def test_the_list_of_reasons_is_public_and_whole(app):
    page = PortalClient(app).get("/reason-codes")
    assert page.heading == "Reasons on remittances"
    assert [cell.get_text() for cell in page.page.select("tbody th")] == [code.value for code in ReasonCode]
