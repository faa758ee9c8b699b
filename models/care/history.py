"""What the weeks before say of a week: kindly pointed out, or refused where a rule of the level says so."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from models.base import session
from models.care.checking import Code, Fault
from models.care.figures import Figures
from models.care.rules import LevelRules, Verdict
from models.records.actual import Actual, ActualException, ActualWeek, ConfirmedActual, ExceptionState

ALIKE_WEEKS = 8
"""So many weeks that were each just as planned are pointed out."""
LOOKS_BACK = 12
"""Weeks before this one that are read."""
_A_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Past:
    """What was confirmed of a week's line items, in it and in the LOOKS_BACK weeks before."""

    before: Mapping[int, Mapping[date, ConfirmedActual]]
    """By item, the figures that count of the weeks before."""
    rejected: Mapping[int, tuple[Figures, str]]
    """By item, the figure of the week itself that the council rejected last, and why."""

    @classmethod
    def read(cls, week: ActualWeek, item_ids: Collection[int]) -> "Past":
        """One query."""
        query = (
            select(ConfirmedActual, ActualException.state, ActualException.note)
            .outerjoin(ActualException, ActualException.confirmed_id == ConfirmedActual.id)
            .where(
                ConfirmedActual.item_id.in_(item_ids),
                ConfirmedActual.first_on <= week.first_on,
                ConfirmedActual.first_on >= week.first_on - LOOKS_BACK * _A_WEEK,
            )
            .order_by(ConfirmedActual.item_id, ConfirmedActual.first_on, ConfirmedActual.number)
        )
        before: dict[int, dict[date, ConfirmedActual]] = defaultdict(dict)
        rejected: dict[int, tuple[Figures, str]] = {}
        for each, state, note in session.execute(query):
            if each.first_on < week.first_on and state in (None, ExceptionState.APPROVED):
                before[each.item_id][each.first_on] = each
            elif each.week_id == week.id and state is ExceptionState.REJECTED:
                rejected[each.item_id] = Figures.of(each), note
        return cls(before, rejected)


def patterns(week: ActualWeek, row: Actual, past: Past, rule: LevelRules) -> list[Fault]:
    """What a row's last weeks make of this one."""
    before = past.before.get(row.item_id, {})
    return _always_planned(week, row, before) + _extra_for_long(week, row, before, rule)


def rejected(row: Actual, past: Past) -> list[Fault]:
    """The row still says what the council has rejected."""
    figures, note = past.rejected.get(row.item_id, (None, ""))
    if figures != Figures.of(row):
        return []
    return [Fault(Code.REJECTED, "actual_e4", f"The council has rejected this figure: {note}")]


def _always_planned(week: ActualWeek, row: Actual, before: Mapping[date, ConfirmedActual]) -> list[Fault]:
    if not row.planned_e4 or row.actual_e4 != row.planned_e4:
        return []
    earlier = [before.get(week.first_on - n * _A_WEEK) for n in range(1, ALIKE_WEEKS)]
    if any(each is None or each.actual_e4 != each.planned_e4 for each in earlier):
        return []
    text = f"Just as planned for {ALIKE_WEEKS} weeks. If that is right, leave it"
    return [Fault(Code.ALWAYS_PLANNED, "actual_e4", text)]


def _extra_for_long(
    week: ActualWeek, row: Actual, before: Mapping[date, ConfirmedActual], rule: LevelRules
) -> list[Fault]:  # fmt: skip
    if rule.extra_weeks is None or not _has_extra(row):
        return []
    weeks = 1
    while (each := before.get(week.first_on - weeks * _A_WEEK)) is not None and _has_extra(each):
        weeks += 1
    if weeks <= rule.extra_weeks:
        return []
    code = Code.EXTRA_TOO_LONG if rule.extra_weeks_verdict is Verdict.REFUSED else Code.EXTRA_LONG
    text = f"Extra for {weeks} weeks in a row. After {rule.extra_weeks}, ask for a change of the care package"
    return [Fault(code, "extra_e4", text)]


def _has_extra(row: Actual | ConfirmedActual) -> bool:
    """More than planned, whichever box says so."""
    return row.extra_e4 > 0 or row.actual_e4 > row.planned_e4
