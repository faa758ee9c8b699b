"""A confirmed week of a contract that pays by invoice: it says so and leads to its invoices, and shows no payment."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.billing import invoicing
from models.permissions import Role
from models.pricing import Unit
from models.records.contract import PaymentMethod
from tests import invoice_factories as made
from tests.actual_factories import AFTER, MONDAY, make_hourly
from tests.care_factories import make_service_level
from tests.factories import make_user
from tests.invoice_factories import act
from tests.support.rows import every
from tests.support.runs import calculate, change, finalise


@pytest.fixture
def by_invoice(agency):
    for method in every(select(PaymentMethod).where(PaymentMethod.contract_id == agency.contract.id)):
        change(method, is_by_invoice=True, calculate_from=MONDAY)
    agency.begin()
    agency.confirm()
    calculate(AFTER)
    return agency


def line(agency, n=0, **given):
    days = {"first_on": MONDAY, "last_on": MONDAY + timedelta(days=6)}
    return made.asked(agency.items[n], 14, **days | given)


def lead(agency, who=None):
    return (who or agency.clerk).get(agency.week, status=200)


def test_a_week_without_an_invoice_says_so_and_leads_to_making_one(by_invoice):
    page = lead(by_invoice)
    assert "It is paid by invoice, and no invoice is made of it yet. Make one from actuals" in page.words
    there = f"{by_invoice.home}invoices/from-actuals/{by_invoice.contract.reference}"
    assert page.page.select_one(f"main a[href='{there}']")
    assert "It belongs to the payment of" not in page.words
    assert "Total" not in [each.text.strip() for each in page.page.select("th[scope=col]")]
    assert "Total" not in by_invoice.clerk.get(f"{by_invoice.week}/week.csv").text.splitlines()[0]


def test_its_invoices_are_there_with_how_far_they_have_got_but_for_those_of_other_days(by_invoice):
    own = made.make_sent(by_invoice.contract, line(by_invoice), number="41", invoiced_on=AFTER)
    made.make_invoice(by_invoice.contract, line(by_invoice, 1, last_on=MONDAY), number="42", invoiced_on=AFTER)
    made.make_invoice(
        by_invoice.contract, line(by_invoice, 1, first_on=MONDAY + timedelta(days=6)), number="43", invoiced_on=AFTER
    )  # fmt: skip
    before, after = MONDAY - timedelta(days=1), AFTER
    other = [line(by_invoice, 2, first_on=day, last_on=day) for day in (before, after)]
    for number, each in zip(("51", "52"), other, strict=True):
        made.make_invoice(by_invoice.contract, each, number=number, invoiced_on=AFTER)
    gone = made.make_sent(by_invoice.contract, line(by_invoice, 2), number="61", invoiced_on=AFTER)
    act(gone, invoicing.cancel, by=make_user(Role.FINANCE, by_invoice.provider))
    made.approve(own)
    assert (
        "It is paid by invoice: Invoice 41 (approved), Invoice 42 (draft), Invoice 43 (draft)."
        in lead(by_invoice).words
    )
    finalise(AFTER + timedelta(days=6))
    page = lead(by_invoice)
    assert "Invoice 41 (paid)" in page.words
    assert page.page.select_one(f"main a[href='{by_invoice.home}invoices/{own.id}']")
    assert len(page.reads) <= 8


def test_an_invoice_for_another_service_is_none_of_it(by_invoice):
    level = make_service_level(unit=Unit.HOUR, name="Day care")
    item = make_hourly(by_invoice.contract, starts_on=MONDAY, level=level)
    days = {"first_on": MONDAY, "last_on": MONDAY}
    made.make_invoice(by_invoice.contract, made.asked(item, 1, **days), invoiced_on=AFTER)
    other = f"{by_invoice.list}{by_invoice.contract.reference}/{by_invoice.level.service_id}/{MONDAY}"
    assert "no invoice is made of it yet" in by_invoice.clerk.get(other).words


def test_a_week_that_is_paid_by_its_figures_shows_its_payment_as_before(agency):
    for method in every(select(PaymentMethod).where(PaymentMethod.contract_id == agency.contract.id)):
        change(method, calculate_from=MONDAY)
    agency.begin()
    agency.confirm()
    page = lead(agency)
    assert "It belongs to the payment of" in page.words
    assert "paid by invoice" not in page.words
    assert "£323.40" in page.words
