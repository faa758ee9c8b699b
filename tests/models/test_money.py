import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import money


def test_half_a_penny_is_rounded_away_from_zero():
    assert money.times(231_000, 127_500) == 29_453  # 12.75 hours at £23.10 is £294.525
    assert money.round_half_away(-29_4525, 100) == -2_945
    assert money.round_half_away(-2945_5, 10) == -2_946
    assert money.round_half_away(5, 10) == 1


@pytest.mark.covers("S4-153")
def test_a_mileage_claim_uses_the_whole_rate_not_the_shown_pennies():
    assert money.times(money.parse_e4("0.387"), money.parse_e4("150")) == 5_805
    assert money.gbp_rate(3_870) == "£0.387"


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**6))
def test_rounding_is_never_off_by_more_than_half(numerator, denominator):
    rounded = money.round_half_away(numerator, denominator)
    assert 2 * abs(rounded * denominator - numerator) <= denominator


@given(st.integers(-(10**11), 10**11))
def test_what_is_printed_can_be_typed_again(pence):
    assert money.parse_pence(money.gbp(pence)) == pence
    assert money.parse_pence(money.plain(pence)) == pence


@pytest.mark.parametrize(
    ("text", "pence"),
    [
        ("£1,234.50", 123_450),
        ("1234.5", 123_450),
        (" 7 ", 700),
        ("-0.01", -1),
        ("−£3", -300),
        ("£-3", -300),
        (".5", 50),
    ],
)
def test_the_ways_in_which_people_write_money(text, pence):
    assert money.parse_pence(text) == pence


@pytest.mark.parametrize(
    "text", ["", "£", ".", "1,23.00", "1.234", "--1", "1e3", "£1.2.3", "１２", "nan", "99999999999", "1 000"]
)
def test_what_is_not_money_is_refused_with_a_reason(text):
    with pytest.raises(ValueError, match="must|too large"):
        money.parse_pence(text)


def test_rates_and_quantities_show_the_digits_they_need():
    assert money.gbp_rate(3_530_800) == "£353.08"
    assert money.gbp_rate(10_000) == "£1.00"
    assert money.gbp(-73_593) == "−£735.93"
    assert money.number(127_500) == "12.75"
    assert money.number(1_500_000) == "150"
