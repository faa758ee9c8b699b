"""How likely each way in past the second step is: worked out from the limits in the code, as promised, as printed."""

from fractions import Fraction

import pytest

from models.accounts.account_policy import AccountPolicy
from models.accounts.security_code import DIGITS
from scripts import chances

WEEK, EVER = Fraction(1, 50_000), Fraction(1, 100)


@pytest.fixture(params=["of_any_code", "of_a_birthday"])
def ways(request):
    digits = getattr(chances, request.param)
    return {(way.has, way.second_step): way for way in chances.ways(digits, AccountPolicy().security_code_positions)}


def test_the_password_alone_has_one_chance_in_50_000_a_week(ways):
    stated = {step: way.week for (has, step), way in ways.items() if has == "the password only"}
    assert set(stated) == {"code by e-mail", "security code", "authenticator app", "passkey"}
    assert max(stated.values()) <= WEEK


def test_the_mailbox_alone_has_one_chance_in_100_where_it_is_not_the_second_step(ways):
    stated = {step: way.week for (has, step), way in ways.items() if has == "the mailbox only"}
    assert stated.pop("code by e-mail") == 1  # there the mailbox is the account, and the page says so
    assert set(stated) == {"security code", "authenticator app", "passkey"}
    assert max(stated.values()) <= EVER


@pytest.mark.parametrize("asked", [2, 3])
def test_the_mailbox_alone_gets_no_further_where_fewer_digits_are_asked_for(asked):
    """A new password takes all of them, however many a log-in takes."""
    for digits in (chances.of_any_code, chances.of_a_birthday):
        stated = {(way.has, way.second_step): way.week for way in chances.ways(digits, asked)}
        assert stated["the mailbox only", "security code"] == digits(DIGITS) <= EVER
        assert stated["the password only", "security code"] <= WEEK


def test_chances_of_digits_against_a_count_by_hand():
    """The 1,000 answers at three places are about as likely, and five of them are guessed."""
    assert len(chances.forbidden()) == 1_000_000 - 995_490
    assert Fraction(5 * 999, 995_490) < chances.of_any_code(3) <= Fraction(5 * 1000, 995_490)
    assert chances.of_any_code(6) == Fraction(5, 995_490)
    assert chances.of_a_birthday(6) == Fraction(5, len(chances.birthdays()))
    assert 0.05 < chances.of_a_birthday(3) < 0.06


def test_the_page_prints_what_the_limits_come_to(repository):
    """Otherwise: .venv/bin/python scripts/chances.py, and put it in place of what docs/security.md has."""
    text = (repository / "docs" / "security.md").read_text("utf-8")
    assert chances.page() in text
