"""A provider as the council sees it: its contacts, and who has access."""

import pytest
from sqlalchemy import select

from models.accounts.access_review import AccessReview
from models.accounts.user import Membership
from models.permissions import Role
from tests.admin.conftest import two_clients
from tests.admin.providers.places import LIST, at
from tests.factories import make_contact, make_provider
from tests.support.rows import every, saved

MONEY = ("Payments", "Where every pound is", "Remittances", "Claims")
RECORDS = ("Contracts", "Clients")


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
        ("payments_officer", {"Look at their portal", *MONEY, *RECORDS, "Hold its payments", "Approve to claim"}),
        ("brokerage", {"Contracts"}),
        ("help_desk", {"Look at their portal"}),
        ("systems_administrator", {"Look at their portal", "Contracts", "Give access", "Audit"}),
        ("auditor", {"Look at their portal", *MONEY, *RECORDS, "Audit"}),
    ],
)
def test_the_page_offers_each_role_what_it_may_open(colleague, provider, robin, role, links):
    page = colleague(role).get(at(provider)).page
    assert {" ".join(each.text.split()) for each in page.select("main .govuk-button")} == links
    assert bool(page.select("a[href*='/access/']")) == (role == "systems_administrator")


def test_its_payments_are_a_click_away(colleague):
    contract = two_clients()
    officer = colleague("payments_officer")
    link = officer.get(LIST + str(contract.provider_id)).page.select("main a.govuk-button")[0]
    assert officer.get(link["href"]).page.select_one("#name")["value"] == f"P{contract.provider_id}"
