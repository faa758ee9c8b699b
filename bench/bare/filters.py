"""How the bare pages write sums, quantities and days. Sums are pence."""

from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

SHORT = "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
LONG = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
LONDON = ZoneInfo("Europe/London")
WEEKDAYS = "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"


def gbp(pence: int) -> str:
    """£1,234.50"""
    sign, pence = ("-", -pence) if pence < 0 else ("", pence)
    return f"{sign}£{pence // 100:,}.{pence % 100:02}"


def rate(e4: int) -> str:
    """£300.0007, of ten-thousandths of a pound: at least two digits after the point."""
    whole, part = divmod(e4, 10_000)
    return f"£{whole:,}.{part // 100:02}" + f"{part % 100:02}".rstrip("0")


def numdate(on: date) -> str:
    """04/10/2019"""
    return f"{on.day:02}/{on.month:02}/{on.year}"


def day(on: date) -> str:
    """4 Oct 2019"""
    return f"{on.day} {SHORT[on.month - 1]} {on.year}"


def longday(on: date) -> str:
    """4 October 2019"""
    return f"{on.day} {LONG[on.month - 1]} {on.year}"


def weekday(on: date) -> str:
    """Friday 4 October 2019"""
    return f"{WEEKDAYS[on.weekday()]} {longday(on)}"


def days(first: date, last: date) -> str:
    """30 Sep to 6 Oct 2019, of days of one year."""
    return f"{first.day} {SHORT[first.month - 1]} to {day(last)}"


def year(starts_in: int) -> str:
    """2019/2020"""
    return f"{starts_in}/{starts_in + 1}"


def duty(on: date) -> str:
    """Tuesday 1 October"""
    return f"{WEEKDAYS[on.weekday()]} {on.day} {LONG[on.month - 1]}"


def moment(at: datetime) -> str:
    """Saturday 28 November 2026 at 9:30am, of a moment in UTC that does not say so."""
    local = at.replace(tzinfo=UTC).astimezone(LONDON)
    return f"{weekday(local)} at {local.hour % 12 or 12}:{local.minute:02}{'am' if local.hour < 12 else 'pm'}"


def number(e4: int) -> str:
    """14, 7.5, of ten-thousandths; nothing of none."""
    whole, part = divmod(e4, 10_000)
    return f"{whole:,}" + f".{part:04}".rstrip("0").rstrip(".") if e4 else ""


def mark(row: Any) -> str:
    """What a row of a week is told by when it is sent: its version, and a digest of its texts."""
    figures = [number(each) for each in (row.actual_e4, row.frustrated_e4, row.missed_e4, row.extra_e4)]
    texts = [*figures, str(row.visits or ""), row.reason or "", row.comment]
    return f"{row.version}.{sha256(chr(10).join(texts).encode()).hexdigest()[:8]}"


FILTERS = {
    each.__name__: each for each in (gbp, rate, numdate, day, longday, weekday, days, year, duty, moment, number, mark)
}
