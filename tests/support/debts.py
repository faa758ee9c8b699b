"""Contracts that owe something, as a run leaves them, and what people do about it."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from commands.batchwise.payments import finalise_run
from models.accounts.user import User
from models.base import Base
from models.calendar import as_on
from models.payments import debts
from models.payments.adjustment import Adjustment, RecoveryPlan
from models.payments.debt import DebtEntry, WriteOff
from models.payments.hold import Hold, HoldKind
from models.payments.ledger import Ledger, ledger_of
from models.payments.owing import Forecast, forecast_of
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.payment_run import prepare
from models.payments.run import PaymentRun
from models.records.care_package import ItemPrice
from models.records.contract import Contract, PaymentMethod
from models.records.provider import Provider
from tests.care_factories import make_contract, make_item
from tests.factories import make_staff, make_user
from tests.support.rows import every, reading, saved, unit_of_work
from tests.support.runs import authorise, calculate, finalise

FIRST = date(2019, 9, 2)
"""The Monday on which contracts here begin: £100.00 a week, finalised on Sundays."""
DAY, WEEK = timedelta(days=1), timedelta(days=7)
AFTER = FIRST + WEEK
"""The day after the run that has added the debt."""


def owing(pence: int = 50_000, provider: Provider | None = None, *, is_over: bool = False, **given: Any) -> Contract:
    """A contract whose first payment has left so much owed; with `is_over` it ends with that payment."""
    last = FIRST + 6 * DAY
    contract = _to_owe(pence, provider, FIRST, **({"ends_on": last} if is_over else {}), **given)
    if is_over:
        with unit_of_work() as session:
            for method in session.scalars(select(PaymentMethod).where(PaymentMethod.contract_id == contract.id)):
                method.ends_on = last
    finalise(last)
    return contract


def _to_owe(pence: int, provider: Provider | None, first: date, **given: Any) -> Contract:
    """A contract that will owe so much once its first week, which begins that day, is finalised."""
    contract = make_contract(provider, calculate_from=first, **given)
    item = make_item(contract, rate_e4=1_000_000, starts_on=first)
    saved(
        Adjustment(
            provider_id=contract.provider_id, contract_id=contract.id, client_id=item.client_id, for_day=first,
            amount_pence=-10_000 - pence, reason="Paid twice", created_by_id=make_user().id,
        )
    )  # fmt: skip
    return contract


def owing_in_an_open_run(
    provider: Provider, first: date, *, times: int = 1, is_queried: bool = False
) -> dict[str, Any]:
    """So many contracts that owe for their first week, each with twice as many rows and with instalments; and a run of
    the three weeks after it, as on their last day, that waits to be authorised. With `is_queried` the provider queries
    a row of each payment. Answers what names the last contract, its second payment in the run, and the run in an
    address.
    """
    contracts = [_to_owe(50_000, provider, first) for _ in range(times)]
    finalise(first + 6 * DAY)
    for contract in contracts:
        saved(RecoveryPlan(provider_id=provider.id, contract_id=contract.id, per_payment_pence=1_000))
        for _ in range(2 * times - 1):
            make_item(contract, starts_on=first + WEEK)
    calculate(first + 4 * WEEK - DAY)
    mine = ScheduledPayment.contract_id.in_([contract.id for contract in contracts])
    payments = every(select(ScheduledPayment).where(mine, ScheduledPayment.is_due(first + 4 * WEEK - DAY)))
    asker = make_user(provider=provider)
    for payment in payments if is_queried else ():
        own = {"provider_id": provider.id, "payment_id": payment.id}
        row = every(select(PaymentLine).where(PaymentLine.payment_id == payment.id).order_by(PaymentLine.id))[0]
        query = {"kind": HoldKind.QUERY, "reason": "Is it right?", "placed_by_id": asker.id}
        saved(Hold(**own, **query, purchase_order_id=row.purchase_order_id))
    officer = make_staff()
    with as_on(first + 4 * WEEK - DAY), unit_of_work():
        run = prepare(by=officer)
        assert run is not None
    second = [payment for payment in payments if payment.contract_id == contracts[-1].id][1]
    names = {"reference": contracts[-1].reference, "first_on": second.first_on, "run_id": run.id}
    held = [hold.id for hold in every(Hold.ever_on(second))]
    return names | ({"hold_id": held[0]} if held else {})


def partly_paid_under_a_plan(provider: Provider, first: date, *, times: int = 1) -> tuple[dict[str, Any], ...]:
    """As `owing_in_an_open_run` with queries, the run finalised, and all prices raised from the first day on. What
    names a payment of which the queried row is not paid, and the next one, which catches up what earlier days cost now.
    """
    names = owing_in_an_open_run(provider, first, times=times, is_queried=True)
    today = first + 4 * WEEK
    officer = make_staff()
    with as_on(today - DAY):
        with unit_of_work() as session:
            [run] = session.scalars(select(PaymentRun).where(PaymentRun.id == names["run_id"]))
            authorise(run, by=officer)
        finalise_run(names["run_id"], by_id=officer.id)
    with unit_of_work() as session:
        for price in session.scalars(select(ItemPrice).where(ItemPrice.provider_id == provider.id)):
            price.rate_e4 += 10_000
    calculate(today)
    payment = {"reference": names["reference"], "hold_id": names["hold_id"], "run_id": names["run_id"]}
    return payment | {"first_on": names["first_on"]}, payment | {"first_on": today}


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
