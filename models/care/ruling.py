"""The council says by which rules actuals of a service level are judged and paid, and from which day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy import Select, func, select

from models.accounts.user import User
from models.audit import record
from models.base import DomainError, session, utc_now
from models.care.history import LOOKS_BACK
from models.care.rules import STEPS_E4
from models.engine.actuals import BY_PLAN
from models.money import SCALE, number
from models.payments.calculation import calculate, lock
from models.records.actual import ConfirmedActual, latest_that_counts
from models.records.actual_rule import ActualRule, RuleKind
from models.records.care_package import CarePackageLineItem
from models.records.contract import ServiceLevel
from models.words import how_many

MOST = {RuleKind.EXTRA_WEEKS: LOOKS_BACK, RuleKind.DEADLINE: 60, RuleKind.LATEST: 104}
"""Of a value; more is a slip of the keys. Weeks with extra are counted as far as a row's past is read."""
TWO_PEOPLE = (RuleKind.PAID_ON_PLAN,)
"""Rules that move money: one manager asks for them, a second one agrees (changing_rules)."""
SECOND_PERSON = "This rule changes what is paid, so ask for it, and have a second manager agree"
NO_WARNING = (RuleKind.PAID_ON_PLAN, RuleKind.DEADLINE, RuleKind.LATEST)
"""Rules that hold or do not hold: nothing is warned of."""
LATER = "What is paid already is put right as a difference in the next payment."


@dataclass(frozen=True)
class Effect:
    """What a rule that says how weeks are paid would touch: weeks with figures that are confirmed already."""

    weeks: int
    items: int
    providers: int
    below: int
    """Weeks whose figure is less than their plan: what is paid of them rises."""
    above: int

    @property
    def counted(self) -> str:
        """19 confirmed weeks of 4 care packages of 1 provider are."""
        care = f"{how_many(self.items, 'care package')} of {how_many(self.providers, 'provider')}"
        return f"{how_many(self.weeks, 'confirmed week')} of {care} {'is' if self.weeks == 1 else 'are'}"

    @property
    def words(self) -> str:
        if not self.weeks:
            return "No confirmed week is touched: it holds of weeks to come."
        return (
            f"{self.counted} paid anew, as planned: {self.below:,} below the plan, and {self.above:,} above it. {LATER}"
        )


def set_rule(
    level: ServiceLevel, kind: RuleKind, *, warns_from: date | None = None, refuses_from: date | None = None,
    value: int | None = None, by: User,
) -> ActualRule:  # fmt: skip
    """The rule of the level from these days on, in place of the one of that kind that it has. Weeks that begin earlier
    keep what held of them only as far as the days say: a rule has one day from which it warns and one from which it
    refuses. DomainError where it makes no sense, or moves money, for which a second person has to agree.
    """
    insist_on_sense(kind, warns_from, refuses_from, value)
    if kind in TWO_PEOPLE:
        raise DomainError(SECOND_PERSON)
    return put_in_place(level, kind, warns_from=warns_from, refuses_from=refuses_from, value=value, by=by)


def put_in_place(
    level: ServiceLevel, kind: RuleKind, *, warns_from: date | None = None, refuses_from: date | None = None,
    value: int | None = None, by: User,
) -> ActualRule:  # fmt: skip
    """For whoever has seen to it that the rule makes sense, and is agreed to where it moves money."""
    rule = session.scalars(of_level(level.id, kind).with_for_update()).one_or_none()
    before = told(rule) if rule is not None else "none"
    moved = providers_of(level.id) if kind in TWO_PEOPLE else []
    lock(moved)
    if rule is None:
        rule = ActualRule(service_level_id=level.id, kind=kind)
        session.add(rule)
    rule.warns_from, rule.refuses_from, rule.value = warns_from, refuses_from, value
    rule.changed_at, rule.changed_by_id = utc_now(), by.id
    record("actual_rule.set", rule, by=by, level=level.reference, kind=kind.value, before=before, after=told(rule))
    session.flush()
    if moved:
        calculate(moved)
    return rule


def end_rule(rule: ActualRule, *, by: User) -> None:
    """It holds of no week any more, and none is judged by it. What it was is in the audit. DomainError where it moves
    money.
    """
    if rule.kind in TWO_PEOPLE:
        raise DomainError(SECOND_PERSON)
    take_away(rule, by=by)


def take_away(rule: ActualRule, *, by: User) -> None:
    """For whoever has seen to it that this is agreed to where it moves money."""
    moved = providers_of(rule.service_level_id) if rule.kind in TWO_PEOPLE else []
    lock(moved)
    level = session.scalar(select(ServiceLevel.reference).where(ServiceLevel.id == rule.service_level_id))
    record("actual_rule.ended", rule, by=by, level=level, kind=rule.kind.value, before=told(rule))
    session.delete(rule)
    session.flush()
    if moved:
        calculate(moved)


def of_level(level_id: int, kind: RuleKind) -> Select[ActualRule]:
    return select(ActualRule).where(ActualRule.service_level_id == level_id, ActualRule.kind == kind)


def numbered(rule_id: int) -> Select[ActualRule]:
    return select(ActualRule).options(sa.orm.joinedload(ActualRule.level)).where(ActualRule.id == rule_id)


def effect_of(level_id: int, refuses_from: date | None) -> Effect:
    """What "paid as planned" from that day would touch; two queries at most."""
    if refuses_from is None:
        return Effect(0, 0, 0, 0, 0)
    figure, item = ConfirmedActual, CarePackageLineItem
    below, above = figure.actual_e4 < figure.planned_e4, figure.actual_e4 > figure.planned_e4
    counted = latest_that_counts(
        func.count(figure.id), func.count(figure.item_id.distinct()), func.count(figure.provider_id.distinct()),
        *(func.coalesce(func.sum(sa.case((each, 1), else_=0)), 0) for each in (below, above)),
    )  # fmt: skip
    of_level_ = select(item.id).where(item.service_level_id == level_id)
    query = counted.where(figure.item_id.in_(of_level_), figure.first_on >= refuses_from).order_by(None)
    return Effect(*session.execute(query).one())


def effect_of_change(level_id: int, kind: RuleKind, refuses_from: date | None) -> str:
    """What a change that moves money would touch, in words; where the rule is to end, what it holds of."""
    if refuses_from is not None:
        return effect_of(level_id, refuses_from).words
    rule = session.scalars(of_level(level_id, kind)).one_or_none()
    found = effect_of(level_id, rule.refuses_from if rule is not None else None)
    if not found.weeks:
        return "No confirmed week is touched: it held of weeks to come."
    return f"{found.counted} paid anew, by what was delivered. {LATER}"


def providers_of(level_id: int) -> list[int]:
    """Whose confirmed figures a rule of payment of the level may move."""
    item = CarePackageLineItem
    query = select(item.provider_id).where(item.service_level_id == level_id).distinct()
    return sorted(session.scalars(query.order_by(item.provider_id)))


def insist_on_sense(kind: RuleKind, warns_from: date | None, refuses_from: date | None, value: int | None) -> None:
    if warns_from is None and refuses_from is None:
        raise DomainError("Enter a day from which it holds")
    if kind in NO_WARNING and (warns_from is not None or refuses_from is None):
        raise DomainError(f"“{kind.label}” holds from one day on. Enter that day, and none to warn from")
    if warns_from is not None and refuses_from is not None and warns_from > refuses_from:
        raise DomainError("It warns before it refuses. Enter an earlier day to warn from, or none")
    if kind.has_value and value is None:
        raise DomainError("Enter how many")
    if not kind.has_value and value is not None:
        raise DomainError(f"“{kind.label}” has no number. Leave it empty")
    if value is not None and not 0 <= value <= MOST[kind]:
        raise DomainError(f"Enter a whole number from 0 to {MOST[kind]}")


def told(rule: ActualRule) -> str:
    """Its number and days: 2, refuses 2026-04-06."""
    parts = [
        f"{word} {day.isoformat()}" for word, day in (("warns", rule.warns_from), ("refuses", rule.refuses_from)) if day
    ]
    return ", ".join([*([str(rule.value)] if rule.value is not None else []), *parts])


def by_finance_system(level: ServiceLevel) -> str:
    """What the finance system says of the level, in a sentence."""
    steps, percent = number(STEPS_E4.get(level.unit, SCALE)), number(level.tolerance_basis_points * 100)
    return ", ".join((
        f"steps of {steps} {level.unit.value}{'' if steps == '1' else 's'}",
        f"{percent}% above the plan without our approval",
        "frustrated visits are paid" if level.is_frustrated_paid else "frustrated visits are not paid",
        "extra is paid" if level.is_extra_allowed else "no extra is paid",
    ))  # fmt: skip


def levels_with_actuals() -> Select[ServiceLevel]:
    """The service levels of which weeks have actuals, by name."""
    query = select(ServiceLevel).where(ServiceLevel.unit.not_in(BY_PLAN))
    return query.order_by(ServiceLevel.folded_name, ServiceLevel.id)


def who_changed(rules: Sequence[ActualRule]) -> dict[int, str]:
    """By user id, who has changed these."""
    query = select(User.id, User.name).where(User.id.in_({each.changed_by_id for each in rules}))
    return {row.id: row.name for row in session.execute(query)}
