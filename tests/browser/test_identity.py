"""Logging in with the council's identity provider, in a browser."""

import pytest
from playwright.sync_api import expect

import config
from tests.auth.journey import mailed_code
from tests.browser.looks import assert_fits, take_picture
from tests.browser.test_logging_in import HOME
from tests.factories import make_user
from tests.support.identity_provider import CLIENT_ID, SECRET


@pytest.fixture
def app(make_app, issuer):
    return make_app(identity_provider=config.IdentityProvider(issuer=issuer, client_id=CLIENT_ID, secret=SECRET))


@pytest.fixture
def other_sites(issuer):
    return (issuer,)


@pytest.mark.covers("S0-018", "S1-003", "S2-002")
def test_there_and_back_again(page, database):
    user = make_user()
    page.goto("/log-in")
    take_picture(page, "log-in-with-identity-provider")
    assert_fits(page)
    has_script = page.evaluate("document.body.classList.contains('js-enabled')")
    page.get_by_role("button", name="Log in with Liquidlogic").click()
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_role("button", name="Submit").click()
    if not has_script:  # with it, the page sends itself on
        expect(page.get_by_role("heading", level=1)).to_have_text("One more step")
        take_picture(page, "identity")
        assert_fits(page)
        page.get_by_role("button", name="Continue").click()
    expect(page.get_by_label("Code", exact=True)).to_be_visible()
    page.get_by_label("Code", exact=True).fill(mailed_code())
    page.get_by_role("button", name="Finish").click()
    expect(page).to_have_url(HOME)
