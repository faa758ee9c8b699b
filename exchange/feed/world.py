"""What is on record and what the feed says, side by side: what the rules look at.

Records are found by the feed's references, not by ids. Each table that the feed's files fill or refer to is read whole,
in one query.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import select

from exchange.feed.reading import Directory
from exchange.feed.schema import BY_NAME, FILES, ITEMS
from exchange.feed.shape import File, Key
from exchange.feed.sheets import Row, Sheet
from models.base import session
from models.records.claim import ClaimStatus
from models.tenancy import ProviderOwned

Values = dict[str, Any]

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


class World:
    """Records by file name and key: `stored` as the database has them, `merged` as the feed's rows will make them."""

    def __init__(self, directory: Directory) -> None:
        self.sheets = directory.sheets
        self.stored: dict[str, dict[Key, Stored]] = {}
        self._names: dict[str, dict[int, Key]] = {}
        """A file's name to its records' keys by id."""
        self._simplified: dict[str, dict[str, Key]] = {}
        self._not_found: dict[str, set[Key]] = {}
        needed = _needed(directory.sheets)
        for file in FILES:
            if file.name in needed:
                self._load(file)
        self.merged: dict[str, dict[Key, Values]] = {
            name: {key: self.merge(sheet, row, self.stored[name].get(key)) for key, row in sheet.by_key.items()}
            for name, sheet in directory.sheets.items()
        }
        for key, row in self.sheets["claim_items.csv"].by_key.items() if "claim_items.csv" in self.sheets else ():
            self._accept(row, self.merged["claim_items.csv"][key])

    def find(self, name: str, key: Key | None) -> Values | None:
        """The record as it will be after the import; None where there is none, or its row has a fault."""
        sheet = self.sheets.get(name)
        if sheet is not None and (row := sheet.by_key.get(key)):
            return None if row.is_rejected else self.merged[name][key]
        if sheet is not None and key in sheet.half_known:
            return None
        stored = self.stored[name].get(key)
        return stored.values if stored else None

    def is_known(self, name: str, key: Key) -> bool:
        """Whether it can be referred to. What an unreadable file would have held gets the benefit of the doubt."""
        sheet = self.sheets.get(name)
        return key in self.stored[name] or (
            sheet is not None and (not sheet.is_readable or key in sheet.by_key or key in sheet.half_known)
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
                for row in sheet.rows
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
        return self._names["providers.csv"].get(stored.provider_id) if stored.provider_id else None

    def everything(self, name: str) -> Iterator[tuple[Key, Values]]:
        """Every record of the file as it will be after the import, with its key."""
        merged = self.merged.get(name, {})
        yield from merged.items()
        for key, stored in self.stored[name].items():
            if key not in merged:
                yield key, stored.values

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
            and all(row.values and said.isdisjoint(row.doubted) for row in sheet.rows)
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
            sheet.is_readable and all(row.values and said.isdisjoint(row.wrong) for row in sheet.rows)
        )

    def _load(self, file: File) -> None:
        entity, attributes = file.entity, list(file.attributes)
        owner = [entity.provider_id] if issubclass(entity, ProviderOwned) else []
        translate = [
            (name, self._names[file.links[name]]) if name in file.links else (name, None) for name in attributes
        ]
        found: dict[Key, Stored] = {}
        names: dict[int, Key] = {}
        query = select(entity.id, *(getattr(entity, name) for name in attributes), *owner).order_by(entity.id)
        for row in session.execute(query):
            values = {
                name: value if ids is None or value is None else ids[value]
                for (name, ids), value in zip(translate, row[1:], strict=False)
            }
            key = file.key_of(values)
            found[key] = Stored(row[0], row[-1] if owner else None, values)
            names[row[0]] = key
        self.stored[file.name], self._names[file.name] = found, names

    def merge(self, sheet: Sheet, row: Row, stored: Stored | None = None) -> Values:
        """What the record will be: a column that the file leaves out keeps its value."""
        merged = dict(stored.values) if stored else {n: c.default for n, c in sheet.file.attributes.items()}
        merged.update(row.values)
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
