"""Weeks of actuals as a statement takes them: of each calendar, since each says on which weekday its weeks begin."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.base import chunks, session
from models.calendar import today
from models.care.plan import week_of
from models.care.rules import LATEST_WEEKS
from models.records.contract import Calendar
from models.statements import built_once, named

LOOKS_BACK = LATEST_WEEKS
"""So many weeks are looked at for late ones, and shown in the picture: older ones can no longer be confirmed."""


class Week(NamedTuple):
    """A week of one calendar. Each of it may be a parameter (`named_weeks`)."""

    calendar_id: Any
    first_on: Any
    last_on: Any
    weeks_ago: Any
    """The place of its day in the days that were given."""
    age: Any
    """Days since its last day, negative before."""


_TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "calendar_id": sa.Integer(), "first_on": sa.Date(), "last_on": sa.Date(), "weeks_ago": sa.Integer(),
    "age": sa.Integer(),
}  # fmt: skip


def last_week() -> date:
    """A day of the newest week that is over for every calendar: the day before a week ago."""
    return today() - timedelta(weeks=1)


def recent_days(weeks: int = LOOKS_BACK) -> list[date]:
    """A day of each of the last weeks that are over, the newest first."""
    return [last_week() - timedelta(weeks=each) for each in range(weeks)]


def weeks_of(days: Sequence[date]) -> list[Week]:
    """For each calendar the weeks that hold these days and have begun: one query for the calendars, which are few."""
    return [
        Week(calendar.id, week.first, week.last, number, (today() - week.last).days)
        for calendar in session.execute(_calendars())
        for number, week in ((number, week_of(calendar, day)) for number, day in enumerate(days))
        if week.first <= today()
    ]


@built_once
def _calendars() -> Select:
    return select(Calendar.id, Calendar.frequency, Calendar.anchor_on).order_by(Calendar.id)


def named_weeks(count: int) -> list[Week]:
    """So many weeks for a statement that is built once: in place of their values stand parameters (`values_of`)."""
    return [Week(*(named(_parameter(at, name), type_) for name, type_ in _TYPES.items())) for at in range(count)]


def values_of(weeks: Sequence[Week]) -> dict[str, int | date]:
    """Of the parameters of `named_weeks`, as many."""
    return {
        _parameter(at, name): value for at, week in enumerate(weeks) for name, value in zip(_TYPES, week, strict=True)
    }


def _parameter(at: int, name: str) -> str:
    return f"week_{at}_{name}"


def table_of(weeks: Sequence[Week]) -> sa.CTE:
    """Rows of their values, since a statement with VALUES in it is compiled anew whenever it is sent; a hundred at a
    time, since SQLite puts no more than 500 together.
    """
    parts = [select(sa.union_all(*map(_row, some)).subquery()) for some in chunks(weeks, 100)]
    none = _row(Week(0, date.max, date.max, 0, 0)).where(sa.false())
    return (sa.union_all(*parts) if parts else none).cte("weeks")


def _row(week: Week) -> Select:
    values = (sa.literal(value) if isinstance(value, int | date) else value for value in week)
    return select(*(value.label(name) for name, value in zip(_TYPES, values, strict=True)))
