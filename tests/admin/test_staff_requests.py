"""What waits for a second person, as they and the asker see it."""

import pytest
from sqlalchemy import select

from models.accounts.staff_request import RequestState, StaffRequest
from models.accounts.user import Staff, User
from models.permissions import CouncilRole
from tests.factories import make_staff
from tests.support.client import PortalClient
from tests.support.rows import every, reloaded

LIST, PEOPLE = "/council/second-person/", "/council/people/"
NEW = {"name": "Max Reid", "email": "max@council.example", "role": "payments_manager", "why": "Ola has left"}


@pytest.fixture
def sam(app):
    return PortalClient(app).sign_in(make_staff(CouncilRole.SYSTEMS_ADMINISTRATOR, name="Sam Archer"))


@pytest.fixture
def morgan(app):
    return PortalClient(app).sign_in(make_staff(CouncilRole.PAYMENTS_MANAGER, name="Morgan Reid"))


def ask(client, path, data):
    answer = client.submit(client.get(path), data, status=303)
    return answer.location, client.follow(answer)


def press(client, path, data=None, status=303):
    answer = client.submit(client.get(path), data, status=status)
    return client.follow(answer) if status == 303 else answer


@pytest.mark.postgres
def test_a_new_manager_waits_on_my_work_of_a_second_person_and_is_added_when_they_agree(sam, morgan):
    where, page = ask(sam, PEOPLE + "new-colleague", NEW)
    assert "Nothing is done yet: a second person has to agree" in page.words
    assert "You asked for this" in page.words
    assert every(select(User).where(User.email == NEW["email"])) == []
    assert "Colleagues’ accounts" not in sam.get("/council/").words
    assert "Colleagues’ accounts" in morgan.get("/council/").words
    assert "Ola has left" in morgan.get(where).words
    sam.post(f"{where}/agree", status=422)
    assert "done" in press(morgan, f"{where}/agree").words
    [found] = every(select(User).where(User.email == NEW["email"]))
    assert every(select(Staff.role).where(Staff.user_id == found.id)) == [CouncilRole.PAYMENTS_MANAGER]
    assert morgan.post(f"{where}/agree", status=422).errors == ["This is agreed already. Look at it again"]


def test_a_strong_role_takes_a_reason_and_no_temporary_password(sam):
    answer = press(sam, PEOPLE + "new-colleague", NEW | {"why": " ", "way": "password"}, status=422)
    assert "Say why, so that whoever is to agree knows" in answer.errors
    assert "With this role they set their own password: choose that we write to them" in answer.errors
    assert answer.page.select_one("#name")["value"] == "Max Reid"
    assert every(StaffRequest) == []


def test_a_temporary_password_is_shown_to_the_second_person_once(sam, morgan):
    ines = make_staff(CouncilRole.PAYMENTS_OFFICER, name="Ines Calder")
    where, page = ask(sam, f"{PEOPLE}{ines.id}/temporary-password", {"why": "She has forgotten hers"})
    assert page.page.select_one("code") is None
    shown = press(morgan, f"{where}/agree", status=200)
    assert shown.page.select_one("code") is not None
    assert reloaded(ines).has_temporary_password


def test_it_is_turned_down_or_taken_back_with_a_reason(sam, morgan):
    robin = make_staff(CouncilRole.HELP_DESK, name="Robin Vale")
    where, _ = ask(sam, f"{PEOPLE}{robin.id}/council-role", {"role": "payments_officer", "why": "Ola has left"})
    assert press(morgan, f"{where}/turn-down", {"why": ""}, status=422).errors == ["Say why, so that the others know"]
    assert "Nobody told me" in press(morgan, f"{where}/turn-down", {"why": "Nobody told me"}).words
    where, _ = ask(sam, f"{PEOPLE}{robin.id}/email", {"email": "vale@council.example", "why": "She has married"})
    morgan.get(f"{where}/take-back", status=403)
    assert "TAKEN BACK" in press(sam, f"{where}/take-back", {"why": "Not yet"}).words
    assert [each.state for each in every(StaffRequest)] == [RequestState.REFUSED, RequestState.TAKEN_BACK]
    assert reloaded(robin).email == robin.email


def test_the_list_is_filtered_and_says_when_it_is_empty(sam, morgan, app):
    assert "Nothing waits for a second person" in morgan.get(LIST).words
    ask(sam, PEOPLE + "new-colleague", NEW)
    assert "Max Reid" in morgan.get(LIST).words
    assert "No request is like that" in morgan.get(LIST + "?name=ines").words
    assert "No request is like that" in morgan.get(LIST + "?state=expired").words
    assert "Max Reid" in morgan.get(LIST + "?state=&name=REID", htmx=True).words
    auditor = PortalClient(app).sign_in(make_staff(CouncilRole.AUDITOR))
    page = auditor.get(auditor.get(LIST).page.select_one("#requests tbody a")["href"])
    assert page.page.select_one("main .acts") is None
    PortalClient(app).sign_in(make_staff()).get(LIST, status=403)
