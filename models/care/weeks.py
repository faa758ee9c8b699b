"""What becomes of a week of actuals. docs/actual-states.md has the table; a test goes through every cell.

A row is saved with whatever quantities somebody types; what is wrong with it is told, and has to be put right before
the week is confirmed. What is confirmed is calculated at once.
"""

from collections.abc import Collection, Mapping
from datetime import date

from sqlalchemy import SQLColumnExpression, select

from models.accounts.conflict import insist_on_none
from models.accounts.user import User
from models.audit import record
from models.base import DomainError, insert_first, move, session, utc_now
from models.calendar import in_words, today
from models.care.checking import Fault, Severity
from models.care.figures import Figures
from models.care.plan import Planned, calendar_on, calendars_of, planned_of, week_of
from models.care.sheet import read_sheet, rows_of
from models.payments.calculation import calculate, lock
from models.records.actual import (
    Actual,
    ActualException,
    ActualWeek,
    ConfirmedActual,
    ExceptionState,
    Origin,
)
from models.records.contract import Contract
from models.words import how_many

LONGEST_REASON = 1_000
NOT_OPEN = "This week has been confirmed. To change it, press Correct this week first"


class Outdated(DomainError):
    """Rows that somebody else has changed meanwhile: by item id, who may be asked about."""

    def __init__(self, item_ids: list[int]) -> None:
        super().__init__(
            f"{how_many(len(item_ids), 'row')} changed since you opened the page, so nothing of yours was saved there. "
            "Look at what stands now, and enter it again"
        )
        self.item_ids = item_ids


def insist_on_a_week(contract: Contract, first_on: date) -> None:
    """DomainError where no week of the contract begins on that day, or the week is not over: only what has been
    delivered can be said.
    """
    if first_on > today():  # before anything is reckoned from it: it may be the last day of the calendar
        raise DomainError(f"The week from {in_words(first_on)} has not begun. Come back when it has")
    calendar = calendar_on(calendars_of([contract.id]).get(contract.id, ()), first_on)
    if calendar is None:
        raise DomainError(f"{contract.name} was not paid through the portal on {in_words(first_on)}")
    week = week_of(calendar, first_on)
    if week.first != first_on:
        meant = in_words(week.first)
        raise DomainError(f"No week of {contract.name} begins on {in_words(first_on)}. Did you mean {meant}?")


def generate(contract: Contract, service_id: int, first_on: date, *, by: User) -> ActualWeek:
    """Begin a week: a row for each person, as planned. A week that is begun is given as it is. DomainError where there
    is no such week, or nobody is planned in it.
    """
    insist_on_a_week(contract, first_on)
    planned = planned_of(contract.id, service_id, first_on)
    if not planned:
        raise DomainError(f"Nobody has care of this service in the week from {in_words(first_on)}")
    key = {"contract_id": contract.id, "service_id": service_id, "first_on": first_on}
    values = {"generated_at": utc_now(), "generated_by_id": by.id, "confirmations": 0, "late_reason": ""}
    is_new = insert_first(ActualWeek, provider_id=contract.provider_id, reopened_reason="", **key, **values)
    week = session.scalars(select(ActualWeek).filter_by(**key)).one()
    if is_new:
        for each in planned:
            session.add(new_row(week, each, by))
        record("actual_week.generated", week, by=by, rows=len(planned))
    return week


def refresh(week: ActualWeek, *, by: User) -> int:
    """Take over what has changed in the plan: rows of people who have come, and the plan of rows that are still as they
    were planned. How many rows are new or changed.
    """
    _insist_open(week)
    rows = {row.item_id: row for row in session.scalars(rows_of(week))}
    changed = 0
    for each in planned_of(week.contract_id, week.service_id, week.first_on):
        row = rows.get(each.item_id)
        if row is None:
            session.add(new_row(week, each, by))
            changed += 1
        elif row.planned_e4 != each.planned_e4:
            if Figures.of(row) == Figures.as_planned(row.planned_e4):
                row.actual_e4 = each.planned_e4
            row.planned_e4, row.version = each.planned_e4, row.version + 1
            changed += 1
    if changed:
        record("actual_week.refreshed", week, by=by, rows=changed)
    return changed


def change(week: ActualWeek, changes: Mapping[int, tuple[Figures, int | None]], *, by: User) -> int:
    """Save rows, by item: the figures, and the version that the person saw (None: whatever it is). How many differ from
    what stood. Outdated names rows that somebody else changed meanwhile, and then none is saved; DomainError where the
    week is not open, or an item is none of its.
    """
    _insist_open(week)
    rows = {row.item_id: row for row in session.scalars(rows_of(week).with_for_update())}
    if unknown := changes.keys() - rows.keys():
        raise DomainError(f"{how_many(len(unknown), 'row')} of the form are not part of this week. Open it again")
    fresh = {id_: figures for id_, (figures, _) in changes.items() if Figures.of(rows[id_]) != figures}
    late = [id_ for id_ in fresh if changes[id_][1] not in (None, rows[id_].version)]
    if late:
        raise Outdated(sorted(late))
    for item_id, figures in fresh.items():
        save(rows[item_id], figures, Origin.FORM, by)
    return len(fresh)


def as_planned(week: ActualWeek, *, by: User) -> int:
    """Set every row to its plan. How many were not."""
    rows = session.scalars(rows_of(week)).all()
    return change(week, {row.item_id: (Figures.as_planned(row.planned_e4), None) for row in rows}, by=by)


def review(week: ActualWeek) -> dict[int, list[Fault]]:
    """What is wrong with its rows, by item; of each row errors come first. Rows without a fault are not there. Rows of
    people whom nobody plans any more keep the plan that they had.
    """
    return read_sheet(week).faults


def confirm(week: ActualWeek, *, by: User, late_reason: str = "") -> int:
    """Say that this was delivered: figures that are new or differ from what was confirmed before are kept under the
    next number, and paid by their rule. How many these are; 0 where nothing changed. DomainError where rows have
    errors, the week is not over, or it is late and nobody says why.
    """
    kept = confirm_only(week, by=by, late_reason=late_reason)
    calculate([week.provider_id])
    return kept


def confirm_only(week: ActualWeek, *, by: User, late_reason: str = "") -> int:
    """As `confirm`, for whoever confirms several weeks: nothing is calculated, which is theirs to do once."""
    lock([week.provider_id])
    _insist_open(week)
    if week.span.last >= today():
        raise DomainError(f"The week ends on {in_words(week.span.last)}. Confirm it after that day")
    sheet = read_sheet(week)
    if wrong := sheet.wrong:
        raise DomainError(f"{how_many(len(wrong), 'row')} must be put right first. Each says what is wrong")
    in_time_until, latest = sheet.in_time_until, sheet.latest
    late_reason = late_reason.strip()[:LONGEST_REASON]
    if not week.is_opened_by_council:
        if today() > latest:
            raise DomainError(f"This week could be confirmed until {in_words(latest)}. Ask the council to open it")
        if today() > in_time_until and not late_reason:
            raise DomainError(f"This week was due by {in_words(in_time_until)}. Say why it is late")
    values = {
        "confirmed_at": utc_now(), "confirmed_by_id": by.id, "confirmations": week.confirmations + 1,
        "reopened_at": None, "reopened_by_id": None,
        "late_reason": late_reason if today() > in_time_until else "",
    }  # fmt: skip
    if not move(week, ActualWeek.is_open, ActualWeek.confirmations == week.confirmations, **values):
        raise DomainError("Somebody else has just confirmed this week. Look at it again")
    kept = keep_rows(week, sheet.faults, by)
    record("actual_week.confirmed", week, by=by, rows=kept, late=bool(values["late_reason"]))
    session.flush()
    return kept


def correct(week: ActualWeek, *, by: User) -> None:
    """Its provider opens a confirmed week again, until its deadline. What was confirmed holds meanwhile."""
    in_time_until = read_sheet(week).in_time_until
    if today() > in_time_until:
        raise DomainError(
            f"This week could be corrected here until {in_words(in_time_until)}. Ask the council to open it again"
        )
    _reopen(week, "", by, ~ActualWeek.is_open)


def reopen(week: ActualWeek, reason: str, *, by: User) -> None:
    """The council opens it again, for a reason that the provider reads: a week that is confirmed, or one that its
    provider has left open until it could be confirmed no more.
    """
    insist_on_none(by, [week.provider_id])
    reason = reason.strip()[:LONGEST_REASON]
    if not reason:
        raise DomainError("Say why the week is opened again. The provider reads it")
    is_closed = read_sheet(week).is_closed
    _reopen(week, reason, by, ~ActualWeek.is_opened_by_council if is_closed else ~ActualWeek.is_open)


def _reopen(week: ActualWeek, reason: str, by: User, before: SQLColumnExpression[bool]) -> None:
    values = {"reopened_at": utc_now(), "reopened_by_id": by.id, "reopened_reason": reason}
    if not move(week, before, **values):
        raise DomainError("This week is open already. Look at it again")
    record("actual_week.reopened", week, by=by)


def _insist_open(week: ActualWeek) -> None:
    if not week.is_open:
        raise DomainError(NOT_OPEN)


def new_row(week: ActualWeek, each: Planned, by: User) -> Actual:
    """As planned."""
    own = {"week_id": week.id, "item_id": each.item_id, "provider_id": week.provider_id}
    return Actual(
        planned_e4=each.planned_e4, changed_by_id=by.id, **own, **Figures.as_planned(each.planned_e4).values()
    )


def save(row: Actual, figures: Figures, origin: Origin, by: User) -> None:
    """Write figures into a row of a week that is open."""
    for name, value in figures.values().items():
        setattr(row, name, value)
    row.origin, row.version, row.changed_at, row.changed_by_id = origin, row.version + 1, utc_now(), by.id


def keep_rows(
    week: ActualWeek, faults: Mapping[int, list[Fault]], by: User, only: Collection[int] | None = None
) -> int:  # fmt: skip
    """Write what is new or differs from what was confirmed last, of the items in `only` or of all. An open exception of
    an older figure is over, since another figure stands in its place.
    """
    newest: dict[int, ConfirmedActual] = {}
    query = select(ConfirmedActual).where(ConfirmedActual.week_id == week.id).order_by(ConfirmedActual.number)
    for each in session.scalars(query):
        newest[each.item_id] = each
    kept = 0
    for row in session.scalars(rows_of(week)):
        if only is not None and row.item_id not in only:
            continue
        last, figures = newest.get(row.item_id), Figures.of(row)
        if last is not None and Figures.of(last) == figures and last.planned_e4 == row.planned_e4:
            continue
        keep(week, row.item_id, figures, planned_e4=row.planned_e4, number=last.number + 1 if last else 1,
             origin=row.origin, faults=faults.get(row.item_id, []), by=by)  # fmt: skip
        if last is not None:
            close_exception(last, by)
        kept += 1
    return kept


def keep(
    week: ActualWeek, item_id: int, figures: Figures, *, planned_e4: int, number: int, origin: Origin,
    faults: list[Fault], by: User,
) -> ConfirmedActual:  # fmt: skip
    """Write one confirmed figure, and that the council has to look at it where a fault says so."""
    confirmed = ConfirmedActual(
        provider_id=week.provider_id, week_id=week.id, item_id=item_id, first_on=week.first_on, number=number,
        planned_e4=planned_e4, confirmed_by_id=by.id, **figures.values() | {"origin": origin},
    )  # fmt: skip
    session.add(confirmed)
    session.flush()
    codes = [each.code.value for each in faults if each.severity is Severity.EXCEPTION]
    if codes:
        session.add(ActualException(provider_id=week.provider_id, confirmed_id=confirmed.id, codes=codes))
    return confirmed


def close_exception(confirmed: ConfirmedActual, by: User) -> None:
    """An exception that waits is over: another figure has been confirmed in place of its own."""
    waits = session.scalars(select(ActualException).where(ActualException.confirmed_id == confirmed.id)).one_or_none()
    values = {"state": ExceptionState.OVERTAKEN, "decided_at": utc_now(), "decided_by_id": by.id}
    if waits is not None and move(waits, ActualException.state == ExceptionState.OPEN, **values):
        record("actual_exception.overtaken", waits, by=by)
