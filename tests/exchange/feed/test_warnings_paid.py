"""What a feed takes back of finalised days, and that warnings cost a fixed number of queries."""

from datetime import date

import pytest
import sqlalchemy as sa

from exchange.feed import check_feed
from exchange.feed.warnings.paid import LOWERED, TAKEN_BACK
from tests.exchange.feed.feeds import Feed

pytestmark = pytest.mark.postgres

ITEMS = "care_package_items.csv"
LAST_DAY = date(2019, 8, 4)


@pytest.fixture
def feed(feed: Feed) -> Feed:
    """The feed, in which every item has a price."""
    feed.add("rates.csv", "K2,HOUR,2018-04-01,,21.50")
    return feed


@pytest.fixture
def paid(feed: Feed) -> Feed:
    """The feed, imported and finalised to 4 August 2019."""
    feed.paid_until(LAST_DAY)
    return feed


def warned(feed: Feed) -> list[tuple[str, int, str, str, str]]:
    return [
        (each.file, each.row, each.column, each.reason, each.detail)
        for each in check_feed(feed.path, is_foreseen=False).warnings
    ]


ABSENCE, DEDUCTION = "A1,I1,2019-08-05,2019-08-11,Holiday,50", "D1,I1,contribution,provider,2019-04-01,,20.02,no"
CASES = {
    "an end in finalised days": (ITEMS, "I1,K1,C1,WEEK,2018-06-04,,", "I1,K1,C1,WEEK,2018-06-04,2019-07-31,",
                                 (2, "ends_on", TAKEN_BACK, "I1: 01/08/2019 to 04/08/2019")),
    "the last finalised day but one": (ITEMS, "I1,K1,C1,WEEK,2018-06-04,,", "I1,K1,C1,WEEK,2018-06-04,2019-08-03,",
                                       (2, "ends_on", TAKEN_BACK, "I1: 04/08/2019")),
    "the last finalised day": (ITEMS, "I1,K1,C1,WEEK,2018-06-04,,", "I1,K1,C1,WEEK,2018-06-04,2019-08-04,", None),
    "an end that comes nearer": (ITEMS, "2019-03-01,2020-03-01,2019", "2019-03-01,2019-06-30,2019",
                                 (3, "ends_on", TAKEN_BACK, "I2: 01/07/2019 to 04/08/2019")),
    "a later beginning": (ITEMS, "I2,K2,C2,HOUR,2019-03-01", "I2,K2,C2,HOUR,2019-04-01",
                          (3, "starts_on", TAKEN_BACK, "I2: 01/03/2019 to 31/03/2019")),
    "an earlier beginning": (ITEMS, "I2,K2,C2,HOUR,2019-03-01", "I2,K2,C2,HOUR,2019-02-11", None),
    "a contract's end": ("contracts.csv", "K1,P1,Oak,2018-04-01,", "K1,P1,Oak,2018-04-01,2019-07-31",
                         (2, "ends_on", TAKEN_BACK, "K1: 01/08/2019 to 04/08/2019")),
    "a contract's end to come": ("contracts.csv", "K1,P1,Oak,2018-04-01,", "K1,P1,Oak,2018-04-01,2019-08-04", None),
    "an absence": ("absences.csv", ABSENCE, f"{ABSENCE}\nA2,I1,2019-07-01,2019-07-07,Ill,0",
                   (3, "starts_on", LOWERED, "I1: 01/07/2019 to 07/07/2019")),
    "an absence over the last day": ("absences.csv", ABSENCE, "A1,I1,2019-08-04,2019-08-11,Holiday,50",
                                     (2, "starts_on", LOWERED, "I1: 04/08/2019")),
    "an absence of days to come": ("absences.csv", ABSENCE, "A1,I1,2019-08-05,2019-08-18,Holiday,0", None),
    "an absence that is paid": ("absences.csv", ABSENCE, f"{ABSENCE}\nA2,I1,2019-07-01,2019-07-07,Ill,100", None),
    "a contribution of before": ("deductions.csv", DEDUCTION, f"{DEDUCTION}\nD2,I1,top_up,provider,2019-07-29,,5,yes",
                                 (3, "starts_on", LOWERED, "I1: 29/07/2019 to 04/08/2019")),
    "a contribution that rises": ("deductions.csv", DEDUCTION, DEDUCTION.replace("20.02", "30"),
                                  (2, "starts_on", LOWERED, "I1: 01/04/2019 to 04/08/2019")),
    "a contribution that is assessed": ("deductions.csv", DEDUCTION, DEDUCTION.replace(",no", ",yes"), None),
    "a contribution that falls": ("deductions.csv", DEDUCTION, DEDUCTION.replace("20.02", "10"), None),
    "a contribution to come": ("deductions.csv", DEDUCTION, f"{DEDUCTION}\nD2,I1,top_up,provider,2019-08-05,,5,yes",
                               None),
}  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "warning"), CASES.values(), ids=CASES.keys())
def test_days_that_are_finalised(paid: Feed, file: str, old: str, new: str, warning: tuple | None):
    paid.change(file, old, new)
    assert warned(paid) == ([(file, *warning)] if warning else [])


def test_nothing_is_taken_back_before_anything_is_finalised(feed: Feed):
    feed.load()
    for file, old, new, _ in CASES.values():
        before = feed.text(file)
        feed.change(file, old, new)
        assert warned(feed) == []
        feed.write(file, before)


def test_more_rows_take_no_more_queries(feed: Feed, database: sa.Engine):
    feed.load()
    feed.only("clients.csv")

    def queries(count: int) -> int:
        rows = "".join(f"X{n},S{n},F,{1930 + n % 80}-0{1 + n % 9}-11\n" for n in range(count))
        feed.write("clients.csv", "client_ref,surname,first_name,born_on\n" + rows)
        statements: list[str] = []
        sa.event.listen(database, "before_cursor_execute", lambda *given: statements.append(given[2]))
        assert warned(feed) == []
        return len(statements)

    assert queries(5) == queries(2_000) < 20
