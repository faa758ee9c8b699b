"""The words in which `schema` describes the files of a feed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from exchange.feed.kinds import Kind

Key = Any
"""What a record is found by: one reference, or a tuple of values."""
Values = dict[str, Any]
"""A record, by the attributes of its entity."""


@dataclass(frozen=True)
class Column:
    name: str
    kind: Kind
    attribute: str
    """Of the entity: `starts_on`."""
    note: str = ""
    optional: bool = False
    default: Any = None
    """The value where an optional cell is empty."""
    may_be_empty: bool = False
    """The column has to be there, and a cell of it may be empty: its value is then `default`."""
    part: int | None = None
    """The place in a list that several columns make up, all or none of which are filled in."""


@dataclass(frozen=True)
class File:
    """One file of a feed, whose rows are records of one entity."""

    name: str
    entity: type[Any]
    """A class with the columns of FromFeed, whose other attributes are asked for by name."""
    key: tuple[str, ...]
    """The attributes that say which record a row is."""
    columns: tuple[Column, ...]
    says: str
    owner: str = ""
    """The attribute that leads to the provider whom a record belongs to."""
    apart: tuple[str, ...] = ()
    """The attributes that records share whose days may not overlap."""
    completed: Callable[[list[dict[str, Any]]], list[dict[str, Any]]] | None = None
    """Adds to the columns of new records what no column of the file says. It reads what the other files have written.
    """

    @cached_property
    def column_names(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    @cached_property
    def attributes(self) -> dict[str, Column]:
        """What is stored, with the (first) column of each."""
        found: dict[str, Column] = {}
        for column in self.columns:
            found.setdefault(column.attribute, column)
        return found

    @cached_property
    def links(self) -> dict[str, str]:
        """Attributes that refer to records, and the files of these."""
        return {column.attribute: column.kind.target for column in self.columns if column.kind.target}

    @cached_property
    def defaults(self) -> Values:
        """What a record is of which a file says nothing."""
        return {name: column.default for name, column in self.attributes.items()}

    @property
    def begins(self) -> str:
        """The attribute of a record's first day."""
        return "calculate_from" if "calculate_from" in self.attributes else "starts_on"

    @cached_property
    def key_column(self) -> str:
        """The column in which a wrong key is shown."""
        return self.attributes[self.key[-1]].name

    def key_of(self, values: Mapping[str, Any]) -> Key | None:
        """None where a part of the key is missing."""
        if len(self.key) == 1:
            return values.get(self.key[0])
        found = tuple(values.get(name) for name in self.key)
        return None if None in found else found
