"""The Team page: inviting, changing and removing colleagues, and the six-monthly review."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from models.accounts.access_review import AccessReview
from models.accounts.user import Membership, User
from models.accounts.web_session import WebSession
from models.base import utc_now
from models.outbox import OutboxMessage
from models.permissions import Role
from models.records.provider import ProviderKind
from tests.factories import make_contact, make_membership, make_provider, make_user
from tests.support.client import PortalClient
from tests.support.rows import every, unit_of_work


@pytest.fixture
def provider(database):
    return make_provider(kind=ProviderKind.CARE_HOME)


@pytest.fixture
def administrator(provider):
    return make_user(Role.ADMINISTRATOR, provider, name="Ada Finch", email="ada@example.org")


@pytest.fixture
def office(client, administrator):
    return client.sign_in(administrator)


@pytest.fixture
def colleague(provider):
    return make_user(Role.FINANCE, provider, name="Ben Crake", email="ben@example.org")


@pytest.fixture
def at(provider):
    return lambda path="": f"/providers/{provider.id}/team/{path}"


def place(user, provider):
    found = every(select(Membership).where(Membership.user_id == user.id, Membership.provider_id == provider.id))
    return found[0] if found else None


def row_of(answer, name):
    return next(" ".join(row.get_text(" ").split()) for row in answer.page.select("tbody tr") if name in row.get_text())


def granted(user, at):
    with unit_of_work() as session:
        session.execute(update(Membership).where(Membership.user_id == user.id).values(granted_at=at))


def test_it_says_who_has_access_and_what_that_means(office, colleague, at):
    page = office.get(at())
    assert row_of(page, "Ada Finch").startswith("Ada Finch (you) ada@example.org Not a contact Provider administrator")
    words = row_of(page, "Ben Crake")
    may = "Sees payments, orders and contract documents, confirms or rejects payments, and makes claims."
    assert f"Finance {may} Never" in words
    assert "No invitation waits." in page.words
    assert len(office.get(at()).reads) <= 11


def test_the_number_of_queries_does_not_grow_with_the_team(office, provider, colleague, at):
    office.get(at())
    few = len(office.get(at()).reads)
    for _ in range(60):
        make_user(Role.VIEWER, provider)
    page = office.get(at())
    assert len(page.reads) == few
    assert len(page.page.select("table")[0].select("tbody tr")) == 50
    assert office.get(at("?page=2"), status=200).page.select("table")[0].select("tbody tr")


@pytest.mark.covers("S1-048")
def test_a_listed_contact_is_invited_and_waits_for_the_council(office, provider, at):
    contact = make_contact(provider, name="Robin Marsh", email="robin@example.org")
    make_contact(provider, name="No Mail", email="")
    form = office.get(at("invite"))
    assert [each.text for each in form.page.select("select[name=contact] option")] == [
        "[Choose a contact]", "Robin Marsh, Finance Manager (robin@example.org)",
    ]  # fmt: skip
    assert not form.page.select("input[name=role][checked]")
    answer = office.follow(office.submit(form, {"contact": str(contact.id), "role": "viewer"}, status=303))
    assert "Robin Marsh can log in once the council has granted it" in answer.words
    assert "by Ada Finch" in row_of(answer, "Robin Marsh")
    [user] = every(User.with_email("robin@example.org"))
    assert (place(user, provider).role, place(user, provider).granted_at) == (Role.VIEWER, None)
    assert "Every contact with an e-mail address has access" in office.get(at("invite")).words


def test_whose_login_an_address_is_nobody_learns_by_inviting_it(office, provider, at):
    make_user(email="robin@example.org", name="Somebody Secret")
    contact = make_contact(provider, name="Robin Marsh", email="robin@example.org")
    answer = office.submit(office.get(at("invite")), {"contact": str(contact.id), "role": "viewer"}, status=303)
    pages = [office.follow(answer)]
    [person] = every(User.with_email("robin@example.org"))
    pages.append(office.get(at(f"{person.id}/remove")))
    pages.append(office.follow(office.submit(pages[-1], status=303)))
    assert not [page for page in pages if "Secret" in page.text]
    assert all("Robin Marsh" in page.words for page in pages)


def test_where_the_council_lets_them_they_grant_and_the_mail_says_where_to_log_in(office, provider, at, policy):
    policy(may_grant=frozenset({ProviderKind.CARE_HOME}))
    contact = make_contact(provider, name="Robin Marsh")
    form = office.get(at("invite"))
    answer = office.follow(office.submit(form, {"contact": str(contact.id), "role": "finance"}, status=303))
    assert "Robin Marsh can log in now" in answer.words
    [mail] = every(OutboxMessage)
    assert "http://portal.example/\n" in mail.body
    assert "Forgotten password" in mail.body


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"role": "viewer"}, "Choose who it is"),
        ({"contact": "{0}"}, "Choose a role"),
        ({"contact": "{0}", "role": "carer"}, "Choose a role"),
        ({"contact": "999999", "role": "viewer"}, "Choose a contact from the list"),
    ],
)
def test_an_incomplete_invitation_is_asked_for_again(office, provider, at, given, words):
    contact = make_contact(provider)
    given = {name: value.format(contact.id) for name, value in given.items()}
    answer = office.submit(office.get(at("invite")), given, status=422)
    assert answer.errors == [words]
    assert len(every(Membership)) == 1


def test_another_providers_contact_is_not_offered(office, at):
    contact = make_contact(make_provider())
    answer = office.post(at("invite"), {"contact": str(contact.id), "role": "viewer"}, status=422)
    assert answer.status_code == 422
    assert len(every(Membership)) == 1


def test_an_invitation_is_withdrawn(office, provider, at):
    contact = make_contact(provider, name="Robin Marsh", email="robin@example.org")
    office.post(at("invite"), {"contact": str(contact.id), "role": "viewer"}, status=303)
    [user] = every(User.with_email("robin@example.org"))
    page = office.get(at(f"{user.id}/remove"))
    assert page.heading == "Withdraw invitation"
    office.submit(page, status=303)
    assert place(user, provider) is None


def test_a_new_role_works_with_the_next_click(office, app, provider, colleague, at):
    theirs = PortalClient(app).sign_in(colleague)
    theirs.get(f"/providers/{provider.id}/payments/", status=200)
    form = office.get(at(f"{colleague.id}/role"))
    assert form.page.select_one("input[name=role][checked]")["value"] == "finance"
    answer = office.follow(office.submit(form, {"role": "scheduler"}, status=303))
    assert "Ben Crake is now: Scheduler" in answer.words
    theirs.get(f"/providers/{provider.id}/payments/", status=403)


def test_ones_own_role_and_the_last_administrator_stay(office, administrator, provider, at):
    answer = office.post(at(f"{administrator.id}/role"), {"role": "viewer"}, status=422)
    assert "You cannot change your own role" in answer.words
    answer = office.submit(office.get(at(f"{administrator.id}/remove")), status=409)
    assert "There has to be an administrator" in answer.words
    assert place(administrator, provider).role is Role.ADMINISTRATOR


def test_a_leavers_open_page_download_and_session_die_with_the_next_request(office, app, provider, colleague, at):
    theirs = PortalClient(app).sign_in(colleague)
    theirs.get(f"/providers/{provider.id}/payments/", status=200)
    page = office.get(at(f"{colleague.id}/remove"))
    assert "Pages that are open and links to files stop working with the next click." in page.words
    answer = office.follow(office.submit(page, status=303))
    assert "Ben Crake no longer has access" in answer.words
    assert not every(WebSession.of(colleague.id))
    for path in ("payments/", "purchase-orders/data.csv"):
        assert theirs.get(f"/providers/{provider.id}/{path}", status=303).location.startswith("/log-in")


def test_who_has_another_place_loses_this_one_only(office, app, provider, colleague, at):
    other = make_provider()
    make_membership(colleague, other, Role.FINANCE)
    theirs = PortalClient(app).sign_in(colleague)
    office.submit(office.get(at(f"{colleague.id}/remove")), status=303)
    theirs.get(f"/providers/{provider.id}/purchase-orders/data.csv", status=404)
    theirs.get(f"/providers/{other.id}/payments/", status=200)


def test_the_second_of_two_administrators_is_told(office, provider, colleague, at):
    first, second = (office.get(at(f"{colleague.id}/remove")) for _ in range(2))
    office.submit(first, status=303)
    office.submit(second, status=404)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_nobody_else_manages_the_team(client, provider, role, at):
    client.sign_in(make_user(role, provider))
    client.get(at(), status=403)
    area = client.get(f"/providers/{provider.id}/organisation/").page.select("nav a")
    assert "Contacts" in [each.get_text(strip=True) for each in area]
    assert "Team" not in [each.get_text(strip=True) for each in area]


def test_what_matters_asks_for_the_password_again_after_a_while(office, administrator, provider, colleague, at):
    with unit_of_work() as session:
        for row in session.scalars(WebSession.of(administrator.id)):
            row.data = {**row.data, "proved_at": (utc_now() - timedelta(hours=1)).isoformat()}
    assert office.get(at("invite"), status=303).location.startswith("/account/prove")
    office.post(at(f"{colleague.id}/remove"), status=303)
    assert place(colleague, provider)


def test_a_review_is_asked_for_after_six_months(office, administrator, provider, at):
    granted(administrator, utc_now() - timedelta(days=10))
    assert "The next review is due on" in office.get(at()).words
    assert "Nothing needs you." in office.get(f"/providers/{provider.id}/").words
    granted(administrator, datetime(2026, 1, 5, 12, tzinfo=UTC))
    assert "Please check who still has access. This is done every six months, and was due on Sunday 5 July 2026." in (
        office.get(at()).words
    )
    home = office.get(f"/providers/{provider.id}/")
    needs = " ".join(home.page.select_one("section[aria-labelledby=needs]").get_text(" ").split())
    assert needs == (
        "Needs you Check who still has access due every six months, since Sunday 5 July 2026 Review who has access"
    )


def test_who_may_not_review_is_not_asked_to(client, provider, administrator, colleague):
    granted(administrator, datetime(2020, 1, 5, 12, tzinfo=UTC))
    assert "Nothing needs you." in client.sign_in(colleague).get(f"/providers/{provider.id}/").words


def test_a_review_goes_through_everybody(office, administrator, provider, colleague, at):
    other = make_user(Role.VIEWER, provider, name="Cy Dove")
    form = office.get(at("review"))
    assert not form.page.select("input[type=radio][checked]")
    answer = office.submit(form, {f"person_{administrator.id}": "keep", f"person_{other.id}": "remove"}, status=422)
    assert answer.errors == ["Choose whether Ben Crake keeps access"]
    assert answer.page.select_one(f"input[name=person_{other.id}][checked]")["value"] == "remove"
    assert not every(AccessReview)
    answer = office.submit(answer, {
        f"person_{administrator.id}": "keep", f"person_{other.id}": "remove", f"person_{colleague.id}": "keep",
    }, status=303)  # fmt: skip
    page = office.follow(answer)
    assert "You have reviewed who has access. 1 no longer has access" in page.words
    assert "Who has access was last reviewed on" in page.words
    assert place(other, provider) is None
    assert place(colleague, provider)
    [review] = every(AccessReview)
    assert review.by_id == administrator.id


def test_who_was_let_in_meanwhile_is_asked_about_too(office, administrator, provider, at):
    form = office.get(at("review"))
    make_user(Role.VIEWER, provider, name="Cy Dove")
    answer = office.submit(form, {f"person_{administrator.id}": "keep"}, status=422)
    assert answer.errors == ["Choose whether Cy Dove keeps access"]
