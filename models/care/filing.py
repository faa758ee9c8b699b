"""Writing many rows of actuals at once, of many weeks, as a file brings them: set-based, in one transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from models.accounts.user import User
from models.base import DomainError, chunks, session, utc_now
from models.care.figures import Figures
from models.care.plan import Planned
from models.records.actual import Actual, ActualWeek, Origin

MEANWHILE = "Somebody has changed rows of these weeks at this moment. Check the file again"
_AT_ONCE = 500

WeekOf = tuple[int, int, date]
"""A contract's id, a service's id, and the first day."""


@dataclass(frozen=True, slots=True)
class Filed:
    """Figures of one line item and week that are to stand from now on."""

    planned: Planned
    figures: Figures
    seen: int | None = None
    """The version of the row that they were held against; 0 where there was none; None: whatever stands is replaced."""

    @property
    def week(self) -> WeekOf:
        return self.planned.contract_id, self.planned.service_id, self.planned.week.first


def file_rows(
    provider_id: int, filed: Iterable[Filed], planned: Mapping[WeekOf, list[Planned]], origin: Origin, *, by: User
) -> list[ActualWeek]:
    """Save the figures, and give the weeks that they belong to. A week that nobody had begun gets a row for everybody
    who is `planned` in it, the others as planned. DomainError where a week is no longer open, or a row is another than
    was `seen`.
    """
    wanted = {(*each.week, each.planned.item_id): each for each in filed}
    keys = {each.week for each in wanted.values()}
    begun = _weeks(keys)
    new = sorted(keys - begun.keys())
    if new:
        session.execute(sa.insert(ActualWeek), [_week(provider_id, key, by) for key in new])
        begun = _weeks(keys)
    if any(not week.is_open for week in begun.values()):
        raise DomainError("A week of this file has just been confirmed. Check the file again")
    stand = {(row.week_id, row.item_id): row for row in _rows(week.id for week in begun.values())}
    rows: dict[tuple[int, int], dict[str, Any]] = {}
    for key in new:
        for each in planned[key]:
            rows[begun[key].id, each.item_id] = _row(provider_id, begun[key], each, by)
    changed = []
    for one in wanted.values():
        week = begun[one.week]
        values = one.figures.values() | {"origin": origin}
        row = stand.get((week.id, one.planned.item_id))
        _insist_as_seen(one, row)
        if row is not None:
            changed.append({"b_id": row.id, "b_version": row.version, **values})
            continue
        place = rows.setdefault((week.id, one.planned.item_id), _row(provider_id, week, one.planned, by))
        place |= values
    if rows:
        # nulls are written as such: else SQLAlchemy makes a statement of its own of every few rows
        session.execute(sa.insert(Actual), list(rows.values()), execution_options={"render_nulls": True})
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


def _row(provider_id: int, week: ActualWeek, each: Planned, by: User) -> dict[str, Any]:
    return {
        "provider_id": provider_id, "week_id": week.id, "item_id": each.item_id, "planned_e4": each.planned_e4,
        "changed_by_id": by.id, "changed_at": utc_now(), "version": 1, "planned_visits": None, "origin": Origin.FORM,
        **Figures.as_planned(each.planned_e4).values(),
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
