"""How many times a page asks the database: no page more than MOST, however many rows there are."""

from collections.abc import Collection
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine.interfaces import CacheStats

from blueprints.access import SIGNED_IN, access_of
from models.permissions import COUNCIL_GRANTS, GRANTS, CouncilRole, Permission, Role
from models.records.provider import Provider
from tests.factories import make_staff, make_user
from tests.meta.world import settled_provider
from tests.support.addresses import address, methods_of, rules_of
from tests.support.client import PortalClient
from tests.support.debts import owing_in_an_open_run, partly_paid_under_a_plan

MOST = 8
OF_A_PAYMENT = 10
"""So many pages at least are of one payment."""
OF_EVERY_ROLE = ("admin.home.show", "provider.home.show")


def test_no_page_asks_the_database_more_often_than_it_may(app):
    assert above(asked_of(app, *settled_provider()), MOST) == {}


def test_no_statement_of_a_page_is_compiled_each_time(app, database):
    """One with VALUES in it, or a construct of our own without a cache key, is: that costs more than to run it."""
    found = set()

    def look(_connection, _cursor, statement, _parameters, context, _many):
        if getattr(context, "cache_hit", None) is CacheStats.NO_CACHE_KEY:
            found.add(statement)

    place = settled_provider()
    event.listen(database, "before_cursor_execute", look)
    try:
        asked_of(app, *place)
    finally:
        event.remove(database, "before_cursor_execute", look)
    assert {each for each in found if each.startswith(("SELECT", "WITH"))} == set()


@pytest.mark.parametrize("is_queried", [False, True])
def test_no_page_does_where_a_run_is_open_and_contracts_owe(app, set_today, is_queried):
    provider, values = settled_provider()
    set_today(date(2019, 10, 27))
    values |= owing_in_an_open_run(provider, date(2019, 9, 30), is_queried=is_queried)
    assert above(asked_of(app, provider, values), MOST) == {}
    set_today(date(2019, 11, 24))
    values |= owing_in_an_open_run(provider, date(2019, 10, 28), times=10, is_queried=is_queried)
    assert above(asked_of(app, provider, values), MOST) == {}


@pytest.mark.parametrize("times", [1, 10])
def test_no_page_of_a_payment_does_that_is_partly_paid_under_a_plan_or_catches_up(app, set_today, times):
    provider, values = settled_provider()
    partly_paid, catches_up = partly_paid_under_a_plan(provider, date(2019, 9, 30), times=times)
    set_today(date(2019, 10, 28))
    for payment in (partly_paid, catches_up):
        asked = asked_of(app, provider, values | payment, having={"reference", "first_on"})
        assert len(asked) >= OF_A_PAYMENT
        assert above(asked, MOST) == {}


def above(asked: dict[str, int], most: int) -> dict[str, int]:
    return {name: count for name, count in asked.items() if count > most}


def asked_of(app: Flask, provider: Provider, values: dict[str, Any], having: Collection[str] = ()) -> dict[str, int]:
    """How often each page of these records asks the database, by endpoint; `having` these arguments, if any."""
    values = values | {"provider": provider.id}
    council = {role: PortalClient(app).sign_in(make_staff(role)) for role in CouncilRole}
    own = {role: PortalClient(app).sign_in(make_user(role, provider)) for role in Role}
    asked: dict[str, int] = {}
    for rule in rules_of(app):
        access = access_of(app, rule.endpoint)
        if not rule.arguments.issuperset(having):
            continue
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
    return asked
