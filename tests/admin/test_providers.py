"""Providers on the council's side: the list, one of them, and who is let in there."""

import pytest
from sqlalchemy import select

from models.accounts.access_review import AccessReview
from models.accounts.login import FAILURES_PER_ACCOUNT, LoginFailure, account_hash
from models.accounts.user import Membership
from models.base import utc_now
from models.outbox import OutboxMessage
from models.permissions import CouncilRole, Role
from models.records.provider import ProviderKind
from tests.admin.conftest import two_clients
from tests.factories import make_contact, make_organisation, make_provider, make_staff, make_user
from tests.support.client import PortalClient
from tests.support.rows import every, saved, unit_of_work

LIST = "/council/providers/"


@pytest.fixture
def provider(database):
    organisation = make_organisation(name="Rowan Care Ltd")
    return make_provider(name="Rowan Lodge", kind=ProviderKind.CARE_HOME, organisation_id=organisation.id)


@pytest.fixture
def desk(app):
    """`desk("help_desk")`: somebody in this role, at their desk."""
    return lambda role: PortalClient(app).sign_in(make_staff(CouncilRole(role)))


@pytest.fixture
def administrator(desk):
    return desk("systems_administrator")


@pytest.fixture
def robin(provider):
    """Somebody whom a colleague has invited, and whom the council has yet to let in."""
    ada = make_user(Role.ADMINISTRATOR, provider, name="Ada Finch", last_login_at=utc_now())
    robin = make_user(Role.FINANCE, make_provider(), name="Robin Marsh")
    invite(robin, provider, invited_by_id=ada.id)
    return robin


def invite(person, provider, **given):
    with unit_of_work() as session:
        session.add(Membership(user_id=person.id, provider_id=provider.id, role=Role.FINANCE, **given))


def at(provider, *more):
    return LIST + "/".join(map(str, (provider.id, *more)))


def place_of(person, provider):
    found = select(Membership).where(Membership.user_id == person.id, Membership.provider_id == provider.id)
    return next(iter(every(found)), None)


def press(client, path, data=None):
    return client.follow(client.submit(client.get(path), data, status=303))


def mails(address):
    return every(select(OutboxMessage.subject).where(OutboxMessage.to == address))


@pytest.mark.postgres
def test_the_list_says_who_has_access_and_is_searched(administrator, provider, robin):
    other = make_provider(kind=ProviderKind.FOSTER_CARER)
    rows = administrator.get(LIST).page.select("#providers tbody tr")
    assert len(rows) == 3
    [row] = administrator.get(LIST + "?kind=care_home").page.select("#providers tbody tr")
    cells = [" ".join(cell.get_text(" ").split()) for cell in row.select("th, td")]
    assert cells[:6] == ["Rowan Lodge", provider.reference, "Care home", "Rowan Care Ltd", "1", "1"]
    assert cells[6] != "Never"
    assert len(administrator.get(LIST + f"?name={other.reference.lower()}").page.select("#providers tbody tr")) == 1
    assert "No provider is like that" in administrator.get(LIST + "?name=_").words
    assert "Choose a kind from the list" in administrator.get(LIST + "?kind=strange", status=422).words


@pytest.mark.parametrize("page", ["list", "provider", "waiting"])
def test_pages_take_the_same_number_of_queries_however_many_there_are(administrator, provider, robin, page):
    path = {"list": LIST, "provider": at(provider), "waiting": LIST + "waiting"}[page]
    few = administrator.get(path)
    for _ in range(8):
        make_contact(provider)
        make_user(Role.VIEWER, provider)
        invite(make_user(), provider)
    assert len(administrator.get(path).reads) == len(few.reads)


def test_a_provider_with_its_contacts_and_those_who_have_access(administrator, provider, robin):
    make_contact(provider, name="Kim Ash", email="Kim@example.org", position="Manager")
    make_contact(provider, name="Robin Marsh", email=robin.email)
    words = administrator.get(at(provider)).words
    assert "care home, part of Rowan Care Ltd" in words
    assert "Ada Finch" in words
    assert f"Robin Marsh {robin.email} Finance Waits for the council" in words
    page = administrator.get(at(provider)).page
    assert [" ".join(a.text.split()) for a in page.select("a[href*='contact=']")] == ["Give access to Kim Ash"]
    assert "Nobody. Give access to one of the contacts." in administrator.get(at(make_provider())).words


def test_it_says_when_the_provider_has_reviewed_who_has_access(administrator, provider, robin):
    assert "Rowan Lodge has not reviewed who has access yet" in administrator.get(at(provider)).words
    [ada] = every(select(Membership).where(Membership.role == Role.ADMINISTRATOR))
    saved(AccessReview(provider_id=provider.id, by_id=ada.user_id))
    assert "Rowan Lodge last reviewed who has access on" in administrator.get(at(provider)).words


@pytest.mark.parametrize(
    ("role", "links"),
    [
        ("payments_officer", {"Look at their portal", "Payments"}),
        ("brokerage", set()),
        ("help_desk", {"Look at their portal"}),
        ("systems_administrator", {"Look at their portal", "Give access", "Audit"}),
        ("auditor", {"Look at their portal", "Payments", "Audit"}),
    ],
)
def test_the_page_offers_each_role_what_it_may_open(desk, provider, robin, role, links):
    page = desk(role).get(at(provider)).page
    assert {" ".join(each.text.split()) for each in page.select("main .govuk-button")} == links
    assert bool(page.select("a[href*='/access/']")) == (role == "systems_administrator")


def test_its_payments_are_a_click_away(desk):
    contract = two_clients()
    officer = desk("payments_officer")
    [link] = officer.get(LIST + str(contract.provider_id)).page.select("main a.govuk-button")
    assert officer.get(link["href"]).page.select_one("#name")["value"] == f"P{contract.provider_id}"


# --- who is let in


@pytest.mark.covers("S1-048")
@pytest.mark.postgres
def test_an_invitation_is_granted_from_the_queue(administrator, provider, robin):
    queue = administrator.get("/council/").page.select_one("a[href$='/providers/waiting']")
    assert queue.text == "Waiting invitations"
    [link] = administrator.get(queue["href"]).page.select("a[href$='/grant']")
    page = press(administrator, link["href"])
    assert "Robin Marsh now has access to Rowan Lodge" in page.words
    assert place_of(robin, provider).granted_at
    assert mails(robin.email) == ["You can now log in to the Provider Portal"]
    assert "None waits" in administrator.get(LIST + "waiting").words
    assert not administrator.get("/council/").page.select("a[href$='/providers/waiting']")
    again = administrator.post(link["href"], status=409)
    assert "Somebody else has just changed" in again.words


def test_an_invitation_is_refused_with_a_reason(administrator, provider, robin):
    path = at(provider, "access", robin.id, "refuse")
    form = administrator.get(path)
    assert administrator.submit(form, {"reason": " "}, status=422).errors == ["Say why it is refused"]
    assert place_of(robin, provider)
    press(administrator, path, {"reason": "Has left in June"})
    assert place_of(robin, provider) is None
    assert any("Has left in June" in mail.body for mail in every(OutboxMessage))


def test_a_role_is_changed_and_access_is_taken_away(app, administrator, provider, robin):
    other = make_user(Role.FINANCE, provider, name="Kim Ash")
    kim = PortalClient(app).sign_in(other)
    kim.get(f"/providers/{provider.id}/payments/")
    press(administrator, at(provider, "access", other.id, "role"), {"role": "scheduler"})
    kim.get(f"/providers/{provider.id}/payments/", status=403)
    page = press(administrator, at(provider, "access", other.id, "remove"))
    assert "Kim Ash no longer has access to Rowan Lodge" in page.words
    assert kim.get(f"/providers/{provider.id}/payments/", status=303).location.startswith("/log-in")


def test_a_contact_is_given_access_by_invitation(administrator, provider):
    contact = make_contact(provider, name="Kim Ash", email="kim@example.org")
    form = administrator.get(at(provider, "access", f"new?contact={contact.id}"))
    assert form.page.select_one("#email")["value"] == "kim@example.org"
    page = administrator.follow(administrator.submit(form, {"role": "finance"}, status=303))
    assert page.heading == "Kim Ash"
    assert "Invited, no password yet" in page.words
    assert mails("kim@example.org") == ["You can now log in to the Provider Portal"]


@pytest.mark.parametrize("act", ["grant", "refuse", "role", "remove"])
def test_nobody_decides_about_their_own_access(administrator, provider, act):
    invite(administrator.user, provider)
    path = at(provider, "access", administrator.user.id, act)
    answer = administrator.post(path, {"reason": "None", "role": "finance"}, status=409)
    assert "your own access" in answer.words
    assert place_of(administrator.user, provider).granted_at is None


def test_another_providers_contact_and_place_are_not_found_here(administrator, provider, robin):
    other = make_provider()
    contact = make_contact(other)
    assert not administrator.get(at(provider, "access", f"new?contact={contact.id}")).page.select_one("#name")["value"]
    for act in ("grant", "refuse", "role", "remove"):
        administrator.get(at(other, "access", robin.id, act), status=404)


# --- the home page of each role


HOMES = {
    "payments_officer": {"/council/payment-runs/", "/council/payment-runs/prepare"},
    "payments_manager": {"/council/payment-runs/"},
    "help_desk": {"/council/people/?state=locked"},
    "systems_administrator": {"/council/people/?state=locked", "/council/providers/waiting"},
    "auditor": {"/council/payment-runs/"},
}


@pytest.mark.parametrize("role", list(CouncilRole))
def test_each_role_has_a_home_whose_links_it_may_all_open(desk, provider, robin, role):
    person = make_user()
    for _ in range(FAILURES_PER_ACCOUNT):
        saved(LoginFailure(account=account_hash(person.email), address="x"))
    client = desk(role)
    home = client.get("/council/")
    links = {each["href"] for each in home.page.select("main a[href], nav a[href]")}
    assert {each["href"] for each in home.page.select("main a[href]")} == HOMES.get(role.value, set())
    searched = {each["action"] for each in home.page.select("main form[method=get]")}
    assert bool(searched) == (role.value not in ("payments_officer", "payments_manager", "auditor"))
    for link in links | searched:
        client.get(link)


@pytest.mark.parametrize("role", list(CouncilRole))
def test_no_page_about_providers_and_people_has_a_link_that_is_refused(desk, provider, robin, role):
    client, tried = desk(role), set()
    make_contact(provider)
    waiting = {LIST, at(provider), "/council/people/", f"/council/people/{robin.id}", "/council/"}
    while waiting:
        page = client.get(path := waiting.pop())
        tried.add(path)
        links = {each["href"].partition("#")[0] for each in page.page.select("main a[href], nav a[href]")}
        waiting |= {link for link in links if link.startswith("/council/") and "page=" not in link} - tried
    assert len(tried) >= 6
