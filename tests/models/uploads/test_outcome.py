"""What is applied is what was shown: whatever changes between the check and the press, its rows are told by number."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.calendar import as_on
from models.care import weeks
from models.money import SCALE
from models.records.actual import Actual, ActualWeek
from models.records.actual_rule import RuleKind
from models.records.care_package import ItemPrice
from models.records.contract import Contract, PayOnActuals
from models.records.import_batch import ImportBatch, ImportState
from models.uploads import batch as uploads
from models.uploads import mending, queue
from models.uploads.actual_rows import CheckedRow
from models.uploads.outcome import NAMED, mark_of, outcome_of, rows_that_differ
from tests.actual_factories import AFTER, MONDAY, make_rule, pays_on
from tests.support.rows import every, unit_of_work
from tests.support.runs import change
from tests.support.uploads import Agency, csv_of, receive

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]


@pytest.fixture
def agency():
    with as_on(AFTER):
        made = Agency()
        pays_on(made.contract, PayOnActuals.ALWAYS)
        yield made


def upload(agency, *rows):
    with unit_of_work(agency.provider.id):
        return receive(agency, csv_of(*rows))


def press(agency, batch, **wish):
    """What is said of the press."""
    with unit_of_work(agency.provider.id) as own:
        found = own.scalars(select(ImportBatch).where(ImportBatch.id == batch.id)).one()
        return queue.apply_soon(found, agency.provider, queue.Wish(found.rows_good, **wish), by=agency.clerk)


def begin_week(agency, *, confirm=False):
    with unit_of_work() as own:
        contract = own.scalars(select(Contract).where(Contract.id == agency.contract.id)).one()
        weeks.generate(contract, agency.level.service_id, MONDAY, by=agency.clerk)
        if confirm:
            own.flush()
            weeks.confirm(own.scalars(select(ActualWeek)).one(), by=agency.clerk)


def price_each(agency, *rates):
    prices = {price.item_id: price for price in every(ItemPrice)}
    for item, rate in zip(agency.items, rates, strict=False):
        change(prices[item.id], rate_e4=rate)


CHANGES = {
    "an item ends": (lambda agency: change(agency.items[1], ends_on=MONDAY - timedelta(days=1)), "row 3"),
    "a price goes up": (lambda agency: price_each(agency, 231_000, 240_000), "row 3"),
    "two prices change, and the sum stays": (lambda agency: price_each(agency, 232_000, 229_923), "rows 2, 3"),
    "a rule warns": (lambda agency: make_rule(agency.level.id, RuleKind.VISITS, warns_from=MONDAY), "rows 2, 3"),
    "a rule refuses": (lambda agency: make_rule(agency.level.id, RuleKind.VISITS, refuses_from=MONDAY), "rows 2, 3"),
    "somebody begins the week": (begin_week, "rows 2, 3"),
    "somebody confirms the week": (lambda agency: begin_week(agency, confirm=True), "rows 2, 3"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_changes_between_the_check_and_the_press_stops_it_and_the_rows_are_named(agency, name):
    act, which = CHANGES[name]
    batch = upload(agency, agency.row(0), agency.short(1))
    assert (batch.rows_new, batch.pence) == (2, 323_40 + 300_30)
    act(agency)
    before = {row.item_id: row.actual_e4 for row in every(Actual)}
    assert press(agency, batch) == f"{queue.CHANGED}. Changed: {which}"
    assert {row.item_id: row.actual_e4 for row in every(Actual)} == before
    [found] = every(ImportBatch)
    assert found.state is ImportState.CHECKED
    if found.rows_good and not found.rows_rejected:
        press(agency, batch)
        rows = {row.item_id: row.actual_e4 for row in every(Actual)}
        assert rows[agency.items[1].id] == 13 * SCALE, "what was shown next is applied"


def test_the_sum_of_two_prices_that_change_against_each_other_is_the_same(agency):
    """Else the case above would prove nothing of the rows."""
    price_each(agency, 232_000, 229_923)
    assert upload(agency, agency.row(0), agency.short(1)).pence == 323_40 + 300_30


def test_what_changes_elsewhere_stops_nobody(agency):
    batch = upload(agency, agency.row(0), agency.short(1))
    price_each(agency, 231_000, 231_000, 240_000)
    assert press(agency, batch) == "2 rows applied, £623.70"


def test_a_press_on_a_page_from_before_somebody_s_mend_applies_nothing(agency):
    batch = upload(agency, agency.row(0), agency.short(1))
    shown = batch.checked_as
    with unit_of_work(agency.provider.id) as own:
        found = own.scalars(select(ImportBatch)).one()
        mending.mend(found, {(3, "Comment"): "The car broke down"}, by=agency.clerk)
        own.flush()
        uploads.check(found, agency.provider)
    assert press(agency, batch, checked_as=shown) == queue.CHANGED
    assert not every(Actual)
    [found] = every(ImportBatch)
    assert press(agency, batch, checked_as=found.checked_as) == "2 rows applied, £623.70"


def test_the_first_rows_are_named_and_that_there_are_others():
    rows = [CheckedRow(number, []) for number in range(2, 32)]
    was, now = outcome_of(rows), [0] * 30
    assert rows_that_differ(rows, was, now) == list(range(2, 2 + NAMED))
    assert rows_that_differ(rows, was, was) == []
    assert rows_that_differ(rows, was[1:], now) == [], "the file has other rows"
    assert rows_that_differ(rows, None, now) == []
    assert queue._changed(list(range(2, 2 + NAMED))).endswith("rows 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and others")
    assert mark_of(was, 1) != mark_of(was, 2) != mark_of(now, 2)
