"""Putting exports where the finance system finds them, whole or not at all, and the same file as often as one likes."""

import os
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from exchange.files.store import Store
from models.base import DomainError, scope, session, transaction
from models.records.export import Export, ExportDelivery


def deliver(store: Store, directory: Path | None) -> int:
    """Put every export that waits for it into the directory, in the order of its asking; how many. DomainError where
    one cannot be put there: those before it stay there. Without a directory they wait.

    The file is there before it is noted. A process that is killed in between puts the same bytes there again.
    """
    if directory is None:
        return 0
    with scope():
        waiting = [(delivery.id, export) for delivery, export in session.execute(ExportDelivery.waiting())]
    for delivery_id, export in waiting:
        _put(_content(store, export), directory, export)
        with transaction() as own:
            own.get_one(ExportDelivery, delivery_id).is_made()
    return len(waiting)


def highest_in(directory: Path | None) -> int:
    """The highest number of an export that lies in the directory; 0 where there is none. After a database was brought
    back from an earlier day, it tells which numbers are used.
    """
    if directory is None or not directory.is_dir():
        return 0
    stems = (each.stem.removeprefix("portal-") for each in directory.glob("portal-*.zip"))
    return max((int(stem) for stem in stems if stem.isascii() and stem.isdigit()), default=0)


def _content(store: Store, export: Export) -> bytes:
    try:
        content = store.path(export.sha256).read_bytes()
    except OSError as fault:
        why = fault.strerror
        raise DomainError(f"Export {export.number} cannot be read from the store: {why}. Bring it back from the backup")  # noqa: B904
    if sha256(content).hexdigest() != export.sha256:
        raise DomainError(f"Export {export.number} is not what it was in the store. Bring it back from the backup")
    return content


def _put(content: bytes, directory: Path, export: Export) -> None:
    place = directory / export.name
    if place.exists():
        if place.read_bytes() == content:
            return
        raise DomainError(
            f"There is another {export.name} in the directory of exports already. It was not written over: look which "
            "of the two the finance system has taken, and move the other one away"
        )
    try:
        with NamedTemporaryFile(dir=directory, prefix=".new-", delete=False) as file:  # mode 0600
            try:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).replace(place)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as fault:
        raise DomainError(
            f"Export {export.number} cannot be put into the directory of exports: {fault.strerror}"
        ) from None
