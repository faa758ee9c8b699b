"""The settings, table by table of settings.toml, and what stands where it leaves something out; docs/operations.md
explains each.
"""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path


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
    finance_system: str = "ContrOCC"
    """What its people call the finance system, in which they keep contracts and care packages."""
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
    security_code_positions: int = 3
    long_passwords: bool = False
    providers_may_grant: tuple[str, ...] = ()
    all_services: bool = True
    staff_domains: tuple[str, ...] = ()
    """The domains of the staff's e-mail addresses; empty, which only a demonstration may be: any."""
    days_before_authorising: int = 3
    """Days after a role was given on the pages in which nobody authorises a payment run alone."""


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
    unless whoever imports it says so; above the last one an alarm is raised. 0 is no limit.
    """

    payment: int = 250_000
    """Pounds that one payment may come to."""
    run: int = 5_000_000
    """Pounds that one run may pay."""
    change: int = 100
    """Per cent by which a run may come to more than the same rows in the payments before, or a feed raise payments."""
    feed: int = 250_000
    """Pounds by which a feed may change payments that have begun, and one to come of each contract."""
    clients_an_hour: int = 100
    """Clients whose records one person may open one by one within an hour, before an alarm is raised."""


@dataclass(frozen=True)
class Schedule:
    """The table [schedule] of settings.toml: when what is done every day, like "06:00" in London; empty: never."""

    feed: str = ""
    feed_directory: str = ""
    feed_made_up: bool = False
    """That the files in feed_directory are made up: a demonstration takes no others."""
    calculate: str = ""
    verify: str = ""
    audit_head: str = ""
    audit_head_to: str = ""
    digest: str = ""
    reminders: str = ""
    reminder_days: int = 2
    chase_days: int = 5
    export: str = ""
    export_directory: str = ""
    answer_days: int = 3


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
class Files:
    """The table [files] of settings.toml: what people attach, and the seal on what they agree."""

    scanner: str = ""
    """Where clamd listens: the path of its socket, or host:port. Empty: nothing is scanned."""
    seal: str = ""
    """The file, in the instance folder or by its whole path, with the key that seals receipts (PKCS#12). Empty: none
    is sealed.
    """
    seal_password: str = field(default="", repr=False)
    """From the environment (SEAL_PASSWORD) only."""
    per_claim_item: int = 1
    """Files that one item of a claim may have."""


class Mode(StrEnum):
    PRODUCTION = "production"
    DEMONSTRATION = "demonstration"


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
    files: Files = Files()
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
