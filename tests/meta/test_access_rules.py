"""What every address of the portal has in common. These tests read the running portal, so a new page is in them
from its first day.
"""

from pathlib import Path

import pytest

from blueprints.access import PASSWORD_GIVEN, PUBLIC, SIGNED_IN, access_of
from models.permissions import COUNCIL_GRANTS, GRANTS, Permission, Role
from scripts.permissions import page as permissions_page
from tests.factories import make_provider, make_user
from tests.meta.world import settled_provider
from tests.support.addresses import ask
from tests.support.client import PortalClient

PUBLIC_ENDPOINTS = {
    "auth.deadlines",
    "auth.forgotten",
    "auth.identity",
    "auth.identity_accept",
    "auth.identity_return",
    "auth.keep_form",
    "auth.log_in",
    "auth.log_out",
    "auth.logged_out",
    "auth.password_set",
    "demo.mail",
    "public.about",
    "public.accessibility",
    "public.cookies",
    "public.healthz",
    "public.help",
    "public.landing",
    "public.privacy",
    "public.reason_codes",
    "public.theme",
}
FORMS_OF_STRANGERS = {"auth.forgotten", "auth.log_in"}
WITHOUT_PERMISSION = {
    "auth.account": SIGNED_IN,
    "auth.add_own_passkey": SIGNED_IN,
    "auth.all_services": SIGNED_IN,
    "auth.authenticator": PASSWORD_GIVEN,
    "auth.begin_own_authenticator": SIGNED_IN,
    "auth.calendar": SIGNED_IN,
    "auth.take_calendar_back": SIGNED_IN,
    "auth.change_password": PASSWORD_GIVEN,
    "auth.choose": SIGNED_IN,
    "auth.code": PASSWORD_GIVEN,
    "auth.end_every_session": SIGNED_IN,
    "auth.end_other_sessions": SIGNED_IN,
    "auth.end_session": SIGNED_IN,
    "auth.new_passkey_question": PASSWORD_GIVEN,
    "auth.new_password": PASSWORD_GIVEN,
    "auth.new_recovery_codes": SIGNED_IN,
    "auth.own_authenticator": SIGNED_IN,
    "auth.own_passkey": SIGNED_IN,
    "auth.own_passkey_question": SIGNED_IN,
    "auth.notifications": SIGNED_IN,
    "auth.own_password": SIGNED_IN,
    "auth.own_security_code": SIGNED_IN,
    "auth.passkey": PASSWORD_GIVEN,
    "auth.passkey_question": PASSWORD_GIVEN,
    "auth.proceed": PASSWORD_GIVEN,
    "auth.prove": SIGNED_IN,
    "auth.remove_own_passkey": SIGNED_IN,
    "auth.security_code": PASSWORD_GIVEN,
    "auth.send_again": PASSWORD_GIVEN,
    "auth.sessions": SIGNED_IN,
    "auth.set_security_code": PASSWORD_GIVEN,
    "auth.set_up_authenticator": PASSWORD_GIVEN,
    "auth.set_up_passkey": PASSWORD_GIVEN,
    "auth.stay": SIGNED_IN,
}
EVERY_METHOD = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE"}


@pytest.fixture
def rules(app):
    return sorted(app.url_map.iter_rules(), key=lambda rule: rule.endpoint)


def methods_of(rule) -> set[str]:
    return rule.methods - {"OPTIONS", "HEAD"}


def url(app, rule, values) -> str:
    missing = rule.arguments - values.keys()
    assert not missing, f"{rule.endpoint} takes {missing}: add a record of that kind to tests/meta/world.py"
    with app.test_request_context():
        return app.url_map.bind("portal.example").build(rule.endpoint, values_for(rule, values))


def values_for(rule, values):
    return {name: values[name] for name in rule.arguments}


def test_the_public_pages_are_exactly_these(app, rules):
    """A new public page: is it really for anyone? Then add it to the list above."""
    assert {rule.endpoint for rule in rules if access_of(app, rule.endpoint) is PUBLIC} == PUBLIC_ENDPOINTS


def test_every_endpoint_declares_its_access(app, rules):
    """Put @requires(Permission.X) under the route, on the line above the function."""
    undeclared = [rule.endpoint for rule in rules if access_of(app, rule.endpoint) is None]
    assert not undeclared


def test_only_permissions_open_pages_behind_the_log_in(app, rules):
    others = {
        rule.endpoint: access
        for rule in rules
        if (access := access_of(app, rule.endpoint)) is not PUBLIC and not isinstance(access, Permission)
    }
    assert others == WITHOUT_PERMISSION


def test_what_takes_a_permission_is_under_a_provider_or_the_councils_and_the_reverse(app, rules):
    for rule in rules:
        access = access_of(app, rule.endpoint)
        at_provider = rule.rule.startswith("/providers/<int:provider>/")
        at_council = rule.rule.startswith("/council/")
        assert isinstance(access, Permission) == (at_provider or at_council), rule
        assert at_council == rule.endpoint.startswith("admin."), rule
        if isinstance(access, Permission):
            grants = COUNCIL_GRANTS if at_council else GRANTS
            assert any(access in granted for granted in grants.values()), f"{rule}: nobody there may {access.value}"


def test_no_permission_is_granted_both_at_a_provider_and_at_the_council():
    assert not frozenset().union(*GRANTS.values()) & frozenset().union(*COUNCIL_GRANTS.values())


def test_addresses_are_typed_and_in_kebab_case(rules):
    for rule in rules:
        for part in rule.rule.strip("/").split("/"):
            if part.startswith("<"):
                assert ":" in part, f"{rule}: say what kind of thing {part} is: <int:...>, <day:...>, <reference:...>"
            else:
                assert part == part.lower(), rule
                assert "_" not in part, rule


def test_who_is_not_logged_in_is_sent_to_the_log_in_page(app, client, rules, subtests):
    _, values = settled_provider()
    values["provider"] = 1
    for rule in rules:
        for method in methods_of(rule) if access_of(app, rule.endpoint) is not PUBLIC else ():
            with subtests.test(endpoint=rule.endpoint, method=method):
                data = {"csrf_token": client.csrf_token()} if method == "POST" else None
                answer = client.open(method, url(app, rule, values), status=303, data=data)
                assert answer.location.startswith("/log-in")
                part = client.open(method, url(app, rule, values), status=204, data=data, htmx=True)
                assert part.headers["HX-Redirect"].startswith("/log-in")


def test_another_providers_records_do_not_exist(app, client, rules, subtests):
    """Theirs under my own address, theirs under theirs, and mine under theirs: 404 each, and the same words."""
    mine, my_values = settled_provider()
    theirs, their_values = settled_provider()
    client.sign_in(make_user(Role.ADMINISTRATOR, mine))
    for rule in [rule for rule in rules if "provider" in rule.arguments]:
        strangers = [their_values | {"provider": theirs.id}, my_values | {"provider": theirs.id}]
        if rule.arguments - {"ending", "year", "choice"} != {"provider"}:  # how a file ends, a year, a kind: no record
            strangers.append(their_values | {"provider": mine.id})
        for values in strangers:
            for method in methods_of(rule):
                with subtests.test(endpoint=rule.endpoint, method=method, values=values):
                    data = {"csrf_token": client.csrf_token()} if method == "POST" else None
                    client.open(method, url(app, rule, values), status=404, data=data)
                    client.open(method, url(app, rule, values), status=404, data=data, htmx=True)


def test_my_own_records_do_exist(app, client, rules, subtests):
    """Otherwise the test before this one would prove nothing."""
    mine, values = settled_provider()
    client.sign_in(make_user(Role.ADMINISTRATOR, mine))
    for rule in rules:
        if "provider" in rule.arguments and "GET" in rule.methods:
            with subtests.test(endpoint=rule.endpoint):
                client.get(url(app, rule, values | {"provider": mine.id}), status=200)


def test_the_table_in_the_docs_is_that_of_the_running_portal(app, repository: Path):
    """Otherwise: .venv/bin/python scripts/permissions.py > docs/permissions.md"""
    assert (repository / "docs" / "permissions.md").read_text("utf-8") == permissions_page(app)


def test_a_role_without_any_grant_opens_nothing(app, client, rules, monkeypatch, subtests):
    mine, values = settled_provider()
    monkeypatch.setitem(GRANTS, Role.CARER, frozenset())
    client.sign_in(make_user(Role.CARER, mine))
    for rule in rules:
        for method in methods_of(rule) if "provider" in rule.arguments else ():
            with subtests.test(endpoint=rule.endpoint, method=method):
                data = {"csrf_token": client.csrf_token()} if method == "POST" else None
                client.open(method, url(app, rule, values | {"provider": mine.id}), status=403, data=data)


def test_methods_that_are_not_declared_are_refused(app, client, rules, subtests):
    mine, values = settled_provider()
    values["provider"] = mine.id
    client.sign_in(make_user(Role.ADMINISTRATOR, mine))
    client.open("DELETE", "/council/", status=405)  # the page that says so, held to the house rules
    for rule in rules:
        declared = {m for other in rules if other.rule == rule.rule for m in other.methods}
        for method in EVERY_METHOD - declared:
            with subtests.test(endpoint=rule.endpoint, method=method):
                assert ask(client, method, url(app, rule, values)).status_code == 405


def test_nothing_is_changed_without_a_token_of_this_session(app, client, rules, subtests):
    mine, values = settled_provider()
    values["provider"] = mine.id
    client.sign_in(make_user(Role.ADMINISTRATOR, mine))
    other = PortalClient(app).sign_in(make_user(Role.FINANCE, make_provider()))
    for rule in rules:
        if "POST" not in rule.methods:
            continue
        for token in (None, "", "rubbish", other.csrf_token()):
            with subtests.test(endpoint=rule.endpoint, token=token):
                data = {} if token is None else {"csrf_token": token}
                # who is in is sent on from a form of strangers, which is drawn again for all others
                refused = 303 if rule.endpoint in FORMS_OF_STRANGERS else 400
                assert ask(client, "POST", url(app, rule, values), data=data).status_code == refused
        with subtests.test(endpoint=rule.endpoint, site="cross-site"):
            headers = {"Sec-Fetch-Site": "cross-site"}
            client.post(url(app, rule, values), status=403, headers=headers)
