"""A contact has a last day: after it, it is nowhere a contact, and the help desk sees whose login is left."""

from datetime import date, timedelta

import pytest

from models.accounts import directory, team
from models.accounts.directory import Locks, State
from models.accounts.user import Membership, User
from models.base import session
from models.calendar import today
from models.records.provider import Contact
from models.waiting import ask
from tests.factories import make_contact, make_membership, make_provider, make_user
from tests.support.rows import every, reading, unit_of_work

pytestmark = pytest.mark.postgres

DAY = timedelta(days=1)


@pytest.fixture
def provider(database):
    return make_provider(email="office@example.org")


def contact(provider, ends_on: date | None, email: str = "robin@example.org") -> Contact:
    return make_contact(provider, email=email, ends_on=ends_on)


@pytest.mark.parametrize(("days", "is_contact"), [(None, True), (1, True), (0, True), (-1, False), (-400, False)])
def test_the_last_day_is_still_one_as_a_contact(provider, days, is_contact):
    with reading():
        last = today() + days * DAY if days is not None else None
    one = contact(provider, last)
    with reading(provider.id):
        assert one.has_ended is not is_contact
        found = [one.id] if is_contact else []
        assert [each.id for each in session.scalars(Contact.searched("robin"))] == found
        assert [each.id for each in session.scalars(Contact.numbered(one.id))] == found
        assert [each.id for each in session.scalars(team.invitable())] == found
        assert [each.id for each in session.scalars(directory.contacts(provider.id))] == found
        assert provider.knows("Robin@example.org") is is_contact


def states() -> dict[int, State]:
    with reading():
        locks = Locks()
        return {row.id: State.of(row, locks) for row in session.execute(directory.people())}


LAST = date(2019, 1, 1)


def former(provider) -> tuple[int, list[int], set[int]]:
    with reading():
        found = [row.id for row in session.execute(directory.people(state=State.FORMER))]
        return ask(directory.former_waiting())[State.FORMER].count, found, directory.former_at(provider.id)


def test_the_login_of_a_former_contact_is_shown_and_stays(provider):
    contact(provider, LAST)
    user = make_user(provider=provider, email="robin@example.org")
    assert states() == {user.id: State.FORMER}
    assert former(provider) == (1, [user.id], {user.id})
    [place] = every(Membership)
    assert place.granted_at is not None
    assert every(User)[0].is_active


@pytest.mark.parametrize("why", ["a new contact", "the provider's own address", "still to end", "never a contact"])
def test_who_is_still_known_is_no_former_contact(provider, why):
    email = "office@example.org" if why == "the provider's own address" else "robin@example.org"
    user = make_user(provider=provider, email=email)
    if why != "never a contact":
        contact(provider, None if why == "still to end" else LAST, email)
    if why == "a new contact":
        contact(provider, None, email)
    assert former(provider) == (0, [], set())
    assert states() == {user.id: State.NEVER}


def test_who_left_one_provider_is_a_contact_of_the_other(provider):
    other = make_provider()
    contact(provider, LAST)
    contact(other, None)
    user = make_user(provider=other, email="robin@example.org")
    assert former(provider) == (0, [], set())
    make_membership(user, provider)
    assert former(provider) == (1, [user.id], {user.id})
    assert former(other)[2] == set()


def test_a_login_that_is_switched_off_waits_for_nobody(provider):
    contact(provider, LAST)
    user = make_user(provider=provider, email="robin@example.org")
    with unit_of_work() as own:
        own.get_one(User, user.id).is_active = False
    assert former(provider)[:2] == (0, [])
