"""What people have done in a demonstration just before its today: a query that the council has answered, a standing
hold, a payment whose bank day is moved, and a run that a manager is to authorise. Each by the verb that a page would
call.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import contains_eager, joinedload

from models.accounts.user import Membership, User
from models.bank_holiday import working_days_after
from models.base import DomainError, savepoint, session, transaction
from models.calendar import DAY, as_on, today
from models.payments import answers, authorising, day_moves, officer, standing_holds
from models.payments.calculation import last_finalised_on
from models.payments.day_move import DayMove
from models.payments.hold import Hold, is_held
from models.payments.payment import PaymentLine, ScheduledPayment
from models.permissions import GRANTS, Permission
from models.records.contract import Contract
from models.records.provider import Provider
from models.tenancy import every_provider

OFFICER = "payments-officer@demo.example"


def perform() -> None:
    for act in (_answer_a_query, _move_a_day, _suspend, _prepare_a_run):
        with transaction(), every_provider():
            act(session.scalars(select(User).where(User.email == OFFICER)).one())


def _answer_a_query(by: User) -> None:
    """Somebody has queried a row on the last day on which that could be done, and the council has answered."""
    may_confirm = [role for role, granted in GRANTS.items() if Permission.CONFIRM_PAYMENTS in granted]
    query = (
        select(User, Membership.provider_id)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.role.in_(may_confirm))
    )
    for user, provider_id in session.execute(query.order_by(User.id, Membership.provider_id)).all():
        for payment in _open_ones(provider_id):
            orders = sorted(each for each in PaymentLine.orders_in(payment) if each is not None)
            day = min(today(), payment.answer_by)
            is_asked = payment.contract.asks_for_confirmation and payment.first_on <= day
            if is_asked and not payment.is_begun and orders and day >= _last_run_of(provider_id):
                with as_on(day):
                    text = "She went home on the Friday, a day before the end of her stay"
                    answers.confirm(payment, by=user, total_pence=payment.total_pence, queries={orders[-1]: text})
                [held] = session.scalars(Hold.on(payment)).all()
                officer.answer(payment, held, by=by, text="We have asked her social worker, and write to you again")
                return


def _move_a_day(by: User) -> None:
    """The bank day of the first payment that can have an earlier one."""
    payment = ScheduledPayment
    query = select(payment).join(payment.contract).where(payment.closed_run_id.is_(None), ~payment.is_begun)
    soon = payment.finalise_on.between(today() + DAY, today() + timedelta(days=14))
    for found in session.scalars(_whole(query).where(soon).order_by(payment.finalise_on.desc(), payment.id.desc())):
        days = day_moves.days_of(found)
        earlier = working_days_after(days.finalise_on, 1)
        if earlier < days.bank_on:
            reason = "The bank is shut for a day that week, so that the money comes earlier"
            day_moves.move_days(found, by=by, reason=reason, **days._replace(bank_on=earlier)._asdict())
            return


def _prepare_a_run(by: User) -> None:
    """One payment is paid now, in a run whose exceptions the officer has ticked, and a manager has yet to. It is one of
    nobody whom one can log in as; where there is none that nothing keeps back, the one whose bank day is moved.
    """
    payment, known = ScheduledPayment, select(Membership.provider_id)
    is_free = payment.is_open, ~payment.is_begun, ~is_held(), payment.finalise_on > today(), payment.total_pence > 0
    is_strangers, is_moved = payment.provider_id.not_in(known), payment.id.in_(select(DayMove.payment_id))
    query = select(payment).join(payment.contract).where(*is_free, Contract.asks_for_confirmation.is_(False))
    query = query.where(sa.or_(is_strangers, is_moved))
    for found in session.scalars(_whole(query).order_by(is_moved, payment.first_on, payment.id)).all():
        with suppress(DomainError), savepoint():  # it is to be paid after another one
            _pay_now(found, by)
            return


def _pay_now(found: ScheduledPayment, by: User) -> None:
    day_moves.pay_now(found, by=by, reason="They have asked for it before the weekend, and nothing speaks against it")
    run = day_moves.prepare_one(found, by=by)
    because = "I have gone through it with the family’s social worker"
    authorising.tick(run, dict.fromkeys(authorising.kinds_of(run), because), by=by)


def _suspend(by: User) -> None:
    """The contract that was named last of all: nobody whom one can log in as is at its provider, if that can be."""
    known = select(Membership.provider_id)
    query = select(Contract).where(Contract.ends_on.is_(None)).order_by(Contract.provider_id.in_(known))
    contract = session.scalars(query.order_by(Contract.id.desc()).limit(1)).one()
    provider = session.scalars(Provider.numbered(contract.provider_id)).one()
    standing_holds.suspend(
        provider, by=by, contract_id=contract.id, reason="The bank details that came by e-mail are being checked",
        first_on=today() - timedelta(days=7), review_on=today() + timedelta(days=7),
    )  # fmt: skip


def _open_ones(provider_id: int) -> Sequence[ScheduledPayment]:
    payment = ScheduledPayment
    query = select(payment).join(payment.contract).where(payment.provider_id == provider_id, payment.is_open)
    return session.scalars(_whole(query).order_by(payment.first_on.desc(), payment.id)).all()


def _whole(query: Select[ScheduledPayment]) -> Select[ScheduledPayment]:
    return query.options(contains_eager(ScheduledPayment.contract), joinedload(ScheduledPayment.method))


def _last_run_of(provider_id: int) -> date:
    return last_finalised_on([provider_id], date.min) or date.min
