"""The rules that settings must keep beyond their types. What breaks one is a sentence, which says what to do."""

import re
from collections.abc import Iterator
from dataclasses import fields

from config.tables import Council, Limits, Mode, Settings

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
DAILY = ("feed", "calculate", "export", "verify", "audit_head", "digest", "reminders")
STEPS = ("email_code", "security_code", "authenticator")
HERE = ("localhost", "127.0.0.1", "::1", "[::1]")
"""Names of this machine, which only it can reach."""


def wrong_with(settings: Settings) -> Iterator[str]:
    """All that is wrong with the settings, in the order of docs/operations.md."""
    yield from _top(settings)
    for table, rules in (
        ("council", _council), ("log_in", _log_in), ("identity_provider", _identity_provider), ("limits", _limits),
        ("schedule", _schedule), ("mail", _mail), ("files", _files),
    ):  # fmt: skip
        yield from (f"settings.toml, [{table}]: {each}" for each in rules(settings))


def _top(settings: Settings) -> Iterator[str]:
    if settings.bank_day not in BANK_DAYS:
        yield f"settings.toml: bank_day must be one of {', '.join(BANK_DAYS)}"
    if settings.proxies < 0:
        yield "settings.toml: proxies must be how many there are in front, 0 or more"
    if settings.mode is Mode.DEMONSTRATION:
        return
    if not settings.hosts:
        yield "settings.toml: hosts must name the host names of the portal: links in mails have them"
    if not settings.https:
        yield (
            "settings.toml: https = false would send passwords and clients' names in the open. Take it away, and put"
            " nginx in front (docs/operations.md, In front)"
        )
    if settings.today:
        yield (
            "settings.toml: today stops the calendar, and people would be paid by it. Take it away, or train in a"
            " demonstration (PORTAL_MODE=demonstration)"
        )


def _council(settings: Settings) -> Iterator[str]:
    council = settings.council
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", council.colour):
        yield "colour must be six hexadecimal digits, like #1d4f91"
    missing = [name for name in ("name", "team_email") if getattr(council, name) in ("", getattr(Council, name))]
    if settings.mode is Mode.PRODUCTION and missing:
        yield f"{' and '.join(missing)} must be set"


def _log_in(settings: Settings) -> Iterator[str]:
    log_in = settings.log_in
    for name in ("carers", "organisations", "staff"):
        if getattr(log_in, name) not in STEPS:
            yield f"{name} must be one of {', '.join(STEPS)}"
    for kind in log_in.providers_may_grant:
        if kind not in KINDS_OF_PROVIDER:
            yield f"there is no kind of provider {kind!r}"
    if log_in.security_code_positions not in (2, 3):
        yield "security_code_positions must be 2 or 3"
    yield from _staff(settings)


def _staff(settings: Settings) -> Iterator[str]:
    log_in = settings.log_in
    if settings.mode is Mode.PRODUCTION and log_in.staff != "authenticator":
        yield "staff of the council must use an authenticator app or a passkey: staff = 'authenticator'"
    if settings.mode is Mode.PRODUCTION and not log_in.staff_domains:
        yield 'staff_domains must name the domains of your staff\'s e-mail addresses, like ["borsetshire.example"]'
    for domain in log_in.staff_domains:
        if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", domain):
            yield f"staff_domains: {domain!r} is no domain like borsetshire.example"
    if log_in.days_before_authorising < 0:
        yield "days_before_authorising must be 0 or more"


def _identity_provider(settings: Settings) -> Iterator[str]:
    provider = settings.identity_provider
    if provider.issuer and not (provider.client_id and provider.secret):
        yield "an issuer takes a client_id, and a secret in IDENTITY_PROVIDER_SECRET"
    if settings.mode is Mode.PRODUCTION and provider.issuer and not provider.issuer.startswith("https://"):
        yield "issuer must begin with https://"


def _limits(settings: Settings) -> Iterator[str]:
    for each in fields(Limits):
        if getattr(settings.limits, each.name) < 0:
            yield f"{each.name} must be 0, which is no limit, or more"


def _schedule(settings: Settings) -> Iterator[str]:
    schedule = settings.schedule
    for name in DAILY:
        if not re.fullmatch(r"(([01]\d|2[0-3]):[0-5]\d)?", getattr(schedule, name)):
            yield f'{name} must be a time of day, like "06:00", or empty'
    if schedule.feed and not schedule.feed_directory:
        yield "feed takes a feed_directory, which holds its files"
    if settings.is_demonstration and schedule.feed_directory and not schedule.feed_made_up:
        yield (
            "a demonstration shows codes and passwords to anybody who can open it, and takes made-up data only. Say"
            " feed_made_up = true where that is what the files in feed_directory are, or take feed_directory away"
        )
    if not 1 <= schedule.reminder_days <= 20:
        yield "reminder_days must be 1 to 20"
    if not 1 <= schedule.chase_days <= 60:
        yield "chase_days must be 1 to 60"
    if not 1 <= schedule.answer_days <= 60:
        yield "answer_days must be 1 to 60"


def _mail(settings: Settings) -> Iterator[str]:
    mail = settings.mail
    if settings.is_demonstration and mail.host:
        yield "a demonstration sends no mail. Take host away"
    if mail.host and mail.host not in HERE and (mail.username or mail.password) and not mail.starttls:
        yield (
            "the mail server's password would be sent in the open. Say starttls = true, or take username and"
            " MAIL_PASSWORD away"
        )


def _files(settings: Settings) -> Iterator[str]:
    if not 1 <= settings.files.per_claim_item <= 20:
        yield "per_claim_item must be from 1 to 20: how many files an item of a claim may have"
    if not re.fullmatch(r"(/.+|[^/\s]+:\d{1,5})?", settings.files.scanner):
        yield "scanner must be the path of clamd's socket, like /run/clamav/clamd.ctl, or host:port, or empty"
