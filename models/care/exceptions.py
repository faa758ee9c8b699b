"""What the council says of a confirmed figure that breaks a rule. Until it does, the figure before it is paid."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from models.accounts.conflict import insist_on_none
from models.accounts.user import User
from models.audit import record
from models.base import DomainError, move, reload, session, utc_now
from models.calendar import in_words
from models.care.checking import check
from models.care.exception_mail import tell_decided
from models.care.figures import Figures
from models.care.plan import planned_of
from models.care.rules import Rulebook
from models.care.sheet import rows_of
from models.care.weeks import keep, save
from models.money import gbp
from models.payments.calculation import calculate, lock
from models.records.actual import Actual, ActualException, ActualWeek, ConfirmedActual, ExceptionState, Origin
from models.records.care_package import CarePackageLineItem

LONGEST_NOTE = 1_000
NOT_OPEN = "A colleague has decided this, or the provider has confirmed another figure. Look at it again"


def approve(exception: ActualException, *, seen: str | None = None, note: str = "", by: User) -> None:
    """It is paid as it was confirmed. `seen`: its mark as the page had it. DomainError as in `approve_each`."""
    approve_each([exception], seen=None if seen is None else {exception.id: seen}, note=note, by=by)


def approve_each(
    exceptions: Sequence[ActualException], *, seen: Mapping[int, str] | None = None, note: str = "", by: User
) -> None:
    """Several at once; `seen`: their marks as the page had them, by id. DomainError names one that is not open any more
    or comes to another sum, and then none is approved.
    """
    for each in sorted(exceptions, key=lambda found: (found.provider_id, found.id)):
        _insist_as_seen(each, seen)
        _decide(each, ExceptionState.APPROVED, note, by)
        tell_decided(each, *_of(each), by=by)
    if ids := sorted({each.provider_id for each in exceptions}):
        calculate(ids)


def _insist_as_seen(exception: ActualException, seen: Mapping[int, str] | None) -> None:
    if seen is None:
        return
    lock([exception.provider_id])
    reload(exception)
    if seen.get(exception.id) == exception.mark:
        return
    figure, _ = _of(exception)
    query = select(CarePackageLineItem.reference).where(CarePackageLineItem.id == figure.item_id)
    what = f"The exception of line item {session.scalar(query)}, week from {in_words(figure.first_on)},"
    if exception.state is not ExceptionState.OPEN:
        raise DomainError(f"{what} does not wait any more: it is {exception.state.value}. Look at the list again")
    raise DomainError(f"{what} comes to about {gbp(exception.pence)} now. Look at it again")


def reject(exception: ActualException, note: str, *, by: User) -> None:
    """It is not paid; the provider reads why, and corrects it in the week, which is opened."""
    _decide(exception, ExceptionState.REJECTED, _needed(note, "Say why it is rejected. The provider reads it"), by)
    figure, week = _of(exception)
    tell_decided(exception, figure, week, by=by)
    values = {"reopened_at": utc_now(), "reopened_by_id": by.id, "reopened_reason": note.strip()[:LONGEST_NOTE]}
    move(week, ~ActualWeek.is_opened_by_council, **values)
    calculate([exception.provider_id])


def amend(exception: ActualException, figures: Figures, note: str, *, by: User) -> ConfirmedActual:
    """Another figure is paid in its place, with a note that the provider reads. DomainError where a figure has
    errors; one that the council enters needs no approval of its own.
    """
    note = _needed(note, "Say why it is amended. The provider reads it")
    lock([exception.provider_id])
    old, week = _of(exception)
    planned = {each.item_id: each for each in planned_of(week.contract_id, week.service_id, week.first_on)}
    if (plan := planned.get(old.item_id)) is not None:
        rules = Rulebook.read([plan.level_id]).of(plan.level_id, week.first_on)
        for fault in check(figures, plan, rules):
            if fault.is_error:
                raise DomainError(fault.text)
    _decide(exception, ExceptionState.AMENDED, note, by)
    confirmed = keep(
        week, old.item_id, figures, planned_e4=old.planned_e4, number=old.number + 1, origin=Origin.COUNCIL,
        faults=[], by=by,
    )  # fmt: skip
    for row in session.scalars(rows_of(week).where(Actual.item_id == old.item_id)):
        save(row, figures, Origin.COUNCIL, by)
    tell_decided(exception, old, week, by=by)
    calculate([exception.provider_id])
    return confirmed


def _decide(exception: ActualException, state: ExceptionState, note: str, by: User) -> None:
    insist_on_none(by, [exception.provider_id])
    lock([exception.provider_id])
    values = {"state": state, "decided_at": utc_now(), "decided_by_id": by.id, "note": note.strip()[:LONGEST_NOTE]}
    if not move(exception, ActualException.state == ExceptionState.OPEN, **values):
        raise DomainError(NOT_OPEN)
    record(f"actual_exception.{state.value}", exception, by=by)


def _of(exception: ActualException) -> tuple[ConfirmedActual, ActualWeek]:
    """The figure and its week."""
    query = select(ConfirmedActual, ActualWeek).join(ActualWeek, ActualWeek.id == ConfirmedActual.week_id)
    figure, week = session.execute(query.where(ConfirmedActual.id == exception.confirmed_id)).one()
    return figure, week


def _needed(note: str, words: str) -> str:
    if not note.strip():
        raise DomainError(words)
    return note
