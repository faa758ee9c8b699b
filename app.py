"""The web application: `create_app()` puts the parts together, and does nothing else."""

import hmac
import sys
from dataclasses import replace
from datetime import time
from pathlib import Path
from secrets import token_urlsafe
from typing import NoReturn

from flask import Flask
from flask_compress import Compress
from flask_wtf import CSRFProtect
from sqlalchemy.exc import DBAPIError
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

import commands
import config
from blueprints import (
    access,
    admin,
    attachments,
    auth,
    cells,
    demo,
    door,
    errors,
    filters,
    frame,
    kept_forms,
    lookups,
    pages,
    presses,
    provider,
    public,
    reading,
    security,
    templating,
    transactions,
)
from blueprints.session_store import DatabaseSessions
from commands.batchwise.sealing import HEADS
from config import private
from models.accounts import account_policy
from models.auditing import made_up
from models.base import connect, scope
from models.calendar import BankDayRule
from models.daily_work import DAILY, Timetable
from models.payments.limits import MoneyLimits
from models.portal import Portal
from models.records.provider import ProviderKind
from models.vault import vault_of

STATIC = Path(__file__).parent / "static" / "dist"


def create_app(settings: config.Settings | None = None) -> Flask:
    if settings is None:
        settings = _settings_or_exit()
        _check_database(settings)
    app = Flask(__name__, static_folder=None, instance_path=str(settings.instance))
    app.config.from_mapping(_flask_settings(settings))
    app.session_interface = DatabaseSessions()
    app.extensions["portal"] = portal_of(settings)

    templating.init_app(app)
    Compress(app)
    lookups.init_app(app)
    filters.init_app(app)
    cells.init_app(app)
    pages.init_app(app)  # before what adds to its requests
    door.init_app(app, settings)
    security.init_app(app)
    attachments.init_app(app)  # before the form of a request is read
    csrf = CSRFProtect(app)
    for view in (auth.log_in.log_in, auth.forgotten.forgotten):  # forms.auth.StrangersForm checks, and draws it again
        csrf.exempt(view)
    transactions.init_app(app)
    reading.init_app(app)  # sees the last answer, and writes with its act
    access.init_app(app)
    kept_forms.init_app(app)
    presses.init_app(app)  # after the gate, and after what writes before the act
    frame.init_app(app, settings)
    errors.init_app(app)
    auth.identity.init_app(app, settings.identity_provider)
    for blueprint in (public.bp, auth.bp, provider.bp, admin.bp, *([demo.bp] if settings.is_demonstration else [])):
        app.register_blueprint(blueprint)
    commands.init_app(app)
    _wrap(app, settings)
    return app


def create_doctor() -> Flask:
    """An app with no pages, for `./portal doctor`, which has to work where no other may start."""
    private.begin()
    settings, wrong = config.examine()
    app = Flask(__name__, static_folder=None, instance_path=str(settings.instance))
    app.config.from_mapping(SETTINGS=settings, WRONG=wrong)
    try:
        app.extensions["portal"] = portal_of(settings)
    except ValueError:  # of tables that are wrong
        sound = replace(
            settings, log_in=config.LogIn(staff="authenticator"), schedule=config.Schedule(),
            bank_day=config.BANK_DAYS[0], vault_keys=settings.vault_keys or (token_urlsafe(48),),
        )  # fmt: skip
        app.extensions["portal"] = portal_of(sound)
    transactions.open_scopes(app)
    commands.init_app(app)
    return app


def portal_of(settings: config.Settings) -> Portal:
    return Portal(
        engine=connect(settings.database_url),
        today=settings.today,
        policy=_account_policy(settings),
        money_limits=_money_limits(settings.limits),
        bank_day=BankDayRule(settings.bank_day),
        timetable=_timetable(settings),
        vault=vault_of(settings.vault_keys),
        hash_key=hmac.digest(settings.secret_key.encode(), b"log-in codes", "sha256"),
        council=settings.council.name,
        address=f"{'https' if settings.https else 'http'}://{settings.hosts[0]}" if settings.hosts else "",
    )


def _money_limits(written: config.Limits) -> MoneyLimits:
    return MoneyLimits(written.payment * 100, written.run * 100, written.change, written.feed * 100)


def _account_policy(settings: config.Settings) -> account_policy.AccountPolicy:
    written, step = settings.log_in, account_policy.Step
    return account_policy.AccountPolicy(
        carers=step(written.carers),
        organisations=step(written.organisations),
        staff=step(written.staff),
        security_code_positions=written.security_code_positions,
        long_passwords=written.long_passwords,
        may_grant=frozenset(map(ProviderKind, written.providers_may_grant)),
        all_services=written.all_services,
        clients_an_hour=settings.limits.clients_an_hour,
        alarm_to=settings.council.team_email,
        staff_domains=written.staff_domains,
        days_before_authorising=written.days_before_authorising,
    )


def _timetable(settings: config.Settings) -> Timetable:
    written = settings.schedule
    return Timetable(
        times={kind: time.fromisoformat(text) for kind in DAILY if (text := getattr(written, kind.value))},
        feed=settings.instance / written.feed_directory if written.feed_directory else None,
        heads=settings.instance / HEADS,
        head_to=written.audit_head_to,
        team=settings.council.team_email,
        remind_days=written.reminder_days,
        chase_days=written.chase_days,
        exports=settings.instance / written.export_directory if written.export_directory else None,
        answer_days=written.answer_days,
    )


def _settings_or_exit() -> config.Settings:
    private.begin()
    try:
        return config.load()
    except config.SettingsError as problem:
        _exit(str(problem))


def _check_database(settings: config.Settings) -> None:
    """End where the database is another mode's. One that does not answer, or has no tables yet, says so later."""
    engine = connect(settings.database_url)
    try:
        with scope(replace(portal_of(settings), engine=engine)):
            problem = made_up.why_not_here(settings.is_demonstration)
    except DBAPIError:
        problem = ""
    finally:
        engine.dispose()
    if problem:
        _exit(problem)


def _exit(problem: str) -> NoReturn:
    print(f"The portal cannot start. {problem}", file=sys.stderr)  # noqa: T201
    sys.exit(3)  # what tells gunicorn not to try again


def _flask_settings(settings: config.Settings) -> dict[str, object]:
    return {
        "SETTINGS": settings,
        "SECRET_KEY": settings.secret_key,
        "SESSION_COOKIE_NAME": "__Host-session" if settings.https else "session",
        "SESSION_COOKIE_SECURE": settings.https,
        "DEVICE_COOKIE_NAME": "__Host-device" if settings.https else "device",
        "TRUSTED_HOSTS": list(settings.hosts) or None,
        "MAX_CONTENT_LENGTH": 12 * 1024 * 1024,
        "PREFERRED_URL_SCHEME": "https" if settings.https else "http",
        "WTF_CSRF_TIME_LIMIT": None,  # a form may stay open for as long as the session
        "COMPRESS_ALGORITHM": ["br", "gzip"],
        "COMPRESS_BR_LEVEL": 4,
        "COMPRESS_MIN_SIZE": 500,
    }


def _wrap(app: Flask, settings: config.Settings) -> None:
    """Wrap the application: serve built files, and take the client's address from the proxies in front."""
    if STATIC.is_dir():
        app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]  # Flask says to wrap it so
            app.wsgi_app,
            root=STATIC,
            prefix="static/",
            immutable_file_test=r"\.[0-9a-f]{8,}\.",
            allow_all_origins=False,
            add_headers_function=security.static_headers,
        )
    if settings.proxies:
        proxied = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies)
        app.wsgi_app = proxied  # type: ignore[method-assign]  # as before
