"""Who is let in at a provider, with which role, and whose access is taken away."""

import pytest

from models.outbox import OutboxMessage
from models.permissions import Role
from tests.admin.conftest import invite
from tests.admin.providers.places import LIST, at, mails, place_of, press
from tests.factories import make_contact, make_provider, make_user
from tests.support.client import PortalClient
from tests.support.rows import every


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
    assert "You have or had a place at" in answer.words
    assert place_of(administrator.user, provider).granted_at is None


def test_another_providers_contact_and_place_are_not_found_here(administrator, provider, robin):
    other = make_provider()
    contact = make_contact(other)
    assert not administrator.get(at(provider, "access", f"new?contact={contact.id}")).page.select_one("#name")["value"]
    for act in ("grant", "refuse", "role", "remove"):
        administrator.get(at(other, "access", robin.id, act), status=404)
