"""What one request has read of clients and of contact details, so that what its answer shows of them can be noted.

Columns that tell who somebody is, or where they live, are declared `watched(What.CLIENT)`. Whatever reads them, an
entity, a list of columns or a join, tells the Sight that is open in this context. Where none is, nothing is kept.
"""

import re
from collections.abc import Iterable
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
    """The values that were read, by what they are, in the order in which they were read."""

    read: dict[What, dict[str, None]] = field(default_factory=lambda: {each: {} for each in What})

    def shown_in(self, text: str) -> "Sight":
        """Those of which every word stands in the text, wherever: rather one too many than one too few. Names are
        looked for where no reference of a client stands.
        """
        if not any(self.read.values()):
            return self
        words, shown = Words(text), {each: dict[str, None]() for each in What}
        for what in (What.CONTACT, What.CLIENT, What.NAME):
            if what is not What.NAME or not shown[What.CLIENT]:
                shown[what] = words.among(self.read[what])
        return Sight(shown)

    @property
    def clients(self) -> set[str]:
        """The references of the clients, or the names where they stand without one."""
        return set(self.read[What.CLIENT] or self.read[What.NAME])

    @property
    def contacts(self) -> set[str]:
        return set(self.read[What.CONTACT])


class Words:
    """The words of a text, of which few are asked for. Each is looked for behind the one before, since a page shows in
    the order in which it reads: so a list of 60 people is looked through once, for 0.1 ms. Where that is not so and
    the text was looked through too often, all its words are made.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._left = MOST_ROUNDS
        self._all: set[str] | None = None

    def among(self, values: Iterable[str]) -> dict[str, None]:
        """Those of the values of which every word is one of the text's, and that have any."""
        return dict.fromkeys(each for each in values if (parts := _WORDS.findall(each)) and all(map(self.has, parts)))

    def has(self, word: str) -> bool:
        """`word` is one run of letters, digits and underscores."""
        if self._all is None:
            at = self._find(word, self._at)
            if at < 0:
                self._left -= 1
                at = self._find(word, 0)
            if at >= 0:
                self._at = at
                return True
            if self._left > 0:
                return False
            self._all = words_in(self._text)
        return word in self._all

    def _find(self, word: str, start: int) -> int:
        """Where it stands by itself, and is no part of a longer one; -1 where it does not."""
        text, at = self._text, self._text.find(word, start)
        while at >= 0:
            end = at + len(word)
            if not (at and _is_of_word(text[at - 1]) or end < len(text) and _is_of_word(text[end])):
                return at
            at = text.find(word, at + 1)
        return -1


MOST_ROUNDS = 4
"""So many words may be looked for from the start of the text again."""


def _is_of_word(sign: str) -> bool:
    """As `_WORDS` has it."""
    return sign.isalnum() or sign == "_"


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
        sight.read[what][value] = None


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
