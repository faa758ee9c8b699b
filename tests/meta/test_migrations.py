"""The revisions make exactly the tables that the models describe, and can be taken back."""

from dataclasses import replace

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import models  # noqa: F401 - loads every table
from commands.db import alembic_config
from models.accounts.user import User
from models.base import Base, connect, scope
from models.permissions import CouncilRole, Role
from models.portal import current_portal
from models.tenancy import ProviderOwned
from tests.support.rows import reading

pytestmark = pytest.mark.postgres

SHARED = {
    "alembic_version",
    "audit_event",
    "audit_link",
    "authenticator",
    "calendar",
    "calendar_override",
    "client",
    "feed_import",
    "identity",
    "job",
    "kept_form",
    "known_device",
    "login_code",
    "login_failure",
    "membership",
    "organisation",
    "outbox_message",
    "payment_run",
    "pending_login",
    "provider",
    "recovery_code",
    "security_code",
    "service",
    "service_level",
    "staff",
    "user",
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


def test_the_revisions_make_the_tables_of_the_models(database):
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


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
    after = opened(empty)
    with scope(replace(current_portal(), engine=after)), reading() as session:
        user = session.scalars(User.active_with_places(1)).unique().one()
        assert [place.role for place in user.memberships] == [Role.FINANCE]
        assert user.staff.role is CouncilRole.PAYMENTS_OFFICER
    after.dispose()


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


def tables(url: str) -> dict[str, list[str]]:
    engine = opened(url)
    look = sa.inspect(engine)
    found = {table: sorted(str(column) for column in look.get_columns(table)) for table in look.get_table_names()}
    engine.dispose()
    return found
