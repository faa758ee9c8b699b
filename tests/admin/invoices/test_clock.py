"""Reasons and figures of invoices, and their clock."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models.billing import invoice_deciding
from models.money import SCALE
from models.records.contract import PaymentMethod
from models.records.invoice_rule import HoldReason, LateFigure, LateKind
from tests import invoice_factories as made
from tests.admin.invoices.desk import QUEUE, TODAY, of, seen
from tests.invoice_factories import MONDAY, act, asked
from tests.support import runs
from tests.support.rows import every, saved


def test_reasons_are_added_changed_and_ended(manager, officer):
    given = {
        "name": "No order", "sentence": "The invoice has no order.", "remedy": "Add the order.", "owner": "provider",
        "released_by": "officer",
    }  # fmt: skip
    manager.post(f"{QUEUE}rules/reasons/new", given, status=303)
    [reason] = every(select(HoldReason).where(HoldReason.name == "No order"))
    page = manager.post(f"{QUEUE}rules/reasons/new", given, status=422)
    assert any("There is a reason called" in each for each in page.errors)
    manager.post(f"{QUEUE}rules/reasons/{reason.id}", given | {"sentence": "It names no order."}, status=303)
    assert "It names no order." in officer.get(f"{QUEUE}rules").words
    manager.post(f"{QUEUE}rules/reasons/{reason.id}/end", status=303)
    assert "No longer offered" in officer.get(f"{QUEUE}rules").words
    officer.get(f"{QUEUE}rules/reasons/new", status=403)


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({"kind": "base_rate", "percent": "3.75"}, 375), ({"kind": "pay_days", "days": "20"}, 20),
        ({"kind": "fixed_sum", "pence": "45.00", "from_pence": "100.00"}, 4_500),
    ],
)  # fmt: skip
def test_a_figure_of_late_payment_is_entered(manager, given, value):
    usual = {"days": "", "percent": "", "pence": "", "from_pence": "", "instrument": "An order"}
    day = {"starts_on": ["1", "7", "2026"]}
    manager.post(f"{QUEUE}rules/figures/new", usual | day | given, status=303)
    [figure] = every(select(LateFigure).where(LateFigure.instrument == "An order"))
    assert (figure.kind.value, figure.value) == (given["kind"], value)
    page = manager.post(f"{QUEUE}rules/figures/new", usual | day | given, status=422)
    assert any("on record already" in each for each in page.errors)


@pytest.mark.parametrize(("day", "is_told"), [(30, False), (1, True)])
def test_a_base_rate_that_is_lacking_is_told(manager, day, is_told):
    """In October 2026 that of 30 June holds: one of 1 July is too late."""
    words = "The base rate of Tuesday 30 June 2026 is not on record"
    assert words in manager.get(f"{QUEUE}rules").words
    starts_on = date(2026, 6, 30) if day == 30 else date(2026, 7, 1)
    saved(LateFigure(kind=LateKind.BASE_RATE, starts_on=starts_on, value=375, instrument="The Bank of England"))
    assert (words in manager.get(f"{QUEUE}rules").words) is is_told


@pytest.mark.parametrize("given", [{"kind": "base_rate"}, {"kind": "pay_days"}, {"kind": "fixed_sum"}])
def test_a_figure_without_its_value_is_refused(manager, given):
    usual = {"days": "", "percent": "", "pence": "", "from_pence": "", "instrument": "An order"}
    page = manager.post(f"{QUEUE}rules/figures/new", usual | {"starts_on": ["1", "7", "2026"]} | given, status=422)
    assert page.errors


def test_a_late_invoice_tells_interest_as_information(officer, care, set_today):
    contract, item = care
    saved(LateFigure(kind=LateKind.BASE_RATE, starts_on=date(2026, 2, 1), value=400, instrument="The Bank of England"))
    sent = made.make_sent(contract, asked(item, quantity_e4=127_500))
    set_today(TODAY + timedelta(days=50))
    words = officer.get(of(sent)).words
    assert "20 days. Statutory interest would be £1.94 at 12 %, and the fixed sum £40.00" in words
    assert "20 days late" in officer.get(QUEUE).words


def test_interest_runs_on_what_is_still_to_be_paid(officer, care, set_today):
    """One of two lines waits: of £4,620.00 half is paid in time."""
    contract, item = care
    saved(LateFigure(kind=LateKind.BASE_RATE, starts_on=date(2026, 2, 1), value=400, instrument="The Bank of England"))
    other = made.make_hourly_item(contract)
    made.make_confirmed(other, 20 * SCALE)
    runs.change(other, is_suspended=True)
    sent = made.make_sent(contract, asked(item, 100), asked(other, 100))
    made.approve(sent)
    runs.finalise(MONDAY + timedelta(days=13))
    set_today(TODAY + timedelta(days=50))
    assert "Statutory interest would be £15.19 at 12 %" in officer.get(of(sent)).words
    assert "interest £15.19" in officer.get(f"{QUEUE}clock").words


def test_what_a_credit_note_takes_back_is_owed_no_more(officer, care, set_today):
    """Two invoices of £2,310.00 wait. Half of one is taken back, and all of the other."""
    contract, item = care
    saved(LateFigure(kind=LateKind.BASE_RATE, starts_on=date(2026, 2, 1), value=400, instrument="The Bank of England"))
    invoices = [made.make_sent(contract, asked(item, 100)) for _ in range(2)]
    runs.change(item, is_suspended=True)
    for invoice, hours, told in zip(invoices, (50, 100), ("−£1,155.00", "−£2,310.00"), strict=True):
        made.approve(invoice)
        note = made.make_credit_note(invoice, {made.invoice_now(invoice).lines[0].id: hours * SCALE})
        made.send(note)
        answer = officer.post(of(note, "/approve"), {"seen": seen(note), "note": "As agreed"})
        assert f"is approved: {told}" in officer.follow(answer).words
    set_today(TODAY + timedelta(days=50))
    assert "Statutory interest would be £7.59" in officer.get(of(invoices[0])).words
    assert "Statutory interest" not in officer.get(of(invoices[1])).words
    report = officer.get(f"{QUEUE}clock")
    assert "interest £7.59" in report.words
    assert report.words.count("interest £") == 1


def test_the_clock_compares_the_day_of_a_hold_with_the_days_to_tell_of_it(officer, care, clerk, set_today):
    contract, item = care
    [early, late] = [made.make_sent(contract, asked(item, hours), number=f"4{hours}") for hours in (4, 5)]
    assert "If disputed, tell by Monday 19 October 2026" in officer.get(of(early)).words
    reason = made.reason_owned_by("provider")
    for invoice, days in ((early, 7), (late, 8)):
        set_today(TODAY + timedelta(days=days))
        assert ("19 October 2026, which is past" in officer.get(of(invoice)).words) is (days == 8)
        act(invoice, invoice_deciding.hold, reason, by=clerk)
    assert "tell by" not in officer.get(of(early)).words
    words = officer.get(f"{QUEUE}clock").words
    assert "Told in time of a hold 1 of 2" in words
    assert "told after 8 days, 1 too late" in words
    assert "Days too late to tell of it" in officer.get(f"{QUEUE}clock.csv").text


@pytest.mark.parametrize(("days", "counts"), [(0, True), (1, False)])
def test_what_the_contract_does_not_pay_by_invoice_has_no_clock(officer, care, set_today, days, counts):
    """It is a record: how it is paid, and when, the portal does not know."""
    contract, item = care
    [method] = every(select(PaymentMethod).where(PaymentMethod.contract_id == contract.id))
    runs.change(method, calculate_from=MONDAY + timedelta(days=days))
    sent = made.make_sent(contract, asked(item))
    set_today(TODAY + timedelta(days=50))
    for there in (of(sent), QUEUE):
        assert ("20 days" in officer.get(there).words) is counts, there
    assert (sent.number in officer.get(f"{QUEUE}clock").words) is counts


def test_the_clock_report_counts_days_with_a_picture_and_as_a_file(officer, care, set_today):
    contract, item = care
    made.approve(made.make_sent(contract, asked(item, 4), number="41"))
    runs.finalise(MONDAY + timedelta(days=13))
    set_today(MONDAY + timedelta(days=60))
    made.make_sent(contract, asked(item, 4), number="42")
    page = officer.get(f"{QUEUE}clock")
    assert "100 %" in page.words
    assert page.page.select_one("svg[role=img]")["aria-label"].startswith(
        "Paid invoices by days: 0 to 7 days, 0; 8 to 14, 1"
    )
    told = officer.get(f"{QUEUE}clock.csv").text
    assert "41" in told
    officer.get(f"{QUEUE}clock.xlsx")
    assert (
        "No invoice was received in these days" in officer.get(f"{QUEUE}clock?first=2020-01-01&last=2020-02-01").words
    )
