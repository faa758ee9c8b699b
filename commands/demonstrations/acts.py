"""What people have done in a demonstration just before its today: a query that the council has answered, a standing
hold, a payment whose bank day is moved, a run that a manager is to authorise, claims, and a new colleague who waits
for a second person. Each by the verb that a page would call; of the help desk it is written that they once had a place.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta
from functools import partial

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from commands.demonstrations import actuals, claims, documents, exports, invoices, talk, timesheets, uploads
from exchange.files.store import Store
from models.accounts import second_person
from models.accounts.account_policy import policy
from models.accounts.conflict import FormerPlace
from models.accounts.user import Membership, User
from models.audit import record
from models.auditing.read_alarm import opened
from models.bank_holiday import working_days_after
from models.base import DomainError, savepoint, session, transaction, utc_now
from models.calendar import DAY, as_on, period_holding, today
from models.payments import answers, authorising, day_moves, officer, standing_holds
from models.payments.agreeing import start_gate
from models.payments.calculation import last_finalised_on
from models.payments.day_move import DayMove
from models.payments.hold import Hold, is_held
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.permissions import GRANTS, CouncilRole, Permission, Role
from models.records.client import Client
from models.records.contract import Contract, PaymentMethod
from models.records.provider import Provider
from models.reports.care_relief import CareRelief
from models.tenancy import every_provider

OFFICER, MANAGER = "payments-officer@demo.example", "payments-manager@demo.example"
ADMINISTRATOR, HELP_DESK = "systems-administrator@demo.example", "help-desk@demo.example"


def perform(council: str, store: Store) -> None:
    """`council` is what the council is called; `store` keeps the files of documents."""
    exports.tell(store)
    with transaction(), every_provider():
        claims.settle(store)
    for act in (_answer_a_query, _move_a_day, _suspend, _prepare_a_run, partial(talk.perform, store=store)):
        with transaction(), every_provider():
            act(_colleague(OFFICER))
    actuals.perform()
    with transaction(), every_provider():
        _begin_gates(_colleague(MANAGER))
        _check_care_relief(_colleague(MANAGER))
    with transaction(), every_provider():
        _ask_for_a_colleague()
        _bind_the_help_desk()
        _open_very_many()
    exports.tell(store, is_refused=True)
    with transaction(), every_provider():
        documents.perform(council, store)
        claims.queue_up(store)
        timesheets.perform()
    invoices.perform()
    uploads.perform()
    exports.tell(store, is_answered=False)


def _colleague(email: str) -> User:
    return session.scalars(select(User).where(User.email == email).options(joinedload(User.staff))).one()


def _begin_gates(by: User) -> None:
    """Contracts that need agreements wait for them from the payment that has begun."""
    method = joinedload(PaymentMethod.calendar)
    query = (
        select(Contract).where(Contract.is_agreement_required).options(selectinload(Contract.methods).options(method))
    )
    for contract in session.scalars(query.order_by(Contract.id)).all():
        calendar = contract.methods[-1].calendar
        begun = period_holding(today(), calendar.frequency, calendar.anchor_on)
        start_gate(contract, from_on=begun.first, by=by)


def _check_care_relief(by: User) -> None:
    """The figures of past tax years are checked, so that annual statements work out the relief."""
    for row in session.scalars(CareRelief.newest_first()).all():
        row.check(by=by)


def _ask_for_a_colleague() -> None:
    """A systems administrator asks for an officer, and nobody has agreed yet."""
    second_person.ask_for_new(
        "rowan.ellery@demo.example", "Rowan Ellery", CouncilRole.PAYMENTS_OFFICER, by=_colleague(ADMINISTRATOR),
        why="Rowan takes over from Ola on the first of the month",
    )  # fmt: skip


def _bind_the_help_desk() -> None:
    """Somebody of the help desk was a carer once, and so does nothing at that provider: one where nobody is whom one
    can log in as, if that can be.
    """
    known = Provider.id.in_(select(Membership.provider_id))
    provider_id = session.scalars(select(Provider.id).order_by(known, Provider.id.desc()).limit(1)).one()
    ended_at = utc_now() - timedelta(days=400)
    session.add(
        FormerPlace(
            user_id=_colleague(HELP_DESK).id, provider_id=provider_id, role=Role.CARER,
            granted_at=ended_at - timedelta(days=900), ended_at=ended_at,
        )
    )  # fmt: skip
    session.flush()


def _open_very_many() -> None:
    """Somebody of the help desk has opened more clients' records within an hour than raise no alarm, and nobody has
    asked why yet. Where there are too few clients, nobody has.
    """
    by, enough = _colleague(HELP_DESK), policy().clients_an_hour + 12
    order, client = PurchaseOrder, Client
    newest = sa.func.max(order.id).label("id")
    each = select(client.reference, order.provider_id, newest).join(client, client.id == order.client_id)
    found = session.execute(each.group_by(client.id, client.reference, order.provider_id).order_by(client.id)).all()
    if len({row.reference for row in found}) < enough:
        return
    for row in found[:enough]:
        endpoint = "provider.purchase_orders.show"
        where = {"endpoint": endpoint, "order_id": row.id, "as_staff": True}
        record("client_record.read", f"purchase_order:{row.id}", by=by, provider_id=row.provider_id, **where)
        opened(by, {row.reference})


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
