"""The council's list of providers."""

import pytest

from models.permissions import Role
from models.records.provider import ProviderKind
from tests.admin.conftest import invite
from tests.admin.providers.places import LIST, at
from tests.factories import make_contact, make_provider, make_user


@pytest.mark.postgres
def test_the_list_says_who_has_access_and_is_searched(administrator, provider, robin):
    other = make_provider(kind=ProviderKind.FOSTER_CARER)
    rows = administrator.get(LIST).page.select("#providers tbody tr")
    assert len(rows) == 3
    [row] = administrator.get(LIST + "?kind=care_home").page.select("#providers tbody tr")
    cells = [" ".join(cell.get_text(" ").split()) for cell in row.select("th, td")]
    assert cells[:6] == ["Rowan Lodge", provider.reference, "Care home", "Rowan Care Ltd", "1", "1"]
    assert cells[6] != "Never"
    assert len(administrator.get(LIST + f"?name={other.reference.lower()}").page.select("#providers tbody tr")) == 1
    assert "No provider is like that" in administrator.get(LIST + "?name=_").words
    assert "Choose a kind from the list" in administrator.get(LIST + "?kind=strange", status=422).words


@pytest.mark.parametrize("page", ["list", "provider", "waiting"])
def test_pages_take_the_same_number_of_queries_however_many_there_are(administrator, provider, robin, page):
    path = {"list": LIST, "provider": at(provider), "waiting": LIST + "waiting"}[page]
    few = administrator.get(path)
    for _ in range(8):
        make_contact(provider)
        make_user(Role.VIEWER, provider)
        invite(make_user(), provider)
    assert len(administrator.get(path).reads) == len(few.reads)
