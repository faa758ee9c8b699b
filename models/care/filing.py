"""Writing many rows of actuals at once, of many weeks, as a file brings them: set-based, in one transaction."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, NamedTuple, Protocol

import sqlalchemy as sa
from sqlalchemy import select

from models.accounts.user import User
from models.base import DomainError, chunks, insert_rows, session, utc_now
from models.care.figures import Figures
from models.care.plan import Planned
from models.records.actual import Actual, ActualWeek, Origin

MEANWHILE = "Somebody has changed rows of these weeks at this moment. Check the file again"
_AT_ONCE = 500
_AS_PLANNED = None

WeekOf = tuple[int, int, date]
"""A contract's id, a service's id, and the first day."""


class PlannedUnits(Protocol):
    """How much of a line item is planned in a week."""

    @property
    def item_id(self) -> int: ...
    @property
    def planned_e4(self) -> int: ...


class Filed(NamedTuple):
    """Figures of one line item and week that are to stand from now on."""

    week: WeekOf
    item_id: int
    planned_e4: int
    figures: Figures
    seen: int | None = None
    """The version of the row that they were held against; 0 where there was none; None: whatever stands is replaced."""

    @classmethod
    def of(cls, planned: Planned, figures: Figures) -> "Filed":
        """Whatever stands in the week."""
        week = planned.contract_id, planned.service_id, planned.week.first
        return cls(week, planned.item_id, planned.planned_e4, figures)


def file_rows(
    provider_id: int, filed: Iterable[Filed], planned_in: Callable[[WeekOf], Iterable[PlannedUnits]], origin: Origin, *,
    by: User,
) -> list[ActualWeek]:  # fmt: skip
    """Save the figures, and give the weeks that they belong to. A week that nobody had begun gets a row for everybody
    who is `planned_in` it, the others as planned. DomainError where a week is no longer open, or a row is another than
    was `seen`.
    """
    wanted = {(each.week, each.item_id): each for each in filed}
    keys = {week for week, _ in wanted}
    begun = _weeks(keys)
    new = sorted(keys - begun.keys())
    if new:
        insert_rows(ActualWeek, [_week(provider_id, key, by) for key in new])
        begun = _weeks(keys)
    if any(not week.is_open for week in begun.values()):
        raise DomainError("A week of this file has just been confirmed. Check the file again")
    old = {key: week.id for key, week in begun.items() if key not in new}
    stand = {(row.week_id, row.item_id): row for row in _rows(old.values())}
    row_of = _Row(provider_id, by)
    rows = [
        row_of(begun[key].id, each.item_id, each.planned_e4, _AS_PLANNED, Origin.FORM)
        for key in new for each in planned_in(key) if (key, each.item_id) not in wanted
    ]  # fmt: skip
    changed = []
    for one in wanted.values():
        week_id = begun[one.week].id
        row = stand.get((week_id, one.item_id))
        _insist_as_seen(one, row)
        if row is not None:
            changed.append({"b_id": row.id, "b_version": row.version, **one.figures.values(), "origin": origin})
        else:
            rows.append(row_of(week_id, one.item_id, one.planned_e4, one.figures, origin))
    insert_rows(Actual, rows)
    _change(changed, by)
    return [begun[key] for key in sorted(keys)]


def _weeks(keys: Iterable[WeekOf]) -> dict[WeekOf, ActualWeek]:
    wanted = set(keys)
    days = {day for _, _, day in wanted}
    query = select(ActualWeek).where(ActualWeek.first_on.in_(days)).order_by(ActualWeek.id).with_for_update()
    found = {(week.contract_id, week.service_id, week.first_on): week for week in session.scalars(query)}
    return {key: week for key, week in found.items() if key in wanted}


def _rows(week_ids: Iterable[int]) -> Iterable[sa.Row[tuple[int, int, int, int]]]:
    query = select(Actual.id, Actual.week_id, Actual.item_id, Actual.version).where(Actual.week_id.in_(set(week_ids)))
    return session.execute(query.order_by(Actual.id))


def _insist_as_seen(one: Filed, row: sa.Row[tuple[int, int, int, int]] | None) -> None:
    if one.seen is not None and one.seen != (row.version if row is not None else 0):
        raise DomainError(MEANWHILE)


def _week(provider_id: int, key: WeekOf, by: User) -> dict[str, Any]:
    contract_id, service_id, first_on = key
    return {
        "provider_id": provider_id, "contract_id": contract_id, "service_id": service_id, "first_on": first_on,
        "generated_by_id": by.id, "generated_at": utc_now(), "confirmations": 0, "late_reason": "",
        "reopened_reason": "",
    }  # fmt: skip


class _Row:
    """Rows as columns, all made at one moment."""

    def __init__(self, provider_id: int, by: User) -> None:
        self._common = {
            "provider_id": provider_id, "changed_by_id": by.id, "changed_at": utc_now(), "version": 1,
            "planned_visits": None,
        }  # fmt: skip

    def __call__(
        self, week_id: int, item_id: int, planned_e4: int, figures: Figures | None, origin: Origin
    ) -> dict[str, Any]:
        """`figures`: _AS_PLANNED where nobody has said anything else."""
        said = figures if figures is not None else Figures.as_planned(planned_e4)
        return {
            **self._common, "week_id": week_id, "item_id": item_id, "planned_e4": planned_e4, "origin": origin,
            **said.values(),
        }  # fmt: skip


def _change(changes: list[dict[str, Any]], by: User) -> None:
    """One UPDATE, executed for many rows; each only while it is as it was read."""
    table = Actual.__table__
    statement = (
        sa.update(Actual)
        .where(Actual.id == sa.bindparam("b_id"), Actual.version == sa.bindparam("b_version"))
        .values(
            version=Actual.version + 1, changed_at=utc_now(), changed_by_id=by.id,
            **{name: sa.bindparam(name, type_=table.c[name].type) for name in (*Figures(0).values(), "origin")},
        )
    )  # fmt: skip
    for some in chunks(changes, _AT_ONCE):
        connection = session.connection()
        done = connection.execute(statement, list(some))
        if done.rowcount != len(some):
            raise DomainError(MEANWHILE)
