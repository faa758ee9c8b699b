"""Every command, on a database that is locked, full, read-only, away or not upgraded: one sentence, and status 75."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Event, Thread

import click
import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, OperationalError

from commands import WRITTEN, audit
from models import base
from models.accounts.second_step import set_security_code
from models.accounts.user import User
from models.audit import AuditEvent
from models.database_faults import DatabaseTrouble
from models.permissions import CouncilRole
from models.records.provider import Provider
from tests.care_factories import make_client, make_contract, make_item
from tests.factories import PASSWORD, make_provider, make_staff, make_user
from tests.support.portal import in_this_portal
from tests.support.rows import every, unit_of_work

STATUS = 75

ALL = {
    "audit head": [], "audit seal": [], "audit verify": [],
    "clients file": [
        "C1", "file.zip", "--asked-by", "a@example.org", "--agreed-by", "b@example.org", "--password", PASSWORD,
    ],
    "db check": [], "db current": [], "db downgrade": ["base"], "db revision": ["-m", "nothing"], "db upgrade": [],
    "demo load": ["durham"],
    "feed check": ["commands/demonstrations/durham"], "feed import": ["--made-up", "commands/demonstrations/durham"],
    "payments calculate": [], "payments finalise": ["--yes"], "payments remittances": [],
    "users add": ["dawn@example.org", "Dawn", "--provider", "P1", "--role", "carer", "--password", "Tr4ctor-blue!"],
    "users employ": ["ola@example.org", "Ola", "--role", "auditor", "--password", "Tr4ctor-blue!"],
    "users join": ["dawn@example.org", "--provider", "P1", "--role", "carer"],
    "vault rotate": [], "verify": [],
}  # fmt: skip
"""The arguments with which each command comes to the database."""
ELSEWHERE = {
    "doctor", "evidence verify", "feed acknowledge", "feed export", "feed format", "feed manifest", "mail deliver",
    "worker",
}  # fmt: skip
"""The doctor says what is wrong with it; a manifest and the verifying of evidence need no database; exports read first,
and wait only where there is something new; the others wait until it is back. They have tests of their own."""
READ = {"audit head", "audit verify", "feed check", "verify"}
"""Never wait for anybody who writes."""
WRITE = sorted({*ALL} - READ)
CHANGE_NOTHING_HERE = {"db check", "db current", "db revision", "db upgrade"}
"""The tables are those of the models: these have nothing to write."""


def every_command(group: click.Group, before: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from every_command(command, f"{before}{name} ")
        else:
            yield before + name


@pytest.fixture
def give(make_app, database, repository, monkeypatch):
    """`give("feed check")`: the result of a command on this test's database."""
    monkeypatch.chdir(repository)
    app = make_app(database_url=database.url.render_as_string(hide_password=False))

    def run(command):
        return app.test_cli_runner().invoke(args=[*command.split(), *ALL[command]])

    return run


@contextmanager
def whenever_one_begins(*pragmas: str) -> Iterator[None]:
    """Each transaction on SQLite, also those of alembic, begins with these."""

    def begun(connection: sa.Connection) -> None:
        for pragma in pragmas:
            connection.connection.dbapi_connection.execute(f"PRAGMA {pragma}")

    event.listen(sa.Engine, "begin", begun)
    try:
        yield
    finally:
        event.remove(sa.Engine, "begin", begun)


@contextmanager
def somebody_who_writes() -> Iterator[None]:
    held, done = Event(), Event()

    def write() -> None:
        with base.transaction():
            base.session.execute(sa.update(User).values(name="Somebody Else"))
            held.set()
            done.wait(60)

    thread = Thread(target=in_this_portal(write))
    thread.start()
    held.wait(10)
    try:
        yield
    finally:
        done.set()
        thread.join()


def one_sentence(result, says: str) -> None:
    assert result.exit_code == STATUS, result.output
    assert len(result.stderr.splitlines()) == 1, result.stderr
    assert result.stderr.startswith(f"Error: {says}")
    assert WRITTEN in result.stderr


def test_every_command_is_tried(app):
    ours = {name for name in every_command(app.cli) if name.split()[0] not in ("run", "shell", "routes")}
    assert ours == {*ALL, *ELSEWHERE}


@pytest.fixture
def own(make_app, repository, monkeypatch):
    """`own(url)("feed", "check", ...)`: the result of a command on the database at that address."""
    monkeypatch.chdir(repository)

    def on(url):
        app = make_app(database_url=url)
        app.extensions["portal"] = replace(app.extensions["portal"], engine=base.connect(url))
        return lambda *arguments: app.test_cli_runner().invoke(args=arguments)

    return on


@pytest.fixture
def something_to_do(database):
    """For each command; `feed import` and `demo load` want an empty database."""

    def make(command):
        if command in ("feed import", "demo load"):
            return
        provider = make_provider(reference="P1", email="dawn@example.org")
        client = make_client(reference="C1") if command == "clients file" else None
        make_item(make_contract(provider=provider), client=client)
        if client:
            make_staff(CouncilRole.PAYMENTS_OFFICER, email="a@example.org")
            make_staff(CouncilRole.PAYMENTS_MANAGER, email="b@example.org")
        user = make_user(email="dawn@example.org" if command == "users join" else "ash@example.org")
        with unit_of_work():
            set_security_code(user, "397152")

    return make


@pytest.mark.parametrize("command", WRITE)
def test_a_lock_is_said_in_one_sentence_and_nothing_is_written(give, database, something_to_do, command):
    something_to_do(command)
    before = len(every(AuditEvent))
    with whenever_one_begins("busy_timeout=20"), somebody_who_writes():
        one_sentence(give(command), "The database is locked:")
    assert len(every(AuditEvent)) == before


@pytest.mark.parametrize("command", sorted(READ))
def test_who_only_reads_waits_for_nobody(give, something_to_do, command):
    something_to_do("verify")
    assert give("audit seal").exit_code == 0
    with whenever_one_begins("busy_timeout=20"), somebody_who_writes():
        result = give(command)
    assert "database" not in result.output
    assert result.exit_code != STATUS


@pytest.mark.parametrize("command", sorted({*WRITE} - CHANGE_NOTHING_HERE))
def test_a_database_that_cannot_be_written_to_is_said_in_one_sentence(give, something_to_do, command):
    something_to_do(command)
    with whenever_one_begins("query_only=ON"):
        one_sentence(give(command), "The database cannot be written to.")


@pytest.mark.parametrize("command", ["db upgrade", "feed import", "demo load"])
def test_a_full_disk_is_said_in_one_sentence_and_nothing_is_written(own, tmp_path, command):
    url = f"sqlite:///{tmp_path / 'own.sqlite'}"
    give, arguments = own(url), ALL[command]
    if command != "db upgrade":
        assert give("db", "upgrade").exit_code == 0
    if command == "feed import":
        arguments = ["--made-up", str(tmp_path)]
        rows = (f"P{number},House {number},foster_carer,1 Oak Street\n" for number in range(2_000))
        (tmp_path / "providers.csv").write_text("provider_ref,name,kind,address\n" + "".join(rows))
    with whenever_one_begins("max_page_count=2"):  # or as many as it has, where it has more
        one_sentence(give(*command.split(), *arguments), "The database cannot grow:")
    engine = sa.create_engine(url)
    if command == "db upgrade":
        assert sa.inspect(engine).get_table_names() == []
    elif command == "feed import":
        assert engine.connect().scalar(sa.select(sa.func.count(Provider.id))) == 0
    engine.dispose()


@pytest.mark.parametrize("command", [each for each in ALL if not each.startswith("db ")])
def test_tables_of_another_version_are_said_in_one_sentence(own, tmp_path, command):
    give = own(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    one_sentence(give(*command.split(), *ALL[command]), "The database has not the tables")


@pytest.mark.parametrize("command", ALL)
@pytest.mark.parametrize("url", ["postgresql+psycopg://portal@127.0.0.1:1/portal", "sqlite:////nowhere/at/all.sqlite"])
def test_a_database_that_is_away_is_said_in_one_sentence(own, command, url):
    one_sentence(own(url)(*command.split(), *ALL[command]), "The database does not answer")


@pytest.mark.postgres
def test_a_fault_of_ours_keeps_its_trace(app, monkeypatch):
    """A row twice, or a statement that cannot be read, is a bug: whoever looks after the code wants all of it."""

    def breaks(*_, **__):
        base.session.execute(sa.text("select nonsense from"))

    monkeypatch.setattr(audit, "seal_waiting", breaks)
    result = app.test_cli_runner().invoke(args=["audit", "seal"])
    assert isinstance(result.exception, DBAPIError)


@pytest.mark.postgres
def test_postgresql_says_that_it_may_only_be_read(app, monkeypatch):
    def begin_to_read() -> None:
        base.session.connection(execution_options={"postgresql_readonly": True})

    if base.session.get_bind().dialect.name == "sqlite":
        pytest.skip("PRAGMA query_only, above")
    monkeypatch.setattr(base, "begin_write", begin_to_read)
    result = app.test_cli_runner().invoke(args=["users", "employ", *ALL["users employ"]])
    one_sentence(result, "The database cannot be written to.")


@pytest.mark.parametrize(
    ("state", "trouble"),
    [
        ("40P01", DatabaseTrouble.BUSY), ("53100", DatabaseTrouble.FULL), ("57P01", DatabaseTrouble.AWAY),
        ("57P03", DatabaseTrouble.AWAY), ("53300", DatabaseTrouble.AWAY), (None, DatabaseTrouble.AWAY),
        ("25006", DatabaseTrouble.READ_ONLY), ("42P01", DatabaseTrouble.OTHER_TABLES),
        ("58030", DatabaseTrouble.DAMAGED), ("23505", None), ("42601", None),
    ],
)  # fmt: skip
def test_what_postgresql_says_by_its_states(state, trouble):
    class Told(psycopg.OperationalError):
        sqlstate = state

    Told.__module__ = "psycopg.errors"
    assert DatabaseTrouble.of(OperationalError("", {}, Told())) is trouble


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("database is locked", DatabaseTrouble.BUSY), ("database or disk is full", DatabaseTrouble.FULL),
        ("attempt to write a readonly database", DatabaseTrouble.READ_ONLY),
        ("unable to open database file", DatabaseTrouble.AWAY), ("disk I/O error", DatabaseTrouble.DAMAGED),
        ("database disk image is malformed", DatabaseTrouble.DAMAGED),
        ('near "full": syntax error', None), ("UNIQUE constraint failed: user.email", None),
    ],
)  # fmt: skip
def test_what_sqlite_says_by_its_words(text, trouble):
    assert DatabaseTrouble.of(OperationalError("", {}, Exception(text))) is trouble
