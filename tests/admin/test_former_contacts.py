"""The help desk sees whose login is left after the finance system has ended them as a contact."""

from datetime import date

from models.permissions import CouncilRole
from tests.factories import make_contact, make_provider, make_staff, make_user

LAST = date(2019, 1, 1)


def test_the_help_desk_finds_them_on_my_work(client):
    provider = make_provider()
    make_contact(provider, email="robin@example.org", ends_on=LAST)
    make_user(provider=provider, email="robin@example.org", name="Robin Marsh")
    desk = client.sign_in(make_staff(CouncilRole.HELP_DESK))
    assert "Logins of former contacts" in desk.get("/council/").words
    listed = desk.get("/council/people/?state=former+contact")
    assert "Robin Marsh" in listed.words
    assert "No longer a contact" in listed.words
    shown = desk.get(f"/council/providers/{provider.id}")
    assert "No longer a contact" in shown.words
    assert "The finance system has no contacts" in shown.words


def test_where_there_is_none_my_work_says_nothing(client):
    provider = make_provider()
    make_contact(provider, email="robin@example.org")
    make_user(provider=provider, email="robin@example.org", name="Robin Marsh")
    desk = client.sign_in(make_staff(CouncilRole.HELP_DESK))
    assert "former" not in desk.get("/council/").words
    assert "Nobody is like that" in desk.get("/council/people/?state=former+contact").words
