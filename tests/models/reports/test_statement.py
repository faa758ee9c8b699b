"""Statements of account: closing = opening + entitled - paid + repaid + written off."""

from datetime import date, timedelta

import pytest
from sqlalchemy import delete, select, update

from models.calendar import as_on
from models.payments.debt import DebtEntry, DebtEntryKind
from models.payments.entitled import EntitledSum
from models.records.care_package import CarePackageLineItem, ItemPrice
from models.reports.statement import Entry, Statement, statement_of
from tests.care_factories import make_contract, make_item
from tests.support.rows import every, reading, saved, unit_of_work
from tests.support.runs import calculate, finalise
from tests.support.snapshots import built_once

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

MONDAY = date(2019, 9, 2)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
SUNDAY = MONDAY + 6 * DAY


def statement(contract, first, last, on=None) -> Statement:
    with reading(contract.provider_id), as_on(on or last):
        return statement_of([contract.id], first, last)


def sums(found: Statement) -> tuple[int, int, int, int]:
    return found.opening_pence, found.entitled_pence, found.paid_pence, found.closing_pence


@pytest.fixture
@built_once
def contract():
    """£100.00 a week from 2 September, known beforehand and paid on Sunday."""
    made = make_contract(calculate_from=MONDAY)
    make_item(made, rate_e4=100_0000, starts_on=MONDAY, authorised_on=MONDAY - WEEK)
    calculate(MONDAY - WEEK)
    finalise(SUNDAY)
    return made


@pytest.mark.covers("S3-007")
def test_what_was_paid_and_is_corrected_is_owed_and_the_next_week_takes_it(contract):
    """next.md 24: £100.00 paid, corrected by -£100.00: closing -£100.00; next week entitled £100.00, paid £0.00:
    closing £0.00.
    """
    assert sums(statement(contract, MONDAY, SUNDAY)) == (0, 100_00, 100_00, 0)
    with unit_of_work() as session:  # it began a week later
        session.execute(update(ItemPrice).values(starts_on=MONDAY + WEEK))
        session.execute(update(CarePackageLineItem).values(starts_on=MONDAY + WEEK))
    calculate(SUNDAY)
    assert sums(statement(contract, MONDAY, SUNDAY)) == (0, 0, 100_00, -100_00)
    finalise(SUNDAY + WEEK)
    found = statement(contract, MONDAY + WEEK, SUNDAY + WEEK)
    assert sums(found) == (-100_00, 100_00, 0, 0)
    assert found.taken_pence == found.added_pence == 0


def test_what_is_taken_for_a_debt_is_shown_and_not_subtracted(contract):
    saved(entry(contract, -150_00, DebtEntryKind.MOVED, MONDAY + WEEK))
    finalise(SUNDAY + WEEK)
    found = statement(contract, MONDAY + WEEK, SUNDAY + WEEK)
    assert sums(found) == (0, 100_00, 0, -50_00)
    assert (found.moved_pence, found.taken_pence, found.added_pence) == (-150_00, 100_00, 0)


def entry(contract, pence, kind, on):
    return DebtEntry(provider_id=contract.provider_id, contract_id=contract.id, kind=kind, pence=pence, on=on)


@pytest.mark.parametrize("kind", [DebtEntryKind.REPAID, DebtEntryKind.WRITTEN_OFF])
def test_what_is_repaid_or_written_off_raises_the_balance(contract, kind):
    saved(entry(contract, -80_00, DebtEntryKind.MOVED, SUNDAY))
    saved(entry(contract, 30_00, kind, SUNDAY + DAY))
    found = statement(contract, SUNDAY + DAY, SUNDAY + DAY)
    assert (found.opening_pence, found.closing_pence) == (-80_00, -50_00)
    assert (found.repaid_pence, found.written_off_pence) == ((30_00, 0) if kind is DebtEntryKind.REPAID else (0, 30_00))


def test_a_day_belongs_to_one_statement_only(contract):
    finalise(SUNDAY + WEEK)
    first = statement(contract, MONDAY, SUNDAY, on=SUNDAY + WEEK)
    second = statement(contract, SUNDAY + DAY, SUNDAY + WEEK)
    whole = statement(contract, MONDAY, SUNDAY + WEEK)
    assert first.closing_pence == second.opening_pence
    assert first.lines + second.lines == whole.lines
    assert [(line.on, line.entry, line.pence) for line in whole.lines if line.entry is Entry.PAID] == [
        (SUNDAY, Entry.PAID, -100_00),
        (SUNDAY + WEEK, Entry.PAID, -100_00),
    ]


def test_days_to_come_are_left_out(contract):
    assert statement(contract, MONDAY, SUNDAY + 9 * WEEK, on=SUNDAY).last_on == SUNDAY


def test_what_is_calculated_twice_on_a_day_is_kept_once_and_what_stays_the_same_is_not_kept_again(contract):
    kept = [(row.on, row.pence) for row in every(select(EntitledSum).order_by(EntitledSum.on))]
    assert kept == [(MONDAY - WEEK, 0), (SUNDAY, 100_00)]
    calculate(SUNDAY)
    calculate(SUNDAY + DAY)
    assert [(row.on, row.pence) for row in every(select(EntitledSum).order_by(EntitledSum.on))][2:] == [
        (SUNDAY + DAY, 200_00)
    ]
    calculate(SUNDAY + 2 * DAY)
    assert len(every(EntitledSum)) == 3
    assert not any(row.is_opening for row in every(EntitledSum))


def test_of_days_before_the_portal_kept_it_nothing_is_said(contract):
    """As after an upgrade: payments are on record, and what they rested on is not."""
    with unit_of_work() as session:
        session.execute(delete(EntitledSum))
    calculate(SUNDAY + DAY)
    assert [row.is_opening for row in every(EntitledSum)] == [True]
    found = statement(contract, MONDAY, SUNDAY + 2 * DAY)
    assert (found.begins_on, found.first_on) == (SUNDAY + 2 * DAY, SUNDAY + 2 * DAY)
    assert sums(found) == (100_00, 0, 0, 100_00)
    finalise(SUNDAY + WEEK)
    assert sums(statement(contract, MONDAY, SUNDAY + WEEK)) == (100_00, 0, 100_00, 0)
