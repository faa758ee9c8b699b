"""What allowances, claims and adjustments come to, by example.

See test_examples.py: one week, that of 9 September 2019; Wednesday 11 September; Ann's care at £70.00 a week.
"""

import pytest

from models.engine.component import Component
from tests.models.engine.telling import Facts, adjustment, claim, item, lines, paid

EXAMPLES: dict[str, tuple[Facts, str]] = {
    "An allowance is due on a payable day of the week": (
        Facts([item(last="13 Sep", allowance=("13 Sep", 186_02))]),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 50.00 = 5 days at 70.00
        9 Sep pays Ann's allowance, 13 Sep: 186.02
        Ann 2019/2020 is worth 236.02
        Ann 2019/2020 expects care, 9 Sep to 13 Sep: 50.00 = 5 days at 70.00
        Ann 2019/2020 expects allowance, 13 Sep: 186.02
        """,
    ),
    "An allowance is due on the first day already": (
        Facts([item(first="13 Sep", allowance=("13 Sep", 186_02))]),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 30.00 = 3 days at 70.00
        9 Sep pays Ann's allowance, 13 Sep: 186.02
        Ann 2019/2020 is worth 216.02
        Ann 2019/2020 expects care, 13 Sep to 15 Sep: 30.00 = 3 days at 70.00
        Ann 2019/2020 expects allowance, 13 Sep: 186.02
        """,
    ),
    "An allowance is not due the day after the last": (
        Facts([item(last="13 Sep", allowance=("14 Sep", 186_02))]),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 50.00 = 5 days at 70.00
        Ann 2019/2020 is worth 50.00
        Ann 2019/2020 expects care, 9 Sep to 13 Sep: 50.00 = 5 days at 70.00
        """,
    ),
    "An allowance of a week to come is planned": (
        Facts([item(allowance=("18 Sep", 186_02))], last="22 Sep"),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 70.00 = 7 days at 70.00
        16 Sep plans 256.02
        Ann 2019/2020 is worth 326.02
        Ann 2019/2020 expects care, 9 Sep to 22 Sep: 140.00 = 14 days at 70.00 rounded 2 times
        Ann 2019/2020 expects allowance, 18 Sep: 186.02
        """,
    ),
    "An allowance waits with the care that it belongs to": (
        Facts([item(allowance=("13 Sep", 186_02), authorised_on=None)]),
        """
        9 Sep waits for 256.02
        Ann 2019/2020 is worth 0.00
        """,
    ),
    "A claim that was accepted is paid in the current payment, whatever the day of the trip: 150 miles at 0.387": (
        Facts([], first="2 Sep", closed=("2 Sep",), claims=(claim("3 Sep", 58_05, "11 Sep"),)),
        """
        9 Sep pays one-off claim, 3 Sep: 58.05
        One-off claims 2019/2020 is worth 58.05
        One-off claims 2019/2020 expects one-off claim, 3 Sep: 58.05
        """,
    ),
    "A claim that the panel accepts tomorrow comes to nothing today": (
        Facts([], claims=(claim("3 Sep", 58_05, "12 Sep"),)),
        "",
    ),
    "A claim that was paid and is decided anew stays paid until then, and nothing waits": (
        Facts([], claims=(claim("3 Sep", 58_05, None),), paid=(paid(Component.CLAIM, "3 Sep", "3 Sep", 58_05),)),
        "One-off claims 2019/2020 is worth 58.05",
    ),
    "A claim that was paid and is accepted at less takes the difference back": (
        Facts(
            [item()],
            claims=(claim("3 Sep", 38_70, "4 Sep"),),
            paid=(paid(Component.CLAIM, "3 Sep", "3 Sep", 58_05),),
        ),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 70.00 = 7 days at 70.00
        9 Sep pays one-off claim, 3 Sep: -19.35 = 38.70 - 58.05 paid before
        Ann 2019/2020 is worth 70.00
        Ann 2019/2020 expects care, 9 Sep to 15 Sep: 70.00 = 7 days at 70.00
        One-off claims 2019/2020 is worth 38.70
        One-off claims 2019/2020 expects one-off claim, 3 Sep: -19.35 = a correction
        """,
    ),
    "An adjustment of more than the payment has leaves it below nothing: 70.00 - 100.00": (
        Facts([item()], adjustments=(adjustment("3 Sep", -100_00),)),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 70.00 = 7 days at 70.00
        9 Sep pays Ann's adjustment, 3 Sep: -100.00
        Ann 2019/2020 is worth -30.00
        Ann 2019/2020 expects adjustment, 3 Sep: -100.00
        Ann 2019/2020 expects care, 9 Sep to 15 Sep: 70.00 = 7 days at 70.00
        """,
    ),
    "An adjustment carries no VAT, whatever the care beside it carries": (
        Facts([item(vat_percent=20)], adjustments=(adjustment("3 Sep", -100_00),)),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 70.00 and VAT 14.00 = 7 days at 70.00
        9 Sep pays Ann's adjustment, 3 Sep: -100.00
        Ann 2019/2020 is worth -30.00 and VAT 14.00
        Ann 2019/2020 expects adjustment, 3 Sep: -100.00
        Ann 2019/2020 expects care, 9 Sep to 15 Sep: 70.00 and VAT 14.00 = 7 days at 70.00
        """,
    ),
    "On the first day of its week a payment has lines already; one whose week has not begun has none": (
        Facts([item()], last="22 Sep", today="9 Sep", adjustments=(adjustment("3 Sep", -100_00),)),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 70.00 = 7 days at 70.00
        9 Sep pays Ann's adjustment, 3 Sep: -100.00
        16 Sep plans 70.00
        Ann 2019/2020 is worth 40.00
        Ann 2019/2020 expects adjustment, 3 Sep: -100.00
        Ann 2019/2020 expects care, 9 Sep to 22 Sep: 140.00 = 14 days at 70.00 rounded 2 times
        """,
    ),
}


@pytest.mark.parametrize(("facts", "text"), EXAMPLES.values(), ids=EXAMPLES)
def test_example(facts, text):
    assert facts.told() == lines(text)


@pytest.mark.parametrize(
    ("facts", "pence"),
    [
        (Facts([item()]), 70_00),
        (Facts([item(is_suspended=True)]), 70_00),
        (Facts([], claims=(claim("9 Sep", 50_00, "10 Sep"),)), 50_00),
        (Facts([], claims=(claim("9 Sep", 50_00, "12 Sep"),)), 0),
        (
            Facts(
                [],
                claims=(claim("9 Sep", 40_00, "12 Sep"),),
                paid=(paid(Component.CLAIM, "9 Sep", "9 Sep", 50_00, 10_00),),
            ),
            60_00,
        ),
        (Facts([item(), item(client="Bob", vat_percent=20)], adjustments=(adjustment("9 Sep", -5_00),)), 149_00),
    ],
)
def test_what_is_due_is_added_up_whether_blocked_or_not(facts, pence):
    """Of a claim whose decision is still to come, what was finalised stays due."""
    assert facts.entitled() == pence
