"""The font that PDFs embed, and which letters it has. `make assets` puts it beside what it builds."""

import re
import unicodedata
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont

FOLDER = Path(__file__).resolve().parents[2] / "static" / "dist"
REGULAR, BOLD = "Arimo-Regular.ttf", "Arimo-Bold.ttf"
ON_THE_PAGE = "[written in full on the page]"
"""Stands for letters that the font lacks, or that are written from right to left: never an empty box."""
RIGHT_TO_LEFT = frozenset(("R", "AL", "AN"))


def path_of(name: str) -> Path:
    """FileNotFoundError says what to do where it is not there."""
    path = FOLDER / name
    if not path.is_file():
        raise FileNotFoundError(f"{name} is not in {FOLDER}: `make assets` puts it there")
    return path


@cache
def letters() -> frozenset[int]:
    """The characters that both weights can draw."""
    with TTFont(path_of(REGULAR)) as regular, TTFont(path_of(BOLD)) as bold:
        return frozenset((regular.getBestCmap() or {}).keys() & (bold.getBestCmap() or {}).keys())


def drawable(text: str) -> str:
    """The text, composed, with ON_THE_PAGE for each run of letters that cannot be drawn."""
    found = "".join(each if _is_drawable(each) else "\0" for each in unicodedata.normalize("NFC", text))
    return re.sub("\0+(?: +\0+)*", ON_THE_PAGE, found)


def _is_drawable(letter: str) -> bool:
    return letter == "\n" or (ord(letter) in letters() and unicodedata.bidirectional(letter) not in RIGHT_TO_LEFT)
