"""Lists of documents: filters at their edges, each beside another document that is left out."""

from datetime import UTC, date, timedelta

import pytest
from sqlalchemy import update

from models.calendar import midnight
from models.correspondence.document import DocumentKind, DocumentState
from models.correspondence.document_list import (
    ToMake,
    clients_here,
    listed,
    missing,
    services_here,
    shown_to_provider,
    to_make,
    waiting,
    waiting_here,
)
from models.payments.calculation import calculate
from models.permissions import CouncilRole, Role
from models.records.care_package import ItemPrice
from models.records.contract import Contract
from models.records.provider import Provider
from models.waiting import ask
from tests import care_factories as care
from tests.factories import make_provider, make_staff, make_user
from tests.models.correspondence.test_documents import agree, made, now, published
from tests.support.rows import every, reading, unit_of_work

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

MONDAY, TODAY = date(2019, 9, 23), date(2019, 10, 2)


@pytest.fixture
def clerk():
    return make_staff(CouncilRole.SERVICE_AGREEMENTS)


@pytest.fixture
def items():
    """Two line items of one provider and one of another, each of its own contract, client and service level."""
    first, second = make_provider(name="Oak House"), make_provider(name="Elm House")
    return [
        care.make_item(
            care.make_contract(provider, calculate_from=MONDAY, is_agreement_required=True), 100_0000,
            client=care.make_client(surname=f"Person{number}"), starts_on=MONDAY,
            service_level_id=care.make_service_level().id,
        )
        for number, provider in enumerate((first, first, second))
    ]  # fmt: skip


def ids(query, tenant=None):
    with reading(tenant) if tenant else reading() as session:
        return [row.id for row in session.execute(query)]


def set_(row, **values):
    with unit_of_work() as session:
        session.execute(update(type(row)).where(type(row).id == row.id).values(**values))


def test_each_filter_takes_its_own_and_leaves_the_others(items, clerk):
    first, second, third = documents = [published(each, clerk) for each in items]
    draft = made(care.make_item(care.make_contract(), 100_0000, starts_on=MONDAY), clerk)
    assert set(ids(listed())) == {each.id for each in (*documents, draft)}
    assert ids(listed(state=DocumentState.DRAFT)) == [draft.id]
    assert ids(listed(kind=DocumentKind.TERMS)) == []
    assert len(ids(listed(kind=DocumentKind.SERVICE_AGREEMENT))) == 4
    assert ids(listed(client_id=second.client_id)) == [second.id]
    assert ids(listed(provider="Elm")) == [third.id]
    [contract] = [each for each in every(Contract) if each.id == items[0].contract_id]
    assert ids(listed(contract=contract.reference)) == [first.id]
    with reading(first.provider_id) as session:
        services = session.execute(services_here()).all()
        clients = session.execute(clients_here()).all()
    assert [row.surname for row in clients] == ["Person0", "Person1"]
    assert len(services) == 2
    assert {ids(listed(service=row.reference))[0] for row in services} == {first.id, second.id}
    assert set(ids(shown_to_provider(), first.provider_id)) == {first.id, second.id}
    with reading() as session:
        rows = {row.id: row for row in session.execute(listed())}
    assert [rows[each.id].surname for each in documents] == [f"Person{number}" for number in range(3)]


def test_since_a_day_begins_with_its_first_moment_and_before_it_ends_there(items, clerk):
    document = published(items[0], clerk)
    start = midnight(TODAY).astimezone(UTC)
    for moment, is_since in ((start, True), (start - timedelta(seconds=1), False)):
        set_(document, updated_at=moment)
        assert ids(listed(since=TODAY)) == [document.id] * is_since
        with reading(document.provider_id) as session:
            assert session.execute(waiting_here(before=TODAY)).one().how_many == (not is_since)
            assert session.execute(waiting_here()).one().how_many == 1


def test_a_rejected_one_waits_on_the_desk_until_a_newer_version_is_there(items, clerk):
    document, other = published(items[0], clerk), published(items[1], clerk)
    gone = {"state": DocumentState.REJECTED, "reason": "No", "decided_at": now(document).published_at}
    for each in (document, other):
        set_(each, **gone)
    with reading():
        assert ask(waiting(DocumentState.REJECTED))["documents rejected"].count == 2
    made(items[0], clerk)
    with reading():
        found = ask(waiting(DocumentState.REJECTED), waiting(DocumentState.DRAFT))
    assert (found["documents rejected"].count, found["documents draft"].count) == (1, 1)


def offered(**given):
    with reading() as session:
        return [row.id for row in session.execute(to_make(**given))], ask(missing())["agreements missing"].count


def test_what_has_ended_or_has_a_document_is_not_offered(items, clerk):
    every_id = [each.id for each in items]
    assert sorted(offered()[0]) == every_id
    assert offered()[1] == 3
    set_(items[0], ends_on=TODAY)
    assert sorted(offered()[0]) == every_id
    set_(items[0], ends_on=TODAY - timedelta(days=1))
    assert sorted(offered()[0]) == every_id[1:]
    assert offered()[1] == 2
    made(items[1], clerk)
    assert offered() == ([items[2].id], 1)
    assert sorted(offered(which=ToMake.ALL)[0]) == every_id[1:]
    assert offered(provider="Elm")[0] == [items[2].id]
    [contract] = [each for each in every(Contract) if each.id == items[1].contract_id]
    assert offered(contract=contract.reference, which=ToMake.ALL)[0] == [items[1].id]
    with unit_of_work() as session:
        session.execute(update(Contract).values(is_agreement_required=False))
    assert offered(which=ToMake.ALL)[0] == []


def test_what_is_agreed_is_offered_again_only_where_money_waits_above_it(items, clerk):
    item = items[2]
    signatory = make_user(Role.SIGNATORY, Provider(id=item.provider_id))
    agree(published(item, clerk, signatory), signatory)
    assert item.id not in offered()[0]
    with unit_of_work() as session:
        session.execute(update(ItemPrice).where(ItemPrice.item_id == item.id).values(rate_e4=110_0000))
        calculate([item.provider_id])
    with reading() as session:
        [row] = [each for each in session.execute(to_make()) if each.id == item.id]
    assert (row.waits_pence, row.version, row.state, row.agreed_version) == (20_00, 1, DocumentState.AGREED, 1)
    assert row.surname == "Person2"
    for field, value in (("is_suspended", True), ("authorised_on", None)):
        set_(item, **{field: value})
        assert item.id not in offered()[0], field
        set_(item, is_suspended=False, authorised_on=MONDAY)
    assert item.id in offered()[0]
