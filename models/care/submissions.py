"""Which weeks of actuals are due from whom, and what has become of each: begun or not, confirmed in time, late.

A week is due of every service of a contract in which somebody has care that week. One that nobody has begun has no row
of its own, so that weeks are counted from the care packages: per calendar, since each says on which weekday its weeks
begin.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy import Select, func, select

from models.base import choice, session
from models.care.chasing import ActualChase
from models.care.due_weeks import Week, named_weeks, recent_days, table_of, values_of, weeks_of
from models.care.rules import DEADLINE_DAYS
from models.care.timesheet_plan import BY_DAY
from models.engine.actuals import BY_PLAN
from models.folding import found_by
from models.pricing import Convention
from models.records.actual import WEEK, ActualException, ActualWeek, ConfirmedActual, ExceptionState
from models.records.actual_rule import ActualRule, RuleKind
from models.records.care_package import CarePackageLineItem
from models.records.contract import Contract, PaymentMethod, PayOnActuals, ServiceLevel
from models.records.provider import Provider, ProviderKind, Service
from models.statements import built_once
from models.waiting import waits
from models.words import Choice

MOST_OLDER = 52
_NEVER = sa.literal(PayOnActuals.NEVER, choice(PayOnActuals))
LATE = "actuals late"
"""The name of its queue."""


class Submission(Choice):
    """What has become of a week, as the council sees it."""

    NOT_BEGUN = "not_begun"
    DRAFT = "draft"
    CONFIRMED = "confirmed"
    REOPENED = "reopened"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()

    @property
    def colour(self) -> str:
        return {"not_begun": "grey", "draft": "blue", "confirmed": "green", "reopened": "orange"}[self.value]


class Shown(Choice):
    """Which weeks a list shows."""

    MISSING = "missing"
    """Not confirmed: not begun, begun, or being corrected."""
    OPEN = "open"
    """Begun and not confirmed, or being corrected."""
    LATE = "late"
    NOT_BEGUN = "not_begun"
    DRAFT = "draft"
    REOPENED = "reopened"
    CONFIRMED = "confirmed"
    CONFIRMED_LATE = "confirmed_late"
    EXCEPTIONS = "exceptions"

    @property
    def label(self) -> str:
        return {
            "missing": "Not confirmed yet", "open": "Begun, and not confirmed", "late": "Late",
            "not_begun": "Not begun", "draft": "Draft", "reopened": "Reopened", "confirmed": "Confirmed",
            "confirmed_late": "Confirmed late", "exceptions": "With exceptions that wait",
        }[self.value]  # fmt: skip


@dataclass(frozen=True)
class Key:
    """Which week of which service under which contract."""

    contract_id: int
    service_id: int
    first_on: date

    def __str__(self) -> str:
        return f"{self.contract_id}-{self.service_id}-{self.first_on}"

    @classmethod
    def parse(cls, text: str) -> "Key":
        """ValueError where it is none."""
        contract, service, day = text.split("-", 2)
        if not all(each.isascii() and each.isdigit() and len(each) < 10 for each in (contract, service)):
            raise ValueError(text)
        return cls(int(contract), int(service), date.fromisoformat(day))

    @classmethod
    def among(cls, texts: Iterable[str]) -> list["Key"]:
        """Those of the texts that name a week; an old address may hold what is none."""
        found = []
        for text in texts:
            with suppress(ValueError):
                found.append(cls.parse(text))
        return found


def due(weeks: Sequence[Week], *, of_contracts: Sequence[int] | None = None) -> sa.Subquery:
    """A row for each of the weeks (`weeks_of`), of each service of a contract whose payments hang on actuals, or whose
    week somebody has begun: contract_id, service_id, first_on, weeks_ago and age (see Week), people (line items),
    days_to_confirm, how (the method's pay_on_actuals, or never where its provider sends timesheets).
    """
    these = table_of(weeks)
    item, method, newer = CarePackageLineItem, PaymentMethod, sa.orm.aliased(PaymentMethod)
    last_on = these.c.last_on
    pays_last_day = ServiceLevel.convention == Convention.INCLUSIVE
    first_on = these.c.first_on
    is_there = sa.and_(
        sa.or_(item.ends_on.is_(None), item.ends_on > first_on, sa.and_(item.ends_on == first_on, pays_last_day)),
        sa.or_(Contract.ends_on.is_(None), Contract.ends_on >= first_on),
    )
    later = select(newer.id).where(
        newer.contract_id == method.contract_id, newer.calculate_from <= last_on,
        newer.calculate_from > method.calculate_from,
    )  # fmt: skip
    begun = select(ActualWeek.id).where(ActualWeek.contract_id == method.contract_id, ActualWeek.first_on == first_on)
    is_paid_so = method.pay_on_actuals != PayOnActuals.NEVER
    has_any = method.contract_id.in_(select(ActualWeek.contract_id))  # of all weeks: told before any week is looked at
    deadline = sa.and_(
        ActualRule.service_level_id == ServiceLevel.id, ActualRule.kind == RuleKind.DEADLINE,
        sa.or_(ActualRule.refuses_from <= these.c.first_on, ActualRule.warns_from <= these.c.first_on),
    )  # fmt: skip
    query = (
        select(
            item.provider_id, item.contract_id, ServiceLevel.service_id, these.c.first_on, these.c.weeks_ago,
            these.c.age, func.count(item.id).label("people"),
            func.max(func.coalesce(ActualRule.value, DEADLINE_DAYS)).label("days_to_confirm"),
            func.max(sa.case((_by_month(), _NEVER), else_=method.pay_on_actuals)).label("how"),
        )
        .join(ServiceLevel, ServiceLevel.id == item.service_level_id)
        .join(Contract, Contract.id == item.contract_id)
        .join(Provider, Provider.id == item.provider_id)
        .join(method, method.contract_id == item.contract_id)
        .join(these, these.c.calendar_id == method.calendar_id)
        .outerjoin(ActualRule, deadline)
        .where(item.is_activated, ServiceLevel.unit.not_in(BY_PLAN), item.starts_on <= last_on, is_there)
        .where(method.calculate_from <= last_on, ~later.exists())
        .where(sa.or_(is_paid_so, has_any), sa.or_(is_paid_so, begun.exists()))
        .group_by(
            item.provider_id, item.contract_id, ServiceLevel.service_id, these.c.first_on, these.c.weeks_ago,
            these.c.age,
        )
    )  # fmt: skip
    if of_contracts is not None:
        query = query.where(item.contract_id.in_(of_contracts))
    return query.subquery("due")


def _by_month() -> sa.ColumnElement[bool]:
    """Its provider sends timesheets: no week is asked for, and one is there once its months are approved."""
    return sa.and_(Provider.kind == ProviderKind.SHARED_LIVES, ServiceLevel.unit.in_(BY_DAY))


def _is_late(found: sa.Subquery) -> sa.ColumnElement[bool]:
    """Nobody has confirmed it, and its deadline is past."""
    return sa.and_(ActualWeek.confirmed_at.is_(None), found.c.age > found.c.days_to_confirm)


def _pays(found: sa.Subquery) -> sa.ColumnElement[bool]:
    """Its payments hang on it, or somebody has begun it."""
    return sa.or_(found.c.how != PayOnActuals.NEVER, ActualWeek.id.is_not(None))


def _with_weeks(query: Select, found: sa.Subquery) -> Select:
    own = (ActualWeek.contract_id, ActualWeek.service_id, ActualWeek.first_on)
    theirs = (found.c.contract_id, found.c.service_id, found.c.first_on)
    same = sa.and_(*(mine == other for mine, other in zip(own, theirs, strict=True)))
    return query.select_from(found).outerjoin(ActualWeek, same).where(_pays(found))


def _exceptions() -> sa.ScalarSelect[int]:
    query = select(func.count(ActualException.id)).join(
        ConfirmedActual, ConfirmedActual.id == ActualException.confirmed_id
    )
    return (
        query.where(ConfirmedActual.week_id == ActualWeek.id, ActualException.state == ExceptionState.OPEN)
        .correlate(ActualWeek)
        .scalar_subquery()
    )


def _chased(found: sa.Subquery) -> sa.ScalarSelect[date]:
    chase = ActualChase
    own = (
        chase.contract_id == found.c.contract_id, chase.service_id == found.c.service_id,
        chase.first_on == found.c.first_on,
    )  # fmt: skip
    return select(func.max(chase.chased_on)).where(*own).correlate(found).scalar_subquery()


def submissions(
    days: Sequence[date], *, show: Shown | None = None, text: str = "", keys: Sequence[Key] | None = None
) -> Select:
    """Rows of the weeks that `due` finds: contract_id, contract (its name), contract_reference, service_id, service,
    provider_id, provider, provider_reference, first_on, age, people, days_to_confirm, is_late, state (Submission),
    week_id (None: not begun), confirmed_at, late_reason, exceptions (those that wait), chased_on (the last). By
    provider, contract, service and day.
    """
    found = due(weeks_of(days), of_contracts=None if keys is None else sorted({each.contract_id for each in keys}))
    words = sa.case(
        (ActualWeek.id.is_(None), Submission.NOT_BEGUN.value),
        (ActualWeek.reopened_at.is_not(None), Submission.REOPENED.value),
        (ActualWeek.confirmed_at.is_(None), Submission.DRAFT.value),
        else_=Submission.CONFIRMED.value,
    )
    state = sa.type_coerce(words, choice(Submission))
    query = _with_weeks(
        select(
            found.c.contract_id, Contract.name.label("contract"), Contract.reference.label("contract_reference"),
            found.c.service_id, Service.name.label("service"), found.c.provider_id, Provider.name.label("provider"),
            Provider.reference.label("provider_reference"), found.c.first_on, found.c.age, found.c.people,
            found.c.days_to_confirm, _is_late(found).label("is_late"), state.label("state"),
            ActualWeek.id.label("week_id"), ActualWeek.confirmed_at, ActualWeek.late_reason,
            _exceptions().label("exceptions"), _chased(found).label("chased_on"),
        ),
        found,
    )  # fmt: skip
    query = query.join(Contract, Contract.id == found.c.contract_id).join(Service, Service.id == found.c.service_id)
    query = query.join(Provider, Provider.id == found.c.provider_id)
    if show is not None:
        query = query.where(_shown(show, found))
    if text:
        query = query.where(
            sa.or_(
                Provider.found_by(text), found_by(text, Contract.folded_name, Contract.reference, Service.folded_name)
            )
        )
    if keys is not None:
        ours = sa.tuple_(found.c.contract_id, found.c.service_id, found.c.first_on)
        query = query.where(ours.in_([(each.contract_id, each.service_id, each.first_on) for each in keys]))
    return query.order_by(Provider.folded_name, Contract.reference, Service.folded_name, found.c.first_on.desc(),
                          found.c.contract_id, found.c.service_id)  # fmt: skip


def _shown(show: Shown, found: sa.Subquery) -> sa.ColumnElement[bool]:
    no_longer = ActualWeek.confirmed_at.is_(None)
    is_open = sa.or_(no_longer, ActualWeek.reopened_at.is_not(None))
    conditions: Mapping[Shown, sa.ColumnElement[bool]] = {
        Shown.MISSING: is_open,
        Shown.OPEN: sa.and_(ActualWeek.id.is_not(None), is_open),
        Shown.LATE: _is_late(found),
        Shown.NOT_BEGUN: ActualWeek.id.is_(None),
        Shown.DRAFT: sa.and_(ActualWeek.id.is_not(None), no_longer, ActualWeek.reopened_at.is_(None)),
        Shown.REOPENED: ActualWeek.reopened_at.is_not(None),
        Shown.CONFIRMED: sa.and_(~no_longer, ActualWeek.reopened_at.is_(None)),
        Shown.CONFIRMED_LATE: ActualWeek.late_reason != "",
        Shown.EXCEPTIONS: _exceptions() > 0,
    }
    return conditions[show]


def older_days() -> list[date]:
    """The first days of weeks before these that somebody has begun and nobody has confirmed, or that are open again:
    the newest first, so many as a page can compare. The council may have to open them. One query.
    """
    oldest = recent_days()[-1] - WEEK
    query = select(ActualWeek.first_on).where(ActualWeek.is_open, ActualWeek.first_on < oldest).distinct()
    return list(session.scalars(query.order_by(ActualWeek.first_on.desc()).limit(MOST_OLDER)))


@dataclass(frozen=True)
class Column:
    """A week of the picture: how many were due, and what became of them."""

    day: date
    """One of its days."""
    in_time: int
    late: int
    """Confirmed late."""
    missing: int
    """Not confirmed."""

    @property
    def total(self) -> int:
        return self.in_time + self.late + self.missing


def picture(days: Sequence[date]) -> list[Column]:
    """How many weeks were confirmed in time, late, and not at all; the oldest first. Two queries."""
    weeks = weeks_of(days)
    rows = {row[0]: (row[1], row[2], row[3]) for row in session.execute(_tallied(len(weeks)), values_of(weeks))}
    columns = []
    for number, day in reversed(list(enumerate(days))):
        total, not_yet, late_ones = rows.get(number, (0, 0, 0))
        columns.append(Column(day, total - not_yet - late_ones, late_ones, not_yet))
    return columns


@built_once
def _tallied(count: int) -> Select:
    """Of so many weeks, by weeks_ago: how many services they are of, how many are missing, and confirmed late."""
    found = due(named_weeks(count))
    missing, late = ActualWeek.confirmed_at.is_(None), ActualWeek.late_reason != ""
    tallied = [
        func.sum(sa.case((each, 1), else_=0)).label(name)
        for name, each in (("missing", missing), ("late", sa.and_(~missing, late)))
    ]
    query = select(found.c.weeks_ago, func.count().label("total"), *tallied)
    return _with_weeks(query, found).group_by(found.c.weeks_ago)


def late_waiting(weeks: Sequence[Week]) -> Select:
    """Those of the weeks that are late, counted: see models.waiting. The oldest one's first day; no money is known of
    them.
    """
    found = due(weeks)
    query = waits(LATE, func.count(found.c.contract_id), func.min(found.c.first_on))
    return _with_weeks(query, found).where(_is_late(found))


def usually_due(first_on: date) -> date:
    """The last day on which a week that begins on that day is in time, where no rule says another."""
    return first_on + WEEK + timedelta(days=DEADLINE_DAYS)
