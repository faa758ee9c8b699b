"""What is on record and what the feed says, side by side: what the rules look at.

Records are found by the feed's references, not by ids. Each table that the feed's files fill or refer to is read whole,
in one query.
"""

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import select

from exchange.feed.reading import Directory
from exchange.feed.schema import BY_NAME, FILES, ITEMS
from exchange.feed.shape import File, Key, Values
from exchange.feed.sheets import Row, Sheet
from exchange.feed.table import Table
from models.base import session
from models.records.claim import ClaimStatus
from models.tenancy import ProviderOwned

CHUNK = 1_000
"""Rows of the database that are in memory at once."""
WARM = 500
"""So many records of a file that were found are kept at hand: a contract or a service level is asked for again."""
_PRICES = (ITEMS, "item_prices.csv", "rates.csv", "payment_methods.csv", "item_quantities.csv")
ALSO_NEEDED = {
    "service_levels.csv": (ITEMS, "item_quantities.csv"),
    "calendars.csv": ("payment_methods.csv", "calendar_overrides.csv"),
    "calendar_overrides.csv": ("payment_methods.csv",),
    "provider_services.csv": (ITEMS,),
    "contracts.csv": (*_PRICES, "calendar_overrides.csv"),
    "payment_methods.csv": (*_PRICES, "calendar_overrides.csv"),
    "rates.csv": _PRICES,
    ITEMS: (*_PRICES, "provider_services.csv"),
    "item_prices.csv": _PRICES,
    "item_quantities.csv": _PRICES,
    "absences.csv": ("payment_methods.csv",),
    "deductions.csv": ("payment_methods.csv",),
    "claim_items.csv": (ITEMS,),
    "purchase_orders.csv": (ITEMS,),
}
"""Files whose rules and warnings look at more than what their columns refer to."""


@dataclass(slots=True)
class Stored:
    """A record as the database has it."""

    id: int
    provider_id: int | None
    values: Values


class OnRecord(Mapping[Key, Stored]):
    """The records of one file as the database has them."""

    def __init__(self, names: list[str]) -> None:
        self.table = Table(names)
        self.ids = array("q")
        self._providers = array("q")
        """0 where a record has none."""

    def add(self, key: Key, values: list[Any], id_: int, provider_id: int | None) -> None:
        self.table.add(key, values)
        self.ids.append(id_)
        self._providers.append(provider_id or 0)

    def get(self, key: Key, default: Any = None) -> Any:
        position = self.table.positions.get(key)
        return default if position is None else self._at(position)

    def __getitem__(self, key: Key) -> Stored:
        return self._at(self.table.positions[key])

    def _at(self, position: int) -> Stored:
        return Stored(self.ids[position], self._providers[position] or None, self.table.values(position))

    def __contains__(self, key: object) -> bool:
        return key in self.table.positions

    def __iter__(self) -> Iterator[Key]:
        return iter(self.table.positions)

    def __len__(self) -> int:
        return len(self.ids)


class Merged(Mapping[Key, Values]):
    """The rows of one file as the records that they will be."""

    def __init__(self, world: "World", sheet: Sheet) -> None:
        self._world, self._sheet = world, sheet

    def __getitem__(self, key: Key) -> Values:
        return self._world.merged_row(self._sheet, self._sheet.by_key[key], key)

    def __contains__(self, key: object) -> bool:
        return key in self._sheet.table.positions

    def __iter__(self) -> Iterator[Key]:
        return iter(self._sheet.table.positions)

    def __len__(self) -> int:
        return len(self._sheet.numbers)


class World:
    """Records by file name and key: `stored` as the database has them, `merged` as the feed's rows will make them."""

    def __init__(self, directory: Directory) -> None:
        self.sheets = directory.sheets
        self.stored: dict[str, OnRecord] = {}
        self._providers: dict[int, Key] = {}
        """References of providers by their ids."""
        self._warm: dict[str, dict[Key, Values]] = {}
        self._simplified: dict[str, dict[str, Key]] = {}
        self._not_found: dict[str, set[Key]] = {}
        self._load(_needed(directory.sheets))
        self.merged: dict[str, Mapping[Key, Values]] = {
            name: Merged(self, sheet) for name, sheet in directory.sheets.items()
        }

    def find(self, name: str, key: Key | None) -> Values | None:
        """The record as it will be after the import; None where there is none, or its row has a fault."""
        sheet, warm = self.sheets.get(name), self._warm.setdefault(name, {})
        if sheet is not None and (position := sheet.table.positions.get(key)) is not None:
            row = sheet.marked.get(sheet.numbers[position]) if sheet.marked else None
            if row is not None and row.is_rejected:
                return None
        elif sheet is not None and key in sheet.half_known or key not in self.stored[name].table.positions:
            return None
        if (values := warm.get(key)) is None:
            if len(warm) == WARM:
                warm.clear()
            is_brought = sheet is not None and key in sheet.table.positions
            values = warm[key] = self.merged[name][key] if is_brought else self.stored[name][key].values
        return values

    def is_known(self, name: str, key: Key) -> bool:
        """Whether it can be referred to. What an unreadable file would have held gets the benefit of the doubt."""
        sheet = self.sheets.get(name)
        return key in self.stored[name].table.positions or (
            sheet is not None and (not sheet.is_readable or key in sheet.table.positions or key in sheet.half_known)
        )

    def is_lost(self, name: str, key: Key) -> bool:
        """Whether an unknown reference may be that of a row whose own key is at fault: so many references find nothing
        as there are such rows, or fewer.
        """
        sheet = self.sheets.get(name)
        if sheet is None or not sheet.lost or self.alike(name, key) is not None:
            return False
        return len(self._unknown(name)) <= sheet.lost

    def _unknown(self, name: str) -> set[Key]:
        """The references of this feed to records of the file that are not there, nor nearly there."""
        if name not in self._not_found:
            self._not_found[name] = {
                key
                for sheet in self.sheets.values()
                for attribute, target in sheet.file.links.items()
                if target == name
                for row in sheet.rows()
                if (key := row.values.get(attribute)) is not None
                and not self.is_known(name, key)
                and self.alike(name, key) is None
            }
        return self._not_found[name]

    def provider_of(self, file: File, values: Values) -> Key | None:
        """The reference of the provider whom a record belongs to; None where that cannot be said."""
        while file.owner:
            key = values.get(file.owner)
            target = file.links[file.owner]
            if target == "providers.csv":
                return key
            found = self.find(target, key)
            if found is None:
                return None
            file, values = BY_NAME[target], found
        return None

    def stored_provider(self, stored: Stored) -> Key | None:
        return self._providers.get(stored.provider_id) if stored.provider_id else None

    def everything(self, name: str) -> Iterator[tuple[Key, Values]]:
        """Every record of the file as it will be after the import, with its key."""
        sheet = self.sheets.get(name)
        brought = sheet.table.positions if sheet is not None else {}
        yield from self.merged[name].items() if sheet is not None else ()
        on_record = self.stored[name].table
        yield from ((key, on_record.values(at)) for key, at in on_record.positions.items() if key not in brought)

    def picked(self, name: str, *attributes: str) -> Iterator[tuple[Any, ...]]:
        """The key of every record of the file and these of its attributes, in the order of `everything`; without those
        that say nothing of one of them, for a fault.
        """
        sheet = self.sheets.get(name)
        brought: Mapping[Key, int] = {}
        if sheet is not None:
            brought = sheet.table.positions
            if not sheet.marked and set(attributes) <= set(sheet.table.names):
                yield from sheet.table.picked(attributes)
            else:
                for key, values in self.merged[name].items():
                    if all(each in values for each in attributes):
                        yield key, *(values[each] for each in attributes)
        on_record = self.stored[name].table.picked(attributes)
        yield from (each for each in on_record if each[0] not in brought) if brought else on_record

    def keys(self, name: str) -> Iterator[Key]:
        """The key of every record of the file, in the order of `everything`."""
        sheet = self.sheets.get(name)
        brought = sheet.table.positions if sheet is not None else {}
        yield from brought
        yield from (key for key in self.stored[name] if key not in brought)

    def alike(self, name: str, key: Key) -> Key | None:
        """A known reference that differs in capitals or leading zeros only."""
        if name not in self._simplified:
            known = (*self.stored[name], *(self.sheets[name].by_key if name in self.sheets else ()))
            self._simplified[name] = {simplified(each): each for each in known}
        return self._simplified[name].get(simplified(key))

    @cached_property
    def places(self) -> set[tuple[Key | None, Key | None]]:
        """Pairs of a provider and a client for whom it has a line item."""
        file = BY_NAME[ITEMS]
        return {(self.provider_of(file, values), values.get("client_id")) for _, values in self.everything(ITEMS)}

    def may_be_at(self, provider: Key, client: Key) -> bool:
        """Whether the provider has a line item for the client, or may have one once faults are put right."""
        return (provider, client) in self.places or (None, client) in self.places or self._are_places_doubted

    @cached_property
    def _are_places_doubted(self) -> bool:
        """Whether some line item of the feed does not say for whom it is, and with which contract."""
        sheet = self.sheets.get(ITEMS)
        said = {"contract_ref", "client_ref"}
        return sheet is not None and not (
            sheet.is_readable
            and not sheet.lost
            and all(row.values and said.isdisjoint(row.doubted) for row in sheet.marked.values())
        )

    @cached_property
    def levels_with_timetable(self) -> set[Key | None]:
        """Service levels of line items that have a timetable on record, which the feed does not bring anew."""
        quantities, brought = self.stored["item_quantities.csv"], self.merged.get("item_quantities.csv", {})
        items = {
            each.values["item_id"]
            for key, each in quantities.items()
            if key not in brought and each.values["timetable_e4"] is not None
        }
        return {(self.find(ITEMS, item) or {}).get("service_level_id") for item in items}

    @cached_property
    def first_days(self) -> set[tuple[Any, Any]]:
        """Calendars, with the days on which a payment method begins to use them: its first period may be short."""
        methods = self.everything("payment_methods.csv")
        return {(values.get("calendar_id"), values.get("calculate_from")) for _, values in methods}

    @cached_property
    def are_first_days_doubted(self) -> bool:
        """Whether some payment method of the feed does not say when it begins, or by which calendar."""
        sheet = self.sheets.get("payment_methods.csv")
        said = {"calendar_id", "calculate_from"}
        return sheet is not None and not (
            sheet.is_readable and all(row.values and said.isdisjoint(row.wrong) for row in sheet.marked.values())
        )

    def _load(self, needed: set[str]) -> None:
        names: dict[str, dict[int, Key]] = {}
        targets = {target for name in needed for target in BY_NAME[name].links.values()}
        for file in FILES:
            if file.name in needed:
                found = self.stored[file.name] = _on_record(file, names)
                if file.name in targets:
                    names[file.name] = dict(zip(found.ids, found.table.positions, strict=True))
        self._providers = names.get("providers.csv", {})

    def merged_row(self, sheet: Sheet, row: Row, key: Key) -> Values:
        """A row that is found by its key, as the record that it will be."""
        if sheet.is_whole and not row.wrong:
            merged = row.values
        else:
            merged = self.merge(sheet, row, self.stored[sheet.file.name].get(key))
        if sheet.file.name == "claim_items.csv":
            self._accept(row, merged)
        return merged

    def merge(self, sheet: Sheet, row: Row, stored: Stored | None = None) -> Values:
        """What the record will be: a column that the file leaves out keeps its value."""
        merged = (stored.values if stored else sheet.file.defaults) | row.values
        for name in row.wrong:
            merged.pop(name, None)
        return merged

    def _accept(self, row: Row, merged: Values) -> None:
        """Fill in what is accepted of a claim item whose row leaves it empty: all of it or, unless the claim is
        accepted and the item included, nothing.
        """
        if row.values.get("accepted_pence") is None and "accepted_pence" not in row.wrong:
            claim = self.find("claims.csv", merged.get("claim_id")) or {}
            is_accepted = claim.get("status") is ClaimStatus.ACCEPTED and merged.get("is_included")
            merged["accepted_pence"] = merged.get("amount_pence", 0) if is_accepted else 0


def _on_record(file: File, names: dict[str, dict[int, Key]]) -> OnRecord:
    """Read the records of a file. `names` are the keys, by id, of what its columns refer to."""
    entity, attributes = file.entity, list(file.attributes)
    owner = [entity.provider_id] if issubclass(entity, ProviderOwned) else []
    translate = [(at, names[file.links[name]]) for at, name in enumerate(attributes) if name in file.links]
    key_at = [attributes.index(name) for name in file.key]
    found = OnRecord(attributes)
    query = select(entity.id, *owner, *(getattr(entity, name) for name in attributes)).order_by(entity.id)
    for row in session.execute(query.execution_options(yield_per=CHUNK)):
        values = list(row[1 + len(owner) :])
        for at, ids in translate:
            if values[at] is not None:
                values[at] = ids[values[at]]
        parts = [values[at] for at in key_at]
        found.add(parts[0] if len(parts) == 1 else tuple(parts), values, row[0], row[1] if owner else None)
    return found


def _needed(sheets: dict[str, Sheet]) -> set[str]:
    found: set[str] = set()
    waiting = [name for given in sheets for name in (given, *ALSO_NEEDED.get(given, ()))]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(BY_NAME[name].links.values())
    return found


def simplified(key: Key) -> str:
    return str(key).casefold().lstrip("0")
