"""Who at a provider is told that mail is refused, and may have it tried again. Nobody is told of other people's."""

import pytest

from models.outbox import CAUSES_AN_HOUR, post
from models.permissions import Role
from models.refused_address import RefusedAddress, mark
from tests.factories import make_contact, make_provider, make_user
from tests.support.client import PortalClient
from tests.support.rows import every, unit_of_work


@pytest.fixture
def provider(database):
    return make_provider()


@pytest.fixture
def ada(client, provider):
    return client.sign_in(make_user(Role.ADMINISTRATOR, provider, name="Ada Finch", email="ada@example.org"))


@pytest.fixture
def ben(provider):
    return make_user(Role.FINANCE, provider, name="Ben Crake", email="ben@example.org")


@pytest.fixture
def at(provider):
    return lambda path="": f"/providers/{provider.id}/{path}"


def marked(*addresses):
    with unit_of_work():
        for address in addresses:
            mark(address, 550, "5.1.1 no such user")


def test_home_and_team_say_it_and_team_has_it_tried_again(ada, ben, at):
    stranger = make_user(email="dawn@example.org")
    marked(ben.email, stranger.email)
    home = ada.get(at())
    assert "Mail to ben@example.org is refused since" in home.words
    assert "dawn@example.org" not in home.words
    team = ada.get(at("team/"))
    row = next(each for each in team.page.select("tbody tr") if "Ben Crake" in each.text)
    assert "Mail is refused since" in " ".join(row.get_text(" ").split())
    assert "550 5.1.1 no such user" in row.get_text(" ")
    answer = ada.follow(ada.submit(team, form="tbody form"))
    assert "What waits for ben@example.org is sent once more" in answer.words
    assert [each.address for each in every(RefusedAddress.marked())] == [stranger.email]
    assert "is refused" not in ada.get(at("team/")).words


def test_somebody_elses_person_cannot_be_tried_from_here(ada, at):
    stranger = make_user(email="dawn@example.org")
    marked(stranger.email)
    ada.post(at(f"team/{stranger.id}/try-again"), status=404)
    assert every(RefusedAddress.marked())


def test_of_an_address_that_was_never_refused_there_is_nothing_to_try(ada, ben, at):
    ada.post(at(f"team/{ben.id}/try-again"), status=404)


def test_others_are_told_of_their_own_address_only(app, ben, at):
    client = PortalClient(app).sign_in(ben)
    marked("ada@example.org")
    assert "is refused" not in client.get(at()).words
    marked(ben.email)
    home = client.get(at())
    assert "Mail to ben@example.org is refused since" in home.words
    assert home.page.find("a", string="Ask for a change of your contact")["href"] == at("contacts/")
    client.post(at(f"team/{ben.id}/try-again"), status=403)
    assert "You get no news by e-mail" in client.get("/account").words


def test_contacts_and_organisation_say_it(ada, provider, at):
    contact = make_contact(provider, email="Robin@Example.org")
    with unit_of_work() as session:
        session.merge(provider).email = "house@example.org"
    assert "Mail is refused" not in ada.get(at(f"contacts/{contact.id}")).words
    assert "Mail is refused" not in ada.get(at("organisation/")).words
    marked("robin@example.org", "house@example.org")
    assert "Mail is refused since" in ada.get(at(f"contacts/{contact.id}")).words
    assert "Mail is refused since" in ada.get(at("organisation/")).words


def test_a_limit_is_said_on_the_form_which_keeps_what_was_chosen(ada, provider, at):
    contact = make_contact(provider)
    with unit_of_work():
        for _ in range(CAUSES_AN_HOUR):
            post("x@example.org", "Hello", "hello", caused_by=ada.user)
    answer = ada.submit(ada.get(at("team/invite")), {"contact": str(contact.id), "role": "finance"}, status=422)
    assert "you have caused 30 of them within an hour. Nothing is changed." in answer.words
    assert answer.page.select_one("option[selected][value]")["value"] == str(contact.id)


def test_the_code_page_is_the_same_whether_or_not_mail_is_refused(app):
    """It says what to do if nothing comes, and tells nobody whether the address is marked."""
    ash, dawn = make_user(email="ash@example.org"), make_user(email="eve@example.org")
    marked(ash.email)
    pages = []
    for user in (ash, dawn):
        client = PortalClient(app)
        answer = client.submit(client.get("/forgotten-password"), {"email": user.email})
        pages.append(client.follow(answer).words.replace(user.email, "..."))
    assert pages[0] == pages[1]
    assert "who can see whether mail to you is refused" in pages[0]
