"""Contracts that pay by invoice are entitled to the lines of approved invoices, through the one engine."""

from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from models import verify
from models.billing import invoice_deciding
from models.calendar import Span, as_on
from models.engine.component import Component
from models.engine.facts import InvoicedSum
from models.engine.invoices import invoice_cells
from models.engine.reason_code import ReasonCode
from models.money import SCALE
from models.payments.loading import load
from models.payments.purchase_order import PurchaseOrder
from models.payments.remittance import Remittance
from models.records.contract import PaymentMethod
from tests import invoice_factories as made
from tests.invoice_factories import MONDAY, act, asked
from tests.support import runs
from tests.support.rows import every, reading

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
DECIDED = MONDAY + timedelta(days=8)
PAID = MONDAY + timedelta(days=13)
NEXT_PAID = MONDAY + timedelta(days=20)


@pytest.fixture
def care():
    with as_on(DECIDED):
        contract, item = made.make_home_care()
        made.make_confirmed(item, 20 * SCALE)
        yield contract, item


def decided(contract, *lines):
    invoice = made.make_sent(contract, *lines)
    made.approve(invoice)
    return invoice


def reject(invoice, day):
    by = made.officer()
    with as_on(day):
        act(invoice, invoice_deciding.reject, "Never delivered", by=by)


def drafts(contract):
    return [(each.component, each.net_pence, each.vat_pence) for each in runs.lines(contract) if each.run_id is None]


def paid(contract):
    return [each.total_pence for each in runs.lines(contract) if each.run_id is not None]


def sound(day=DECIDED):
    with as_on(day):
        return list(verify.check_all())


def test_an_approved_line_stands_in_the_current_payment_and_nothing_is_planned(care):
    contract, item = care
    runs.calculate(DECIDED)
    assert drafts(contract) == []
    decided(contract, asked(item))
    assert drafts(contract) == [(Component.INVOICE, 23_100, 0)]
    assert runs.payment(contract, MONDAY + timedelta(days=7)).total_pence == 23_100
    assert runs.payment(contract, MONDAY + timedelta(days=21)).total_pence == 0
    assert sound() == []


def test_what_is_not_approved_pays_nothing(care):
    contract, item = care
    made.make_sent(contract, asked(item))
    runs.calculate(DECIDED)
    assert drafts(contract) == []


def test_a_run_pays_it_and_the_invoice_is_paid_on_its_bank_day(care):
    contract, item = care
    invoice = decided(contract, asked(item))
    runs.finalise(PAID)
    assert paid(contract) == [23_100]
    row = made.row_of(invoice)
    assert (row.state.label, row.paid_pence) == ("Paid", 23_100)
    assert row.paid_on == runs.payment(contract, MONDAY + timedelta(days=7)).bank_on
    runs.calculate(PAID)
    assert drafts(contract) == []
    assert sound(PAID) == []


def test_the_remittance_says_invoice_and_names_its_number(care):
    contract, item = care
    invoice = decided(contract, asked(item))
    runs.finalise(PAID)
    [remittance] = [each for each in every(Remittance) if each.advice.lines]
    [line] = remittance.advice.lines
    assert line.reason is ReasonCode.INVOICE
    assert line.name.endswith(f"(invoice {invoice.number})")


def test_the_order_of_the_person_holds_it(care):
    contract, item = care
    decided(contract, asked(item))
    [order] = every(select(PurchaseOrder).where(PurchaseOrder.client_id == item.client_id))
    assert (order.value_net_pence, order.financial_year) == (23_100, 2026)


def test_a_credit_note_takes_back_what_was_paid(care):
    contract, item = care
    invoice = decided(contract, asked(item))
    runs.finalise(PAID)
    with as_on(PAID):
        decided(contract, asked(item))
        note = made.make_credit_note(invoice, {made.invoice_now(invoice).lines[0].id: 4 * SCALE})
        made.send(note)
        made.approve(note)
    runs.finalise(NEXT_PAID)
    assert sorted(paid(contract)) == [-9_240, 23_100, 23_100]
    assert made.row_of(note).state.label == "Paid"
    assert sound(NEXT_PAID) == []


def test_a_rejection_afterwards_is_a_difference(care):
    contract, item = care
    invoice = decided(contract, asked(item))
    runs.finalise(PAID)
    reject(invoice, PAID)
    assert drafts(contract) == [(Component.INVOICE, -23_100, 0)]
    assert sound(PAID) == []


def test_a_decision_of_a_later_day_changes_nothing_yet(care):
    contract, item = care
    with as_on(DECIDED + timedelta(days=1)):
        decided(contract, asked(item))
    runs.calculate(DECIDED)
    assert drafts(contract) == []


def test_elsewhere_an_invoice_is_a_record_and_pays_nothing():
    with as_on(DECIDED):
        contract, item = made.make_home_care(by_invoice=False)
        made.make_confirmed(item, 10 * SCALE)
        decided(contract, asked(item))
        assert {component for component, *_ in drafts(contract)} == {Component.CARE}
        assert sound() == []


@pytest.mark.parametrize("days", [0, 1])
def test_days_before_the_method_by_invoice_began_are_paid_by_what_was_before(care, days):
    contract, item = care
    [method] = every(select(PaymentMethod).where(PaymentMethod.contract_id == contract.id))
    runs.change(method, calculate_from=MONDAY + timedelta(days=days))
    decided(contract, asked(item))
    assert [net for _, net, _ in drafts(contract)] == ([] if days else [23_100])


@pytest.mark.parametrize("days", [0, 1])
def test_days_after_the_method_by_invoice_has_ended_are_not_paid_by_it(care, days):
    contract, item = care
    [method] = every(select(PaymentMethod).where(PaymentMethod.contract_id == contract.id))
    decided(contract, asked(item))
    runs.change(method, ends_on=MONDAY + timedelta(days=6 - days))
    runs.calculate(DECIDED)
    assert [net for _, net, _ in drafts(contract)] == ([] if days else [23_100])


def test_a_line_over_days_that_are_paid_by_plan_in_between_is_not_paid_by_invoice(care):
    """Else these days would be paid twice: by their plan, and by the invoice."""
    contract, _ = care
    with reading():
        facts = load([contract.provider_id])[contract.id]
    [method] = facts.methods
    days = Span(MONDAY, MONDAY + timedelta(days=20))
    weeks = [Span(MONDAY + timedelta(days=7 * n), MONDAY + timedelta(days=7 * n + 6)) for n in range(3)]
    parts = [
        SimpleNamespace(is_by_invoice=True, calculate_from=each.first, ends_on=each.last) for each in reversed(weeks)
    ]
    facts.methods = parts
    assert facts.pays_by_invoice(days)
    parts[1].is_by_invoice = False
    assert not facts.pays_by_invoice(days)
    assert all(facts.pays_by_invoice(each) for each in (weeks[0], weeks[2]))
    assert method.is_by_invoice


def test_a_suspended_care_package_keeps_its_lines_waiting_with_their_sum(care):
    contract, item = care
    runs.change(item, is_suspended=True)
    decided(contract, asked(item))
    assert drafts(contract) == []
    assert runs.payment(contract, MONDAY + timedelta(days=7)).waiting_pence == 23_100
    assert sound() == []
    runs.change(item, is_suspended=False)
    runs.calculate(DECIDED)
    assert [net for _, net, _ in drafts(contract)] == [23_100]


def test_a_line_that_1_april_cuts_goes_to_two_orders():
    first = date(2027, 3, 29)
    with as_on(date(2027, 4, 6)):
        contract, item = made.make_home_care()
        made.make_confirmed(item, 10 * SCALE, first)
        week = {"first_on": first, "last_on": first + timedelta(days=6)}
        decided(contract, asked(item, rate_e4=100_000, **week))
        assert sorted(net for _, net, _ in drafts(contract)) == [4_286, 5_714]
        assert sound(date(2027, 4, 6)) == []


def cells(net, vat, first, last):
    days = Span(first, last)
    return [
        (each.net_pence, each.vat_pence, each.first)
        for each in invoice_cells(InvoicedSum(1, 1, 1, "", days, net, vat, first))
    ]


def test_the_parts_of_a_cut_line_add_up_whatever_its_sign():
    """£100.00 for 29 March to 4 April: 3 of 7 days before 1 April."""
    days = date(2027, 3, 29), date(2027, 4, 4)
    assert cells(10_000, 2_000, *days) == [(4_286, 857, days[0]), (5_714, 1_143, date(2027, 4, 1))]
    assert cells(-10_000, -2_000, *days) == [(-4_286, -857, days[0]), (-5_714, -1_143, date(2027, 4, 1))]
    assert cells(10_000, 0, date(2027, 4, 1), date(2027, 4, 4)) == [(10_000, 0, date(2027, 4, 1))]
