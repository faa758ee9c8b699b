"""Where in the menu a page stands."""

from blueprints.frame import COUNCIL_NAVIGATION, NAVIGATION, STANDS_UNDER
from models.permissions import Role
from tests.factories import make_provider, make_user
from tests.support.addresses import rules_of

IN_THE_HEAD = {"admin.search"}
"""Found on every page of the council, beside the menu."""


def area_of(endpoint):
    return endpoint.rpartition(".")[0]


def test_every_page_is_in_a_menu_or_stands_under_a_page_of_one(app):
    areas = {area_of(rule.endpoint) for rule in rules_of(app)}
    pages = {area for area in areas if area.partition(".")[0] in ("provider", "admin")}
    menus = {
        audience: {area_of(endpoint) for listed in menu.values() for _, endpoint, _ in listed}
        for audience, menu in (("provider", NAVIGATION), ("admin", COUNCIL_NAVIGATION))
    }
    assert pages - menus["provider"] - menus["admin"] - IN_THE_HEAD == STANDS_UNDER.keys()
    for area, under in STANDS_UNDER.items():
        assert under in menus[area.partition(".")[0]], area


def test_the_menu_marks_the_area_of_a_page_that_is_not_in_it(client, database):
    provider = make_provider()
    me = client.sign_in(make_user(Role.FINANCE, provider))
    for path, area, page in (("reports/annual-statement/", "Reports", "Reports"), ("owed/", "Payments", "Payments")):
        answer = me.get(f"/providers/{provider.id}/{path}")
        [there] = answer.page.select(".govuk-service-navigation__item--active")
        assert there.get_text(strip=True) == area
        marked = [each.get_text() for each in answer.page.select("[aria-current=true]")]
        assert page in marked
