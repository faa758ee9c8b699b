"""Makers of weeks of actuals: a home-care contract, its people, and figures that are confirmed."""

from datetime import UTC, date, datetime, time
from typing import Any

from models.money import SCALE
from models.payments.delivered import price_exceptions
from models.payments.loading import load
from models.pricing import Unit
from models.records.actual import ActualException, ActualWeek, ConfirmedActual, ExceptionState
from models.records.actual_rule import ActualRule, RuleKind
from models.records.care_package import CarePackageLineItem
from models.records.contract import Contract, PaymentMethod, PayOnActuals, ServiceLevel
from tests.care_factories import make_contract, make_item, make_quantity, make_service_level
from tests.factories import make_staff
from tests.support.rows import every, saved, unit_of_work
from tests.support.runs import change

MONDAY = date(2026, 4, 20)
"""The first day of the week that tests are about; `AFTER` is the day after it is over."""
AFTER = date(2026, 4, 27)


def make_hourly(contract: Contract | None = None, hours_e4: int = 14 * SCALE, **given: Any) -> CarePackageLineItem:
    """A person with so many hours a week at £23.10, of a level that pays by the hour."""
    level = given.pop("level", None) or make_service_level(name="Home care", unit=Unit.HOUR)
    item = make_item(contract or make_contract(), 231_000, service_level_id=level.id, **given)
    make_quantity(item, hours_e4)
    return item


def pays_on(contract: Contract, how: PayOnActuals) -> None:
    for method in every(PaymentMethod):
        if method.contract_id == contract.id:
            change(method, pay_on_actuals=how)


def make_rule(level_id: int, kind: RuleKind, **given: Any) -> ActualRule:
    """A rule that refuses from the beginning, unless `refuses_from` or `warns_from` says otherwise."""
    if "warns_from" not in given:
        given.setdefault("refuses_from", date(2019, 1, 1))
    return saved(ActualRule(service_level_id=level_id, kind=kind, changed_by_id=make_staff().id, **given))


def level_of(item: CarePackageLineItem) -> ServiceLevel:
    return next(each for each in every(ServiceLevel) if each.id == item.service_level_id)


def confirmed_actual(
    item: CarePackageLineItem, first_on: date, actual_e4: int, *, exception: ExceptionState | None = None,
    **given: Any,
) -> ConfirmedActual:  # fmt: skip
    """A figure as it is kept once its week is confirmed, under the next number; with an exception where one is said."""
    by = make_staff()
    level = level_of(item)
    weeks = [
        each
        for each in every(ActualWeek)
        if (each.contract_id, each.service_id, each.first_on) == (item.contract_id, level.service_id, first_on)
    ]
    own = {"provider_id": item.provider_id, "first_on": first_on}
    week = weeks[0] if weeks else saved(
        ActualWeek(contract_id=item.contract_id, service_id=level.service_id, confirmations=1,
                   confirmed_at=_noon(first_on), confirmed_by_id=by.id, **own)
    )  # fmt: skip
    number = 1 + sum((each.item_id, each.first_on) == (item.id, first_on) for each in every(ConfirmedActual))
    values = {"planned_e4": actual_e4, "confirmed_by_id": by.id, "number": number} | given
    found = saved(ConfirmedActual(week_id=week.id, item_id=item.id, actual_e4=actual_e4, **own, **values))
    if exception is not None:
        decided = {} if exception.is_open else {"decided_at": _noon(first_on), "decided_by_id": by.id}
        saved(ActualException(provider_id=item.provider_id, confirmed_id=found.id, codes=["X200"], state=exception,
                              **decided))  # fmt: skip
        with unit_of_work():
            price_exceptions(load([item.provider_id]))
    return found


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)
