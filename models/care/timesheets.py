"""What becomes of a timesheet. docs/timesheet-states.md has the table; a test goes through every cell.

A Shared Lives carer says of each day what was delivered; the scheme verifies it; finance, somebody else, approves it.
Then its weeks are confirmed actuals.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date

from sqlalchemy import select

from models.accounts.conflict import insist_on_none
from models.accounts.user import User
from models.audit import record
from models.base import DomainError, insert_first, move, session, utc_now
from models.calendar import Span, in_words, today
from models.care.applying import confirm_figures, figures_of, insist_on_sense, weeks_to_confirm
from models.care.timesheet_mail import tell
from models.care.timesheet_plan import STEPS, Month, by_day, days_of, days_said, planned_on
from models.payments.calculation import calculate, lock
from models.records.actual import AbsenceReason
from models.records.contract import Contract
from models.records.timesheet import Timesheet, TimesheetDay, TimesheetState, month_of
from models.words import how_many

LONGEST_NOTE = 1_000
OVER = {
    TimesheetState.SENT: "It has been sent. Take it back to change it",
    TimesheetState.VERIFIED: "The scheme has verified it. Ask the council to return it if it is wrong",
    TimesheetState.APPROVED: "It has been approved. Press Correct this month to change it",
}
CHANGED = "Somebody else has just changed this timesheet. Look at it again"


def begin(contract: Contract, service_id: int, month_on: date, *, by: User) -> Timesheet:
    """Begin a month: empty. One that is begun is given as it is. DomainError where the month has not begun, or nobody
    has nights or sessions in it.
    """
    month = month_of(month_on)
    if month.first > today():
        raise DomainError(f"{month.first:%B} {month.first.year} has not begun. Come back when it has")
    if not by_day(contract.id, service_id, days_of(month)):
        raise DomainError(f"Nobody has nights or sessions of this service in {month.first:%B} {month.first.year}")
    key = {"contract_id": contract.id, "service_id": service_id, "month_on": month.first}
    values = {"state": TimesheetState.DRAFT, "returned_note": "", "approvals": 0}
    is_new = insert_first(Timesheet, provider_id=contract.provider_id, **key, **values)
    sheet = session.scalars(select(Timesheet).filter_by(**key)).one()
    if is_new:
        record("timesheet.begun", sheet, by=by)
    return sheet


def tap(sheet: Timesheet, item_id: int, day: date, units_e4: int, *, by: User) -> None:
    """Say what was delivered to one person on one day. The same again changes nothing. DomainError where the timesheet
    is not open, the day has not come, or the person has no care on it.
    """
    _hold_open(sheet)
    plan = by_day(sheet.contract_id, sheet.service_id, [day]).get((item_id, day)) if day in sheet.span else None
    stands = days_said(sheet.id).get((item_id, day))
    if day > today():
        raise DomainError(f"{in_words(day)} has not come yet")
    if plan is None:
        if stands is None or units_e4:
            raise DomainError(f"This person has no nights or sessions with you on {in_words(day)}")
    elif units_e4 not in (0, *STEPS[plan.unit]):
        raise DomainError("Tap the day: it goes through what a day can have")
    _put(sheet, item_id, day, units_e4, stands, is_short=bool(plan and units_e4 < (planned_on(plan) or 0)), by=by)


def _put(
    sheet: Timesheet, item_id: int, day: date, units_e4: int, stands: TimesheetDay | None, *, is_short: bool, by: User
) -> None:
    """A reason goes with the day on which nothing is missing any more."""
    if stands is None:
        own = {"timesheet_id": sheet.id, "item_id": item_id, "day": day, "provider_id": sheet.provider_id}
        session.add(TimesheetDay(units_e4=units_e4, **own))
    elif stands.units_e4 != units_e4:
        stands.units_e4 = units_e4
        stands.reason = stands.reason if is_short else None
    else:
        return
    record("timesheet.filled", sheet, by=by, day=day.isoformat(), item=item_id)


def as_planned(sheet: Timesheet, *, by: User) -> int:
    """Set every day that has come to its plan, where a plan by day is known. How many days changed."""
    _hold_open(sheet)
    said, changed = days_said(sheet.id), 0
    for (item_id, day), plan in by_day(sheet.contract_id, sheet.service_id, days_of(sheet.span)).items():
        planned_e4, stands = planned_on(plan), said.get((item_id, day))
        if planned_e4 is None or day > today() or (stands.units_e4 if stands else 0) == planned_e4:
            continue
        changed += 1
        if stands is None:
            own = {"timesheet_id": sheet.id, "item_id": item_id, "day": day, "provider_id": sheet.provider_id}
            session.add(TimesheetDay(units_e4=planned_e4, **own))
        else:
            stands.units_e4, stands.reason = planned_e4, None
    if changed:
        record("timesheet.as_planned", sheet, by=by, days=changed)
    return changed


def explain(sheet: Timesheet, reasons: Mapping[tuple[int, date], AbsenceReason | None], *, by: User) -> int:
    """Say why days are less than planned, by item and day. How many changed. DomainError where a day is as planned."""
    _hold_open(sheet)
    month = Month.of(sheet)
    cells = {(cell.item_id, cell.day): cell for each in month.people for cell in each.cells.values()}
    said, changed = days_said(sheet.id), 0
    for (item_id, day), reason in reasons.items():
        cell = cells.get((item_id, day))
        if cell is None or not cell.is_short:
            raise DomainError(f"{in_words(day)} is as planned now. Look at the page again")
        if cell.reason == reason:
            continue
        changed += 1
        stands = said.get((item_id, day))
        if stands is None:
            own = {"timesheet_id": sheet.id, "item_id": item_id, "day": day, "provider_id": sheet.provider_id}
            session.add(TimesheetDay(units_e4=cell.units_e4, reason=reason, **own))
        else:
            stands.reason = reason
    if changed:
        record("timesheet.explained", sheet, by=by, days=changed)
    return changed


def send(sheet: Timesheet, *, by: User) -> None:
    """Declare that the month was so, and give it to the scheme. DomainError where it is not over, a day needs a reason,
    or a figure could not be confirmed.
    """
    _hold_open(sheet)
    if not sheet.is_over:
        raise DomainError(f"{sheet.name} ends on {in_words(sheet.span.last)}. Send it after that day")
    month = Month.of(sheet)
    if month.without_reason:
        raise DomainError(f"Say why for {how_many(month.without_reason, 'day')} that had less than planned")
    if any(not cell.is_payable for each in month.people for cell in each.cells.values()):
        raise DomainError("A care package has ended before a day that has something. Tap that day until it is empty")
    insist_on_sense(sheet)
    values = {"state": TimesheetState.SENT, "sent_at": utc_now(), "sent_by_id": by.id} | _not("returned")
    _move(sheet, (TimesheetState.DRAFT, TimesheetState.RETURNED), values)
    totals = Counter[str]()
    for each in month.people:
        totals[each.unit.value] += each.units_e4
    record("timesheet.sent", sheet, by=by, **totals)


def take_back(sheet: Timesheet, *, by: User) -> None:
    """Its provider opens it again: before the scheme has verified it, or to correct what was approved."""
    if sheet.state not in (TimesheetState.SENT, TimesheetState.APPROVED):
        raise DomainError(OVER.get(sheet.state, "It is open already. Change it, and send it"))
    values = {"state": TimesheetState.DRAFT} | _not("sent", "verified", "approved")
    _move(sheet, (sheet.state,), values)
    record("timesheet.taken_back", sheet, by=by)


def verify(sheet: Timesheet, *, by: User) -> None:
    """The scheme says that it was so. Then finance approves it."""
    _insist_on_council(sheet, by)
    _insist(sheet, TimesheetState.SENT, "waits for the scheme no more")
    _move(sheet, (TimesheetState.SENT,), {"state": TimesheetState.VERIFIED, "verified_at": utc_now(),
                                          "verified_by_id": by.id})  # fmt: skip
    record("timesheet.verified", sheet, by=by)
    tell(sheet, by=by)


def return_it(sheet: Timesheet, note: str, *, by: User, state: TimesheetState) -> None:
    """Give it back with a note that the provider reads: the scheme what is SENT, finance what is VERIFIED."""
    _insist_on_council(sheet, by)
    note = note.strip()[:LONGEST_NOTE]
    if not note:
        raise DomainError("Say what is to be put right. The provider reads it")
    _insist(sheet, state, "is not there to be returned")
    values = {
        "state": TimesheetState.RETURNED,
        "returned_at": utc_now(),
        "returned_by_id": by.id,
        "returned_note": note,
    }
    _move(sheet, (state,), values | _not("sent", "verified"))
    record("timesheet.returned", sheet, by=by)
    tell(sheet, by=by)


def approve(sheet: Timesheet, *, by: User) -> int:
    """Finance lets it be paid: each week that can be is confirmed, by day, and calculated. How many figures are new or
    differ. DomainError where the same person has verified it, or its figures do not fit the plan any more.
    """
    _insist_on_council(sheet, by)
    lock([sheet.provider_id])
    _insist(sheet, TimesheetState.VERIFIED, "is not there to be approved")
    if sheet.verified_by_id == by.id:
        raise DomainError("You have verified this timesheet, so a colleague has to approve it")
    insist_on_sense(sheet)
    sender = session.scalars(select(User).where(User.id == sheet.sent_by_id)).one()
    values = {"state": TimesheetState.APPROVED, "approved_at": utc_now(), "approved_by_id": by.id}
    _move(sheet, (TimesheetState.VERIFIED,), values | {"approvals": sheet.approvals + 1})
    kept = _confirm(sheet, weeks_to_confirm(sheet), sender)
    record("timesheet.approved", sheet, by=by, figures=kept)
    session.flush()
    calculate([sheet.provider_id])
    tell(sheet, by=by)
    return kept


def _confirm(sheet: Timesheet, weeks: Iterable[Span], sender: User) -> int:
    contract = session.scalars(select(Contract).where(Contract.id == sheet.contract_id)).one()
    return sum(
        confirm_figures(contract, sheet.service_id, week.first, figures_of(sheet, week), by=sender) for week in weeks
    )


def _hold_open(sheet: Timesheet) -> None:
    """Nobody sends it while a day is changed: DomainError where it is not open any more."""
    if not move(sheet, Timesheet.is_open, state=sheet.state):
        raise DomainError(OVER.get(sheet.state, CHANGED))


def _insist_on_council(sheet: Timesheet, by: User) -> None:
    insist_on_none(by, [sheet.provider_id])
    if by.id == sheet.sent_by_id:
        raise DomainError("You have sent this timesheet, so a colleague has to decide about it")


def _insist(sheet: Timesheet, state: TimesheetState, words: str) -> None:
    if sheet.state is not state:
        raise DomainError(f"The timesheet of {sheet.name} {words}: it is {sheet.state.label.lower()}. Look at it again")


def _move(sheet: Timesheet, before: tuple[TimesheetState, ...], values: Mapping[str, object]) -> None:
    if not move(sheet, Timesheet.state.in_(before), **values):
        raise DomainError(CHANGED)


def _not(*acts: str) -> dict[str, object]:
    """Without these acts: who did them when is in the audit."""
    found: dict[str, object] = {}
    for each in acts:
        found |= {f"{each}_at": None, f"{each}_by_id": None}
    return found | ({"returned_note": ""} if "returned" in acts else {})
