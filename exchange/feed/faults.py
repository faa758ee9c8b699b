"""What is wrong with a feed: every fault of every file, found before anything is written."""

from dataclasses import dataclass

from models.base import DomainError

SHOWN_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, where it stands, and what to do about it."""

    file: str
    row: int
    """As a spreadsheet numbers it: the header is row 1. 0: the whole file."""
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        where = [_safe(self.file) or "The directory"]
        if self.row:
            where.append(f"row {self.row}")
        if self.column or self.value:
            where.append(" ".join(filter(None, [_safe(self.column), _shown(self.value)])))
        return f"{', '.join(where)}: {self.reason}"


@dataclass(slots=True)
class Count:
    """What became of the rows of one file. Read = new + changed + unchanged + rejected."""

    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0


class FeedFaults(DomainError):
    """The feed cannot be imported, and nothing was written."""

    def __init__(self, faults: list[Fault], counts: dict[str, Count] | None = None) -> None:
        self.faults = faults
        self.counts = counts or {}
        number = len(faults)
        super().__init__(f"The feed has {number:,} fault{'s' if number > 1 else ''}. Nothing was written.")


def _shown(value: str) -> str:
    """The value in quotes, shortened; nothing for an empty value."""
    if not value:
        return ""
    return f'"{_safe(value[:SHOWN_CHARACTERS])}{"…" if len(value) > SHOWN_CHARACTERS else ""}"'


def _safe(text: str) -> str:
    """Nothing in it that could play tricks on a terminal."""
    return "".join(each if each.isprintable() else _escaped(ord(each)) for each in text)


def _escaped(code: int) -> str:
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
