"""What an officer does to the days of one payment: move its cut-off, its day to be finalised or its bank day, or make
it due today. Rules and what follows: docs/payment-states.md, *Days that are moved*.

What is moved is kept beside the payment, and wins over the calendar, whatever a feed brings. Nothing is moved once any
of it is finalised: what a run has paid has gone to the bank with its day.
"""

from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from models.accounts.user import User
from models.audit import record
from models.bank_holiday import is_working_day, working_days, working_days_after
from models.base import DomainError, move, reload, session
from models.calendar import DueDays, MovedDates, PeriodDates, Span, in_words, today
from models.payments.asking import tell
from models.payments.calculation import calculate, lock
from models.payments.confirmation import Asked, Confirmation
from models.payments.day_move import BANK, DayMove
from models.payments.payment import ScheduledPayment, answers_from
from models.payments.payment_run import prepare
from models.payments.run import PaymentRun, RunPayment
from models.payments.standing import Kept, standing_of
from models.payments.windows import WINDOW, bank_day
from models.records.contract import Calendar, PaymentMethod

FARTHEST = timedelta(days=92)
"""How far from its usual day one may be moved: a year mistyped would keep the payment back for good."""


def usual_days_of(payment: ScheduledPayment) -> PeriodDates:
    """The days that the calendar gives this payment, as bank holidays have moved them."""
    return _usual_of(payment).dates


def _usual_of(payment: ScheduledPayment) -> DueDays:
    how = joinedload(PaymentMethod.calendar).selectinload(Calendar.overrides)
    query = select(PaymentMethod).where(PaymentMethod.id == payment.method_id).options(how)
    method = session.scalars(query.execution_options(populate_existing=True)).one()
    return method.calendar.due_days_of(payment.first_on, working_days())


def days_of(payment: ScheduledPayment) -> PeriodDates:
    """The days of this payment, as the council has moved them. `payment.bank_on` may be later, where an answer is."""
    return payment.moved.over(_usual_of(payment)).dates


def shown_days_of(payment: ScheduledPayment) -> PeriodDates:
    """What every page says: the last day for an answer, and the bank day that follows where one is waited for."""
    return PeriodDates(payment.answer_by, payment.finalise_on, payment.bank_on)


def move_days(
    payment: ScheduledPayment,
    *,
    by: User,
    reason: str,
    confirm_by: date,
    finalise_on: date,
    bank_on: date,
    seen: PeriodDates | None = None,
) -> None:
    """Give it these days; those that are the calendar's count as not moved. DomainError where some of it is finalised,
    an open run has it, the days do not fit, or its days are no longer those that were `seen`.
    """
    _wait_for_turn(payment)
    if seen is not None and days_of(payment) != seen:
        raise DomainError("Its days have changed since you opened this page. Look at it again")
    if not payment.contract.asks_for_confirmation:
        confirm_by = min(confirm_by, finalise_on)
    _move(payment, PeriodDates(confirm_by, finalise_on, bank_on), by=by, reason=reason)


def days_if_paid_now(payment: ScheduledPayment) -> PeriodDates:
    """Finalised today; in the bank as long after that as usual, and on a working day, but no later than it would be."""
    return _if_paid_now(payment, _usual_of(payment))


def _if_paid_now(payment: ScheduledPayment, usual: DueDays) -> PeriodDates:
    now = payment.moved.over(usual).dates
    bank_on = usual.working.on_or_after(today() + usual.takes)
    return PeriodDates(min(now.confirm_by, today()), today(), min(bank_on, now.bank_on))


def shown_if_paid_now(payment: ScheduledPayment) -> PeriodDates:
    """What every page would say of it then."""
    usual = _usual_of(payment)
    days = _if_paid_now(payment, usual)
    changed = _window(payment, days)
    answer_by = max(days.confirm_by, changed.get("asked_by") or payment.asked_by or days.confirm_by)
    return PeriodDates(answer_by, days.finalise_on, bank_day(payment, _own(days, usual).over(usual), changed))


def _own(days: PeriodDates, usual: DueDays) -> MovedDates:
    """Those of the days that are not the calendar's."""
    return MovedDates(*(day if day != its else None for day, its in zip(days, usual.dates, strict=True)))


def pay_now(payment: ScheduledPayment, *, by: User, reason: str) -> None:
    """Make it due today, so that the next run takes it. Whatever else keeps it back does so still. DomainError where it
    is due already, or as in move_days.
    """
    _wait_for_turn(payment)
    if payment.closed_run_id is None and payment.finalise_on <= today():
        raise DomainError("This payment is due already: the next run takes it, unless something keeps it back")
    _move(payment, days_if_paid_now(payment), by=by, reason=reason, is_paid_now=True)


def prepare_one(payment: ScheduledPayment, *, by: User) -> PaymentRun:
    """Calculate its provider, and prepare a run of this payment alone. DomainError where no run can take it."""
    _wait_for_turn(payment)
    calculate([payment.provider_id])
    run = prepare(by=by, payment_ids=[payment.id])
    if run is None:
        raise DomainError(
            "No run can take this payment now: it is not due, it is held or waits for its provider, or a run has it"
        )
    return run


def _wait_for_turn(payment: ScheduledPayment) -> None:
    lock([payment.provider_id])
    reload(payment)


def _move(payment: ScheduledPayment, days: PeriodDates, *, by: User, reason: str, is_paid_now: bool = False) -> None:
    usual, before, shown = _usual_of(payment), days_of(payment), shown_days_of(payment)
    _insist_on_being_movable(payment)
    if (fault := fault_of(days, before, usual.dates, asks=payment.contract.asks_for_confirmation)) is not None:
        raise DomainError(fault[1])
    _insist_on_order(payment, days)
    values = {f"moved_{name}": day for name, day in _own(days, usual)._asdict().items()}
    values |= days._asdict() | _window(payment, days)
    is_free = ScheduledPayment.closed_run_id.is_(None), ~ScheduledPayment.is_begun
    if not move(payment, *is_free, **values):
        raise DomainError("Some of this payment has just been finalised, so its days stay as they are")
    if is_paid_now:
        record("payment.paid_now", payment, by=by)
    else:
        record("payment.days_moved", payment, by=by)
    calculate([payment.provider_id])
    reload(payment)
    now = shown_days_of(payment)
    if not payment.contract.asks_for_confirmation:
        now = now._replace(confirm_by=shown.confirm_by)  # nobody reads it
    done = DayMove(
        provider_id=payment.provider_id, payment_id=payment.id, reason=reason, moved_by_id=by.id,
        is_paid_now=is_paid_now,
        **{f"old_{name}": day for name, day in shown._asdict().items()},
        **{f"new_{name}": day for name, day in now._asdict().items()},
    )  # fmt: skip
    session.add(done)
    _tell(payment, done)


def _insist_on_being_movable(payment: ScheduledPayment) -> None:
    if payment.closed_run_id is not None or payment.is_begun:
        raise DomainError(
            "Some of this payment is finalised, and has gone to the bank with its day, so its days stay as they are"
        )
    part = RunPayment
    query = select(PaymentRun.id).join(part, part.run_id == PaymentRun.id)
    in_run = session.scalar(query.where(part.payment_id == payment.id, PaymentRun.is_open, part.outcome.is_(None)))
    if in_run is not None:
        raise DomainError(
            f"Payment run {in_run} has this payment. Hold it, or discard that run, and move its days then"
        )


def fault_of(days: PeriodDates, before: PeriodDates, usual: PeriodDates, *, asks: bool) -> tuple[str, str] | None:
    """What is wrong with these days for a payment: the name of the day, and words. `asks`: its cut-off counts."""
    if days == before:
        return "finalise_on", "These are its days already. Change at least one of them"
    for name, day in days._asdict().items():
        is_asked = name != "confirm_by" or asks
        if day != getattr(before, name) and is_asked and (words := _why_not(day, getattr(usual, name))):
            return name, words
    if days.confirm_by > days.finalise_on:
        return "confirm_by", "The last day to confirm is after the day to finalise. Choose an earlier one"
    if days.bank_on < days.finalise_on:
        return "bank_on", "The money cannot be in the bank before the day to finalise. Choose a later day"
    if days.bank_on != before.bank_on and not is_working_day(days.bank_on):
        return "bank_on", "Banks do not work on that day. Choose a working day"
    return None


def _why_not(day: date, usual: date) -> str:
    if day < today():
        return "This day is past. Choose today or a later day"
    is_far = abs(day - usual) > FARTHEST
    return f"No day is moved by more than {FARTHEST.days} days. Choose a nearer one" if is_far else ""


def _insist_on_order(payment: ScheduledPayment, days: PeriodDates) -> None:
    """What is paid before its period begins makes every earlier period due: none may be left behind that is not."""
    other = ScheduledPayment
    opens = sa.case((other.finalise_on < other.first_on, other.finalise_on), else_=other.first_on)
    own = min(payment.first_on, days.finalise_on)
    is_behind = sa.or_(
        sa.and_(other.first_on < payment.first_on, opens > own),
        sa.and_(other.first_on > payment.first_on, opens < own),
    )
    query = select(other.first_on, other.last_on).where(
        other.contract_id == payment.contract_id, other.closed_run_id.is_(None), is_behind
    )
    row = session.execute(query.order_by(other.first_on).limit(1)).first()
    if row is not None:
        span = Span(row.first_on, row.last_on).short
        raise DomainError(
            f"Payments are made in order: move that of {span} as well, "
            f"{'before' if row.first_on < payment.first_on else 'after'} this one"
        )


def _window(payment: ScheduledPayment, days: PeriodDates) -> dict[str, Any]:
    """An earlier cut-off leaves whoever has not answered a whole window from the first day on which an answer can be
    given, or what was left of the time it had.
    """
    waits = payment.contract.pays_only_confirmed and payment.confirmation is Confirmation.UNCONFIRMED
    begins = max(today(), answers_from(payment.first_on, days.confirm_by))
    last = min(working_days_after(begins, WINDOW), payment.answer_by)
    if not waits or payment.total_pence <= 0 or days.confirm_by >= min(last, payment.confirm_by):
        return {}
    if payment.asked_by is not None and payment.asked_by >= last:
        return {}
    return {"asked_by": last, "asked_because": payment.asked_because or Asked.MOVED}


def _tell(payment: ScheduledPayment, done: DayMove) -> None:
    """No bank day is promised of what is held."""
    kept = standing_of(payment).kept
    is_held = kept is not None and kept is not Kept.ASKED
    subject = "A payment is due early" if done.is_paid_now else "Days of a payment have been moved"
    what = "The council has made this payment due at once." if done.is_paid_now else "The council has moved its days."
    moved = [
        f"- {label}: {_in_words(now)}, not {_in_words(then)}"
        for label, then, now in done.changes
        if not (is_held and label == BANK)
    ]
    told = [f"{what} Its page says why.", "\n".join(moved)]
    if done.is_paid_now and kept is None and done.new_bank_on != done.old_bank_on:
        told.append("It is in the bank on that day if it is finalised today. If it is not, we write to you again.")
    if is_held:
        told.append("But it is held just now: it is paid once that is settled.")
    if payment.is_to_be_confirmed:
        until = f"Please confirm or reject it by {_in_words(payment.answer_by)}."
        waits = "It waits for your confirmation. " * (kept is Kept.ASKED)
        if kept is Kept.ASKED and not payment.contract.confirms_by_silence:
            waits = "It waits for your confirmation, and is paid once you have confirmed it. "
        told.append(waits + until)
    tell(payment, subject, "\n\n".join(each for each in told if each))


def _in_words(day: date) -> str:
    return f"{day:%A} {in_words(day)}"
