"""The judge of a row of actuals: each rule at both sides of its bound."""

from datetime import date

import pytest

from models.calendar import Span
from models.care.checking import Code, Severity, check
from models.care.figures import Figures
from models.care.plan import Planned
from models.care.rules import LevelRules, Verdict
from models.money import SCALE
from models.pricing import Unit
from models.records.actual import AbsenceReason

MONDAY = date(2026, 4, 20)
QUARTER = SCALE // 4
RULES = LevelRules(step_e4=QUARTER, most_e4=336 * SCALE)


def planned(planned_e4: int = 14 * SCALE, *, in_hospital: bool = False, unit: Unit = Unit.HOUR) -> Planned:
    week = Span(MONDAY, date(2026, 4, 26))
    return Planned(1, "I1", 1, "C1", 1, 1, "Home care", unit, 1, "C2000020", "Simpson", "Bart", week, planned_e4,
                   week.first, week.last, in_hospital)  # fmt: skip


def codes(figures: Figures, plan: Planned | None = None, rules: LevelRules = RULES) -> set[Code]:
    return {each.code for each in check(figures, plan or planned(), rules)}


def missed(hours: int, **given) -> Figures:
    own = {"actual_e4": hours * SCALE, "missed_e4": 14 * SCALE - hours * SCALE}
    return Figures(**own | {"reason": AbsenceReason.STAFF, "comment": "Nobody came"} | given)


def test_as_planned_has_no_fault():
    assert codes(Figures.as_planned(14 * SCALE)) == set()


@pytest.mark.parametrize("column", ["actual_e4", "frustrated_e4", "missed_e4", "extra_e4"])
def test_nothing_is_below_0(column):
    values = {"actual_e4": 14 * SCALE} | {column: -QUARTER}
    assert codes(Figures(**values)) == {Code.NEGATIVE}
    assert Code.NEGATIVE not in codes(Figures(**values | {column: 0}))


@pytest.mark.parametrize(("actual_e4", "fault"), [(336 * SCALE, False), (336 * SCALE + QUARTER, True)])
def test_no_more_than_two_workers_can_deliver_in_a_week(actual_e4, fault):
    assert (Code.TOO_MUCH in codes(Figures(actual_e4, comment="x"))) is fault


def test_a_plan_above_the_most_may_be_delivered():
    assert codes(Figures(400 * SCALE), planned(400 * SCALE)) == set()


@pytest.mark.parametrize(("quarters", "fault"), [(1.0, False), (0.5, True)])
def test_hours_go_by_quarters(quarters, fault):
    part_e4 = int(quarters * QUARTER)
    figures = missed(13, actual_e4=14 * SCALE - part_e4, missed_e4=part_e4)
    assert (Code.STEP in codes(figures)) is fault


def test_a_plan_that_is_no_multiple_of_the_step_may_be_delivered_or_missed_whole():
    odd = 42_857
    assert codes(Figures(odd), planned(odd)) == set()
    assert Code.STEP not in codes(missed(0, actual_e4=0, missed_e4=odd), planned(odd))
    assert Code.STEP in codes(Figures(odd, extra_e4=odd, comment="x"), planned(odd))


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [(Verdict.REFUSED, {Code.NO_EXTRAS}), (Verdict.WARNED, {Code.EXTRAS}), (Verdict.SILENT, set())],
)
def test_extras_are_refused_or_warned_of_where_the_level_says_so(verdict, expected):
    rules = LevelRules(step_e4=QUARTER, most_e4=336 * SCALE, extras=verdict, tolerance_basis_points=SCALE)
    extra = Figures(15 * SCALE, extra_e4=SCALE, comment="A bad night")
    assert codes(extra, rules=rules) == expected
    balanced = Figures(14 * SCALE, missed_e4=SCALE, extra_e4=SCALE, reason=AbsenceReason.STAFF)
    assert codes(balanced, rules=rules) == expected
    assert codes(Figures(14 * SCALE), rules=rules) == set()


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [(Verdict.REFUSED, Code.HOSPITAL_ONLY), (Verdict.WARNED, Code.NOT_HOSPITAL)],
)
def test_frustrated_may_mean_in_hospital_only(verdict, expected):
    rules = LevelRules(step_e4=QUARTER, most_e4=336 * SCALE, hospital_only=verdict)
    away = Figures(13 * SCALE, frustrated_e4=SCALE, reason=AbsenceReason.HOLIDAY, comment="Away")
    assert codes(away, rules=rules) == {expected}
    hospital = Figures(13 * SCALE, frustrated_e4=SCALE, reason=AbsenceReason.HOSPITAL, comment="Away")
    assert codes(hospital, rules=rules) == set()
    assert codes(missed(13), rules=rules) == set()


@pytest.mark.parametrize(("verdict", "expected"), [(Verdict.REFUSED, Code.VISITS), (Verdict.WARNED, Code.NO_VISITS)])
def test_the_number_of_visits_may_be_needed(verdict, expected):
    rules = LevelRules(step_e4=QUARTER, most_e4=336 * SCALE, visits=verdict)
    assert codes(Figures(14 * SCALE), rules=rules) == {expected}
    assert codes(Figures(14 * SCALE, visits=0), rules=rules) == set()


@pytest.mark.parametrize(("visits", "fault"), [(-1, True), (0, False), (500, False), (501, True)])
def test_visits_are_0_to_500(visits, fault):
    assert (Code.VISITS in codes(Figures(14 * SCALE, visits=visits))) is fault


def test_what_was_not_delivered_needs_a_reason_and_a_comment():
    assert codes(missed(13, reason=None)) == {Code.REASON}
    assert codes(missed(13, comment="  ")) == {Code.COMMENT}
    assert codes(missed(13)) == set()
    assert codes(Figures(13 * SCALE, frustrated_e4=SCALE, comment="x")) == {Code.REASON}


@pytest.mark.parametrize(("length", "fault"), [(1_000, False), (1_001, True)])
def test_a_comment_has_at_most_1000_characters(length, fault):
    assert (Code.COMMENT in codes(Figures(14 * SCALE, comment="x" * length))) is fault


@pytest.mark.parametrize(("length", "fault"), [(30, False), (31, True)])
def test_a_reference_has_at_most_30_characters(length, fault):
    assert (Code.REFERENCE in codes(Figures(14 * SCALE, provider_reference="x" * length))) is fault


def test_what_does_not_add_up_is_told_with_what_would():
    [fault] = check(Figures(13 * SCALE, comment="Short"), planned(), RULES)
    assert (fault.code, fault.suggestion) == (Code.RECONCILE, "14")
    assert fault.severity is Severity.WARNING


@pytest.mark.parametrize(("missed_hours", "suggestion"), [(13, "1"), (14, "0"), (15, None)])
def test_what_adds_up_to_less_than_nothing_is_not_suggested(missed_hours, suggestion):
    figures = Figures(5 * SCALE, missed_e4=missed_hours * SCALE, reason=AbsenceReason.STAFF, comment="Short")
    found = [each for each in check(figures, planned(), RULES) if each.code is Code.RECONCILE]
    assert [each.suggestion for each in found] == [suggestion]


@pytest.mark.parametrize(("hours", "words"), [(1, "1 hour"), (2, "2 hours")])
def test_the_plan_is_told_in_its_unit(hours, words):
    [fault] = [each for each in check(Figures(0), planned(hours * SCALE), RULES) if each.code is Code.COMMENT]
    assert fault.text == f"Say why it is not the planned {words}"


@pytest.mark.parametrize(("tolerance", "fault"), [(0, True), (713, True), (714, True), (715, False)])
def test_above_plan_and_tolerance_the_council_looks_first(tolerance, fault):
    """15 hours are 7.142857 % above 14."""
    rules = LevelRules(step_e4=QUARTER, most_e4=336 * SCALE, tolerance_basis_points=tolerance)
    found = codes(Figures(15 * SCALE, extra_e4=SCALE, comment="A bad night"), rules=rules)
    assert (Code.ABOVE_TOLERANCE in found) is fault


def test_just_at_the_tolerance_nobody_has_to_look():
    rules = LevelRules(step_e4=QUARTER, most_e4=336 * SCALE, tolerance_basis_points=2_500)
    figures = Figures(15 * SCALE, extra_e4=3 * SCALE, comment="A bad night")
    assert codes(figures, planned(12 * SCALE), rules) == set()


def test_nothing_delivered_without_a_reason_is_asked_about():
    assert Code.NOTHING in codes(Figures(0, comment="Nothing"))
    assert Code.NOTHING not in codes(missed(0))
    assert Code.NOTHING not in codes(Figures(0), planned(0))


def test_care_that_nobody_planned_is_looked_at():
    found = codes(Figures(2 * SCALE, extra_e4=2 * SCALE, comment="Asked for"), planned(0))
    assert found == {Code.UNPLANNED}
    assert codes(Figures(0), planned(0)) == set()


def test_a_full_week_beside_a_stay_in_hospital_is_pointed_out():
    assert codes(Figures(14 * SCALE), planned(in_hospital=True)) == {Code.IN_HOSPITAL}
    assert codes(missed(13), planned(in_hospital=True)) == set()
    assert codes(Figures(0), planned(0, in_hospital=True)) == set()


def test_seven_days_add_up_to_the_week():
    days = (2 * SCALE,) * 7
    assert codes(Figures(14 * SCALE, by_day_e4=days)) == set()
    assert codes(Figures(14 * SCALE, by_day_e4=(*days[:6], SCALE))) == {Code.DAYS}
    assert codes(Figures(14 * SCALE, by_day_e4=days[:6])) == {Code.DAYS}


def test_errors_stand_first_then_what_the_council_looks_at():
    figures = Figures(15 * SCALE, extra_e4=2 * SCALE)
    found = [each.severity for each in check(figures, planned(), RULES)]
    assert found == [Severity.ERROR, Severity.EXCEPTION, Severity.WARNING]


PAYS_FRUSTRATED = LevelRules(step_e4=QUARTER, most_e4=336 * SCALE, is_frustrated_paid=True)


def frustrated(actual: int, not_taken: int, comment: str = "In hospital since Friday") -> Figures:
    own = {"frustrated_e4": not_taken * SCALE, "reason": AbsenceReason.HOSPITAL, "comment": comment}
    return Figures(actual * SCALE, **own)


@pytest.mark.parametrize(("actual", "not_taken", "is_looked_at"), [(14, 1, True), (13, 1, False), (0, 14, False)])
def test_where_frustrated_visits_are_paid_they_count_with_what_was_delivered(actual, not_taken, is_looked_at):
    figures = frustrated(actual, not_taken)
    assert (Code.ABOVE_TOLERANCE in codes(figures, rules=PAYS_FRUSTRATED)) is is_looked_at
    assert Code.ABOVE_TOLERANCE not in codes(figures)


def test_frustrated_visits_of_which_none_was_planned_are_looked_at_where_they_are_paid():
    assert Code.UNPLANNED in codes(frustrated(0, 1), planned(0), PAYS_FRUSTRATED)
    assert Code.UNPLANNED not in codes(frustrated(0, 1), planned(0))


@pytest.mark.parametrize(("comment", "fault"), [("", True), ("Given on another day", False)])
def test_figures_that_do_not_come_to_actual_need_a_comment(comment, fault):
    figures = frustrated(14, 1, comment)
    assert (Code.COMMENT in codes(figures)) is fault
    assert Code.RECONCILE in codes(figures)
