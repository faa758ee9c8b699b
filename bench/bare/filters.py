"""How the bare pages write sums and days. Sums are pence."""

from datetime import date

SHORT = "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
LONG = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
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


FILTERS = {each.__name__: each for each in (gbp, rate, numdate, day, longday, weekday, days, year)}
