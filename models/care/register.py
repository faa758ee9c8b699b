"""The weeks of which a provider says what was delivered: which there are, how far each has got, and by when."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.base import session
from models.calendar import FAR_FUTURE, Span, today
from models.care.plan import week_of
from models.care.rules import DEADLINE_DAYS, LATEST_WEEKS
from models.engine.actuals import BY_PLAN
from models.engine.facts import Terms
from models.records.actual import WEEK, ActualException, ActualWeek, ConfirmedActual, ExceptionState, WeekState
from models.records.actual_rule import ActualRule, RuleKind
from models.records.care_package import CarePackageLineItem
from models.records.contract import Calendar, Contract, PaymentMethod, PayOnActuals, ServiceLevel
from models.records.provider import Provider, Service
from models.statements import built_once
from models.words import Choice

_A_WEEK = timedelta(weeks=1)


class Standing(Choice):
    """How far a week has got, as its provider sees it."""

    NOT_BEGUN = "not_begun"
    DRAFT = "draft"
    LATE = "late"
    CLOSED = "closed"
    """It was not confirmed, or not again, in time, and only the council can open it now."""
    REOPENED = "reopened"
    EXCEPTIONS = "exceptions"
    """It is confirmed, and the council has not decided all of its exceptions."""
    CONFIRMED = "confirmed"

    @property
    def label(self) -> str:
        return {"not_begun": "Not begun", "exceptions": "Exceptions open"}.get(self.value, self.value.capitalize())

    @property
    def colour(self) -> str:
        """Of its tag, which says the label too."""
        return {
            "not_begun": "grey", "draft": "blue", "late": "red", "closed": "grey", "reopened": "orange",
            "exceptions": "yellow", "confirmed": "green",
        }[self.value]  # fmt: skip

    @property
    def is_to_do(self) -> bool:
        """Its provider has something to do before it is confirmed."""
        return self in (Standing.NOT_BEGUN, Standing.DRAFT, Standing.LATE, Standing.REOPENED)


@dataclass(frozen=True, slots=True)
class ListedWeek:
    """One week of one service under one contract."""

    contract_id: int
    reference: str
    contract_name: str
    service_id: int
    service_name: str
    span: Span
    in_time_until: date
    latest: date
    week_id: int | None = None
    """None where nobody has begun it."""
    state: WeekState | None = None
    exceptions: int = 0
    """Figures that wait for the council."""
    is_opened_by_council: bool = False

    @property
    def standing(self) -> Standing:
        if self.state is WeekState.REOPENED:
            is_closed = today() > self.latest and not self.is_opened_by_council
            return Standing.CLOSED if is_closed else Standing.REOPENED
        if self.state is WeekState.CONFIRMED:
            return Standing.EXCEPTIONS if self.exceptions else Standing.CONFIRMED
        if today() > self.latest:
            return Standing.CLOSED
        if today() > self.in_time_until:
            return Standing.LATE
        return Standing.NOT_BEGUN if self.week_id is None else Standing.DRAFT

    @property
    def is_over(self) -> bool:
        """It can be confirmed: only what has been delivered can be said."""
        return self.span.last < today()

    @property
    def first_on(self) -> date:
        return self.span.first

    @property
    def key(self) -> tuple[int, int, date]:
        return self.contract_id, self.service_id, self.span.first


def is_asked() -> sa.ColumnElement[bool]:
    """A condition on Provider: a contract of its own pays on actuals, or weeks are there already."""
    method = PaymentMethod
    pays = sa.exists().where(method.provider_id == Provider.id, method.pay_on_actuals != PayOnActuals.NEVER)
    return sa.or_(pays, sa.exists().where(ActualWeek.provider_id == Provider.id))


def weeks(since: date, provider_id: int | None = None) -> list[ListedWeek]:
    """Every week that ends on `since` or later and has begun, of contracts that pay on actuals and have somebody with a
    payable day in it, and those that are begun already; the newest first. Two queries, of the provider at hand, or
    with `provider_id` of one of several that may be seen.
    """
    rows = session.execute(_schedule(since, provider_id)).all()
    return _listed(rows, session.execute(_begun(since, provider_id)).all(), since)


def weeks_to_do(since: date, provider_id: int | None = None) -> list[ListedWeek]:
    """Of these, the ones that wait for their provider and are over; the oldest first. One query. `provider_id`: of one
    of several that may be seen.
    """
    own = sa.and_(
        ActualWeek.contract_id == CarePackageLineItem.contract_id, ActualWeek.service_id == ServiceLevel.service_id
    )
    told = sa.cast(ActualWeek.first_on, sa.Text) + ":" + sa.cast(ActualWeek.id, sa.Text) + ":"
    told = told + sa.cast(sa.type_coerce(ActualWeek.state, sa.Text), sa.Text)
    told = told + sa.case((ActualWeek.is_opened_by_council, ":council"), else_=":")
    begun = (
        select(sa.func.aggregate_strings(told, ","))
        .where(own, ActualWeek.first_on >= since - WEEK)
        .correlate(CarePackageLineItem, ServiceLevel)
        .scalar_subquery()
    )
    rows = session.execute(_schedule(since, provider_id).add_columns(begun.label("begun"))).all()
    found = _listed(rows, [each for row in rows for each in _begun_of(row)], since)
    return [each for each in reversed(found) if each.is_over and each.standing.is_to_do]


@built_once
def week_at() -> Select:
    """The contract, the service and the week, which is None where nobody has begun it. No row where the contract has no
    care of the service. Parameters: `reference` of the contract, `service_id`, `first_on`.
    """
    item = CarePackageLineItem
    service_id, first_on = sa.bindparam("service_id", type_=sa.Integer()), sa.bindparam("first_on", type_=sa.Date())
    has_care = sa.exists().where(
        item.contract_id == Contract.id, ServiceLevel.id == item.service_level_id, ServiceLevel.service_id == service_id
    )
    own = ActualWeek.contract_id == Contract.id, ActualWeek.service_id == Service.id, ActualWeek.first_on == first_on
    return (
        select(Contract, Service, ActualWeek)
        .select_from(Contract)
        .join(Service, Service.id == service_id)
        .outerjoin(ActualWeek, sa.and_(*own))
        .where(Contract.reference == sa.bindparam("reference", type_=sa.Text()), has_care)
        .order_by(Contract.id)
    )


@dataclass(frozen=True, slots=True)
class _Begun:
    """A week that has a row, as the list needs it."""

    id: int
    contract_id: int
    service_id: int
    first_on: date
    state: WeekState
    exceptions: int = 0
    is_opened_by_council: bool = False


def _begun_of(row: sa.Row) -> Iterable[_Begun]:
    for part in filter(None, (row.begun or "").split(",")):
        day, number, state, by = part.split(":")
        key = row.contract_id, row.service_id, date.fromisoformat(day)
        yield _Begun(int(number), *key, WeekState(state), is_opened_by_council=by == "council")


def _begun(since: date, provider_id: int | None) -> Select:
    waits = (
        select(sa.func.count())
        .select_from(ConfirmedActual)
        .join(ActualException, ActualException.confirmed_id == ConfirmedActual.id)
        .where(ConfirmedActual.week_id == ActualWeek.id, ActualException.state == ExceptionState.OPEN)
        .correlate(ActualWeek)
        .scalar_subquery()
    )
    return (
        select(
            ActualWeek.id, ActualWeek.contract_id, ActualWeek.service_id, ActualWeek.first_on,
            ActualWeek.state.label("state"), waits.label("exceptions"),
            ActualWeek.is_opened_by_council.label("is_opened_by_council"),
        )
        .where(ActualWeek.first_on >= since - WEEK)
        .where(sa.true() if provider_id is None else ActualWeek.provider_id == provider_id)
        .order_by(ActualWeek.first_on, ActualWeek.id)
    )  # fmt: skip


def _schedule(since: date, provider_id: int | None) -> Select:
    """Each line item by each payment method of its contract, with what decides which weeks it has and by when."""
    item, method = CarePackageLineItem, PaymentMethod
    deadline, latest = sa.orm.aliased(ActualRule), sa.orm.aliased(ActualRule)

    def is_rule(rule: type[ActualRule], kind: RuleKind) -> sa.ColumnElement[bool]:
        return sa.and_(rule.service_level_id == ServiceLevel.id, rule.kind == kind)

    def columns_of(rule: type[ActualRule], name: str) -> Sequence[sa.ColumnElement]:
        days = rule.warns_from.label(f"{name}_warns"), rule.refuses_from.label(f"{name}_refuses")
        return rule.value.label(f"{name}_value"), *days

    return (
        select(
            item.contract_id, Contract.reference, Contract.name.label("contract_name"),
            Contract.ends_on.label("contract_ends_on"), ServiceLevel.service_id, Service.name.label("service_name"),
            item.starts_on, item.ends_on, ServiceLevel.convention, method.calculate_from, method.pay_on_actuals,
            Calendar.frequency, Calendar.anchor_on,
            *columns_of(deadline, "deadline"), *columns_of(latest, "latest"),
        )
        .join(Contract, Contract.id == item.contract_id)
        .join(ServiceLevel, ServiceLevel.id == item.service_level_id)
        .join(Service, Service.id == ServiceLevel.service_id)
        .join(method, method.contract_id == item.contract_id)
        .join(Calendar, Calendar.id == method.calendar_id)
        .outerjoin(deadline, is_rule(deadline, RuleKind.DEADLINE))
        .outerjoin(latest, is_rule(latest, RuleKind.LATEST))
        .where(sa.true() if provider_id is None else item.provider_id == provider_id)
        .where(item.is_activated, ServiceLevel.unit.not_in(BY_PLAN))
        .where(item.starts_on <= today(), sa.or_(item.ends_on.is_(None), item.ends_on >= since))
        .order_by(Contract.folded_name, Contract.id, Service.folded_name, Service.id, item.id, method.calculate_from)
    )  # fmt: skip


def _listed(rows: Sequence[sa.Row], begun: Sequence[sa.Row | _Begun], since: date) -> list[ListedWeek]:
    methods: dict[int, dict[date, sa.Row]] = defaultdict(dict)
    for row in rows:
        methods[row.contract_id][row.calculate_from] = row
    stands = {(each.contract_id, each.service_id, each.first_on): each for each in begun}
    found: dict[tuple[int, int, date], ListedWeek] = {}
    for row in rows:
        for span in _weeks_of(row, methods[row.contract_id], since):
            key = row.contract_id, row.service_id, span.first
            week = stands.get(key)
            if week is None and not _pays_on_actuals(methods[row.contract_id], span.first):
                continue
            own = _week(row, span, week)
            if key in found:  # it is confirmed whole: the latest day of its service levels'
                before = found[key]
                if (own.in_time_until, own.latest) <= (before.in_time_until, before.latest):
                    continue
            found[key] = own
    return sorted(found.values(), key=lambda each: (each.span.first, each.contract_id, each.service_id), reverse=True)


def _week(row: sa.Row, span: Span, week: sa.Row | _Begun | None) -> ListedWeek:
    days = _value(row, "deadline", span.first, DEADLINE_DAYS)
    weeks_after = _value(row, "latest", span.first, LATEST_WEEKS)
    return ListedWeek(
        row.contract_id, row.reference, row.contract_name, row.service_id, row.service_name, span,
        span.last + timedelta(days=days), span.last + timedelta(weeks=weeks_after),
        week.id if week else None, WeekState(week.state) if week else None, week.exceptions if week else 0,
        bool(week and week.is_opened_by_council),
    )  # fmt: skip


def _weeks_of(row: sa.Row, methods: dict[date, sa.Row], since: date) -> Iterable[Span]:
    """The weeks with a payable day of the item that end on `since` or later and have begun; each item's rows have one
    for each method, and the weeks of a method are those that it is the last one begun of.
    """
    terms = Terms(
        row.starts_on, row.ends_on or FAR_FUTURE, convention=row.convention,
        contract_ends_on=row.contract_ends_on or FAR_FUTURE,
    )  # fmt: skip
    later = [day for day in methods if day > row.calculate_from]
    span = week_of(row, max(terms.starts_on, row.calculate_from, since))
    until = min(terms.last_payable_on, today())
    while span.first <= until and not any(day <= span.last for day in later):
        yield span
        span = Span(span.first + _A_WEEK, span.last + _A_WEEK)


def _pays_on_actuals(methods: dict[date, sa.Row], first_on: date) -> bool:
    begun = [row for day, row in sorted(methods.items()) if day <= first_on + WEEK]
    return bool(begun) and begun[-1].pay_on_actuals is not PayOnActuals.NEVER


def _value(row: sa.Row, name: str, first_on: date, usual: int) -> int:
    """What the level's rule says of a week, as Rulebook reads it."""
    days = getattr(row, f"{name}_warns"), getattr(row, f"{name}_refuses")
    value = getattr(row, f"{name}_value")
    holds = any(day is not None and day <= first_on for day in days)
    return value if holds and value is not None else usual
