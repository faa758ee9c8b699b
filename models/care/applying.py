"""Weeks of actuals out of timesheets: a week that two months share waits until both are approved."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import select

from models.accounts.user import User
from models.audit import record
from models.base import DomainError, move, session, utc_now
from models.calendar import Span, in_words
from models.care.checking import Fault, check
from models.care.figures import Figures
from models.care.plan import Planned, plans
from models.care.rules import Rulebook
from models.care.timesheet_plan import BY_DAY, by_day, days_of, days_said, months_of, weeks_touching
from models.care.weeks import generate, keep_rows, new_row, planned_of, rows_of, save
from models.money import number
from models.records.actual import AbsenceReason, ActualWeek, Origin
from models.records.contract import Contract
from models.records.timesheet import Timesheet, TimesheetDay, TimesheetState, month_of

BY_PROVIDER = (AbsenceReason.STAFF, AbsenceReason.BANK_HOLIDAY, AbsenceReason.WEATHER)
"""Reasons for which care was missed; for the others the person did not take it up: it is frustrated."""


def weeks_to_confirm(sheet: Timesheet) -> list[Span]:
    """The weeks with a day in this month of which every month that has care is approved."""
    weeks = weeks_touching(sheet.contract_id, sheet.span)
    approved = {month for month, each in _sheets(sheet, weeks).items() if each.state is TimesheetState.APPROVED}
    return [week for week in weeks if approved.issuperset(_months_with_care(sheet, week))]


def _months_with_care(sheet: Timesheet, week: Span) -> list[date]:
    """Of the week's months, those in which somebody has a payable day of it; this sheet's own is always one."""
    months = months_of(week)
    if len(months) == 1:
        return months
    found = by_day(sheet.contract_id, sheet.service_id, days_of(week))
    return sorted({month_of(day).first for _, day in found} | {sheet.month_on})


def _sheets(sheet: Timesheet, weeks: Sequence[Span]) -> dict[date, Timesheet]:
    """The timesheets of the same care that have a day in these weeks, by month."""
    months = {month for week in weeks for month in months_of(week)}
    query = select(Timesheet).where(
        Timesheet.contract_id == sheet.contract_id, Timesheet.service_id == sheet.service_id,
        Timesheet.month_on.in_(months),
    )  # fmt: skip
    return {each.month_on: each for each in session.scalars(query.order_by(Timesheet.month_on))}


def figures_of(sheet: Timesheet, week: Span) -> dict[int, Figures]:
    """What the timesheets say of a week, by item: the days, and planned days without them as their reasons say."""
    said: dict[tuple[int, date], TimesheetDay] = {}
    for each in _sheets(sheet, [week]).values():
        said |= {key: row for key, row in days_said(each.id).items() if key[1] in week}
    found = plans([sheet.contract_id], [week])
    ours = [each for each in found if each.service_id == sheet.service_id and each.unit in BY_DAY]
    return {plan.item_id: _figures(plan, week, said) for plan in ours}


def _figures(plan: Planned, week: Span, said: dict[tuple[int, date], TimesheetDay]) -> Figures:
    days = [said.get((plan.item_id, day)) for day in days_of(week)]
    units = tuple(each.units_e4 if each else 0 for each in days)
    actual_e4 = sum(units)
    short_e4 = max(plan.planned_e4 - actual_e4, 0)
    reasons = Counter(each.reason for each in days if each is not None and each.reason is not None)
    usual = next(iter(sorted(reasons, key=lambda reason: (-reasons[reason], reason.value))), None)
    is_missed = usual in BY_PROVIDER
    return Figures(
        actual_e4,
        frustrated_e4=0 if is_missed or usual is None else short_e4,
        missed_e4=short_e4 if is_missed else 0,
        extra_e4=max(actual_e4 - plan.planned_e4, 0),
        reason=usual if short_e4 else None,
        comment=_comment(plan, actual_e4, short_e4, reasons),
        by_day_e4=units,
    )


def _comment(plan: Planned, actual_e4: int, short_e4: int, reasons: Counter[AbsenceReason]) -> str:
    """What stands in the place of a comment: a timesheet has reasons by day."""
    if actual_e4 == plan.planned_e4:
        return ""
    if not short_e4:
        return f"{number(actual_e4 - plan.planned_e4)} more than planned, by the timesheet"
    told = ", ".join(f"{reason.label.lower()} ({count})" for reason, count in sorted(reasons.items()))
    return f"{number(short_e4)} fewer than planned, by the timesheet{f': {told}' if told else ''}"


def insist_on_sense(sheet: Timesheet) -> None:
    """DomainError that names the week where the judge of actuals finds an error in one that lies whole in the month. Of
    one that is cut, the other month's timesheet is judged with it.
    """
    faults: dict[date, str] = defaultdict(str)
    weeks = weeks_touching(sheet.contract_id, sheet.span)
    planned = {each.key: each for each in plans([sheet.contract_id], weeks)}
    rulebook = Rulebook.read({each.level_id for each in planned.values()})
    known = _sheets(sheet, weeks)
    for week in weeks:
        if any(month not in known for month in months_of(week)):
            continue
        for item_id, figures in figures_of(sheet, week).items():
            plan = planned[item_id, week.first]
            wrong = [each for each in check(figures, plan, rulebook.of(plan.level_id, week.first)) if each.is_error]
            if wrong and week.first not in faults:
                faults[week.first] = wrong[0].text
    if faults:
        first = min(faults)
        raise DomainError(f"In the week from {in_words(first)}: {faults[first]}")


def confirm_figures(
    contract: Contract, service_id: int, first_on: date, figures: Mapping[int, Figures], *, by: User
) -> int:
    """Confirm what an approved timesheet says of a week, by item, in place of whatever stands there; rows of other
    items stay as they are. How many figures are new or differ. It asks for no deadline, since the council has waited
    for the month; the caller has locked the provider, and calculates. DomainError where a figure has errors.
    """
    if not figures:
        return 0
    week = generate(contract, service_id, first_on, by=by)
    session.flush()
    planned = {each.item_id: each for each in planned_of(contract.id, service_id, first_on)}
    rulebook = Rulebook.read({each.level_id for each in planned.values()})
    rows = {row.item_id: row for row in session.scalars(rows_of(week))}
    faults: dict[int, list[Fault]] = {}
    for item_id, said in figures.items():
        plan = planned[item_id]
        if item_id not in rows:
            rows[item_id] = new_row(week, plan, by)
            session.add(rows[item_id])
        rows[item_id].planned_e4 = plan.planned_e4
        save(rows[item_id], said, Origin.TIMESHEET, by)
        faults[item_id] = check(said, plan, rulebook.of(plan.level_id, first_on))
        if wrong := [each for each in faults[item_id] if each.is_error]:
            raise DomainError(f"In the week from {in_words(first_on)}: {wrong[0].text}")
    session.flush()
    kept = keep_rows(week, faults, by, only=figures.keys())
    if kept or not week.confirmations:
        values = {
            "confirmed_at": utc_now(), "confirmed_by_id": by.id, "confirmations": week.confirmations + 1,
            "reopened_at": None, "reopened_by_id": None,
        }  # fmt: skip
        if not move(week, ActualWeek.confirmations == week.confirmations, **values):
            raise DomainError("Somebody else has just confirmed this week. Look at it again")
        record("actual_week.confirmed", week, by=by, rows=kept, late=False)
    return kept
