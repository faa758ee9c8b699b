"""Saying how many, which of a few states, and a name as people look for it."""

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


_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "ŋ": "ng", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
)
"""Letters that Unicode does not take apart into a plain one and an accent."""
_APOSTROPHES = frozenset("'\"‚„′″‵‶ʹʺʻʼʽʾʿˈꞌ׳״")
"""And whatever else people write for one. Quotation marks that come in pairs are known by their category."""
_NOTHING = frozenset(("Pi", "Pf", "Sk", "Cf", "Cc"))
"""Categories that leave nothing: quotation marks, accents that stand alone, invisible and control characters."""


def folded(text: str) -> str:
    """The text as one looks for it: without capitals, accents and apostrophes, words apart by one space.

    Tŷ’r Ŵyn is tyr wyn, Świątkowski is swiatkowski, O’Brien-Łoś is obrien los. Folded twice it is the same.
    Names are stored folded (models.folding): with a change here comes a revision that folds them again.
    """
    return " ".join("".join(map(_plain, text)).split())


@lru_cache(maxsize=4_096)
def _plain(letter: str) -> str:
    """What one character becomes. Taken one by one, a text of any length costs no more than its length."""
    kind = unicodedata.category(letter)
    if letter.isspace() or kind == "Pd" or letter == "−":
        return " "
    if kind in _NOTHING or letter in _APOSTROPHES or unicodedata.combining(letter) or "\ufe00" <= letter <= "\ufe0f":
        return ""
    plain = unicodedata.normalize("NFKD", letter).casefold().translate(_LETTERS)
    return plain if plain == letter else "".join(map(_plain, plain))


def is_found(text: str, *among: str) -> bool:
    """Whether each word of `text` stands in one of the others, all folded; as models.folding.found_by asks it."""
    others = [folded(each) for each in among]
    return all(any(word in other for other in others) for word in folded(text).split())
