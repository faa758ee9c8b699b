"""How many times a page asks the database: no page more than MOST."""

from blueprints.access import SIGNED_IN, access_of
from models.permissions import COUNCIL_GRANTS, GRANTS, CouncilRole, Permission, Role
from tests.factories import make_staff, make_user
from tests.meta.world import settled_provider
from tests.support.addresses import address, methods_of, rules_of
from tests.support.client import PortalClient

MOST = 8
OF_EVERY_ROLE = ("admin.home.show", "provider.home.show")


def test_no_page_asks_the_database_more_often_than_it_may(app):
    provider, values = settled_provider()
    values["provider"] = provider.id
    council = {role: PortalClient(app).sign_in(make_staff(role)) for role in CouncilRole}
    own = {role: PortalClient(app).sign_in(make_user(role, provider)) for role in Role}
    asked: dict[str, int] = {}
    for rule in rules_of(app):
        access = access_of(app, rule.endpoint)
        if "GET" not in methods_of(rule) or not (access is SIGNED_IN or isinstance(access, Permission)):
            continue
        clients, grants = (own, GRANTS) if "provider" in rule.arguments else (council, COUNCIL_GRANTS)
        those = [client for role, client in clients.items() if access is SIGNED_IN or access in grants[role]]
        for client in those if rule.endpoint in OF_EVERY_ROLE else those[:1]:
            path = address(app, rule, values)
            client.open("GET", path)  # what is noted once a minute, or once an hour, is noted now
            answer = client.open("GET", path)
            if answer.status_code == 200:
                asked[rule.endpoint] = max(asked.get(rule.endpoint, 0), len(answer.reads))
    assert {name: count for name, count in asked.items() if count > MOST} == {}
