"""Running payments in tests, as the commands do."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from commands.batchwise.payments import calculate_all, finalise_due
from models.accounts.user import User
from models.base import Base, session, utc_now
from models.calendar import as_on
from models.payments import authorising
from models.payments.adjustment import Adjustment
from models.payments.debt import Debt, debts_of
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.payments.run import PaymentRun, RunPayment
from models.records.contract import Contract
from models.reports.breakdown import with_working
from models.reports.explanation import Row
from models.tenancy import EVERY_PROVIDER
from tests.factories import make_user
from tests.support.rows import reading, unit_of_work


def calculate(day: date) -> None:
    with as_on(day):
        calculate_all()


def finalise(day: date) -> None:
    """Calculate, then finalise what is due on that day: what was adjusted by hand, a second person has seen."""
    calculate(day)
    see_adjustments()
    with as_on(day):
        finalise_due(is_calculated=True)


def see_adjustments() -> None:
    """A second person sees every adjustment, so that the command line pays it."""
    unseen = select(Adjustment.id).where(Adjustment.seen_at.is_(None))
    with reading() as session:
        ids = list(session.scalars(unseen))
    if ids:
        seen = {"seen_at": utc_now(), "seen_by_id": make_user().id}
        with unit_of_work() as session:
            session.execute(update(Adjustment).where(Adjustment.id.in_(ids)).values(**seen))


def finalise_weeks(first: date, last: date) -> None:
    """Finalise on the last day of every week from the one that begins on `first` to the one that ends on `last`."""
    day = first + timedelta(days=6)
    while day <= last:
        finalise(day)
        day += timedelta(days=7)


def authorise(run: PaymentRun, *, by: User) -> bool:
    """Tick every exception, for who prepared the run and for who authorises it, and authorise it: in a transaction."""
    preparer = session.scalars(select(User).where(User.id == run.prepared_by_id)).one_or_none()
    kinds = authorising.kinds_of(run)
    for person in (preparer, by):
        if person and kinds:
            authorising.tick(run, dict.fromkeys(kinds, "Looked at"), by=person)
    session.flush()
    return authorising.authorise(run, by=by)


def change(row: Base, **values: Any) -> None:
    """A change of facts, as a feed makes one."""
    with unit_of_work() as session:
        session.execute(update(type(row)).where(type(row).id == row.id).values(**values))


def answered(how: str, pence: int) -> dict[str, Any]:
    """What a payment says that somebody has confirmed or rejected: `change(found, **answered("rejected", 35_308))`."""
    return {
        "confirmation": how,
        "answered_pence": pence,
        "answered_at": utc_now(),
        "answered_by_id": make_user().id,
    }


def payment(contract: Contract, first_on: date) -> ScheduledPayment | None:
    with reading() as session:
        return session.scalars(ScheduledPayment.of(contract.reference, first_on)).one_or_none()


def banked(contract: Contract) -> list[int]:
    """What runs have paid to the bank for this contract, payments in order of first day."""
    with reading() as session:
        part, payment = RunPayment, ScheduledPayment
        query = (
            select(part.paid_pence)
            .join(payment, payment.id == part.payment_id)
            .where(payment.contract_id == contract.id, part.is_finalised)
            .order_by(payment.first_on, part.id)
        )
        return [pence or 0 for pence in session.scalars(query)]


def owed(contract: Contract) -> int:
    with reading():
        return debts_of([contract.id]).get(contract.id, Debt()).left_pence


def rows(contract: Contract, first_on: date) -> list[Row]:
    """The rows that the page of that payment shows."""
    with reading() as session:
        return with_working(session.scalars(ScheduledPayment.of(contract.reference, first_on)).one())


def lines(contract: Contract) -> list[PaymentLine]:
    with reading() as session:
        query = select(PaymentLine).where(PaymentLine.contract_id == contract.id).order_by(PaymentLine.id)
        return list(session.scalars(query))


def orders(contract: Contract, year: int = 2019) -> list[PurchaseOrder]:
    with reading(EVERY_PROVIDER) as session:
        query = PurchaseOrder.issued(year=year).where(PurchaseOrder.provider_id == contract.provider_id)
        return list(
            session.scalars(
                query.options(joinedload(PurchaseOrder.revisions), joinedload(PurchaseOrder.drafts))
            ).unique()
        )
