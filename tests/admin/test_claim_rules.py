"""Prices and limits of claims on the council's pages: one asks, another agrees."""

from datetime import date

import pytest

from models.billing.limit import ClaimLimit
from models.billing.rule_change import ClaimRuleChange, RuleState
from models.permissions import CouncilRole
from models.records.claim_pricing import ClaimPricing
from tests.care_factories import make_contract
from tests.claim_factories import make_claim_level
from tests.factories import make_provider, make_staff
from tests.support.client import PortalClient
from tests.support.rows import every, reloaded

RULES = "/council/claims/rules"


@pytest.fixture
def mileage(database):
    return make_claim_level(make_contract(make_provider()), name="Mileage")


@pytest.fixture
def officer(app):
    return PortalClient(app).sign_in(make_staff(name="Olive Officer"))


@pytest.fixture
def manager(app):
    return PortalClient(app).sign_in(make_staff(CouncilRole.PAYMENTS_MANAGER, name="Mia Manager"))


@pytest.fixture
def asked(officer, mileage):
    page = officer.get(f"{RULES}/pricing")
    given = {"level": str(mileage.id), "free": "63", "tiers-0-above": "10000", "tiers-0-rate": "0.25"}
    refused = officer.submit(page, given | {"tiers-0-rate": "much"}, status=422)
    assert refused.errors == ["Enter a rate a mile, like 0.25", "Say why, so that the others know"]
    assert refused.page.select_one("[name=free]")["value"] == "63"
    officer.submit(page, given | {"why": "The rates of the year"}, status=303)
    return every(ClaimRuleChange)[0]


def test_a_price_that_an_officer_asks_for_holds_once_a_manager_has_agreed(officer, manager, asked):
    assert every(ClaimPricing) == []
    page = officer.get(f"{RULES}/changes/{asked.id}")
    assert page.page.select_one("form[action$=agree]") is None
    assert "A payments manager has to agree to this" in page.words
    officer.post(f"{RULES}/changes/{asked.id}/agree", status=403)
    assert "Prices and limits of claims" in manager.get("/council/").words
    assert "Waiting" in manager.get(RULES).words
    page = manager.get(f"{RULES}/changes/{asked.id}")
    assert "the first 63 miles a week (Monday to Sunday) free, above 10,000 miles a tax year £0.25 a mile" in page.words
    assert "The rates of the year" in page.words
    manager.submit(page, form="form[action$=agree]", status=303)
    assert [each.free_weekly_e4 for each in every(ClaimPricing)] == [630_000]
    page = manager.get(RULES)
    assert "the first 63 miles a week (Monday to Sunday) free" in page.page.select_one("[aria-labelledby=pricing]").text
    assert "Prices and limits of claims" not in manager.get("/council/").words


def test_it_is_turned_down_with_a_reason_or_taken_back(officer, manager, asked):
    page = manager.get(f"{RULES}/changes/{asked.id}/turn-down")
    assert manager.submit(page, status=422).errors == ["Say why, so that the others know"]
    stale = manager.get(f"{RULES}/changes/{asked.id}")
    back = officer.get(f"{RULES}/changes/{asked.id}/turn-down")
    assert back.heading == "Take it back"
    officer.submit(back, {"why": "The wrong year"}, status=303)
    assert reloaded(asked).state is RuleState.TAKEN_BACK
    refused = manager.submit(page, {"why": "Not this year"}, status=422)
    assert "This is taken back already" in refused.errors[0]
    refused = manager.submit(stale, form="form[action$=agree]", status=409)
    assert "This is taken back already" in refused.words
    assert "The wrong year" in refused.words
    assert every(ClaimPricing) == []


def test_a_manager_alone_sets_no_limit_and_ends_none(app, manager, mileage):
    page = manager.get(f"{RULES}/limits/new")
    assert "Enter a number above 0, like 90" in manager.submit(page, {"most": "many"}, status=422).errors
    given = {"most": "90", "effect": "refuse", "why": "Three months"}
    there = manager.submit(page, given, status=303).location
    assert "You have asked for this, so a colleague has to agree to it" in manager.get(there).words
    refused = manager.post(f"{there}/agree", status=409)
    assert "a colleague has to agree" in refused.words
    assert every(ClaimLimit) == []
    second = PortalClient(app).sign_in(make_staff(CouncilRole.PAYMENTS_MANAGER))
    second.submit(second.get(there), form="form[action$=agree]", status=303)
    page = manager.get(RULES)
    assert "A claim is made within 90 days of the trip or expense" in page.words
    [link] = page.page.select("[aria-labelledby=limits] td a")
    there = manager.submit(manager.get(link["href"]), {"why": "No more"}, status=303).location
    assert every(ClaimLimit)[0].ended_at is None
    second.submit(second.get(there), form="form[action$=agree]", status=303)
    assert every(ClaimLimit)[0].ended_at is not None
    assert "It ended" in manager.get(link["href"]).words


@pytest.mark.parametrize("role", [CouncilRole.FINANCE_PANEL, CouncilRole.AUDITOR])
def test_the_panel_and_the_auditor_read_what_was_asked_for_and_decide_nothing(app, asked, role):
    who = PortalClient(app).sign_in(make_staff(role))
    page = who.get(f"{RULES}/changes/{asked.id}")
    assert "The rates of the year" in page.words
    assert page.page.select("main form") == []
    for path in ("pricing", "limits/new", f"changes/{asked.id}/turn-down"):
        who.get(f"{RULES}/{path}", status=403)


def test_a_rule_from_a_day_to_come_is_asked_for_too(officer, manager, mileage):
    page = officer.get(f"{RULES}/pricing")
    given = {"level": str(mileage.id), "how": "cost", "starts_on": ["1", "4", "2020"], "why": "From the new year on"}
    there = officer.submit(page, given, status=303).location
    manager.submit(manager.get(there), form="form[action$=agree]", status=303)
    assert [(each.starts_on, each.is_at_cost) for each in every(ClaimPricing)] == [(date(2020, 4, 1), True)]
