"""The keys: from the environment or from files of the instance folder, and what makes a good one."""

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from config.tables import Mode

LONG = 32
VARIED = 8
"""So many different characters a key has at least, and so many different steps from one to the next."""
MAKE_ONE = "make one with python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"


def secret(name: str, environ: Mapping[str, str], instance: Path, mode: Mode, wrong: list[str]) -> str:
    """From the environment, or from the file of that name in the instance folder; empty where there is none."""
    path = instance / name.lower()
    key = environ.get(name, "")
    try:
        if not key and path.exists():
            key = path.read_text("utf-8").strip()
        if not key and mode is Mode.DEMONSTRATION:
            key = _made_secret(path)
    except (OSError, UnicodeDecodeError) as problem:
        wrong.append(f"{path} cannot be read: {problem}")
        return ""
    if len(key) < LONG:
        state = "too short" if key else "missing"
        wrong.append(f"{name} is {state}: set it, or write at least {LONG} random characters to {path}")
    elif mode is Mode.PRODUCTION:
        parts = key.split() if name == "VAULT_KEY" else [key]
        wrong += [f"{name} can be guessed, since {why}: {MAKE_ONE}" for each in parts for why in _weak(each)]
    return key


def vault_keys(environ: Mapping[str, str], instance: Path, mode: Mode, wrong: list[str]) -> tuple[str, ...]:
    """One, or several with spaces between while they are being changed; the newest comes first."""
    keys = tuple(secret("VAULT_KEY", environ, instance, mode, wrong).split())
    if len(keys) > 1 and any(len(key) < LONG for key in keys):
        wrong.append(f"VAULT_KEY holds a key that is too short: each takes {LONG} characters")
    if mode is Mode.PRODUCTION and secret("SECRET_KEY", environ, instance, mode, []) in keys:
        wrong.append(
            "SECRET_KEY is a key of VAULT_KEY too, so that who gets one has both. Change SECRET_KEY: " + MAKE_ONE
        )
    return keys


def _weak(key: str) -> Iterator[str]:
    """Why somebody could guess it; random characters of any kind, digits among them, are never told so."""
    if any(key == key[:size] * (len(key) // size) for size in range(1, len(key) // 2 + 1) if len(key) % size == 0):
        yield "it is one piece again and again"
    elif len(set(key)) < VARIED:
        yield f"it has only {len(set(key))} different characters"
    elif len({ord(after) - ord(before) for before, after in pairwise(key)}) < VARIED:
        yield "its characters follow one another in order"


def _made_secret(path: Path) -> str:
    """Make a key for a demonstration. Of two processes that start at the same time, both use the first one's."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(48))
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
    return path.read_text("utf-8").strip()
