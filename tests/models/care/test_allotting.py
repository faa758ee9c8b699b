"""On which days a line item can have a visit: those that are paid, as the engine counts them."""

from contextlib import suppress
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models.base import DomainError
from models.calendar import FAR_FUTURE, as_on
from models.care.allotting import Wanted, allot, is_paid_on, paid_days
from models.care.from_visits import allot_by_hand, may_be_for
from models.pricing import Convention, Unit
from models.records.care_package import CarePackageLineItem
from models.records.contract import Contract, ServiceLevel
from models.records.visit import Carer, Visit, VisitOutcome
from tests.care_factories import make_client, make_item, make_service_level
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
