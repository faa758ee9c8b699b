"""What visits make of a week of actuals, and which line item a person says they belong to."""

from datetime import date, time, timedelta

import pytest
from sqlalchemy import select

from models.base import DomainError
from models.calendar import as_on
from models.care.from_visits import allot_by_hand, take_visits, visits_of
from models.care.weeks import confirm, correct
from models.money import SCALE
from models.pricing import Unit
from models.records.actual import Actual, ActualWeek, Origin
from models.records.care_package import CarePackageLineItem
from models.records.contract import Contract
from models.records.visit import Carer, Visit, VisitOutcome
from models.uploads.visits import instant
from tests.actual_factories import AFTER, MONDAY
from tests.care_factories import make_item, make_service_level
from tests.support import runs
from tests.support.rows import every, saved, unit_of_work
from tests.support.uploads import Agency

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
AT = time(8)
DELIVERED, FRUSTRATED, MISSED = VisitOutcome.DELIVERED, VisitOutcome.FRUSTRATED, VisitOutcome.MISSED


@pytest.fixture
def agency():
    with as_on(AFTER):
        made = Agency(2)
        made.carer = saved(Carer(provider_id=made.provider.id, reference="W1"))
        made.count = 0
        yield made


def visit(agency, day, minutes, outcome=DELIVERED, person=0, *, item=True, **given):
    agency.count += 1
    on = MONDAY + timedelta(days=day)
    start = instant(on, given.pop("at", AT))
    end = start + timedelta(minutes=minutes)
    times = {"started_at": start, "ended_at": end, "minutes": minutes} if outcome is DELIVERED else {}
    owner = agency.items[person]
    return saved(Visit(
        provider_id=agency.provider.id, reference=f"V{agency.count}", client_id=owner.client_id,
        carer_id=agency.carer.id, item_id=owner.id if item else None, day=on,
        planned_start=start, planned_end=end, outcome=outcome,
        **times | given,
    ))  # fmt: skip


def take(agency):
    with unit_of_work(agency.provider.id) as own:
        contract = own.scalars(select(Contract).where(Contract.id == agency.contract.id)).one()
        return take_visits(contract, agency.level.service_id, MONDAY, by=agency.clerk)


def row_of(agency, person=0):
    return next(each for each in every(Actual) if each.item_id == agency.items[person].id)


def test_delivered_visits_make_the_days_and_the_sum(agency):
    for day in range(7):
        visit(agency, day, 120)
    assert take(agency) == 1
    row = row_of(agency)
    assert (row.actual_e4, row.by_day_e4, row.visits, row.origin) == (14 * SCALE, [2 * SCALE] * 7, 7, Origin.VISITS)
    assert (row.comment, row_of(agency, 1).origin) == ("", Origin.FORM)


@pytest.mark.parametrize(
    ("minutes", "hours_e4"), [(7, 0), (8, 2_500), (22, 2_500), (23, 5_000), (52, 7_500), (53, 10_000)]
)
def test_a_day_is_rounded_to_quarters_of_an_hour(agency, minutes, hours_e4):
    visit(agency, 0, minutes)
    take(agency)
    assert row_of(agency).actual_e4 == hours_e4


def test_minutes_of_one_day_are_added_before_they_are_rounded(agency):
    for hour in (8, 12, 18):
        visit(agency, 0, 5, at=AT.replace(hour=hour))
    take(agency)
    assert row_of(agency).actual_e4 == SCALE // 4


def test_two_workers_at_once_count_twice(agency):
    visit(agency, 0, 60, carers=2)
    take(agency)
    assert row_of(agency).actual_e4 == 2 * SCALE


def test_what_was_not_delivered_counts_as_it_was_planned(agency):
    for day in range(5):
        visit(agency, day, 120)
    visit(agency, 5, 120, FRUSTRATED, reason="HOSP")
    visit(agency, 6, 120, MISSED, reason="STAFF")
    take(agency)
    row = row_of(agency)
    assert (row.actual_e4, row.frustrated_e4, row.missed_e4, row.extra_e4) == (10 * SCALE, 2 * SCALE, 2 * SCALE, 0)
    assert (row.reason.value, row.comment, row.visits) == ("HOSP", "From 5 of 7 visits", 5)


def test_more_than_planned_is_extra(agency):
    visit(agency, 0, 15 * 60)
    take(agency)
    assert row_of(agency).extra_e4 == SCALE


def test_by_the_session_each_visit_is_one_and_by_the_day_each_day(agency):
    for unit, count in ((Unit.SESSION, 2), (Unit.DAY, 1)):
        level = make_service_level(unit=unit, service_id=agency.level.service_id)
        item = make_item(agency.contract, 100_000, service_level_id=level.id)
        agency.items.append(item)
        for hour in (8, 14):
            visit(agency, 0, 60, person=len(agency.items) - 1, at=AT.replace(hour=hour))
        take(agency)
        assert row_of(agency, len(agency.items) - 1).actual_e4 == count * SCALE


def test_visits_of_the_days_beside_the_week_are_none_of_its(agency):
    visit(agency, -1, 60)
    visit(agency, 7, 60)
    with pytest.raises(DomainError, match="No visits of this week"):
        take(agency)
    visit(agency, 0, 60)
    visit(agency, 6, 60)
    take(agency)
    assert row_of(agency).actual_e4 == 2 * SCALE


def test_a_confirmed_week_is_not_taken_again(agency):
    for day in range(7):
        visit(agency, day, 120)
    take(agency)
    with unit_of_work(agency.provider.id) as own:
        confirm(own.scalars(select(ActualWeek)).one(), by=agency.clerk)
    with pytest.raises(DomainError, match="has just been confirmed"):
        take(agency)


def test_a_visit_is_allotted_by_hand_to_a_line_item_of_its_client_that_is_active(agency):
    made = visit(agency, 0, 60, item=False)
    ended = make_item(agency.contract, client_id=agency.items[0].client_id, service_level_id=agency.level.id,
                      ends_on=date(2026, 4, 19))  # fmt: skip

    def allot(item):
        with unit_of_work(agency.provider.id) as own:
            row = own.scalars(Visit.numbered(made.id)).one()
            chosen = own.scalars(select(CarePackageLineItem).where(CarePackageLineItem.id == item.id)).one()
            allot_by_hand(row, chosen, by=agency.clerk)

    with pytest.raises(DomainError, match="another client"):
        allot(agency.items[1])
    with pytest.raises(DomainError, match="is not paid for 20 April 2026"):
        allot(ended)
    with unit_of_work(agency.provider.id) as own:
        assert len(own.execute(visits_of(unallocated=True)).all()) == 1
    allot(agency.items[0])
    with unit_of_work(agency.provider.id) as own:
        assert own.execute(visits_of(unallocated=True)).all() == []


def sibling(agency):
    """Another line item of the first client, of the same service."""
    level = make_service_level(unit=Unit.HOUR, service_id=agency.level.service_id)
    item = make_item(agency.contract, 231_000, client_id=agency.items[0].client_id, service_level_id=level.id)
    agency.items.append(item)
    return item


def allot(agency, made, item):
    with unit_of_work(agency.provider.id) as own:
        row = own.scalars(Visit.numbered(made.id)).one()
        chosen = own.scalars(select(CarePackageLineItem).where(CarePackageLineItem.id == item.id)).one()
        allot_by_hand(row, chosen, by=agency.clerk)


def test_a_visit_that_counts_in_a_confirmed_week_is_not_counted_for_another_line_item(agency):
    """It would be paid twice: in the week that is confirmed, and in that of the other line item."""
    other = sibling(agency)
    made = [visit(agency, day, 120) for day in range(7)]
    take(agency)
    allot(agency, made[0], other)
    allot(agency, made[0], agency.items[0])
    with unit_of_work(agency.provider.id) as own:
        confirm(own.scalars(select(ActualWeek)).one(), by=agency.clerk)
    allot(agency, made[0], agency.items[0])
    with pytest.raises(DomainError, match="counts in the confirmed week of 20 to 26 April 2026"):
        allot(agency, made[0], other)
    with unit_of_work(agency.provider.id) as own:
        correct(own.scalars(select(ActualWeek)).one(), by=agency.clerk)
    for each in made:
        allot(agency, each, other)
    take(agency)
    assert (row_of(agency).actual_e4, row_of(agency, 2).actual_e4) == (0, 14 * SCALE)
    assert row_of(agency).comment == "From 0 of 0 visits"


def test_what_somebody_typed_beside_a_row_outlives_its_visits(agency):
    """What was counted of visits before does not."""
    for day in range(6):
        visit(agency, day, 120)
    visit(agency, 6, 120, MISSED)
    take(agency)
    assert row_of(agency).comment == "From 6 of 7 visits"
    row = row_of(agency)
    runs.change(row, provider_reference="R-77", reason="STAFF")
    visit(agency, 6, 60)
    take(agency)
    row = row_of(agency)
    assert (row.comment, row.provider_reference, row.reason.value) == ("From 7 of 8 visits", "R-77", "STAFF")
    runs.change(row, comment="One visit was short")
    take(agency)
    assert row_of(agency).comment == "One visit was short"
