"""What to say of a cell that other programs have spoilt: a spreadsheet's error, a database's word for nothing, a
currency beside an amount. Each function says what to do, or returns "".
"""

import re

from exchange.feed.letters import named

_ERROR = re.compile(r"#(N/A|GETTING_DATA|[^\W\d_][\w/ ]*[!?]|#+)|Err:\d{3}", re.IGNORECASE)
_NOTHING = {"null", "(null)", "<null>", "n/a", "n.a.", "na", "nil", "nan", "none", "nat", "undefined", "\\n"}
SURELY_NOTHING = {"null", "(null)", "<null>", "n/a"}
_DASHES = {"-", "--", "–", "—", "?", "tbc", "tba"}
_CURRENCY = re.compile(r"(?P<before>[^\W\d_]{1,4}|[$€¥])?\s*[-−]?[\d.,]+\s*(?P<after>[^\W\d_]{1,4}|[$€¥])?")
_SPACES = re.compile(r"(?<=\d)\s+(?=\d)")
_OTHER_DATE = re.compile(
    r"(\d{4})([./ -])(\d{1,2})\2(\d{1,2})|(\d{1,2})([. -])(\d{1,2})\6(\d{4})|(\d{4})(\d\d)(\d\d)", re.ASCII
)


def is_error(raw: str) -> bool:
    """Whether a spreadsheet has put its error there: #REF!, #SPILL!, #N/A, ####, Err:502."""
    return raw[:1] in "#Ee" and _ERROR.fullmatch(raw) is not None


def for_nothing(raw: str) -> str:
    if raw.lower() in _NOTHING:
        return f"{raw} is another program's word for nothing"
    return f"{raw} is no value" if raw.lower() in _DASHES else ""


def for_number(raw: str) -> str:
    """What to change about a text that should be a number."""
    if odd := next((each for each in raw if not each.isascii() and each not in "£−"), None):
        return f"Take out {named(odd)}" if odd.isspace() else f"Type it again without {named(odd)}"
    if _SPACES.search(raw):
        return f"Take out the space: {_SPACES.sub('', raw)}"
    if raw.endswith("%"):
        return "Take out the % sign"
    found = _CURRENCY.fullmatch(raw)
    if found and (word := found["before"] or found["after"]):
        return f"Take out {word}: amounts are pounds, and have no more than a £ sign"
    if re.fullmatch(r"-?\d{1,3}(\.\d{3})*,\d+", raw):
        return f"Write a point before the decimals: {raw.replace('.', '').replace(',', '.')}"
    if re.fullmatch(r"\([£\d.,]+\)", raw):
        return "Brackets are not read as a minus"
    return ""


def for_day(raw: str) -> str:
    """The day in the way in which it is read, where it is written in another."""
    found = _OTHER_DATE.fullmatch(raw)
    if found is None:
        odd = next((each for each in raw if not each.isascii()), None)
        return f"Type it again without {named(odd)}" if odd else ""
    if found[5]:
        return f"Write {int(found[5]):02}/{int(found[7]):02}/{found[8]}, with slashes"
    year, month, day = found.group(1, 3, 4) if found[1] else found.group(9, 10, 11)
    return f"Write {year}-{int(month):02}-{int(day):02}"
