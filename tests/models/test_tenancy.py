"""What belongs to one provider cannot be read or written for another, whatever the query looks like."""

from datetime import date

import pytest
from sqlalchemy import delete, exists, func, insert, select, union_all, update
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import aliased, joinedload, lazyload

from models.accounts.user import Membership, User
from models.base import insert_rows, session, utc_now
from models.records.contract import PaymentMethod
from models.records.provider import Contact, Provider, ProviderService, Service
from models.statements import built_once, is_plain
from models.tenancy import AT_HAND, EVERY_PROVIDER, NoTenant, OtherTenant, every_provider, set_tenant, tenant
from tests.care_factories import make_contract, make_service
from tests.factories import make_provider, make_user
from tests.support.rows import every, reading, saved, unit_of_work

pytestmark = pytest.mark.postgres

OTHER_CONTACT = aliased(Contact)
QUERIES = {
    "entity": select(Contact),
    "column": select(Contact.name),
    "count": select(func.count(Contact.id)),
    "count of rows": select(func.count()).select_from(Contact),
    "alias": select(OTHER_CONTACT),
    "join": select(Service).join(ProviderService, ProviderService.service_id == Service.id),
    "outer join": select(Service.id, Contact.id).outerjoin(Contact, Contact.id == Service.id),
    "exists": select(Service).where(exists().where(ProviderService.service_id == Service.id)),
    "exists of an entity": select(Service).where(select(ProviderService).exists()),
    "subquery": select(select(Contact.name).subquery()),
    "in": select(Service).where(Service.id.in_(select(ProviderService.service_id))),
    "scalar": select(Service.id, select(func.count(Contact.id)).scalar_subquery()),
    "cte": select(select(Contact.name).cte()),
    "provider": select(Provider),
    "membership": select(Membership),
}

PLAIN = ("column", "count", "count of rows", "subquery", "scalar", "cte")
"""Those of columns alone: as statements that are built once they are sent as text."""
for shape in PLAIN:
    QUERIES[f"{shape}, as text"] = built_once(lambda query=QUERIES[shape]: query)()


@pytest.fixture
def mine(database):
    return furnished()


@pytest.fixture
def theirs(database):
    return furnished()


def furnished() -> Provider:
    provider = make_provider()
    saved(Contact(reference=f"A{provider.id}", name="Ann", provider_id=provider.id))
    service = make_service()
    saved(ProviderService(provider_id=provider.id, service_id=service.id, starts_on=date(2019, 1, 1)))
    make_user(provider=provider)
    return provider


@pytest.mark.parametrize("shape", QUERIES)
def test_with_no_provider_chosen_a_query_raises(mine, shape):
    with reading(None) as session, pytest.raises(NoTenant):
        session.execute(QUERIES[shape]).all()


@pytest.mark.parametrize(
    ("shape", "count"),
    [("entity", 1), ("column", 1), ("alias", 1), ("join", 1), ("exists", 1), ("in", 1), ("provider", 1),
     ("membership", 1), ("subquery", 1), ("cte", 1), ("column, as text", 1), ("subquery, as text", 1),
     ("cte, as text", 1)],
)  # fmt: skip
def test_only_the_chosen_providers_rows_are_read(mine, theirs, shape, count):
    with reading(mine.id) as session:
        assert len(session.execute(QUERIES[shape]).all()) == count


@pytest.mark.parametrize("shape", ["count", "count of rows", "count, as text", "count of rows, as text"])
def test_only_the_chosen_providers_rows_are_counted(mine, theirs, shape):
    with reading(mine.id) as session:
        assert session.scalar(QUERIES[shape]) == 1
    with reading(EVERY_PROVIDER) as session:
        assert session.scalar(QUERIES[shape]) == 2


def test_the_choice_may_change_and_the_filter_with_it(mine, theirs):
    with reading() as session:
        for provider in (mine, theirs, mine):
            set_tenant(provider.id)
            assert session.scalars(select(Contact.provider_id)).all() == [provider.id]


def test_a_union_is_filtered_on_both_sides(mine, theirs):
    with reading(mine.id) as session:
        both = union_all(select(Contact.provider_id), select(ProviderService.provider_id))
        found = session.scalars(select(both.subquery())).all()
        assert theirs.id not in found


@pytest.mark.parametrize("shape", PLAIN)
def test_as_text_a_statement_reads_what_it_reads_otherwise(mine, theirs, shape):
    plain = QUERIES[f"{shape}, as text"]
    assert is_plain(plain)
    assert not is_plain(QUERIES[shape])
    for whose in (mine.id, EVERY_PROVIDER, theirs.id):
        with reading(whose) as session:
            as_it_is, as_text = session.execute(QUERIES[shape]), session.execute(plain)
            assert shape in ("count", "count of rows", "scalar") or as_text.keys() == as_it_is.keys()
            assert sorted(as_text.all(), key=str) == sorted(as_it_is.all(), key=str)


def test_the_tenant_of_a_text_is_the_sessions_whatever_is_said_with_it(mine, theirs):
    with reading(mine.id) as session:
        assert session.scalars(built_once(lambda: select(Contact.provider_id))(), {AT_HAND: theirs.id}).all() == [
            mine.id
        ]


def test_another_providers_row_is_not_found_by_its_id(mine, theirs):
    [foreign] = every(select(Contact).where(Contact.provider_id == theirs.id))
    with reading(mine.id) as session:
        assert session.scalars(select(Contact).where(Contact.id == foreign.id)).one_or_none() is None


def test_a_row_of_another_provider_cannot_be_written(mine, theirs):
    with pytest.raises(OtherTenant), unit_of_work(mine.id) as session:
        session.add(Contact(reference="X", name="X", provider_id=theirs.id))
    with pytest.raises(NoTenant), unit_of_work(None) as session:
        session.add(Contact(reference="X", name="X", provider_id=theirs.id))
    assert len(every(Contact)) == 2


def test_a_row_of_another_provider_cannot_be_changed_or_removed(mine, theirs):
    [foreign] = every(select(Contact).where(Contact.provider_id == theirs.id))
    foreign.name = "Mallory"
    with pytest.raises(OtherTenant), unit_of_work(mine.id) as session:
        session.add(foreign)
    [foreign] = every(select(Contact).where(Contact.provider_id == theirs.id))
    with pytest.raises(OtherTenant), unit_of_work(mine.id) as session:
        session.delete(foreign)


def test_bulk_changes_reach_only_the_chosen_provider(mine, theirs):
    with unit_of_work(mine.id) as session:
        session.execute(update(Contact).values(name="Changed"))
        session.execute(delete(ProviderService))
    names = {contact.provider_id: contact.name for contact in every(Contact)}
    assert names == {mine.id: "Changed", theirs.id: "Ann"}
    assert [each.provider_id for each in every(ProviderService)] == [theirs.id]


def test_bulk_inserts_for_another_provider_are_refused(mine, theirs):
    rows = [{"reference": "X", "name": "X", "provider_id": theirs.id}]
    with pytest.raises(OtherTenant), unit_of_work(mine.id) as session:
        session.execute(insert(Contact), rows)
    with pytest.raises(OtherTenant), unit_of_work(mine.id):
        insert_rows(Contact, rows)
    with pytest.raises(NoTenant), unit_of_work(None) as session:
        session.execute(insert(Contact), rows)
    with pytest.raises(NoTenant), unit_of_work(None):
        insert_rows(Contact, rows)
    with pytest.raises(NoTenant), unit_of_work(None) as session:
        session.execute(update(Contact).values(name="x"))


def test_the_database_itself_refuses_a_link_across_providers(mine, theirs):
    contract = make_contract(theirs)
    [method] = every(select(PaymentMethod).where(PaymentMethod.contract_id == contract.id))
    with pytest.raises(IntegrityError), unit_of_work() as session:
        session.execute(update(PaymentMethod).where(PaymentMethod.id == method.id).values(provider_id=mine.id))


def test_every_provider_is_set_for_a_while_and_then_as_before(mine, theirs):
    with reading(mine.id):
        with every_provider():
            assert len(session.scalars(select(Contact)).all()) == 2
        assert tenant() == mine.id
        assert len(session.scalars(select(Contact)).all()) == 1


def test_a_choice_ends_with_its_unit_of_work(mine):
    with reading(mine.id):
        pass
    with reading(None):
        assert tenant() is None


def test_colleagues_elsewhere_are_not_seen(mine, theirs):
    [user_id] = every(select(Membership.user_id).where(Membership.provider_id == mine.id))
    [user] = every(select(User).where(User.id == user_id))
    saved(Membership(user_id=user.id, provider_id=theirs.id, role="carer", granted_at=utc_now()))
    with reading(mine.id) as session:
        found = session.scalars(select(User).where(User.id == user.id).options(joinedload(User.memberships))).unique()
        assert [place.provider_id for place in found.one().memberships] == [mine.id]


def test_a_query_that_is_built_once_keeps_nothing_of_whoever_asked_before(mine, theirs):
    query = select(Contact.provider_id)
    for one in (mine, theirs, mine):
        with reading(one.id) as session:
            assert set(session.scalars(query)) == {one.id}
    with reading() as session:
        assert set(session.scalars(query)) == {mine.id, theirs.id}
    with reading(None) as session, pytest.raises(NoTenant):
        session.scalars(query)


@pytest.fixture
def people_elsewhere(mine, theirs):
    """Somebody who works at both providers; their places are read when they are asked for."""
    [user_id] = every(select(Membership.user_id).where(Membership.provider_id == mine.id))
    saved(Membership(user_id=user_id, provider_id=theirs.id, role="carer", granted_at=utc_now()))
    return select(User).where(User.id == user_id).options(lazyload(User.memberships))


def test_what_was_read_for_a_provider_stays_its_own_while_everything_may_be_read(mine, people_elsewhere):
    with reading(mine.id) as session:
        person = session.scalars(people_elsewhere).one()
        with every_provider():
            assert [place.provider_id for place in person.memberships] == [mine.id]


def test_after_two_providers_nobody_guesses_whose_it_was(mine, theirs, people_elsewhere):
    with reading(mine.id) as session:
        person = session.scalars(people_elsewhere).one()
        set_tenant(theirs.id)
        with every_provider(), pytest.raises(StatementError, match="tenant_at_hand"):
            _ = person.memberships
