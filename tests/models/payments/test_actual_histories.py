"""Whatever is confirmed, corrected, decided and finalised, and when: every pound is somewhere (test_histories.py), and
what is paid for a week is what its rule makes of the latest confirmed figures that count.
"""

import os
from collections import defaultdict
from collections.abc import Iterator
from datetime import date

import pytest

from models.bank_holiday import working_days
from models.calendar import Span, as_on
from models.engine.actuals import week_cells
from models.engine.facts import Delivered, ItemFacts, Method
from models.engine.periods import lay_out
from models.engine.weeks import Week
from models.payments.awaited import AwaitedSum
from models.payments.book import Book
from models.payments.loading import load
from models.payments.payment import PaymentLine
from models.pricing import PayOnActuals
from models.records.actual import ActualException, ConfirmedActual, ExceptionState
from models.records.care_package import CarePackageLineItem
from models.records.contract import ServiceLevel
from tests.models.payments.test_histories import STEPS, play
from tests.support.actual_histories import ActualsOffice
from tests.support.rows import every, reading

SEEDS = range(4_000_000, 4_000_200) if os.environ.get("CAMPAIGN") else [4_000_001, 4_000_002]


def figures() -> dict[tuple[int, date], Delivered]:
    """By item and week: the highest number without an exception that stands in its way, by a walk over all rows."""
    said = {row.confirmed_id: row.state for row in every(ActualException)}
    levels = {level.id: level for level in every(ServiceLevel)}
    level_of = {item.id: levels[item.service_level_id] for item in every(CarePackageLineItem)}
    found = {}
    for row in sorted(every(ConfirmedActual), key=lambda each: each.number):
        if said.get(row.id, ExceptionState.APPROVED) is ExceptionState.APPROVED:
            paid = row.actual_e4 + (row.frustrated_e4 if level_of[row.item_id].is_frustrated_paid else 0)
            by_day = tuple(row.by_day_e4) if row.by_day_e4 else None
            found[row.item_id, row.first_on] = Delivered(paid, by_day)
    return found


def paid_and_to_come() -> dict[tuple[int, date], int]:
    """By item and first day of a cell, all lines that are priced by days; pence with VAT."""
    found: dict[tuple[int, date], int] = defaultdict(int)
    for line in every(PaymentLine):
        if line.item_id is not None and line.allowance_id is None:
            found[line.item_id, line.first_on] += line.total_pence
    return found


def due(item: ItemFacts, week: Span, how: PayOnActuals, basis, known) -> dict[date, int]:
    """By first day of a cell, pence with VAT."""
    sums: dict[date, int] = defaultdict(int)
    for cell in week_cells(item.terms(basis), week, how, known.get((item.id, week.first)), item.actuals_rule):
        sums[cell.first] += cell.net_pence + cell.vat_pence
    return sums


def weeks_that_are_due(office: ActualsOffice) -> Iterator[tuple[ItemFacts, Week, Method]]:
    """Of items that are not blocked, every week in a period that is due."""
    with reading(), as_on(office.day):
        contracts = load([office.provider.id])
        book = Book([office.provider.id], contracts)
        for id_, facts in contracts.items():
            periods = lay_out(facts, book.states[id_], office.day, working_days())
            until = max((each.span.last for each in periods if each.is_due(office.day)), default=date.min)
            for period in periods:
                if period.pays_weeks and not period.is_after_end and period.span.first <= until:
                    for week in period.weeks:
                        yield from (
                            (each, week, period.method) for each in facts.items if not each.is_blocked(office.day)
                        )


class Checked(ActualsOffice):
    """Looks at the weeks now and then, once all is calculated."""

    compared = 0
    """Sums of weeks that were compared."""
    waited = 0
    """Weeks that waited when they were looked at."""

    def step(self) -> str:
        if sum(self.happened.values()) % 4 == 3:
            self.check_weeks()
        return super().step()

    def check_weeks(self) -> None:
        known, lines = figures(), paid_and_to_come()
        for item, week, method in weeks_that_are_due(self):
            sums = due(item, week.span, method.pay_on_actuals, method.basis, known)
            told = {first for item_id, first in lines if item_id == item.id and first in week.span}
            for first in told | sums.keys():
                assert lines.get((item.id, first), 0) == sums.get(first, 0), (item.id, week.span)
                self.compared += sums.get(first, 0) != 0
        self.waited += len(every(AwaitedSum))


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_paid_for_a_week_is_its_rule_applied_to_its_latest_confirmed_actual(database, seed):
    office = play(seed, STEPS, Checked)
    office.check_weeks()
    assert every(ConfirmedActual)
    assert os.environ.get("CAMPAIGN") or office.compared > 20


@pytest.mark.postgres
@pytest.mark.parametrize("seed", [4_000_003])
def test_every_pound_of_actuals_is_somewhere_on_both_databases(database, seed):
    office = play(seed, STEPS // 2, Checked)
    assert office.compared
    assert office.waited
