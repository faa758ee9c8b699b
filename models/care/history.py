"""What the weeks before say of a week: kindly pointed out, or refused where a rule of the level says so."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from models.base import session
from models.care.checking import Code, Fault
from models.care.rules import LevelRules, Verdict
from models.records.actual import Actual, ActualWeek, ConfirmedActual, latest_that_counts

ALIKE_WEEKS = 8
"""So many weeks that were each just as planned are pointed out."""
LOOKS_BACK = 12
"""Weeks before this one that are read."""
_A_WEEK = timedelta(weeks=1)


def patterns(
    week: ActualWeek, rows: Sequence[Actual], rules: Mapping[int, LevelRules]
) -> dict[int, list[Fault]]:  # fmt: skip
    """By item, what its last weeks make of this one; one query."""
    own = [row.item_id for row in rows]
    query = latest_that_counts().where(
        ConfirmedActual.item_id.in_(own),
        ConfirmedActual.first_on < week.first_on,
        ConfirmedActual.first_on >= week.first_on - LOOKS_BACK * _A_WEEK,
    )
    before: dict[int, dict[date, ConfirmedActual]] = defaultdict(dict)
    for each in session.scalars(query):
        before[each.item_id][each.first_on] = each
    found: dict[int, list[Fault]] = {}
    for row in rows:
        faults = [*_always_planned(week, row, before[row.item_id])]
        if (rule := rules.get(row.item_id)) is not None:
            faults += _extra_for_long(week, row, before[row.item_id], rule)
        if faults:
            found[row.item_id] = faults
    return found


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
    if rule.extra_weeks is None or not row.extra_e4:
        return []
    weeks = 1
    while (each := before.get(week.first_on - weeks * _A_WEEK)) is not None and each.extra_e4:
        weeks += 1
    if weeks <= rule.extra_weeks:
        return []
    code = Code.EXTRA_TOO_LONG if rule.extra_weeks_verdict is Verdict.REFUSED else Code.EXTRA_LONG
    text = f"Extra for {weeks} weeks in a row. After {rule.extra_weeks}, ask for a change of the care package"
    return [Fault(code, "extra_e4", text)]
