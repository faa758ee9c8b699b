"""Sorting by the address, whatever it says, and counting what a list finds."""

import pytest
from sqlalchemy import select

from blueprints.lookups import page_of
from blueprints.sorting import Sorting
from models.base import session
from models.payments.payment import ScheduledPayment
from models.records.provider import Provider
from models.tenancy import EVERY_PROVIDER, set_tenant
from tests.factories import make_provider

COLUMNS = {"name": Provider.folded_name, "kind": (Provider.kind, "reference")}


@pytest.fixture
def listed(app):
    """The names in the order that `query` in the address asks for."""
    for reference, name in (("P2", "Élan"), ("P3", "Ash"), ("P1", "Oak")):
        make_provider(name=name, reference=reference)

    def names(query, **options):
        with app.test_request_context(f"/council/providers/?{query}"):
            set_tenant(EVERY_PROVIDER)
            sorting = Sorting(COLUMNS, **options)
            query = select(Provider.name, Provider.reference).order_by(Provider.reference)
            return session.scalars(sorting.of(query)).all()

    return names


@pytest.mark.postgres
def test_the_address_says_by_what_and_which_way(listed):
    assert listed("") == ["Oak", "Élan", "Ash"]
    assert listed("sort=name") == ["Ash", "Élan", "Oak"]
    assert listed("sort=-name") == ["Oak", "Élan", "Ash"]
    assert listed("sort=kind") == ["Oak", "Élan", "Ash"]


@pytest.mark.parametrize("asked", ["sort=", "sort=-", "sort=--name", "sort=folded_name", "sort=1%20DESC"])
def test_a_name_that_the_list_does_not_declare_is_passed_over(listed, asked):
    assert listed(asked) == ["Oak", "Élan", "Ash"]


def test_headings_say_the_order_and_lead_to_the_other_one(app):
    with app.test_request_context("/help?sort=name&page=4&endpoint=x"):
        sorting = Sorting(COLUMNS, usual="-kind")
        page_of([])
        assert (sorting.aria("name"), sorting.aria("kind")) == ("ascending", None)
        assert sorting.url("name") == "/help?sort=-name"
        assert sorting.url("kind") == "/help?sort=kind"
        assert sorting.url("kind", greatest_first=True) == "/help?sort=-kind"
    with app.test_request_context("/help"):
        sorting = Sorting(COLUMNS, usual="-kind")
        assert sorting.aria("kind") == "descending"
        assert sorting.url("kind") == "/help?sort=kind"
        assert not sorting.asked


@pytest.mark.postgres
@pytest.mark.parametrize("query", [select(Provider), select(Provider.name), select(Provider.id).distinct()])
def test_a_list_counts_only_what_its_reader_may_see(app, query):
    mine, _other = make_provider(), make_provider()
    for whose, count in ((mine.id, 1), (EVERY_PROVIDER, 2)):
        with app.test_request_context("/help"):
            set_tenant(whose)
            assert page_of(query.order_by(Provider.id)).total == count


def test_what_is_found_is_added_up(app):
    with app.test_request_context("/help"):
        set_tenant(EVERY_PROVIDER)
        page = page_of(select(ScheduledPayment).order_by(ScheduledPayment.id), pence=ScheduledPayment.total_pence)
        assert (page.total, page.pence) == (0, 0)
