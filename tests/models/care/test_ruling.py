"""The council sets rules of actuals: which make sense, what they touch, and what they change of what is judged."""

from datetime import timedelta

import pytest

from models.audit import AuditEvent
from models.base import DomainError, session
from models.care import ruling
from models.care.rules import Rulebook, Verdict
from models.money import SCALE
from models.pricing import Unit
from models.records.actual import ExceptionState
from models.records.actual_rule import ActualRule, RuleKind
from models.records.contract import ServiceLevel
from tests.actual_factories import AFTER, MONDAY, confirmed_actual, level_of, make_hourly
from tests.care_factories import make_service_level
from tests.factories import make_staff
from tests.support.rows import every, unit_of_work

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
A_WEEK = timedelta(weeks=1)


@pytest.fixture
def level():
    return make_service_level(unit=Unit.HOUR)


@pytest.fixture
def manager():
    return make_staff()


def put(level, kind, by, **given):
    with unit_of_work():
        return ruling.set_rule(session.get(ServiceLevel, level.id), kind, by=by, **given)


def test_a_rule_is_set_changed_and_ended_and_the_audit_knows_what_it_was(level, manager):
    put(level, RuleKind.NO_EXTRAS, manager, warns_from=MONDAY)
    put(level, RuleKind.NO_EXTRAS, manager, warns_from=MONDAY, refuses_from=AFTER)
    [rule] = every(ActualRule)
    assert (rule.warns_from, rule.refuses_from, rule.changed_by_id) == (MONDAY, AFTER, manager.id)
    with unit_of_work():
        assert Rulebook.read([level.id]).of(level.id, MONDAY).extras is Verdict.WARNED
        assert Rulebook.read([level.id]).of(level.id, AFTER).extras is Verdict.REFUSED
        ruling.end_rule(session.get(ActualRule, rule.id), by=manager)
    assert every(ActualRule) == []
    told = [(each.action, each.detail["before"]) for each in every(AuditEvent)]
    assert told == [
        ("actual_rule.set", "none"),
        ("actual_rule.set", "warns 2026-04-20"),
        ("actual_rule.ended", "warns 2026-04-20, refuses 2026-04-27"),
    ]


def test_of_two_levels_with_rules_the_one_that_is_meant_is_found_and_named(level, manager):
    other = make_service_level(unit=Unit.HOUR)
    rules = [put(each, RuleKind.NO_EXTRAS, manager, refuses_from=MONDAY) for each in (other, level)]
    with unit_of_work():
        found = session.scalars(ruling.numbered(rules[1].id)).one()
        assert found.service_level_id == level.id
        ruling.end_rule(found, by=manager)
    [ended] = [each for each in every(AuditEvent) if each.action == "actual_rule.ended"]
    assert ended.detail["level"] == level.reference
    assert [each.service_level_id for each in every(ActualRule)] == [other.id]


@pytest.mark.parametrize(("kind", "given", "words"), [
    (RuleKind.NO_EXTRAS, {}, "Enter a day"),
    (RuleKind.NO_EXTRAS, {"warns_from": AFTER, "refuses_from": MONDAY}, "It warns before it refuses"),
    (RuleKind.NO_EXTRAS, {"refuses_from": MONDAY, "value": 3}, "has no number"),
    (RuleKind.PAID_ON_PLAN, {"warns_from": MONDAY}, "holds from one day on"),
    (RuleKind.PAID_ON_PLAN, {"warns_from": MONDAY, "refuses_from": MONDAY}, "holds from one day on"),
    (RuleKind.DEADLINE, {"refuses_from": MONDAY}, "Enter how many"),
    (RuleKind.DEADLINE, {"refuses_from": MONDAY, "value": 61}, "from 0 to 60"),
    (RuleKind.LATEST, {"refuses_from": MONDAY, "value": 105}, "from 0 to 104"),
    (RuleKind.EXTRA_WEEKS, {"refuses_from": MONDAY, "value": 53}, "from 0 to 12"),
    (RuleKind.EXTRA_WEEKS, {"refuses_from": MONDAY, "value": -1}, "from 0 to 12"),
])  # fmt: skip
def test_a_rule_that_makes_no_sense_is_refused(level, manager, kind, given, words):
    with pytest.raises(DomainError, match=words):
        put(level, kind, manager, **given)
    assert every(ActualRule) == []


@pytest.mark.parametrize(("kind", "given"), [
    (RuleKind.NO_EXTRAS, {"warns_from": MONDAY, "refuses_from": MONDAY}),
    (RuleKind.DEADLINE, {"refuses_from": MONDAY, "value": 60}),
    (RuleKind.DEADLINE, {"refuses_from": MONDAY, "value": 0}),
    (RuleKind.EXTRA_WEEKS, {"warns_from": MONDAY, "value": 12}),
])  # fmt: skip
def test_a_rule_at_its_bounds_is_taken(level, manager, kind, given):
    put(level, kind, manager, **given)
    assert len(every(ActualRule)) == 1


def test_what_paid_as_planned_would_touch_is_counted_from_its_day_on(manager):
    item = make_hourly()
    other = make_hourly()
    confirmed_actual(item, MONDAY - A_WEEK, 13 * SCALE, planned_e4=14 * SCALE)
    confirmed_actual(item, MONDAY, 13 * SCALE, planned_e4=14 * SCALE)
    confirmed_actual(item, AFTER, 15 * SCALE, planned_e4=14 * SCALE)
    confirmed_actual(item, AFTER + A_WEEK, 14 * SCALE, planned_e4=14 * SCALE)
    confirmed_actual(item, AFTER + A_WEEK, 18 * SCALE, planned_e4=14 * SCALE, exception=ExceptionState.OPEN)
    confirmed_actual(other, MONDAY, 1 * SCALE)
    with unit_of_work():
        found = ruling.effect_of(level_of(item).id, MONDAY)
        none = ruling.effect_of(level_of(item).id, AFTER + 2 * A_WEEK)
    assert found == ruling.Effect(weeks=3, items=1, providers=1, below=1, above=1)
    assert "3 confirmed weeks of 1 care package of 1 provider are paid anew" in found.words
    assert none.words.startswith("No confirmed week is touched")


def test_what_the_finance_system_says_is_told_in_a_sentence():
    level = make_service_level(
        unit=Unit.HOUR, tolerance_basis_points=500, is_frustrated_paid=True, is_extra_allowed=False
    )
    told = "steps of 0.25 hours, 5% above the plan without our approval, frustrated visits are paid, no extra is paid"
    assert ruling.by_finance_system(level) == told
    nightly = ruling.by_finance_system(make_service_level(unit=Unit.NIGHT))
    assert nightly.startswith("steps of 1 night, 0% above")
