"""Where what is in files lies: outside the web root, each under the SHA-256 of what is in it, readable by the portal's
own account only. The same file twice is kept once.

A file is on the disk before the row that names it is written. What no row names after a day is removed.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO

UPLOADS = "uploads"
"""The folder in the instance folder."""
UNCLAIMED_FOR = 24 * 60 * 60.0
"""Seconds for which a file is kept that no record has."""
FREE = 1_000_000_000
"""Bytes that stay free on the disk: the database needs room as well."""
_CHUNK = 1 << 16


class Store:
    """The files in one folder, which is made when the first one comes."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, digest: str) -> Path:
        """Where the file with this hash lies, if it does. ValueError for what is no hash."""
        if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
            raise ValueError("this is no SHA-256")
        return self._root / digest[:2] / digest

    def has(self, digest: str) -> bool:
        return self.path(digest).is_file()

    def has_room(self) -> bool:
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        return shutil.disk_usage(self._root).free > FREE

    def put(self, source: BinaryIO) -> tuple[str, int]:
        """Keep what the source holds from where it stands; its hash and how many bytes it has. OSError where the
        disk is full. It is on the disk when this returns.
        """
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        digest, size = sha256(), 0
        with NamedTemporaryFile(dir=self._root, prefix="new-", delete=False) as file:  # mode 0600
            try:
                while chunk := source.read(_CHUNK):
                    digest.update(chunk)
                    size += file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
                place = self.path(digest.hexdigest())
                place.parent.mkdir(mode=0o700, exist_ok=True)
                with self._locked():
                    Path(file.name).replace(place)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
        for folder in (place.parent, self._root):
            _sync(folder)
        return digest.hexdigest(), size

    def remove(self, digest: str) -> None:
        self.path(digest).unlink(missing_ok=True)

    def remove_unclaimed(self, is_claimed: Callable[[str], bool]) -> int:
        """Remove what came more than UNCLAIMED_FOR ago and is claimed by no record; how many files."""
        count = 0
        for path in list(self._old()):
            if path.name.startswith("new-") or not is_claimed(path.name):
                with self._locked():
                    if path.exists() and _is_old(path):
                        path.unlink()
                        count += 1
        return count

    def _old(self) -> Iterator[Path]:
        if self._root.is_dir():
            yield from (path for path in self._root.glob("new-*") if _is_old(path))
            yield from (path for path in self._root.glob("??/*") if _is_old(path))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One process at a time puts a file into its place or removes one: else a file that comes again just when its
        old copy is removed would go with it.
        """
        with (self._root / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _is_old(path: Path) -> bool:
    return path.stat().st_mtime < time.time() - UNCLAIMED_FOR


def _sync(folder: Path) -> None:
    """Have the disk know the folder's new name as well."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
