"""Care Package Line Items in a browser: found, those of before, one with its details, and an action about it."""

from datetime import date

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from models.correspondence.action import Action
from models.permissions import Role
from models.records.provider import ProviderKind
from tests.action_factories import make_team, make_type
from tests.browser.looks import assert_accessible, assert_fits, take_picture
from tests.care_factories import make_client, make_contract, make_item
from tests.factories import make_provider, make_user
from tests.support.rows import every
from tests.support.runs import calculate

MONDAY, TODAY = date(2019, 9, 23), date(2019, 10, 2)


def look(page, name):
    take_picture(page, f"line-items-{name}")
    assert_fits(page)
    if page.locator("body.js-enabled").count():
        assert_accessible(page)


@pytest.mark.covers("S0-051", "S0-053", "S1-018", "S1-019", "S2-024", "S2-025")
def test_one_is_found_with_those_of_before_and_asked_about(page, database, sign_in):
    provider = make_provider(kind=ProviderKind.SHARED_LIVES)
    make_type(make_team(name="Adults Finance"), name="Line item query")
    contract = make_contract(provider, calculate_from=MONDAY, reference="R1")
    gwen = make_client(surname="Llwyd", first_name="Gwen", reference="C7")
    item = make_item(contract, client=gwen, starts_on=MONDAY, reference="I7")
    other = make_contract(provider, calculate_from=MONDAY, reference="R2", name="Other house")
    make_item(other, client=make_client(surname="Featherstonehaugh-Cholmondeley"), starts_on=MONDAY, is_suspended=True)
    make_item(contract, client=make_client(surname="Old", first_name="Al"), ends_on=date(2019, 8, 1), reference="I6")
    calculate(TODAY)
    sign_in(page, make_user(Role.CARER, provider))
    page.goto(f"/providers/{provider.id}/")
    page.locator("main").get_by_role("link", name="Care Package Line Items").first.click()
    rows = page.locator("#items tbody tr")
    expect(rows).to_have_count(2)
    expect(page.locator("#items")).to_contain_text("1 that ended more than 28 days ago is left out")
    look(page, "list")
    page.get_by_label("Status").select_option(label="Suspended")
    page.get_by_role("button", name="View").click()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("SUSPENDED")
    page.get_by_label("Status").select_option(index=0)
    page.get_by_label("Contract").select_option(index=1)
    page.get_by_label("Include Historical").check()
    page.get_by_role("button", name="View").click()
    expect(rows.filter(has_text="Old, Al")).to_have_count(1)
    look(page, "historical")
    page.get_by_role("link", name="Llwyd, Gwen").click()
    expect(page.get_by_role("heading", name="What comes next")).to_be_visible()
    expect(page.locator("main")).to_contain_text("I7")
    look(page, "one")
    page.get_by_role("link", name="Close and return to list").click()
    expect(rows.filter(has_text="Old, Al")).to_have_count(1)
    page.locator("#items a", has_text="about line item I7").click()
    expect(page.get_by_label("Title")).to_have_value("Care package I7")
    look(page, "ask")
    page.get_by_label("Text").fill("She left on Tuesday")
    page.get_by_role("button", name="Create Action").click()
    expect(page.get_by_role("link", name="Care package I7").first).to_be_visible()
    [action] = every(select(Action))
    assert (action.item_id, action.client_id, action.contract_id) == (item.id, gwen.id, contract.id)
