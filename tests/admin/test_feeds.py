"""The council's pages of what the finance system's feeds have brought, and the line about the last one on My work."""

from datetime import date

import pytest

from models.records.feed import Effect, FeedImport, Moved, MovedPayment
from tests.factories import saved

FEEDS = "/council/feeds/"


@pytest.fixture
def feed(desk):
    """A feed that made a week £10.00 dearer, and had two warnings."""
    contract, first = desk.contract.reference, date(2019, 9, 30)
    moved = MovedPayment(contract, first, date(2019, 10, 6), 65_611, 66_611)
    return make_feed(
        effect=Effect(Moved(1, 1_000), Moved(77, -4_200), (moved,), ("K9",)),
        warnings=["item_prices.csv, row 3: No price", "rates.csv, row 4: A gap"], warning_count=2,
    )  # fmt: skip


def make_feed(**given):
    counts = {"clients.csv": [3, 1, 0, 2], "item_prices.csv": [9, 4, 3, 2]}
    return saved(FeedImport(**{"name": "2019-10-02", "sha256": "ab" * 32, "counts": counts} | given))


def test_my_work_names_the_last_feed(desk, feed):
    page = desk.officer.get("/council/").page
    line = " ".join(page.find("h2", string="The last feed").find_next("p").text.split())
    assert line.endswith(": 8 changed, +£10.00 in payments that have begun, 2 warnings. All feeds")


def test_without_a_feed_my_work_says_nothing_of_one(desk):
    assert "The last feed" not in desk.officer.get("/council/").text
    assert "Nothing has been imported yet." in desk.officer.get(FEEDS).text


def test_the_list_shows_rows_warnings_and_money(desk, feed):
    make_feed(name="without")
    rows = desk.manager.get(FEEDS).page.select("tbody tr")
    told = [[" ".join(cell.text.split()) for cell in row.select("td")] for row in rows]
    assert told == [
        ["without", "8", "0", "Not worked out", "", ""],
        ["2019-10-02", "8", "2", "1", "+£10.00", "−£42.00"],
    ]
    assert len(desk.manager.get(FEEDS + "?show=warned").page.select("tbody tr")) == 1


def test_the_filter_that_finds_nothing_says_so(desk):
    make_feed()
    assert "Take the filter away" in desk.officer.get(FEEDS + "?show=warned").text


def test_a_feed_shows_what_it_changes_where_it_warned_and_what_was_read(desk, feed):
    page = desk.officer.get(f"{FEEDS}{feed.id}")
    assert "1 payment changes by +£10.00: contract" in page.text
    assert "77 payments to come change by −£42.00." in page.text
    assert "1 contract could no longer be calculated: K9." in page.text
    assert [each.text for each in page.page.select("#warnings ~ ul li")] == feed.warnings
    link = page.page.select_one("table a")
    assert desk.officer.get(link["href"]).page.h1
    assert [cell.text for cell in page.page.select("table")[-1].select("tr")[2].select("td")] == ["9", "4", "3", "2"]


def test_warnings_are_paged(desk):
    feed = make_feed(warnings=[f"rates.csv, row {n}: A gap" for n in range(120)], warning_count=120)
    first, last = (desk.officer.get(f"{FEEDS}{feed.id}?page={n}").page for n in (1, 3))
    assert (len(first.select("#warnings ~ ul li")), len(last.select("#warnings ~ ul li"))) == (50, 20)


def test_who_sees_no_payments_sees_no_money(colleague, desk, feed):
    administrator = colleague("systems_administrator")
    for page in ("/council/", FEEDS, f"{FEEDS}{feed.id}"):
        assert "£10.00" not in administrator.get(page).text
    assert "2 warnings" in administrator.get(f"{FEEDS}{feed.id}").text
    told = [each.text for each in administrator.get(f"{FEEDS}{feed.id}").page.select("#warnings ~ ul li")]
    assert told == ["item_prices.csv, row 3", "rates.csv, row 4"], "where, and not what: that may name sums"


@pytest.mark.parametrize("role", ["brokerage", "help_desk", "finance_panel"])
def test_other_staff_do_not_see_feeds(colleague, feed, role):
    colleague(role).get(FEEDS, status=403)
    assert "Feed of" not in colleague(role).get("/council/").text


def test_a_feed_that_is_not_there_is_not_found(desk):
    desk.officer.get(f"{FEEDS}99", status=404)
