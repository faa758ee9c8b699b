"""A price by the calendar month has no timetable, whichever of the two comes first."""

import pytest

from models.pricing import Unit
from models.records.contract import ServiceLevel
from tests.exchange.feed.feeds import Feed
from tests.support.rows import every

pytestmark = pytest.mark.postgres
MONTHLY = ("HOUR,S1,Support,hour", "HOUR,S1,Support,month")


@pytest.fixture
def feed(tmp_path, database):
    """I2 has hours on seven days."""
    return Feed(tmp_path / "feed")


def test_a_timetable_of_an_item_by_the_month_is_refused(feed):
    feed.change("service_levels.csv", *MONTHLY)
    [fault] = feed.faults()
    assert (fault.file, fault.row, fault.column) == ("item_quantities.csv", 2, "monday")
    assert "priced by the calendar month" in fault.reason


def test_a_level_becomes_monthly_only_where_no_item_has_a_timetable(feed):
    feed.load()
    feed.change("service_levels.csv", *MONTHLY)
    feed.only("service_levels.csv")
    [fault] = feed.faults()
    assert (fault.file, fault.row, fault.column, fault.value) == ("service_levels.csv", 3, "unit", "month")

    feed.write("item_quantities.csv", "item_ref,starts_on,quantity,monday\nI2,2019-03-01,2,\n")
    assert "all seven" not in str(feed.faults())


def test_a_level_becomes_monthly_with_the_feed_that_takes_the_days_off(feed):
    feed.load()
    feed.change("service_levels.csv", *MONTHLY)
    feed.change("item_quantities.csv", "12.75,2.5,2.5,2.5,2.5,2.75,0,0", "2,,,,,,,")
    feed.load()
    [level] = [level for level in every(ServiceLevel) if level.reference == "HOUR"]
    assert level.unit is Unit.MONTH
