"""By when invoices are to be paid, and what statutory interest would be."""

from datetime import date, timedelta

import pytest

from models.base import DomainError
from models.billing.invoice_clock import Clock, ClockRow, Figures, Interest, reference_day, summed
from models.billing.invoice_rules import enter_figure
from models.records.invoice_rule import LateFigure, LateKind
from tests.factories import make_staff
from tests.support.rows import every, unit_of_work

RECEIVED = date(2026, 10, 5)


def figure(kind, value, starts_on=date(2020, 1, 1), from_pence=0):
    return LateFigure(kind=kind, value=value, starts_on=starts_on, from_pence=from_pence, instrument="")


BASE = figure(LateKind.BASE_RATE, 400, date(2026, 2, 1))
LAW = (
    figure(LateKind.PAY_DAYS, 30), figure(LateKind.MARGIN, 800), figure(LateKind.FIXED_SUM, 4_000),
    figure(LateKind.FIXED_SUM, 7_000, from_pence=100_000), figure(LateKind.FIXED_SUM, 10_000, from_pence=1_000_000),
)  # fmt: skip


def clock(*rows, paid_on=None, pence=29_453, as_on=RECEIVED, valid_on=RECEIVED):
    return Figures(rows or (*LAW, BASE)).clock(valid_on=valid_on, paid_on=paid_on, gross_pence=pence, as_on=as_on)


@pytest.mark.covers("S3-011")
def test_twenty_days_late_at_a_base_rate_of_four_per_cent():
    """The published case 40: £294.53 received on Monday 5 October 2026."""
    found = clock(paid_on=date(2026, 11, 24))
    assert found == Clock(date(2026, 11, 4), 50, 20, Interest(194, 4_000, 1_200, 20))
    assert found.interest.total_pence == 4_194


@pytest.mark.parametrize(("paid_on", "late"), [(date(2026, 11, 4), 0), (date(2026, 11, 5), 1)])
def test_the_thirtieth_day_is_in_time_and_the_next_is_late(paid_on, late):
    assert clock(paid_on=paid_on).late_days == late


def test_an_invoice_is_late_from_the_first_day_after_its_last_one():
    assert not clock(as_on=date(2026, 11, 4)).is_late
    assert clock(as_on=date(2026, 11, 5)).is_late


@pytest.mark.parametrize(("valid_on", "rate"), [(date(2026, 5, 30), 1_200), (date(2026, 5, 31), 1_100)])
def test_interest_runs_from_the_day_after_the_last_day_to_pay(valid_on, rate):
    """Due on 29 June, it begins on 30 June, in the half year of 31 December; due on 30 June, in that of 30 June. A
    margin of the day on which it begins holds already.
    """
    base = figure(LateKind.BASE_RATE, 400, date(2025, 12, 31)), figure(LateKind.BASE_RATE, 300, date(2026, 6, 30))
    assert clock(*LAW, *base, valid_on=valid_on, as_on=date(2026, 8, 1)).interest.rate_basis_points == rate
    margin = figure(LateKind.MARGIN, 900, valid_on + timedelta(days=31))
    found = clock(*LAW, *base, margin, valid_on=valid_on, as_on=date(2026, 8, 1))
    assert found.interest.rate_basis_points == rate + 100


def test_what_is_not_paid_counts_to_today():
    assert clock(as_on=date(2026, 11, 14)).late_days == 10
    assert clock(as_on=date(2026, 11, 14), paid_on=date(2026, 11, 6)).late_days == 2


@pytest.mark.parametrize(("pence", "fixed"), [(99_999, 4_000), (100_000, 7_000), (999_999, 7_000), (1_000_000, 10_000)])
def test_the_fixed_sum_goes_by_the_size_of_the_debt(pence, fixed):
    assert clock(paid_on=date(2026, 11, 24), pence=pence).interest.fixed_pence == fixed


@pytest.mark.parametrize(
    ("starts", "reference"),
    [
        (date(2026, 6, 30), date(2025, 12, 31)), (date(2026, 7, 1), date(2026, 6, 30)),
        (date(2026, 12, 31), date(2026, 6, 30)), (date(2027, 1, 1), date(2026, 12, 31)),
    ],
)  # fmt: skip
def test_the_base_rate_is_that_of_the_half_year_before(starts, reference):
    assert reference_day(starts) == reference


def test_a_base_rate_of_after_the_reference_day_does_not_count():
    later = figure(LateKind.BASE_RATE, 900, date(2026, 7, 1))
    assert clock(*LAW, BASE, later, paid_on=date(2026, 11, 24)).interest.rate_basis_points == 1_200
    on_the_day = figure(LateKind.BASE_RATE, 300, date(2026, 6, 30))
    assert clock(*LAW, BASE, on_the_day, paid_on=date(2026, 11, 24)).interest.rate_basis_points == 1_100


def test_without_a_base_rate_no_figure_is_told_and_the_missing_one_is():
    found = clock(*LAW, paid_on=date(2026, 11, 24))
    assert (found.interest, found.missing) == (None, "the base rate on 30 June 2026")


def test_without_days_to_pay_nothing_is_late():
    found = clock(BASE, as_on=date(2027, 1, 1))
    assert (found.due_on, found.late_days) == (None, 0)
    assert "the days to pay" in found.missing


def test_an_invoice_that_was_never_sent_has_no_clock():
    assert clock(valid_on=None) == Clock(None, None, 0)


def row(**given):
    usual = {
        "id": 1, "provider_id": 1, "provider": "", "number": "", "contract": "", "state": "", "received_on": RECEIVED,
        "valid_on": RECEIVED, "due_on": None, "paid_on": RECEIVED + timedelta(days=10), "days": 10, "late_days": 0,
        "gross_pence": 0, "interest_pence": None, "fixed_pence": None, "held_days": 0, "told_days": None,
        "told_late_days": None,
    }  # fmt: skip
    return ClockRow(**usual | given)


def test_the_report_counts_what_is_paid_in_time_and_what_waits_too_long():
    rows = [row(), row(days=45, late_days=15, interest_pence=194, fixed_pence=4_000), row(paid_on=None, late_days=3)]
    found = summed([*rows, row(paid_on=None)])
    assert (found.paid, found.in_time, found.per_cent_in_time) == (2, 1, 50)
    assert (found.average_tenths, found.open_late, found.interest_pence) == (275, 1, 4_194)
    more = summed([*rows, row(paid_on=None, late_days=1), row(paid_on=None), row(days=31, late_days=1)])
    assert (more.open_late, more.paid, more.in_time) == (2, 3, 1)


@pytest.mark.parametrize(("days", "late"), [(6, 0), (7, 0), (8, 1), (17, 10)])
def test_the_seventh_day_tells_of_a_hold_in_time_and_the_next_is_late(days, late):
    figures = Figures([figure(LateKind.TELL_DAYS, 7)])
    assert figures.tell_by(RECEIVED) == date(2026, 10, 12)
    assert figures.told_late(RECEIVED, days) == late


def test_nobody_is_told_late_of_what_was_not_held_or_where_no_days_are_on_record():
    assert Figures([figure(LateKind.TELL_DAYS, 7)]).told_late(RECEIVED, None) is None
    assert Figures([]).told_late(RECEIVED, 40) is None
    assert Figures([figure(LateKind.TELL_DAYS, 7)]).tell_by(None) is None


def test_the_report_counts_who_was_told_of_a_hold_in_time():
    found = summed([row(), row(told_days=3, told_late_days=0), row(told_days=8, told_late_days=1)])
    assert (found.held, found.told_in_time) == (2, 1)


def test_the_report_of_nothing_has_no_average():
    found = summed([])
    assert (found.average_tenths, found.per_cent_in_time) == (None, None)


@pytest.mark.postgres
def test_a_figure_of_a_day_is_entered_once_and_the_newest_holds(database):
    manager = make_staff()
    with unit_of_work():
        enter_figure(LateKind.BASE_RATE, date(2026, 6, 1), 375, "Bank of England", by=manager)
    with unit_of_work(), pytest.raises(DomainError, match="on record already"):
        enter_figure(LateKind.BASE_RATE, date(2026, 6, 1), 400, "Bank of England", by=manager)
    found = Figures(every(LateFigure.every()))
    assert found.on(LateKind.BASE_RATE, date(2026, 6, 30)) == 375
    assert found.on(LateKind.BASE_RATE, date(2026, 5, 31)) is None
    assert found.on(LateKind.PAY_DAYS, date(2026, 10, 5)) == 30
    assert found.on(LateKind.FIXED_SUM, date(2026, 10, 5), 29_453) == 4_000
