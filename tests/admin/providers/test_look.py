"""Staff look at a provider's pages as the provider does: they see them, change nothing, and the audit knows."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from blueprints.access import access_of
from models.accounts.user import Staff
from models.accounts.web_session import WebSession
from models.audit import AuditEvent
from models.base import utc_now
from models.permissions import AS_STAFF, COUNCIL_GRANTS, CouncilRole, Permission, Role
from models.records.provider import Provider
from models.tally import Tally
from tests.admin.conftest import two_clients
from tests.factories import make_membership, make_provider, make_staff, make_user
from tests.meta.world import SAYS_WHERE, settled_provider
from tests.support.addresses import address, methods_of
from tests.support.client import PortalClient
from tests.support.rows import every, unit_of_work

BAR = ".staff-bar"
OF_A_CLIENT = {"provider.actions.news", "provider.actions.file"}
"""What is written in an action about a client: 404 for the systems administrator, who sees no clients and works in no
team that has one. The help desk sees none either, and reads what its own team has.
"""
LOOKERS = [role for role in CouncilRole if Permission.VIEW_AS_PROVIDER in COUNCIL_GRANTS[role]]


@pytest.fixture
def provider(database):
    return make_provider(name="Sausage Sandwich")


@pytest.fixture
def staff(app):
    return PortalClient(app).sign_in(make_staff(CouncilRole.HELP_DESK, name="Hana Moss"))


def look(client, provider):
    """Press "Look at their portal" on the provider's page at the council."""
    form = "form[action$='/look']"
    return client.follow(client.submit(client.get(f"/council/providers/{provider.id}"), form=form, status=303))


def home(provider):
    return f"/providers/{provider.id}/"


def events(*actions):
    return every(select(AuditEvent).where(AuditEvent.action.in_(actions)).order_by(AuditEvent.id))


@pytest.mark.postgres
def test_looking_opens_the_providers_home_under_a_bar_that_says_so(staff, provider):
    page = look(staff, provider)
    assert page.response.request.path == home(provider)
    bar = " ".join(page.page.select_one(BAR).get_text(" ").split())
    assert bar == "You are looking at Sausage Sandwich’s portal as staff. You can change nothing. Stop looking"
    assert page.page.title.text.startswith("Home - Sausage Sandwich")
    [event] = events("provider.looked_at")
    assert (event.user_id, event.provider_id) == (staff.user.id, provider.id)
    menu = [link.get_text(strip=True) for link in page.page.select("nav[aria-label=Menu] a")]
    assert menu == ["Home", "Payments", "Actions", "Reports", "Care", "Organisation"]
    assert not page.page.find(string=lambda text: "Last logged in" in text)


def test_without_looking_first_the_provider_does_not_exist(staff, provider):
    other = make_provider()
    answer = staff.get(home(provider), status=404)
    assert answer.heading == "You are not looking at this provider’s portal"
    look(staff, provider)
    staff.get(home(other), status=404)
    staff.get("/providers/99999/", status=404)
    assert [event.detail["asked_for"] for event in events("access.refused")] == [provider.id]
    assert [row.more for row in every(Tally)] == [2]  # the others are counted, so that nobody makes the audit grow


def test_several_providers_are_looked_at_side_by_side_and_left_one_by_one(staff, provider):
    other = make_provider()
    look(staff, provider)
    page = look(staff, other)
    staff.get(home(provider))
    council = staff.follow(staff.submit(page, form=f"{BAR} form", status=303))
    assert council.response.request.path == f"/council/providers/{other.id}"
    staff.get(home(other), status=404)
    staff.get(home(provider))
    assert [event.provider_id for event in events("provider.looked_away")] == [other.id]


@pytest.mark.parametrize("role", [role for role in CouncilRole if role not in LOOKERS])
def test_roles_that_may_not_look_cannot_begin_to(app, provider, role):
    client = PortalClient(app).sign_in(make_staff(role))
    assert not client.get(f"/council/providers/{provider.id}").page.select("form[action$='/look']")
    client.post(f"/council/providers/{provider.id}/look", status=403)
    client.get(home(provider), status=404)


def test_who_is_no_longer_staff_or_gets_another_role_looks_no_more(staff, provider):
    look(staff, provider)
    with unit_of_work() as session:
        session.scalars(select(Staff)).one().role = CouncilRole.BROKERAGE
    staff.get(home(provider), status=404)


@pytest.mark.parametrize(("ago", "status"), [(timedelta(minutes=59), 200), (timedelta(minutes=61), 404)])
def test_it_ends_after_an_hour(staff, provider, ago, status):
    look(staff, provider)
    with unit_of_work() as session:
        row = session.scalars(select(WebSession)).one()
        until = utc_now() + timedelta(hours=1) - ago
        row.data = {**row.data, "looking": {str(provider.id): until.isoformat()}}
    staff.get(home(provider), status=status)


def test_it_is_remembered_in_one_session_and_ends_with_it(app, staff, provider):
    look(staff, provider)
    elsewhere = PortalClient(app).sign_in(staff.user)
    elsewhere.get(home(provider), status=404)
    staff.post("/log-out", status=303)
    staff.get(home(provider), status=303)
    staff.sign_in(staff.user).get(home(provider), status=404)


def seen_by(role):
    """Pages with contact details only where their work needs them."""
    hidden = Permission.VIEW_CONTACT_DETAILS not in COUNCIL_GRANTS[role]
    return AS_STAFF - ({Permission.VIEW_ORGANISATION} if hidden else set())


@pytest.mark.parametrize("role", LOOKERS)
def test_staff_open_what_a_viewer_opens_and_no_method_that_could_change_anything(app, role, subtests):
    provider, values = settled_provider()
    values["provider"] = provider.id
    client = PortalClient(app).sign_in(make_staff(role))
    look(client, provider)
    seen = set()
    for n, rule in enumerate(app.url_map.iter_rules()):
        if "provider" not in rule.arguments:
            continue
        allowed = access_of(app, rule.endpoint) in seen_by(role)
        says_where = rule.endpoint in SAYS_WHERE and Permission.VIEW_ORGANISATION not in seen_by(role)
        allowed = allowed and not says_where
        is_kept = rule.endpoint in OF_A_CLIENT and role is CouncilRole.SYSTEMS_ADMINISTRATOR
        for method in methods_of(rule):
            for htmx in (False, True) if allowed and method == "GET" else (n % 2 == 0,):
                with subtests.test(endpoint=rule.endpoint, method=method, htmx=htmx):
                    data = {"csrf_token": client.csrf_token()} if method == "POST" else None
                    answer = client.open(method, address(app, rule, values), data=data, htmx=htmx)
                    is_seen = method == "GET" and allowed
                    assert answer.status_code == (404 if is_seen and is_kept else 200 if is_seen else 403)
                    if not is_seen and not says_where:
                        assert "You can change nothing here" in answer.words
                    if is_seen and answer.is_html and not htmx:
                        assert answer.page.select(BAR)
        if allowed and not is_kept:
            seen.add(rule.endpoint)
    assert len(seen) > 5
    noted = {e.detail["endpoint"] for e in events("provider.page_seen", "client_record.read")}
    assert events("file.opened")
    assert noted | {"provider.actions.file", "provider.claims.file"} >= seen, "files leave file.opened"


@pytest.mark.parametrize("status", ["seen", "refused"])
def test_each_page_is_one_event_with_who_and_where(staff, status):
    contract = two_clients()
    [provider] = every(Provider.numbered(contract.provider_id))
    look(staff, provider)
    before = len(every(AuditEvent))
    path = home(provider) + ("payments/" if status == "seen" else "team/")
    staff.get(path, status=200 if status == "seen" else 403)
    [event] = every(AuditEvent)[before:]
    assert event.user_id == staff.user.id
    assert event.detail["as_staff"] is True
    assert provider.id in (event.provider_id, event.detail.get("provider_id"))


def test_staff_with_a_place_of_their_own_there_act_as_its_people_do(app, provider):
    user = make_staff(CouncilRole.PAYMENTS_OFFICER)
    make_membership(user, provider, Role.ADMINISTRATOR)
    client = PortalClient(app).sign_in(user)
    client.post(f"/council/providers/{provider.id}/look", status=409)  # as staff they do nothing there
    assert not client.get(home(provider)).page.select(BAR)
    client.get(home(provider) + "team/")
    assert events("provider.page_seen") == []


def test_a_person_of_a_provider_cannot_look_at_another_one(app, provider):
    client = PortalClient(app).sign_in(make_user(Role.ADMINISTRATOR))
    client.post(f"/council/providers/{provider.id}/look", status=403)
    client.get(home(provider), status=404)
    with unit_of_work() as session:  # nor with a mark that some other way got into the session
        row = session.scalars(select(WebSession)).one()
        row.data = {**row.data, "looking": {str(provider.id): (utc_now() + timedelta(hours=1)).isoformat()}}
    client.get(home(provider), status=404)


def test_what_staff_see_is_filtered_to_the_provider_they_look_at(staff):
    """The test client fails a provider's own people on a stranger's canary; for staff it is looked for here."""
    mine, theirs = two_clients(), two_clients()
    client = staff
    for contract, other in ((mine, theirs), (theirs, mine)):
        client.post(f"/council/providers/{contract.provider_id}/look", status=303)
        text = client.get(f"/providers/{contract.provider_id}/contracts/").text
        assert f"zq{contract.provider_id}qz" in text
        assert f"zq{other.provider_id}qz" not in text
