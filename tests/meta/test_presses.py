"""Every button of the running portal, pressed twice with the key of one page: one act, and the same answer twice."""

import pytest
import sqlalchemy as sa
from flask import Response
from sqlalchemy import select

from blueprints.access import PASSWORD_GIVEN, PUBLIC, access_of, me
from blueprints.pages import done
from models.accounts.press import FIELD, Press, new_key
from models.audit import AuditEvent, record
from models.base import Base, session
from models.permissions import COUNCIL_GRANTS, GRANTS, Permission
from tests.factories import make_staff, make_user
from tests.meta.world import settled_provider
from tests.support.addresses import address, rules_of
from tests.support.client import PortalClient, filled_in
from tests.support.crash_office import copies
from tests.support.rows import every, reading

NOT_ABOUT_ACTS = {"web_session", "press", "kept_form", "login_failure"}
"""Tables that a request may write whatever it comes to."""
REPEATABLE = {
    "admin.actions.keep", "admin.providers.look", "admin.providers.stop_looking", "admin.search.find", "auth.stay",
    "provider.actions.keep",
    "provider.actions.keep_new", "provider.actuals.save_row",
    "provider.actuals.worth", "provider.claims.amount", "provider.claims.keep_item",
    "provider.answering.keep",
    "provider.timesheets.tap",
}  # fmt: skip
"""Views that make nothing, and say so; a tap says what stands on a day from then on, however often it comes."""
WORDS = {"reason": "Because", "comment": "Because", "note": "Because", "name": "Robin Marsh", "phone": "01632 960111"}
GIVEN = {
    "admin.debts.repay": {"amount": "1.00"},
    "admin.people.change_email": {"email": "new@demo.example"},
    "admin.people.new_colleague": {"email": "colleague@demo.example", "role": "auditor"},
    "provider.changes.contact": {"send": "y"},
    "provider.changes.leaves": {"send": "y"},
    "provider.changes.new_contact": {"send": "y", "email": "robin@demo.example"},
    "provider.changes.organisation": {"send": "y"},
}
"""What is typed where the page offers nothing that can be sent as it is."""
REACHED = 15
"""So many buttons at least do something in this world as their pages draw them; the others have tests of their own."""


@pytest.fixture
def buttons(app):
    """The rules with a button for somebody who has logged in."""
    not_yet = (PUBLIC, PASSWORD_GIVEN)
    return [rule for rule in rules_of(app) if "POST" in rule.methods and access_of(app, rule.endpoint) not in not_yet]


def test_views_that_may_be_pressed_again_are_exactly_these(app):
    assert {name for name, view in app.view_functions.items() if hasattr(view, "is_repeatable")} == REPEATABLE


@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
def test_whatever_a_button_does_is_done_once(app, buttons, monkeypatch, subtests, htmx):
    """The view itself is replaced by one that only counts: a new button is in this from its first day."""
    provider, values = settled_provider()
    for rule in buttons:
        if rule.endpoint in REPEATABLE:
            continue
        monkeypatch.setitem(app.view_functions, rule.endpoint, counting(app.view_functions[rule.endpoint]))
        with subtests.test(endpoint=rule.endpoint):
            who = person(app, access_of(app, rule.endpoint), provider)
            path = address(app, rule, values | {"provider": provider.id})
            before, sent = acts(), {FIELD: new_key()}
            answers = [who.post(path, sent, htmx=htmx, status=204 if htmx else 303) for _ in range(2)]
            assert {each.location for each in answers} == {"/help"}
            assert acts() == before + 1


def counting(view):
    def count(**_: object) -> Response:
        record("trial.done", by=me())
        return done("It is done", then="/help")

    count.access, count.fresh = view.access, view.fresh
    return count


def acts():
    return len(every(select(AuditEvent.id).where(AuditEvent.action == "trial.done")))


def test_a_button_that_is_pressed_as_its_page_draws_it_acts_once(app, database, buttons, subtests):
    """Each of them in the world as it is before all."""
    reached = set()
    provider, values = settled_provider()
    with copies(database) as world:
        for rule in buttons:
            access = access_of(app, rule.endpoint)
            if not isinstance(access, Permission) or rule.endpoint in REPEATABLE:
                continue
            database.dispose()
            world.renew()
            who = person(app, access, provider)
            path = address(app, rule, values | {"provider": provider.id})
            sent = {FIELD: new_key(), "csrf_token": who.csrf_token()} | typed(who, rule, path)
            first = who.open("POST", path, data=sent)
            if not every(select(Press).where(Press.user_id == who.user.id)):
                continue
            reached.add(rule.endpoint)
            before = rows()
            with subtests.test(endpoint=rule.endpoint):
                second = who.open("POST", path, data=sent, status=303)
                assert second.location == (first.location or second.location)
                assert rows() == before
    assert len(reached) >= REACHED, reached
    assert reached >= GIVEN.keys()


def person(app, access, provider):
    """Somebody who may press it."""
    for role, granted in COUNCIL_GRANTS.items():
        if access in granted:
            return PortalClient(app).sign_in(make_staff(role))
    role = next(role for role, granted in GRANTS.items() if not isinstance(access, Permission) or access in granted)
    return PortalClient(app).sign_in(make_user(role, provider))


def typed(who, rule, path):
    """The form of the page, filled in."""
    form = who.get(path).page.select_one("main form[method=post]") if "GET" in rule.methods else None
    if form is None:
        return {}
    fields = filled_in(form)
    return fields | {name: text for name, text in WORDS.items() if name in fields} | GIVEN.get(rule.endpoint, {})


def rows():
    """How many rows each table has; the audit and the mails are among them."""
    with reading():
        return {
            table.name: session.scalar(select(sa.func.count()).select_from(table))
            for table in Base.metadata.sorted_tables
            if table.name not in NOT_ABOUT_ACTS
        }
