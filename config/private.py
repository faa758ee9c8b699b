"""Files that nobody else may read: 0600, in folders of 0700, whoever makes them under whatever umask.

What is ours is set right at start. What is not ours to change (another owner, or a folder that is others' too) is said.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from config.tables import Mode, Settings

OTHERS = 0o077
OURS = ("settings.toml", "secret_key", "vault_key", "portal.sqlite", "audit-heads.txt")
"""Files by which an instance folder is known as one: a folder without any of them, but not empty, is left as it is."""


def begin() -> None:
    """Let this process make no file that others may read."""
    os.umask(OTHERS)


def make_folder(instance: Path, wrong: list[str]) -> None:
    """The instance folder, which nobody else may enter, and everything of ours in it."""
    try:
        instance.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = list(instance.iterdir())
        if not found or any(each.name in OURS for each in found):
            _shut(instance)
            for each in found:
                _shut(each)
    except OSError as problem:
        wrong.append(f"The instance folder {instance} cannot be made, or opened: {problem.strerror}")


def _shut(path: Path) -> None:
    """Take from others what they may do with it, if it is ours. Symbolic links are others' business."""
    known = path.lstat()
    is_ours = known.st_uid == os.geteuid() and (stat.S_ISREG(known.st_mode) or stat.S_ISDIR(known.st_mode))
    if is_ours and not known.st_mode & stat.S_ISVTX and known.st_mode & OTHERS:
        path.chmod(stat.S_IMODE(known.st_mode) & ~OTHERS)


def database_file(settings: Settings) -> Path | None:
    """The file of SQLite; None of PostgreSQL, and of a database in memory."""
    _, found, path = settings.database_url.partition("sqlite:///")
    return Path(path).absolute() if found and path and not path.startswith(":") else None


def folders(settings: Settings) -> list[Path]:
    """Those that hold what others may not read."""
    file = database_file(settings)
    return list(dict.fromkeys([settings.instance, *([file.parent] if file else [])]))


def wrong_with(settings: Settings) -> Iterator[str]:
    """In production, each folder of ours that others may enter."""
    if settings.mode is Mode.PRODUCTION:
        for folder in folders(settings):
            if is_open(folder):
                yield f"Others may enter {folder}, where the portal keeps its data: chmod 700 {folder}"


def is_open(path: Path) -> bool:
    """Whether anybody but its owner may do anything with it. What is not there is not open."""
    try:
        return bool(path.stat().st_mode & OTHERS)
    except OSError:
        return False


def open_files(settings: Settings) -> list[Path]:
    """Files of ours that others may read, in the folders that we keep."""
    file = database_file(settings)
    beside = [Path(f"{file}{end}") for end in ("", "-wal", "-shm", "-journal")] if file else []
    try:
        inside = [each for each in settings.instance.iterdir() if not each.is_symlink()]
    except OSError:
        inside = []
    return sorted({each for each in (*beside, *inside) if is_open(each)})
