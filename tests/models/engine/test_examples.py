"""What one contract comes to, by example: the facts, and beside them every figure that follows, worked out by hand.

A contract here is paid by weeks from Monday to Sunday. Unless an example says otherwise there is one such week, that
of 9 September 2019, it is Wednesday 11 September, and Ann's care costs £70.00 a week, £10.00 a day. What is told of
each: the draft lines of its payments, what weeks to come are planned at, what waits because it is blocked, and what
each purchase order is worth and still expects. An order is worth what has been finalised and what it still expects.
"""

import pytest

from models.engine.component import Component
from models.pricing import Convention, Unit
from tests.models.engine.telling import Facts, dated, hours, item, lines, paid, price

A_WEEK_PAID = {"first": "2 Sep", "closed": ("2 Sep",), "paid": (paid(Component.CARE, "2 Sep", "8 Sep", 70_00),)}
"""The week of 2 September has been paid at £70.00, and is closed."""

EXAMPLES: dict[str, tuple[Facts, str]] = {
    "A steady week is paid whole": (
        Facts([item(price(353_08))]),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 353.08 = 7 days at 353.08
        Ann 2019/2020 is worth 353.08
        Ann 2019/2020 expects care, 9 Sep to 15 Sep: 353.08 = 7 days at 353.08
        """,
    ),
    "Weeks to come are planned, and steady ones told as one row": (
        Facts([item()], last="29 Sep"),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 70.00 = 7 days at 70.00
        16 Sep plans 70.00
        23 Sep plans 70.00
        Ann 2019/2020 is worth 210.00
        Ann 2019/2020 expects care, 9 Sep to 29 Sep: 210.00 = 21 days at 70.00 rounded 3 times
        """,
    ),
    "Who comes on Friday is paid three days of seven: 353.08 x 3 / 7": (
        Facts([item(price(353_08), first="13 Sep")]),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 151.32 = 3 days at 353.08
        Ann 2019/2020 is worth 151.32
        Ann 2019/2020 expects care, 13 Sep to 15 Sep: 151.32 = 3 days at 353.08
        """,
    ),
    "A price that changes on Thursday makes two slices": (
        Facts([item(price(70_00, last="11 Sep"), price(84_00, "12 Sep"))]),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 78.00 = 3 days at 70.00 (30.00) + 4 days at 84.00 (48.00)
        Ann 2019/2020 is worth 78.00
        Ann 2019/2020 expects care, 9 Sep to 11 Sep: 30.00 = 3 days at 70.00
        Ann 2019/2020 expects care, 12 Sep to 15 Sep: 48.00 = 4 days at 84.00
        """,
    ),
    "A price that changes on Sunday makes two slices, the second of one day": (
        Facts([item(price(70_00, last="14 Sep"), price(84_00, "15 Sep"))]),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 72.00 = 6 days at 70.00 (60.00) + 1 day at 84.00 (12.00)
        Ann 2019/2020 is worth 72.00
        Ann 2019/2020 expects care, 9 Sep to 14 Sep: 60.00 = 6 days at 70.00
        Ann 2019/2020 expects care, 15 Sep: 12.00 = 1 day at 84.00
        """,
    ),
    "VAT at 20 % is planned beside the net, of steady weeks and of the one in which the price changes": (
        Facts([item(price(70_00, last="25 Sep"), price(84_00, "26 Sep"), vat_percent=20)], last="29 Sep"),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 70.00 and VAT 14.00 = 7 days at 70.00
        16 Sep plans 70.00 and VAT 14.00
        23 Sep plans 78.00 and VAT 15.60
        Ann 2019/2020 is worth 218.00 and VAT 43.60
        Ann 2019/2020 expects care, 9 Sep to 25 Sep: 170.00 and VAT 34.00 = 17 days at 70.00 rounded 3 times
        Ann 2019/2020 expects care, 26 Sep to 29 Sep: 48.00 and VAT 9.60 = 4 days at 84.00
        """,
    ),
    "Days away at 0 % pay nothing, and nothing is taken off for them": (
        Facts([item(absence=dated(0, "9 Sep", "11 Sep"), contribution=price(14_00))]),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 40.00 = 3 days at 70.00 paid at 0 % (0.00) + 4 days at 70.00 (40.00)
        9 Sep pays Ann's client contribution, 9 Sep to 15 Sep: -8.00 = 4 days at 14.00
        Ann 2019/2020 is worth 32.00
        Ann 2019/2020 expects care, 9 Sep to 11 Sep: 0.00 = 3 days at 70.00 paid at 0 %
        Ann 2019/2020 expects care, 12 Sep to 15 Sep: 40.00 = 4 days at 70.00
        Ann 2019/2020 expects client contribution, 12 Sep to 15 Sep: -8.00 = 4 days at 14.00
        """,
    ),
    "Days away at 50 % pay half, and everything is taken off": (
        Facts([item(absence=dated(50, "9 Sep", "11 Sep"), contribution=price(14_00))]),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 55.00 = 3 days at 70.00 paid at 50 % (15.00) + 4 days at 70.00 (40.00)
        9 Sep pays Ann's client contribution, 9 Sep to 15 Sep: -14.00 = 7 days at 14.00
        Ann 2019/2020 is worth 41.00
        Ann 2019/2020 expects care, 9 Sep to 11 Sep: 15.00 = 3 days at 70.00 paid at 50 %
        Ann 2019/2020 expects client contribution, 9 Sep to 15 Sep: -14.00 = 7 days at 14.00
        Ann 2019/2020 expects care, 12 Sep to 15 Sep: 40.00 = 4 days at 70.00
        """,
    ),
    "A contribution from Sunday on is taken off for one day, one to Monday too, and the week after is a whole one": (
        Facts(
            [
                item(contribution=price(14_00, first="15 Sep")),
                item(client="Bob", contribution=price(14_00, last="9 Sep")),
            ],
            last="22 Sep",
        ),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 70.00 = 7 days at 70.00
        9 Sep pays Ann's client contribution, 9 Sep to 15 Sep: -2.00 = 1 day at 14.00
        9 Sep pays Bob's care, 9 Sep to 15 Sep: 70.00 = 7 days at 70.00
        9 Sep pays Bob's client contribution, 9 Sep to 15 Sep: -2.00 = 1 day at 14.00
        16 Sep plans 126.00
        Ann 2019/2020 is worth 124.00
        Ann 2019/2020 expects care, 9 Sep to 22 Sep: 140.00 = 14 days at 70.00 rounded 2 times
        Ann 2019/2020 expects client contribution, 15 Sep to 22 Sep: -16.00 = 8 days at 14.00 rounded 2 times
        Bob 2019/2020 is worth 138.00
        Bob 2019/2020 expects care, 9 Sep to 22 Sep: 140.00 = 14 days at 70.00 rounded 2 times
        Bob 2019/2020 expects client contribution, 9 Sep: -2.00 = 1 day at 14.00
        """,
    ),
    "A contribution of one week to come leaves the care told as one row": (
        Facts([item(contribution=price(14_00, "23 Sep", "29 Sep"))], last="6 Oct"),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 70.00 = 7 days at 70.00
        16 Sep plans 70.00
        23 Sep plans 56.00
        30 Sep plans 70.00
        Ann 2019/2020 is worth 266.00
        Ann 2019/2020 expects care, 9 Sep to 6 Oct: 280.00 = 28 days at 70.00 rounded 4 times
        Ann 2019/2020 expects client contribution, 23 Sep to 29 Sep: -14.00 = 7 days at 14.00
        """,
    ),
    "Net takes the contribution off, Gross does not; a top-up that the provider collects goes off both": (
        Facts([item(contribution=price(14_00), top_up=price(7_00))], last="22 Sep", gross_from="16 Sep"),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 70.00 = 7 days at 70.00
        9 Sep pays Ann's client contribution, 9 Sep to 15 Sep: -14.00 = 7 days at 14.00
        9 Sep pays Ann's top-up, 9 Sep to 15 Sep: -7.00 = 7 days at 7.00
        16 Sep plans 63.00
        Ann 2019/2020 is worth 112.00
        Ann 2019/2020 expects care, 9 Sep to 22 Sep: 140.00 = 14 days at 70.00 rounded 2 times
        Ann 2019/2020 expects client contribution, 9 Sep to 15 Sep: -14.00 = 7 days at 14.00
        Ann 2019/2020 expects top-up, 9 Sep to 22 Sep: -14.00 = 14 days at 7.00 rounded 2 times
        """,
    ),
    "Of four nights the last day is none: 4 x 45.56": (
        Facts([item(price(45_56), last="13 Sep", unit=Unit.NIGHT, convention=Convention.NIGHTS)]),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 182.24 = 4 nights at 45.56
        Ann 2019/2020 is worth 182.24
        Ann 2019/2020 expects care, 9 Sep to 12 Sep: 182.24 = 4 nights at 45.56
        """,
    ),
    "12.75 hours at 23.10 are 294.525, which is rounded up": (
        Facts([item(price(23_10), unit=Unit.HOUR, quantity=hours("12.75"))]),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 294.53 = 7 days of 12.75 hours at 23.10
        Ann 2019/2020 is worth 294.53
        Ann 2019/2020 expects care, 9 Sep to 15 Sep: 294.53 = 7 days of 12.75 hours at 23.10
        """,
    ),
    "A timetable counts its own days: from Thursday on 1.5 hours of 5.5 are left": (
        Facts(
            [item(price(20_00), unit=Unit.HOUR, first="12 Sep", quantity=hours("5.5", "2 0 2 0 0 1.5 0"))],
            last="29 Sep",
        ),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 30.00 = 1.5 hours at 20.00
        16 Sep plans 110.00
        23 Sep plans 110.00
        Ann 2019/2020 is worth 250.00
        Ann 2019/2020 expects care, 12 Sep to 29 Sep: 250.00 = 12.5 hours at 20.00 rounded 3 times
        """,
    ),
    "1 April cuts a week into two orders: 100.00 x 2 / 7 = 28.57, and the rest; VAT 20.00 in all": (
        Facts([item(price(100_00), vat_percent=20)], first="30 Mar 2020", last="5 Apr 2020", today="1 Apr 2020"),
        """
        30 Mar pays Ann's care, 30 Mar to 31 Mar: 28.57 and VAT 5.71 = 2 of 7 days at 100.00
        30 Mar pays Ann's care, 1 Apr to 5 Apr: 71.43 and VAT 14.29 = 5 of 7 days at 100.00
        Ann 2019/2020 is worth 28.57 and VAT 5.71
        Ann 2019/2020 expects care, 30 Mar to 31 Mar: 28.57 and VAT 5.71 = 2 days at 100.00
        Ann 2020/2021 is worth 71.43 and VAT 14.29
        Ann 2020/2021 expects care, 1 Apr to 5 Apr: 71.43 and VAT 14.29 = 5 days at 100.00
        """,
    ),
    "Weeks of the year after are planned, and no order of that year is worth anything yet": (
        Facts([item(price(100_00))], first="23 Mar 2020", last="12 Apr 2020", today="25 Mar 2020"),
        """
        23 Mar pays Ann's care, 23 Mar to 29 Mar: 100.00 = 7 days at 100.00
        30 Mar plans 100.00
        6 Apr plans 100.00
        Ann 2019/2020 is worth 128.57
        Ann 2019/2020 expects care, 23 Mar to 31 Mar: 128.57 = 9 days at 100.00 rounded 2 times
        """,
    ),
    "From the first day of the week that 1 April cuts, orders of the new year are worth something": (
        Facts([item(price(100_00))], first="30 Mar 2020", last="12 Apr 2020", today="30 Mar 2020"),
        """
        30 Mar pays Ann's care, 30 Mar to 31 Mar: 28.57 = 2 of 7 days at 100.00
        30 Mar pays Ann's care, 1 Apr to 5 Apr: 71.43 = 5 of 7 days at 100.00
        6 Apr plans 100.00
        Ann 2019/2020 is worth 28.57
        Ann 2019/2020 expects care, 30 Mar to 31 Mar: 28.57 = 2 days at 100.00
        Ann 2020/2021 is worth 171.43
        Ann 2020/2021 expects care, 1 Apr to 12 Apr: 171.43 = 12 days at 100.00 rounded 2 times
        """,
    ),
    "A backdated uplift pays what the closed week lacks in the current payment": (
        Facts([item(price(84_00))], **A_WEEK_PAID),
        """
        9 Sep pays Ann's care, 2 Sep to 8 Sep: 14.00 = 7 days at 84.00 - 70.00 paid before
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 84.00 = 7 days at 84.00
        Ann 2019/2020 is worth 168.00
        Ann 2019/2020 expects care, 2 Sep to 8 Sep: 14.00 = a correction
        Ann 2019/2020 expects care, 9 Sep to 15 Sep: 84.00 = 7 days at 84.00
        """,
    ),
    "Who was authorised late is caught up": (
        Facts([item(first="6 Sep", authorised_on="11 Sep")], first="2 Sep", closed=("2 Sep",)),
        """
        9 Sep pays Ann's care, 2 Sep to 8 Sep: 30.00 = 3 days at 70.00
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 70.00 = 7 days at 70.00
        Ann 2019/2020 is worth 100.00
        Ann 2019/2020 expects care, 6 Sep to 15 Sep: 100.00 = 10 days at 70.00 rounded 2 times
        """,
    ),
    "Who left on Thursday and was paid to Sunday takes 3 days back": (
        Facts([item(last="5 Sep")], **A_WEEK_PAID),
        """
        9 Sep pays Ann's care, 2 Sep to 8 Sep: -30.00 = 4 days at 70.00 - 70.00 paid before
        Ann 2019/2020 is worth 40.00
        Ann 2019/2020 expects care, 2 Sep to 8 Sep: -30.00 = a correction
        """,
    ),
    "Who never came takes all of it back; what Bob is due in the same payment makes up for it": (
        Facts([item(last="1 Sep"), item(client="Bob", first="9 Sep")], **A_WEEK_PAID),
        """
        9 Sep pays Ann's care, 2 Sep to 8 Sep: -70.00 = 0.00 - 70.00 paid before
        9 Sep pays Bob's care, 9 Sep to 15 Sep: 70.00 = 7 days at 70.00
        Ann 2019/2020 is worth 0.00
        Ann 2019/2020 expects care, 2 Sep to 8 Sep: -70.00 = a correction
        Bob 2019/2020 is worth 70.00
        Bob 2019/2020 expects care, 9 Sep to 15 Sep: 70.00 = 7 days at 70.00
        """,
    ),
    "VAT is a difference of its own: 20 % of 84.00 are 16.80, of which 14.00 were paid": (
        Facts(
            [item(price(84_00), vat_percent=20, last="8 Sep")],
            first="2 Sep",
            closed=("2 Sep",),
            paid=(paid(Component.CARE, "2 Sep", "8 Sep", 70_00, vat=14_00),),
        ),
        """
        9 Sep pays Ann's care, 2 Sep to 8 Sep: 14.00 and VAT 2.80 = 7 days at 84.00 - 70.00 and VAT 14.00 paid before
        Ann 2019/2020 is worth 84.00 and VAT 16.80
        Ann 2019/2020 expects care, 2 Sep to 8 Sep: 14.00 and VAT 2.80 = a correction
        """,
    ),
    "While a week is partly finalised its own lines go on in it": (
        Facts([item(price(84_00), last="8 Sep")], **A_WEEK_PAID | {"closed": (), "begun": ("2 Sep",)}),
        """
        2 Sep pays Ann's care, 2 Sep to 8 Sep: 14.00 = 7 days at 84.00 - 70.00 paid before
        Ann 2019/2020 is worth 84.00
        Ann 2019/2020 expects care, 2 Sep to 8 Sep: 14.00 = a correction
        """,
    ),
    "After its last week a contract goes on with weeks without days of their own; that of 16 September is closed": (
        Facts(
            [item(price(84_00))],
            first="2 Sep",
            today="25 Sep",
            closed=("2 Sep", "9 Sep", "16 Sep"),
            paid=(paid(Component.CARE, "2 Sep", "8 Sep", 70_00), paid(Component.CARE, "9 Sep", "15 Sep", 84_00)),
        ),
        """
        23 Sep pays Ann's care, 2 Sep to 8 Sep: 14.00 = 7 days at 84.00 - 70.00 paid before
        Ann 2019/2020 is worth 168.00
        Ann 2019/2020 expects care, 2 Sep to 8 Sep: 14.00 = a correction
        """,
    ),
    "A contract that ends on a Wednesday goes on with a payment that begins on Thursday": (
        Facts(
            [item(price(84_00))],
            last="11 Sep",
            today="13 Sep",
            closed=("9 Sep",),
            paid=(paid(Component.CARE, "9 Sep", "11 Sep", 30_00),),
        ),
        """
        12 Sep pays Ann's care, 9 Sep to 11 Sep: 6.00 = 3 days at 84.00 - 30.00 paid before
        Ann 2019/2020 is worth 36.00
        Ann 2019/2020 expects care, 9 Sep to 11 Sep: 6.00 = a correction
        """,
    ),
    "Blocked with VAT: what waits is with VAT": (
        Facts([item(vat_percent=20, authorised_on=None)]),
        """
        9 Sep waits for 84.00
        Ann 2019/2020 is worth 0.00
        """,
    ),
    "Not authorised: nothing is paid, what it would come to waits, and the order is worth what was finalised": (
        Facts([item(price(84_00), authorised_on=None)], **A_WEEK_PAID),
        """
        9 Sep waits for 98.00
        Ann 2019/2020 is worth 70.00
        """,
    ),
    "Authorised from tomorrow: it waits until then": (
        Facts([item(authorised_on="12 Sep")], last="22 Sep"),
        """
        9 Sep waits for 70.00
        Ann 2019/2020 is worth 0.00
        """,
    ),
    "Suspended: nothing is taken back either, and what waits is below nothing": (
        Facts([item(last="5 Sep", is_suspended=True)], **A_WEEK_PAID),
        """
        9 Sep waits for -30.00
        Ann 2019/2020 is worth 70.00
        """,
    ),
}


@pytest.mark.parametrize(("facts", "text"), EXAMPLES.values(), ids=EXAMPLES)
def test_example(facts, text):
    assert facts.told() == lines(text)
