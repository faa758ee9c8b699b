"""People on the council's side: the list, one person, and what is done to an account."""

import csv
import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from models.accounts.passwords import matches
from models.accounts.user import Membership, Staff, User
from models.accounts.web_session import WebSession
from models.audit import AuditEvent
from models.base import utc_now
from models.outbox import OutboxMessage
from models.permissions import CouncilRole, Role
from tests.factories import make_contact, make_membership, make_provider, make_staff, make_user
from tests.support.client import PortalClient
from tests.support.rows import every, reloaded, unit_of_work

LIST = "/council/people/"
ACTS = ("temporary-password", "second-step", "unlock", "log-out", "disable", "enable", "email", "council-role")


@pytest.fixture
def provider(database):
    return make_provider()


@pytest.fixture
def dawn(provider):
    return make_user(Role.CARER, provider)


@pytest.fixture
def administrator(app):
    return PortalClient(app).sign_in(make_staff(CouncilRole.SYSTEMS_ADMINISTRATOR, name="Sam Archer"))


@pytest.fixture
def help_desk(app):
    return PortalClient(app).sign_in(make_staff(CouncilRole.HELP_DESK, name="Hana Moss"))


def at(person, act=""):
    return f"{LIST}{person.id}" + (f"/{act}" if act else "")


def rows_of(answer):
    return [" ".join(row.get_text(" ").split()) for row in answer.page.select("#people tbody tr")]


def offered(answer):
    """The acts that the page has a button for."""
    links = [each["href"] for each in answer.page.select("main a.govuk-button")]
    return {href.rpartition("/")[2] for href in links}


# --- the list


@pytest.mark.postgres
def test_the_list_is_searched_and_filtered_by_the_address(administrator, dawn, provider):
    robin = make_user(Role.FINANCE, provider, name="Robin Marsh", last_login_at=utc_now())
    for _ in range(3):
        make_membership(robin, make_provider(), Role.VIEWER)
    everything = administrator.get(LIST)
    assert len(rows_of(everything)) == 3
    [row] = rows_of(administrator.get(LIST + "?role=finance"))
    assert "Robin Marsh" in row
    assert "and 2 more" in row
    assert "Active" in row
    assert rows_of(administrator.get(LIST + "?state=active")) == [row]
    assert "Council: systems administrator" in rows_of(administrator.get(LIST + "?name=archer"))[0]
    assert "Nobody is like that" in administrator.get(LIST + "?name=100%25").words
    part = administrator.get(LIST + "?kind=care_home", htmx=True)
    assert part.page.select_one("#people")["data-announce"] == "0 people found"
    assert "Choose a state from the list" in administrator.get(LIST + "?state=strange", status=422).words


def test_the_list_and_a_person_take_the_same_number_of_queries_however_many_there_are(administrator, dawn, provider):
    few, one = administrator.get(LIST), administrator.get(at(dawn))
    for _ in range(12):
        make_membership(make_user(Role.FINANCE, provider), make_provider())
        make_membership(dawn, make_provider())
    assert len(administrator.get(LIST).reads) == len(few.reads)
    assert len(administrator.get(at(dawn)).reads) == len(one.reads)


def test_a_long_list_has_pages(administrator, provider):
    for n in range(51):
        make_user(Role.VIEWER, provider, name=f"Person {n:02}")
    assert len(rows_of(administrator.get(LIST + "?role=viewer"))) == 50
    assert "Person 50" in rows_of(administrator.get(LIST + "?role=viewer&page=2"))[0]


def test_the_list_is_a_file_too_with_a_row_for_each_place(administrator, dawn, provider):
    make_membership(dawn, make_provider(name="=Rowan"), Role.VIEWER)
    text = administrator.get(LIST + "data.csv?name=dawn").response.get_data(as_text=True).removeprefix("\ufeff")
    heading, *rows = csv.reader(io.StringIO(text))
    found = [dict(zip(heading, row, strict=True)) for row in rows]
    assert [(row["Name"], row["Provider"], row["Role"]) for row in found] == [
        ("Dawn Stockton", "'=Rowan", "Viewer"),
        ("Dawn Stockton", provider.name, "Carer"),
    ]
    assert administrator.get(LIST + "data.csv?state=strange").text.count("\n") == 1
    [event] = every(select(AuditEvent).where(AuditEvent.action == "people.exported"))
    assert event.user_id == administrator.user.id


# --- one person


def test_the_page_offers_each_role_what_it_may_do_and_nothing_else(app, administrator, help_desk, dawn):
    manager, auditor = make_staff(CouncilRole.PAYMENTS_MANAGER), make_staff(CouncilRole.AUDITOR)
    onlooker = PortalClient(app).sign_in(auditor)
    assert offered(onlooker.get(at(dawn))) == set()
    assert offered(help_desk.get(at(dawn))) == {"temporary-password"}  # nothing else would do anything now
    administrator_may = {"temporary-password", "email", "disable", "council-role"}
    assert offered(administrator.get(at(dawn))) == administrator_may
    assert offered(administrator.get(at(manager))) == administrator_may
    assert offered(help_desk.get(at(manager))) == set()
    assert "looked after by those who manage staff" in help_desk.get(at(manager)).words
    assert offered(administrator.get(at(administrator.user))) == set()
    assert "This is you" in administrator.get(at(administrator.user)).words


def test_the_page_says_how_it_stands_with_the_login(app, help_desk, dawn):
    PortalClient(app).sign_in(dawn)
    words = help_desk.get(at(dawn)).words
    assert "Logged in now On 1 device " in words
    assert "Last logged in Never" in words
    assert "Second step Code by e-mail." in words
    assert offered(help_desk.get(at(dawn))) == {"temporary-password", "log-out"}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_help_desk_opens_no_act_on_an_account_of_the_council(help_desk, act, method):
    manager = make_staff(CouncilRole.PAYMENTS_MANAGER)
    data = {"csrf_token": help_desk.csrf_token(), "email": "x@example.org", "role": ""} if method == "POST" else None
    help_desk.open(method, at(manager, act), status=403, data=data)
    assert reloaded(manager).password_hash == manager.password_hash


@pytest.mark.parametrize("act", ACTS)
def test_nobody_acts_on_their_own_account(administrator, act):
    data = {"email": "other@example.org", "role": "auditor"}
    answer = administrator.post(at(administrator.user, act), data, status=409)
    assert "your own login" in answer.words


def test_every_act_asks_for_the_password_again_after_a_while(administrator, dawn):
    with unit_of_work() as session:
        for row in session.scalars(select(WebSession)):
            row.data = {**row.data, "proved_at": (utc_now() - timedelta(minutes=16)).isoformat()}
    for page in (*(at(dawn, act) for act in ACTS), LIST + "new", LIST + "new-colleague"):
        assert administrator.get(page, status=303).location.startswith("/account/prove")
    administrator.get(at(dawn))


# --- the acts


def press(client, path, data=None, status=303):
    """The button on the page that says first what will happen."""
    answer = client.submit(client.get(path), data, status=status)
    return client.follow(answer) if status == 303 else answer


@pytest.mark.postgres
def test_a_temporary_password_is_shown_once(help_desk, dawn):
    page = press(help_desk, at(dawn, "temporary-password"), status=200)
    password = page.page.select_one("code").text
    assert matches(password, reloaded(dawn).password_hash)
    assert "by telephone or in person" in page.words
    assert password not in help_desk.get(at(dawn)).text
    assert not [mail for mail in every(OutboxMessage) if password in mail.body]
    assert not [event for event in every(AuditEvent) if password in str(event.detail)]


def test_a_session_that_is_open_ends_with_it(app, help_desk, dawn, provider):
    carer = PortalClient(app).sign_in(dawn)
    carer.get(f"/providers/{provider.id}/")
    press(help_desk, at(dawn, "log-out"))
    assert carer.get(f"/providers/{provider.id}/", status=303).location.startswith("/log-in")


def test_a_login_is_switched_off_and_on_again(app, administrator, dawn, provider):
    carer = PortalClient(app).sign_in(dawn)
    assert "Switched off" in press(administrator, at(dawn, "disable")).words
    assert carer.get(f"/providers/{provider.id}/", status=303).location.startswith("/log-in")
    assert "enable" in offered(administrator.get(at(dawn)))
    assert "already" in administrator.post(at(dawn, "disable"), status=409).words
    press(administrator, at(dawn, "enable"))
    assert reloaded(dawn).is_active


def test_the_address_is_changed_and_a_bad_one_is_told(administrator, dawn):
    answer = press(administrator, at(dawn, "email"), {"email": "not an address"}, status=422)
    assert answer.errors == ["Enter an e-mail address, like name@example.org"]
    assert answer.page.select_one("#email")["value"] == "not an address"
    page = press(administrator, at(dawn, "email"), {"email": "Dawn.New@Example.org"})
    assert "now logs in as dawn.new@example.org" in page.words
    assert "already a user" in administrator.post(
        at(make_user(), "email"), {"email": "dawn.new@example.org"}, status=409
    ).words  # fmt: skip


def test_a_colleague_is_added_gets_another_role_and_leaves(administrator):
    data = {"name": "Max Reid", "email": "max@council.example", "role": "help_desk", "way": "invitation"}
    press(administrator, LIST + "new-colleague", data)
    [max_reid] = every(select(User).where(User.email == "max@council.example"))
    assert "Auditor" in press(administrator, at(max_reid, "council-role"), {"role": "auditor"}).words
    press(administrator, at(max_reid, "council-role"), {"role": ""})
    assert every(select(Staff).where(Staff.user_id == max_reid.id)) == []


# --- letting in


def test_somebody_is_added_at_a_provider_that_is_named(administrator, provider):
    make_contact(provider, email="kim@example.org")
    form = administrator.get(LIST + "new")
    empty = administrator.submit(form, status=422)
    assert empty.errors == [
        "Enter the person’s name",
        "Enter an e-mail address",
        "Enter a provider",
        "Choose a role",
    ]
    data = {"name": "Kim", "email": "kim@example.org", "role": "finance", "provider": "Nowhere", "way": "password"}
    nowhere = administrator.submit(form, data, status=422)
    assert nowhere.errors == ["There is no provider with the reference or name Nowhere"]
    assert nowhere.page.select_one("#name")["value"] == "Kim", "what was typed is still there"
    page = administrator.submit(form, data | {"provider": provider.reference}, status=200)
    assert re.fullmatch(r"[\w-]{18}", page.page.select_one("code").text)
    [kim] = every(select(User).where(User.email == "kim@example.org"))
    [place] = every(select(Membership).where(Membership.user_id == kim.id))
    assert (place.provider_id, place.role, bool(place.granted_at)) == (provider.id, Role.FINANCE, True)


@pytest.mark.covers("S1-048")
def test_only_a_contact_of_the_provider_is_let_in(administrator, provider):
    data = {"name": "Kim", "email": "kim@example.org", "role": "finance", "provider": provider.reference}
    answer = administrator.post(LIST + "new", data | {"way": "invitation"}, status=422)
    assert answer.errors == [f"This is not the e-mail address of a contact of {provider.name}"]
    assert answer.page.select_one("#provider")["value"] == provider.reference
    assert every(select(User).where(User.email == "kim@example.org")) == []
