"""Settings are checked at start, and what is wrong is said in one line."""

import os
import re
import secrets
import stat
import subprocess
import sys
from dataclasses import fields
from datetime import date, time

import pytest

from app import portal_of
from config import BANK_DAYS, DAILY, FROM_THE_ENVIRONMENT, KINDS_OF_PROVIDER, STEPS, Mode, SettingsError, examine, load
from models import daily_work
from models.accounts.account_policy import Step
from models.calendar import BankDayRule
from models.job import JobKind
from models.records.provider import ProviderKind

KEY = "vK3x9QpLr7WmZt2Yb8NcD5fGh1JsAe4U"
OTHER = "Tq6Rw1Ey8Uz3Io5Pa7Sd2Fg9Hj4Kl0Xc"
KEYS = {"SECRET_KEY": KEY, "VAULT_KEY": OTHER}
PASSWORDS = {"MAIL_PASSWORD": "letters", "IDENTITY_PROVIDER_SECRET": "between the two", "SEAL_PASSWORD": "of wax"}
WHOLE = """
hosts = ["portal.example"]
[council]
name = "Borsetshire Council"
team_email = "finance@borsetshire.example"
colour = "#00664f"
[log_in]
staff_domains = ["borsetshire.example"]
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
    assert settings.hosts == ("portal.example",)
    assert settings.council.colour == "#00664f"
    assert (settings.mail.host, settings.mail.port, settings.mail.starttls) == ("mail.example", 587, True)
    assert settings.mail.password == "letters"


def test_production_is_https_and_a_demonstration_may_stand_at_a_day(instance):
    assert loaded(instance, WHOLE, **KEYS).https
    assert loaded(instance, "today = 2019-10-02", PORTAL_MODE="demonstration").today == date(2019, 10, 2)


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
        (WHOLE, KEYS | {"VAULT_KEY": f"{OTHER} short"}, "VAULT_KEY holds a key that is too short"),
        ("[log_in]\nstaff = 'email_code'", KEYS, "staff of the council must use an authenticator app"),
        ("[log_in]\ncarers = 'sms'", KEYS, "carers must be one of email_code, security_code, authenticator"),
        ("[log_in]\nsecurity_code_positions = 6", KEYS, "must be 2 or 3"),
        ("[log_in]\nproviders_may_grant = ['school']", KEYS, "there is no kind of provider 'school'"),
        ("log_in = 'x'", KEYS, "must be a table"),
        (WHOLE.replace("staff_domains", "# "), KEYS, "staff_domains must name the domains of your staff's e-mail"),
        ("[log_in]\nstaff_domains = ['@borsetshire.example']", KEYS, "'@borsetshire.example' is no domain like"),
        ("[log_in]\ndays_before_authorising = -1", KEYS, "days_before_authorising must be 0 or more"),
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
        ("[schedule]\nchase_days = 0", KEYS, "chase_days must be 1 to 60"),
        ("[schedule]\nchase_days = 61", KEYS, "chase_days must be 1 to 60"),
        ("[schedule]\nanswer_days = 0", KEYS, "answer_days must be 1 to 60"),
        ("[schedule]\nanswer_days = 61", KEYS, "answer_days must be 1 to 60"),
        ("[schedule]\nexport = '7pm'", KEYS, "export must be a time of day"),
        ("[mail]\npassword = 'x'", {}, "comes from MAIL_PASSWORD"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(instance, text, environ, words):
    with pytest.raises(SettingsError) as problem:
        loaded(instance, text, **environ)
    _, wrong = examine({"PORTAL_INSTANCE": str(instance), **environ})
    assert [each for each in wrong if words in each]
    assert "\n" not in str(problem.value)
    assert str(problem.value).startswith(wrong[0])


CARELESS = [
    ("https = false\n", {}, "https = false would send passwords and clients' names in the open. Take it away"),
    ("today = 2019-10-02\n", {}, "today stops the calendar, and people would be paid by it. Take it away"),
    ("proxies = -1\n", {}, "proxies must be how many there are in front"),
    ("", {"VAULT_KEY": KEY}, "SECRET_KEY is a key of VAULT_KEY too"),
    ("", {"VAULT_KEY": f"{OTHER} {KEY}"}, "SECRET_KEY is a key of VAULT_KEY too"),
    ("", {"SECRET_KEY": "k" * 32}, "SECRET_KEY can be guessed, since it is one piece again and again"),
    ("", {"VAULT_KEY": "v" * 33}, "VAULT_KEY can be guessed, since it is one piece again and again"),
    ("", {"VAULT_KEY": f"{OTHER} {'v' * 32}"}, "VAULT_KEY can be guessed"),
    ("", {"SECRET_KEY": "correct-horse" * 3}, "it is one piece again and again"),
    ("", {"SECRET_KEY": "aaaaaaaabbbbbbbbccccccccddddddde"}, "it has only 5 different characters"),
    ("", {"SECRET_KEY": "abcdefghijklmnopqrstuvwxyz012345"}, "its characters follow one another in order"),
]
"""What is added to settings that are right, and what is said of it."""


@pytest.mark.parametrize(("text", "environ", "words"), CARELESS)
def test_production_refuses_what_is_careless_and_says_the_cure(instance, text, environ, words):
    with pytest.raises(SettingsError, match=re.escape(words)) as problem:
        loaded(instance, text + WHOLE, **KEYS | environ)
    assert "There is more" not in str(problem.value)


@pytest.mark.parametrize("host", ["mail.example", "localhost"])
@pytest.mark.parametrize("account", [{}, {"username": "portal"}, {"MAIL_PASSWORD": "letters"}])
@pytest.mark.parametrize("is_encrypted", [True, False])
def test_a_mail_password_goes_to_no_other_machine_without_tls(instance, host, account, is_encrypted):
    text = WHOLE.replace("mail.example", host).replace("starttls = true", f"starttls = {str(is_encrypted).lower()}")
    if "username" in account:
        text += 'username = "portal"\n'
    _, wrong = examine_of(instance, text, **KEYS, **{name: each for name, each in account.items() if name.isupper()})
    refused = host == "mail.example" and bool(account) and not is_encrypted
    assert [each for each in wrong if "would be sent in the open. Say starttls = true" in each] == wrong
    assert bool(wrong) is refused


def examine_of(instance, text, **environ):
    instance.mkdir(mode=0o700, exist_ok=True)
    (instance / "settings.toml").write_text(text, "utf-8")
    return examine({"PORTAL_INSTANCE": str(instance), **environ})


@pytest.mark.parametrize("make", [lambda: secrets.token_urlsafe(48), lambda: secrets.token_hex(16),
                                  lambda: "".join(secrets.choice("0123456789") for _ in range(40))])  # fmt: skip
def test_keys_that_were_made_as_they_should_be_are_taken(instance, make):
    for _ in range(20):
        loaded(instance, WHOLE, SECRET_KEY=make(), VAULT_KEY=f"{make()} {make()}")


def test_everything_that_is_wrong_is_said_at_once(instance):
    text = (
        "https = false\ntodai = 1\ntomorrow = 2\nproxies = 'x'\n[council]\ncolour = 'green'\n[log_in]\ncarers = 'sms'"
    )
    settings, wrong = examine_of(instance, text, SECRET_KEY="k" * 32)
    said = "\n".join(wrong)
    for words in ("https", "'todai'", "'tomorrow'", "proxies", "colour", "carers", "hosts", "SECRET_KEY", "VAULT_KEY"):
        assert words in said
    assert "name and team_email must be set" in said
    assert (settings.proxies, settings.council.colour) == (0, "green")
    with pytest.raises(SettingsError, match=rf"There is more \({len(wrong) - 1}\): ./portal doctor says all of it"):
        load({"PORTAL_INSTANCE": str(instance), "SECRET_KEY": "k" * 32})


def test_a_demonstration_imports_made_up_data_only(instance):
    text = "[schedule]\nfeed_directory = '/srv/feed'\n"
    with pytest.raises(SettingsError, match="takes made-up data only"):
        loaded(instance, text, PORTAL_MODE="demonstration")
    assert loaded(instance, f"{text}feed_made_up = true", PORTAL_MODE="demonstration").schedule.feed_made_up


@pytest.mark.parametrize("umask", [0o022, 0o000])
def test_what_others_may_read_is_shut_at_start(instance, umask):
    before = os.umask(umask)
    try:
        instance.mkdir()
        for name in ("portal.sqlite", "portal.sqlite-wal", "settings.toml", "secret_key"):
            (instance / name).write_text(KEY if name == "secret_key" else "")
        (instance / "demonstration-feed").mkdir()
        (instance / "elsewhere").symlink_to("/etc/hostname")
        loaded(instance, PORTAL_MODE="demonstration")
    finally:
        os.umask(before)
    modes = {each.name: stat.S_IMODE(each.lstat().st_mode) for each in instance.iterdir() if not each.is_symlink()}
    assert set(modes.values()) == {0o600, 0o700}
    assert modes["demonstration-feed"] == 0o700
    assert stat.S_IMODE(instance.stat().st_mode) == 0o700
    assert stat.S_IMODE(os.stat("/etc/hostname").st_mode) & 0o044


def test_a_folder_that_is_no_instance_is_left_as_it_is_and_production_refuses_it(tmp_path):
    tmp_path.chmod(0o755)
    (tmp_path / "somebody's").mkdir(mode=0o755)
    _, wrong = examine({"PORTAL_INSTANCE": str(tmp_path), **KEYS})
    assert f"Others may enter {tmp_path}, where the portal keeps its data: chmod 700 {tmp_path}" in wrong
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_production_refuses_a_database_in_a_folder_that_others_may_enter(instance, tmp_path):
    tmp_path.chmod(0o750)
    with pytest.raises(SettingsError, match=f"Others may enter {tmp_path}"):
        loaded(instance, WHOLE, **KEYS, DATABASE_URL=f"sqlite:///{tmp_path}/portal.sqlite")
    assert loaded(instance, WHOLE, **KEYS, DATABASE_URL="postgresql+psycopg://portal@/portal")


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
    assert (settings.files.seal, settings.files.seal_password) == ("seal.p12", "of wax")
    for table in (settings.council, settings.log_in, settings.identity_provider, settings.mail, settings.schedule,
                  settings.files):  # fmt: skip
        for field in fields(table):
            assert f"\n{field.name} = " in example or field.name in FROM_THE_ENVIRONMENT, field.name
    for name in ("PORTAL_MODE", "PORTAL_INSTANCE", "DATABASE_URL", *KEYS, *PASSWORDS, "today = "):
        assert name in guide


def test_the_second_steps_are_the_councils_choice(instance):
    written = "[log_in]\ncarers = 'security_code'\nsecurity_code_positions = 3\nproviders_may_grant = ['care_home']"
    log_in = loaded(instance, WHOLE.replace("[log_in]", written), **KEYS).log_in
    assert (log_in.carers, log_in.organisations, log_in.staff) == ("security_code", "email_code", "authenticator")
    assert (log_in.security_code_positions, log_in.providers_may_grant) == (3, ("care_home",))


def test_the_times_of_daily_work_are_those_of_its_kinds(instance):
    settings = loaded(instance, WHOLE + "\n[schedule]\nverify = '06:30'\ndigest = ''", **KEYS)
    assert portal_of(settings).timetable.times == {JobKind.VERIFY: time(6, 30)}
    assert list(DAILY) == [kind.value for kind in daily_work.DAILY]


def test_a_demonstration_asks_its_staff_for_no_app(instance):
    assert loaded(instance, PORTAL_MODE="demonstration").log_in.staff == "email_code"


def test_the_words_of_the_settings_are_those_of_the_domain():
    assert set(STEPS) == set(Step) - {Step.PASSKEY}  # which people choose, and nobody has to have
    assert set(KINDS_OF_PROVIDER) == set(ProviderKind)
