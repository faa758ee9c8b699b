"""`./portal doctor`: each thing that is wrong, with its cure, also where nothing else starts."""

import socket
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from config import Council, Files, Mail, Mode
from models.accounts.second_step import set_security_code
from models.audit import AuditEvent
from models.auditing.made_up import say_made_up
from models.auditing.proxies import Proxies, keep
from models.base import connect, utc_now
from models.job import Job, JobKind
from models.permissions import CouncilRole
from models.portal import current_portal
from tests.factories import make_staff, make_user
from tests.support.rows import saved, unit_of_work
from tests.support.seals import make_key

LETTERS = Council(name="Borsetshire Council", team_email="a@b.example")


@pytest.fixture
def doctor(make_app, database, tmp_path):
    """`doctor(proxies=1)`: the command in a production with these settings, on this test's database."""
    tmp_path.chmod(0o700)

    def ask(engine=None, **changed):
        given = {"mode": Mode.PRODUCTION, "instance": tmp_path, "https": True, "today": None, "council": LETTERS}
        url = database.url.render_as_string(hide_password=False)
        app = make_app(**given | {"database_url": url, **changed})
        own = current_portal().engine if engine is None else engine
        app.extensions["portal"] = replace(app.extensions["portal"], engine=own)
        return app.test_cli_runner().invoke(args=["doctor"], env={"PORTAL_ENV": str(tmp_path / "none.env")})

    return ask


@pytest.fixture(autouse=True)
def somebody(request, database):
    make_staff(CouncilRole.SYSTEMS_ADMINISTRATOR)


def said(result):
    return [line for line in result.stderr.splitlines() if "disk" not in line and "free" not in line]


@pytest.mark.postgres
def test_a_portal_that_is_well_has_one_warning_until_it_sends_mail(doctor):
    result = doctor()
    assert said(result) == ["Warning: Mail stays in the outbox, codes too. Name the mail server: host under [mail]."]
    assert result.exit_code == 0
    assert result.stdout.endswith("0 to mend, 1 warning.\n")


def late_event():
    saved(AuditEvent(action="user.logged_in", at=utc_now() + timedelta(hours=2)))


def unsealed_event():
    saved(AuditEvent(action="user.logged_in", at=utc_now() - timedelta(minutes=11)))


def job_that_waits():
    saved(Job(kind=JobKind.CALCULATE, created_at=utc_now() - timedelta(hours=2)))


def silent_job():
    long_ago = utc_now() - timedelta(hours=2)
    saved(Job(kind=JobKind.CALCULATE, state="running", worker="w", started_at=long_ago, heartbeat_at=long_ago))


def kept(what, *given):
    def keep_it():
        with unit_of_work():
            what(*given)

    return keep_it


INSIDE = [
    (late_event, "To mend: The clock of this machine is behind: the audit has an event of"),
    (unsealed_event, "To mend: The audit has not been sealed for ten minutes, so the worker does not run."),
    (job_that_waits, "Warning: 1 job waiting for more than an hour."),
    (silent_job, "To mend: 1 job without a sign of life from the worker."),
    (kept(say_made_up), "To mend: The database is a demonstration's: its people log in with passwords"),
    (kept(keep, Proxies(0, 1)), "To mend: Requests come through a proxy, and settings.toml says proxies = 0"),
]


@pytest.mark.postgres
@pytest.mark.parametrize(("spoil", "words"), INSIDE, ids=[words[:60] for _, words in INSIDE])
def test_what_is_wrong_inside_the_database_is_said(doctor, spoil, words):
    spoil()
    result = doctor()
    assert [line for line in said(result) if line.startswith(words)], result.stderr
    assert result.exit_code == (1 if words.startswith("To mend") else 0)


@pytest.mark.parametrize("stated", [1, 2])
def test_proxies_that_were_corrected_since_are_no_trouble(doctor, stated):
    kept(keep, Proxies(0, 1))()
    assert doctor(proxies=stated).exit_code == 0


def test_secrets_that_no_key_opens_are_counted(doctor):
    user = make_user()
    with unit_of_work():
        set_security_code(user, "397152")
    assert doctor().exit_code == 0
    result = doctor(vault_keys=("another key, of which nothing was sealed",))
    assert "To mend: 1 of 1 sealed secret cannot be opened with VAULT_KEY" in result.stderr
    assert "behind the new one, with a space between" in result.stderr


def test_a_database_of_another_revision_is_said(doctor, database):
    with database.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    result = doctor()
    assert "To mend: The database is at revision 0001, and the code at 0" in result.stderr
    assert "./portal db upgrade." in result.stderr


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql+psycopg://portal@127.0.0.1:1/portal", "The database does not answer, or cannot be opened."),
        ("sqlite:////nowhere/at/all.sqlite", "There is no database /nowhere/at/all.sqlite. ./portal db upgrade makes"),
    ],
)
def test_a_database_that_is_away_hides_nothing_else(doctor, tmp_path, url, words):
    (tmp_path / "settings.toml").touch(0o644)
    (tmp_path / "settings.toml").chmod(0o644)
    result = doctor(database_url=url, engine=connect(url))
    assert words in result.stderr
    assert f"To mend: Others may read {tmp_path / 'settings.toml'}. chmod 600" in result.stderr
    assert result.exit_code == 1


def test_little_room_is_a_warning_and_none_is_to_be_mended(doctor, monkeypatch):
    for free, word in ((5_000_000, "To mend"), (500_000_000, "Warning")):
        monkeypatch.setattr("shutil.disk_usage", lambda _, free=free: type("Disk", (), {"free": free}))
        assert f"{word}: {free // 1024**2} MB are free" in doctor().stderr


def test_the_mail_server_is_asked_and_nothing_is_sent(doctor):
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        port = deaf.getsockname()[1]
    result = doctor(mail=Mail(host="127.0.0.1", port=port))
    assert f"The mail server 127.0.0.1:{port} does not let the portal in: ConnectionRefusedError." in result.stderr
    assert result.exit_code == 1


def test_a_demonstration_is_looked_at_by_its_own_measure(doctor, tmp_path):
    result = doctor(mode=Mode.DEMONSTRATION)
    assert "The database holds data of which nobody has said that they are made up" in result.stderr
    kept(say_made_up)()
    tmp_path.chmod(0o755)
    result = doctor(mode=Mode.DEMONSTRATION)
    assert said(result) == [f"Warning: Others may enter {tmp_path}. chmod 700 {tmp_path}."]
    assert result.exit_code == 0


def test_a_feed_that_is_read_from_nowhere_is_said(doctor, settings):
    schedule = replace(settings.schedule, feed="06:00", feed_directory="/nowhere")
    assert "There is no directory /nowhere, from which [schedule] reads the feed" in doctor(schedule=schedule).stderr


SEALS = [
    ({"begins": -10, "days": 9}, "of wax", "To mend: {}, which seals receipts, is of no use: its certificate has"),
    ({}, "another", "To mend: {}, which seals receipts, is of no use: it is no PKCS#12 file, or SEAL_PASSWORD"),
    ({"days": 29}, "of wax", "Warning: The certificate of {} expires on"),
    ({}, "of wax", ""),
]  # fmt: skip


@pytest.mark.parametrize(("made", "password", "words"), SEALS)
def test_a_key_that_seals_nothing_is_said_and_one_that_ends_soon_is_a_warning(doctor, tmp_path, made, password, words):
    path = tmp_path / "seal.p12"
    make_key(path, **made)
    result = doctor(files=Files(seal="seal.p12", seal_password=password))
    about = [line for line in said(result) if "seal.p12" in line]
    assert [line.startswith(words.format(path)) for line in about] == [True] * bool(words)
    assert result.exit_code == (1 if words.startswith("To mend") else 0)
