"""Reason codes: which one a line has, and that every line of every history has one."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from models.engine.component import CARRIED, DEDUCTIONS, Component
from models.engine.reason_code import ReasonCode, of_change, of_days, of_sum
from models.engine.working import Slice, Working
from models.pricing import Unit

FIRST = date(2019, 9, 9)
DAY = timedelta(days=1)
WEEK = Slice(FIRST, FIRST + 6 * DAY, 3_030_300, 10_000, 100, Unit.WEEK, 30_303, 0)
GIVEN = replace(WEEK, unit=Unit.HOUR, quantity_e4=132_500, is_timetabled=True, delivered=(132_500, 1, 1))
NONE = replace(GIVEN, quantity_e4=0, net_pence=0, delivered=(0, 1, 1))
MORE = replace(GIVEN, quantity_e4=140_000, delivered=(140_000, 1, 1))
HALF = replace(WEEK, last=FIRST + 3 * DAY)


@pytest.mark.parametrize(
    ("before", "now", "code"),
    [
        ([WEEK], [], "end"),
        ([WEEK], [HALF], "end"),
        ([HALF], [WEEK], "not paid before"),
        ([WEEK], [replace(WEEK, rate_e4=3_030_301)], "price"),
        ([WEEK], [replace(WEEK, quantity_e4=20_000)], "quantity"),
        ([replace(WEEK, is_timetabled=True)], [replace(WEEK, is_timetabled=True, quantity_e4=20_000)], "quantity"),
        ([WEEK], [replace(WEEK, percent=50)], "absence"),
        ([WEEK], [replace(WEEK, percent=0)], "absence"),
        ([WEEK], [WEEK], "rules"),
        ([WEEK], [replace(HALF, percent=50)], "absence"),
        ([WEEK], [replace(HALF, rate_e4=1)], "end"),
    ],
)
def test_a_difference_is_named_after_what_has_changed(before, now, code):
    assert of_change(Component.CARE, before, now) == code


def test_what_was_delivered_and_what_is_taken_off_keep_their_names_whatever_has_changed():
    for before, now in (([WEEK], [GIVEN]), ([GIVEN], [MORE]), ([GIVEN], [NONE]), ([GIVEN], [WEEK])):
        assert of_change(Component.CARE, before, now) is ReasonCode.ACTUAL
    assert of_change(Component.CARE, [GIVEN], [replace(GIVEN, rate_e4=1)]) is ReasonCode.PRICE
    assert of_change(Component.CARE, [GIVEN], []) is ReasonCode.END
    for component in DEDUCTIONS:
        assert of_change(component, [GIVEN], []).value.replace("-", "_") == component.value


@pytest.mark.parametrize(
    ("part", "given", "code"),
    [
        (WEEK, {"is_earlier": False}, "planned"),
        (WEEK, {"is_earlier": True}, "not paid before"),
        (GIVEN, {"is_earlier": True}, "actual"),
        (replace(WEEK, percent=99), {"is_earlier": True}, "absence"),
    ],
)
def test_days_that_were_not_paid_before_are_planned_late_delivered_or_away(part, given, code):
    assert of_days(Component.CARE, part, **given) == code


@pytest.mark.parametrize(
    ("component", "working", "given", "code"),
    [
        (Component.ALLOWANCE, Working(), {}, "planned"),
        (Component.ALLOWANCE, Working(), {"is_earlier": True}, "not paid before"),
        (Component.ALLOWANCE, Working(before_net_pence=1), {}, "price"),
        (Component.ALLOWANCE, Working(before_net_pence=1), {"is_due": False}, "end"),
        (Component.CLAIM, Working(before_net_pence=1), {"is_due": False}, "claim"),
        (Component.ADJUSTMENT, Working(), {"is_earlier": True}, "adjustment"),
        (Component.CARRIED_FORWARD, Working(), {"has_plan": True}, "carried"),
        (Component.BROUGHT_FORWARD, Working(), {}, "brought forward"),
        (Component.BROUGHT_FORWARD, Working(), {"has_plan": True}, "instalment"),
    ],
)
def test_sums_are_named_after_what_they_are(component, working, given, code):
    usual = {"is_due": True, "is_earlier": False, "has_plan": False}
    assert of_sum(component, working, **usual | given) == code


def test_every_component_has_a_code_and_every_code_says_what_it_means():
    for component in Component:
        if component in CARRIED or component in (Component.ALLOWANCE, Component.CLAIM, Component.ADJUSTMENT):
            assert of_sum(component, Working(), is_due=True, is_earlier=False, has_plan=False) in ReasonCode
        else:
            assert of_days(component, WEEK, is_earlier=False) in ReasonCode
    abouts = [code.about for code in ReasonCode]
    assert len(set(abouts)) == len(ReasonCode)
    assert all(about.endswith(".") for about in abouts)
