from datetime import UTC, date, datetime

import pytest
from jinja2 import UndefinedError

from blueprints import filters
from exchange.downloads.tabular import written

FRIDAY = date(2019, 10, 11)


def test_days_are_written_as_the_guides_write_them():
    assert filters.day(FRIDAY) == "Friday 11 October 2019"
    assert filters.shortday(date(2019, 9, 3)) == "3 Sep 2019"
    assert filters.numdate(date(2019, 9, 3)) == "03/09/2019"


def test_an_instant_is_written_as_its_day_in_london():
    """Half an hour before midnight in summer is the next day there."""
    at = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)
    assert filters.day(at) == "Wednesday 1 July 2026"
    assert filters.weekday(at) == "Wednesday 1 July"
    assert filters.shortday(at) == "1 Jul 2026"
    assert filters.numdate(at) == "01/07/2026"
    assert written(at) == "01/07/2026 00:30"


@pytest.mark.parametrize(
    ("at", "clock"),
    [((0, 5), "12:05am"), ((11, 59), "11:59am"), ((12, 0), "12:00pm"), ((21, 14), "9:14pm")],
)
def test_the_clock_is_the_one_on_the_wall(at, clock):
    assert filters.clock(datetime(2019, 1, 11, *at, tzinfo=UTC)) == clock


def test_moments_are_told_in_london_summer_and_winter():
    assert filters.moment(datetime(2019, 7, 1, 23, 30, tzinfo=UTC)) == "Tuesday 2 July 2019 at 12:30am"
    assert filters.moment(datetime(2019, 12, 1, 23, 30, tzinfo=UTC)) == "Sunday 1 December 2019 at 11:30pm"


def test_a_table_has_less_room_for_a_moment():
    assert filters.shortmoment(datetime(2019, 7, 1, 23, 30, tzinfo=UTC)) == "2 Jul 2019, 12:30am"


def test_every_kind_of_value_has_a_filter(app):
    template = app.jinja_env.from_string("{{ -73593 | gbp }} {{ 3870 | gbp_rate }} {{ 127500 | number }}")
    assert template.render() == "−£735.93 £0.387 12.75"
    assert app.jinja_env.from_string("{{ 2019 | financial_year }}").render() == "2019/2020"


def test_a_name_that_is_not_there_is_never_shown_as_nothing(app):
    with pytest.raises(UndefinedError):
        app.jinja_env.from_string("Dear {{ nmae }}").render()
    assert app.jinja_env.from_string("{% if nmae %}x{% endif %}").render() == ""
