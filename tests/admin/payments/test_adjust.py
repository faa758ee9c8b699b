"""An adjustment is made and cancelled."""

from datetime import date

import pytest

from models.payments.adjustment import Adjustment
from tests.admin.payments.acts import act, adjust, given
from tests.support.rows import every


@pytest.mark.postgres
def test_an_adjustment_shows_the_new_total_before_it_is_saved(desk):
    shown = act(desk, "adjust", given(desk), 200)
    assert "The payment for 30 Sep to 6 Oct 2019 would come to £556.11 , and not £656.11" in shown.words
    assert not every(Adjustment)
    saved_page = adjust(desk)
    assert "Adjusted by −£100.00. This payment now comes to £556.11" in saved_page.words
    [adjustment] = every(Adjustment)
    assert (adjustment.amount_pence, adjustment.for_day) == (-10_000, date(2019, 9, 30))
    page = act(desk, f"adjustments/{adjustment.id}/cancel", {})
    assert "The adjustment is cancelled. This payment now comes to £656.11" in page.words
    assert "cancelled already" in act(desk, f"adjustments/{adjustment.id}/cancel", {}, 409).words


def test_an_adjustment_below_nothing_says_that_the_rest_is_owed(desk):
    shown = act(desk, "adjust", given(desk, amount="-1,000.00"), 200)
    assert "would come to −£343.89 , and not £656.11" in shown.words
    assert "what is lacking is added to what the provider owes" in shown.words


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"amount": "ten"}, "Amount must be a number, like 1,234.50"),
        ({"amount": ""}, "Enter the amount, like 150.00 or -150.00"),
        ({"amount": " "}, "Amount must be a number, like 1,234.50"),
        ({"for_day": ["31", "2", "2019"]}, "For which day? must be a day of the calendar, like 27 3 2026"),
        ({"for_day": [" ", "", ""]}, "For which day? must be a day of the calendar, like 27 3 2026"),
        ({"reason": ""}, "Say why the payment is adjusted"),
    ],
)
def test_what_is_wrong_with_an_adjustment_is_said(desk, wrong, told):
    assert act(desk, "adjust", given(desk, **wrong), 422).errors == [told]


def test_an_adjustment_of_nothing_is_refused(desk):
    refused = act(desk, "adjust", given(desk, amount="0"), 422)
    assert refused.errors == ["An adjustment of £0.00 changes nothing. Enter an amount"]
