"""What the weeks before say of a week: kindly pointed out, or refused where a rule of the level says so."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from models.base import session
from models.care.checking import Code, Fault
from models.care.figures import Draft, Figures
from models.care.rules import LevelRules, Verdict
from models.records.actual import Actual, ActualException, ActualWeek, ConfirmedActual, ExceptionState
from models.statements import built_once

ALIKE_WEEKS = 8
"""So many weeks that were each just as planned are pointed out."""
LOOKS_BACK = 12
"""Weeks before this one that are read."""
_A_WEEK = timedelta(weeks=1)


class Before(NamedTuple):
    """What counts of an earlier week of a line item."""

    planned_e4: int
    actual_e4: int
    extra_e4: int


@dataclass(frozen=True, slots=True)
class Past:
    """What was confirmed of a week's line items, in it and in the LOOKS_BACK weeks before."""

    before: Mapping[int, Mapping[date, Before]]
    """By item, the figures that count of the weeks before."""
    rejected: Mapping[int, tuple[Figures, str]]
    """By item, the figure of the week itself that the council rejected last, and why."""

    @classmethod
    def read(cls, week: ActualWeek) -> "Past":
        """One query."""
        before: dict[int, dict[date, Before]] = defaultdict(dict)
        rejected: dict[int, tuple[Figures, str]] = {}
        since = week.first_on - LOOKS_BACK * _A_WEEK
        each: Any  # a row of _confirmed
        for each in session.execute(_confirmed(), {"week_id": week.id, "first_on": week.first_on, "since": since}):
            if each.first_on < week.first_on and each.state in (None, ExceptionState.APPROVED):
                before[each.item_id][each.first_on] = Before(each.planned_e4, each.actual_e4, each.extra_e4)
            elif each.week_id == week.id and each.state is ExceptionState.REJECTED:
                rejected[each.item_id] = Figures.of(each), each.note
        return cls(before, rejected)


@built_once
def _confirmed() -> sa.Select:
    """Figures of the line items of a week, the oldest of each first. Parameters: `week_id`, its `first_on`, and
    `since`.
    """
    own, said = ConfirmedActual, ActualException
    week_id = sa.bindparam("week_id", type_=sa.Integer())
    first_on, since = sa.bindparam("first_on", type_=sa.Date()), sa.bindparam("since", type_=sa.Date())
    return (
        sa.select(
            own.item_id, own.first_on, own.week_id, own.planned_e4, own.actual_e4, own.frustrated_e4, own.missed_e4,
            own.extra_e4, own.visits, own.reason, own.comment, own.provider_reference, own.by_day_e4, said.state,
            said.note,
        )
        .select_from(own)
        .outerjoin(said, said.confirmed_id == own.id)
        .where(own.item_id.in_(sa.select(Actual.item_id).where(Actual.week_id == week_id)))
        .where(own.first_on <= first_on, own.first_on >= since)
        .order_by(own.item_id, own.first_on, own.number)
    )  # fmt: skip


def patterns(week: ActualWeek, row: Draft, past: Past, rule: LevelRules) -> list[Fault]:
    """What a row's last weeks make of this one."""
    before = past.before.get(row.item_id, {})
    return _always_planned(week, row, before) + _extra_for_long(week, row, before, rule)


def rejected(item_id: int, figures: Figures, past: Past) -> list[Fault]:
    """The row of this line item still says what the council has rejected."""
    refused, note = past.rejected.get(item_id, (None, ""))
    if refused != figures:
        return []
    return [Fault(Code.REJECTED, "actual_e4", f"The council has rejected this figure: {note}")]


def _always_planned(week: ActualWeek, row: Draft, before: Mapping[date, Before]) -> list[Fault]:
    if not row.planned_e4 or row.actual_e4 != row.planned_e4:
        return []
    if len(before) < ALIKE_WEEKS - 1:
        return []
    earlier = [before.get(week.first_on - n * _A_WEEK) for n in range(1, ALIKE_WEEKS)]
    if any(each is None or each.actual_e4 != each.planned_e4 for each in earlier):
        return []
    text = f"Just as planned for {ALIKE_WEEKS} weeks. If that is right, leave it"
    return [Fault(Code.ALWAYS_PLANNED, "actual_e4", text)]


def _extra_for_long(
    week: ActualWeek, row: Draft, before: Mapping[date, Before], rule: LevelRules
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


def _has_extra(row: Draft | Before) -> bool:
    """More than planned, whichever box says so."""
    return row.extra_e4 > 0 or row.actual_e4 > row.planned_e4
