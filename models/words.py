"""Saying how many, which of a few states, and a name as people look for it."""

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING


class Choice(StrEnum):
    """A closed list of states or kinds. Templates ask `state.is_partly_finalised`, and know no raw value."""

    if not TYPE_CHECKING:  # Python code says `state is Processing.PARTLY_FINALISED`

        def __getattr__(self, name: str) -> bool:
            """`is_` and a member's name: whether it is that one. NameError where there is no such member."""
            if not name.startswith("is_"):
                raise AttributeError(name)
            if (asked := name.removeprefix("is_").upper()) not in type(self).__members__:
                raise NameError(f"{type(self).__name__} has no {asked}")
            return self.name == asked


def how_many(count: int, thing: str) -> str:
    """1 payment, 2 payments, 1,204 payments."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


LONGEST_SEARCH = 200
"""So much is looked at of what somebody types: no name that a feed brings is longer."""
_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "ŋ": "ng", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
)
"""Letters that Unicode does not take apart into a plain one and an accent."""
_APOSTROPHES = frozenset("'\"‚„′″‵‶ʹʺʻʼʽʾʿˈꞌ׳״")
"""What else people type for an apostrophe. Paired quotation marks are recognised by their category, below."""
_BETWEEN = {"&": " and ", **dict.fromkeys("−.,;:/()[]", " ")}
"""Signs that part two words: J.R. is j r."""
_PARTED = re.compile(r"[\s,;]+")
_AROUND = ".:()[]"
_NOTHING = frozenset(("Pi", "Pf", "Sk", "Cf", "Cc"))
"""Categories that leave nothing: quotation marks, accents that stand alone, invisible and control characters."""


def folded(text: str) -> str:
    """The text as people search for it: without capitals, accents, apostrophes and signs, one space between words.

    Tŷ’r Ŵyn is tyr wyn, Świątkowski is swiatkowski, O’Brien-Łoś is obrien los, Wren & Co. is wren and co. Folding a
    folded text changes nothing.
    Columns hold folded names (models.folding): whoever changes this function adds a migration that folds them again.
    """
    if text.isascii() and text.isalnum():
        return text.lower()
    return " ".join("".join(map(_plain, text)).split())


@lru_cache(maxsize=4_096)
def _plain(letter: str) -> str:
    """What one character becomes. Characters are folded one by one, so that the time grows only with the length of the
    text.
    """
    kind = unicodedata.category(letter)
    if letter.isspace() or kind == "Pd":
        return " "
    if letter in _BETWEEN:
        return _BETWEEN[letter]
    if kind in _NOTHING or letter in _APOSTROPHES or unicodedata.combining(letter) or "\ufe00" <= letter <= "\ufe0f":
        return ""
    plain = unicodedata.normalize("NFKD", letter).casefold().translate(_LETTERS)
    return plain if plain == letter else "".join(map(_plain, plain))


def searched(text: str) -> list[str]:
    """The words of what somebody types, as they stand, without the commas and brackets of what they copied: Simpson,
    Bart and (C2000020). Empty where nothing is left to look for.
    """
    words = (word.strip(_AROUND) for word in _PARTED.split(text[:LONGEST_SEARCH]))
    return [word for word in words if folded(word)]


def is_initial(word: str) -> bool:
    """A word of one letter is the beginning of a name."""
    return len(word) == 1 and word.isalpha()


def is_found(text: str, *among: str) -> bool:
    """Each word of `text` stands in one of the others, all folded; models.folding.found_by asks the same of columns."""
    others = [folded(each) for each in among]
    return all(any(_stands_in(word, other) for other in others) for word in searched(text))


def _stands_in(word: str, other: str) -> bool:
    parts = folded(word).split()
    if is_initial(word):
        return f" {parts[0]}" in f" {other}"
    return "".join(parts) in "".join(other.split()) or all(part in other for part in parts)
