"""What many tests begin with is built once a process, and copied for the others: rows of a database that is as new.

A test asks for it by what it is: `once(("held", "pay"), build)`. Where something stands in the database already, it is
built.
"""

import pickle
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import fields
from datetime import datetime, timedelta
from functools import wraps
from itertools import count
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar

import sqlalchemy as sa

from models.base import utc_now
from models.portal import Portal, current_portal
from tests.support import database as databases

P = ParamSpec("P")
T = TypeVar("T")
MOST = 24
"""So many are kept, of some two megabytes each: tests of one state stand together."""
LASTS = timedelta(minutes=5)
"""So long a copy is used after it was built: its sessions and codes are young yet."""


class Copy(Protocol):
    def put_back(self, engine: sa.Engine) -> None:
        """Into this database, which is as new."""

    def forget(self) -> None: ...


def once(name: Hashable, build: Callable[[], T]) -> T:
    """What `build()` makes and gives back, which can be pickled; with the same rows in the database."""
    portal = current_portal()
    kind = _KINDS[portal.engine.dialect.name]
    if not kind.is_as_new(portal.engine):
        return build()
    key = kind, name, _marks(portal)
    if key in _KEPT:
        _KEPT.move_to_end(key)
        copy, made, built_at = _KEPT[key]
        if timedelta() <= utc_now() - built_at < LASTS:
            copy.put_back(portal.engine)
            return pickle.loads(made)
        _KEPT.pop(key)[0].forget()
    now, found = utc_now(), build()
    if (copy := kind.of(portal.engine)) is not None:
        _KEPT[key] = copy, pickle.dumps(found), now
        while len(_KEPT) > MOST:
            _, (oldest, *_) = _KEPT.popitem(last=False)
            oldest.forget()
    return found


def built_once(build: Callable[P, T]) -> Callable[P, T]:
    """For a function whose arguments say by their `repr` what they are."""

    @wraps(build)
    def from_copy(*given: P.args, **named: P.kwargs) -> T:
        name = (build.__module__, build.__qualname__, repr(given), repr(named))
        return once(name, lambda: build(*given, **named))

    return from_copy


_KEPT: OrderedDict[Hashable, tuple[Copy, bytes, datetime]] = OrderedDict()


def _marks(portal: Portal) -> tuple[Any, ...]:
    """All that a portal says but its database: what is built in one is no other's."""
    values = {each.name: getattr(portal, each.name) for each in fields(portal) if each.name != "engine"}
    return tuple(id(value) if name == "vault" else repr(value) for name, value in values.items())


class _File:
    """The bytes of an SQLite database."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    @classmethod
    def of(cls, engine: sa.Engine) -> "_File | None":
        """None where somebody is connected."""
        content = _content(engine)
        return None if content is None else cls(content)

    @staticmethod
    def is_as_new(engine: sa.Engine) -> bool:
        return (_content(engine) or b"") in databases.EMPTY

    def put_back(self, engine: sa.Engine) -> None:
        Path(engine.url.database or "").write_bytes(self._content)

    def forget(self) -> None:
        pass


class _Schema:
    """The rows of a PostgreSQL database, in a schema beside it."""

    _numbers = count(1)

    def __init__(self, cluster: databases.PostgresDatabases) -> None:
        self._cluster = cluster
        self._name = f"kept_{next(self._numbers)}"
        self._script = cluster.keep(self._name)

    @classmethod
    def of(cls, engine: sa.Engine) -> "_Schema | None":
        """None where somebody is connected."""
        return None if _is_in_use(engine) else cls(databases.CLUSTERS[engine.url])

    @staticmethod
    def is_as_new(engine: sa.Engine) -> bool:
        cluster = databases.CLUSTERS.get(engine.url)
        return cluster is not None and not _is_in_use(engine) and cluster.is_as_new()

    def put_back(self, _engine: sa.Engine) -> None:
        self._cluster.run(self._script)

    def forget(self) -> None:
        self._cluster.run(f"DROP SCHEMA {self._name} CASCADE")


_KINDS: dict[str, Any] = {"sqlite": _File, "postgresql": _Schema}


def _is_in_use(engine: sa.Engine) -> bool:
    return bool(engine.pool.checkedout())  # type: ignore[attr-defined]  # a QueuePool's


def _content(engine: sa.Engine) -> bytes | None:
    """The whole of an SQLite database, which nobody is connected to any more; None where somebody is."""
    if _is_in_use(engine):
        return None
    engine.dispose()
    path = Path(engine.url.database or "")
    if any(each.stat().st_size for each in path.parent.glob(f"{path.name}-wal")):
        return None
    return path.read_bytes()
