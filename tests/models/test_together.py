"""Several lists in one statement: each as its own query finds it, and behind the wall between providers."""

import pytest

from models.base import session
from models.records.contract import Contract
from models.records.provider import Contact, Provider
from models.tenancy import set_tenant
from models.together import read_together
from tests.care_factories import make_contract
from tests.factories import make_provider, saved
from tests.support.client import counted_statements


@pytest.fixture
def lists(database):
    provider, other = make_provider(name="Mine"), make_provider(name="Theirs")
    for name in ("Zoe", "Ann", "Mia"):
        saved(Contact(reference=name, name=name, provider_id=provider.id))
    saved(Contact(reference="X", name="Bob", provider_id=other.id))
    make_contract(provider), make_contract(other)
    set_tenant(provider.id)


def test_each_list_is_as_its_own_query_finds_it(lists):
    queries = Contact.by_name(), Contract.by_name()
    with counted_statements() as statements:
        contacts, contracts = read_together(*queries)
    assert len([each for each in statements if each.startswith("SELECT")]) == 1
    assert [each.name for each in contacts] == [each.name for each in session.scalars(queries[0])] != []
    assert contracts == list(session.scalars(queries[1])) != []


def test_one_that_is_cut_short_or_filtered_stays_so(lists):
    contacts, contracts = read_together(Contact.by_name().offset(1).limit(1), Contract.by_name().where(Contract.id < 0))
    assert [each.name for each in contacts] == ["Mia"]
    assert contracts == []


def test_nobody_else_is_found(lists):
    contacts, contracts = read_together(Contact.by_name(), Contract.by_name())
    assert {each.provider_id for each in [*contacts, *contracts]} == {session.info["tenant"]}


def test_what_is_loaded_beside_a_row_is_loaded(lists):
    [provider], _ = read_together(Provider.with_organisation(session.info["tenant"]), Contact.by_name())
    assert provider.organisation is None


def test_two_lists_of_one_kind_are_refused(lists):
    with pytest.raises(ValueError, match="same entity"):
        read_together(Contact.by_name(), Contact.by_name())
