"""Every role at every address: at one's own provider, at a sibling of the same organisation, at a stranger's, at one
whose council has not granted the place yet, and at one that has taken it away; plainly and by htmx. The places, and the
ways of a refusal, go round: each address is asked for at each place, and each way, by some of the roles.
"""

import pytest
from sqlalchemy import delete

from blueprints.access import access_of
from models.accounts.user import Membership
from models.permissions import COUNCIL_GRANTS, GRANTS, CouncilRole, Permission, Role
from tests.factories import make_membership, make_organisation, make_provider, make_staff, make_user
from tests.meta.world import SAYS_WHERE, settled_provider
from tests.support.addresses import HTMX, address, ask, asked_both_ways, asked_one_way, methods_of, rules_of
from tests.support.client import PortalClient
from tests.support.rows import unit_of_work

BY_HTMX = ("a sibling service", "taken away")
"""Asked by htmx; the other places plainly. The gate answers before it is known which way it was asked."""


@pytest.fixture
def guarded(app):
    """The rules behind a permission: those at a provider, and those at the council."""
    rules = [rule for rule in rules_of(app) if isinstance(access_of(app, rule.endpoint), Permission)]
    at_provider = [rule for rule in rules if "provider" in rule.arguments]
    return at_provider, [rule for rule in rules if rule not in at_provider]


def steps(rules, *methods):
    """Reading first, for what is pressed may take away what another page shows."""
    return [(rule, method) for method in methods for rule in rules if method in methods_of(rule)]


@pytest.mark.covers("S3-024")
@pytest.mark.parametrize("role", list(Role))
def test_a_role_at_a_provider_opens_what_the_table_says_and_only_there(app, guarded, role):
    at_provider, at_council = guarded
    own, values = settled_provider()
    organisation = make_organisation()
    with unit_of_work() as session:
        session.merge(own).organisation_id = organisation.id
    user = make_user(role, own)
    places = elsewhere(user, role, organisation)
    client, wrong = PortalClient(app).sign_in(user), []
    turn = list(Role).index(role)
    for n, (rule, method) in enumerate(steps(at_provider, "GET", "POST"), turn):
        where, provider = list(places.items())[n % len(places)]
        path = address(app, rule, values | {"provider": provider.id})
        headers = HTMX if where in BY_HTMX else {}
        if (status := ask(client, method, path, headers).status_code) != 404:
            wrong.append((rule.endpoint, method, where, status))
        may = access_of(app, rule.endpoint) in GRANTS[role]
        wrong += not_as_it_may(client, method, address(app, rule, values | {"provider": own.id}), may, n)
    for n, (rule, method) in enumerate(steps(at_council, "GET", "POST"), turn):
        wrong += not_as_it_may(client, method, address(app, rule, values), False, n)
    assert not wrong


def elsewhere(user, role, organisation):
    """Providers whose pages are not this person's, however near they are."""
    places = {
        "a sibling service": make_provider(organisation_id=organisation.id),
        "another provider": make_provider(),
        "not granted yet": make_provider(),
        "taken away": make_provider(),
    }
    waiting, gone = (make_membership(user, places[where], role) for where in ("not granted yet", "taken away"))
    with unit_of_work() as session:
        session.merge(waiting).granted_at = None
        session.execute(delete(Membership).where(Membership.id == gone.id, Membership.provider_id == gone.provider_id))
    return places


@pytest.mark.parametrize("role", list(CouncilRole))
def test_a_role_at_the_council_opens_what_the_table_says_and_no_providers_pages(app, guarded, role):
    at_provider, at_council = guarded
    own, values = settled_provider()
    client, wrong = PortalClient(app).sign_in(make_staff(role)), []
    turn = list(CouncilRole).index(role)
    for n, (rule, method) in enumerate(steps(at_provider, "GET", "POST"), turn):
        path = address(app, rule, values | {"provider": own.id})
        way, status = asked_one_way(client, method, path, n)
        if status != 404:  # nobody has said that they look at it (tests/admin/providers/test_look.py)
            wrong.append((rule.endpoint, method, way, status))
    for n, (rule, method) in enumerate(steps(at_council, "GET", "POST"), turn):
        may = access_of(app, rule.endpoint) in COUNCIL_GRANTS[role]
        may = may and (rule.endpoint not in SAYS_WHERE or Permission.VIEW_CONTACT_DETAILS in COUNCIL_GRANTS[role])
        wrong += not_as_it_may(client, method, address(app, rule, values), may, n)
    assert not wrong


def not_as_it_may(client, method, path, may, turn):
    """Answers that the table does not give. Pages that open are held to the house rules: each role sees its own. What
    opens is asked for both ways; a refusal this way for one role and that way for the next, by `turn`.
    """
    if not may:
        way, status = asked_one_way(client, method, path, turn)
        return [(method, path, way, status)] if status != 403 else []
    if method == "GET":
        client.get(path, status=200)
        status = ask(client, method, path, HTMX).status_code
        return [(method, path, "htmx", status)] if status != 200 else []
    done = {200, 204, 303, 404, 409, 422}  # 404: the press before this one has taken the record away
    return [(method, path, way, status) for way, status in asked_both_ways(client, method, path) if status not in done]
