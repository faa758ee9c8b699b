"""Writes what is new and what has changed, in bulk, a file's records at a time."""

from array import array
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from sqlalchemy import insert, select, update

from exchange.feed.schema import FILES
from exchange.feed.shape import File, Key, Values
from exchange.feed.sheets import Row, Sheet, Track
from exchange.feed.table import Several
from exchange.feed.world import World
from models.base import session
from models.tenancy import ProviderOwned

CHUNK = 1_000
"""Records that are written at once."""
T = TypeVar("T")


class Changes:
    """What is to be done for one file."""

    def __init__(self, sheet: Sheet, world: World) -> None:
        self.file, self._sheet, self._world = sheet.file, sheet, world
        self.new: Several[tuple[Row, Values]] = Several([], self._row)
        self.changed: Several[tuple[Row, Values, int]] = Several([], self._changed)
        """Row, values as they will be, and the record's id."""

    def __bool__(self) -> bool:
        return bool(self.new or self.changed)

    def fresh(self) -> Iterator[tuple[Row, Values]]:
        """What is new, then what has changed: rows, and values as they will be."""
        yield from self.new
        yield from map(self._row, self.changed.keys)

    def _row(self, key: Key) -> tuple[Row, Values]:
        row = self._sheet.by_key[key]
        return row, self._world.merged_row(self._sheet, row, key)

    def _changed(self, key: Key) -> tuple[Row, Values, int]:
        return (*self._row(key), self._world.stored[self.file.name][key].id)


def compare(sheet: Sheet, world: World) -> Changes:
    """Sort the rows that have no fault into new and changed; unchanged ones are in neither."""
    changes, stored = Changes(sheet, world), world.stored[sheet.file.name]
    for key, position in sheet.table.positions.items():
        marked = sheet.marked.get(sheet.numbers[position])
        if marked is not None and marked.is_rejected:
            continue
        before = stored.get(key)
        if before is None:
            changes.new.keys.append(key)
        elif before.values != world.merged_row(sheet, sheet.at(position), key):
            changes.changed.keys.append(key)
    return changes


class Writer:
    """Writes into the open transaction. `feed_import_id` is None for a rehearsal."""

    def __init__(self, world: World, feed_import_id: int | None) -> None:
        self.feed_import_id, self._world = feed_import_id, world
        self.targets = {target for file in FILES for target in file.links.values()}
        self._ids = {name: _Ids(sheet) for name, sheet in world.sheets.items() if name in self.targets}

    def write(self, changes: Iterable[Changes], track: Track) -> None:
        for each in track([each for each in changes if each], "Writing"):
            file = each.file
            for some in _chunks(each.new):
                new = [self._new(file, row, values) for row, values in some]
                session.execute(insert(file.entity.__table__), file.completed(new) if file.completed else new)
            if each.new and file.name in self.targets:
                self._learn_ids(file)
            for some in _chunks(each.changed):
                changed = [self._columns(file, row, values) | {"id": id} for row, values, id in some]
                session.execute(update(file.entity), changed)

    def _new(self, file: File, row: Row, values: Values) -> Values:
        columns = self._columns(file, row, values)
        if file.owner:
            id, provider_id = self._of(file.links[file.owner], values[file.owner])
            columns["provider_id"] = id if file.owner == "provider_id" else provider_id
        return columns

    def _columns(self, file: File, row: Row, values: Values) -> Values:
        columns = values | {"feed_import_id": self.feed_import_id, "feed_row": row.number}
        for name, target in file.links.items():
            if columns[name] is not None:
                columns[name] = self._of(target, columns[name])[0]
        return columns

    def _of(self, name: str, key: Key) -> tuple[int, int | None]:
        """The id of what is referred to, and its provider's where there is one."""
        if name in self._ids and (new := self._ids[name].get(key)):
            return new
        stored = self._world.stored[name][key]
        return stored.id, stored.provider_id

    def _learn_ids(self, file: File) -> None:
        entity = file.entity
        owner = entity.provider_id if issubclass(entity, ProviderOwned) else entity.id
        query = select(entity.reference, entity.id, owner.label("owner")).where(
            entity.feed_import_id == self.feed_import_id
        )
        for reference, id, provider_id in session.execute(query.execution_options(yield_per=CHUNK)):
            self._ids[file.name].learn(reference, id, provider_id)


class _Ids:
    """Ids of the records that a sheet has brought, and their providers', by the position of their rows."""

    def __init__(self, sheet: Sheet) -> None:
        self._positions = sheet.table.positions
        self._ids, self._owners = array("q", bytes(8 * len(sheet.numbers))), array("q", bytes(8 * len(sheet.numbers)))

    def learn(self, key: Key, id: int, owner: int) -> None:
        if (position := self._positions.get(key)) is not None:
            self._ids[position], self._owners[position] = id, owner

    def get(self, key: Key) -> tuple[int, int] | None:
        position = self._positions.get(key)
        return (self._ids[position], self._owners[position]) if position is not None and self._ids[position] else None


def _chunks(things: Iterable[T]) -> Iterator[list[T]]:
    them = iter(things)
    while some := list(islice(them, CHUNK)):
        yield some
