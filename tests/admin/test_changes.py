"""The council decides the changes of details that providers ask for, and sees whose review of access is overdue."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import update

from models.accounts.user import Membership
from models.correspondence.detail_change import ChangeKind, ChangeState, DetailChange, ask, held
from models.outbox import OutboxMessage
from models.permissions import COUNCIL_GRANTS, CouncilRole, Permission, Role
from models.records.provider import Contact
from tests.factories import make_contact, make_provider, make_staff, make_user
from tests.support.rows import every, unit_of_work

DAY = date(2019, 11, 1)


@pytest.fixture
def provider(database):
    return make_provider(name="Oak House", reference="P777")


@pytest.fixture
def contact(provider):
    return make_contact(provider, name="Robin Marsh", phone="01632 960555")


@pytest.fixture
def change(provider, contact):
    person = make_user(Role.FINANCE, provider, name="Ada Finch", email="ada@example.org")
    with unit_of_work(provider.id):
        return ask(
            ChangeKind.CONTACT, contact, held(contact) | {"phone": "2"}, wanted_on=DAY, note="New one", by=person
        )


@pytest.fixture
def desk(client):
    return client.sign_in(make_staff(CouncilRole.PROCUREMENT, name="Jude Farrow"))


def rows(answer):
    return [" ".join(row.get_text(" ").split()) for row in answer.page.select("main table tbody tr")]


@pytest.mark.covers("S0-043", "S1-047")
def test_a_change_goes_from_the_desk_to_done(desk, change):
    home = desk.get("/council/")
    [queue] = rows(home)
    assert queue.startswith("Changes of details Providers ask for them.")
    page = desk.get(home.page.select_one("main tbody a")["href"])
    [row] = rows(page)
    assert row.startswith("Contact’s details: Robin Marsh , Oak House,")
    assert "Oak House (P777)" in row
    shown = desk.get(page.page.select_one("main tbody a")["href"])
    assert rows(shown) == ["Telephone 01632 960555 2"]
    assert "Ada Finch (ada@example.org) asked for this on" in shown.words
    assert "New one" in shown.words
    assert "The feed has not brought this yet." in shown.words
    form = desk.get(f"/council/changes/{change.id}/done")
    answer = desk.follow(desk.submit(form, status=303))
    assert "We have told Ada Finch" in answer.words
    assert "Done in ContrOCC by Jude Farrow on" in answer.words
    [mail] = every(OutboxMessage)
    assert mail.to == "ada@example.org"
    assert "No change waits for you." in desk.get("/council/changes/").words
    assert not rows(desk.get("/council/"))


def test_it_writes_no_details_and_says_when_the_feed_has_brought_them(desk, contact, change):
    desk.submit(desk.get(f"/council/changes/{change.id}/done"), status=303)
    [kept] = every(Contact)
    assert kept.phone == "01632 960555"
    with unit_of_work() as session:
        session.execute(update(Contact).where(Contact.id == contact.id).values(phone="2"))
    assert "The portal holds this already" in desk.get(f"/council/changes/{change.id}").words


def test_a_refusal_takes_a_reason(desk, change):
    form = desk.get(f"/council/changes/{change.id}/refuse")
    assert desk.submit(form, {"reason": " "}, status=422).errors == ["Say why, so that the provider knows what to do"]
    answer = desk.follow(desk.submit(form, {"reason": "This is the old number"}, status=303))
    assert "Refused by Jude Farrow" in answer.words
    assert "This is the old number" in answer.words
    assert every(DetailChange)[0].state is ChangeState.REFUSED


def test_the_second_of_two_who_decide_is_told(desk, change):
    form = desk.get(f"/council/changes/{change.id}/refuse")
    desk.post(f"/council/changes/{change.id}/done", status=303)
    answer = desk.submit(form, {"reason": "No"}, status=409)
    assert "This has been answered or withdrawn already" in answer.words
    assert not desk.get(f"/council/changes/{change.id}").page.select("main a[role=button]")


def test_the_list_is_narrowed_and_takes_as_many_queries_for_many(desk, provider, change):
    desk.get("/council/changes/")
    few = len(desk.get("/council/changes/").reads)
    for _ in range(55):
        other = make_provider(name="Elm House")
        person = make_user(Role.FINANCE, other)
        with unit_of_work(other.id):
            ask(ChangeKind.ORGANISATION, other, held(other) | {"phone": "2"}, wanted_on=DAY, by=person)
    first = desk.get("/council/changes/")
    assert len(first.reads) == few <= 5
    assert (len(rows(first)), len(rows(desk.get("/council/changes/?page=2")))) == (50, 6)
    assert "Oak House" in rows(first)[0]
    [only] = rows(desk.get("/council/changes/", query_string={"name": "oak", "state": "waiting"}))
    assert "Oak House" in only
    part = desk.get("/council/changes/", query_string={"state": "refused"}, htmx=True)
    assert "No change is like that." in part.words
    assert desk.get("/council/changes/?state=odd", status=422).errors == ["Choose a state from the list"]


@pytest.mark.parametrize("role", list(CouncilRole))
def test_all_staff_see_them_and_some_decide(client, change, role):
    may_decide = Permission.DECIDE_CHANGES in COUNCIL_GRANTS[role]
    client.sign_in(make_staff(role))
    shown = client.get(f"/council/changes/{change.id}")
    assert bool(shown.page.select("main .acts a")) == may_decide
    assert ("Changes of details" in client.get("/council/").words) == may_decide
    client.post(f"/council/changes/{change.id}/done", status=303 if may_decide else 403)


def test_overdue_reviews_of_access_are_a_queue(desk, provider):
    assert "No review is overdue." in desk.get("/council/access-reviews/").words
    user = make_user(Role.ADMINISTRATOR, provider)
    with unit_of_work() as session:
        at = datetime(2026, 1, 5, 12, tzinfo=UTC)
        session.execute(update(Membership).where(Membership.user_id == user.id).values(granted_at=at))
    [queue] = rows(desk.get("/council/"))
    assert queue.startswith("Overdue reviews of access")
    assert queue.endswith("1 5 Jul 2026")
    page = desk.get("/council/access-reviews/")
    assert rows(page) == ["Oak House P777 Monday 5 January 2026 at 12:00pm 05/07/2026"]
    assert page.page.select_one("main tbody a")["href"] == f"/council/providers/{provider.id}"
    assert len(desk.get("/council/access-reviews/").reads) <= 4
