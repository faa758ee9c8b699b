"""What is typed in one cell, read: days, quantities, counts, codes. Where it cannot be, WrongCell says what is wrong
and what would be right; `suggestion` stands only where one answer is certain.
"""

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from models.money import SCALE, number, parse_e4
from models.words import folded

_EXCEL = date(1899, 12, 30)
"""The day from which Excel counts."""
_SERIAL = re.compile(r"[2-6]\d{4}(?:\.0+)?")
_NUMERIC = re.compile(r"(\d{1,4})[/.\- ](\d{1,2})[/.\- ](\d{1,4})")
_NAMED = ("%d %b %Y", "%d-%b-%Y", "%d %B %Y", "%d-%b-%y", "%d %b %y", "%Y%m%d", "%a %d %b %Y", "%A %d %B %Y")
_FORMULA = re.compile(r"^'(?='*\s*[=+\-@\t\r\n\0＝＋－＠])")
_NOTHING = {"-", "–", "nil", "none", "na", "n/a", "zero", "x"}
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")
"""What nobody types and no database keeps; a workbook can hold it all the same, written as _x0000_."""
_YEARS = range(1900, 2101)
"""Of days that anything here can be about: the calendar of Python ends, and sums with its last days fail."""
_MOST_E4 = 10**6 * SCALE
TIME = re.compile(r"([01]?\d|2[0-4])[:.]?([0-5]\d)(?::[0-5]\d)?")


class WrongCell(Exception):
    """The text is said to whoever typed it."""

    def __init__(self, code: str, text: str, suggestion: str | None = None) -> None:
        super().__init__(text)
        self.code, self.text, self.suggestion = code, text, suggestion


def plain_text(cell: str, *, is_csv: bool) -> str:
    """As it was typed: without characters that nobody sees, and without the apostrophe that keeps a spreadsheet from
    taking it for a formula, which our CSV files put there (exchange/downloads/tabular.py).
    """
    if not cell.isprintable():
        cell = _UNSEEN.sub("", cell)
    return (_FORMULA.sub("", cell) if is_csv else cell).strip()


@lru_cache(maxsize=1_024)
def read_day(text: str, code: str = "E030") -> date:
    """31/12/2026, 2026-12-31, 31.12.26, 31 Dec 2026, or the number that Excel keeps for a day."""
    day = _any_day(text, code)
    if day.year not in _YEARS:
        raise WrongCell(code, f"{shown(text)} is too far away. Write it like 07/09/2026")
    return day


def _any_day(text: str, code: str) -> date:
    typed = text.strip().partition("T")[0]
    typed = re.sub(r" \d{1,2}:\d\d(:\d\d)?$", "", typed)
    if _SERIAL.fullmatch(typed):
        return _EXCEL + timedelta(days=int(typed.partition(".")[0]))
    if found := _NUMERIC.fullmatch(typed):
        first, month, last = (int(part) for part in found.groups())
        is_iso, is_short = len(found[1]) == 4, max(len(found[1]), len(found[3])) <= 2
        return _numeric(text, first, month, last + 2000 if is_short else last, is_iso=is_iso, code=code)
    for form in _NAMED:
        try:
            return datetime.strptime(typed, form).date()  # noqa: DTZ007 - a day has no time zone
        except ValueError:
            continue
    raise WrongCell(code, f"{shown(text)} is no day. Write it like 07/09/2026")


def _numeric(text: str, first: int, month: int, last: int, *, is_iso: bool, code: str) -> date:
    year, day = (first, last) if is_iso else (last, first)
    try:
        return date(year, month, day)
    except ValueError:
        pass
    try:
        turned = date(year, day, month)
    except ValueError:
        raise WrongCell(code, f"{shown(text)} is no day of the calendar. Write it like 07/09/2026") from None
    raise WrongCell(code, f"{shown(text)} has no month {month}. Write the day first", f"{turned:%d/%m/%Y}")


def turned_round(day: date) -> date | None:
    """The day that one gets by taking month for day: 9 July for 7 September."""
    try:
        return date(day.year, day.day, day.month)
    except ValueError:
        return None


@lru_cache(maxsize=4_096)
def read_quantity(text: str, *, is_hours: bool = False) -> int:
    """Ten-thousandths of "13.25", "1,234.5" or "£5": what is below 0 is read, for whoever checks to refuse."""
    typed = text.strip()
    try:
        value = parse_e4(typed)
    except ValueError:
        raise _no_quantity(typed, is_hours) from None
    if abs(value) > _MOST_E4:
        raise WrongCell("E050", f"{shown(typed)} is more than a week can hold")
    return value


def _no_quantity(typed: str, is_hours: bool) -> WrongCell:
    guess: int | None = None
    if typed.casefold() in _NOTHING:
        guess = 0
    elif found := re.fullmatch(r"(\d{1,3}):([0-5]\d)(?::00)?", typed) if is_hours else None:
        whole = int(found[1]) * 60 + int(found[2])
        guess = whole * SCALE // 60 if whole * SCALE % 60 == 0 else None
    else:
        mended = re.sub(r"\s*(h|hrs?|hours?|units?|sessions?|nights?|days?)\.?$", "", typed, flags=re.IGNORECASE)
        mended = mended.replace("O", "0").replace("o", "0").replace("l", "1") if re.search(r"\d", mended) else mended
        if re.fullmatch(r"\d+,\d{1,2}", mended):
            mended = mended.replace(",", ".")
        mended = re.sub(r"^\((.*)\)$", r"-\1", mended)
        try:
            guess = parse_e4(mended) if re.search(r"\d", mended) and not re.search(r"\de\d", mended) else None
        except ValueError:
            guess = None
    return WrongCell("E050", f"{shown(typed)} is no number. Enter one like 13.25",
                     None if guess is None else number(guess).replace("−", "-").replace(",", ""))  # fmt: skip


def read_count(text: str, code: str = "E054") -> int:
    typed = text.strip()
    if not re.fullmatch(r"\d{1,4}(?:\.0+)?", typed):
        raise WrongCell(code, f"{shown(typed)} is no whole number. Enter one like 14")
    return int(typed.partition(".")[0])


def read_time(text: str, code: str = "E070") -> time | None:
    """08:30, 8.30 or 0830; 24:00 is None, the midnight that ends the day."""
    typed = text.strip().rpartition(" ")[2]
    found = TIME.fullmatch(typed)
    if not found or found[1] == "24" and found[2] != "00":
        raise WrongCell(code, f"{shown(text)} is no time. Write it like 08:30")
    return None if found[1] == "24" else time(int(found[1]), int(found[2]))


def read_code(text: str, codes: Iterable[str], synonyms: dict[str, str], code: str, what: str) -> str:
    """One of the codes, written as it is. `synonyms` are other ways to say them, folded."""
    typed = text.strip()
    wanted = list(codes)
    if typed in wanted:
        return typed
    by_key = {re.sub(r"[^a-z0-9]", "", folded(each)): each for each in wanted} | synonyms
    guess = by_key.get(re.sub(r"[^a-z0-9]", "", folded(typed)))
    raise WrongCell(code, f"{shown(typed)} is no {what}. Use {', '.join(wanted[:-1])} or {wanted[-1]}", guess)


def shown(text: str) -> str:
    """What was typed, in quotation marks, not too long."""
    short = text.strip()
    return f"“{short[:40]}{'…' if len(short) > 40 else ''}”"


def cell_name(index: int, row: int) -> str:
    """E7, as Excel names it: `index` 0 is A."""
    name, index = "", index + 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return f"{name}{row}"


def place_of(cell: str) -> tuple[int, int]:
    """The index of the column and the row of E7: 4 and 7."""
    letters = cell.rstrip("0123456789")
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index - 1, int(cell[len(letters) :])
