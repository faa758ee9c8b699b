"""Every page of the portal, as it looks: read from the running portal, so a new page is in it from its first day."""

import pytest

from blueprints.access import PASSWORD_GIVEN, PUBLIC, access_of
from models.permissions import COUNCIL_GRANTS, CouncilRole, Role
from tests.browser.looks import assert_accessible, assert_fits, keeps_nothing, take_picture
from tests.factories import make_membership, make_provider, make_staff, make_user
from tests.meta.world import settled_provider

FILES = (".csv", ".css", ".ics", "/healthz")
ELSEWHERE = ("auth.identity", "auth.identity_return")
"""Where the council's identity provider is asked: tests/browser/test_identity.py."""

STAFF = (CouncilRole.PAYMENTS_OFFICER, CouncilRole.PAYMENTS_MANAGER, CouncilRole.SYSTEMS_ADMINISTRATOR)
"""Who of the council opens a page here: the first who may."""


@pytest.mark.parametrize("way", ["script-1280", "script-320"])
def test_no_page_has_a_fault_that_can_be_measured(app, open_browser, sign_in, way, subtests):
    provider, values = settled_provider()
    user = make_user(Role.ADMINISTRATOR, provider)
    make_membership(user, make_provider())
    values["provider"] = provider.id
    visitor, member = open_browser(way), open_browser(way)
    sign_in(member, user)
    staff = {role: open_browser(way) for role in STAFF}
    for role, browser in staff.items():
        sign_in(browser, make_staff(role))
    for rule in app.url_map.iter_rules():
        if "GET" not in rule.methods or rule.rule.endswith(FILES) or rule.endpoint in ELSEWHERE:
            continue
        address = app.url_map.bind("127.0.0.1").build(rule.endpoint, {name: values[name] for name in rule.arguments})
        page = visitor if access_of(app, rule.endpoint) in (PUBLIC, PASSWORD_GIVEN) else member
        if rule.rule.startswith("/council"):
            page = next(staff[role] for role in STAFF if access_of(app, rule.endpoint) in COUNCIL_GRANTS[role])
        with subtests.test(endpoint=rule.endpoint):
            assert page.goto(address).status == 200
            take_picture(page, rule.endpoint)
            assert_accessible(page)
            assert_fits(page)
            assert keeps_nothing(page)


def test_a_page_that_is_not_there_is_accessible_too(open_browser):
    page = open_browser()
    assert page.goto("/nowhere").status == 404
    assert_accessible(page)
