"""Confirmed actuals in tests, as confirming a week writes them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, select, update

from models.accounts.user import User
from models.base import utc_now
from models.pricing import Convention, PayOnActuals, Unit
from models.records.actual import ActualException, ActualWeek, ConfirmedActual, ExceptionState
from models.records.care_package import CarePackageLineItem
from models.records.contract import Calendar, Contract, PaymentMethod, ServiceLevel
from models.records.provider import Provider
from tests import care_factories as care
from tests.factories import make_staff
from tests.support.rows import reading, saved, unit_of_work

HOURLY = 231_000
"""£23.10 an hour."""


def make_contract(
    provider: Provider | None = None, how: PayOnActuals = PayOnActuals.ALWAYS, calendar: Calendar | None = None,
    **given: Any,
) -> Contract:  # fmt: skip
    """A contract that is paid on actuals."""
    contract = care.make_contract(provider, calendar, **given)
    with unit_of_work() as session:
        of_ours = PaymentMethod.contract_id == contract.id
        session.execute(update(PaymentMethod).where(of_ours).values(pay_on_actuals=how))
    return contract


def make_item(contract: Contract, hours_e4: int = 140_000, rate_e4: int = HOURLY, **given: Any) -> CarePackageLineItem:
    """Home care by the hour, 14 a week at £23.10 unless it says otherwise."""
    of_level = {name: given.pop(name) for name in ("is_extra_allowed", "is_frustrated_paid") if name in given}
    if "service_level_id" not in given:
        level = care.make_service_level(unit=Unit.HOUR, convention=Convention.INCLUSIVE, **of_level)
        given["service_level_id"] = level.id
    item = care.make_item(contract, rate_e4, **given)
    care.make_quantity(item, hours_e4)
    return item


def confirmed_actual(
    item: CarePackageLineItem, first_on: date, actual_e4: int, *, by_day_e4: Sequence[int] | None = None,
    exception: ExceptionState | None = None, by: User | None = None, **given: Any,
) -> ConfirmedActual:  # fmt: skip
    """What was confirmed of one item and week, under the next number; with an exception in that state."""
    by = by or make_staff()
    with reading() as session:
        number = session.scalar(
            select(func.coalesce(func.max(ConfirmedActual.number), 0)).where(
                ConfirmedActual.item_id == item.id, ConfirmedActual.first_on == first_on
            )
        )
    own = {"provider_id": item.provider_id, "item_id": item.id, "first_on": first_on}
    figures = {"planned_e4": 140_000, "actual_e4": actual_e4, "by_day_e4": list(by_day_e4) if by_day_e4 else None}
    row = saved(
        ConfirmedActual(
            week_id=_week(item, first_on, by.id).id, number=number + 1, confirmed_by_id=by.id, **own, **figures, **given
        )
    )
    if exception is not None:
        make_exception(row, exception)
    return row


def make_exception(row: ConfirmedActual, state: ExceptionState = ExceptionState.OPEN) -> ActualException:
    decided = {} if state is ExceptionState.OPEN else {"decided_at": utc_now(), "decided_by_id": row.confirmed_by_id}
    return saved(
        ActualException(provider_id=row.provider_id, confirmed_id=row.id, codes=["X200"], state=state, **decided)
    )


def decide(exception: ActualException, state: ExceptionState, by: User | None = None) -> None:
    decided = {"state": state, "decided_at": utc_now(), "decided_by_id": (by or make_staff()).id}
    with unit_of_work() as session:
        session.execute(update(ActualException).where(ActualException.id == exception.id).values(**decided))


def _week(item: CarePackageLineItem, first_on: date, by_id: int) -> ActualWeek:
    with reading() as session:
        service_id = session.scalar(select(ServiceLevel.service_id).where(ServiceLevel.id == item.service_level_id))
        found = session.scalars(
            select(ActualWeek).where(
                ActualWeek.contract_id == item.contract_id, ActualWeek.service_id == service_id,
                ActualWeek.first_on == first_on,
            )
        ).one_or_none()  # fmt: skip
    return found or saved(
        ActualWeek(
            provider_id=item.provider_id, contract_id=item.contract_id, service_id=service_id, first_on=first_on,
            confirmed_at=utc_now(), confirmed_by_id=by_id, confirmations=1,
        )
    )  # fmt: skip
