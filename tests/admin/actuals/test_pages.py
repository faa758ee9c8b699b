"""Actuals on the council's pages: who has submitted, chasing, one week, exceptions, and rules."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models.care import weeks
from models.care.changing_rules import ask_for_rule
from models.care.chasing import ActualChase
from models.care.figures import Figures
from models.care.rule_change import ActualRuleChange
from models.care.submissions import Key
from models.correspondence.action import Action
from models.money import SCALE
from models.outbox import OutboxMessage
from models.payments.blocked import CalculationFault
from models.permissions import CouncilRole, Role
from models.records.actual import ActualException, ActualWeek, ConfirmedActual, ExceptionState
from models.records.actual_rule import ActualRule, RuleKind
from models.records.contract import Contract, PayOnActuals
from models.records.provider import Provider
from tests.actual_factories import AFTER, MONDAY, confirmed_actual, level_of, make_hourly, make_rule, pays_on
from tests.care_factories import make_client
from tests.factories import make_membership, make_staff, make_user
from tests.support.client import PortalClient
from tests.support.rows import every, saved, unit_of_work
from tests.support.runs import change

HOME = "/council/actuals/"
LESS = Figures(13 * SCALE, missed_e4=SCALE, reason="STAFF", comment="Nobody came on Friday")
DAY = AFTER + timedelta(days=6)
"""A Sunday: the week of the tests is a week back, and late since Thursday."""


@pytest.fixture
def item(app, set_today):
    set_today(DAY)
    item = make_hourly(client=make_client(surname="Adams", first_name="Jo"))
    pays_on(contract_of(item), PayOnActuals.ALWAYS)
    return item


@pytest.fixture
def officer(app):
    return PortalClient(app).sign_in(make_staff(name="Ola Officer"))


@pytest.fixture
def manager(app):
    return PortalClient(app).sign_in(make_staff(CouncilRole.PAYMENTS_MANAGER, name="Max Manager"))


def contract_of(item) -> Contract:
    return next(each for each in every(Contract) if each.id == item.contract_id)


def key_of(item, first_on=MONDAY) -> str:
    return str(Key(item.contract_id, level_of(item).service_id, first_on))


def confirmed(item, figures=LESS) -> ActualWeek:
    clerk = make_user(Role.SCHEDULER, Provider(id=item.provider_id), name="Cleo Clerk")
    with unit_of_work() as found:
        week = weeks.generate(contract_of(item), level_of(item).service_id, MONDAY, by=clerk)
        found.flush()
        weeks.change(week, {item.id: (figures, None)}, by=clerk)
        weeks.confirm(week, by=clerk, late_reason="Off sick")
    return week


def waits(item, actual_e4=15 * SCALE, first_on=MONDAY) -> ActualException:
    found = confirmed_actual(item, first_on, actual_e4, planned_e4=14 * SCALE, exception=ExceptionState.OPEN)
    return every(select(ActualException).where(ActualException.confirmed_id == found.id))[0]


class TestWhoHasSubmitted:
    def test_the_list_begins_with_the_last_week_and_says_what_is_late(self, item, officer):
        found = officer.get(HOME)
        assert "1 week " in found.words
        assert "Not begun Late" in found.words
        assert contract_of(item).name in found.words

    def test_the_picture_is_told_in_figures_too(self, item, officer):
        confirmed(item)
        page = officer.get(HOME).page
        row = page.select_one(".chart__figures tbody tr")
        assert [each.text for each in row.select("td")] == ["0", "1", "0"]
        assert "0 in time, 1 late, 0 not confirmed" in page.select("svg title")[-1].text

    def test_it_is_filtered_sorted_and_searched(self, item, officer):
        assert "1 week " not in officer.get(f"{HOME}?show=confirmed").words
        assert "13 weeks" in officer.get(f"{HOME}?week=every&sort=-week").words
        assert "No week is like that" in officer.get(f"{HOME}?name=nobody").words
        officer.get(f"{HOME}?week=1999-01-01", status=422)

    @pytest.mark.parametrize("ending", ["csv", "xlsx"])
    def test_it_is_downloaded_as_it_is_filtered(self, item, officer, ending):
        found = officer.get(f"{HOME}data.{ending}?show=late")
        if ending == "csv":
            line = found.text.splitlines()[1]
            assert "20/04/2026,26/04/2026,28/04/2026,1,Not begun,Late" in line

    def test_ticked_weeks_are_chased_once_a_day_and_the_list_says_when(self, item, officer):
        clerk = make_user(Role.SCHEDULER, Provider(id=item.provider_id))
        asked = officer.get(f"{HOME}chase?week_of={key_of(item)}&week_of=nonsense")
        assert "Chase 1 week" in asked.words
        officer.post(f"{HOME}chase", {"week_of": key_of(item)}, status=303)
        assert [each.to for each in every(OutboxMessage)] == [clerk.email]
        assert len(every(ActualChase)) == 1
        assert f"{DAY:%d/%m/%Y}" in officer.get(HOME).page.select_one("#weeks tbody").text
        again = officer.post(f"{HOME}chase", {"week_of": key_of(item)}, status=422)
        assert "A reminder was sent today" in again.words
        assert len(every(OutboxMessage)) == 1

    def test_nothing_ticked_is_told(self, item, officer):
        assert "No week is ticked" in officer.get(f"{HOME}chase").words

    def test_nobody_chases_a_provider_of_their_own(self, app, item):
        torn = make_staff()
        make_membership(torn, Provider(id=item.provider_id), Role.FINANCE)
        PortalClient(app).sign_in(torn).post(f"{HOME}chase", {"week_of": key_of(item)}, status=409)
        assert every(ActualChase) == []

    def test_an_auditor_sees_no_ticks(self, app, item):
        auditor = PortalClient(app).sign_in(make_staff(CouncilRole.AUDITOR))
        assert not auditor.get(HOME).page.select("#weeks tbody input[type=checkbox]")
        auditor.post(f"{HOME}chase", {"week_of": key_of(item)}, status=403)

    def test_there_may_be_nothing_to_submit(self, app, set_today, officer):
        set_today(DAY)
        assert "No contract is paid on actuals" in officer.get(HOME).words


class TestOneWeek:
    def test_it_says_who_confirmed_it_and_why_it_was_late(self, item, officer):
        week = confirmed(item)
        found = officer.get(f"{HOME}weeks/{week.id}")
        for words in ("Cleo Clerk", "Off sick", "A, Jo", "Nobody came on Friday", "CONFIRMED"):
            assert words in found.words

    def test_it_is_opened_again_for_a_reason_that_is_needed(self, item, officer):
        week = confirmed(item)
        officer.post(f"{HOME}weeks/{week.id}/reopen", {"reason": " "}, status=422)
        officer.post(f"{HOME}weeks/{week.id}/reopen", {"reason": "Friday was delivered"}, status=303)
        [now] = every(ActualWeek)
        assert now.is_open
        assert "Friday was delivered" in officer.get(f"{HOME}weeks/{week.id}").words
        again = officer.post(f"{HOME}weeks/{week.id}/reopen", {"reason": "Twice"}, status=422)
        assert "open already" in again.words

    def test_one_that_can_be_confirmed_no_more_is_found_and_opened(self, item, officer, set_today):
        clerk = make_user(Role.SCHEDULER, Provider(id=item.provider_id), name="Cleo Clerk")
        with unit_of_work() as found:
            contract = found.get(Contract, item.contract_id)
            weeks.generate(contract, level_of(item).service_id, MONDAY, by=clerk)
        [week] = every(ActualWeek)
        assert "Open the week again" not in officer.get(f"{HOME}weeks/{week.id}").words
        assert "No week is like that" in officer.get(HOME, query_string={"week": "older"}).words
        set_today(MONDAY + timedelta(weeks=15))
        page = officer.get(HOME, query_string={"week": "older"})
        assert page.page.select_one(f"main td a[href$='/weeks/{week.id}']").text.startswith("20/04/2026")
        page = officer.get(f"{HOME}weeks/{week.id}")
        assert "could confirm this week until Sunday 26 July 2026" in page.words
        answer = officer.submit(officer.get(f"{HOME}weeks/{week.id}/reopen"), {"reason": "The rota was lost"})
        assert "REOPENED" in officer.follow(answer).words
        assert "unless you open it" not in officer.follow(answer).words
        own = PortalClient(officer.app).sign_in(clerk)
        address = f"/providers/{item.provider_id}/actuals/{contract.reference}/{level_of(item).service_id}/{MONDAY}"
        assert "The council has opened this week: The rota was lost" in own.get(address).words
        assert own.submit(own.get(f"{address}/confirm"), form="main form[action$=confirm]").status_code == 303
        assert len(every(ConfirmedActual)) == 1

    def test_earlier_figures_stand_beside_by_number(self, item, officer):
        week = confirmed(item)
        confirmed_actual(item, MONDAY, 15 * SCALE, exception=ExceptionState.OPEN)
        found = officer.get(f"{HOME}weeks/{week.id}")
        assert "2. 15," in found.words
        assert "1. 13," in found.words
        assert "Waits for the council" in found.words


class TestExceptions:
    def test_the_queue_says_what_hangs_on_each(self, item, officer):
        waits(item)
        found = officer.get(f"{HOME}exceptions")
        assert "1 exception , £346.50 in all" in found.words or "1 exception, £346.50 in all" in found.words
        assert "More than planned" in found.words
        assert "Exceptions of actuals" in officer.get("/council/").words

    def test_what_was_never_worked_out_says_why_and_not_that_it_is_nothing(self, item, officer):
        """Page, list, dialog and file; the sums of the others stand beside it."""
        lost, known = waits(item), waits(make_hourly())
        change(lost, pence=0)
        words = "Cannot be worked out yet: the contract cannot be calculated"
        there = f"{HOME}exceptions/{lost.id}"
        assert words not in officer.get(f"{HOME}exceptions").words
        assert "15 hours, about £0.00" in " ".join(officer.get(there).words.replace(" ,", ",").split())
        saved(CalculationFault(provider_id=item.provider_id, contract_id=item.contract_id, fault="ValueError"))
        for path in (f"{HOME}exceptions", there):
            found = officer.get(path).words
            assert words in found
            assert "£0.00" not in found
            assert "in all" not in found
        assert "of which the sum cannot be worked out yet" in officer.get(f"{there}/reject").words
        assert f",{words}," in officer.get(f"{HOME}exceptions/data.csv").text
        ticked = f"{HOME}exceptions/approve-many?exception={known.id}&exception={lost.id}"
        asked = officer.get(ticked)
        assert words in asked.words
        assert asked.page.select_one("main form button").text == "Approve 2 exceptions"
        officer.submit(asked, status=303)
        assert {each.state for each in every(ActualException)} == {ExceptionState.APPROVED}

    def test_one_that_was_worked_out_before_keeps_its_sum(self, item, officer):
        found = waits(item)
        saved(CalculationFault(provider_id=item.provider_id, contract_id=item.contract_id, fault="ValueError"))
        assert "about £346.50" in officer.get(f"{HOME}exceptions/{found.id}").words
        assert "about £346.50" in officer.get(f"{HOME}exceptions/{found.id}/reject").words

    def test_it_is_sorted_by_the_sum(self, item, officer):
        waits(item, 20 * SCALE)
        waits(item, 15 * SCALE, MONDAY - timedelta(weeks=1))
        found = officer.get(f"{HOME}exceptions?sort=-sum").page
        assert [row.select("td")[-1].text for row in found.select("#exceptions tbody tr")] == ["£462.00", "£346.50"]

    def test_an_address_with_an_unknown_state_is_refused_in_words(self, officer):
        page = officer.get(f"{HOME}exceptions?show=zzz", status=422)
        assert "Choose which to show from the list" in page.words

    def test_one_press_approves_and_leads_to_the_next(self, item, officer):
        first, second = waits(item, first_on=MONDAY - timedelta(weeks=1)), waits(item)
        page = officer.get(f"{HOME}exceptions/{first.id}")
        assert "Approve 15 hours" in page.words
        done = officer.submit(page)
        assert done.location.endswith(f"exceptions/{second.id}")
        page = officer.get(done.location)
        assert officer.submit(page).location.endswith("/exceptions")
        refused = officer.submit(page, {"one_time_key": "another"})
        assert refused.status_code == 409
        assert "does not wait any more: it is approved" in refused.words

    def test_it_is_not_approved_at_another_sum_than_the_page_has_shown(self, item, officer):
        """The feed may change the price at night, while the page lies open."""
        found = waits(item)
        page = officer.get(f"{HOME}exceptions/{found.id}")
        change(found, pence=99_999)
        refused = officer.submit(page)
        assert refused.status_code == 409
        assert "comes to about £999.99 now. Look at it again" in refused.words
        officer.post(f"{HOME}exceptions/{found.id}/approve", status=409)
        assert every(ActualException)[0].state is ExceptionState.OPEN
        assert officer.submit(refused).status_code == 303

    def test_it_is_amended_with_what_was_typed_kept_where_it_is_refused(self, item, officer):
        clerk = make_user(Role.SCHEDULER, Provider(id=item.provider_id))
        assert clerk
        confirmed(item, Figures(15 * SCALE, extra_e4=SCALE, comment="A bad night"))
        [found] = every(ActualException)
        there = f"{HOME}exceptions/{found.id}/amend"
        form = {"actual": "13.1", "frustrated": "", "missed": "0.9", "extra": "", "visits": "x", "reason": "STAFF",
                "comment": "One short", "note": ""}  # fmt: skip
        refused = officer.post(there, form, status=422)
        assert refused.page.select_one("[name=actual]")["value"] == "13.1"
        assert "Enter a whole number of visits" in refused.words
        refused = officer.post(there, form | {"visits": "", "note": "By the visits"}, status=422)
        assert "Enter steps of 0.25 hours" in refused.words
        officer.post(there, form | {"actual": "13", "missed": "1", "visits": "", "note": "By the visits"}, status=303)
        assert [each.actual_e4 for each in every(ConfirmedActual)] == [15 * SCALE, 13 * SCALE]

    def test_it_is_rejected_with_a_note(self, item, officer):
        found = waits(item)
        officer.post(f"{HOME}exceptions/{found.id}/reject", {"note": ""}, status=422)
        officer.post(f"{HOME}exceptions/{found.id}/reject", {"note": "Not on the visits"}, status=303)
        assert "Not on the visits" in officer.get(f"{HOME}exceptions/{found.id}").words

    def test_a_variation_is_asked_for_and_each_leads_to_the_other(self, item, officer):
        found = waits(item)
        there = f"{HOME}exceptions/{found.id}"
        text = officer.get(f"{there}/variation").page.select_one("textarea").text.strip()
        assert "planned 14 hours, delivered 15 hours" in text
        officer.post(f"{there}/variation", {"text": text}, status=303)
        [action] = every(Action)
        assert officer.get(there).page.select_one(f"a[href='/council/actions/{action.id}']")
        assert officer.get(f"/council/actions/{action.id}").page.select_one(f"a[href='{there}']")

    def test_ticked_ones_are_approved_together(self, item, officer):
        both = [waits(item, first_on=MONDAY - timedelta(weeks=1)).id, waits(item).id]
        asked = officer.get(f"{HOME}exceptions/approve-many?exception={both[0]}&exception={both[1]}&exception=9999")
        assert "Approve 2 exceptions, about £693.00" in asked.words
        shown = asked.page.select_one("main input[name=seen]")["value"]
        officer.post(f"{HOME}exceptions/approve-many", {"exception": both}, status=422)
        change(every(ActualException)[1], pence=40_000)
        refused = officer.post(f"{HOME}exceptions/approve-many", {"exception": both, "seen": shown}, status=422)
        assert any("comes to about £400.00 now" in each for each in refused.errors)
        assert "Approve 2 exceptions, about £746.50" in refused.words
        assert {each.state for each in every(ActualException)} == {ExceptionState.OPEN}
        again = refused.page.select_one("main input[name=seen]")["value"]
        officer.post(f"{HOME}exceptions/approve-many", {"exception": both, "seen": again}, status=303)
        assert {each.state for each in every(ActualException)} == {ExceptionState.APPROVED}
        assert "No exception is ticked that still waits" in officer.get(f"{HOME}exceptions/approve-many").words

    def test_nobody_decides_for_a_provider_of_their_own(self, app, item):
        found, torn = waits(item), make_staff()
        make_membership(torn, Provider(id=item.provider_id), Role.FINANCE)
        client = PortalClient(app).sign_in(torn)
        assert "a colleague has to decide" in client.get(f"{HOME}exceptions/{found.id}").words
        client.post(f"{HOME}exceptions/{found.id}/approve", status=409)
        client.post(f"{HOME}exceptions/approve-many", {"exception": found.id}, status=409)
        assert every(ActualException)[0].state is ExceptionState.OPEN

    @pytest.mark.parametrize("ending", ["csv", "xlsx"])
    def test_they_are_downloaded(self, item, officer, ending):
        waits(item)
        found = officer.get(f"{HOME}exceptions/data.{ending}")
        if ending == "csv":
            assert ",14.00,15.00,hour,More than planned," in found.text


class TestRules:
    def test_what_the_finance_system_says_stands_beside_our_own(self, item, officer):
        make_rule(level_of(item).id, RuleKind.DEADLINE, value=5)
        found = officer.get(f"{HOME}rules")
        assert "steps of 0.25 hours" in found.words
        assert "Days to confirm a week: 5" in found.words
        assert not found.page.select("form[action*=end]")

    def test_a_rule_is_set_and_ended_by_a_manager(self, item, manager, officer):
        form = {
            "level": level_of(item).id,
            "kind": "no_extras",
            "value": "",
            "warns_from": "",
            **day("refuses_from", MONDAY),
        }
        officer.post(f"{HOME}rules/set", form, status=403)
        manager.post(f"{HOME}rules/set", form | {"kind": ""}, status=422)
        manager.post(f"{HOME}rules/set", form, status=303)
        [rule] = every(ActualRule)
        assert (rule.kind, rule.refuses_from) == (RuleKind.NO_EXTRAS, MONDAY)
        assert "Max Manager" in manager.get(f"{HOME}rules").words
        manager.post(f"{HOME}rules/{rule.id}/end", status=303)
        assert every(ActualRule) == []

    def test_a_rule_that_changes_what_is_paid_shows_first_what_it_touches(self, item, manager):
        confirmed_actual(item, MONDAY, 13 * SCALE, planned_e4=14 * SCALE)
        form = {"level": level_of(item).id, "kind": "paid_on_plan", "value": "", **day("refuses_from", MONDAY)}
        refused = manager.post(f"{HOME}rules/set", form, status=422)
        assert any("whoever is to agree" in error for error in refused.errors)
        form |= {"why": "Day care"}
        shown = manager.post(f"{HOME}rules/set", form)
        assert "1 confirmed week of 1 care package" in shown.words
        confirmed_actual(item, AFTER, 13 * SCALE, planned_e4=14 * SCALE)
        seen = shown.page.select_one("input[name=seen]")["value"]
        changed = manager.post(f"{HOME}rules/set", form | {"seen": seen})
        assert every(ActualRuleChange) == []
        seen = changed.page.select_one("input[name=seen]")["value"]
        page = manager.follow(manager.post(f"{HOME}rules/set", form | {"seen": seen}, status=303))
        assert "2 confirmed weeks of 1 care package" in page.words
        assert every(ActualRule) == []

    def test_a_second_manager_agrees_to_what_the_page_has_shown(self, app, item, manager, officer):
        confirmed_actual(item, MONDAY, 13 * SCALE, planned_e4=14 * SCALE)
        max_ = make_staff(CouncilRole.PAYMENTS_MANAGER, name="Asking Manager")
        with unit_of_work():
            asked = ask_for_rule(level_of(item), RuleKind.PAID_ON_PLAN, refuses_from=MONDAY, why="Day care", by=max_)
        there = f"{HOME}rules/changes/{asked.id}"
        own = PortalClient(app).sign_in(max_).get(there)
        assert "a colleague has to agree" in own.words
        assert own.page.select("form[action$=agree]") == []
        assert officer.get(there).page.select("form[action$=agree]") == []
        officer.post(f"{there}/agree", {"seen": "x"}, status=403)
        page = manager.get(there)
        confirmed_actual(item, AFTER, 13 * SCALE, planned_e4=14 * SCALE)
        again = manager.submit(page, form="form[action$=agree]")
        assert again.status_code == 422
        assert "2 confirmed weeks" in again.words
        assert manager.submit(again, form="form[action$=agree]").status_code == 303
        [rule] = every(ActualRule)
        assert "Paid as planned" in manager.get(f"{HOME}rules").words
        end = manager.get(f"{HOME}rules/{rule.id}/end")
        assert manager.submit(end, {"why": ""}).status_code == 422
        page = manager.follow(manager.submit(end, {"why": "A slip"}))
        assert "end “Paid as planned”" in page.words
        assert len(every(ActualRule)) == 1
        back = manager.get(page.page.select_one("main a[href$=turn-down]")["href"])
        assert "TAKEN BACK" in manager.follow(manager.submit(back, {"why": "No"})).words


def day(name: str, when: date) -> dict[str, list[str]]:
    """As the three boxes send it."""
    return {name: [str(when.day), str(when.month), str(when.year)]}
