"""What an address may hold besides its own: names that Flask itself would take, and digits that only look like some."""

from urllib.parse import parse_qs, quote, urlsplit

import pytest

from blueprints.access import access_of
from models.permissions import COUNCIL_GRANTS, CouncilRole, Role
from tests.factories import make_staff, make_user
from tests.meta.test_access_rules import url
from tests.meta.world import settled_provider
from tests.support.client import PortalClient

ODD = {"_method": "POST", "_anchor": "x", "_scheme": "gopher", "_external": "1", "endpoint": "x", "values": "x"}
ODD_TEXT = "&".join(f"{name}={value}" for name, value in ODD.items())
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


@pytest.fixture
def pages(app):
    """Of every page behind the log-in: who opens it, its rule, and its address with records that are there."""
    provider, values = settled_provider()
    values["provider"] = provider.id
    member = PortalClient(app).sign_in(make_user(Role.ADMINISTRATOR, provider))
    roles = {role: PortalClient(app).sign_in(make_staff(role)) for role in CouncilRole}

    def who(rule):
        if rule.rule.startswith("/providers/"):
            return member
        permission = access_of(app, rule.endpoint)
        return next(client for role, client in roles.items() if permission in COUNCIL_GRANTS[role])

    rules = [rule for rule in app.url_map.iter_rules() if "GET" in rule.methods]
    behind = [rule for rule in rules if rule.rule.startswith(("/providers/", "/council"))]
    return [(who(rule), rule, url(app, rule, values)) for rule in behind]


def test_names_that_flask_would_take_go_into_no_link_and_break_no_page(pages, subtests):
    for client, rule, address in pages:
        with subtests.test(endpoint=rule.endpoint):
            answer = client.get(f"{address}?{ODD_TEXT}&page=２", status=None)
            assert answer.status_code < 500
            links = [urlsplit(link["href"]).query for link in answer.page.select("a[href]")]
            assert not {name for each in links for name in parse_qs(each, keep_blank_values=True)} & set(ODD)


def test_a_full_width_digit_opens_no_address(pages):
    for client, rule, address in pages:
        if rule.arguments and address != (asked := address.translate(FULL_WIDTH)):
            client.get(quote(asked), status=404)
