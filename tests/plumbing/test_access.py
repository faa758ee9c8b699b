"""The gate."""

from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Blueprint, Response, url_for
from sqlalchemy import select

from blueprints.access import SIGNED_IN, me, requires, viewing
from models.accounts.user import Membership
from models.audit import AuditEvent
from models.base import session, utc_now
from models.permissions import GRANTS, Permission, Role
from models.records.provider import Contact
from models.tenancy import tenant
from tests.factories import make_membership, make_provider, make_user
from tests.support.client import PortalClient
from tests.support.rows import every, saved


@pytest.fixture
def portal(make_app):
    """The portal with some views of its own."""
    app = make_app()
    bp = Blueprint("trial", __name__, url_prefix="/trial")
    at_provider = Blueprint("trial_provider", __name__, url_prefix="/providers/<int:provider>/trial")

    @bp.get("/undeclared")
    def undeclared():
        return "open"

    @bp.get("/signed-in")
    @requires(SIGNED_IN)
    def signed_in():
        return plain(me().name)

    @bp.get("/needs-a-provider")
    @requires(Permission.VIEW_PAYMENTS)
    def needs_a_provider():
        return "open"

    @at_provider.get("/")
    @requires(Permission.VIEW_PAYMENTS)
    def show():
        contacts = session.scalars(select(Contact)).all()
        return plain(f"{viewing().name} {tenant()} {[each.name for each in contacts]} {url_for('.show')}")

    @at_provider.get("/undeclared")
    def undeclared_too():
        return "open"

    @at_provider.get("/half-declared")
    @requires(SIGNED_IN)
    def half_declared():
        return "open"

    app.register_blueprint(bp)
    app.register_blueprint(at_provider)
    return app


@pytest.fixture
def browser(portal):
    return PortalClient(portal)


@pytest.fixture
def user(database):
    return make_user()


def provider_id(user) -> int:
    return every(select(Membership.provider_id).where(Membership.user_id == user.id))[0]


def test_a_view_that_declares_no_access_is_closed_to_everybody(browser, user):
    assert browser.get("/trial/undeclared", status=303).location.startswith("/log-in")
    browser.sign_in(user).get("/trial/undeclared", status=403)
    browser.get(f"/providers/{provider_id(user)}/trial/undeclared", status=403)


def test_at_a_provider_it_takes_a_permission_and_not_only_a_log_in(browser, user):
    browser.sign_in(user).get(f"/providers/{provider_id(user)}/trial/half-declared", status=403)


def test_a_permission_means_nothing_outside_a_provider(browser, user):
    browser.sign_in(user).get("/trial/needs-a-provider", status=403)


def test_a_misspelt_permission_is_refused_when_the_module_is_loaded():
    with pytest.raises(TypeError, match="takes a Permission"):
        requires("view payments")


def test_models_get_the_user_and_not_a_proxy(browser, user):
    assert browser.sign_in(user).get("/trial/signed-in").text == "Dawn Stockton"


def test_the_provider_in_the_address_is_the_tenant_and_goes_into_links_by_itself(browser, user):
    mine, other = provider_id(user), make_provider()
    saved(Contact(reference="A", name="Mine", provider_id=mine))
    saved(Contact(reference="B", name="Theirs", provider_id=other.id))
    text = browser.sign_in(user).get(f"/providers/{mine}/trial/").text
    assert text.endswith(f"{mine} ['Mine'] /providers/{mine}/trial/")


def test_the_gate_costs_one_query_however_many_providers_somebody_has(browser, user):
    for _ in range(5):
        make_membership(user, make_provider())
    answer = browser.sign_in(user).get(f"/providers/{provider_id(user)}/trial/")
    assert len(answer.reads) == 1 + 1  # and the view's own


def test_two_tabs_on_two_providers_do_not_mix(browser, user):
    second = make_provider()
    make_membership(user, second)
    browser.sign_in(user)
    for number in (provider_id(user), second.id, provider_id(user)):
        assert f" {number} [] " in browser.get(f"/providers/{number}/trial/").text


def test_another_provider_and_one_that_does_not_exist_look_the_same(browser, user, time_machine):
    time_machine.move_to(utc_now(), tick=False)  # each page says how many seconds the session has left
    other = make_provider()
    browser.sign_in(user)
    answers = [browser.get(f"/providers/{number}/trial/", status=404) for number in (other.id, 999_999)]
    answers += [browser.get(f"/providers/{number}/trial/", status=404, htmx=True) for number in (other.id, 999_999)]
    bodies = [without_token(answer) for answer in answers]
    assert bodies[0] == bodies[1]
    assert bodies[2] == bodies[3]


def test_without_the_permission_a_member_is_refused(browser, user, monkeypatch):
    monkeypatch.setitem(GRANTS, Role.CARER, frozenset())
    browser.sign_in(user).get(f"/providers/{provider_id(user)}/trial/", status=403)


@pytest.mark.postgres
def test_every_refusal_is_in_the_audit(browser, user, monkeypatch):
    other = make_provider()
    browser.sign_in(user).get(f"/providers/{other.id}/trial/", status=404)
    monkeypatch.setitem(GRANTS, Role.CARER, frozenset())
    browser.get(f"/providers/{provider_id(user)}/trial/", status=403)
    events = every(AuditEvent)
    assert [(event.action, event.user_id, event.detail.get("endpoint")) for event in events] == [
        ("access.refused", user.id, "trial_provider.show"),
        ("access.refused", user.id, "trial_provider.show"),
    ]
    assert events[0].detail["asked_for"] == other.id


def test_who_is_not_logged_in_goes_to_the_log_in_page_and_comes_back(browser, user):
    path = f"/providers/{provider_id(user)}/trial/?show=all"
    answer = browser.get(path, status=303)
    assert parse_qs(urlsplit(answer.location).query) == {"next": [path]}


def test_htmx_is_sent_to_the_log_in_page_whole(browser, user):
    answer = browser.get("/providers/1/trial/", htmx=True, status=204)
    assert answer.headers["HX-Redirect"].startswith("/log-in?next=/providers/1/trial/")
    assert answer.text == ""


def test_an_address_that_is_none_is_not_found_for_anybody(browser, user):
    browser.get("/nowhere", status=404)
    browser.sign_in(user).get("/nowhere", status=404)
    browser.get("/providers/99999999999999999999/", status=404)


def plain(text) -> Response:
    return Response(text, mimetype="text/plain")


def without_token(answer) -> str:
    for field in answer.page.select("[name=csrf_token], [name=one_time_key]"):
        field["value"] = ""
    return str(answer.page)
