"""Every address at every stage of logging in: each opens the page of its own stage, and nothing that is behind it."""

import pytest

from blueprints.access import PASSWORD_GIVEN, PUBLIC, access_of
from models.accounts.pending_login import Stage
from models.permissions import Role
from tests.factories import make_user
from tests.meta.world import settled_provider
from tests.support.addresses import address, ask, methods_of, rules_of
from tests.support.client import PortalClient
from tests.support.stages import client_at

BESIDE = {
    Stage.PASSKEY: {"auth.passkey_question"},
    Stage.SET_UP_AUTHENTICATOR: {"auth.set_up_passkey", "auth.new_passkey_question"},
}
"""What a stage opens beside its own page."""


@pytest.fixture
def world(database):
    provider, values = settled_provider()
    return provider, values | {"provider": provider.id}


def closed(app):
    """What is not for everybody, reading first."""
    rules = [rule for rule in rules_of(app) if access_of(app, rule.endpoint) is not PUBLIC]
    return [(rule, method) for method in ("GET", "POST") for rule in rules if method in methods_of(rule)]


@pytest.mark.parametrize("stage", list(Stage))
def test_a_stage_opens_its_own_page_and_sends_everywhere_else_back_to_it(app, world, policy, stage, subtests):
    provider, values = world
    client = PortalClient(app)
    client_at(stage, client, provider, policy)
    its_page = f"auth.{stage.value}"
    for rule, method in closed(app):
        if rule.endpoint == "auth.proceed" and stage is Stage.DONE:
            continue  # it ends the stage: below
        with subtests.test(endpoint=rule.endpoint, method=method):
            answer = ask(client, method, address(app, rule, values))
            if rule.endpoint == its_page:
                assert answer.status_code == (200 if method == "GET" else 422)
            elif rule.endpoint in BESIDE.get(stage, ()):
                assert answer.status_code in ((200,) if method == "GET" else (409, 422))  # 409: no passkeys by http
            elif access_of(app, rule.endpoint) is PASSWORD_GIVEN:
                assert there(app, answer) == its_page
            else:
                assert there(app, answer) == "auth.log_in"
    with subtests.test("and then it goes on"):
        if stage is Stage.DONE:
            assert there(app, ask(client, "POST", "/log-in/continue")) == "auth.choose"
            assert ask(client, "GET", f"/providers/{provider.id}/").status_code == 200
        else:
            assert ask(client, "GET", f"/providers/{provider.id}/").status_code == 303


def test_who_has_given_nothing_gets_no_further_than_the_log_in_page(app, world, subtests):
    client = PortalClient(app)
    for rule, method in closed(app):
        with subtests.test(endpoint=rule.endpoint, method=method):
            assert there(app, ask(client, method, address(app, rule, world[1]))) == "auth.log_in"


def test_who_is_in_has_no_stage_to_go_back_to(app, world, subtests):
    provider, values = world
    client = PortalClient(app).sign_in(make_user(Role.ADMINISTRATOR, provider))
    for rule, method in closed(app):
        if access_of(app, rule.endpoint) is PASSWORD_GIVEN:
            with subtests.test(endpoint=rule.endpoint, method=method):
                assert there(app, ask(client, method, address(app, rule, values))) == "auth.choose"
    assert ask(client, "GET", f"/providers/{provider.id}/").status_code == 200


def there(app, answer) -> str:
    """The page that the answer sends to."""
    assert answer.status_code == 303, answer.status_code
    return app.url_map.bind("portal.example").match(answer.location.partition("?")[0], method="GET")[0]
