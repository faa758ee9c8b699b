"""What is said of money before an event is sent; what it comes to is tested with models/payments/what_if.py."""

import pytest

from models.correspondence import event_preview


@pytest.mark.parametrize(
    ("back_pence", "words"),
    [
        (1, "No fee from 13 September: £0.01 that was paid comes back."),
        (0, "No fee from 13 September."),
        (-1, "No fee from 13 September: £0.01 more is paid for earlier days."),
    ],
)
def test_money_is_named_only_where_some_goes_back_or_is_added(back_pence, words):
    assert event_preview._sentence("No fee from 13 September", back_pence) == words
