"""Somebody is let in: at a provider, or as a colleague."""

import re

import pytest
from sqlalchemy import select

from models.accounts.user import Membership, Staff, User
from models.permissions import Role
from tests.admin.people.accounts import LIST, at, press
from tests.factories import make_contact
from tests.support.rows import every


def test_a_colleague_is_added_gets_another_role_and_leaves(administrator):
    data = {"name": "Max Reid", "email": "max@council.example", "role": "help_desk", "way": "invitation"}
    press(administrator, LIST + "new-colleague", data)
    [max_reid] = every(select(User).where(User.email == "max@council.example"))
    assert "Auditor" in press(administrator, at(max_reid, "council-role"), {"role": "auditor"}).words
    press(administrator, at(max_reid, "council-role"), {"role": ""})
    assert every(select(Staff).where(Staff.user_id == max_reid.id)) == []


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
