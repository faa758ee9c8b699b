"""What many tests begin with is built once, and copied for the others: rows of an empty SQLite database.

A test asks for it by what it is: `once(("held", "pay"), build)`. Where the database is not empty any more, or is
PostgreSQL's, it is built.
"""

import pickle
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from models.portal import Portal, current_portal
from tests.support import database as databases

T = TypeVar("T")
MOST = 24
"""So many are kept, of some two megabytes each: tests of one state stand together."""


def once(name: Hashable, build: Callable[[], T]) -> T:
    """What `build()` makes and gives back, which can be pickled; with the same rows in the database."""
    portal = current_portal()
    if not _is_empty(portal.engine):
        return build()
    path, key = Path(portal.engine.url.database or ""), (name, _marks(portal))
    if key in _KEPT:
        _KEPT.move_to_end(key)
        content, made = _KEPT[key]
        path.write_bytes(content)
        return pickle.loads(made)
    found = build()
    if (content := _content(portal.engine)) is not None:
        _KEPT[key] = content, pickle.dumps(found)
        while len(_KEPT) > MOST:
            _KEPT.popitem(last=False)
    return found


_KEPT: OrderedDict[Hashable, tuple[bytes, bytes]] = OrderedDict()


def _marks(portal: Portal) -> tuple[Any, ...]:
    """All that a portal says but its database: what is built in one is no other's."""
    values = {each.name: getattr(portal, each.name) for each in fields(portal) if each.name != "engine"}
    return tuple(id(value) if name == "vault" else repr(value) for name, value in values.items())


def _is_empty(engine: sa.Engine) -> bool:
    return engine.dialect.name == "sqlite" and (_content(engine) or b"") in databases.EMPTY


def _content(engine: sa.Engine) -> bytes | None:
    """The whole of an SQLite database, which nobody is connected to any more; None where somebody is."""
    if engine.pool.checkedout():
        return None
    engine.dispose()
    path = Path(engine.url.database or "")
    if any(each.stat().st_size for each in path.parent.glob(f"{path.name}-wal")):
        return None
    return path.read_bytes()
