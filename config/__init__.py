"""Settings: from the environment and from `settings.toml` in the instance folder, checked at start.

The environment says where and how this process runs; the file says whose portal it is.
docs/operations.md explains every setting. The rules that they must keep are in config/checks.py and config/keys.py.
"""

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

from config import checks, keys, private
from config.checks import BANK_DAYS, DAILY, KINDS_OF_PROVIDER, STEPS
from config.tables import Council, Files, IdentityProvider, Limits, LogIn, Mail, Mode, Schedule, Settings

__all__ = (
    "BANK_DAYS", "DAILY", "KINDS_OF_PROVIDER", "STEPS",
    "Council", "Files", "IdentityProvider", "Limits", "LogIn", "Mail", "Mode", "Schedule", "Settings",
    "SettingsError", "examine", "load",
)  # fmt: skip
AT_THE_TOP = ("today", "bank_day", "https", "proxies", "hosts")
TABLES = {
    "council": Council,
    "log_in": LogIn,
    "identity_provider": IdentityProvider,
    "limits": Limits,
    "schedule": Schedule,
    "mail": Mail,
    "files": Files,
}


class SettingsError(Exception):
    """What is wrong with the settings, in one line for whoever starts the portal."""


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings, by which a portal may start; SettingsError where it may not."""
    settings, wrong = examine(environ)
    if wrong:
        more = f" There is more ({len(wrong) - 1}): ./portal doctor says all of it." if wrong[1:] else ""
        raise SettingsError(f"{wrong[0]}.{more}" if more else wrong[0])
    return settings


def examine(environ: Mapping[str, str] = os.environ) -> tuple[Settings, list[str]]:
    """The settings as far as they can be read, and all that is wrong with them: sentences without a full stop, each of
    which says what to do. What cannot be read stands as if it were left out.
    """
    wrong: list[str] = []
    instance = Path(environ.get("PORTAL_INSTANCE") or Path(__file__).parents[1] / "instance").absolute()
    mode = _mode(environ.get("PORTAL_MODE") or "production", wrong)
    private.make_folder(instance, wrong)
    written = _read(instance / "settings.toml", wrong)
    usual = "email_code" if mode is Mode.DEMONSTRATION else "authenticator"
    given = {
        "log_in": {"staff": usual},
        "identity_provider": {"secret": environ.get("IDENTITY_PROVIDER_SECRET", "")},
        "mail": {"password": environ.get("MAIL_PASSWORD", "")},
        "files": {"seal_password": environ.get("SEAL_PASSWORD", "")},
    }
    tables = {
        name: _table(kind, written.pop(name, {}), name, given.get(name, {}), wrong) for name, kind in TABLES.items()
    }
    settings = Settings(
        **tables,
        **{
            "https": mode is Mode.PRODUCTION,
            **_checked(Settings, written, "settings.toml", wrong, allowed=AT_THE_TOP),
        },
        instance=instance,
        mode=mode,
        database_url=environ.get("DATABASE_URL") or f"sqlite:///{instance / 'portal.sqlite'}",
        secret_key=keys.secret("SECRET_KEY", environ, instance, mode, wrong),
        vault_keys=keys.vault_keys(environ, instance, mode, wrong),
    )
    wrong += checks.wrong_with(settings)
    wrong += private.wrong_with(settings)
    return settings, wrong


def _mode(text: str, wrong: list[str]) -> Mode:
    if text not in tuple(Mode):
        wrong.append(f"PORTAL_MODE is {text!r}; it must be production or demonstration")
        return Mode.PRODUCTION
    return Mode(text)


def _read(path: Path, wrong: list[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        pass
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        wrong.append(f"{path} cannot be read: {problem}")
    return {}


FROM_THE_ENVIRONMENT = {
    "password": "MAIL_PASSWORD", "secret": "IDENTITY_PROVIDER_SECRET", "seal_password": "SEAL_PASSWORD",
}  # fmt: skip


def _table(kind: Callable[..., Any], written: Any, name: str, given: dict[str, Any], wrong: list[str]) -> Any:
    """A table of the file, over what is `given` beside it."""
    where = f"settings.toml, [{name}]"
    if isinstance(written, dict):
        for secret in [each for each in written if each in given and each in FROM_THE_ENVIRONMENT]:
            del written[secret]
            wrong.append(f"{where}: the {secret} comes from {FROM_THE_ENVIRONMENT[secret]}, not from this file")
    return kind(**given | _checked(kind, written, where, wrong))


def _checked(
    kind: Any, written: Any, where: str, wrong: list[str], *, allowed: tuple[str, ...] | None = None
) -> dict[str, Any]:
    """The values as written, without those for which `kind` has no such name, or another type."""
    if not isinstance(written, dict):
        wrong.append(f"{where}: must be a table")
        return {}
    types = {each.name: each.type for each in fields(kind) if allowed is None or each.name in allowed}
    for secret in FROM_THE_ENVIRONMENT:
        types.pop(secret, None)
    checked = {}
    for name, value in written.items():
        if name not in types:
            wrong.append(f"{where}: there is no setting {name!r}; there are {', '.join(sorted(types))}")
        elif (problem := _is_of(types[name], value)) is not None:
            wrong.append(f"{where}: {name} must be {problem}")
        else:
            checked[name] = tuple(value) if isinstance(value, list) else value
    return checked


def _is_of(wanted: Any, value: Any) -> str | None:
    """None where the value is of that type, or what it must be."""
    if wanted == tuple[str, ...] and isinstance(value, list) and all(isinstance(each, str) for each in value):
        return None
    if wanted == date | None and type(value) is date:
        return None
    if wanted in (str, int, bool) and type(value) is wanted:
        return None
    kinds = {
        str: "text in quotes",
        int: "a whole number",
        bool: "true or false",
        date | None: "a date, like 2019-10-02",
    }
    return kinds.get(wanted, "a list of texts")
