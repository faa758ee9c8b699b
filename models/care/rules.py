"""Which rules hold of a service level in a week: what the finance system says of the level, and the council's own."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from models.base import session
from models.money import SCALE
from models.pricing import Unit
from models.records.actual import WEEK
from models.records.actual_rule import ActualRule, RuleKind
from models.records.contract import ServiceLevel
from models.words import Choice

STEPS_E4 = {Unit.HOUR: SCALE // 4, Unit.SESSION: SCALE // 2}
"""Quantities go by quarters of an hour (domain.md 4.1) and half sessions; by whole units otherwise."""
MOST_E4 = {Unit.HOUR: 336 * SCALE, Unit.SESSION: 70 * SCALE, Unit.DAY: 14 * SCALE, Unit.NIGHT: 14 * SCALE}
"""More than two workers can deliver in a week is a slip of the keys."""
DEADLINE_DAYS, LATEST_WEEKS = 2, 13


class Verdict(Choice):
    """What a rule says of a figure that breaks it."""

    SILENT = "silent"
    WARNED = "warned"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class LevelRules:
    """What holds of one service level in one week."""

    step_e4: int = SCALE
    most_e4: int = 14 * SCALE
    tolerance_basis_points: int = 0
    """How far above the plan an actual may be without the council's approval."""
    is_frustrated_paid: bool = False
    extras: Verdict = Verdict.SILENT
    hospital_only: Verdict = Verdict.SILENT
    visits: Verdict = Verdict.SILENT
    extra_weeks: int | None = None
    """So many weeks with extra, one after the other, are the most without a change of the care package."""
    extra_weeks_verdict: Verdict = Verdict.SILENT
    deadline_days: int = DEADLINE_DAYS
    latest_weeks: int = LATEST_WEEKS
    is_paid_on_plan: bool = False

    def deadline(self, first_on: date) -> date:
        """The last day on which the week that begins on `first_on` is confirmed in time."""
        return first_on + WEEK + timedelta(days=self.deadline_days)

    def latest(self, first_on: date) -> date:
        """The last day on which it can be confirmed at all, unless the council reopens it."""
        return first_on + WEEK + timedelta(weeks=self.latest_weeks)


class Rulebook:
    """The rules of some service levels; one query."""

    def __init__(self, levels: Collection[ServiceLevel], rules: Collection[ActualRule]) -> None:
        self._levels = {level.id: level for level in levels}
        self._rules = {(rule.service_level_id, rule.kind): rule for rule in rules}
        self._found: dict[tuple[int, date], LevelRules] = {}

    @classmethod
    def read(cls, level_ids: Collection[int]) -> "Rulebook":
        query = (
            select(ServiceLevel, ActualRule)
            .outerjoin(ActualRule, ActualRule.service_level_id == ServiceLevel.id)
            .where(ServiceLevel.id.in_(level_ids))
            .order_by(ServiceLevel.id, ActualRule.kind)
        )
        found = session.execute(query).all()
        return cls([level for level, _ in found], [rule for _, rule in found if rule is not None])

    def of(self, level_id: int, first_on: date) -> LevelRules:
        """Of the week that begins on `first_on`. KeyError for a level that was not read."""
        key = level_id, first_on
        if key not in self._found:
            self._found[key] = self._of(level_id, first_on)
        return self._found[key]

    def _of(self, level_id: int, first_on: date) -> LevelRules:
        level = self._levels[level_id]
        extras = self._verdict(level_id, RuleKind.NO_EXTRAS, first_on)
        return LevelRules(
            step_e4=STEPS_E4.get(level.unit, SCALE),
            most_e4=MOST_E4.get(level.unit, 14 * SCALE),
            tolerance_basis_points=level.tolerance_basis_points,
            is_frustrated_paid=level.is_frustrated_paid,
            extras=extras if level.is_extra_allowed else Verdict.REFUSED,
            hospital_only=self._verdict(level_id, RuleKind.HOSPITAL_ONLY, first_on),
            visits=self._verdict(level_id, RuleKind.VISITS, first_on),
            extra_weeks=self._value(level_id, RuleKind.EXTRA_WEEKS, first_on),
            extra_weeks_verdict=self._verdict(level_id, RuleKind.EXTRA_WEEKS, first_on),
            deadline_days=self._number(level_id, RuleKind.DEADLINE, first_on, DEADLINE_DAYS),
            latest_weeks=self._number(level_id, RuleKind.LATEST, first_on, LATEST_WEEKS),
            is_paid_on_plan=self._verdict(level_id, RuleKind.PAID_ON_PLAN, first_on) is Verdict.REFUSED,
        )

    def deadline(self, level_ids: Collection[int], first_on: date) -> date:
        """Of a week of several levels: the latest of theirs, since it is confirmed whole."""
        return max(self.of(each, first_on).deadline(first_on) for each in level_ids)

    def latest(self, level_ids: Collection[int], first_on: date) -> date:
        return max(self.of(each, first_on).latest(first_on) for each in level_ids)

    def _verdict(self, level_id: int, kind: RuleKind, first_on: date) -> Verdict:
        rule = self._rules.get((level_id, kind))
        if rule is None:
            return Verdict.SILENT
        if rule.refuses(first_on):
            return Verdict.REFUSED
        return Verdict.WARNED if rule.warns(first_on) else Verdict.SILENT

    def _value(self, level_id: int, kind: RuleKind, first_on: date) -> int | None:
        if self._verdict(level_id, kind, first_on) is Verdict.SILENT:
            return None
        return self._rules[level_id, kind].value

    def _number(self, level_id: int, kind: RuleKind, first_on: date, usual: int) -> int:
        found = self._value(level_id, kind, first_on)
        return usual if found is None else found
