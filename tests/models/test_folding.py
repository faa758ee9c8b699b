"""Whoever writes a name writes it folded as well; names are found and sorted by that, alike on both databases."""

from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from models import folding
from models.accounts import directory
from models.auditing.search import ids_meant
from models.base import move
from models.correspondence.detail_change import ChangeKind, DetailChange, drafted
from models.payments import worklist
from models.payments.finding import Finding
from models.payments.review import Review
from models.payments.run import PaymentRun
from models.permissions import Role
from models.records.client import Client
from models.records.contract import Contract
from models.records.provider import Contact, Provider, ProviderKind
from models.verify import ground
from tests.care_factories import make_client, make_contract, make_item
from tests.factories import make_contact, make_provider, make_user
from tests.support.rows import every, reading, saved, unit_of_work
from tests.support.runs import finalise

pytestmark = pytest.mark.postgres

TABLE = Provider.__table__
ROWS = [
    {"id": n, "reference": f"P{n}", "name": name, "kind": ProviderKind.CARE_HOME}
    for n, name in enumerate(("Tŷ’r Ŵyn", "Łoś Lodge"), 1)
]
WHOLE = [row | dict.fromkeys(("address", "invoice_address", "delivery_address", "email", "phone"), "") for row in ROWS]


def stored():
    """The folded names, by id."""
    with reading() as session:
        return list(session.scalars(select(Provider.folded_name).order_by(Provider.id)))


@pytest.mark.parametrize(
    "write",
    [
        lambda session: session.add_all([Provider(**row) for row in ROWS]),
        lambda session: session.execute(insert(Provider), ROWS),
        lambda session: [session.execute(insert(Provider), row) for row in ROWS],
        lambda session: [session.execute(insert(Provider).values(row)) for row in ROWS],
        lambda session: session.execute(insert(Provider).returning(Provider.id), ROWS).all(),
        lambda session: session.bulk_insert_mappings(Provider, ROWS),
        lambda session: session.connection().execute(TABLE.insert(), WHOLE),
        lambda session: [session.connection().execute(TABLE.insert().values(row)) for row in WHOLE],
        lambda session: [session.merge(Provider(**row)) for row in ROWS],
        lambda session: session.execute(insert(Provider), [row | {"folded_name": "Not this"} for row in ROWS]),
    ],
    ids=["a flush", "rows", "a row", "values", "rows, returning", "mappings", "rows of Core", "values of Core",
         "a merge", "a fold of one's own"],
)  # fmt: skip
def test_a_new_name_is_folded_whatever_way_it_comes_in(database, write):
    with unit_of_work() as session:
        write(session)
    assert stored() == ["tyr wyn", "los lodge"]


def by_flush(session, **values):
    for name, value in values.items():
        setattr(session.scalars(Provider.numbered(1)).one(), name, value)


def by_core(session, **values):
    rows = [{"row": 1, **values}]
    session.connection().execute(TABLE.update().where(TABLE.c.id == sa.bindparam("row")), rows)


UPDATES = pytest.mark.parametrize(
    "write",
    [
        by_flush,
        lambda session, **values: session.execute(update(Provider), [{"id": 1, **values}]),
        lambda session, **values: session.execute(update(Provider).where(Provider.id == 1).values(**values)),
        lambda session, **values: session.execute(
            update(Provider).where(Provider.id == 1).values({getattr(Provider, name): values[name] for name in values})
        ),
        lambda session, **values: session.execute(update(Provider).where(Provider.id == 1), values),
        lambda session, **values: move(session.scalars(Provider.numbered(1)).one(), **values),
        lambda session, **values: session.connection().execute(TABLE.update().values(**values).where(TABLE.c.id == 1)),
        by_core,
    ],
    ids=["a flush", "rows", "values", "values by column", "parameters", "a move", "values of Core", "rows of Core"],
)


@UPDATES
def test_a_name_that_changes_is_folded_anew_and_stays_so_when_other_things_change(database, write):
    make_provider(id=1, name="Oak House")
    for changed in ({"phone": "1"}, {"name": "Élan"}, {"phone": "2"}, {"name": "Łoś", "phone": "3"}, {"email": ""}):
        with unit_of_work() as session:
            write(session, **changed)
    [provider] = every(Provider)
    assert (provider.name, provider.phone, stored()) == ("Łoś", "3", ["los"])


@pytest.mark.parametrize(
    "write",
    [
        lambda session: session.execute(insert(Provider).values(WHOLE)),
        lambda session: session.execute(insert(Provider).from_select(["name"], select(Provider.name))),
        lambda session: session.execute(update(Provider).values(name=func.upper(Provider.name))),
        lambda session: by_flush(session, name=func.upper(Provider.name)) or session.flush(),
        lambda session: session.execute(
            update(Provider).values(name=sa.bindparam("called")).where(Provider.id == 1), {"called": "Élan"}
        ),
        lambda session: session.execute(
            {"sqlite": sqlite, "postgresql": postgresql}[session.get_bind().dialect.name]
            .insert(TABLE).values(WHOLE[0]).on_conflict_do_update(index_elements=["id"], set_={"name": "Élan"})
        ),
    ],
    ids=["many rows in one VALUES", "a select", "an expression", "an expression in a flush", "a named parameter",
         "an upsert"],
)  # fmt: skip
def test_a_name_that_nobody_can_fold_is_refused(database, write):
    make_provider(id=1, name="Oak House")
    with pytest.raises(TypeError, match="folded"), unit_of_work() as session:
        write(session)
    assert stored() == ["oak house"]


def test_what_is_folded_has_no_default_which_would_come_too_late(database):
    sources = [source for source, _ in folding.pairs()]
    assert len(sources) >= 6
    assert not [source for source in sources if source.default or source.onupdate or source.nullable]


def test_a_folded_name_is_for_queries_only(database):
    provider = make_provider()
    with reading() as session, pytest.raises(sa.exc.InvalidRequestError, match="folded_name"):
        session.scalars(Provider.numbered(provider.id)).one().folded_name  # noqa: B018


@pytest.mark.parametrize("names", [("surname", "first_name"), ("first_name",)])
def test_what_is_not_folded_right_is_found_by_verify(database, names):
    client, _ = make_client(surname="Świątkowski", first_name="Zoë"), make_client()
    with reading():
        assert list(ground.names()) == []
    wrong = {f"folded_{name}": "wrong" for name in names}
    with unit_of_work() as session:
        session.execute(update(Client).where(Client.id == client.id).values(**wrong))
    with reading():
        assert [found.where for found in ground.names()] == [f"client {client.id}: folded_{name}" for name in names]


# --- looking for a name


def test_a_reference_or_an_address_is_looked_for_as_it_is_written_in_any_case(database):
    tansy = make_provider(name="Tansy Lodge", reference="P-700_1")
    make_provider(name="Tansy Lodge", reference="P1")
    for typed in ("p-700_1", "lodge P-700", "tansy 700"):
        assert [provider.id for provider in every(select(Provider).where(Provider.found_by(typed)))] == [tansy.id]
    contact = make_contact(tansy, name="Ada O’Neil", position="Finance Manager", email="ada.o'neil@example.org")
    make_contact(tansy)
    for typed in ("ONEIL", "manager ada", "O'NEIL@example"):
        assert [found.id for found in every(Contact.searched(typed))] == [contact.id]


def test_somebody_types_whatever_they_like(database):
    make_provider(name="Oak House")
    for typed, count in (
        ("’", 1),
        ("-", 1),
        ("oak " * 10_000, 1),
        ("o" + "\u0301" * 100_000, 1),
        ("\\", 0),
        ("/", 1),
        ("h", 1),
        ("k", 0),
    ):
        assert len(every(select(Provider).where(Provider.found_by(typed)))) == count, typed[:9]


@pytest.mark.parametrize("typed", ["obrien tyr", "TŶ’R", "P9_9"])
def test_every_list_of_providers_is_searched_alike(database, typed):
    wanted, other = (
        make_provider(name="Tŷ’r O'Brien", reference="p9_9"),
        make_provider(name="Tyn Rhos", reference="p999"),
    )
    ids = {}
    for provider in (wanted, other):
        make_item(make_contract(provider, calculate_from=date(2019, 9, 23)))
        change = drafted(ChangeKind.ORGANISATION, provider, {"phone": "2"}, wanted_on=date(2019, 10, 2))
        change.asked_by_id = make_user(Role.FINANCE, provider).id
        ids[provider.id] = saved(change).id
    finalise(date(2019, 9, 29))
    [run] = every(PaymentRun)
    with reading() as session:
        assert [row.id for row in session.execute(directory.providers(name=typed))] == [wanted.id]
        assert {row.provider for row in session.execute(worklist.listed(name=typed))} == {wanted.name}
        assert ids_meant(person="", provider=typed, actions=(), first=None, last=None) == {"providers": [wanted.id]}
        assert [change.id for change in session.scalars(DetailChange.listed(name=typed))] == [ids[wanted.id]]
        found = session.execute(Review(run).payments(name=typed)).all()
        assert [row.provider for row in found] == [wanted.name]
        for kind in Finding:
            session.execute(Review(run).found(kind)).all()


# --- sorting by name


def test_names_are_sorted_by_their_letters_alike_on_both_databases(database):
    names = [
        "Śnieg",
        "oak-house 2",
        "Oak House 1",
        "Łoś",
        "Lamb",
        "Lox",
        "O’Dea",
        "Odd",
        "Smith A",
        "Smith, A",
        "Zebra",
    ]
    for name in names:
        make_provider(name=name)
        make_user(provider=make_provider(), name=name)
    order = [
        "Lamb",
        "Łoś",
        "Lox",
        "Oak House 1",
        "oak-house 2",
        "Odd",
        "O’Dea",
        "Smith A",
        "Smith, A",
        "Śnieg",
        "Zebra",
    ]
    with reading() as session:
        assert [row.name for row in session.execute(directory.providers()) if row.name in names] == order
        assert [row.name for row in session.execute(directory.people())] == order


def test_clients_are_sorted_by_surname_then_first_name(database):
    for surname, first_name in (("Świątek", "Al"), ("Stone", "Zoë"), ("stone", "Ádám"), ("Tŷ", "Al")):
        make_client(surname=surname, first_name=first_name)
    assert [client.first_name for client in every(Client.at_provider())] == ["Ádám", "Zoë", "Al", "Al"]
    assert [client.surname for client in every(Client.at_provider())] == ["stone", "Stone", "Świątek", "Tŷ"]


def test_contracts_are_sorted_by_name(database):
    for name in ("Świt", "Tŷ", "Stay", "stay put"):
        make_contract(name=name)
    assert [contract.name for contract in every(Contract.by_name())] == ["Stay", "stay put", "Świt", "Tŷ"]
