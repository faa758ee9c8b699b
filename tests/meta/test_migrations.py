"""The revisions make exactly the tables that the models describe, and can be taken back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import select

import models  # noqa: F401 - loads every table
from commands.db import alembic_config
from models import folding
from models.accounts.user import User
from models.base import Base, connect, scope, session
from models.permissions import CouncilRole, Role
from models.portal import current_portal
from models.records.client import Client
from models.tenancy import ProviderOwned
from models.verify import ground
from tests.support.rows import reading

pytestmark = pytest.mark.postgres

SHARED = {
    "action_note",
    "action_team",
    "action_type",
    "action_type_team",
    "actual_rule",
    "actual_rule_change",
    "alembic_version",
    "audit_event",
    "audit_link",
    "authenticator",
    "bank_holiday",
    "calendar",
    "calendar_address",
    "calendar_override",
    "claim_limit",
    "claim_maintenance",
    "claim_pricing",
    "claim_rule_change",
    "claim_tier",
    "care_relief",
    "client",
    "daily_alarm",
    "export",
    "export_answer",
    "export_delivery",
    "exported",
    "feed_import",
    "hold_reason",
    "identity",
    "job",
    "kept_form",
    "unsent_file",
    "kept_reply",
    "known_device",
    "late_figure",
    "login_code",
    "login_failure",
    "membership",
    "notification_choice",
    "on_it",
    "organisation",
    "outbox_message",
    "passkey",
    "passkey_challenge",
    "payment_run",
    "pending_login",
    "press",
    "provider",
    "read_alarm",
    "recovery_code",
    "refused_address",
    "run_tick",
    "security_code",
    "service",
    "service_level",
    "staff",
    "staff_request",
    "tally",
    "user",
    "waiting_news",
    "web_session",
}
"""Tables that belong to no provider. What one may see of them has a rule of its own (models.tenancy.restrict)."""


@pytest.fixture
def empty(database, tmp_path):
    """The address of a database without any table."""
    if database.dialect.name == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite'}"
        return
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CREATE DATABASE empty")
    yield database.url.set(database="empty").render_as_string(hide_password=False)
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("DROP DATABASE empty WITH (FORCE)")


def test_there_is_one_newest_revision():
    assert len(ScriptDirectory.from_config(alembic_config("")).get_heads()) == 1


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
def test_the_revisions_make_the_tables_of_the_models(database):
    """Alembic cannot compare an index over an expression: the next test does."""
    expressions = {index.name for index in _of_expressions()}
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, Base.metadata)
        assert [each for each in found if getattr(each[1], "name", None) not in expressions] == []


def test_the_revisions_make_the_indexes_over_expressions(database, empty):
    """As the models do, in the words of the database itself."""
    engine = connect(empty)
    Base.metadata.create_all(engine)
    names = {index.name for index in _of_expressions()}
    assert names
    assert _definitions(database, names) == _definitions(engine, names)
    engine.dispose()


def _of_expressions() -> list[sa.Index]:
    indexes = (index for table in Base.metadata.tables.values() for index in table.indexes)
    return [index for index in indexes if not all(isinstance(each, sa.Column) for each in index.expressions)]


def _definitions(engine: sa.Engine, names: set[str]) -> dict[str, str]:
    where = "sqlite_master WHERE type = 'index'" if engine.dialect.name == "sqlite" else "pg_indexes"
    columns = "name, sql" if engine.dialect.name == "sqlite" else "indexname, indexdef"
    with engine.connect() as connection:
        found = dict(connection.exec_driver_sql(f"SELECT {columns} FROM {where}").all())
    return {name: " ".join(found[name].replace('"', "").split()) for name in names}


def test_the_revisions_make_the_checks_of_the_models(database, empty):
    """Alembic does not compare CHECK constraints, so a new value of an enum would go unseen."""
    made = opened(empty)
    Base.metadata.create_all(made)
    assert checks(database) == checks(made)
    made.dispose()


def test_every_revision_goes_down_and_up_again(database, empty):
    config = alembic_config(empty)
    command.upgrade(config, "head")
    before = tables(empty)
    for revision in ScriptDirectory.from_config(config).walk_revisions():
        command.downgrade(config, revision.down_revision or "base")
    assert set(tables(empty)) == {"alembic_version"}
    command.upgrade(config, "head")
    assert tables(empty) == before


def test_migrating_twice_changes_nothing(database, empty):
    for _ in range(2):
        command.upgrade(alembic_config(empty), "head")


def test_who_could_log_in_before_accounts_had_roles_and_grants_still_can(database, empty):
    config = alembic_config(empty)
    command.upgrade(config, "0001")
    before = opened(empty)
    with before.begin() as connection:
        for row in (
            "INSERT INTO provider (id, reference, name, kind, address, invoice_address, delivery_address, email, phone)"
            " VALUES (1, 'P1', 'Oak House', 'care_home', '', '', '', '', '')",
            'INSERT INTO "user" (id, email, name, is_active, created_at)'
            " VALUES (1, 'a@example.org', 'Ada', true, '2026-01-01 00:00:00.000000')",
            "INSERT INTO membership (id, user_id, provider_id, role) VALUES (1, 1, 1, 'finance')",
            "INSERT INTO staff (user_id, role) VALUES (1, 'payments_officer')",
        ):
            connection.exec_driver_sql(row)
    before.dispose()
    command.upgrade(config, "head")
    with reading_at(empty):
        user = session.scalars(User.active_with_places(1)).unique().one()
        assert [place.role for place in user.memberships] == [Role.FINANCE]
        assert user.staff.role is CouncilRole.PAYMENTS_OFFICER


def test_names_that_are_there_are_folded(database, empty):
    config = alembic_config(empty)
    command.upgrade(config, "0007")
    before = opened(empty)
    client = sa.table("client", *(sa.column(name) for name in ("id", "reference", "surname", "first_name")))
    with before.begin() as connection:
        rows = [{"id": n, "reference": f"C{n}", "surname": f"O’Dea {n}", "first_name": "Zoë"} for n in range(1, 2_002)]
        connection.execute(sa.insert(client), rows)
    before.dispose()
    command.upgrade(config, "head")
    with reading_at(empty):
        assert list(ground.names()) == []
        assert session.scalar(select(Client.folded_surname).where(Client.id == 2_001)) == "odea 2001"


def test_folded_names_are_compared_by_code_point(database):
    """Each database by itself would compare them in another way."""
    look, kind = sa.inspect(database), {"sqlite": None, "postgresql": "C"}[database.dialect.name]
    for _, folded in folding.pairs():
        [column] = [each for each in look.get_columns(folded.table.name) if each["name"] == folded.name]
        assert column["type"].collation == kind


def test_rows_that_contradict_themselves_are_named_before_their_tables_are_changed(database, empty):
    config = alembic_config(empty)
    command.upgrade(config, "0007")
    runs = opened(empty)
    row = "INSERT INTO payment_run (id, as_on, state, note, prepared_at, total_pence) VALUES"
    with runs.begin() as connection:
        connection.exec_driver_sql(f"{row} (1, '2026-01-05', 'prepared', '', '2026-01-05 09:00:00.000000', 0)")
        connection.exec_driver_sql(f"{row} (2, '2026-01-12', 'authorised', '', '2026-01-12 09:00:00.000000', 0)")
    with pytest.raises(RuntimeError, match=r"payment_run 2: not \(state IN"):
        command.upgrade(config, "head")
    with runs.begin() as connection:
        connection.exec_driver_sql("UPDATE payment_run SET state = 'prepared' WHERE id = 2")
    command.upgrade(config, "head")
    with runs.connect() as connection:
        assert connection.exec_driver_sql("SELECT id FROM payment_run ORDER BY id").scalars().all() == [1, 2]
    runs.dispose()


def test_every_table_belongs_to_a_provider_or_is_known_to_be_shared():
    owned = {mapper.local_table.name for mapper in Base.registry.mappers if issubclass(mapper.class_, ProviderOwned)}
    assert set(Base.metadata.tables) - owned == SHARED - {"alembic_version"}
    assert not owned & SHARED


def checks(engine) -> dict[str, list[str]]:
    look = sa.inspect(engine)
    return {
        table: sorted(
            f"{each['name']}: {' '.join(each['sqltext'].split())}" for each in look.get_check_constraints(table)
        )
        for table in Base.metadata.tables
    }


def opened(url: str) -> sa.Engine:
    return connect(url) if url.startswith("sqlite") else sa.create_engine(url)


@contextmanager
def reading_at(url: str) -> Iterator[None]:
    """The portal's session, on the database at this address."""
    engine = opened(url)
    with scope(replace(current_portal(), engine=engine)), reading():
        yield
    engine.dispose()


def tables(url: str) -> dict[str, list[str]]:
    engine = opened(url)
    look = sa.inspect(engine)
    found = {table: sorted(str(column) for column in look.get_columns(table)) for table in look.get_table_names()}
    engine.dispose()
    return found
