"""Settings are checked at start, and what is wrong is said in one line."""

import os
import stat
import subprocess
import sys
from dataclasses import fields
from datetime import date, time

import pytest

from app import portal_of
from config import BANK_DAYS, DAILY, KINDS_OF_PROVIDER, STEPS, Mode, SettingsError, load
from models import daily_work
from models.accounts.account_policy import Step
from models.calendar import BankDayRule
from models.job import JobKind
from models.records.provider import ProviderKind

KEY = "k" * 32
KEYS = {"SECRET_KEY": KEY, "VAULT_KEY": "v" * 32}
PASSWORDS = {"MAIL_PASSWORD": "letters", "IDENTITY_PROVIDER_SECRET": "between the two"}
WHOLE = """
today = 2019-10-02
https = false
hosts = ["portal.example"]
[council]
name = "Borsetshire Council"
team_email = "finance@borsetshire.example"
colour = "#00664f"
[mail]
host = "mail.example"
port = 587
starttls = true
"""


@pytest.fixture
def instance(tmp_path):
    return tmp_path / "instance"


def loaded(instance, text=None, **environ):
    if text is not None:
        instance.mkdir(exist_ok=True)
        (instance / "settings.toml").write_text(text, "utf-8")
    return load({"PORTAL_INSTANCE": str(instance), **environ})


def test_a_demonstration_needs_no_settings_at_all(instance):
    settings = loaded(instance, PORTAL_MODE="demonstration")
    assert settings.is_demonstration
    assert settings.database_url == f"sqlite:///{instance}/portal.sqlite"
    assert not settings.https
    assert len(settings.secret_key) >= 32


def test_a_demonstration_makes_a_key_once_that_only_its_owner_can_read(instance):
    first = loaded(instance, PORTAL_MODE="demonstration")
    second = loaded(instance, PORTAL_MODE="demonstration")
    assert first.secret_key == second.secret_key
    assert stat.S_IMODE((instance / "secret_key").stat().st_mode) == 0o600
    assert stat.S_IMODE((instance / "vault_key").stat().st_mode) == 0o600
    assert sorted(path.name for path in instance.iterdir()) == ["secret_key", "vault_key"]
    assert first.vault_keys == second.vault_keys != (first.secret_key,)


def test_the_file_is_read_whole(instance):
    settings = loaded(instance, WHOLE, **KEYS, MAIL_PASSWORD="letters")
    assert settings.mode is Mode.PRODUCTION
    assert settings.today == date(2019, 10, 2)
    assert settings.hosts == ("portal.example",)
    assert settings.council.colour == "#00664f"
    assert (settings.mail.host, settings.mail.port, settings.mail.starttls) == ("mail.example", 587, True)
    assert settings.mail.password == "letters"


def test_production_is_https_unless_told_otherwise(instance):
    assert loaded(instance, WHOLE.replace("https = false\n", ""), **KEYS).https


@pytest.mark.parametrize(("text", "rule"), [("", "before"), ("bank_day = 'after'\n", "after")])
def test_the_bank_day_is_the_working_day_before_unless_the_file_says_after(instance, text, rule):
    assert portal_of(loaded(instance, text + WHOLE, **KEYS)).bank_day == rule
    assert {each.value for each in BankDayRule} == set(BANK_DAYS)


def test_printing_the_settings_shows_no_secret(instance):
    url = "postgresql://portal:hidden@db/portal"
    settings = loaded(instance, WHOLE, **KEYS, MAIL_PASSWORD="hidden-too", DATABASE_URL=url)
    assert not [key for key in KEYS.values() if key in repr(settings)]
    assert "hidden" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "environ", "words"),
    [
        (WHOLE, {"PORTAL_MODE": "demonstration"}, "a demonstration sends no mail. Take host away"),
        (WHOLE, {}, "SECRET_KEY is missing"),
        (WHOLE, {"SECRET_KEY": "short"}, "SECRET_KEY is too short"),
        (WHOLE, {"SECRET_KEY": KEY}, "VAULT_KEY is missing"),
        (WHOLE, KEYS | {"VAULT_KEY": f"{'v' * 32} short"}, "VAULT_KEY holds a key that is too short"),
        ("[log_in]\nstaff = 'email_code'", KEYS, "staff of the council must use an authenticator app"),
        ("[log_in]\ncarers = 'sms'", KEYS, "carers must be one of email_code, security_code, authenticator"),
        ("[log_in]\nsecurity_code_positions = 6", KEYS, "must be 2 or 3"),
        ("[log_in]\nproviders_may_grant = ['school']", KEYS, "there is no kind of provider 'school'"),
        ("log_in = 'x'", KEYS, "must be a table"),
        ("[limits]\nrun = -1", KEYS, "run must be 0, which is no limit, or more"),
        ("[limits]\nrun = 1.5", KEYS, "run must be a whole number"),
        (WHOLE.replace('hosts = ["portal.example"]', ""), KEYS, "hosts must name the host names of the portal"),
        ("[identity_provider]\nissuer = 'https://id.example'", KEYS, "an issuer takes a client_id, and a secret"),
        ("[identity_provider]\nsecret = 'x'", KEYS, "comes from IDENTITY_PROVIDER_SECRET"),
        (
            "[identity_provider]\nissuer = 'http://id.example'\nclient_id = 'portal'",
            KEYS | PASSWORDS,
            "must begin with https://",
        ),
        (None, KEYS, "name and team_email must be set"),
        (WHOLE, KEYS | {"PORTAL_MODE": "test"}, "PORTAL_MODE is 'test'"),
        ("today = [", {}, "cannot be read"),
        ("todai = 2019-10-02", {}, "there is no setting 'todai'"),
        ("secret_key = 'x'", {}, "there is no setting 'secret_key'"),
        ("today = '2019-10-02'", {}, "today must be a date"),
        ("today = 2019-10-02T00:00:00", {}, "today must be a date"),
        (f"bank_day = 'nearest'\n{WHOLE}", KEYS, "bank_day must be one of before, after"),
        ("bank_day = 1", {}, "bank_day must be text"),
        ("https = 1", {}, "https must be true or false"),
        ("proxies = true", {}, "proxies must be a whole number"),
        ("hosts = 'portal.example'", {}, "hosts must be a list of texts"),
        ("council = 'x'", {}, "must be a table"),
        ("[council]\nname = 7", {}, "name must be text"),
        ("[council]\ntitle = 'x'", {}, "there is no setting 'title'"),
        (WHOLE.replace("#00664f", "green"), KEYS, "six hexadecimal digits"),
        ("[schedule]\nverify = '6:00'", KEYS, 'verify must be a time of day, like "06:00", or empty'),
        ("[schedule]\nverify = '24:00'", KEYS, "verify must be a time of day"),
        ("[schedule]\nfeed = '06:00'", KEYS, "feed takes a feed_directory"),
        ("[schedule]\nreminder_days = 0", KEYS, "reminder_days must be 1 to 20"),
        ("[mail]\npassword = 'x'", {}, "comes from MAIL_PASSWORD"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(instance, text, environ, words):
    with pytest.raises(SettingsError) as problem:
        loaded(instance, text, **environ)
    assert words in str(problem.value)
    assert "\n" not in str(problem.value)


def test_a_portal_that_cannot_start_says_why_and_leaves_no_trace_of_python(instance, repository):
    environ = {"PATH": os.environ["PATH"], "PORTAL_INSTANCE": str(instance)}
    command = [sys.executable, "-m", "flask", "--app", "app", "db", "current"]
    done = subprocess.run(command, cwd=repository, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith("The portal cannot start. SECRET_KEY is missing")


def test_the_operations_guide_names_every_setting_and_its_example_is_right(instance, repository):
    guide = (repository / "docs" / "operations.md").read_text("utf-8")
    example = guide.partition("```toml\n")[2].partition("```")[0]
    settings = loaded(instance, example, **KEYS, **PASSWORDS)
    for table in (settings.council, settings.log_in, settings.identity_provider, settings.mail, settings.schedule):
        for field in fields(table):
            assert f"\n{field.name} = " in example or field.name in ("password", "secret"), field.name
    for name in ("PORTAL_MODE", "PORTAL_INSTANCE", "DATABASE_URL", *KEYS, *PASSWORDS, "today = "):
        assert name in guide


def test_the_second_steps_are_the_councils_choice(instance):
    written = "\n[log_in]\ncarers = 'security_code'\nsecurity_code_positions = 3\nproviders_may_grant = ['care_home']"
    log_in = loaded(instance, WHOLE + written, **KEYS).log_in
    assert (log_in.carers, log_in.organisations, log_in.staff) == ("security_code", "email_code", "authenticator")
    assert (log_in.security_code_positions, log_in.providers_may_grant) == (3, ("care_home",))


def test_the_times_of_daily_work_are_those_of_its_kinds(instance):
    settings = loaded(instance, WHOLE + "\n[schedule]\nverify = '06:30'\ndigest = ''", **KEYS)
    assert portal_of(settings).timetable.times == {JobKind.VERIFY: time(6, 30)}
    assert list(DAILY) == [kind.value for kind in daily_work.DAILY]


def test_a_demonstration_asks_its_staff_for_no_app(instance):
    assert loaded(instance, PORTAL_MODE="demonstration").log_in.staff == "email_code"


def test_the_words_of_the_settings_are_those_of_the_domain():
    assert set(STEPS) == set(Step)
    assert set(KINDS_OF_PROVIDER) == set(ProviderKind)
