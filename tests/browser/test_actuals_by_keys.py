"""Weeks and months of actuals from both sides without a mouse: at a desk with scripts, on a telephone without any."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from models.correspondence.action import Action
from models.money import SCALE
from models.outbox import OutboxMessage
from models.permissions import CouncilRole, Role
from models.records.actual import ActualException, ConfirmedActual, ExceptionState
from models.records.actual_rule import ActualRule, RuleKind
from models.records.timesheet import TimesheetState
from tests.actual_factories import AFTER, MONDAY, confirmed_actual
from tests.browser.keys import Keys
from tests.browser.looks import assert_accessible, assert_fits
from tests.factories import make_staff, make_user
from tests.support.agency import make_agency
from tests.support.rows import every
from tests.timesheet_factories import MAY, SharedLives

COUNCIL = "/council/actuals/"
NEXT = MONDAY + timedelta(weeks=1)


@pytest.fixture(params=["script-1280", "plain-320"])
def sit_down(request, open_browser, sign_in):
    """`sit_down(person)`: the keys of a browser of their own."""

    def sit_down(user):
        page = open_browser(request.param)
        sign_in(page, user)
        return Keys(page)

    return sit_down


@pytest.fixture
def agency(app, set_today):
    set_today(AFTER)
    return make_agency(app, 3)


def says(keys, text):
    expect(keys.page.locator("main")).to_contain_text(text)
    assert_fits(keys.page)
    assert_accessible(keys.page)


def assert_stacked(keys):
    """The words below a value stand below it on a card too, not in a column of their own."""
    for why in keys.page.locator("main td[data-label] .table__why").all():
        cell = why.locator("xpath=..")
        assert cell.evaluate("cell => getComputedStyle(cell).display") != "flex", why.text_content()


def box(keys, agency, n, name):
    return keys.page.locator(f"#{name}-{agency.items[n].id}")


def kept(agency, n):
    return [each.actual_e4 / SCALE for each in every(ConfirmedActual) if each.item_id == agency.items[n].id]


@pytest.mark.covers("S3-003", "S4-023")
def test_a_week_is_confirmed_then_corrected_and_confirmed_again_once_the_council_has_opened_it(
    sit_down, agency, set_today
):
    clerk = sit_down(make_user(Role.FINANCE, agency.provider))
    clerk.page.goto(agency.week)
    clerk.press("Generate actuals from the plan")
    clerk.write(box(clerk, agency, 1, "actual"), "12")
    clerk.write(box(clerk, agency, 1, "missed"), "2")
    clerk.choose(box(clerk, agency, 1, "reason"), "No w")
    clerk.write(box(clerk, agency, 1, "comment"), "Nobody came on Friday")
    clerk.press("Review Exceptions and confirm")
    says(clerk, "There is nothing to look at: every row is complete")
    clerk.press("Confirm 40 hours for 20 Apr to 26 Apr")
    says(clerk, "Confirmed by")
    clerk.press("Correct this week")
    says(clerk, "This week is being corrected")
    clerk.write(box(clerk, agency, 1, "actual"), "13")
    clerk.write(box(clerk, agency, 1, "missed"), "1")
    clerk.press("Review Exceptions and confirm")
    clerk.press("Confirm 41 hours for 20 Apr to 26 Apr")
    assert kept(agency, 1) == [12, 13]
    set_today(AFTER + timedelta(weeks=1))
    clerk.page.goto(agency.week)
    says(clerk, "Ask the council to open this week again")

    officer = sit_down(make_staff(name="Ola Officer"))
    officer.page.goto(f"{COUNCIL}?week=every")
    officer.press("20/04/2026")
    assert_stacked(officer)
    officer.press("Open the week again")
    officer.press("Open the week again")
    says(officer, "There is a problem")
    officer.write(officer.page.get_by_label("Why is the week opened again?"), "Friday was delivered")
    officer.press("Open the week again")
    says(officer, "Friday was delivered")

    clerk.page.goto(agency.week)
    says(clerk, "The council has opened this week again: Friday was delivered")
    clerk.write(box(clerk, agency, 1, "actual"), "14")
    clerk.write(box(clerk, agency, 1, "missed"), "")
    clerk.choose(box(clerk, agency, 1, "reason"), " ")
    clerk.write(box(clerk, agency, 1, "comment"), "")
    clerk.press("Review Exceptions and confirm")
    clerk.press("Confirm 42 hours for 20 Apr to 26 Apr")
    says(clerk, "Confirmed by")
    assert kept(agency, 1) == [12, 13, 14]


def test_a_late_week_is_caught_up_with_from_home(sit_down, agency, set_today):
    set_today(AFTER + timedelta(weeks=2))
    clerk = sit_down(make_user(Role.FINANCE, agency.provider))
    clerk.page.goto(agency.list)
    clerk.press("20 Apr to 26 Apr")
    clerk.press("Generate actuals from the plan")
    says(clerk, "This week is late")
    clerk.press("Review Exceptions and confirm")
    clerk.press("Confirm 42 hours")
    says(clerk, "There is a problem")
    clerk.write(clerk.page.get_by_label("Why is it late?"), "The office was flooded")
    clerk.press("Confirm 42 hours")
    says(clerk, "late: The office was flooded")
    clerk.press("Back to all weeks")
    clerk.press("27 Apr to 3 May")
    says(clerk, "Generate")
    assert len(every(ConfirmedActual)) == 3


@pytest.mark.covers("S3-031", "S3-032")
def test_a_month_of_shared_lives_goes_from_the_carer_by_the_scheme_to_finance(sit_down, database, set_today):
    set_today(MAY)
    lives = SharedLives()
    carer = sit_down(lives.carer)
    carer.page.goto(f"/providers/{lives.contract.provider_id}/timesheets/")
    carer.press("Begin April 2026")
    carer.press("Everything as planned")
    expect(carer.page.get_by_text("6 nights")).to_be_visible()
    carer.press("10 Apr 2026: 1. Change to 0")
    expect(carer.page.get_by_text("5 nights")).to_be_visible()
    carer.choose(carer.page.get_by_label("10 Apr 2026: why?"), "In h")
    carer.press("Save the reasons")
    carer.press("Check and send")
    carer.press("Send April 2026")
    says(carer, "There is a problem")
    carer.tick(carer.page.get_by_label("What stands here is what I delivered"))
    carer.press("Send April 2026")
    says(carer, "It waits for the Shared Lives scheme to verify it.")

    scheme = sit_down(lives.scheme)
    scheme.page.goto("/council/timesheets/")
    scheme.press("01/04/2026")
    says(scheme, "planned 1: in hospital")
    scheme.press("Verify April 2026")

    finance = sit_down(lives.finance)
    finance.page.goto("/council/timesheets/")
    finance.press("01/04/2026")
    finance.press("Approve, about £227.80")
    assert lives.sheet().state is TimesheetState.APPROVED
    carer.page.goto(f"/providers/{lives.contract.provider_id}/timesheets/")
    carer.press("April 2026")
    says(carer, "Approved.")


def test_the_council_chases_the_weeks_that_it_ticks(sit_down, agency, set_today):
    set_today(AFTER + timedelta(days=6))
    officer = sit_down(make_staff(name="Ola Officer"))
    officer.page.goto(COUNCIL)
    officer.press("Chase the ticked ones")
    says(officer, "No week is ticked")
    officer.page.go_back()
    officer.tick(officer.page.get_by_role("checkbox"))
    officer.press("Chase the ticked ones")
    says(officer, "A week that was chased today is left out")
    assert_stacked(officer)
    officer.press("Chase 1 week")
    says(officer, f"{AFTER + timedelta(days=6):%d/%m/%Y}")
    assert len(every(OutboxMessage)) == 1


@pytest.fixture
def exceptions(agency):
    """Each of the three people has an hour more than planned."""
    for each in agency.items:
        confirmed_actual(each, MONDAY, 15 * SCALE, planned_e4=14 * SCALE, exception=ExceptionState.OPEN)
    return agency


@pytest.mark.covers("S4-025")
def test_the_council_approves_amends_and_rejects_and_asks_for_a_variation(sit_down, exceptions):
    officer = sit_down(make_staff(name="Ola Officer"))
    officer.page.goto("/council/")
    officer.press("Exceptions of actuals", exact=True)
    expect(officer.page.locator("#exceptions tbody tr")).to_have_count(3)
    says(officer, "More than planned")
    officer.page.locator("#exceptions tbody th a").first.focus()
    officer.page.keyboard.press("Enter")
    says(officer, "What was confirmed of this week")
    assert_stacked(officer)
    officer.press("Ask for a variation")
    officer.press("Ask for a variation")
    says(officer, "Action")
    assert len(every(Action)) == 1
    officer.press("Approve 15 hours")  # and on to the next
    officer.press("Amend")
    officer.write(officer.page.get_by_label("Actual"), "14")
    officer.press("Amend")
    says(officer, "There is a problem")
    expect(officer.page.get_by_label("Actual")).to_have_value("14")
    officer.write(officer.page.get_by_label("Why is it amended?"), "By the visits")
    officer.press("Amend")
    officer.press("Reject")
    officer.press("Reject")
    says(officer, "There is a problem")
    officer.write(officer.page.get_by_label("Why is it rejected?"), "Not on the visits")
    officer.press("Reject")
    says(officer, "No exception waits")
    states = sorted(each.state.value for each in every(ActualException))
    assert states == sorted(each.value for each in (
        ExceptionState.AMENDED, ExceptionState.APPROVED, ExceptionState.REJECTED))  # fmt: skip


def test_ticked_exceptions_are_approved_together_by_keys(sit_down, exceptions):
    officer = sit_down(make_staff(name="Ola Officer"))
    officer.page.goto(f"{COUNCIL}exceptions")
    for n in (0, 2):
        officer.tick(officer.page.locator("#exceptions tbody").get_by_role("checkbox").nth(n))
    officer.press("Approve the ticked ones")
    officer.press("Approve 2 exceptions")
    says(officer, "1 exception")
    states = [each.state for each in every(ActualException)]
    assert [states.count(each) for each in (ExceptionState.OPEN, ExceptionState.APPROVED)] == [1, 2]


def test_a_rule_that_moves_money_holds_once_a_second_manager_has_agreed(sit_down, agency):
    for each in agency.items:
        confirmed_actual(each, MONDAY, 13 * SCALE, planned_e4=14 * SCALE)
    asking, agreeing = (
        sit_down(make_staff(CouncilRole.PAYMENTS_MANAGER, name=name)) for name in ("Ask Asking", "Max Manager")
    )
    asking.page.goto(COUNCIL)
    asking.press("Rules of actuals")
    asking.press("Set a rule")
    asking.choose(asking.page.get_by_label("Service level"), "Home care")
    asking.choose(asking.page.get_by_label("Rule", exact=True), "Paid as planned")
    holds = asking.page.get_by_role("group", name="From which day does it hold")
    for part, text in (("Day", "20"), ("Month", "4"), ("Year", "2026")):
        asking.write(holds.get_by_label(part), text)
    asking.press("Set the rule")
    says(asking, "There is a problem")
    asking.write(asking.page.get_by_label("Why?"), "Day care")
    asking.press("Set the rule")
    says(asking, "of 3 care packages")
    assert every(ActualRule) == []
    asking.press("Ask for this rule")
    says(asking, "a colleague has to agree")

    agreeing.page.goto(f"{COUNCIL}rules")
    agreeing.press("Paid as planned")
    says(agreeing, "of 3 care packages")
    agreeing.press("Agree, and pay anew")
    [rule] = every(ActualRule)
    assert (rule.kind, rule.refuses_from) == (RuleKind.PAID_ON_PLAN, MONDAY)
    says(agreeing, "Paid as planned")
