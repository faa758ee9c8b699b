"""Records in columns, by key: what many rows of a feed, or of the database, are kept in.

A record is put together only when it is asked for. Of a hundred thousand rows this takes a tenth of the memory that as
many dictionaries do, and leaves the garbage collector nothing to look through.
"""

import json
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from exchange.feed.shape import Key, Values

T = TypeVar("T")


class Table:
    """Records of some attributes, each at its position: 0 is the first that was added."""

    def __init__(self, names: Sequence[str] = ()) -> None:
        self.names = tuple(names)
        self.positions: dict[Key, int] = {}
        self.columns: list[list[Any]] = [[] for _ in self.names]

    def add(self, key: Key, cells: Iterable[Any]) -> None:
        """Add a record whose key no other has: its values in the order of `names`."""
        self.positions[key] = len(self.positions)
        for column, value in zip(self.columns, cells, strict=True):
            column.append(value)

    def take_back(self) -> None:
        """Forget the record that was added last."""
        self.positions.popitem()
        for column in self.columns:
            column.pop()

    def values(self, position: int) -> Values:
        return dict(zip(self.names, [column[position] for column in self.columns], strict=False))

    def column(self, name: str) -> list[Any]:
        return self.columns[self.names.index(name)]

    def picked(self, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """The key of every record, and its values of these names."""
        return zip(self.positions, *map(self.column, names), strict=True)


class Cells:
    """The raw cells of the rows of a file, by their numbers; packed, as only faults and warnings show them."""

    BLOCK = 512

    def __init__(self) -> None:
        self._open: list[tuple[int, list[str]]] = []
        self._firsts = array("q")
        self._blocks: list[bytes] = []
        self._at = -1
        self._unpacked: dict[int, list[str]] = {}
        """The rows of the block `_at`, which was looked into last."""

    def add(self, number: int, cells: list[str]) -> None:
        self._open.append((number, cells))
        if len(self._open) == self.BLOCK:
            self._firsts.append(self._open[0][0])
            self._blocks.append(zlib.compress(json.dumps(self._open).encode(), 1))
            self._open = []

    def of(self, number: int) -> list[str]:
        at = bisect_right(self._firsts, number) - 1
        if self._open and number >= self._open[0][0]:
            return next(cells for each, cells in self._open if each == number)
        if at != self._at:
            self._at, self._unpacked = at, dict(json.loads(zlib.decompress(self._blocks[at])))
        return self._unpacked[number]

    def __iter__(self) -> Iterator[list[str]]:
        for block in self._blocks:
            yield from (cells for _, cells in json.loads(zlib.decompress(block)))
        yield from (cells for _, cells in self._open)


class Several(Generic[T]):
    """Things that are made anew whenever they are gone through: so many keys are kept, and nothing else."""

    def __init__(self, keys: list[Key], make: Callable[[Key], T]) -> None:
        self.keys, self._make = keys, make

    def __len__(self) -> int:
        return len(self.keys)

    def __iter__(self) -> Iterator[T]:
        return map(self._make, self.keys)


class _Many(list[Key]):
    """The keys of a group that has more than one."""


class Groups:
    """Keys of records by what they share. Most groups have one key, which costs no list."""

    def __init__(self) -> None:
        self._keys: dict[Any, Key] = {}

    def add(self, shared: Any, key: Key) -> None:
        found = self._keys.setdefault(shared, key)
        if found is key:
            return
        if isinstance(found, _Many):
            found.append(key)
        else:
            self._keys[shared] = _Many((found, key))

    def of(self, shared: Any) -> Sequence[Key]:
        found = self._keys.get(shared)
        if found is None:
            return ()
        return found if isinstance(found, _Many) else (found,)

    def __contains__(self, shared: Any) -> bool:
        return shared in self._keys

    def __iter__(self) -> Iterator[Any]:
        return iter(self._keys)

    def of_many(self) -> Iterator[Sequence[Key]]:
        """The groups that have more than one key."""
        return (found for found in self._keys.values() if isinstance(found, _Many))
