"""./portal: which instance, mode and keys a command works with."""

import os
import shutil
import sqlite3
import subprocess

import pytest

FACTS = (
    "from flask import current_app; s = current_app.config['SETTINGS']; "
    "print(s.instance, s.mode.value, s.secret_key, s.database_url)"
)
"""Typed into ./portal shell."""
KEYS = (
    'SECRET_KEY="one key of the portal, only for tests"\n'
    "VAULT_KEY='another-key-of-the-portal-only-for-tests an-older-key-of-the-portal-only-for-tests'\n"
)


@pytest.fixture
def checkout(repository, tmp_path):
    """The code as it would stand elsewhere: links, so that its ./instance is its own."""
    here = tmp_path / "checkout"
    here.mkdir()
    for path in repository.iterdir():
        if path.name not in ("instance", "portal", ".git"):
            (here / path.name).symlink_to(path)
    (here / "portal").write_bytes((repository / "portal").read_bytes())
    (here / "portal").chmod(0o755)
    (here / "app.py").unlink()
    (here / "app.py").write_bytes((repository / "app.py").read_bytes())
    (here / "config").unlink()
    shutil.copytree(repository / "config", here / "config")
    return here


@pytest.fixture
def portal(checkout, tmp_path):
    """`portal("db", "current", PORTAL_MODE="demonstration")`, on a machine without /etc/portal.env."""

    def give(*arguments, cwd=tmp_path, typed="", **environment):
        known = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        return subprocess.run(
            [checkout / "portal", *arguments], cwd=cwd, input=typed, text=True, capture_output=True, check=False,
            env=known | {"PORTAL_ENV": str(tmp_path / "none.env")} | environment,
        )  # fmt: skip

    return give


def facts(portal, **environment):
    done = portal("shell", typed=FACTS, **environment)
    return done.stdout.replace(">>>", "").strip(), done.stderr


def test_it_runs_from_any_folder_and_names_itself(portal):
    done = portal("payments", "--help", PORTAL_MODE="demonstration")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Usage: ./portal payments")


def test_after_make_run_it_is_the_instance_that_was_started(portal, checkout, tmp_path):
    (checkout / "instance").mkdir()
    note = checkout / "instance" / "last-run.env"
    note.write_text(f"PORTAL_INSTANCE={tmp_path / 'own instance'}\nPORTAL_MODE=demonstration\n")
    told, stderr = facts(portal)
    assert f"{tmp_path / 'own instance'} demonstration" in told, stderr


def test_in_production_it_reads_what_the_units_read(portal, checkout, tmp_path):
    (checkout / "instance").mkdir()
    (checkout / "instance" / "last-run.env").write_text("PORTAL_MODE=demonstration\n")
    instance = tmp_path / "var"
    instance.mkdir()
    (instance / "settings.toml").write_text(
        'hosts = ["portal.example"]\n[council]\nname = "B"\nteam_email = "a@b.example"\n'
        '[log_in]\nstaff_domains = ["b.example"]\n'
    )
    env = tmp_path / "portal.env"
    env.write_text(
        f"# a remark\n; another\n\nPORTAL_INSTANCE={instance}\n{KEYS}DATABASE_URL=sqlite:///{instance}/x.sqlite"
    )
    told, stderr = facts(portal, PORTAL_ENV=str(env))
    assert told.endswith(
        f"{instance} production one key of the portal, only for tests sqlite:///{instance}/x.sqlite"
    ), stderr  # fmt: skip


def test_what_the_environment_says_wins_and_an_instance_of_ones_own_mixes_with_nothing(portal, tmp_path):
    env = tmp_path / "portal.env"
    env.write_text("PORTAL_INSTANCE=/var/lib/portal\nDATABASE_URL=sqlite:////tmp/theirs.sqlite\n")
    given = {"PORTAL_ENV": str(env), "PORTAL_INSTANCE": str(tmp_path / "own"), "PORTAL_MODE": "demonstration"}
    told, _ = facts(portal, **given)
    assert f"{tmp_path / 'own'} demonstration" in told
    assert told.endswith(f"sqlite:///{tmp_path / 'own' / 'portal.sqlite'}")


def test_settings_that_nobody_may_read_are_said_and_no_other_instance_is_taken(portal, tmp_path):
    (tmp_path / "portal.env").mkdir()  # what cannot be read as a file, also by root
    (tmp_path / "portal.env").chmod(0o000)
    if os.access(tmp_path / "portal.env", os.R_OK):
        pytest.skip("root reads everything")
    done = portal("verify", PORTAL_ENV=str(tmp_path / "portal.env"))
    assert done.returncode == 3
    assert "sudo -u portal" in done.stderr


def test_the_doctor_works_where_nothing_else_starts(portal, tmp_path):
    instance = tmp_path / "own"
    instance.mkdir(mode=0o700)
    (instance / "settings.toml").write_text(
        "https = false\ntodai = 1\n[log_in]\ncarers = 'sms'\n[schedule]\nfeed = '6'\n"
    )
    done = portal("doctor", PORTAL_INSTANCE=str(instance), SECRET_KEY="k" * 32)
    assert done.returncode == 1
    for words in (
        "https = false",
        "'todai'",
        "carers must be",
        "feed must be a time",
        "SECRET_KEY can be",
        "VAULT_KEY is",
    ):
        assert f"To mend: {'settings.toml' if 'KEY' not in words else ''}" in done.stderr
        assert words in done.stderr
    assert f"There is no database {instance}/portal.sqlite. ./portal db upgrade makes it." in done.stderr
    assert "Traceback" not in done.stderr
    assert not (instance / "portal.sqlite").exists()


def test_production_refuses_a_demonstrations_database_and_the_reverse(portal, tmp_path, _sqlite):  # noqa: PT019
    """And what others could read is for its owner alone afterwards."""
    instance, now = tmp_path / "own", "2026-11-27 00:00:00.000000"
    demonstration = {"PORTAL_INSTANCE": str(instance), "PORTAL_MODE": "demonstration"}
    instance.mkdir()
    with _sqlite.clean() as url:
        shutil.copyfile(url.removeprefix("sqlite:///"), instance / "portal.sqlite")
    (instance / "portal.sqlite").chmod(0o644)
    with sqlite3.connect(instance / "portal.sqlite") as database:
        person = (
            "INSERT INTO user (email, name, folded_name, is_active, created_at) VALUES ('a@b.example', 'A', 'a', 1, ?)"
        )
        database.execute(person, [now])
    refused = portal("verify", **demonstration)
    assert refused.returncode == 3
    assert refused.stderr.startswith("The portal cannot start. The database holds data of which nobody has said that")
    with sqlite3.connect(instance / "portal.sqlite") as database:
        database.execute("INSERT INTO audit_event (at, action, detail) VALUES (?, 'portal.made_up', '{}')", [now])
    (instance / "settings.toml").write_text(
        'hosts = ["portal.example"]\n[council]\nname = "B"\nteam_email = "a@b.example"\n'
        '[log_in]\nstaff_domains = ["b.example"]\n'
    )
    keys = dict(line.split("=", 1) for line in KEYS.replace('"', "").replace("'", "").splitlines())
    refused = portal("verify", PORTAL_INSTANCE=str(instance), **keys)
    assert refused.returncode == 3
    assert "The database is a demonstration's" in refused.stderr
    assert {oct(path.stat().st_mode & 0o777) for path in instance.iterdir() if path.is_file()} == {"0o600"}


def test_nothing_that_stands_in_a_file_is_run(portal, tmp_path):
    """A value is text: no expansion, no command."""
    env = tmp_path / "portal.env"
    env.write_text(
        f"PORTAL_INSTANCE={tmp_path}/$(touch {tmp_path}/pwned)\nX;touch {tmp_path}/pwned=1\n"
        f"A$(touch {tmp_path}/pwned)=1\n"
    )
    portal("verify", PORTAL_ENV=str(env), PORTAL_MODE="demonstration")
    assert not (tmp_path / "pwned").exists()


def test_the_status_of_the_command_is_that_of_the_script(portal, tmp_path):
    done = portal(
        "verify", PORTAL_INSTANCE=str(tmp_path / "own"), PORTAL_MODE="demonstration",
        DATABASE_URL="postgresql+psycopg://portal@127.0.0.1:1/portal",
    )  # fmt: skip
    assert done.returncode == 75
    assert done.stderr.startswith("Error: The database does not answer")


def test_at_the_top_stands_what_the_design_names(repository):
    """design.md, section 2: nothing is added without a decision in docs/decisions."""
    own = {
        ".ci", ".gitignore", ".npmrc", "Makefile", "README.md", "alembic.ini", "app.py", "bench", "blueprints",
        "commands", "config", "deploy", "docs", "exchange", "forms", "migrations", "models",
        "package-lock.json", "package.json", "portal", "pyproject.toml", "requirements-dev.txt",
        "requirements.lock", "requirements.txt", "scripts", "static", "templates", "tests",
    }  # fmt: skip
    tracked = subprocess.run(["git", "ls-files"], cwd=repository, text=True, capture_output=True, check=False)
    if tracked.returncode:
        pytest.skip("no checkout of git")
    assert {path.partition("/")[0] for path in tracked.stdout.splitlines()} - own == set()
