"""What is kept of a service agreement, and which version is in force."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models.agreed_terms import AgreedPrice, AgreedTerms
from models.base import DomainError
from models.calendar import as_on
from models.pricing import Convention, Unit
from models.records.agreement import Agreement, AgreementSource, record_agreement, terms_of
from models.records.care_package import CarePackageLineItem
from models.records.contract import ContractRate
from tests import care_factories as care
from tests.factories import make_staff
from tests.support.rows import every, reading, saved, unit_of_work

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

DAY = date(2026, 6, 1)


def known_terms(item):
    with reading() as session:
        return terms_of(session.scalars(select(CarePackageLineItem).where(CarePackageLineItem.id == item.id)).one())


def recorded(item, terms=None, *, agreed_on=DAY, today=DAY, **given):
    with as_on(today), unit_of_work() as session:
        own = session.scalars(select(CarePackageLineItem).where(CarePackageLineItem.id == item.id)).one()
        return record_agreement(
            own, terms or terms_of(own), agreed_on=agreed_on, by_name="Ann Hill", source=AgreementSource.PAPER, **given
        )


def full_item():
    item = care.make_item(care.make_contract(), 8_725_000, starts_on=DAY, ends_on=date(2027, 3, 31))
    care.make_quantity(item, 140_000, starts_on=DAY, timetable_e4=[20_000] * 7)
    care.make_deduction(item, 1_723_000)
    care.make_allowance(item, date(2026, 12, 25), 18_602)
    return item


def test_the_terms_are_kept_as_they_were_on_that_day():
    item = full_item()
    terms = known_terms(item)
    recorded(item)
    [stored] = every(Agreement)
    assert stored.terms == terms
    assert (stored.version, stored.agreed_on, stored.by_name, stored.source) == (1, DAY, "Ann Hill", "paper")
    assert terms.prices == (AgreedPrice(DAY, None, 8_725_000),)
    assert (terms.starts_on, terms.ends_on, terms.unit) == (DAY, date(2027, 3, 31), Unit.WEEK)
    assert terms.quantities[0].timetable_e4 == (20_000,) * 7
    assert [each.weekly_rate_e4 for each in terms.deductions] == [1_723_000]
    assert [(each.due_on, each.amount_pence) for each in terms.allowances] == [(date(2026, 12, 25), 18_602)]


def test_an_item_without_a_price_has_agreed_to_its_contracts_rates():
    contract, level = care.make_contract(), care.make_service_level(unit=Unit.NIGHT)
    item = care.make_item(contract, None, service_level_id=level.id)
    saved(ContractRate(provider_id=contract.provider_id, contract_id=contract.id, service_level_id=level.id,
                       starts_on=DAY, rate_e4=100_000))  # fmt: skip
    assert known_terms(item).prices == (AgreedPrice(DAY, None, 100_000),)
    assert known_terms(item).week_pence_on(DAY) == 7_000
    assert known_terms(item).week_pence_on(DAY - timedelta(days=1)) == 0


@pytest.mark.parametrize(("unit", "pence"), [(Unit.WEEK, 87_250), (Unit.HOUR, 87_250), (Unit.MONTH, 20_079)])
def test_what_a_week_comes_to(unit, pence):
    prices = (AgreedPrice(DAY, date(2026, 6, 30), 8_725_000),)
    terms = AgreedTerms("Care", DAY, date(2026, 7, 31), unit, Convention.INCLUSIVE, prices)
    assert terms.week_pence_on(DAY) == terms.week_pence_on(date(2026, 6, 30)) == pence
    assert terms.week_pence_on(DAY - timedelta(days=1)) == terms.week_pence_on(date(2026, 7, 1)) == 0


def test_the_latest_version_is_in_force():
    item, other = full_item(), full_item()
    for version in (None, None, 5):
        recorded(item, version=version)
    recorded(other)
    assert [each.version for each in every(Agreement.of_item(item.id))] == [5, 2, 1]
    in_force = every(select(Agreement).where(Agreement.in_force()).order_by(Agreement.item_id))
    assert [(each.item_id, each.version) for each in in_force] == [(item.id, 5), (other.id, 1)]


@pytest.mark.parametrize("version", [1, 2])
def test_a_version_on_record_is_not_agreed_again_nor_an_earlier_one(version):
    item = full_item()
    recorded(item, version=2)
    with pytest.raises(DomainError, match="Version 2 of this care package’s agreement is on record"):
        recorded(item, version=version)
    assert len(every(Agreement)) == 1


def test_nothing_is_agreed_on_a_day_to_come():
    item = full_item()
    with pytest.raises(DomainError, match="2 June 2026 is still to come"):
        recorded(item, agreed_on=DAY + timedelta(days=1))
    recorded(item, agreed_on=DAY, by=make_staff())
    assert len(every(Agreement)) == 1
