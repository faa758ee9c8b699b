"""Which rules hold of a service level in a week: what the finance system says of the level, and the council's own."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from models.base import session
from models.money import SCALE
from models.pricing import Unit
from models.records.actual import WEEK
from models.records.actual_rule import ActualRule, RuleKind
from models.records.contract import ServiceLevel
from models.statements import built_once
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


class Level(NamedTuple):
    """What the finance system says of a service level: columns of ServiceLevel, of the same names."""

    id: int
    unit: Unit
    tolerance_basis_points: int
    is_frustrated_paid: bool
    is_extra_allowed: bool


class Rule(NamedTuple):
    """One of the council's own rules of a level: columns of ActualRule, of the same names."""

    kind: RuleKind
    value: int | None
    warns_from: date | None
    refuses_from: date | None

    def verdict(self, first_on: date) -> Verdict:
        """In the week that begins on that day. It warns only where it does not refuse."""
        if self.refuses_from is not None and self.refuses_from <= first_on:
            return Verdict.REFUSED
        return Verdict.WARNED if self.warns_from is not None and self.warns_from <= first_on else Verdict.SILENT


class Rulebook:
    """The rules of some service levels; one query."""

    def __init__(self, levels: Iterable[Level], rules: Iterable[tuple[int, Rule]]) -> None:
        """`rules`: each with the id of its level."""
        self._levels = {level.id: level for level in levels}
        self._rules = {(level_id, rule.kind): rule for level_id, rule in rules}
        self._found: dict[tuple[int, date], LevelRules] = {}

    @classmethod
    def read(cls, level_ids: Collection[int]) -> "Rulebook":
        of_one = len(level_ids) == 1
        which = {"level_id": next(iter(level_ids))} if of_one else {"level_ids": list(level_ids)}
        wide = len(Level._fields)
        found = [(Level(*row[:wide]), Rule(*row[wide:])) for row in session.execute(_of_levels(of_one), which)]
        return cls([level for level, _ in found], [(level.id, rule) for level, rule in found if rule.kind is not None])

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
        return Verdict.SILENT if rule is None else rule.verdict(first_on)

    def _value(self, level_id: int, kind: RuleKind, first_on: date) -> int | None:
        if self._verdict(level_id, kind, first_on) is Verdict.SILENT:
            return None
        return self._rules[level_id, kind].value

    def _number(self, level_id: int, kind: RuleKind, first_on: date, usual: int) -> int:
        found = self._value(level_id, kind, first_on)
        return usual if found is None else found


@built_once
def _of_levels(of_one: bool) -> sa.Select:
    """The columns of a Level, then those of a Rule, which are NULL where it has none. Parameters: `level_id`, or
    `level_ids` of several.
    """
    level, rule = ServiceLevel, ActualRule
    theirs = level.id == _LEVEL if of_one else level.id.in_(_LEVELS)
    return (
        sa.select(
            *(getattr(level, name) for name in Level._fields), *(getattr(rule, name) for name in Rule._fields)
        )
        .select_from(level)
        .outerjoin(rule, rule.service_level_id == level.id)
        .where(theirs)
        .order_by(level.id, rule.kind)
    )  # fmt: skip


_LEVEL = sa.bindparam("level_id", type_=sa.Integer())
_LEVELS: sa.BindParameter[int] = sa.bindparam("level_ids", expanding=True)
