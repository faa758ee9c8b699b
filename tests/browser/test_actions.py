"""An action from the list to the council's answer, which comes into the open page while somebody is writing."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from models.correspondence import action_verbs as verbs
from models.correspondence.action import Action, Side
from models.permissions import Role
from models.records.provider import ProviderKind
from tests.action_factories import make_team, make_type
from tests.browser.looks import assert_accessible, assert_fits, take_picture
from tests.factories import make_provider, make_staff, make_user
from tests.support.rows import every, unit_of_work


@pytest.mark.covers("S3-002", "S3-006", "S3-012", "S4-006")
def test_an_action_is_sent_and_answered_in_the_open_page(page, database, sign_in):
    provider = make_provider(name="Sausage Sandwich", kind=ProviderKind.SHARED_LIVES)
    make_type(make_team(name="Adults Finance"), name="AA Query", kinds=[ProviderKind.SHARED_LIVES.value])
    officer = make_staff()
    sign_in(page, make_user(Role.FINANCE, provider))
    page.goto(f"/providers/{provider.id}/actions/")
    page.get_by_role("button", name="New Action").click()
    expect(page.get_by_label("Type")).to_contain_text("AA Query")
    page.get_by_label("Title").fill("Query about my payments")
    page.get_by_label("Text").fill("One week is short")
    look(page, "action-new")
    page.get_by_role("button", name="Create Action").click()
    look(page, "actions")
    page.get_by_role("link", name="Query about my payments").click()
    with unit_of_work() as session:
        action = session.scalars(Action.numbered(every(select(Action))[0].id)).one()
        verbs.reply_to_provider(action, "Which week?", by=officer)
    has_script = page.locator("body.js-enabled").count()
    box = page.get_by_label("Comment", exact=True)
    if has_script:
        box.fill("The week of the 9")
        page.locator("#news").evaluate("link => link.click()")  # as the clock does it
        expect(box).to_be_focused()
    else:
        page.get_by_role("link", name="Look for new posts").click()
        box.fill("The week of the 9")
    expect(page.get_by_text("Which week?")).to_be_visible()
    expect(page.get_by_text("the council waits for your reply")).to_be_visible()
    expect(box).to_have_value("The week of the 9")
    look(page, "action")
    page.get_by_role("button", name="Reply").click()
    expect(page.get_by_text("Your reply is with the Adults Finance")).to_be_visible()
    assert every(Action.numbered(action.id))[0].holder is Side.COUNCIL


def look(page, name):
    take_picture(page, name)
    assert_fits(page)
    if page.locator("body.js-enabled").count():
        assert_accessible(page)
