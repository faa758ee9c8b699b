"""Stale pages and guessed addresses at the finance panel: nobody decides what they have not read."""

from datetime import date

import pytest
from sqlalchemy import select

from models.billing.claiming import withdraw
from models.billing.deciding import ItemDecision, return_for_information
from models.billing.items import Claimed, change_item
from models.permissions import CouncilRole, Role
from models.records.claim import ClaimItem, ClaimStatus
from models.records.contract import ContractRate
from tests.care_factories import make_contract
from tests.claim_factories import change, decide, items_of, make_claim, make_claim_level, make_pending_claim, submit
from tests.factories import make_provider, make_staff, make_user
from tests.support.client import PortalClient
from tests.support.rows import every, reloaded
from tests.support.runs import change as facts

WEDNESDAY = date(2019, 10, 2)
QUEUE = "/council/claims/"


@pytest.fixture
def provider(database):
    return make_provider()


@pytest.fixture
def person(provider):
    return make_user(Role.CARER, provider, name="Dawn Stockton")


@pytest.fixture
def mileage(provider):
    return make_claim_level(make_contract(provider, calculate_from=date(2019, 9, 30)), name="Mileage")


@pytest.fixture
def colleague(database):
    return make_staff(CouncilRole.FINANCE_PANEL, name="Pat Panel")


@pytest.fixture
def panel(app):
    return PortalClient(app).sign_in(make_staff(CouncilRole.FINANCE_PANEL))


def miles(level, quantity):
    return Claimed(level.id, "Training", spent_on=WEDNESDAY, quantity_e4=quantity * 10_000)


@pytest.fixture
def claim(provider, person, mileage):
    return make_pending_claim(provider, person, miles(mileage, 150))


@pytest.fixture
def swapped(claim, person, colleague, mileage):
    """Give it back, let the carer make 1,500 miles of its 150, and send it again."""

    def swap():
        change(claim, return_for_information, "How many?", by=colleague)
        change(claim, change_item, items_of(claim)[0], miles(mileage, 1_500), by=person)
        submit(claim, person)

    return swap


def of(claim, path=""):
    return f"{QUEUE}{claim.id}{path}"


def test_a_claim_that_was_changed_after_the_page_was_opened_is_not_accepted(panel, claim, swapped):
    page = panel.get(of(claim))
    swapped()
    refused = panel.submit(page, form="form[action$=accept]", status=409)
    assert f"Claim OC{claim.id} has been changed. Look at it again" in refused.words
    assert "Accept £580.50 in full" in refused.words
    assert reloaded(claim).status is ClaimStatus.PENDING
    panel.submit(refused, form="form[action$=accept]", status=303)
    assert items_of(claim)[0].accepted_pence == 580_50


def test_nor_decided_item_by_item_and_what_was_typed_stays(panel, claim, swapped):
    page = panel.get(of(claim))
    swapped()
    typed = {"items-0-what": "miles", "items-0-miles": "100", "items-0-note": "The shortest way"}
    refused = panel.submit(page, typed, form="form[action$=decide]", status=422)
    assert "have changed since you opened this page" in refused.errors[0]
    assert refused.page.select_one("[name=items-0-note]")["value"] == "The shortest way"
    panel.submit(refused, form="form[action$=decide]", status=303)
    assert items_of(claim)[0].accepted_e4 == 1_000_000


def test_nor_accepted_among_several(panel, claim, swapped):
    page = panel.get(f"{QUEUE}accept-many?claim={claim.id}")
    swapped()
    refused = panel.submit(page, status=422)
    assert "have changed since you opened this page" in refused.errors[0]
    assert refused.page.select_one("main button").get_text() == "Accept 1 claim for £580.50"
    panel.submit(refused, status=303)
    assert reloaded(claim).status is ClaimStatus.ACCEPTED


@pytest.mark.parametrize(("path", "name"), [("/reject", "reason"), ("/return", "text")])
def test_what_a_colleague_has_decided_meanwhile_is_not_undone_by_a_stale_page(panel, claim, colleague, path, name):
    page = panel.get(of(claim, path))
    decide(claim, colleague)
    refused = panel.submit(page, {name: "No ticket"}, status=422)
    assert "have changed since you opened this page" in refused.errors[0]
    assert refused.page.select_one(f"textarea[name={name}]").get_text().strip() == "No ticket"
    assert reloaded(claim).status is ClaimStatus.ACCEPTED


def test_a_rejection_meanwhile_is_not_overridden_by_a_stale_page_with_a_note(panel, claim, colleague):
    """Both sums are £0.00 before and after, so that sums alone would not tell."""
    page = panel.get(of(claim))
    decide(claim, colleague, ItemDecision(False, note="No"))
    panel.submit(page, {"note": "Fine"}, form="form[action$=decide]", status=422)
    assert reloaded(claim).status is ClaimStatus.REJECTED


def test_a_claim_that_was_not_sent_is_not_there_for_the_council(app, panel, provider, person, mileage):
    draft = make_claim(provider, person, miles(mileage, 150))
    officer = PortalClient(app).sign_in(make_staff(CouncilRole.PAYMENTS_OFFICER))
    for client in (panel, officer):
        client.get(of(draft), status=404)
    for path in ("/accept", "/decide", "/reject", "/return"):
        panel.post(of(draft, path), {"reason": "No", "text": "No"}, status=404)
    assert "No claim is ticked" in panel.get(f"{QUEUE}accept-many?claim={draft.id}").words
    panel.get(of(draft, "/items/1/files/1"), status=404)
    change(draft, withdraw, by=person)
    panel.get(of(draft), status=404)


def test_a_claim_that_was_withdrawn_after_it_was_sent_says_so(panel, claim, person):
    page = panel.get(of(claim))
    change(claim, withdraw, by=person)
    refused = panel.submit(page, form="form[action$=accept]", status=409)
    assert "has been withdrawn" in refused.words
    assert "WITHDRAWN" in panel.get(of(claim)).words


def test_another_decision_begins_with_what_was_decided(panel, claim, colleague, provider, person, mileage):
    decide(claim, colleague, ItemDecision(miles_e4=1_000_000, note="Shorter"))
    entry = panel.get(of(claim)).page
    assert entry.select_one("[name=items-0-what][checked]")["value"] == "miles"
    assert (entry.select_one("[name=items-0-miles]")["value"], entry.select_one("[name=items-0-note]")["value"]) == (
        "100", "Shorter",
    )  # fmt: skip
    other = make_pending_claim(provider, person, miles(mileage, 10))
    decide(other, colleague, ItemDecision(sum_pence=1_00, note="As agreed"))
    entry = panel.get(of(other)).page
    assert entry.select_one("[name=items-0-what][checked]")["value"] == "sum"
    assert entry.select_one("[name=items-0-pence]")["value"] == "1.00"


def test_a_claim_accepted_at_a_newer_rate_is_no_part_of_one(panel, claim, mileage):
    """All miles are accepted, at the rate of their day, which was raised after the claim was sent."""
    [rate] = every(select(ContractRate))
    facts(rate, rate_e4=5_500)
    answer = panel.submit(panel.get(of(claim)), form="form[action$=accept]", status=303)
    assert "is accepted: £82.50" in panel.get(answer.location).words
    item = every(select(ClaimItem))[0]
    assert (item.amount_pence, item.accepted_pence, item.is_accepted_in_part) == (58_05, 82_50, False)
    page = panel.get(of(claim)).page
    assert page.select_one("[name=items-0-what][checked]")["value"] == "full"


def test_numbers_that_no_column_holds_are_refused_on_the_form(app, mileage):
    manager = PortalClient(app).sign_in(make_staff(CouncilRole.PAYMENTS_MANAGER))
    page = manager.get(f"{QUEUE}rules/limits/new")
    for most in ("999999999", "99999999999999999999999", "1e9", "-1", "0", "nan", "9" * 5_000):
        manager.submit(page, {"kind": "age", "most": most}, status=422)
    page = manager.get(f"{QUEUE}rules/pricing")
    level = {"level": str(mileage.id)}
    many = "9" * 30
    for given in (
        {"tiers-0-above": "10000", "tiers-0-rate": many}, {"tiers-0-above": many, "tiers-0-rate": "1"},
        {"free": many}, {"percent": many}, {"percent": "9" * 5_000},
    ):  # fmt: skip
        manager.submit(page, level | given, status=422)
