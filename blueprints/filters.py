"""How money, quantities and days are written on a page."""

import re
from datetime import date, datetime, timedelta

from flask import Flask

from exchange.reports.sheet import shown
from models import money
from models.base import utc_now
from models.calendar import LONDON, FinancialYear, in_words, london_day
from models.words import how_many


def init_app(app: Flask) -> None:
    app.jinja_env.filters.update(
        gbp=money.gbp,
        gbp_signed=money.gbp_signed,
        gbp_rate=money.gbp_rate,
        number=money.number,
        percent=percent,
        day=day,
        weekday=weekday,
        shortday=shortday,
        numdate=numdate,
        clock=clock,
        hours=hours,
        moment=moment,
        shortmoment=shortmoment,
        ago=ago,
        isoday=isoday,
        how_many=how_many,
        financial_year=financial_year,
        duration=duration,
        tel=tel,
        shown=shown,
    )


def day(when: date) -> str:
    """Friday 11 October 2019"""
    return f"{london_day(when):%A} {in_words(when)}"


def weekday(when: date) -> str:
    """Tuesday 8 October, where the year is known"""
    on = london_day(when)
    return f"{on:%A} {on.day} {on:%B}"


def shortday(when: date) -> str:
    """30 Sep 2019"""
    on = london_day(when)
    return f"{on.day} {on:%b %Y}"


def numdate(when: date) -> str:
    """11/10/2019"""
    return f"{london_day(when):%d/%m/%Y}"


def clock(at: datetime) -> str:
    """9:14pm, in London"""
    local = at.astimezone(LONDON)
    return f"{local.hour % 12 or 12}:{local:%M}{'am' if local.hour < 12 else 'pm'}"


def hours(at: datetime) -> str:
    """21:14, in London: for tables, as the guides have it"""
    return f"{at.astimezone(LONDON):%H:%M}"


def moment(at: datetime) -> str:
    """Tuesday 1 October 2019 at 9:14pm"""
    return f"{day(at)} at {clock(at)}"


def shortmoment(at: datetime) -> str:
    """1 Oct 2019, 9:14pm"""
    return f"{shortday(at)}, {clock(at)}"


def isoday(at: datetime) -> str:
    """2019-10-01, in London: for an address"""
    return at.astimezone(LONDON).date().isoformat()


def ago(at: datetime) -> str:
    """a minute ago, 12 minutes ago, an hour ago, 5 hours ago; real time, in whole minutes or hours"""
    minutes = max(1, int((utc_now() - at).total_seconds() // 60))
    if minutes < 60:
        return "a minute ago" if minutes == 1 else f"{minutes} minutes ago"
    return "an hour ago" if minutes < 120 else f"{minutes // 60} hours ago"


def percent(basis_points: int) -> str:
    """20 %, 12.5 %"""
    return f"{money.number(basis_points * 100)} %"


def duration(took: timedelta) -> str:
    """less than a second, 12 seconds, 3 minutes, 2 hours; whole ones, rounded down"""
    seconds = int(took.total_seconds())
    if seconds < 1:
        return "less than a second"
    if seconds < 120:
        return how_many(seconds, "second")
    return how_many(seconds // 60, "minute") if seconds < 7_200 else how_many(seconds // 3_600, "hour")


def financial_year(starts_in: int) -> str:
    """2019/2020, of the year in which it begins"""
    return str(FinancialYear(starts_in))


def tel(text: str) -> str:
    """01632960123 of "01632 960 123 (office)", for the address of a link; empty where no number begins the text"""
    number = re.match(r"\+?[0-9][0-9 ()-]{5,}", text.strip())
    return re.sub(r"[^0-9+]", "", number[0]) if number else ""
