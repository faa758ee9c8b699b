"""One sum, wherever it stands: an invoice with VAT that is rounded line by line, from the provider's page to the file
that the bank is paid by.
"""

import csv
import io
from datetime import date, timedelta
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from sqlalchemy import select

from exchange.outbound import money
from exchange.outbound.invoices import INVOICES
from exchange.outbound.writing import content_of, file_of_run
from exchange.ubl.names import CBC
from models.money import parse_pence
from models.payments.purchase_order import PurchaseOrder
from models.payments.run import PaymentRun
from models.permissions import CouncilRole, Role
from models.records.invoice import Invoice
from models.records.provider import Provider
from models.tenancy import every_provider
from tests import invoice_factories as made
from tests.care_factories import make_client, make_service_level
from tests.factories import make_staff, make_user
from tests.invoice_factories import MONDAY, asked
from tests.support import runs
from tests.support.client import PortalClient
from tests.support.remittances import rows_of_pdf, rows_of_xlsx
from tests.support.rows import every, reading

NET, VAT, GROSS = "578.00", "115.61", "693.61"
"""The published case 39: 299.33, 179.33 and 99.34 at 20 %, rounded line by line."""
PARTS = (29_933, 17_933, 9_934)
PAID = MONDAY + timedelta(days=13)


@pytest.fixture
def paid(database, set_today):
    """The invoice, approved and paid; all three lines are of one person."""
    set_today(date(2026, 10, 13))
    contract, _ = made.make_home_care()
    level = make_service_level(unit="item", name="Day care", vat_code="standard", vat_basis_points=2_000)
    lines, client = [], make_client()
    for pence in PARTS:
        item = made.make_hourly_item(contract, pence * 100, level=level, client=client)
        made.make_confirmed(item, 10_000)
        lines.append(asked(item, 1, rate_e4=pence * 100, vat_code="standard", vat_basis_points=2_000))
    invoice = made.make_sent(contract, *lines, number="1041")
    made.approve(invoice)
    runs.finalise(PAID)
    set_today(PAID)
    return contract, invoice


def rows_of(content):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def summed(content, name):
    head, *rows = rows_of(content)
    return sum(parse_pence(row[head.index(name)]) for row in rows)


def test_an_invoice_comes_to_the_same_wherever_it_stands(app, paid):
    contract, invoice = paid
    finance = PortalClient(app).sign_in(make_user(Role.FINANCE, Provider(id=contract.provider_id)))
    officer = PortalClient(app).sign_in(make_staff(CouncilRole.PAYMENTS_OFFICER))
    theirs, ours = f"/providers/{contract.provider_id}", "/council"
    [order] = every(select(PurchaseOrder))
    [run_id] = every(select(PaymentRun.id))
    pages = (
        (finance, f"{theirs}/invoices/"), (finance, f"{theirs}/invoices/{invoice.id}"),
        (officer, f"{ours}/invoices/?show=paid"), (officer, f"{ours}/invoices/{invoice.id}"),
    )  # fmt: skip
    for who, path in pages:
        words = who.get(path).words
        for each in (GROSS,) if path.endswith("paid") else (NET, VAT, GROSS):
            assert f"£{each}" in words, path
    for path in (
        f"{theirs}/payments/{contract.reference}/{MONDAY + timedelta(days=7)}",
        f"{theirs}/reports/remittance-by-finalisation?contract={contract.reference}&period={run_id}",
        f"{theirs}/purchase-orders/{order.id}", f"{ours}/invoices/clock",
    ):  # fmt: skip
        who = officer if "council" in path else finance
        assert f"£{GROSS}" in who.get(path).words, path
    at = f"{theirs}/invoices/{invoice.id}"
    assert any(f"£{GROSS}" in row or GROSS in row for row in rows_of_pdf(finance.get(f"{at}/pdf").response.data))
    table = finance.get(f"{at}/lines.csv").response.data
    assert [summed(table, each) for each in ("Net", "VAT sum", "Gross")] == [57_800, 11_561, 69_361]
    assert sum(row["Gross"] for row in rows_of_xlsx(finance.get(f"{at}/lines.xlsx").response.data)) == Decimal(GROSS)
    root = ElementTree.fromstring(finance.get(f"{at}/ubl").response.data)
    assert root.find(f".//{{{CBC}}}PayableAmount").text == GROSS
    assert summed(finance.get(f"{theirs}/invoices/data.csv").response.data, "Paid") == 69_361


def test_what_is_exported_of_it_comes_to_the_same(paid):
    [run_id] = every(select(PaymentRun.id))
    with reading(), every_provider():
        told, lines = (content_of(INVOICES, file, select(Invoice.id))[1] for file in INVOICES.files)
        out = file_of_run(money.PAYMENTS_OUT, money.PAYMENTS_OUT_FILE, run_id)
        paid_lines = file_of_run(money.PAYMENTS, money.LINES_FILE, run_id)
        ledger = rows_of(file_of_run(money.PAYMENTS, money.LEDGER_FILE, run_id))
    for content in (told, lines, paid_lines):
        assert (summed(content, "net"), summed(content, "vat")) == (57_800, 11_561)
    assert summed(out, "amount") == 69_361
    head, *rows = ledger
    assert any(parse_pence(cell) == 69_361 for row in rows for name, cell in zip(head, row, strict=True)
               if name in ("debit", "credit", "amount") and cell)  # fmt: skip
