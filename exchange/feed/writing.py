"""Writes what is new and what has changed, in bulk, a file's records at a time."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert, select, update

from exchange.feed.schema import FILES
from exchange.feed.shape import File, Key
from exchange.feed.sheets import Row, Sheet, Track
from exchange.feed.world import Values, World
from models.base import session
from models.tenancy import ProviderOwned


@dataclass
class Changes:
    """What is to be done for one file."""

    file: File
    new: list[tuple[Row, Values]] = field(default_factory=list)
    changed: list[tuple[Row, Values, int]] = field(default_factory=list)
    """Row, values as they will be, and the record's id."""

    def __bool__(self) -> bool:
        return bool(self.new or self.changed)


def compare(sheet: Sheet, world: World) -> Changes:
    """Sort the rows that have no fault into new and changed; unchanged ones are in neither."""
    changes = Changes(sheet.file)
    merged, stored = world.merged[sheet.file.name], world.stored[sheet.file.name]
    for key, row in sheet.by_key.items():
        if row.is_rejected:
            continue
        before = stored.get(key)
        if before is None:
            changes.new.append((row, merged[key]))
        elif before.values != merged[key]:
            changes.changed.append((row, merged[key], before.id))
    return changes


class Writer:
    """Writes into the open transaction. `feed_import_id` is None for a rehearsal."""

    def __init__(self, world: World, feed_import_id: int | None) -> None:
        self.feed_import_id = feed_import_id
        self.targets = {target for file in FILES for target in file.links.values()}
        self.ids: dict[str, dict[Key, tuple[int, int | None]]] = {
            name: {key: (stored.id, stored.provider_id) for key, stored in records.items()}
            for name, records in world.stored.items()
            if name in self.targets
        }
        """Ids, and the providers' where there are, of what can be referred to."""

    def write(self, changes: Iterable[Changes], track: Track) -> None:
        for each in track([each for each in changes if each], "Writing"):
            file = each.file
            if each.new:
                new = [self._new(file, row, values) for row, values in each.new]
                session.execute(insert(file.entity), file.completed(new) if file.completed else new)
                if file.name in self.targets:
                    self._learn_ids(file)
            if each.changed:
                session.execute(
                    update(file.entity),
                    [self._columns(file, row, values) | {"id": id} for row, values, id in each.changed],
                )

    def _new(self, file: File, row: Row, values: Values) -> dict[str, Any]:
        columns = self._columns(file, row, values)
        if file.owner:
            id, provider_id = self.ids[file.links[file.owner]][values[file.owner]]
            columns["provider_id"] = id if file.owner == "provider_id" else provider_id
        return columns

    def _columns(self, file: File, row: Row, values: Values) -> dict[str, Any]:
        columns = values | {"feed_import_id": self.feed_import_id, "feed_row": row.number}
        for name, target in file.links.items():
            if columns[name] is not None:
                columns[name] = self.ids[target][columns[name]][0]
        return columns

    def _learn_ids(self, file: File) -> None:
        entity = file.entity
        owner = entity.provider_id if issubclass(entity, ProviderOwned) else entity.id
        query = select(entity.reference, entity.id, owner.label("owner")).where(
            entity.feed_import_id == self.feed_import_id
        )
        self.ids[file.name] |= {row.reference: (row.id, row.owner) for row in session.execute(query)}
