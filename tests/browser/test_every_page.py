"""Every page of the portal, as it looks: read from the running portal, so a new page is in it from its first day."""

import os
from datetime import date

import pytest

from blueprints.access import PASSWORD_GIVEN, PUBLIC, access_of
from models.permissions import COUNCIL_GRANTS, CouncilRole, Role
from tests.browser.looks import assert_accessible, assert_fits, assert_fits_everywhere, keeps_nothing, take_picture
from tests.care_factories import make_client, make_contract, make_item
from tests.factories import make_contact, make_membership, make_provider, make_staff, make_user
from tests.meta.world import settled_provider
from tests.support.passkeys import passkey_row
from tests.support.rows import saved
from tests.support.runs import calculate

FILES = (
    ".csv", ".xlsx", ".css", ".ics", "/healthz", "<file:ending>", "/file", "/receipt", "/pdf", "/ubl", "<int:file_id>",
    "<int:receipt_id>",
)  # fmt: skip
ELSEWHERE = ("auth.identity", "auth.identity_return")
"""Where the council's identity provider is asked: tests/browser/test_identity.py."""

STAFF = (
    CouncilRole.PAYMENTS_OFFICER, CouncilRole.PAYMENTS_MANAGER, CouncilRole.SYSTEMS_ADMINISTRATOR,
    CouncilRole.SERVICE_AGREEMENTS, CouncilRole.FINANCE_PANEL, CouncilRole.BROKERAGE,
)  # fmt: skip
"""Who of the council opens a page here: the first who may."""
IS_CAMPAIGN = bool(os.environ.get("CAMPAIGN"))
WIDTHS = range(320, 1401, 40) if IS_CAMPAIGN else (320, 768, 1280)

LONG = "Llanfihangel-y-Creuddyn, Residential Home for Adults with Learning Disabilities and Autistic People"
LONG_ADDRESS = "accounts.receivable.and.remittances.department@penny-hassett-court-residential.example.org"


def look(page, name, turn):
    """At one state of a page: it is loaded once, and its window becomes narrower. axe looks at it once, wide or narrow
    by `turn`; in the campaign both ways.
    """
    take_picture(page, name)
    if IS_CAMPAIGN or turn % 2:
        assert_accessible(page)
    assert_fits_everywhere(page, WIDTHS)
    take_picture(page, name)
    if IS_CAMPAIGN or not turn % 2:
        assert_accessible(page)
    assert keeps_nothing(page)
    page.set_viewport_size({"width": 1280, "height": 900})


def each_page(app, open_browser, sign_in):
    """Every page with a provider that has one of everything: its endpoint, its address, and the browser of somebody who
    may open it.
    """
    provider, values = settled_provider()
    user = make_user(Role.ADMINISTRATOR, provider)
    make_membership(user, make_provider())
    values["passkey_id"] = saved(passkey_row(user)).id
    values["provider"] = provider.id
    visitor, member = open_browser(), open_browser()
    sign_in(member, user)
    staff = {role: open_browser() for role in STAFF}
    for role, browser in staff.items():
        sign_in(browser, make_staff(role))
    for rule in app.url_map.iter_rules():
        if "GET" not in rule.methods or rule.rule.endswith(FILES) or rule.endpoint in ELSEWHERE:
            continue
        address = app.url_map.bind("127.0.0.1").build(rule.endpoint, {name: values[name] for name in rule.arguments})
        page = visitor if access_of(app, rule.endpoint) in (PUBLIC, PASSWORD_GIVEN) else member
        if rule.rule.startswith("/council"):
            page = next(staff[role] for role in STAFF if access_of(app, rule.endpoint) in COUNCIL_GRANTS[role])
        yield rule.endpoint, address, page


def test_no_page_has_a_fault_that_can_be_measured(app, open_browser, sign_in, subtests):
    for turn, (endpoint, address, page) in enumerate(each_page(app, open_browser, sign_in)):
        with subtests.test(endpoint=endpoint):
            assert page.goto(address).status == 200
            look(page, endpoint, turn)


@pytest.fixture
def long_names(database):
    """A provider whose names, addresses and sums are as long as they come, with three contracts of much the same."""
    provider = make_provider(name=LONG, email=LONG_ADDRESS, phone="01632 960123")
    make_contact(provider, name=LONG, email=LONG_ADDRESS, position="Head of Accounts Receivable and Remittances")
    for n in (1, 2, 3):
        contract = make_contract(provider, name=f"{LONG}, part {n}", reference=f"R{n}", calculate_from=date(2019, 9, 2))
        resident = make_client(surname="Featherstonehaugh-Cholmondeley", first_name="Gwenllïan Angharad")
        make_item(contract, 123_456_789, client=resident)
    calculate(date(2019, 10, 2))
    return provider


def test_pages_with_the_longest_names_and_with_nothing(open_browser, sign_in, long_names, subtests):
    nothing = make_provider()
    full, empty = open_browser(), open_browser()
    sign_in(full, make_user(Role.ADMINISTRATOR, long_names, name=LONG))
    sign_in(empty, make_user(Role.ADMINISTRATOR, nothing))
    own = ("", "payments/", "payments/schedule", "purchase-orders/", "contracts/", "contacts/", "organisation/",
           "changes/", "owed/", "where-every-pound-is")  # fmt: skip
    only = ("payments/R1/2019-09-30", "contracts/R1", "purchase-orders/?text=gwenllian&sort=-value",
            "purchase-orders/?text=nobody", "contracts/?state=ended")  # fmt: skip
    states = [(full, long_names, path) for path in (*own, *only)] + [(empty, nothing, path) for path in own]
    for page, provider, path in states:
        with subtests.test(path=path, is_empty=provider is nothing):
            assert page.goto(f"/providers/{provider.id}/{path}").status == 200
            assert_accessible(page)
            assert_fits_everywhere(page, WIDTHS)
            page.set_viewport_size({"width": 1280, "height": 900})
    assert full.goto(f"/providers/{long_names.id}/purchase-orders/?year=1066").status == 422
    assert_accessible(full)


def test_a_page_that_is_not_there_is_accessible_too(open_browser):
    page = open_browser()
    assert page.goto("/nowhere").status == 404
    assert_accessible(page)
    assert_fits(page)
