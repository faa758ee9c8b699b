"""What may stand in a cell. Each kind parses a text that is not empty and has no spaces around it, or raises a
ValueError that says what to write instead.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from exchange.feed import cures
from exchange.feed.letters import named, unseen_in
from models.emails import LONGEST_EMAIL, email_address
from models.money import parse_e4, parse_pence

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
DATE_HINT = "Enter a date like 2020-03-31 or 31/03/2020"
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]*")
_POWER_OF_TEN = re.compile(r"\d+([.,]\d+)?E\+\d+", re.ASCII | re.IGNORECASE)
"""What a spreadsheet makes of 123000000000: 1.23E+11. A reference may well be 1E5."""


@dataclass(frozen=True)
class Kind:
    """A kind of cell: `words` say in the documentation what may stand in it."""

    words: str
    read: Callable[[str], Any]
    target: str = ""
    """The file whose records such a cell refers to."""
    is_text: bool = False
    """Whatever somebody may have written: "None" and "n/a" too."""
    is_money: bool = False

    def parse(self, raw: str, is_needed: bool = True) -> Any:
        """The value of a text; ValueError says what to write instead. Where it need not be there, the cell may be left
        empty.
        """
        if cures.is_error(raw):
            raise ValueError("This is a spreadsheet's error. Enter the value itself")
        if not self.is_text and raw.lower() in cures.SURELY_NOTHING:
            raise ValueError(_instead_of_nothing(raw, is_needed))
        try:
            return self.read(raw)
        except ValueError:
            if not self.is_text and cures.for_nothing(raw):
                raise ValueError(_instead_of_nothing(raw, is_needed)) from None
            raise


def _instead_of_nothing(raw: str, is_needed: bool) -> str:
    return f"{cures.for_nothing(raw)}. {'Enter the value itself' if is_needed else 'Leave the cell empty'}"


def line(longest: int = 200) -> Kind:
    return Kind(f"text, up to {longest:,} characters", lambda raw: _clean(raw, longest), is_text=True)


def lines() -> Kind:
    """Lines separated by |, kept as lines; those of commas and dashes only are none."""
    return Kind("up to 10 lines of text, separated by a vertical bar", _lines, is_text=True)


def digits(most: int) -> Kind:
    """So many digits at most, as text: 0042 keeps its noughts."""
    return Kind(f"up to {most} digits", lambda raw: _digits(raw, most), is_text=True)


def email() -> Kind:
    return Kind("an e-mail address", _email)


def reference(*, in_address: bool = False) -> Kind:
    """A record's own name. One that stands in a web address has no slash."""
    signs = ". _ : -" if in_address else ". _ : - /"
    words = f"a reference: letters, digits and {signs}, up to 40 characters"
    return Kind(words, lambda raw: _reference(raw, in_address))


def link(target: str) -> Kind:
    return Kind(f"a reference in {target}, or one on record", lambda raw: _reference(raw, False), target)


def day() -> Kind:
    return Kind("a date: 2020-03-31 or 31/03/2020", _day)


def yes_no() -> Kind:
    return Kind("`yes` or `no`", _yes_no)


def choice(choices: type[StrEnum], *only: StrEnum) -> Kind:
    allowed = only or tuple(choices)
    return Kind(_or([f"`{each.value}`" for each in allowed]), lambda raw: _choice(raw, allowed))


def whole(least: int, most: int) -> Kind:
    return Kind(f"a whole number from {least:,} to {most:,}", lambda raw: _whole(raw, least, most))


def money(least: int = 0, most: int = 1_000_000) -> Kind:
    """Pounds, given back in pence."""
    words = f"pounds and pence from {least:,} to {most:,}"
    return Kind(words, lambda raw: _within(raw, parse_pence, 100, least, most, "an amount like 1234.50"), is_money=True)


def rate() -> Kind:
    """Pounds a unit, given back in ten-thousandths."""
    words = "pounds, with up to four decimals, from 0 to 1,000,000"
    return Kind(
        words, lambda raw: _within(raw, parse_e4, 10_000, 0, 1_000_000, "a rate like 353.08 or 0.387"), is_money=True
    )


def quantity() -> Kind:
    """Units, given back in ten-thousandths."""
    words = "a number, with up to four decimals, from 0 to 100,000"
    return Kind(words, lambda raw: _within(raw, parse_e4, 10_000, 0, 100_000, "a quantity like 14 or 12.75"))


def percent() -> Kind:
    """Per cent, given back in hundredths of it."""
    words = "per cent, with up to two decimals, from 0 to 100"
    hint = "a percentage from 0 to 100, like 20"
    return Kind(words, lambda raw: _within(raw.removesuffix("%"), parse_pence, 100, 0, 100, hint))


def total() -> Kind:
    """Pounds of any size, given back in ten-thousandths."""
    most, hint = 9_999_999_999, "a sum like 1234567.50"
    return Kind("pounds, with up to four decimals", lambda raw: _within(raw, parse_e4, 10_000, 0, most, hint))


def sha256() -> Kind:
    return Kind("64 digits and letters from a to f", _sha256)


def financial_year() -> Kind:
    return Kind("a financial year: 2019/2020", _financial_year)


def _clean(raw: str, longest: int) -> str:
    clean = unicodedata.normalize("NFC", raw)
    if reason := unseen_in(clean):
        raise ValueError(reason)
    if len(clean) > longest:
        raise ValueError(f"Shorten this to {longest:,} characters; it has {len(clean):,}")
    return clean


def _digits(raw: str, most: int) -> str:
    if not (raw.isascii() and raw.isdigit() and len(raw) <= most):
        raise ValueError(f"Enter no more than the last {most} digits")
    return raw


def _lines(raw: str) -> str:
    found = [_clean(each.strip(), 100) for each in raw.split("|")]
    found = [each for each in found if any(map(str.isalnum, each))]
    if len(found) > 10:
        raise ValueError(f"Use at most 10 lines; there are {len(found)}")
    return "\n".join(found)


def _email(raw: str) -> str:
    clean = _clean(raw, LONGEST_EMAIL)
    if clean.lower().startswith("mailto:"):
        raise ValueError(f"Leave out mailto: and enter {clean[7:]}")
    try:
        return email_address(clean)
    except ValueError as problem:
        raise ValueError(f"Enter one e-mail address like name@example.org. {str(problem).rstrip('.')}") from None


def _reference(raw: str, in_address: bool) -> str:
    if _POWER_OF_TEN.fullmatch(raw):
        raise ValueError("A spreadsheet has turned this reference into a number. Format the column as text")
    if len(raw) > 40:
        raise ValueError(f"Shorten this to 40 characters; it has {len(raw):,}")
    if not _REFERENCE.fullmatch(raw) or in_address and "/" in raw:
        signs = ". _ : -" if in_address else ". _ : - /"
        raise ValueError(f"Use only letters, digits and {signs}, and begin with a letter or a digit{_odd(raw, signs)}")
    return raw


def _odd(raw: str, signs: str) -> str:
    """The first character that a reference may not have, unless it is plain to see."""
    odd = next((each for each in raw if not (each.isascii() and each.isalnum() or each in signs.split())), None)
    if odd is None or odd.isascii() and odd.isprintable() and odd != " ":
        return ""
    looks = ". It looks like a Latin letter, and is none" if odd.isalpha() and not odd.isascii() else ""
    return f". There is {named(odd)} in it{looks}"


def _day(raw: str) -> date:
    found = _DATE.fullmatch(raw)
    if found is None:
        raise ValueError(_why_no_date(raw))
    year, month, day_of_month = map(int, found.group(1, 2, 3) if found[1] else found.group(6, 5, 4))
    try:
        value = date(year, month, day_of_month)
    except ValueError:
        raise ValueError(f"There is no such day. {DATE_HINT}, the day before the month") from None
    if not FIRST_DAY <= value <= LAST_DAY:
        raise ValueError(f"Enter a day from {FIRST_DAY.year} to {LAST_DAY.year}. Where there is no end, leave it empty")
    return value


def _why_no_date(raw: str) -> str:
    if re.fullmatch(r"\d{4,6}(\.\d+)?", raw, re.ASCII):
        return f"This is a spreadsheet's number of a day. Format the column as dates. {DATE_HINT}"
    if re.fullmatch(r"\d{1,2}/\d{1,2}/\d{2}", raw, re.ASCII):
        return f"Write the year with four digits. {DATE_HINT}"
    if _DATE.match(raw) and ":" in raw:
        return f"Leave out the time. {DATE_HINT}"
    return f"{DATE_HINT}{'. ' if (cure := cures.for_day(raw)) else ''}{cure}"


def _yes_no(raw: str) -> bool:
    answers = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}
    if raw.lower() not in answers:
        raise ValueError("Enter yes or no")
    return answers[raw.lower()]


def _choice(raw: str, allowed: tuple[StrEnum, ...]) -> StrEnum:
    wanted = re.sub(r"[\s-]+", "_", raw.lower())
    for each in allowed:
        if each.value == wanted:
            return each
    raise ValueError(f"Enter {_or([each.value for each in allowed])}")


def _whole(raw: str, least: int, most: int) -> int:
    if not re.fullmatch(r"-?\d{1,9}", raw, re.ASCII) or not least <= int(raw) <= most:
        cure = cures.for_number(raw)
        raise ValueError(f"Enter a whole number from {least:,} to {most:,}{'. ' if cure else ''}{cure}")
    return int(raw)


def _within(raw: str, parse: Callable[[str], int], scale: int, least: int, most: int, hint: str) -> int:
    try:
        value = parse(raw)
    except ValueError as problem:
        cure = cures.for_number(raw)
        raise ValueError(f"Enter {hint}. It {problem}{'. ' if cure else ''}{cure}") from None
    if not least * scale <= value <= most * scale:
        raise ValueError(f"Enter {hint}. It must be from {least:,} to {most:,}")
    return value


def _sha256(raw: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", raw.lower(), re.ASCII):
        raise ValueError("Enter the SHA-256 hash of the file: 64 digits and letters from a to f")
    return raw.lower()


def _financial_year(raw: str) -> int:
    found = re.fullmatch(r"(20\d\d)/(20)?(\d\d)", raw, re.ASCII)
    if not found or int(found[3]) != (int(found[1]) + 1) % 100:
        raise ValueError("Enter a financial year like 2019/2020")
    return int(found[1])


def _or(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def shown(value: Any) -> str:
    """A parsed value in the words of a message: a day as 31/03/2020."""
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    return "" if value is None else str(value)
