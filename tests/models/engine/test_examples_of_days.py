"""Which days are due, example by example: those of periods that have begun, and what is paid in advance.

Each example is a contract of £70.00 a week from Monday 9 September 2019, and what the engine makes of it.
"""

import pytest

from models.engine.component import Component
from tests.models.engine.telling import IN_ADVANCE, Facts, early, item, lines, paid, price

EXAMPLES = {
    "By the usual calendar nothing is due before its period begins": (
        Facts([item()], last="29 Sep", today="15 Sep"),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 70.00 = 7 days at 70.00
        16 Sep plans 70.00
        23 Sep plans 70.00
        Ann 2019/2020 is worth 210.00
        Ann 2019/2020 expects care, 9 Sep to 29 Sep: 210.00 = 21 days at 70.00 rounded 3 times
        """,
    ),
    "A first period of one day is due on that day": (
        Facts([item()], first="15 Sep", last="22 Sep", today="15 Sep"),
        """
        15 Sep pays Ann's care, 15 Sep: 10.00 = 1 day at 70.00
        16 Sep plans 70.00
        Ann 2019/2020 is worth 80.00
        Ann 2019/2020 expects care, 15 Sep to 22 Sep: 80.00 = 8 days at 70.00 rounded 2 times
        """,
    ),
    "On its first day the whole period is due": (
        Facts([item()], last="29 Sep", today="16 Sep"),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 70.00 = 7 days at 70.00
        16 Sep pays Ann's care, 16 Sep to 22 Sep: 70.00 = 7 days at 70.00
        23 Sep plans 70.00
        Ann 2019/2020 is worth 210.00
        Ann 2019/2020 expects care, 9 Sep to 29 Sep: 210.00 = 21 days at 70.00 rounded 3 times
        """,
    ),
    "By a calendar that finalises three days before, the week is due on that Friday": (
        Facts([item()], last="22 Sep", today="13 Sep", calendar=IN_ADVANCE, closed=("9 Sep",),
              paid=(paid(Component.CARE, "9 Sep", "15 Sep", 70_00),)),
        """
        16 Sep pays Ann's care, 16 Sep to 22 Sep: 70.00 = 7 days at 70.00
        Ann 2019/2020 is worth 140.00
        Ann 2019/2020 expects care, 16 Sep to 22 Sep: 70.00 = 7 days at 70.00
        """,
    ),
    "On the Thursday it is only planned": (
        Facts([item()], last="22 Sep", today="12 Sep", calendar=IN_ADVANCE, closed=("9 Sep",),
              paid=(paid(Component.CARE, "9 Sep", "15 Sep", 70_00),)),
        """
        16 Sep plans 70.00
        Ann 2019/2020 is worth 140.00
        Ann 2019/2020 expects care, 16 Sep to 22 Sep: 70.00 = 7 days at 70.00
        """,
    ),
    "What was paid in advance, and ended before it began, comes back in the next payment": (
        Facts([item(last="15 Sep")], last="29 Sep", today="14 Sep", calendar=IN_ADVANCE, closed=("9 Sep", "16 Sep"),
              paid=(paid(Component.CARE, "9 Sep", "15 Sep", 70_00), paid(Component.CARE, "16 Sep", "22 Sep", 70_00))),
        """
        23 Sep pays Ann's care, 16 Sep to 22 Sep: -70.00 = 0.00 - 70.00 paid before
        Ann 2019/2020 is worth 70.00
        Ann 2019/2020 expects care, 16 Sep to 22 Sep: -70.00 = a correction
        """,
    ),
    "A week that is paid early for Christmas is due on that day, and the week after is not": (
        Facts([item()], first="16 Dec", last="5 Jan 2020", today="20 Dec", calendar=early("23 Dec", "20 Dec")),
        """
        16 Dec pays Ann's care, 16 Dec to 22 Dec: 70.00 = 7 days at 70.00
        23 Dec pays Ann's care, 23 Dec to 29 Dec: 70.00 = 7 days at 70.00
        30 Dec plans 70.00
        Ann 2019/2020 is worth 210.00
        Ann 2019/2020 expects care, 16 Dec to 5 Jan: 210.00 = 21 days at 70.00 rounded 3 times
        """,
    ),
    "On the day before, the Christmas week is only planned": (
        Facts([item()], first="16 Dec", last="29 Dec", today="19 Dec", calendar=early("23 Dec", "20 Dec")),
        """
        16 Dec pays Ann's care, 16 Dec to 22 Dec: 70.00 = 7 days at 70.00
        23 Dec plans 70.00
        Ann 2019/2020 is worth 140.00
        Ann 2019/2020 expects care, 16 Dec to 29 Dec: 140.00 = 14 days at 70.00 rounded 2 times
        """,
    ),
    "Where a later week is paid early, the weeks before it are due with it, each in its own payment": (
        Facts([item()], first="16 Dec", last="5 Jan 2020", today="20 Dec", calendar=early("30 Dec", "20 Dec")),
        """
        16 Dec pays Ann's care, 16 Dec to 22 Dec: 70.00 = 7 days at 70.00
        23 Dec pays Ann's care, 23 Dec to 29 Dec: 70.00 = 7 days at 70.00
        30 Dec pays Ann's care, 30 Dec to 5 Jan: 70.00 = 7 days at 70.00
        Ann 2019/2020 is worth 210.00
        Ann 2019/2020 expects care, 16 Dec to 5 Jan: 210.00 = 21 days at 70.00 rounded 3 times
        """,
    ),
    "Days of which something is finalised stay due, though their day to be finalised was moved back": (
        Facts([item()], last="29 Sep", today="11 Sep", begun=("16 Sep",),
              paid=(paid(Component.CARE, "16 Sep", "22 Sep", 30_00),)),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 70.00 = 7 days at 70.00
        16 Sep pays Ann's care, 16 Sep to 22 Sep: 40.00 = 7 days at 70.00 - 30.00 paid before
        23 Sep plans 70.00
        Ann 2019/2020 is worth 210.00
        Ann 2019/2020 expects care, 9 Sep to 15 Sep: 70.00 = 7 days at 70.00
        Ann 2019/2020 expects care, 16 Sep to 22 Sep: 40.00 = a correction
        Ann 2019/2020 expects care, 23 Sep to 29 Sep: 70.00 = 7 days at 70.00
        """,
    ),
    "A price that changes inside a week that is paid in advance is paid as it is known": (
        Facts([item(price(70_00, last="18 Sep"), price(84_00, "19 Sep"))], first="16 Sep", last="22 Sep",
              today="13 Sep", calendar=IN_ADVANCE),
        """
        16 Sep pays Ann's care, 16 Sep to 22 Sep: 78.00 = 3 days at 70.00 (30.00) + 4 days at 84.00 (48.00)
        Ann 2019/2020 is worth 78.00
        Ann 2019/2020 expects care, 16 Sep to 18 Sep: 30.00 = 3 days at 70.00
        Ann 2019/2020 expects care, 19 Sep to 22 Sep: 48.00 = 4 days at 84.00
        """,
    ),
    "What is blocked waits in advance too": (
        Facts([item(is_suspended=True)], first="16 Sep", last="22 Sep", today="13 Sep", calendar=IN_ADVANCE),
        """
        16 Sep waits for 70.00
        Ann 2019/2020 is worth 0.00
        """,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("facts", "text"), EXAMPLES.values(), ids=EXAMPLES)
def test_example(facts, text):
    assert facts.told() == lines(text)
