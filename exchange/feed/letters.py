"""Characters that nobody sees, or that are not what they look like: which are passed over, which are faults, and what
a fault calls them.
"""

import unicodedata

JOINERS = "\u200c\u200d"
"""Invisible, but a part of words in some languages."""
BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U0001d159")
"""Letters, marks and signs by their category, which show nothing."""
_AT_EDGES = "".join(
    ("\u00ad\u061c\u200b\u200e\u200f\u2060\ufeff", "\u202a\u202b\u202c\u202d", "\u2066\u2067\u2068\u2069")
)
"""Soft hyphens, spaces of no width and marks of direction. U+202E is none of them: it turns letters round."""
_EDGES = _AT_EDGES + "".join(chr(code) for code in range(0x3001) if chr(code).isspace())


def tidied(cell: str) -> str:
    """The cell without what copying leaves at its edges, and nobody sees: spaces, soft hyphens, marks of direction."""
    return cell.strip(_EDGES)


def named(sign: str) -> str:
    """A character as a fault names it: “С” (U+0421, Cyrillic capital letter es); U+E000 (for private use)."""
    code = f"U+{ord(sign):04X}"
    if unicodedata.category(sign) == "Co":
        return f"{code} (for private use)"
    called = unicodedata.name(sign, "").capitalize()
    if sign.isspace() or not is_visible(sign):
        return f"{code} ({called.lower()})" if called else code
    return f"“{sign}” ({code}{', ' if called else ''}{called})"


def is_visible(sign: str) -> bool:
    return sign not in BLANKS and unicodedata.category(sign)[0] in "LNPS"


def unseen_in(text: str) -> str | None:
    """What to do about the first character that does not belong in a text; None where there is none.

    A joiner belongs between letters; a text of joiners and marks only has nothing that anybody could read.
    """
    if text.isascii() and text.isprintable():
        return None
    for sign in text:
        if reason := _why_wrong(sign):
            return reason
    if text and not any(map(is_visible, text)):
        return f"Nothing of this can be seen. It is made of {named(text[0])}. Type the text"
    return None


def _why_wrong(sign: str) -> str | None:
    kind = unicodedata.category(sign)
    if sign == "\ufffd":
        return "A letter was lost when the file was saved. Type it again, and save the file as UTF-8"
    if kind in ("Cc", "Zl", "Zp"):
        return f"Remove the line break or the control character, {named(sign)}"
    if kind == "Cf" and sign not in JOINERS or sign in BLANKS:
        return f"Remove the invisible character {named(sign)}. Type the text again if it does not show"
    if kind in ("Co", "Cs") or ord(sign) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(sign) <= 0xFDEF:
        return f"Type the text again without {named(sign)}: it shows differently on every computer, or not at all"
    return None
