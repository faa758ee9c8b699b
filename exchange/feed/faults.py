"""What is wrong with a feed, or may be: every fault and warning of every file, found before anything is written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from models.base import DomainError
from models.money import gbp

SHOWN_CHARACTERS = 60
FEW = 3
"""So many equal faults are told one by one; more of them in one line, which counts them."""
NAMED_ROWS = 5


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
        return _line([self])


@dataclass(frozen=True, slots=True)
class Warning_(Fault):
    """One thing that may be wrong. It stops no import."""

    detail: str = ""
    """What differs between warnings of one reason: records and days."""
    pence: int | None = None
    """The money at stake; `per` says in which time, and is empty for money that moves once."""
    per: str = ""

    def __str__(self) -> str:
        return _line([self])


F = TypeVar("F", bound=Fault)


def grouped(found: Iterable[F]) -> list[list[F]]:
    """Those of one file and column for the same reason together, each group where its first one stands."""
    groups: dict[tuple[str, str, str], list[F]] = {}
    for each in found:
        groups.setdefault((each.file, each.column, each.reason), []).append(each)
    return list(groups.values())


def lines_of(found: Iterable[F], is_each: bool = False) -> list[str]:
    """What there is to read: a line for each, or for those that are equal one, which counts them and names the first
    rows.
    """
    if is_each:
        return [str(each) for each in found]
    return [
        line
        for group in grouped(found)
        for line in ([_line(group)] if len(group) > FEW else [str(each) for each in group])
    ]


def _line(group: Sequence[Fault]) -> str:
    """One fault, or several of one file and column for one reason: 501 rows (2, 3, 4, 5, 6 ...)."""
    first, count = group[0], len(group)
    where = [_safe(first.file) or "The directory"]
    if count > 1:
        more = " ..." if count > NAMED_ROWS else ""
        where.append(f"{count:,} rows ({', '.join(str(each.row) for each in group[:NAMED_ROWS])}{more})")
    elif first.row:
        where.append(f"row {first.row}")
    values = list(dict.fromkeys(each.value for each in group))
    shown = ", ".join(filter(None, map(_shown, values[:3]))) + " ..." * (len(values) > 3)
    if first.column or first.value:
        where.append(" ".join(filter(None, [_safe(first.column), shown])))
    return f"{', '.join(where)}: {_safe(first.reason)}{_detail(group)}{_at_stake(group)}"


def _detail(group: Sequence[Fault]) -> str:
    """Of one, what it is about; of several, what the first is about."""
    first = group[0]
    if not isinstance(first, Warning_) or not first.detail:
        return ""
    stop = "" if first.reason.endswith("?") else "."
    return f"{stop} {'The first: ' if len(group) > 1 else ''}{_safe(first.detail)}"


def _at_stake(group: Sequence[Fault]) -> str:
    sums: dict[str, int] = {}
    for each in group:
        if isinstance(each, Warning_) and each.pence is not None:
            sums[each.per] = sums.get(each.per, 0) + each.pence
    return "".join(f" ({gbp(pence)}{' a ' if per else ''}{per})" for per, pence in sums.items())


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
