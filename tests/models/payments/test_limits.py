"""Above which limits two people authorise a run: at one it is still below."""

import pytest

from models.payments.limits import LEAST_RISE, Limit, MoneyLimits

LIMITS = MoneyLimits(payment_pence=1_000, run_pence=5_000, change_percent=50)
OF_A_RUN = [Limit.PAYMENT, Limit.RUN, Limit.CHANGE]
CALM = {"largest_pence": 0, "run_pence": 0, "now_pence": 0, "before_pence": 0}


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        ({}, []),
        ({"largest_pence": 1_000, "run_pence": 5_000}, []),
        ({"largest_pence": 1_001}, [Limit.PAYMENT]),
        ({"run_pence": 5_001}, [Limit.RUN]),
        ({"now_pence": 3 * LEAST_RISE, "before_pence": 2 * LEAST_RISE}, []),
        ({"now_pence": 3 * LEAST_RISE + 1, "before_pence": 2 * LEAST_RISE}, [Limit.CHANGE]),
        ({"now_pence": LEAST_RISE + 99, "before_pence": 100}, []),
        ({"now_pence": LEAST_RISE + 100, "before_pence": 100}, [Limit.CHANGE]),
        ({"now_pence": LEAST_RISE, "before_pence": 0}, [Limit.CHANGE]),
        ({"now_pence": LEAST_RISE, "before_pence": -100}, [Limit.CHANGE]),
        ({"now_pence": 100, "before_pence": 10 * LEAST_RISE}, []),
        ({"largest_pence": 1_001, "run_pence": 5_001, "now_pence": LEAST_RISE}, OF_A_RUN),
    ],
)
def test_what_passes_which_limit(given, passed):
    assert LIMITS.passed(**CALM | given) == passed


def test_nothing_is_no_limit():
    huge = {"largest_pence": 10**12, "run_pence": 10**12, "now_pence": 10**12, "before_pence": 1}
    assert MoneyLimits(0, 0, 0).passed(**huge) == []
    assert MoneyLimits().passed(**huge) == OF_A_RUN


def test_a_limit_is_said_in_pounds_and_per_cent():
    assert [LIMITS.words(limit) for limit in OF_A_RUN] == [
        "a payment of more than £10",
        "more than £50 in one run",
        "more than 50 % more than the same rows came to in the payments before",
    ]
    assert [LIMITS.words_of_feed(limit) for limit in (Limit.PAYMENT, Limit.FEED, Limit.CHANGE)] == [
        "a payment of more than £10",
        "payments change by more than £250,000",
        "the payments that it changes come to more than 50 % more",
    ]
