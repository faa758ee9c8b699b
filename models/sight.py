"""What one request has read of clients and of contact details, so that what its answer shows of them can be noted.

Columns that tell who somebody is, or where they live, are declared `watched(What.CLIENT)`. Whatever reads them, an
entity, a list of columns or a join, tells the Sight that is open in this context. Where none is, nothing is kept.
"""

import re
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import MappedColumn, mapped_column

_WORDS = re.compile(r"\w+")


class What(StrEnum):
    CLIENT = "client"
    """A client's reference: wherever a name is shown, it stands beside it."""
    NAME = "name"
    """A client's surname or first name."""
    CONTACT = "contact"
    """A postal address, a telephone number or an e-mail address of a provider or of its people."""


@dataclass
class Sight:
    """The values that were read, by what they are."""

    read: dict[What, set[str]] = field(default_factory=lambda: {each: set() for each in What})

    def shown_in(self, text: str) -> "Sight":
        """Those of which every word stands in the text, wherever: rather one too many than one too few."""
        if not any(self.read.values()):
            return self
        words = words_in(text)
        return Sight({what: {each for each in values if _is_among(each, words)} for what, values in self.read.items()})

    @property
    def clients(self) -> set[str]:
        """The references of the clients, or the names where they stand without one."""
        return self.read[What.CLIENT] or self.read[What.NAME]

    @property
    def contacts(self) -> set[str]:
        return self.read[What.CONTACT]


def words_in(text: str) -> set[str]:
    """Its words: runs of letters, digits and underscores, in any script. As `_WORDS` finds them, in a third of the
    time: what is no part of a word becomes a space, ASCII in one go, and the few other signs of a page one by one.
    """
    encoded = text.encode("utf-8", "surrogatepass")
    others = set(encoded.translate(None, _ASCII).decode("utf-8", "surrogatepass"))
    if len(others) > MOST_SIGNS:
        return set(_WORDS.findall(text))
    for sign in others:
        if not _WORDS.match(sign):
            encoded = encoded.replace(sign.encode("utf-8", "surrogatepass"), b" ")
    return set(encoded.translate(_SPACED).decode("utf-8", "surrogatepass").split(" "))


MOST_SIGNS = 40
"""Of a text with more letters and signs beyond ASCII than that, the words are found one by one."""
_ASCII = bytes(range(128))
_SPACED = bytes(at if at > 127 or _WORDS.match(chr(at)) else ord(" ") for at in range(256))
"""What becomes of each byte: of ASCII, a space where it is no part of a word."""

_sight: ContextVar[Sight | None] = ContextVar("sight", default=None)


def open_sight() -> None:
    """Keep from now on what is read in this context, until `close_sight()`."""
    _sight.set(Sight())


def current() -> Sight | None:
    return _sight.get()


def seen(what: What, value: object) -> None:
    """Tell the open Sight of a value that stands in no column of its own, say in one of JSON."""
    if value and isinstance(value, str) and (sight := _sight.get()) is not None:
        sight.read[what].add(value)


def close_sight() -> None:
    _sight.set(None)


class _Watched(sa.types.TypeDecorator):
    """Text that tells the open Sight when it is read."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, what: What) -> None:
        super().__init__()
        self.what = what

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> str | None:
        seen(self.what, value)
        return value


def watched(what: What, **options: Any) -> MappedColumn[str]:
    """A column of text that is noted when an answer shows it."""
    return mapped_column(_Watched(what), **options)


def _is_among(value: str, words: set[str]) -> bool:
    parts = _WORDS.findall(value)
    return bool(parts) and words.issuperset(parts)
