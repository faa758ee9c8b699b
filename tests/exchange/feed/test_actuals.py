"""A payment method that pays on actuals begins and ends with a week of its calendar."""

import pytest

from models.pricing import PayOnActuals
from models.records.contract import PaymentMethod
from tests.exchange.feed.feeds import Feed
from tests.support.rows import every

METHODS = "payment_methods.csv"


@pytest.fixture
def feed(tmp_path, database):
    """Weeks begin on the Monday of the anchor, 4 February 2019; months on the 1st."""
    return Feed(tmp_path / "feed")


@pytest.mark.parametrize("calendar", ["WEEKLY", "MONTHLY"])
@pytest.mark.parametrize("how", ["always", "until_actual"])
@pytest.mark.parametrize(
    ("first", "last", "column", "right"),
    [
        ("2019-02-04", "2019-02-10", None, ""),
        ("2019-02-04", "", None, ""),
        ("2019-02-05", "", "calculate_from", "Enter a Monday, like 04/02/2019"),
        ("2019-02-03", "", "calculate_from", "Enter a Monday, like 28/01/2019"),
        ("2019-02-04", "2019-02-09", "ends_on", "Enter a Sunday, like 10/02/2019"),
        ("2019-02-04", "2019-02-11", "ends_on", "Enter a Sunday, like 17/02/2019"),
    ],
)
def test_it_begins_and_ends_with_a_week(feed, calendar, how, first, last, column, right):
    feed.change(METHODS, "M2,K2,WEEKLY,never,gross,2019-02-04,", f"M2,K2,{calendar},{how},gross,{first},{last}")
    if column is None:
        feed.load()
        assert [str(each.pay_on_actuals) for each in every(PaymentMethod)] == ["never", how]
        return
    [fault] = feed.faults()
    assert (fault.file, fault.row, fault.column) == (METHODS, 3, column)
    assert right in fault.reason
    assert "the weeks of this calendar are from Monday" in fault.reason


def test_weeks_begin_on_the_weekday_of_the_anchor(feed):
    feed.change("calendars.csv", "WEEKLY,Weekly,weekly,2019-02-04", "WEEKLY,Weekly,weekly,2019-02-06")
    feed.change("calendar_overrides.csv", "2019-12-23", "2019-12-25")
    feed.change(METHODS, "M2,K2,WEEKLY,never,gross,2019-02-04,", "M2,K2,WEEKLY,always,gross,2019-02-04,")
    [fault] = feed.faults()
    assert "Enter a Wednesday, like 30/01/2019" in fault.reason


def test_a_method_that_never_pays_on_actuals_begins_on_any_day(feed):
    feed.change(METHODS, "M2,K2,WEEKLY,never,gross,2019-02-04,", "M2,K2,WEEKLY,never,gross,2019-02-05,2019-02-21")
    feed.load()
    assert every(PaymentMethod)[1].pay_on_actuals is PayOnActuals.NEVER
