"""Contracts that owe something, as a run leaves them, and what people do about it."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from models.accounts.user import User
from models.base import Base
from models.calendar import as_on
from models.payments import debts
from models.payments.adjustment import Adjustment
from models.payments.debt import DebtEntry, WriteOff
from models.payments.ledger import Ledger, ledger_of
from models.payments.owing import Forecast, forecast_of
from models.records.contract import Contract, PaymentMethod
from models.records.provider import Provider
from tests.care_factories import make_contract, make_item
from tests.factories import make_user
from tests.support.rows import every, reading, saved, unit_of_work
from tests.support.runs import finalise

FIRST = date(2019, 9, 2)
"""The Monday on which contracts here begin: £100.00 a week, finalised on Sundays."""
DAY, WEEK = timedelta(days=1), timedelta(days=7)
AFTER = FIRST + WEEK
"""The day after the run that has added the debt."""


def owing(pence: int = 50_000, provider: Provider | None = None, *, is_over: bool = False, **given: Any) -> Contract:
    """A contract whose first payment has left so much owed; with `is_over` it ends with that payment."""
    last = FIRST + 6 * DAY
    contract = make_contract(provider, calculate_from=FIRST, **({"ends_on": last} if is_over else {}), **given)
    if is_over:
        with unit_of_work() as session:
            for method in session.scalars(select(PaymentMethod).where(PaymentMethod.contract_id == contract.id)):
                method.ends_on = last
    item = make_item(contract, rate_e4=1_000_000, starts_on=FIRST)
    saved(
        Adjustment(
            provider_id=contract.provider_id, contract_id=contract.id, client_id=item.client_id, for_day=FIRST,
            amount_pence=-10_000 - pence, reason="Paid twice", created_by_id=make_user().id,
        )
    )  # fmt: skip
    finalise(last)
    return contract


def again(session: Any, row: Base) -> Any:
    """The row in another session."""
    return session.scalars(select(type(row)).where(type(row).id == row.id)).one()


def act(verb: Any, *rows: Base, on: date = AFTER, **given: Any) -> None:
    """One press of a button: `act(debts.repay, contract, pence=100_00, ...)`."""
    with as_on(on), unit_of_work() as session:
        verb(*(again(session, row) for row in rows), **given)


def repay(contract: Contract, pence: int, by: User, **given: Any) -> None:
    """Money that has come today, recorded on a form that was opened just now."""
    given = {"reason": "By bank", "seen_id": newest(contract), "came_on": AFTER} | given
    act(debts.repay, contract, pence=pence, by=by, **given)


def newest(contract: Contract) -> int:
    with reading():
        return debts.newest_entry(contract.id)


def ledger(contract: Contract) -> Ledger:
    with reading():
        return ledger_of(contract.id)


def forecast(contract: Contract, on: date = AFTER) -> Forecast:
    with as_on(on), reading():
        return forecast_of(contract.id, debts.owed_on(contract.id))


def entries() -> list[DebtEntry]:
    return every(DebtEntry)


def write_offs() -> list[WriteOff]:
    return every(WriteOff)
