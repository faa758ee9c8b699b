"""On which days a line item can have a visit: those that are paid, as the engine counts them."""

from contextlib import suppress
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models.base import DomainError
from models.calendar import FAR_FUTURE, as_on
from models.care.allotting import Wanted, allot, is_paid_on, paid_days
from models.care.from_visits import allot_by_hand, may_be_for
from models.money import SCALE
from models.pricing import Convention, Unit
from models.records.care_package import CarePackageLineItem
from models.records.contract import Contract, ServiceLevel
from models.records.visit import Carer, Visit, VisitOutcome
from tests.care_factories import make_client, make_item, make_quantity, make_service_level
from tests.support.rows import every, reading, saved, unit_of_work
from tests.support.runs import change
from tests.support.uploads import Agency

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
FIRST, LAST = date(2026, 4, 20), date(2026, 4, 23)
AFTER = date(2026, 5, 4)
DAYS = [FIRST + timedelta(days=n) for n in (-1, 0, 2, 3, 4)]
PAID = {
    Convention.INCLUSIVE: [False, True, True, True, False],
    Convention.EXCLUDE_LAST: [False, True, True, False, False],
    Convention.NIGHTS: [False, True, True, False, False],
}


@pytest.fixture
def agency():
    with as_on(AFTER):
        made = Agency(1)
        made.carer = saved(Carer(provider_id=made.provider.id, reference="W1"))
        yield made


def make_care(agency, convention, **given):
    level = make_service_level(unit=Unit.HOUR, convention=convention)
    defaults = {"client_id": make_client().id, "starts_on": FIRST, "ends_on": LAST}
    return make_item(agency.contract, service_level_id=level.id, **defaults | given)


def make_visit(agency, item, day):
    return saved(
        Visit(
            provider_id=agency.provider.id, reference=f"V{day}", client_id=item.client_id, carer_id=agency.carer.id,
            day=day, outcome=VisitOutcome.MISSED,
        )
    )  # fmt: skip


def ways(agency, item, day):
    """Whether the item can have a visit of that day: given by a file, offered to a person, taken from a person."""
    visit = make_visit(agency, item, day)
    with reading(agency.provider.id) as session:
        [found] = allot([Wanted(item.client_id, day, 60)])
        offered = [each.id for each, _ in session.execute(may_be_for(visit))]
    with unit_of_work(agency.provider.id) as session, suppress(DomainError):
        own = session.scalars(Visit.numbered(visit.id)).one()
        allot_by_hand(own, session.scalars(select(type(item)).where(type(item).id == item.id)).one(), by=agency.clerk)
    [taken] = every(Visit.numbered(visit.id))
    return found == item.id, offered == [item.id], taken.item_id == item.id


@pytest.mark.parametrize("convention", PAID)
def test_a_visit_belongs_to_a_line_item_on_the_days_that_are_paid_and_on_no_other(agency, convention):
    item = make_care(agency, convention)
    for day, is_paid in zip(DAYS, PAID[convention], strict=True):
        assert ways(agency, item, day) == (is_paid,) * 3, day


def test_no_day_after_the_last_of_the_contract_has_a_visit_and_that_one_still_does(agency):
    item = make_care(agency, Convention.EXCLUDE_LAST, ends_on=None)
    change(agency.contract, ends_on=LAST)
    assert [ways(agency, item, day)[0] for day in DAYS] == [False, True, True, True, False]
    assert [all(ways(agency, item, day + timedelta(days=14))) for day in DAYS] == [False] * 5


def test_care_without_an_end_is_paid_on(agency):
    item = make_care(agency, Convention.NIGHTS, ends_on=None)
    with reading(agency.provider.id):
        assert paid_days([item.id]) == {item.id: (FIRST, FAR_FUTURE)}
    assert ways(agency, item, AFTER) == (True, True, True)


def test_the_condition_says_of_every_line_item_and_day_what_the_engine_says(agency):
    for convention in Convention:
        for ends_on in (None, LAST):
            make_care(agency, convention, ends_on=ends_on)
    change(agency.contract, ends_on=LAST)
    ids = [each.id for each in every(CarePackageLineItem)]
    with reading(agency.provider.id) as session:
        paid = paid_days(ids)
        for day in DAYS:
            query = (
                select(CarePackageLineItem.id)
                .join(ServiceLevel)
                .join(Contract, Contract.id == CarePackageLineItem.contract_id)
            )
            found = set(session.scalars(query.where(is_paid_on(day))))
            assert found == {id_ for id_, (first, last) in paid.items() if first <= day <= last}, day


class TestOfSeveral:
    """One client with two line items that are paid on the day: the plan of the day decides."""

    def care(self, agency, *weeks, client, unit=Unit.HOUR, name="Home care"):
        """`weeks`: what each day of that time has, its first day and its last one."""
        level = make_service_level(unit=unit, convention=Convention.INCLUSIVE, name=name)
        item = make_item(agency.contract, client=client, service_level_id=level.id, starts_on=FIRST)
        for units, starts_on, ends_on in weeks:
            table = [units * SCALE] * 7
            make_quantity(item, sum(table), timetable_e4=table, starts_on=starts_on, ends_on=ends_on)
        return item.id

    def allotted(self, agency, client, minutes, day=FIRST, level=""):
        with reading(agency.provider.id):
            return allot([Wanted(client.id, day, minutes, level)])[0]

    def test_the_nearest_plan_of_the_day_has_it_and_where_two_are_as_near_none(self, agency):
        client = make_client()
        one, two = (self.care(agency, (hours, FIRST, None), client=client) for hours in (1, 2))
        found = [self.allotted(agency, client, minutes) for minutes in (89, 90, 91)]
        assert found == [one, None, two]

    def test_care_that_is_not_planned_on_the_day_stands_behind(self, agency):
        client = make_client()
        none = self.care(agency, (0, FIRST, None), client=client)
        assert self.allotted(agency, client, 10) == none  # there is no other
        planned = self.care(agency, (5, FIRST, None), client=client)
        assert self.allotted(agency, client, 10) == planned

    def test_each_plan_counts_from_its_first_day_until_its_last(self, agency):
        client = make_client()
        changing = self.care(agency, (1, FIRST, LAST), (4, LAST + timedelta(days=1), None), client=client)
        steady = self.care(agency, (2, FIRST, None), client=client)
        for day in (FIRST, LAST):
            found = [self.allotted(agency, client, minutes, day) for minutes in (85, 240)]
            assert found == [changing, steady], day
        for day in (LAST + timedelta(days=1), AFTER):
            found = [self.allotted(agency, client, minutes, day) for minutes in (85, 240)]
            assert found == [steady, changing], day

    def test_sessions_have_no_minutes(self, agency):
        client = make_client()
        self.care(agency, (1, FIRST, None), client=client, unit=Unit.SESSION)
        hours = self.care(agency, (3, FIRST, None), client=client)
        assert self.allotted(agency, client, 100) == hours

    def test_the_level_that_a_file_names_decides_before_the_plan(self, agency):
        client = make_client()
        near = self.care(agency, (1, FIRST, None), client=client, name="Home care")
        named = self.care(agency, (5, FIRST, None), client=client, name="Night sitting")
        assert self.allotted(agency, client, 60) == near
        assert self.allotted(agency, client, 60, level="night SITTING") == named
        assert self.allotted(agency, client, 60, level="Day support") is None
