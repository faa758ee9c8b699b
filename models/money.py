"""Pence, rates, quantities, and the one function that rounds.

Money is a whole number of pence. A rate is ten-thousandths of a pound and a quantity ten-thousandths
of its unit, so that £0.387 a mile and a quarter of an hour are exact. `float` has no place here.
"""

import re

SCALE = 10_000
"""How many parts a pound of rate, or a unit of quantity, is cut into (the `_e4` in names)."""
PENNY_E8 = SCALE * SCALE // 100
"""A penny, where a rate has been multiplied by a quantity."""

_NUMBER = re.compile(r"(?P<sign>[-−])?\s*£?\s*(?P<sign2>[-−])?(?P<whole>\d{1,3}(?:,\d{3})+|\d+)?(?:\.(?P<part>\d*))?")


def round_half_away(numerator: int, denominator: int) -> int:
    """The whole number nearest to the fraction; exactly half goes away from zero (294.5 to 295, -294.5 to -295).

    Half-even, Python's own rounding, would pay 12.75 hours at £23.10 a penny short (golden.md).
    The denominator is positive.
    """
    magnitude = (2 * abs(numerator) + denominator) // (2 * denominator)
    return magnitude if numerator >= 0 else -magnitude


def times(rate_e4: int, quantity_e4: int) -> int:
    """Pence for `quantity_e4` units at `rate_e4` a unit, rounded once: 150 miles at £0.387 is 5805."""
    return round_half_away(rate_e4 * quantity_e4, PENNY_E8)


def gbp(pence: int) -> str:
    """£1,234.50; a negative amount begins with a true minus sign: −£735.93."""
    pounds, rest = divmod(abs(pence), 100)
    return f"{'−' if pence < 0 else ''}£{pounds:,}.{rest:02}"


def gbp_signed(pence: int) -> str:
    """A change: +£3,211.40, −£12.00, £0.00."""
    return f"{'+' if pence > 0 else ''}{gbp(pence)}"


def plain(pence: int) -> str:
    """1234.50, for a file: no sign of pounds, no commas, an ordinary hyphen for minus."""
    pounds, rest = divmod(abs(pence), 100)
    return f"{'-' if pence < 0 else ''}{pounds}.{rest:02}"


def gbp_rate(rate_e4: int) -> str:
    """A unit rate with the digits it needs, at least two: £353.08, but £0.387."""
    whole, part = divmod(abs(rate_e4), SCALE)
    digits = f"{part:04}".rstrip("0").ljust(2, "0")
    return f"{'−' if rate_e4 < 0 else ''}£{whole:,}.{digits}"


def number(quantity_e4: int) -> str:
    """A quantity with the digits it needs: 150, 12.75."""
    whole, part = divmod(abs(quantity_e4), SCALE)
    digits = f"{part:04}".rstrip("0")
    return f"{'−' if quantity_e4 < 0 else ''}{whole:,}{'.' + digits if digits else ''}"


def parse_pence(text: str) -> int:
    """Whole pence of "£1,234.50" or "1234.5"; ValueError says what is wrong with anything else."""
    return _scaled(text, 2)


def parse_e4(text: str) -> int:
    """Ten-thousandths of "£0.387" or "12.75"; ValueError says what is wrong with anything else."""
    return _scaled(text, 4)


def _scaled(text: str, places: int) -> int:
    found = _NUMBER.fullmatch(text.strip())
    if not found or not text.isascii() and set(text) - set("£−") - set(map(chr, range(128))):
        raise ValueError("must be a number, like 1,234.50")
    whole, part = found["whole"] or "", found["part"] or ""
    if not whole and not part or found["sign"] and found["sign2"]:
        raise ValueError("must be a number, like 1,234.50")
    if len(part.rstrip("0")) > places:
        raise ValueError(f"must have no more than {places} digits after the point")
    if len(whole.replace(",", "")) > 10:
        raise ValueError("is too large")
    value = int((whole.replace(",", "") or "0") + part[:places].ljust(places, "0"))
    return -value if found["sign"] or found["sign2"] else value
