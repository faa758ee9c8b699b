"""Settings: from the environment and from `settings.toml` in the instance folder, checked at start.

The environment says where and how this process runs; the file says whose portal it is.
docs/operations.md explains every setting.
"""

import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

MIN_SECRET_LENGTH = 32
KINDS_OF_PROVIDER = (
    "foster_carer",
    "supported_lodgings",
    "fostering_agency",
    "care_home",
    "home_care",
    "direct_payments",
    "shared_lives",
)
BANK_DAYS = ("before", "after")
DAILY = ("feed", "calculate", "verify", "audit_head", "digest", "reminders")
STEPS = ("email_code", "security_code", "authenticator")


class SettingsError(Exception):
    """What is wrong with the settings, in one line for whoever starts the portal."""


class Mode(StrEnum):
    PRODUCTION = "production"
    DEMONSTRATION = "demonstration"


@dataclass(frozen=True)
class Council:
    """Who the portal belongs to, and what it calls itself."""

    name: str = "Demonstration Council"
    service_name: str = "Provider Portal"
    strapline: str = ""
    """The line under the name on the landing page."""
    area: str = "care services"
    """Whose services: "Children's social services"."""
    paid_for: str = "care"
    """What its providers are paid for, as in "Manage your fostering payments online"."""
    team: str = "Payments Team"
    team_email: str = ""
    team_phone: str = ""
    team_hours: str = ""
    website: str = ""
    privacy_contact: str = ""
    """Where to write about personal data; the team's e-mail address if empty."""
    colour: str = "#1d4f91"
    logo: str = ""
    """The address of a picture on this site."""


@dataclass(frozen=True)
class LogIn:
    """The table [log_in] of settings.toml, for models.accounts.account_policy.AccountPolicy."""

    carers: str = "email_code"
    organisations: str = "email_code"
    staff: str = ""
    """Where the file leaves it out: an authenticator app or, in a demonstration, a code by e-mail."""
    security_code_positions: int = 2
    long_passwords: bool = False
    providers_may_grant: tuple[str, ...] = ()
    all_services: bool = True


@dataclass(frozen=True)
class IdentityProvider:
    """The council's own log-in, by OpenID Connect. Off while `issuer` is empty."""

    name: str = "Liquidlogic"
    """What the button says: Log in with Liquidlogic."""
    issuer: str = ""
    client_id: str = ""
    second_step_trusted: bool = False
    """Whether a second factor that it has asked for stands in for the portal's own second step."""
    secret: str = field(default="", repr=False)
    """From the environment (IDENTITY_PROVIDER_SECRET) only."""


@dataclass(frozen=True)
class Limits:
    """The table [limits] of settings.toml: above them two people authorise a payment run, and a feed is not imported
    unless whoever imports it says so. 0 is no limit.
    """

    payment: int = 250_000
    """Pounds that one payment may come to."""
    run: int = 5_000_000
    """Pounds that one run may pay."""
    change: int = 100
    """Per cent by which a run may come to more than the same rows in the payments before, or a feed raise payments."""
    feed: int = 250_000
    """Pounds by which a feed may change payments that have begun, and one to come of each contract."""


@dataclass(frozen=True)
class Schedule:
    """The table [schedule] of settings.toml: when what is done every day, like "06:00" in London; empty: never."""

    feed: str = ""
    feed_directory: str = ""
    calculate: str = ""
    verify: str = ""
    audit_head: str = ""
    audit_head_to: str = ""
    digest: str = ""
    reminders: str = ""
    reminder_days: int = 2


@dataclass(frozen=True)
class Mail:
    host: str = ""
    """Empty: mail stays in the outbox."""
    port: int = 25
    starttls: bool = False
    username: str = ""
    sender: str = "provider-portal@localhost"
    password: str = field(default="", repr=False)
    """From the environment (MAIL_PASSWORD) only."""


@dataclass(frozen=True)
class Settings:
    instance: Path
    mode: Mode
    database_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    vault_keys: tuple[str, ...] = field(repr=False)
    """What seals secrets in the database: the first one seals, each of them opens."""
    council: Council = Council()
    log_in: LogIn = LogIn()
    identity_provider: IdentityProvider = IdentityProvider()
    limits: Limits = Limits()
    schedule: Schedule = Schedule()
    mail: Mail = Mail()
    today: date | None = None
    """Stops the business calendar, for demonstrations and training."""
    bank_day: str = "before"
    """Which working day a bank day becomes that is none, for models.calendar.BankDayRule: before or after."""
    https: bool = True
    """Whether browsers reach the portal by https, here or through a proxy."""
    proxies: int = 0
    """How many proxies in front add X-Forwarded-For and X-Forwarded-Proto."""
    hosts: tuple[str, ...] = ()
    """The host names that are answered; any, if empty, which only a demonstration may be."""

    @property
    def is_demonstration(self) -> bool:
        return self.mode is Mode.DEMONSTRATION


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    instance = Path(environ.get("PORTAL_INSTANCE") or Path(__file__).parent / "instance").absolute()
    mode = _mode(environ.get("PORTAL_MODE") or "production")
    _make_private_folder(instance)
    written = _read(instance / "settings.toml")
    mail = written.pop("mail", {})
    if "password" in mail:
        raise SettingsError("settings.toml: the mail password comes from MAIL_PASSWORD, not from this file")
    if mode is Mode.DEMONSTRATION and mail.get("host"):
        raise SettingsError("settings.toml, [mail]: a demonstration sends no mail. Take host away")
    settings = {
        "council": _table(Council, written.pop("council", {}), "council"),
        "log_in": _log_in(written.pop("log_in", {}), mode),
        "identity_provider": _identity_provider(written.pop("identity_provider", {}), environ, mode),
        "limits": _limits(written.pop("limits", {})),
        "schedule": _schedule(written.pop("schedule", {})),
        "mail": _table(Mail, mail | {"password": environ.get("MAIL_PASSWORD", "")}, "mail"),
        "https": mode is Mode.PRODUCTION,
        **_checked(Settings, written, "settings.toml", allowed=("today", "bank_day", "https", "proxies", "hosts")),
        "instance": instance,
        "mode": mode,
        "database_url": environ.get("DATABASE_URL") or f"sqlite:///{instance / 'portal.sqlite'}",
        "secret_key": _secret("SECRET_KEY", environ, instance, mode),
        "vault_keys": _vault_keys(environ, instance, mode),
    }
    _check_council(settings["council"], mode)
    if settings.get("bank_day", BANK_DAYS[0]) not in BANK_DAYS:
        raise SettingsError(f"settings.toml: bank_day must be one of {', '.join(BANK_DAYS)}")
    if mode is Mode.PRODUCTION and not settings.get("hosts"):
        raise SettingsError("settings.toml: hosts must name the host names of the portal: links in mails have them")
    return Settings(**settings)


def _mode(text: str) -> Mode:
    if text not in tuple(Mode):
        raise SettingsError(f"PORTAL_MODE is {text!r}; it must be production or demonstration")
    return Mode(text)


def _make_private_folder(instance: Path) -> None:
    try:
        instance.mkdir(mode=0o750, parents=True, exist_ok=True)
    except OSError as problem:
        raise SettingsError(f"The instance folder {instance} cannot be made: {problem.strerror}") from None


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise SettingsError(f"{path} cannot be read: {problem}") from None


def _table(kind: type, written: Any, name: str) -> Any:
    return kind(**_checked(kind, written, f"settings.toml, [{name}]"))


def _checked(kind: type, written: Any, where: str, *, allowed: tuple[str, ...] | None = None) -> dict[str, Any]:
    """The values as written; SettingsError where `kind` has no such name, or another type for it."""
    if not isinstance(written, dict):
        raise SettingsError(f"{where}: must be a table")
    types = {each.name: each.type for each in fields(kind) if allowed is None or each.name in allowed}
    checked = {}
    for name, value in written.items():
        if name not in types:
            raise SettingsError(f"{where}: there is no setting {name!r}; there are {', '.join(sorted(types))}")
        checked[name] = _as(types[name], value, f"{where}: {name}")
    return checked


def _as(wanted: Any, value: Any, where: str) -> Any:
    if wanted == tuple[str, ...] and isinstance(value, list) and all(isinstance(each, str) for each in value):
        return tuple(value)
    if wanted == date | None and type(value) is date:
        return value
    if wanted in (str, int, bool) and type(value) is wanted:
        return value
    kinds = {
        str: "text in quotes",
        int: "a whole number",
        bool: "true or false",
        date | None: "a date, like 2019-10-02",
    }
    raise SettingsError(f"{where} must be {kinds.get(wanted, 'a list of texts')}")


def _log_in(written: Any, mode: Mode) -> LogIn:
    usual = "email_code" if mode is Mode.DEMONSTRATION else "authenticator"
    log_in = _table(LogIn, {"staff": usual} | written if isinstance(written, dict) else written, "log_in")
    for name in ("carers", "organisations", "staff"):
        if getattr(log_in, name) not in STEPS:
            raise SettingsError(f"settings.toml, [log_in]: {name} must be one of {', '.join(STEPS)}")
    if mode is Mode.PRODUCTION and log_in.staff != "authenticator":
        raise SettingsError("settings.toml, [log_in]: staff of the council must use an authenticator app")
    unknown = [kind for kind in log_in.providers_may_grant if kind not in KINDS_OF_PROVIDER]
    if unknown:
        raise SettingsError(f"settings.toml, [log_in]: there is no kind of provider {unknown[0]!r}")
    if log_in.security_code_positions not in (2, 3):
        raise SettingsError("settings.toml, [log_in]: security_code_positions must be 2 or 3")
    return log_in


def _limits(written: Any) -> Limits:
    limits = _table(Limits, written, "limits")
    for each in fields(Limits):
        if getattr(limits, each.name) < 0:
            raise SettingsError(f"settings.toml, [limits]: {each.name} must be 0, which is no limit, or more")
    return limits


def _schedule(written: Any) -> Schedule:
    where, schedule = "settings.toml, [schedule]", _table(Schedule, written, "schedule")
    for name in DAILY:
        if not re.fullmatch(r"(([01]\d|2[0-3]):[0-5]\d)?", getattr(schedule, name)):
            raise SettingsError(f'{where}: {name} must be a time of day, like "06:00", or empty')
    if schedule.feed and not schedule.feed_directory:
        raise SettingsError(f"{where}: feed takes a feed_directory, which holds its files")
    if not 1 <= schedule.reminder_days <= 20:
        raise SettingsError(f"{where}: reminder_days must be 1 to 20")
    return schedule


def _identity_provider(written: Any, environ: Mapping[str, str], mode: Mode) -> IdentityProvider:
    where = "settings.toml, [identity_provider]"
    if isinstance(written, dict):
        if "secret" in written:
            raise SettingsError(f"{where}: the secret comes from IDENTITY_PROVIDER_SECRET, not from this file")
        written = written | {"secret": environ.get("IDENTITY_PROVIDER_SECRET", "")}
    provider = _table(IdentityProvider, written, "identity_provider")
    if provider.issuer and not (provider.client_id and provider.secret):
        raise SettingsError(f"{where}: an issuer takes a client_id, and a secret in IDENTITY_PROVIDER_SECRET")
    if mode is Mode.PRODUCTION and provider.issuer and not provider.issuer.startswith("https://"):
        raise SettingsError(f"{where}: issuer must begin with https://")
    return provider


def _secret(name: str, environ: Mapping[str, str], instance: Path, mode: Mode) -> str:
    """From the environment, or from the file of that name in the instance folder."""
    path = instance / name.lower()
    key = environ.get(name, "")
    if not key and path.exists():
        key = path.read_text("utf-8").strip()
    if not key and mode is Mode.DEMONSTRATION:
        key = _made_secret(path)
    if len(key) < MIN_SECRET_LENGTH:
        state = "too short" if key else "missing"
        raise SettingsError(
            f"{name} is {state}: set it, or write at least {MIN_SECRET_LENGTH} random characters to {path}"
        )
    return key


def _vault_keys(environ: Mapping[str, str], instance: Path, mode: Mode) -> tuple[str, ...]:
    """One, or several with spaces between while they are being changed; the newest comes first."""
    keys = tuple(_secret("VAULT_KEY", environ, instance, mode).split())
    if any(len(key) < MIN_SECRET_LENGTH for key in keys):
        raise SettingsError(f"VAULT_KEY holds a key that is too short: each takes {MIN_SECRET_LENGTH} characters")
    return keys


def _made_secret(path: Path) -> str:
    """Make a key for a demonstration. Of two processes that start at the same time, both use the first one's."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(48))
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
    return path.read_text("utf-8").strip()


def _check_council(council: Council, mode: Mode) -> None:
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", council.colour):
        raise SettingsError("settings.toml, [council]: colour must be six hexadecimal digits, like #1d4f91")
    missing = [name for name in ("name", "team_email") if getattr(council, name) in ("", getattr(Council, name))]
    if mode is Mode.PRODUCTION and missing:
        raise SettingsError(f"settings.toml, [council]: {' and '.join(missing)} must be set")
